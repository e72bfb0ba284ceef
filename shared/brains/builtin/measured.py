"""Conditions that take a figure: above the mean of all, groups with a mean above 35 or with at least 100 rows, a correlation beyond 0.5."""

import re
from typing import TYPE_CHECKING

from shared.analysis.plan import Compare, RefValue
from shared.brains.builtin import words
from shared.brains.builtin.conditions import operator
from shared.brains.builtin.scene import Scene, alternatives, rx
from shared.brains.builtin.spelling import stem
from shared.brains.builtin.terms import AUX, LOWER

if TYPE_CHECKING:
    from shared.brains.builtin.question import Interpreter

ANY_ROW = frozenset("row rows record records entry entries observation observations case cases item items sample samples line lines points ones times".split())
_SIZE = r"(?P<w>more|less|fewer|higher|lower|larger|greater|bigger|smaller|longer|shorter)"


def lengths_of_time(brain: "Interpreter", scene: Scene) -> None:
    """`30 minutes`, `5 years` are lengths of time, where the columns minute and year only say which one it was."""
    def length(m: re.Match[str]) -> str:
        name, word = scene.get(m["c"]), scene.words[m["c"]]
        column = brain.linker.columns.get(name)
        if word == "years" and (name in brain.linker.years or name in brain.linker.virtual):
            apart = brain.loose and scene.get(m["n"]) < 1000
        else:
            apart = word in ("seconds", "minutes", "hours", "days", "weeks", "months") and column is not None and name.lower() == word[:-1] and isinstance(column.max, (int, float)) and column.max <= 60
        return f"{m['n']} {word}" if apart else m.group()

    scene.text = rx(r"{N:n} {C:c}").sub(length, scene.text)


def known(brain: "Interpreter", scene: Scene) -> str | None:
    """The column of "days that have a measurement at X": the rows where it is not missing; a number that follows is one of it."""
    m = rx(r"\b(?:(?:that|which|who) (?:have|has|had)|having|with) an? (?:measurement|value|reading|figure|record|measure|observation) (?:at|for|of|in|on) (?:the )?{C:c}(?! (?:of|above|below|over|under|more|less|at)\b)").search(scene.text)
    if m is None:
        return None
    scene.text = scene.text.replace(m.group(), f"with {scene.mark('W', Compare(column=scene.get(m['c']), op='not null'), m.group())}")
    return str(scene.get(m["c"])) if brain.linker.is_number(scene.get(m["c"])) else None


def adjectives(brain: "Interpreter", scene: Scene) -> None:
    """`lighter than 100 kg`: of the column of weights, that of the body where there are several."""
    def compared(m: re.Match[str]) -> str:
        noun = words.COMPARATIVES[m["w"]]
        column = brain.linker.find_column(noun.split())[0]
        if column is None:
            kinds = [c for c in brain.linker.columns if brain.linker.is_number(c) and any(brain.linker.find_column([w, noun])[0] == c for w in ("body", "brain", "total", "gross", "net", "birth"))]
            column = next((c for c in kinds if brain.linker.find_column(["body", noun])[0] == c), None) if len(kinds) > 1 else None
        if column is None or not brain.linker.is_number(column):
            return m.group()
        less = m["w"] in ("lighter", "younger", "shorter", "smaller", "slower", "cheaper", "narrower", "thinner")
        return scene.mark("W", Compare(column=column, op="<" if less else ">", value=scene.get(m["n"])), m.group())

    scene.text = rx(r"\b(?P<w>lighter|heavier|taller|cheaper|longer|faster|slower) than {N:n}(?: (?:kg|kilos?|kilograms?|g|grams?|lbs?|pounds|tons?|cm|m|metres|meters|km|miles|mm|dollars))?(?! (?:%|percent))").sub(compared, scene.text)


def before(brain: "Interpreter", scene: Scene) -> None:
    """What must be seen before plain comparisons take the numbers."""
    if "correlat" in scene.text and re.search(AUX, scene.text):  # "is the correlation stronger than 0.5"
        scene.text = rx(rf"(?:(?P<least>{alternatives(words.AT_LEAST)})|(?P<atmost>{alternatives(words.AT_MOST)})|(?P<more>{alternatives(words.MORE)})|(?P<less>{alternatives(words.LESS)})) {{N:n}}").sub(
            lambda m: scene.mark("T", (operator(m), scene.get(m["n"]), bool(re.search(r"stronger|weaker", m.group())))) if abs(scene.get(m["n"])) <= 1 else m.group(), scene.text, count=1)  # fmt: skip
    figure = r"{F:f}(?: of)?(?: the| its| their)?(?: {C:c})?(?: (?:is|was|of|are|were|that is|value))*"
    scene.text = rx(rf"{figure} (?:(?P<least>{alternatives(words.AT_LEAST)})|(?P<atmost>{alternatives(words.AT_MOST)})|(?P<more>{alternatives(words.MORE)})|(?P<less>{alternatives(words.LESS)})) {{N:n}}").sub(
        lambda m: _condition_on_figure(brain, m, scene), scene.text)  # fmt: skip
    scene.text = rx(rf"(?P<c>⟨C\d+⟩)(?: that| which| who)? (?:has|have|had|with|having|appears? in|covers?)(?: got)? (?:(?:(?P<least>{alternatives(words.AT_LEAST)})|(?P<atmost>{alternatives(words.AT_MOST)})|(?P<more>{alternatives(words.MORE)})|(?P<less>{alternatives(words.LESS)})) {{N:n}}|{{N:k}} (?P<ormore>{alternatives(words.OR_MORE)})) (?:different |distinct |unique )?(?P<noun>[a-z]+\b(?! ⟨)|⟨C\d+⟩)").sub(
        lambda m: _condition_on_count(brain, m, scene), scene.text)  # fmt: skip
    if not re.search(AUX, scene.text):  # "the price of IBM above 100"
        scene.text = rx(rf"(?<!⟩ )(?P<c>⟨C\d+⟩) (?P<of>(?:of|for|in|at) (?:the )?⟨V\d+⟩) (?=(?:is |was |were |are )?(?:{alternatives([*words.AT_LEAST, *words.AT_MOST, *words.MORE, *words.LESS])}) ⟨N)").sub(
            lambda m: f"{m['of']} {m['c']} " if brain.linker.is_number(scene.get(m["c"])) else m.group(), scene.text)  # fmt: skip
    if not re.search(AUX, scene.text):  # "have more horsepower than the average", "heavier than the mean weight"
        scene.text = rx(rf"{_SIZE} {{C:c}} than (?=(?:the |an? )?(?:overall |general )?⟨F)").sub(lambda m: f"{m['c']} {m['w']} than ", scene.text)
        scene.text = rx(rf"(?:is |are |was |were )?\b(?P<w>{alternatives(words.COMPARATIVES)}) than (?:the )?(?:overall |general )?{{F:f}}(?: {{C:c}})?").sub(lambda m: _by_adjective(brain, m, scene), scene.text)


def after(brain: "Interpreter", scene: Scene) -> None:
    """What is left once plain comparisons are marked."""
    scene.text = rx(rf"{{C:c}}(?: (?:is|was|are|were|value|has|have|that is|of|a|an))*? (?:(?P<more>{alternatives(words.MORE)})|(?P<less>{alternatives(words.LESS)})) (?:the |its |their |than )*(?:overall |general |sample |whole |national |total |simple |grand )?{{F:f}}(?: (?:of|for) {{C:d}}| {{C:e}}| value| overall)?").sub(
        lambda m: _against_measure(brain, m, scene), scene.text)  # fmt: skip


    scene.text = rx(r"(?<!⟩ )\b(?:(?P<more>above|over)|below|under) (?:the )?{F:f} {C:c}").sub(lambda m: _beyond_measure(brain, m, scene), scene.text)


def _beyond_measure(brain: "Interpreter", m: re.Match[str], scene: Scene) -> str:
    """"Above-average glucose": above the mean of the whole column."""
    return _compared(brain, m, scene, scene.get(m["c"]))


def _compared(brain: "Interpreter", m: re.Match[str], scene: Scene, column: str) -> str:
    function = scene.get(m["f"])
    if function not in ("mean", "median") or not brain.linker.is_number(column):
        return m.group()
    ref = brain.builder.value(brain.builder.source, function, column)
    return scene.mark("W", Compare(column=column, op=">" if m["more"] else "<", value=RefValue(ref=ref)), m.group())


def _by_adjective(brain: "Interpreter", m: re.Match[str], scene: Scene) -> str:
    column, _ = brain.linker.find_column(words.COMPARATIVES[m["w"]].split())
    if column is None or m["c"] and scene.get(m["c"]) != column:
        return m.group()
    return f"{scene.mark('C', column, m['w'])} {'lower' if m['w'] in LOWER else 'higher'} than the {m['f']}"


def _against_measure(brain: "Interpreter", m: re.Match[str], scene: Scene) -> str:
    """"horsepower above the median": a comparison with a figure of the whole table."""
    if re.match(AUX, m.string) and "⟨F" in m.string[: m.start()] or re.match(r" ?(?:of |for |in )?⟨[VWY]", m.string[m.end() :]):
        return m.group()  # two figures are compared, or that of a part
    column = scene.get(m["c"])
    other = scene.get(m["d"] or m["e"]) if m["d"] or m["e"] else column
    return _compared(brain, m, scene, column) if other == column else m.group()


def _condition_on_figure(brain: "Interpreter", m: re.Match[str], scene: Scene) -> str:
    """"a mean yield above 35": a condition on groups, not on rows."""
    function = scene.get(m["f"])
    if function in ("count", "much", "distinct", "null_count") or m["c"] and not brain.linker.is_number(scene.get(m["c"])):
        return m.group()
    return scene.mark("H", (function, scene.get(m["c"]) if m["c"] else brain.measure(), operator(m), scene.get(m["n"])), m.group())


def _condition_on_count(brain: "Interpreter", m: re.Match[str], scene: Scene) -> str:
    """"Manufacturers with at least 100 planes": a condition on how many rows a group has."""
    noun, column = m["noun"], scene.get(m["c"])
    if noun.startswith("⟨"):  # "continents with more than 30 countries"
        counted = scene.get(noun)
        grouped = brain.linker.kind_of(column) == "text" and brain.linker.kind_of(counted) == "text" and counted != column and scene.words[noun].endswith("s") and not brain.unique(column)
        return f"{m['c']} {scene.mark('H', ('distinct', counted, operator(m), scene.get(m['n'] or m['k'])), m.group())}" if grouped else m.group()
    rows = noun in brain.nouns or stem(noun) in brain.nouns or noun in words.ENTITIES or noun in ANY_ROW
    if not rows or brain.linker.is_number(column) and column not in brain.linker.years or brain.unique(column) or brain.linker.find_column([noun])[0]:
        return m.group()
    return f"{m['c']} {scene.mark('H', ('count', None, operator(m), scene.get(m['n'] or m['k'])), m.group())}"
