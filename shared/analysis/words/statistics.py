"""Sentences for correlations, tests and trends."""

from functools import partial
from typing import Any

from shared.analysis.plan import Correlate, Test, Trend
from shared.analysis.words import vocabulary as v
from shared.analysis.words.phrases import Tale, column, columns, lead_in, listed, ref, sentence, stated, test_name, trend_measure

# --- correlation ------------------------------------------------------------------------------------------------


def correlate(tale: Tale, step: Correlate) -> list[str]:
    result, where = tale.results[step.id], lead_in(tale, step.table)
    if step.x is not None and step.y is not None:
        x, y = column(tale, step.table, step.x), column(tale, step.table, step.y)
        return [_by_group(tale, step, x, y, where) if step.by else sentence(where, _two(step, x, y, result))]
    pairs = [(i, pair) for i, pair in enumerate(result["pairs"]) if pair["r"] is not None][:3]
    if not pairs:
        return [sentence(where, "none of the columns allows a correlation")]
    name = partial(ref, step.id, "pairs", style="name")
    if len(result["pairs"]) == 1:
        return [sentence(where, _two(step, f'"{name(0, "x")}"', f'"{name(0, "y")}"', pairs[0][1], "pairs", 0))]
    figures = [_figures(step, pair, "pairs", i, named=i == pairs[0][0]) for i, pair in pairs]
    if step.target is not None:
        said = [f'"{name(i, "x")}" ({r})' for (i, _), r in zip(pairs, figures, strict=True)]
        text = f"{column(tale, step.table, step.target)} is most strongly correlated with {said[0]}"
        return [sentence(where, text + (f", followed by {listed(said[1:])}" if said[1:] else ""))]
    said = [f'"{name(i, "x")}" and "{name(i, "y")}" ({r})' for (i, _), r in zip(pairs, figures, strict=True)]
    then = f", then {listed(said[1:])}" if said[1:] else ""
    return [sentence(where, f"the most strongly correlated columns are {said[0]}{then}")]


def _two(step: Correlate, x: str, y: str, found: dict[str, Any], *keys: object) -> str:
    if found["r"] is None:
        n = ref(step.id, *keys, "n")
        return f"{x} and {y} have no correlation to compute, as one of them does not vary (n = {n})"
    adverb = next(word for bound, word in v.STRENGTHS if abs(found["r"]) < bound)
    way = "" if adverb == "hardly" else "negatively " if found["r"] < 0 else "positively "
    doubt = found["p_value"] is not None and found["p_value"] >= 0.05
    chance = "; a correlation of this size could well be chance" if doubt else ""
    return f"{x} and {y} are {adverb} {way}correlated: {_figures(step, found, *keys)}{chance}"


def _figures(step: Correlate, found: dict[str, Any], *keys: object, named: bool = True) -> str:
    at = partial(ref, step.id, *keys)
    name = f"{v.COEFFICIENTS[step.method]} = " if named else ""
    chance = f", {at('p_value', style='p')}" if found["p_value"] is not None else ""
    return f"{name}{at('r')}{chance}, n = {at('n')}"


def _by_group(tale: Tale, step: Correlate, x: str, y: str, where: str) -> str:
    by, groups = columns(tale, step.table, step.by), tale.results[step.id]["groups"]
    order = sorted((key for key in groups if groups[key]["r"] is not None), key=lambda key: -abs(groups[key]["r"]))
    if not order:
        return sentence(where, f"by {by}", f"no group allows a correlation of {x} with {y}")
    at = partial(ref, step.id, "groups")
    said = [f"{at(key, 'r')} for {at(key, style='key')} (n = {at(key, 'n')})" for key in order]
    told = f"is {listed(said)}" if len(said) <= 4 else f"is strongest with {said[0]} and weakest with {said[-1]}"
    return sentence(where, f"by {by}", f"the correlation of {x} with {y} ({v.COEFFICIENTS[step.method]}) {told}")


# --- tests ------------------------------------------------------------------------------------------------------


def test(tale: Tale, step: Test) -> list[str]:
    result, where, at = tale.results[step.id], lead_in(tale, step.table), partial(ref, step.id)
    if result.get("p_value") is None:
        return [sentence(where, f"the {test_name(step)} gives no p-value (n = {at('n')})")]
    sided = "" if step.alternative == "two-sided" else f", one-sided: {step.alternative}"
    df = result.get("df")
    degrees = [at("df", i) for i in range(len(df))] if isinstance(df, list) else [] if df is None else [at("df")]
    figures = [f"{v.TESTS[step.kind][1]} = {at('statistic')}"]
    figures += [f"df = {listed(degrees)}"] if degrees else []
    figures += [f"{at('p_value', style='p')} at alpha = {at('alpha')}"]
    effect = f"; {at('effect_name', style='name')} {at('effect')}" if result.get("effect") is not None else ""
    return [sentence(where, f"{_verdict(tale, step, result)} ({test_name(step)}{sided}: {', '.join(figures)}{effect})")]


def _verdict(tale: Tale, step: Test, result: dict[str, Any]) -> str:
    yes, n = bool(result["significant"]), f"n = {ref(step.id, 'n')}"
    what = column(tale, step.table, step.column) if step.column else ""
    differs = "differs significantly" if yes else "does not differ significantly"
    groups = result.get("groups") or {}
    match step.kind:
        case "shapiro" | "normaltest" | "jarque_bera" | "ks_normal":
            shows = "departs significantly" if yes else "shows no significant departure"
            return f"{what} {shows} from a normal distribution, {n}"
        case "adf":
            looks = "looks stationary" if yes else "may well have a unit root (it does not look stationary)"
            return f"{what} {looks}, {n}"
        case "t_test_1sample":
            return f"the mean of {what} {differs} from {stated(tale, step, 'mu')}, {n}"
        case "chi_square" | "fisher_exact":
            related = "significantly associated" if yes else "not significantly associated"
            return f"{what} and {column(tale, step.table, step.by or '')} are {related}, {n}"
        case "t_test_paired" | "wilcoxon":
            middle, shown = ("mean", "mean") if step.kind == "t_test_paired" else ("typical", "median")
            pair = [f"{column(tale, step.table, c)}{_own(step, groups, c, shown)}" for c in (step.columns or [])[:2]]
            zero = f"{'significantly' if yes else 'not significantly'} different from zero"
            return f"the {middle} difference between {listed(pair)} is {zero}, {n} pairs"
        case "proportion_z":
            success = f"rows where {what} is {stated(tale, step, 'success')}" if step.success is not None else f"rows with {what}"
            return f"the share of {success} {differs} between {_named(step, groups, 'mean', style='%')}"
    subject, shown, label = v.COMPARED[step.kind]
    by = " between" if len(groups) == 2 else f" by {column(tale, step.table, step.by)}:" if step.by else ":"
    return f"{subject}{f' of {what}' if what else ''} {differs}{by} {_named(step, groups, shown, label)}"


def _own(step: Test, groups: dict[str, Any], name: str, shown: str) -> str:
    known = groups.get(name, {}).get(shown) is not None
    return f" ({shown} {ref(step.id, 'groups', name, shown)})" if known else ""


def _named(step: Test, groups: dict[str, Any], shown: str, label: str = "", style: str = "") -> str:
    """The groups with what is compared: a few of them all, else the largest and the smallest."""
    at = partial(ref, step.id, "groups")

    def told(key: str) -> str:
        number = f"{label}{at(key, shown, style=style)}, " if groups[key].get(shown) is not None else ""
        return f"{at(key, style='key')} ({number}n = {at(key, 'n')})"

    if len(groups) <= 5:
        return listed([told(key) for key in groups]) or f"n = {ref(step.id, 'n')}"
    order = sorted((k for k in groups if groups[k].get(shown) is not None), key=lambda k: -groups[k][shown])
    return f"from {told(order[0])} down to {told(order[-1])}" if order else f"n = {ref(step.id, 'n')}"


# --- trends -----------------------------------------------------------------------------------------------------


def trend(tale: Tale, step: Trend) -> list[str]:
    result, where, what = tale.results[step.id], lead_in(tale, step.table), f"the {trend_measure(tale, step)}"
    if not step.by:
        return [_course(step, result, where, what)]
    groups, at = result["groups"], partial(ref, step.id, "groups")
    if len(groups) <= 3:
        return [_course(step, groups[key], where, f"for {at(key, style='key')}, {what}", "groups", key) for key in groups]
    known = [key for key in groups if groups[key].get("percent_change") is not None]
    if not known:
        return []
    order = sorted(known, key=lambda key: -groups[key]["percent_change"])

    def told(key: str) -> tuple[str, str]:
        grew = groups[key]["percent_change"] > 0
        most = "most" if grew == (key == order[0]) else "least"
        words = f"{most} for {at(key, style='key')} (by {at(key, 'percent_change', style='abs')}%)"
        return "grew" if grew else "fell", words

    (verb, best), (other, worst) = told(order[0]), told(order[-1])
    text = f"{what} {verb} {best} and {worst if other == verb else f'{other} {worst}'}"
    return [sentence(where, f"by {columns(tale, step.table, step.by)}", f"from the first period to the last {text}")]


def _course(step: Trend, result: dict[str, Any], where: str, what: str, *keys: object) -> str:
    """From where to where, whether that is a trend, and the peaks between."""
    at = partial(ref, step.id, *keys)
    when = partial(at, style=step.every if step.every in ("year", "month") else "name")
    if not result["periods"]:
        return sentence(where, f"{what} has no value at any time")
    if result["periods"] == 1:
        return sentence(where, f"{what} is known for one time only, {when('first_period')}: {at('first')}")
    first, last, percent, direction = (result[key] for key in ("first", "last", "percent_change", "direction"))
    rose = last > first
    course = f"{'rose' if rose else 'fell'} from {at('first')} in {when('first_period')} to {at('last')} in {when('last_period')}"
    if last == first:
        course = f"was {at('first')} in {when('first_period')} and again in {when('last_period')}"
    if percent:
        course += f", {'up' if percent > 0 else 'down'} {at('percent_change', style='abs')}%"
    against = last != first and direction == ("falling" if rose else "rising")
    chance = f" ({at('p_value', style='p')})" if result.get("p_value") is not None else ""
    ends = (result["first_period"], result["last_period"])
    peaks = [f"its {peak} was {at(peak)} in {when(f'{peak}_period')}" for peak in ("highest", "lowest")
             if result[f"{peak}_period"] not in ends]  # fmt: skip
    overall = f"{'but ' if against else ''}{v.TRENDS[direction]} over {at('periods')} periods{chance}"
    return sentence(where, f"{what} {course}: {overall}{f'; {listed(peaks)}' if peaks else ''}")
