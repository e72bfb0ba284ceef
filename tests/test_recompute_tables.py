"""The second engine's tables against brute force in plain Python."""

import math
import statistics
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.analysis.recompute import NotRecomputed
from tests.second_engine import ROW, TABLE, TYPES, Rows, close, column_of, quick, run, write


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("snapshot")


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
            elif function == "cumulative_sum" and x is not None:
                seen = [v for v in xs[: place + 1] if v is not None]
                want[at] = math.fsum(seen)
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


def test_columns_whose_names_look_like_paths_or_quotes(folder: Path) -> None:
    rows = [{"a": 1, "a.b": 2, 'say "x"': "é", "": 4}, {"a": None, "a.b": 5, 'say "x"': None, "": 6}]
    types = {"a": "BIGINT", "a.b": "BIGINT", 'say "x"': "VARCHAR", "": "BIGINT"}
    keep = {"op": "filter", "where": {"column": "a.b", "op": ">", "value": 0}}
    for name in ("a", "a.b", 'say "x"'):
        assert column_of(folder, rows, types, name, keep) == [row[name] for row in rows]
