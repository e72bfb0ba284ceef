"""The last reading of a question: what it holds, whatever its order.

A question may be said in two sentences, or back to front: "average the yields within each variety; which comes out on top?". What is
counted here is only which marks there are: one measure, one column of numbers, groups, conditions, a superlative. Where each has exactly one
place to go, that is the answer; anything left over, or anything that has two places, is refused.
"""

import re
from typing import TYPE_CHECKING

from shared.brains.builtin import words
from shared.brains.builtin.figures import count, finish, names_of
from shared.brains.builtin.logic import columns_of
from shared.brains.builtin.scene import rx
from shared.brains.builtin.terms import Answer, Parts

if TYPE_CHECKING:
    from shared.brains.builtin.question import Interpreter
    from shared.brains.builtin.scene import Scene

# What takes more than one figure, or an order of words, to say
_STRUCTURED = (
    r"\b(?:percent\w*|share|shares|proportion\w*|fraction|ratio|quotient|times (?:as|more|higher|larger)|differences?|minus|divid\w+|multipl\w+|subtract\w*|apart|correlat\w+|associat\w+|relat\w+|test|tests|significan\w+|predict\w*|regress\w+|trend\w*|"
    r"chang\w+|grow\w*|growth|increas\w+|decreas\w+|rise|rose|risen|drop|dropped|fell|declin\w+|went (?:up|down)|go(?:es)? (?:up|down)|remov\w+|drop\w*|excluding|exclude|fill\w*|imput\w+|normali[sz]\w+|standardi[sz]\w+|scal\w+|log\w*|bins?|"
    r"outliers?|without|unless|except|both|than|versus|vs|compared?|comparing|cumulative|running|moving|previous|per (?!⟨)|if|sum of|combined|together with|twice|distribution|weighted|stable|consistent)\b"
)
_RANKED = r"\b(?:rank\w*|in (?:descending|ascending|decreasing|increasing) order|descending|ascending|from (?:best|highest|largest|top) to|order(?:ed)? (?:by|from)|sort(?:ed)?)\b"
_VOCABULARY = (
    "average on out comes come came top best going rank ranked order ordered sort sorted descending ascending decreasing increasing first second third which where when most least within each every separately "
    "broken respective respectively ahead leads lead leading look finish average averaged averages side hit reached showing"
)


def frame(brain: "Interpreter", scene: "Scene") -> Answer | None:
    p = brain.parts(scene.fork(_plainer(brain, scene.fork(brain.asked))))
    text = p.scene.text
    if p.scene.all("LHKRYV") or re.search(_STRUCTURED, re.sub(r"⟨[FS]\d+⟩", " ", text)):
        return None
    if any(m in p.scene.weak and p.scene.get(m) in p.by for m in p.scene.all("C")):
        return None  # "the husbands' age by the husbands' job": half a name is not that column again
    functions = [f for f in dict.fromkeys(p.functions) if f != "much"]
    same = {part.column for name, part in brain.linker.virtual.items() if name in p.by}  # "within every year; which year": the date, by its part
    p.columns = [c for c in p.columns if c not in p.by and c not in same]
    numbers = [c for c in p.columns if brain.linker.is_number(c) and c not in brain.linker.virtual]
    sorts = [c for c in p.columns if c not in numbers]
    superlatives = [s for s in p.superlatives if s[2] in ("desc", "asc")]
    if "distinct" in functions or "null_count" in functions or len(p.by) > 1:
        return None
    if hints := {s[1] for s in superlatives} - {"", "#rows"}:  # "the warmest month on average"
        told = [brain.linker.find_column(hint.split())[0] for hint in hints]
        if len(told) != 1 or told[0] is None or any(c != told[0] for c in numbers) or not functions:
            return None
        numbers = [told[0]]
    if len(functions) > 1:
        functions = [f for f in functions if f != "count"]
    if not functions and any(s[1] == "#rows" for s in superlatives):
        functions = ["count"]
    if "much" in p.functions and not functions and not p.columns and not p.by and (only := brain.measure()) and p.where and not superlatives:
        brain.all_used(text)
        brain.account(text, _VOCABULARY)
        return finish(brain, p, "lookup" if brain.is_single(p.where) else "sum", only)  # "how much did wind produce in 2010", where only one thing is measured
    named = [c.name for c in brain.linker.table.columns if c.type == "VARCHAR" and 1 < c.distinct <= brain.rows / 2]
    if not functions and not superlatives and not p.columns and not p.by and p.where and len(named) == 1 and brain.label_column() is None and (m := re.match(r"^\W*(?:which|list the|name the|what) ([a-z]+)\b", text)) and m[1] in brain.nouns:
        brain.all_used(text)
        brain.account(text, _VOCABULARY)
        return names_of(brain, named[0], p.where)  # "which stocks had a price above 150", where one column tells them apart
    if not functions and not superlatives and not p.by and not numbers and len(sorts) == 1 and re.match(r"^\W*(?:list|name|show|give)(?: me)?(?: all)?(?: of)?(?: the)?(?: different| distinct| unique)? ⟨C\d+⟩[ .?]*$", text):
        brain.account(text, _VOCABULARY)
        return names_of(brain, sorts[0], p.where)
    label = brain.label_column()
    if not functions and not superlatives and not p.by and not p.columns and p.where and label and (m := re.match(r"^\W*(?:which|list|name|what(?: is| are)?|show)(?: the)?(?: names? of)?(?: the)? ([a-z]+)\b", text)) and (m[1] in brain.nouns or m[1] in words.ROW_NOUNS):
        brain.all_used(text)
        brain.account(text, _VOCABULARY)
        return names_of(brain, label, p.where)  # "name the park located in Salem"
    if len(functions) == 0 and superlatives and len(sorts) == 1 and len(numbers) == 1 and not p.by:
        functions = ["max" if superlatives[0][2] == "desc" else "min"] if superlatives[0][0] not in ("most", "least", "top", "best") else []
    if len(functions) != 1:
        return None
    if superlatives or re.search(_RANKED, text):
        return _ranked(brain, p, functions, numbers, sorts, text)
    return _figure(brain, p, functions[0], numbers, sorts, text)


def _plainer(brain: "Interpreter", scene: "Scene") -> str:
    """Without what only points back or says that nothing is left out: "over that year", "all dates included", "as one group"."""
    fixed = {c for w in brain.parts(scene).where for c in columns_of(w)}
    text = rx(r"(?:(?:over|in|for|during|within|of) )?(?:that|this|the same|those|these) {C:c}").sub(lambda m: " " if scene.get(m["c"]) in fixed else m.group(), scene.text)
    text = rx(r",? ?(?:with |over |across )?all (?:the )?{C:c} (?:are |were )?(?:included|taken together|pooled|together|combined|counted)").sub(" ", text)
    text = rx(r"(?P<w>⟨[VW]\d+⟩) {C:c}").sub(lambda m: m["w"] if _rowlike(brain, scene, m["c"]) else m.group(), text)
    text = rx(r",? ?\(?(?:of |over |for |across )?all(?: of)?(?: the)? {C:c}(?: in (?:the|this) (?:file|data|table|list|set))?(?: (?:together|added up|combined|summed|taken together))?(?: \))?(?! ?,? (?:that|with|which|who|whose)\b)").sub(lambda m: " " if _rowlike(brain, scene, m["c"]) else m.group(), text)
    return rx(r",? ?(?:taken |treated |pooled |lumped |all )*(?:as|into) (?:⟨N\d+⟩|one|a single) (?:group|pool|lot)|,? ?(?:all )?(?:taken|pooled|lumped) together").sub(" ", text)


def _rowlike(brain: "Interpreter", scene: "Scene", mark: str) -> bool:
    """"Asian countries", "all countries": a name in the plural that stands for the rows it is on."""
    return brain.linker.kind_of(scene.get(mark)) == "text" and scene.words[mark].endswith("s") and not re.search(r"\b(?:which|what|name|list|rank|top|how many)\b", scene.text.split(mark)[0][-30:])


def _ranked(brain: "Interpreter", p: Parts, functions: list[str], numbers: list[str], sorts: list[str], text: str) -> Answer | None:
    """The group with the highest figure, or the first few."""
    for column in list(numbers):  # "which year": a number that is asked for, not measured
        if brain.groupable(column) and len(numbers) > 1 and re.search(r"\b(?:which|what|whose|name the|list the)(?: [a-z]+| ⟨[NS]\d+⟩)? ⟨C", text) and (column in brain.linker.years or column in brain.linker.virtual):
            numbers.remove(column)
            sorts.append(column)
    targets = [*p.by, *(c for c in sorts if c not in p.by)]
    if len(targets) != 1 or len(numbers) > 1 or not re.search(r"^\W*(?:the |⟨N\d+⟩ )*⟨S\d+⟩ (?:⟨N\d+⟩ )?⟨C|\b(?:which|what|who|whose|where|when|name|names|list|rank|order|sort|show|give|top|identify|find)\b", text):
        return None
    directions = {s[2] for s in p.superlatives if s[2] in ("desc", "asc")}
    if "ascending" in text or "increasing order" in text:
        directions |= {"asc"}
    if len(directions) > 1:
        return None
    direction = next(iter(directions), "desc")
    target, function = targets[0], functions[0] if functions else None
    listed = rx(r"(?:top|bottom|first|best|the|⟨S\d+⟩) {N:n}|{N:m} (?:[a-z']+ ){0,2}?(?:⟨[CSG]\d+⟩|that|with|in)").search(text)
    mark = (listed["n"] or listed["m"]) if listed else None
    k = p.scene.get(mark) if mark else 1 if p.superlatives and not re.search(r"\b(?:rank|order|sort)\b", text) else 1000
    if not isinstance(k, int) or not 1 <= k <= 1000:
        return None
    position = next((n for w, n in words.ORDINALS.items() if n > 1 and re.search(rf"\b{w}\b", text)), 1)
    if position > 1 and k > 1 and not re.search(r"\b(?:rank|order|sort)\b", text):
        return None
    if position > 1:
        k = 1
    if function in (None, "count") and numbers or function not in (None, "count") and not numbers:
        return None
    if not numbers and function is None:
        return None
    brain.all_used(text, mark)
    brain.account(text, _VOCABULARY)
    table = brain.builder.where(brain.table, *p.where)
    step, name = brain.builder.groups(table, [target], function or "count", numbers[0] if numbers else None)
    ranked = brain.builder.rank(step, name, [target], k, direction, position=position)
    return Answer(f"{ranked}:/names" if k > 1 else f"{ranked}:/name", ranked)


def _figure(brain: "Interpreter", p: Parts, function: str, numbers: list[str], sorts: list[str], text: str) -> Answer | None:
    if sorts and not p.by and len(sorts) == 1 and re.search(r"\b(?:each|every|separately|within|respective|broken|split|groups?|levels?|different|kinds?|types?)\b", text) and brain.groupable(sorts[0]):
        p.by, sorts = sorts, []
    if function == "count" and len(numbers) == 1 and re.search(r"\b(?:overall|in total|altogether|all told|total)\b", text) and brain.additive(numbers[0]) and brain.linker.columns[numbers[0]].type == "BIGINT":
        function = "sum"  # "how many soldiers died of wounds overall", for a column of deaths
    if sorts or len(numbers) > 1 or not numbers and function != "count" or numbers and function == "count":
        return None
    if re.search(r"\b(?:which|who|whose|where|when|list|names?)\b", text):
        return None
    brain.all_used(text)
    brain.account(text, _VOCABULARY)
    return finish(brain, p, function, numbers[0]) if numbers else count(brain, p, None)
