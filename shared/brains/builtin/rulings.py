"""Verdicts whose labels rest on several things at once: `'up' if p < 0.05 and r > 0`, `'fair' if 0.3 <= |r| < 0.5`."""

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from shared.analysis.plan import Predicate, RefValue, Rule
from shared.brains.builtin import statistics
from shared.brains.builtin.bands import LABEL
from shared.brains.builtin.build import pointer
from shared.brains.builtin.evidence import p_value
from shared.brains.builtin.spelling import root

if TYPE_CHECKING:
    from shared.brains.builtin.recipe import Recipe

_N = r"-?\d*\.?\d+"
_OPS = {"<": r"<|(?:is |lies |stays )?(?:strictly )?(?:below|under|less than|smaller than|lower than)", "<=": r"<=|≤|(?:is )?(?:at most|no more than|not above|not over)", ">": r">|(?:is |are |lies )?(?:strictly )?(?:above|over|greater than|more than|larger than|higher than)|exceeds?", ">=": r">=|≥|(?:is |are )?(?:at least|no less than|not below|not under)"}
_OP = "|".join(f"(?:{_OPS[op]})" for op in ("<=", ">=", "<", ">"))
_MIRROR = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_REST = re.compile(r"^\W*(?:otherwise|else|in (?:all|any|every) other cases?|if not|for (?:everything|all) else|in the remaining cases)\b|(?:otherwise|else|in (?:all|any|every) other cases?)\W*$")
_P = r"\bp(?: ?-? ?value)?\b"
_R = r"\b(?:r|rho|ρ|tau|correlations?|coefficients?|pearson|spearman|kendall)\b"


def operator(said: str) -> str | None:
    return next((op for op in ("<=", ">=", "<", ">") if re.fullmatch(_OPS[op], said.strip())), None)


def label_first(sentence: str) -> str:
    """`if p < 0.05 answer 'yes'; in every other case 'no'` with each label before its condition."""
    say = r"(?:then |we |you |the |it |is |be |as |to |should |simply |just )*(?:answer|say|report|write|call (?:it|this|the [a-z]+)|label (?:it|this)|return|state|conclude|output|give|the (?:answer|label|verdict|word|result) is|it is|is)?(?: the word| that it is)?"
    out = re.sub(rf"(?i)(?:^|(?<=[.;,:] )|(?<=and ))(?:if|when|where) (?P<c>(?:(?!\b(?:if|when|otherwise|else)\b)[^'\";])+?),? {say} ?(?P<l>'[^']{{1,60}}')(?! (?:if|when)\b)", r"\g<l> if \g<c>", sentence)
    return re.sub(rf"(?i)\b(?:otherwise|else|in (?:all|any|every) other cases?|for (?:all|any|every) other cases?|if (?:neither|none)[^',;]*),? {say} ?(?P<l>'[^']{{1,60}}')", r"\g<l> otherwise", out) if out != sentence else sentence


def compound_rules(recipe: "Recipe", sentence: str) -> tuple[list[Rule], str] | None:
    """Each label with all that must hold for it; None where nothing is compound or a part of it was not understood."""
    return _compound(recipe, sentence) or (_compound(recipe, turned) if (turned := label_first(sentence)) != sentence else None)


def _compound(recipe: "Recipe", sentence: str) -> tuple[list[Rule], str] | None:
    text = sentence.replace("−", "-")
    spots = list(LABEL.finditer(text))
    labels = [m[1] or m[2] for m in spots]
    if len(set(labels)) != len(labels) or len(labels) < 2:
        return None
    between = [text[a.end() : b.start()].lower() for a, b in pairwise(spots)]
    after = [*between, text[spots[-1].end() :].lower()]
    for i, piece in enumerate(after[:-1]):
        if m := re.search(r"[,;]? ?(?:and |or )?(?:otherwise|else|in (?:all|any|every) other cases?)[^,;.]{0,30}$", piece):
            after[i], after[i + 1] = piece[: m.start()], f"otherwise {after[i + 1]}"
    subject = "" if re.search(r"(?i)p-?value", text[: spots[0].start()]) else text[: spots[0].start()].lower()
    rules: list[Rule] = []
    rest: str | None = None
    several = False
    for label, piece in zip(labels, after, strict=True):
        piece = re.split(r"[.;](?!\d)", piece)[0].strip(" ,.;:)(")
        said = re.sub(r"(?:,? (?:and|or|but))+$", "", re.sub(r"^\W*(?:if|when|where|in case|for|provided(?: that)?)\b", "", piece)).strip(" ,")
        if not said or _REST.search(piece) and not re.search(r"\d", piece):
            if rest is not None:
                return None
            rest = label
            continue
        found = predicates(recipe, said, f"{subject} ; {sentence.lower()}")
        if not found:
            return None
        several = several or len(found) > 1 or bool(re.search(r"\bsigns?\b", said))
        rules.append(Rule(when=found, then=label))
    if not several or not rules:
        return None
    return (rules, rest) if rest is not None else (rules[:-1], str(rules[-1].then)) if len(rules) > 1 else None


def predicates(recipe: "Recipe", said: str, context: str) -> list[Predicate] | None:
    """What a condition states, part by part."""
    found: list[Predicate] = []
    last: list[str] = []
    for part in re.split(r",? and (?!up to|below|under|at most|less)|, (?=\|?[a-z])", said):
        if signs := re.fullmatch(r"(?:the )?(?:two|both) [a-z ]*?(?:have|has|are of|carry|differ in) (?:the )?(?P<kind>opposite|different|same|equal)? ?signs?", part.strip()):
            pair = [r for r in recipe.told.done.values() if r.endswith(":/r")] or [r for r in recipe.told.done.values() if not r.endswith(("/label", "/name", "/p_value"))]
            if len(pair) != 2:
                return None
            product = recipe.builder.calculate("a * b", a=pair[0], b=pair[1])
            found.append(Predicate(ref=product, op=">" if signs["kind"] in ("same", "equal") else "<", value=0))
            continue
        chain = re.fullmatch(rf"(?:the )?(?P<a>{_N}) ?(?P<x><=|<|≤) ?(?P<what>[^<>=≤≥]+?) ?(?P<y><=|<|≤) ?(?P<b>{_N})", part.strip())
        if chain:
            last = figures(recipe, chain["what"], context)
            if len(last) != 1:
                return None
            absolute = _absolute(chain["what"], "")
            for op, n in ((_MIRROR[operator(chain["x"]) or "<"], chain["a"]), (operator(chain["y"]), chain["b"])):
                found.append(Predicate(ref=last[0], op=op, value=float(n), absolute=absolute))  # type: ignore[arg-type]
            continue
        if re.fullmatch(r"(?:it|the (?:test|result|difference|correlation|effect|p-?value)|p) (?:is|was) (?P<no>not |in|non-?)?(?:statistically )?significant", part.strip()):
            ref = _the_p(recipe, context)
            alpha = statistics.setting_alpha(recipe.lower)
            if not ref or alpha is None:
                return None
            found.append(Predicate(ref=ref, op=">=" if re.search(r"\b(?:not|non)|insig", part) else "<", value=alpha))
            continue
        over = re.search(r"^(?P<what>.*?)\b(?P<n>-?\d*\.?\d+) or (?P<way>more|above|greater|larger|higher|less|below|smaller|lower|under)\b(?P<tail>.*)$", part)
        m = over or re.fullmatch(rf"(?P<what>.*?)(?:^| )?(?P<op>{_OP}) ?(?P<n>{_N}|zero)(?P<tail>(?: in (?:absolute|size|magnitude)[a-z ]*)?)", part.strip())
        sign = re.search(r"^(?P<what>.*?) ?(?:is|are) (?P<sign>positive|negative)$", part.strip()) if not m else None
        if not m and not sign:
            if compared := _compared(recipe, part):
                found.append(compared)
                continue
            return None
        matched: Any = m or sign
        what = re.sub(r"\b(?:is|are|the|of)\s*$", "", matched["what"]).strip()
        refs = figures(recipe, what, context) if what else last
        if not refs:
            return None
        last = refs
        if sign:
            found += [Predicate(ref=r, op=">" if sign["sign"] == "positive" else "<", value=0) for r in refs]
            continue
        op = (">=" if over["way"] in ("more", "above", "greater", "larger", "higher") else "<=") if over else operator(matched["op"])
        if op is None:
            return None
        value = 0.0 if matched["n"] == "zero" else float(matched["n"])
        found += [Predicate(ref=r, op=op, value=value, absolute=_absolute(what, matched["tail"] or "")) for r in refs]  # type: ignore[arg-type]
    return found or None


def _absolute(what: str, tail: str) -> bool:
    return bool(re.search(r"\babsolute\b|\|\s*\w+\s*\||\bmagnitude\b|\bin size\b", f"{what} {tail}"))


def _the_p(recipe: "Recipe", context: str) -> str | None:
    refs = {r for r in recipe.told.done.values() if r.endswith(":/p_value")}
    model = next((s for s in recipe.builder.steps if s.id == recipe.told.model), None)
    if not refs and model is not None and model.kind == "linear" and model.split is None and len(model.features) == 1:
        return f"{model.id}:/p_values/{pointer(model.features[0])}"
    return refs.pop() if len(refs) == 1 else p_value(recipe, context)


def figures(recipe: "Recipe", what: str, context: str) -> list[str]:
    """The figures some words are about: the p-value, the correlation, or one output by its own words."""
    if re.search(_P, what):
        ref = _the_p(recipe, context)
        return [ref] if ref else []
    if re.search(_R, what) or re.fullmatch(r"\W*(?:(?:both|all|they|the two)(?: of them)?|it|its (?:absolute )?(?:value|size))?\W*", what):
        refs = {n: r for n, r in recipe.told.done.items() if r.endswith(":/r")}
        if re.search(r"\b(?:both|all|the two)\b", what):
            return list(refs.values()) if len(refs) > 1 else []
        for method in ("pearson", "spearman", "kendall"):
            if method in what or len(refs) > 1 and method in context.split(";")[0]:
                refs = {n: r for n, r in refs.items() if method in f"{n} {recipe.outputs[n]}".lower()}
        return list(set(refs.values())) if len(set(refs.values())) == 1 else []
    return _by_words(recipe, what)


def _by_words(recipe: "Recipe", what: str) -> list[str]:
    wanted = {root(w) for w in re.findall(r"[a-z0-9]+", what.lower()) if w not in ("the", "of", "is", "its", "a", "value")}
    own = {n: {root(w) for w in re.findall(r"[a-z0-9]+", f"{n} {recipe.outputs[n]}".lower().replace("_", " "))} for n, r in recipe.told.done.items() if not r.endswith(("/label", "/name", "/names"))}
    scores = {n: len(wanted & words_) for n, words_ in own.items()}
    best = max(scores.values(), default=0)
    hits = [n for n, s in scores.items() if s == best]
    return [recipe.told.done[hits[0]]] if best and len(hits) == 1 else []


def _compared(recipe: "Recipe", part: str) -> Predicate | None:
    """`the Freq mean is lower`: set against the other figure of its kind."""
    m = re.search(r"^(?P<what>.*?) ?(?:is|was|has) (?:the )?(?P<way>lower|smaller|less|higher|larger|greater|more)(?: (?:one|mean|average))?$", part.strip())
    first = _by_words(recipe, m["what"]) if m else []
    if not m or not first:
        return None
    kind = first[0].split(":/")[-1].split("/")[-1]
    others = list({r for r in recipe.told.done.values() if r != first[0] and r.split(":/")[-1].split("/")[-1] == kind})
    if len(others) != 1:
        return None
    return Predicate(ref=first[0], op="<" if m["way"] in ("lower", "smaller", "less") else ">", value=RefValue(ref=others[0]))
