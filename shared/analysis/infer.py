"""What a text column holds: numbers, dates, true/false or text, and the SQL that reads it.

Inference looks at a sample and proposes `Reading`s; whether one holds is decided on every value, in SQL, by
`shared.analysis.typed`. Values arrive trimmed and never empty. A reading gives NULL for what it cannot read.

Covered: units and currencies, grouped thousands, decimal commas, brackets for negatives, ISO dates and some thirty
other date formats, times with offsets. Not covered: several units or several date formats in one column, `1.2M`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Literal, NamedTuple

from shared.analysis.duck import literal

# Missing in any column; the second tuple (compared in lower case) only where numbers or dates are read.
TEXT_NULLS = ("NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None", "#N/A", "<NA>", "-nan")
VALUE_NULLS = (
    *sorted({text.lower() for text in TEXT_NULLS}),
    *("-", "--", "?", ".", "missing", "unknown", "#div/0!", "#value!", "#ref!", "#num!"),
    *(sign + word for word in ("inf", "infinity") for sign in ("", "+", "-")),
)
BLANKS = " \t\r\n\f\u00a0"
MOSTLY = 0.8  # a reading is worth trying when it fits this share of the sample
Decimal = Literal["dot", "maybe comma", "comma"]  # what the rest of the file says about `1,234` and `1.234`


class Reading(NamedTuple):
    """One way to read a text column. `sql` and `plain` are expressions over the value `v`."""

    type: str
    sql: str
    plain: str  # the same for values that need no repair, and quick; NULL for those that do
    unit: str | None = None
    says: str = ""  # told to the user when this reading is chosen


# --- numbers ------------------------------------------------------------------------------------------------------

CURRENCIES = {"$": "$", "US$": "$", "€": "€", "£": "£", "¥": "¥", "₹": "₹"} | {
    code: code for code in ("USD", "EUR", "GBP", "JPY", "CHF", "CAD", "AUD", "INR", "CNY")
}
_UNIT_WORDS = """
    % kg g mg lb lbs oz t km m cm mm mi miles ft in yd m² km² m2 km2 ml l L gal °C °F ° h hr hrs hours min mins minutes
    s sec secs seconds ms days years yrs mph km/h kph kt m/s mpg W kW MW Wh kWh MWh GWh hp V A Hz kHz MHz GHz B KB MB GB
    TB hPa kPa Pa cal kcal px pts bps ppm
"""
UNITS = _UNIT_WORDS.split()
_GAPS = " '\u00a0\u202f"  # group thousands in any language
_BODIES = {  # decimal mark, type → the digits of a number
    (".", "BIGINT"): rf"(?:[0-9]{{1,3}}(?:[,{_GAPS}][0-9]{{3}})+|0|[1-9][0-9]*)",
    (
        ".",
        "DOUBLE",
    ): rf"(?:(?:[0-9]{{1,3}}(?:[,{_GAPS}][0-9]{{3}})+|[0-9]+)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE](?:\+?[0-9]{{1,2}}|-[0-9]{{1,3}}))?",
    (",", "BIGINT"): rf"(?:[0-9]{{1,3}}(?:[.{_GAPS}][0-9]{{3}})+|0|[1-9][0-9]*)",
    (",", "DOUBLE"): rf"(?:(?:[0-9]{{1,3}}(?:[.{_GAPS}][0-9]{{3}})+|[0-9]+)(?:,[0-9]*)?|,[0-9]+)",
}
_PATTERNS = {key: re.compile(body) for key, body in _BODIES.items()}


def _any_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_NUMBER = re.compile(
    rf"\(?\s?[-+−]?\s?(?P<pre>{_any_of(CURRENCIES)})?\s?[-+−]?"
    rf"(?P<body>[0-9.,](?:[0-9.,{_GAPS}]*[0-9.,])?(?:[eE][-+]?[0-9]+)?)\s?(?P<suf>{_any_of([*UNITS, *CURRENCIES])})?\s?\)?"
)
_PLAIN = {
    "BIGINT": re.compile(r"-?(?:0|[1-9][0-9]{0,17})"),
    "DOUBLE": re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,2})?"),
}
_PLAIN_SQL = {
    # There and back again: refuses 007, +5, 1.5 and 1e3, which a cast would take.
    "BIGINT": "CASE WHEN CAST(TRY_CAST(v AS BIGINT) AS VARCHAR) = v THEN TRY_CAST(v AS BIGINT) END",
    "DOUBLE": "CASE WHEN isfinite(TRY_CAST(v AS DOUBLE)) AND NOT contains(v, '_') THEN TRY_CAST(v AS DOUBLE) END",
}
_CODE = r"[-+]?0[0-9]+|[-+]?[0-9]{19,}|[+][0-9]{7,}"  # digits that are a name, not a quantity
CODE_SQL = f"regexp_full_match(v, '{_CODE}')"
_CODES = re.compile(_CODE)
_AMBIGUOUS = re.compile(r"[0-9]{1,3}[.,][0-9]{3}")
UNSEEN = Reading("BIGINT", _PLAIN_SQL["BIGINT"], _PLAIN_SQL["BIGINT"])  # where the sample holds no value yet


def _only(body: str, mark: str) -> bool:
    """Whether a number can be read with this decimal mark only."""
    other = "," if mark == "." else "."
    return bool(_PATTERNS[mark, "DOUBLE"].fullmatch(body)) and not _PATTERNS[other, "DOUBLE"].fullmatch(body)


def decimal_mark(samples: Iterable[Sequence[str]], delimiter: str) -> Decimal:
    """What a file says about commas in numbers: `3,14` anywhere in its samples, or values separated by semicolons."""
    for sample in samples:
        some = [value for value in sample[:50] if "," in value]
        bodies = [match["body"] for value in some if (match := _NUMBER.fullmatch(value))]
        marks = {mark for mark in ".," for body in bodies if _only(body, mark)}
        if len(bodies) == len(some) and marks == {","}:
            return "comma"
    return "maybe comma" if delimiter == ";" else "dot"


def numbers(sample: Sequence[str], extra: Sequence[str], file: Decimal) -> list[Reading]:
    """The reading as a number: a unit or currency, grouped thousands, `(1,200)` as a negative, a decimal comma."""
    main, pool = sample or extra, [*sample, *extra]
    if all(map(_PLAIN["BIGINT"].fullmatch, pool)):
        return [_number("BIGINT", ".", None, "")]
    if file != "comma" and all(map(_PLAIN["DOUBLE"].fullmatch, pool)) and not any(map(_CODES.fullmatch, pool)):
        return [_number("DOUBLE", ".", None, "")]
    if sum(_NUMBER.fullmatch(value) is not None for value in main) < MOSTLY * len(main):
        return []
    matches = [match for value in pool if (match := _NUMBER.fullmatch(value))]
    bodies = [match["body"] for match in matches]
    units = Counter(CURRENCIES.get(symbol, symbol) for match in matches if (symbol := match["pre"] or match["suf"]))
    dots, commas = (sum(_only(body, mark) for body in bodies) for mark in ".,")
    unclear = [body for body in bodies if _AMBIGUOUS.fullmatch(body)] if dots == commas else []
    if dots != commas:
        mark = "." if dots > commas else ","
    else:
        mark = "," if file == "comma" or (file == "maybe comma" and any("," in body for body in unclear)) else "."
    if sum(_PATTERNS[mark, "DOUBLE"].fullmatch(body) is not None for body in bodies) < MOSTLY * len(bodies):
        return []  # 31.12.2020
    codes = any(_CODES.fullmatch(value) for value in pool)
    whole = all(_PATTERNS[mark, "BIGINT"].fullmatch(body) or (codes and body.isdigit()) for body in bodies)
    if whole and codes:
        return []
    says = ""
    if unclear and ("," in unclear[0] or mark == ","):
        as_read = re.sub("[.,]", "", unclear[0]) if whole else unclear[0].replace(",", ".")
        says = f"numbers such as {unclear[0]} can be read in two ways; this one was taken as {as_read}."
    return [_number("BIGINT" if whole else "DOUBLE", mark, units.most_common(1)[0][0] if units else None, says)]


@cache
def _number(type: str, mark: str, unit: str | None, says: str) -> Reading:
    body, before, after, zero = _BODIES[mark, type], "", "", ""
    plain = _PLAIN_SQL[type] if mark == "." or type == "BIGINT" else "NULL"
    if unit in CURRENCIES.values():
        before = after = f"(?:{_any_of(symbol for symbol, name in CURRENCIES.items() if name == unit)})?"
    elif unit:  # a bare number among percentages or kilograms may be something else; zero is zero
        after, zero, plain = re.escape(unit), "|0", "NULL"
    shape = rf"[-+−]?\s?{before}\s?[-+−]?{body}\s?{after}|[(]\s?{before}\s?{body}\s?{after}\s?[)]{zero}"
    gaps, kept = (f",{_GAPS}", "") if mark == "." else (f",.{_GAPS}", ".")  # translate turns the first into the second
    digits = f"translate(regexp_extract(v, {literal(body)}), {literal(gaps)}, {literal(kept)})"
    minus = "CASE WHEN regexp_matches(v, '^[^0-9]*[-−(]') THEN '-' ELSE '' END"
    sql = f"CASE WHEN regexp_full_match(v, {literal(shape)}) THEN TRY_CAST(concat({minus}, {digits}) AS {type}) END"
    return Reading(type, sql, plain, unit, says)


# --- dates and times ----------------------------------------------------------------------------------------------

_DIRECTIVES = {
    "%Y": (r"\d{4}", "year"),
    "%y": (r"\d{2}", "two-digit year"),
    "%m": (r"(?:0?[1-9]|1[0-2])", "month"),
    "%d": (r"(?:0?[1-9]|[12]\d|3[01])", "day"),
    "%b": (r"(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)", "month"),
    "%B": (r"(?i:january|february|march|april|may|june|july|august|september|october|november|december)", "month"),
    "%a": (r"(?i:mon|tue|wed|thu|fri|sat|sun)", "weekday"),
    "%A": (r"(?i:monday|tuesday|wednesday|thursday|friday|saturday|sunday)", "weekday"),
    "%H": (r"(?:[01]?\d|2[0-3])", "hour"),
    "%I": (r"(?:0?[1-9]|1[0-2])", "hour"),
    "%M": (r"[0-5]\d", "minute"),
    "%S": (r"[0-5]\d", "second"),
    "%f": (r"\d{1,6}", "fraction"),
    "%p": (r"(?i:am|pm)", "am/pm"),
}
_DATES = (
    *(order.replace("/", mark) for mark in "/.-" for order in ("%m/%d/%Y", "%d/%m/%Y", "%m/%d/%y", "%d/%m/%y")),
    *("%Y.%m.%d", "%Y-%m", "%Y/%m", "%b %d %Y", "%b %d, %Y", "%B %d %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y"),
    *("%d-%b-%Y", "%d-%b-%y", "%d/%b/%Y", "%d. %B %Y", "%b %Y", "%B %Y", "%b-%Y", "%b-%y", "%Y-%b-%d", "%Y %b %d"),
    *("%a %b %d %Y", "%a, %b %d, %Y", "%A, %B %d, %Y", "%a, %d %b %Y", "%a %d %b %Y"),
)
_CLOCKS = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p", "%I:%M%p", "%I:%M:%S%p")
_FORMATS = (
    *_DATES,
    *(f"{day}{mark}{clock}" for day in (*_DATES, "%Y/%m/%d", "%Y-%m-%d") for clock in _CLOCKS for mark in (" ", ", ", "T")),
)
_ISO_DATE = re.compile(r"\d{4}([-/])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])")
_ISO_STAMP = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.][0-9]{1,9})?)?)?"
_ZONE = r"(?: ?(?:Z|UTC|[-+][0-9]{2}(?::?[0-9]{2})?))?"
_STAMP, _STAMP_ZONE = re.compile(_ISO_STAMP), re.compile(_ISO_STAMP + _ZONE)
_COMPACT = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_TIME = re.compile(r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?")
_DATELIKE = re.compile(r"(?=.*\d)(?=.*[-/.,: ])[\w/.,:+ -]{6,40}")
_TO_DATE = "CASE WHEN length(v) <= 10 AND v < ':' THEN TRY_CAST(v AS DATE) END"
_TO_STAMP = f"CASE WHEN regexp_full_match(v, '{_ISO_STAMP}') THEN TRY_CAST(v AS TIMESTAMP) END"
_TO_UTC = f"CASE WHEN regexp_full_match(v, '{_ISO_STAMP}{_ZONE}') THEN TRY_CAST(v AS TIMESTAMPTZ) AT TIME ZONE 'UTC' END"
_TO_TIME = "CASE WHEN regexp_full_match(v, '[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?') THEN TRY_CAST(v AS TIME) END"


@cache
def _pattern(format: str) -> re.Pattern[str]:
    parts = re.findall(r"%\w|.", format)
    return re.compile("".join(_DIRECTIVES[part][0] if part in _DIRECTIVES else re.escape(part) for part in parts))


def dates(sample: Sequence[str], extra: Sequence[str]) -> list[Reading]:
    """Readings as a date, timestamp or time of day: ISO, or a format that fits (two where day and month could swap)."""
    main, pool = sample or extra, [*sample, *extra]

    def mostly(pattern: re.Pattern[str]) -> bool:
        return sum(pattern.fullmatch(value) is not None for value in main) >= MOSTLY * len(main)

    if not mostly(_DATELIKE) and not mostly(_TIME):
        return []
    timed = any(len(value) > 10 and _STAMP_ZONE.fullmatch(value) for value in pool)
    if mostly(_ISO_DATE) and not timed:
        return [Reading("DATE", _TO_DATE, _TO_DATE)]
    if mostly(_STAMP_ZONE):
        if all(_STAMP.fullmatch(value) for value in pool if _STAMP_ZONE.fullmatch(value)):
            return [Reading("TIMESTAMP", _TO_STAMP, _TO_STAMP)]
        return [Reading("TIMESTAMP", _TO_UTC, _TO_UTC, says="times with an offset were converted to UTC.")]
    if mostly(_TIME):
        return [Reading("TIME", _TO_TIME, _TO_TIME)]
    some = main[:: max(1, len(main) // 50)]
    formats = [format for format in _FORMATS if any(_pattern(format).fullmatch(value) for value in some[:3])]
    fits = {format: sum(bool(_pattern(format).fullmatch(value)) for value in [*some, *extra]) for format in formats}
    best = max(fits.values(), default=0)
    return [_dated(format) for format in formats if fits[format] == best >= MOSTLY * len(some)][:2]


@cache
def _dated(format: str) -> Reading:
    type = "TIMESTAMP" if "%M" in format else "DATE"
    parsed = f"TRY_STRPTIME(v, {literal(format)})"
    sql = f"CAST(CASE WHEN {parsed} >= DATE '1000-01-01' THEN {parsed} END AS {type})"
    words = re.sub(r"%\w", lambda match: _DIRECTIVES[match[0]][1], format.replace("%Y%m%d", "%Y %m %d"))
    century = " Two-digit years were taken as 1969 to 2068." if "%y" in format else ""
    return Reading(type, sql, sql, says=f"dates were read as {words}.{century}")


# --- all together -------------------------------------------------------------------------------------------------

_BOOLEAN = "CASE lower(v) WHEN 'true' THEN true WHEN 'false' THEN false END"


def readings(sample: Sequence[str], extra: Sequence[str] = (), file: Decimal = "dot", name: str = "") -> list[Reading]:
    """Readings to try for a text column, best first; none means text.

    `name`: 20200131 is a date only in a column that says so. `sample`: values from the top. `extra`: values that an earlier proposal could not read; they are evidence, but do
    not count for how common a shape is.
    """
    sample = [value for value in sample if value.lower() not in VALUE_NULLS]
    extra = [value for value in extra if value.lower() not in VALUE_NULLS]
    main = sample or extra
    if not main:
        return []
    if sum(value.lower() in ("true", "false") for value in main) >= MOSTLY * len(main):
        return [Reading("BOOLEAN", _BOOLEAN, _BOOLEAN)]
    if "date" in name.lower() and sum(bool(_COMPACT.fullmatch(value)) for value in main) >= MOSTLY * len(main):
        return [_dated("%Y%m%d")]
    if sum(any("0" <= char <= "9" for char in value) for value in main[:10]) < MOSTLY * len(main[:10]) - 1:
        return []
    return numbers(sample, extra, file) or dates(sample, extra)


def is_plain(value: str, reading: Reading | None) -> bool:
    """Whether a raw value surely needs no repair under `reading` (None: as text). A quick look, not a proof."""
    if not value:
        return True
    if reading is None:
        return value not in TEXT_NULLS and value == value.strip(BLANKS)
    if reading.plain == "NULL":
        return False
    if reading.type in _PLAIN:
        return _PLAIN[reading.type].fullmatch(value) is not None
    return value.lower() not in VALUE_NULLS and value == value.strip(BLANKS)


def unit_in_name(name: str) -> str | None:
    """The unit a header states: `weight (kg)`, `temp [°C]`, `Weight_in_lbs`."""
    match = re.search(r"[\[(]\s*([^\])]+?)\s*[\])]\s*$", name) or re.search(r"[_ ]in[_ ]([^\W_]+)$", name)
    unit = match[1].removeprefix("in ") if match else ""
    return CURRENCIES.get(unit) or (unit if unit in UNITS else None)
