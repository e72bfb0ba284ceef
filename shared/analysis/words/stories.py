"""The standard words for statistics: correlations, tests, trends, associations, summaries and models, as templates."""

import re
from typing import Any

from shared.analysis import phrases
from shared.analysis.expression import quote
from shared.analysis.phrases import TESTS, Tale, column, lead_in, listed, quoted_key, ref, rows, sentence
from shared.analysis.plan import Associate, Correlate, FitModel, Summarize, Test, Trend
from shared.analysis.references import number

# --- correlation ------------------------------------------------------------------------------------------------

COEFFICIENTS = {"pearson": "Pearson's r", "spearman": "Spearman's rho", "kendall": "Kendall's tau"}


def strength(r: float) -> str:
    """An adverb for |r| (Cohen's bounds, with a fourth for what is near a straight line)."""
    size = abs(r)
    adverb = (
        "hardly"
        if size < 0.1
        else "weakly"
        if size < 0.3
        else "moderately"
        if size < 0.5
        else "strongly"
        if size < 0.8
        else "very strongly"
    )
    return f"{adverb} {'correlated' if adverb == 'hardly' else 'negatively correlated' if r < 0 else 'positively correlated'}"


def _r(step: Correlate, p: float | None, *keys: object, said: bool = False) -> str:
    name = f"{COEFFICIENTS[step.method]} = " if not said else ""
    chance = f", {ref(step.id, *keys, 'p_value', style='p')}" if p is not None else ""
    return f"{name}{ref(step.id, *keys, 'r')}{chance}, n = {ref(step.id, *keys, 'n')}"


def correlate(tale: Tale, step: Correlate) -> list[str]:
    result, where = tale.results[step.id], lead_in(tale, step.table)
    if step.x is not None and step.y is not None:
        x, y = column(tale, step.table, step.x), column(tale, step.table, step.y)
        if step.by:
            by = listed([column(tale, step.table, name) for name in step.by])
            found = {key: group for key, group in result["groups"].items() if group["r"] is not None}
            order = sorted(found, key=lambda key: -abs(found[key]["r"]))
            if not order:
                return [sentence(where, f"by {by}", f"no group allows a correlation of {x} with {y}")]
            said = [
                f"{ref(step.id, 'groups', k, 'r')} for {ref(step.id, 'groups', k, style='key')} (n = {ref(step.id, 'groups', k, 'n')})"
                for k in order
            ]
            told = listed(said) if len(said) <= 4 else f"strongest with {said[0]} and weakest with {said[-1]}"
            return [
                sentence(where, f"by {by}", f"the correlation of {x} with {y} ({COEFFICIENTS[step.method]}) is {told}")
            ]
        if result["r"] is None:
            return [
                sentence(
                    where,
                    f"{x} and {y} have no correlation to compute, as one of them does not vary (n = {ref(step.id, 'n')})",
                )
            ]
        alpha = (
            ""
            if result["p_value"] is None or result["p_value"] < 0.05
            else "; a correlation of this size could well be chance"
        )
        return [sentence(where, f"{x} and {y} are {strength(result['r'])}: {_r(step, result['p_value'])}{alpha}")]
    pairs = [(i, pair) for i, pair in enumerate(result["pairs"]) if pair["r"] is not None][:3]
    if not pairs:
        return [sentence(where, "none of the columns allows a correlation")]
    if step.target is not None:
        said = [
            f'"{ref(step.id, "pairs", i, "x", style="name")}" ({_r(step, p["p_value"], "pairs", i, said=n > 0)})'
            for n, (i, p) in enumerate(pairs)
        ]
        then = f", followed by {listed(said[1:])}" if said[1:] else ""
        return [
            sentence(where, f"{column(tale, step.table, step.target)} is most strongly correlated with {said[0]}{then}")
        ]
    said = [
        f'"{ref(step.id, "pairs", i, "x", style="name")}" and "{ref(step.id, "pairs", i, "y", style="name")}" ({_r(step, p["p_value"], "pairs", i, said=n > 0)})'
        for n, (i, p) in enumerate(pairs)
    ]
    then = f", then {listed(said[1:])}" if said[1:] else ""
    return [sentence(where, f"the most strongly correlated columns are {said[0]}{then}")]


# --- tests ------------------------------------------------------------------------------------------------------

MEANS, SPREADS = {"t_test", "anova"}, {"levene", "bartlett"}
NORMALITY = {"shapiro", "normaltest", "jarque_bera", "ks_normal"}


def test(tale: Tale, step: Test) -> list[str]:
    result, where = tale.results[step.id], lead_in(tale, step.table)
    name, letter = TESTS[step.kind]
    if step.kind == "t_test" and step.equal_var:
        name = "Student's t-test"
    if result.get("p_value") is None:
        return [sentence(where, f"the {name} gives no p-value (n = {ref(step.id, 'n')})")]
    sided = {"two-sided": "", "less": ", one-sided: less", "greater": ", one-sided: greater"}[step.alternative]
    df = result.get("df")
    degrees = listed(
        [ref(step.id, "df", i) for i in range(len(df))]
        if isinstance(df, list)
        else [ref(step.id, "df")]
        if df is not None
        else []
    )
    degrees = f", df = {degrees}" if degrees else ""
    effect = (
        f"; {ref(step.id, 'effect_name', style='name')} {ref(step.id, 'effect')}"
        if result.get("effect") is not None
        else ""
    )
    numbers = f"{name}{sided}: {letter} = {ref(step.id, 'statistic')}{degrees}, {ref(step.id, 'p_value', style='p')} at alpha = {ref(step.id, 'alpha')}{effect}"
    return [sentence(where, f"{_verdict(tale, step, result)} ({numbers})")]


def _verdict(tale: Tale, step: Test, result: dict[str, Any]) -> str:
    yes = bool(result["significant"])
    what = column(tale, step.table, step.column) if step.column else ""
    differs = "differs significantly" if yes else "does not differ significantly"
    if step.kind in NORMALITY:
        return f"{what} {'departs significantly' if yes else 'shows no significant departure'} from a normal distribution, n = {ref(step.id, 'n')}"
    if step.kind == "adf":
        return f"{what} {'looks stationary' if yes else 'may well have a unit root (it does not look stationary)'}, n = {ref(step.id, 'n')}"
    if step.kind == "t_test_1sample":
        return f"the mean of {what}{_own_mean(step, result)} {differs} from {tale.stated(step, 'mu')}, n = {ref(step.id, 'n')}"
    if step.kind in ("chi_square", "fisher_exact"):
        other = column(tale, step.table, step.by or "")
        return f"{what} and {other} are {'significantly associated' if yes else 'not significantly associated'}, n = {ref(step.id, 'n')}"
    if step.kind in ("t_test_paired", "wilcoxon"):
        first, second = (column(tale, step.table, name) for name in (step.columns or ["", ""])[:2])
        middle = "the mean difference between" if step.kind == "t_test_paired" else "the typical difference between"
        return f"{middle} {first} and {second} is {'significantly' if yes else 'not significantly'} different from zero, n = {ref(step.id, 'n')} pairs"
    if step.kind == "proportion_z":
        success = (
            f"rows where {what} is {tale.stated(step, 'success')}" if step.success is not None else f"rows with {what}"
        )
        return f"the share of {success} {differs} between {_groups(step, result, 'mean', style='%')}"
    shown, subject = (
        ("mean", "the mean")
        if step.kind in MEANS
        else ("std", "the spread")
        if step.kind in SPREADS
        else ("median", "the distribution")
    )
    two = len(result.get("groups") or {}) == 2
    by = " between" if two else f" by {column(tale, step.table, step.by)}:" if step.by else ":"
    of = f" of {what}" if what else ""
    label = {"mean": "", "std": "standard deviation ", "median": "median "}[shown]
    return f"{subject}{of} {differs}{by} {_groups(step, result, shown, label)}"


def _own_mean(step: Test, result: dict[str, Any]) -> str:
    groups = result.get("groups") or {}
    key = next(iter(groups), None)
    return (
        f" ({ref(step.id, 'groups', key, 'mean')})" if len(groups) == 1 and groups[key].get("mean") is not None else ""
    )


def _groups(step: Test, result: dict[str, Any], shown: str | None, label: str = "", style: str = "") -> str:
    groups = result.get("groups") or {}

    def told(key: str) -> str:
        number = (
            f"{label}{ref(step.id, 'groups', key, shown, style=style)}, "
            if shown and groups[key].get(shown) is not None
            else ""
        )
        return f"{ref(step.id, 'groups', key, style='key')} ({number}n = {ref(step.id, 'groups', key, 'n')})"

    if len(groups) <= 5:
        return listed([told(key) for key in groups]) or f"n = {ref(step.id, 'n')}"
    order = sorted(
        (k for k in groups if shown and groups[k].get(shown) is not None), key=lambda k: -groups[k][shown or ""]
    )
    return f"from {told(order[0])} down to {told(order[-1])}" if order else f"n = {ref(step.id, 'n')}"


# --- trends -----------------------------------------------------------------------------------------------------


def trend(tale: Tale, step: Trend) -> list[str]:
    result, where = tale.results[step.id], lead_in(tale, step.table)
    what = f"the {phrases.trend_measure(tale, step)}"
    if not step.by:
        return [_one_trend(step, result, where, what, ())]
    groups = result["groups"]
    if len(groups) <= 3:
        return [
            _one_trend(step, groups[k], where, f"for {ref(step.id, 'groups', k, style='key')}, {what}", ("groups", k))
            for k in groups
        ]
    changed = sorted(
        (k for k in groups if groups[k].get("percent_change") is not None), key=lambda k: -groups[k]["percent_change"]
    )
    if not changed:
        return []

    def told(key: str) -> str:
        return f"for {ref(step.id, 'groups', key, style='key')} (by {ref(step.id, 'groups', key, 'percent_change', style='abs')}%)"

    def verb(key: str) -> str:
        return "grew" if groups[key]["percent_change"] > 0 else "fell"

    top, bottom, by = changed[0], changed[-1], listed([column(tale, step.table, name) for name in step.by])
    best = f"{verb(top)} {'most' if verb(top) == 'grew' else 'least'} {told(top)}"
    worst = f"{'most' if verb(bottom) == 'fell' else 'least'} {told(bottom)}"
    worst = worst if verb(top) == verb(bottom) else f"{verb(bottom)} {worst}"
    return [sentence(where, f"by {by}", f"from the first period to the last {what} {best} and {worst}")]  # fmt: skip


def _one_trend(step: Trend, result: dict[str, Any], where: str, what: str, keys: tuple[object, ...]) -> str:
    def at(name: str, style: str = "") -> str:
        return ref(step.id, *keys, name, style=style)

    period = step.every if step.every in ("year", "month") else "name"
    if not result["periods"]:
        return sentence(where, f"{what} has no value at any time")
    if result["periods"] == 1:
        return sentence(where, f"{what} is known for one time only, {at('first_period', period)}: {at('first')}")
    first, last, percent = result["first"], result["last"], result.get("percent_change")
    verb = "rose" if last > first else "fell" if last < first else "stayed at"
    change = f", {'up' if percent > 0 else 'down'} {at('percent_change', 'abs')}%" if percent else ""
    course = f"{verb} from {at('first')} in {at('first_period', period)} to {at('last')} in {at('last_period', period)}"
    if verb == "stayed at":
        course = f"was {at('first')} in {at('first_period', period)} and again in {at('last_period', period)}"
    overall = {"rising": "a rising trend", "falling": "a falling trend", "flat": "but no clear trend"}[
        result["direction"]
    ]
    if (verb, result["direction"]) in (("rose", "falling"), ("fell", "rising")):
        overall = f"but {overall}"
    chance = f" ({at('p_value', 'p')})" if result.get("p_value") is not None else ""
    ends = {result["first_period"], result["last_period"]}
    peaks = [
        f"its {name} was {at(name)} in {at(name + '_period', period)}"
        for name in ("highest", "lowest")
        if result.get(name + "_period") not in ends
    ]
    periods = f"over {at('periods')} periods"
    return sentence(
        where, f"{what} {course}{change}: {overall} {periods}{chance}{'; ' + listed(peaks) if peaks else ''}"
    )


# --- what goes with what ----------------------------------------------------------------------------------------


def associate(tale: Tale, step: Associate) -> list[str]:
    result, where = tale.results[step.id], lead_in(tale, step.table)
    sure = [
        i
        for i, a in enumerate(result["associations"])
        if a["strength"] and (a["p_value"] is None or a["p_value"] < 0.05)
    ]
    found = sure[:3]
    target = column(tale, step.table, step.target)
    if not found:
        return [sentence(where, f"there is no column that {target} clearly goes together with")]
    weak = result["associations"][found[0]]["strength"] < 0.02
    said = []
    for i in found:
        a = result["associations"][i]
        way = "" if a.get("r") is None else "" if a["r"] > 0 else ", inversely"
        said.append(
            f'"{ref(step.id, "associations", i, "column", style="name")}" ({ref(step.id, "associations", i, "measure", style="name")} = '
            f"{ref(step.id, 'associations', i, 'strength')}{way})"
        )
    if weak:
        return [sentence(where, f"even {said[0]} is only faintly what {target} goes together with")]
    return [
        sentence(
            where, f"{listed(said)} {'is' if len(said) == 1 else 'are'} what {target} most closely goes together with"
        )
    ]


# --- a table at a glance ----------------------------------------------------------------------------------------


def summarize(tale: Tale, step: Summarize) -> list[str]:
    result, where = tale.results[step.id], lead_in(tale, step.table)
    odd = _oddities(step, result)
    if step.focus == "oddities":
        looked = "missing values, repeated rows, columns that never change, far-off values and lopsided distributions"
        return odd[:8] or [sentence(where, f"nothing odd was found in {rows(tale, step.id, 'rows')} and {rows(tale, step.id, 'n_columns', noun='column')}; "
                                           f"looked for were {looked}")]  # fmt: skip
    size = f"the table has {rows(tale, step.id, 'rows')} and {rows(tale, step.id, 'n_columns', noun='column')}"
    missing = f"{rows(tale, step.id, 'missing', noun='empty cell')}" if result["missing"] else "no empty cells"
    twice = rows(tale, step.id, "duplicates", noun="repeated row") if result["duplicates"] else "no repeated rows"
    told = [sentence(where, f"{size}, with {missing} and {twice}")]
    columns = result["columns"]
    numbers = [name for name, c in columns.items() if c.get("mean") is not None and not _counter(c, result["rows"])][:4]
    for name in numbers:
        style = "name" if phrases.is_year(name) else ""
        low, mean, median, high = (
            ref(step.id, "columns", name, k, style=style) for k in ("min", "mean", "median", "max")
        )
        told.append(
            f"{quoted_key(step.id, 'columns', name)} runs from {low} to {high}, with a mean of {mean} and a median of {median}."
        )
    for name in [
        n
        for n, c in columns.items()
        if c.get("top") is not None
        and 1 < c["distinct"] <= 50
        and c.get("top_percent", 0) >= 5
        and not _dated(c["top"])
    ][:3]:
        top, percent = (
            ref(step.id, "columns", name, "top", style="name"),
            ref(step.id, "columns", name, "top_percent", style="1"),
        )
        different = rows(tale, step.id, "columns", name, "distinct", noun="different value")
        told.append(f"{quoted_key(step.id, 'columns', name)} has {different}; the most common is {top} ({percent}%).")
    return told + odd[:3]


def _dated(value: Any) -> bool:
    return isinstance(value, str) and re.match(r"\d{4}-\d{2}-\d{2}", value) is not None


def _counter(c: dict[str, Any], n: int) -> bool:
    """A running number tells a person nothing."""
    return isinstance(c["min"], int) and c["distinct"] == n and c["max"] - c["min"] + 1 == n


def _oddities(step: Summarize, result: dict[str, Any]) -> list[str]:
    """Odd things, the most telling first."""
    columns, n = result["columns"], result["rows"]
    told = []
    if result["duplicates"]:
        repeat = "repeats" if result["duplicates"] == 1 else "repeat"
        told.append(f"{ref(step.id, 'duplicates')} of the {ref(step.id, 'rows')} rows {repeat} an earlier row.")
    for name, c in sorted(columns.items(), key=lambda item: -item[1]["nulls"]):
        if n and c["nulls"]:
            told.append(f"{quoted_key(step.id, 'columns', name)} is missing in {ref(step.id, 'columns', name, 'nulls')} of {ref(step.id, 'rows')} rows "
                        f"({ref(step.id, 'columns', name, 'null_percent', style='1')}%).")  # fmt: skip
    told = told[:4]
    told += [
        f"{quoted_key(step.id, 'columns', name)} is the same in every row."
        for name, c in columns.items()
        if n > 1 and c["distinct"] == 1
    ][:3]
    far = {name: c for name, c in columns.items() if c.get("outliers") and not _counter(c, n)}
    for name, c in sorted(far.items(), key=lambda item: -item[1]["outliers"])[:3]:
        told.append(f"{quoted_key(step.id, 'columns', name)} has {ref(step.id, 'columns', name, 'outliers')} value{'s' * (c['outliers'] != 1)} far from the rest: "
                    f"it runs from {ref(step.id, 'columns', name, 'min')} to {ref(step.id, 'columns', name, 'max')} around a median of "
                    f"{ref(step.id, 'columns', name, 'median')}.")  # fmt: skip
    skewed = {name: c for name, c in columns.items() if c.get("skew") is not None and abs(c["skew"]) > 2}
    for name, c in sorted(skewed.items(), key=lambda item: -abs(item[1]["skew"]))[:2]:
        few, pull = ("large", "above") if c["skew"] > 0 else ("small", "below")
        middle = f"a few very {few} values pull its mean, {ref(step.id, 'columns', name, 'mean')}, {pull} its median, {ref(step.id, 'columns', name, 'median')}"
        if number(c["mean"]) == number(c["median"]):
            middle = f"it has a few very {few} values"
        told.append(f"{quoted_key(step.id, 'columns', name)} is lopsided (skewness {ref(step.id, 'columns', name, 'skew')}): {middle}.")  # fmt: skip
    return told


# --- models -----------------------------------------------------------------------------------------------------

MODELS = {
    "linear": "linear regression", "ridge": "ridge regression", "lasso": "lasso regression", "logistic": "logistic regression", "decision_tree": "decision tree",
    "random_forest": "random forest", "knn": "nearest-neighbours model", "svm": "support vector machine", "naive_bayes": "naive Bayes classifier",
}  # fmt: skip
METRICS = {
    "mse": "a mean squared error of", "rmse": "a root mean squared error of", "mae": "a mean absolute error of", "r2": "an R squared of",
    "accuracy": "an accuracy of", "precision": "a precision of", "recall": "a recall of", "f1": "an F-score of", "auc": "an area under the ROC curve of",
}  # fmt: skip


def model(tale: Tale, step: FitModel) -> list[str]:
    result, where = tale.results[step.id], lead_in(tale, step.table)
    scores = listed([f"{METRICS[m]} {ref(step.id, 'metrics', m)}" for m in result["metrics"]])
    on = (
        f"on {rows(tale, step.id, 'n_test')} it had not seen (fitted to {ref(step.id, 'n_train')})" if step.split
        else f"on the {rows(tale, step.id, 'n')} it was fitted to"
    )  # fmt: skip
    features = phrases.len_words(step.features)
    told = [sentence(where, f"a {MODELS[step.kind]} of {quote(step.target)} on {features} reaches {scores} {on}")]
    coefficients, importances = result.get("coefficients") or {}, result.get("importances") or {}
    if step.kind == "linear" and 0 < len(coefficients) <= 4:
        unit = "standard deviation" if step.scale else "unit"
        said = [
            f"{ref(step.id, 'coefficients', k)} per {unit} of {quoted_key(step.id, 'coefficients', k)}{_doubt(step, result, k)}"
            for k in coefficients
        ]
        rest = ", the others held fixed" if len(said) > 1 else ""
        told.append(sentence(f"in it {quote(step.target)} changes by {listed(said)}{rest}"))
    elif importances:
        top = sorted(importances, key=lambda k: -importances[k])[:3]
        said = [f"{quoted_key(step.id, 'importances', k)} ({ref(step.id, 'importances', k, style='%')})" for k in top]
        told.append(sentence(f"it leans most on {listed(said)}"))
    return told


def _doubt(step: FitModel, result: dict[str, Any], feature: str) -> str:
    p = (result.get("p_values") or {}).get(feature)
    return "" if p is None else f" ({ref(step.id, 'p_values', feature, style='p')})"
