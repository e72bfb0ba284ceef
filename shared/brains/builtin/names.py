"""What a table's columns and values may be called, and which of them a phrase names."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from shared.analysis.plan import DatePart
from shared.analysis.profiled import ColumnProfile, TableProfile
from shared.brains.builtin import words
from shared.brains.builtin.rows import kinds_of_rows, parts_of_rows, tallies
from shared.brains.builtin.spelling import (
    PREFIX,
    SUFFIX,
    UNIT_TAIL,
    abbreviates,
    contracts,
    deeds_of,
    key,
    kin,
    root,
    skeleton,
    split_name,
    stem,
)

Values = Callable[[str], list[str] | None]  # column -> its distinct values, or None when there are too many

_YES_NO = [("yes", "no"), ("y", "n"), ("true", "false"), ("t", "f"), ("1", "0")]
_PARTS: dict[Any, list[str]] = {
    "year": ["year", "model year", "calendar year"], "month": ["month", "calendar month", "month of the year", "month number"], "quarter": ["quarter", "calendar quarter"],
    "weekday": ["weekday", "day of the week"], "decade": ["decade"], "year_month": ["year and month"],
}  # fmt: skip
_TIMELY = frozenset("date time day year month week on at of in the".split())
_METHODS = frozenset("pearson spearman kendall welch student fisher shapiro kruskal wallis mann whitney wilcoxon bartlett levene yates cramer cohen gauss".split())
NOT_A_NAME = frozenset("mean median average count number value values total sum rate data row rows table column columns code name and the of for per with "
                        "most least highest lowest max min first last one share ratio proportion fraction percent percentage change rank test linear score difference".split())  # fmt: skip


class Names:
    """Knows one table by its profile; lookups are built once."""

    def __init__(self, table: TableProfile, values: Values, nouns: frozenset[str] = frozenset()) -> None:
        self.table = table
        self.columns: dict[str, ColumnProfile] = {c.name: c for c in table.columns}
        self.names: dict[str, list[str]] = {c.name: split_name(c.name) or [c.name.lower()] for c in table.columns}
        self.kinds = kinds_of_rows(self.names)
        self.parts_of_rows = parts_of_rows(self.kinds) - {stem(w) for parts in self.names.values() for w in parts}
        self.nouns = nouns | self.kinds  # what rows are called: not half of a column's name
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
        for phrase, target in [*words.PHRASES.items(), *words.TICKERS.items()]:
            for name in list(self.exact.get(key(target.split()), [])):
                self._alias(key(phrase.split()), name, weak=True)
        self.tallies = tallies(self.columns)  # column -> what it counts
        for name, counted in self.tallies.items():
            self._alias(key([counted]), name)
        for name in self.columns:
            if m := re.fullmatch(r"([a-z]{3,})_?(?:gp|grp)", name.lower()):  # agegp, the age group
                self._alias(key([m[1]]), name, weak=True)
                self._alias(key([m[1], "group"]), name, weak=True)
            if self.columns[name].type == "VARCHAR" and self.names[name][-1] in ("vote", "votes"):
                self._alias(("candidate",), name, weak=True)
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
                    if 2 <= len(apart := key([w.lower() for w in re.findall(r"[A-Z][a-z]{2,}", value)])) <= 3 and apart != spelled and "".join(re.findall(r"[A-Z][a-z]{2,}", value)) == value:
                        self.values.setdefault(apart, []).append((column.name, value))  # large city for LargeCity
        self.odd_values: dict[str, list[tuple[str, str]]] = {}  # values with digits and signs, such as "2-3" or "6+"
        for column in table.columns:
            for odd in [str(value) for value, _ in column.top] if column.type == "VARCHAR" else []:
                if re.fullmatch(r"(?=.*\d)(?=.*[^\w\s])\S{2,12}", odd) and not re.fullmatch(r"\d+\.\d+|.*⟨.*", odd):
                    self.odd_values.setdefault(odd, []).append((column.name, odd))
        self.named = {stem(w) for parts in self.names.values() for w in parts}
        self.kin_of_names = {kin(w) for w in self.named}
        self.parts_of_values: dict[str, set[tuple[str, str]]] = {}  # a word or initials -> the values it may be short for
        self.any_order: dict[frozenset[str], set[tuple[str, str]]] = {}  # the words of a value, for "Ada Kim" where it is "Kim, Ada"
        self.kin_of_values: dict[tuple[str, ...], set[tuple[str, str]]] = {}  # the deep stems of a value's words -> that value
        for spelled, hits in self.values.items():
            for hit in hits:
                if len(spelled) <= 3 and self.columns[hit[0]].distinct <= 100 and len(spelled[-1]) >= 5:
                    self.kin_of_values.setdefault(tuple(kin(w) for w in spelled), set()).add(hit)
                if len(spelled) > 1:
                    self.any_order.setdefault(frozenset(spelled), set()).add(hit)
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
                for called in ("day of the week", "weekday", "day of week"):
                    self._alias(key(called.split()), name, weak=True)
        self.agents = {c.name: deeds_of(self.names[c.name][-1]) for c in table.columns if c.type == "VARCHAR" and re.search(r"[a-z]{3}[eo]r$", self.names[c.name][-1])}
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
        if len(phrase) == 1 and self.doer(phrase[0]):
            return None, 0.0
        if len(phrase) == 1 and phrase[0] in self.nouns and phrase[0].endswith("s") and phrase[0] not in self.columns and all(self.is_number(name) for name in self.exact.get(form, [])):
            return None, 0.0  # "flights" are the rows of a table of flights, not its column flight
        if hit := self.exact.get(form):
            return (hit[0], 1.0) if len(hit) == 1 else (None, 0.0)
        if len(form) > 1 and set(phrase) & {"never", "none", "without", "neither", "nor", "non"}:
            return None, 0.0
        if hit := self.exact.get(("".join(form),)):
            return (hit[0], 0.95) if len(hit) == 1 else (None, 0.0)
        if 2 <= len(phrase) <= 5 and not set(phrase) & (words.STRUCTURE | _METHODS) and not any(w in words.FUNCTIONS or w in words.SUPERLATIVES or w.isdigit() for w in phrase):
            initials = [name for name in self.names if name.lower() == "".join(w[0] for w in phrase)]
            if len(initials) == 1 and len(phrase) == 2 and any(n != initials[0] and any(form[0].startswith(n[:i].lower()) and form[1].startswith(n[i:].lower()) for i in range(1, len(n))) for n in self.names):
                return None, 0.0  # pc and pcap may both be public capital
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
            joined = [name for name in self.names if abbreviates(name.lower().replace("_", "").replace(" ", ""), list(form))]
            if len(joined) == 1:
                return joined[0], 0.85
            begun = [name for name, parts in self.names.items() if len(parts) == len(form) and max(map(len, parts)) > 2 and all(len(w) > 1 and f.startswith(w) for w, f in zip(parts, form, strict=True))]
            begun = begun or [name for name, parts in self.names.items() if len(parts) == len(form) and len(parts[-1]) == 1 and len(parts[0]) >= 3 and parts[:-1] == [*form[:-1]] and form[-1].startswith(parts[-1])]
            if len(begun) == 1:
                return begun[0], 0.85  # hormonal therapy for horTh
            contracted = [name for name in self.names if len(name) >= 4 and contracts(re.sub(r"[^a-z0-9]", "", name.lower()), list(form))]
            if len(contracted) == 1 and all(len(w) >= 3 for w in phrase) and not set(phrase) & (NOT_A_NAME - {"rate", "value", "score", "rank"}):
                return contracted[0], 0.85  # unemployment rate for unrate
        if len(form) > 1 and set(form) <= self.named and not set(phrase) & (NOT_A_NAME | words.STRUCTURE):
            holding = [name for name, parts in self.names.items() if set(form) <= set(key(parts))]
            if len(holding) == 1:
                return holding[0], 0.85  # UN region for un_region_name
        if any(len(w) < 3 for w in phrase) or set(phrase) & NOT_A_NAME:
            return None, 0.0
        if len(form) == 1 and form[0] in ("day", "week", "month", "hour", "minute", "second") and phrase[0] != form[0] and self.row_unit() != form[0]:
            spans = [name for name, parts in self.names.items() if len(parts) > 1 and stem(parts[-1]) == form[0] and self.is_number(name)]
            if len(spans) == 1:
                return spans[0], 0.7  # how many days, for diff_days
        if len(form) == 1:
            aligned = [name for name in self.names if abbreviates(name.lower().replace("_", "").replace(" ", ""), list(form))]
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
            short = [name for name, part in alone.items() if any(skeleton(w, form[0]) for w in (part, PREFIX.sub("", part), SUFFIX.sub("", part)))]
            if len(short) == 1:
                return short[0], 0.75  # country for ctryname, expenditure for AVGEXP
        if len(form) == 1 and len(form[0]) >= 4 and form[0] not in words.FILLER and form[0] not in words.ENTITIES - words.PLACES_OR_WAYS:
            clipped = [name for name in self.names if 3 <= len(name) < len(form[0]) and not re.search(r"[aeiou]", name.lower()[1:]) and contracts(name.lower(), [form[0]])]
            if len(clipped) == 1:
                return clipped[0], 0.75  # highway for hwy
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

    def doer(self, word: str) -> bool:
        """Whether a word means the people who do what a column of texts says: voters, beside a column vote."""
        base = re.sub(r"[eo]rs?$", "", word)
        return word in words.PEOPLE and base != word and any(self.kind_of(n) == "text" and stem(parts[-1]) in (base, base + "e") for n, parts in self.names.items())

    def in_short(self, word: str) -> tuple[str, str] | None:
        """The value that is the beginning of this word, where there is one and the others of its column are no variants of it."""
        if len(word) < 6 or word in words.FILLER or word in words.TRAILING or word in words.FUNCTIONS or word in words.TIME_NOUNS or self.find_column([word])[0]:
            return None
        meant = [hit for spelled, hits in self.values.items() if len(spelled) == 1 and 4 <= len(spelled[0]) <= len(word) - 2 and word.startswith(spelled[0]) for hit in hits
                 if self.columns[hit[0]].distinct <= 40 and not any(spelled[0] in "".join(other) and other != spelled for other, held in self.values.items() if any(c == hit[0] for c, _ in held))]  # fmt: skip
        return meant[0] if len(meant) == 1 else None

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
                if spaced in words.SEXES and len(hit) > 1:  # M may be a region as well; a sex stands beside the other one
                    other = [key([w]) for w in words.DEMONYMS[words.SEXES[spaced]]]
                    hit = [h for h in hit if any(h[0] == c for form_ in other for c, _ in self.values.get(form_, []))] or hit
                return hit
        if len(phrase) == 1 and phrase[0] not in _METHODS:  # "nuclear" for Nuclear Energy, "GM" for General Motors: where only one value can be meant
            word = original if original.isupper() and 2 <= len(original) <= 5 else stem(phrase[0])
            plain = len(phrase[0]) < 4 or phrase[0] in words.CARDINALS or any(w in words.FILLER or w in words.ENTITIES or w in words.ROW_NOUNS or w in words.TRAILING or w in self.nouns for w in (phrase[0], word)) or word in self.named
            meant = self.parts_of_values.get(word, set())
            if len(meant) == 1 and not self.exact.get(key(phrase)) and (word.isupper() or not plain):
                return list(meant)
            if original[0].islower() and len(kin(phrase[0])) >= 4 and not plain and len(meant := self.kin_of_values.get((kin(phrase[0]),), set())) == 1 and not self.find_column(phrase)[0]:
                return list(meant)  # "resigned" for Resignation
        if len(phrase) == 1 and original[0].islower() and (short := self.in_short(stem(phrase[0]))):
            return [short]  # carnivores for carni
        if len(phrase) == 1:
            return []
        form = key(phrase)
        if len(phrase) <= 3 and original[0].islower() and len(meant := {hit for spelled, hits in self.values.items() if len(spelled) == len(form) and all(len(w) >= 3 and contracts(w, [f]) for w, f in zip(spelled, form, strict=True)) for hit in hits if self.columns[hit[0]].distinct <= 40}) == 1:
            return list(meant)  # assistant professor for AsstProf
        if len(phrase) <= 3 and len(phrase[-1]) >= 5 and len(meant := self.kin_of_values.get(tuple(kin(w) for w in phrase), set())) == 1:
            return list(meant)  # "presidential democracies" for Presidential democracy
        elif len(phrase) <= 4 and original[0].isupper() and original.split()[-1][0].isupper():  # "Stephen Harper" for Harper, Stephen
            if len(meant := self.any_order.get(frozenset(key(phrase)), set())) == 1:
                return list(meant)
            sets = [self.parts_of_values.get(stem(w), set()) for w in phrase if len(w) > 1]
            if sets and len(meant := set.intersection(*sets)) == 1:
                return list(meant)
        return []
