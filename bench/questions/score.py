"""Whether an answer is right. Strict on values, lenient only on form (documented here, line by line)."""

import math
import re
from typing import Any


def same(expected: Any, got: Any, decimals: int | None = None) -> bool:
    """Numbers: relative 1e-6, or half a unit of the last decimal asked for (integers exactly). Text: case and edges ignored; a
    date equals itself in any written form, and January 1st equals its year. A list keeps its order, a set has none; a mapping in rank order
    stands for the list of its keys; a one-item list stands for its item. yes/no stand for booleans."""
    if isinstance(expected, bool):
        return _boolean(got) is expected
    if isinstance(expected, dict):
        if not isinstance(got, dict) or len(expected) != len(got):
            return False
        found = {_text(k): v for k, v in got.items()}
        return all(_text(k) in found and same(v, found[_text(k)], decimals) for k, v in expected.items())
    if isinstance(expected, set):
        names = list(got) if isinstance(got, (list, dict)) else [got]
        return len(names) == len(expected) and {_text(e) for e in expected} == {_text(g) for g in names}
    if isinstance(expected, list):
        if isinstance(got, dict):
            got = list(got)
        return isinstance(got, list) and len(got) == len(expected) and all(same(e, g) for e, g in zip(expected, got, strict=True))
    if isinstance(got, list) and len(got) == 1:
        got = got[0]
    if isinstance(expected, (int, float)) and not isinstance(got, (list, dict, bool)) and got is not None:
        if isinstance(got, str):
            return _text(expected) == _text(got)
        if isinstance(expected, int):
            return abs(got - expected) < 1e-9
        tolerance = 0.5000001 * 10**-decimals if decimals is not None else 0.0
        # both were rounded: at most one unit apart only when the tie fell the other way, so half a unit is kept strict
        return math.isclose(expected, got, rel_tol=1e-6, abs_tol=1e-9) or (decimals is not None and abs(expected - got) <= tolerance)
    if isinstance(expected, str) and got is not None and not isinstance(got, (list, dict)):
        return _text(expected) == _text(got)
    return False


def _boolean(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"yes": True, "true": True, "no": False, "false": False}.get(str(value).strip().lower())


def _text(value: Any) -> str:
    if isinstance(value, float) and value == int(value):
        value = int(value)
    text = str(value).strip().lower()
    if m := re.fullmatch(r"([a-z]{3}) (\d{1,2}) (\d{4})", text):  # Nov 1 2009
        month = "jan feb mar apr may jun jul aug sep oct nov dec".split().index(m[1]) + 1
        text = f"{m[3]}-{month:02}-{int(m[2]):02}"
    if m := re.fullmatch(r"(\d{4})[-/](\d\d)[-/](\d\d)(?:[t ]00:00:00)?", text):
        text = m[1] if (m[2], m[3]) == ("01", "01") else f"{m[1]}-{m[2]}-{m[3]}"
    if m := re.fullmatch(r"(\d{4})s", text):
        text = m[1]
    if re.fullmatch(r"\d+\.0", text):
        text = text[:-2]
    return text
