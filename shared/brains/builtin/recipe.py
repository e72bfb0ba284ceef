"""Questions in several sentences with named outputs: first what is done to the table, then each output by its own words.

A sentence may fill gaps, remove outliers, rescale, filter, label rows or define a new column; these become table steps in the
order they are told. An output's description is then read as a small question about the table before or after them.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from shared.analysis.expression import quote
from shared.analysis.plan import (
    All,
    Case,
    Compare,
    Condition,
    Correlate,
    DropMissing,
    FitModel,
    Impute,
    Outliers,
    Predicate,
    RefValue,
    Rule,
    Scale,
    Split,
)  # fmt: skip
from shared.brains.builtin import series, statistics, words
from shared.brains.builtin.arithmetic import row_expression
from shared.brains.builtin.build import Unclear, pointer
from shared.brains.builtin.conditions import columns_of, conjunction, mark_values
from shared.brains.builtin.link import Scene, key, root, rx
from shared.brains.builtin.question import Interpreter

_NUMBER = r"(\d+(?:\.\d+)?)"


@dataclass
class Told:
    """What the sentences said."""

    before: str = "data"  # the table before the last step that took rows away or changed values
    after: str = "data"
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


def sentences(text: str) -> list[str]:
    """Sentences; a full stop in `i.e.`, `vs.`, `No. 457` or a number does not end one."""
    guarded = re.sub(r"\b(i\.e|e\.g|vs|etc|approx|no|No|nr|St|resp)\.", lambda m: m.group().replace(".", "\u2024"), text)
    return [s.replace("\u2024", ".").strip() for s in re.split(r"(?<=[.!?;])\s+(?=\S)", guarded) if s.strip()]


def clauses(text: str) -> list[str]:
    """Sentences, and within them what comes before and after "then": `Rescale x, then tell me …`, `After removing …, what is …`."""
    found: list[str] = []
    for sentence in sentences(text):
        for piece in re.split(r"(?:,|;)? (?:and )?then,? (?=[a-z])|[,;] (?:and )?(?:afterwards|after that)[, ]", sentence):
            if m := re.match(r"(?i)^(?:after|once|when|having|first|by) ((?:[\w-]+ )?(?:\w+ing)\b[^,]*?), (?=(?:what|how|which|calculate|compute|give|find|report|tell|is|the|show|where|who)\b)", piece):
                found += [m[1], piece[m.end() :]]
            elif len(re.findall(r"(?<!\w)'[^']+'", piece)) >= 2 and (m := re.match(r"(?s)^(?P<ask>[^:']*?): ?(?P<rule>.*'.*)$", piece)) and re.search(r"count|how many|average|mean|median|number|share|total", m["ask"].lower()):
                found += [f"{m['ask']}: {m['rule']}", m["ask"]]
            else:
                found.append(piece)
    return [f.strip() for f in found if f.strip()]


class Recipe:
    def __init__(self, brain: Interpreter, text: str, outputs: dict[str, str]) -> None:
        self.brain, self.text, self.outputs = brain, text, outputs
        self.linker, self.builder = brain.linker, brain.builder
        self.told = Told(before=brain.table, after=brain.table)
        self.lower = text.lower()
        self.growth = False
        if outputs:
            brain.nouns |= OUTPUT_WORDS
        self.made: list[str] = []  # labels given to rows
        self.mentioned: list[Condition] = []
        # Words of the question are accepted in the descriptions of its outputs
        if outputs:
            brain.loose = True

    # --- the story ---------------------------------------------------------------------------------------------

    def run(self) -> dict[str, str]:
        """Builds everything; output name -> reference. Outputs it cannot build are missing; `problems` says why."""
        if re.search(r"population (?:standard deviation|std|variance)|ddof ?= ?0|divid(?:e|ing) by n\b(?! ?- ?1)", self.lower):
            self.builder.ddof = 0
        if re.search(r"\bbiased|population skew", self.lower) and not re.search(r"unbiased|bias-corrected|not biased", self.lower):
            self.builder.bias = True
        self._main_column()
        if self.outputs:
            self._whole_scope()
            for clause in clauses(self.text):
                series.row_number(self, clause.lower())
        did = ""
        for clause in clauses(self.text):
            if self._tell(clause):
                did = clause
                if self.outputs:  # what was carried out need not be said again, but may be
                    self.brain.nouns |= frozenset(re.findall(r"[a-z]+", clause.lower()))
            else:
                scene = self.brain.read(clause)
                self.mentioned = [scene.get(m) for m in scene.all("W")]
                if ORDERS.search(clause) and scene.all("CVWYR") and not told_elsewhere(clause) and not did.startswith(clause):
                    self.told.blocked = clause
        if self.outputs:  # a label stands for its rows, never for nothing
            quoted = re.findall(r"(?<!\w)'([^'\"]{1,60}?)'(?!\w)|\"([^\"]{1,60})\"", self.text)
            self.brain.nouns -= frozenset(w for a, b in quoted for w in re.findall(r"[a-z]+", (a or b).lower()) if (a or b) not in self.linker.columns)
        self.problems: dict[str, str] = {}
        waiting = list(self.outputs)
        for _ in range(3):  # an output may rest on another
            for name in list(waiting):
                try:
                    ref = self._output(name, self.outputs[name])
                except Unclear as problem:
                    self.problems[name] = problem.why
                    continue
                if ref:
                    self.told.done[name] = ref
                    self.problems.pop(name, None)
                    waiting.remove(name)
        for name in waiting:
            self.problems.setdefault(name, "I could not tell how to compute it from its description.")
        return self.told.done

    def question(self) -> str:
        """Carries out what the clauses do; the clauses left over are the question."""
        parts = clauses(self.text)
        rest = []
        for clause in parts:
            if "?" not in clause and len(parts) > 1 and self._tell(clause):
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
            if column in inside or len(different) != 1 or not isinstance(different[0], Compare) or different[0].op != "==" or re.search(r"\b(?:share|percentage of|proportion|fraction|others?|the rest|non-|not |than|dummy|indicator|whether (?:it|they)|= ?1|drop|exclud|remov|without|except|ignor)\b", self.lower):
                continue
            self.told.scope.append(different[0])
            self.told.before = self.told.after = self.brain.table = self.builder.where(self.told.after, different[0])

    def _main_column(self) -> None:
        """The number most talked about."""
        votes: dict[str, float] = {}
        for weight, text in [(1.0, self.text), *((0.6, d or n) for n, d in self.outputs.items())]:
            scene = self.brain.read(text)
            compared = {c for m in scene.all("W") for c in columns_of(scene.get(m))}
            for place, mark in enumerate(scene.all("C")):
                name = scene.get(mark)
                if self.linker.is_number(name) and name not in self.linker.virtual and not {"year", "quarter", "month", "week"} & set(key(self.linker.names.get(name, []))):
                    votes[name] = votes.get(name, 0) + weight - 0.001 * place
            for name in compared:
                if self.linker.kind_of(name) == "number" and name in self.linker.columns:
                    votes[name] = votes.get(name, 0) + 0.5 * weight
        if votes:
            self.told.main = max(votes, key=lambda n: votes[n])
            self.brain.default = self.told.main

    def _columns(self, scene: Scene, numeric: bool = True) -> list[str]:
        return list(dict.fromkeys(scene.get(m) for m in scene.all("C") if not numeric or self.linker.is_number(scene.get(m))))

    def _tell(self, sentence: str) -> bool:
        """Carries out what a sentence does to the table; False when it does nothing."""
        lower = sentence.lower()
        told, builder = self.told, self.builder
        self.builder.words = sentence
        if self.outputs:
            if re.search(r"regress|straight line|\bline of\b|\btest\b", lower) and not told.stepwise:
                series.row_mean(self, self.brain.read(sentence), lower)
        if re.search(r"\b(?:model|regression|classifier|predict|train|fit)\b", lower) and re.search(r"regress|classif|predict|least squares|\bknn\b|forest|decision tree|\bline\b", lower) or told.model == "building":
            self._model()
            return True
        scene = self.brain.read(sentence)
        if self.outputs and (series.one_row_each(self, scene, lower) or series.pairs(self, scene, lower)):
            return True
        if self._codes(sentence) or self._labels(sentence) or self._new_column(sentence):
            return True
        scene = self.brain.read(sentence)
        if not told.imputed and re.search(r"\bfill|\bimput|\breplac\w* (?:the |all |every )?(?:missing|null)", lower):
            return self._impute(scene, lower)
        if re.search(r"outlier|\|z\||iqr rule|interquartile range rule|z-?scores? (?:method|above|greater|below)|extreme values", lower) and not re.search(r"standardi[sz]e|convert|transform", lower):
            self._outliers(scene, lower)
        if told.outliers and re.search(r"\b(?:remov\w*|drop\w*|discard\w*|exclud\w*|filter\w*|delet\w*|leav\w* out|without)\b", lower) and re.search(r"outlier|them|those|these|flagged|extreme|\bit\b", lower):
            self._remove_outliers()
            return True
        if re.search(r"min-?max|normalis|normaliz|rescal|\bscal(?:e|es|ed|ing)\b|standardi[sz]e|standardi[sz]ing|into z-?scores|z-?transform|convert\\w* .*z-?scores", lower) and not told.outliers and not (told.scaled and not re.search(r"\b(?:re)?scale\b|standardi[sz]e\b|normali[sz]e\b|convert|transform|\bturn", lower)) and not re.search(r"no scaling|without scaling|not scaled", lower):
            columns = self._columns(scene) or ([told.main] if told.main else [])
            if columns and (told.scaled != columns):
                method = "zscore" if re.search(r"standardi|z-?score|z-?transform", lower) and not re.search(r"min-?max|0 (?:to|and|-) 1|0-1", lower) else "minmax"
                told.before = told.after
                told.after = builder.add(Scale, builder.base(told.after, *columns), columns=columns, method=method, ddof=0 if re.search(r"population|ddof ?= ?0", lower) else 1)
                told.changed, told.scaled = True, columns
                self.brain.nouns |= frozenset("scaled rescaled normalised normalized standardised standardized scale scaling range".split())
                if len(columns) == 1:
                    for alias in ("z score", "zscore", "z-score", "z", "scaled value", "normalised value", "normalized value", "standardised value", "standardized value"):
                        self.linker.exact[key(re.findall(r"\w+", alias))] = columns
                told.main = columns[0]
                self.brain.default = columns[0]
                self.brain.table = told.after
                if self.outputs:
                    series.row_mean(self, self.brain.read(sentence), lower)
                return True
        if re.search(r"^\W*(?:(?:then|first|next|now|also|finally|please|and),? )*(?:drop|remove|exclude|leave out|leave (?:them|those|these|it) out|ignore|discard|skip|delete|dropping|removing|excluding|leaving out|ignoring)\b", lower):
            return self._drop(scene, lower)
        if re.search(r"^\W*(?:(?:then|first|next|now|also|finally|please|and) ?,? )*(?:keep|restrict|consider only|only consider|use only|only use|look (?:only|just)|limit|select only|focus|concentrate|take only|filter|select|work (?:only |just )?(?:on|with)|use just)\b", lower):
            mark_values(scene, self.linker)
            conditions = [scene.get(m) for m in scene.all("W")]
            if conditions:
                told.before = told.after = builder.where(told.after, *_same_column_union(conditions))
                self.brain.table = told.after
                self._new_column(sentence)
                return True
        return False

    def _drop(self, scene: Scene, lower: str) -> bool:
        told = self.told
        if re.search(r"(?:missing|not recorded|unknown|null|empty|nan|without an? |no (?:age|value)|incomplete|is not given|not known)", lower):
            columns = [c for m in scene.all("W") for c in columns_of(scene.get(m))] or self._columns(scene, numeric=False)
            columns = [c for c in dict.fromkeys(columns) if c in self.linker.columns]
            if not columns and told.main:
                columns = [told.main]
            if columns:
                told.before = told.after = self.builder.add(DropMissing, told.after, columns=columns)
                self.brain.table = told.after
            return bool(columns)
        mark_values(scene, self.linker)
        conditions = [scene.get(m) for m in scene.all("W")]
        if not conditions and re.search(r"\b(?:those|them|these|such)\b", lower):
            conditions = self.mentioned  # "Some days have no wind; leave those out"
        if conditions and not re.search(r"outlier", lower):
            from shared.brains.builtin.conditions import _negate

            told.before = told.after
            negated = [c if isinstance(c, Compare) and c.op in ("!=", "not in") else _negate(c) for c in conditions]
            told.after = self.builder.where(told.after, *negated)
            told.changed = True
            self.brain.table = told.after
            return True
        return False

    def _impute(self, scene: Scene, lower: str) -> bool:
        method = next((m for m in ("median", "mode", "mean", "average") if m in lower), None)
        columns = self._columns(scene, numeric=False) or [c for m in scene.all("W") for c in columns_of(scene.get(m))] or ([self.told.main] if self.told.main else [])
        columns = [c for c in dict.fromkeys(columns) if c in self.linker.columns and self.linker.columns[c].nulls > 0] or columns[:1]
        if not columns:
            return False
        number = re.search(rf"with (?:the value |a |zero|)?{_NUMBER}", lower)
        fields: dict[str, Any] = {"method": {"average": "mean"}.get(method, method)} if method else {"method": "constant", "value": float(number[1]) if number else 0}
        told = self.told
        told.before = told.after
        told.imputed = self.builder.add(Impute, told.after, columns=columns, **fields)
        told.after = told.imputed
        told.main = columns[0]
        self.brain.default = columns[0]
        self.brain.table = told.after
        told.changed = True
        return True

    def _outliers(self, scene: Scene, lower: str) -> None:
        told = self.told
        if told.outliers:
            return
        columns = [c for c in self._columns(scene) if c not in self.linker.virtual] or [c for m in scene.all("W") for c in columns_of(scene.get(m)) if self.linker.is_number(c)] or ([told.main] if told.main else [])
        columns = list(dict.fromkeys(columns))
        if told.main in columns and len(columns) > 1 and not re.search(r"any of|each of|both", lower):
            columns = [told.main]  # type: ignore[list-item]
        if not columns:
            return
        whole = self.lower
        method = "zscore" if re.search(r"z-?score|z >|\|z\||standard deviations (?:from|away|above|below)|\bz\b", whole) and "iqr" not in whole and "interquartile" not in whole else "iqr"
        if method == "zscore":
            m = re.search(rf"\|? ?z(?:-?scores?)? ?\|? ?(?:is |are )?(?:>=|>|above|over|greater than|exceed\w*|larger than|more than|bigger than)(?: an absolute value of)? ?{_NUMBER}", whole) or re.search(rf"(?:threshold|cut-?off)(?: of| is| =|:)? ?{_NUMBER}", whole) or re.search(rf"(?:more|farther|further|greater) than {_NUMBER} (?:sample )?(?:standard deviations|sd|std)", whole) or re.search(rf"{_NUMBER} (?:sample )?standard deviations", whole)
            m = m or re.search(rf"(?:absolute value|absolute z-score|z-score)[^.]{{0,40}}?(?:above|greater than|over|exceeds|larger than|>) ?{_NUMBER}", whole)
            word = re.search(r"(?:more than|beyond|over) (two|three) (?:sample )?standard deviations", whole)
            k = float(m[1]) if m else float(words.CARDINALS[word[1]]) if word else 3.0
        else:
            m = re.search(rf"{_NUMBER} ?(?:\*|x|times|×)? ?(?:the )?(?:iqr|interquartile)", whole)
            k = float(m[1]) if m else 1.5
        ddof = 0 if method == "zscore" and (re.search(r"population|ddof ?= ?0", whole) and not re.search(r"sample standard|ddof ?= ?1|n ?- ?1", whole)) else 1
        told.outlier_columns = columns
        told.before = told.after = self.builder.base(told.after, *columns)
        self._outlier_fields = {"columns": columns, "method": method, "k": k, "ddof": ddof}
        told.outliers = self.builder.add(Outliers, told.after, action="count", **self._outlier_fields)
        if told.main is None or told.main not in columns:
            told.main = columns[0]
            self.brain.default = columns[0]

    def _remove_outliers(self) -> None:
        told = self.told
        if not told.changed or told.after == told.before:
            told.before = told.after
        told.after = self.builder.add(Outliers, told.before, action="remove", **self._outlier_fields)
        told.changed = True
        self.brain.table = told.after

    def _codes(self, sentence: str) -> bool:
        """`Air is mode 1.`, `A choice of 1 marks the option taken`: words that stand for a condition from here on."""
        scene = self.brain.read(sentence)
        verb = r"(?:is|are|=|means|mean|stands for|stand for|marks|denotes|is coded as|coded as|indicates|refers to)"
        text = re.sub(r"^(?:note that|where|here|and|so) ", "", scene.text.strip(" .;!"))
        m = re.fullmatch(rf"(?:the |an? )?(?P<w>[a-z][a-z -]{{1,40}}?) {verb} (?:the |an? )?(?P<c>⟨W\d+⟩)", text) or re.fullmatch(rf"(?:the |an? )?(?P<c>⟨W\d+⟩) {verb} (?:the |an? )?(?P<w>[a-z][a-z -]{{1,60}}?)", text)
        if not m or "?" in sentence:
            return False
        meant = [w for w in m["w"].split() if w not in words.FILLER or len(m["w"].split()) == 1]
        if meant:
            self.linker.codes[key(meant)] = scene.get(m["c"])
            for word in meant:
                if word not in words.ENTITIES and word not in words.ROW_NOUNS:
                    self.linker.codes[key([word])] = scene.get(m["c"])
        return True

    # --- new columns --------------------------------------------------------------------------------------------------

    def _labels(self, sentence: str) -> bool:
        """`'light' if it weighs less than 2500, 'medium' from 2500 to 3500, 'heavy' above`: a column of labels."""
        lower = sentence.lower()
        if re.search(r"p-?value|\bp (?:is|<|below)|hypothesis|significan|skewness is|correlation is|coefficient|answer|report '|conclu|otherwise answer", lower) and not re.search(r"label each|create|put each|class by|yes/no", lower):
            return False
        scene = self.brain.read(sentence)
        if self.outputs and len(self.linker.link(sentence).all("L")) >= 2 and (told_first := self._formula_first(sentence)):
            sentence = told_first
            scene = self.brain.read(sentence)
        if m := re.search(r"(?:yes/no|binary|indicator|0/1|1/0|dummy|target is|flag (?:variable|column|called|named))\b", lower):
            conditions = [scene.get(w) for w in scene.all("W")]
            if conditions and len(scene.all("L")) == 0:
                del m
                name = statistics.label_of(self.brain, conditions[0], f"any {columns_of(conditions[0])[0]}")
                return True
        labels = scene.all("L")
        if len(labels) < 2:
            return False
        column = self._label_column(scene)
        if column is None:
            return False
        named = [c for c in self.linker.link(sentence).all("C")]
        if self.outputs and not named and column not in self.builder.expressions and column not in self.builder.labels:
            self.told.blocked = sentence
            return True
        scene = self.brain.read(sentence, default=column)
        labels = scene.all("L")
        pieces = self._label_pieces(scene.text, labels)
        cases: list[Case] = []
        otherwise: str | None = None
        for mark, piece in pieces:
            label = str(scene.get(mark))
            condition = self._interval(scene.fork(piece), column)
            if condition is None:
                if re.search(r"otherwise|rest|else|other|remaining", piece) and otherwise is None:
                    otherwise = label
                    continue
                return False
            cases.append(Case(when=condition, then=label))
        if len(cases) + (otherwise is not None) < 2:
            return False
        m = re.search(r"(?:called|named|new (?:column|variable|feature|label)) ([a-z_]\w+)", lower)
        name = m[1] if m and m[1] not in ("for", "from", "as", "of", "that") and m[1] not in self.linker.columns else f"{column} class"
        self.builder.labels[name] = {"cases": cases, "otherwise": otherwise}
        self.linker.derived[name] = "text"
        for mark in labels:
            label = str(scene.get(mark))
            self.linker.values.setdefault(key(re.findall(r"\w+", label.lower())), []).insert(0, (name, label))
            self.linker.made.add(key(re.findall(r"\w+", label.lower())))
            self.made.append(label)
        for alias in (name, "class", "label", "group", "band", "category", "bin", "size class", "size", "bracket"):
            self.linker.exact.setdefault(key(re.findall(r"\w+", alias.lower())), [name])
        self.label = name
        return True

    def _formula_first(self, sentence: str) -> str | None:
        """`'calm' if (high - low) / open is less than 5%`: the formula becomes a column, and the sentence speaks of it."""
        if not (m := re.search(r"\(?[\w ]+ [-+*/] [\w ]+\)?(?: [-+*/] \(?\w+(?: [-+*/] \w+)?\)?)*(?= (?:is|was|are|exceeds|<|>|at|below|above)\b)", sentence)):
            return None
        piece = re.sub(r"^(?:if|when|where|the|its|a|by|whose|with)\b ?", "", m.group().strip())
        made = row_expression(self.brain, self.linker.link(piece))
        if made is None or re.search(r"[a-z]{3,}", re.sub(r"⟨[A-Z]\d+⟩", "", made[1].text)):
            return None
        name = made[0]
        series.name_it(self, name, "derived figure")
        if "100" not in self.builder.expressions.get(name, ""):
            sentence = re.sub(r"(\d+(?:\.\d+)?) ?(?:%|percent\b)", lambda k: f"{float(k[1]) / 100:.10g}", sentence)
        return sentence.replace(piece, "the derived figure", 1)

    def _label_column(self, scene: Scene) -> str | None:
        for mark in scene.all("W"):
            for column in columns_of(scene.get(mark)):
                if self.linker.is_number(column):
                    return column
        numbers = [scene.get(m) for m in scene.all("C") if self.linker.is_number(scene.get(m))]
        return numbers[0] if numbers else self.told.main

    def _label_pieces(self, text: str, labels: list[str]) -> list[tuple[str, str]]:
        """Each label with the words that are about it: before it ("under 25 is 'young'") or after it ("'light' if under 2500")."""
        spots = [(text.find(m), m) for m in labels]
        first = text[: spots[0][0]]
        condition_first = bool(re.search(r"(?:⟨W\d+⟩|(?:under|below|less than|over|above|⟨N\d+⟩)[^⟨]*)(?: \)| \( [^)]*\))?(?: (?:is|are|be|as|called|labelled|means|gets|get|=|:|->|count|counts|gives|in|we|call|them|it|should|,))* ?$", first)) and bool(re.search(r"⟨[WN]\d+⟩", first))
        pieces = []
        for i, (spot, mark) in enumerate(spots):
            if condition_first:
                start = spots[i - 1][0] + len(spots[i - 1][1]) if i else 0
                pieces.append((mark, text[start:spot]))
            else:
                end = spots[i + 1][0] if i + 1 < len(spots) else len(text)
                pieces.append((mark, text[spot + len(mark) : end]))
        return pieces

    def _interval(self, scene: Scene, column: str) -> Condition | None:
        """The condition on `column` that a piece states."""
        text = scene.text
        found = [scene.get(m) for m in scene.all("W") if column in columns_of(scene.get(m))]
        bare = rx(r"{N:a} (?:up )?(?:to|-|and|through) (?:and including |but not including |under |below |less than |at most )?{N:b}").search(text)
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

    def _new_column(self, sentence: str) -> bool:
        lower = sentence.lower()
        scene = self.brain.read(sentence)
        if series.stepwise(self, scene, lower) or self.outputs and (series.moving(self, scene, lower) or series.row_mean(self, scene, lower)):
            return True
        if m := rx(r"days? (?:from|between|since) {Y:y} (?:to|and|until)|days?.{0,20} (?:since|after) {Y:z}").search(scene.text):
            if self.linker.dates:
                condition = scene.get(m["y"] or m["z"])[0]
                first = condition if isinstance(condition, Compare) else condition.all[0]
                day = str(first.value)
                name = "days"
                self.builder.expressions[name] = f'days_between("{day}", {quote(self.linker.dates[0])})'
                return False
        dropped = {c.column for c in self.told.scope if isinstance(c, Compare)}
        scene.text = re.sub(r"⟨V\d+⟩ ?", lambda m: "" if {c for c, _ in scene.get(m.group().strip())} & dropped else m.group(), scene.text)
        scene.text = re.sub(r"(?<=of )(?:every|each|all)(?: the)? (?=⟨C)", "", scene.text)
        made = row_expression(self.brain, scene)
        if made is None:
            return False
        if not re.search(r"=|create|subtract|new|comput|calculat|deriv|take|apply|defin|add|divid|call|transform|build|construct|make|for (?:each|every)", lower):
            return False
        any_made = False
        while made is not None:
            name, rest = made
            any_made = True
            named = re.search(r"(?:called|named|variable|column|feature) ([a-z_]\w*_\w+)", lower) or re.search(r"\b([a-z]+_[a-z_]+)\b(?=[^.]{0,20}(?:equal|=|as|defined))", lower)
            aliases = [name]
            phrase = re.search(r"(?:define|call|compute|calculate|create|derive)(?: the| a| an)? ([a-z][a-z -]{2,30}?) (?:as|by|=|:|to be|equal)", lower) or re.match(r"(?:the )?([a-z][a-z -]{2,30}?) (?:=|is defined as|is)", lower)
            if phrase and key(phrase[1].split()) not in self.linker.exact:
                aliases.append(phrase[1])
            if named and named[1] not in self.linker.columns:
                aliases.append(named[1])
            if name.startswith("log"):
                column = name.split(" ", 1)[-1] if name.startswith("log ") else name[len("log(1 + ") : -1]
                aliases += [f"log {column}", f"logged {column}", f"log_{column}", f"ln {column}", f"ln({column})", f"log of {column}", "logged values", "logged", "logs", "logarithm", "logarithms", "log values", "log value", "transformed column", "transformed values", "log-transformed values", f"natural log of {column}"]
            else:
                aliases += ["ratio", "this ratio", "result", "quotient"] if "/" in self.builder.expressions.get(name, "") else ["difference", "differences", "gap"] if "-" in self.builder.expressions.get(name, "") else []
            for alias in aliases:
                form = key(re.findall(r"\w+", alias.lower()))
                if form:
                    self.linker.exact[form] = [name]
            self.told.main = name
            self.brain.default = name
            rest.text = re.sub(r"⟨C\d+⟩", lambda m: m.group(), rest.text)
            made = row_expression(self.brain, rest)
            if made and made[0] == name:
                break
        # "On those days take the logarithm": a filter may stand in the same sentence
        return any_made

    # --- a model ---------------------------------------------------------------------------------------------------

    def _model(self) -> None:
        told, low = self.told, self.lower
        if told.model and told.model != "building":
            return
        kind = "logistic" if "logistic" in low else "random_forest" if "forest" in low else "decision_tree" if "decision tree" in low else "knn" if re.search(r"nearest|knn", low) else "ridge" if "ridge" in low else "lasso" if "lasso" in low else "naive_bayes" if "naive bayes" in low else "linear"
        task = "classification" if kind in ("logistic", "naive_bayes") or re.search(r"classif", low) else "regression"
        target: str | None = None
        features: list[str] = []
        for sentence in sentences(self.text):
            scene = self.brain.read(sentence)
            text = scene.text
            mark = r"(?:the |that |this )?(?:⟨F\d+⟩ )?⟨C\d+⟩(?: \( [^)]*\))?"
            several = rf"{mark}(?:(?: ?,| and| , and|,? as well as| plus| \+) {mark})*"
            for pattern in (
                rf"predict(?:s|ing|ion of)?(?: of)?(?: the)? (?P<y>⟨C\d+⟩)[^.⟨]*?(?:from|on|using|with|based on|by|as a function of) (?P<x>{several})",
                rf"regress(?:es|ing)? (?:the )?(?P<y>⟨C\d+⟩) (?:on|onto|against) (?P<x>{several})",
                rf"(?P<y>⟨C\d+⟩) (?:as|is) (?:the )?(?:target|response|dependent|outcome)[^⟨]*(?P<x>{several}) (?:as|is|are|the)+ ?(?:the )?(?:only |sole |single )?(?:features?|predictors?|independent|explanatory|regressors?|inputs?)",
                r"(?:target|response|dependent variable|outcome|label)(?: variable)?(?: is|:| =)? (?:the )?(?P<y>⟨C\d+⟩)",
                r"(?P<y>⟨C\d+⟩) (?:as|is) (?:the )?(?:target|response|dependent|outcome|y)\b",
                rf"(?:features?|predictors?|explanatory variables?|independent variables?|regressors?|inputs?)(?: are| is| :|:| being|,)*(?: the)? (?P<x>{several})",
                rf"(?P<x>{several}) (?:as|is|are) (?:the )?(?:only |sole |single |two |three )?(?:features?|predictors?|independent|explanatory|regressors?|inputs?)",
                rf"(?:regression|line|model|fit)(?: line)? (?:of|for) (?P<y>⟨C\d+⟩) (?:on|against|versus|vs|over|by|as a function of) (?P<x>{several})",
                rf"(?:that |which |to )?(?:explain|explains|explaining|model|models)(?: the)? (?P<y>⟨C\d+⟩) (?:by|with|from|through|using) (?P<x>{several})",
            ):
                m = re.search(pattern, text)
                if not m:
                    continue
                groups = m.groupdict()
                if groups.get("y") and target is None:
                    target = scene.get(groups["y"])
                if groups.get("x") and not features and (more := re.match(r" ?(?:, and|,|and|plus) (?!with|using|report|then|compute|give|calculate|what|fit|use|by|including|on|all|no|an? intercept|train|split|find|how|tell|the (?:slope|intercept|r))(?P<rest>[^.;]+)", text[m.end("x") :])) and re.match(r"[^.;]*⟨C|⟨F\d+⟩ |(?:the )?number of", more["rest"]):
                    told.blocked = f"{sentence} ({_words(scene, more[1])})"
                if groups.get("x") and not features:
                    features = [scene.get(c) for c in re.findall(r"⟨C\d+⟩", groups["x"])]
        if target is None or self.linker.kind_of(target) == "number" and task == "classification":
            for sentence in sentences(self.text):
                scene = self.brain.read(sentence)
                if m := re.search(r"(?:whether|target|positive class|label)\b[^.⟨]*(?:⟨[NVLC]\d+⟩[^.⟨]*){0,2}(⟨W\d+⟩)", scene.text):
                    target = statistics.label_of(self.brain, scene.get(m[1]), "target")
                    break
        if target in features:
            features = [f for f in features if f != target]
        if target is None or not features:
            told.model = "building"
            return
        if task == "regression" and self.linker.kind_of(target) != "number":
            task = "classification"
        split = None
        size = re.search(rf"test(?:[_ -]?size| size| set| share| part| data)*(?: of| is| =|=| being|:)? ?{_NUMBER} ?(%)?|{_NUMBER} ?% (?:of the (?:rows|data|observations) )?(?:as (?:the )?test|test|for testing|held out)|hold out {_NUMBER} ?%|{_NUMBER} ?% (?:for |of )?(?:the )?training", low)
        ratio = re.search(r"(\d\d) ?[/:] ?(\d\d)", low)
        seed = re.search(r"(?:random[_ -]?state|random seed|seed)(?: of| is| =|=|:| to)* ?(\d+)", low)
        if size or (ratio and seed):
            if size:
                group = next(i for i, g in enumerate(size.groups(), 1) if g and g != "%")
                share = float(size.group(group))
                if share > 1 or "%" in size.group():
                    share = share / 100
                if group == 5:
                    share = 1 - share
            else:
                share = int(ratio[2]) / 100  # type: ignore[index]
            split = Split(test_size=round(share, 6), seed=int(seed[1]) if seed else 42, stratify=bool(re.search(r"stratif", low)) and not re.search(r"no stratif|not stratif|without stratif", low))
        if re.search(r"chronolog|first \d+|last \d+|train on (?:the )?(?:years|rows|data)", low) and not seed:
            told.model = "building"
            return
        columns = [target, *features]
        table = self.builder.base(told.after, *columns)
        metrics = ["r2", "mse", "rmse", "mae"] if task == "regression" else ["accuracy", "precision", "recall", "f1"]
        params: dict[str, Any] = {}
        if kind == "knn" and (m := re.search(r"(\d+) nearest|n_neighbors ?=? ?(\d+)|k ?= ?(\d+)", low)):
            params["n_neighbors"] = int(next(g for g in m.groups() if g))
        told.model = self.builder.add(FitModel, table, kind=kind, task=task, target=target, features=list(dict.fromkeys(features)), split=split, metrics=metrics, params=params,
                                      scale=bool(re.search(r"standardi[sz]e the features|scale the features|standardscaler", low)), seed=int(seed[1]) if seed else 42)  # fmt: skip

    # --- outputs ------------------------------------------------------------------------------------------------------

    def _output(self, name: str, description: str) -> str | None:
        told = self.told
        named = name.lower().replace("_", " ")
        text = (description or named).lower()
        both = f"{named} ; {text}"
        if told.blocked:
            raise Unclear(name, f"I could not carry out “{told.blocked[:120].strip()}”.", "Say what is done to the table in a sentence of its own.")
        if told.pair and (ref := series.pair_output(self, both)):
            return ref
        if told.model and told.model != "building" and (ref := self._model_output(both)):
            return ref
        if self._label_output(name, description, named, text) and (ref := self._decision(name, description)):
            return ref
        if re.search(r"p ?-?value|p val\b|\bp$", both):
            return self._p_value(text)
        if re.search(r"\bstatistic\b|\bt stat|\bf stat|chi ?-?2\b|chi-?square|chi2|\bw stat|shapiro-wilk w|^w\b|odds ratio|\bu stat|\bh stat|t value|f value", both) and not re.search(r"odds", both):
            step = self._the_test(text)
            return f"{step}:/statistic" if step else None
        if re.search(r"odds", both):
            return self._odds()
        if re.search(r"degrees? of freedom|\bdof\b|\bdf\b", both):
            step = self._the_test(text)
            return f"{step}:/df" if step else None
        if told.imputed and re.search(r"imput|fill", both) and re.search(r"number|count|how many|^n\b", both):
            return f"{told.imputed}:/filled/{pointer(told.main or '')}"
        if told.outliers:
            if re.search(r"upper (?:limit|bound|fence|threshold)|upper", both) and "quartile" not in both:
                return f"{told.outliers}:/columns/{pointer(told.outlier_columns[0])}/upper"
            if re.search(r"lower (?:limit|bound|fence|threshold)", both):
                return f"{told.outliers}:/columns/{pointer(told.outlier_columns[0])}/lower"
            if re.search(r"outlier|outlying|flagged|removed|outside|extreme|\|z\|", both) and re.search(r"^n |\bnumber\b|\bcount\b|how many|rows removed|number of", both) and not re.search(r"mean|median|without|remain|std|deviation|left", both):
                return f"{told.outliers}:/outliers"
        if ref := self._from_others(name, text, both):
            return ref
        if re.search(r"correlation|\bcorr\b|pearson|spearman|kendall|\br\b", both) and not re.search(r"squared", both):
            return self._correlation(text, both)
        return self._figure(name, text, named)

    def _table_for(self, text: str) -> str:
        told = self.told
        if told.outliers and not told.changed and re.search(r"remov|drop|exclud|without|discard|leave out", self.lower) and re.search(r"without|after|remain|rest|exclud|remov|left", text):
            self._remove_outliers()
        if not told.changed:
            return told.after
        scaling = r"z-?scores?\b|\bz\b|scaled|normali|standardi|rescal|0-1"
        if told.scaled and not re.search(scaling, text) and any(re.search(scaling, f"{n} {d}".lower()) for n, d in self.outputs.items()) and not any(c in self.builder.expressions for c in [told.main or ""]):
            return told.before
        if re.search(r"\b(?:before|with outliers|all rows|over all|original|including|with them|raw|initially|of all|unscaled|every row)\b", text) and not re.search(r"after|without", text):
            return told.before
        if re.search(r"\bwith\b(?! and)", text) and re.search(r"with(?: the)? outliers", text):
            return told.before
        return told.after

    def _plainer(self, text: str) -> str:
        """The output's words with what the story already did taken out."""
        told = self.told
        text = re.sub(r"\bdate of the (?:month|day|week|quarter|year|row)\b(?= with| of| that| when| on)", "date", text)
        if told.after != "data":
            text = re.sub(r"\b(?:left |remaining |that remain )?after (?:dropping|removing|excluding|leaving out|filtering|discarding|deduplicat\w+)[^,;]*", " ", text)
        text = re.sub(r"(?:natural )?\b(?:log|ln|logarithm|log1p)\s*\(\s*(?:1\s*\+\s*)?[^()]*\)", lambda m: "logged values" if (told.main or "").startswith("log") else m.group(), text)
        if told.stepwise:
            text = re.sub(r"\bsize of (?:that|this|the)(?: largest| biggest)? (increase|rise|jump|gain|change)", r"largest \1", text)
            for said, column in self.linker.seen.items():
                if isinstance(column, str) and column in self.linker.columns and self.linker.is_number(column) and (told.main or "").startswith(column):
                    text = re.sub(rf"\b(growth|returns?|changes?|increases?|difference|rise|growth rate) (?:of|in) (?:the )?{re.escape(said)}\b(?: deaths| values?)?", r"\1", text)
            text = re.sub(r"\b(increases?|growth|change|rise|returns?) (?:of|in) (?:the )?[a-z]+$", r"\1", text) if re.match(r"largest|biggest|size", text) else text
        for label in self.made:
            text = re.sub(rf"\b{re.escape(label.lower())}-[a-z]+\b", label, text)
        return text

    def _figure(self, name: str, text: str, named: str) -> str | None:
        brain, told = self.brain, self.told
        cleaned = re.sub(r",? ?(?:rounded )?(?:to |in )?(?:one|two|three|four|five|six|\d+) decimals?(?: places?)?|,? ?(?:rounded|percent|in percent)$", "", text).strip(" ,")
        saved = brain.table
        brain.table = self._table_for(text)
        reduced = re.sub(r"\b(?:before|after|once|when|without|with|excluding|removing|removal of|outliers?|are|is|excluded|removed|remaining|the rest|imputation|filling|the remaining rows|in the rows that remain|outside|dropped|dropping|the outlying)\b", lambda m: m.group() if not told.outliers and not told.imputed else " ", cleaned)
        reduced = self._plainer(reduced)
        quoted = re.findall(r"(?<!\w)'([^'\"]{1,60}?)'(?!\w)", self.text)
        if lost := next((x for x in quoted if x not in self.made and re.search(rf"(?<![\w'-]){re.escape(x.lower())}(?![\w'-])", text) and len(re.findall(rf"(?<!\w)'{re.escape(x)}'", self.text)) and key([x.lower()]) not in self.linker.values and x not in self.linker.columns), None):
            raise Unclear(lost, f"I could not tell which rows are called “{lost}”.", brain.hint())
        errors: list[Unclear] = []
        peak = brain.read(reduced)
        if re.fullmatch(r"(?:the |value of the )*⟨S\d+⟩ ⟨C\d+⟩(?: itself| value)? ?", peak.text) and not re.search(r"name|who|which|label|top_[a-z]+$", named) and self.linker.is_number(peak.get(peak.all("C")[0])):
            brain.table = saved
            return self.builder.value(self._table_for(text), "max" if peak.get(peak.all("S")[0])[2] == "desc" else "min", peak.get(peak.all("C")[0]))
        try:
            if re.match(r"(?:n|num|number|count|no)\b", named) and not re.search(r"\b(?:number|count|how many)\b", reduced):
                reduced = f"number of {reduced}"
            tries = [reduced, f"{named} {reduced}"] if self.outputs[name] else [named]
            for attempt in dict.fromkeys(t for t in tries if t):
                mark = len(self.builder.steps)
                try:
                    answer = brain.answer(attempt)
                except Unclear as problem:
                    errors.append(problem)
                    continue
                del mark
                if answer.ref.endswith("/names") or "*" in answer.ref:
                    answer_ref = answer.ref
                else:
                    answer_ref = answer.ref
                return answer_ref
        finally:
            brain.table = saved
        if errors:
            raise errors[0]
        return None

    def _correlation(self, text: str, both: str) -> str | None:
        brain = self.brain
        method = "spearman" if "spearman" in both else "kendall" if "kendall" in both else "pearson" if "pearson" in both else "spearman" if "spearman" in self.lower and "pearson" not in self.lower else "kendall" if "kendall" in self.lower and "pearson" not in self.lower else "pearson"
        table = self._table_for(text)
        scene = brain.read(text)
        while (made := row_expression(brain, scene)) is not None:
            name, scene = made
            scene.text += " " + scene.mark("C", name)
        own = self._columns(scene)
        marked = scene.fork(scene.text)
        mark_values(marked, self.linker)
        where = [marked.get(m) for m in marked.all("W")]
        if len(own) == 1 and not where:
            named = self._columns(brain.read(both.split(" ; ")[0]))
            own += [c for c in named if c not in own]
        if len(own) < 2:
            for sentence in sentences(self.text):
                if not re.search(r"correlat|relationship|relation\b|associat|pearson|spearman", sentence.lower()):
                    continue
                told = self._columns(brain.read(sentence))
                extra = [c for c in told if c not in own]
                if len(own) == 1 and len(extra) >= 1:
                    own.append(extra[0])
                elif not own and len(told) >= 2:
                    own = told[:2]
                if len(own) >= 2:
                    break
        if len(own) < 2:
            everything = self._columns(brain.read(self.text))
            own += [c for c in everything if c not in own]
            if len(own) != 2:
                return None
        where = [c for c in where if not set(columns_of(c)) & set(own[:2]) or len(own) == 2]
        return f"{self.builder.correlate(self.builder.where(table, *where), own[0], own[1], method)}:/r"

    def _p_value(self, text: str) -> str | None:
        step = self._the_test(text)
        if step:
            return f"{step}:/p_value"
        if statistics.test_kind(self.lower):
            return None
        return next((f"{s.id}:/p_value" for s in reversed(self.builder.steps) if isinstance(s, Correlate)), None) or self._correlation_p()

    def _correlation_p(self) -> str | None:
        ref = self._correlation("", "correlation") if re.search(r"correlat", self.lower) else None
        return ref.replace(":/r", ":/p_value") if ref else None

    def _the_test(self, text: str) -> str | None:
        if self.told.test:
            return self.told.test
        brain = self.brain
        brain.default = self.told.main if self.told.main else brain.default
        told = [s for s in sentences(self.text) if not re.match(r"(?i)\W*(?:report|round|give|state|answer|leave|ignor|drop|label|report)\b", s)]
        naming = [i for i, s in enumerate(told) if statistics.test_kind(s.lower())]
        candidates = [told[i] for i in naming] + [told[i - 1] for i in naming if i] + [f"{told[i - 1]} {told[i]}" for i in naming if i] + [" ".join(told), self.text]
        for candidate in dict.fromkeys(candidates):
            scene = brain.read(candidate)
            kind = statistics.test_kind(self.lower)
            if statistics.test_kind(candidate.lower()) != kind and kind:
                scene.text += f" {kind.replace('_', ' ')}" if kind != "t_test" else " welch t-test"
            dropped = {c.column for c in self.told.scope if isinstance(c, Compare)}
            scene.text = re.sub(r"⟨V\d+⟩", lambda m: "" if {c for c, _ in scene.get(m.group())} & dropped else m.group(), scene.text)  # noqa: B023
            sides = [m for m in scene.all("W") if isinstance(scene.get(m), Compare) and isinstance(scene.get(m).value, RefValue)]
            if len(sides) == 1 and re.search(r"(?:those|the ones|and) (?:at or )?(?:below|above|under|over)(?: or equal to)? (?:it|that)\b|the (?:others?|rest)\b|the remaining|not (?:above|below)", scene.text):
                one = scene.get(sides[0])
                scene.text += " " + scene.mark("W", one.model_copy(update={"op": {">": "<=", "<": ">=", ">=": "<", "<=": ">"}[one.op]}))
            median = rx(r"(?P<op>above|below|over|under) the (?P<f>⟨F\d+⟩)(?: of)? {C:c}").search(scene.text)
            if median and scene.get(median["f"]) in ("median", "mean"):
                ref = self.builder.value(self.told.after, scene.get(median["f"]), scene.get(median["c"]))
                up = Compare(column=scene.get(median["c"]), op=">", value=RefValue(ref=ref))
                down = Compare(column=scene.get(median["c"]), op="<=", value=RefValue(ref=ref))
                scene.text = scene.text.replace(median.group(), f"{scene.mark('W', up)} {scene.mark('W', down)}")
            found = statistics.find_test(brain, scene, self.told.after)
            if found:
                step = self.builder.steps[int(found[1][1:]) - 1]
                alpha = statistics.setting_alpha(self.lower)
                student = re.search(r"student|equal variance|pooled", self.lower) and not re.search(r"unequal|not assum|without assum|welch|do not assume", self.lower)
                update: dict[str, Any] = {}
                if alpha and step.alpha != alpha:
                    update["alpha"] = alpha
                if student and step.kind == "t_test":
                    update["equal_var"] = True
                if update:
                    self.builder.steps[int(found[1][1:]) - 1] = step.model_copy(update=update)
                self.told.test = found[1]
                return found[1]
        return None

    def _odds(self) -> str | None:
        step = self._the_test("")
        return f"{step}:/statistic" if step and "fisher" in self.lower else None

    def _model_output(self, both: str) -> str | None:
        step = self.told.model
        if re.search(r"p ?-?value", both):
            fit = next(s for s in self.builder.steps if s.id == step)
            return f"{step}:/p_values/{pointer(fit.features[0])}" if len(fit.features) == 1 else None
        names = {"r2": r"r ?-?squared|r2|r²|coefficient of determination|\br 2\b|r square", "rmse": r"rmse|root mean squared?", "mse": r"mse|mean squared", "mae": r"mae|mean absolute", "accuracy": r"accuracy", "f1": r"\bf1\b", "precision": r"\bprecision\b", "recall": r"\brecall\b"}
        for metric, pattern in names.items():
            if re.search(pattern, both):
                return f"{step}:/metrics/{metric}"
        if re.search(r"intercept", both):
            return f"{step}:/intercept"
        if re.search(r"decade", both) and re.search(r"slope|trend|warming|degrees|increase|rise|change", both):
            fit = next(s for s in self.builder.steps if s.id == step)
            return self.builder.calculate("10 * slope", slope=f"{step}:/coefficients/{pointer(fit.features[0])}") if len(fit.features) == 1 and fit.features[0] in self.linker.years else None
        if re.search(r"slope|coefficient|\bcoef", both):
            fit = next(s for s in self.builder.steps if s.id == step)
            if len(fit.features) == 1:
                return f"{step}:/coefficients/{pointer(fit.features[0])}"
            own = [c for c in self._columns(self.brain.read(both)) if c in fit.features]
            return f"{step}:/coefficients/{pointer(own[0])}" if own else None
        if re.search(r"n test|test rows|number of test|test size", both):
            return f"{step}:/n_test"
        if re.search(r"n train|training rows", both):
            return f"{step}:/n_train"
        return None

    def _from_others(self, name: str, text: str, both: str) -> str | None:
        """A difference, ratio or change between other outputs."""
        others = [n for n in self.outputs if n != name and n in self.told.done]
        mentioned = sorted((text.find(n.lower()), n) for n in others if re.search(rf"\b{re.escape(n.lower())}\b", text))
        m = re.search(r"\bminus\b|subtract|difference|drop in", text)
        percent = not self.growth and re.search(r"percent|pct|%", both) and re.search(r"change|growth|increase|decrease|drop|rise", both)
        ratio = re.search(r"\bratio\b|divided by", both)
        if not (m or percent or ratio):
            return None
        pair = [n for _, n in mentioned]
        if len(pair) != 2:
            numeric = [n for n in others if not re.search(r"label|conclusion|decision|p_value", n)]
            if len(self.outputs) - 1 == len(numeric) == 2 or len(numeric) == 2:
                pair = numeric
                if " minus " in text:
                    left = text.split(" minus ")[0]
                    def overlap(n: str) -> int:
                        own = set(re.findall(r"[a-z0-9]+", (n + " " + self.outputs[n]).lower().replace("_", " ")))
                        rival = set(re.findall(r"[a-z0-9]+", " ".join(o + " " + self.outputs[o] for o in numeric if o != n).lower().replace("_", " ")))
                        return len((own - rival) & set(re.findall(r"[a-z0-9]+", left)))
                    pair = sorted(numeric, key=overlap, reverse=True)
        if len(pair) != 2:
            if (percent or re.search(r"\b(?:first|second|from the|the two)\b", text)) and len(others) < len(self.outputs) - 1:
                raise Unclear(name, "It rests on another output that is not there yet.")
            return None
        a, b = self.told.done[pair[0]], self.told.done[pair[1]]
        if percent:
            drop = re.search(r"drop|decrease|decline", text) and "change" not in text
            return self.builder.calculate("(a - b) / a * 100" if drop else "(b - a) / a * 100", a=a, b=b)
        return self.builder.calculate("a / b" if ratio else "a - b", a=a, b=b)

    # labels -------------------------------------------------------------------------------------------------------------

    def _label_output(self, name: str, description: str, named: str, text: str) -> bool:
        return bool(re.search(r"label|conclusion|decision|verdict|significan|result|shape|outcome|symmetric|normal(?:ity)?$|interpretation|assessment", named) or len(re.findall(r"'[^']+'", description)) >= 2) and not re.search(r"number of|p-?value|mean ", text)

    def _decision(self, name: str, description: str) -> str | None:
        labels = [x for x in re.findall(r"'([^']{1,60})'|\"([^\"]{1,60})\"", description)]
        wanted = [a or b for a, b in labels]
        for sentence in reversed(sentences(self.text)):
            quoted = [a or b for a, b in re.findall(r"(?<!\w)'([^'\"]{1,60}?)'(?!\w)|\"([^\"]{1,60})\"", sentence)]
            if len(quoted) < 2 or (wanted and not set(w.lower() for w in wanted) & set(q.lower() for q in quoted)):
                continue
            if rules := self._threshold_rules(sentence):
                return self.builder.decide(*rules)
            scene = self.brain.read(sentence)
            for mark in scene.all("V"):
                if (found := scene.words[mark].lower()) in [q.lower() for q in quoted]:
                    scene.text = scene.text.replace(mark, scene.mark("L", next(q for q in quoted if q.lower() == found)))
            pair = statistics.decision_labels(scene)
            if pair is None and wanted and len(wanted) == 2:
                pair = (wanted[0], wanted[1]) if not re.match(r"(?i)not|no ", wanted[0]) else (wanted[1], wanted[0])
            ref = self._p_value(sentence.lower())
            if pair and ref:
                alpha = statistics.setting_alpha(self.lower) or statistics.setting_alpha(sentence.lower()) or 0.05
                return self.builder.decide([Rule(when=[Predicate(ref=ref, op="<", value=alpha)], then=pair[0])], pair[1])
        return None

    def _threshold_rules(self, sentence: str) -> tuple[list[Rule], str] | None:
        """`'a' if the skewness is above 0.5, 'b' if below -0.5, otherwise 'c'`, on figures already computed."""
        pieces = re.split(r"(?<!\w)'([^'\"]{1,60}?)'(?!\w)", sentence)
        labels, after = pieces[1::2], pieces[2::2]
        rules: list[Rule] = []
        otherwise: str | None = None
        subject: list[str] = []
        absolute = False
        for i, (label, rest) in enumerate(zip(labels, after, strict=True)):
            ahead = pieces[2 * i].lower()
            piece = rest.lower()
            if re.search(r"(?:otherwise|else|in all other cases|if not)[^.;]*$", ahead) and not re.match(r"\W*(?:if|when)", piece):
                otherwise = label
                continue
            m = re.search(r"(?:if|when|for)\b(?P<what>.*?)(?P<op>at least|at most|greater than|larger than|more than|above|over|exceeds|less than|smaller than|below|under|>=|<=|>|<) ?(?P<n>-?\d*\.?\d+)", piece)
            sign = re.search(r"(?:if|when)\b(?P<what>.*?)\bis (?P<sign>positive|negative)\b", piece) if not m else None
            if sign and (found := self._subject(sign["what"])):
                rules.append(Rule(when=[Predicate(ref=found[0], op=">" if sign["sign"] == "positive" else "<", value=0)], then=label))
                continue
            lesser = re.search(r"(?:if|when)\b(?P<what>.*?)\b(?:has|have|is) (?:the )?(?P<size>smaller|lower|larger|greater|higher|closer)", piece) if not m else None
            if lesser:
                return self._smaller_of(label, labels, lesser)
            if not m or re.search(r"\bp\b|p-?value|alpha|hypothesis", m["what"]):
                if re.match(r"\W*(?:otherwise|else|if not|in all other)", piece) or not m and i == len(labels) - 1 and rules:
                    otherwise = otherwise or label
                    continue
                return None
            found = self._subject(m["what"])
            subject = found or subject
            absolute = absolute or bool(re.search(r"absolute|\|", piece))
            if not subject:
                return None
            op = {"at least": ">=", "at most": "<=", ">=": ">=", "<=": "<=", ">": ">", "<": "<"}.get(m["op"]) or (">" if re.match(r"greater|larger|more|above|over|exceed", m["op"]) else "<")
            value = float(m["n"])
            if re.search(r"at least one|either|any of", piece):
                rules += [Rule(when=[Predicate(ref=s, op=op, value=value, absolute=absolute)], then=label) for s in subject]  # type: ignore[arg-type]
            else:
                rules.append(Rule(when=[Predicate(ref=s, op=op, value=value, absolute=absolute) for s in (subject if re.search(r"both|all ", piece) else subject[:1])], then=label))  # type: ignore[arg-type]
        if rules and otherwise is None:
            return None
        return (rules, otherwise) if rules and otherwise is not None else None

    def _subject(self, words_: str) -> list[str]:
        """The computed outputs these words are about."""
        wanted = {root(w) for w in re.findall(r"[a-z]+", words_)}
        several = re.search(r"at least one|either|both|any of|the two", words_)
        scored = []
        for name, ref in self.told.done.items():
            own = {root(w) for w in re.findall(r"[a-z]+", (name + " " + self.outputs[name]).lower().replace("_", " "))}
            scored.append((len(wanted & own), name, ref))
        numeric = [s for s in scored if ":/label" not in s[2]]
        if several and numeric:
            return [ref for _, _, ref in numeric]
        best = max((s[0] for s in numeric), default=0)
        hits = [ref for score, _, ref in numeric if score == best and score > 0]
        if len(hits) >= 1:
            return hits[:1]
        return [numeric[0][2]] if len(numeric) == 1 else []

    def _smaller_of(self, label: str, labels: list[str], m: re.Match[str]) -> tuple[list[Rule], str] | None:
        numeric = [(n, r) for n, r in self.told.done.items() if ":/label" not in r]
        if len(numeric) < 2 or len(labels) < 2:
            return None
        wanted = {root(w) for w in re.findall(r"[a-z]+", m["what"])}
        scored = sorted(numeric, key=lambda item: -len(wanted & {root(w) for w in re.findall(r"[a-z]+", (item[0] + " " + self.outputs[item[0]]).lower().replace("_", " "))}))
        first = scored[0][1]
        second = next(r for _, r in numeric if r != first)
        op = "<" if m["size"] in ("smaller", "lower", "closer") else ">"
        a = self.builder.calculate("abs(x)", x=first)
        b = self.builder.calculate("abs(x)", x=second)
        other = next(x for x in labels if x != label)
        return [Rule(when=[Predicate(ref=a, op=op, value=RefValue(ref=b))], then=label)], other  # type: ignore[arg-type]


# Sentences that change the table; one that was not carried out leaves nothing to answer.
ORDERS = re.compile(
    r"(?i)^\W*(?:(?:then|first|next|now|also|finally|please|and|after that|before that|to start|homework:?),? )*(?:drop|remove|exclude|leave out|discard|delete|keep|restrict|filter|limit|pair|line up|align|match|merge|join|resample|interpolate|impute|fill|winsori[sz]e|clip|cap|shift|lag|"
    r"pivot|reshape|detrend|smooth|standardi[sz]e|normali[sz]e|rescale|scale|transform|take (?:the )?(?:natural |base-?\w+ )?(?:log|square root|logarithm|first differences?)|replace|convert|turn|subtract|divide|multiply|encode|label|bin|build|work (?:only )?(?:on|with)|focus|"
    r"(?:create|make|define|add|derive|construct|compute|calculate) (?:a|an|the|one) (?:new|extra|additional|binary|\w+ (?:score|index|ratio|column))\b|(?:for|in) (?:each|every) [^,.]*,? (?:compute|calculate|take|form|define|derive|subtract|divide)\b.*(?:return|change|ratio|difference|growth|previous|moving|rolling|cumulative))"
    r"|\b(?:moving average|rolling (?:mean|average)|cumulative|running total|previous (?:day|month|year|quarter|week|row)|exponential)\b|(?:next|following) (?:day|month|year|quarter|week)'?s?\b"
)  # fmt: skip


# What descriptions of outputs say about the telling, not about the table.
OUTPUT_WORDS = frozenset(
    "classed labelled labeled classified flagged marked removal removed remaining rounded written table absolute took belonging two-sided decimals percent percentage original values value sample figure result class label labels group".split()
)


def told_elsewhere(clause: str) -> bool:
    """Orders that tests, models and decisions carry out for themselves, and those about how to write the answer."""
    return bool(re.search(r"(?i)\btest\b|regress|classif|predict|correlat|\bp ?-?value|decimals?\b.{0,30}$|^\W*(?:otherwise|else)|'[^']+' (?:if|when|otherwise)|\bskewness and\b|\bnull values? are ignored|\bas a percentage", clause)) and not re.search(r"(?i)previous|rolling|moving|\bpair |line up|(?:next|following) (?:day|month|year|quarter|week)", clause)


def _words(scene: Scene, text: str) -> str:
    return re.sub(r"⟨[A-Z]\d+⟩", lambda m: scene.words.get(m.group(), ""), text)


def words_of(outputs: dict[str, str]) -> list[str]:
    return [w for n, d in outputs.items() for w in re.findall(r"[a-z]+", f"{n} {d}".lower().replace("_", " "))]


def _same_column_union(conditions: list[Condition]) -> list[Condition]:
    equal = [c for c in conditions if isinstance(c, Compare) and c.op == "=="]
    if len(equal) == len(conditions) > 1 and len({c.column for c in equal}) == 1:
        return [Compare(column=equal[0].column, op="in", value=[c.value for c in equal])]  # type: ignore[misc]
    return conditions
