"""/v1/config, /healthz, /readyz: what this server is, and whether it can work."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel

from functions.analyze.request import BRAINS, LONGEST_GOAL
from functions.registry import all_functions
from handlers.http.callers import allowed
from handlers.http.models import Config
from handlers.http.platform import At
from handlers.http.problems import answers
from shared import VERSION, settings
from shared.identity.caller import Caller
from shared.state.keys import SYSTEM

router = APIRouter(tags=["config"])
health = APIRouter(tags=["health"])


class Health(BaseModel):
    ok: bool


@router.get("/config", summary="What this server can do", responses=answers())
def config(caller: Annotated[Caller, allowed("workspace:read")], at: At) -> Config:
    return Config(
        version=VERSION, backend=at.backend.name, brains=sorted(BRAINS), longest_goal=LONGEST_GOAL,
        functions={name: function.tier for name, function in sorted(all_functions().items())},
        requests_per_minute=at.rates.per_minute, max_runs=settings.max_runs(), max_upload_bytes=settings.max_upload_bytes(),
    )  # fmt: skip


@health.get("/healthz", summary="Is this process alive")
async def healthz() -> Health:
    return Health(ok=True)


@health.get("/readyz", summary="Can it reach the store", responses={503: answers()[503]})
def readyz(at: At) -> Health:
    at.store.list_after(SYSTEM, limit=1)
    return Health(ok=True)
