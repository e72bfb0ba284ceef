"""The profile against pandas, and the kinds of columns."""

import csv
import io
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.analysis.profile import distinct_values, profile
from shared.analysis.profiled import ColumnProfile, TableProfile
from shared.analysis.snapshot import take_snapshot
from shared.errors import NotFound, UnknownColumn


def look(folder: Path, text: str, name: str = "t.csv") -> TableProfile:
    (folder / name).write_text(text)
    return profile(take_snapshot([folder / name], folder / "out"), folder / "out").tables[0]


def column(folder: Path, header: str, values: list[Any]) -> ColumnProfile:
    file = io.StringIO()
    csv.writer(file).writerows([[header, "other"], *([value, i] for i, value in enumerate(values))])
    return look(folder, file.getvalue()).columns[0]


def agrees(found: TableProfile, frame: pd.DataFrame) -> None:
    """Every figure as pandas computes it from the same values."""
    assert found.rows == len(frame) and found.duplicate_rows in (frame.duplicated().sum(), None)
    for got, (name, values) in zip(found.columns, frame.items(), strict=True):
        assert (got.name, got.count, got.nulls) == (name, values.count(), values.isna().sum())
        assert got.distinct == values.nunique() or not got.distinct_exact
        if pd.api.types.is_numeric_dtype(values) and values.count():
            assert (got.min, got.max) == (values.min(), values.max())
            expected = [values.mean(), *values.quantile([0.25, 0.5, 0.75])]
            assert [got.mean, got.q25, got.median, got.q75] == pytest.approx(expected, rel=1e-9, abs=1e-9)
            assert got.std == (None if values.count() < 2 else pytest.approx(values.std(), rel=1e-9, abs=1e-9))
        if got.top:
            counts = values.value_counts()
            expected_top = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:20]  # type: ignore[index]
            assert got.top == expected_top


@pytest.mark.parametrize("size", [1, 50, 30_000])  # small and large tables are counted in different ways
def test_agrees_with_pandas(tmp_path: Path, size: int) -> None:
    draw = np.random.default_rng(7)
    frame = pd.DataFrame(
        {
            "group": draw.choice(["north", "south", "east"], size),
            "count": draw.integers(0, 9, size),
            "value": draw.normal(0, 5, size).round(2),
            "many": draw.integers(0, 10**9, size),
        }
    )
    frame.loc[frame.index % 7 == 3, "value"] = None
    frame.loc[frame.index % 5 == 3, "group"] = None
    found = look(tmp_path, frame.to_csv(index=False))
    agrees(found, frame)
    assert found.duplicate_rows is not None and all(c.distinct_exact for c in found.columns)
    assert [len(c.top) for c in found.columns] == ([1, 1, 0, 1] if size == 1 else [3, 9, 0, 0 if size > 1000 else 20])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "B", "é", "z z", None]), st.none() | st.integers(-5, 5), st.none() | st.floats(-1e6, 1e6)
        ),
        min_size=1,
        max_size=30,
    )
)
def test_agrees_with_pandas_on_anything(tmp_path: Path, rows: list[tuple[Any, ...]]) -> None:
    frame = pd.DataFrame(rows, columns=["text", "whole", "real"])
    found = look(tmp_path, frame.to_csv(index=False))
    agrees(found, frame.assign(whole=frame["whole"].astype(float), real=frame["real"].astype(float)))


@pytest.mark.parametrize("few", [0, 3, 10_000])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    real=st.lists(
        st.none() | st.floats(-1e6, 1e6) | st.sampled_from([0.0, 1e-300, 1.0, 1.0000000000000002, 1e15]), min_size=1, max_size=60
    ),
    bins=st.sampled_from([2, 4096]),
)
def test_large_tables_agree_with_pandas_too(tmp_path: Path, few: int, real: list[float | None], bins: int) -> None:
    """The way of large tables, on small ones: however the values crowd, and however often a bin must be cut."""
    frame = pd.DataFrame({"real": real, "whole": range(len(real)), "text": [f"t{i % 4}" for i in range(len(real))]})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("shared.analysis.profile.EXACT", 0)
        for name, value in (("FEW", few), ("BINS", bins), ("KEEP", 3)):
            patch.setattr(f"shared.analysis.profile_large.{name}", value)
        found = look(tmp_path, frame.to_csv(index=False))
    agrees(found, frame.astype({"real": float}))


def test_a_span_beyond_the_largest_number(tmp_path: Path) -> None:
    pd.DataFrame({"v": [-1.7e308, 1.7e308, *range(101)]}).to_parquet(tmp_path / "t.parquet")
    for exact in (0, 1000):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("shared.analysis.profile.EXACT", exact)
            patch.setattr("shared.analysis.profile_large.FEW", 0)
            found = profile(take_snapshot([tmp_path / "t.parquet"], tmp_path / "out"), tmp_path / "out").tables[0].columns[0]
        assert (found.min, found.median, found.max) == (-1.7e308, 50, 1.7e308) and found.distinct == 103


@pytest.mark.parametrize(
    ("header", "values", "kind"),
    [
        ("amount", [1.5, 2.5, 1.5], "number"),
        ("pclass", [1, 2, 3] * 10, "number"),
        ("survived", [0, 1] * 10, "number"),
        ("sex", ["male", "female"] * 10, "category"),
        ("ok", ["true", "false"] * 10, "boolean"),
        ("day", ["2020-01-01", "2020-01-02"], "date"),
        ("at", ["10:30", "11:45"], "date"),
        ("name", [f"person {i}" for i in range(50)], "id"),
        ("zip", [f"0{i}" for i in range(1000, 1050)], "id"),
        ("customer_id", list(range(100, 150)), "id"),
        ("PassengerId", list(range(1, 51)), "id"),
        ("Unnamed: 0", list(range(50)), "id"),
        ("population", list(range(100, 150)), "number"),
        ("grid", list(range(100, 150)), "number"),
        ("customer_id", [1, 2] * 20, "number"),
        ("review", [f"A long remark about product number {i}, as people write." for i in range(30)], "text"),
        ("same", ["x"] * 5, "constant"),
        ("one", [7] * 5, "constant"),
        ("nothing", [""] * 5, "empty"),
    ],
)
def test_kinds(tmp_path: Path, header: str, values: list[Any], kind: str) -> None:
    assert column(tmp_path, header, values).kind == kind


def test_dates_and_units(tmp_path: Path) -> None:
    found = look(tmp_path, "d,at,p\n2020-01-02,2020-01-01 10:30:00,$5\n1999-12-31,2021-01-01 00:00:00,$7\n")
    day, at, price = found.columns
    assert (day.min, day.max, day.mean) == ("1999-12-31", "2020-01-02", None)
    assert (at.min, at.max) == ("2020-01-01 10:30:00", "2021-01-01 00:00:00")
    assert (price.unit, price.min, price.max) == ("$", 5, 7)


def test_true_and_false(tmp_path: Path) -> None:
    for times in (10, 11_000):
        ok = column(tmp_path, "ok", ["true", "true", "false"] * times)
        assert ok.top == [(True, 2 * times), (False, times)] and ok.min is None


def test_no_rows(tmp_path: Path) -> None:
    found = look(tmp_path, "a,b\n")
    assert (found.rows, found.duplicate_rows) == (0, 0)
    assert [(c.kind, c.count, c.distinct, c.top) for c in found.columns] == [("empty", 0, 0, [])] * 2


def test_duplicate_rows(tmp_path: Path) -> None:
    assert look(tmp_path, "a,b\n1,x\n1,x\n1,\n1,\n2,y\n").duplicate_rows == 2


def test_above_a_million_rows_many_values_are_estimated_and_it_says_so(tmp_path: Path) -> None:
    values = "".join(f"{i},{i % 7},{'ab'[i % 2]}\n" for i in range(1_000_001))
    found = look(tmp_path, "n,k,t\n" + values)
    n, k, t = found.columns
    assert found.duplicate_rows is None and [c.distinct_exact for c in found.columns] == [False, True, True]
    assert 900_000 < n.distinct <= 1_000_001 and k.distinct == 7 and t.top == [("a", 500_001), ("b", 500_000)]
    assert (n.mean, n.q25, n.median, n.q75) == (500_000, 250_000, 500_000, 750_000)


def test_names_are_not_code(tmp_path: Path) -> None:
    for name in ('x"); DROP TABLE data; --', "v", "n", "i", "t"):
        for times in (1, 11_000):  # large and small tables are counted in different ways
            assert column(tmp_path, name, ["a", "b", "a"] * times).top == [("a", 2 * times), ("b", times)]


def test_distinct_values(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('sex,"a ""b"""\nmale,1\nfemale,2\n,3\nmale,10\n')
    snapshot = take_snapshot([tmp_path / "t.csv"], tmp_path / "out")
    assert distinct_values(snapshot, tmp_path / "out", "data", "sex") == ["female", "male"]
    assert distinct_values(snapshot, tmp_path / "out", "data", 'a "b"', limit=4) == ["1", "10", "2", "3"]
    assert distinct_values(snapshot, tmp_path / "out", "data", 'a "b"', limit=3) is None
    with pytest.raises(UnknownColumn, match="age"):
        distinct_values(snapshot, tmp_path / "out", "data", "age")
    with pytest.raises(NotFound, match="other"):
        distinct_values(snapshot, tmp_path / "out", "other", "sex")


def test_several_tables(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\n1\n2\n")
    (tmp_path / "b.csv").write_text("y\nred\n")
    found = profile(take_snapshot([tmp_path / "a.csv", tmp_path / "b.csv"], tmp_path / "out"), tmp_path / "out")
    assert [(table.name, table.columns[0].name) for table in found.tables] == [("a", "x"), ("b", "y")]


def test_five_thousand_columns(tmp_path: Path) -> None:
    header = ",".join(f"column {i}" for i in range(5000))
    lines = [",".join((f"{k}", f"{k}.5", "ab"[k % 2], f"2020-01-0{k}")[i % 4] for i in range(5000)) for k in range(1, 4)]
    start = time.process_time()
    found = look(tmp_path, "\n".join([header, *lines]))
    assert [c.type for c in found.columns[:4]] == ["BIGINT", "DOUBLE", "VARCHAR", "DATE"]
    assert len(found.columns) == 5000 and found.columns[4996].mean == 2.0
    assert time.process_time() - start < 30
