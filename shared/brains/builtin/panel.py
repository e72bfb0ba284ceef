"""Things followed through time: whose figure grew most, how fast one grew, when it first passed a mark."""

import re
from typing import TYPE_CHECKING, Any

from shared.analysis.expression import quote
from shared.analysis.plan import Aggregate, Compare, Condition, Derive
from shared.brains.builtin import words
from shared.brains.builtin.logic import columns_of
from shared.brains.builtin.scene import alternatives, rx
from shared.brains.builtin.terms import Answer

if TYPE_CHECKING:
    from shared.brains.builtin.question import Interpreter
    from shared.brains.builtin.scene import Scene

_UP = r"(?:grew|grow|grown|growth|gr[eo]w(?:ing)?|increas\w+|rise|rose|risen|gain\w*|improv\w+|climb\w*|went up|go up|go(?:ne|es) up|jump\w*)"
_DOWN = r"(?:decreas\w+|declin\w+|drop\w*|fall|fell|fallen|shr[aiu]nk\w*|los[et]\w*|loss|went down|go down|go(?:ne|es) down|reduc\w+|worsen\w*)"
_RELATIVE = r"\b(?:percent\w*|relative\w*|proportion\w*|rate|fastest|times)\b|%"


def over_time(brain: "Interpreter", scene: "Scene") -> Answer | None:
    return _grew_most(brain, scene) or _yearly_rate(brain, scene) or _first_time(brain, scene)


def _ends(scene: "Scene") -> tuple[tuple[Condition, str], tuple[Condition, str], str] | None:
    """The two points in time of "from 1952 to 2007", and the text without them."""
    spans = [m for m in scene.all("R") if scene.get(m)[1] is not None]
    if len(spans) == 1 and not scene.all("Y"):
        _, first, last = scene.get(spans[0])
        return first, last, scene.text.replace(spans[0], " ")
    if m := rx(r"(?:\bin |\bfrom )?{Y:a} (?:and|to|until|through|vs|versus|compared (?:to|with)) (?:in )?{Y:b}").search(scene.text):
        if not scene.all("R") and len(scene.all("Y")) == 2:
            return scene.get(m["a"]), scene.get(m["b"]), scene.text[: m.start()] + " " + scene.text[m.end() :]
    return None


def _grew_most(brain: "Interpreter", scene: "Scene") -> Answer | None:
    """"Which continent had the largest increase in average life expectancy from 1952 to 2007?\""""
    up, down = re.search(rf"\b{_UP}\b", scene.text), re.search(rf"\b{_DOWN}\b", scene.text)
    ends = _ends(scene)
    if (up is None) == (down is None) or ends is None:
        return None
    first, last, text = ends
    p = brain.parts(scene.fork(text))
    superlatives = [s for s in p.superlatives if not s[1] and s[2] in ("desc", "asc", "none")]
    target = next((c for c in [*p.columns, *p.by] if not brain.linker.is_number(c) and brain.groupable(c)), None)
    numbers = [c for c in p.columns if brain.linker.is_number(c)]
    whose = not superlatives and re.search(r"\b(?:which|what|name|list)\b.*\b(?:whose|that|saw|had|with|where|did|has|have)?\b", text) is not None and not p.superlatives
    if not superlatives and not whose or target is None or len(numbers) > 1 or len(set(p.columns) | set(p.by)) > 1 + len(numbers) or len(p.functions) > 1 or not re.search(r"\b(?:which|what|who|whose|where|name|list|top|rank)\b", text):
        return None
    column = numbers[0] if numbers else brain.default or brain.measure()
    time = next(iter(columns_of(first[0])), None)
    if column is None or time is None:
        return None
    single = brain.linker.columns[target].distinct * (brain.linker.columns[time].distinct if time in brain.linker.columns else 1) >= brain.rows
    function = p.functions[0] if p.functions else "max" if single else None
    if function is None or function in ("count", "much", "distinct"):
        return None
    least = any(s[2] == "asc" or s[0] in ("least", "slowest") for s in superlatives)
    relative = re.search(_RELATIVE, text + " ".join(s[0] for s in superlatives)) is not None
    count = rx(r"(?:top|the|⟨S\d+⟩) {N:n}|{N:m} (?:[a-z]+ )?⟨[CS]").search(p.scene.text)
    mark = (count["n"] or count["m"]) if count else None
    rest = re.sub(rf"\b(?:{_UP}|{_DOWN})\b", " ", p.scene.text)
    brain.all_used(rest, mark)
    brain.account(rest, "percent percentage terms term relative relatively proportionally rate most least fastest slowest overall period over where which has have had saw seen experienced top by amount only single whose one biggest sharpest strongest")
    table = brain.builder.base(brain.builder.where(brain.table, *p.where), column, target, *columns_of(first[0]))
    figures = [brain.builder.measure(function, column, where) for where, _ in (first, last)]
    measures = [figure.model_copy(update={"name": f"{figure.name} {when}"}) for figure, (_, when) in zip(figures, (first, last), strict=True)]
    both = brain.builder.add(Aggregate, table, measures=measures, by=[target])
    before, later = (quote(measure.name) for measure in measures)
    change = f"{later} - {before}" if up else f"{before} - {later}"
    made = brain.builder.add(Derive, both, name="change", expression=f"({change}) / {before} * 100" if relative else change)
    if whose:  # "the sites whose average yield went up"
        up_only = brain.builder.where(made, Compare(column="change", op=">", value=0))
        ranked = brain.builder.rank(up_only, "change", [target], 1000)
        return Answer(f"{ranked}:/names", ranked)
    k = scene.get(mark) if mark else 1
    ranked = brain.builder.rank(made, "change", [target], k, "asc" if least else "desc")
    return Answer(f"{ranked}:/names" if k > 1 else f"{ranked}:/name", ranked)


def _yearly_rate(brain: "Interpreter", scene: "Scene") -> Answer | None:
    """The compound annual growth rate between two years, in percent."""
    cue = re.compile(r"\b(?:compound(?:ed)? (?:annual|yearly|average annual)?|cagr|annuali[sz]ed)(?: (?:growth|rate|of|percentage))*")
    ends = _ends(scene)
    if ends is None or not cue.search(scene.text):
        return None
    first, last, text = ends
    if not re.fullmatch(r"\d{4}", first[1]) or not re.fullmatch(r"\d{4}", last[1]):
        return None
    text = re.sub(r"\b(?:annual|yearly)\b", " ", cue.sub(" ", text))
    p = brain.parts(scene.fork(text))
    numbers = [c for c in p.columns if brain.linker.is_number(c)]
    column = numbers[0] if len(numbers) == 1 else brain.measure() if not numbers else None
    if column is None or len(p.columns) > len(numbers) or p.by or p.superlatives:
        return None
    brain.all_used(p.scene.text)
    brain.account(p.scene.text, "growth rate percent percentage annual yearly per average grow grew")
    function = p.functions[0] if p.functions else "lookup"
    refs: dict[str, Any] = {name: brain.figure(function, column, [*p.where, when[0]]) for name, when in (("first", first), ("last", last))}
    ref = brain.builder.calculate(f"((last / first) ^ (1 / {int(last[1]) - int(first[1])}) - 1) * 100", **refs)
    return Answer(ref, ref.split(":")[0])


def _first_time(brain: "Interpreter", scene: "Scene") -> Answer | None:
    """"In what year did the population of India first exceed a billion?\""""
    beyond = rf"(?:(?P<least>reach(?:es|ed)?|hit|get to|got to|{alternatives(words.AT_LEAST)})|(?P<more>pass(?:es|ed)?|cross(?:es|ed)?|top(?:s|ped)?|go(?:es)? (?:above|over|past)|went (?:above|over|past)|rise above|rose above|{alternatives(words.MORE)})|(?P<less>go(?:es)? below|went below|fall below|fell below|drop below|dropped below|{alternatives(words.LESS)}))"
    text = scene.text
    asks = re.search(r"\b(?:when|(?:in )?(?:which|what) ⟨C\d+⟩|(?:the )?first ⟨C\d+⟩ (?:in which|when|that|where|with))", text)
    m = rx(rf"(?:for the first time )?{beyond} (?:the )?(?:level of |mark of |value of )?{{N:n}}").search(text)
    if asks is None or m is None or not re.search(r"\bfirst\b", text):
        return None
    time = next(iter(brain.linker.dates or brain.linker.years), None)
    rest = scene.fork(re.sub(r"\bfor the first time\b|\bfirst\b", " ", text[: m.start()] + " " + text[m.end() :]))
    p = brain.parts(rest)
    numbers = [c for c in p.columns if brain.linker.is_number(c) and c != time]
    column = numbers[0] if len(numbers) == 1 else brain.measure() if not numbers else None
    others = [c for c in p.columns if c != time and c not in numbers]
    if time is None or column is None or others or p.by or p.functions or p.superlatives or scene.all("RY"):
        return None
    brain.all_used(p.scene.text)
    brain.account(p.scene.text, "first when which what time")
    op = ">=" if m["least"] else ">" if m["more"] else "<"
    table = brain.builder.where(brain.table, *p.where, Compare(column=column, op=op, value=scene.get(m["n"])))  # type: ignore[arg-type]
    ranked = brain.builder.rank(table, time, [time], 1, "asc")
    return Answer(f"{ranked}:/name", ranked)
