"""WebSockets: the same events as `/stream`, sorted into channels."""

import asyncio
import json
from typing import Annotated

from fastapi import APIRouter, Depends, Query, WebSocket
from starlette.concurrency import run_in_threadpool

from handlers.http.callers import require
from handlers.http.models import EventOut
from handlers.http.platform import Platform
from handlers.http.routes.runs import follow
from shared.identity.caller import Caller
from shared.state import runs

router = APIRouter(tags=["runs"])
CHANNELS = ("phase_progress", "metrics", "errors", "logs")


def channel_of(event: EventOut) -> str:
    match event.kind:
        case "progress" | "step" | "stage" | "plan" | "claimed" | "queued" | "opened" | "waiting":
            return "phase_progress"
        case "metric":
            return "metrics"
        case "finished" if event.data.get("state") != "succeeded":
            return "errors"
        case "finished":
            return "phase_progress"
    return "errors" if "error" in event.data else "logs"


async def _reader(socket: WebSocket) -> Caller:
    return await require(socket, "runs:read")


_reader.permission = "runs:read"  # type: ignore[attr-defined]


@router.websocket("/runs/{run}/channels")
async def channels(
    socket: WebSocket, run: str, caller: Annotated[Caller, Depends(_reader)],
    channel: Annotated[list[str] | None, Query(description="Which to send; all by default.")] = None,
    last_event_id: Annotated[str, Query(max_length=30)] = "",
) -> None:  # fmt: skip
    """Messages {"channel", "id", "event"} until the run is over, then close code 1000. Go on after `id` with `last_event_id`.

    What is refused is closed with 4401, 4403, 4404, 4409, 4429 or 1011, after the statuses of other routes.
    """
    platform: Platform = socket.app.state.platform
    await run_in_threadpool(runs.status, platform.store, run, caller.workspace, cached=True)
    await socket.accept()
    wanted = set(channel or CHANNELS)

    async def send() -> None:
        async for id, event in follow(platform, caller.workspace, run, last_event_id):
            if (name := channel_of(event)) in wanted:
                await socket.send_text(json.dumps({"channel": name, "id": id, "event": event.model_dump()}, ensure_ascii=False))
        await socket.close(1000)

    async def listen() -> None:
        """Whoever leaves while nothing happens is noticed by this only. What it says is not heard."""
        while (await socket.receive())["type"] != "websocket.disconnect":
            pass

    sending, listening = asyncio.create_task(send()), asyncio.create_task(listen())
    try:
        await asyncio.wait((sending, listening), return_when=asyncio.FIRST_COMPLETED)
    finally:
        sending.cancel()
        listening.cancel()
        await asyncio.gather(sending, listening, return_exceptions=True)
