"""How words are written: stems and kin, British and American, abbreviations in names; and a question's text made even.

Nothing here knows a table.
"""

import re
from functools import cache

from shared.brains.builtin import words


@cache
def stem(word: str) -> str:
    """A light stem: plural and one form per meaning (words.SAME)."""
    word = words.SAME.get(word) or american(word)
    if len(word) > 3 and word.endswith("ies"):
        word = word[:-3] + "y"
    elif len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes")):
        word = word[:-2]
    elif len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    return words.SAME.get(word, word)

_BRITISH = [
    (r"(col|lab|tum|fav|behavi|neighb|harb|hon|hum|od|rum|vap|vig|endeav|sav|fl|arm)our", r"\1or"), (r"(cent|met|lit|fib|theat|calib|lust|kilomet|centimet|millimet|millilit)re\b", r"\1er"),
    (r"^oe(?=s|d|c)", "e"), (r"aem", "em"), (r"^paed", "ped"), (r"(?<=[a-z]{3}[lrtndmv])is(?=e[drs]?\b|ing\b|ation)", "iz"), (r"grey", "gray"), (r"(of|def|lic)fence|(lic)ence", r"\1\2ense"),
]  # fmt: skip


@cache
def american(word: str) -> str:
    """British spelling brought to American, for comparing only."""
    for pattern, spelling in _BRITISH:
        word = re.sub(pattern, spelling, word)
    return word

_DERIVING = sorted("ational ization ation ition ption ction tion sion ion ment ness ance ence ancy ency age able ible ical tic ties ally ively ings ing ists ist ive ous ful ial al ic ed er or ly ity ty cy e y s d es".split(), key=len, reverse=True)


@cache
def kin(word: str) -> str:
    """The stem shared by a noun, its verb and its adjective: resigned ~ resignation, consume ~ consumption."""
    word = american(stem(word))
    for least in (4, 5):
        for suffix in _DERIVING:
            if word.endswith(suffix) and len(word) - len(suffix) >= (5 if len(suffix) < 3 else least):
                word = word[: -len(suffix)] + ("c" if suffix == "ction" else "")
                break
    return word.rstrip("i")


@cache
def root(word: str) -> str:
    """A deeper stem for comparing a word with a column's name: religiousness ~ religious, yielded ~ yield."""
    word = stem(word)
    for suffix in ("ousness", "ness", "ation", "ating", "ated", "ment", "ings", "ing", "ern", "ed", "ity", "ate", "er", "ion", "al", "y", "e"):
        if word.endswith(suffix) and len(word) - len(suffix) >= (5 if suffix in ("er", "ion", "al", "y") else 4):
            return word[: -len(suffix)] + ("ous" if suffix == "ousness" else "")
    return word


def split_name(name: str) -> list[str]:
    """The words of a column name: snake_case, camelCase, digits and units in brackets taken apart, lower case."""
    name = re.sub(r"[\(\[][^)\]]*[\)\]]", " ", name)
    name = re.sub(r"(?<=[A-Za-z]{3})(?=\d)|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})", " ", name)
    return [w for w in re.split(r"[^0-9A-Za-z\u00c0-\uffff]+", name.lower()) if w]


def key(phrase_words: list[str]) -> tuple[str, ...]:
    return tuple(stem(w) for w in phrase_words)

PREFIX = re.compile(r"^(?:(?:avg|mean|tot|num|no|pct|per|log|max|min|med)(?=[a-z]{3})|n(?=[a-z]{4}))")

SUFFIX = re.compile(r"(?<=[a-z]{3})(?:name|code|num|id|nr|no|gp|grp)$")


def skeleton(short: str, word: str) -> bool:
    """Whether `short` is the beginning of `word` (three letters or more), or some of its consonants to the last: exp, ctry."""
    letters = iter(word)
    return 3 <= len(short) < len(word) and (word.startswith(short) and len(word) >= len(short) + 3 or (short[0], short[-1]) == (word[0], word[-1]) and not re.search(r"[aeiou]", short[1:]) and len(short) >= 0.7 * len(re.sub(r"[aeiou]", "", word)) and all(c in letters for c in short))


_SHORT = {"weight": "wt", "height": "ht", "length": "len", "number": "no", "count": "cnt", "amount": "amt", "quantity": "qty", "temperature": "temp", "percentage": "pct", "percent": "pct", "average": "avg", "year": "yr", "price": "pr"}


def abbreviates(name: str, form: list[str], several: bool | None = None) -> bool:
    """Whether a run-together name is made of the beginnings (3+ letters) of these words: realcons ~ real consumption."""
    if not form:
        return name in ("", "s")
    word = form[0]
    several = len(form) > 1 if several is None else several
    if len(form) > 1 and name[:1] == word[:1] and len(name) > 4 and (rest := abbreviates(name[1:], form[1:], False)):
        return rest  # tsize ~ tumor size
    if len(form) == 2 and name.startswith(word) and 0 < len(name) - len(word) < 3 and name[len(word) :] != "s" and form[1].startswith(name[len(word) :]) and form[1] not in words.FILLER:
        return True  # dewp ~ dew point
    if len(form) == 2 and (tail := _SHORT.get(form[1])) and name.endswith(tail) and abbreviates(name[: -len(tail)], form[:1], True):
        return True  # bodywt ~ body weight
    for size in range(min(len(name), len(word)), 2, -1):
        if word.startswith(name[:size]) and (size == len(word) or size >= 4 or several) and abbreviates(name[size:], form[1:], several):
            return True
    return False


def contracts(name: str, form: list[str]) -> bool:
    """Whether a run-together name puts each of these words in short: unrate ~ unemployment rate, bodywt ~ body weight, hwy ~ highway."""
    if not form:
        return name == ""
    word = form[0]
    for size in range(min(len(name), len(word)), 1, -1):
        piece = name[:size]
        short = word.startswith(piece) and (size >= 3 or size == len(word) or len(form) > 1 or len(piece) < len(name)) or words.SAME.get(piece) == word or size >= 3 and (piece[0], piece[-1]) == (word[0], word[-1]) and not re.search(r"[aeiou]", piece[1:]) and re.search(".*".join(piece), word) is not None
        if short and contracts(name[size:], form[1:]):
            return True
    return False


def deeds_of(agent: str) -> set[str]:
    """What a winner, an owner or a manufacturer does, as stems."""
    base = agent[:-2]
    plain = base[:-1] if len(base) > 2 and base[-1] == base[-2] else base
    return {kin(base), kin(plain), kin(base + "e")}

TOKEN = re.compile(r"⟨[A-Z]\d+⟩|(?:(?<![\w⟩)])-)?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:%|(?:st|nd|rd|th)\b)?|[^\W\d_][\w'&]*(?:[-/.][\w'&]+)*|_\w+|<=|>=|!=|==|[^\s\w]|\w+")
UNIT_TAIL = {"in", "lbs", "lb", "kg", "g", "usd", "eur", "cm", "mm", "km", "m", "sec", "s", "ms", "pct", "percent", "000s"}


def normalise(text: str) -> str:
    text = text.replace("⟨", " ( ").replace("⟩", " ) ")  # only our marks look so
    text = re.sub("[‘’‛′]", "'", text)
    text = re.sub("[“”„″]", '"', text)
    text = text.replace("≥", " >= ").replace("≤", " <= ").replace("≠", " != ").replace("×", "x").replace("–", "-").replace("—", " - ").replace("−", "-")
    text = re.sub(r"(?i)\bone and the same\b", "the same", text)
    text = re.sub(r"(?i)\b(?:fluctuate|varie|swing|bounce|wobble|jump)s?(?: around| about| up and down)? (?:the )?(most|least)\b|\bvary (?:the )?(most|least)\b", lambda m: f"is {(m[1] or m[2]).lower()} variable", text)
    if m := re.search(r"(?i),? ?\(?(?:[a-z ]+ (?:is|are|in) |in )(?:given |measured |expressed |stored )?(?:in )?(thousand|million|billion)s\b(?: of [a-z]+)?\)?", text):
        text = re.sub(rf"(?i)\b(\d+(?:\.\d+)?) ?{m[1]}\b", r"\1", text[: m.start()] + text[m.end() :])  # the column counts in billions itself
    text = re.sub(r"(?i)\b(\d+(?:\.\d+)?) ?(thousand|million|billion|bn)\b", lambda m: f"{float(m[1]) * {'thousand': 10**3, 'million': 10**6}.get(m[2].lower(), 10**9):.12g}", text)
    text = re.sub(r"(?i)\b(both|they|who|that)( \w+)? share (?=an?\b|the\b|their\b)", r"\1\2 have the same ", text)  # the verb
    text = re.sub(r"(?i)\b(above|below)-(average|median|mean)\b", r"\1 \2", text)
    text = re.sub(r"(?i)\b((?:high|low|larg|small|bigg|great|old|young|cheap|heavi|new)est|best|worst|least)-(?=[a-z]{3,})(?!case\b|ever\b)", r"\1 ", text)  # lowest-income
    text = re.sub(r"(?i)\bper cent\b", "percent", text)
    text = re.sub(r"(?i)\bper[ -]?capita\b", "percapita", text)
    text = re.sub(r"(?i)\b(?:typical|usual|average|central|normal) \((median|mean|average)\)", r"\1", text)
    text = re.sub(r"(?i),? (?:in|on) (?:absolute|simple|plain|relative) terms\b", " ", text)
    text = re.sub(r"(?<![\d\w])%(?= |$)", "percent", text)
    text = re.sub(r"(?i)\b([a-z]+)-to-([a-z]+) ratio\b", r"\1 to \2 ratio", text)
    text = re.sub(rf"(?i)\b({'|'.join(words.CARDINALS)}|\d+)-(?=[a-z]{{3,}})(?!(?:way|sided|tailed|sample|hot|factor)\b)", r"\1 ", text)
    return re.sub(r"\s+", " ", text).strip()


def aside(text: str) -> str:
    """Brackets that only comment ("(sample, n-1)", "(1-12)", "(DC included)") are dropped; brackets that define stay."""
    text = _settings(text)
    text = re.sub(r"(?i),? ?(?:exactly |just )?as (?:it|they) (?:stands?|appears?|is|are)(?: written| given| spelled)? in the (?:table|data|file),?|,? as (?:written|given|spelled)(?: in the (?:table|data|file))?|\((?:there (?:is|are)|this is|that is all|no ties)\b[^()]*\)|,? no matter (?:what|which|how|whether)\b[^,.?!;]*|,? ?\bat least once\b|,? ?\beven once\b", " ", text)
    text = re.sub(r"(?i),? (?:and |but )?(?:leaving out|excluding|except(?: for)?|apart from|other than|not counting) \w+ itself\b|\(\d+(?: ?, ?\d+){2,}(?: ?,? ?(?:and|or) ?\d+)?\)", " ", text)
    text = re.sub(r"(?i)[,(] ?(?:with |and )?(?:the year )?\d{4} itself (?:counted|included|inclusive)\)?", " inclusive ", text)
    text = re.sub(r"(?i)\b(?:people |persons |those |who (?:are|were|is) )?(\d+ ?- ?\d+)[- ]years?[- ]olds?\b", r"people aged \1", text)
    text = re.sub(r"(?i)\b(\d+)[- ]years?[- ]olds\b", r"people \1 years old", text)
    text = re.sub(r"(?i),? ?\(?(?:with )?both (?:years? |ends? |dates? |months? |bounds? |limits? )?(?:are )?(?:included|inclusive)\)?|\((?:inclusive|included)\)", " inclusive ", text)
    text = re.sub(r"(?i)\b(?:to|into|onto|on|in|over) (?:the |a )?(?:range |interval |scale )?(?:of |from |between )?\[?0 ?(?:-|to|,|and) ?1\]?(?: range| interval| scale)?\b", " ", text)
    text = re.sub(r"\([^()⟨]*\b\d+ ?(?:-|to|and) ?\d+\)", " ", text)
    return re.sub(r"\((?:[^()]*\b(?:goes into|counts? as|counted|n ?- ?1|ddof|sample|pandas|bias\w*|included|please|not the|own|rounded|unrounded|in that order|over all|all over|yes or no)\b[^()]*|(?:from |between |[a-z]+ )?\d+(?:\.\d+)?(?: ?, ?\d+)* ?(?:-|to|and) ?\d+(?:\.\d+)?)\)", " ", text)


def _settings(text: str) -> str:
    """Levels, seeds and cut-offs are read from the whole text elsewhere; here they would only look like conditions."""
    number = r"-?\d*\.?\d+ ?%?"
    text = re.sub(rf"(?i)\bp(?: ?-? ?values?)?(?: is| are)?(?: strictly)? ?(?:<=?|below|less than|smaller than|lower than|under|at most) ?(?:alpha|the (?:significance )?level|{number})", "p below the level ", text)
    text = re.sub(rf"(?i)\bp(?: ?-? ?values?)?(?: is| are)? ?(?:>=?|above|greater than|larger than|over|at least|not below) ?(?:alpha|the (?:significance )?level|{number})", "p above the level ", text)
    text = re.sub(rf"(?i)\b(?:alpha|significance level|level of significance|significance threshold)(?: ?\(alpha\))?(?: level)?(?: of| is| at|:)? ?=? ?{number}(?:\b|$)", "alpha ", text)
    text = re.sub(rf"(?i)\b(?:at|with|use|using) (?:a|an|the) {number}[- ](?:significance |confidence )?level(?: of significance)?", "with alpha", text)
    return re.sub(rf"(?i)\b(?:random[_ ]state|random[_ ]seed|seed|test[_ ]size|train[_ ]size|ddof|n[_ ]neighbors|n[_ ]estimators|max[_ ]depth)(?: of| is|:)? ?=? ?{number}|\|z\| ?(?:>=?|<=?|above|over) ?{number}", " ", text)
