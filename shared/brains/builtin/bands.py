"""Rules that name ranges of a number: `'low' if below 0.33, 'high' if 0.67 or more, 'medium' for everything in between`.

A rule is read from its words alone; what the number is (a column, a computed figure) is for the caller to say.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

LABEL = re.compile(r"(?<!\w)'([^'\"]{1,60}?)'(?!\w)|\"([^\"]{1,60})\"")
_N = r"(?:minus |negative )?-?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?(?<=\d)(?: ?(?:%|percent\b))?"
_LESS = r"(?:(?:is |are )?(?:strictly )?(?:below|under|less than|fewer than|smaller than|lower than|younger than|shorter than|lighter than|cheaper than|earlier than|before|short of|up to but not including|up to \(but not including\)|but not including|less|<))"
_MORE = r"(?:(?:is |are )?(?:strictly )?(?:above|over|more than|greater than|larger than|higher than|bigger than|older than|longer than|heavier than|later than|beyond|past|exceeds|exceeding|exceed|in excess of|after|>))"
_LEAST = r"(?:(?:is |are )?(?:at least|no less than|not less than|no fewer than|not below|not under|a minimum of|starting at|starting from|beginning at|from|since|>=))"
_MOST = r"(?:(?:is |are )?(?:at most|no more than|not more than|not above|not over|up to and including|up to|a maximum of|not exceeding|does not exceed|until|<=))"
_THROUGH = r"(?:to|and|-|through|until|till|up to|but|and including|up to and including)"
_INSIDE = r"\b(?:inclusive|inclusively|included|including both|both ends|both bounds|both limits)\b"
_UNIT = r"(?: (?!of\b|and\b|or\b|to\b|but\b|up\b|through\b|until\b|till\b|if\b|when\b|the\b|otherwise\b|else\b|inclusive|included|is\b|are\b)[a-z$°'/]+){0,2}"
_OR_MORE = r"(?:or|and) (?:more|above|over|higher|greater|larger|older|later|longer|heavier|up|upwards?|beyond|bigger|after)|upwards?|onwards?|\+|on(?= |$)"
_OR_LESS = r"(?:or|and) (?:less|fewer|below|under|lower|smaller|younger|earlier|shorter|lighter|before|down)"
REST = re.compile(
    r"\b(?:otherwise|else|(?:the|all|any) (?:others?|rest|remaining(?: ones)?)|rest|others|everything|anything|everyone|in between|in-between|between (?:them|these|those|the two)|neither|if not|in (?:all|any) other cases?|whatever (?:is|remains)|all remaining|remaining|any other|other (?:values|cases|rows))\b"
)


@dataclass(frozen=True)
class Band:
    """A range as comparisons (`>=`, 5.0), all of which hold; none for what is left over. `of` are words like "of the total" behind a percentage."""

    label: str
    bounds: tuple[tuple[str, float], ...]
    words: str  # what was said besides the bounds
    percent: bool = False
    absolute: bool = False


def bands(sentence: str) -> list[Band] | None:
    """The ranges a sentence names, at least two; None where it does something else."""
    text = sentence.replace("−", "-").replace("–", "-").replace("≥", ">=").replace("≤", "<=").replace("≠", "!=")
    spots = list(LABEL.finditer(text))
    labels = [m[1] or m[2] for m in spots]
    if len(spots) < 2 or len(set(labels)) < 2:
        return None
    between = [text[a.end() : b.start()].lower() for a, b in pairwise(spots)]
    head, tail = text[: spots[0].start()].lower(), text[spots[-1].end() :].lower()
    after = [*between, tail]
    for i, piece in enumerate(after[:-1]):  # "'a' if over 3, otherwise 'b'": the word is about the next label
        if (m := re.search(rf"[,;]? ?(?:and |or |while )?(?:{REST.pattern})[^,;.]{{0,60}}$", piece)) and piece[: m.start()].strip(" ,;"):
            after[i], after[i + 1] = piece[: m.start()], f"{m.group()} {after[i + 1]}"
    before = [re.split(r"[.:;] ", head)[-1], *between]
    options = [_read(labels, pieces) for pieces in (after, before)]
    first, second = options
    if first and second:
        return second if re.search(r"(?:is|are|=|as|called|labell?ed|gets?|be|counts as|->|:|means) ?$", before[0].rstrip()) and re.search(r"\d", before[0]) else first
    return first or second


def _read(labels: list[str], pieces: list[str]) -> list[Band] | None:
    found: list[Band] = []
    for label, piece in zip(labels, pieces, strict=True):
        known = next((b for b in found if b.label == label), None)
        said = read_bounds(piece)
        if said and not said.bounds and not REST.search(piece) and len(set(labels)) == 2 and re.search(r"\b(?:below|above|less|lower|smaller|under|over|higher|larger|greater|more|not)\b", piece):
            said = Band("", (), piece)  # "'a' if it is 0.05 or more and 'b' if it is below"
        elif said and not said.bounds and not REST.search(piece):
            said = read_bounds(label)
            said = said if said and said.bounds else None
        if said is None:
            if known:
                continue
            return None
        if known:
            return None
        found.append(Band(label, said.bounds, said.words, said.percent, said.absolute))
    if sum(not b.bounds for b in found) > 1 or any(_overlap(a.bounds, b.bounds) for i, a in enumerate(found) for b in found[:i]):
        return None
    return found if len(found) >= 2 else None


def read_bounds(piece: str) -> Band | None:
    """The comparisons a phrase states; None where a number in it has no part in one."""
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", piece.lower())
    text = re.sub(r"\bzero\b", "0", text)
    text = re.sub(r"\([^()]*\b(?:decimals?|rounded)\b[^()]*\)", " ", text)
    found: list[tuple[str, float]] = []
    percent = False
    inside = bool(re.search(_INSIDE, text))
    outside = bool(re.search(r"\b(?:exclusive|excluded|not including|not included)\b", text))

    def value(said: str) -> float:
        nonlocal percent
        percent = percent or "%" in said or "percent" in said
        return float(re.sub(r"minus |negative ", "-", re.sub(r"%|percent| (?!\d)", "", said)).replace(" ", ""))

    def take(pattern: str, *ops: str) -> None:
        nonlocal text

        def note(m: re.Match[str]) -> str:
            for op, said in zip(ops, (m["a"], m["b"]) if len(ops) == 2 else (m["a"],), strict=True):
                found.append((op, value(said)))
            return " ~ "

        text = re.sub(pattern, note, text)

    a, b = rf"(?<![\w.])(?P<a>{_N}){_UNIT}", rf"(?P<b>{_N})"
    join = r"(?:,? ?(?:and|but|to|-|or)? ?)"
    top = "<" if outside else "<="
    take(rf"{_LEAST} {a}{join}(?:{_LESS}|up to but not including|to under|to below|to less than) ?{b}", ">=", "<")
    take(rf"{_LEAST} {a}{join}(?:{_MOST}) ?{b}", ">=", "<=")
    take(rf"(?:(?:from|between|of|in the range(?: of)?) )?{a} (?:up )?(?:to|and|but|-|through) (?:but )?(?:{_LESS}) ?{b}", ">=", "<")
    take(rf"{_MORE} ?{a}{join}(?:{_LESS}) ?{b}", ">", "<")
    take(rf"{_MORE} ?{a}{join}(?:{_MOST}|to) ?{b}", ">", "<=")
    take(rf"{a} or (?:more|higher|above|over|greater|later|older) (?:but|and) {_LESS} ?{b}", ">=", "<")
    take(rf"{a} or (?:more|higher|above|over|greater|later|older) (?:but|and) {_MOST} ?{b}", ">=", "<=")
    take(rf"(?:between|from|of) {a} ?{_THROUGH} ?{b}", ">=", top)
    take(rf"{a} ?{_THROUGH} ?{b}", ">=", top)
    take(rf"(?:from |= ?)?{a} ?(?:{_OR_MORE})", ">=")
    take(rf"(?:= ?)?{a} ?(?:{_OR_LESS})", "<=")
    take(rf"{_LEAST} ?{a}(?: on\b| onwards?\b)?", ">=")
    take(rf"{_MOST} ?{a}", "<=" if inside or not outside else "<")
    take(rf"{_LESS} ?{a}", "<")
    take(rf"{_MORE} ?{a}", ">")
    if not found and (m := re.search(r"\b(?:is |are )?(?P<sign>positive|negative)\b", text)):
        found.append((">" if m["sign"] == "positive" else "<", 0.0))
        text = text.replace(m.group(), " ~ ")
    text = re.sub(r"\b(?:exactly )?\d+(?:\.\d+)?(?: and \d+(?:\.\d+)?)? (?:stays? in|included|inclusive|itself)", " ", text)
    if re.search(r"(?<![\w.])-?\d", text) or any(sum(op[0] == side for op, _ in set(found)) > 1 for side in "<>"):
        return None  # a number without a part in it, or bounds of two different figures
    return Band("", tuple(dict.fromkeys(found)), text, percent, bool(re.search(r"\babsolute\b|\|\s*\w+\s*\|", text)))


def _overlap(a: tuple[tuple[str, float], ...], b: tuple[tuple[str, float], ...]) -> bool:
    """Whether some number lies in both ranges: a rule read so was read wrongly."""
    if not a or not b:
        return False
    edges = sorted({n for _, n in (*a, *b)})
    probes = [edges[0] - 1, *edges, *((x + y) / 2 for x, y in pairwise(edges)), edges[-1] + 1]
    return any(_holds(a, x) and _holds(b, x) for x in probes)


def _holds(bounds: tuple[tuple[str, float], ...], x: float) -> bool:
    return all({"<": x < n, "<=": x <= n, ">": x > n, ">=": x >= n}[op] for op, n in bounds)
