"""Type-checks a Plan against the tables it is about, before anything runs.

Covered: tables, columns and steps that do not exist (with the names that come close), references that point forward or at
nothing, functions and comparisons that do not suit a column's type, steps with parts missing or at odds, the columns and types
each step makes. Not covered: what only the data can tell (two groups where there are three, a text that is no number).

Columns that are only known once a cell ran (one-hot columns, a Python step's table) are written as the column "*", whose
type is theirs ("" if unknown); tables made from such a table have it too, and names are not checked there.
"""

from collections.abc import Mapping

from shared.analysis import plan as p
from shared.analysis.check.columns import Columns, Tables, added, check_condition, check_made, column, columns_of
from shared.analysis.check.measuring import (
    check_associate,
    check_calculate,
    check_chart,
    check_correlate,
    check_decide,
    check_model,
    check_test,
)
from shared.analysis.check.references import Results, check_report, result_keys
from shared.analysis.check.tables import aggregated, cast, derived, encoded, imputed, joined, python, trend, unpivoted
from shared.analysis.check.telling import check_text, close, wrong
from shared.analysis.codegen.sql import RESERVED


def check(plan: p.Plan, snapshot_tables: Mapping[str, Mapping[str, str]]) -> dict[str, Tables]:
    """The tables (name → column → DuckDB type) each step can see, by step id.

    Raises UnknownColumn or InvalidPlan, which name the step, what is wrong with it and what was probably meant.
    """
    tables: Tables = {
        table: {name: type for name, type in columns.items() if name != "*"} for table, columns in snapshot_tables.items()
    }
    results: dict[str, set[str] | None] = {"c0": {"tables"}, "plan": None}
    before: dict[str, Tables] = {}
    for i, step in enumerate(plan.steps):
        if step.id in tables or step.id in RESERVED:
            raise wrong(step, f"`{step.id}` is already the name of something else.", "Give the step another id.")
        check_text(step, step.model_dump(exclude={"code"}))
        before[step.id] = dict(tables)
        if isinstance(step, p.Report):
            if i != len(plan.steps) - 1:
                raise wrong(step, "The report is not the last step.", "Move it to the end.")
            check_report(step, results)
            break
        if step.table not in tables:
            raise wrong(step, f"There is no table `{step.table}` at this point.", close(step.table, tables))
        made = _check_step(step, tables, results)
        results[step.id] = result_keys(step)
        if made is not None:
            check_made(step, made)
            tables[step.id] = made
    return before


def _check_step(step: p.Step, tables: Tables, results: Results) -> Columns | None:
    columns = tables[step.table]
    match step:
        case p.Filter():
            check_condition(step, step.where, columns, results)
            return columns
        case p.Derive():
            return {**columns, step.name: derived(step, columns, results)}
        case p.Cast():
            return {**columns, step.column: cast(step, columns)}
        case p.Outliers():
            columns_of(step, columns, step.columns, "number", "boolean")
            new = dict.fromkeys(step.columns, "DOUBLE") if step.action == "clip" else {}
            return None if step.action == "count" else {**columns, **new}
        case p.DropMissing() | p.DropDuplicates():
            columns_of(step, columns, step.columns or [])
            if step.columns == []:
                raise wrong(step, "The list of columns is empty.", "Leave it out to mean all columns.")
            if isinstance(step, p.DropMissing) and step.columns is None and step.how == "all" and "*" in columns:
                raise wrong(step, "The columns of this table are not known yet.", "List the columns.")
            return columns
        case p.Impute():
            return {**columns, **imputed(step, columns)}
        case p.Scale():
            columns_of(step, columns, step.columns, "number", "boolean")
            made = [name + step.suffix for name in step.columns]
            if step.suffix and (clash := sorted({n.lower() for n in made} & {n.lower() for n in columns})):
                raise wrong(step, f"There already is a column `{clash[0]}`.", "Choose another suffix.")
            return {**columns, **added(step, made), **dict.fromkeys(made, "DOUBLE")}
        case p.Encode():
            return encoded(step, columns)
        case p.Unpivot():
            return unpivoted(step, columns)
        case p.Join():
            return joined(step, columns, tables)
        case p.Aggregate():
            return aggregated(step, columns, results)
        case p.Rank():
            column(step, columns, step.by)
            columns_of(step, columns, step.label)
            return columns
        case p.Correlate():
            check_correlate(step, columns)
        case p.Test():
            check_test(step, columns)
        case p.Trend():
            return trend(step, columns)
        case p.Associate():
            check_associate(step, columns)
        case p.Summarize():
            columns_of(step, columns, step.columns or [])
        case p.FitModel():
            check_model(step, columns)
        case p.Calculate():
            check_calculate(step, results)
        case p.Decide():
            check_decide(step, results)
        case p.Chart():
            check_chart(step, columns, results)
        case p.Python():
            return python(step)
    return None
