"""Rules that put each row into a named class become a column of labels."""

import re
from typing import TYPE_CHECKING

from shared.analysis.expression import quote
from shared.analysis.plan import (
    All,
    Case,
    Compare,
    Condition,
    Window,
)  # fmt: skip
from shared.brains.builtin import series, statistics, words
from shared.brains.builtin.arithmetic import row_expression
from shared.brains.builtin.bands import LABEL, Band, bands
from shared.brains.builtin.conditions import mark_values
from shared.brains.builtin.logic import columns_of, conjunction
from shared.brains.builtin.recodes import closest, compared, recoded
from shared.brains.builtin.scene import Scene, rx
from shared.brains.builtin.spelling import key

if TYPE_CHECKING:
    from shared.brains.builtin.recipe import Recipe


def label_rows(recipe: "Recipe", sentence: str) -> bool:
    """`'light' if it weighs less than 2500, 'medium' from 2500 to 3500, 'heavy' above`: a column of labels."""
    sentence = by_spread(recipe, sentence)
    lower = sentence.lower()
    if re.search(r"p-?value|\bp (?:is|<|below)|hypothesis|significan|skew\w* ?(?:is|>|<|exceeds|below|above|lies)|\bslope\b|r-?squared|correlation is|(?:pearson|spearman)|kurtosis ?(?:is|>|<)|fewer than [\d.]+ ?(?:percent|%)|coefficient|answer|\b(?:say|write|report|state|return|finish with|end with|the word|the verdict:?) '|conclu|otherwise answer", lower) and not re.search(r"label each|create|put each|class by|yes/no", lower):
        return False
    if recipe.outputs and (risen(recipe, sentence) or recoded(recipe, sentence) or compared(recipe, sentence) or closest(recipe, sentence)):
        return True
    if recipe.outputs and len(recipe.linker.link(sentence).all("L")) >= 2 and (told_first := formula_first(recipe, sentence)):
        sentence = told_first
    if recipe.outputs and (found := bands(sentence)):
        if of_a_figure(recipe, [b.label for b in found]):
            return False
        if band_rows(recipe, sentence, found):
            return True
        if any(b.percent for b in found):
            recipe.told.blocked = sentence
            return True
    scene = recipe.brain.read(sentence)
    if m := re.search(r"(?:yes/no|binary|indicator|0/1|1/0|dummy|target is|flag (?:variable|column|called|named))\b", lower):
        conditions = [scene.get(w) for w in scene.all("W")]
        if conditions and len(scene.all("L")) == 0:
            del m
            statistics.label_of(recipe.brain, conditions[0], f"any {columns_of(conditions[0])[0]}")
            return True
    labels = scene.all("L")
    if len(labels) < 2:
        return False
    column = label_column(recipe, scene)
    if column is None:
        return False
    named = [c for c in recipe.linker.link(sentence).all("C")]
    if recipe.outputs and not named and not recipe.told.model and not re.match(r"(?i)\W*(?:otherwise|else)", sentence) and re.search(r"\d|\b(?:if|when|where|for)\b", lower) and column not in recipe.builder.expressions and column not in recipe.builder.labels:
        recipe.told.blocked = sentence
        return True
    scene = recipe.brain.read(sentence, default=column)
    labels = scene.all("L")
    pieces = label_pieces(recipe, scene.text, labels)
    cases: list[Case] = []
    otherwise: str | None = None
    for mark, piece in pieces:
        label = str(scene.get(mark))
        condition = interval(recipe, scene.fork(piece), column)
        if condition is None:
            if re.search(r"otherwise|rest|else|other|remaining", piece) and otherwise is None:
                otherwise = label
                continue
            return False
        cases.append(Case(when=condition, then=label))
    if len(cases) + (otherwise is not None) < 2:
        return False
    declare(recipe, sentence, column, cases, otherwise, [str(scene.get(m)) for m in labels])
    return True


def declare(recipe: "Recipe", sentence: str, column: str, cases: list[Case], otherwise: str | None, labels: list[str]) -> None:
    """A column of labels, known by its name and by each label, from here on."""
    said = re.finditer(r"(?:called|named|(?:new )?(?:column|variable|feature)(?= (?!called|named))|(?:a|an|the)(?= [a-z]+ (?:label|class|category)\b)) '?([a-z_]\w+)", sentence.lower())
    m = next((x for x in said if x[1] not in words.STRUCTURE | words.FILLER), None)
    name = m[1] if m and m[1] not in words.STRUCTURE | words.FILLER | {"from", "that", "label", "class", "is", "for"} and m[1] not in recipe.linker.columns else f"{column} class"
    recipe.builder.labels[name] = {"cases": cases, "otherwise": otherwise}
    recipe.linker.derived[name] = "text"
    for label in labels:
        recipe.linker.values.setdefault(key(re.findall(r"\w+", label.lower())), []).insert(0, (name, label))
        recipe.linker.made.add(key(re.findall(r"\w+", label.lower())))
        recipe.made.append(label)
    plain = " ".join(recipe.linker.names.get(column, [column]))
    for noun in ("group", "class", "band", "bin", "category", "label"):
        recipe.linker.exact[key(f"{plain} {noun}".split())] = [name]
    for alias in (name, "class", "label", "group", "band", "category", "bin", "size class", "size", "bracket"):
        recipe.linker.exact.setdefault(key(re.findall(r"\w+", alias.lower())), [name])


def band_rows(recipe: "Recipe", sentence: str, found: list[Band]) -> bool:
    """Ranges of one column become labels; False where the ranges are not of a column alone."""
    said = recipe.linker.link(LABEL.sub(" ", sentence))
    apart = [recipe.linker.link(band.words.replace("~", " ")) for band in found]
    if any(scene.all("VN") for scene in apart):
        return False
    inside = list(dict.fromkeys(c for scene in apart for c in recipe.columns(scene)))
    whole = next((c for scene in apart for c in _whole_of(recipe, scene)), None) if any(b.percent for b in found) else None
    inside = [c for c in inside if c != whole]
    inside = [c for c in inside if c not in (*recipe.linker.years, *recipe.linker.virtual)] or inside  # "years with … above 5"
    units = [c for c in recipe.columns(said) if c != whole]
    kept = rx(r"{C:c} (?:brackets?|groups?|bands?|class(?:es)?|bins?|ranges?|categor(?:y|ies)|levels?)\b").findall(recipe.linker.link(recipe.text).text) if not inside and not recipe.columns(said) else []
    if len(set(kept)) == 1 and recipe.linker.is_number(column := recipe.linker.link(recipe.text).get(kept[0])):
        inside = [column]  # "in which age bracket …? The brackets are …"
    fresh = recipe.told.main if recipe.told.main in recipe.builder.expressions or recipe.told.scaled == [recipe.told.main] else None
    head = recipe.linker.link(re.sub(r"\d[\d,.]* [a-z]+", " ", sentence[: LABEL.search(sentence).start()]))  # type: ignore[union-attr]
    if re.search(r"⟨C\d+⟩ [-+*/] (?:\( )*⟨[CN]\d+⟩|(?:sum|total|ratio|difference|product|quotient) (?:of|between) (?:the )?⟨C\d+⟩ ?(?:,|and|to|over)", head.text):
        made = row_expression(recipe.brain, head)  # "by their total (a + b + c)"
        if made is None:
            return False
        head = made[1].fork(f"by {made[1].mark('C', made[0])} ")
        fresh = made[0]
        recipe.linker.derived[fresh] = "number"
    others = [c for c in recipe.columns(head) if c != whole]
    by = rx(r"(?:by|from|of|on|using|its|their|based on|according to)(?: the| their| its)* {C:c}").search(head.text)
    if len(inside) == 1:
        column = inside[0]
    elif inside:
        return False
    elif by and recipe.linker.is_number(head.get(by["c"])):
        column = head.get(by["c"])
    elif fresh and not recipe.columns(head):
        column = fresh
    elif len(others) == 1:
        column = others[0]
    elif not others and len(units) == 1:
        column = units[0]  # "fewer than 100 seats"
    elif recipe.told.main and (recipe.told.main in others or not others and not re.search(r"\b(?:by|of|from) (?:the|their|its) (?!⟨C)", head.text)):
        column = recipe.told.main
    else:
        return False
    if not recipe.linker.is_number(column):
        return False
    share = any(b.percent for b in found)
    factor = 1.0
    if whole:
        name = recipe.builder.expression(f"{column} as percent of {whole}", f"100 * {quote(column)} / {quote(whole)}")
        column = name
    elif share and column in recipe.builder.expressions and "100" not in recipe.builder.expressions[column]:
        factor = 0.01
    cases = [Case(when=conjunction([Compare(column=column, op=op, value=_plain(n * factor)) for op, n in b.bounds]), then=b.label) for b in found if b.bounds]  # type: ignore[arg-type]
    if rest := next((b.label for b in found if not b.bounds), None):
        cases.append(Case(when=Compare(column=column, op="not null"), then=rest))  # a gap is in no range
    declare(recipe, sentence, column, cases, None, [b.label for b in found])
    if recipe.told.main == column and column in recipe.linker.columns:
        recipe.main_column(without=column)  # what is asked of the classes is another number, where there is one
    return True


def risen(recipe: "Recipe", sentence: str) -> bool:
    """`'up' if the price is higher than in the previous year, 'down' if it is lower`: labels by the change from the row before."""
    if not re.search(r"(?i)\b(?:previous|preceding|prior|last|the (?:day|week|month|quarter|year|row) before)\b", sentence):
        return False
    pieces = LABEL.split(sentence)
    labels, after = [a or b for a, b in zip(pieces[1::3], pieces[2::3], strict=True)], [p.lower() for p in pieces[3::3]]
    time = series.time_of(recipe)
    named = [c for c in recipe.columns(recipe.linker.link(LABEL.sub(" ", sentence))) if c != time and c not in recipe.linker.virtual]
    signs = {">": r"\b(?:higher|greater|above|more|rises?|rose|risen|increas\w+|up|larger|positive|grew|grows)\b", "<": r"\b(?:lower|less|below|fewer|falls?|fell|fallen|decreas\w+|down|smaller|negative|drop\w*|shrank)\b", "==": r"\b(?:unchanged|(?:does|did) not change|the same|equal|no change|stay\w*|flat)\b"}
    found = {label: [op for op, words_ in signs.items() if re.search(words_, piece)] for label, piece in zip(labels, after, strict=True)}
    rest = [label for label, piece in zip(labels, after, strict=True) if not found[label] and re.search(r"otherwise|else|\brest\b", piece)]
    ops = [o[0] for o in found.values() if len(o) == 1]
    if len(labels) < 2 or len(set(named)) != 1 or time is None or len(set(ops)) + len(rest) != len(labels) or len(rest) > 1:
        return False
    change = f"{named[0]} change"
    recipe.builder.labels[change] = {"window": Window(function="difference", column=named[0], order_by=time, by=series.panel(recipe))}
    recipe.linker.derived[change] = "number"
    scene = recipe.linker.link(re.sub(r"\([^()]*\)", " ", sentence))
    spans = [c for m in scene.all("R") if (c := scene.get(m)[0]) is not None]
    cases = [Case(when=conjunction([Compare(column=change, op=o[0], value=0), *spans]), then=label) for label, o in found.items() if len(o) == 1]  # type: ignore[arg-type]
    cases += [Case(when=conjunction([Compare(column=change, op="not null"), *spans]), then=label) for label in rest]  # type: ignore[arg-type]
    declare(recipe, sentence, change, cases, None, labels)
    recipe.told.after = recipe.brain.table = recipe.builder.base(recipe.told.after, change)  # rows chosen later keep their change
    return True


def of_a_figure(recipe: "Recipe", labels: list[str]) -> bool:
    """Whether one output alone is to be one of these labels, and none speaks of the rows that have them."""
    said = [f"{n.replace('_', ' ')} {d}".lower() for n, d in recipe.outputs.items()]
    naming = [text for text in said if any(re.search(rf"\b{re.escape(x.lower())}\b", text) for x in labels)]
    return len(naming) == 1 and sum(f"'{x.lower()}'" in naming[0] for x in labels) >= 2 and not re.search(r"\bgroups?\b|\bclass\b|\bcategory\b|\bbin\b|most common|largest|which", naming[0])


def label_counted(recipe: "Recipe", name: str, text: str) -> str | None:
    """`n_small: aircraft with fewer than 100 seats`: the rows of the label the output is named after."""
    words_ = key([w for w in re.split(r"[\W_]+", name.lower()) if w])
    hits = [x for x in recipe.made if (k := key(re.findall(r"\w+", x.lower().replace("_", " ")))) and any(words_[i : i + len(k)] == k for i in range(len(words_)))]
    hits = [x for x in hits if not any(x != y and x.lower() in y.lower() for y in hits)]
    if len(set(hits)) != 1:
        return None
    label = hits[0]
    rest = set(words_) - set(key(re.findall(r"\w+", label.lower().replace("_", " "))))
    if rest - {"n", "num", "number", "count", "row", "no", "nr"} - recipe.brain.nouns or re.search(r"mean|median|average|percent|share|proportion|fraction|\bsum\b|total|deviation|\brate\b|highest|lowest|most|%", text):
        return None
    column = recipe.linker.values[key(re.findall(r"\w+", label.lower()))][0][0]
    own = {c for case in recipe.builder.labels[column]["cases"] for c in columns_of(case.when)}
    own |= {c for c in recipe.linker.columns if any(quote(c) in recipe.builder.expressions.get(o, "") for o in own)}
    scene = recipe.brain.read(text)
    mark_values(scene, recipe.linker)
    if {c for m in scene.all("W") for c in columns_of(scene.get(m))} - own - {column}:
        return None
    return recipe.builder.value(recipe.told.after, "count", None, Compare(column=column, op="==", value=label))


def _plain(n: float) -> int | float:
    return int(n) if n == int(n) else float(f"{n:.12g}")


def _whole_of(recipe: "Recipe", scene: Scene) -> list[str]:
    """The column a percentage is of: `less than 5% of the district's total`."""
    m = re.search(r"\bof (?:(?:the|its|their|[a-z']+|⟨C\d+⟩) ){0,4}⟨C\d+⟩", scene.text)
    return [c for c in (scene.get(x) for x in re.findall(r"⟨C\d+⟩", m.group())) if recipe.linker.is_number(c)][:1] if m else []


_BY_SPREAD = re.compile(
    r"(?i)\b(?:more|further|greater|larger) than (?P<k>one|two|three|\d(?:\.\d+)?) (?:sample )?(?:standard deviations?|sds?|sigmas?) (?P<side>above|below|over|under) (?:the |its |that |this )?(?:overall |sample |column )?(?:mean|average)(?: of (?:the )?(?P<c>\w+))?"
)


def by_spread(recipe: "Recipe", sentence: str) -> str:
    """`more than one standard deviation above the mean` is a z-score above 1, of a column that is made for it."""
    if not _BY_SPREAD.search(sentence):
        return sentence
    named = [c for c in recipe.columns(recipe.linker.link(LABEL.sub(" ", sentence))) if c not in (*recipe.linker.years, *recipe.linker.virtual)]
    column = named[0] if len(set(named)) == 1 else recipe.told.main
    if column is None or len(set(named)) > 1 or recipe.builder.ddof == 0:
        return sentence
    name = f"{column} z-score"
    recipe.builder.labels[name] = {"window": Window(function="zscore", column=column)}
    recipe.linker.derived[name] = "number"
    recipe.linker.exact[key(["z", "level"])] = [name]
    number = {"one": "1", "two": "2", "three": "3"}
    said = _BY_SPREAD.sub(lambda m: f"{'above ' if m['side'].lower() in ('above', 'over') else 'below -'}{number.get(m['k'].lower(), m['k'])}", sentence)
    for word in {w for w in re.findall(r"\w+", said) if recipe.linker.find_column([w.lower()])[0] == column or w == column}:
        said = re.sub(rf"\b(?:its |the |their )?{re.escape(word)}\b", "the z level", said)
    return said


def formula_first(recipe: "Recipe", sentence: str) -> str | None:
    """`'calm' if (high - low) / open is less than 5%`: the formula becomes a column, and the sentence speaks of it."""
    if not (m := re.search(r"\(?[\w ]+ [-+*/] [\w ]+\)?(?: [-+*/] \(?\w+(?: [-+*/] \w+)?\)?)*(?= (?:is|was|are|exceeds|<|>|at|below|above)\b)", sentence)):
        return None
    piece = re.sub(r"^(?:if|when|where|the|its|a|by|whose|with)\b ?", "", m.group().strip())
    made = row_expression(recipe.brain, recipe.linker.link(piece))
    if made is None or re.search(r"[a-z]{3,}", re.sub(r"⟨[A-Z]\d+⟩", "", made[1].text)):
        return None
    name = made[0]
    series.name_it(recipe, name, "derived figure")
    if "100" not in recipe.builder.expressions.get(name, ""):
        sentence = re.sub(r"(\d+(?:\.\d+)?) ?(?:%|percent\b)", lambda k: f"{float(k[1]) / 100:.10g}", sentence)
    return sentence.replace(piece, "the derived figure", 1)


def label_column(recipe: "Recipe", scene: Scene) -> str | None:
    for mark in scene.all("W"):
        for column in columns_of(scene.get(mark)):
            if recipe.linker.is_number(column):
                return column
    numbers = [scene.get(m) for m in scene.all("C") if recipe.linker.is_number(scene.get(m))]
    return numbers[0] if numbers else recipe.told.main


def label_pieces(recipe: "Recipe", text: str, labels: list[str]) -> list[tuple[str, str]]:
    """Each label with the words that are about it: before it ("under 25 is 'young'") or after it ("'light' if under 2500")."""
    spots = [(text.find(m), m) for m in labels]
    first = text[: spots[0][0]]
    condition_first = bool(re.search(r"(?:⟨W\d+⟩|(?:under|below|less than|over|above|⟨N\d+⟩)[^⟨]*)(?: \)| \( [^)]*\))?(?: (?:is|are|be|as|called|labelled|means|the|label|class|category|then|its|gets|get|=|:|->|count|counts|gives|in|we|call|them|it|should|,))* ?$", first)) and bool(re.search(r"⟨[WN]\d+⟩", first))
    pieces = []
    for i, (spot, mark) in enumerate(spots):
        if condition_first:
            start = spots[i - 1][0] + len(spots[i - 1][1]) if i else 0
            pieces.append((mark, text[start:spot]))
        else:
            end = spots[i + 1][0] if i + 1 < len(spots) else len(text)
            pieces.append((mark, text[spot + len(mark) : end]))
    return pieces


def interval(recipe: "Recipe", scene: Scene, column: str) -> Condition | None:
    """The condition on `column` that a piece states."""
    text = scene.text
    found = [scene.get(m) for m in scene.all("W") if column in columns_of(scene.get(m))]
    bare = rx(r"{N:a} (?:up )?(?:to|-|and|through|until|till) (?:and including |but not including |under |below |less than |at most )?{N:b}").search(text)
    if bare and not found:
        upper = "<" if re.search(r"not including|under|below|less than|exclu", text) else "<="
        if re.search(r"up to(?! and including)", text) and not re.search(r"inclu|including", text):
            upper = "<"
        return All(all=[Compare(column=column, op=">=", value=scene.get(bare["a"])), Compare(column=column, op=upper, value=scene.get(bare["b"]))])  # type: ignore[arg-type]
    if len(found) == 1 and isinstance(found[0], Compare):
        lone = rx(r"(?:from|at least|starting at|of) {N:a}").search(text)
        if lone and found[0].op in ("<", "<="):
            return All(all=[Compare(column=column, op=">=", value=scene.get(lone["a"])), found[0]])
        return found[0]
    if len(found) >= 1:
        return conjunction(found)
    lone = rx(r"(?:from )?{N:a}(?: (?:and|or))? (?:more|above|over|up|upwards|higher|greater)").search(text)
    return Compare(column=column, op=">=", value=scene.get(lone["a"])) if lone else None
