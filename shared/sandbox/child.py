"""What runs cells: a fork of the zygote that confines itself, or a process in a cloud sandbox, which confines it in its stead.

Here, frames in both directions are four bytes of length, big-endian, and JSON. Elsewhere the host (remote.py) gives python
this very text: `python -sP -X utf8 -c … <folder>`; there a frame is a line of base64.
A cell can reach everything in this process, its channel included: the host believes nothing it reads, and the kernel or the
cloud sandbox, not this file, is what holds the cell.
"""

import ast
import base64
import ctypes
import datetime
import decimal
import errno
import importlib
import json
import linecache
import math
import os
import resource
import select
import struct
import sys
import tempfile
import traceback
import types
import uuid
import warnings
from collections.abc import Callable
from typing import Any

WARM = ("duckdb", "pandas", "altair")
ROWS = 1000
DEPTH = 100
ELEMENTS = 1_000_000
IDLE_S = 600  # a host elsewhere that says nothing for so long is gone


class ResultNotJSON(Exception):
    """The last expression has no JSON value."""


class OutputLimit(Exception):
    """The result is larger than the session's limit."""


def to_json(value: Any, depth: int = 0) -> Any:
    """`value` as plain JSON data, by the rules of `Execution`; ResultNotJSON for what has none."""
    if value is None or isinstance(value, (bool, str)):
        return value if value is None or isinstance(value, bool) else str(value)
    if isinstance(value, int):
        return int(value) if abs(value) <= 2**53 else str(int(value))
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if depth > DEPTH:
        raise ResultNotJSON("the result is nested too deeply, or contains itself")
    if isinstance(value, dict):
        pairs = {to_key(key): to_json(item, depth + 1) for key, item in value.items()}
        if len(pairs) < len(value):
            raise ResultNotJSON("two keys of a dict are the same once written as text")
        return pairs
    if isinstance(value, (list, tuple)):
        return [to_json(item, depth + 1) for item in value]
    if isinstance(value, (datetime.date, datetime.time, datetime.timedelta)):
        if value != value:  # pandas.NaT
            return None
        if isinstance(value, datetime.timedelta):
            return importlib.import_module("pandas").Timedelta(value).isoformat()
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return None if not value.is_finite() else float(value) if abs(value) <= 2**53 else str(value)
    if isinstance(value, uuid.UUID):
        return str(value)
    package = type(value).__module__.partition(".")[0].lstrip("_")
    if package == "numpy":
        return _numpy(value, depth)
    if package == "pandas":
        return _pandas(value, depth)
    if package == "duckdb" and type(value).__name__ == "DuckDBPyRelation":
        rows = [to_json(list(row), depth + 1) for row in value.limit(ROWS).fetchall()]
        return {"columns": list(value.columns), "rows": rows, "n": len(value)}
    if package == "duckdb" and type(value).__name__ == "DuckDBPyConnection":
        return None
    raise ResultNotJSON(
        f"the last expression is a {type(value).__name__}, which has no JSON value; "
        "end the cell with numbers, text, lists, dicts or a table (sorted(...) makes a list of a set)"
    )


def to_key(key: Any) -> str:
    value = to_json(key) if not isinstance(key, tuple) else None
    return value if isinstance(value, str) else str(key)


def _numpy(value: Any, depth: int) -> Any:
    numpy = sys.modules["numpy"]
    if value is numpy.ma.masked:
        return None
    if isinstance(value, numpy.ndarray) and value.ndim:
        if value.size > ELEMENTS:
            raise OutputLimit(f"the result is an array of {value.size:,} numbers; reduce it in the cell")
        return [to_json(item, depth + 1) for item in value]
    if isinstance(value, numpy.ndarray):
        return to_json(value[()], depth + 1)
    if isinstance(value, (numpy.datetime64, numpy.timedelta64)):
        kind = "Timestamp" if isinstance(value, numpy.datetime64) else "Timedelta"
        return to_json(getattr(importlib.import_module("pandas"), kind)(value), depth + 1)
    if isinstance(value, numpy.floating):
        return to_json(float(value))
    item = value.item() if isinstance(value, numpy.generic) else None
    if item is None or type(item) is type(value):
        raise ResultNotJSON(f"the last expression is a numpy {type(value).__name__}, which has no JSON value")
    return to_json(item, depth + 1)


def _pandas(value: Any, depth: int) -> Any:
    pandas = sys.modules["pandas"]
    if value is pandas.NA or value is pandas.NaT:
        return None
    if isinstance(value, (pandas.DataFrame, pandas.Series)):
        head, columns, data = value.iloc[:ROWS], [], []
        if not (isinstance(value.index, pandas.RangeIndex) and value.index.start == 0 and value.index.step == 1):
            for level in range(value.index.nlevels):  # an index that means something comes first, as columns
                columns.append(value.index.names[level] if value.index.names[level] is not None else "index")
                data.append(head.index.get_level_values(level).tolist())
        if isinstance(value, pandas.Series):
            columns.append(value.name if value.name is not None else "value")
            data.append(head.tolist())
        else:
            columns += list(value.columns)
            data += [head.iloc[:, i].tolist() for i in range(head.shape[1])]
        rows = zip(*data, strict=True)
        names = ["_".join(map(str, name)) if isinstance(name, tuple) else to_key(name) for name in columns]
        return {"columns": names, "rows": [to_json(list(row), depth + 1) for row in rows], "n": len(value)}
    if isinstance(value, (pandas.Index, pandas.api.extensions.ExtensionArray)):
        if len(value) > ELEMENTS:
            raise OutputLimit(f"the result has {len(value):,} elements; reduce it in the cell")
        return [to_json(item, depth + 1) for item in value.tolist()]
    if isinstance(value, (pandas.Interval, pandas.Period)):
        return str(value)
    raise ResultNotJSON(f"the last expression is a pandas {type(value).__name__}, which has no JSON value")


def vega(value: Any) -> dict[str, Any] | None:
    """The Vega or Vega-Lite specification of a chart object; None if `value` is not one."""
    if isinstance(value, type) or not hasattr(value, "to_dict") or type(value).__module__.startswith("pandas"):
        return None
    spec = value.to_dict()
    return to_json(spec) if isinstance(spec, dict) and "vega" in str(spec.get("$schema")) else None


def describe(error: BaseException, hidden: dict[str, str]) -> dict[str, str]:
    """A CellError: named by the limit that was met, with the cell's own frames, without this machine's paths."""
    name = type(error).__name__
    try:
        text = str(error)
    except Exception:
        text = "(its text could not be made)"
    code = error.errno if isinstance(error, OSError) else None
    if isinstance(error, MemoryError) or name == "OutOfMemoryException":
        name, text = "MemoryLimit", text or "the cell needs more memory than the session may use"
    elif code == errno.ENOMEM:
        name = "MemoryLimit"
    elif code == errno.EAGAIN or (name == "RuntimeError" and text == "can't start new thread"):
        name, text = "ProcessLimit", "a session may not start processes, and only so many threads"
    elif code == errno.EFBIG:
        name, text = "OutputLimit", "a file grew beyond what a session may write"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith("<cell ")]
    syntax = isinstance(error, SyntaxError) and (error.filename or "").startswith("<cell ")
    last = "".join(traceback.format_exception_only(error)) if syntax else f"{name}: {text}\n"
    trace = "".join(["Traceback (most recent call last):\n", *traceback.format_list(frames)] if frames else []) + last
    for path, shown in hidden.items():
        text, trace = text.replace(path, shown), trace.replace(path, shown)
    return {"name": name, "value": text[:10_000], "traceback": trace[-20_000:]}


def run_cell(
    code: str, number: int, names: dict[str, Any], charts: list[Any], hidden: dict[str, str]
) -> dict[str, Any]:
    """Run `code` in `names`; the reply's JSON-ready body."""
    filename = f"<cell {number}>"
    linecache.cache[filename] = (len(code), None, code.splitlines(keepends=True), filename)
    result, error = None, None
    charts.clear()
    try:
        body = ast.parse(code, filename)
        last = body.body.pop() if body.body and isinstance(body.body[-1], ast.Expr) else None
        exec(compile(body, filename, "exec", dont_inherit=True), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), filename, "eval", dont_inherit=True), names)
            chart = vega(value)
            if chart is not None:
                charts.append(chart)
            else:
                result = to_json(value)
    except BaseException as raised:
        error = describe(raised, hidden)
    return {"cell": number, "result": result, "charts": charts, "error": error}


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

    message: dict[str, Any] = json.loads(exactly(struct.unpack(">I", exactly(4))[0]))
    return message


def send(replies: int, message: dict[str, Any], limit: int) -> None:
    data = bounded(message, limit)
    write_all(replies, struct.pack(">I", len(data)) + data)


def bounded(message: dict[str, Any], limit: int) -> bytes:
    """The message as JSON; one that says so if it is longer than `limit` bytes."""
    data = json.dumps(message, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
    if len(data) > limit:
        text = f"the result and charts are {len(data):,} bytes as JSON; at most {limit:,} are allowed"
        error = {"name": "OutputLimit", "value": text, "traceback": ""}
        data = json.dumps({**message, "result": None, "charts": [], "error": error}).encode()
    return data


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


def confined(commands: int, replies: int, folder: str, libraries: list[str], tmp_mb: int, isolated: bool) -> None:
    """Confine this process, a fork of the zygote, and run the cells that come by `commands`, until none will come.

    `folder`: the session's, with work/ and tools/ (and tmp/ where there are no namespaces).
    """
    import confine  # the zygote has imported them
    import namespaces

    try:
        if isolated:
            namespaces.enter(folder, libraries, tmp_mb)
            work, tools, tmp = "/sandbox/work", "/sandbox/tools", "/tmp"
        else:
            work, tools, tmp = (os.path.join(folder, name) for name in ("work", "tools", "tmp"))
            os.chdir(work)
        level = confine.confine([*libraries, work, tools], tmp, isolated=isolated)
    except (OSError, RuntimeError) as error:
        return send(replies, {"refused": str(error)}, 10_000)
    os.environ["HOME"] = os.environ["TMPDIR"] = tempfile.tempdir = tmp
    sys.path.append(tools)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()  # the zygote's other children must not draw the same numbers
    send(replies, {"level": level}, 10_000)
    warm(commands)
    order = receive(commands)
    confine.limit(**order["limits"])
    warm(commands)
    serve(lambda: receive(commands), lambda reply: send(replies, reply, order["result_bytes"]), work, tmp, order["memory_mb"])


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
        return send_line(replies, json.dumps({"refused": f"{type(error).__name__}: {error}"}).encode())
    send_line(replies, b'{"refused": ""}')

    def answer(reply: dict[str, Any]) -> None:
        most = order["output_bytes"] + 1
        send_line(replies, bounded(reply, order["result_bytes"]), *(os.pread(fd, most, 0) for fd in printed))
        for fd in printed:
            os.ftruncate(fd, 0)

    serve(lambda: receive_line(commands), answer, work, tmp)


def receive_line(commands: int) -> dict[str, Any]:
    """The host's next line; ends this process when there will be none."""
    data = b""
    while not data.endswith(b"\n"):
        part = os.read(commands, 1 << 16) if select.select([commands], [], [], IDLE_S)[0] else b""
        if not part:
            os._exit(0)
        data += part
    message: dict[str, Any] = json.loads(base64.b64decode(data))
    return message


def send_line(replies: int, *fields: bytes) -> None:
    write_all(replies, b" ".join(map(base64.b64encode, fields)) + b"\n")


def serve(
    next_cell: Callable[[], dict[str, Any]], answer: Callable[[dict[str, Any]], None], work: str, tmp: str, memory_mb: int = 0
) -> None:
    """Run cells in one namespace, for ever. `memory_mb`: what DuckDB is told of when a cell first speaks of it, if not before."""
    cell = types.ModuleType("__main__")
    charts: list[Any] = []

    def display(value: Any) -> None:
        chart = vega(value)
        print(value) if chart is None else charts.append(chart)

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
        reply = run_cell(request["code"], request["cell"], cell.__dict__, charts, hidden)
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except Exception:
                pass  # the cell closed or replaced it
        libc.fflush(None)
        answer(reply)


if __name__ == "__main__":
    main_elsewhere(sys.argv[1])
