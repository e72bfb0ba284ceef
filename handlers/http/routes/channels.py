"""WebSockets: the same events as `/stream`, sorted into channels."""

import json
from typing import Annotated

from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect
from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocketState

from handlers.http.callers import require
from handlers.http.models import EventOut
from handlers.http.platform import Platform
from handlers.http.problems import Busy
from handlers.http.routes.runs import follow
from shared.errors import AgentForgeError
from shared.state import runs

router = APIRouter(tags=["runs"])
CHANNELS = ("phase_progress", "metrics", "errors", "logs")
REFUSED = {401: 4401, 403: 4403, 404: 4404, 429: 4429}  # close codes, after the statuses they stand for


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


@router.websocket("/runs/{run}/channels")
async def channels(
    socket: WebSocket, run: str,
    channel: Annotated[list[str] | None, Query(description="Which to send; all by default.")] = None,
    last_event_id: Annotated[str, Query(max_length=30)] = "",
) -> None:  # fmt: skip
    """Messages {"channel", "id", "event"} until the run is over, then close code 1000. Go on after `id` with `last_event_id`."""
    await socket.accept()
    platform: Platform = socket.app.state.platform
    wanted = set(channel or CHANNELS)
    try:
        caller = await require(socket, "runs:read")
        await run_in_threadpool(runs.status, platform.store, run, caller.workspace, cached=True)
        async for id, event in follow(platform, caller.workspace, run, last_event_id):
            if (name := channel_of(event)) in wanted:
                await socket.send_text(json.dumps({"channel": name, "id": id, "event": event.model_dump()}, ensure_ascii=False))
        await socket.close(1000)
    except WebSocketDisconnect:
        pass
    except AgentForgeError as error:
        code = 4429 if isinstance(error, Busy) else REFUSED.get(error.status, 1011)
        if socket.client_state == WebSocketState.CONNECTED:
            await socket.close(code, error.message[:120])
