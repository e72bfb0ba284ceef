"""What runs cells: a fork of the zygote that confines itself, or a process in a cloud sandbox, which confines it in its stead.

Here, frames in both directions are four bytes of length, big-endian, and JSON. Elsewhere the host (remote.py) gives python
this very text, with that of values.py in it: `python -sP -X utf8 -c … <folder>`; there a frame is a line of base64.
A cell can reach everything in this process, its channel included: the host believes nothing it reads, and the kernel or the
cloud sandbox, not this file, is what holds the cell.
"""

import ast
import base64
import ctypes
import functools
import importlib
import io
import linecache
import os
import re
import resource
import select
import struct
import sys
import time
import types
import warnings
from collections.abc import Callable
from json import dumps, loads  # by name: a cell may put something else in their place
from typing import Any

from values import ResultNotJSON, bounded, close_figures, describe, open_figures, show, start, to_json

WARM = ("duckdb", "pandas", "altair")
IDLE_S = 600  # a host elsewhere that says nothing for so long is gone


def run_cell(
    code: str, number: int, names: dict[str, Any], charts: list[Any], pngs: list[str], hidden: dict[str, str], limit: int
) -> dict[str, Any]:
    """Run `code` in `names`; the reply's JSON-ready body. `limit`: bytes its result, charts and figures may have as JSON."""
    filename = f"<cell {number}>"
    linecache.cache[filename] = (len(code), None, list(io.StringIO(code)), filename)
    result, error = None, None
    charts.clear()
    pngs.clear()
    start(limit)
    try:
        body, last = parse(code, filename)
        exec(body, names)
        value = eval(last, names) if last else None
        seen = show(value, charts, pngs)
        pngs += open_figures()
        try:
            result = None if seen else to_json(value)
        except ResultNotJSON:
            if not pngs:  # else it is what the call that drew gave back
                raise
    except BaseException as raised:
        error = describe(raised, hidden)
        close_figures()
    return {"cell": number, "result": result, "charts": charts, "pngs": pngs, "error": error}


def parse(code: str, filename: str) -> tuple[types.CodeType, types.CodeType | None]:
    """The cell up to its last expression, and that, if it ends with one."""
    try:
        body = ast.parse(code.removeprefix("\ufeff"), filename)
        last = body.body.pop() if body.body and isinstance(body.body[-1], ast.Expr) else None
        first = compile(body, filename, "exec", dont_inherit=True)
        return first, compile(ast.Expression(last.value), filename, "eval", dont_inherit=True) if isinstance(last, ast.Expr) else None
    except (MemoryError, RecursionError):
        raise SyntaxError("the code is nested too deeply") from None


def warm(waiting: int) -> None:
    """Import what most cells use, for as long as nobody has anything else for us to do."""
    for name in WARM:
        if select.select([waiting], [], [], 0)[0]:
            return
        importlib.import_module(name)


def tame_duckdb(memory_mb: int, work: str, tmp: str) -> None:
    """DuckDB sizes itself by the machine: tell it the session's memory and threads, and which files are its business."""
    import duckdb

    settings: dict[str, Any] = {
        "memory_limit": f"{memory_mb * 6 // 10}MB", "threads": min(2, os.cpu_count() or 1), "temp_directory": tmp,
        "allowed_directories": [f"{work}/", f"{tmp}/"], "enable_external_access": False,
    }  # fmt: skip
    for name, value in settings.items():
        duckdb.execute(f"SET {name} = {value!r}")
    duckdb.execute("SET lock_configuration = true")
    connect = duckdb.connect

    def tamed(database: Any = ":memory:", read_only: bool = False, config: dict[str, Any] | None = None) -> Any:
        if database == ":default:":
            return connect(database)
        made = connect(database, read_only, config or {})
        for name, value in settings.items():
            if name not in (config or {}):
                made.execute(f"SET {name} = {value!r}")
        made.execute("SET lock_configuration = true")
        return made

    duckdb.connect = tamed
    let_duckdb_see_frames()


def let_duckdb_see_frames() -> None:
    """`SELECT … FROM df` finds the variable `df`: DuckDB does that by itself only with the access to files that cells do not have.

    A name is looked up when DuckDB knows no such table, and again whenever the variable has another value.
    """
    import duckdb

    seen: dict[int, dict[str, Any]] = {}  # by connection: name → the value it was given to DuckDB with

    def seeing(method: Any, connection_of: Any) -> Any:
        def call(*args: Any, **named: Any) -> Any:
            connection, frame = connection_of(args), sys._getframe(1)
            names, known = {**frame.f_globals, **frame.f_locals}, seen.setdefault(id(connection), {})
            for name, value in known.items():
                if names.get(name) is not value and is_table(names.get(name)):
                    known[name] = names[name]
                    connection.register(name, names[name])
            tried: set[str] = set()
            while True:
                try:
                    return method(*args, **named)
                except duckdb.CatalogException as error:
                    missing = re.search("Table with name (.+?) does not exist", str(error))
                    query = next((a for a in (*args, *named.values()) if isinstance(a, str)), ";")
                    several = ";" in query.strip().rstrip(";")  # the first of them may have been carried out
                    name = missing[1] if missing else ""
                    if several or name in tried or not is_table(names.get(name)):
                        raise
                    tried.add(name)
                    known[name] = names[name]
                    connection.register(name, names[name])

        return functools.wraps(method)(call)

    for name in ("sql", "query", "execute", "from_query"):
        setattr(duckdb, name, seeing(getattr(duckdb, name), lambda args: duckdb.default_connection()))
        setattr(duckdb.DuckDBPyConnection, name, seeing(getattr(duckdb.DuckDBPyConnection, name), lambda args: args[0]))


def is_table(value: Any) -> bool:
    return type(value).__name__ in ("DataFrame", "Table", "RecordBatch") and type(value).__module__.split(".")[0] in ("pandas", "pyarrow", "polars")


def receive(commands: int) -> dict[str, Any]:
    """The host's next frame; ends this process when there will be none."""

    def exactly(size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = os.read(commands, size - len(data))
            if not part:
                os._exit(0)
            data += part
        return data

    message: dict[str, Any] = loads(exactly(struct.unpack(">I", exactly(4))[0]))
    return message


def send(replies: int, message: dict[str, Any], limit: int) -> None:
    data = bounded(message, limit)
    write_all(replies, struct.pack(">I", len(data)) + data)


def write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


def prepare() -> None:
    """Leave on the path what cells may import, and make what is printed readable."""
    standard, packages = os.path.dirname(os.__file__), ("site-packages", "dist-packages")
    # and not what a .pth file adds: a checkout may hold secrets
    sys.path[:] = [p for p in sys.path if p.startswith(standard) or os.path.basename(p) in packages]
    sys.stdout.reconfigure(errors="backslashreplace", line_buffering=True)  # type: ignore[union-attr]
    warnings.formatwarning = lambda message, category, *_: f"{category.__name__}: {message}\n"


def main_elsewhere(folder: str) -> None:
    """In a cloud sandbox: commands come by standard input, answers go by standard output, as lines. What cells print goes
    to files and comes back with the answer, for there is no third stream."""
    work, tmp = os.path.join(folder, "work"), os.path.join(folder, "tmp")
    for path in (work, tmp):
        os.makedirs(path, exist_ok=True)
    os.chdir(work)
    os.environ["TMPDIR"] = os.environ["HOME"] = tmp
    commands, replies = os.dup(0), os.dup(1)
    printed = [os.open(os.path.join(folder, name), os.O_RDWR | os.O_CREAT | os.O_APPEND) for name in ("stdout", "stderr")]
    for standard, fd in enumerate([os.open(os.devnull, os.O_RDONLY), *printed]):
        os.dup2(fd, standard)
    prepare()
    try:
        warm(commands)
    except ImportError:
        pass  # told below, or by the cell that needs it
    order = receive_line(commands)
    if order["tools"]:
        sys.path.append(os.path.join(folder, "tools"))
    for name, value in order["limits"].items():
        try:
            resource.setrlimit(getattr(resource, name), (value, value + 2))  # were they the same, time's end would be SIGKILL
        except (OSError, ValueError):
            pass  # the sandbox has limits of its own
    try:
        tame_duckdb(order["memory_mb"], work, tmp)
    except Exception as error:
        return send_line(replies, dumps({"refused": f"{type(error).__name__}: {error}"}).encode())
    send_line(replies, b'{"refused": ""}')
    started = cpu_ms()

    def answer(reply: dict[str, Any]) -> None:
        nonlocal started
        usage = {"cpu_ms": cpu_ms() - started, "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
        most, started = order["output_bytes"] + 1, cpu_ms()
        send_line(replies, bounded({**reply, "usage": usage}, order["result_bytes"]), *(os.pread(fd, most, 0) for fd in printed))
        for fd in printed:
            os.ftruncate(fd, 0)

    serve(lambda: receive_line(commands), answer, work, tmp, order["result_bytes"])


def cpu_ms() -> float:
    return time.process_time() * 1000


def receive_line(commands: int) -> dict[str, Any]:
    """The host's next line; ends this process when there will be none."""
    data = b""
    while not data.endswith(b"\n"):
        part = os.read(commands, 1 << 16) if select.select([commands], [], [], IDLE_S)[0] else b""
        if not part:
            os._exit(0)
        data += part
    message: dict[str, Any] = loads(base64.b64decode(data))
    return message


def send_line(replies: int, *fields: bytes) -> None:
    write_all(replies, b" ".join(map(base64.b64encode, fields)) + b"\n")


def serve(
    next_cell: Callable[[], dict[str, Any]],
    answer: Callable[[dict[str, Any]], None],
    work: str,
    tmp: str,
    limit: int,
    memory_mb: int = 0,
) -> None:
    """Run cells in one namespace, for ever. `limit`: bytes of a result; `memory_mb`: what DuckDB is told of when a cell first speaks of it, if not before."""
    cell = types.ModuleType("__main__")
    charts: list[Any] = []
    pngs: list[str] = []

    def display(value: Any) -> None:
        if not show(value, charts, pngs):
            print(value)

    cell.__dict__.update(display=display)
    sys.modules["__main__"] = cell
    hidden = {os.path.join(tmp, ""): "", os.path.join(work, ""): "", sys.prefix: "<python>"}
    hidden |= {sys.base_prefix: "<python>"}
    libc, tamed = ctypes.CDLL(None), False
    while True:
        request = next_cell()
        if memory_mb and not tamed and "duckdb" in request["code"]:
            tame_duckdb(memory_mb, work, tmp)
            tamed = True
        reply = run_cell(request["code"], request["cell"], cell.__dict__, charts, pngs, hidden, limit)
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except BaseException:
                pass  # the cell closed or replaced it
        libc.fflush(None)
        answer(reply)


if __name__ == "__main__":
    main_elsewhere(sys.argv[1])
