"""References into cell results, and how the values they point at are written for people.

A reference is a step id and a JSON pointer (RFC 6901): `c3:/mean_fare`, `plan:/steps/0/where/value`. A segment `*`
stands for every key and gives a mapping. Besides `~0` and `~1`, a tilde makes any other character a plain one (`~*`, `~|`,
`~}`), so that a key taken from the data can stand in a pointer and in a template.
"""

import difflib
import math
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from shared.errors import InvalidPlan

TEXT_LIMIT = 80  # characters of one text value shown in a sentence; the whole value stays in the finding's `values`


def pointer(step: str, *keys: object) -> str:
    """The reference to a value under literal keys, every one escaped: pointer("c1", "groups", "a/b") → `c1:/groups/a~1b`."""
    return f"{step}:" + "".join("/" + _escape(str(key)) for key in keys)


def _escape(key: str) -> str:
    key = key.replace("~", "~0").replace("/", "~1")
    return re.sub(r"[*|{}]|\A\s|\s\Z", lambda match: "~" + match.group(), key, flags=re.S)


def _unescape(segment: str) -> str:
    return re.sub(r"~(.)", lambda match: {"0": "~", "1": "/"}.get(match[1], match[1]), segment, flags=re.S)


def last_key(ref: str) -> str:
    """The last key of a reference, unescaped."""
    return _unescape(ref.rsplit("/", 1)[1]) if "/" in ref else ref


def resolve(ref: str, results: Mapping[str, Any]) -> Any:
    """The value a reference points at; with a `*`, a mapping from key to value.

    Raises InvalidPlan when nothing is there.
    """
    step, _, rest = ref.partition(":")
    if step not in results:
        raise InvalidPlan(f"`{ref}` refers to a cell without a result.", _choices(step, results))
    return _walk(results[step], rest.split("/")[1:] if rest else [], ref)


def _walk(value: Any, segments: list[str], ref: str) -> Any:
    if not segments:
        return value
    head, *rest = segments
    children = dict(enumerate(value)) if isinstance(value, list) else value
    if not isinstance(children, Mapping):
        raise InvalidPlan(f"`{ref}`: there is nothing below {shown(value)}.", "Take the last part of the reference away.")
    if head == "*":
        return {str(key): _walk(child, rest, ref) for key, child in children.items()}
    key: Any = _unescape(head)
    if isinstance(value, list):
        key = int(key) if re.fullmatch(r"[0-9]+", key) else key
    if key not in children:
        raise InvalidPlan(f"`{ref}`: nothing is called {str(key)!r} there.", _choices(str(key), children))
    return _walk(children[key], rest, ref)


def _choices(wrong: str, available: Mapping[Any, Any]) -> str:
    names = [str(name) for name in available]
    close = difflib.get_close_matches(wrong, names, 5, 0.5) or names[:12]
    return f"There is: {', '.join(close)}." if close else "It is empty."


def plain(text: str) -> str:
    """Text from data on one line: no control characters (terminal escapes), no reversal of the writing direction."""
    return " ".join("".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text if c not in _BIDI).split())


def is_year(name: str) -> bool:
    """Whether a column of this name holds years, which are written without thousands separators."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    return re.search(r"(?:^|[^a-z])(?:year|yr|decade)s?(?:[^a-z]|$)", words) is not None


_BIDI = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def number(value: float, separator: str = ",") -> str:
    """Four significant digits, but every digit before the point; scientific only below 1e-4 and from 1e15."""
    if isinstance(value, int):
        return f"{value:,}".replace(",", separator)
    if not math.isfinite(value) or value == 0:
        return "0" if value == 0 else str(value)
    size = abs(value)
    if size < 1e-4 or size >= 1e15:
        return f"{value:.3e}"
    decimals = max(0, 3 - math.floor(math.log10(size)))
    text = f"{value:,.{decimals}f}".replace(",", separator)
    return text.rstrip("0").rstrip(".") if "." in text else text


def p_value(value: float) -> str:
    """`p < 0.001`, else three significant digits, or as many as it takes not to look like 0.05 when it is not."""
    if value < 0.001:
        return "p < 0.001"
    digits = next((d for d in range(3, 16) if float(f"{value:.{d}g}") != 0.05 or value == 0.05), 16)
    return f"p = {value:.{digits}g}"


def shown(value: Any, style: str | None = None) -> str:
    """A scalar as a person reads it.

    Styles: `4` decimals, `%1` a fraction as percent, `p`, `abs` (words say the sign), `name` (no thousands separators), `year`
    and `month` (the start of an ISO date). Raises InvalidPlan for a style that needs a number and meets none.
    """
    if value is None:
        return "no value"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        text = plain(value)
        if style in ("year", "month"):
            return text[: {"year": 4, "month": 7}[style]]
        if style not in (None, "name"):
            raise InvalidPlan(f"{text[:TEXT_LIMIT]!r} is text and cannot be written as `|{style}`.", "Take the format away.")
        return (text if len(text) <= TEXT_LIMIT else text[: TEXT_LIMIT - 1].rstrip() + "…") or '""'
    if style == "p":
        return p_value(value)
    if style == "abs":
        return number(abs(value))
    if style in ("name", "year", "month"):  # 1970, 1975.9
        return number(value, separator="") if isinstance(value, int) or abs(value) < 1000 else f"{value:.1f}".removesuffix(".0")
    if style and style.startswith("%"):
        return (f"{value * 100:,.{int(style[1:])}f}" if style[1:] else number(value * 100.0)) + "%"
    return f"{value:,.{int(style)}f}" if style else number(value)
