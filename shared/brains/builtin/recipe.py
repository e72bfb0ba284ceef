"""Questions in several sentences with named outputs: first what is done to the table, then each output by its own words.

A sentence may fill gaps, remove outliers, rescale, filter, label rows or define a new column; these become table steps in the
order they are told. An output's description is then read as a small question about the table before or after them.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from shared.analysis.plan import (
    Compare,
    Condition,
)  # fmt: skip
from shared.brains.builtin import guard, series
from shared.brains.builtin.asked import numbered
from shared.brains.builtin.build import Unclear
from shared.brains.builtin.conditions import mark_values
from shared.brains.builtin.fitting import fit_model
from shared.brains.builtin.logic import columns_of
from shared.brains.builtin.meanings import explained, one_year
from shared.brains.builtin.outputs import output
from shared.brains.builtin.question import Interpreter
from shared.brains.builtin.rephrase import without_coda
from shared.brains.builtin.scene import Scene
from shared.brains.builtin.scopes import scoped
from shared.brains.builtin.sentences import ORDERS, clauses, told_elsewhere
from shared.brains.builtin.spelling import key
from shared.brains.builtin.story import tell
from shared.brains.builtin.wording import labelled, plain, said

# What descriptions of outputs say about the telling, not about the table.
OUTPUT_WORDS = frozenset(
    "such afterwards remains remain remainder kept retained leftover cleaned filtered classed labelled labeled classified flagged marked removal removed remaining rounded written table absolute belonging two-sided decimals percent percentage original values value sample figure result class label labels group".split()
)  # fmt: skip


# An order about some rows, whoever they are.
_ROWS_ORDERED = re.compile(r"(?i)\W*(?:(?:then|first|next|now|also|finally|please),? )*(?:keep|drop|remove|exclude|discard|delete|restrict|filter|leave out)\b.*\b(?:whose|where|with|that|which|who)\b")


# "Use patients who died.": nothing else is said in the sentence, so some rows are meant for all that follows.
_ROWS_MEANT = re.compile(r"(?i)\W*(?:(?:then|first|next|now|also|please|here),? )*(?:use|consider|take|study|analy[sz]e|look at) (?:only |just )?(?:the |all |those )?(?:[a-z]+ )??(?:who|that|which|whose|where|with|without|aged|from)\b[^,;:]*\.?\W*$")


@dataclass
class Told:
    """What the sentences said."""

    before: str = "data"  # the table before the last step that took rows away or changed values
    after: str = "data"
    rest: str = ""  # the rows besides the first ones of an order
    outliers: str | None = None  # the step that counts them
    outlier_columns: list[str] = field(default_factory=list)
    imputed: str | None = None
    main: str | None = None
    test: str | None = None
    model: str | None = None
    done: dict[str, str] = field(default_factory=dict)  # output -> reference
    texts: dict[str, str] = field(default_factory=dict)
    changed: bool = False
    scaled: list[str] | None = None
    stepwise: bool = False  # a column made from the rows before is what is talked about
    pair: tuple[str, str] | None = None  # the two columns set side by side
    pair_values: tuple[str, str] = ("", "")
    blocked: str = ""  # an order that could not be carried out
    scope: list[Condition] = field(default_factory=list)  # said of the whole task in passing


class Recipe:
    def __init__(self, brain: Interpreter, text: str, outputs: dict[str, str]) -> None:
        text = plain(text) if outputs else text
        self.brain, self.text, self.outputs = brain, text, {name: numbered(text, labelled(said(description), text)) for name, description in outputs.items()}
        self.linker, self.builder = brain.linker, brain.builder
        text = self.text = self.timed(text) if outputs else text
        self.told = Told(before=brain.table, after=brain.table)
        self.lower = text.lower()
        self.growth = False
        if outputs:
            brain.nouns |= OUTPUT_WORDS
        self.outlier_fields: dict[str, Any] = {}
        self.made: list[str] = []  # labels given to rows
        self.offered: set[tuple[str, ...]] = set()  # words that may stand for a condition, and need not be met
        self.emptied: set[str] = set()  # columns of which some values were declared missing
        self.mentioned: list[Condition] = []
        # Words of the question are accepted in the descriptions of its outputs
        if outputs:
            brain.loose = True

    def timed(self, text: str) -> str:
        """`those from 1984 onward` are years where the table's years go that far."""
        column = self.linker.columns.get(next(iter(self.linker.years), ""))
        if column is None or not isinstance(column.min, (int, float)) or not isinstance(column.max, (int, float)):
            return text
        low, high = column.min, column.max
        bound = r"up to and including|up to|until|from|after|before|since|starting (?:in|with)|prior to"
        said = rf"(?i)\b(?:those|the ones|the (?:rows|quarters|months|part|half)) (?P<b>{bound}) (?P<y>\d{{4}})\b(?! [a-z]*(?:lbs|kg|dollars|pounds|miles|units))"
        return re.sub(said, lambda m: f"the years {m['b']} {m['y']}" if low <= int(m["y"]) <= high else m.group(), text)

    def run(self) -> dict[str, str]:
        """Builds everything; output name -> reference. Outputs it cannot build are missing; `problems` says why."""
        if re.search(r"population (?:standard deviation|std|variance)|ddof ?= ?0|divid(?:e|ing) by n\b(?! ?- ?1)", self.lower):
            self.builder.ddof = 0
        if re.search(r"\bbiased|population skew", self.lower) and not re.search(r"unbiased|bias-corrected|not biased", self.lower):
            self.builder.bias = True
        self.main_column()
        if self.outputs:
            self._whole_scope()
            self._whole_span()
            explained(self)
            one_year(self)
            self.text = scoped(self, self.text)
            self.lower = self.text.lower()
            for clause in clauses(self.text):
                series.row_number(self, clause.lower())
            series.logs(self)
        did = ""
        for clause in clauses(self.text):
            known = self.told.outliers
            if tell(self, clause) or self.told.outliers != known:
                did = clause
                if self.outputs:  # what was carried out need not be said again, but may be
                    self.brain.nouns |= frozenset(re.findall(r"[a-z]+", clause.lower()))
            else:
                scene = self.brain.read(clause)
                self.mentioned = [scene.get(m) for m in scene.all("W")]
                if _ROWS_MEANT.match(clause) and not scene.all("F") and not told_elsewhere(clause) and not did.startswith(clause):
                    self.told.blocked = clause
                if ORDERS.search(clause) and (scene.all("CVWYR") or _ROWS_ORDERED.match(clause)) and not told_elsewhere(clause) and not did.startswith(clause) and not (self.told.stepwise and re.search(r"(?i)\bno (?:previous|preceding|earlier|growth|change|return)\b|\bfirst\b", clause)):
                    self.told.blocked = clause
        if self.told.model:
            fit_model(self)
        if self.outputs:  # a label stands for its rows, never for nothing
            quoted = re.findall(r"(?<!\w)'([^'\"]{1,60}?)'(?!\w)|\"([^\"]{1,60})\"", self.text)
            self.brain.nouns -= frozenset(w for a, b in quoted for w in re.findall(r"[a-z]+", (a or b).lower()) if (a or b) not in self.linker.columns)
        self.problems: dict[str, str] = {}
        waiting = list(self.outputs)
        for _ in range(3):  # an output may rest on another
            for name in list(waiting):
                try:
                    ref = output(self, name, self.outputs[name])
                except Unclear as problem:
                    self.problems[name] = problem.why
                    continue
                if ref and (lost := guard.unfounded_output(self, name, ref)):
                    self.problems[name] = f"I found no use for “{lost}” in its description."
                elif ref:
                    self.told.done[name] = ref
                    self.problems.pop(name, None)
                    waiting.remove(name)
        for form in self.offered:  # words that were offered, not explained by the task, need no use
            self.linker.codes.pop(form, None)
        for name in waiting:
            self.problems.setdefault(name, "I could not tell how to compute it from its description.")
        if self.outputs and self.told.done and (lost := guard.unfounded(self)):
            self.problems |= {name: f"I found no use for “{lost}”, which the task states, so I may have misread it." for name in self.told.done}
            self.told.done.clear()
        return self.told.done

    def question(self) -> str:
        """Carries out what the clauses do; the clauses left over are the question."""
        parts = clauses(without_coda(self.text))
        rest = []
        for clause in parts:
            if "?" not in clause and len(parts) > 1 and tell(self, clause):
                continue
            rest.append(clause)
        return " ".join(rest) if rest else self.text

    def _whole_scope(self) -> None:
        """A task that speaks of one stock (city, variety, …) alone, and whose outputs name no other, is about its rows only."""
        def named(text: str) -> dict[str, list[Any]]:
            scene = self.brain.read(text)
            mark_values(scene, self.linker)
            found: dict[str, list[Any]] = {}
            for condition in (scene.get(m) for m in scene.all("W")):
                for c in columns_of(condition):
                    if self.linker.kind_of(c) == "text" and c in self.linker.columns:
                        found.setdefault(c, []).append(condition)
            return found

        inside = {c for n, d in self.outputs.items() for c in named(d or n)}
        for column, conditions in named(re.sub(r"(?<!\w)'[^']*'(?!\w)|\"[^\"]*\"", " ", self.text)).items():
            different = [c for i, c in enumerate(conditions) if c not in conditions[:i]]
            value = str(getattr(different[0], "value", "")) if len(different) == 1 else ""
            if value.istitle() and value.isalpha() and value not in self.text and self.linker.columns[column].distinct > 10:
                continue  # "mark a row as …" is no Mark
            if column in inside or len(different) != 1 or not isinstance(different[0], Compare) or different[0].op != "==" or re.search(r"\b(?:share|percentage of|proportion|fraction|others?|the rest|non-|not |than|dummy|indicator|whether (?:it|they)|= ?1|drop\w*|exclud\w*|remov\w*|leav\w+ out|discard\w*|without|except|ignor\w*|throw\w*|delet\w*|omit\w*)\b", self.lower):
                continue
            self.told.scope.append(different[0])
            self.told.before = self.told.after = self.brain.table = self.builder.where(self.told.after, different[0])

    def _whole_span(self) -> None:
        """`For the years 1970 to 1989, how are a and b related?`, where no other year is spoken of."""
        m = re.search(r"(?:^|[.?!:] )(?:For|In|Over|During|Within|Between|Considering(?: only)?|Using(?: only)?|Looking (?:only )?at) (?:only |just )?(?:the )?(?:years?|period|span|time)?(?: from| of| between)? ?(?P<a>\d{4}) (?:to|through|and|until) (?P<b>\d{4})(?: \((?:both )?inclusive\)| inclusive)?,", self.text)
        said = set(re.findall(r"(?<![\d.])(?:1[5-9]|20)\d\d(?!\d)", " ".join([self.text, *self.outputs.values()])))
        if m and self.linker.years and said == {m["a"], m["b"]} and not any(re.search(r"\d{4}", d) for d in self.outputs.values()):
            tell(self, f"keep only the years {m['a']} to {m['b']}")

    def offer(self, said: list[str], condition: Condition) -> None:
        """Words that stand for a condition where an output uses them, unless they mean something already."""
        if (form := key(said)) not in self.linker.codes:
            self.linker.codes[form] = condition
            self.offered.add(form)

    def main_column(self, without: str = "") -> None:
        """The number most talked about."""
        votes: dict[str, float] = {}
        for weight, text in [(1.0, self.text), *((0.6, d or n) for n, d in self.outputs.items())]:
            scene = self.brain.read(text)
            compared = {c for m in scene.all("W") for c in columns_of(scene.get(m))}
            for place, mark in enumerate(scene.all("C")):
                name = scene.get(mark)
                if name != without and self.linker.is_number(name) and name not in self.linker.virtual and not {"year", "quarter", "month", "week"} & set(key(self.linker.names.get(name, []))):
                    votes[name] = votes.get(name, 0) + weight - 0.001 * place
            for name in compared - {without}:
                if self.linker.kind_of(name) == "number" and name in self.linker.columns:
                    votes[name] = votes.get(name, 0) + 0.5 * weight
        if votes:
            self.told.main = max(votes, key=lambda n: votes[n])
            self.brain.default = self.told.main

    def columns(self, scene: Scene, numeric: bool = True) -> list[str]:
        return list(dict.fromkeys(scene.get(m) for m in scene.all("C") if not numeric or self.linker.is_number(scene.get(m))))
