"""The app as it is served, in a process of its own, over a store that notes its calls and may be slow; and its peer.

Run as `python -m bench.api_server PUT_S GET_S`: it prints its port and an API key, then serves until its input closes. Nobody works
on the runs that are opened. `/bare` is a route as bare as FastAPI's can be, `/calls` takes away the calls noted until now.
"""

import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from bench.watched import Call

WORKSPACE = "local"


class Server(NamedTuple):
    port: int
    key: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    def calls(self) -> list[Call]:
        """Those that reached the store since the last time."""
        import httpx2

        return [Call(*call) for call in httpx2.get(f"{self.url}/calls", timeout=60).json()]


@contextmanager
def serving(store_url: str, put_s: float = 0, get_s: float = 0, **environment: str) -> Iterator[Server]:
    command = [sys.executable, "-m", "bench.api_server", str(put_s), str(get_s)]
    told = {**os.environ, "AGENTFORGE_STORE": store_url, "AGENTFORGE_RATE": "1000000", **environment}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=told) as server:
        assert server.stdin is not None and server.stdout is not None
        try:
            port, key = server.stdout.readline().split()
            yield Server(int(port), key)
        finally:
            server.kill()


def main() -> None:
    import uvicorn

    from bench.watched import watch
    from shared.backends import Here
    from shared.identity.caller import Caller
    from shared.identity.keys import create_key
    from shared.identity.permissions import ALL
    from shared.state.opening import open_store
    from web.app import create_app

    logging.basicConfig(level=logging.WARNING)
    below = open_store()
    _, key = create_key(below, WORKSPACE, "bench", sorted(ALL), Caller(WORKSPACE, "bench", frozenset(ALL)))
    store, watched = watch(below.driver, *map(float, sys.argv[1:3]))
    app = create_app(store, Here())

    @app.get("/bare")
    def bare() -> dict[str, bool]:
        return {"ok": True}

    @app.get("/calls")
    def calls() -> list[Call]:
        taken, watched.calls = watched.calls, []
        return taken

    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, server_header=False))
    threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True).start()
    while not server.started:
        time.sleep(0.01)
    print(listening.getsockname()[1], key, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
