"""One question, one answer: recognises what is asked for and builds the steps that compute it.

`Interpreter.answer(text)` tries readings from the most to the least specific; the first that fits builds steps and returns
the reference to its answer. A word that no reading accounts for stops it (`Unclear`): precision before coverage.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from shared.analysis.expression import quote
from shared.analysis.plan import Calculate, Compare, Condition, Correlate, Predicate, RefValue, Rule, Test
from shared.brains.builtin import words
from shared.brains.builtin.build import Builder, Unclear, pointer
from shared.brains.builtin.conditions import columns_of, conjunction, mark_conditions, mark_values
from shared.brains.builtin.link import Linker, Scene, alternatives, root, rx, stem
from shared.brains.builtin.open_questions import open_question


class Stop(Unclear):
    """What is asked for is plain, but it cannot be computed: no other reading may answer instead."""


@dataclass
class Answer:
    ref: str  # what the caller gets, e.g. "c3:/mean_fare" or "c2:/groups/*/mean"; "" where the findings are the answer
    lead: str  # the step that speaks for it
    chart: tuple[str, ...] = ()
    extra: dict[str, str] = field(default_factory=dict)  # several figures: name -> reference, the first of them too


@dataclass
class Parts:
    """What a phrase names, once its conditions and groupings are taken out."""

    scene: Scene
    functions: list[str]
    columns: list[str]
    where: list[Condition]
    by: list[str]
    superlatives: list[tuple[str, str, str]]
    numbers: list[float]
    labels: list[str]


EACH = (r"(?:broken down by|break down by|broken out by|grouped by|group by|split by|splitted by|separately for each|separately by|for each of the|for each|for every|in each of the|in each|in every|at each level of|at every level of|at each|at every|"
        r"within each|within every|of each|of every|to each|from each|across the different|across all|across the|across|per|by each|by|each|every|for all the|for the different|for different|with each|on each|sorted by|depending on|according to|as a function of|among the different|between the|over the different)")  # fmt: skip
_COMPARATIVE = r"(?:higher|greater|larger|bigger|more|above|over|exceed|exceeds|better|stronger|heavier|older|warmer|hotter|longer|wider|taller|lower|less|smaller|fewer|below|under|worse|weaker|lighter|younger|colder|cooler|shorter|narrower|cheaper)"
_LOWER = frozenset("lower less smaller fewer below under worse weaker lighter younger colder cooler shorter narrower cheaper".split())
_PERSONS = r"\b(?:people|persons?|victims?|women|woman|men|man|males?|females?|patients?|respondents?|passengers?|customers?|employees?|students?|voters?|users?|members?|anyone|those|participants?|children|adults?)\b"
_NAMES_SOMETHING = r"(?:^|[,:;.?!] ?|\b(?:in|on|at|for|of|from|by|and|tell me|say|know|me) )(?:which|who|where|when|name|list)\b"
_AUX = r"^(?:so |and |ok |please |tell me |check |say |answer |i wonder |wondering |can you (?:check|tell me|say) |,|:| )*(?:(?:if|whether) )?(?:is|are|was|were|do|does|did|has|have|had|can|could)\b"


class Interpreter:
    def __init__(self, linker: Linker, builder: Builder, nouns: frozenset[str], rows: int) -> None:
        self.linker, self.builder, self.nouns, self.rows = linker, builder, nouns, rows
        self.table = builder.source
        self.default: str | None = None  # the column talked about, where a phrase names none
        self.strict = True
        self.loose = False  # within a longer text whose words are known already
        unit = linker.row_unit()
        if unit:  # one row a day (or month, or year): such words may stand for rows
            if any(self.unique(c) for c in linker.dates):
                self.nouns |= {unit, unit + "s"}
            self.nouns |= {{"day": "daily", "week": "weekly", "month": "monthly", "quarter": "quarterly", "year": "yearly"}[unit], *(["annual"] if unit == "year" else [])}
        self.unit_days = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}.get(unit or "", 0)

    # --- taking a phrase apart -----------------------------------------------------------------------------------

    def read(self, text: str | Scene, default: str | None = None) -> Scene:
        scene = self.linker.link(text) if isinstance(text, str) else text
        age, sure = self.linker.find_column(["age"])
        if default is None and age and sure >= 0.9 and not [m for m in scene.all("C") if self.linker.is_number(scene.get(m))] and re.search(_PERSONS, scene.text + " ".join(scene.words.values())):
            default = age  # "women over 40"
        mark_conditions(scene, self.linker, default or self.default)
        scene.text = rx(rf"{{C:c}}(?: (?:is|was|are|were|value|has|have|that is|of|a|an))*? (?:(?P<more>{alternatives(words.MORE)})|(?P<less>{alternatives(words.LESS)})) (?:the |its |their |than )*(?:overall |general |sample |whole |national |total |simple |grand )?{{F:f}}(?: (?:of|for) {{C:d}}| {{C:e}}| value| overall)?").sub(
            lambda m: self._against_measure(m, scene), scene.text)  # fmt: skip
        # "bus trips (mode 3)": the brackets say what the words before them mean
        scene.text = re.sub(r"((?:(?!⟨)[\w'-]+ ){1,4})\( (⟨W\d+⟩) \)", lambda m: " ".join([*(w for w in m[1].split() if w in words.FILLER or w in words.ROW_NOUNS or w in words.ENTITIES), m[2]]), scene.text)
        return scene

    def _against_measure(self, m: re.Match[str], scene: Scene) -> str:
        """"horsepower above the median": a comparison with a figure of the whole table."""
        column, function = scene.get(m["c"]), scene.get(m["f"])
        other = scene.get(m["d"] or m["e"]) if m["d"] or m["e"] else column
        if function not in ("mean", "median") or not self.linker.is_number(column) or other != column:
            return m.group()
        ref = self.builder.value(self.builder.source, function, column)
        return scene.mark("W", Compare(column=column, op=">" if m["more"] else "<", value=RefValue(ref=ref)), m.group())

    def parts(self, scene: Scene, keep_values: bool = False) -> Parts:
        scene = scene.fork(scene.text)
        if not keep_values:
            mark_values(scene, self.linker)
        by: list[str] = []

        def group(m: re.Match[str]) -> str:
            for mark in re.findall(r"⟨C\d+⟩", m.group()):
                by.append(scene.get(mark))
            return " ⟨G0⟩ "

        numeric_guard = self._groupable
        def guarded(m: re.Match[str]) -> str:
            marks = re.findall(r"⟨C\d+⟩", m.group())
            return group(m) if all(numeric_guard(scene.get(c)) for c in marks) else m.group()

        scene.text = rx(rf"\b{EACH}(?: of)?(?: the| these| four| three| two| all| different| single| individual| other| ⟨N\d+⟩| ⟨F\d+⟩)* ⟨C\d+⟩(?: ?(?:and|,|, and|and by|and per|x|by|/) (?:the |each |every )?⟨C\d+⟩)*").sub(guarded, scene.text)
        scene.text = rx(r"(?P<a>⟨C\d+⟩) (?:by|after|to) (?P<b>⟨C\d+⟩)").sub(lambda m: group(m) if scene.get(m["a"]) == scene.get(m["b"]) else m.group(), scene.text)
        if (year := self.linker.exact.get(("year",))) and not {"yearly", "annual"} & self.nouns and re.search(r"\b(?:yearly|annual)\b", scene.text):
            by.append(year[0])
            scene.text = re.sub(r"\b(?:yearly|annual)\b", "⟨G0⟩", scene.text)
        scene.text = rx(r"⟨C\d+⟩(?:-| )wise\b").sub(guarded, scene.text)
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
        )

    def _groupable(self, name: str) -> bool:
        if name in self.linker.virtual or name in self.builder.labels:
            return True
        if name in self.builder.expressions:
            return False
        column = self.linker.columns[name]
        return column.type in ("VARCHAR", "BOOLEAN", "DATE", "TIMESTAMP") or (column.type == "BIGINT" and column.distinct <= 150) or (column.type == "DOUBLE" and column.distinct <= 30)

    def leftover(self, text: str, *known: str) -> list[str]:
        """Words that nothing accounts for."""
        allowed = {w for k in known for w in k.split()}
        rest = []
        if (m := re.search(rf"\b(?:by|per|for each|for every|in each|each|every)(?: the)? (state|name|case|type|group|level|kind|figure|period|record|value|call|rate|rank|class|price)s?\b(?! (?:of )?⟨)", text)) and m[1] not in allowed:
            rest.append(m[1])
        if (m := re.search(r"\b(?:per|by each|by every) ([a-z]+)\b", text)) and m[1] not in self.nouns and m[1] not in allowed and m[1] not in ("row", "record", "cent"):
            rest.append(m[1])
        rest += [str(self.linker_label(label)) for label in re.findall(r"⟨L\d+⟩", text)] if "L" not in allowed else []
        for word in re.findall(r"[^\W\d_][\w'-]*", re.sub(r"⟨[A-Z]\d+⟩", " ", text)):
            bare = re.sub(r"'s?$", "", word)
            if bare in words.FILLER or bare in words.UNITS or bare in allowed or bare in self.nouns or stem(bare) in self.nouns or bare in words.ROW_NOUNS or bare in words.ENTITIES or len(bare) < 2 or bare in words.CARDINALS:
                continue
            rest.append(bare)
        return rest

    def linker_label(self, mark: str) -> str:
        return "a quoted label"

    def account(self, text: str, *known: str) -> None:
        if self.strict and (rest := self.leftover(text, *known)):
            shown = ", ".join(f"“{w}”" for w in dict.fromkeys(rest))
            raise Unclear(" ".join(dict.fromkeys(rest)), f"The table says nothing that I can match with {shown}.", self.hint())

    def all_used(self, text: str, *used: str | None) -> None:
        """A number of the question that nothing made use of means that something was not understood."""
        if self.loose:
            return
        rest = re.sub(r"⟨N\d+⟩ (?:decimals?|digits?|dp|places|significant)|⟨N\d+⟩ ?(?:-|to) ?⟨N\d+⟩ ?$|(?:all|the|these|those|both) ⟨N\d+⟩ (?=⟨[CWG]|[a-z]+)", " ", text)
        left = [m for m in re.findall(r"⟨N\d+⟩", rest) if m not in used]
        if left:
            raise Unclear(text, "A number in the question has no place in what I understood.", "Say it in two sentences, or name the column the number is about.")

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

    # --- the readings ------------------------------------------------------------------------------------------

    def answer(self, text: str) -> Answer:
        lowered = text.lower()
        scene = self.read(text)
        try:
            if found := open_question(self, scene):
                return found
        except Unclear:
            pass  # a narrower reading may still fit
        for pattern, why in words.BEYOND.items():
            if re.search(pattern, lowered):
                raise Unclear(text, why, "Ask what goes together with it, or for the figures themselves.")
        scene.text = _drop_chatter(scene.text)
        scene.text = self._row_identity(scene)
        first: Unclear | None = None
        for reading in (self._correlation, self._test, self._share, self._ratio, self._yes_no, self._change, self._having, self._which, self._row_arithmetic, self._plain):
            try:
                if found := reading(scene):
                    return found
            except Stop:
                raise
            except Unclear as problem:
                first = first or problem
        if first:
            raise first
        raise Unclear(text, "I could not tell which figure is wanted.", self.hint())

    def _row_identity(self, scene: Scene) -> str:
        """"How many quarters …", "percentage of days": a column that (with the year) names the row stands for rows."""
        keys = {c for c in self.linker.columns if self.unique(c) and (self.linker.kind_of(c) in ("text", "date") or self.linker.columns[c].kind == "id" or c in self.linker.years)}
        times = [c for c in self.linker.columns if {"year", "quarter", "month", "week"} & set(stem(w) for w in self.linker.names[c]) and self.linker.is_number(c)]
        product = 1
        for c in times:
            product *= self.linker.columns[c].distinct
        if len(times) > 1 and 0.9 * product <= self.rows + max((self.linker.columns[c].distinct for c in times), default=0) and product >= self.rows:
            keys |= set(times)

        def rows(m: re.Match[str]) -> str:
            return m["lead"] + " rows" if scene.get(m["c"]) in keys else m.group()

        text = rx(r"\b(?:over|across|of|for|among|in)(?: all| all of| every| all the)+(?: the)? {C:c}").sub(lambda m: " " if scene.get(m["c"]) in keys else m.group(), scene.text)
        times_ = set(times) | set(self.linker.virtual)
        scene.text = rx(r"(?P<v>⟨[VL]\d+⟩) {C:c}").sub(lambda m: m["v"] if scene.get(m["c"]) in keys else m.group(), scene.text)
        text = rx(r"(?:over|across|for|in|of|,)?(?: all| all the| the)(?: of the| the)?(?: {N:n})? {C:c}(?: (?:pooled|together|combined|taken together))?(?! (?:with|that|which|have|had|are|were|is|was)\b)").sub(
            lambda m: " " if scene.get(m["c"]) in times_ and scene.words[m["c"]].endswith("s") and (m["n"] or " all" in m.group()) else m.group(), text)  # fmt: skip
        return rx(r"(?P<lead>(?:how many|number of|count of|count|count the|(?:percentage|percent|share|fraction|proportion|%) of(?: the| all| all the)?|⟨F\d+⟩(?: of)?(?: the| all| all the)?)) {C:c}(?! (?:is|was|are)\b)").sub(
            lambda m: rows(m) if not m["lead"].startswith("⟨") or scene.get(re.search(r"⟨F\d+⟩", m["lead"]).group()) == "count" else m.group(), text)  # type: ignore[union-attr]  # fmt: skip

    # correlation ------------------------------------------------------------------------------------------------

    def _correlation(self, scene: Scene) -> Answer | None:
        if not re.search(r"correlat|relation\b|relationship|association\b|associated|\brelated\b|linearly|pearson|spearman|kendall", scene.text):
            return None
        method = "spearman" if "spearman" in scene.text or "rank correlation" in scene.text else "kendall" if "kendall" in scene.text else "pearson"
        p = self.parts(scene)
        vocabulary = ("correlates correlate matrix correlation correlations correlated correlate relation relationship association associated related strongest strong strongly weakest weak closely linked positive negative positively negatively pearson "
                      "spearman kendall coefficient coefficients rank linear linearly r rho tau tau-b numeric numerical quantitative measurement measurements attribute attributes go goes pearson's spearman's kendall's product-moment moment magnitude absolute value tightly most degree")  # fmt: skip
        numbers = [c for c in p.columns if self.linker.is_number(c) or c in self.builder.expressions]
        table = self.builder.where(self.table, *p.where)
        if len(numbers) == 2 and all(self.unique(c) for c in p.columns if c not in numbers):
            self.account(p.scene.text, vocabulary)
            step = self.builder.correlate(table, numbers[0], numbers[1], method, p.by)
            ref = f"{step}:/groups/*/r" if p.by else f"{step}:/r"
            if re.search(_AUX, scene.text) and re.search(r"\b(?:positively|negatively)\b", scene.text) and not p.by:
                sign = ">" if "positively" in scene.text else "<"
                return Answer(self.builder.decide([Rule(when=[Predicate(ref=ref, op=sign, value=0)], then=True)], False), step)  # type: ignore[arg-type]
            return Answer(ref, step)
        if len(numbers) == 1 and re.search(r"\bwhich|what\b", scene.text):
            others = [c.name for c in self.linker.table.columns if c.type in ("BIGINT", "DOUBLE") and c.name != numbers[0] and c.kind not in ("constant", "empty")]
            if not others:
                return None
            self.account(p.scene.text, vocabulary)
            step = self.builder.add(Correlate, self.builder.base(table, numbers[0]), columns=others, target=numbers[0], method=method)
            which = "highest" if "positive" in scene.text else "lowest" if "negative" in scene.text else "strongest"
            return Answer(f"{step}:/{which}", step)
        if not numbers and not p.columns and re.search(r"matrix|all|every|numeric|strongest|pairs|between the", scene.text):
            everything = [c.name for c in self.linker.table.columns if c.type in ("BIGINT", "DOUBLE") and c.kind == "number"][:40]
            if len(everything) >= 2:
                self.account(p.scene.text, vocabulary)
                step = self.builder.add(Correlate, table, columns=everything, method=method)
                return Answer(f"{step}:/strongest", step)
        return None

    # tests -----------------------------------------------------------------------------------------------------

    def _test(self, scene: Scene) -> Answer | None:
        from shared.brains.builtin.statistics import decision_labels, find_test

        found = find_test(self, scene)
        if found is None:
            return None
        kind, step = found
        labels = decision_labels(scene)
        p = f"{step}:/p_value"
        if not labels and kind in ("shapiro", "normaltest", "jarque_bera", "ks_normal") and re.search(_AUX, scene.text):
            alpha = next((s.alpha for s in self.builder.steps if s.id == step and isinstance(s, Test)), 0.05)
            return Answer(self.builder.decide([Rule(when=[Predicate(ref=p, op="<", value=alpha)], then=False)], True), step)
        if labels:
            alpha = next((s.alpha for s in self.builder.steps if s.id == step and isinstance(s, Test)), 0.05)
            yes, no = labels
            return Answer(self.builder.decide([Rule(when=[Predicate(ref=p, op="<", value=alpha)], then=yes)], no), step)
        if re.search(r"p ?-? ?value", scene.text):
            return Answer(p, step)
        if re.search(r"statistic|f value|t value|\bw\b", scene.text):
            return Answer(f"{step}:/statistic", step)
        if re.search(_AUX, scene.text) or re.search(r"whether|differ|significant", scene.text):
            return Answer(f"{step}:/significant", step)
        return Answer(p, step)

    # shares -----------------------------------------------------------------------------------------------------

    def _share(self, scene: Scene) -> Answer | None:
        cue = re.search(r"(?:what |which )?(?:percentage|percent|%|share|proportion|fraction|portion|pct)\b(?: share)?", scene.text)
        if not cue or re.search(r"\b(?:drop|fall|fell|grow|grew|growth|increase|increased|decrease|decreased|rise|rose|change|decline|declined|more|less|higher|lower)\b.*\b(?:from|between|than|compared)\b|percentage points?", scene.text):
            return None
        if scene.text[: cue.start()].rstrip().endswith("⟩") and re.search(r"⟨[NF]\d+⟩ ?$", scene.text[: cue.start()]):
            return None
        function = "percent" if re.search(r"percent|pct|%", scene.text) and not re.search(r"between 0 and 1|0-1|fraction|as a decimal", scene.text) else "share"
        p = self.parts(scene)
        text = p.scene.text
        cue = re.search(r"(?:percentage|percent|%|share|proportion|fraction|portion|pct)\b", text)
        if cue is None:
            return None
        self.account(text, "percentage percent share proportion fraction portion pct among amongst within belong make made account accounts contributed contribution came part between")
        before, after = text[: cue.start()], text[cue.end() :]
        wanted = [c for c in p.columns if self.linker.is_number(c) and self._additive(c)]
        base: list[Condition] = [p.scene.get(m) for m in re.findall(r"⟨W\d+⟩", before)]
        if re.match(r"^.{0,30}\b(?:in|on|for|at|what|of) $", before) and not re.search(r"among|of the|out of|for the", before):
            base = base
        split = re.search(r"(?<=\s)(?:are|were|is|was|have|has|had|come|comes|came|fall|fell|rate|rated|belong|belongs|did|do|does|got|get|gave|contain|contains|use|uses|show|shows)(?=\s)", after) \
            or re.search(r"(?<=\s)(?:with|who|that|whose|where|which|in|from)(?=\s)", after)  # fmt: skip
        head, tail = (after[: split.start()], after[split.start() :]) if split else (after, "")
        def marks(piece: str) -> list[Condition]:
            return [p.scene.get(m) for m in re.findall(r"⟨W\d+⟩", piece)]

        among = re.search(r"\b(?:among|amongst|out of|of all|within|of those|for all|for the|for)\b(?=[^⟨]{0,40}⟨W\d+⟩)", tail or head)
        if among and marks((tail or head)[: among.start()]):
            base += marks((tail or head)[among.start() :])
            head, tail = (head, tail[: among.start()]) if tail else (head[: among.start()], "")
        first, target = marks(head), marks(tail)
        if first and target:
            base += first
        elif first:
            target = first
        # "with W1 are W2": the last verb divides
        if not first and len(target) >= 2 and split and split.group() in ("with", "who", "that", "whose", "where", "in", "which", "from"):
            verbs = list(re.finditer(r"(?<=\s)(?:are|were|is|was|have|has|had|come|came|belong|rate|got|get|did)(?=\s)", tail))
            if verbs:
                left, right = marks(tail[: verbs[-1].start()]), marks(tail[verbs[-1].start() :])
                if left and right:
                    base, target = base + left, right
        whole = [m for m in re.findall(r"⟨W\d+⟩", after)]
        spoken = [m for m in whole if re.search(r"\b(?:are|were|is|was|be|have|has|had|yielded|weigh|cost)\b", p.scene.words.get(m, ""))]
        if len(whole) >= 2 and not base and spoken and len(spoken) < len(whole) and not split:
            base, target = [p.scene.get(m) for m in whole if m not in spoken], [p.scene.get(m) for m in spoken]
        if len(target) >= 2 and not base and not split:  # "share of Japanese cars in 1980"
            timed = [c for c in target if set(columns_of(c)) <= {*self.linker.dates, *self.linker.years, *self.linker.virtual}]
            if timed and len(timed) < len(target):
                base, target = timed, [c for c in target if c not in timed]
        if "null_count" in p.functions and len(p.columns) == 1:
            target.append(Compare(column=p.columns[0], op="is null"))
            wanted = []
        if not target and base and not p.by and before.strip():
            target, base = base, []
        sums = [c for c in wanted if re.search(r"^ ?(?:of|in)?(?: all| the| total| overall| whole| entire| sum| of|⟨F\d+⟩| )*⟨C", after)]
        if len(wanted) == 2 and not p.by:
            table = self.builder.where(self.table, *base, *target)
            whole, piece = (wanted[0], wanted[1]) if re.search(r"of\b[^⟨]*⟨C", after) else (wanted[1], wanted[0])
            a = self.builder.value(table, "sum", piece)
            b = self.builder.value(table, "sum", whole)
            ref = self.builder.calculate("part / whole * 100" if function == "percent" else "part / whole", part=a, whole=b)
            return Answer(ref, ref.split(":")[0])
        column = sums[0] if sums and len(wanted) == 1 else None
        if wanted and column is None:
            return None
        self.all_used(text)
        table = self.builder.where(self.table, *base)
        condition = conjunction(target)
        if p.by:
            step, name = self.builder.groups(table, p.by, function, column, condition)
            return Answer(f"{step}:/groups/*/{pointer(name)}", step)
        if condition is None:
            texts = [c for c in p.columns if not self.linker.is_number(c)]
            if len(texts) == 1 and self._groupable(texts[0]):
                step, name = self.builder.groups(table, texts, function, column)
                return Answer(f"{step}:/groups/*/{pointer(name)}", step)
            return None
        ref = self.builder.value(table, function, column, condition)
        return Answer(ref, ref.split(":")[0])

    def _additive(self, name: str) -> bool:
        """Whether a sum of it makes sense: not a year, a code or a part of a date."""
        if name in self.builder.expressions:
            return True
        column = self.linker.columns.get(name)
        return column is not None and not (column.type == "BIGINT" and column.distinct <= 12) and not {"year", "quarter", "month", "week", "id", "code"} & set(stem(w) for w in self.linker.names[name])

    # ratios of two figures ------------------------------------------------------------------------------------------

    def _ratio(self, scene: Scene) -> Answer | None:
        text = scene.text
        if m := rx(r"{F:f}(?: [a-z]+)* {C:a}[^⟨]* (?:for every|for each)(?: single| one)?(?: [a-z]+){0,3} {C:b}").search(text):
            a, b = scene.get(m["a"]), scene.get(m["b"])
            if scene.get(m["f"]) == "count" and self._additive(a) and self._additive(b) and not self._groupable(b):
                self.account(text[: m.start()] + text[m.end() :])
                p = self.parts(scene)
                ref = self.builder.calculate("a / b", a=self._figure("sum", a, p.where), b=self._figure("sum", b, p.where))
                return Answer(ref, ref.split(":")[0])
        for pattern, formula in (
            (r"(?:difference|gap) between(?: the)? {F:f}(?: of)?(?: the)? {C:a} and(?: the)? {F:g}(?: of)?(?: the)? {C:b}", "a - b"),
            (r"ratio (?:of|between)(?: the)? {F:f}(?: of)?(?: the)? {C:a} (?:to|and|over)(?: the)? {F:g}(?: of)?(?: the)? {C:b}", "a / b"),
            (r"{F:f}(?: of)?(?: the)? {C:a} minus(?: the)? {F:g}(?: of)?(?: the)? {C:b}", "a - b"),
            (r"{F:f}(?: of)?(?: the)? {C:a} divided by(?: the)? {F:g}(?: of)?(?: the)? {C:b}", "a / b"),
        ):  # fmt: skip
            m = rx(pattern).search(text)
            if m and scene.get(m["a"]) != scene.get(m["b"]) and "count" not in (scene.get(m["f"]), scene.get(m["g"])):
                p = self.parts(scene.fork(text[: m.start()] + " " + text[m.end() :]))
                self.account(p.scene.text)
                if p.by or p.columns:
                    return None
                a, b = (self._figure(scene.get(m[f]), scene.get(m[c]), p.where) for f, c in (("f", "a"), ("g", "b")))
                ref = self.builder.calculate(formula, a=a, b=b)
                return Answer(ref, ref.split(":")[0])
        if not re.search(r"\bratio\b|divided by|\bdivide\b|times (?:as|more|higher|larger)", text):
            return None
        marked = scene.fork(scene.text)
        mark_values(marked, self.linker)
        conditions = [marked.get(m) for m in marked.all("W")]
        p = self.parts(scene)
        if len(set(p.functions)) == 2 and not conditions and len(p.columns) == 1 and not p.by and "count" not in p.functions:
            self.account(p.scene.text, "ratio divided divide times")
            a, b = (self._figure(f, p.columns[0], p.where) for f in p.functions)
            ref = self.builder.calculate("a / b", a=a, b=b)
            return Answer(ref, ref.split(":")[0])
        if len(conditions) == 2 and len(p.columns) <= 1 and not p.by and set(columns_of(conditions[0])) == set(columns_of(conditions[1])):
            self.account(marked.text, "ratio divided divide times high large big")
            column = next(iter(p.columns), None)
            function = p.functions[0] if p.functions else ("count" if column is None else "lookup")
            a, b = (self._figure(function, column, [c]) for c in conditions)
            ref = self.builder.calculate("a / b", a=a, b=b)
            return Answer(ref, ref.split(":")[0])
        return None

    # yes or no -----------------------------------------------------------------------------------------------------

    def _yes_no(self, scene: Scene) -> Answer | None:
        if not re.search(_AUX, scene.text):
            return None
        marked = scene.fork(scene.text)
        mark_values(marked, self.linker)
        text = marked.text
        m = re.search(rf"\b({_COMPARATIVE})\b(?P<mid>.*?)\bthan\b(?P<rest>.*)|\b(?P<cmp>above|below|exceed|exceeds|exceeded|over|under)\b(?P<rest2>.*)", text)
        if m:
            word = m.group(1) or m["cmp"]
            left = text[: m.start()] + (" " + m["mid"] if m["mid"] else "")
            right = (m["rest"] if m["rest"] is not None else m["rest2"]) or ""
            a = self.parts(marked.fork(left), keep_values=True)
            b = self.parts(marked.fork(right), keep_values=True)
            self.account(text, "than yes no either way sufficient enough", *words.LESS, *words.MORE, "higher lower greater larger bigger more less fewer smaller exceed exceeds exceeded better worse heavier older warmer hotter longer younger shorter lighter")
            columns = a.columns or b.columns
            functions = a.functions or b.functions
            if len(columns) > 1 or (a.columns and b.columns and a.columns != b.columns):
                if len(a.columns) == 1 and len(b.columns) == 1:
                    pass
                else:
                    return None
            function_a = (a.functions or (["lookup"] if b.functions and not a.functions and self._is_single(a.where) else functions) or ["count" if not columns else "lookup"])[0]
            function_b = (b.functions or functions or ["count" if not columns else "lookup"])[0]
            column_a = (a.columns or b.columns or [None])[0]
            column_b = (b.columns or a.columns or [None])[0]
            shared = [c for c in a.where if not b.where or not set(columns_of(c)) & {x for w in b.where for x in columns_of(w)}]
            where_b = b.where + [c for c in shared if b.where]
            if not b.where and re.search(r"other|rest|else", right):
                return None
            first = self._figure(function_a, column_a, a.where)
            second = self._figure(function_b, column_b, where_b) if b.where or b.columns or b.functions or re.search(r"overall|all", right) else None
            if second is None:
                if not b.numbers:
                    return None
                ref = self.builder.decide([Rule(when=[Predicate(ref=first, op="<" if word in _LOWER else ">", value=b.numbers[0])], then=True)], False)
                return Answer(ref, ref.split(":")[0])
            if first == second:
                return None
            ref = self.builder.decide([Rule(when=[Predicate(ref=first, op="<" if word in _LOWER else ">", value=RefValue(ref=second))], then=True)], False)
            return Answer(ref, ref.split(":")[0])
        p = self.parts(marked, keep_values=True)
        if p.where and re.search(r"\b(?:any|anybody|anyone|there|someone|some|ever)\b", text) and not p.functions and not p.superlatives:
            self.account(text, "die died dead")
            ref = self._figure("count", None, p.where)
            ref = self.builder.decide([Rule(when=[Predicate(ref=ref, op=">", value=0)], then=True)], False)
            return Answer(ref, ref.split(":")[0])
        return None

    # changes and differences ------------------------------------------------------------------------------------------

    def _change(self, scene: Scene) -> Answer | None:
        text = scene.text
        cue = re.search(r"\b(drop|dropped|fall|fell|fallen|decrease|decreased|decline|declined|shrink|shrank|lose|lost|grow|grew|grown|growth|increase|increased|rise|rose|risen|gain|gained|change|changed|difference|differ|gap|more|less|higher|lower|fewer)\b", text)
        if not cue:
            return None
        if stepwise := self._from_row_to_row(scene):
            return stepwise
        percent = bool(re.search(r"percent|percentage|%|growth rate|\brelative\b", text)) and "percentage point" not in text
        vocabulary = ("drop dropped fall fell fallen decrease decreased decline declined shrink shrank grow grew grown growth increase increased rise rose risen gain gained change changed difference differ gap "
                      "percent percentage relative absolute minus positive negative sign than more less higher lower fewer points calculated terms average difference later earlier to drops increases by")  # fmt: skip
        ends = [scene.get(m) for m in scene.all("R") if scene.get(m)[1] is not None]
        pair: list[Condition] | None = None
        if ends:
            pair = [ends[0][1][0], ends[0][2][0]]
            rest = scene.fork(rx(r"{R}").sub(" ", text))
            rest.text = re.sub(r"⟨Y\d+⟩", " ", rest.text)
        else:
            marked = scene.fork(text)
            mark_values(marked, self.linker)
            w = [marked.get(m) for m in marked.all("W")]
            by_column: dict[str, list[Condition]] = {}
            for c in w:
                by_column.setdefault(",".join(sorted(set(columns_of(c)))), []).append(c)
            pairs = [cs for cs in by_column.values() if len(cs) == 2]
            ends_named = re.search(r"\b(?:first|earliest|start|beginning|opening)\b.*\b(?:last|latest|end|final)\b", text)
            time = next(iter([*self.linker.dates, *self.linker.years]), None)
            if ends_named and time and not pairs:
                p = self.parts(scene)
                own = [c for c in p.columns if self.linker.is_number(c) and c != time and c not in self.linker.virtual]
                if len(own) != 1 or p.by or not self.unique(time):
                    return None
                self.account(p.scene.text, vocabulary, "first last earliest latest start end beginning final day days month months year years date if")
                from shared.analysis.plan import Trend

                step = self.builder.add(Trend, self.builder.where(self.table, *p.where), time=time, value=own[0], function="last")
                return Answer(f"{step}:/percent_change" if percent else f"{step}:/change", step)
            inside = [c for c in w if isinstance(c, Compare) and c.op == "in" and isinstance(c.value, list) and len(c.value) == 2]
            if len(pairs) == 1:
                pair = pairs[0]
                others = [c for c in w if c not in pair]
            elif inside and re.search(r"difference|gap|differ|than", text):
                pair = [Compare(column=inside[0].column, op="==", value=v) for v in inside[0].value]  # type: ignore[union-attr]
                others = [c for c in w if c is not inside[0]]
            else:
                return None
            rest = marked.fork(re.sub(r"⟨W\d+⟩", " ", marked.text))
            for c in others:
                rest.text += " " + rest.mark("W", c)
        if pair is None:
            return None
        rest.text = re.sub(r"\([^()]*\bminus\b[^()]*\)", " ", rest.text)
        p = self.parts(rest)
        if p.by:
            return None
        columns = p.columns
        if len(columns) > 1:
            return None
        self.account(p.scene.text, vocabulary)
        self.all_used(p.scene.text)
        column = columns[0] if columns else self.default
        named = [f for f in p.functions if f != "much" and not (f == "count" and column)]
        function = named[0] if named else ("count" if column is None else "lookup")
        try:
            a, b = (self._figure(function, column, [c, *p.where]) for c in pair)
        except Unclear as problem:
            raise Stop(problem.what, problem.why, problem.hint) from problem
        down = re.search(r"\b(?:drop|dropped|fall|fell|fallen|decrease|decreased|decline|declined|shrink|shrank|lost|lose)\b", text)
        if ends and re.search(_AUX, text) and not percent:
            ref = self.builder.decide([Rule(when=[Predicate(ref=b, op="<" if down else ">", value=RefValue(ref=a))], then=True)], False)
            return Answer(ref, ref.split(":")[0])
        comparative = re.search(r"\b(?:more|less|higher|lower|fewer)\b.*\bthan\b", text)
        if percent:
            expression = "(first - last) / first * 100" if down and "increase" not in text else "(last - first) / first * 100"
            if comparative:
                expression = "(first - last) / last * 100"
        elif down or comparative or re.search(r"\bdifference\b|\bgap\b|\bdiffer\b", text) and not ends:
            expression = "first - last"
        else:
            expression = "last - first"
        ref = self.builder.calculate(expression, first=a, last=b)
        return Answer(ref, ref.split(":")[0])

    def _from_row_to_row(self, scene: Scene) -> Answer | None:
        """"In which year did x rise most?", "compound annual growth of x"."""
        text = scene.text
        down = r"drop|fall|fell|decreas|declin|loss|lose|lost|shrink|shrank|slump|plung"
        up = r"increas|rise|rose|jump|gain|grow|grew|climb|surg|chang"
        most = re.search(rf"\b(?P<a>(?:{up}|{down})\w*)(?: by)?(?: the)? ⟨S\d+⟩|⟨S\d+⟩(?: [a-z]+(?:-[a-z]+)*)? (?P<b>(?:{up}|{down})\w*)", text)
        compound = re.search(r"\bcagr\b|compound(?:ed)? (?:annual |yearly |average )?growth|average (?:annual|yearly) growth rate", text)
        time = next(iter([*self.linker.dates, *self.linker.years]), None)
        asked = re.search(r"\bwhen\b|\b(?:which|what) (?:calendar |single |one )?(⟨C\d+⟩|[a-z]+)", text)
        if not (compound or most and asked):
            return None
        p = self.parts(scene)
        own = [c for c in p.columns if self.linker.is_number(c) and c != time and c not in self.linker.virtual and self._additive(c)]
        if most and asked and asked[1] and (asked[1] not in words.TIME_NOUNS and not (asked[1].startswith("⟨") and (scene.get(asked[1]) == time or scene.get(asked[1]) in self.linker.virtual))):
            groups = [c.name for c in self.linker.table.columns if c.type == "VARCHAR"]
            if asked[1].startswith("⟨") and scene.get(asked[1]) in groups or asked[1] in words.ENTITIES:
                raise Stop(text, "It asks whose figure changed most; that needs a start and an end for each, which I did not find.", "Name the two times to compare.")
            return None
        fixed = {c for w in p.where for c in columns_of(w)}
        groups = [c for c in fixed if self.linker.kind_of(c) == "text"]
        steady = time is not None and (self.unique(time) or bool(groups) and self.linker.columns[time].distinct * self.linker.columns[groups[0]].distinct >= self.rows)
        if time is None or len(own) != 1 or p.by or not steady:
            raise Stop(text, "It asks how a figure changed from one time to the next, and there is not one row for each time.", "Name the figure (mean, total, …) and the times to compare.")
        self.account(text, "increase increased rise rose jump jumped gain gained grow grew growth grown climb surge change changed drop dropped fall fell decrease decreased decline declined loss lose lost shrink shrank slump plunge "
                     "compound annual yearly average rate cagr compared previous next before after one another year-over-year year-on-year month-over-month month-on-month over relative percent percentage terms to from by jump sharpest steepest day month year date quarter week in which when did")  # fmt: skip
        table = self.builder.where(self.table, *p.where)
        from shared.analysis.plan import Trend, Window

        if compound and not most:
            step = self.builder.add(Trend, self.builder.base(table, time), time=time, value=own[0], function="last")
            return Answer(f"{step}:/growth", step)
        assert most is not None
        percent = bool(re.search(r"percent|%|relative", text))
        name = f"{own[0]} {'growth' if percent else 'change'}"
        self.builder.labels[name] = {"window": Window(function="percent_change" if percent else "difference", column=own[0], order_by=time)}
        self.linker.derived[name] = "number"
        word = most["a"] or most["b"]
        mark = re.search(r"⟨S\d+⟩", most.group())
        least = mark is not None and scene.get(mark.group())[2] == "asc" and scene.get(mark.group())[0] in ("least", "smallest", "lowest")
        falling = bool(re.match(down, word))
        if least or not re.search(r"\b(?:which|when|what (?:year|month|day|date|quarter|week))\b", text):
            return None
        target = self.linker.virtual and next((v for v, part in self.linker.virtual.items() if part.part == "year" and part.column == time and self.linker.row_unit() == "year"), None) or time
        table = self.builder.base(table, name, target)
        ranked = self.builder.rank(table, name, [target], order="asc" if falling else "desc")
        return Answer(f"{ranked}:/name", ranked)

    # groups that pass a threshold -----------------------------------------------------------------------------------------

    def _having(self, scene: Scene) -> Answer | None:
        if not re.match(r"^(?:.{0,30})\b(?:which|what|list|name|show)\b", scene.text):
            return None
        tail = alternatives(words.OR_MORE)
        m = rx(rf"(?:(?P<least>{alternatives(words.AT_LEAST)})|(?P<more>{alternatives(words.MORE)})) {{N:n}}|{{N:k}}(?: [a-z]+)? (?P<ormore>{tail})").search(scene.text)
        if not m:
            return None
        p = self.parts(scene)
        texts = [c for c in p.columns if not self.linker.is_number(c)]
        if len(texts) != 1 or len(p.columns) != 1 or p.superlatives:
            return None
        self.account(re.sub(tail, " ", p.scene.text), "least more than or have has had", *words.MORE, *words.AT_LEAST)
        number = scene.get(m["n"] or m["k"])
        table = self.builder.base(self.builder.where(self.table, *p.where), texts[0])
        from shared.analysis.plan import Aggregate

        measure = self.builder.measure("count", None)
        step = self.builder.add(Aggregate, table, measures=[measure], by=texts, having=Compare(column="count", op=">" if m["more"] else ">=", value=number))
        ranked = self.builder.rank(step, "count", texts, k=1000)
        return Answer(f"{ranked}:/names", ranked)

    # which one is the most -------------------------------------------------------------------------------------------------

    def _which(self, scene: Scene) -> Answer | None:
        from shared.brains.builtin.ranking import rank_question

        return rank_question(self, scene)

    # arithmetic within each row ---------------------------------------------------------------------------------------------

    def _row_arithmetic(self, scene: Scene) -> Answer | None:
        made = self.row_expression(scene)
        if made is None:
            return None
        name, rest = made
        rest.text = rest.text + " " + rest.mark("C", name)
        saved, self.nouns = self.nouns, self.nouns | {"ratio", "difference", "sum", "product", "quotient", "total", "log", "logarithm", "natural", "transform"}
        try:
            return self._which(rest) if self.parts(rest).superlatives else self._share(rest) or self._plain(rest)
        finally:
            self.nouns = saved

    def row_expression(self, scene: Scene) -> tuple[str, Scene] | None:
        """A derived column the phrase describes (ratio, difference, logarithm), and the phrase without it."""
        text = scene.text
        if written := self._formula(scene):
            return written
        if m := rx(r"(?P<all>⟨C\d+⟩(?: ?,? (?:and |\+ |plus )?⟨C\d+⟩)+)(?: ,)? (?:combined|together|taken together|added up|added together|summed|in total)").search(text):
            columns = [scene.get(c) for c in re.findall(r"⟨C\d+⟩", m["all"])]
            if all(self.linker.is_number(c) and self._additive(c) for c in columns):
                name = self.builder.expression(" + ".join(columns), " + ".join(quote(c) for c in columns))
                return name, scene.fork(text[: m.start()] + " " + text[m.end() :])
        forms = [
            (r"(?:divide|dividing) (?:the )?{C:a} by (?:the )?{C:b}", "{a} / {b}", "{a} per {b}"), (r"{C:a} divided by (?:the )?{C:b}", "{a} / {b}", "{a} per {b}"),
            (r"(?:ratio of|ratio between)(?: the)? {C:a} (?:to|and|over)(?: the)? {C:b}", "{a} / {b}", "{a} per {b}"), (r"{C:a} ?(?:-|/|to|-to-) ?{C:b} ratio", "{a} / {b}", "{a} per {b}"), (r"{C:a} / {C:b}", "{a} / {b}", "{a} per {b}"),
            (r"{C:a} per (?:unit of )?{C:b}", "{a} / {b}", "{a} per {b}"),
            (r"(?:subtract|subtracting) (?:the )?{C:b} from (?:the )?{C:a}", "{a} - {b}", "{a} minus {b}"), (r"{C:a} minus (?:the )?{C:b}", "{a} - {b}", "{a} minus {b}"), (r"{C:a} - {C:b}", "{a} - {b}", "{a} minus {b}"),
            (r"(?:difference|spread|gap|distance|margin|⟨F\d+⟩) (?:between|of)(?: the)?(?: [a-z']+)? {C:a} and(?: the)?(?: [a-z']+)? {C:b}", "{a} - {b}", "{a} minus {b}"),
            (r"difference (?:between|of)(?: the)? (?:day|daily|day's)? ?{F:fa} and {F:fb} {C:c}", "", ""),
            (r"(?:sum of|add|adding)(?: the)? {C:a} (?:and|to|plus)(?: the)? {C:b}", "{a} + {b}", "{a} plus {b}"), (r"{C:a} plus (?:the )?{C:b}", "{a} + {b}", "{a} plus {b}"),
            (r"(?:product of|multiply|multiplying)(?: the)? {C:a} (?:and|by|with)(?: the)? {C:b}", "{a} * {b}", "{a} times {b}"), (r"{C:a} times (?:the )?{C:b}", "{a} * {b}", "{a} times {b}"),
            (r"(?:natural )?(?:log|ln|logarithm)(?:arithm)? ?(?:of )?\(? ?(?:1|⟨N\d+⟩) \+ (?:{C:a}|x) ?\)?(?: to (?:the )?{C:b})?", "log1p", "log(1 + {a})"),
            (r"(?:base ?-? ?⟨N\d+⟩ (?:log|logarithm)|log ?-? ?(?:10|⟨N\d+⟩)|log10)(?: of)?(?: the)? ?\(? ?{C:a}", "log10({a})", "log10 {a}"),
            (r"(?:natural )?(?:logarithm|log|ln)(?: ?- ?transformed)?(?: of)?(?: the)? ?\(? ?{C:a}(?: \))?", "ln({a})", "log {a}"),
            (r"(?:logged|log-transformed) {C:a}", "ln({a})", "log {a}"),
            (r"square root (?:of )?(?:the )?{C:a}", "sqrt({a})", "sqrt {a}"),
        ]  # fmt: skip
        for pattern, formula, title in forms:
            m = rx(pattern).search(text)
            if not m or not formula:
                continue
            groups = m.groupdict()
            marks = {k: scene.get(v) for k, v in groups.items() if v}
            if formula == "log1p":
                column = marks.get("a") or marks.get("b")
                if column is None:
                    continue
                formula, title, marks = "ln(1 + {a})", "log(1 + {a})", {"a": column}
            if "per" in title and "per (?:unit" in pattern and self._groupable(marks["b"]):
                continue
            if any(not self.linker.is_number(c) and c not in self.builder.expressions for c in marks.values()):
                continue
            if len(set(marks.values())) < len(marks):
                continue
            name = self.builder.expression(title.format(**marks), formula.format(**{k: quote(v) for k, v in marks.items()}))
            return name, scene.fork(text[: m.start()] + " " + text[m.end() :])
        return None

    def _formula(self, scene: Scene) -> tuple[str, Scene] | None:
        """Arithmetic written out: `(high - low) / open`, `100 * a / b`."""
        for m in re.finditer(r"(?:\( )*⟨[CN]\d+⟩(?: \))*(?: [-+*/] (?:\( )*⟨[CN]\d+⟩(?: \))*)+", scene.text):
            piece = m.group()
            while piece.count("(") > piece.count(")") and piece.startswith("( "):
                piece = piece[2:]
            while piece.count(")") > piece.count("(") and piece.endswith(" )"):
                piece = piece[:-2]
            columns = [scene.get(c) for c in re.findall(r"⟨C\d+⟩", piece)]
            if re.search(r"\b(?:log|ln|log10|sqrt|root|logarithm)(?: of)? ?\(? ?$", scene.text[: m.start()]):
                continue
            if piece.count("(") != piece.count(")") or not columns or any(not self.linker.is_number(c) for c in columns) or len(re.findall(r"⟨", piece)) < 2:
                continue
            if len(set(columns)) == 1 and "⟨N" not in piece or set(columns) & set(self.linker.virtual):
                continue
            written = re.sub(r"⟨[CN]\d+⟩", lambda k: quote(scene.get(k.group())) if k.group()[1] == "C" else str(scene.get(k.group())), piece)
            title = re.sub(r"⟨[CN]\d+⟩", lambda k: str(scene.get(k.group())), piece)
            name = self.builder.expression(title, written)
            start = scene.text.find(piece, m.start())
            return name, scene.fork(scene.text[:start] + " " + scene.text[start + len(piece) :])
        return None

    # a figure, for all or for each group ----------------------------------------------------------------------------------

    def _plain(self, scene: Scene) -> Answer | None:
        p = self.parts(scene)
        text = p.scene.text
        functions = [f for f in p.functions if f != "much"]
        much = "much" in p.functions
        superlative = [s for s in p.superlatives if s[2] in ("desc", "asc", "worst")]
        hinted = ""
        if superlative and not functions and len(superlative) == 1 and not re.search(_NAMES_SOMETHING, text):
            hint, direction = superlative[0][1], superlative[0][2]
            column = p.columns[0] if len(p.columns) == 1 else None
            if column and hint and not hint.startswith("#") and self.linker.find_column(hint.split())[0] not in (None, column):
                column = None
            if column is None and hint and not hint.startswith("#") and not p.columns:
                column, _ = self.linker.find_column(hint.split())
                hinted = " ".join([*self.linker.names.get(column or "", []), "temperature", "temperatures"])
            if hint == "#date" and not self.linker.is_number(column or "") if column in self.linker.columns else False:
                functions, p.columns, p.superlatives = ["max" if direction == "desc" else "min"], [str(column)], []
            elif column and direction != "worst" and hint != "#std":
                functions = ["max" if direction == "desc" else "min"]
                p.columns = [column]
                p.superlatives = []
        if p.superlatives and [s for s in p.superlatives if s[2] != "skip"]:
            if not functions:
                return None
        counting = "count" in functions
        columns = [c for c in p.columns if not (self.linker.kind_of(c) == "text" and c in self.linker.columns and self.unique(c))] if len(p.columns) > 1 else p.columns
        if [x for x in p.superlatives if x[2] in ("desc", "asc", "worst")]:
            return None
        if counting and len(set(functions)) > 1 and not (set(functions) == {"count", "sum"} and not columns):
            functions = [f for f in functions if f != "count"]
            counting = False
        if functions and functions[0] == "distinct" and not columns:
            return None
        if (several := self._several(p, functions, columns)) is not None:
            return several
        if len(set(functions)) > 1:
            return None
        function = functions[0] if functions else None
        self.all_used(text)
        self.account(text, hinted, "distribution spread different distinct unique separately individually known existing average")
        if counting or (function is None and re.search(r"\b(?:number|count|how many|tally)\b", text)):
            if not columns:
                return self._count(p, None)
            if len(columns) == 1:
                column = columns[0]
                if not self.linker.is_number(column) and not p.where and not p.by:
                    if self.unique(column):
                        return self._count(p, None)
                    return self._finish(p, "distinct", column)
                if not self.linker.is_number(column) and self.unique(column):
                    return self._count(p, None)
                if not self.linker.is_number(column) and p.by:
                    return self._finish(p, "distinct", column)
                if not self.linker.is_number(column):
                    return self._finish(p, "distinct", column)
                if re.search(r"missing|null|empty|blank", text):
                    return self._finish(p, "null_count", column)
                direct = re.search(r"⟨F\d+⟩(?: of)?(?: the)?(?: [a-z]+){0,4} ⟨C", text)
                if direct and column in self.linker.columns and self.linker.columns[column].type == "BIGINT" and self._additive(column):
                    return self._finish(p, "lookup" if self._is_single(p.where) and not p.by else "sum", column)
                return None
            return None
        if function is None and not columns and (p.by or p.where) and re.search(r"\bnumber|rows|counts?\b", text):
            return self._count(p, None)
        if len(columns) == 0 and self.default and (function or self._is_single(p.where)):
            columns = [self.default]
        if function == "mode" and len(columns) == 1:
            return self._finish(p, "mode", columns[0])
        if len(columns) > 1 and self.loose:
            weak = {p.scene.get(m) for m in p.scene.all("C") if m in p.scene.weak}
            columns = [c for c in columns if c not in weak] or columns
        if len(columns) > 1 and function and not p.by:
            refs = [c for c in columns if self.linker.is_number(c)]
            if len(refs) != 1:
                return None
            return None
        if len(columns) != 1:
            return None
        column = columns[0]
        if function is None and p.where and not p.by and not self.linker.is_number(column) and re.search(r"\b(?:list|names?|which|show|name|what|who)\b|⟨C\d+⟩ (?:with|where|that)", text):
            by = next((c for w in p.where for c in columns_of(w) if self.linker.is_number(c)), None)
            if by:
                step = self.builder.rank(self.builder.where(self.table, *p.where), by, [column], k=1000)
                return Answer(f"{step}:/names", step)
        if function is None:
            if much and self.linker.is_number(column) and not self._is_single(p.where):
                function = "sum"
            elif p.where and self._is_single(p.where):
                return self._finish(p, "lookup", column)
            elif p.by and self.linker.is_number(column) and all(self.unique(c) for c in p.by):
                function = "max"
            else:
                raise Unclear(str(column), f"It is not said which figure of “{column}” is wanted, and more than one row fits.", "Say for instance mean, median, total, highest or count.")
        if function not in ("distinct", "null_count", "min", "max", "mode") and not self.linker.is_number(column) and column not in self.builder.expressions:
            return None
        return self._finish(p, function, column)

    def _several(self, p: Parts, functions: list[str], columns: list[str]) -> Answer | None:
        """Several figures at once: "min, max and mean of x", "mean x and mean y by z"."""
        measures = [f for f in dict.fromkeys(functions) if f not in ("count", "much", "distinct", "null_count")]
        numbers = [c for c in columns if self.linker.is_number(c)]
        if self.loose or re.search(r"percent|share|proportion|fraction|ratio|combined|together", p.scene.text) or [x for x in p.superlatives if x[2] != "skip"] or not all(self._additive(c) for c in numbers) or len(numbers) != len(columns) or not numbers or not measures or len(measures) * len(numbers) < 2 or (len(measures) > 1 and len(numbers) > 1):
            return None
        self.account(p.scene.text)
        self.all_used(p.scene.text)
        table = self.builder.base(self.builder.where(self.table, *p.where), *numbers, *p.by)
        if len(numbers) > 1 and not p.by:
            from shared.analysis.plan import Unpivot

            long = self.builder.add(Unpivot, table, columns=numbers, names_to="column", values_to="value")
            step, name = self.builder.groups(long, ["column"], measures[0], "value")
            return Answer(f"{step}:/groups/*/{pointer(name)}", step)
        made = [self.builder.measure(f, c) for c in numbers for f in measures]
        from shared.analysis.plan import Aggregate

        step = self.builder.add(Aggregate, table, measures=made, by=p.by)
        refs = [f"{step}:/groups/*/{pointer(m.name)}" if p.by else f"{step}:/{pointer(m.name)}" for m in made]
        return Answer(refs[0], step, extra=dict(zip((m.name for m in made), refs, strict=True)))

    def _count(self, p: Parts, column: str | None) -> Answer:
        if p.by:
            table = self.builder.where(self.table, *p.where)
            step, name = self.builder.groups(table, p.by, "count", column)
            return Answer(f"{step}:/groups/*/{name}", step, ("bar", *p.by, name))
        ref = self._figure("count", column, p.where)
        return Answer(ref, ref.split(":")[0])

    def _finish(self, p: Parts, function: str, column: str) -> Answer:
        if p.by:
            table = self.builder.where(self.table, *p.where)
            step, name = self.builder.groups(table, p.by, function, column)
            return Answer(f"{step}:/groups/*/{pointer(name)}", step, ("bar", *p.by, name))
        ref = self._figure(function, column, p.where)
        return Answer(ref, ref.split(":")[0])

    def _is_single(self, where: list[Condition]) -> bool:
        """Whether these conditions pick one row: they fix a column that names rows, or a year (and quarter, and month)."""
        for w in where:
            ends = [c for c in getattr(w, "all", []) if isinstance(c, Compare) and c.column in self.linker.dates and isinstance(c.value, str)]
            if len(ends) == 2 and self.unique(ends[0].column) and self.unit_days:
                days = (date.fromisoformat(str(ends[1].value)) - date.fromisoformat(str(ends[0].value))).days
                if 0 < days <= self.unit_days:
                    return True
        fixed = {c.column for w in where for c in (w.all if hasattr(w, "all") else [w]) if isinstance(c, Compare) and c.op == "=="}
        if not fixed:
            return False
        if any(self.unique(c) for c in fixed):
            return True
        product = 1
        for name in fixed:
            product *= max(1, self.linker.columns[name].distinct if name in self.linker.columns else 1)
        return len(fixed) > 1 and product >= self.rows

    def _figure(self, function: str, column: str | None, where: list[Condition]) -> str:
        """A reference to one number (or one value, for `lookup`)."""
        table = self.builder.where(self.table, *where)
        if function == "lookup":
            if not self._is_single(where):
                raise Unclear(str(column), f"Several rows fit, and it is not said which figure of “{column}” is wanted.", "Say for instance mean, median, total or highest.")
            function = "max" if column and self.linker.kind_of(column) == "number" else "first"
        if function == "much":
            function = "sum"
        return self.builder.value(table, function, column)

    def calculated(self, expression: str, values: dict[str, str]) -> str:
        return f"{self.builder.add(Calculate, self.builder.source, expression=expression, values=values)}:/value"


def _drop_chatter(text: str) -> str:
    """Sentences that hold nothing the table knows and ask nothing are talk."""
    text = re.sub(r"^(?:homework|exercise|task|question|assignment|problem|step|part|item|q)[^:⟨]{0,20}(?:⟨N\d+⟩ ?[a-z]?)? ?: ", " ", text)
    text = re.sub(r"(?:^|(?<=[.!?] ))(?:please )?(?:list|give|show|name|sort|order|rank|return|put) (?:them|it|these)\b[^.!?]*[.!?]?", " ", text)
    text = re.sub(r"(?:^|(?<=[.!?] ))⟨S\d+⟩ (?:one |ones |⟨N\d+⟩ )?(?:first|on top|at the top)\b[^.!?]*[.!?]?", " ", text)
    pieces = [s for s in re.split(r"(?<=[.!?;:]) |(?<=\.\.\.) ", text) if s.strip()]
    kept = [s for s in pieces if re.search(r"⟨", s) or re.search(r"\b(?:how many|count|number of|what|which|who|correlat)\b", s) and len(pieces) == 1]
    return " ".join(kept) or text


__all__ = ["Answer", "Interpreter", "Parts", "Unclear", "root"]
