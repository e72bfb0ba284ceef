"""What goes together and what differs: correlations, tests, decisions, models, developments."""

from typing import Any

from phases.data.draw import FUNCTIONS, VERDICTS, Draw, measure, ref
from phases.data.intents.registry import intent


@intent(
    "How are {x} and {y} correlated?", "What is the {m}correlation between {x} and {y}?", "Is there a relation between {x} and {y}?", "Does {x} go with {y}?",
    "Correlate {x} with {y}.", "How strongly are {x} and {y} related?", "Do {x} and {y} move together?",
)  # fmt: skip
def correlation(d: Draw) -> dict[str, Any]:
    x, y = d.number(), d.number()
    by = d.category() if d.rng.random() < 0.2 else None
    spearman = d.rng.random() < 0.2
    lead = d.step(
        "correlate", x=x.name, y=y.name, **({"method": "spearman"} if spearman else {}), **({"by": [by.name]} if by else {})
    )
    d.report(ref(lead, "groups", "*", "r") if by else ref(lead, "r"))
    said = d.say(y) + (" by rank" if spearman else "") + (f" within each {d.say(by)}" if by else "")
    return {"x": d.say(x), "y": said, "m": ""}


@intent(
    "Which of {many} correlates most strongly with {y}?", "Which of {many} has the strongest correlation with {y}?", "Of {many}, which goes most with {y}?",
    "Among {many}, what is most correlated with {y}?", "What is {y} most correlated with: {many}?", "Pick from {many} the one most related to {y}.",
)  # fmt: skip
def strongest(d: Draw) -> dict[str, Any]:
    y, columns = d.number(), [d.number(), d.number()]
    lead = d.step("correlate", columns=[x.name for x in columns], target=y.name)
    d.report(ref(lead, "strongest"))
    return {"y": d.say(y), "many": " and ".join(d.say(x) for x in columns)}


@intent(
    "What affects {y}?", "What is {y} associated with?", "Which columns go with {y}?", "What does {y} depend on?", "What explains {y} best?",
    "What is {y} related to most?",
)  # fmt: skip
def association(d: Draw) -> dict[str, Any]:
    y = d.column("number", "category")
    lead = d.step("associate", target=y.name)
    d.report(ref(lead, "strongest"))
    return {"y": d.say(y)}


@intent(
    "Does {x} differ [significantly|] [between|by] {c}?", "Is there a difference in {x} between {c}?", "Test whether {x} differs by {c}.",
    "Is the mean {x} the same for all {c}?", "Is {x} significantly different across {c}?", "Do the groups of {c} differ in {x}?", weight=1.5,
)  # fmt: skip
def difference(d: Draw) -> dict[str, Any]:
    x, c = d.number(), d.category()
    ranks = d.rng.random() < 0.25
    groups: list[str] | None = d.rng.sample(c.values, 2) if d.rng.random() < 0.5 else None
    kind = ("mann_whitney" if ranks else "t_test") if groups else "kruskal" if ranks else "anova"
    lead = d.step("test", kind=kind, column=x.name, by=c.name, **({"groups": groups} if groups else {}))
    d.report(ref(lead, "p_value"))
    said = d.say(c) + (f" {groups[0]} and {groups[1]}" if groups else "") + (" by ranks" if ranks else "")
    return {"x": d.say(x), "c": said}


@intent(
    "Is {a} independent of {b}?", "Are {a} and {b} independent?", "Test whether {a} depends on {b}.", "Does {a} depend on {b}?",
    "Is there an association of {a} and {b}?", "Do {a} and {b} go together by more than chance?",
)  # fmt: skip
def independence(d: Draw) -> dict[str, Any]:
    a, b = d.category(), d.category()
    lead = d.step("test", kind="chi_square", column=a.name, by=b.name)
    d.report(ref(lead, "p_value"))
    return {"a": d.say(a), "b": d.say(b)}


@intent(
    "Is {x} normally distributed?", "Does {x} follow a normal distribution?", "Test {x} for normality.", "Is the distribution of {x} normal?",
    "Check whether {x} is normal.", "Could {x} come from a normal distribution?",
)  # fmt: skip
def normality(d: Draw) -> dict[str, Any]:
    x = d.number()
    lead = d.step("test", kind="shapiro", column=x.name)
    d.report(ref(lead, "p_value"))
    return {"x": d.say(x)}


@intent(
    "Is the mean {x} different from {v}?", "Test whether the mean {x} is {v}.", "Could the true mean of {x} be {v}?", "Does the average {x} differ from {v}?",
    "Is an average {x} of {v} plausible?", "Compare the mean {x} with {v} by a test.",
)  # fmt: skip
def one_sample(d: Draw) -> dict[str, Any]:
    x = d.number()
    value = d.rng.randint(1, x.scale)
    lead = d.step("test", kind="t_test_1sample", column=x.name, mu=float(value))
    d.report(ref(lead, "p_value"))
    return {"x": d.say(x), "v": value}


@intent(
    "Do {x} and {y} differ within the same {rows}?", "Is there a paired difference between {x} and {y}?", "Test {x} against {y} as pairs.",
    "Compare {x} and {y} of each row with a paired test.", "Pairwise, is {x} different from {y}?", "Paired test of {x} and {y}, please.", weight=0.5,
)  # fmt: skip
def paired(d: Draw) -> dict[str, Any]:
    x, y = d.number(), d.number()
    lead = d.step("test", kind="t_test_paired", columns=[x.name, y.name])
    d.report(ref(lead, "p_value"))
    return {"x": d.say(x), "y": d.say(y)}


@intent(
    'Say "{yes}" if {x} differs significantly between {c}, else "{no}".', "If {x} differs by {c}, answer {yes}, otherwise {no}.", "{yes} or {no}: does {x} differ between {c}?",
    "Answer {yes} when {x} depends on {c} and {no} when not.", "Decide: {yes} if the {c} differ in {x}, {no} if they do not.", "Is {x} unequal across {c}? Reply {yes} or {no}.",
)  # fmt: skip
def decide_test(d: Draw) -> dict[str, Any]:
    x, c = d.number(), d.category()
    yes, no = d.rng.choice(VERDICTS)
    tested = d.step("test", kind="anova", column=x.name, by=c.name)
    lead = d.step(
        "decide", rules=[{"when": [{"ref": ref(tested, "p_value"), "op": "<", "value": 0.05}], "then": yes}], otherwise=no
    )
    d.report(ref(lead, "label"), lead=lead)
    return {"x": d.say(x), "c": d.say(c), "yes": yes, "no": no}


@intent(
    'Say "{yes}" if the {f} {x} is {than} {v}, else "{no}".', "Is the {f} {x} {than} {v}? Answer {yes} or {no}.", "If the {f} {x} is {than} {v}, answer {yes}, otherwise {no}.",
    "{yes} or {no}: is the {f} {x} {than} {v}?", "Decide {yes} if the {f} {x} is {than} {v}, {no} if not.", "Reply {yes} when the {f} {x} is {than} {v} and {no} when it is not.",
)  # fmt: skip
def decide_threshold(d: Draw) -> dict[str, Any]:
    x, (f, said) = d.number(), d.function()
    yes, no = d.rng.choice(VERDICTS)
    op, than = d.rng.choice(((">", "above"), ("<", "below"), (">=", "at least"), ("<=", "at most")))
    value = d.threshold(x)
    measured = d.step("aggregate", measures=[measure(f, x.name)])
    lead = d.step(
        "decide", rules=[{"when": [{"ref": ref(measured, f"{f}_{x.name}"), "op": op, "value": value}], "then": yes}], otherwise=no
    )
    d.report(ref(lead, "label"), lead=lead)
    return {"x": d.say(x), "f": said, "than": than, "v": value, "yes": yes, "no": no}


@intent(
    "Predict {y} from {many} with {kind}; what is the {metric}?", "How well does {kind} predict {y} from {many}, by {metric}?", "Fit {kind} of {y} on {many} and give the {metric}.",
    "Train {kind} for {y} with {many}: {metric}?", "What {metric} does {kind} reach for {y} given {many}?", "Using {many}, model {y} by {kind} and tell me the {metric}.",
)  # fmt: skip
def model(d: Draw) -> dict[str, Any]:
    regression = d.rng.random() < 0.6
    y = d.number() if regression else d.column("category", "boolean")
    features = [d.column("number", "category") for _ in range(d.rng.randint(1, 3))]
    kind, words = d.rng.choice(_REGRESSORS if regression else _CLASSIFIERS)
    metric, named = d.rng.choice(
        (("r2", "R2"), ("rmse", "RMSE"), ("mae", "MAE")) if regression else (("accuracy", "accuracy"), ("f1", "F1 score"))
    )
    split = d.rng.random() < 0.6
    lead = d.step(
        "model", kind=kind, task="regression" if regression else "classification", target=y.name, features=[x.name for x in features],
        **({"split": {"test_size": 0.2}} if split else {}), metrics=[metric],
    )  # fmt: skip
    d.report(ref(lead, "metrics", metric))
    return {
        "y": d.say(y),
        "many": " and ".join(d.say(x) for x in features),
        "kind": words,
        "metric": named + (" on 20% held out" if split else ""),
    }


_REGRESSORS = (
    ("linear", "a linear regression"),
    ("ridge", "ridge regression"),
    ("random_forest", "a random forest"),
    ("decision_tree", "a decision tree"),
)
_CLASSIFIERS = (
    ("logistic", "logistic regression"),
    ("random_forest", "a random forest"),
    ("knn", "nearest neighbours"),
    ("decision_tree", "a decision tree"),
)


@intent(
    "How did {x} develop over {t}?", "What is the trend of {x} over {t}?", "Is {x} rising or falling over {t}?", "How has {x} changed with {t}?",
    "Does {x} go up or down over {t}?", "Which way does {x} move over {t}?", "Describe the course of {x} along {t}.", weight=2,
)  # fmt: skip
def trend(d: Draw) -> dict[str, Any]:
    t, x = d.column("date"), d.number()
    f = d.rng.choice(("mean", "mean", "sum", "max", "median"))
    every = d.rng.choice((None, "year", "month", "quarter", "week", "day"))
    lead = d.then(
        "trend", time=t.name, value=x.name, **({} if f == "mean" else {"function": f}), **({"every": every} if every else {})
    )
    if chart := d.rng.random() < 0.3:
        d.step("chart", kind="line", x="period", y="value", title=f"{x.name} over {t.name}")
    d.report(ref(lead, "direction"))
    said = d.say(t) + (f" by {every}" if every else "") + (" with a line chart" if chart else "")
    return {"x": d.say(x) if f == "mean" else f"{d.rng.choice(FUNCTIONS[f])} {d.say(x)}", "t": said}


@intent(
    "In which {every} of {t} was {x} {best}?", "Which {every} of {t} had the {best} {x}?", "Find the {every} of {t} with the {best} {x}.", "When was {x} {best}, by {every} of {t}?",
    "Name the {every} of {t} in which {x} was {best}.", "By {every} of {t}, when did {x} reach its {best}?",
)  # fmt: skip
def peak(d: Draw) -> dict[str, Any]:
    t, x, best = d.column("date"), d.number(), d.rng.choice(("highest", "lowest"))
    every = d.rng.choice(("year", "month", "quarter", "week", "day"))
    f = d.rng.choice(("mean", "sum"))
    lead = d.step("trend", time=t.name, value=x.name, **({} if f == "mean" else {"function": f}), every=every)
    d.report(ref(lead, f"{best}_period"))
    return {"t": d.say(t), "x": f"{d.rng.choice(FUNCTIONS[f])} {d.say(x)}", "every": every, "best": best}
