"""By how much something changed: from one time to another, from one row to the next; by how much one figure is above another."""

import re
from typing import TYPE_CHECKING

from shared.analysis.plan import (
    Compare,
    Condition,
    Predicate,
    RefValue,
    Rule,
    Trend,
    Window,
)
from shared.brains.builtin import words
from shared.brains.builtin.build import Unclear
from shared.brains.builtin.comparisons import implied_column
from shared.brains.builtin.conditions import mark_values
from shared.brains.builtin.logic import columns_of
from shared.brains.builtin.scene import Scene, rx
from shared.brains.builtin.terms import AUX, COMPARATIVE, LOWER, Answer, Stop

if TYPE_CHECKING:
    from shared.brains.builtin.question import Interpreter


def change(brain: "Interpreter", scene: Scene) -> Answer | None:
    if re.search(rf"\bhow (?:much|many)\b|⟨F\d+⟩[^⟨]*{COMPARATIVE}", scene.text) and re.search(rf"{COMPARATIVE}\b.*\bthan\b", scene.text):
        scene = scene.fork(rx(r"(?P<c>⟨C\d+⟩) (?=(?:older|younger|longer|later|earlier)\b)").sub(lambda m: "" if scene.words.get(m["c"], "") in words.TIME_NOUNS else m.group(), scene.text))
        scene = implied_column(brain, scene)
        if any(w in words.COMPARATIVES for w in scene.text.split()) and not any(brain.linker.is_number(scene.get(c)) for c in scene.all("C")):
            return None  # "heavier" of which no column tells
        scene.text = re.sub(rf"\b{COMPARATIVE}\b", lambda m: "lower" if m.group() in LOWER else "higher", scene.text)
    text = scene.text
    cue = re.search(r"\b(drop|dropped|fall|fell|fallen|decrease|decreased|decline|declined|shrink|shrank|lose|lost|grow|grew|grown|growth|increase|increased|rise|rose|risen|gain|gained|change|changed|difference|differ|gap|more|less|higher|lower|fewer)\b", text)
    if not cue:
        return None
    if stepwise := from_row_to_row(brain, scene):
        return stepwise
    text = rx(r"\bby {F:f} {C:c}(?= (?:did|has|have|was|is|were|does|do)\b)").sub(lambda m: f"by {m['f']}" if scene.words[m["c"]] in words.TIME_NOUNS else m.group(), text)
    percent = bool(re.search(r"percent|percentage|%|growth rate|\brelative\b(?! to)", text)) and "percentage point" not in text
    vocabulary = ("drop dropped fall fell fallen decrease decreased decline declined shrink shrank grow grew grown growth increase increased rise rose risen gain gained change changed difference differ gap "
                  "percent percentage relative absolute minus positive negative sign than more less higher lower fewer points calculated terms average difference later earlier to drops increases by")  # fmt: skip
    ends = [scene.get(m) for m in scene.all("R") if scene.get(m)[1] is not None]
    against = rx(r"(?:in |for |on |of )?{Y:b}(?: ,)? (?:as )?(?:compared (?:with|to)|relative to|versus|vs|against|over|from) (?:(?:that|those) )?(?:of |in |for |on )?{Y:a}").search(text)
    pair: list[Condition] | None = None
    if ends:
        pair = [ends[0][1][0], ends[0][2][0]]
        rest = scene.fork(rx(r"{R}").sub(" ", text))
        rest.text = re.sub(r"⟨Y\d+⟩", " ", rest.text)
    elif against and len(scene.all("Y")) == 2:  # "in 1975 compared with 1974"
        pair = [scene.get(against["a"])[0], scene.get(against["b"])[0]]
        ends = [scene.get(against["a"])]
        rest = scene.fork(text[: against.start()] + " " + text[against.end() :])
    else:
        marked = scene.fork(text)
        mark_values(marked, brain.linker)
        w = [marked.get(m) for m in marked.all("W")]
        by_column: dict[str, list[Condition]] = {}
        for c in w:
            by_column.setdefault(",".join(sorted(set(columns_of(c)))), []).append(c)
        pairs = [cs for cs in by_column.values() if len(cs) == 2]
        ends_named = re.search(r"\b(?:first|earliest|start|beginning|opening)\b.*\b(?:last|latest|end|final)\b", text)
        time = next(iter([*brain.linker.dates, *brain.linker.years]), None)
        if ends_named and time and not pairs:
            p = brain.parts(scene)
            own = [c for c in p.columns if brain.linker.is_number(c) and c != time and c not in brain.linker.virtual]
            if len(own) != 1 or p.by or not brain.unique(time):
                return None
            brain.account(p.scene.text, vocabulary, "first last earliest latest start end beginning final day days month months year years date if")

            step = brain.builder.add(Trend, brain.builder.where(brain.table, *p.where), time=time, value=own[0], function="last")
            return Answer(f"{step}:/percent_change" if percent else f"{step}:/change", step)
        inside = [c for c in w if isinstance(c, Compare) and c.op == "in" and isinstance(c.value, list) and len(c.value) == 2]
        if len(pairs) == 1:
            pair = pairs[0]
            others = [c for c in w if c not in pair]
        elif inside and re.search(r"difference|gap|differ|than", text):
            listed = inside[0].value
            pair = [Compare(column=inside[0].column, op="==", value=v) for v in (listed if isinstance(listed, list) else [])]
            others = [c for c in w if c is not inside[0]]
        else:
            return None
        rest = marked.fork(re.sub(r"⟨W\d+⟩", " ", marked.text))
        for c in others:
            rest.text += " " + rest.mark("W", c)
    if pair is None:
        return None
    rest.text = re.sub(r"\([^()]*\bminus\b[^()]*\)", " ", rest.text)
    p = brain.parts(rest)
    if p.by:
        return None
    columns = p.columns
    if len(columns) > 1:
        return None
    brain.account(p.scene.text, vocabulary)
    brain.all_used(p.scene.text)
    column = columns[0] if columns else brain.default or (brain.measure() if "count" not in p.functions else None)
    named = [f for f in p.functions if f != "much" and not (f == "count" and column)]
    function = named[0] if named else ("count" if column is None else "lookup")
    try:
        a, b = (brain.figure(function, column, [c, *p.where]) for c in pair)
    except Unclear as problem:
        raise Stop(problem.what, problem.why, problem.hint) from problem
    down = re.search(r"\b(?:drop|dropped|fall|fell|fallen|decrease|decreased|decline|declined|shrink|shrank|lost|lose)\b", text)
    if re.search(AUX, text) and re.search(rf"{COMPARATIVE}\b.*\bthan\b", text):
        return None  # a yes or no, which another reading could not place
    if ends and re.search(AUX, text) and not percent:
        ref = brain.builder.decide([Rule(when=[Predicate(ref=b, op="<" if down else ">", value=RefValue(ref=a))], then=True)], False)
        return Answer(ref, ref.split(":")[0])
    comparative = re.search(r"\b(?:more|less|higher|lower|fewer)\b.*\bthan\b", text)
    if percent:
        expression = "(first - last) / first * 100" if down and "increase" not in text else "(last - first) / first * 100"
        if comparative:
            expression = "(first - last) / last * 100"
    elif down or comparative or re.search(r"\bdifference\b|\bgap\b|\bdiffer\b", text) and not ends:
        expression = "first - last"
    else:
        expression = "last - first"
    ref = brain.builder.calculate(expression, first=a, last=b)
    return Answer(ref, ref.split(":")[0])


def from_row_to_row(brain: "Interpreter", scene: Scene) -> Answer | None:
    """"In which year did x rise most?", "compound annual growth of x"."""
    text = scene.text
    down = r"drop|fall|fell|decreas|declin|loss|lose|lost|shrink|shrank|slump|plung"
    up = r"increas|rise|rose|jump|gain|grow|grew|climb|surg|chang"
    most = re.search(rf"\b(?P<a>(?:{up}|{down})\w*)(?: by)?(?: the)? ⟨S\d+⟩|⟨S\d+⟩(?: [a-z]+(?:-[a-z]+)*)? (?P<b>(?:{up}|{down})\w*)", text)
    compound = re.search(r"\bcagr\b|compound(?:ed)? (?:annual |yearly |average )?growth|average (?:annual|yearly) growth rate", text)
    time = next(iter([*brain.linker.dates, *brain.linker.years]), None)
    asked = re.search(r"\bwhen\b|\b(?:which|what) (?:calendar |single |one )?(⟨C\d+⟩|[a-z]+)", text)
    if not (compound or most and asked):
        return None
    p = brain.parts(scene)
    own = [c for c in p.columns if brain.linker.is_number(c) and c != time and c not in brain.linker.virtual and brain.additive(c)]
    if most and asked and asked[1] and (asked[1] not in words.TIME_NOUNS and not (asked[1].startswith("⟨") and (scene.get(asked[1]) == time or scene.get(asked[1]) in brain.linker.virtual))):
        groups = [c.name for c in brain.linker.table.columns if c.type == "VARCHAR"]
        if asked[1].startswith("⟨") and scene.get(asked[1]) in groups or asked[1] in words.ENTITIES:
            raise Stop(text, "It asks whose figure changed most; that needs a start and an end for each, which I did not find.", "Name the two times to compare.")
        return None
    fixed = {c for w in p.where for c in columns_of(w)}
    groups = [c for c in fixed if brain.linker.kind_of(c) == "text"]
    steady = time is not None and (brain.unique(time) or bool(groups) and brain.linker.columns[time].distinct * brain.linker.columns[groups[0]].distinct >= brain.rows)
    if time is None or len(own) != 1 or p.by or not steady:
        raise Stop(text, "It asks how a figure changed from one time to the next, and there is not one row for each time.", "Name the figure (mean, total, …) and the times to compare.")
    brain.account(text, "increase increased rise rose jump jumped gain gained grow grew growth grown climb surge change changed drop dropped fall fell decrease decreased decline declined loss lose lost shrink shrank slump plunge "
                 "compound annual yearly average rate cagr compared previous next before after one another year-over-year year-on-year month-over-month month-on-month over relative percent percentage terms to from by jump sharpest steepest day month year date quarter week in which when did")  # fmt: skip
    table = brain.builder.where(brain.table, *p.where)

    if compound and not most:
        step = brain.builder.add(Trend, brain.builder.base(table, time), time=time, value=own[0], function="last")
        return Answer(f"{step}:/growth", step)
    assert most is not None
    percent = bool(re.search(r"percent|%|relative", text))
    name = f"{own[0]} {'growth' if percent else 'change'}"
    brain.builder.labels[name] = {"window": Window(function="percent_change" if percent else "difference", column=own[0], order_by=time)}
    brain.linker.derived[name] = "number"
    word = most["a"] or most["b"]
    mark = re.search(r"⟨S\d+⟩", most.group())
    least = mark is not None and scene.get(mark.group())[2] == "asc" and scene.get(mark.group())[0] in ("least", "smallest", "lowest")
    falling = bool(re.match(down, word))
    if least or not re.search(r"\b(?:which|when|what (?:year|month|day|date|quarter|week))\b", text):
        return None
    years = [v for v, part in brain.linker.virtual.items() if part.part == "year" and part.column == time and brain.linker.row_unit() == "year"]
    target = years[0] if years else time
    table = brain.builder.base(table, name, target)
    ranked = brain.builder.rank(table, name, [target], order="asc" if falling else "desc")
    return Answer(f"{ranked}:/name", ranked)
