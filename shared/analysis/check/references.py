"""References into results: that their step comes before, and has such a result."""

import re
from collections.abc import Mapping

from shared.analysis import plan as p
from shared.analysis.check.telling import close, wrong
from shared.analysis.references import last_key

Results = Mapping[str, set[str] | None]  # step → the keys of its result, None if only its cell knows them
TEMPLATE = re.compile(r"\{\{\s*([a-z][a-z0-9_]*:(?:~.|[^{}|~])*)", re.S)


def check_ref(step: p.Step, ref: str, results: Results, star: bool = False) -> None:
    source, _, rest = ref.partition(":")
    if source not in results:
        raise wrong(step, f"`{ref}` refers to a step that does not come before it.", close(source, results))
    segments = rest.split("/")[1:]
    if not star and "*" in segments:
        raise wrong(step, f"`{ref}` is many values, and one is needed.", "Name one of them instead of `*`.")
    keys = results[source]
    if keys is None or not segments or segments[0] == "*":
        return
    key = last_key("/" + segments[0])
    if key not in keys:
        raise wrong(step, f"`{ref}` points at nothing: the result of {source} has no `{key}`.", close(key, keys))


def result_keys(step: p.Step) -> set[str] | None:
    """The keys of a step's result, None if they are known only when it ran."""
    match step:
        case p.Filter() | p.DropMissing():
            return {"rows_before", "rows"}
        case p.Derive():
            return {"rows", "nulls"}
        case p.Cast():
            return {"rows", "lost"}
        case p.Outliers():
            return {"rows_before", "rows", "outliers", "columns"}
        case p.Impute():
            return {"rows", "filled", "values"}
        case p.Scale():
            return {"rows", "columns"}
        case p.Encode():
            return {"rows", "columns", "mapping"}
        case p.DropDuplicates():
            return {"rows_before", "rows", "duplicates"}
        case p.Unpivot():
            return {"rows"}
        case p.Join():
            return {"rows_before", "rows", "unmatched"}
        case p.Aggregate():
            return {"rows", "n_groups", "groups"} if step.by else {"rows", "n", *(m.name for m in step.measures)}
        case p.Rank():
            return {"rows", "names", "values", "name", "value", "tied", "items"}
        case p.Correlate(x=None):
            words = ("strongest", "highest", "lowest")
            return {"pairs", "by_column", *words, *(f"{word}_r" for word in words)}
        case p.Correlate():
            return {"groups"} if step.by else {"r", "p_value", "n"}
        case p.Test():
            return {"statistic", "p_value", "alpha", "significant", "n", "df", "groups", "effect", "effect_name"}
        case p.Trend():
            return {"groups"} if step.by else {
                "periods", "first_period", "first", "last_period", "last", "change", "percent_change", "slope", "r", "p_value", "growth",
                "direction", "highest_period", "highest", "lowest_period", "lowest",
            }  # fmt: skip
        case p.Associate():
            return {"target", "associations", "strongest", "strongest_strength"}
        case p.Summarize():
            return {"rows", "n_columns", "duplicates", "missing", "columns"}
        case p.FitModel():
            return {
                "metrics",
                "n",
                "n_train",
                "n_test",
                "features",
                "coefficients",
                "intercept",
                "importances",
                "p_values",
                "predictions",
            }
        case p.Calculate():
            return {"value", *step.values}
        case p.Decide():
            return {"label", "rule"}
        case p.Chart():
            return {"points"}
    return None


def check_report(step: p.Report, results: Results) -> None:
    for output in step.outputs:
        check_ref(step, output.ref, results, star=True)
    names = [output.name for output in step.outputs]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise wrong(step, f"Two outputs are called `{twice[0]}`.", "Give each its own name.")
    for finding in step.findings or []:
        for ref in TEMPLATE.findall(finding):
            check_ref(step, ref.strip(), results, star=True)
    if step.lead is not None and step.lead not in results:
        raise wrong(step, f"Its lead `{step.lead}` is no step before it.", close(step.lead, results))
