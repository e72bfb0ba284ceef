"""One question, one answer: recognises what is asked for and builds the steps that compute it.

`Interpreter.answer(text)` tries readings from the most to the least specific; the first that fits builds steps and returns
the reference to its answer. A word that no reading accounts for stops it (`Unclear`): precision before coverage.
"""

import re
from datetime import date

from shared.analysis.plan import Compare, Condition
from shared.brains.builtin import measured, words
from shared.brains.builtin.arithmetic import row_arithmetic
from shared.brains.builtin.asides import drop_chatter, plainly, settle
from shared.brains.builtin.build import Builder, Unclear
from shared.brains.builtin.changes import change
from shared.brains.builtin.comparisons import by_how_much, ratio, which_of_two, yes_no
from shared.brains.builtin.conditions import mark_conditions, mark_values, one_column_each
from shared.brains.builtin.extremes import at_the_extreme, placed_value, top_values
from shared.brains.builtin.figures import figure_asked, groups_beyond
from shared.brains.builtin.frames import frame
from shared.brains.builtin.link import DEEDS, Linker
from shared.brains.builtin.logic import columns_of
from shared.brains.builtin.open_questions import open_question
from shared.brains.builtin.panel import over_time
from shared.brains.builtin.quality import complete_rows, outliers_counted
from shared.brains.builtin.ranking import rank_question
from shared.brains.builtin.relations import correlation, hypothesis_test
from shared.brains.builtin.rows import are_all, counts_things, row_identity
from shared.brains.builtin.scene import Scene, rx
from shared.brains.builtin.shares import ratio_of_totals, share
from shared.brains.builtin.side_by_side import measured_thing, side_by_side
from shared.brains.builtin.spelling import kin, stem
from shared.brains.builtin.terms import COMPARATIVE, Answer, Parts, Stop
from shared.brains.builtin.times import time_range
from shared.brains.builtin.units import NAMES

# From the most to the least specific: the first that fits answers.
READINGS = (complete_rows, outliers_counted, correlation, hypothesis_test, side_by_side, ratio_of_totals, share, ratio, over_time, which_of_two, yes_no, by_how_much, change, at_the_extreme, placed_value, top_values, groups_beyond, rank_question, row_arithmetic, figure_asked, frame)
FIGURES = (at_the_extreme, placed_value, top_values, groups_beyond, rank_question, row_arithmetic, figure_asked, frame)

EACH = (r"(?:broken down by|break down by|broken out by|grouped by|group by|split by|splitted by|separately for each|separately by|for each of the|for each|for every|in each of the|in each|in every|at each level of|at every level of|at each|at every|"
        r"within each|within every|of each|of every|to each|from each|across the different|across all|across the|across|per|by each|by|each|every|for the different|for different|with each|on each|sorted by|depending on|according to|as a function of|among the different|between the|over the different)")  # fmt: skip
_PERSONS = r"\b(?:people|persons?|victims?|women|woman|men|man|males?|females?|patients?|respondents?|passengers?|customers?|employees?|students?|voters?|users?|members?|anyone|those|participants?|children|adults?)\b"


class Interpreter:
    def __init__(self, linker: Linker, builder: Builder, nouns: frozenset[str], rows: int) -> None:
        self.linker, self.builder, self.nouns, self.rows = linker, builder, nouns | linker.kinds, rows
        self.table = builder.source
        self.default: str | None = None  # the column talked about, where a phrase names none
        self.strict = True
        self.scene: Scene | None = None  # the question being answered
        self.asked = ""  # its text with marks, before anything is taken out
        self.loose = False  # within a longer text whose words are known already
        for name in linker.columns:  # listing_id: a row is a listing
            if len(parts := linker.names[name]) > 1 and parts[-1] in ("id", "no", "number", "code", "key", "nr") and self.unique(name):
                self.nouns |= {parts[-2], parts[-2] + "s"}
        self.rows_kin = {kin(noun) for noun in nouns}
        unit = linker.row_unit()
        if unit:  # one row a day (or month, or year): such words may stand for rows
            if any(self.unique(c) for c in linker.dates):
                self.nouns |= {unit, unit + "s"}
            self.nouns |= {{"day": "daily", "week": "weekly", "month": "monthly", "quarter": "quarterly", "year": "yearly"}[unit], *(["annual"] if unit == "year" else [])}
        self.unit_days = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}.get(unit or "", 0)

    def read(self, text: str | Scene, default: str | None = None) -> Scene:
        scene = self.linker.link(text) if isinstance(text, str) else text
        measured.lengths_of_time(self, scene)
        default = measured.known(self, scene) or default
        age, sure = self.linker.find_column(["age"])
        if age and sure >= 0.9:
            scene.text = rx(r"(?:(?P<more>older)|younger) than {N:n}(?: years)?(?: old| of age)?(?! (?:%|percent))").sub(lambda m: scene.mark("W", Compare(column=age or "", op=">" if m["more"] else "<", value=scene.get(m["n"])), m.group()), scene.text)
        if default is None and age and sure >= 0.9 and not [m for m in scene.all("C") if self.linker.is_number(scene.get(m))] and re.search(_PERSONS, scene.text + " ".join(scene.words.values())):
            default = age  # "women over 40"
        if age and sure >= 0.9:  # "patients who are 60 or older", "men under 40"
            scene.text = rx(rf"(?P<who>{_PERSONS[2:-2]}|⟨[VW]\d+⟩)(?: who (?:are|were|is)| that are)?(?: aged)? (?:(?P<more>over|above|older than)|(?P<less>under|below|younger than)) {{N:n}}(?: years)?(?: old| of age)?(?! (?:%|percent)|⟨)").sub(
                lambda m: f"{m['who']} {scene.mark('W', Compare(column=age or '', op='>' if m['more'] else '<', value=scene.get(m['n'])), m.group())}", scene.text)  # fmt: skip
            scene.text = rx(r"{N:n}(?: years)?(?: old)? (?:or|and) (?P<w>older|younger)").sub(
                lambda m: scene.mark("W", Compare(column=age or "", op=">=" if m["w"] == "older" else "<=", value=scene.get(m["n"])), m.group()), scene.text)  # fmt: skip
        if default is None and self.default is None and not [m for m in scene.all("C") if self.linker.is_number(scene.get(m)) and scene.get(m) not in self.linker.virtual]:
            default = self.measure()  # nothing else could be compared
        measured.before(self, scene)
        measured.adjectives(self, scene)
        mark_conditions(scene, self.linker, default or self.default)
        measured.after(self, scene)
        scene.text = rx(r"at least {N:n} (?=⟨[VW]\d+⟩)").sub(lambda m: "" if scene.get(m["n"]) == 1 else m.group(), scene.text)
        scene.text = rx(r"(?<!each )(?<!every )(?<!per )(?<!by ){C:c} (?P<w>⟨W\d+⟩)").sub(lambda m: m["w"] if set(columns_of(scene.get(m["w"]))) == {scene.get(m["c"])} else m.group(), scene.text)  # "aged 30 or younger"
        scene.text = re.sub(r"⟨N\d+⟩ +(?:\( )?(⟨W\d+⟩)(?: \))?", lambda m: m[1] if isinstance(w := scene.get(m[1]), Compare) and w.op == "==" and isinstance(w.value, int) and w.column in self.linker.columns and (said := scene.get(m.group().split(" ")[0])) != w.value and said % 100 == w.value else m.group(), scene.text)  # "1985 (year 85)"
        # "bus trips (mode 3)": the brackets say what the words before them mean
        scene.text = rx(r"\b(?:women|men|woman|man|girls|boys|males?|females?)(?P<who> [a-z]+)? (?P<b>\( )?{W:w}(?(b) \))").sub(
            lambda m: f"{m['who'] or ''} {m['w']}" if {"male", "female", "sex", "gender", "man", "woman"} & {w for c in columns_of(scene.get(m["w"])) for w in self.linker.names.get(c, [])} and (m["b"] or not m["who"]) else m.group(), scene.text)  # fmt: skip
        scene.text = re.sub(r"((?:(?!⟨)[\w'-]+ ){1,6})\( (⟨W\d+⟩) \)", lambda m: " ".join([*(w for w in m[1].split() if w not in ("not", "no", "non") and (w in words.FILLER or re.fullmatch(COMPARATIVE, w) or w in words.ROW_NOUNS or w in words.ENTITIES)), m[2]]), scene.text)
        return scene

    def measure(self) -> str | None:
        """The one column that can be measured, if there is just one."""
        found = [c.name for c in self.linker.table.columns if c.type in ("BIGINT", "DOUBLE") and c.kind == "number" and self.additive(c.name)]
        return found[0] if len(found) == 1 else None

    def parts(self, scene: Scene, keep_values: bool = False) -> Parts:
        scene = scene.fork(scene.text)
        if not self.loose:
            one_column_each(scene, self.linker)
        if not keep_values:
            mark_values(scene, self.linker)
        by: list[str] = []

        def group(m: re.Match[str]) -> str:
            for mark in re.findall(r"⟨C\d+⟩", m.group()):
                by.append(scene.get(mark))
            return " ⟨G0⟩ "

        def guarded(m: re.Match[str]) -> str:
            marks = re.findall(r"⟨C\d+⟩", m.group())
            if any(scene.get(f) != "count" for f in re.findall(r"⟨F\d+⟩", m.group())) and any(self.linker.is_number(scene.get(c)) for c in marks):
                return m.group()  # "by total frequency" is an order, not a grouping
            return group(m) if all(self.groupable(scene.get(c)) for c in marks) else m.group()

        scene.text = rx(r"(?P<a>⟨C\d+⟩) (?:by|after|to) (?P<b>⟨C\d+⟩)").sub(lambda m: group(m) if scene.get(m["a"]) == scene.get(m["b"]) else m.group(), scene.text)
        scene.text = rx(rf"\b{EACH}(?: of)?(?: the| these| four| three| two| all| value of| values of| level of| category of| kind of| type of| possible| different| single| individual| other| type| kind| ⟨N\d+⟩| ⟨F\d+⟩)* ⟨C\d+⟩(?: ?(?:and|,|, and|and by|and per|x|by|/) (?:the |each |every )?⟨C\d+⟩)*").sub(guarded, scene.text)
        if (year := self.linker.exact.get(("year",))) and not {"yearly", "annual"} & self.nouns and re.search(r"\b(?:yearly|annual)\b", scene.text):
            fixed = [c.column for w in scene.all("W") if isinstance(c := scene.get(w), Compare) and c.op == "=="]
            if self.unique(year[0]) or (by or fixed) and self.is_key([*by, *fixed, year[0]]):
                scene.text = re.sub(r"\b(?:yearly|annual)\b", " ", scene.text)  # each row is a year of one of them already
            else:
                by.append(year[0])
                scene.text = re.sub(r"\b(?:yearly|annual)\b", "⟨G0⟩", scene.text)
        if (month := self.linker.exact.get(("month",))) and "monthly" not in self.nouns and month[0] in self.linker.virtual and self.linker.dates and len({t.year for t in time_range(self.linker)}) == 1 and re.search(r"\bmonthly ⟨F", scene.text):
            by.append(month[0])
            scene.text = re.sub(r"\bmonthly\b", "⟨G0⟩", scene.text)
        scene.text = rx(r"⟨C\d+⟩(?:-| )wise\b").sub(guarded, scene.text)
        scene.text = re.sub(r"\( ⟨F\d+⟩(?: [-a-z]+)? ⟨F\d+⟩ \)", " ", scene.text)  # "range (max - min)"
        if not by and self.builder.labels and re.search(r"\b(?:in|for|per|of) each(?: one| group| class| label| band| category| bin)?\b(?! ⟨C)", scene.text):
            label = list(self.builder.labels)[-1]
            if "cases" in self.builder.labels[label]:
                by.append(label)
        if len(by) == 1 and self.unique(by[0]) and not re.search(r"\bfor (?:each|every)\b", self.asked) and {"mean", "median", "std"} & {scene.get(f) for f in scene.all("F")}:
            by.clear()  # "the average per month", where each row is a month
        sorts = [c.name for c in self.linker.table.columns if c.type == "VARCHAR" and 1 < c.distinct <= self.rows / 2]
        if not by and len(sorts) == 1 and self.label_column() is None and (m := re.search(r"\b(?:of|for|in|per) (?:each|every) ([a-z]+)\b(?! ⟨)", scene.text)) and m[1] in self.linker.nouns - self.linker.kinds and not any(sorts[0] in columns_of(scene.get(w)) for w in scene.all("W")):
            by.append(sorts[0])  # "each stock", in a table stocks that tells them apart by one column only
            scene.text = scene.text.replace(m.group(), " ⟨G0⟩ ")
        if by and by[-1] in self.builder.labels:
            scene.text = re.sub(r"⟨G0⟩ +(?:of|by)(?: the| their| its)? ⟨C\d+⟩", "⟨G0⟩", scene.text)
        if by:
            scene.text = re.sub(r"\b(?:in|for|of|within|per) (?:each|every)(?: of them)?(?: (?:group|category|class|one|case))?\b(?! ⟨C)|\bby group\b|\bseparately\b", " ", scene.text)
        return Parts(
            scene,
            [scene.get(m) for m in scene.all("F")],
            list(dict.fromkeys(scene.get(m) for m in scene.all("C"))),
            [scene.get(m) for m in scene.all("W")],
            list(dict.fromkeys(by)),
            [scene.get(m) for m in scene.all("S")],
            [scene.get(m) for m in scene.all("N")],
            [scene.get(m) for m in scene.all("L")],
            [scene.get(m) for m in scene.all("H")],
        )

    def groupable(self, name: str) -> bool:
        if name in self.linker.virtual or name in self.builder.labels:
            return True
        if name in self.builder.expressions:
            return False
        column = self.linker.columns[name]
        return column.type in ("VARCHAR", "BOOLEAN", "DATE", "TIMESTAMP") or (column.type == "BIGINT" and column.distinct <= 150 and (column.distinct <= max(12, self.rows / 2) or name in self.linker.years)) or (column.type == "DOUBLE" and (column.distinct <= 30 or name in self.linker.years))

    def leftover(self, text: str, *known: str) -> list[str]:
        """Words that nothing accounts for."""
        allowed = {w for k in known for w in k.split()}
        rest = []
        if (m := re.search(r"\b(?:by|per|for each|for every|in each|each|every)(?: the)? (state|name|case|type|group|level|kind|figure|period|record|value|call|rate|rank|class|price)s?\b(?! (?:of )?⟨)", text)) and m[1] not in allowed:
            rest.append(m[1])
        if (m := re.search(r"\b(?:per|by each|by every) ([a-z]+)\b", text)) and m[1] not in self.nouns and m[1] not in allowed and m[1] not in ("row", "record", "cent"):
            rest.append(m[1])
        if not self.loose:
            grouped = re.findall(r"\b(?:by|per|for each|for every|in each|in every|of each|across|broken down by)(?: the| different| single)* ([a-z]+)", text)
            rest += [w for w in grouped if w in words.ENTITIES and w not in self.nouns and stem(w) not in self.nouns and w not in allowed]
            counted = re.search(r"(?:⟨F\d+⟩|how many|number of|count of|count)(?: of)?(?: the| all)* ([a-z]+)\b", text)
            others = {stem(w) for w in re.findall(r"[a-z]+", text[counted.end() :])} & self.nouns if counted else set()
            if counted and others and counted[1] not in self.nouns and stem(counted[1]) not in self.nouns and (counted[1] in words.ENTITIES or counted[1] in words.ROW_NOUNS) and counted[1] not in measured.ANY_ROW:
                rest.append(counted[1])  # "how many passengers use the airports": rows are airports
            told = re.search(rf"(?:⟨F\d+⟩|how many)(?: of)?(?: the| all| these)*(?: ⟨[WV]\d+⟩)? [a-z]+(?: (?:in|from|of|with) ⟨[WV]\d+⟩| ⟨[WV]\d+⟩)?(?: who| that| which)?(?: (?:have|had|has|were|was|are|is|did|do))? ({words.HAPPENS})\b(?! (?:more|less|fewer|at|to|from|(?:in|on|by|through|as|under|with|after) ⟨|⟨[WNCS]))", text)
            if told and not {kin(told[1]), DEEDS.get(told[1], told[1])} & (self.linker.kin_of_names | self.linker.named | self.rows_kin):
                rest.append(told[1])  # "how many students dropped out": something happened to them that no column tells
            for m in re.finditer(r"\b(large|larger|big|bigger|small|smaller|huge|tiny|major|minor|important|main|key|good|bad|great|useful|relevant|busy|popular|full|former|senior|junior) ([a-z]+)\b", text):
                if {m[2], stem(m[2])} & self.nouns or m[2] in words.ENTITIES | words.ROW_NOUNS:
                    rest.append(m[1])  # "large parks": some of them, and no column tells which
            if re.search(r"\b(?:have|has|had|having|with|without|is|are|was|were) no\b", text):
                rest.append("no")  # "states that have no park"
            rest += [m for m in re.findall(r"\b(?:with|without|having|near|beside|next to)(?: an?| the| no| any| some)* ([a-z]+)\b", text) if m in words.ENTITIES and not self.may_count(m)]
            if (owned := re.search(r"⟨F\d+⟩ ([a-z]+) (?:does|do|did) (?:the )?⟨[VW]\d+⟩(?: [a-z]+)? (?:have|own|employ|has|had)\b", text)) and owned[1] not in self.nouns and stem(owned[1]) not in self.nouns and owned[1] not in measured.ANY_ROW:
                rest.append(owned[1])  # "how many employees does this one have": rows are not employees
            if re.search(r"\b(?:women|woman|girls|females?)\b", text) and re.search(r"\b(?:men|man|boys|males?)\b", text):
                rest.append("women and men")
            rest += [w for w in re.findall(r"\b(women|woman|ladies|girls?|females?|men|man|boys?|males?)\b", text) if not are_all(self, w)]  # a part of the rows that no column tells
        rest += [m for m in re.findall(r"⟨C\d+⟩ ([/*×÷]) ⟨C\d+⟩", text)]
        rest += ["a condition on a figure" for _ in re.findall(r"⟨[HT]\d+⟩", text)]
        rest += ["a quoted label" for _ in re.findall(r"⟨L\d+⟩", text)] if "L" not in allowed else []
        for word in re.findall(r"[^\W\d_][\w'-]*", re.sub(r"⟨[A-Z]\d+⟩", " ", text)):
            bare = re.sub(r"'s?$", "", word)
            if bare in words.FILLER or bare in words.UNITS or bare in allowed or bare in self.nouns or stem(bare) in self.nouns or bare in words.ROW_NOUNS or bare in words.ENTITIES or len(bare) < 2 or bare in words.CARDINALS:
                continue
            if measured_thing(self.linker, bare):
                continue
            if len(kin(bare)) >= 5 and (kin(bare) in self.rows_kin or bare.endswith("ed") and kin(bare) in self.linker.kin_of_names):
                continue  # "in the senate" of a table of senators; "appointed" beside a column "appointed on the advice of"
            rest.append(bare)
        return rest

    def may_count(self, noun: str) -> bool:
        """Whether the rows may be what is counted: "how many airlines" is not answered by the number of planes."""
        if (noun in words.UNITS or noun in NAMES) and noun not in self.nouns and noun not in words.TIME_NOUNS:
            return False  # so many miles or pounds are no rows
        if noun not in words.ENTITIES | words.ROW_NOUNS:
            return True
        called = {stem(noun), noun}
        if called & self.nouns or noun in measured.ANY_ROW or kin(noun) in self.rows_kin | self.linker.kin_of_names or {stem(w) for w in self.nouns} <= words.NAMELESS:
            return True
        sexed = any({"male", "female"} & set(parts) and self.linker.truth(name) for name, parts in self.linker.names.items())
        if noun in words.PEOPLE and (sexed or words.A_PERSON_HAS & self.linker.named) or self.linker.doer(noun) or stem(noun) in words.PLACES and {"latitude", "longitude"} & self.linker.named:
            return True
        return stem(noun) in words.OCCASIONS or any(called & kind and kind & ({stem(w) for w in self.nouns} | self.linker.named) for kind in words.KINDS)

    def account(self, text: str, *known: str) -> None:
        if self.strict and (rest := self.leftover(text, *known)):
            if len(rest) >= 3 and (sum(w in words.FOREIGN for w in rest) >= 2 or sum(not w.isascii() for w in rest) >= 2):
                raise Unclear(" ".join(rest), "The question does not look like English, which is the one language I read.", "Ask it in English, with the table's own names.")
            shown = ", ".join(f"“{w}”" for w in dict.fromkeys(rest))
            raise Unclear(" ".join(dict.fromkeys(rest)), f"The table says nothing that I can match with {shown}.", self.hint())

    def all_used(self, text: str, *used: str | None) -> None:
        """A number of the question that nothing made use of means that something was not understood."""
        for mark in re.findall(r"⟨N\d+⟩", text):
            value = self.linker_number(text, mark)
            if value is not None and 1500 <= value <= 2200 and (self.linker.dates or self.linker.years):
                low, high = time_range(self.linker)
                if not low.year <= value <= high.year:
                    raise Stop(text, f"The table covers {low.year} to {high.year}, not {value}.")
        if self.loose:
            return
        rest = re.sub(r"⟨N\d+⟩ (?:decimals?|digits?|dp|places|significant)|⟨N\d+⟩ ?(?:-|to) ?⟨N\d+⟩ ?$", " ", text)
        rest = re.sub(r"(?:all|the|these|those|both) (⟨N\d+⟩) (?=⟨[CWG]|[a-z]+)", lambda m: " " if self.linker_number(text, m[1]) in {2, self.rows, *(c.distinct for c in self.linker.table.columns), len(self.linker.columns)} else m.group(), rest)
        left = [m for m in re.findall(r"⟨N\d+⟩", rest) if m not in used]
        if left:
            raise Unclear(text, "A number in the question has no place in what I understood.", "Say it in two sentences, or name the column the number is about.")

    def linker_number(self, text: str, mark: str) -> int | None:
        value = self.scene.get(mark) if self.scene else None
        return value if isinstance(value, int) else None

    def hint(self) -> str:
        names = [c for c in self.linker.columns][:12]
        return f"Its columns are: {', '.join(names)}{', …' if len(self.linker.columns) > 12 else ''}."

    def label_column(self) -> str | None:
        """The column that names a row."""
        best = None
        for name, column in self.linker.columns.items():
            if column.type != "VARCHAR" or not self.rows:
                continue
            named = any(w in ("name", "title", "label", "id", "model") for w in self.linker.names[name])
            score = column.distinct / self.rows + (0.5 if named else 0)
            if column.distinct / self.rows > 0.7 and (best is None or score > best[0]):
                best = (score, name)
        return best[1] if best else None

    def unique(self, name: str) -> bool:
        column = self.linker.columns.get(name)
        return column is not None and column.distinct >= 0.98 * (self.rows - column.nulls) and self.rows > 0

    def nearly_unique(self, name: str) -> bool:
        """Whether a text is so seldom repeated that naming it means the rows: "the most terms"."""
        column = self.linker.columns.get(name)
        return column is not None and column.type == "VARCHAR" and column.distinct >= 0.85 * (self.rows - column.nulls)

    def answer(self, text: str) -> Answer:
        lowered = text.lower()
        if not self.builder.steps and not self.loose:
            self.linker.lead_with(lowered)
        scene = self.scene = self.read(plainly(text, self.linker))
        scene.text = settle(scene, self.linker)
        if self.linker.which_time and scene.all("YR"):
            raise Unclear(text, f"It is not said which time is meant: {' or '.join(self.linker.which_time)}.", "Name the column.")
        try:
            if found := open_question(self, scene):
                return found
        except Unclear:
            pass  # a narrower reading may still fit
        for pattern, why in words.BEYOND.items():
            if any(self.linker.find_column([m.group().strip()])[0] is None for m in re.finditer(pattern, lowered)):
                raise Unclear(text, why, "Ask what goes together with it, or for the figures themselves.")
        self.asked = scene.text
        scene.text = drop_chatter(scene.text)
        scene.text = self._range(scene)
        scene.text = row_identity(self, scene)
        first: Unclear | None = None
        told = not self.loose and re.search(r"^(?:so |and |ok |,|:| )*(?:is|are|was|were|do|does|did|has|have|had)\b(?! you)", scene.text) and not re.search(r"\b(?:how|what|which|who|when|where)\b|⟨F\d+⟩ ?(?:rows|of the rows)", scene.text)
        for reading in READINGS:
            if told and reading in FIGURES:
                break  # a yes or no that was not understood: no figure answers it
            try:
                if found := reading(self, scene):
                    return found
            except Stop:
                raise
            except Unclear as problem:
                first = first or problem
        if found := self._otherwise(scene):
            return found
        if first:
            raise first
        raise Unclear(text, "I could not tell which figure is wanted.", self.hint())

    def _otherwise(self, scene: Scene) -> Answer | None:
        """A word that is a measure or a value and a column's name too ("total", a candidate) is read the other way."""
        answers: list[Answer] = []
        for mark in dict.fromkeys(scene.all("CFV")) if not self.loose else []:
            said = re.sub(rf"'s?$| (?:{'|'.join(words.TRAILING)})$", "", scene.words.get(mark, ""))
            column = next((n for n in self.linker.columns if n.lower() == said.removeprefix("in ").removeprefix("the ")), None)
            if column is None and mark[1] == "F" and words.FUNCTIONS.get(said) == "count" and " " not in said and (near := self.linker.find_column([said])[0]) and self.linker.is_number(near):
                column = near  # "frequency" for freq
            other = ("F", words.FUNCTIONS[said]) if mark[1] == "C" and said in words.FUNCTIONS else ("C", column) if mark[1] in "FV" and column else None
            if other is None:
                continue
            again = scene.fork(scene.text.replace(mark, scene.mark(*other, said)))
            for reading in READINGS:
                try:
                    if found := reading(self, again):
                        answers.append(found)
                        break
                except Stop:
                    break
                except Unclear:
                    continue
        return answers[0] if len({a.ref for a in answers}) == 1 else None

    def _range(self, scene: Scene) -> str:
        """"its highest price minus its lowest price" is a range."""
        def both(m: re.Match[str]) -> str:
            ways = []
            for mark in (m["a"], m["d"]):
                got = scene.get(mark)
                ways.append(got if isinstance(got, str) else {"desc": "max", "asc": "min"}.get(got[2]))
            same = m["f"] is None or m["c"] is None or scene.get(m["c"]) == scene.get(m["f"])
            held = f" of {m['v']}" if m["v"] else ""
            return f"{scene.mark('F', 'range')} {m['c'] or m['f']}{held}" if ways == ["max", "min"] and same and (m["c"] or m["f"]) else m.group()

        return rx(r"(?:\b(?:difference|gap|distance) between(?: the| its)? )?(?P<a>⟨[SF]\d+⟩)(?: {C:c})? (?:minus|less|and)(?: the| its| their)? (?P<d>⟨[SF]\d+⟩)(?: (?P<v>⟨[VW]\d+⟩)(?= ⟨C))?(?: {C:f})?").sub(both, scene.text) if " minus " in scene.text or "difference" in scene.text or "apart" in scene.text or "gap" in scene.text else scene.text

    def additive(self, name: str) -> bool:
        """Whether a sum of it makes sense: not a year, a code or a part of a date."""
        if name in self.builder.expressions:
            return True
        column = self.linker.columns.get(name)
        return counts_things(self.linker, name) or column is not None and not (column.type == "BIGINT" and column.distinct <= 12 and isinstance(column.max, (int, float)) and column.max <= 20) and not {"year", "quarter", "month", "week", "weekday", "id", "code"} & set(stem(w) for w in self.linker.names[name]) and self.linker.names[name] not in (["day"], ["hour"], ["minute"])

    def is_key(self, columns: list[str]) -> bool:
        """Whether there can be no more than one row for each combination of these columns' values, going by how many there are."""
        product = 1
        for name in columns:
            product *= max(1, self.linker.columns[name].distinct if name in self.linker.columns else 1)
        return product >= self.rows > 0 and product <= 1.5 * self.rows

    def is_single(self, where: list[Condition]) -> bool:
        """Whether these conditions pick one row: they fix a column that names rows, or a year (and quarter, and month)."""
        timed: set[str] = set()
        for w in where:
            ends = [c for c in getattr(w, "all", []) if isinstance(c, Compare) and c.column in self.linker.dates and isinstance(c.value, str)]
            if len(ends) == 2 and self.unique(ends[0].column) and self.unit_days:
                days = (date.fromisoformat(str(ends[1].value)) - date.fromisoformat(str(ends[0].value))).days
                if 0 < days <= self.unit_days:
                    return True
            if len(ends) == 2 and self.unit_days:
                days = (date.fromisoformat(str(ends[1].value)) - date.fromisoformat(str(ends[0].value))).days
                timed |= {ends[0].column} if 0 < days <= self.unit_days else set()
        fixed = {c.column for w in where for c in (w.all if hasattr(w, "all") else [w]) if isinstance(c, Compare) and c.op == "=="}
        fixed |= timed
        if not fixed:
            return False
        if any(self.unique(c) for c in fixed):
            return True
        product = 1
        for name in fixed:
            product *= max(1, self.linker.columns[name].distinct if name in self.linker.columns else 1)
        return len(fixed) > 1 and product >= self.rows

    def figure(self, function: str, column: str | None, where: list[Condition]) -> str:
        """A reference to one number (or one value, for `lookup`)."""
        table = self.builder.where(self.table, *where)
        if function == "lookup":
            if not self.is_single(where):
                raise Unclear(str(column), f"Several rows fit, and it is not said which figure of “{column}” is wanted.", "Say for instance mean, median, total or highest.")
            function = "max" if column and self.linker.kind_of(column) == "number" else "first"
        if function == "much":
            function = "sum"
        if column is None and function != "count":
            raise Unclear(function, f"It is not said of which column the {function} is wanted.", self.hint())
        return self.builder.value(table, function, column)
