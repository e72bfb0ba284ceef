"""Random plans over real tables through both engines: generated cells and the second engine must agree."""

import json
import os
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from shared.analysis.check import check
from shared.analysis.codegen import load_cell, step_code
from shared.analysis.plan import TABLE_MAKING, Plan
from shared.analysis.snapshot import Snapshot, take_snapshot
from shared.analysis.verify import verify
from shared.errors import BadInput

TABLES = Path(__file__).parents[1] / "bench" / "questions" / "tables"
NAMES = ["barley", "cars", "iris", "la_riots", "macrodata", "seattle_weather", "statecrime", "stocks", "wine"]
NUMBERS, DATES = ("BIGINT", "DOUBLE"), ("DATE", "TIMESTAMP")
Columns = dict[str, str]


@cache
def snapshot_of(name: str) -> tuple[Snapshot, Path, dict[str, list[Any]]]:
    """The snapshot, its folder and a few values of every column (ISO text for dates)."""
    import duckdb

    folder = Path(mkdtemp())
    snapshot = take_snapshot([TABLES / f"{name}.csv"], folder)
    rows = duckdb.sql(f"SELECT * FROM '{folder / snapshot.tables[0].file}' USING SAMPLE 40 ROWS (reservoir, 1)")
    values: dict[str, list[Any]] = {}
    for column, found in zip(rows.columns, zip(*rows.fetchall(), strict=True), strict=True):
        plain = [value if isinstance(value, int | float | str) else value.isoformat() for value in found if value is not None]
        values[column] = sorted(set(plain)) or [0]
    return snapshot, folder, values


def run_cells(plan: Plan, snapshot: Snapshot, folder: Path) -> dict[str, Any]:
    """Every cell's result as JSON holds it, by step id."""
    visible = check(plan, {table.name: {c.name: c.type for c in table.columns} for table in snapshot.tables})
    names: dict[str, Any] = {}
    before = os.getcwd()
    os.chdir(folder)
    try:
        exec(load_cell(snapshot).code, names)
        for step in plan.steps:
            exec(step_code(step, visible[step.id]), names)
    finally:
        os.chdir(before)
    return dict(json.loads(json.dumps(names["results"])))


# --- steps ------------------------------------------------------------------------------------------------------


class Drawer:
    """Draws the fields of one step for a table with these columns."""

    def __init__(
        self, draw: st.DrawFn, columns: Columns, values: dict[str, list[Any]], refs: list[str], keyed: dict[str, str]
    ) -> None:
        self.draw, self.columns, self.values = draw, columns, values
        self.refs = refs  # scalars of earlier steps
        self.keyed = keyed  # tables of groups, and the one column each is keyed by

    def pick(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def some(self, names: list[str], least: int = 1, most: int = 3) -> list[str]:
        assume(len(names) >= least)
        return list(self.draw(st.lists(st.sampled_from(names), min_size=least, max_size=most, unique=True)))

    def of(self, *types: str) -> list[str]:
        return [name for name, kind in self.columns.items() if kind in types]

    def one(self, *types: str) -> str:
        names = self.of(*types)
        assume(names)
        return str(self.pick(*names))

    def any(self) -> str:
        return str(self.pick(*self.columns))

    def keys(self, least: int = 0, most: int = 2) -> list[str]:
        return self.some(self.of("VARCHAR", "BIGINT", "BOOLEAN", "DATE", "DOUBLE"), least, most)

    def condition(self, depth: int = 0) -> dict[str, Any]:
        if depth < 2 and self.pick(True, False, False):
            kind = self.pick("all", "any", "no")
            inner = [self.condition(depth + 1) for _ in range(1 if kind == "no" else 2)]
            return {kind: inner[0] if kind == "no" else inner}
        name = self.any()
        kind, known = self.columns[name], self.values.get(name)
        if known is None or self.pick(*[False] * 5, True):
            return {"column": name, "op": self.pick("is null", "not null")}
        if kind == "VARCHAR":
            op = self.pick("==", "!=", "<", ">=", "in", "not in", "contains", "starts with", "ends with")
            if op in ("in", "not in"):
                return {"column": name, "op": op, "value": self.some(known, 1, 3)}
            value = str(self.pick(*known))
            return {
                "column": name,
                "op": op,
                "value": value if len(op) <= 2 else self.pick(value[:2], value[-3:].upper()) or "e",
            }
        others = [n for n in self.of(*NUMBERS) if kind in NUMBERS and n != name]
        value = {"column": self.pick(*others)} if others and self.pick(False, False, True) else self.pick(*known)
        if kind in NUMBERS and self.refs and self.pick(False, True):
            value = {"ref": self.pick(*self.refs)}
        if isinstance(value, float | int) and not isinstance(value, bool) and self.pick(True, False):
            value = value + 0.25
        return {"column": name, "op": self.pick("==", "!=", "<", "<=", ">", ">="), "value": value}

    def scalar(self) -> Any:
        return self.pick("low", "high", "mid")

    def derive(self) -> dict[str, Any]:
        way = self.pick("expression", "date_part", "bin", "cases", "window")
        return {"name": self.pick("new", self.any()), way: getattr(self, way)()}

    def expression(self) -> str:
        def quoted() -> str:
            return '"' + self.one(*NUMBERS) + '"'

        return str(self.pick(
            f"{quoted()} + {quoted()}", f"{quoted()} / {quoted()}", f"{quoted()} * 2 - {quoted()}", f"ln({quoted()})",
            f"sqrt(abs({quoted()})) + 1", f"round({quoted()}, 1)", f"floor({quoted()} / 3)", f"{quoted()} % 7",
            f"greatest({quoted()}, {quoted()})", f"exp(-abs({quoted()}) / 100)", f"-{quoted()} ^ 2", f"log10({quoted()}) - log2({quoted()})",
        ))  # fmt: skip

    def date_part(self) -> dict[str, Any]:
        parts = [
            "year",
            "quarter",
            "month",
            "week",
            "day",
            "weekday",
            "hour",
            "day_name",
            "month_name",
            "year_month",
            "decade",
        ]
        return {"column": self.one(*DATES), "part": self.pick(*parts)}

    def bin(self) -> dict[str, Any]:
        name = self.one(*NUMBERS)
        known = self.values.get(name, [0, 1, 5, 10])
        edges = sorted({float(v) for v in self.some(known, 1, 4)})
        how = self.pick({"edges": edges}, {"edges": edges, "open_ended": True}, {"width": self.pick(0.5, 5.0, 100.0)},
                        {"count": self.pick(2, 5)}, {"quantiles": self.pick(2, 4)})  # fmt: skip
        return {"column": name, "right": self.pick(True, False), **how}

    def cases(self) -> list[dict[str, Any]]:
        return [{"when": self.condition(), "then": self.scalar()} for _ in range(2)]

    def window(self) -> dict[str, Any]:
        function = self.pick("lag", "difference", "percent_change", "cumulative_sum", "rolling_mean", "rank", "zscore",
                             "share", "group_mean")  # fmt: skip
        ordered = function in ("lag", "difference", "percent_change", "cumulative_sum", "rolling_mean")
        return {"function": function, "column": self.one(*NUMBERS), "order_by": self.any() if ordered else None,
                "by": self.keys(0, 1), "size": self.pick(1, 2, 3)}  # fmt: skip

    def filter(self) -> dict[str, Any]:
        return {"where": self.condition()}

    def cast(self) -> dict[str, Any]:
        name = self.any()
        to = {"VARCHAR": ("number", "integer"), "DATE": ("text", "timestamp"), "BOOLEAN": ("text", "integer")}
        return {"column": name, "to": self.pick(*to.get(self.columns[name], ("text", "integer", "number")))}

    def outliers(self) -> dict[str, Any]:
        return {"columns": self.some(self.of(*NUMBERS)), "method": self.pick("zscore", "iqr"), "k": self.pick(1.0, 1.5, 2.0),
                "side": self.pick("both", "upper", "lower"), "ddof": self.pick(0, 1),
                "action": self.pick("remove", "clip", "null", "count")}  # fmt: skip

    def drop_missing(self) -> dict[str, Any]:
        return {"columns": self.pick(None, self.some(list(self.columns))), "how": self.pick("any", "all")}

    def impute(self) -> dict[str, Any]:
        method = self.pick("mean", "median", "mode", "ffill", "constant")
        names = self.some(self.of(*NUMBERS) if method != "mode" else list(self.columns))
        by = [name for name in self.keys(0, 1) if name not in names] if method not in ("ffill", "constant") else []
        return {"columns": names, "method": method, "by": by, "value": 0 if method == "constant" else None}

    def scale(self) -> dict[str, Any]:
        return {"columns": self.some(self.of(*NUMBERS)), "method": self.pick("zscore", "minmax", "robust"),
                "ddof": self.pick(0, 1), "suffix": self.pick("", "_scaled")}  # fmt: skip

    def encode(self) -> dict[str, Any]:
        return {"column": self.one("VARCHAR", "BIGINT"), "method": self.pick("onehot", "label")}

    def drop_duplicates(self) -> dict[str, Any]:
        return {"columns": self.pick(None, self.some(list(self.columns)))}

    def unpivot(self) -> dict[str, Any]:
        return {"columns": self.some(self.of(*NUMBERS), 2, 3)}

    def join(self) -> dict[str, Any]:
        tables = [table for table, key in self.keyed.items() if key in self.columns]
        assume(tables)
        right = self.pick(*tables)
        return {"right": right, "on": [self.keyed[right]], "how": self.pick("inner", "left")}

    def calculate(self) -> dict[str, Any]:
        assume(self.refs)
        values = {"a": self.pick(*self.refs), "b": self.pick(*self.refs)}
        return {
            "values": values,
            "expression": self.pick("a - b", "a / b * 100", "ln(a) + b ^ 2", "round(a, 2) % 3", "least(a, b)"),
        }

    def decide(self) -> dict[str, Any]:
        assume(self.refs)
        rules = [{"when": [{"ref": self.pick(*self.refs), "op": self.pick("<", ">=", "=="), "absolute": self.pick(True, False),
                            "value": self.pick(0, 1.5, {"ref": self.pick(*self.refs)})}], "then": then} for then in ("a", "b")]  # fmt: skip
        return {"rules": rules, "otherwise": "c"}

    def aggregate(self) -> dict[str, Any]:
        measures = [{**self.measure(), "name": f"m{number}"} for number in range(self.pick(1, 2, 3))]
        having = {"column": "m0", "op": self.pick("not null", "is null")} if self.pick(False, False, True) else None
        by = self.keys(0, 2)
        return {"measures": measures, "by": by, "having": having if by else None}

    def measure(self) -> dict[str, Any]:
        numeric = ["sum", "mean", "median", "range", "std", "var", "sem", "cv", "quantile", "iqr", "skew", "kurtosis", "share",
                   "percent", "geometric_mean"]  # fmt: skip
        function = self.pick("count", "null_count", "distinct", "mode", "min", "max", "first", "last", *numeric)
        column = self.one(*NUMBERS) if function in numeric else self.any()
        if function in ("count", "share", "percent") and self.pick(True, False):
            column = None
        return {"function": function, "column": column, "q": self.pick(0.1, 0.5, 0.95) if function == "quantile" else None,
                "ddof": self.pick(0, 1), "bias": self.pick(True, False),
                "where": self.condition() if self.pick(False, False, True) else None}  # fmt: skip

    def rank(self) -> dict[str, Any]:
        return {"by": self.one(*NUMBERS, *DATES), "label": self.keys(0, 2), "k": self.pick(1, 3, 10),
                "order": self.pick("asc", "desc"), "ties": self.pick("first", "all"), "position": self.pick(1, 1, 2)}  # fmt: skip

    def trend(self) -> dict[str, Any]:
        time = self.one(*DATES, "BIGINT")
        value = self.pick(None, self.one(*NUMBERS))
        every = None if self.columns[time] == "BIGINT" else self.pick(None, "year", "quarter", "month", "week", "day")
        function = "count" if value is None else self.pick("sum", "mean", "median", "min", "max", "count", "last")
        return {"time": time, "value": value, "every": every, "by": self.keys(0, 1), "function": function}

    def correlate(self) -> dict[str, Any]:
        method = {"method": self.pick("pearson", "spearman", "kendall")}
        names = self.some(self.of(*NUMBERS), 2, 4)
        if len(names) == 2:
            return {"x": names[0], "y": names[1], "by": self.keys(0, 1), **method}
        return {"columns": names[1:], "target": names[0], **method} if self.pick(True, False) else {"columns": names, **method}

    def test(self) -> dict[str, Any]:
        kind = self.pick("t_test", "t_test_1sample", "t_test_paired", "mann_whitney", "anova", "kruskal", "levene", "bartlett",
                         "chi_square", "jarque_bera", "proportion_z", "fisher_exact")  # fmt: skip
        one = {"kind": kind, "alternative": "two-sided"}
        if kind in ("t_test_1sample", "jarque_bera"):
            return {**one, "column": self.one(*NUMBERS), "mu": float(self.pick(0, 1, 20))}
        if kind == "t_test_paired":
            return {**one, "columns": self.some(self.of(*NUMBERS), 2, 2)}
        by = self.one("VARCHAR", "BIGINT")
        known = self.values.get(by, [])
        column = self.one(*NUMBERS) if kind not in ("chi_square", "proportion_z", "fisher_exact") else self.any()
        assume(column != by)
        two = kind in ("t_test", "mann_whitney", "proportion_z", "fisher_exact")
        groups = self.some(known, 2, 2) if two else None
        success = {"success": self.pick(*self.values.get(column, [0]))} if kind == "proportion_z" else {}
        return {**one, "column": column, "by": by, "groups": groups, "equal_var": self.pick(True, False), **success}

    def associate(self) -> dict[str, Any]:
        columns = self.some(self.of(*NUMBERS, "VARCHAR"), 2, 4)
        return {"target": columns[0], "columns": self.pick(None, columns[1:])}

    def summarize(self) -> dict[str, Any]:
        return {}


CHANGES = ["filter", "derive", "cast", "outliers", "drop_missing", "impute", "scale", "encode", "drop_duplicates", "unpivot"]
FOLLOW = ["filter", "filter", "join", "join", "derive", "calculate", "decide"]  # steps that may use what was measured aside
ANSWERS = ["aggregate", "aggregate", "aggregate", "rank", "trend", "correlate", "test", "associate", "summarize"]
ROUNDING = "hangs on rounding"  # equality of computed floats: rightly not recomputed
OF_TABLE = ("mode", "min", "max", "first", "last")  # measures that may be text


@st.composite
def plans(draw: st.DrawFn) -> tuple[str, Plan]:
    """Steps that change the table, perhaps a measure aside and steps that use it, then one or two that measure the table."""
    name = draw(st.sampled_from(NAMES))
    snapshot, _, values = snapshot_of(name)
    schema = {table.name: {c.name: c.type for c in table.columns} for table in snapshot.tables}
    ops = draw(st.lists(st.sampled_from(CHANGES), max_size=3))
    if draw(st.booleans()):
        ops += ["aside", *draw(st.lists(st.sampled_from(FOLLOW), min_size=1, max_size=2))]
    ops += draw(st.lists(st.sampled_from(ANSWERS), min_size=1, max_size=2))
    steps: list[dict[str, Any]] = []
    table, refs, keyed = "data", list[str](), dict[str, str]()
    for number, op in enumerate(ops, 1):
        look = {"id": "look", "op": "aggregate", "table": table, "measures": [{"name": "k", "function": "count"}]}
        columns = check(Plan.model_validate({"steps": [*steps, look]}), schema)["look"][table]
        assume("*" not in columns)
        same = {n: v for n, v in values.items() if columns.get(n) == schema["data"].get(n)}
        drawer = Drawer(draw, columns, same, refs, keyed)
        kind = "aggregate" if op == "aside" else op
        step = {"id": f"c{number}", "op": kind, "table": table, **getattr(drawer, kind)()}
        steps.append(step)
        try:
            check(Plan.model_validate({"steps": steps}), schema)
        except BadInput:
            assume(False)
        if op == "aside" and not step["by"]:
            refs += [f"{step['id']}:/{m['name']}" for m in step["measures"] if m["function"] not in OF_TABLE]
        elif op == "aside" and len(step["by"]) == 1:
            keyed[step["id"]] = step["by"][0]
        elif op == "calculate":
            refs.append(f"{step['id']}:/value")
        elif kind in TABLE_MAKING and step.get("action") != "count":
            table = step["id"]
    return name, Plan.model_validate({"steps": steps})


@settings(
    max_examples=int(os.environ.get("EXAMPLES", "60")),
    derandomize="EXAMPLES" not in os.environ,  # the same plans every time, unless one looks for more
    phases=[Phase.generate],  # a failing plan is short enough to read; shrinking it takes minutes
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)
@given(plans())
@pytest.mark.filterwarnings("ignore")  # numpy's about groups of one row
def test_both_engines_agree(drawn: tuple[str, Plan]) -> None:
    name, plan = drawn
    snapshot, folder, _ = snapshot_of(name)
    try:
        results = run_cells(plan, snapshot, folder)
    except (BadInput, ValueError):  # a cell may refuse data it cannot answer on, in plain words
        assume(False)
    checks = verify(plan, snapshot, folder, results).checks
    wrong = [
        f"{check.step} {check.status}: {check.why}" for check in checks if check.status != "agrees" and ROUNDING not in check.why
    ]
    steps = [step.model_dump(exclude_defaults=True) | {"op": step.op} for step in plan.steps]
    assert not wrong, "\n".join([name, *map(str, steps), *wrong])


if __name__ == "__main__":
    pytest.main([__file__])
