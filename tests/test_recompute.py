"""The second engine against brute force in plain Python, and statistics against scipy."""

import math
import statistics
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.analysis.plan import Plan
from shared.analysis.recompute import NotRecomputed, recompute
from shared.analysis.snapshot import Snapshot, Table

Rows = list[dict[str, Any]]
quick = settings(max_examples=60, deadline=None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("snapshot")


def write(folder: Path, rows: Rows, types: dict[str, str], name: str = "data") -> Table:
    """Rows of plain values as a snapshot table."""
    import pyarrow as pa
    from pyarrow import parquet

    kinds = {
        "BIGINT": pa.int64(), "DOUBLE": pa.float64(), "VARCHAR": pa.string(), "BOOLEAN": pa.bool_(), "DATE": pa.date32(),
        "TIMESTAMP": pa.timestamp("us"), "TIME": pa.time64("us"),
    }  # fmt: skip
    columns = {column: pa.array([row[column] for row in rows], kinds[kind]) for column, kind in types.items()}
    parquet.write_table(pa.table(columns), folder / f"{name}.parquet")
    return Table(name=name, file=f"{name}.parquet", rows=len(rows), columns=[], source="", source_bytes=0, source_sha256="",
                 sha256="")  # fmt: skip


def run(folder: Path, rows: Rows, types: dict[str, str], *steps: dict[str, Any], **more: Any) -> Any:
    """The last step's result; the steps are called s0, s1, …, and each reads the one before if it makes a table."""
    named = [{"id": f"s{number}", **step} for number, step in enumerate(steps)]
    tables = [write(folder, rows, types), *more.pop("tables", [])]
    plan = Plan.model_validate({"steps": named})
    return recompute(plan, Snapshot(tables=tables, notes=[]), folder, **{"results": {}, **more})[named[-1]["id"]]


def close(a: Any, b: Any, tolerance: float = 1e-9) -> bool:
    if a is None or b is None or isinstance(b, str):
        return bool(a == b)
    return math.isclose(a, b, rel_tol=tolerance, abs_tol=tolerance)


TYPES = {"g": "VARCHAR", "h": "BOOLEAN", "i": "BIGINT", "x": "DOUBLE", "d": "DATE"}
FLOATS = st.one_of(st.integers(-20, 20).map(lambda i: i / 4), st.floats(-1e6, 1e6).map(lambda x: round(x, 3)))
ROW = st.fixed_dictionaries({
    "g": st.sampled_from(["a", "b", "B", "é", "", None]),
    "h": st.sampled_from([True, False, None]),
    "i": st.one_of(st.none(), st.integers(-9, 9), st.integers(-(2**58), 2**58)),
    "x": st.one_of(st.none(), FLOATS),
    "d": st.one_of(st.none(), st.dates(date(1890, 1, 1), date(2100, 1, 1))),
})  # fmt: skip
TABLE = st.lists(ROW, max_size=25)


# --- aggregates -------------------------------------------------------------------------------------------------


def exact_mean(values: list[Any]) -> float:
    return float(sum(map(Fraction, values)) / len(values))


def quantile(values: list[Any], q: float) -> float:
    ordered = sorted(map(Fraction, values))
    place = Fraction(q) * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return float(ordered[below] + (ordered[above] - ordered[below]) * (place - below))


def moment(values: list[Any], power: int) -> Fraction:
    mean = sum(map(Fraction, values)) / len(values)
    return sum(((Fraction(v) - mean) ** power for v in values), Fraction(0)) / len(values)


def skewness(v: list[Any], bias: bool) -> float | None:
    if len(v) < 3 or moment(v, 2) == 0:
        return None
    biased = float(moment(v, 3)) / float(moment(v, 2)) ** 1.5
    return biased if bias else biased * math.sqrt(len(v) * (len(v) - 1)) / (len(v) - 2)


def kurtosis(v: list[Any], bias: bool) -> float | None:
    n = len(v)
    if n < (1 if bias else 4) or moment(v, 2) == 0:
        return None
    biased = float(moment(v, 4) / moment(v, 2) ** 2) - 3
    return biased if bias else (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * biased + 6)


def brute(function: str, v: list[Any], m: dict[str, Any]) -> Any:
    """A measure of the non-null values `v` in row order."""
    ddof = m.get("ddof", 1)
    if function in ("count", "distinct"):
        return len(v) if function == "count" else len(set(v))
    if not v:
        return None
    variance = float(moment(v, 2) * len(v) / (len(v) - ddof)) if len(v) > ddof and function in "std var sem cv" else None
    formulas: dict[str, Any] = {
        "sum": lambda: sum(v) if isinstance(v[0], int) else math.fsum(v),
        "mean": lambda: exact_mean(v), "median": lambda: float(statistics.median(map(Fraction, v))),
        "mode": lambda: min(v, key=lambda value: (-Counter(v)[value], value)),
        "min": lambda: min(v), "max": lambda: max(v), "range": lambda: max(v) - min(v),
        "var": lambda: variance, "std": lambda: None if variance is None else math.sqrt(variance),
        "sem": lambda: None if variance is None else math.sqrt(variance / len(v)),
        "cv": lambda: None if variance is None or exact_mean(v) == 0 else math.sqrt(variance) / exact_mean(v),
        "quantile": lambda: quantile(v, m["q"]), "iqr": lambda: quantile(v, 0.75) - quantile(v, 0.25),
        "first": lambda: v[0], "last": lambda: v[-1],
        "skew": lambda: skewness(v, m.get("bias", False)), "kurtosis": lambda: kurtosis(v, m.get("bias", False)),
        "geometric_mean": lambda: math.exp(math.fsum(map(math.log, v)) / len(v)) if min(v) > 0 else None,
    }  # fmt: skip
    return formulas[function]()


NUMERIC = [
    "sum",
    "mean",
    "median",
    "range",
    "var",
    "std",
    "sem",
    "cv",
    "quantile",
    "iqr",
    "skew",
    "kurtosis",
    "geometric_mean",
]
ANY = ["count", "distinct", "mode", "min", "max", "first", "last"]


@st.composite
def measures(draw: st.DrawFn) -> dict[str, Any]:
    function = draw(st.sampled_from(NUMERIC + ANY))
    columns = ["x", "i"] if function in NUMERIC else ["x", "i", "g", "h"]
    if function in ("skew", "kurtosis", "std", "var", "cv", "sem", "geometric_mean"):
        columns = ["x"]
    more = {"q": draw(st.sampled_from([0, 0.1, 0.25, 0.9, 1]))} if function == "quantile" else {}
    return {"name": "m", "function": function, "column": draw(st.sampled_from(columns)), **more,
            "ddof": draw(st.sampled_from([0, 1])), "bias": draw(st.booleans())}  # fmt: skip


@quick
@given(TABLE, measures(), st.sampled_from([[], ["g"], ["g", "h"]]))
def test_measures_equal_brute_force(folder: Path, rows: Rows, m: dict[str, Any], by: list[str]) -> None:
    result = run(folder, rows, TYPES, {"op": "aggregate", "measures": [m], "by": by})
    groups: dict[str, Rows] = {}
    for row in rows:
        if all(row[name] is not None for name in by):
            texts = [str(row[name]).lower() if isinstance(row[name], bool) else row[name] for name in by]
            groups.setdefault(" | ".join(texts), []).append(row)
    if not by:
        groups = {"": rows}
    found = result["groups"] if by else {"": result}
    assert found.keys() == groups.keys()
    for key, members in groups.items():
        values = [row[m["column"]] for row in members if row[m["column"]] is not None]
        scale = max([abs(v) for v in values if isinstance(v, float)], default=1.0)
        want = brute(m["function"], values, m)
        got = found[key]["m"]
        if m["function"] in ("var", "std", "sem", "cv", "skew", "kurtosis") and want is not None and values:
            # Deviations carry the rounding of the mean: compare what is not below it.
            if float(moment(values, 2)) ** 0.5 > 1e-6 * scale:
                assert got is not None and close(got, want, 1e-6)
        elif isinstance(want, float):
            assert got is not None and abs(got - want) <= 1e-9 * max(abs(want), scale * len(values))
        else:
            assert got == want and type(got) is type(want)
        assert found[key]["rows"] == len(members)
    assert result["rows"] == sum(map(len, groups.values()))
    if not by:
        assert result["n"] == {"m": len(values)}


def test_integers_beside_nulls_keep_every_digit(folder: Path) -> None:
    rows = [{"i": 2**53 + 1}, {"i": None}, {"i": 2**53 + 3}]
    functions = [{"name": f, "function": f, "column": "i"} for f in ("sum", "min", "max", "first", "mode")]
    result = run(folder, rows, {"i": "BIGINT"}, {"op": "aggregate", "measures": functions})
    assert [result[f] for f in ("sum", "min", "max", "first", "mode")] == [
        2**54 + 4,
        2**53 + 1,
        2**53 + 3,
        2**53 + 1,
        2**53 + 1,
    ]
    kept = run(folder, rows, {"i": "BIGINT"}, {"op": "filter", "where": {"column": "i", "op": "==", "value": 2**53 + 1}})
    assert kept == {"rows_before": 3, "rows": 1}


def test_where_share_percent_and_null_count(folder: Path) -> None:
    rows = [{"g": g, "x": x} for g, x in [("a", 1.0), ("a", 3.0), ("a", None), ("b", 4.0), (None, 8.0)]]
    big = {"column": "x", "op": ">", "value": 1}
    asked = [
        {"name": "share", "function": "share"},
        {"name": "of_sum", "function": "percent", "column": "x"},
        {"name": "big", "function": "share", "where": big},
        {"name": "big_sum", "function": "percent", "column": "x", "where": big},
        {"name": "nulls", "function": "null_count", "column": "x"},
        {"name": "n_big", "function": "count", "where": big},
    ]
    result = run(folder, rows, {"g": "VARCHAR", "x": "DOUBLE"}, {"op": "aggregate", "by": ["g"], "measures": asked})
    assert result["groups"] == {
        "a": {"rows": 3, "share": 0.75, "of_sum": 50.0, "big": 1 / 3, "big_sum": 75.0, "nulls": 1, "n_big": 1},
        "b": {"rows": 1, "share": 0.25, "of_sum": 50.0, "big": 1.0, "big_sum": 100.0, "nulls": 0, "n_big": 1},
    }


def test_having_restricts_groups_and_the_table(folder: Path) -> None:
    rows = [{"g": g} for g in "aabbbc"]
    step = {"op": "aggregate", "by": ["g"], "measures": [{"name": "k", "function": "count"}],
            "having": {"column": "k", "op": ">=", "value": 2}}  # fmt: skip
    assert list(run(folder, rows, {"g": "VARCHAR"}, step)["groups"]) == ["a", "b"]
    total = {"op": "aggregate", "table": "s0", "measures": [{"name": "t", "function": "sum", "column": "k"}]}
    assert run(folder, rows, {"g": "VARCHAR"}, step, total)["t"] == 5


# --- conditions -------------------------------------------------------------------------------------------------

COMPARE = st.one_of(
    st.builds(lambda op, v: {"column": "x", "op": op, "value": v}, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), FLOATS),
    st.builds(lambda op, v: {"column": "i", "op": op, "value": v}, st.sampled_from(["==", "!=", "<", ">="]), st.integers(-9, 9)),
    st.builds(lambda op, v: {"column": "g", "op": op, "value": v}, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
              st.sampled_from(["a", "B", "b", "zz", "É"])),
    st.builds(lambda op, v: {"column": "g", "op": op, "value": v}, st.sampled_from(["contains", "starts with", "ends with"]),
              st.sampled_from(["A", "b", "É", ""])),
    st.builds(lambda op, v: {"column": "g", "op": op, "value": v}, st.sampled_from(["in", "not in"]), st.lists(
        st.sampled_from(["a", "b", "x"]), max_size=3)),
    st.builds(lambda op, v: {"column": "d", "op": op, "value": v.isoformat()}, st.sampled_from(["<", ">=", "=="]), st.dates()),
    st.builds(lambda op, c: {"column": c, "op": op}, st.sampled_from(["is null", "not null"]), st.sampled_from("ghixd")),
    st.builds(lambda op: {"column": "i", "op": op, "value": {"column": "x"}}, st.sampled_from(["<", "=="])),
)  # fmt: skip
CONDITION = st.recursive(
    COMPARE,
    lambda inner: st.one_of(
        st.builds(lambda c: {"all": c}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda c: {"any": c}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda c: {"no": c}, inner),
    ),
    max_leaves=5,
)


def truth(condition: dict[str, Any], row: dict[str, Any]) -> bool | None:
    """SQL's three values, one row at a time."""
    if "no" in condition:
        inner = truth(condition["no"], row)
        return None if inner is None else not inner
    if "all" in condition or "any" in condition:
        deciding = "any" in condition
        parts = [truth(part, row) for part in condition["any" if deciding else "all"]]
        return deciding if deciding in parts else None if None in parts else not deciding
    left, op, right = row[condition["column"]], condition["op"], condition.get("value")
    if op in ("is null", "not null"):
        return (left is None) == (op == "is null")
    if isinstance(right, dict):
        right = row[right["column"]]
    if left is None or right is None:
        return None
    left = left.isoformat() if isinstance(left, date) else left
    tests: dict[str, Any] = {
        "==": lambda: left == right, "!=": lambda: left != right, "<": lambda: left < right, "<=": lambda: left <= right,
        ">": lambda: left > right, ">=": lambda: left >= right, "in": lambda: left in right, "not in": lambda: left not in right,
        "contains": lambda: right.lower() in left.lower(), "starts with": lambda: left.lower().startswith(right.lower()),
        "ends with": lambda: left.lower().endswith(right.lower()),
    }  # fmt: skip
    return bool(tests[op]())


@settings(max_examples=150, deadline=None)
@given(TABLE, CONDITION)
def test_filters_equal_brute_force(folder: Path, rows: Rows, condition: dict[str, Any]) -> None:
    result = run(folder, rows, TYPES, {"op": "filter", "where": condition})
    assert result == {"rows_before": len(rows), "rows": sum(truth(condition, row) is True for row in rows)}


# --- tables -----------------------------------------------------------------------------------------------------


def column_of(folder: Path, rows: Rows, types: dict[str, str], name: str, *steps: dict[str, Any], **more: Any) -> list[Any]:
    """A column of the table the steps make, read back through `rank` without labels (row order)."""
    numbered = [{**row, "row_number": number} for number, row in enumerate(rows)]
    kinds = {**types, "row_number": "BIGINT"}
    ranked = {
        "op": "rank",
        "by": "row_number",
        "order": "asc",
        "k": 1000,
        "label": [name],
        "table": f"s{len(steps) - 1}",
    }
    return list(run(folder, numbered, kinds, *steps, ranked, **more)["names"])


@pytest.mark.parametrize(
    ("expression", "want"),
    [
        ("x + i", [3.5, None, None, -4.0]),
        ("i * 2 - 1", [3, None, 1, -9]),
        ("i / 2", [1.0, None, 0.5, -2.0]),
        ("i % 3", [2, None, 1, 2]),
        ("x % 0", [None, None, None, None]),
        ("i / (i - 1)", [2.0, None, None, 0.8]),
        ("sqrt(x)", [1.224744871391589, 1.5811388300841898, None, 0.0]),
        ("ln(x)", [0.4054651081081644, 0.9162907318741551, None, None]),
        ("-x ^ 2", [-2.25, -6.25, None, -0.0]),
        ("round(x, 0)", [2.0, 2.0, None, 0.0]),
        ("round(-x, 0)", [-2.0, -2.0, None, -0.0]),
        ("least(i, x)", [1.5, None, None, -4.0]),
        ("abs(i) + floor(x) + ceil(x)", [5.0, None, None, 4.0]),
        ("length(g)", [2, 0, None, 1]),
        ("days_between(d, e)", [31, None, None, -1]),
        ("9223372036854775807 * i", None),
    ],
)
def test_expressions(folder: Path, expression: str, want: list[str | None] | None) -> None:
    rows = [
        {"i": 2, "x": 1.5, "g": "éa", "d": date(2020, 1, 1), "e": date(2020, 2, 1)},
        {"i": None, "x": 2.5, "g": "", "d": None, "e": date(2020, 2, 1)},
        {"i": 1, "x": None, "g": None, "d": date(2020, 1, 1), "e": None},
        {"i": -4, "x": 0.0, "g": "x", "d": date(2020, 3, 1), "e": date(2020, 2, 29)},
    ]
    types = {"i": "BIGINT", "x": "DOUBLE", "g": "VARCHAR", "d": "DATE", "e": "DATE"}
    step = {"op": "derive", "name": "y", "expression": expression}
    if want is None:
        assert "64 bits" in run(folder, rows, types, step).why
    else:
        assert column_of(folder, rows, types, "y", step) == want


@quick
@given(st.lists(st.one_of(st.none(), st.dates()), min_size=1, max_size=20))
def test_date_parts_equal_the_calendar(folder: Path, days: list[date | None]) -> None:
    rows = [{"d": day} for day in days]
    parts = {
        "year": lambda d: d.year, "quarter": lambda d: (d.month + 2) // 3, "month": lambda d: d.month,
        "week": lambda d: d.isocalendar().week, "day": lambda d: d.day, "weekday": lambda d: d.weekday(),
        "day_name": lambda d: d.strftime("%A"), "month_name": lambda d: d.strftime("%B"),
        "year_month": lambda d: d.isoformat()[:7], "decade": lambda d: d.year // 10 * 10, "hour": lambda d: 0,
    }  # fmt: skip
    steps = [{"op": "derive", "name": part, "date_part": {"column": "d", "part": part}, "table": f"s{at - 1}" if at else "data"}
             for at, part in enumerate(parts)]  # fmt: skip
    for part, formula in parts.items():
        want = [None if day is None else formula(day) for day in days]
        assert column_of(folder, rows, {"d": "DATE"}, part, *steps) == want


@pytest.mark.parametrize(
    ("how", "want"),
    [
        ({"edges": [0, 10, 20]}, [None, "[0, 10)", "[10, 20)", None, None]),
        ({"edges": [0, 10, 20], "right": True}, [None, None, "(0, 10]", "(10, 20]", None]),
        ({"edges": [0, 10, 20], "open_ended": True}, ["< 0", "[0, 10)", "[10, 20)", ">= 20", None]),
        ({"edges": [0, 10, 20], "open_ended": True, "right": True}, ["<= 0", "<= 0", "(0, 10]", "(10, 20]", None]),
        ({"edges": [0, 10], "labels": ["lo", "mid", "hi"], "open_ended": True}, ["lo", "mid", "hi", "hi", None]),
        ({"width": 2.5}, ["[-2.5, 0)", "[0, 2.5)", "[10, 12.5)", "[20, 22.5)", None]),
        ({"count": 2}, ["[-1, 9.5)", "[-1, 9.5)", "[9.5, 20]", "[9.5, 20]", None]),
        ({"quantiles": 2}, ["[-1, 5)", "[-1, 5)", "[5, 20]", "[5, 20]", None]),
    ],
)
def test_bins(folder: Path, how: dict[str, Any], want: list[str | None]) -> None:
    rows = [{"x": x} for x in (-1.0, 0.0, 10.0, 20.0, None)]
    step = {"op": "derive", "name": "b", "bin": {"column": "x", **how}}
    assert column_of(folder, rows, {"x": "DOUBLE"}, "b", step) == want


def test_cases_take_the_first_that_matches(folder: Path) -> None:
    rows = [{"x": x} for x in (1.0, 5.0, 9.0, None)]
    cases = [{"when": {"column": "x", "op": ">", "value": 4}, "then": "some"}, {"when": {"column": "x", "op": ">", "value": 8}, "then": "many"}]  # fmt: skip
    step = {"op": "derive", "name": "size", "cases": cases, "otherwise": "few"}
    assert column_of(folder, rows, {"x": "DOUBLE"}, "size", step) == ["few", "some", "some", "few"]


@quick
@given(TABLE, st.sampled_from(["lag", "difference", "percent_change", "cumulative_sum", "rolling_mean"]), st.integers(1, 3),
       st.sampled_from([[], ["h"]]))  # fmt: skip
def test_windows_over_order_equal_brute_force(folder: Path, rows: Rows, function: str, size: int, by: list[str]) -> None:
    step = {"op": "derive", "name": "w",
            "window": {"function": function, "column": "x", "order_by": "i", "by": by, "size": size}}  # fmt: skip
    want: list[float | None] = [None] * len(rows)
    for key in {tuple(row[name] for name in by) for row in rows}:
        if None in key:
            continue
        members = [at for at, row in enumerate(rows) if tuple(row[name] for name in by) == key]
        members.sort(key=lambda at: (rows[at]["i"] is None, rows[at]["i"] or 0))
        xs = [rows[at]["x"] for at in members]
        for place, at in enumerate(members):
            before = xs[place - size] if place >= size else None
            x = xs[place]
            if function == "lag":
                want[at] = before
            elif function == "difference" and x is not None and before is not None:
                want[at] = x - before
            elif function == "percent_change" and x is not None and before:
                want[at] = (x - before) / before * 100
            elif function == "cumulative_sum":
                seen = [v for v in xs[: place + 1] if v is not None]
                want[at] = math.fsum(seen) if seen else None
            elif function == "rolling_mean":
                window = xs[max(0, place - size + 1) : place + 1]
                want[at] = math.fsum(window) / size if len(window) == size and None not in window else None
    got = column_of(folder, rows, TYPES, "w", step)
    for a, b in zip(got, want, strict=True):
        assert close(None if a is None else float(a), b, 1e-9) or abs(float(a) - b) < 1e-6


def test_windows_over_groups(folder: Path) -> None:
    rows = [{"g": g, "x": x} for g, x in [("a", 1.0), ("a", 3.0), ("a", 3.0), ("b", 5.0), ("a", None), (None, 1.0)]]
    types = {"g": "VARCHAR", "x": "DOUBLE"}
    want = {
        "rank": [3, 1, 1, 1, None, None],
        "share": [1 / 7, 3 / 7, 3 / 7, 1.0, None, None],
        "group_mean": [7 / 3, 7 / 3, 7 / 3, 5.0, 7 / 3, None],
    }
    for function, column in want.items():
        step = {"op": "derive", "name": "w", "window": {"function": function, "column": "x", "by": ["g"]}}
        assert column_of(folder, rows, types, "w", step) == column


def test_casts(folder: Path) -> None:
    rows = [{"t": t} for t in ("$1,234.50", " 45% ", "x", None, "-2", "3.5")]
    step = {"op": "cast", "column": "t", "to": "number"}
    assert run(folder, rows, {"t": "VARCHAR"}, step) == {"rows": 6, "lost": 1}
    assert column_of(folder, rows, {"t": "VARCHAR"}, "t", step) == [1234.5, 45.0, None, None, -2.0, 3.5]
    dates = [{"t": t} for t in ("03/04/2020", "31/12/1999", "1/13/2020")]
    parsed = {"op": "cast", "column": "t", "to": "date", "parse": "%d/%m/%Y"}
    assert column_of(folder, dates, {"t": "VARCHAR"}, "t", parsed) == ["2020-04-03", "1999-12-31", None]
    assert isinstance(run(folder, rows, {"t": "VARCHAR"}, {**step, "on_error": "fail"}), NotRecomputed)


def test_outliers_remove_clip_null_and_count(folder: Path) -> None:
    rows = [{"x": x} for x in (1.0, 2.0, 3.0, 4.0, 100.0, None)]
    step = {"op": "outliers", "columns": ["x"]}
    bounds = {"outliers": 1, "lower": -1.0, "upper": 7.0}
    for action, kept in (("count", 6), ("remove", 5), ("clip", 6), ("null", 6)):
        result = run(folder, rows, {"x": "DOUBLE"}, {**step, "action": action})
        assert result == {"rows_before": 6, "rows": kept, "outliers": 1, "columns": {"x": bounds}}
    clipped = column_of(folder, rows, {"x": "DOUBLE"}, "x", {**step, "action": "clip"})
    assert clipped == [1.0, 2.0, 3.0, 4.0, 7.0, None]
    equal = run(folder, [{"x": 0.1}] * 7, {"x": "DOUBLE"}, {**step, "method": "zscore"})
    assert equal["columns"]["x"] == {"outliers": 0, "lower": None, "upper": None}
    z = run(folder, rows, {"x": "DOUBLE"}, {**step, "method": "zscore", "k": 1, "side": "lower"})
    assert z["outliers"] == 0 and close(z["columns"]["x"]["upper"], 22 + statistics.stdev([1, 2, 3, 4, 100]))


def test_impute(folder: Path) -> None:
    rows = [{"g": g, "x": x} for g, x in [("a", None), ("a", 1.0), ("b", 5.0), ("a", None), (None, None), ("a", 2.0)]]
    types = {"g": "VARCHAR", "x": "DOUBLE"}
    step = {"op": "impute", "columns": ["x"]}
    assert run(folder, rows, types, step) == {"rows": 6, "filled": {"x": 3}, "values": {"x": 8 / 3}}
    grouped = {**step, "method": "median", "by": ["g"]}
    assert column_of(folder, rows, types, "x", grouped) == [1.5, 1.0, 5.0, 1.5, None, 2.0]
    forward = column_of(folder, rows, types, "x", {**step, "method": "ffill"})
    assert forward == [None, 1.0, 5.0, 5.0, 5.0, 2.0]
    text = {"op": "impute", "columns": ["g"], "method": "mode"}
    assert run(folder, rows, types, text)["values"] == {"g": "a"}
    assert run(folder, rows, types, {**text, "method": "constant", "value": "z"})["filled"] == {"g": 1}


def test_scale_and_encode(folder: Path) -> None:
    rows = [{"g": g, "x": x} for g, x in [("b", 1.0), ("a", 2.0), (None, None), ("b", 4.0)]]
    types = {"g": "VARCHAR", "x": "DOUBLE"}
    scaled = run(folder, rows, types, {"op": "scale", "columns": ["x"], "method": "minmax"})["columns"]["x"]
    assert (scaled["min"], scaled["max"]) == (0, 1) and close(scaled["mean"], 4 / 9)
    z = run(folder, rows, types, {"op": "scale", "columns": ["x"], "suffix": "_z"})["columns"]["x_z"]
    assert close(z["mean"], 0) and close(z["std"], 1)
    assert run(folder, rows, types, {"op": "encode", "column": "g"}) == {"rows": 4, "columns": ["g_a", "g_b"]}
    label = {"op": "encode", "column": "g", "method": "label"}
    assert run(folder, rows, types, label)["mapping"] == {"a": 0, "b": 1}
    assert column_of(folder, rows, types, "g", {**label, "order": ["b", "a"]}) == [0, 1, None, 0]


@quick
@given(TABLE, st.sampled_from([None, ["g"], ["g", "h"]]))
def test_duplicates_and_missing_equal_brute_force(folder: Path, rows: Rows, columns: list[str] | None) -> None:
    names = columns or list(TYPES)
    kept = len({tuple(row[name] for name in names) for row in rows})
    duplicates = run(folder, rows, TYPES, {"op": "drop_duplicates", "columns": columns})
    assert duplicates == {"rows_before": len(rows), "rows": kept, "duplicates": len(rows) - kept}
    for how, test in (("any", any), ("all", all)):
        missing = run(folder, rows, TYPES, {"op": "drop_missing", "columns": columns, "how": how})
        assert missing["rows"] == sum(not test(row[name] is None for name in names) for row in rows)


@quick
@given(TABLE, st.lists(ROW, max_size=8), st.sampled_from([["g"], ["g", "h"]]), st.sampled_from(["inner", "left"]))
def test_joins_equal_brute_force(folder: Path, rows: Rows, right: Rows, on: list[str], how: str) -> None:
    other = write(folder, [{**{name: row[name] for name in on}, "z": row["x"]} for row in right],
                  {**{name: TYPES[name] for name in on}, "z": "DOUBLE"}, "other")  # fmt: skip

    def key(row: dict[str, Any]) -> Any:
        values = tuple(row[name] for name in on)
        return None if None in values else values

    z: list[float | None] = []
    unmatched = 0
    for row in rows:
        found = [r["x"] for r in right if key(row) is not None and key(r) == key(row)]
        unmatched += not found
        found.sort(key=lambda x: (x is None, x or 0))  # equal row numbers are ranked by their label
        z += found or ([None] if how == "left" else [])
    step = {"op": "join", "right": "other", "on": on, "how": how}
    result = run(folder, rows, TYPES, step, tables=[other])
    assert result == {"rows_before": len(rows), "rows": len(z), "unmatched": unmatched}
    assert column_of(folder, rows, TYPES, "z", step, tables=[other]) == z


def test_unpivot_repeats_the_other_columns(folder: Path) -> None:
    rows = [{"g": "a", "i": 1, "x": 1.5}, {"g": "b", "i": None, "x": 2.5}]
    types = {"g": "VARCHAR", "i": "BIGINT", "x": "DOUBLE"}
    step = {"op": "unpivot", "columns": ["i", "x"]}
    assert run(folder, rows, types, step) == {"rows": 4}
    by = {
        "op": "aggregate",
        "table": "s0",
        "by": ["g", "name"],
        "measures": [{"name": "v", "function": "sum", "column": "value"}],
    }
    assert {key: group["v"] for key, group in run(folder, rows, types, step, by)["groups"].items()} == {
        "a | i": 1.0, "a | x": 1.5, "b | i": None, "b | x": 2.5,
    }  # fmt: skip


# --- answers ----------------------------------------------------------------------------------------------------


@quick
@given(TABLE, st.integers(1, 5), st.sampled_from(["desc", "asc"]), st.sampled_from(["first", "all"]), st.integers(1, 3))
def test_rank_equals_brute_force(folder: Path, rows: Rows, k: int, order: str, ties: str, position: int) -> None:
    there = [row for row in rows if row["i"] is not None and row["g"] is not None]
    step = {"op": "rank", "by": "i", "label": ["g"], "k": k, "order": order, "ties": ties, "position": position}
    result = run(folder, there, TYPES, step)
    ranked = sorted(there, key=lambda row: (row["i"] if order == "asc" else -row["i"], row["g"]))
    end = position - 1 + k
    while ties == "all" and end < len(ranked) and ranked[end]["i"] == ranked[end - 1]["i"]:
        end += 1
    kept = ranked[position - 1 : end]
    assert result["names"] == [row["g"] for row in kept] and result["values"] == [row["i"] for row in kept]
    assert result["rows"] == len(kept) and result["name"] == (kept[0]["g"] if kept else None)
    assert result["tied"] == (sum(row["i"] == kept[-1]["i"] for row in ranked[: position - 1] + ranked[end:]) if kept else 0)


def test_rank_without_labels_numbers_rows(folder: Path) -> None:
    rows = [{"x": x} for x in (1.0, None, 5.0)]
    assert run(folder, rows, {"x": "DOUBLE"}, {"op": "rank", "by": "x", "k": 2})["names"] == [2, 0]


def test_trend(folder: Path) -> None:
    from scipy import stats

    start = date(2020, 1, 15)
    rows = [{"d": start + timedelta(days=20 * i), "x": float(v)} for i, v in enumerate([3, 5, 4, 8, 9, 7, 12, 11])]
    rows += [{"d": None, "x": 1e9}, {"d": start, "x": None}]
    result = run(folder, rows, {"d": "DATE", "x": "DOUBLE"}, {"op": "trend", "time": "d", "value": "x", "every": "month"})
    months: dict[str, list[float]] = {}
    for row in rows[:8]:
        months.setdefault(row["d"].isoformat()[:7], []).append(row["x"])
    means = [sum(v) / len(v) for v in months.values()]
    line = stats.linregress(range(len(means)), means)
    assert result["periods"] == len(means) and close(result["slope"], line.slope) and close(result["p_value"], line.pvalue)
    assert close(result["r"], line.rvalue) and result["direction"] == "rising"
    assert close(result["growth"], ((means[-1] / means[0]) ** (1 / (len(means) - 1)) - 1) * 100)
    assert close(result["percent_change"], (means[-1] / means[0] - 1) * 100)
    assert result["highest"] == max(means) and result["lowest"] == min(means)
    counted = run(folder, rows, {"d": "DATE", "x": "DOUBLE"}, {"op": "trend", "time": "d"})
    assert counted["periods"] == 8 and counted["first"] == 2


def test_summarize(folder: Path) -> None:
    rows = [{"g": g, "x": x} for g, x in [("a", 1.0), ("a", 1.0), (None, 3.0), ("b", None)]]
    result = run(folder, rows, {"g": "VARCHAR", "x": "DOUBLE"}, {"op": "summarize"})
    assert {key: result[key] for key in ("rows", "n_columns", "duplicates", "missing")} == {
        "rows": 4, "n_columns": 2, "duplicates": 1, "missing": 2,
    }  # fmt: skip
    assert result["columns"]["g"]["top"] == "a" and result["columns"]["g"]["top_count"] == 2
    assert result["columns"]["x"]["median"] == 1.0 and result["columns"]["x"]["distinct"] == 2


def test_calculate_and_decide_use_this_engines_own_numbers(folder: Path) -> None:
    rows = [{"x": float(x)} for x in range(5)]
    mean = {
        "op": "aggregate",
        "measures": [{"name": "m", "function": "mean", "column": "x"}, {"name": "s", "function": "std", "column": "x"}],
    }
    ratio = {"op": "calculate", "values": {"m": "s0:/m", "s": "s0:/s"}, "expression": "m / s"}
    rules = [{"when": [{"ref": "s1:/value", "op": ">", "value": 5}], "then": "high"},
             {"when": [{"ref": "s1:/value", "op": ">", "value": {"ref": "s0:/s"}, "absolute": True}], "then": "low"}]  # fmt: skip
    label = {"op": "decide", "rules": rules, "otherwise": "none"}
    wrong = {"s0": {"m": 1e9, "s": 1.0}}
    assert close(run(folder, rows, {"x": "DOUBLE"}, mean, ratio, results=wrong)["value"], 2 / math.sqrt(2.5))
    assert run(folder, rows, {"x": "DOUBLE"}, mean, ratio, label, results=wrong) == {"label": "none", "rule": None}
    zero = {"op": "calculate", "values": {"m": "s0:/m"}, "expression": "m / (m - m)"}
    assert run(folder, rows, {"x": "DOUBLE"}, mean, zero)["value"] is None


# --- statistics -------------------------------------------------------------------------------------------------

PAIRS = st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=3, max_size=30).filter(
    lambda pairs: len({x for x, _ in pairs}) > 1 and len({y for _, y in pairs}) > 1
)


@quick
@given(PAIRS, st.sampled_from(["pearson", "spearman", "kendall"]))
def test_correlations_equal_scipy(folder: Path, pairs: list[tuple[int, int]], method: str) -> None:
    from scipy import stats

    rows = [{"x": float(x), "y": y} for x, y in pairs] + [{"x": None, "y": 1}, {"x": 2.0, "y": None}]
    found = run(folder, rows, {"x": "DOUBLE", "y": "BIGINT"}, {"op": "correlate", "x": "x", "y": "y", "method": method})
    function = {"pearson": stats.pearsonr, "spearman": stats.spearmanr, "kendall": stats.kendalltau}[method]
    want = function([x for x, _ in pairs], [y for _, y in pairs])
    assert found["n"] == len(pairs) and close(found["r"], float(want[0]))
    assert close(found["p_value"], float(want[1]), 1e-6)


@pytest.mark.parametrize("n", [3, 10, 40])
def test_kendall_without_ties_equals_scipy(folder: Path, n: int) -> None:
    from scipy import stats

    y = [(7 * i) % 41 for i in range(n)]
    rows = [{"x": float(i), "y": float(v)} for i, v in enumerate(y)]
    found = run(folder, rows, {"x": "DOUBLE", "y": "DOUBLE"}, {"op": "correlate", "x": "x", "y": "y", "method": "kendall"})
    want = stats.kendalltau(range(n), y)
    assert close(found["r"], want.statistic) and close(found["p_value"], want.pvalue)


def test_correlation_with_a_target_and_of_every_pair(folder: Path) -> None:
    rows = [{"a": float(i), "b": float(-i), "c": float(i % 3), "k": 1.0} for i in range(9)]
    types = dict.fromkeys("abck", "DOUBLE")
    target = run(folder, rows, types, {"op": "correlate", "columns": ["b", "c", "k"], "target": "a"})
    assert target["strongest"] == "b" and target["lowest"] == "b" and target["highest"] == "c"
    assert close(target["by_column"]["b"], -1) and target["by_column"]["k"] is None
    pairs = run(folder, rows, types, {"op": "correlate", "columns": ["a", "b", "c"]})
    assert pairs["strongest"] == "a ~ b" and len(pairs["pairs"]) == 3
    grouped = run(folder, rows, types, {"op": "correlate", "x": "a", "y": "b", "by": ["c"]})
    assert list(grouped["groups"]) == ["0.0", "1.0", "2.0"] and close(grouped["groups"]["0.0"]["r"], -1)


SAMPLES = st.lists(st.lists(st.integers(0, 12).map(float), min_size=3, max_size=14), min_size=2, max_size=2).filter(
    lambda samples: all(len(set(sample)) > 1 for sample in samples)
)


@quick
@given(SAMPLES, st.sampled_from(["two-sided", "less", "greater"]), st.booleans())
def test_two_sample_tests_equal_scipy(folder: Path, samples: list[list[float]], alternative: str, equal_var: bool) -> None:
    from scipy import stats

    rows = [{"g": g, "x": x} for g, sample in zip("ba", samples, strict=True) for x in sample]
    rows += [{"g": "c", "x": 1.0}, {"g": "a", "x": None}, {"g": None, "x": 3.0}]
    common = {"op": "test", "column": "x", "by": "g", "groups": ["b", "a"], "alternative": alternative}

    def found(kind: str, **more: Any) -> tuple[float, float]:
        result = run(folder, rows, {"g": "VARCHAR", "x": "DOUBLE"}, {**common, "kind": kind, **more})
        assert result["n"] == sum(map(len, samples)) and result["groups"]["b"]["n"] == len(samples[0])
        return result["statistic"], result["p_value"]

    wants = {
        "t_test": stats.ttest_ind(*samples, equal_var=equal_var, alternative=alternative),
        "mann_whitney": stats.mannwhitneyu(*samples, alternative=alternative),
        "anova": stats.f_oneway(*samples),
        "kruskal": stats.kruskal(*samples),
        "levene": stats.levene(*samples),
        "bartlett": stats.bartlett(*samples),
    }
    for kind, want in wants.items():
        statistic, p = found(kind, equal_var=equal_var)
        if math.isfinite(want.pvalue):
            assert close(statistic, float(want.statistic), 1e-8) and close(p, float(want.pvalue), 1e-7), kind
        else:  # scipy's F of equal means may be a negative zero without a p-value
            assert statistic in (None, 0.0), kind


@quick
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=3, max_size=20),
    st.sampled_from(["two-sided", "less"]),
)
def test_one_sample_tests_equal_scipy(folder: Path, pairs: list[tuple[int, int]], alternative: str) -> None:
    from scipy import stats

    if len({x for x, _ in pairs}) < 2 or len({x - y for x, y in pairs}) < 2:
        return
    rows = [{"x": float(x), "y": float(y)} for x, y in pairs] + [{"x": None, "y": 2.0}]
    types = {"x": "DOUBLE", "y": "DOUBLE"}
    one = run(
        folder,
        rows,
        types,
        {"op": "test", "kind": "t_test_1sample", "column": "x", "mu": 4, "alternative": alternative},
    )
    want = stats.ttest_1samp([x for x, _ in pairs], 4, alternative=alternative)
    assert close(one["statistic"], float(want.statistic)) and close(one["p_value"], float(want.pvalue))
    paired = run(folder, rows, types, {"op": "test", "kind": "t_test_paired", "columns": ["x", "y"], "alternative": alternative})
    want = stats.ttest_rel(*zip(*pairs, strict=True), alternative=alternative)
    assert close(paired["statistic"], float(want.statistic)) and close(paired["p_value"], float(want.pvalue))
    shape = run(folder, rows, types, {"op": "test", "kind": "jarque_bera", "column": "x"})
    want = stats.jarque_bera([x for x, _ in pairs])
    assert close(shape["statistic"], float(want.statistic)) and close(shape["p_value"], float(want.pvalue))


@quick
@given(st.lists(st.tuples(st.sampled_from("pqr"), st.sampled_from("uv")), min_size=8, max_size=60))
def test_tests_of_counts_equal_scipy(folder: Path, pairs: list[tuple[str, str]]) -> None:
    from scipy import stats
    from statsmodels.stats.proportion import proportions_ztest

    counts = Counter(pairs)
    values, groups = sorted({a for a, _ in pairs}), sorted({b for _, b in pairs})
    table = [[counts[a, b] for b in groups] for a in values]
    rows = [{"a": a, "b": b} for a, b in pairs] + [{"a": None, "b": "u"}]
    types = {"a": "VARCHAR", "b": "VARCHAR"}

    def found(kind: str, **more: Any) -> Any:
        return run(folder, rows, types, {"op": "test", "kind": kind, "column": "a", "by": "b", **more})

    chi = found("chi_square")
    want = stats.chi2_contingency(table)
    assert close(chi["statistic"], float(want.statistic)) and close(chi["p_value"], float(want.pvalue)) and chi["df"] == want.dof
    if len(values) == 2 and len(groups) == 2:
        fisher = found("fisher_exact")
        want = stats.fisher_exact(table)
        odds = float(want.statistic)
        assert close(fisher["statistic"], odds if math.isfinite(odds) else None) and close(fisher["p_value"], float(want.pvalue))
    if len(groups) == 2 and 0 < sum(table[0]) < len(pairs):
        z = found("proportion_z", success=values[0])
        want = proportions_ztest(table[0], [sum(row[g] for row in table) for g in (0, 1)])
        assert close(z["statistic"], float(want[0])) and close(z["p_value"], float(want[1]))


# --- what it says it cannot do ----------------------------------------------------------------------------------

ONE = [{"x": 1.0}, {"x": 3.0}]
MEAN = {"op": "aggregate", "measures": [{"name": "m", "function": "mean", "column": "x"}]}


def test_steps_of_one_engine_and_what_stands_on_them_are_named(folder: Path) -> None:
    python = {"op": "python", "code": "1"}
    assert "python" in run(folder, ONE, {"x": "DOUBLE"}, python).why
    assert "table of s0" in run(folder, ONE, {"x": "DOUBLE"}, python, {**MEAN, "table": "s0"}).why
    assert "shapiro" in run(folder, ONE, {"x": "DOUBLE"}, {"op": "test", "kind": "shapiro", "column": "x"}).why


def test_a_reference_to_such_a_step_takes_the_cells_own_result(folder: Path) -> None:
    twice = {"op": "calculate", "values": {"a": "s0:/deep/a~1b"}, "expression": "a * 2"}
    result = run(folder, ONE, {"x": "DOUBLE"}, {"op": "python", "code": "1"}, twice, results={"s0": {"deep": {"a/b": 21}}})
    assert result["value"] == 42


def test_a_table_over_the_limit_is_not_read(folder: Path) -> None:
    assert run(folder, ONE, {"x": "DOUBLE"}, MEAN, limit=2)["m"] == 2.0
    assert run(folder, ONE, {"x": "DOUBLE"}, MEAN, limit=1).why == "too large"
    pairs = {"op": "join", "right": "data", "on": ["x"]}
    assert isinstance(run(folder, [{"x": 1.0}] * 100, {"x": "DOUBLE"}, pairs, limit=1_000), NotRecomputed)


def test_importing_is_cheap() -> None:
    code = "import sys, shared.analysis.recompute, shared.analysis.verify; print(*(m for m in ('numpy', 'pandas', 'pyarrow', 'scipy', 'duckdb') if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1])
    assert done.stdout.split() == []
