"""Sentences for what goes with what, tables at a glance, and models."""

import re
from functools import partial
from typing import Any

from shared.analysis.expression import quote
from shared.analysis.plan import Associate, FitModel, Summarize
from shared.analysis.references import is_year, number
from shared.analysis.words import vocabulary as v
from shared.analysis.words.phrases import Tale, column, counted, lead_in, listed, names, quoted_key, ref, sentence

FAINT = 0.02  # share of the target's variation below which an association is hardly one
SKEWED = 2.0

# --- what goes with what ----------------------------------------------------------------------------------------


def associate(tale: Tale, step: Associate) -> list[str]:
    """The three strongest that are no mere chance. It says what goes together, never what causes what."""
    where, target = lead_in(tale, step.table), column(tale, step.table, step.target)
    associations, at = tale.results[step.id]["associations"], partial(ref, step.id, "associations")
    sure = [i for i, a in enumerate(associations) if a["strength"] and (a["p_value"] is None or a["p_value"] < 0.05)]
    if not sure:
        return [sentence(where, f"there is no column that {target} clearly goes together with")]
    said = []
    for i in sure[:3]:
        inversely = ", inversely" if (associations[i].get("r") or 0) < 0 else ""
        how = f"{at(i, 'measure', style='name')} = {at(i, 'strength')}{inversely}"
        said.append(f'"{at(i, "column", style="name")}" ({how})')
    if associations[sure[0]]["strength"] < FAINT:
        return [sentence(where, f"even {said[0]} is only faintly what {target} goes together with")]
    return [sentence(where, f"{listed(said)} {'is' if len(said) == 1 else 'are'} what {target} most closely goes together with")]


# --- a table at a glance ----------------------------------------------------------------------------------------


def summarize(tale: Tale, step: Summarize) -> list[str]:
    result, where = tale.results[step.id], lead_in(tale, step.table)
    odd, at = _oddities(step, result), partial(ref, step.id, "columns")
    size = f"{counted(tale, step.id, 'rows')} and {counted(tale, step.id, 'n_columns', noun='column')}"
    if step.focus == "oddities":
        looked = "missing values, repeated rows, columns that never change, far-off values and lopsided distributions"
        return odd[:8] or [sentence(where, f"nothing odd was found in {size}; looked for were {looked}")]
    missing = counted(tale, step.id, "missing", noun="empty cell") if result["missing"] else "no empty cells"
    twice = counted(tale, step.id, "duplicates", noun="repeated row") if result["duplicates"] else "no repeated rows"
    told = [sentence(where, f"the table has {size}, with {missing} and {twice}")]
    numbers = [name for name, c in result["columns"].items() if c.get("mean") is not None and not _counter(c, result["rows"])]
    for name in numbers[:4]:
        low, high, mean, median = (
            at(name, key, style="name" if is_year(name) else "") for key in ("min", "max", "mean", "median")
        )  # fmt: skip
        told.append(f"{_name(step, name)} runs from {low} to {high}, with a mean of {mean} and a median of {median}.")
    for name in [name for name, c in result["columns"].items() if _telling(c)][:3]:
        different = counted(tale, step.id, "columns", name, "distinct", noun="different value")
        most = f"{at(name, 'top', style='name')} ({at(name, 'top_percent', style='1')}%)"
        told.append(f"{_name(step, name)} has {different}; the most common is {most}.")
    return told + odd[:3]


def _name(step: Summarize, name: str) -> str:
    return quoted_key(step.id, "columns", name)


def _counter(c: dict[str, Any], n: int) -> bool:
    """A running number tells a person nothing."""
    return isinstance(c["min"], int) and c["distinct"] == n and c["max"] - c["min"] + 1 == n


def _telling(c: dict[str, Any]) -> bool:
    """Whether a column's most common value is worth a sentence: a few categories, and no date."""
    top = c.get("top")
    dated = isinstance(top, str) and re.match(r"\d{4}-\d{2}-\d{2}", top)
    return top is not None and not dated and 1 < c["distinct"] <= 50 and c.get("top_percent", 0) >= 5


def _oddities(step: Summarize, result: dict[str, Any]) -> list[str]:
    """Odd things, the most telling first."""
    columns, n, told = result["columns"], result["rows"], []
    at, every = partial(ref, step.id, "columns"), ref(step.id, "rows")
    if result["duplicates"]:
        repeat = "repeats" if result["duplicates"] == 1 else "repeat"
        told.append(f"{ref(step.id, 'duplicates')} of the {every} rows {repeat} an earlier row.")
    for name in sorted((name for name, c in columns.items() if c["nulls"]), key=lambda name: -columns[name]["nulls"])[:3]:
        share = at(name, "null_percent", style="1")
        told.append(f"{_name(step, name)} is missing in {at(name, 'nulls')} of {every} rows ({share}%).")
    for name in [name for name, c in columns.items() if n > 1 and c["distinct"] == 1][:3]:
        told.append(f"{_name(step, name)} is the same in every row.")
    far = [name for name, c in columns.items() if c.get("outliers") and not _counter(c, n)]
    for name in sorted(far, key=lambda name: -columns[name]["outliers"])[:3]:
        values = f"{at(name, 'outliers')} value{'' if columns[name]['outliers'] == 1 else 's'} far from the rest"
        course = f"it runs from {at(name, 'min')} to {at(name, 'max')} around a median of {at(name, 'median')}"
        told.append(f"{_name(step, name)} has {values}: {course}.")
    skewed = [name for name, c in columns.items() if c.get("skew") is not None and abs(c["skew"]) > SKEWED]
    for name in sorted(skewed, key=lambda name: -abs(columns[name]["skew"]))[:2]:
        few, pull = ("large", "above") if columns[name]["skew"] > 0 else ("small", "below")
        middle = f"a few very {few} values pull its mean, {at(name, 'mean')}, {pull} its median, {at(name, 'median')}"
        if number(columns[name]["mean"]) == number(columns[name]["median"]):
            middle = f"it has a few very {few} values"
        told.append(f"{_name(step, name)} is lopsided (skewness {at(name, 'skew')}): {middle}.")
    return told


# --- models -----------------------------------------------------------------------------------------------------


def model(tale: Tale, step: FitModel) -> list[str]:
    result, at = tale.results[step.id], partial(ref, step.id)
    scores = listed([f"{v.METRICS[metric]} {at('metrics', metric)}" for metric in result["metrics"]])
    on = f"on the {counted(tale, step.id, 'n')} it was fitted to"
    if step.split:
        on = f"on {counted(tale, step.id, 'n_test')} it had not seen (fitted to {at('n_train')})"
    kind = f"a {v.MODELS[step.kind]} of {quote(step.target)} on {names(step.features)}"
    told = [sentence(lead_in(tale, step.table), f"{kind} reaches {scores} {on}")]
    coefficients, importances = result.get("coefficients") or {}, result.get("importances") or {}
    if step.kind == "linear" and 0 < len(coefficients) <= 4:
        unit, p = "standard deviation" if step.scale else "unit", result.get("p_values") or {}
        said = [
            f"{at('coefficients', name)} per {unit} of {quoted_key(step.id, 'coefficients', name)}"
            + (f" ({at('p_values', name, style='p')})" if p.get(name) is not None else "")
            for name in coefficients
        ]
        rest = ", the others held fixed" if len(said) > 1 else ""
        told.append(sentence(f"in it {quote(step.target)} changes by {listed(said)}{rest}"))
    elif importances:
        top = sorted(importances, key=lambda name: -importances[name])[:3]
        said = [f"{quoted_key(step.id, 'importances', name)} ({at('importances', name, style='%')})" for name in top]
        told.append(sentence(f"it leans most on {listed(said)}"))
    return told
