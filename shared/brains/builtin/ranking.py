"""Which one is the most, the top five, the second highest: names in order of a figure."""

import re
from typing import TYPE_CHECKING

from shared.brains.builtin import words
from shared.brains.builtin.build import Unclear
from shared.brains.builtin.comparisons import hinted_column
from shared.brains.builtin.extremes import made_when
from shared.brains.builtin.scene import Scene, rx
from shared.brains.builtin.spelling import stem
from shared.brains.builtin.terms import Answer, Parts

if TYPE_CHECKING:
    from shared.brains.builtin.question import Interpreter

_ASK = r"\b(?:which|what|who|whom|where|when|list|name|give|show|rank|top|find|identify|at|on|in)\b"


def rank_question(brain: "Interpreter", scene: Scene) -> Answer | None:

    p = brain.parts(scene)
    p.scene.text = rx(r"(?:{S:a}) \( (?P<b>⟨S\d+⟩) \)").sub(lambda m: m["b"], p.scene.text)
    text = re.sub(r"⟨S\d+⟩", lambda m: ("top " if p.scene.get(m.group())[0] in ("top", "bottom") else "") + m.group(), p.scene.text)
    p.scene.text, spanned = _spanned(p, p.scene.text)
    if spanned:  # "from the most to the fewest": all of them, in that order
        text = p.scene.text
    ordered = spanned or re.search(r"\brank\b|\border(?:ed)? (?:by|from)\b|\bsort(?:ed)?\b", text)
    marks = [m for m in p.scene.all("S") if p.scene.get(m)[2] not in ("skip", "none")]
    if not marks and (m := re.search(r"\b(?:which|who)\b.*?(?P<w>(?:has|have|had|with|is|was|shows?|got) (?:the |a )?(?P<way>larger|higher|bigger|greater|lower|smaller))\b(?!.*\bthan\b)", text)):
        superlative = p.scene.mark("S", (m["way"], "", "asc" if m["way"] in ("lower", "smaller") else "desc"))
        text = p.scene.text = text.replace(m["w"], m["w"].replace(m["way"], superlative))
        marks = [superlative]
    if not marks and (m := re.search(r"\b(?:when|which (?:date|day)|on what (?:date|day))\b|\b(?:which|on what|in which|in what) (⟨C\d+⟩)", text)):
        extremes = [f for f in p.scene.all("F") if p.scene.get(f) in ("max", "min")]
        if len(extremes) == 1:  # "when did it reach its peak price"
            way = "desc" if p.scene.get(extremes[0]) == "max" else "asc"
            superlative = p.scene.mark("S", ("highest", "", way))
            text = p.scene.text = p.scene.text.replace(extremes[0], superlative)
            p.functions = [f for f in p.functions if f not in ("max", "min")]
            marks = [superlative]
    placed = re.search(r"\b(second|third|fourth|fifth)\b", text) if not marks else None
    if not marks and not ordered and not (placed and re.search(r"\bwhich\b.*\b(?:by|in terms of|going by)\b", text)):
        return None
    # which superlative leads: the last of "highest first" only says the order
    hinted = [m for m in marks if p.scene.get(m)[1] and p.scene.get(m)[0] not in ("top", "bottom")]
    plain = [m for m in marks if p.scene.get(m)[0] not in ("top", "bottom")]
    lead = next(iter(hinted or ([] if any(p.scene.get(m)[0] in ("top", "bottom") for m in marks[:1]) else plain) or marks), None)
    text = re.sub(r"(?:,|;)? ?(?:starting|beginning) with[^.?!]*⟨S\d+⟩[^.?!]*", " ", text) if len(marks) > 1 else text
    trailing = rx(r"{S:s} (?:one |ones |value |⟨N\d+⟩ )?(?:first|on top|at the top)\b|(?:starting|beginning) with (?:the )?{S:t}").search(text)
    if trailing and lead and len(marks) > 1:
        text = text[: trailing.start()] + " " + text[trailing.end() :]
    elif trailing and lead:
        ordered = ordered or re.search("first", text)
    hint, direction = (p.scene.get(lead)[1], p.scene.get(lead)[2]) if lead else ("", "desc")
    if direction == "worst" and len({p.scene.get(m)[2] for m in marks} - {"worst"}) == 1:
        direction = next(p.scene.get(m)[2] for m in marks if p.scene.get(m)[2] != "worst")  # "at its worst: the most deaths"
    if spanned and not lead:
        hint, direction = spanned[1], spanned[2]
    elif not lead and re.search(r"ascending|lowest first|smallest first|increasing", text):
        direction = "asc"

    if hint == "age" and (made := made_when(brain)) in brain.linker.years and not [c for c in p.columns if brain.linker.is_number(c) and c not in brain.linker.years] and brain.linker.find_column(["age"])[0] is None:
        hint, direction = "", "asc" if direction == "desc" else "desc"  # the oldest was made first
        p.columns = [*[c for c in p.columns if c not in brain.linker.years], str(made)]
    if hint == "#rows" and (counts := [c.name for c in brain.linker.table.columns if c.type in ("BIGINT", "DOUBLE") and brain.linker.names[c.name][-1] in ("frequency", "freq", "count", "counts", "occurrences")]):
        if len(counts) > 1 or [c for c in p.columns if brain.linker.is_number(c) and c not in counts]:
            return None
        hint, p.functions, p.columns = "", ["sum"], [*[c for c in p.columns if c not in counts], counts[0]]  # each row already stands for so many
    # what is named: the thing after which/what/list/top, else whatever names a row
    after = rx(r"\b(?:which|what|who|where|when|whose|list|name|give|show|rank|top|in which|find)\b(?P<mid>(?: (?:[a-z']+|⟨[NSW]\d+⟩|⟨G\d+⟩))*?) {C:c}").search(text)
    target = None
    rowwise = False  # rows are asked for, and their names given
    columns = list(p.columns)
    asks_value = False
    if after and not (p.by and lead and text.find(lead) > text.find("⟨G")):
        column = p.scene.get(after["c"])
        between = after["mid"] or ""
        named = not re.search(r"⟨S\d+⟩", between) or not brain.linker.is_number(column) or bool(re.search(r"top|⟨N\d+⟩", between))
        if brain.linker.is_number(column) and (not brain.groupable(column) or after.group().startswith("whose")):
            named = False
        if re.search(r"\b(?:has|have|had|with|got|gets|shows|saw|reached|recorded)\b.*⟨S", between):
            named = False
        if re.match(r"^\W*(?:what|whats|what's)\b", text) and re.search(r"⟨S\d+⟩ *$", between) and brain.linker.is_number(column):
            named = False
        strange = [w for w in re.findall(r"[a-z]+", re.sub(r"'s\b", "", between)) if w not in words.STRUCTURE and w not in words.ROW_NOUNS and w not in words.TIME_NOUNS and w not in words.CARDINALS and w not in brain.nouns
                   and w not in ("kind", "kinds", "type", "types", "sort", "single", "particular", "individual", "specific", "were", "list", "name", "top", "numbers", "number", "calendar")]  # fmt: skip
        if named and strange and re.search(r"\b(?:which|what)\b", text):
            raise Unclear(strange[0], f"The table says nothing that I can match with “{strange[0]}”.", brain.hint())
        said = p.scene.words.get(after["c"], "").removesuffix("s")
        if named and brain.linker.is_number(column) and column in brain.linker.columns and column.lower() == f"{said}s" and after.group().startswith(("which", "what")) and said in words.ENTITIES:
            raise Unclear(said, f"“{column}” tells how many, and no column tells which {said}.", brain.hint())
        if named and after["c"] in p.scene.weak and brain.linker.is_number(column) and said in words.ENTITIES | words.PLACES_OR_WAYS:
            raise Unclear(said, f"No column tells which {said}.", brain.hint())  # "which city" is not the column cty of numbers
        if named:
            target = column
    few = rx(r"(?:⟨S\d+⟩ ⟨N\d+⟩|⟨N\d+⟩ ⟨S\d+⟩) {C:c}").search(text)
    if p.by and few and brain.linker.is_number(p.scene.get(few["c"])):
        return None  # "the top three prices per city": several values of each
    if p.by and target is None and len(p.by) == 1 and lead:
        if re.search(r"\b(?:which|who|where|when|top|list|name|rank)\b", text):
            target = p.by[0]
            p.by = []
        else:
            return None
    if target is None and lead and (m := rx(r"^\W*(?:the |name of the |name the |what is the |⟨N\d+⟩ )*{C:c} (?:with|that|which|who|having|where|in which|whose)\b").search(text)):
        target = p.scene.get(m["c"])
    if target is None and lead and (m := rx(r"{C:c} of (?:the )?(?:[a-z]+ )?⟨[SN]").search(text)) and not brain.linker.is_number(p.scene.get(m["c"])):
        target = p.scene.get(m["c"])  # "the last name of the oldest person"
    if target is None and lead and (m := rx(r"{C:c} (?:of|for) (?:the )?(?:[a-z]+ |⟨C\d+⟩ )?(?:with|that has|having|who has|which has) (?:the )?{S:s} {C:d}").search(text)) and m["s"] == lead:
        target = p.scene.get(m["c"])  # "the age of the patient with the highest bmi"
    if target is None and hint.startswith("#") and re.search(r"\b(?:day|date)\b", text) and brain.linker.dates:
        target = brain.linker.dates[0]
    if target is None and lead and len(columns) >= 2 and all(brain.linker.is_number(c) and c in brain.linker.columns for c in columns) and re.search(r"\b(?:which|what)\b(?: one)?(?: of| measurement| column| variable| feature| drug| is| has)?", text) and re.search(r"which (?:one |two |⟨N\d+⟩ )?of(?: the)?(?: [a-z]+)? ⟨C|⟨C\d+⟩ ?,? or(?: the)? ⟨C|: ?⟨C", text):
        return _which_column(brain, p, columns, direction, text)
    wh = bool(re.search(r"\b(?:which|who|where|when|list|name|top|rank|on what|in what)\b|\bwhat [a-z]+ (?:has|had|have|is|was)\b", text))
    if target is None:
        row_noun = re.search(r"\b(?:which|what|who|list|name|top|the)\b[^⟨]*?\b([a-z]+)\b", text)
        if re.match(r"^\W*(?:the )?(?:(?:second|third|fourth|fifth|2nd|3rd) )?(?:⟨S\d+⟩|⟨N\d+⟩ ⟨S\d+⟩|top)[^⟨]*$|^\W*(?:the )?[a-z]+ (?:with|having) the ⟨S", text) and not re.search(r"^\W*(?:the )?⟨S\d+⟩ (?:value|number)", text):
            wh = True  # "the second heaviest car", "cars with the lowest price"
        if hint == "#rows" and len(columns) == 1 and not p.by:
            target, wh = columns[0], True
        if not wh and not (row_noun and re.search(r"\bwhat\b", text) and not columns and hint):
            asks_value = True
        if asks_value:
            return None
        asked = re.search(r"\b(?:which|what) (?:single |one |individual |particular )?([a-z]+)\b", text)
        if asked and stem(asked[1]) not in brain.nouns and asked[1] not in brain.nouns and asked[1] not in words.ROW_NOUNS and asked[1] not in words.TIME_NOUNS and asked[1] in words.ENTITIES:
            raise Unclear(asked[1], f"No column tells the {asked[1]}.", brain.hint())
        if target is not None:
            pass
        elif re.search(r"\bwhen\b|\bon (?:which|what) (?:date|day)\b|\bwhich day\b|\bwhat day\b|\bday\b|\bdate\b", text) and brain.linker.dates:
            target = brain.linker.dates[0]
        elif re.search(r"\bwhen\b", text) and brain.linker.years:
            target = brain.linker.years[0]
        else:
            target = brain.label_column()
            rowwise = target is not None
            groups = [c.name for c in brain.linker.table.columns if c.type == "VARCHAR" and c.distinct > 1]
            if target is None and len(groups) == 1 and re.search(r"\b(?:which|top|list|name|rank|who)\b|\bwhat [a-z]+ (?:has|had)\b", text):
                target = groups[0]  # the one column that can name anything
        if target is None:
            return None
    columns = [c for c in columns if c != target]
    if p.by:
        return None

    count = re.search(r"(?:#rows)", hint)
    k = 1
    position = 1
    many = rx(r"(?:top|bottom|first) {N:n}|{N:m} (?:[a-z']+ ){0,3}?(?:⟨[CS]\d+⟩)|(?:⟨S\d+⟩) {N:o}|(?:which|what|the|list|name) {N:q}\b").search(text)
    if many:
        mark = many["n"] or many["m"] or many["o"] or many["q"]
        value = p.scene.get(mark)
        if isinstance(value, int) and 1 <= value <= 100:
            k = value
    elif ordered or re.search(r"\b(?:all|every)\b.*\border", text):
        k = 1000
    if placed:
        position = words.ORDINALS[placed[1]]
    if m := re.search(r"\b(second|third|fourth|fifth|2nd|3rd|4th|5th)(?: |-)?(?=⟨S)", text):
        position = words.ORDINALS.get(m[1]) or int(m[1][0])
    listed = k > 1
    if count and [c for c in columns if brain.linker.is_number(c)]:
        hint, count = "", None

    functions = [f for f in p.functions if f != "much"]
    if direction == "worst":
        direction = "desc" if any(words.HARM & set(brain.linker.names.get(c, [])) for c in columns) else "asc"
    vocabulary = ("rank order ordered sort sorted first second third fourth fifth ascending descending on average by going reached reach hit recorded ever only single happened take took place "
                  "top bottom 2nd 3rd 4th 5th sorted goes gave achieved achieve saw see overall kind fell fall shows show where when most least among has best worst terms lies exception highest-ranked highest lowest one")  # fmt: skip
    if hint == "poverty" and any({"income", "salary", "wage", "gdp"} & set(brain.linker.names.get(c, [])) for c in columns):
        direction = "asc" if direction == "desc" else "desc"  # the poorest have the lowest income
    if hint == "#date":
        by_column = brain.linker.dates[0] if brain.linker.dates else (brain.linker.years[0] if brain.linker.years else None)
        if by_column is None or by_column == target:
            return None
        columns = [by_column]
    elif hint == "#std":
        functions = ["std"]
    elif hint and not count and not columns:
        found, word = hinted_column(brain, hint, text)
        vocabulary += f" {word}"
        if found is None:
            raise Unclear(p.scene.words.get(lead or "", ""), f"No column tells which is the {p.scene.words.get(lead or '', '')}.", brain.hint())
        columns = [found]
    elif hint and not count and columns:
        found, _ = brain.linker.find_column(hint.split())
        by_name = rx(r"\b(?:by|going by|in terms of|judged by|measured by|according to)(?: the| their| its)?(?: ⟨F\d+⟩)? (⟨C\d+⟩)").search(text)
        if found and found not in columns and not (by_name and brain.linker.is_number(p.scene.get(by_name[1]))):
            columns.append(found)
    if target in brain.linker.dates:
        vocabulary += " day days date dates"
    text = re.sub(r"\bby name\b", " ", text)
    extra = " ".join(w for c in columns for w in brain.linker.names.get(c, [])) + (" temperature temperatures" if "temp" in hint else "")
    text = rx(r"(\b(?:which|what) ⟨C\d+⟩) [a-z]+s (?=the ⟨S)").sub(r"\1 ", text)
    text = re.sub(r"⟨H\d+⟩", " ", text)
    brain.account(text, vocabulary, extra)
    brain.all_used(text, *([m for m in many.groups() if m] if many else []))
    table = brain.builder.where(brain.table, *p.where)
    first_word = p.scene.get(lead)[0] if lead else ""
    if not count and not [c for c in columns if brain.linker.is_number(c)] and "count" not in p.functions and "distinct" not in p.functions and first_word not in ("most", "least", "fewest", "top"):
        told = brain.default if brain.default in brain.builder.expressions else brain.measure()
        if told is None:
            raise Unclear(first_word, f"It is not said which figure the {first_word} is about.", brain.hint())
        columns.append(told)
        if not p.functions and not brain.unique(target) and not rowwise:
            p.functions = functions = ["mean"] if re.search(r"on average|average", text) else functions
    numeric = [c for c in columns if brain.linker.is_number(c) or c in brain.builder.expressions or (hint == "#date" and c == columns[0])]
    others = [c for c in columns if c not in numeric and not (brain.linker.kind_of(c) == "text" and (brain.unique(c) or first_word in ("most", "least", "fewest") and brain.nearly_unique(c)))]
    if others and not (count or not numeric):
        return None
    if len(functions) > 1:
        functions = [f for f in functions if f != "count"] or ["count"]
    function = functions[0] if len(functions) == 1 else None
    if len(set(functions)) > 1 or len(numeric) > 1:
        return None
    aggregate = not (brain.unique(target) or rowwise) or function is not None and function not in ("count",)
    if not numeric or function == "count" and not numeric:
        if function not in (None, "count", "distinct") or (function is None and not count and not others and not re.search(r"⟨S\d+⟩(?: [a-z]+)?", text)):
            return None
        if others and function == "distinct":
            step, name = brain.builder.groups(table, [target], "distinct", others[0], having=p.having)
        else:
            if brain.unique(target) or others or rowwise:
                return None
            what = re.search(r"⟨S\d+⟩(?: of)?(?: the| these| those| all| its)* ([a-z]+)\b", text) if first_word in ("most", "least", "fewest") else None
            if what and what[1] in words.MASS:
                raise Unclear(what[1], f"It is not said which column tells the {what[1]}.", brain.hint())
            step, name = brain.builder.groups(table, [target], "count", None, having=p.having)
        ranked = brain.builder.rank(step, name, [target], k, direction, position=position)
    elif not aggregate:
        if p.having:
            return None
        ranked = brain.builder.rank(brain.builder.base(table, numeric[0], target), numeric[0], [target], k, direction, position=position)
    else:
        if function is None:
            if first_word in ("most", "least") and brain.linker.is_number(numeric[0]):
                function = "sum"
            elif re.search(r"on average|average|typical|usually", text):
                function = "mean"
            elif brain.unique(target):
                function = "max"
            else:
                function = "max" if direction == "desc" else "min"
        step, name = brain.builder.groups(table, [target], function, numeric[0], having=p.having)
        ranked = brain.builder.rank(step, name, [target], k, direction, position=position)
    return Answer(f"{ranked}:/names" if listed else f"{ranked}:/name", ranked)


def _spanned(p: Parts, text: str) -> tuple[str, tuple[str, str, str] | None]:
    """"From the most to the fewest": the text without it, and the superlative that comes first."""
    m = rx(r",? ?\bfrom (?:the )?{S:a}(?: (?!to\b)[a-z-]+){0,2} (?:(?:down|up) )?to (?:the )?{S:b}(?: [a-z-]+\b(?! ⟨))?").search(text)
    if m is None or {p.scene.get(m["a"])[2], p.scene.get(m["b"])[2]} != {"asc", "desc"}:
        return text, None
    return text[: m.start()] + " " + text[m.end() :], p.scene.get(m["a"])


def _which_column(brain: "Interpreter", p: Parts, columns: list[str], direction: str, text: str) -> Answer | None:
    """Which of several columns has the largest mean: columns become rows first."""
    from shared.analysis.plan import Unpivot

    functions = [f for f in p.functions if f not in ("much", "count")]
    if len(set(functions)) != 1 or p.by:
        return None
    text = re.sub(r"\bwhich [a-z]+ (?=has|have|had|is|was|shows?)", "which ", text)
    brain.account(text, "or between which one has have")
    table = brain.builder.base(brain.builder.where(brain.table, *p.where), *columns)
    long = brain.builder.add(Unpivot, table, columns=columns, names_to="column", values_to="value")
    step, name = brain.builder.groups(long, ["column"], functions[0], "value")
    ranked = brain.builder.rank(step, name, ["column"], order="asc" if direction == "asc" else "desc")
    return Answer(f"{ranked}:/name", ranked)

