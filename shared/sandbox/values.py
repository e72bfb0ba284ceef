"""What a cell leaves behind as plain data: its last expression as JSON, its charts and figures, its error.

Runs in the child, beside code that may have changed anything: what is made here is as true as the cell lets it be.
"""

import base64
import datetime
import decimal
import errno
import importlib
import io
import math
import sys
import traceback
import uuid
from json import dumps
from typing import Any

ROWS = 1000
DEPTH = 100
NAME, TEXT, TRACE = 200, 10_000, 20_000  # characters of an error
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"  # how every one begins

_left = 0  # characters and elements that what is being written may still have


class ResultNotJSON(Exception):
    """The last expression has no JSON value."""


class OutputLimit(Exception):
    """The result is larger than the session's limit."""


def start(limit: int) -> None:
    """Let what is written from now on be as large as `limit` bytes. Every element and character is one at least, so
    nothing that would fit is refused, and nothing much larger is built."""
    global _left
    _left = limit


def _spend(elements: int) -> None:
    global _left
    _left -= elements
    if _left < 0:
        raise OutputLimit("the result is larger than a session may return; make it smaller in the cell")


def to_json(value: Any, depth: int = 0) -> Any:
    """`value` as plain JSON data, by the rules of `Execution`; ResultNotJSON for what has none, OutputLimit."""
    _spend(len(value) if isinstance(value, str) else 1)
    if value is None or isinstance(value, (bool, str)):
        return value if value is None or isinstance(value, bool) else str(value)
    if isinstance(value, int):
        return _whole(int(value))
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
        f"the last expression is a {_name(value)}, which has no JSON value; "
        "end the cell with numbers, text, lists, dicts or a table (sorted(...) makes a list of a set)"
    )


def to_key(key: Any) -> str:
    value = to_json(key) if not isinstance(key, tuple) else None
    text = value if isinstance(value, str) else str(key)
    return text.encode("utf-8", "replace").decode()


def _whole(value: int) -> Any:
    if abs(value) <= 2**53:
        return value
    try:
        return str(value)
    except ValueError:  # Python writes out at most 4,300 digits, by default
        digits = int(value.bit_length() * math.log10(2)) + 1
        raise ResultNotJSON(f"the result is a whole number of about {digits:,} digits; return its logarithm, say") from None


def _numpy(value: Any, depth: int) -> Any:
    numpy = sys.modules["numpy"]
    if value is numpy.ma.masked:
        return None
    if isinstance(value, numpy.ndarray) and value.ndim:
        if value.size > _left:
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
        raise ResultNotJSON(f"the last expression is a numpy {_name(value)}, which has no JSON value")
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
        if len(value) > _left:
            raise OutputLimit(f"the result has {len(value):,} elements; reduce it in the cell")
        return [to_json(item, depth + 1) for item in value.tolist()]
    if isinstance(value, (pandas.Interval, pandas.Period)):
        return str(value)
    raise ResultNotJSON(f"the last expression is a pandas {_name(value)}, which has no JSON value")


def vega(value: Any) -> dict[str, Any] | None:
    """The Vega or Vega-Lite specification of a chart object; None if `value` is not one."""
    if isinstance(value, type) or not hasattr(value, "to_dict") or type(value).__module__.startswith("pandas"):
        return None
    try:
        pandas, data = sys.modules.get("pandas"), getattr(value, "data", None)
        if pandas and isinstance(data, pandas.DataFrame) and len(data) * (2 + sum(len(str(name)) + 7 for name in data.columns)) >= _left:
            raise OutputLimit  # every row is {"name": 0, ...}, at least; making them takes long
        spec = value.to_dict()
        chart: dict[str, Any] | None = to_json(spec) if isinstance(spec, dict) and "vega" in str(spec.get("$schema")) else None
    except OutputLimit:
        raise OutputLimit("the chart's data is too large; aggregate the rows, or draw a sample of them, before charting") from None
    return chart


def show(value: Any, charts: list[Any], pngs: list[str]) -> bool:
    """Put the chart or picture that `value` is into the list it belongs to; False if it is neither."""
    if (chart := vega(value)) is not None:
        charts.append(chart)
    elif (picture := png(value)) is not None:
        pngs.append(picture)
    else:
        return False
    return True


def png(value: Any) -> str | None:
    """The picture, in base64, of a matplotlib figure, of the one that an Axes or the like is part of, or of what draws itself
    by `_repr_png_`; None if `value` is none of them."""
    if isinstance(value, type):
        return None
    artist = sys.modules.get("matplotlib.artist")
    if artist and isinstance(value, artist.Artist) and value.figure:
        return _drawn(value.figure.figure)  # a part of a figure may lie in another part
    made = value._repr_png_() if hasattr(value, "_repr_png_") else None
    made = made[0] if isinstance(made, tuple) else made
    if isinstance(made, bytes) and not made.startswith(PNG):
        raise ResultNotJSON(f"what the {_name(value)}'s _repr_png_ gives is not a PNG")
    return base64.b64encode(made).decode() if isinstance(made, bytes) else None


def open_figures() -> list[str]:
    """The pictures of the figures that pyplot has open and something is on. They are closed, as in a notebook."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    figures = [pyplot.figure(number) for number in pyplot.get_fignums()] if pyplot else []
    drawn = [_drawn(figure) for figure in figures if figure.get_children()[1:]]  # the first is its background
    close_figures()
    return drawn


def close_figures() -> None:
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


def _drawn(figure: Any) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", bbox_inches="tight")
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close(figure)
    return base64.b64encode(buffer.getvalue()).decode()


def describe(error: BaseException, hidden: dict[str, str]) -> dict[str, str]:
    """A CellError: named by the limit that was met, with the cell's own frames, without this machine's paths."""
    try:
        return _described(error, hidden)
    except BaseException:  # everything about an exception can be code of the cell's
        return {"name": _name(error), "value": "(its text could not be made)", "traceback": ""}


def _described(error: BaseException, hidden: dict[str, str]) -> dict[str, str]:
    name, raised = _name(error), type(error)
    try:
        text = str.__str__(str(error))[: 2 * TEXT]
    except BaseException:
        text = "(its text could not be made)"
    code = error.errno if issubclass(raised, OSError) and isinstance(error, OSError) else None
    if issubclass(raised, MemoryError) or name == "OutOfMemoryException":
        name, text = "MemoryLimit", text or "the cell needs more memory than the session may use"
    elif code == errno.ENOMEM:
        name = "MemoryLimit"
    elif code == errno.EAGAIN or (name == "RuntimeError" and text == "can't start new thread"):
        name, text = "ProcessLimit", "a session may not start processes, and only so many threads"
    elif code == errno.EFBIG:
        name, text = "OutputLimit", "a file grew beyond what a session may write"
    elif code in (errno.ENOSPC, errno.EDQUOT):
        name, text = "OutputLimit", "the session's files together grew beyond what it may write, or are too many"
    elif name == "MaxRowsError":
        name, text = "OutputLimit", "the chart's data has too many rows; aggregate them, or draw a sample of them, before charting"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith("<cell ")]
    syntax = isinstance(error, SyntaxError) and (error.filename or "").startswith("<cell ")
    last = "".join(traceback.format_exception_only(error)) if syntax else f"{name}: {text}\n"
    trace = "".join(["Traceback (most recent call last):\n", *traceback.format_list(frames)] if frames else []) + last
    for path, shown in hidden.items():
        text, trace = text.replace(path, shown), trace.replace(path, shown)
    return {"name": name, "value": text[:TEXT], "traceback": trace[-TRACE:]}


def _name(value: Any) -> str:
    """The name of a value's type, whatever its metaclass says."""
    name: str = type.__dict__["__name__"].__get__(type(value))
    return name[:NAME]


def bounded(message: dict[str, Any], limit: int) -> bytes:
    """The message as JSON; one that says so if it is longer than `limit` bytes or cannot be written."""
    error: Exception
    try:
        data = dumps(message, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
        error = OutputLimit(f"the result and charts are {len(data):,} bytes as JSON; at most {limit:,} are allowed")
    except Exception as raised:
        data, error = b"", raised
    if data and len(data) <= limit:
        return data
    told = {**describe(error, {}), "traceback": ""}
    return dumps({**message, "result": None, "charts": [], "pngs": [], "error": told}).encode()
