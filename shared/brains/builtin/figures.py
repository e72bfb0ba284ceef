"""A figure, for all or for each group: counts, means, single values, groups beyond a threshold."""

import re
from typing import TYPE_CHECKING

from shared.analysis.expression import parse, variables
from shared.analysis.plan import (
    Aggregate,
    Compare,
    Condition,
    Unpivot,
)
from shared.brains.builtin import words
from shared.brains.builtin.build import Unclear, pointer
from shared.brains.builtin.logic import columns_of
from shared.brains.builtin.rows import tally_of
from shared.brains.builtin.scene import Scene, alternatives, rx
from shared.brains.builtin.terms import NAMES_SOMETHING, Answer, Parts

if TYPE_CHECKING:
    from shared.brains.builtin.question import Interpreter


# The superlative goes with the column beside it: "the highest of the prices", "prices at their highest", not "the price in the year with the smallest …"
_BESIDE = r"⟨S\d+⟩(?: (?!with\b|for\b|where\b)(?:[a-z'-]+|⟨[VWNG]\d+⟩|,)){0,4} ⟨C|⟨C\d+⟩(?: (?!with\b|where\b)(?:[a-z']+|⟨[VWRYG]\d+⟩|,)){0,5} ⟨S"


def _beside(brain: "Interpreter", text: str) -> bool:
    noun = re.search(r"⟨S\d+⟩ ([a-z]+)\b(?! ⟨C)", text)
    return bool(re.search(_BESIDE, text)) and not (noun and (noun[1] in brain.nouns or noun[1] in words.ENTITIES))


def groups_beyond(brain: "Interpreter", scene: Scene) -> Answer | None:
    p = brain.parts(scene)
    if m := rx(r"\b(?:every|all|each)(?: the| of the)? {C:c} (?:where|with|that|whose|having|in which|for which|who)\b").search(scene.text):
        column = scene.get(m["c"])
        if brain.linker.kind_of(column) == "text" and p.where and not p.functions and not p.superlatives and not scene.all("H"):
            p.scene.text = p.scene.text.replace("⟨G0⟩", " ")
            brain.account(p.scene.text, "show list")
            brain.all_used(p.scene.text)
            return names_of(brain, column, p.where)
    if not re.match(r"^(?:.{0,30})\b(?:which|what|list|name|show|in which|on which)\b", scene.text):
        return None
    beyond = rx(rf"(?:(?P<least>{alternatives(words.AT_LEAST)})|(?P<more>{alternatives(words.MORE)})|(?P<less>{alternatives(words.LESS)})) {{N:n}}|{{N:k}}(?: [a-z]+)? (?P<ormore>{alternatives(words.OR_MORE)})").search(scene.text)
    figures = scene.all("H")
    groups = [c for c in p.columns if (brain.linker.kind_of(c) == "text" or brain.groupable(c)) and not brain.unique(c)]
    if len(groups) > 1 and len(figures) == 1:
        groups = groups[:1]
    others = [c for c in p.columns if c not in groups and not brain.unique(c)]
    if len(groups) != 1 or others or p.superlatives or p.by or p.functions and figures or (not beyond and not figures):
        return None
    brain.account(re.sub(r"⟨H\d+⟩", " ", re.sub(alternatives(words.OR_MORE), " ", p.scene.text)), "least more than or have has had kinds kind", *words.MORE, *words.AT_LEAST, *words.LESS)
    if figures:
        function, column, op, number = scene.get(figures[0])
        if column is None and function != "count":
            return None
    else:
        assert beyond is not None
        function, column, number = "count", None, scene.get(beyond["n"] or beyond["k"])
        op = ">" if beyond["more"] else "<" if beyond["less"] else ">="
    table = brain.builder.base(brain.builder.where(brain.table, *p.where), groups[0], column)
    measure = brain.builder.measure(function, column)
    step = brain.builder.add(Aggregate, table, measures=[measure], by=groups, having=Compare(column=measure.name, op=op, value=number))
    ranked = brain.builder.rank(step, measure.name, groups, k=1000)
    return Answer(f"{ranked}:/names", ranked)


def names_of(brain: "Interpreter", column: str, where: list[Condition]) -> Answer:
    """The names in a column on the rows that match, each once."""
    by = next((c for w in where for c in columns_of(w) if brain.linker.is_number(c)), None)
    table = brain.builder.where(brain.table, *where)
    if by and brain.unique(column):
        step = brain.builder.rank(table, by, [column], k=1000)
    else:
        counted, name = brain.builder.groups(table, [column], "count", None)
        step = brain.builder.rank(counted, name, [column], k=1000)
    return Answer(f"{step}:/names", step)


def figure_asked(brain: "Interpreter", scene: Scene) -> Answer | None:
    if (subset := of_the_top(brain, scene)) is not None:
        return subset
    p = brain.parts(scene)
    if p.by and p.having:
        p.scene.text = re.sub(r"⟨H\d+⟩", " ", p.scene.text)
    text = p.scene.text
    functions = [f for f in p.functions if f != "much"]
    much = "much" in p.functions
    if re.search(r"\b(?:percent|percentage|share|proportion|fraction|ratio|difference|minus|divided|quotient|times (?:as|more|higher))\b|⟩ / ⟨", text) and not brain.loose:
        return None  # a share, ratio or difference that no reading before this one could place
    if re.search(r"\b(?:only|considering|restricted|restricting|limited|limiting|excluding|ignoring|except)\b", text) and not p.where:
        raise Unclear(text, "A restriction in the question was not understood.", "Name the column and the value it should have.")
    superlative = [s for s in p.superlatives if s[2] in ("desc", "asc", "worst")]
    hinted = ""
    if superlative and not functions and len(superlative) == 1 and not re.search(NAMES_SOMETHING, text):
        hint, direction = superlative[0][1], superlative[0][2]
        column = p.columns[0] if len(p.columns) == 1 else None
        if column and hint and not hint.startswith("#") and brain.linker.find_column(hint.split())[0] not in (None, column):
            column = None
        if column is None and hint and not hint.startswith("#") and not p.columns:
            column, _ = brain.linker.find_column(hint.split())
            hinted = " ".join([*brain.linker.names.get(column or "", []), "temperature", "temperatures"])
        if hint == "#date" and not brain.linker.is_number(column or "") if column in brain.linker.columns else False:
            functions, p.columns, p.superlatives = ["max" if direction == "desc" else "min"], [str(column)], []
        elif p.by and (named := re.search(r"\b([a-z]+) (?:with|having|that has|who has|which has|of) (?:the )?⟨S", text)) and (named[1] in brain.nouns or named[1] in words.ENTITIES or named[1] in words.ROW_NOUNS):
            return None  # "for each kind, the listing with the highest price": a name is wanted, not the price
        elif column and direction != "worst" and hint != "#std" and (hint or brain.loose or column in brain.builder.expressions or _beside(brain, text)) and brain.linker.kind_of(column) != "text":
            functions = ["max" if direction == "desc" else "min"]
            p.columns = [column]
            p.superlatives = []
    if p.superlatives and [s for s in p.superlatives if s[2] != "skip"]:
        if not functions:
            return None
    counting = "count" in functions
    columns = [c for c in p.columns if not (brain.linker.kind_of(c) == "text" and c in brain.linker.columns and brain.unique(c))] if len(p.columns) > 1 else p.columns
    if [x for x in p.superlatives if x[2] in ("desc", "asc", "worst")]:
        return None
    if counting and len(set(functions)) > 1 and not (set(functions) == {"count", "sum"} and not columns):
        functions = [f for f in functions if f != "count"]
        counting = False
    if functions and functions[0] == "distinct" and not columns:
        return None
    made = [c for c in columns if c in brain.builder.expressions]
    if len(made) == 1 and set(columns) - set(made) <= set(variables(parse(brain.builder.expressions[made[0]]))):
        columns = made  # of "power for their weight: the mean of that quotient", the quotient is asked for
    if (answer := several(brain, p, functions, columns)) is not None:
        return answer
    if len(set(functions)) > 1:
        return None
    function = functions[0] if functions else None
    brain.all_used(text)
    brain.account(text, hinted, "distribution spread different distinct unique separately individually known existing average")
    if counting or (function is None and re.search(r"\b(?:number|count|how many|tally)\b", text)):
        if not columns:
            return count(brain, p, None)
        if len(columns) == 1:
            column = columns[0]
            counted = re.search(r"⟨F\d+⟩(?: of)?(?: (?:the|all|these|those|different|distinct|unique|its|their|of|single|separate|individual|kinds?|types?|sorts?))*(?: ⟨[VW]\d+⟩)*(?: ([a-z]+))?", text)
            noun = counted[1] if counted else None
            if not brain.linker.is_number(column) and not p.by and noun and p.where and (noun in brain.nouns or noun in words.ROW_NOUNS or noun in words.ENTITIES) and not re.search(r"\b(?:same|share|duplicated?|repeated|different|distinct|unique)\b", text):
                return count(brain, p, None)  # "how many rows the winner only had a plurality in": rows are counted, whatever else is named
            if not brain.linker.is_number(column) and noun and (noun in brain.nouns or noun in words.ROW_NOUNS or noun in words.ENTITIES) and re.search(rf"⟨F\d+⟩[^⟨]*\b{noun}\b[^⟨]*\b(?:do|does|did|who|that|are|were|is|was|have|has|had|not|never|don't|doesn't|didn't)\b[^⟨]* ⟨C", text):
                return None  # "how many students do not smoke": the students are counted, and not the kinds of smoking
            if not brain.linker.is_number(column) and not p.where and not p.by:
                if brain.unique(column):
                    return count(brain, p, None)
                return finish(brain, p, "distinct", column)
            if not brain.linker.is_number(column) and brain.unique(column):
                return count(brain, p, None)
            if not brain.linker.is_number(column) and p.by:
                return finish(brain, p, "distinct", column)
            if not brain.linker.is_number(column):
                if not re.search(r"(?:⟨F\d+⟩|count|number)(?: (?!did|do|does|the ⟨C\d+⟩ (?:had|has|is|was))[a-z-]+| ⟨[WGS]\d+⟩){0,4} ⟨C", text):
                    return None  # "in how many districts the winner had a plurality": the winner is not counted
                return finish(brain, p, "distinct", column)
            if re.search(r"missing|null|empty|blank", text):
                return finish(brain, p, "null_count", column)
            if column in brain.linker.virtual and brain.linker.virtual[column].part == brain.linker.row_unit() and column not in p.by:
                return finish(brain, p, "distinct", brain.linker.virtual[column].column)  # months of a table by month: not the twelve of the calendar
            if column in brain.linker.virtual or column in brain.linker.years or numbers_things(brain, column):
                return finish(brain, p, "distinct", column)
            direct = re.search(r"⟨F\d+⟩(?: of)?(?: the)?(?: [a-z]+){0,4} ⟨C", text)
            if re.search(r"⟨F\d+⟩(?: of)?(?: the)? ⟨C", text) and column in brain.linker.columns and brain.linker.columns[column].type == "DOUBLE" and p.where and brain.is_single(p.where) and not p.by:
                return finish(brain, p, "lookup", column)  # "how many GWh came from wind in 2010"
            if direct and column in brain.linker.columns and brain.linker.columns[column].type == "BIGINT" and brain.additive(column):
                return finish(brain, p, "lookup" if brain.is_single(p.where) and not p.by else "sum", column)
            return None
        return None
    if function is None and not columns and (p.by or p.where) and re.search(r"\bnumber|rows|counts?\b", text):
        return count(brain, p, None)
    compared = [c for w in p.where for c in columns_of(w) if brain.linker.is_number(c) and brain.additive(c)]
    if len(columns) == 0 and function and not counting and len(set(compared)) == 1 and not re.search(r"⟨F\d+⟩(?: of)?(?: the| a)? (?!the|amount|value|figure|level|number|was|is|on|in|of|for|when|where|if|among|at)[a-z]{3,}", text):
        columns = compared[:1]  # "on days with some rain, the median amount"
    if len(columns) == 0 and brain.default and (function or brain.is_single(p.where)):
        columns = [brain.default]
    if function == "mode" and len(columns) == 1:
        return finish(brain, p, "mode", columns[0])
    if len(columns) > 1 and brain.loose:
        weak = {p.scene.get(m) for m in p.scene.all("C") if m in p.scene.weak}
        columns = [c for c in columns if c not in weak] or columns
    if len(columns) > 1 and function and not p.by:
        refs = [c for c in columns if brain.linker.is_number(c)]
        if len(refs) != 1:
            return None
        return None
    if len(columns) != 1:
        return None
    column = columns[0]
    if function is None and p.where and not p.by and not brain.is_single(p.where) and (not brain.linker.is_number(column) or column in brain.linker.years) and re.search(r"\b(?:list|names?|which|show|name|what|who)\b|⟨C\d+⟩ (?:with|where|that)", text):
        brain.all_used(text)
        return names_of(brain, column, p.where)
    if function is None:
        if much and brain.linker.is_number(column) and not brain.is_single(p.where):
            function = "sum"
        elif p.where and brain.is_single(p.where):
            return finish(brain, p, "lookup", column)
        elif p.by and brain.linker.is_number(column) and (all(brain.unique(c) for c in p.by) or brain.is_key([*p.by, *(c.column for c in p.where if isinstance(c, Compare) and c.op == "==")])):
            function = "max"
        elif (own := {"mean": "mean", "average": "mean", "avg": "mean", "median": "median", "total": "sum"}.get(brain.linker.names.get(column, [""])[0])):
            function = own  # a column called "mean radius" for many rows: the mean of it
        else:
            raise Unclear(str(column), f"It is not said which figure of “{column}” is wanted, and more than one row fits.", "Say for instance mean, median, total, highest or count.")
    if function not in ("distinct", "null_count", "min", "max", "mode") and not brain.linker.is_number(column) and column not in brain.builder.expressions:
        return None
    return finish(brain, p, function, column)


def numbers_things(brain: "Interpreter", name: str) -> bool:
    """Whether a column only numbers what it names, from 0 or 1 without gaps, over several rows each: individual 1 … 210."""
    column = brain.linker.columns.get(name)
    if column is None:
        return False
    if column.type != "BIGINT" or not isinstance(column.min, int) or not isinstance(column.max, int):
        return False
    return column.distinct > 12 and column.min in (0, 1) and column.max - column.min + 1 == column.distinct and column.count >= 2 * column.distinct and column.count % column.distinct == 0


def of_the_top(brain: "Interpreter", scene: Scene) -> Answer | None:
    """A figure of the rows that rank highest: "the mean income of the ten most urban states"."""
    if own := rx(r"{F:f} (?:of|for|across|over) (?:just |only )?the (?:{N:n} {S:s}|{S:t} {N:m}) {C:c}(?: values)?").search(scene.text):  # "the mean of the five highest prices"
        column, k, (_, hint, direction) = scene.get(own["c"]), scene.get(own["n"] or own["m"]), scene.get(own["s"] or own["t"])
        p = brain.parts(scene.fork(scene.text[: own.start()] + " " + scene.text[own.end() :]))
        if hint or direction not in ("asc", "desc") or not brain.linker.is_number(column) or not isinstance(k, int) or not 1 <= k <= 1000 or p.by or p.columns or p.functions or p.superlatives or scene.get(own["f"]) in ("count", "much", "distinct"):
            return None
        brain.account(p.scene.text)
        brain.all_used(p.scene.text)
        ranked = brain.builder.rank(brain.builder.where(brain.table, *p.where), column, [], k=k, order=direction)
        ref = brain.builder.value(ranked, scene.get(own["f"]), column)
        return Answer(ref, ref.split(":")[0])
    noun = r"(?: [a-z]+| ⟨C\d+⟩)?"
    m = rx(rf"(?:among|of|for|in|at|on|considering|using|across) (?:just |only )?the (?:⟨S\d+⟩ )?{{N:n}}{noun} (?:with|having|that have|by) (?:the )?{{S:s}} {{C:c}}").search(scene.text) \
        or rx(rf"(?:among|of|for|in|at|on|considering|using|across) (?:just |only )?the {{N:n}} {{S:s}}{noun}").search(scene.text)  # fmt: skip
    if m is None:
        return None
    said, hint, direction = scene.get(m["s"])
    column = scene.get(m["c"]) if "c" in m.groupdict() else brain.linker.find_column(hint.split())[0] if hint and not hint.startswith("#") else None
    k = scene.get(m["n"])
    if column is None or direction not in ("asc", "desc") or not isinstance(k, int) or not 1 <= k <= 1000 or said in ("top", "bottom"):
        return None
    label = brain.label_column()
    marked = brain.parts(scene.fork(scene.text))
    saved = brain.table
    ranked = brain.builder.rank(brain.builder.where(brain.table, *marked.where), column, [label] if label else [], k=k, order=direction)
    rest = scene.fork(scene.text[: m.start()] + " " + scene.text[m.end() :])
    rest.text = re.sub(r"⟨[WVYR]\d+⟩", " ", rest.text)
    brain.table = ranked
    try:
        return figure_asked(brain, rest)
    finally:
        brain.table = saved


def several(brain: "Interpreter", p: Parts, functions: list[str], columns: list[str]) -> Answer | None:
    """Several figures at once: "min, max and mean of x", "mean x and mean y by z"."""
    measures = [f for f in dict.fromkeys(functions) if f not in ("count", "much", "distinct", "null_count")]
    numbers = [c for c in columns if brain.linker.is_number(c)]
    if brain.loose or re.search(r"percent|share|proportion|fraction|ratio|combined|together", p.scene.text) or [x for x in p.superlatives if x[2] != "skip"] or not all(brain.additive(c) for c in numbers) or len(numbers) != len(columns) or not numbers or not measures or len(measures) * len(numbers) < 2 or (len(measures) > 1 and len(numbers) > 1):
        return None
    if len(numbers) > 1 and not re.search(r"⟨C\d+⟩[^⟨]*(?:,|\band\b|\bor\b|&|\bwell as\b)[^⟨]*(?:⟨F\d+⟩[^⟨]*)?⟨C\d+⟩", p.scene.text):
        return None  # "the age of the children" is one figure, and not one of these
    brain.account(p.scene.text)
    brain.all_used(p.scene.text)
    table = brain.builder.base(brain.builder.where(brain.table, *p.where), *numbers, *p.by)
    if len(numbers) > 1 and not p.by:

        long = brain.builder.add(Unpivot, table, columns=numbers, names_to="column", values_to="value")
        step, name = brain.builder.groups(long, ["column"], measures[0], "value")
        return Answer(f"{step}:/groups/*/{pointer(name)}", step)
    made = [brain.builder.measure(f, c) for c in numbers for f in measures]

    step = brain.builder.add(Aggregate, table, measures=made, by=p.by)
    refs = [f"{step}:/groups/*/{pointer(m.name)}" if p.by else f"{step}:/{pointer(m.name)}" for m in made]
    return Answer(refs[0], step, extra=dict(zip((m.name for m in made), refs, strict=True)))


def count(brain: "Interpreter", p: Parts, column: str | None) -> Answer:
    counted = re.search(r"(?:⟨F\d+⟩|how many|number|count)(?: of)?(?: the| all)* ([a-z]+)", p.scene.text)
    if counted and column is None and not brain.loose and not brain.may_count(counted[1]):
        raise Unclear(counted[1], f"No column tells of “{counted[1]}”, and I cannot tell that each row is one of them.", brain.hint())
    if column is None and not brain.loose and counted and counted[1] not in ("rows", "row", "records", "record", "entries", "entry", "lines", "cells", "combinations", "groups", "cases") and (tally := tally_of(brain)):
        return finish(brain, p, "sum", tally)
    if p.by:
        one_group(brain, p)
        table = brain.builder.where(brain.table, *p.where)
        step, name = brain.builder.groups(table, p.by, "count", column, having=p.having)
        return Answer(f"{step}:/groups/*/{name}", step, ("bar", *p.by, name))
    if p.where and brain.is_single(p.where) and counted and counted[1] not in brain.nouns and counted[1] not in ("rows", "records", "entries", "observations"):
        raise Unclear(counted[1], f"The conditions pick one row, and no column counts “{counted[1]}”.", brain.hint())
    ref = brain.figure("count", column, p.where)
    return Answer(ref, ref.split(":")[0])


def one_group(brain: "Interpreter", p: Parts) -> None:
    """Groups of a column that a condition has fixed to one value: one of the two was misread."""
    for w in p.where:
        if isinstance(w, Compare) and w.op == "==" and w.column in p.by:
            raise Unclear(w.column, f"“{w.column}” is fixed to {w.value} and groups the rows at once, so I must have misread the question.", brain.hint())


def finish(brain: "Interpreter", p: Parts, function: str, column: str) -> Answer:
    if p.by and function in ("mean", "median", "std") and all(brain.unique(c) for c in p.by) and not p.having and not re.search(r"\bfor (?:each|every)\b", brain.asked):
        p.by = []  # "average deaths per month" of a table with a row for each month
    if p.by and function == "lookup":
        raise Unclear(column, f"It is not said which figure of “{column}” is wanted for each group.", "Say for instance mean, median, total or highest.")
    if p.by:
        one_group(brain, p)
        table = brain.builder.where(brain.table, *p.where)
        step, name = brain.builder.groups(table, p.by, function, column, having=p.having)
        return Answer(f"{step}:/groups/*/{pointer(name)}", step, ("bar", *p.by, name))
    ref = brain.figure(function, column, p.where)
    return Answer(ref, ref.split(":")[0])
