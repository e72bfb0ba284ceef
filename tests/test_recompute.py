"""The second engine's measures, conditions and answers against brute force in plain Python."""

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

from shared.analysis.recompute import NotRecomputed
from tests.second_engine import FLOATS, TABLE, TYPES, Rows, close, quick, run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("snapshot")


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
