"""Outputs that are words: a decision by a p-value, thresholds on computed figures, which of two is smaller."""

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from shared.analysis.plan import (
    Correlate,
    Predicate,
    RefValue,
    Rule,
)  # fmt: skip
from shared.brains.builtin import statistics
from shared.brains.builtin.bands import LABEL, bands
from shared.brains.builtin.evidence import p_value
from shared.brains.builtin.rulings import compound_rules
from shared.brains.builtin.sentences import sentences
from shared.brains.builtin.spelling import root

if TYPE_CHECKING:
    from shared.brains.builtin.recipe import Recipe


def is_verdict(recipe: "Recipe", name: str, description: str, named: str, text: str) -> bool:
    return bool(re.search(r"label|conclusion|decision|verdict|significan|result|shape|outcome|symmetric|normal(?:ity)?$|interpretation|assessment|\bstrength|\bclass(?:ification)?$|category|\bfinding|\btrend$|\banswer|judg|\brelation(?:ship)?$", named) or len(re.findall(r"'[^']+'", description)) >= 2) and not re.search(r"number of|p-?value|mean ", text)


def verdict(recipe: "Recipe", name: str, description: str) -> str | None:
    labels = [x for x in re.findall(r"'([^']{1,60})'|\"([^\"]{1,60})\"", description)]
    wanted = [a or b for a, b in labels]
    for sentence in reversed(sentences(recipe.text)):
        quoted = [a or b for a, b in re.findall(r"(?<!\w)'([^'\"]{1,60}?)'(?!\w)|\"([^\"]{1,60})\"", sentence)]
        if len(quoted) < 2 or (wanted and not set(w.lower() for w in wanted) & set(q.lower() for q in quoted)) or set(quoted) & set(recipe.made):
            continue
        if rules := compound_rules(recipe, sentence) or signed_significance(recipe, sentence) or threshold_rules(recipe, sentence):
            return recipe.builder.decide(*rules)
        if made := between_outputs(recipe, wanted, sentence):
            return recipe.builder.decide(*made)
        if len(set(quoted)) > 2:
            continue
        pair = outcome_labels(sentence)
        ref = told_p(recipe) or p_value(recipe, sentence.lower())
        if pair and ref:
            alpha = statistics.setting_alpha(recipe.lower) or statistics.setting_alpha(sentence.lower()) or 0.05
            return recipe.builder.decide([Rule(when=[Predicate(ref=ref, op="<", value=alpha)], then=pair[0])], pair[1])
    return None


def between_outputs(recipe: "Recipe", wanted: list[str], sentence: str) -> tuple[list[Rule], str] | None:
    """`which of the two is larger ('pearson' or 'spearman')`, `whether it went 'up' or 'down'`: one of two outputs, by their names or in their order."""
    said = re.sub(r"'[^']*'", " ", f"{recipe.lower if re.search(r'(?i)^.{0,12}(?:answer|report) that', sentence) else sentence.lower()}")
    if len(wanted) != 2 or re.search(r"\d|\bp\b|p-?value|\bif\b|\bwhen\b|significan", re.sub(r"\b(?:1[5-9]|20)\d\d\b|\d+ (?:decimals?|places)", "", said)):
        return None
    figures = [n for n, r in recipe.told.done.items() if not r.endswith(("/label", "/name", "/names", "/p_value"))]
    own = {n: set(re.findall(r"[a-z]{2,}|\d+|\b[a-z]\b", f"{n} {recipe.outputs[n]}".lower().replace("_", " "))) for n in figures}
    low = [w.lower() for w in wanted]
    pairs: list[str] = []
    bigger = re.search(r"\b(?:larger|higher|greater|bigger|highest|largest|greatest|more)\b", said)
    smaller = re.search(r"\b(?:smaller|lower|less|lowest|smallest|fewer)\b", said)
    if low in (["up", "down"], ["down", "up"], ["rose", "fell"], ["fell", "rose"], ["increase", "decrease"], ["decrease", "increase"], ["rising", "falling"], ["falling", "rising"], ["higher", "lower"], ["lower", "higher"]):
        between_ = re.findall(r"\b(?:from|between) ((?:1[5-9]|20)\d\d) (?:to|and|until) ((?:1[5-9]|20)\d\d)\b", said)
        years = list(between_[-1]) if between_ else re.findall(r"\b(?:1[5-9]|20)\d\d\b", said)
        pairs = [next((n for n in figures if y in own[n]), "") for y in years[:2]]
        up, down = (wanted[0], wanted[1]) if low[0] in ("up", "rose", "increase", "rising", "higher") else (wanted[1], wanted[0])
        if len(years) == 2 and all(pairs) and pairs[0] != pairs[1]:
            a, b = (recipe.told.done[n] for n in pairs)
            return [Rule(when=[Predicate(ref=b, op=">", value=RefValue(ref=a))], then=up)], down
        return None
    if bool(bigger) == bool(smaller) or not re.search(r"\bwhich\b|\bthe one\b|\bwhose\b", said):
        return None
    if low == ["first", "second"] and len(figures) == 2:
        pairs = figures
    else:
        pairs = [hits[0] if len(hits := [n for n in figures if set(re.findall(r"[a-z]+|\d+", w)) <= own[n]]) == 1 else "" for w in low]
    if not all(pairs) or len(set(pairs)) != 2:
        return None
    a, b = (recipe.told.done[n] for n in pairs)
    return [Rule(when=[Predicate(ref=a, op=">" if bigger else "<", value=RefValue(ref=b))], then=wanted[0])], wanted[1]


_SMALL = re.compile(r"\bp\b.{0,40}?(?:below|less|smaller|lower|under|<|beneath)|(?:is|be|was|are|can be|we) (?:significant|reject)|\breject|(?:below|less than|under|smaller than|<) (?:it|alpha|that|this|the (?:significance )?(?:level|threshold))|differ\w* significant|signif")
_LARGE = re.compile(r"\bp\b.{0,40}?(?:>=|>|above|at least|or (?:more|greater|larger|higher|above)|not (?:below|less|smaller|under)|exceed|greater|larger|higher)|(?:not|n't|cannot|fail\w*|no) (?:be |to be |to )?(?:reject|significant)|insignificant|non-significant|if it is(?: not|n't)|(?:above|greater than|at least|>=?) (?:it|alpha|that|this|the (?:significance )?(?:level|threshold))")
_NEGATIVE = re.compile(r"(?i)(?:not\b|no\b|non|do(?:es)? not|fail|cannot|can't|insignificant|accept|keep|retain|same\b|equal|independent|normal\b|unrelated)")


def outcome_labels(sentence: str) -> tuple[str, str] | None:
    """What is said when p is small, and what otherwise: by the words beside each of two labels, else by the labels themselves."""
    spots = list(LABEL.finditer(sentence))
    labels = list(dict.fromkeys(m[1] or m[2] for m in spots))
    if len(labels) != 2:
        return None
    a, b = labels
    between = [sentence[x.end() : y.start()].lower() for x, y in pairwise(spots)]
    after = [*between, sentence[spots[-1].end() :].lower()]
    before = [sentence[: spots[0].start()].lower(), *between]

    def told(pieces: list[str]) -> str | None:
        """The label said of a small p."""
        for m, piece in zip(spots, pieces, strict=True):
            piece = re.split(r"[.;](?!\d)|\b(?:otherwise|else)\b", piece.strip(" ,.;"))[-1 if pieces is before else 0]
            if not re.search(r"\b(?:if|when|where|for|in case|unless)\b|[<>]", piece):
                continue
            label, other = (a, b) if (m[1] or m[2]) == a else (b, a)
            if "unless" in piece:
                label, other = other, label
            if _LARGE.search(piece):
                return other
            if _SMALL.search(piece):
                return label
        return None

    small = told(after) or told(before)
    if small is None and re.search(r"\b(?:if|when)\b.*\d", sentence):
        return None  # a rule it states was not understood
    if small is None and (denied := next((x for x, y in ((a, b), (b, a)) if x.lower() in (f"not {y.lower()}", f"non-{y.lower()}", f"no {y.lower()}")), None)):
        plain = b if denied == a else a
        small = denied if re.match(r"(?i)(?:normal|gaussian|independent|equal|same|unrelated|homogen\w+|random|homoscedastic)", plain) else plain
    if small is None:
        signs = [bool(_NEGATIVE.match(x)) for x in labels]
        small = b if signs == [True, False] else a if signs == [False, True] else None
    return (small, b if small == a else a) if small else None


def told_p(recipe: "Recipe") -> str | None:
    """The p-value that is an output itself, where there is one alone."""
    refs = {r for r in recipe.told.done.values() if r.endswith(":/p_value")}
    return refs.pop() if len(refs) == 1 else None


def signed_significance(recipe: "Recipe", sentence: str) -> tuple[list[Rule], str] | None:
    """`'none' if p is 0.05 or more, otherwise 'negative' if r is below zero and 'positive' if above`: three labels by p and a sign."""
    pieces = re.split(r"(?<!\w)'([^'\"]{1,60}?)'(?!\w)", sentence)
    labels, after = pieces[1::2], [p.lower() for p in pieces[2::2]]
    if len(set(labels)) != 3 or len(labels) != 3 or not re.search(r"\bp\b|p-?value|significan", sentence.lower()):
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
    if made := band_rules(recipe, sentence):
        return made
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


def band_rules(recipe: "Recipe", sentence: str) -> tuple[list[Rule], str] | None:
    """Ranges of one computed figure, and what is left over."""
    found = bands(sentence)
    if not found or re.search(r"\b(?:both|either|at least one|any of|all of|the two)\b", sentence.lower()):
        return None
    said = [b.words for b in found if b.bounds]
    head = sentence[: LABEL.search(sentence).start()].lower()  # type: ignore[union-attr]
    head = re.split(r",|\band (?=say|label|call|answer|report|state|write|give)", head)[-1] if not re.search(r"\b(?:if|when)\b", head) else head
    spoken = any(subject_of(recipe, w) for w in said)
    if any(re.search(r"\bp\b|p-?value", w) for w in said) or not spoken and re.search(r"\bp\b|p-?value", head):
        ref = told_p(recipe) or p_value(recipe, sentence.lower())
        subject = [ref] if ref else []
    else:
        subject = next((s for w in [f"{said[0]} {head}" if re.search(_AFTER, head) else said[0], *said, head] if (s := subject_of(recipe, w))), [])
    if not subject:
        return None
    absolute = any(b.absolute for b in found) or bool(re.search(r"\babsolute\b", head))
    rules = [Rule(when=[Predicate(ref=subject[0], op=op, value=n, absolute=absolute) for op, n in b.bounds], then=b.label) for b in found if b.bounds]  # type: ignore[arg-type]
    rest = next((b.label for b in found if not b.bounds), None)
    return (rules, rest) if rest is not None else (rules[:-1], found[-1].label)


_AFTER = r"\b(?:after|transformed|transformation|log\w*|ln|scaled|remain\w*|without)\b"


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
    if len([s for s in numeric if s[0] == best]) == 2 and re.search(r"\bbefore\b|" + _AFTER, words_):  # the same figure before and after
        later = [s for s in numeric if s[0] == best and re.search(_AFTER, f"{s[1]} {recipe.outputs[s[1]]}".lower().replace("_", " "))]
        wants = bool(re.search(_AFTER, re.sub(r"\bbefore (?:the )?\w+", " ", words_)))
        numeric = later if wants else [s for s in numeric if s not in later]
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
