"""What a local session and its host say to each other: length-prefixed JSON of bounded size, never pickle.

A session may close, flood or forge its channel: that ends the cell with an error that has a name, and the session with it.
"""

import json
import os
import selectors
import signal
import struct
import time
from typing import Any

from pydantic_core import from_json

from shared.sandbox import Limits, cgroups
from shared.sandbox.process import Child

WATCH_S = 0.1


class Ended(Exception):
    """The session can run no more cells: `name` and text of the CellError that says why."""


def exchange(child: Child, message: dict[str, Any] | None, timeout: float, limits: Limits) -> dict[str, Any]:
    """Send a frame, if any, and return the next one that comes, keeping what is printed meanwhile. Raises Ended."""
    deadline, watched = time.monotonic() + timeout, time.monotonic() + WATCH_S
    outgoing, incoming = memoryview(framed(message) if message is not None else b""), bytearray()
    if message is not None and _readable(child):
        raise Ended("SandboxDied", "something was written to the result channel between cells")
    with selectors.DefaultSelector() as selector:
        for fd in (child.replies, *child.output):
            selector.register(fd, selectors.EVENT_READ)
        if outgoing:
            selector.register(child.commands, selectors.EVENT_WRITE)
        while (answer := frame(incoming, limits)) is None:
            now = time.monotonic()
            if now >= deadline:
                raise Ended("TimeLimit", f"the cell ran longer than {timeout:g} s")
            if now >= watched:
                _watch(child, limits)
                watched = now + WATCH_S
            for key, _ in selector.select(min(WATCH_S, deadline - now)):
                if key.fd == child.commands:
                    try:
                        outgoing = outgoing[os.write(key.fd, outgoing) :]
                    except BrokenPipeError:
                        outgoing = outgoing[:0]  # it has died or will never listen: the reply channel tells which
                    if not outgoing:
                        selector.unregister(key.fd)
                elif key.fd in child.output:
                    if not _collect(child, key.fd, limits):
                        selector.unregister(key.fd)
                else:
                    part = os.read(key.fd, 1 << 16)
                    if not part:
                        raise _death(child, limits)
                    incoming += part
    for fd in child.output:  # printed before the answer was sent, so it is in the pipe by now
        for _ in range(64):
            if not _collect(child, fd, limits):
                break
    return answer


def _readable(child: Child) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(child.replies, selectors.EVENT_READ)
        return bool(selector.select(0)) and child.alive()


def frame(data: bytearray, limits: Limits) -> dict[str, Any] | None:
    """The frame in `data`; None while it is not complete."""
    if len(data) < 4:
        return None
    (size,) = struct.unpack(">I", data[:4])
    if size > limits.result_bytes + 10_000:
        raise Ended("SandboxDied", "the cell wrote to the channel its results come by")
    if len(data) < 4 + size:
        return None
    try:  # strict: no NaN, no half surrogates, no nesting deeper than what pydantic writes again
        value = from_json(bytes(data[4:]), allow_inf_nan=False)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise Ended("SandboxDied", "the cell wrote to the channel its results come by")
    return value


def _collect(child: Child, fd: int, limits: Limits) -> bool:
    """Read what is printed, keep up to one byte more than the limit; False if nothing is left."""
    try:
        part = os.read(fd, 1 << 16)
    except BlockingIOError:
        return False
    buffer = child.output[fd]
    buffer += part[: limits.output_bytes + 1 - len(buffer)]
    return bool(part)


def _watch(child: Child, limits: Limits) -> None:
    """Stop a session that uses more than a limit the kernel does not hold it to by itself."""
    account = child.account()
    if account.private_mb > limits.memory_mb:
        raise Ended("MemoryLimit", f"the session used more than {limits.memory_mb} MB")
    if account.threads > limits.processes:
        raise Ended("ProcessLimit", f"the session had more than {limits.processes} threads")


def _death(child: Child, limits: Limits) -> Ended:
    for _ in range(100):
        if not child.alive():
            break
        time.sleep(0.01)
    else:
        return Ended("SandboxDied", "the cell closed the channel its results come by")
    code = child.zygote.ask({"wait": child.pid})["status"]
    if code == -signal.SIGXCPU:
        return Ended("TimeLimit", f"the session used its {limits.cpu_s} s of processor time")
    if code is None:
        return Ended("SandboxDied", "the process ended")
    if code == -signal.SIGKILL and any(map(cgroups.out_of_memory, child.groups)):
        return Ended("MemoryLimit", f"the session used more than {limits.memory_mb} MB, or its files more than {limits.tmp_mb} MB")
    how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
    return Ended("SandboxDied", f"the process ended by itself ({how})")


def framed(message: dict[str, Any]) -> bytes:
    data = json.dumps(message).encode()
    return struct.pack(">I", len(data)) + data
