"""From the command to the first answer, against a bare FastAPI app that imports what such an app imports."""

import os
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

ROUNDS, TARGET = 7, 1.6
PEER = """
import boto3
from fastapi import FastAPI

app = FastAPI()


@app.get("/healthz")
async def healthz():
    return {"ok": True}
"""


def start() -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "peer.py").write_text(PEER)
        serve = [str(Path(sys.executable).with_name("agentforge")), "serve", "--port"]
        peer = [sys.executable, "-m", "uvicorn", "--app-dir", name, "--log-level", "warning", "--no-access-log", "peer:app", "--port"]
        environment = {**os.environ, "AGENTFORGE_STORE": str(folder / "store")}
        times: dict[str, list[float]] = {"ours": [], "peer": []}
        for turn in range(ROUNDS + 1):
            for who, command in (("peer", peer), ("ours", serve)):
                taken = _until_answered(command, environment)
                if turn:  # the first makes the store and a key
                    times[who].append(taken)
    ours, bare = (statistics.median(times[who]) for who in ("ours", "peer"))
    print(
        f"  `agentforge serve` to the first answer, medians of {ROUNDS}: {ours:.2f} s / {bare:.2f} s of uvicorn with a bare app that imports "
        f"boto3 = {ours / bare:.2f}   (target: at most {TARGET})"
    )


def _until_answered(command: list[str], environment: dict[str, str]) -> float:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    started = time.perf_counter()
    with subprocess.Popen([*command, str(port)], env=environment, stdout=subprocess.DEVNULL) as server:
        try:
            while True:
                try:
                    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
                        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                        assert connection.recv(100).startswith(b"HTTP/1.1 200")
                    return time.perf_counter() - started
                except ConnectionRefusedError:
                    assert server.poll() is None, command
                    time.sleep(0.002)
        finally:
            server.terminate()
