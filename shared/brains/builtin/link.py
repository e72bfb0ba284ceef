"""Finds in a question what the table knows: columns, values they hold, numbers, dates, measures, superlatives.

The question is rewritten: each thing found is replaced by a mark such as `⟨C3⟩`, whose payload stands in
`Scene.marks`. Later stages are patterns over that text (a cascade of finite-state rewrites, as in FASTUS, Hobbs et al. 1997).
"""

import re
from typing import Any

from shared.analysis.plan import Compare
from shared.brains.builtin import words
from shared.brains.builtin.matches import played
from shared.brains.builtin.names import NOT_A_NAME, Names
from shared.brains.builtin.scene import Scene, alternatives, rx
from shared.brains.builtin.spelling import TOKEN, aside, key, kin, normalise
from shared.brains.builtin.times import mark_time

_EDGE = frozenset("the a an of in on at to for by and or is are was were with per from as than that which what how each every more less over under not no all its it".split())
_METHODS = frozenset("pearson spearman kendall welch student fisher".split())
_STATISTICAL = frozenset("correlation correlations coefficient coefficients rank r rho tau test t exact pearson spearman kendall".split())
_DOING = frozenset("predict explain model regress estimate scale rescale standardise standardize normalise normalize impute fill compare correlate test average sum report give compute calculate find take use convert transform round square log drop keep remove".split())
_GENERIC = frozenset("size sizes length lengths width widths height heights type types status category categories duration durations volume diameter depth".split())
_PAST = {"won": "win", "led": "lead", "made": "make", "built": "build", "sold": "sell", "bought": "buy", "wrote": "write", "written": "write", "drove": "drive", "driven": "drive", "taught": "teach", "ran": "run", "sung": "sing", "sang": "sing"}
DEEDS = {"died": "death", "die": "death", "dies": "death", "dead": "death", "dying": "death", "survived": "survival", "survive": "survival", "left": "leave", "chosen": "choice", "chose": "choice", "bought": "purchase", "sold": "sale", "won": "win", "lost": "loss"}
_PEOPLE = {"men": "male", "man": "male", "males": "male", "boys": "male", "women": "female", "woman": "female", "females": "female", "girls": "female"}
_COMPARATORS = frozenset(
    tuple(p.split()) for p in [*words.MORE, *words.LESS, *words.AT_LEAST, *words.AT_MOST, *words.OR_MORE, *words.OR_LESS] if " " in p
)  # fmt: skip


class Linker(Names):
    """`link(text)` gives a Scene."""

    def link(self, text: str, scene: Scene | None = None) -> Scene:
        """Marks everything known in `text` (original case). Marks are added to `scene` where one is given."""
        scene = scene.fork("") if scene else Scene("")
        if self.percapita:
            text = re.sub(r"(?i)\b(?:per (?:head|person|inhabitant)|a head)\b", "percapita", text)
        text = self._sorts(self._agents(self._distribute(aside(normalise(text))), scene), scene)
        text = re.sub(r"\b([A-Za-z]+)-([A-Za-z]+) (?=(?:records?|rows?|observations?|entries|pairs?|combinations?)\b)", lambda m: "" if all(self.find_column([w.lower()])[0] for w in m.groups()) else m.group(), text)
        text = self._turned(played(text, scene, self), scene)
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
        joined = rx(r"\b(?P<word>code|id|number|name|value|rate) (?:is |of |= )?(?P<v>⟨V\d+⟩)").sub(lambda m: m["v"] if any(m["word"] in self.names.get(c, []) for c, _ in scene.get(m["v"])) else m.group(), joined)
        joined = re.sub(r"[a-z]+(?: ?'s)? (⟨C\d+⟩) \( (⟨V\d+⟩) \)", r"\1 of \2", joined)
        joined = rx(r"(?P<said>(?:[a-z'-]+ ){0,6})(?:(?P<v>⟨V\d+⟩ )(?P<row>[a-z]+ )?)?(?P<d>⟨C\d+⟩ )?\( (?P<c>⟨C\d+⟩) (?:(?:is|of|=|equals|equal to|:|code) )*(?P<is>⟨V\d+⟩|yes|no|true|false) \)").sub(lambda m: self._spelled_out(scene, m), joined)
        joined = re.sub(r"((?:[a-z'-]+ ){1,6}|(?:[a-z'-]+ ){0,4}⟨V\d+⟩ )\( (⟨[VC]\d+⟩) \)", lambda m: m.group() if re.search(r"\b(?:ln|log|log10|log2|sqrt|root|logarithm|abs|exp)\b", m[1]) else " ".join([*(w for w in m[1].split() if w in words.FILLER or w in words.ROW_NOUNS or w in _STATISTICAL and not re.search(rf"\b{w} (?:scores?|results?|grades?|marks?)\b", m[1])), m[2]]), joined)
        joined = re.sub(r"(⟨[CV]\d+⟩) \( (⟨C\d+⟩) \)", lambda m: self._gloss(scene, m), joined)
        joined = rx(rf"(?:the )?(?:{'|'.join(words.TRAILING)}|size) (?:(?:of|for) (?:the )?(?P<c>⟨C\d+⟩)|(?P<d>⟨C\d+⟩) (?:got|received|had|won|gained|drew|polled|took))").sub(
            lambda m: (m["c"] or m["d"]) if not ("percentage" in m.group().split()[:2] and re.search(r"\b(?:what|which|as a|as|in) $", m.string[: m.start()])) and self.is_number(scene.get(m["c"] or m["d"])) and scene.get(m["c"] or m["d"]) not in (*self.years, *self.virtual) else m.group(), joined)
        joined = rx(r"(?:(?:the )?(?:price|prices|cost|costs) (?:of|for) (?:the )?(?P<c>⟨C\d+⟩)|(?P<d>⟨C\d+⟩) (?:price|prices|cost|costs)\b)").sub(
            lambda m: (m["c"] or m["d"]) if words.PRICED & set(self.names.get(scene.get(m["c"] or m["d"]), [])) or self._in_money(scene.get(m["c"] or m["d"])) else m.group(), joined)  # fmt: skip
        joined = rx(r"(?:(?P<noun>[a-z]+)(?: ?'s)? )?(?P<c>⟨C\d+⟩)(?P<of> of (?:the |a |an |each |every )?(?P<owner>[a-z]+)\b(?! ⟨)(?! (?!in\b|for\b|by\b|at\b|on\b|with\b|and\b|is\b|was\b|are\b|were\b|per\b|across\b|over\b)[a-z]))?").sub(lambda m: self._owned(m, scene), joined)
        joined = rx(r"(?P<lead>\b(?:each|every|per|by|the|of|between|and|does|do|with|their|its) |⟨[FS]\d+⟩ (?:of (?:the )?)?)(?P<noun>[a-z]+) (?P<c>⟨C\d+⟩)").sub(lambda m: self._belonging(scene, m), joined)
        joined = rx(r"{C:c} sizes?\b(?! ⟨C)").sub(lambda m: m["c"] if self.is_number(scene.get(m["c"])) else m.group(), joined)
        joined = rx(r"{C:a} (?:of )?(?:the |their |his |her |its |a |an )?{C:b}").sub(lambda m: m["a"] if scene.get(m["a"]) == scene.get(m["b"]) and (m["a"] in scene.weak or m["b"] in scene.weak) else m.group(), joined)
        scene.text = mark_time(joined, scene, self)
        return scene

    def _turned(self, text: str, scene: Scene) -> str:
        """"Distance to Bush" for a column bushdis."""
        def column(m: re.Match[str]) -> str:
            name, sure = self.find_column([m["of"].lower(), m["what"]])
            return f" {scene.mark('C', name, m.group().lower())} " if name and sure >= 0.85 and m["of"].lower() in name.lower() and name.lower() != m["of"].lower() else m.group()

        return re.sub(r"\b(?P<what>[a-z]{4,}) (?:to|of|from|for|towards) (?:the )?(?P<of>[A-Z][A-Za-z]{2,})\b", column, text)

    def _owned(self, m: re.Match[str], scene: Scene) -> str:
        """"Party size", "the size of the party": what a size is a size of goes without saying, where the column does not say it."""
        if scene.words.get(m["c"], "") not in _GENERIC:
            return m.group()

        def unknown(word: str | None) -> bool:
            return word is not None and len(word) > 2 and not (word in _DOING or word in words.FILLER or word in words.FUNCTIONS or word in words.SUPERLATIVES or word in words.COMPARATIVES or word in _EDGE or word.endswith(("ed", "ing", "ly")) or word in words.TRAILING or word in words.MORE or word in words.LESS)

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
            alone = rf"(?:non[- ]?{noun}s? (?:and|vs\.?|versus|or|to|with|from) (?:the )?{noun}s?|{noun}s? (?:and|vs\.?|versus|or|to|with|from) (?:the )?non[- ]?{noun}s?)"
            text = re.sub(rf"(?i)\b(?:by |between |for |of |among )?(?:the )?{alone}\b", lambda m, n=name: f" by {scene.mark('C', n, n)} ", text)  # type: ignore[misc]
            text = re.sub(rf"(?i)\bnon-{noun}\b", f"non {noun}", text)
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
        done = {own[-1] + "ed", own[-1] + "d", own[-1] + "ing", own[-1][:-1] + "ing"}
        verbs = {w for w in re.findall(r"[a-z]+", text) if ((w.endswith(("ed", "ing")) or w in DEEDS) and kin(DEEDS.get(w, w)) == kin(own[-1]) or w in done) and w not in own} if len(own) == 1 else set()
        if len(own) == 1:  # "did not vote", in a table with a column vote
            text = re.sub(rf"\b(?:did|do|does)(?: not|n't) {own[0]}\b", lambda m: f" got {scene.mark('W', Compare(column=name, op='==', value=held[1]), m.group())} ", text)
        if not verbs:
            return text
        verb = alternatives(sorted(verbs))
        yes, no = (Compare(column=name, op="==", value=value) for value in held)
        be = r"(?:did|does|do|was|were|is|are|had|has|have)"
        text = re.sub(rf"\b(?:{be}(?: not|n't)|never|not)(?: been| be)? {verb}\b|\bnot {verb}\b", lambda m: f" got {scene.mark('W', no, m.group())} ", text)
        return re.sub(rf"\b(?:{be} )?(?:been )?{verb}\b", lambda m: f" got {scene.mark('W', yes, m.group())} ", text)

    def _belonging(self, scene: Scene, m: re.Match[str]) -> str:
        """"The car price", "each vehicle class", "engine displacement": what a column is a column of goes without saying."""
        word, number = m["noun"], self.is_number(scene.get(m["c"]))
        rowlike = word in self.nouns and not word.endswith("s") or word in self.parts_of_rows or any(len(n) >= 5 and word.startswith(n) for n in self.nouns)
        if not rowlike or word in words.FUNCTIONS or word in words.FILLER and word not in self.nouns:
            return m.group()
        return m["lead"] + m["c"] if number or m["lead"].split()[0] in ("each", "every", "per", "by") else m.group()

    def _spelled_out(self, scene: Scene, m: re.Match[str]) -> str:
        """"Undecided female voters (vote = U)": the brackets say what the words before them mean."""
        name = scene.get(m["c"])
        column = self.columns.get(scene.get(m["d"].strip())) if m["d"] else None
        rows = column is not None and column.type == "VARCHAR" and column.distinct > 0.7 * self.table.rows
        if m["row"] and m["row"].strip() not in words.ROW_NOUNS | words.ENTITIES | self.nouns:
            return m.group()
        plain = all(w in words.FILLER or w in words.TRAILING for w in m["said"].split())
        if m["d"] and scene.get(m["d"].strip()) != name and not rows or not (m["said"] or m["v"] or m["d"]) or plain and re.search(r"⟨[FS]\d+⟩ ?$", m.string[: m.start()]):
            return m.group()
        said = [w for w in m["said"].split() if w in words.FILLER - {"not", "no"} or w in words.ROW_NOUNS or w in words.ENTITIES]
        value = m["v"] if m["v"] and not any(c == name for c, _ in scene.get(m["v"].strip())) else ""
        end = f"{m['c']} = {m['is']}" if m["is"].startswith("⟨") else f"with {m['c']} = {m['is']}"
        return f"{' '.join(said)} {value or ''} {end}"

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
        if best[2] == "V" and re.fullmatch("[a-z]", source) and not any(b.startswith("⟨C") for b in before[-6:]):
            return source, 1  # "the coefficient r" is no value r
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
        if exact_name and (len(lower) > 1 or original == exact_name) and lower not in NOT_A_NAME:
            found.append((0.9, "C", exact_name))
        if exact_name and lower in NOT_A_NAME and at and (tokens[at - 1].lower() in words.FUNCTIONS or tokens[at - 1].lower() in ("by", "per", "each", "every", "which", "what", "whose")):
            found.append((0.7, "C", exact_name))  # "average value" of a column value
        if exact_name and lower in NOT_A_NAME and not self.is_number(exact_name) and at and (tokens[at - 1].lower() in ("of", "between", "with", "same") or (*tokens, "")[at + 1].lower() in ("against", "=", "is")):
            found.append((0.7, "C", exact_name))  # "contingency table of rank against sex"
        if length <= 6 and (edge_ok or self.exact.get(key(phrase))):
            name, score = self.find_column(phrase)
            if name and score < 0.8 and length > 1 and (self.exact.get(key(phrase[:-1])) or self.exact.get(key(phrase[1:]))):
                name = None  # a part of it is a column's whole name
            if name and score < 0.95 and length > 1 and any(n != name and n.lower() in (phrase[0], phrase[-1]) for n in self.columns):
                name = None  # "station zg" is the column zg and no other that it may be short for
            if name and score >= 0.6 and lower not in words.COMPARATIVES and not words.SUPERLATIVES.get(lower, ("", ""))[0] and not (length == 1 and lower in words.FILLER and score < 0.95 and not (len(name) >= 4 and lower.startswith(name.lower()) and len(lower) >= len(name) + 3)) and not (length == 1 and lower in NOT_A_NAME and self.exact.get(key(phrase), [""])[0] not in self.derived):
                found.append((score * 0.8, "C", name))
        if values := self.find_values(phrase, original):
            weight = 0.85 if length > 1 or original != lower or lower not in words.FILLER else 0.0 if lower in words.STRUCTURE else 0.5
            if length == 1 and re.sub(r"'s$", "", lower) in _METHODS and any(re.sub(r"'s$", "", t.lower()) in _STATISTICAL for i, t in enumerate(tokens) if i != at):
                weight = 0.0  # the Pearson correlation is of no company
            weight = 0.95 if key(phrase) in self.made else weight
            if length == 1 and original == lower and lower.endswith("s") and lower in words.ENTITIES and not any(v.lower() == lower for _, v in values) and all(self.columns[c].distinct > 100 for c, _ in values):
                weight = 0.0  # "US banks" are not the company Bank
            first = at == 0 or tokens[at - 1] in ".?!:"
            if length == 1 and first and lower in words.FILLER | words.STRUCTURE | words.FUNCTIONS.keys() | words.SUPERLATIVES.keys() or length == 1 and original == lower and lower in words.TIME_NOUNS.keys() | words.ROW_NOUNS | words.ENTITIES and all(v.isupper() for _, v in values):
                weight = min(weight, 0.0 if lower in words.STRUCTURE else 0.5)  # "Total sales" is not about the company Total, nor "days" about the airport DAY
            if original == "I" and not (at and (tokens[at - 1].startswith("⟨C") or self.find_column([tokens[at - 1].lower()])[0])) and re.fullmatch(r"(?!and$|or$|vs$|versus$|with$|in$|is$|are$|was$|than$|by$|against$|on$|at$|for$|from$|to$|of$)[a-z]+", (*tokens, "")[at + 1]):
                weight = 0.0  # "I sort my stones": no grade I
            rowlike = length == 1 and lower in words.ROW_NOUNS and original == lower and lower not in words.DEMONYMS and before_any(tokens, at)
            if weight and not rowlike:
                found.append((weight, "V", values))
        if original == "No" and at and tokens[at - 1].lower() in ("the", "a") and ("no",) in self.values:
            found.append((0.85, "V", self.values["no",]))  # "the No group"
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
