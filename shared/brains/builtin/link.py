"""Finds in a question what the table knows: columns, values they hold, numbers, dates, measures, superlatives.

The question is rewritten: each thing found is replaced by a mark such as `⟨C3⟩`, whose payload stands in
`Scene.marks`. Later stages are patterns over that text (a cascade of finite-state rewrites, as in FASTUS, Hobbs et al. 1997).

    C column   V value of a text column   N number   F measure   S superlative   L quoted label
    Y point in time (a condition)   R span of time   K calendar unit ("month", "per year")
    W condition   G grouping
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from shared.analysis.plan import Compare, DatePart
from shared.analysis.profile import ColumnProfile, TableProfile
from shared.brains.builtin import words

Values = Callable[[str], list[str] | None]  # column -> its distinct values, or None when there are too many


@dataclass
class Scene:
    """A question with marks, and what they stand for."""

    text: str
    marks: list[Any] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)  # mark -> the words it came from
    weak: set[str] = field(default_factory=set)  # marks of columns named only in part

    def mark(self, kind: str, payload: Any, source: str = "") -> str:
        self.marks.append(payload)
        name = f"⟨{kind}{len(self.marks) - 1}⟩"
        self.words[name] = source
        return name

    def get(self, mark: str) -> Any:
        return self.marks[int(mark.strip()[2:-1])]

    def all(self, kinds: str) -> list[str]:
        return re.findall(rf"⟨[{kinds}]\d+⟩", self.text)

    def fork(self, text: str) -> "Scene":
        """Another piece of text over the same marks."""
        return Scene(text, self.marks, self.words, self.weak)


@cache
def rx(pattern: str) -> re.Pattern[str]:
    """A regex in which `{CV}` is one mark of those kinds and `{C:name}` a named one."""
    pattern = re.sub(r"\{([A-Z]+):(\w+)\}", r"(?P<\2>⟨[\1]\\d+⟩)", pattern)
    pattern = re.sub(r"\{([A-Z]+)\}", r"⟨[\1]\\d+⟩", pattern)
    return re.compile(pattern)


def alternatives(phrases: list[str] | Any) -> str:
    return "(?:" + "|".join(re.escape(p) for p in sorted(phrases, key=len, reverse=True)) + ")"


# --- words -----------------------------------------------------------------------------------------------------


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


TOKEN = re.compile(r"⟨[A-Z]\d+⟩|(?:(?<![\w⟩)])-)?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:%|(?:st|nd|rd|th)\b)?|[^\W\d_][\w'&]*(?:[-/.][\w'&]+)*|_\w+|<=|>=|!=|==|[^\s\w]|\w+")
UNIT_TAIL = {"in", "lbs", "lb", "kg", "g", "usd", "eur", "cm", "mm", "km", "m", "sec", "s", "ms", "pct", "percent", "000s"}


def normalise(text: str) -> str:
    text = text.replace("⟨", " ( ").replace("⟩", " ) ")  # only our marks look so
    text = re.sub("[‘’‛′]", "'", text)
    text = re.sub("[“”„″]", '"', text)
    text = text.replace("≥", " >= ").replace("≤", " <= ").replace("≠", " != ").replace("×", "x").replace("–", "-").replace("—", " - ").replace("−", "-")
    text = re.sub(r"(?i)\bone and the same\b", "the same", text)
    text = re.sub(r"(?i)\b(?:fluctuate|varie|swing|bounce|wobble|jump)s?(?: around| about| up and down)? (?:the )?(most|least)\b|\bvary (?:the )?(most|least)\b", lambda m: f"is {(m[1] or m[2]).lower()} variable", text)
    text = re.sub(r"(?i)\b(\d+(?:\.\d+)?) ?(thousand|million|billion|bn)\b", lambda m: f"{float(m[1]) * {'thousand': 10**3, 'million': 10**6}.get(m[2].lower(), 10**9):.12g}", text)
    text = re.sub(r"(?i)\b(both|they|who|that)( \w+)? share (?=an?\b|the\b|their\b)", r"\1\2 have the same ", text)  # the verb
    text = re.sub(r"(?i)\b(above|below)-(average|median|mean)\b", r"\1 \2", text)
    text = re.sub(r"(?i)\bper cent\b", "percent", text)
    text = re.sub(r"(?i)\bper[ -]?capita\b", "percapita", text)
    text = re.sub(r"(?i)\b(?:typical|usual|average|central|normal) \((median|mean|average)\)", r"\1", text)
    text = re.sub(r"(?i),? (?:in|on) (?:absolute|simple|plain|relative) terms\b", " ", text)
    text = re.sub(r"(?<![\d\w])%(?= |$)", "percent", text)
    text = re.sub(r"(?i)\b([a-z]+)-to-([a-z]+) ratio\b", r"\1 to \2 ratio", text)
    text = re.sub(rf"(?i)\b({'|'.join(words.CARDINALS)}|\d+)-(?=[a-z]{{3,}})(?!(?:way|sided|tailed|sample|hot|factor)\b)", r"\1 ", text)
    return re.sub(r"\s+", " ", text).strip()


# --- columns ----------------------------------------------------------------------------------------------------


class Linker:
    """Knows one table. `link(text)` gives a Scene; lookups are built once."""

    def __init__(self, table: TableProfile, values: Values, nouns: frozenset[str] = frozenset()) -> None:
        self.table = table
        self.nouns = nouns  # what rows are called: not half of a column's name
        self.columns: dict[str, ColumnProfile] = {c.name: c for c in table.columns}
        self.names: dict[str, list[str]] = {c.name: split_name(c.name) or [c.name.lower()] for c in table.columns}
        self.exact: dict[tuple[str, ...], list[str]] = {}
        self.sets: dict[str, frozenset[str]] = {}
        for name, parts in self.names.items():
            body = [w for i, w in enumerate(parts) if not (i and w in UNIT_TAIL)] or parts
            for form in (parts, body):
                self._alias(key(form), name)
            if len(parts) > 1:
                self._alias(("".join(parts),), name)
                if 2 <= len(parts) <= 5:
                    if (initials := "".join(w[0] for w in parts)) not in words.STRUCTURE:
                        self._alias((initials,), name, weak=True)
                if len(body) <= 3:
                    self._alias(tuple(reversed(key(body))), name, weak=True)
            self.sets[name] = frozenset(root(w) for w in body)
        for phrase, target in words.PHRASES.items():
            for name in list(self.exact.get(key(target.split()), [])):
                self._alias(key(phrase.split()), name, weak=True)
        bases: dict[str, list[tuple[str, str]]] = {}
        for name, parts in self.names.items():
            digits = [w for w in parts if w.isdigit()]
            if len(digits) == 1 and len(parts) > 1:
                bases.setdefault(" ".join(w for w in parts if not w.isdigit()), []).append((name, digits[0]))
        self.numbered = [(name, rf"{re.escape(base.rstrip('s'))}s?", number) for base, group in bases.items() if len(group) > 1 for name, number in group]
        self.values: dict[tuple[str, ...], list[tuple[str, str]]] = {}
        for column in table.columns:
            if column.type == "VARCHAR":
                for value in values(column.name) or []:
                    spelled = key(re.findall(r"[^\W_]+", value.lower()))
                    if spelled and len(spelled) <= 8:
                        self.values.setdefault(spelled, []).append((column.name, value))
        self.odd_values: dict[str, list[tuple[str, str]]] = {}  # values with digits and signs, such as "2-3" or "6+"
        for column in table.columns:
            for value, _ in column.top if column.type == "VARCHAR" else []:
                if re.fullmatch(r"(?=.*\d)(?=.*[^\w\s])\S{2,12}", str(value)) and not re.fullmatch(r"\d+\.\d+|.*⟨.*", str(value)):
                    self.odd_values.setdefault(str(value), []).append((column.name, str(value)))
        self.named = {stem(w) for parts in self.names.values() for w in parts}
        self.kin_of_names = {kin(w) for w in self.named}
        self.parts_of_values: dict[str, set[tuple[str, str]]] = {}  # a word or initials -> the values it may be short for
        self.kin_of_values: dict[tuple[str, ...], set[tuple[str, str]]] = {}  # the deep stems of a value's words -> that value
        for spelled, hits in self.values.items():
            for hit in hits:
                if len(spelled) <= 3 and self.columns[hit[0]].distinct <= 100 and len(spelled[-1]) >= 5:
                    self.kin_of_values.setdefault(tuple(kin(w) for w in spelled), set()).add(hit)
                if len(spelled) > 1 and self.columns[hit[0]].distinct <= 100:
                    for word in spelled:
                        self.parts_of_values.setdefault(word, set()).add(hit)
                    self.parts_of_values.setdefault("".join(w[0] for w in spelled).upper(), set()).add(hit)
        for unit, of in (("hour", "of the day"), ("month", "of the year"), ("day", "of the month")):
            for name in list(self.exact.get((unit,), [])):
                if self.columns[name].type == "BIGINT":
                    self._alias((unit, *of.split()), name, weak=True)
        for name in self.columns:  # a column day of Mon, Tue, … is the day of the week
            held = {str(value).lower()[:3] for value, _ in self.columns[name].top}
            if held and held <= {day[:3] for day in words.WEEKDAYS} and self.columns[name].type == "VARCHAR":
                for form in (("day", "of", "the", "week"), ("weekday",), ("day", "of", "week")):
                    self._alias(form, name, weak=True)
        self.agents = {c.name: _deeds(self.names[c.name][-1]) for c in table.columns if c.type == "VARCHAR" and re.search(r"[a-z]{3}[eo]r$", self.names[c.name][-1])}
        self.dates = [c.name for c in table.columns if c.type in ("DATE", "TIMESTAMP")]
        self.years = [c.name for c in table.columns if c.type in ("BIGINT", "DOUBLE") and all(float(v).is_integer() for v, _ in c.top if isinstance(v, float)) and "year" in key(self.names[c.name])
                      and isinstance(c.min, (int, float)) and isinstance(c.max, (int, float)) and c.min >= 1000 and c.max <= 2200]  # fmt: skip

        self.percapita = any("percap" in "".join(parts) for parts in self.names.values())
        self.which_time: list[str] = []
        self.made: set[tuple[str, ...]] = set()  # labels a text gives to rows: they mean nothing else
        self.seen: dict[str, Any] = {}  # words -> the column, or (column, value) pairs, they were read as
        self.codes: dict[tuple[str, ...], Any] = {}  # words a question gave a meaning ("air is mode 1") -> condition
        self.virtual: dict[str, DatePart] = {}
        self.derived: dict[str, str] = {}  # columns the plan makes -> number, text
        self._calendar()

    def _calendar(self) -> None:
        """Parts of the (first) date column, and decades of a year column, can be named like columns; they are derived when used."""
        if self.dates:
            column = self.dates[0]
            own = self.row_unit()
            for part, names in _PARTS.items():
                if part == own and self.columns[column].distinct >= 0.98 * self.table.rows:
                    self._alias(key([names[0]]), column, weak=True)
                    if part != "year":  # "month" is the date itself, "calendar month" its number
                        virtual = f"{column} ({part})" if part in self.columns or part.lower() == column.lower() else part
                        self.virtual[virtual] = DatePart(column=column, part=part)
                        for name in names[1:]:
                            self.exact[key(name.split())] = [virtual]
                        continue
                named_so = any(key([n])[0] in key(self.names[column]) for n in names)
                virtual = f"{column} ({part})" if part in self.columns or part.lower() == column.lower() else part
                self.virtual[virtual] = DatePart(column=column, part=part)
                for name in names:
                    if part == "year" or not named_so:
                        taken = [c for c in self.exact.get(key(name.split()), []) if self.columns[c].type not in ("DATE", "TIMESTAMP")]
                        if not taken:
                            self.exact[key(name.split())] = [virtual]
        elif self.years:
            self.virtual["decade"] = DatePart(column=self.years[0], part="decade")
            self.exact.setdefault(("decade",), ["decade"])

    def lead_with(self, text: str) -> None:
        """Of several columns of times the one whose own words are said is meant: "in which year did most terms end"."""
        said = set(re.findall(r"[a-z]+", text))
        times = [*self.dates, *self.years]
        own = {t: [w for w in self.names[t] if w not in _TIMELY and sum(w in self.names[e] for e in times) == 1] for t in times}
        meant = [t for t in times if any(re.fullmatch(rf"{re.escape(w)}(?:s|ed|ing|ned|ning|d)?", x) for w in own[t] for x in said)]
        self.which_time = times if self.dates and self.years and not meant and own[self.years[0]] else []  # a year could be that of either
        if len(meant) != 1 or len(times) == 1 or meant == self.dates[:1] and not self.years:
            return
        if meant[0] in self.dates:
            self.dates.sort(key=lambda d: d != meant[0])
            self.years = []
        else:
            self.dates, self.years = [], meant
        for virtual in self.virtual:
            self.exact = {form: [c for c in names if c != virtual] for form, names in self.exact.items()}
        self.exact = {form: names for form, names in self.exact.items() if names}
        self.virtual = {}
        self._calendar()

    def row_unit(self) -> str | None:
        """How far apart the dates are: day, week, month, quarter or year; None without dates."""
        if not self.dates:
            return None
        column = self.columns[self.dates[0]]
        try:
            days = (date.fromisoformat(str(column.max)[:10]) - date.fromisoformat(str(column.min)[:10])).days / max(1, column.distinct - 1)
        except ValueError:
            return None
        return "day" if days < 2 else "week" if days < 10 else "month" if days < 45 else "quarter" if days < 130 else "year"

    def readings(self, plan: str) -> list[str]:
        """How words that are not names of the table were read, where the plan (as JSON) uses it."""
        said = []
        for words_, payload in self.seen.items():
            if isinstance(payload, str):
                if payload.lower() != words_ and f'"{payload}"' in plan and payload in self.columns:
                    said.append(f"“{words_}” is the column “{payload}”")
            else:
                column, value = payload[0]
                if f'"{column}"' in plan and f'"{value}"' in plan:
                    said.append(f"“{words_}” is “{column}” = “{value}”")
        return said

    def kind_of(self, name: str) -> str:
        """number, text, date or boolean."""
        if name in self.derived:
            return self.derived[name]
        if name in self.virtual:
            return "text" if self.virtual[name].part in ("year_month", "day_name", "month_name") else "number"
        type_ = self.columns[name].type
        return {"BIGINT": "number", "DOUBLE": "number", "VARCHAR": "text", "BOOLEAN": "boolean"}.get(type_, "date")

    def _alias(self, form: tuple[str, ...], name: str, weak: bool = False) -> None:
        known = self.exact.setdefault(form, [])
        if name not in known and not (weak and known):
            known.append(name)

    def is_number(self, name: str) -> bool:
        return self.kind_of(name) == "number"

    def _in_money(self, name: str) -> bool:
        column = self.columns.get(name)
        return column is not None and column.unit in ("$", "€", "£", "¥")

    def is_flag(self, name: str) -> bool:
        """A column of zeros and ones."""
        column = self.columns.get(name)
        return column is not None and column.type in ("BIGINT", "DOUBLE") and column.distinct == 2 and column.min == 0 and column.max == 1

    def truth(self, name: str) -> tuple[Any, Any] | None:
        """What a column of yes and no holds for (yes, no): 1 and 0, true and false, or such words; None for other columns."""
        column = self.columns.get(name)
        if column is None:
            return None
        if column.type == "BOOLEAN":
            return True, False
        if self.is_flag(name):
            return 1, 0
        if column.type == "VARCHAR" and column.distinct == 2:
            held = {str(value).lower(): value for value, _ in column.top}
            return next(((held[yes], held[no]) for yes, no in _YES_NO if {yes, no} == set(held)), None)
        return None

    def find_column(self, phrase: list[str]) -> tuple[str | None, float]:
        """The column a phrase names, and how surely (0-1); None when none or several fit."""
        form = key(phrase)
        if hit := self.exact.get(form):
            return (hit[0], 1.0) if len(hit) == 1 else (None, 0.0)
        if hit := self.exact.get(("".join(form),)):
            return (hit[0], 0.95) if len(hit) == 1 else (None, 0.0)
        if 2 <= len(phrase) <= 5 and not set(phrase) & words.STRUCTURE and not any(w in words.FUNCTIONS or w in words.SUPERLATIVES or w.isdigit() for w in phrase):
            initials = [name for name in self.names if name.lower() == "".join(w[0] for w in phrase)]
            if len(initials) == 1:
                return initials[0], 0.9  # grade point average for GPA
        if len(form) >= 2 and form[-1] in words.TRAILING and form[-1] not in ("price", "code", "class"):
            name, score = self.find_column(phrase[:-1])
            if name:
                return name, score * 0.98
        if len(form) == 1 and form[0] in self.nouns:
            return None, 0.0  # what the rows are called
        deep = frozenset(root(w) for w in phrase)
        same = [name for name, parts in self.sets.items() if parts == deep]
        if len(same) == 1:
            return same[0], 0.95
        if len(form) > 1 and not set(phrase) & words.STRUCTURE:
            joined = [name for name in self.names if _aligned(name.lower().replace("_", "").replace(" ", ""), list(form))]
            if len(joined) == 1:
                return joined[0], 0.85
            begun = [name for name, parts in self.names.items() if len(parts) == len(form) and max(map(len, parts)) > 2 and all(len(w) > 1 and f.startswith(w) for w, f in zip(parts, form, strict=True))]
            if len(begun) == 1:
                return begun[0], 0.85  # hormonal therapy for horTh
        if len(form) > 1 and set(form) <= self.named and not set(phrase) & (_NOT_A_NAME | words.STRUCTURE):
            holding = [name for name, parts in self.names.items() if set(form) <= set(key(parts))]
            if len(holding) == 1:
                return holding[0], 0.85  # UN region for un_region_name
        if any(len(w) < 3 for w in phrase) or set(phrase) & _NOT_A_NAME:
            return None, 0.0
        if len(form) == 1 and form[0] in ("day", "week", "month", "hour", "minute", "second") and phrase[0] != form[0] and self.row_unit() != form[0]:
            spans = [name for name, parts in self.names.items() if len(parts) > 1 and stem(parts[-1]) == form[0] and self.is_number(name)]
            if len(spans) == 1:
                return spans[0], 0.7  # how many days, for diff_days
        if len(form) == 1:
            aligned = [name for name in self.names if _aligned(name.lower().replace("_", "").replace(" ", ""), list(form))]
            if len(aligned) == 1:
                return aligned[0], 0.85
        if len(form) == 1 and len(form[0]) >= 5 and form[0] not in words.FILLER and form[0] not in words.ENTITIES:
            starts = [name for name in self.names if len(name) == 3 and form[0].startswith(name.lower()) and self.columns[name].type in ("BIGINT", "DOUBLE")]
            if len(starts) == 1:
                return starts[0], 0.8
        if len(form) == 1 and len(form[0]) >= 5 and form[0] not in words.FILLER and form[0] not in words.ENTITIES:
            inside = [name for name in self.names if form[0] in name.lower() and form[0] not in self.names[name]]
            if len(inside) == 1:
                return inside[0], 0.8  # poverty in PERPOVERTY
        if len(form) == 1 and len(form[0]) >= 5 and form[0] not in words.FILLER and form[0] not in ("minus", "times", "divided", "percent"):
            alone = {name: parts[0] for name, parts in self.names.items() if len(parts) == 1 or set(parts[1:]) <= {"name", "code", "id", "no", "num"}}
            short = [name for name, part in alone.items() if any(_skeleton(w, form[0]) for w in (part, _PREFIX.sub("", part), _SUFFIX.sub("", part)))]
            if len(short) == 1:
                return short[0], 0.75  # country for ctryname, expenditure for AVGEXP
        if len(form) == 1 and len(form[0]) >= 3 and form[0] not in words.FILLER:
            qualified = [name for name in self.names if re.fullmatch(rf"(?:real|nominal|gross|net|avg|average|mean|total|tot|num|n|log|per|pct|max|min){re.escape(form[0])}", name.lower())]
            if len(qualified) == 1:
                return qualified[0], 0.75  # gdp for realgdp
        if len(form) == 1 and len(form[0]) >= 4 and form[0] not in words.FILLER:
            after_a_letter = [name for name in self.names if re.fullmatch(rf"[a-z]{re.escape(form[0])}s?", name.lower())]
            if len(after_a_letter) == 1:
                return after_a_letter[0], 0.75  # nodes in pnodes
            related = [name for name, parts in self.sets.items() if len(parts) == 1 and kin(phrase[0]) == kin(self.names[name][0])]
            if len(related) == 1 and len(kin(phrase[0])) >= 5:
                return related[0], 0.75  # seating ~ seats, consume ~ consumption
        part = [name for name, parts in self.sets.items() if deep and deep < parts]
        if len(part) == 1 and not deep <= {"rate", "percent", "number", "total", "count", "change", "type", "name", "mean", "date", "error", "max", "min", "year", "day", "month", "week", "hour", "time", "high", "low", "no", "state"} and not all(w in words.ROW_NOUNS or stem(w) in self.nouns for w in phrase):
            return part[0], 0.6 + 0.1 * len(deep)
        return None, 0.0

    def find_values(self, phrase: list[str], original: str) -> list[tuple[str, str]]:
        """Every (column, value) a phrase names."""
        spaced = " ".join(phrase)
        tries = [key(re.findall(r"[^\W_]+", spaced))]
        tries += [key(v.split()) for v in words.DEMONYMS.get(spaced, [])]
        if code := words.US_STATES.get(spaced.replace(" ", "_")):
            tries.append((code,))
        for full, code in words.US_STATES.items():
            if spaced == code and original.isupper():
                tries.append(key(full.split("_")))
        last = phrase[-1]
        for suffix in ("'s", "s", "es", "y", "ny", "ly"):
            if last.endswith(suffix) and len(last) > len(suffix) + 2:
                tries.append(key([*phrase[:-1], last[: -len(suffix)]]))
        for name in (*words.WEEKDAYS, *words.MONTHS):  # Thur for Thursday
            if len(phrase) == 1 and stem(phrase[0]) == stem(name):
                tries += [(name[:size],) for size in range(len(name), 2, -1)]
        for form in tries:
            if hit := self.values.get(form):
                if len(spaced) <= 2 and spaced != original and original.upper() != original and spaced in words.FILLER:
                    continue
                return hit
        if len(phrase) == 1 and phrase[0] not in _METHODS:  # "nuclear" for Nuclear Energy, "GM" for General Motors: where only one value can be meant
            word = original if original.isupper() and 2 <= len(original) <= 5 else stem(phrase[0])
            plain = len(phrase[0]) < 4 or any(w in words.FILLER or w in words.ENTITIES or w in words.ROW_NOUNS or w in words.TRAILING or w in self.nouns for w in (phrase[0], word)) or word in self.named
            meant = self.parts_of_values.get(word, set())
            if len(meant) == 1 and not self.exact.get(key(phrase)) and (word.isupper() or not plain):
                return list(meant)
            if original[0].islower() and len(kin(phrase[0])) >= 4 and not plain and len(meant := self.kin_of_values.get((kin(phrase[0]),), set())) == 1 and not self.find_column(phrase)[0]:
                return list(meant)  # "resigned" for Resignation
        elif len(phrase) <= 3 and len(phrase[-1]) >= 5 and len(meant := self.kin_of_values.get(tuple(kin(w) for w in phrase), set())) == 1:
            return list(meant)  # "presidential democracies" for Presidential democracy
        elif len(phrase) <= 4 and original[0].isupper() and original.split()[-1][0].isupper():  # "Stephen Harper" for Harper, Stephen
            sets = [self.parts_of_values.get(stem(w), set()) for w in phrase if len(w) > 1]
            if sets and len(meant := set.intersection(*sets)) == 1:
                return list(meant)
        return []

    # --- the text ---------------------------------------------------------------------------------------------

    def link(self, text: str, scene: Scene | None = None) -> Scene:
        """Marks everything known in `text` (original case). Marks are added to `scene` where one is given."""
        scene = scene.fork("") if scene else Scene("")
        if self.percapita:
            text = re.sub(r"(?i)\b(?:per (?:head|person|inhabitant)|a head)\b", "percapita", text)
        text = self._sorts(self._agents(self._distribute(_aside(normalise(text))), scene), scene)
        text = self._quoted(text, scene)
        tokens = [m.group() for m in TOKEN.finditer(text)]
        out: list[str] = []
        at = 0
        while at < len(tokens):
            if tokens[at].startswith("⟨"):
                out.append(tokens[at])
                at += 1
                continue
            if used := _comparator(tokens, at):
                out.append(" ".join(t.lower() for t in tokens[at : at + used]))
                at += used
                continue
            mark, used = self._longest(tokens, at, scene, out)
            out.append(mark)
            at += used
        joined = " ".join(out)
        joined = re.sub(rf"(⟨[CV]\d+⟩) (?:{'|'.join(words.TRAILING)}|population (?:share|percentage))\b(?! ⟨[CV])", r"\1", joined)
        joined = rx(r"\b(?P<word>code|id|number|name|value|rate) (?:is |of |= )?(?P<v>⟨V\d+⟩)").sub(lambda m: m["v"] if any(m["word"] in self.names[c] for c, _ in scene.get(m["v"])) else m.group(), joined)
        joined = re.sub(r"[a-z]+(?: ?'s)? (⟨C\d+⟩) \( (⟨V\d+⟩) \)", r"\1 of \2", joined)
        joined = re.sub(r"((?:[a-z'-]+ ){1,6}|(?:[a-z'-]+ ){0,4}⟨V\d+⟩ )\( (⟨[VC]\d+⟩) \)", lambda m: m.group() if re.search(r"\b(?:ln|log|log10|log2|sqrt|root|logarithm|abs|exp)\b", m[1]) else " ".join([*(w for w in m[1].split() if w in words.FILLER or w in words.ROW_NOUNS), m[2]]), joined)
        joined = re.sub(r"(⟨[CV]\d+⟩) \( (⟨C\d+⟩) \)", lambda m: self._gloss(scene, m), joined)
        joined = rx(rf"(?:the )?(?:{'|'.join(words.TRAILING)}|size) (?:(?:of|for) (?:the )?(?P<c>⟨C\d+⟩)|(?P<d>⟨C\d+⟩) (?:got|received|had|won|gained|drew|polled|took))").sub(
            lambda m: (m["c"] or m["d"]) if not ("percentage" in m.group().split()[:2] and re.search(r"\b(?:what|which|as a|as|in) $", m.string[: m.start()])) and self.is_number(scene.get(m["c"] or m["d"])) and scene.get(m["c"] or m["d"]) not in (*self.years, *self.virtual) else m.group(), joined)
        joined = rx(r"(?:(?:the )?(?:price|prices|cost|costs) (?:of|for) (?:the )?(?P<c>⟨C\d+⟩)|(?P<d>⟨C\d+⟩) (?:price|prices|cost|costs)\b)").sub(
            lambda m: (m["c"] or m["d"]) if words.PRICED & set(self.names.get(scene.get(m["c"] or m["d"]), [])) or self._in_money(scene.get(m["c"] or m["d"])) else m.group(), joined)  # fmt: skip
        joined = rx(r"(?:(?P<noun>[a-z]+)(?: ?'s)? )?(?P<c>⟨C\d+⟩)(?P<of> of (?:the |a |an |each |every )?(?P<owner>[a-z]+)\b(?! ⟨)(?! (?!in\b|for\b|by\b|at\b|on\b|with\b|and\b|is\b|was\b|are\b|were\b|per\b|across\b|over\b)[a-z]))?").sub(lambda m: self._owned(m, scene), joined)
        scene.text = self._time(joined, scene)
        return scene

    def _owned(self, m: re.Match[str], scene: Scene) -> str:
        """"Party size", "the size of the party": what a size is a size of goes without saying, where the column does not say it."""
        if scene.words.get(m["c"], "") not in _GENERIC:
            return m.group()

        def unknown(word: str | None) -> bool:
            return word is not None and len(word) > 2 and not (word in words.FILLER or word in words.FUNCTIONS or word in words.SUPERLATIVES or word in words.COMPARATIVES or word in _EDGE or word.endswith(("ed", "ing", "ly")) or word in words.TRAILING or word in words.MORE or word in words.LESS)

        return (f"{m['noun']} " if m["noun"] and not unknown(m["noun"]) else "") + m["c"] + (m["of"] if m["of"] and not unknown(m["owner"]) else "")

    def _distribute(self, text: str) -> str:
        """"max and min temperature" → "max temperature and min temperature", where both are columns."""
        def share(m: re.Match[str]) -> str:
            a, b, noun = m[1], m[2], m[3]
            first, second = (self.find_column([w.lower(), noun.lower()])[0] for w in (a, b))
            return f"{a} {noun} and {b} {noun}" if first and second and first != second else m.group()

        return re.sub(r"\b([A-Za-z]+) and (?:the )?([A-Za-z]+) ([A-Za-z]+)\b", share, text)

    def _agents(self, text: str, scene: Scene) -> str:
        """"Districts won by Coderre", "did Coderre win": a column winner says who does what its name says."""
        for name, verbs in self.agents.items():
            spoken = sorted({w for w in re.findall(r"[a-z]+", text.lower()) if kin(_PAST.get(w, w)) in verbs and w not in self.named}, key=len, reverse=True)
            for value, _ in self.columns[name].top if spoken else []:
                verb, who = "|".join(spoken), re.escape(str(value))
                mark = f" {scene.mark('V', [(name, value)], str(value).lower())} "
                text = re.sub(rf"(?i)(?:that (?:were |was )?|which (?:were |was )?|were |was )?\b(?:{verb}) by (?:the )?{who}\b", mark, text)
                text = re.sub(rf"(?i)\b(?:(?P<did>did|does|do|has|have) |that |which |where )?{who}(?: has| have)? (?:{verb})\b(?! the most| more)", mark, text)
        return text

    def _sorts(self, text: str, scene: Scene) -> str:
        """"Smokers and non-smokers": a column smoker of yes and no."""
        for name in self.columns:
            noun, held = " ".join(self.names[name]), self.truth(name)
            if held is None or len(noun) < 4:
                continue
            text = self._done(text, scene, name, held)
            if not re.search(rf"(?i)\b{re.escape(noun)}s\b", text):
                continue
            yes, no = (Compare(column=name, op="==", value=value) for value in held)
            both = rf"(?:(?:the )?(?:non|not)[- ]{noun}s? (?:and|vs\.?|versus|or|to|with|from) (?:the )?{noun}s|(?:the )?{noun}s? (?:and|vs\.?|versus|or|to|with|from) (?:the )?(?:non|not)[- ]?{noun}s)"
            text = re.sub(rf"(?i)\b(?:by |between |for |of |among )?{both}\b", lambda m, n=name: f" by {scene.mark('C', n, n)} ", text)  # type: ignore[misc]
            text = re.sub(rf"(?i)\bnon[- ]?{noun}s\b", lambda m, w=no: f" {scene.mark('W', w, m.group())} ", text)  # type: ignore[misc]
            text = re.sub(rf"(?i)\b{noun}s\b(?! per\b)", lambda m, w=yes: f" {scene.mark('W', w, m.group())} ", text)  # type: ignore[misc]
        return text

    def _done(self, text: str, scene: Scene, name: str, held: tuple[Any, Any]) -> str:
        """"Patients who died", "were not arrested": a column death or arrest of yes and no."""
        own = self.names[name]
        verbs = {w for w in re.findall(r"[a-z]+", text) if (w.endswith(("ed", "ing")) or w in DEEDS) and kin(DEEDS.get(w, w)) == kin(own[-1]) and w not in own} if len(own) == 1 else set()
        if not verbs:
            return text
        verb = alternatives(sorted(verbs))
        yes, no = (Compare(column=name, op="==", value=value) for value in held)
        be = r"(?:did|does|do|was|were|is|are|had|has|have)"
        text = re.sub(rf"\b(?:{be}(?: not|n't)|never|not)(?: been| be)? {verb}\b|\bnot {verb}\b", lambda m: f" got {scene.mark('W', no, m.group())} ", text)
        return re.sub(rf"\b(?:{be} )?(?:been )?{verb}\b", lambda m: f" got {scene.mark('W', yes, m.group())} ", text)

    def _gloss(self, scene: Scene, m: re.Match[str]) -> str:
        return m.group(2)  # "rain (precipitation)": the name in brackets says which column is meant

    def _quoted(self, text: str, scene: Scene) -> str:
        def replace(m: re.Match[str]) -> str:
            inner = m.group(1) if m.group(1) is not None else m.group(2)
            for name in self.columns:
                if name.lower() == inner.lower():
                    return " " + scene.mark("C", name, inner) + " "
            form = key(re.findall(r"[^\W_]+", inner.lower()))
            if hit := self.values.get(form):
                return " " + scene.mark("V", hit, inner) + " "
            return " " + scene.mark("L", inner, inner) + " "

        text = re.sub(r"(?<![\w])'([^'\"]{1,60}?)'(?![\w])|\"([^\"]{1,80})\"", replace, text)
        for name, base, number in self.numbered:  # "bills in the 104th Congress" for a column BILLS104 beside BILLS103
            if number not in text:
                continue
            for pattern in (rf"\b{base}\b(?P<mid>(?: (?!and\b|or\b|than\b|between\b|from\b)[a-z]+){{0,4}}?) {number}(?:st|nd|rd|th)?\b(?: Congress| edition| wave)?", rf"\b{number}(?:st|nd|rd|th)?(?: Congress| edition| wave)?(?P<mid>) {base}\b"):
                text = re.sub(pattern, lambda m, n=name: f" {scene.mark('C', n, n)} ", text, flags=re.IGNORECASE)  # type: ignore[misc]
        # Values and names written exactly as in the table, punctuation and all
        for value in sorted(self.odd_values, key=len, reverse=True):
            if value in text:
                text = re.sub(rf"(?<![\w.-]){re.escape(value)}(?![\w-]|\.\d)", lambda m, v=value: f" {scene.mark('V', self.odd_values[v], v.lower())} ", text)  # type: ignore[misc]
        for name in sorted(self.columns, key=len, reverse=True):
            if len(name) > 2 and name.lower() in text.lower() and (re.search(r"[^A-Za-z0-9]", name)) and "⟨" not in name:
                text = re.sub(rf"(?<![\w]){re.escape(name)}(?![\w])", lambda m, n=name: " " + scene.mark("C", n, n) + " ", text, flags=re.IGNORECASE)  # type: ignore[misc]
        return text

    def _longest(self, tokens: list[str], at: int, scene: Scene, before: list[str]) -> tuple[str, int]:
        """The longest thing that begins at this token; a plain word stays as it is, lower case."""
        best: tuple[float, int, str, Any] | None = None
        for length in range(min(8, len(tokens) - at), 0, -1):
            piece = tokens[at : at + length]
            if any(t.startswith("⟨") for t in piece) or not re.search(r"\w", piece[0]) or not re.search(r"\w|%|°", piece[-1]):
                continue
            if any(re.fullmatch(r"[^\w\s&]", t) for t in piece):
                continue
            lower = [t.lower() for t in piece]
            phrase = [w for t in lower for w in re.findall(r"[\w']+", re.sub(r"'s$", "", t)) if w]
            if not phrase:
                continue
            for score, kind, payload in self._readings(phrase, " ".join(lower), " ".join(piece), tokens, at, length):
                rank = (length + score, length)
                if best is None or rank > best[:2]:
                    best = (*rank, kind, payload)
            if best is not None and best[1] == length and length > 1:
                break
        source = " ".join(tokens[at : at + (best[1] if best else 1)])
        if best is None:
            return tokens[at].lower(), 1
        made = scene.mark(best[2], best[3], source.lower())
        if best[2] in "CV":
            self.seen.setdefault(source.lower(), best[3])
        if best[2] == "C" and best[0] - best[1] < 0.66:
            scene.weak.add(made)
        return made, best[1]

    def _readings(self, phrase: list[str], lower: str, original: str, tokens: list[str], at: int, length: int) -> list[tuple[float, str, Any]]:
        found: list[tuple[float, str, Any]] = []
        edge_ok = phrase[0] not in _EDGE and phrase[-1] not in _EDGE
        exact_name = next((n for n in self.columns if n.lower() == lower), None)
        if exact_name and (len(lower) > 1 or original == exact_name) and lower not in _NOT_A_NAME:
            found.append((0.9, "C", exact_name))
        if exact_name and lower in _NOT_A_NAME and at and (tokens[at - 1].lower() in words.FUNCTIONS or tokens[at - 1].lower() == "by"):
            found.append((0.7, "C", exact_name))  # "average value" of a column value
        if length <= 6 and (edge_ok or self.exact.get(key(phrase))):
            name, score = self.find_column(phrase)
            if name and score < 0.8 and length > 1 and (self.exact.get(key(phrase[:-1])) or self.exact.get(key(phrase[1:]))):
                name = None  # a part of it is a column's whole name
            if name and score >= 0.6 and lower not in words.COMPARATIVES and not words.SUPERLATIVES.get(lower, ("", ""))[0] and not (length == 1 and lower in words.FILLER and score < 0.95) and not (length == 1 and lower in _NOT_A_NAME and self.exact.get(key(phrase), [""])[0] not in self.derived):
                found.append((score * 0.8, "C", name))
        if values := self.find_values(phrase, original):
            weight = 0.85 if length > 1 or original != lower or lower not in words.FILLER else 0.0 if lower in words.STRUCTURE else 0.5
            weight = 0.95 if key(phrase) in self.made else weight
            rowlike = length == 1 and lower in words.ROW_NOUNS and original == lower and lower not in words.DEMONYMS and before_any(tokens, at)
            if weight and not rowlike:
                found.append((weight, "V", values))
        if length > 1 and any(w in _PEOPLE or w in _PEOPLE.values() for w in phrase):  # black men, for a column black_male of 0 and 1
            sort = frozenset(_PEOPLE.get(w, w) for w in phrase)
            flags = [n for n, parts in self.names.items() if frozenset(parts) == sort and self.truth(n)]
            if len(flags) == 1:
                found.append((0.97, "W", Compare(column=flags[0], op="==", value=(self.truth(flags[0]) or (1, 0))[0])))
        if key(phrase) in self.codes:
            found.append((0.95, "W", self.codes[key(phrase)]))
        column_last = length > 1 and key(phrase[-1:]) in self.exact and " ".join(phrase[:-1]) in words.FUNCTIONS  # "total amount" of a column amount
        if lower in words.FUNCTIONS and not column_last:
            found.append((0.7, "F", words.FUNCTIONS[lower]))
        if m := re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th|%| %| percent)? (?:percentile|quantile)|(0?\.\d+)(?:th)? quantile|quantile (0?\.\d+)", lower):
            found.append((0.9, "F", f"q{int(m[1]) / 100 if m[1] else float(m[2] or m[3])}"))
        if lower in words.SUPERLATIVES:
            found.append((0.75 if length > 1 else 0.65, "S", (lower, *words.SUPERLATIVES[lower])))
        if length == 1:
            if re.fullmatch(r"-?\d[\d,]*(?:\.\d+)?(?:%|st|nd|rd|th)?", lower):
                number = float(re.sub(r"[^\d.-]", "", lower))
                found.append((0.5, "N", int(number) if number == int(number) and "." not in lower else number))
            elif lower == "one" and at and (tokens[at - 1].lower() in ("the", "which", "that", "this", "each", "every", "any", "second", "third", "last", "latter", "no", "another") or tokens[at - 1].lower() in words.SUPERLATIVES and not _comparator(tokens, at - 2)):
                pass
            elif lower in words.CARDINALS and not (lower == "one" and at + 1 < len(tokens) and tokens[at + 1].lower() in ("of", "for", "in", "the", "was", "is", "has", "with", "had")):
                found.append((0.4, "N", words.CARDINALS[lower]))
            elif lower == "half":
                found.append((0.1, "N", 0.5))
        return found

    # --- time --------------------------------------------------------------------------------------------------

    def _time(self, text: str, scene: Scene) -> str:
        from shared.brains.builtin.conditions import mark_time

        return mark_time(text, scene, self)


_COMPARATORS = frozenset(
    tuple(p.split()) for p in [*words.MORE, *words.LESS, *words.AT_LEAST, *words.AT_MOST, *words.OR_MORE, *words.OR_LESS] if " " in p
)  # fmt: skip


def _comparator(tokens: list[str], at: int) -> int:
    """How many tokens a comparing phrase takes here ("at least"): its words are not superlatives."""
    for length in range(min(6, len(tokens) - at), 1, -1):
        piece = tuple(t.lower() for t in tokens[at : at + length])
        if piece in _COMPARATORS and not (piece[-2:] in (("minimum", "of"), ("maximum", "of")) and not re.match(r"[\d-]", " ".join(tokens[at + length : at + length + 1]))):
            return length
    return 0


def before_any(tokens: list[str], at: int) -> bool:
    """Whether this token stands where rows are named, rather than after "in", "by" or "was": "ended in death"."""
    return at == 0 or tokens[at - 1].lower() not in ("in", "by", "was", "is", "were", "are", "through", "via", "due", "to", "=", "from")


def _aside(text: str) -> str:
    """Brackets that only comment ("(sample, n-1)", "(1-12)", "(DC included)") are dropped; brackets that define stay."""
    text = _settings(text)
    text = re.sub(r"(?i),? ?(?:exactly |just )?as (?:it|they) (?:stands?|appears?|is|are)(?: written| given| spelled)? in the (?:table|data|file),?|,? as (?:written|given|spelled)(?: in the (?:table|data|file))?|\((?:there (?:is|are)|this is|that is all|no ties)\b[^()]*\)|,? no matter (?:what|which|how|whether)\b[^,.?!;]*|,? ?\bat least once\b|,? ?\beven once\b", " ", text)
    text = re.sub(r"(?i),? (?:and |but )?(?:leaving out|excluding|except(?: for)?|apart from|other than|not counting) \w+ itself\b|\(\d+(?: ?, ?\d+){2,}(?: ?,? ?(?:and|or) ?\d+)?\)", " ", text)
    text = re.sub(r"(?i)[,(] ?(?:with |and )?(?:the year )?\d{4} itself (?:counted|included|inclusive)\)?", " inclusive ", text)
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


_METHODS = frozenset("pearson spearman kendall welch student fisher shapiro kruskal wallis mann whitney wilcoxon bartlett levene yates cramer cohen gauss".split())
_TIMELY = frozenset("date time day year month week on at of in the".split())
_YES_NO = [("yes", "no"), ("y", "n"), ("true", "false"), ("t", "f"), ("1", "0")]
_PAST = {"won": "win", "led": "lead", "made": "make", "built": "build", "sold": "sell", "bought": "buy", "wrote": "write", "written": "write", "drove": "drive", "driven": "drive", "taught": "teach", "ran": "run", "sung": "sing", "sang": "sing"}
_GENERIC = frozenset("size sizes length lengths width widths height heights type types status category categories duration durations volume diameter depth".split())
DEEDS = {"died": "death", "die": "death", "dies": "death", "dead": "death", "dying": "death", "survived": "survival", "survive": "survival", "left": "leave", "chosen": "choice", "chose": "choice", "bought": "purchase", "sold": "sale", "won": "win", "lost": "loss"}
_PEOPLE = {"men": "male", "man": "male", "males": "male", "boys": "male", "women": "female", "woman": "female", "females": "female", "girls": "female"}
_PARTS: dict[Any, list[str]] = {
    "year": ["year", "model year", "calendar year"], "month": ["month", "calendar month", "month of the year", "month number"], "quarter": ["quarter", "calendar quarter"],
    "weekday": ["weekday", "day of the week"], "decade": ["decade"], "year_month": ["year and month"],
}  # fmt: skip
_EDGE = frozenset("the a an of in on at to for by and or is are was were with per from as than that which what how each every more less over under not no all its it".split())
_NOT_A_NAME = frozenset("mean median average count number value values total sum rate data row rows table column columns code name and the of for per with "
                        "most least highest lowest max min first last one share ratio proportion fraction percent percentage change rank test linear score difference".split())  # fmt: skip


def _deeds(agent: str) -> set[str]:
    """What a winner, an owner or a manufacturer does, as stems."""
    base = agent[:-2]
    plain = base[:-1] if len(base) > 2 and base[-1] == base[-2] else base
    return {kin(base), kin(plain), kin(base + "e")}


_PREFIX = re.compile(r"^(?:avg|mean|tot|num|no|pct|per|log|max|min|med)(?=[a-z]{3})")
_SUFFIX = re.compile(r"(?<=[a-z]{3})(?:name|code|num|id|nr|no)$")


def _skeleton(short: str, word: str) -> bool:
    """Whether `short` is the beginning of `word` (three letters or more), or some of its consonants to the last: exp, ctry."""
    letters = iter(word)
    return 3 <= len(short) < len(word) and (word.startswith(short) and len(word) >= len(short) + 3 or (short[0], short[-1]) == (word[0], word[-1]) and not re.search(r"[aeiou]", short[1:]) and len(short) >= 0.7 * len(re.sub(r"[aeiou]", "", word)) and all(c in letters for c in short))


def _aligned(name: str, form: list[str], several: bool | None = None) -> bool:
    """Whether a run-together name is made of the beginnings (3+ letters) of these words: realcons ~ real consumption."""
    if not form:
        return name in ("", "s")
    word = form[0]
    several = len(form) > 1 if several is None else several
    if len(form) > 1 and name[:1] == word[:1] and len(name) > 4 and (rest := _aligned(name[1:], form[1:], False)):
        return rest  # tsize ~ tumor size
    if len(form) == 2 and name.startswith(word) and 0 < len(name) - len(word) < 3 and name[len(word) :] != "s" and form[1].startswith(name[len(word) :]) and form[1] not in words.FILLER:
        return True  # dewp ~ dew point
    for size in range(min(len(name), len(word)), 2, -1):
        if word.startswith(name[:size]) and (size == len(word) or size >= 4 or several) and _aligned(name[size:], form[1:], several):
            return True
    return False
