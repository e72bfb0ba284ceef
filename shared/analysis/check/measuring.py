"""Steps that only measure, reckon or draw."""

import keyword
import re

from shared.analysis import expression
from shared.analysis import plan as p
from shared.analysis.check.columns import WORDS, Columns, column, columns_of, comparable
from shared.analysis.check.references import TEMPLATE, Results, check_ref
from shared.analysis.check.telling import close, wrong
from shared.analysis.codegen import learning
from shared.analysis.codegen.sql import Kind


def check_correlate(step: p.Correlate, columns: Columns) -> None:
    names = step.columns if step.columns is not None else [step.x or "", step.y or ""]
    if step.x is not None and step.x == step.y:
        raise wrong(step, f"`{step.x}` is correlated with itself.", "Give two columns.")
    columns_of(step, columns, [*dict.fromkeys([*names, *([step.target] if step.target else [])])], "number", "boolean")
    if step.columns is None:
        if step.target is not None:
            raise wrong(step, "`target` goes with `columns`.", "Give x and y alone, or columns and a target.")
        columns_of(step, columns, step.by)
        return
    if step.by:
        raise wrong(step, "`by` goes with x and y.", "Correlate one pair by groups, or several pairs without.")
    others = [name for name in step.columns if name != step.target]
    if len(others) < (1 if step.target else 2) or len(set(others)) != len(others):
        raise wrong(step, "There are not enough different columns to correlate.", "List each once.")
    if not step.target and len(others) > 200:
        raise wrong(
            step,
            f"{len(others)} columns make {len(others) * (len(others) - 1) // 2:,} pairs.",
            "Choose at most 200, or a target.",
        )


_BY_GROUP = ("t_test", "mann_whitney", "ks_2sample", "anova", "kruskal", "levene", "bartlett")
_SIDED = ("t_test", "t_test_1sample", "t_test_paired", "mann_whitney", "wilcoxon", "ks_2sample", "fisher_exact", "proportion_z")


def check_test(step: p.Test, columns: Columns) -> None:
    two = step.kind in ("t_test", "mann_whitney", "ks_2sample", "proportion_z")
    if step.kind in _BY_GROUP:
        if step.columns is not None:
            if step.column is not None or step.by is not None or step.groups is not None:
                raise wrong(step, "Samples are either `columns`, or `column` split by `by`.", "Give one of the two.")
            if len(step.columns) < 2 or (two and len(step.columns) != 2):
                raise wrong(step, f"`{step.kind}` compares {'two' if two else 'two or more'} samples.", "List that many columns.")
            columns_of(step, columns, step.columns, "number", "boolean")
        elif step.column is None or step.by is None:
            raise wrong(
                step,
                f"`{step.kind}` needs `column` and `by`, or `columns`.",
                "Say which values are compared between which groups.",
            )
        else:
            column(step, columns, step.column, "number", "boolean")
    elif step.kind in ("t_test_paired", "wilcoxon"):
        if step.columns is None or len(step.columns) != 2 or step.column or step.by:
            raise wrong(step, f"`{step.kind}` needs two `columns`.", "List the two measurements of each row.")
        columns_of(step, columns, step.columns, "number", "boolean")
    elif step.kind in ("chi_square", "fisher_exact", "proportion_z"):
        if step.column is None or step.by is None or step.columns is not None:
            raise wrong(step, f"`{step.kind}` needs `column` and `by`.", "Name the two columns of categories.")
        found = column(step, columns, step.column)
        if step.kind == "proportion_z":
            if step.success is None and found != "boolean":
                raise wrong(step, "`proportion_z` needs `success`: the value that is counted.", "Give a value of the column.")
            if step.success is not None and not comparable(found, step.success):
                raise wrong(
                    step,
                    f"{step.success!r} cannot be in `{step.column}`, which is {WORDS[found]}.",
                    "Give a value of the column.",
                )
    else:
        if step.column is None or step.by is not None or step.columns is not None:
            raise wrong(step, f"`{step.kind}` needs one `column`, and no other.", "Give the column alone.")
        column(step, columns, step.column, "number", "boolean")
    if step.by is not None:
        found = column(step, columns, step.by)
        if step.by == step.column:
            raise wrong(step, f"`{step.by}` is compared between groups of itself.", "Group by another column.")
        for value in step.groups or []:
            if not comparable(found, value):
                raise wrong(step, f"{value!r} cannot be in `{step.by}`, which is {WORDS[found]}.", "Pick values of the column.")
    if step.groups is not None:
        if step.by is None:
            raise wrong(step, "`groups` picks values of `by`, which is missing.", "Say `by` which column.")
        if len(step.groups) < 2 or (two and len(step.groups) != 2) or len(set(map(str, step.groups))) != len(step.groups):
            raise wrong(step, f"`{step.kind}` compares {'two' if two else 'two or more'} different groups.", "Pick that many.")
    if step.alternative != "two-sided" and step.kind not in _SIDED:
        raise wrong(step, f"`{step.kind}` has no one-sided form.", "Leave `alternative` out.")
    if step.success is not None and step.kind != "proportion_z":
        raise wrong(step, "`success` goes with `proportion_z`.", "Leave it out.")


def check_model(step: p.FitModel, columns: Columns) -> None:
    if step.task not in learning.tasks(step.kind):
        raise wrong(step, f"`{step.kind}` does no {step.task}.", f"It does {learning.tasks(step.kind)[0]}.")
    if step.target in step.features:
        raise wrong(
            step,
            f"The target `{step.target}` is among the features.",
            "A model that sees the answer learns nothing: take it out.",
        )
    columns_of(step, columns, step.features, "number", "text", "boolean")
    if step.task == "regression":
        column(step, columns, step.target, "number", "boolean", use="Regression")
    else:
        column(step, columns, step.target, "number", "text", "boolean", use="Classification")
    for metric in step.metrics:
        if metric not in learning.metrics_of(step.task):
            raise wrong(
                step, f"`{metric}` does not measure a {step.task}.", f"There are: {', '.join(learning.metrics_of(step.task))}."
            )
    for name in step.params:
        if not name.isidentifier() or keyword.iskeyword(name):
            raise wrong(step, f"{name!r} cannot be a parameter.", "Use the names scikit-learn has.")
    if step.split and step.split.stratify and (not step.split.shuffle or step.task == "regression"):
        raise wrong(step, "`stratify` needs shuffling and classes.", "Leave it out.")


def check_calculate(step: p.Calculate, results: Results) -> None:
    if "value" in step.values:
        raise wrong(step, "`value` is the name of the result.", "Call the part something else.")
    tree = expression.parse(step.expression)
    for name in expression.variables(tree):
        if name not in step.values:
            raise wrong(step, f"The expression uses `{name}`, which has no value.", close(name, step.values))
    for ref in step.values.values():
        check_ref(step, ref, results)


def check_chart(step: p.Chart, columns: Columns, results: Results) -> None:
    kinds: dict[str, tuple[Kind, ...]] = {
        "scatter": ("number", "boolean"),
        "histogram": ("number", "boolean"),
        "line": ("date", "number", "text"),
    }
    column(step, columns, step.x, *kinds.get(step.kind, ()), use=f"The x of a {step.kind}")
    if step.y is None and step.kind in ("scatter", "box", "heatmap"):
        raise wrong(step, f"A {step.kind} needs `y`.", "Name the other column.")
    if step.y is not None and step.kind == "histogram":
        raise wrong(step, "A histogram counts rows and takes no `y`.", "Leave it out.")
    if step.y is not None:
        column(step, columns, step.y, *(() if step.kind == "heatmap" else ("number", "boolean")), use=f"The y of a {step.kind}")
        if step.y == step.x:
            raise wrong(step, f"x and y are both `{step.x}`.", "Choose two columns.")
    if step.color is not None:
        column(
            step, columns, step.color, *(("number", "boolean") if step.kind == "heatmap" else ()), use="The color of a heatmap"
        )
    for ref in TEMPLATE.findall(re.sub(r'"(?:[^"]|"")*"', "", step.title)):  # a quoted name may look like a reference
        check_ref(step, ref.strip(), results)


def check_associate(step: p.Associate, columns: Columns) -> None:
    column(step, columns, step.target, "number", "text", "boolean")
    columns_of(step, columns, step.columns or [], "number", "text", "boolean")
    if step.columns is not None and not set(step.columns) - {step.target}:
        raise wrong(step, "There is no column beside the target.", "List the columns to compare with it, or none for all.")


def check_decide(step: p.Decide, results: Results) -> None:
    for predicate in (predicate for rule in step.rules for predicate in rule.when):
        check_ref(step, predicate.ref, results)
        if isinstance(predicate.value, p.RefValue):
            check_ref(step, predicate.value.ref, results)
        elif predicate.absolute and isinstance(predicate.value, str):
            raise wrong(step, "`absolute` compares numbers, not text.", "Leave it out.")
