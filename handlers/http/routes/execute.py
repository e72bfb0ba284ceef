"""POST /v1/execute: code of one's own in the sandbox."""

from typing import Annotated

from fastapi import APIRouter, Body, Response
from pydantic import Field

from functions.execute import MOST_CHARACTERS, ExecuteInput
from handlers.http.callers import allowed
from handlers.http.manners import Wait
from handlers.http.models import DatasetRef, Opens, RunOut
from handlers.http.opening import ANSWERS, AsAsked, Wanted, opened
from handlers.http.platform import At
from shared.identity.caller import Caller
from shared.state import catalog
from shared.state.store import Store

router = APIRouter(tags=["execute"])


class ExecuteRequest(Opens):
    """Python cells that share their names. Each dataset is a file in the working folder, under its own file name."""

    cells: list[Annotated[str, Field(max_length=MOST_CHARACTERS)]] = Field(min_length=1, max_length=200)
    datasets: list[DatasetRef] = Field([], max_length=50)
    lint: bool = Field(True, description="Refuse code that has no place in an analysis, with advice. The sandbox holds it either way.")
    wall_s: float = Field(60, gt=0, le=600, description="Seconds for one cell.")


EXAMPLES = {"a cell": {"value": {"cells": ["sum(range(10))"]}}}


@router.post("/execute", status_code=202, summary="Run code in the sandbox", responses=ANSWERS)
async def execute(
    body: Annotated[ExecuteRequest, Body(openapi_examples=EXAMPLES)],
    caller: Annotated[Caller, allowed("runs:write")], at: At, response: Response, wait: Wait, asked: AsAsked,
) -> RunOut:  # fmt: skip
    """Opens a run: 202; 200 if it has ended within the seconds of `Prefer: wait=n`. A cell that raises is no failed run: its cell says so."""
    return await opened(asked, caller, response, lambda: Wanted("execute", input_of(body, at.store, caller)), wait, body.quote)


def input_of(body: ExecuteRequest, store: Store, caller: Caller) -> ExecuteInput:
    """The function's input, out of a request. NotFound."""
    sources = catalog.references(store, caller.workspace, body.datasets)
    return ExecuteInput(cells=body.cells, sources=sources, lint=body.lint, wall_s=body.wall_s)
