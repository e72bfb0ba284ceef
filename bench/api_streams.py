"""Streams: how soon an event that was written reaches a client, and what 500 silent ones cost those who ask for a status.

Clients are plain asyncio sockets; those of `idle` are in a process of their own (`python -m bench.api_streams …`).
"""

import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.api_server import WORKSPACE, Server, serving
from bench.moto import moto
from bench.state_trips import GET_S, PUT_S
from shared.state import runs
from shared.state.driver import Driver
from shared.state.folder import FolderDriver
from shared.state.run import Run
from shared.state.store import Store

WATCHED, EVENTS, EVERY_S, SILENT_S = 8, 20, 1.0, 25.0
FOLDER_MS, S3_MS, PER_SECOND = 100, 1000, 2.0  # the targets
STREAMS, RATE, PART_S, PARTS = 500, 100, 6.0, 5  # seconds of each route, in turn, so many times
STATUS_MS, RATIO = 50, 3.0


def events() -> None:
    with TemporaryDirectory(dir=Path.cwd()) as name:
        folder = Path(name) / "store"
        with serving(folder.as_uri()) as server:
            asyncio.run(_events("folder", server, FolderDriver(folder), FOLDER_MS))
    with moto() as bucket:
        from shared.state.s3 import S3Driver

        with serving(f"s3://{bucket.name}/{bucket.prefix}", PUT_S, GET_S, AGENTFORGE_STORE_ENDPOINT=bucket.endpoint) as server:
            asyncio.run(_events("moto, 63 ms to get besides", server, S3Driver(bucket), S3_MS))


async def _events(what: str, server: Server, driver: Driver, most_ms: int) -> None:
    """Runs with an event about every second, then silent ones with a single event: from when the store has it to the client."""
    store = Store(driver)
    taken = [_running(store) for _ in range(WATCHED)]
    heard: dict[str, asyncio.Queue[float]] = {run.id: asyncio.Queue() for run in taken}
    async with AsyncExitStack() as stack:
        for run in taken:
            task = asyncio.create_task(_listen(server, run.id, heard[run.id]))
            stack.callback(task.cancel)
            await heard[run.id].get()
        server.calls()
        started = time.monotonic()
        busy = await asyncio.gather(*(_tell(run, heard[run.id], EVENTS, EVERY_S) for run in taken))
        rate = len([c for c in server.calls() if c.operation in ("get", "list")]) / (time.monotonic() - started) / WATCHED
        _report(f"{what}, an event about every {EVERY_S:g} s", list(chain.from_iterable(busy)), rate, most_ms)
        started = time.monotonic()
        late = list[float]()
        for _ in range(3):
            found = await asyncio.gather(*(_tell(run, heard[run.id], 1, SILENT_S) for run in taken))
            late += chain.from_iterable(found)
        rate = len(server.calls()) / (time.monotonic() - started) / WATCHED
        _report(f"{what}, after {SILENT_S:g} s of silence", late, rate, most_ms)


async def _tell(run: Run, heard: "asyncio.Queue[float]", times: int, pause_s: float) -> list[float]:
    """Seconds from written to heard, of each."""
    found = list[float]()
    for number in range(times):
        await asyncio.sleep(pause_s + random.random() * min(pause_s, 1.0))
        run.emit("step", id=f"s{number}", state="done")
        written = await asyncio.to_thread(_flush, run)
        found.append(await asyncio.wait_for(heard.get(), 30) - written)
    return found


def _flush(run: Run) -> float:
    run.flush()
    return time.monotonic()


def _report(what: str, seconds: list[float], rate: float, most_ms: int) -> None:
    p50, p95 = _percentiles(seconds)
    print(
        f"  {what}: p50 {p50:.0f} ms, p95 {p95:.0f} ms of {len(seconds)}   (target: p95 at most {most_ms} ms); "
        f"{rate:.2f} reads a second of each run"
        + (f"   (target: at most {PER_SECOND:g})" if most_ms == S3_MS else "")
    )


def _percentiles(seconds: list[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(seconds, n=20, method="inclusive")
    return cuts[9] * 1000, cuts[18] * 1000


def _running(store: Store) -> Run:
    """A run that somebody works on, who says nothing by itself."""
    return Run.take(store, runs.open_run(store, "bench", {}, WORKSPACE).ref, "bench")


async def _listen(server: Server, run: str, heard: "asyncio.Queue[float] | None" = None) -> None:
    """Open a run's stream; when its first events came, and then each `step`."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(f"GET /v1/runs/{run}/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.key}\r\n\r\n".encode())
    try:
        while line := await reader.readline():
            if heard and (line.startswith(b"event: step") or line.startswith(b"event: claimed")):
                heard.put_nowait(time.monotonic())
    finally:
        writer.close()


def idle() -> None:
    """Half of the time with as many streams open, half without any."""
    with TemporaryDirectory(dir=Path.cwd()) as name:
        folder = Path(name) / "store"
        store = Store(FolderDriver(folder))
        ids = [_running(store).id for _ in range(STREAMS)]
        with serving(folder.as_uri()) as server:
            for streams in (0, STREAMS):
                command = [sys.executable, "-m", "bench.api_streams", str(server.port), server.key, str(streams)]
                told = json.loads(subprocess.run(command, input="\n".join(ids), check=True, stdout=subprocess.PIPE, text=True).stdout)
                ours, bare = ([_percentiles(part) for part in told[path]] for path in ("status", "bare"))
                p50, p95 = (statistics.median(part[i] for part in ours) for i in (0, 1))
                bare50, bare95 = (statistics.median(part[i] for part in bare) for i in (0, 1))
                print(
                    f"  {streams} silent streams, {RATE} requests a second, medians of {PARTS} parts of {PART_S:g} s: "
                    f"status p50 {p50:.1f} ms, p95 {p95:.1f} ms   (target: at most {STATUS_MS} ms)\n"
                    f"    a bare route p50 {bare50:.1f} ms, p95 {bare95:.1f} ms; ratio of p95 {p95 / bare95:.2f}, of p50 {p50 / bare50:.2f}"
                    f"   (target: at most {RATIO:g});\n"
                    f"    {told['alive']} streams alive; the server used {told['cores']:.2f} cores while nobody asked anything"
                )


async def _load(server: Server, ids: list[str], streams: int) -> dict[str, Any]:
    listening = [asyncio.create_task(_listen(server, id)) for id in ids[:streams]]
    await asyncio.sleep(12 if streams else 3)  # until all were read from the first entry
    used, started = _processor_s(server.port), time.monotonic()
    await asyncio.sleep(5)
    cores = (_processor_s(server.port) - used) / (time.monotonic() - started)
    found: dict[str, Any] = {"status": [], "bare": [], "cores": cores}
    free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    for _ in range(PARTS):
        for what, path in (("bare", lambda: "/bare"), ("status", lambda: f"/v1/runs/{random.choice(ids)}")):
            found[what].append(await _part(server, path, free))
    found["alive"] = sum(not task.done() for task in listening)
    for task in listening:
        task.cancel()
    return found


async def _part(server: Server, path: Callable[[], str], free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]) -> list[float]:
    """Requests at even times, whether or not those before were answered: seconds of each."""
    began, asked = time.monotonic(), list[asyncio.Task[float]]()
    for number in range(int(RATE * PART_S)):
        await asyncio.sleep(max(0, began + number / RATE - time.monotonic()))
        asked.append(asyncio.create_task(_ask(server, path(), free)))
    return list(await asyncio.gather(*asked))


async def _ask(server: Server, path: str, free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]) -> float:
    reader, writer = free.pop() if free else await asyncio.open_connection("127.0.0.1", server.port)
    started = time.monotonic()
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.key}\r\n\r\n".encode())
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):  # it was idle for too long
        return await _ask(server, path, free)
    length = next(int(line.partition(b":")[2]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
    await reader.readexactly(length)
    took = time.monotonic() - started
    assert head.startswith(b"HTTP/1.1 200"), head
    free.append((reader, writer))
    return took


def _processor_s(port: int) -> float:
    """Processor time of our parent's other child, the server."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            if int(fields[1]) == os.getppid() and b"bench.api_server" in (process / "cmdline").read_bytes():
                return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        except (FileNotFoundError, ProcessLookupError):
            continue
    raise RuntimeError(f"the server on port {port} is gone")


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_load(Server(int(sys.argv[1]), sys.argv[2]), sys.stdin.read().split(), int(sys.argv[3])))))
