"""A small E2B on this machine: what the e2b library asks of the API and of a sandbox, over HTTP. A sandbox is a folder here.

Written from the library's own code (its generated server stubs do the talking); nothing here was seen of the real E2B.
"""

import json
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from connectrpc.code import Code
from connectrpc.errors import ConnectError
from e2b.envd.client_shared import ENVD_JSON_CODEC
from e2b.envd.process import process_connect, process_pb
from protobuf import Oneof
from werkzeug.serving import WSGIRequestHandler, make_server

from shared.sandbox.e2b import FOLDER

KEY = "e2b_0123456789abcdef"
TEMPLATES = {"agentforge-cells"}


class Cloud(process_connect.ProcessSync):
    """One sandbox at a time. `asked` are the bodies that made sandboxes; `faults`: statuses that the API answers instead."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[dict[str, Any]] = []
        self.commands: list[process_pb.ProcessConfig] = []
        self.timeouts: list[int] = []
        self.killed: list[str] = []
        self.faults: deque[int] = deque()
        self.processes: dict[int, subprocess.Popen[bytes]] = {}
        rpc = process_connect.ProcessWSGIApplication(self, codecs=[ENVD_JSON_CODEC], compressions=())

        def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            if environ["PATH_INFO"].startswith("/process.Process/"):
                return rpc(environ, start_response)
            status, body = self.api(environ)
            start_response(f"{status} as told", [("Content-Type", "application/json")])
            return [b"" if body is None else json.dumps(body).encode()]

        handler = type("Quiet", (WSGIRequestHandler,), {"protocol_version": "HTTP/1.1", "log": lambda *_: None})
        self.server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def environment(self) -> dict[str, str]:
        url = f"http://127.0.0.1:{self.server.port}"
        return {"E2B_API_URL": url, "E2B_SANDBOX_URL": url, "E2B_API_KEY": KEY, "AGENTFORGE_SANDBOX": "e2b"}

    def api(self, environ: dict[str, Any]) -> tuple[int, Any]:
        """The API proper, and the files of a sandbox."""
        what, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])) if environ.get("CONTENT_LENGTH") else b""
        if path == "/files":
            data = body or environ["wsgi.input"].read()
            name = parse_qs(environ["QUERY_STRING"])["path"][0]
            there = self.here(name)
            there.parent.mkdir(parents=True, exist_ok=True)
            there.write_bytes(data)
            return 200, [{"name": there.name, "type": "file", "path": name}]
        if path == "/health":
            return 204, None
        if self.faults:
            return (status := self.faults.popleft()), {"code": status, "message": "as told"}
        if environ.get("HTTP_X_API_KEY") != KEY:
            return 401, {"code": 401, "message": "unknown key"}
        match what, path.strip("/").split("/"):
            case "POST", ["v2", "sandboxes"]:
                asked = json.loads(body)
                if asked["templateID"] not in TEMPLATES:
                    return 404, {"code": 404, "message": f"template '{asked['templateID']}' not found"}
                self.asked.append(asked)
                id = f"sandbox{len(self.asked)}"
                return 201, {"templateID": asked["templateID"], "sandboxID": id, "clientID": "c", "envdVersion": "0.6.7"}
            case "POST", ["sandboxes", _, "timeout"]:
                self.timeouts.append(json.loads(body)["timeout"])
                return 204, None
            case "DELETE", ["sandboxes", id]:
                self.killed.append(id)
                self.stop()
                return 204, None
        return 404, {"code": 404, "message": "not found"}

    def here(self, path: str) -> Path:
        """Where something of the sandbox is on this machine."""
        return Path(path.replace(FOLDER, str(self.folder)))

    def start(self, request: process_pb.StartRequest, ctx: Any) -> Iterator[process_pb.StartResponse]:
        """A command; all it gets of this process's environment is where Python is."""
        config = request.process
        assert config is not None and request.stdin
        self.commands.append(config)
        environment = {**config.envs, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        arguments = [argument.replace(FOLDER, str(self.folder)) for argument in config.args]
        arguments.remove("-l")  # no profile of this machine
        process = subprocess.Popen(
            [config.cmd, *arguments], env=environment, cwd=self.folder, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self.processes[process.pid] = process
        assert process.stdout is not None
        yield _told(start=process_pb.ProcessEvent.StartEvent(pid=process.pid))
        while part := process.stdout.read1(1 << 15):
            yield _told(data=process_pb.ProcessEvent.DataEvent(output=Oneof("stdout", part)))
        yield _told(end=process_pb.ProcessEvent.EndEvent(exit_code=process.wait(), exited=True, status="as it was"))

    def send_input(self, request: process_pb.SendInputRequest, ctx: Any) -> process_pb.SendInputResponse:
        assert request.process and request.process.selector and request.input and request.input.input
        process = self.processes[request.process.selector.value]
        try:
            assert process.stdin is not None
            process.stdin.write(request.input.input.value)
            process.stdin.flush()
        except BrokenPipeError:
            raise ConnectError(Code.NOT_FOUND, "no such process") from None
        return process_pb.SendInputResponse()

    def stop(self) -> None:
        for process in self.processes.values():
            try:
                os.killpg(process.pid, 9)
            except ProcessLookupError:
                pass

    def close(self) -> None:
        self.stop()
        self.server.shutdown()
        self.server.server_close()


def _told(**event: Any) -> process_pb.StartResponse:
    ((kind, value),) = event.items()
    return process_pb.StartResponse(event=process_pb.ProcessEvent(event=Oneof(kind, value)))
