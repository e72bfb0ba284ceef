"""Models: what is predicted from what, how it is split, and the figures of the fit."""

import re
from typing import TYPE_CHECKING, Any

from shared.analysis.expression import quote
from shared.analysis.plan import (
    FitModel,
    Split,
)  # fmt: skip
from shared.brains.builtin import statistics
from shared.brains.builtin.build import Unclear, pointer
from shared.brains.builtin.conditions import mark_values
from shared.brains.builtin.scene import Scene, rx
from shared.brains.builtin.sentences import sentences
from shared.brains.builtin.spelling import key

if TYPE_CHECKING:
    from shared.brains.builtin.recipe import Recipe

_NUMBER = r"(\d+(?:\.\d+)?)"


def fit_model(recipe: "Recipe") -> None:
    told, low = recipe.told, recipe.lower
    if told.model and told.model != "building":
        return
    kind = "logistic" if "logistic" in low else "random_forest" if "forest" in low else "decision_tree" if "decision tree" in low else "knn" if re.search(r"nearest|knn", low) else "ridge" if "ridge" in low else "lasso" if "lasso" in low else "naive_bayes" if "naive bayes" in low else "linear"
    task = "classification" if kind in ("logistic", "naive_bayes") or re.search(r"classif", low) else "regression"
    target, features, table = variables(recipe)
    if target is None or recipe.linker.kind_of(target) == "number" and task == "classification":
        for sentence in sentences(recipe.text):
            scene = recipe.brain.read(sentence)
            mark_values(scene, recipe.linker)
            if m := re.search(r"(?:whether|target|positive class|label|tells?|distinguish\w*|separat\w+|recogni[sz]\w+|identif\w+)\b[^.⟨]*(?:⟨[NVLC]\d+⟩[^.⟨]*){0,2}(⟨W\d+⟩)", scene.text):
                target = statistics.label_of(recipe.brain, scene.get(m[1]), "target")
                break
    features = [f for f in features if f != target]
    if target is None or not features:
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
        return
    if table is None:
        table = recipe.builder.base(told.after, target, *features)
    metrics = ["r2", "mse", "rmse", "mae"] if task == "regression" else ["accuracy", "precision", "recall", "f1", "auc"]
    params: dict[str, Any] = {}
    if kind == "knn" and (m := re.search(r"(\d+) nearest|n_neighbors ?=? ?(\d+)|k ?= ?(\d+)", low)):
        params["n_neighbors"] = int(next(g for g in m.groups() if g))
    if m := re.search(r"(max_iter|max_depth|n_estimators|n_neighbors|alpha)(?: of| is|=| =|:) ?(\d+(?:\.\d+)?)", low):
        if m[1] != "alpha" or kind in ("ridge", "lasso"):
            params[m[1]] = float(m[2]) if "." in m[2] else int(m[2])
    told.model = recipe.builder.add(FitModel, table, kind=kind, task=task, target=target, features=list(dict.fromkeys(features)), split=split, metrics=metrics, params=params,
                                  scale=bool(re.search(r"standardi[sz]e the features|scale the features|standardscaler", low)), seed=int(seed[1]) if seed else 42)  # fmt: skip


_STOP = re.compile(
    r"(?:[.;:]|,? (?:(?:with|using|including|and|by|via|through) )?(?:an? |the )?(?:intercept|constant|ordinary\b|ols\b|scikit|sklearn|train_test_split|linearregression|logisticregression|statsmodels|default)|,? (?:in that order|in this order|as (?:they are|is|given|the only|the)\b|features in|then\b|where\b|without\b|unscaled|split\b|on (?:all|the (?:whole|full|remaining|training))|over all|for all|using (?:all|only|just|the (?:whole|full|remaining|rows))|with (?:scikit|default|no)|as features?|as predictors?)|,? and (?:report|split|compute|give|use|train|evaluate|tell|state|find|test|keep|round|what|calculate|predict|apply)\b|,? (?:report|split|compute|give|evaluate|tell|state|what)\b)"
)
_DIRECTED = (
    r"\bhow (?:strongly |much )?(?:the )?(?P<y>[^.;⟨]*⟨C\d+⟩[^.;⟨]*?)\b(?:depends?|is explained|is driven|varies|changes) (?:on|by|with) (?P<x>.*)",
    r"predict(?:s|ing|ion of|ion for)?(?: of)? (?P<y>[^.;]*?⟨C\d+⟩[^.;⟨]*?)\b(?:from|on|using|with|based on|by|as a function of) (?P<x>.*)",
    r"regress(?:es|ing|ed)? (?P<y>[^.;]*?⟨C\d+⟩[^.;⟨]*?)\b(?:on|onto|against|upon) (?P<x>.*)",
    r"(?:explain|model)(?:s|ing)? (?P<y>[^.;]*?⟨C\d+⟩[^.;⟨]*?)\b(?:by|with|from|through|using|as a function of) (?P<x>.*)",
    r"(?:regression|line|model|fit|trend|squares|classifier)\b[^.;⟨]*?\b(?:of|for|to|on) (?P<y>[^.;⟨]*⟨C\d+⟩[^.;⟨]*?)\b(?:on|against|versus|vs|over|by|as a function of|with the features?|with features?|from|using) (?P<x>.*)",
    r"(?:regression|line|model|fit|trend|squares)\b[^.;⟨]*?\b(?:of|for|to) (?P<y>[^.;⟨]*⟨C\d+⟩[^.;⟨]*?)\bwith (?P<x>[^.;⟨]*⟨C\d+⟩) as (?:the )?(?:x|predictor|feature|regressor|explanatory)",
)
_FEATURES = (r"(?:features?|predictors?|explanatory variables?|independent variables?|regressors?|inputs?)(?: are| is| be| being| being used| used| :|:|,)*(?P<x> .*⟨C\d+⟩.*)", r"\b(?:from|using|on) (?P<x>[^.;]*⟨C\d+⟩.*)", r"\bbased on (?P<x>⟨C\d+⟩.*)")
# "How well can y be predicted", "fit a LinearRegression for y"
_ASKED = r"(?P<y>⟨C\d+⟩) (?:can |could |may |to )?be (?:\w+ )?(?:predicted|explained|modell?ed|forecast|estimated)|(?:classifier|regression|regressor|linearregression|logisticregression|model)(?: model)? (?:for|of) (?:the )?(?P<z>⟨C\d+⟩)(?= ?(?:[.,;:(]|$|with\b|using\b|from\b|on\b))"
_TARGET = (r"(?:target|response|dependent variable|outcome|label)(?: variable)?(?: is|:| =| to be|,)* (?:the )?(?P<y>⟨C\d+⟩)", r"(?P<y>⟨C\d+⟩) (?:as|is|be) (?:the )?(?:target|response|dependent|outcome|y)\b", r"\b(?:for|of) (?P<y>⟨C\d+⟩)")


def variables(recipe: "Recipe") -> tuple[str | None, list[str], str | None]:
    """Target, features, and the table they are in where it is one made for the fit; no features where one was not understood."""
    target: str | None = None
    features: list[str] = []
    for sentence in sentences(recipe.text):
        scene = recipe.brain.read(sentence)
        _transformed(recipe, scene)
        text = re.sub(r"\([^()]*\)", " ", scene.text)
        text = re.sub(r"⟨F\d+⟩ (?=⟨C)", lambda m: "" if scene.get(m.group().strip()) == "count" else m.group(), text)  # noqa: B023
        modelling = bool(re.search(r"regress|predict|classif|\bfit|\btrain|features?|predictors?|target|\bmodel|\bline\b|explain|independent|regressor|\bsquares how\b", text))
        if not modelling:
            continue
        if m := re.search(r"\b(?:using|use|on|for|over|with|to|including)(?: data of| the rows of)? (?:only|just)\b(?P<rest>.*)", scene.text):
            rows = scene.fork(m["rest"])
            mark_values(rows, recipe.linker)
            recipe.told.after = recipe.brain.table = recipe.builder.where(recipe.told.after, *(rows.get(w) for w in rows.all("W")))
        if grouped := of_group_figures(recipe, scene, sentence):
            return grouped
        for pattern in _DIRECTED:
            m = re.search(pattern, text)
            if not m or features:
                continue
            found = listed(scene, m["x"])
            if found is None:
                recipe.told.blocked = sentence
                return None, [], None
            if found:
                features = found
                if target is None:
                    target = next(iter(scene.get(c) for c in re.findall(r"⟨C\d+⟩", m["y"])), None)
        if not features and (m := re.search(r"(?P<x>⟨C\d+⟩(?:(?: ?,| and| , and) ⟨C\d+⟩)*) as (?:the |its |your )?(?:(?:only|sole|single|two|three|four|five|⟨N\d+⟩) )*(?:features?|predictors?|independent variables?|explanatory variables?|regressors?|inputs?)\b", text)):
            features = [scene.get(c) for c in re.findall(r"⟨C\d+⟩", m["x"])]
        for pattern in (_FEATURES if "classif" in text or "target" in text else _FEATURES[::2]):
            if not features and (m := re.search(pattern, text)):
                found = listed(scene, m["x"])
                if found is None:
                    recipe.told.blocked = sentence
                    return None, [], None
                features = found
        if not features and (m := re.search(r"(?P<x>⟨C\d+⟩(?:(?: ?,| and| , and) ⟨C\d+⟩)*) (?:as|is|are|be) (?:the )?(?:only |sole |single |two |three )?(?:features?|predictors?|independent|explanatory|regressors?|inputs?)", text)):
            features = [scene.get(c) for c in re.findall(r"⟨C\d+⟩", m["x"])]
        if target is None and (m := re.search(_ASKED, text)) and scene.get(m["y"] or m["z"]) not in features:
            target = scene.get(m["y"] or m["z"])
        for pattern in _TARGET[: 3 if "classif" in text else 2]:
            if target is None and (m := re.search(pattern, text)) and scene.get(m["y"]) not in features:
                target = scene.get(m["y"])
    return target, features, None


def listed(scene: Scene, text: str) -> list[str] | None:
    """The columns of a list, each item one; None where an item was not understood."""
    if stop := _STOP.search(text):
        text = text[: stop.start()]
    found: list[str] = []
    for item in re.split(r",|\band\b|\bas well as\b|\bplus\b|\+", text):
        marks = list(dict.fromkeys(scene.get(c) for c in re.findall(r"⟨C\d+⟩", item)))
        rest = [w for w in re.findall(r"[a-z][a-z-]+|⟨[A-Z]\d+⟩", item) if not w.startswith("⟨C") and w not in _NOISE]
        if len(marks) == 1:
            found.append(marks[0])
        elif marks or rest:
            return None
    return list(dict.fromkeys(found))


_NOISE = frozenset("the a an of its their only alone two three four five six columns column variables variable features feature predictors predictor both following these all four just numeric unscaled dummy".split())


def _transformed(recipe: "Recipe", scene: Scene) -> None:
    """`log income` in a model is a column of its own."""
    def made(m: re.Match[str]) -> str:
        column = scene.get(m["c"])
        if not recipe.linker.is_number(column) or column in recipe.builder.expressions:
            return m.group()
        ten = "10" in m.group().split("⟨")[0] or "common" in m.group() or re.search(r"⟨N\d+⟩", m.group()) is not None
        name = recipe.builder.expression(f"log10 {column}" if ten else f"log {column}", f"{'log10' if ten else 'ln'}({quote(column)})")
        for alias in (f"log {scene.words.get(m['c'], column)}", f"log of {scene.words.get(m['c'], column)}", f"log {column}"):
            recipe.linker.exact[key(re.findall(r"\w+", alias.lower()))] = [name]
        return scene.mark("C", name, m.group())

    scene.text = rx(r"(?:the )?(?:natural |common )?(?:base ?-? ?(?:10|⟨N\d+⟩) )?\b(?:log10|log ?-? ?⟨N\d+⟩|log|ln|logged|logarithm)(?: ?- ?transformed)?(?: of)?(?: the)? ?\(? ?{C:c}(?: \))?").sub(made, scene.text)


def of_group_figures(recipe: "Recipe", scene: Scene, sentence: str) -> tuple[str, list[str], str] | None:
    """`… to these yearly means`: a line through one figure for each group."""
    if not re.search(r"\b(?:these|those|the) (?:\w+ )?(?:means|averages|medians|totals|sums|counts)\b", sentence.lower()):
        return None
    for told in sentences(recipe.text):
        if told == sentence or not re.search(r"(?i)\bfor (?:each|every)\b|\bper\b|\bby\b", told):
            continue
        p = recipe.brain.parts(recipe.brain.read(told))
        functions = [f for f in p.functions if f in ("mean", "median", "sum", "count")]
        functions = [f for f in functions if f != "count"] or functions
        numbers = [c for c in p.columns if recipe.linker.is_number(c) and c not in p.by]
        if len(p.by) == 1 and len(set(functions)) == 1 and len(numbers) == (functions[0] != "count") and recipe.linker.is_number(p.by[0]):
            table = recipe.builder.where(recipe.told.after, *p.where)
            step, name = recipe.builder.groups(table, p.by, functions[0], numbers[0] if numbers else None)
            recipe.linker.derived[name] = "number"
            return name, p.by, step
    return None


def model_output(recipe: "Recipe", both: str) -> str | None:
    step = recipe.told.model
    fit = next(s for s in recipe.builder.steps if s.id == step)
    if m := re.search(r"predict(?:ed|ion|s)?\b.*?\b(?:at|for|when|where|with|of)\b[^0-9]*(\d+(?:,\d{3})*(?:\.\d+)?)", both):
        if fit.kind == "linear" and len(fit.features) == 1 and fit.split is None and not re.search(r"error|residual", both):
            return recipe.builder.calculate(f"intercept + slope * {float(m[1].replace(',', '')):.10g}", intercept=f"{step}:/intercept", slope=f"{step}:/coefficients/{pointer(fit.features[0])}")
    if re.search(r"predicted (?!correct)|prediction|residual|confusion|misclassif|(?:number|count|how many)\b[^;]*(?:correctly|right\b)|true (?:positive|negative)|false (?:positive|negative)|baseline|\bclass \w+", both) and not re.search(r"accuracy|\bauc\b|r ?-?squared|\br2\b|\brmse\b|\bmae\b", both):
        raise Unclear("prediction", "I cannot tell single predictions of a model.", "Ask for its metrics.")
    if fit.task == "regression" and re.search(r"accuracy|\bf1\b|gaussiannb|logistic|classifier", both) or fit.task == "classification" and re.search(r"r ?-?squared|r²|rmse|linear regression", both):
        raise Unclear("model", "It speaks of a second model, and I fit one at a time.")
    if re.search(r"p ?-?value", both):
        return f"{step}:/p_values/{pointer(fit.features[0])}" if len(fit.features) == 1 else None
    names = {"r2": r"r ?-?squared|r2|r²|coefficient of determination|\br 2\b|r square", "rmse": r"rmse|root mean squared?", "mse": r"mse|mean squared", "mae": r"mae|mean absolute", "auc": r"\bauc\b|area under", "accuracy": r"accuracy|(?:share|proportion|fraction|part|percentage)\b.*\b(?:correct|right|classified correctly)", "f1": r"\bf1\b", "precision": r"\bprecision\b", "recall": r"\brecall\b"}
    for metric, pattern in names.items():
        if re.search(pattern, both):
            return f"{step}:/metrics/{metric}"
    if re.search(r"intercept|\bconst(?:ant)?\b", both):
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
