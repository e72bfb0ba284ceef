"""The zygote: one quiet process with the analysis libraries imported, from which every session is forked.

Started as `python -sP -X utf8 zygote.py <socket fd> <host pid>`. One request a message: {"fork": …} comes with the new
session's four descriptors (commands, replies, stdout, stderr) and is answered with its process id, {"wait": pid} with its
exit status. Single-threaded, and no code but this runs in it: what it holds in memory, every session can read.
"""

import array
import gc
import json
import os
import socket
import sys
import tempfile
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import child
import confine
import namespaces

sys.path.pop(0)
for name in ("child", "values", "confine", "namespaces"):
    del sys.modules[name]  # a cell's own module may be called so

ROOM = 1 << 16


def main() -> None:
    host, parent = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])
    confine.die_with(parent)
    child.prepare()
    libraries = [p for p in (os.path.dirname(os.__file__), *sys.path, os.path.join(sys.base_prefix, "lib")) if os.path.isdir(p)]
    confine.program(True, 1)  # what every session needs is made once
    while True:
        child.warm(host.fileno())
        gc.collect()
        gc.freeze()  # the collector would touch, and so copy, every page that is shared
        request, fds = receive(host)
        if "wait" in request:
            answer(host, {"status": status(request["wait"])})
        else:
            answer(host, {"pid": fork(request["fork"], fds, libraries)})


def fork(order: dict[str, Any], fds: list[int], libraries: list[str]) -> int:
    """A new session in a process of its own; its process id."""
    zygote, refused = os.getpid(), ""
    try:
        pid = namespaces.fork() if order["isolated"] else os.fork()
    except OSError as error:
        refused, pid = str(error), os.fork()
    if pid:
        for fd in fds:
            os.close(fd)
        return pid
    try:
        commands, replies, stdout, stderr = fds
        if refused:
            raise OSError(refused)
        if not order["isolated"]:
            confine.die_with(zygote)
        os.setsid()
        os.dup2(stdout, 1), os.dup2(stderr, 2)
        for name in os.listdir("/proc/self/fd"):
            if int(name) > 2 and int(name) not in (commands, replies):
                try:
                    os.close(int(name))
                except OSError:  # the listing's own
                    pass
        confined(commands, replies, order["folder"], libraries, order["tmp_mb"], order["isolated"])
    except OSError as error:
        child.send(fds[1], {"refused": str(error)}, 10_000)
    finally:
        os._exit(1)


def confined(commands: int, replies: int, folder: str, libraries: list[str], tmp_mb: int, isolated: bool) -> None:
    """Confine this process, a fork of the zygote, and run the cells that come by `commands`, until none will come.

    `folder`: the session's, with work/ and tools/ (and tmp/ where there are no namespaces).
    """
    try:
        if isolated:
            namespaces.enter(folder, libraries, tmp_mb)
            work, tools, tmp = "/sandbox/work", "/sandbox/tools", "/tmp"
        else:
            work, tools, tmp = (os.path.join(folder, name) for name in ("work", "tools", "tmp"))
            os.chdir(work)
        level = confine.confine([*libraries, work, tools], tmp, isolated=isolated)
    except (OSError, RuntimeError) as error:
        child.send(replies, {"refused": str(error)}, 10_000)
        return
    os.environ["HOME"] = os.environ["TMPDIR"] = tempfile.tempdir = tmp  # matplotlib keeps its caches under HOME
    sys.path.append(tools)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()  # the zygote's other children must not draw the same numbers
    child.send(replies, {"level": level}, 10_000)
    child.warm(commands)
    order = child.receive(commands)
    confine.limit(**order["limits"])
    child.warm(commands)
    limit = order["result_bytes"]
    child.serve(
        lambda: child.receive(commands), lambda reply: child.send(replies, reply, limit), work, tmp, limit, order["memory_mb"]
    )


def status(pid: int) -> int | None:
    """How a session ended: its exit status, or less a signal's number; None if that was asked before."""
    try:
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        return namespaces.SIGNALLED - status if status > namespaces.SIGNALLED else status
    except ChildProcessError:
        return None


def receive(host: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """The host's next request; ends this process when there will be none."""
    message, ancillary, _, _ = host.recvmsg(ROOM, socket.CMSG_SPACE(4 * array.array("i").itemsize))
    if not message:
        os._exit(0)
    fds = array.array("i")
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds.frombytes(data)
    request: dict[str, Any] = json.loads(message)
    return request, list(fds)


def answer(host: socket.socket, message: dict[str, Any]) -> None:
    host.send(json.dumps(message).encode())


if __name__ == "__main__":
    main()
