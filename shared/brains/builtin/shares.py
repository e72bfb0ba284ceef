"""Percentages, shares and ratios."""

import re
from typing import TYPE_CHECKING

from shared.analysis.expression import quote
from shared.analysis.plan import Aggregate, Compare, Condition, Derive
from shared.brains.builtin import words
from shared.brains.builtin.build import pointer
from shared.brains.builtin.logic import columns_of, conjunction
from shared.brains.builtin.rows import tally_of
from shared.brains.builtin.scene import Scene, rx
from shared.brains.builtin.spelling import stem
from shared.brains.builtin.terms import Answer, Parts

if TYPE_CHECKING:
    from shared.brains.builtin.question import Interpreter


def _held_by_the_top(brain: "Interpreter", p: Parts, function: str) -> Answer | None:
    """"What percent of all sales do the 10 shops with the highest sales make": the rows that rank first, of the whole sum."""
    text = p.scene.text
    whole = rx(r"\b(?:percentage|percent|%|share|proportion|fraction|portion|pct) of (?:all |the |total |overall |whole |entire |⟨F\d+⟩ |of )*{C:c}").search(text)
    top = rx(r"(?:the )?(?:top )?{N:n} (?P<row>[a-z]+|⟨C\d+⟩) (?:with|having|that have|by) (?:the )?{S:s} {C:d}").search(text)
    if whole is None or top is None or p.by or p.having or len(p.superlatives) > 1 or [f for f in p.functions if f != "sum"]:
        return None
    column, by, k, row = p.scene.get(whole["c"]), p.scene.get(top["d"]), p.scene.get(top["n"]), top["row"]
    _, hint, direction = p.scene.get(top["s"])
    one_each = brain.unique(p.scene.get(row)) if row.startswith("⟨") else row in brain.nouns or stem(row) in brain.nouns or row in words.ENTITIES or row in words.ROW_NOUNS
    if hint or direction not in ("asc", "desc") or not one_each or not brain.linker.is_number(by) or not brain.linker.is_number(column) or not brain.additive(column) or not isinstance(k, int) or not 1 <= k <= 1000:
        return None
    rest = " ".join(text.replace(whole.group(), " ", 1).replace(top.group(), " ", 1).split())
    brain.account(rest, "percentage percent share account accounts come comes together by")
    brain.all_used(rest)
    if re.search(r"⟨[CN]\d+⟩", rest):
        return None
    table = brain.builder.where(brain.table, *p.where)
    ranked = brain.builder.rank(table, by, [], k=k, order=direction)
    ref = brain.builder.calculate("part / whole * 100" if function == "percent" else "part / whole", part=brain.builder.value(ranked, "sum", column), whole=brain.builder.value(table, "sum", column))
    return Answer(ref, ref.split(":")[0])


_TOTAL = r"(?:the )?(?:⟨F\d+⟩ (?:of )?|all )(?:the )?"


def ratio_of_totals(brain: "Interpreter", scene: Scene) -> Answer | None:
    """"The ratio of total cases to total controls": of all rows, of each group, or the group where it is highest."""
    m = rx(rf"\b(?:the )?ratio (?:of|between) (?P<over>{_TOTAL}{{C:a}}) (?:to|and|over|divided by) (?P<under>{_TOTAL}{{C:b}})|(?P<o>{_TOTAL}{{C:c}}) (?:divided by|/) (?P<u>{_TOTAL}{{C:d}})").search(scene.text)
    if m is None:
        return None
    a, b = scene.get(m["a"] or m["c"]), scene.get(m["b"] or m["d"])
    functions = {scene.get(f) for f in re.findall(r"⟨F\d+⟩", m.group())} | ({"sum"} if " all " in f" {m.group()}" else set())
    if a == b or functions != {"sum"} or not all(brain.linker.is_number(c) and brain.additive(c) for c in (a, b)):
        return None
    p = brain.parts(scene.fork(re.sub(r"(?:, )?\bas an? (?:⟨F\d+⟩|[a-z]+)(?= ?[?.!,]| ?$)", " ", scene.text[: m.start()] + " " + scene.text[m.end() :])))
    ranks = [s for s in p.superlatives if s[2] in ("asc", "desc") and not s[1]]
    named = [c for c in p.columns if c not in p.by]
    by = p.by or (named if ranks and brain.groupable(named[0] if named else a) else [])
    if p.functions or p.having or len(ranks) != len(p.superlatives) or len(ranks) > 1 or len(named) > (0 if p.by else 1) or bool(named) != bool(ranks and not p.by):
        return None
    brain.account(p.scene.text, "has have had with rank top list name which")
    k = next((n for n in p.numbers if isinstance(n, int) and 1 <= n <= 100), 1) if ranks else 1
    brain.all_used(p.scene.text, *(p.scene.all("N") if ranks and len(p.numbers) == 1 else []))
    table = brain.builder.base(brain.builder.where(brain.table, *p.where), a, b, *by)
    if not by:
        ref = brain.builder.calculate("a / b", a=brain.builder.value(table, "sum", a), b=brain.builder.value(table, "sum", b))
        return Answer(ref, ref.split(":")[0])
    over, under = (brain.builder.measure("sum", c) for c in (a, b))
    summed = brain.builder.add(Aggregate, table, measures=[over, under], by=by)
    made = brain.builder.add(Derive, summed, name="ratio", expression=f"{quote(over.name)} / {quote(under.name)}")
    step, name = brain.builder.groups(made, by, "max", "ratio")
    if not ranks:
        return Answer(f"{step}:/groups/*/{pointer(name)}", step)
    ranked = brain.builder.rank(step, name, by, k=k, order=ranks[0][2])
    return Answer(f"{ranked}:/names" if k > 1 else f"{ranked}:/name", ranked)


def share(brain: "Interpreter", scene: Scene) -> Answer | None:
    cue = re.search(r"(?:what |which )?(?:percentage|percent|%|share|proportion|fraction|portion|pct)\b(?: share)?", scene.text)
    if not cue or re.search(r"(?:percent|percentage|%) (?:change|growth|increase|decrease|drop|rise|fall|decline|gain)\b", scene.text) or re.search(r"\b(?:fall|drop|rise|change|growth|increase|decrease|gain|loss) in (?:percent|%)", scene.text) or re.search(r"\bby (?:what|how many|how much|⟨F\d+⟩)(?: \w+)? ?(?:percentage|percent|%)", scene.text) or re.search(r"\b(?:drop|fall|fell|grow|grew|growth|increase|increased|decrease|decreased|rise|rose|change|decline|declined|more|less|higher|lower)\b.*\b(?:from|between|than|compared)\b|percentage points?", scene.text):
        return None
    if cue.group() == "share" and re.search(r"(?<!as) a $", scene.text[: cue.start()]):
        return None  # a share of a firm
    if scene.text[: cue.start()].rstrip().endswith("⟩") and re.search(r"⟨[NF]\d+⟩ ?$", scene.text[: cue.start()]):
        return None
    function = "percent" if re.search(r"percent|pct|%", scene.text) and not re.search(r"between 0 and 1|0-1|fraction|as a decimal", scene.text) else "share"
    p = brain.parts(scene)
    text = p.scene.text
    if [s for s in p.superlatives if s[2] not in ("skip", "none")]:
        return _held_by_the_top(brain, p, function)
    cue = re.search(r"(?:percentage|percent|%|share|proportion|fraction|portion|pct)\b", text)
    if cue is None:
        return None
    brain.account(text, "percentage percent share proportion fraction portion pct among amongst within belong make made account accounts contributed contribution came part between")
    before, after = text[: cue.start()], text[cue.end() :]
    wanted = [c for c in p.columns if brain.linker.is_number(c) and brain.additive(c)]
    base: list[Condition] = [p.scene.get(m) for m in re.findall(r"⟨W\d+⟩", before)]
    split = re.search(r"(?<=\s)(?:are|were|is|was|have|has|had|come|comes|came|fall|fell|rate|rated|belong|belongs|did|do|does|got|get|gave|contain|contains|use|uses|show|shows)(?=\s)", after) \
        or re.search(r"(?<=\s)(?:with|who|that|whose|where|which|in|from)(?=\s)", after)  # fmt: skip
    split = split or re.search(r"(?<=⟩ )(?:(?:at least|ever|never|also) )?(?:[a-z]{2,}ed|weigh|weighs|cost|costs|sell|sells|sold|earn|earns|lost|made|live|lives|work|works|drink|drinks|smoke|exceed|exceeds)\b(?=.*⟨W)", after)
    head, tail = (after[: split.start()], after[split.start() :]) if split else (after, "")
    def marks(piece: str) -> list[Condition]:
        return [p.scene.get(m) for m in re.findall(r"⟨W\d+⟩", piece)]

    among = re.search(r"\b(?:among|amongst|out of|of all|within|of those|for all|for the|for)\b(?=[^⟨]{0,40}⟨W\d+⟩)", tail or head)
    if among and marks((tail or head)[: among.start()]):
        base += marks((tail or head)[among.start() :])
        head, tail = (head, tail[: among.start()]) if tail else (head[: among.start()], "")
    first, target = marks(head), marks(tail)
    if first and target:
        base += first
    elif first:
        target = first
    # "with W1 are W2": the last verb divides
    if not first and len(target) >= 2 and split and split.group() in ("with", "who", "that", "whose", "where", "in", "which", "from"):
        verbs = list(re.finditer(r"(?<=\s)(?:are|were|is|was|have|has|had|come|came|belong|rate|got|get|did)(?=\s)", tail))
        if verbs:
            left, right = marks(tail[: verbs[-1].start()]), marks(tail[verbs[-1].start() :])
            if left and right:
                base, target = base + left, right
        said = [m for m in re.findall(r"⟨W\d+⟩", tail) if re.match(r"(?:and )?(?:are|were|is|was|have|has|had|got|did|do)\b", p.scene.words.get(m, ""))]
        if not verbs and 0 < len(said) < len(target):  # "with reason Death ⟨have observed = false⟩"
            base, target = [*base, *(p.scene.get(m) for m in re.findall(r"⟨W\d+⟩", tail) if m not in said)], [p.scene.get(m) for m in said]
    whole = [m for m in re.findall(r"⟨W\d+⟩", after)]
    spoken = [m for m in whole if re.search(r"\b(?:are|were|is|was|be|have|has|had|yielded|weigh|cost)\b", p.scene.words.get(m, ""))]
    if len(whole) >= 2 and not base and spoken and len(spoken) < len(whole) and not split:
        base, target = [p.scene.get(m) for m in whole if m not in spoken], [p.scene.get(m) for m in spoken]
    if len(target) >= 2 and not base:  # "share of Japanese cars in 1980"
        timed = [c for c in target if set(columns_of(c)) <= {*brain.linker.dates, *brain.linker.years, *brain.linker.virtual, *(c for c, said in brain.linker.names.items() if said[-1] in words.TIME_NOUNS)}]
        if timed and len(timed) < len(target):
            base, target = timed, [c for c in target if c not in timed]
    if "null_count" in p.functions and len(p.columns) == 1:
        target.append(Compare(column=p.columns[0], op="is null"))
        wanted = []
    known = [c for c in target if isinstance(c, Compare) and c.op == "not null"]
    if known and len(known) < len(target):  # "of those with a known income, what percentage …"
        base, target = [*base, *known], [c for c in target if c not in known]
    if own := re.search(r"\b(?:of|in|among) (?:its|their|his|her) own\b", text):  # "in percent of its own rows": of whose rows it is
        said = [*base, *target]
        base = [c for c in said if any(brain.linker.kind_of(n) == "text" for n in columns_of(c))]
        target = [c for c in said if c not in base]
        if not base or not target or own.start() < cue.start():
            return None
    if not target and base and not p.by and before.strip():
        target, base = base, []
    told = r"(?: (?!with\b|have\b|has\b|had\b|who\b|that\b|are\b|is\b|were\b|was\b|in\b|by\b|from\b|got\b|among\b|where\b|whose\b)(?:[a-z-]+|⟨F\d+⟩|⟨W\d+⟩)){0,5}"
    added = re.search(rf"\bof{told} ⟨C", before) and len(wanted) == 1  # "of all the seats added up, what percent …"
    sums = [c for c in wanted if added or re.search(rf"^(?: of| in)?{told} ⟨C", after)]
    if (m := re.search(r"^ ?(?:of|in)?(?: all| the| total| overall| whole| ⟨F\d+⟩)* (⟨C\d+⟩)", after)) and brain.linker.is_number(p.scene.get(m[1])) and p.scene.get(m[1]) not in wanted and not {"year", "quarter", "month", "week", "day"} & set(brain.linker.names.get(p.scene.get(m[1]), ["year"])):
        return None  # a share of something that does not add up
    if {p.scene.get(m) for m in p.scene.all("C") if m in p.scene.weak} & set(sums) and not re.search(r"\b(?:added|add|summed|sum|total|altogether)\b|⟨F", text):
        return None  # "percentage of the Friday bills": of the rows, or of their sum?
    if not sums and len(wanted) == 1 and "sum" in p.functions:
        sums = wanted
    if brain.loose and len(wanted) == 2 and ({p.scene.get(m) for m in p.scene.all("C") if m in p.scene.weak} & set(wanted) or re.search(r"⟨C\d+⟩ [a-z]+s (?:with|having|that|who|where)\b", after)):
        return None  # "windy days with precipitation" are rows
    if len(wanted) == 2 and not p.by:
        table = brain.builder.where(brain.table, *base, *target)
        said = [p.scene.get(c) for c in re.findall(r"⟨C\d+⟩", after)]
        whole_column = next((c for c in said if c in wanted), wanted[0]) if re.match(r"(?: [a-z]+){0,3} ?of\b", after) else wanted[1]
        part = next(c for c in wanted if c != whole_column)
        ref = brain.builder.calculate(
            "part / whole * 100" if function == "percent" else "part / whole",
            part=brain.builder.value(table, "sum", part), whole=brain.builder.value(table, "sum", whole_column),
        )  # fmt: skip
        return Answer(ref, ref.split(":")[0])
    column = sums[0] if sums and len(wanted) == 1 else None
    if wanted and column is None:
        return None
    brain.all_used(text)
    if column is None and not brain.loose and not re.search(r"\b(?:rows?|records?|entries|lines|cells|combinations)\b", text):
        column = tally_of(brain)
    table = brain.builder.where(brain.table, *base)
    condition = conjunction(target)
    if p.by and [c for c in p.columns if c not in p.by and c != column]:
        return None  # a column that was named has no part in this
    if p.by and any(c in p.by for w in [*base, *target] if isinstance(w, Compare) and w.op == "==" for c in columns_of(w)):
        return None  # fixed and grouped at once: one of the two was misread
    if p.by:
        step, name = brain.builder.groups(table, p.by, function, column, condition)
        return Answer(f"{step}:/groups/*/{pointer(name)}", step)
    if condition is None:
        texts = [c for c in p.columns if not brain.linker.is_number(c)]
        if len(texts) == 1 and brain.groupable(texts[0]):
            step, name = brain.builder.groups(table, texts, function, column)
            return Answer(f"{step}:/groups/*/{pointer(name)}", step)
        return None
    ref = brain.builder.value(table, function, column, condition)
    return Answer(ref, ref.split(":")[0])
