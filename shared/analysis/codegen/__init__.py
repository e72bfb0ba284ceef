"""Code from a Plan: the same plan gives the same text, and the same text on the same data the same bytes of results.

Cells are what a careful analyst would keep: DuckDB SQL for tables, scipy, statsmodels and scikit-learn for statistics, on
just the columns they need. They share one namespace, in order, and also run in a plain notebook next to the Parquet files.

`c0` runs DuckDB on one thread: with two, sums of floating-point numbers are added in another order each time and every run
ended in other digits (20 M rows: 4 different results in 4 runs, against one). It costs 1.8 × on two cores (0.18 → 0.32 s for
a grouped mean of 20 M rows); rounding the results instead would only make the difference rare. Row order needs one thread too
where it comes from a join.

Covered: every step of `shared.analysis.plan`. Not covered: the values `{{…}}` of titles, which the caller puts in.
"""

import ast
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from shared.analysis.codegen import charts, cleaning, hypotheses, learning, measures, relational, statistics
from shared.analysis.codegen.arithmetic import python_arithmetic
from shared.analysis.codegen.sql import (
    Tables,
    comment,
    keep,
    keep_items,
    py,
    result_of,
    rows,
    table,
    text,
    variable,
)
from shared.analysis.expression import parse
from shared.analysis.plan import Calculate, Cell, Chart, Decide, Predicate, Python, RefValue, Report, Step, Test

if TYPE_CHECKING:
    from shared.analysis.snapshot import Snapshot

__all__ = ["load_cell", "step_code"]

_LOAD = '''\
# Load the tables. One thread adds numbers in one order, so that equal data gives equal digits.
import math

import duckdb
import numpy as np
import pandas as pd

db = duckdb.connect(config={"threads": 1, "memory_limit": "1500MB"})
db.execute("CREATE MACRO coefficient(x) AS CASE WHEN isfinite(x) THEN greatest(-1.0, least(1.0, x)) END")  # rounding aside
db.execute("CREATE MACRO finite(x) AS CASE WHEN isfinite(x) THEN x END")  # null where a function is not defined
results = {}  # what each cell found, by its step


def plain(value):
    """A result as JSON keeps it: dates as ISO text, NaN and infinity as None, NumPy's numbers as Python's."""
    if isinstance(value, dict):
        return {key(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, pd.Series):
        value = value.to_frame(value.name if value.name is not None else "value")
    if isinstance(value, pd.DataFrame):
        value = value if isinstance(value.index, pd.RangeIndex) else value.reset_index()
        return {"columns": [key(name) for name in value], "rows": plain(value[:1000].to_numpy(dtype=object).tolist()), "n": len(value)}
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is pd.NaT or value is pd.NA:
        return None
    return value.isoformat() if hasattr(value, "isoformat") else value


def key(*values):
    """Values as the name of a group: a, 1, 2.5, true, 2020-01-31, several as "a | b"."""
    values = ["null" if value is None else plain(value) for value in values]
    return " | ".join(str(value).lower() if isinstance(value, bool) else str(value) for value in values)


def keep(step, result):
    """Store a step's result for later cells, and show it. A chart is only shown."""
    result = plain(result)
    results[step] = None if hasattr(result, "to_dict") else result
    return result


def quoted(name):
    """A column's name in SQL."""
    return '"' + name.replace('"', '""') + '"'


'''


def load_cell(snapshot: "Snapshot") -> Cell:
    """`c0`: one view per table over its Parquet file in the working folder. Result: {tables: {name: rows}}."""
    views = "".join(
        f"db.execute({_string(f'CREATE VIEW {table(t.name)} AS SELECT * FROM read_parquet({text(t.file)})')})\n"
        for t in snapshot.tables
    )
    counts = "{" + ", ".join(f"{py(t.name)}: {rows(t.name)}" for t in snapshot.tables) + "}"
    return Cell(id="c0", code=_LOAD + views + keep("c0", tables=counts))


def _string(sql: str) -> str:
    return repr(sql) if '"' in sql else py(sql)


def calculate(step: Calculate, tables: Tables) -> str:
    code = "".join(f"{variable(name)} = {result_of(ref)}\n" for name, ref in step.values.items())
    expression, _ = python_arithmetic(parse(step.expression))
    code += f"try:\n    value = {expression}\n"
    code += "except (TypeError, ValueError, ArithmeticError):  # something is missing, or this is not defined\n"
    code += "    value = None\n"
    return code + keep_items(step.id, [("value", "value"), *((name, variable(name)) for name in step.values)])


def decide(step: Decide, tables: Tables) -> str:
    """A chain of conditions; a missing value makes its rule not hold."""
    names: dict[str, str] = {}

    def value(ref: str) -> str:
        return names.setdefault(ref, f"v{len(names) + 1}")

    def holds(p: Predicate) -> str:
        left = value(p.ref)
        right = value(p.value.ref) if isinstance(p.value, RefValue) else py(p.value)
        present = [f"{left} is not None"] + [f"{right} is not None"] * isinstance(p.value, RefValue)
        return " and ".join([*present, f"{f'abs({left})' if p.absolute else left} {p.op} {right}"])

    chain = ""
    for i, rule in enumerate(step.rules):
        chain += f"{'el' * bool(i)}if {' and '.join(map(holds, rule.when))}:\n    label, rule = {py(rule.then)}, {i}\n"
    chain += f"else:\n    label, rule = {py(step.otherwise)}, None\n"
    code = "".join(f"{name} = {result_of(ref)}\n" for ref, name in names.items())
    return code + chain + keep(step.id, label="label", rule="rule")


def python(step: Python, tables: Tables) -> str:
    """The code as it is, its last expression kept, and a DataFrame of the step's name made a table."""
    tree = ast.parse(step.code)
    code, last = step.code.rstrip() + "\n", tree.body[-1] if tree.body else None
    made = any(isinstance(n, ast.Name) and n.id == step.id and isinstance(n.ctx, ast.Store) for n in ast.walk(tree))
    register = f"if isinstance({step.id}, pd.DataFrame):\n    db.register({py(step.id)}, {step.id})\n" if made else ""
    if not isinstance(last, ast.Expr):
        return code + register + f"keep({py(step.id)}, None)\n"
    lines = step.code.splitlines(keepends=True)
    before = "".join(lines[: last.lineno - 1]) + lines[last.lineno - 1].encode()[: last.col_offset].decode()
    expression = ast.get_source_segment(step.code, last.value) or ""
    before = before.rstrip(" ;")
    before += "\n" if before and not before.endswith("\n") else ""
    return f"{before}{register}keep({py(step.id)}, ({expression}))\n"


_WRITERS: dict[str, Callable[..., str]] = {
    "filter": relational.filter_rows,
    "derive": relational.derive,
    "cast": cleaning.cast,
    "outliers": cleaning.outliers,
    "drop_missing": relational.drop_missing,
    "impute": cleaning.impute,
    "scale": cleaning.scale,
    "encode": cleaning.encode,
    "drop_duplicates": relational.drop_duplicates,
    "unpivot": relational.unpivot,
    "join": relational.join,
    "aggregate": measures.aggregate,
    "rank": measures.rank,
    "summarize": measures.summarize,
    "correlate": statistics.correlate,
    "test": hypotheses.test,
    "trend": statistics.trend,
    "associate": statistics.associate,
    "model": learning.model,
    "calculate": calculate,
    "decide": decide,
    "python": python,
}


_WORDS = {
    "filter": "Keep the rows that match.",
    "derive": "Add a column.",
    "cast": "Change the type of a column.",
    "outliers": "Look for values far from the rest.",
    "drop_missing": "Leave out rows with missing values.",
    "impute": "Fill in missing values.",
    "scale": "Rescale numbers.",
    "encode": "Turn categories into numbers.",
    "drop_duplicates": "Keep the first of equal rows.",
    "unpivot": "Turn columns into rows.",
    "join": "Match the rows of two tables.",
    "aggregate": "Measure.",
    "rank": "The rows at the top.",
    "summarize": "Every column at a glance.",
    "correlate": "How columns go together.",
    "test": "Test a hypothesis.",
    "trend": "The course over time.",
    "associate": "What goes together with the target.",
    "model": "Fit a model and score it.",
    "calculate": "Reckon with earlier results.",
    "decide": "Decide by rules on earlier results.",
    "python": "Own code.",
    "chart": "A picture.",
}


def _comment(step: Step) -> str:
    """What the cell does, and in quotes the words of the goal it is for."""
    words = _WORDS[step.op]
    if isinstance(step, Test):
        words = f"Test a hypothesis: {step.kind}."
    return comment(f'{words} For: "{step.because}"' if step.because.strip() else words)


def step_code(step: Step, tables: Tables, units: Mapping[str, str] | None = None, labels: Mapping[str, str] | None = None) -> str:
    """The cell of a step; "" for a report, which has none.

    `tables` are the columns visible before it (from `check`), `units` and `labels` (instead of names) those of columns,
    for the axes of charts. A chart's title comes with its references filled in.
    """
    if isinstance(step, Report):
        return ""
    if isinstance(step, Chart):
        titles = dict(labels or {})
        titles |= {name: f"{titles.get(name, name)} ({unit})" for name, unit in (units or {}).items()}
        return _comment(step) + charts.chart(step, tables, titles)
    return _comment(step) + _WRITERS[step.op](step, tables)
