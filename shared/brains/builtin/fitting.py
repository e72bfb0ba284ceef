"""Models: what is predicted from what, how it is split, and the figures of the fit."""

import re
from typing import TYPE_CHECKING, Any

from shared.analysis.plan import (
    FitModel,
    Split,
)  # fmt: skip
from shared.brains.builtin import statistics
from shared.brains.builtin.build import Unclear, pointer
from shared.brains.builtin.link import Scene
from shared.brains.builtin.sentences import sentences

if TYPE_CHECKING:
    from shared.brains.builtin.recipe import Recipe

_NUMBER = r"(\d+(?:\.\d+)?)"


def fit_model(recipe: "Recipe") -> None:
    told, low = recipe.told, recipe.lower
    if told.model and told.model != "building":
        return
    kind = "logistic" if "logistic" in low else "random_forest" if "forest" in low else "decision_tree" if "decision tree" in low else "knn" if re.search(r"nearest|knn", low) else "ridge" if "ridge" in low else "lasso" if "lasso" in low else "naive_bayes" if "naive bayes" in low else "linear"
    task = "classification" if kind in ("logistic", "naive_bayes") or re.search(r"classif", low) else "regression"
    target: str | None = None
    features: list[str] = []
    for sentence in sentences(recipe.text):
        scene = recipe.brain.read(sentence)
        text = scene.text
        mark = r"(?:the |that |this )?(?:⟨F\d+⟩ )?⟨C\d+⟩(?: \( [^)]*\))?"
        several = rf"{mark}(?:(?: ?,| and| , and|,? as well as| plus| \+) {mark})*"
        for pattern in (
            rf"predict(?:s|ing|ion of)?(?: of)?(?: the)? (?P<y>⟨C\d+⟩)[^.⟨]*?(?:from|on|using|with|based on|by|as a function of) (?P<x>{several})",
            rf"regress(?:es|ing)? (?:the )?(?P<y>⟨C\d+⟩) (?:on|onto|against) (?P<x>{several})",
            rf"(?P<y>⟨C\d+⟩) (?:as|is) (?:the )?(?:target|response|dependent|outcome)[^⟨]*(?P<x>{several}) (?:as|is|are|the)+ ?(?:the )?(?:only |sole |single )?(?:features?|predictors?|independent|explanatory|regressors?|inputs?)",
            r"(?:target|response|dependent variable|outcome|label)(?: variable)?(?: is|:| =)? (?:the )?(?P<y>⟨C\d+⟩)",
            r"(?P<y>⟨C\d+⟩) (?:as|is) (?:the )?(?:target|response|dependent|outcome|y)\b",
            rf"(?:features?|predictors?|explanatory variables?|independent variables?|regressors?|inputs?)(?: are| is| :|:| being|,)*(?: the)? (?P<x>{several})",
            rf"(?P<x>{several}) (?:as|is|are) (?:the )?(?:only |sole |single |two |three )?(?:features?|predictors?|independent|explanatory|regressors?|inputs?)",
            rf"(?:regression|line|model|fit)(?: line)? (?:of|for) (?P<y>⟨C\d+⟩) (?:on|against|versus|vs|over|by|as a function of) (?P<x>{several})",
            rf"(?:that |which |to )?(?:explain|explains|explaining|model|models)(?: the)? (?P<y>⟨C\d+⟩) (?:by|with|from|through|using) (?P<x>{several})",
        ):
            m = re.search(pattern, text)
            if not m:
                continue
            groups = m.groupdict()
            if groups.get("y") and target is None:
                target = scene.get(groups["y"])
            if groups.get("x") and not features and (more := re.match(r" ?(?:, and|,|and|plus) (?!with|using|report|then|compute|give|calculate|what|fit|use|by|including|on|all|no|an? intercept|train|split|find|how|tell|the (?:slope|intercept|r))(?P<rest>[^.;]+)", text[m.end("x") :])) and re.match(r"[^.;]*⟨C|⟨F\d+⟩ |(?:the )?number of", more["rest"]):
                told.blocked = f"{sentence} ({_words(scene, more[1])})"
            if groups.get("x") and not features:
                features = [scene.get(c) for c in re.findall(r"⟨C\d+⟩", groups["x"])]
    if target is None or recipe.linker.kind_of(target) == "number" and task == "classification":
        for sentence in sentences(recipe.text):
            scene = recipe.brain.read(sentence)
            if m := re.search(r"(?:whether|target|positive class|label)\b[^.⟨]*(?:⟨[NVLC]\d+⟩[^.⟨]*){0,2}(⟨W\d+⟩)", scene.text):
                target = statistics.label_of(recipe.brain, scene.get(m[1]), "target")
                break
    if target in features:
        features = [f for f in features if f != target]
    if target is None or not features:
        told.model = "building"
        return
    if task == "regression" and recipe.linker.kind_of(target) != "number":
        task = "classification"
    split = None
    size = re.search(rf"test(?:[_ -]?size| size| set| share| part| data)*(?: of| is| =|=| being|:)? ?{_NUMBER} ?(%)?|{_NUMBER} ?% (?:of the (?:rows|data|observations) )?(?:as (?:the )?test|test|for testing|held out)|hold out {_NUMBER} ?%|{_NUMBER} ?% (?:for |of )?(?:the )?training", low)
    ratio = re.search(r"(\d\d) ?[/:] ?(\d\d)", low)
    seed = re.search(r"(?:random[_ -]?state|random seed|seed)(?: of| is| =|=|:| to)* ?(\d+)", low)
    if size or (ratio and seed):
        if size:
            group = next(i for i, g in enumerate(size.groups(), 1) if g and g != "%")
            share = float(size.group(group))
            if share > 1 or "%" in size.group():
                share = share / 100
            if group == 5:
                share = 1 - share
        else:
            share = int(ratio[2]) / 100  # type: ignore[index]
        split = Split(test_size=round(share, 6), seed=int(seed[1]) if seed else 42, stratify=bool(re.search(r"stratif", low)) and not re.search(r"no stratif|not stratif|without stratif", low))
    if re.search(r"chronolog|first \d+|last \d+|train on (?:the )?(?:years|rows|data)", low) and not seed:
        told.model = "building"
        return
    columns = [target, *features]
    table = recipe.builder.base(told.after, *columns)
    metrics = ["r2", "mse", "rmse", "mae"] if task == "regression" else ["accuracy", "precision", "recall", "f1"]
    params: dict[str, Any] = {}
    if kind == "knn" and (m := re.search(r"(\d+) nearest|n_neighbors ?=? ?(\d+)|k ?= ?(\d+)", low)):
        params["n_neighbors"] = int(next(g for g in m.groups() if g))
    if m := re.search(r"(max_iter|max_depth|n_estimators|n_neighbors|alpha)(?: of| is|=| =|:) ?(\d+(?:\.\d+)?)", low):
        if m[1] != "alpha" or kind in ("ridge", "lasso"):
            params[m[1]] = float(m[2]) if "." in m[2] else int(m[2])
    told.model = recipe.builder.add(FitModel, table, kind=kind, task=task, target=target, features=list(dict.fromkeys(features)), split=split, metrics=metrics, params=params,
                                  scale=bool(re.search(r"standardi[sz]e the features|scale the features|standardscaler", low)), seed=int(seed[1]) if seed else 42)  # fmt: skip


def model_output(recipe: "Recipe", both: str) -> str | None:
    step = recipe.told.model
    fit = next(s for s in recipe.builder.steps if s.id == step)
    if m := re.search(r"predict(?:ed|ion|s)?\b.*?\b(?:at|for|when|where|with|of)\b[^0-9]*(\d+(?:,\d{3})*(?:\.\d+)?)", both):
        if fit.kind == "linear" and len(fit.features) == 1 and fit.split is None and not re.search(r"error|residual", both):
            return recipe.builder.calculate(f"intercept + slope * {float(m[1].replace(',', '')):.10g}", intercept=f"{step}:/intercept", slope=f"{step}:/coefficients/{pointer(fit.features[0])}")
    if re.search(r"predicted|prediction|residual|confusion|misclassif|correctly|true (?:positive|negative)|false (?:positive|negative)|auc|baseline", both):
        raise Unclear("prediction", "I cannot tell single predictions of a model.", "Ask for its metrics.")
    if fit.task == "regression" and re.search(r"accuracy|\bf1\b|gaussiannb|logistic|classifier", both) or fit.task == "classification" and re.search(r"r ?-?squared|r²|rmse|linear regression", both):
        raise Unclear("model", "It speaks of a second model, and I fit one at a time.")
    if re.search(r"p ?-?value", both):
        return f"{step}:/p_values/{pointer(fit.features[0])}" if len(fit.features) == 1 else None
    names = {"r2": r"r ?-?squared|r2|r²|coefficient of determination|\br 2\b|r square", "rmse": r"rmse|root mean squared?", "mse": r"mse|mean squared", "mae": r"mae|mean absolute", "accuracy": r"accuracy", "f1": r"\bf1\b", "precision": r"\bprecision\b", "recall": r"\brecall\b"}
    for metric, pattern in names.items():
        if re.search(pattern, both):
            return f"{step}:/metrics/{metric}"
    if re.search(r"intercept", both):
        return f"{step}:/intercept"
    if re.search(r"decade", both) and re.search(r"slope|trend|warming|degrees|increase|rise|change", both):
        return recipe.builder.calculate("10 * slope", slope=f"{step}:/coefficients/{pointer(fit.features[0])}") if len(fit.features) == 1 and fit.features[0] in recipe.linker.years else None
    if re.search(r"slope|coefficient|\bcoef", both):
        if len(fit.features) == 1:
            return f"{step}:/coefficients/{pointer(fit.features[0])}"
        own = [c for c in recipe.columns(recipe.brain.read(both)) if c in fit.features]
        return f"{step}:/coefficients/{pointer(own[0])}" if own else None
    if re.search(r"n test|test rows|number of test|test size|(?:rows|cases|observations|cars|[a-z]+) in the test", both):
        return f"{step}:/n_test"
    if re.search(r"n train|training rows|in the training", both):
        return f"{step}:/n_train"
    return None


def _words(scene: Scene, text: str) -> str:
    return re.sub(r"⟨[A-Z]\d+⟩", lambda m: scene.words.get(m.group(), ""), text)
