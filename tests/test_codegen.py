"""Generated cells, run as they are, against pandas, scipy and scikit-learn doing the same."""

import json
import math
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from scipy import stats

from shared.analysis.check import check
from shared.analysis.codegen import load_cell, step_code
from shared.analysis.lint import lint
from shared.analysis.plan import Plan, Step
from shared.analysis.snapshot import Snapshot, SnapshotColumn, Table

TABLES = Path(__file__).parent.parent / "bench" / "questions" / "tables"
STEP: TypeAdapter[Any] = TypeAdapter(Step)


def as_snapshot(folder: Path, **tables: Path | pd.DataFrame) -> Snapshot:
    """Parquet files as the reader would write them, made by DuckDB alone."""
    made = []
    for name, source in tables.items():
        db = duckdb.connect()
        if isinstance(source, pd.DataFrame):
            db.register("source", source)
        else:
            db.execute("CREATE VIEW source AS FROM read_csv($1, nullstr = ['', 'NA'])".replace("$1", repr(str(source))))
        db.execute(f"COPY (FROM source) TO '{folder}/{name}.parquet'")
        types = db.execute("DESCRIBE FROM source").fetchall()
        columns = [SnapshotColumn(name=row[0], source_name=row[0], type=row[1]) for row in types]
        made.append(Table(name=name, file=f"{name}.parquet", rows=0, columns=columns, source="", source_bytes=0,
                          source_sha256="", sha256=""))  # fmt: skip
    return Snapshot(tables=made, notes=[])


class Cells:
    """Cells of a plan run in one namespace, next to their Parquet files."""

    def __init__(self, folder: Path, **tables: Path | pd.DataFrame) -> None:
        self.folder, self.snapshot = folder, as_snapshot(folder, **tables)
        self.tables = {t.name: {c.name: c.type for c in t.columns} for t in self.snapshot.tables}

    def code(self, *steps: dict[str, Any], units: dict[str, str] | None = None) -> list[str]:
        """The cells' code; a step without an id gets `c<position>`."""
        plan = Plan(steps=[STEP.validate_python({"id": f"c{i}"} | step) for i, step in enumerate(steps, 1)])
        self.before, self.plan = check(plan, self.tables), plan
        return [load_cell(self.snapshot).code, *(step_code(s, self.before[s.id], units) for s in plan.steps)]

    def run(self, *steps: dict[str, Any], units: dict[str, str] | None = None) -> dict[str, Any]:
        """The namespace after all cells; what the results hold is JSON, and tables are what check said they would be."""
        cells = self.code(*steps, units=units)
        self.namespace: dict[str, Any] = {"__name__": "__main__"}
        with chdir(self.folder), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for cell in cells:
                assert not lint(cell), cell
                exec(cell, self.namespace)
        self.results: dict[str, Any] = self.namespace["results"]
        json.dumps(self.results, allow_nan=False)
        return self.results

    def last(self, *steps: dict[str, Any]) -> Any:
        """The last step's result."""
        return list(self.run(*steps).values())[-1]

    def rows(self, query: str) -> list[Any]:
        with chdir(self.folder):
            return list(self.namespace["db"].execute(query).fetchall())

    def table(self, name: str) -> pd.DataFrame:
        with chdir(self.folder):
            frame: pd.DataFrame = self.namespace["db"].execute(f'SELECT * FROM "{name}"').df()
        return frame

    def types(self, name: str) -> dict[str, str]:
        return dict(row[:2] for row in self.rows(f'DESCRIBE FROM "{name}"'))


@pytest.fixture
def cars(tmp_path: Path) -> Cells:
    return Cells(tmp_path, data=TABLES / "cars.csv")


@pytest.fixture(scope="module")
def df() -> pd.DataFrame:
    return pd.read_csv(TABLES / "cars.csv", parse_dates=["Year"])


def near(value: Any, tolerance: float = 1e-9) -> Any:
    return pytest.approx(value, rel=tolerance, abs=1e-12)


HP, MPG, WEIGHT = "Horsepower", "Miles_per_Gallon", "Weight_in_lbs"


# --- measures ---------------------------------------------------------------------------------------------------

MEASURES: dict[str, tuple[dict[str, Any], Callable[[pd.Series], Any]]] = {
    "count": ({}, lambda s: s.count()),
    "null_count": ({}, lambda s: s.isna().sum()),
    "distinct": ({}, lambda s: s.nunique()),
    "sum": ({}, lambda s: s.sum()),
    "mean": ({}, lambda s: s.mean()),
    "median": ({}, lambda s: s.median()),
    "mode": ({}, lambda s: s.mode().min()),
    "min": ({}, lambda s: s.min()),
    "max": ({}, lambda s: s.max()),
    "range": ({}, lambda s: s.max() - s.min()),
    "std": ({}, lambda s: s.std()),
    "var": ({"ddof": 0}, lambda s: s.var(ddof=0)),
    "sem": ({}, lambda s: s.sem()),
    "cv": ({}, lambda s: s.std() / s.mean()),
    "quantile": ({"q": 0.37}, lambda s: s.quantile(0.37)),
    "iqr": ({}, lambda s: s.quantile(0.75) - s.quantile(0.25)),
    "skew": ({}, lambda s: s.skew()),
    "kurtosis": ({}, lambda s: s.kurt()),
    "first": ({}, lambda s: s.dropna().iloc[0]),
    "last": ({}, lambda s: s.dropna().iloc[-1]),
    "geometric_mean": ({}, lambda s: stats.gmean(s.dropna())),
}


def test_every_measure_with_and_without_groups(cars: Cells, df: pd.DataFrame) -> None:
    measures = [{"name": f, "function": f, "column": HP, **more} for f, (more, _) in MEASURES.items()]
    results = cars.run({"op": "aggregate", "measures": measures}, {"op": "aggregate", "measures": measures, "by": ["Origin"]})
    assert results["c1"]["rows"] == len(df)
    assert results["c1"]["n"]["mean"] == df[HP].count()
    assert results["c2"]["rows"] == len(df) and results["c2"]["n_groups"] == 3
    for function, (_, expected) in MEASURES.items():
        assert results["c1"][function] == near(float(expected(df[HP]))), function
        for origin, part in df.groupby("Origin"):
            assert results["c2"]["groups"][origin][function] == near(float(expected(part[HP]))), (function, origin)
    assert type(results["c1"]["count"]) is int and type(results["c1"]["distinct"]) is int
    assert cars.types("c2") == {"Origin": "VARCHAR"} | cars.types("c1")


def test_biased_moments(cars: Cells, df: pd.DataFrame) -> None:
    measures = [{"name": f, "function": f, "column": HP, "bias": True} for f in ("skew", "kurtosis")]
    result = cars.last({"op": "aggregate", "measures": measures})
    assert result["skew"] == near(stats.skew(df[HP].dropna()))
    assert result["kurtosis"] == near(stats.kurtosis(df[HP].dropna()))


def test_moments_keep_their_digits_far_from_zero(tmp_path: Path) -> None:
    values = pd.Series(np.random.default_rng(1).gamma(2, size=1_000) + 1e7)
    measures = [{"name": f, "function": f, "column": "x"} for f in ("skew", "kurtosis", "std")]
    result = Cells(tmp_path, data=pd.DataFrame({"x": values})).last({"op": "aggregate", "measures": measures})
    assert result["skew"] == near(values.skew(), 1e-6) and result["kurtosis"] == near(values.kurt(), 1e-6)
    assert result["std"] == near(values.std())


def test_shares_and_measures_with_their_own_condition(cars: Cells, df: pd.DataFrame) -> None:
    heavy = {"column": WEIGHT, "op": ">", "value": 3000}
    measures = [
        {"name": "share", "function": "share"},
        {"name": "heavy", "function": "percent", "where": heavy},
        {"name": "weight", "function": "share", "column": WEIGHT},
        {"name": "hp", "function": "mean", "column": HP, "where": heavy},
    ]
    results = cars.run({"op": "aggregate", "measures": measures, "by": ["Origin"]}, {"op": "aggregate", "measures": measures})
    for origin, part in df.groupby("Origin"):
        group = results["c1"]["groups"][origin]
        assert group["share"] == near(len(part) / len(df))
        assert group["heavy"] == near(100 * (part[WEIGHT] > 3000).mean())
        assert group["weight"] == near(part[WEIGHT].sum() / df[WEIGHT].sum())
        expected = part.loc[part[WEIGHT] > 3000, HP].mean()
        assert group["hp"] == (None if math.isnan(expected) else near(expected))
    assert results["c2"]["share"] == 1 and results["c2"]["n"]["heavy"] == len(df)
    assert results["c2"]["n"]["hp"] == df.loc[df[WEIGHT] > 3000, HP].count()


def test_group_keys_are_text_and_rows_without_a_group_are_left_out(tmp_path: Path) -> None:
    frame = pd.DataFrame({
        "i": [1, 1, 2, 2], "f": [0.5, 0.5, 1.0, 1.0], "b": [True, True, False, False],
        "d": pd.to_datetime(["2020-01-31"] * 2 + ["2021-01-01"] * 2), "t": ["a", "a", "b", None], "x": [1.0, 2, 3, 4],
    })  # fmt: skip
    cells = Cells(tmp_path, data=frame)
    cells.run(*({"op": "aggregate", "by": by, "measures": [{"name": "m", "function": "mean", "column": "x"}]}
                for by in (["i"], ["f"], ["b"], ["t"], ["i", "t"])),
              {"op": "cast", "column": "d", "to": "date"},
              {"op": "aggregate", "table": "c6", "by": ["d"], "measures": [{"name": "m", "function": "mean", "column": "x"}]})  # fmt: skip
    keys = [list(cells.results[f"c{i}"]["groups"]) for i in (1, 2, 3, 4, 5, 7)]
    assert keys == [["1", "2"], ["0.5", "1.0"], ["false", "true"], ["a", "b"], ["1 | a", "2 | b"], ["2020-01-31", "2021-01-01"]]
    assert cells.results["c4"]["rows"] == 3 and cells.results["c4"]["groups"]["b"] == {"m": 3.0, "rows": 1}


def test_having_keeps_groups(cars: Cells, df: pd.DataFrame) -> None:
    result = cars.last({"op": "aggregate", "by": ["Cylinders"], "measures": [{"name": HP, "function": "mean", "column": HP}],
                        "having": {"all": [{"column": "rows", "op": ">", "value": 10}, {"column": HP, "op": ">", "value": 90}]}})  # fmt: skip
    groups = df.groupby("Cylinders")[HP].agg(["mean", "size"])
    expected = groups[(groups["size"] > 10) & (groups["mean"] > 90)].index
    assert list(result["groups"]) == [str(c) for c in expected] and result["rows"] == len(df)


# --- tables -----------------------------------------------------------------------------------------------------

CONDITIONS: list[tuple[dict[str, Any], Callable[[pd.DataFrame], Any]]] = [
    ({"column": "Origin", "op": "==", "value": "USA"}, lambda d: d["Origin"] == "USA"),
    ({"column": HP, "op": "!=", "value": 100}, lambda d: d[HP].notna() & (d[HP] != 100)),
    ({"column": HP, "op": "<=", "value": 95.5}, lambda d: d[HP] <= 95.5),
    ({"column": "Cylinders", "op": "in", "value": [3, 5]}, lambda d: d["Cylinders"].isin([3, 5])),
    ({"column": HP, "op": "not in", "value": [100, 150]}, lambda d: d[HP].notna() & ~d[HP].isin([100, 150])),
    ({"column": "Name", "op": "contains", "value": "FORD"}, lambda d: d["Name"].str.contains("ford")),
    ({"column": "Name", "op": "starts with", "value": "Ford"}, lambda d: d["Name"].str.startswith("ford")),
    ({"column": "Name", "op": "ends with", "value": "WAGON"}, lambda d: d["Name"].str.endswith("wagon")),
    ({"column": "Name", "op": "contains", "value": "%"}, lambda d: d["Name"].str.contains("%")),
    ({"column": HP, "op": "is null"}, lambda d: d[HP].isna()),
    ({"column": HP, "op": "not null"}, lambda d: d[HP].notna()),
    ({"column": "Year", "op": ">=", "value": "1980-01-01"}, lambda d: d["Year"] >= "1980-01-01"),
    ({"column": "Year", "op": "<", "value": "1971-01-01T12:00"}, lambda d: d["Year"] < "1971-01-01T12:00"),
    ({"column": HP, "op": ">", "value": {"column": WEIGHT}}, lambda d: d[HP] > d[WEIGHT]),
    ({"no": {"column": HP, "op": ">", "value": 100}}, lambda d: d[HP] <= 100),
    ({"any": [{"column": HP, "op": ">", "value": 200}, {"all": [{"column": MPG, "op": ">", "value": 40}, {"column": "Origin", "op": "!=", "value": "USA"}]}]},
     lambda d: (d[HP] > 200) | ((d[MPG] > 40) & (d["Origin"] != "USA"))),
]  # fmt: skip


def test_conditions(cars: Cells, df: pd.DataFrame) -> None:
    results = cars.run(*({"op": "filter", "where": where} for where, _ in CONDITIONS))
    for i, (where, expected) in enumerate(CONDITIONS, 1):
        assert results[f"c{i}"] == {"rows_before": len(df), "rows": int(expected(df).sum())}, where


def test_a_condition_may_use_an_earlier_result(cars: Cells, df: pd.DataFrame) -> None:
    mean = {"op": "aggregate", "measures": [{"name": "mean hp", "function": "mean", "column": HP}]}
    where = {"column": HP, "op": ">", "value": {"ref": "c1:/mean hp"}}
    results = cars.run(mean, {"op": "filter", "where": where}, {"op": "rank", "by": HP, "label": ["Name"]},
                       {"op": "filter", "where": {"column": "Name", "op": "==", "value": {"ref": "c3:/name"}}},
                       {"op": "aggregate", "measures": [{"name": "n above", "function": "count", "where": where}]})  # fmt: skip
    above = int((df[HP] > df[HP].mean()).sum())
    assert results["c2"]["rows"] == above and results["c5"]["n above"] == above
    assert results["c4"]["rows"] == (df["Name"] == df.loc[df[HP].idxmax(), "Name"]).sum()


def test_expressions(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [7, -7, 0, 4], "b": [2.0, 0.0, -3.0, np.nan], "t": ["xy", "", None, "ü"]})
    cells = Cells(tmp_path, data=frame)
    expected: dict[str, list[float | None]] = {
        '"a" / "b"': [3.5, None, -0.0, None],
        '"a" % 3': [1, 2, 0, 1],
        '"a" % "b"': [1, None, 0, None],
        'ln("a")': [math.log(7), None, None, math.log(4)],
        'sqrt("b")': [math.sqrt(2), 0, None, None],
        '"a" ^ 0.5': [math.sqrt(7), None, 0, 2],
        '"a" - ("b" - 1) * 2': [5, -5, 8, None],
        '"a" - (3 - 1)': [5, -9, -2, 2],
        "-a ^ 2": [-49, -49, 0, -16],
        'round("a" / 2, 0)': [4, -4, 0, 2],
        'greatest("a", "b")': [7, 0, 0, None],
        'length("t")': [2, 0, None, 1],
        '1.5 * "a"': [10.5, -10.5, 0, 6],
        "a + 2000000000 * 3": [6000000007, 5999999993, 6000000000, 6000000004],
    }
    cells.run(*({"op": "derive", "name": "y", "expression": text} for text in expected))
    for i, (text, values) in enumerate(expected.items(), 1):
        found = cells.rows(f"SELECT y FROM c{i}")
        assert [None if y is None else float(y) for (y,) in found] == [None if v is None else near(v) for v in values], text
        assert cells.results[f"c{i}"] == {"rows": 4, "nulls": values.count(None)}


def test_date_parts(cars: Cells, df: pd.DataFrame) -> None:
    parts: dict[str, Any] = {
        "year": df.Year.dt.year, "quarter": df.Year.dt.quarter, "month": df.Year.dt.month, "day": df.Year.dt.day,
        "week": df.Year.dt.isocalendar().week, "weekday": df.Year.dt.weekday, "hour": df.Year.dt.hour,
        "day_name": df.Year.dt.day_name(), "month_name": df.Year.dt.month_name(),
        "year_month": df.Year.dt.strftime("%Y-%m"), "decade": df.Year.dt.year // 10 * 10,
    }  # fmt: skip
    cars.run(*({"op": "derive", "name": "part", "date_part": {"column": "Year", "part": part}} for part in parts))
    for i, (part, expected) in enumerate(parts.items(), 1):
        assert cars.table(f"c{i}")["part"].tolist() == expected.tolist(), part


BINS: list[tuple[dict[str, Any], list[str | None]]] = [
    ({"edges": [0, 10, 20]}, [None, "[0, 10)", "[0, 10)", "[10, 20)", None, None]),
    ({"edges": [0, 10, 20], "right": True}, [None, None, "(0, 10]", "(0, 10]", "(10, 20]", None]),
    ({"edges": [0, 10.5], "open_ended": True}, ["< 0", "[0, 10.5)", "[0, 10.5)", "[0, 10.5)", ">= 10.5", None]),
    ({"edges": [5], "open_ended": True, "labels": ["lo", "hi"]}, ["lo", "lo", "hi", "hi", "hi", None]),
    ({"width": 7.5}, ["[-7.5, 0)", "[0, 7.5)", "[0, 7.5)", "[7.5, 15)", "[15, 22.5)", None]),
    ({"width": 10, "right": True}, ["(-10, 0]", "(-10, 0]", "(0, 10]", "(0, 10]", "(10, 20]", None]),
    ({"count": 2}, ["[-5, 7.5)", "[-5, 7.5)", "[-5, 7.5)", "[7.5, 20]", "[7.5, 20]", None]),
    ({"quantiles": 2, "labels": ["low", "high"]}, ["low", "low", "high", "high", "high", None]),
    ({"quantiles": 2, "right": True}, ["[-5, 5]", "[-5, 5]", "[-5, 5]", "(5, 20]", "(5, 20]", None]),
]  # fmt: skip


def test_bins(tmp_path: Path) -> None:
    cells = Cells(tmp_path, data=pd.DataFrame({"x": [-5.0, 0, 5, 10, 20, np.nan]}))
    cells.run(*({"op": "derive", "name": "bin", "bin": {"column": "x", **bin}} for bin, _ in BINS))
    for i, (bin, expected) in enumerate(BINS, 1):
        found = [value for (value,) in cells.rows(f"SELECT bin FROM c{i}")]
        assert found == expected, bin


def test_windows(tmp_path: Path) -> None:
    frame = pd.DataFrame({"t": [3, 1, 2, 2, 1, 3], "x": [3.0, 1, 2, np.nan, 4, 4], "g": ["a", "a", "a", "b", "b", None]})
    cells = Cells(tmp_path, data=frame)
    windows: dict[str, Any] = {
        "lag": {"order_by": "t"}, "difference": {"order_by": "t"}, "percent_change": {"order_by": "t"},
        "cumulative_sum": {"order_by": "t"}, "rolling_mean": {"order_by": "t", "size": 2},
        "rank": {}, "zscore": {}, "share": {}, "group_mean": {},
    }  # fmt: skip
    cells.run(*({"op": "derive", "name": "w", "window": {"function": f, "column": "x", **more}} for f, more in windows.items()),
              *({"op": "derive", "name": "w", "window": {"function": f, "column": "x", "by": ["g"], **more}} for f, more in windows.items()))  # fmt: skip
    order = frame.sort_values("t", kind="stable")

    def expected(x: pd.Series) -> dict[str, pd.Series]:
        return {
            "lag": x.shift(), "difference": x.diff(), "percent_change": 100 * (x - x.shift()) / x.shift(),
            "cumulative_sum": x.cumsum(), "rolling_mean": x.rolling(2).mean(),
            "rank": x.rank(ascending=False, method="min"), "zscore": (x - x.mean()) / x.std(), "share": x / x.sum(),
            "group_mean": pd.Series(x.mean(), index=x.index),
        }  # fmt: skip

    whole = expected(order["x"])
    parts = [expected(part["x"]) for _, part in order.groupby("g")]
    for i, function in enumerate(windows, 1):
        want = whole[function].reindex(frame.index)
        assert cells.table(f"c{i}")["w"].astype(float).tolist() == near(want.tolist()) or np.allclose(
            cells.table(f"c{i}")["w"].astype(float), want, equal_nan=True), function  # fmt: skip
        want = pd.concat([part[function] for part in parts]).reindex(frame.index)
        found = cells.table(f"c{i + len(windows)}")
        assert np.allclose(found["w"].astype(float), want, equal_nan=True), function
        assert found["t"].tolist() == frame["t"].tolist(), "row order is kept"


def test_cases(cars: Cells, df: pd.DataFrame) -> None:
    cases = [
        {"when": {"column": HP, "op": ">", "value": 150}, "then": "strong"},
        {"when": {"column": HP, "op": ">", "value": 90}, "then": "fair"},
    ]
    cars.run({"op": "derive", "name": "c", "cases": cases, "otherwise": "weak"}, {"op": "derive", "name": "c", "cases": cases})
    expected = np.where(df[HP] > 150, "strong", np.where(df[HP] > 90, "fair", "weak"))
    assert cars.table("c1")["c"].tolist() == expected.tolist()
    assert cars.results["c2"]["nulls"] == (expected == "weak").sum()


def test_casts(tmp_path: Path) -> None:
    frame = pd.DataFrame({"m": ["$1,200.50", " 45% ", "x", None], "d": ["31/01/2020", "01/02/2020", "?", None],
                          "i": ["2020-01-31", "2020-01-31 10:00", "no", None], "b": ["Yes", "no", "TRUE", "?"],
                          "f": [2.7, -2.7, 3.0, np.nan]})  # fmt: skip
    cells = Cells(tmp_path, data=frame)
    cells.run({"op": "cast", "column": "m", "to": "number"}, {"op": "cast", "column": "d", "to": "date", "parse": "%d/%m/%Y"},
              {"op": "cast", "column": "i", "to": "date"}, {"op": "cast", "column": "b", "to": "boolean"},
              {"op": "cast", "column": "f", "to": "integer"}, {"op": "cast", "column": "f", "to": "text"})  # fmt: skip

    def values(step: str, column: str) -> list[Any]:
        return [v for (v,) in cells.rows(f"SELECT {column}::VARCHAR FROM {step}")]

    assert values("c1", "m") == ["1200.5", "45.0", None, None] and cells.results["c1"] == {"rows": 4, "lost": 1}
    assert values("c2", "d") == ["2020-01-31", "2020-02-01", None, None] and cells.results["c2"]["lost"] == 1
    assert values("c3", "i") == ["2020-01-31", "2020-01-31", None, None]
    assert values("c4", "b") == ["true", "false", "true", None]
    assert values("c5", "f") == ["2", "-2", "3", None] and cells.results["c5"]["lost"] == 0
    assert values("c6", "f") == ["2.7", "-2.7", "3.0", None]
    with pytest.raises(ValueError, match="1 values cannot be read as number"):
        cells.run({"op": "cast", "column": "m", "to": "number", "on_error": "fail"})


def test_outliers(cars: Cells, df: pd.DataFrame) -> None:
    step = {"op": "outliers", "columns": [HP, MPG]}
    results = cars.run(step | {"action": "count"}, step | {"action": "remove"}, step | {"action": "clip"},
                       step | {"action": "null", "method": "zscore", "k": 2, "ddof": 0, "side": "upper"})  # fmt: skip
    q25, q75 = df[HP].quantile(0.25), df[HP].quantile(0.75)
    low, high = q25 - 1.5 * (q75 - q25), q75 + 1.5 * (q75 - q25)
    assert results["c1"]["columns"][HP] == {
        "outliers": int(((df[HP] < low) | (df[HP] > high)).sum()),
        "lower": near(low),
        "upper": near(high),
    }
    assert results["c2"]["rows"] == len(df) - results["c1"]["outliers"] == len(cars.table("c2"))
    assert np.allclose(cars.table("c3")[HP].astype(float), df[HP].clip(low, high), equal_nan=True)
    upper = df[HP].mean() + 2 * df[HP].std(ddof=0)
    assert np.allclose(cars.table("c4")[HP].astype(float), df[HP].where(df[HP].isna() | (df[HP] <= upper)), equal_nan=True)


def test_no_spread_no_outliers(tmp_path: Path) -> None:
    cells = Cells(tmp_path, data=pd.DataFrame({"x": [1.1] * 20}))
    step = {"op": "outliers", "columns": ["x"], "method": "zscore", "k": 3}
    assert cells.last(step | {"action": "remove"})["rows"] == 20


def test_missing_values(cars: Cells, df: pd.DataFrame) -> None:
    results = cars.run(
        {"op": "drop_missing"}, {"op": "drop_missing", "columns": [HP, MPG], "how": "all"},
        {"op": "impute", "columns": [HP], "method": "mean"}, {"op": "impute", "columns": [HP, MPG], "method": "median", "by": ["Origin"]},
        {"op": "impute", "columns": ["Cylinders", HP], "method": "mode"}, {"op": "impute", "columns": [HP], "method": "ffill"},
        {"op": "impute", "columns": [HP], "method": "constant", "value": 0},
    )  # fmt: skip
    assert results["c1"]["rows"] == len(df.dropna()) and results["c2"]["rows"] == len(df.dropna(subset=[HP, MPG], how="all"))
    assert results["c3"]["values"][HP] == near(df[HP].mean()) and results["c3"]["filled"][HP] == df[HP].isna().sum()
    assert np.allclose(cars.table("c4")[HP], df[HP].fillna(df.groupby("Origin")[HP].transform("median")))
    assert results["c4"]["values"][MPG]["Japan"] == near(df.loc[df.Origin == "Japan", MPG].median())
    assert results["c5"]["values"] == {"Cylinders": 4, HP: df[HP].mode().min()}
    assert np.allclose(cars.table("c6")[HP], df[HP].ffill())
    assert np.allclose(cars.table("c7")[HP], df[HP].fillna(0))
    assert all(cars.table(c)["Name"].tolist() == df["Name"].tolist() for c in ("c3", "c4", "c5", "c6", "c7"))


def test_scales(cars: Cells, df: pd.DataFrame) -> None:
    cars.run({"op": "scale", "columns": [HP], "ddof": 0}, {"op": "scale", "columns": [HP], "method": "minmax", "suffix": "_01"},
             {"op": "scale", "columns": [HP], "method": "robust"})  # fmt: skip
    x = df[HP]
    assert np.allclose(cars.table("c1")[HP], (x - x.mean()) / x.std(ddof=0), equal_nan=True)
    assert np.allclose(cars.table("c2")[f"{HP}_01"], (x - x.min()) / (x.max() - x.min()), equal_nan=True)
    assert np.allclose(cars.table("c3")[HP], (x - x.median()) / (x.quantile(0.75) - x.quantile(0.25)), equal_nan=True)
    assert cars.results["c2"]["columns"][f"{HP}_01"] == {
        "mean": near(((x - x.min()) / (x.max() - x.min())).mean()),
        "std": near((x / (x.max() - x.min())).std()),
        "min": 0,
        "max": 1,
    }


def test_encodings(cars: Cells, df: pd.DataFrame) -> None:
    results = cars.run({"op": "encode", "column": "Origin"}, {"op": "encode", "column": "Origin", "method": "label"},
                       {"op": "encode", "column": "Cylinders", "method": "label", "order": [8, 6, 5, 4, 3]})  # fmt: skip
    dummies = pd.get_dummies(df["Origin"], prefix="Origin", dtype=int)
    assert results["c1"]["columns"] == list(dummies.columns)
    assert cars.table("c1")[list(dummies.columns)].astype(int).to_numpy().tolist() == dummies.to_numpy().tolist()
    assert results["c2"]["mapping"] == {"Europe": 0, "Japan": 1, "USA": 2}
    assert cars.table("c2")["Origin"].tolist() == df["Origin"].map(results["c2"]["mapping"]).tolist()
    assert results["c3"]["mapping"] == {"8": 0, "6": 1, "5": 2, "4": 3, "3": 4}


def test_duplicates_unpivot_join(tmp_path: Path) -> None:
    data = pd.DataFrame({"k": ["a", "b", "a", None, None, "c"], "x": [1, 2, 1, 4, 4, 6], "y": [1.5, 2, 1.5, 4, 4, 6]})
    other = pd.DataFrame({"k": ["b", "a", "a", None], "x": [0, 0, 0, 0], "z": ["B", "A1", "A2", "?"]})
    cells = Cells(tmp_path, data=data, other=other)
    results = cells.run(
        {"op": "drop_duplicates"}, {"op": "drop_duplicates", "columns": ["k"]},
        {"op": "unpivot", "columns": ["x", "y"], "names_to": "what", "values_to": "v"},
        {"op": "join", "right": "other", "on": ["k"], "how": "left"}, {"op": "join", "right": "other", "on": ["k"]},
        {"op": "unpivot", "columns": ["k", "x"]},
    )  # fmt: skip
    assert results["c1"] == {"rows_before": 6, "rows": 4, "duplicates": 2}
    assert cells.table("c2")["x"].tolist() == [1, 2, 4, 6]
    assert cells.table("c3")["v"].tolist() == [1, 1.5, 2, 2, 1, 1.5, 4, 4, 4, 4, 6, 6] and results["c3"] == {"rows": 12}
    assert results["c4"] == {"rows_before": 6, "rows": 8, "unmatched": 3}
    assert cells.table("c4").columns.tolist() == ["k", "x", "y", "z"]
    assert cells.table("c4")["z"].fillna("-").tolist() == ["A1", "A2", "B", "A1", "A2", "-", "-", "-"]
    assert results["c5"]["rows"] == 5 and results["c6"]["rows"] == 12


def test_rank(tmp_path: Path) -> None:
    data = pd.DataFrame({"who": ["d", "b", "c", "a", "e", "f"], "v": [5, 9, 5, 9, None, 1], "g": list("xyxyxy")})
    cells = Cells(tmp_path, data=data)
    results = cells.run(
        {"op": "rank", "by": "v", "label": ["who"], "k": 3}, {"op": "rank", "by": "v", "label": ["who"], "k": 3, "ties": "all"},
        {"op": "rank", "by": "v", "label": ["who", "g"], "k": 1, "position": 2}, {"op": "rank", "by": "v", "order": "asc", "k": 2},
        {"op": "rank", "by": "v", "label": ["who"], "k": 2, "position": 2, "ties": "all"},
    )  # fmt: skip
    assert results["c1"] == {"rows": 3, "names": ["a", "b", "c"], "values": [9, 9, 5], "name": "a", "value": 9, "tied": 1,
                             "items": {"a": 9, "b": 9, "c": 5}}  # fmt: skip
    assert results["c2"]["names"] == ["a", "b", "c", "d"] and results["c2"]["tied"] == 0
    assert results["c3"]["name"] == "b | y" and results["c3"]["tied"] == 1
    assert results["c4"]["names"] == [5, 0] and results["c4"]["values"] == [1, 5]
    assert results["c5"]["names"] == ["b", "c", "d"]
    assert cells.table("c1").columns.tolist() == cells.table("c4").columns.tolist() == ["who", "v", "g"]


# --- statistics -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["pearson", "spearman", "kendall"])
def test_correlations(cars: Cells, df: pd.DataFrame, method: str) -> None:
    test = {"pearson": stats.pearsonr, "spearman": stats.spearmanr, "kendall": stats.kendalltau}[method]
    columns = [HP, WEIGHT, "Acceleration"]
    results = cars.run({"op": "correlate", "x": HP, "y": MPG, "method": method},
                       {"op": "correlate", "x": HP, "y": MPG, "method": method, "by": ["Origin"]},
                       {"op": "correlate", "columns": columns, "method": method},
                       {"op": "correlate", "columns": [*columns, MPG], "target": MPG, "method": method})  # fmt: skip
    both = df[[HP, MPG]].dropna()
    r, p = test(both[HP], both[MPG])
    assert results["c1"] == {"r": near(r), "p_value": near(p), "n": len(both)}
    for origin, part in df.dropna(subset=[HP, MPG]).groupby("Origin"):
        assert results["c2"]["groups"][origin]["r"] == near(test(part[HP], part[MPG])[0])
    matrix = df[columns].corr(method=method)
    assert [abs(pair["r"]) for pair in results["c3"]["pairs"]] == sorted(
        (abs(p["r"]) for p in results["c3"]["pairs"]), reverse=True
    )
    assert all(pair["r"] == near(matrix.loc[pair["x"], pair["y"]]) for pair in results["c3"]["pairs"])
    assert results["c3"]["strongest"] == f"{HP} ~ {WEIGHT}" == results["c3"]["highest"]
    assert results["c4"]["by_column"] == {c: near(df[c].corr(df[MPG], method=method)) for c in columns}
    assert results["c4"]["highest"] == "Acceleration" and results["c4"]["lowest"] == results["c4"]["strongest"]


def test_a_constant_column_has_no_correlation(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [0.1] * 5, "y": [1.0, 2, 3, 4, 6], "z": [2.0, 4, 6, 8, 12]})
    cells = Cells(tmp_path, data=frame)
    results = cells.run({"op": "correlate", "x": "x", "y": "y"}, {"op": "correlate", "columns": ["x", "y", "z"]},
                        {"op": "associate", "target": "x"}, {"op": "trend", "time": "y", "value": "x"})  # fmt: skip
    assert results["c1"] == {"r": None, "p_value": None, "n": 5}
    assert results["c2"]["strongest"] == "y ~ z" and results["c2"]["strongest_r"] == near(1)
    assert results["c3"]["strongest"] is None
    assert results["c4"]["direction"] == "flat" and results["c4"]["r"] is None


def groups_of(df: pd.DataFrame) -> list[pd.Series]:
    return [part[HP].dropna() for _, part in df.groupby("Origin")]


TESTS: list[tuple[dict[str, Any], Callable[[pd.DataFrame], Any]]] = [
    ({"kind": "t_test", "groups": ["USA", "Japan"]}, lambda d: stats.ttest_ind(groups_of(d)[2], groups_of(d)[1], equal_var=False)),
    ({"kind": "t_test", "groups": ["USA", "Japan"], "equal_var": True, "alternative": "greater"},
     lambda d: stats.ttest_ind(groups_of(d)[2], groups_of(d)[1], alternative="greater")),
    ({"kind": "mann_whitney", "groups": ["Europe", "Japan"]}, lambda d: stats.mannwhitneyu(*groups_of(d)[:2])),
    ({"kind": "ks_2sample", "groups": ["Europe", "Japan"]}, lambda d: stats.ks_2samp(*groups_of(d)[:2])),
    ({"kind": "anova"}, lambda d: stats.f_oneway(*groups_of(d))),
    ({"kind": "kruskal"}, lambda d: stats.kruskal(*groups_of(d))),
    ({"kind": "levene"}, lambda d: stats.levene(*groups_of(d))),
    ({"kind": "bartlett"}, lambda d: stats.bartlett(*groups_of(d))),
    ({"kind": "t_test_1sample", "by": None, "mu": 100}, lambda d: stats.ttest_1samp(d[HP].dropna(), 100)),
    ({"kind": "shapiro", "by": None}, lambda d: stats.shapiro(d[HP].dropna())),
    ({"kind": "normaltest", "by": None}, lambda d: stats.normaltest(d[HP].dropna())),
    ({"kind": "jarque_bera", "by": None}, lambda d: stats.jarque_bera(d[HP].dropna())),
    ({"kind": "ks_normal", "by": None}, lambda d: stats.kstest(d[HP].dropna(), "norm", args=(d[HP].mean(), d[HP].std()))),
    ({"kind": "t_test_paired", "by": None, "column": None, "columns": [HP, WEIGHT]}, lambda d: stats.ttest_rel(*(d[[HP, WEIGHT]].dropna()[c] for c in (HP, WEIGHT)))),
    ({"kind": "wilcoxon", "by": None, "column": None, "columns": [HP, WEIGHT]}, lambda d: stats.wilcoxon(*(d[[HP, WEIGHT]].dropna()[c] for c in (HP, WEIGHT)))),
    ({"kind": "t_test", "by": None, "column": None, "columns": [HP, MPG]}, lambda d: stats.ttest_ind(d[HP].dropna(), d[MPG].dropna(), equal_var=False)),
    ({"kind": "chi_square", "column": "Cylinders"}, lambda d: stats.chi2_contingency(pd.crosstab(d["Cylinders"], d["Origin"]))),
]  # fmt: skip


def test_hypothesis_tests(cars: Cells, df: pd.DataFrame) -> None:
    results = cars.run(*({"op": "test", "column": HP, "by": "Origin", **step} for step, _ in TESTS))
    for i, (step, expected) in enumerate(TESTS, 1):
        result, want = results[f"c{i}"], expected(df)
        assert (result["statistic"], result["p_value"]) == (near(want.statistic), near(want.pvalue)), step
        assert result["significant"] is bool(want.pvalue < 0.05)
    assert results["c1"]["groups"]["USA"] == {"n": 250, "mean": near(119.9), "median": 106, "std": near(groups_of(df)[2].std())}
    assert list(results["c1"]["groups"]) == ["USA", "Japan"] and results["c1"]["n"] == 329
    a, b = groups_of(df)[2], groups_of(df)[1]
    pooled = math.sqrt(((len(a) - 1) * a.var() + (len(b) - 1) * b.var()) / (len(a) + len(b) - 2))
    assert results["c1"]["effect"] == near((a.mean() - b.mean()) / pooled)
    assert results["c1"]["df"] == near(stats.ttest_ind(a, b, equal_var=False).df)
    whole = pd.concat(groups_of(df))
    between = sum(len(g) * (g.mean() - whole.mean()) ** 2 for g in groups_of(df))
    assert results["c5"]["effect"] == near(between / ((whole - whole.mean()) ** 2).sum()) and results["c5"]["df"] == [2, 397]


def test_tests_of_categories_and_of_series(cars: Cells, df: pd.DataFrame) -> None:
    from statsmodels.stats.proportion import proportions_ztest
    from statsmodels.tsa.stattools import adfuller

    big = {
        "op": "derive",
        "name": "big",
        "cases": [{"when": {"column": HP, "op": ">", "value": 100}, "then": True}],
        "otherwise": False,
    }
    test = {"op": "test", "table": "c1", "column": "big", "by": "Origin"}
    results = cars.run(big, test | {"kind": "fisher_exact", "groups": ["Japan", "Europe"]}, test | {"kind": "proportion_z", "groups": ["USA", "Japan"]},
                       {"op": "test", "kind": "adf", "column": HP}, test | {"kind": "chi_square", "groups": ["Europe", "Japan"]})  # fmt: skip
    counts = pd.crosstab(df[HP] > 100, df["Origin"])
    fisher = stats.fisher_exact(counts[["Japan", "Europe"]])
    assert (results["c2"]["statistic"], results["c2"]["p_value"]) == (near(fisher.statistic), near(fisher.pvalue))
    z, p = proportions_ztest(counts.loc[True, ["USA", "Japan"]], counts[["USA", "Japan"]].sum())
    assert (results["c3"]["statistic"], results["c3"]["p_value"]) == (near(z), near(p))
    adf = adfuller(df[HP].dropna(), result_object=True)
    assert (results["c4"]["statistic"], results["c4"]["p_value"]) == (near(adf.statistic), near(adf.pvalue))
    assert results["c5"]["p_value"] == near(stats.chi2_contingency(counts[["Europe", "Japan"]]).pvalue)
    plain = stats.chi2_contingency(counts[["Europe", "Japan"]], correction=False)
    assert results["c5"]["effect"] == near(math.sqrt(plain.statistic / counts[["Europe", "Japan"]].sum().sum()))


def test_a_test_on_values_without_spread_finds_nothing(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [1.1] * 20, "y": [5.0] * 20, "g": ["p", "q"] * 10})
    cells = Cells(tmp_path, data=frame)
    results = cells.run({"op": "test", "kind": "t_test_paired", "columns": ["x", "y"]}, {"op": "test", "kind": "t_test", "column": "x", "by": "g"},
                        {"op": "test", "kind": "t_test_1sample", "column": "x", "mu": 1.1})  # fmt: skip
    assert all(
        r["p_value"] is None and r["significant"] is False and r["effect"] is None for k, r in results.items() if k != "c0"
    )


def test_wrong_numbers_of_groups_are_said_in_words(cars: Cells) -> None:
    with pytest.raises(ValueError, match="Two groups are compared here, not 3"):
        cars.run({"op": "test", "kind": "t_test", "column": HP, "by": "Origin"})
    with pytest.raises(ValueError, match="2 x 2 categories, not 5 x 3"):
        cars.run({"op": "test", "kind": "fisher_exact", "column": "Cylinders", "by": "Origin"})


def test_trend(cars: Cells, df: pd.DataFrame) -> None:
    results = cars.run({"op": "trend", "time": "Year", "value": HP, "every": "year"}, {"op": "trend", "time": "Year", "by": ["Origin"]},
                       {"op": "derive", "name": "y", "date_part": {"column": "Year", "part": "year"}},
                       {"op": "trend", "table": "c3", "time": "y", "value": WEIGHT, "function": "last"})  # fmt: skip
    means = df.dropna(subset=[HP]).groupby("Year")[HP].mean()
    line = stats.linregress(range(len(means)), means)
    result = results["c1"]
    assert {k: result[k] for k in ("slope", "r", "p_value")} == {
        "slope": near(line.slope),
        "r": near(line.rvalue),
        "p_value": near(line.pvalue),
    }
    assert (result["periods"], result["first_period"], result["last_period"]) == (12, "1970-01-01", "1982-01-01")
    assert (result["first"], result["last"], result["direction"]) == (near(means.iloc[0]), near(means.iloc[-1]), "falling")
    assert result["growth"] == near(100 * ((means.iloc[-1] / means.iloc[0]) ** (1 / 11) - 1))
    assert (result["highest"], result["lowest_period"]) == (near(means.max()), means.idxmin().date().isoformat())
    assert results["c2"]["groups"]["Japan"]["first"] == (df[df.Origin == "Japan"].groupby("Year").size()).iloc[0]
    assert results["c4"]["last"] == df.loc[df.Year == df.Year.max(), WEIGHT].iloc[-1] and results["c4"]["first_period"] == 1970
    assert cars.types("c1") == {"period": "DATE", "value": "DOUBLE", "rows": "BIGINT"}


def test_associate(cars: Cells, df: pd.DataFrame) -> None:
    results = cars.run({"op": "associate", "target": MPG, "columns": [HP, "Origin"]}, {"op": "associate", "target": "Origin"},
                       {"op": "cast", "column": "Cylinders", "to": "text"}, {"op": "associate", "table": "c3", "target": "Origin", "columns": ["Cylinders"]})  # fmt: skip
    both = df[[HP, MPG]].dropna()
    r, p = stats.pearsonr(both[HP], both[MPG])
    first, second = results["c1"]["associations"]
    assert first == {"column": HP, "measure": "r²", "strength": near(r * r), "r": near(r), "p_value": near(p), "n": len(both)}
    anova = stats.f_oneway(*(part[MPG].dropna() for _, part in df.groupby("Origin")))
    assert second["measure"] == "eta²" and second["p_value"] == near(anova.pvalue) and results["c1"]["strongest"] == HP
    assert "Name" not in {a["column"] for a in results["c2"]["associations"]}, "names are no categories"
    counts = pd.crosstab(df["Cylinders"], df["Origin"])
    chi = stats.chi2_contingency(counts, correction=False)
    assert results["c4"]["associations"][0]["strength"] == near(chi.statistic / (len(df) * 2))
    assert results["c4"]["associations"][0]["p_value"] == near(chi.pvalue)


def test_summarize(cars: Cells, df: pd.DataFrame) -> None:
    result = cars.last({"op": "summarize"})
    assert (result["rows"], result["n_columns"], result["duplicates"]) == (406, 9, int(df.duplicated().sum()))
    assert result["missing"] == df.isna().sum().sum()
    column, x = result["columns"][HP], df[HP]
    iqr = 1.5 * (x.quantile(0.75) - x.quantile(0.25))
    assert column == {
        "kind": "number", "nulls": 6, "null_percent": near(600 / 406), "distinct": x.nunique(), "mean": near(x.mean()), "std": near(x.std()),
        "min": 46, "q25": near(x.quantile(0.25)), "median": near(x.median()), "q75": near(x.quantile(0.75)), "max": 230, "skew": near(x.skew()),
        "outliers": int(((x < x.quantile(0.25) - iqr) | (x > x.quantile(0.75) + iqr)).sum()),
    }  # fmt: skip
    assert result["columns"]["Origin"] == {"kind": "text", "nulls": 0, "null_percent": 0, "distinct": 3, "top": "USA", "top_count": 254,
                                           "top_percent": near(25400 / 406)}  # fmt: skip


def test_models(cars: Cells, df: pd.DataFrame) -> None:
    import statsmodels.api as sm
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LinearRegression
    from sklearn.metrics import accuracy_score
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    results = cars.run(
        {"op": "model", "kind": "linear", "task": "regression", "target": MPG, "features": [HP, "Origin"], "metrics": ["r2", "rmse"]},
        {"op": "model", "kind": "random_forest", "task": "classification", "target": "Origin", "features": [HP, WEIGHT], "scale": True,
         "metrics": ["accuracy"], "split": {"test_size": 0.25, "seed": 7}, "params": {"n_estimators": 10}},
        {"op": "model", "kind": "logistic", "task": "classification", "target": "Cylinders", "features": [HP], "metrics": ["f1", "auc"], "params": {"max_iter": 200}},
    )  # fmt: skip
    rows = df.dropna(subset=[HP, MPG])
    X = pd.get_dummies(rows[[HP, "Origin"]], columns=["Origin"], drop_first=True, dtype=float)
    model = LinearRegression().fit(X, rows[MPG])
    assert results["c1"]["metrics"]["r2"] == near(model.score(X, rows[MPG]))
    assert results["c1"]["coefficients"] == {name: near(c) for name, c in zip(X.columns, model.coef_, strict=True)}
    p = sm.OLS(rows[MPG], sm.add_constant(X)).fit().pvalues
    assert results["c1"]["p_values"] == {name: near(p[name], 1e-6) for name in X.columns}
    rows = df.dropna(subset=[HP])
    parts = train_test_split(rows[[HP, WEIGHT]].to_numpy(float), rows["Origin"].to_numpy(), test_size=0.25, random_state=7)
    scaler = StandardScaler().fit(parts[0])
    forest = RandomForestClassifier(n_estimators=10, random_state=42).fit(scaler.transform(parts[0]), parts[2])
    assert results["c2"]["metrics"]["accuracy"] == accuracy_score(parts[3], forest.predict(scaler.transform(parts[1])))
    assert (results["c2"]["n_train"], results["c2"]["n_test"]) == (300, 100)
    assert 0 < results["c3"]["metrics"]["auc"] <= 1


# --- results, decisions, own code ---------------------------------------------------------------------------------


def test_calculate_and_decide(cars: Cells, df: pd.DataFrame) -> None:
    groups = {
        "op": "aggregate",
        "by": ["Origin"],
        "measures": [{"name": "m/g~", "function": "mean", "column": HP}, {"name": "hi", "function": "max", "column": HP}],
    }
    results = cars.run(
        groups, {"op": "correlate", "columns": [HP, WEIGHT, MPG]},
        {"op": "calculate", "values": {"usa": "c1:/groups/USA/m~1g~0", "len": "c1:/rows", "r": "c2:/pairs/0/r"}, "expression": "(usa - len) / (r - r) + 1"},
        {"op": "calculate", "values": {"usa": "c1:/groups/USA/m~1g~0", "japan": "c1:/groups/Japan/m~1g~0"}, "expression": "round(100 * (usa - japan) / japan, 1)"},
        {"op": "calculate", "values": {"a": "c1:/rows", "b": "c1:/n_groups"}, "expression": "a * b - 1"},
        {"op": "calculate", "values": {"v": "c3:/value"}, "expression": "v + 1"},
        {"op": "decide", "rules": [{"when": [{"ref": "c3:/value", "op": "<", "value": 5}], "then": "null"},
                                   {"when": [{"ref": "c2:/lowest_r", "op": ">", "value": 0.5, "absolute": True}, {"ref": "c4:/usa", "op": ">", "value": {"ref": "c4:/japan"}}],
                                    "then": "both"}], "otherwise": "none"},
    )  # fmt: skip
    means = df.groupby("Origin")[HP].mean()
    assert results["c3"]["value"] is None and results["c3"]["len"] == 406
    assert results["c4"]["value"] == near(round(100 * (means["USA"] - means["Japan"]) / means["Japan"], 1))
    assert results["c5"]["value"] == 406 * 3 - 1 and type(results["c5"]["value"]) is int
    assert results["c6"] == {"value": None, "v": None}
    assert results["c7"] == {"label": "both", "rule": 1}


def test_python_steps_give_results_and_tables(cars: Cells) -> None:
    own = 'x = 1\nc1 = db.sql("SELECT Origin, count(*) AS n FROM data GROUP BY ALL ORDER BY ALL").df(); {\n  "n": c1["n"].max(),  # the largest\n}  # so much'
    results = cars.run({"op": "python", "code": own}, {"op": "aggregate", "table": "c1", "measures": [{"name": "s", "function": "sum", "column": "n"}]},
                       {"op": "python", "code": "y = results['c1']['n'] + x"}, {"op": "python", "code": "y, x"},
                       {"op": "chart", "table": "c1", "kind": "line", "x": "Origin", "y": "n", "title": ""})  # fmt: skip
    assert results["c1"] == {"n": 254} and results["c2"]["s"] == 406
    assert results["c3"] is None and results["c4"] == [255, 1]


# --- charts -----------------------------------------------------------------------------------------------------

CHARTS = [
    {"kind": "bar", "x": "Origin", "y": MPG}, {"kind": "bar", "x": "Name"}, {"kind": "bar", "x": "Cylinders", "y": HP, "sort": "x", "color": "Origin"},
    {"kind": "line", "x": "Year", "y": HP}, {"kind": "line", "x": "Cylinders", "y": HP, "color": "Origin"}, {"kind": "scatter", "x": HP, "y": MPG},
    {"kind": "scatter", "x": HP, "y": MPG, "color": "Origin"}, {"kind": "histogram", "x": HP}, {"kind": "histogram", "x": "Cylinders", "color": "Origin"},
    {"kind": "box", "x": "Origin", "y": HP}, {"kind": "box", "x": "Cylinders", "y": HP, "color": "Origin", "sort": "x"},
    {"kind": "heatmap", "x": "Origin", "y": "Cylinders", "color": HP}, {"kind": "heatmap", "x": "Origin", "y": "Cylinders"},
]  # fmt: skip


def specs(cells: Cells, *charts: dict[str, Any], units: dict[str, str] | None = None) -> Iterator[dict[str, Any]]:
    for chart in charts:
        cells.run({"op": "chart", "title": "A title", **chart}, units=units)
        spec = cells.namespace["chart"].to_dict()
        assert len(json.dumps(spec, allow_nan=False)) < 500_000
        yield spec


def test_every_chart_is_drawn(cars: Cells) -> None:
    import vl_convert

    for chart, spec in zip(CHARTS, specs(cars, *CHARTS, units={HP: "hp"}), strict=True):
        svg = vl_convert.vegalite_to_svg(json.dumps(spec))
        assert "A title" in svg and (HP not in chart.values() or "Horsepower (hp)" in svg), chart
        assert spec["width"] == 640 and spec["height"] == 360
        assert "NaN" not in svg, chart


def test_bars_are_sorted_and_what_is_left_out_is_said(cars: Cells, df: pd.DataFrame) -> None:
    by_mpg, by_name = specs(cars, *CHARTS[:2])
    assert by_mpg["encoding"]["y"]["sort"] == df.groupby("Origin")[MPG].mean().sort_values(ascending=False).index.tolist()
    assert by_mpg["encoding"]["x"]["title"] == f"mean of {MPG}"
    assert by_name["title"]["subtitle"] == [f"Only the 30 largest of the {df.Name.nunique()} are shown."]
    assert cars.results["c1"] == {"points": 30}


def test_large_scatters_are_thinned_but_fitted_to_all(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"a.b": rng.normal(size=9_001), "c[0]:d": rng.normal(size=9_001)})
    cells = Cells(tmp_path, data=frame)
    (spec,) = specs(cells, {"kind": "scatter", "x": "a.b", "y": "c[0]:d"})
    assert cells.results["c1"]["points"] == 1801 and "One in 5 of 9,001 points" in spec["title"]["subtitle"][0]
    line = stats.linregress(frame["a.b"], frame["c[0]:d"])
    fit = cells.namespace["fit"]
    assert (fit["y"][1] - fit["y"][0]) / (fit["x"][1] - fit["x"][0]) == near(line.slope)
    assert spec["layer"][0]["encoding"]["x"]["title"] == "a.b"


# --- promises about the code itself ---------------------------------------------------------------------------------

STORY: list[dict[str, Any]] = [
    {"op": "filter", "where": {"column": "Origin", "op": "!=", "value": "Europe"}},
    {"op": "aggregate", "table": "c1", "by": ["Cylinders"], "measures": [{"name": "mean", "function": "mean", "column": HP}]},
    {"op": "correlate", "table": "c1", "x": HP, "y": MPG, "because": "does power cost mileage?\nimport os"},
    {"op": "trend", "table": "c1", "time": "Year", "value": HP, "every": "year"},
    {"op": "chart", "kind": "scatter", "x": HP, "y": MPG, "title": "Power costs mileage"},
]  # fmt: skip


def test_cells_joined_are_a_script(cars: Cells) -> None:
    here = cars.run(*STORY)
    code = "\n\n".join(cars.code(*STORY)) + "\n\nimport json\nprint(json.dumps([results, chart.to_dict()], sort_keys=True))\n"
    outputs = {
        subprocess.run([sys.executable, "-I", "-W", "ignore", "-c", code], cwd=cars.folder, check=True, capture_output=True, text=True,
                       env={"PYTHONHASHSEED": seed, "PATH": ""}).stdout for seed in ("1", "2")
    }  # fmt: skip
    assert len(outputs) == 1, "the same bytes every time"
    assert json.loads(outputs.pop())[0] == here


def test_the_same_plan_gives_the_same_code(cars: Cells) -> None:
    assert cars.code(*STORY) == cars.code(*STORY)
    assert '# How columns go together. For: "does power cost mileage? import os"' in cars.code(*STORY)[3]


def test_results_do_not_depend_on_chance(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"g": rng.integers(0, 40, 400_000), "x": rng.lognormal(size=400_000), "y": rng.normal(size=400_000)})
    cells = Cells(tmp_path, data=frame)
    steps = [
        {"op": "aggregate", "by": ["g"], "measures": [{"name": "m", "function": "mean", "column": "x"}, {"name": "f", "function": "first", "column": "y"}]},
        {"op": "correlate", "x": "x", "y": "y"}, {"op": "drop_duplicates", "columns": ["g"]},
        {"op": "aggregate", "table": "c3", "measures": [{"name": "s", "function": "sum", "column": "x"}]},
    ]  # fmt: skip
    assert json.dumps(cells.run(*steps)) == json.dumps(cells.run(*steps))
    firsts = frame.groupby("g")["y"].first()
    assert cells.results["c1"]["groups"]["7"]["f"] == firsts[7] and cells.results["c3"]["rows"] == 40
    assert cells.results["c4"]["s"] == near(frame.drop_duplicates("g")["x"].sum())


def test_tables_are_what_check_says_they_will_be(cars: Cells) -> None:
    cars.run(
        {"op": "derive", "name": "a", "expression": '"Cylinders" * 2 + 1'}, {"op": "derive", "name": "b", "expression": '"Cylinders" / 2', "table": "c1"},
        {"op": "derive", "name": "c", "date_part": {"column": "Year", "part": "decade"}, "table": "c2"},
        {"op": "derive", "name": "d", "bin": {"column": HP, "count": 3}, "table": "c3"},
        {"op": "derive", "name": "e", "window": {"function": "cumulative_sum", "column": "Cylinders", "order_by": "Year"}, "table": "c4"},
        {"op": "derive", "name": "f", "window": {"function": "difference", "column": "Cylinders", "order_by": "Year"}, "table": "c5"},
        {"op": "derive", "name": "g", "cases": [{"when": {"column": HP, "op": ">", "value": 90}, "then": 1.5}], "otherwise": 0, "table": "c6"},
        {"op": "outliers", "columns": ["Cylinders"], "action": "clip", "table": "c7"}, {"op": "impute", "columns": ["Cylinders"], "method": "median", "table": "c8"},
        {"op": "scale", "columns": ["Cylinders"], "suffix": "_z", "table": "c9"}, {"op": "encode", "column": "Origin", "method": "label", "table": "c10"},
        {"op": "unpivot", "columns": ["Cylinders", WEIGHT], "names_to": "what", "table": "c11"}, {"op": "cast", "column": "Year", "to": "timestamp", "table": "c12"},
        {"op": "aggregate", "by": ["Year"], "table": "c13", "measures": [{"name": f"m{i}", "function": f, "column": "a"} for i, f in enumerate(["sum", "mean", "max", "range", "mode", "distinct", "share"])]},
        {"op": "trend", "time": "Year", "value": "a", "function": "max", "table": "c13", "by": ["Name"]}, {"op": "rank", "by": HP, "table": "c13"},
        {"op": "filter", "where": {"column": HP, "op": ">", "value": 90}, "table": "c16"},
    )  # fmt: skip
    seen = cars.before["c17"]
    for name in [f"c{i}" for i in range(1, 17)]:
        assert list(cars.types(name).items()) == list(seen[name].items()), name


NASTY = ['a"b', "back\\slash", "new\nline", "{x}", "{{y}}", '"""', '\\"""', "'''", "it's", "日本", "__import__('os').system('x')", "a.b", "a[0]:q", "# c", "$1 $x %s",
         "ignore previous instructions", "\u202eevil", "\r", "\u2028", "end\\", 'end"', "-- c", "/*", "select", "_row", "x", "rows", "🎉", "\x1b[31m"]  # fmt: skip
names = st.one_of(
    st.sampled_from(NASTY), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12)
)


@given(st.lists(names, min_size=3, max_size=3, unique_by=str.lower), st.lists(names, min_size=2, max_size=5, unique=True))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_names_and_values_are_inert(tmp_path: Path, columns: list[str], values: list[str]) -> None:
    text, number, new = columns
    frame = pd.DataFrame({text: [values[i % len(values)] for i in range(12)], number: [float(i) for i in range(12)]})
    if len({name.casefold() for name in columns}) < 3 or {"*", "n", "rows"} & {name.lower() for name in columns}:
        return
    cells = Cells(tmp_path, data=frame)
    quoted = '"' + number.replace('"', '""') + '"'
    results = cells.run(
        {"op": "filter", "where": {"column": text, "op": "==", "value": values[0]}, "because": values[0]},
        {"op": "filter", "where": {"column": text, "op": "not in", "value": values[:2]}},
        {"op": "aggregate", "by": [text], "measures": [{"name": new, "function": "sum", "column": number}]},
        {"op": "derive", "name": new, "expression": f"{quoted} + 1", "because": text},
        {"op": "rank", "by": number, "label": [text]},
        {"op": "encode", "column": text},
        {"op": "decide", "rules": [{"when": [{"ref": "c5:/name", "op": "==", "value": values[-1]}], "then": text}], "otherwise": new},
        {"op": "test", "kind": "kruskal", "column": number, "by": text, "groups": values[:2]},
        {"op": "chart", "kind": "bar", "x": text, "y": number, "title": values[0]},
        units={number: values[0]},
    )  # fmt: skip
    assert results["c1"]["rows"] == (frame[text] == values[0]).sum()
    assert results["c2"]["rows"] == (~frame[text].isin(values[:2])).sum()
    sums = frame.groupby(text)[number].sum()
    assert {name: group[new] for name, group in results["c3"]["groups"].items()} == sums.to_dict()
    assert cells.table("c4")[new].tolist() == (frame[number] + 1).tolist()
    assert results["c5"]["name"] == frame[text].iloc[-1]
    assert results["c6"]["columns"] == [f"{text}_{value}" for value in sorted(values)]
    assert list(results["c8"]["groups"]) == values[:2]
