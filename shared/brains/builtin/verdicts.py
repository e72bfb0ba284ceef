"""Outputs that are words: a decision by a p-value, thresholds on computed figures, which of two is smaller."""

import re
from typing import TYPE_CHECKING

from shared.analysis.plan import (
    Correlate,
    Predicate,
    RefValue,
    Rule,
)  # fmt: skip
from shared.brains.builtin import statistics
from shared.brains.builtin.evidence import p_value
from shared.brains.builtin.link import root
from shared.brains.builtin.sentences import sentences

if TYPE_CHECKING:
    from shared.brains.builtin.recipe import Recipe


def is_verdict(recipe: "Recipe", name: str, description: str, named: str, text: str) -> bool:
    return bool(re.search(r"label|conclusion|decision|verdict|significan|result|shape|outcome|symmetric|normal(?:ity)?$|interpretation|assessment", named) or len(re.findall(r"'[^']+'", description)) >= 2) and not re.search(r"number of|p-?value|mean ", text)


def verdict(recipe: "Recipe", name: str, description: str) -> str | None:
    labels = [x for x in re.findall(r"'([^']{1,60})'|\"([^\"]{1,60})\"", description)]
    wanted = [a or b for a, b in labels]
    for sentence in reversed(sentences(recipe.text)):
        quoted = [a or b for a, b in re.findall(r"(?<!\w)'([^'\"]{1,60}?)'(?!\w)|\"([^\"]{1,60})\"", sentence)]
        if len(quoted) < 2 or (wanted and not set(w.lower() for w in wanted) & set(q.lower() for q in quoted)):
            continue
        if rules := threshold_rules(recipe, sentence):
            return recipe.builder.decide(*rules)
        if rules := signed_significance(recipe, sentence):
            return recipe.builder.decide(*rules)
        if len(set(quoted)) > 2:
            continue
        scene = recipe.brain.read(sentence)
        for mark in scene.all("V"):
            if (found := scene.words[mark].lower()) in [q.lower() for q in quoted]:
                scene.text = scene.text.replace(mark, scene.mark("L", next(q for q in quoted if q.lower() == found)))
        pair = statistics.decision_labels(scene)
        if pair is None and wanted and len(wanted) == 2:
            pair = (wanted[0], wanted[1]) if not re.match(r"(?i)not|no ", wanted[0]) else (wanted[1], wanted[0])
        ref = told_p(recipe) or p_value(recipe, sentence.lower())
        if pair and ref:
            alpha = statistics.setting_alpha(recipe.lower) or statistics.setting_alpha(sentence.lower()) or 0.05
            return recipe.builder.decide([Rule(when=[Predicate(ref=ref, op="<", value=alpha)], then=pair[0])], pair[1])
    return None


def told_p(recipe: "Recipe") -> str | None:
    """The p-value that is an output itself, where there is one alone."""
    refs = {r for r in recipe.told.done.values() if r.endswith(":/p_value")}
    return refs.pop() if len(refs) == 1 else None


def signed_significance(recipe: "Recipe", sentence: str) -> tuple[list[Rule], str] | None:
    """`'none' if p is 0.05 or more, otherwise 'negative' if r is below zero and 'positive' if above`: three labels by p and a sign."""
    pieces = re.split(r"(?<!\w)'([^'\"]{1,60}?)'(?!\w)", sentence)
    labels, after = pieces[1::2], [p.lower() for p in pieces[2::2]]
    if len(set(labels)) != 3 or len(labels) != 3:
        return None
    less = r"\b(?:below|under|negative|lower|less|smaller|falling|decreas\w+|<)"
    more = r"\b(?:above|over|positive|higher|greater|more|larger|rising|increas\w+|>)"
    roles: dict[str, str] = {}
    for i, (label, piece) in enumerate(zip(labels, after, strict=True)):
        bare = re.sub(r"\bp(?:-?value)?\b[^,;]*?(?:\d*\.\d+)(?: or (?:more|greater|above|larger))?|significan\w+|\d*\.\d+ or (?:more|above)", " ", piece)
        ahead = pieces[2 * i].lower()
        if re.search(r"(?:otherwise|else|in all other cases)\W*$", ahead) and not re.match(r"\W*(?:if|when)", piece) or re.match(r"\W*(?:if|when)\b.*\bp\b.*(?:or more|at least|not (?:below|less)|above|>=)|\W*(?:if|when)\b.*not significant|\W*(?:otherwise|else)\W*$", piece) and not (re.search(less, bare) and re.search(r"if|when", bare)):
            roles["none"] = label
        elif re.search(less, bare) and not re.search(more, bare):
            roles["less"] = label
        elif re.search(more, bare) and not re.search(less, bare):
            roles["more"] = label
    ref = told_p(recipe) or p_value(recipe, sentence.lower())
    if len(roles) != 3 or not ref:
        return None
    step = next(s for s in recipe.builder.steps if s.id == ref.split(":")[0])
    alpha = statistics.setting_alpha(sentence.lower()) or statistics.setting_alpha(recipe.lower)
    told = re.search(r"\bp(?:-?value)?\b[^,;.]*?(\d*\.\d+)", sentence.lower())
    alpha = alpha or (float(told[1]) if told else 0.05)
    if not isinstance(step, Correlate):
        return None
    sign = ref.replace(":/p_value", ":/r")
    small = Predicate(ref=ref, op="<", value=alpha)
    return [Rule(when=[small, Predicate(ref=sign, op="<", value=0)], then=roles["less"]), Rule(when=[small, Predicate(ref=sign, op=">", value=0)], then=roles["more"])], roles["none"]


def threshold_rules(recipe: "Recipe", sentence: str) -> tuple[list[Rule], str] | None:
    """`'a' if the skewness is above 0.5, 'b' if below -0.5, otherwise 'c'`, on figures already computed."""
    pieces = re.split(r"(?<!\w)'([^'\"]{1,60}?)'(?!\w)", sentence)
    labels, after = pieces[1::2], pieces[2::2]
    rules: list[Rule] = []
    otherwise: str | None = None
    subject: list[str] = []
    absolute = False
    for i, (label, rest) in enumerate(zip(labels, after, strict=True)):
        ahead = pieces[2 * i].lower()
        piece = rest.lower()
        if re.search(r"(?:otherwise|else|in all other cases|if not)[^.;]*$", ahead) and not re.match(r"\W*(?:if|when)", piece):
            otherwise = label
            continue
        m = re.search(r"(?:if|when|for)\b(?P<what>.*?)(?P<op>at least|at most|greater than|larger than|more than|above|over|exceeds|less than|smaller than|below|under|fewer than|>=|<=|>|<) ?(?P<n>-?\d*\.?\d+)", piece.replace("−", "-"))
        sign = re.search(r"(?:if|when)\b(?P<what>.*?)\bis (?P<sign>positive|negative)\b", piece) if not m else None
        if sign and (found := subject_of(recipe, sign["what"])):
            rules.append(Rule(when=[Predicate(ref=found[0], op=">" if sign["sign"] == "positive" else "<", value=0)], then=label))
            continue
        lesser = re.search(r"(?:if|when)\b(?P<what>.*?)\b(?:has|have|is) (?:the )?(?P<size>smaller|lower|larger|greater|higher|closer)", piece) if not m else None
        if lesser and not re.search(r"p-?value|\bp\b", lesser["what"]):
            return smaller_of(recipe, label, labels, lesser)
        if not m or re.search(r"\bp\b|p-?value|alpha|hypothesis", m["what"]):
            if re.match(r"\W*(?:otherwise|else|if not|in all other)", piece) or not m and i == len(labels) - 1 and rules:
                otherwise = otherwise or label
                continue
            return None
        found = subject_of(recipe, m["what"])
        subject = found or subject
        absolute = absolute or bool(re.search(r"absolute|\|", piece))
        if not subject:
            return None
        op = {"at least": ">=", "at most": "<=", ">=": ">=", "<=": "<=", ">": ">", "<": "<"}.get(m["op"]) or (">" if re.match(r"greater|larger|more|above|over|exceed", m["op"]) else "<")
        value = float(m["n"])
        if re.search(r"at least one|either|any of", piece):
            rules += [Rule(when=[Predicate(ref=s, op=op, value=value, absolute=absolute)], then=label) for s in subject]  # type: ignore[arg-type]
        else:
            rules.append(Rule(when=[Predicate(ref=s, op=op, value=value, absolute=absolute) for s in (subject if re.search(r"both|all ", piece) else subject[:1])], then=label))  # type: ignore[arg-type]
    if rules and otherwise is None:
        return None
    return (rules, otherwise) if rules and otherwise is not None else None


def subject_of(recipe: "Recipe", words_: str) -> list[str]:
    """The computed outputs these words are about."""
    wanted = {root(w) for w in re.findall(r"[a-z]+", words_)}
    several = re.search(r"at least one|either|both|any of|the two", words_)
    scored = []
    for name, ref in recipe.told.done.items():
        own = {root(w) for w in re.findall(r"[a-z]+", (name + " " + recipe.outputs[name]).lower().replace("_", " "))}
        scored.append((len(wanted & own), name, ref))
    numeric = [s for s in scored if ":/label" not in s[2]]
    if several and numeric:
        return [ref for _, _, ref in numeric]
    best = max((s[0] for s in numeric), default=0)
    hits = [ref for score, _, ref in numeric if score == best and score > 0]
    if len(hits) >= 1:
        return hits[:1]
    return [numeric[0][2]] if len(numeric) == 1 else []


def smaller_of(recipe: "Recipe", label: str, labels: list[str], m: re.Match[str]) -> tuple[list[Rule], str] | None:
    numeric = [(n, r) for n, r in recipe.told.done.items() if ":/label" not in r]
    if len(numeric) < 2 or len(labels) < 2:
        return None
    wanted = {root(w) for w in re.findall(r"[a-z]+", m["what"])}
    scored = sorted(numeric, key=lambda item: -len(wanted & {root(w) for w in re.findall(r"[a-z]+", (item[0] + " " + recipe.outputs[item[0]]).lower().replace("_", " "))}))
    first = scored[0][1]
    second = next(r for _, r in numeric if r != first)
    op = "<" if m["size"] in ("smaller", "lower", "closer") else ">"
    a = recipe.builder.calculate("abs(x)", x=first)
    b = recipe.builder.calculate("abs(x)", x=second)
    other = next(x for x in labels if x != label)
    return [Rule(when=[Predicate(ref=a, op=op, value=RefValue(ref=b))], then=label)], other  # type: ignore[arg-type]
