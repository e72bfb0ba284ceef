"""What each named output wants, read from its description after the story is told."""

import re
from typing import TYPE_CHECKING

from shared.analysis.plan import Aggregate, Compare, Decide, Filter, Not, Rank
from shared.brains.builtin import series, words
from shared.brains.builtin.asked import asked, of_a_class, when_extreme
from shared.brains.builtin.build import Unclear, pointer
from shared.brains.builtin.differences import between_times, compound, exceeding, from_others, written_out
from shared.brains.builtin.evidence import (
    between_groups,
    correlation_of,
    odds,
    p_value,
    rows_lost,
    statistic,
    table_for,
    the_test,
)
from shared.brains.builtin.fitting import model_output
from shared.brains.builtin.labels import label_counted
from shared.brains.builtin.meanings import rated
from shared.brains.builtin.outlying import described
from shared.brains.builtin.repeats import rows_used, shape_test
from shared.brains.builtin.scene import rx
from shared.brains.builtin.sentences import sentences
from shared.brains.builtin.spelling import key
from shared.brains.builtin.verdicts import is_verdict, verdict

if TYPE_CHECKING:
    from shared.brains.builtin.recipe import Recipe


def output(recipe: "Recipe", name: str, description: str) -> str | None:
    told = recipe.told
    named = name.lower().replace("_", " ")
    text = re.sub(r"(?<![\w'])[A-Z][a-z]+\b(?!')", lambda m: f"'{m.group()}'" if m.group().lower() in words.ROW_NOUNS and key([m.group().lower()]) in recipe.linker.values else m.group(), in_capitals(recipe, description or named)).lower()
    if told.outliers:
        named, text = (described(t, recipe.text, lambda w: (c := recipe.linker.find_column([w])[0]) is not None and recipe.linker.is_number(c) and w not in ("year", "years")).lower() for t in (named, text))
    if not told.outliers and not rows_lost(recipe):
        text = re.sub(r",\s*(?:over |across |counting |for |of |in )?all(?: of)?(?: the)? [a-z]+s?(?= with\b|,|$),?", "", text)  # ", all wines"
    text = as_before(recipe, name, asked(recipe, name, text)).lower()
    both = f"{named} ; {text}"
    if told.blocked:
        raise Unclear(name, f"I could not carry out “{told.blocked[:120].strip()}”.", "Say what is done to the table in a sentence of its own.")
    if told.pair and (ref := series.pair_output(recipe, both)):
        return ref
    if told.model and told.model != "building" and (ref := model_output(recipe, both)):
        return ref
    if own := shape_test(recipe, both):
        told.test = own
    if ref := rows_used(recipe, name, text):
        return ref
    if is_verdict(recipe, name, description, named, text) and (ref := verdict(recipe, name, description)):
        step = next(s for s in recipe.builder.steps if s.id == ref.split(":")[0])
        wanted = {x.lower() for x in re.findall(r"'([^']+)'", description)}
        if isinstance(step, Decide) and not wanted <= {str(x).lower() for x in (*(r.then for r in step.rules), step.otherwise)}:
            raise Unclear(name, "I could not read the rule for each of its labels.")
        return ref
    if re.search(r"p ?-?value|p val\b", both) or re.search(r"\bp$", both) and ("p",) not in recipe.linker.values:
        return p_value(recipe, text)
    if re.search(r"\bstatistic\b|^(?:test )?stat\b|\bt stat|\bf stat|chi ?-?2\b|chi-?square|chi2|\bw stat|shapiro-wilk w|^w\b|odds ratio|\bu stat|\bh stat|\bt[- ]value|\bf[- ]value", both) and not re.search(r"odds", both):
        step = the_test(recipe, text)
        if step and re.search(r"absolute", both) or step and re.search(r"absolute (?:value of (?:the )?)?(?:welch )?(?:test|[tuz])[- ]?(?:statistic|value)?", recipe.lower):
            return recipe.builder.calculate("abs(x)", x=statistic(recipe, step))
        return statistic(recipe, step) if step else None
    if re.search(r"odds", both):
        return odds(recipe)
    if re.search(r"degrees? of freedom|\bdof\b|\bdf\b", both):
        step = the_test(recipe, text)
        one = step and next(s for s in recipe.builder.steps if s.id == step).kind == "proportion_z"
        return recipe.builder.calculate("1 + 0 * z", z=f"{step}:/statistic") if one else f"{step}:/df" if step else None
    if told.imputed and re.search(r"\bfill(?:ing|ed|-?in)? value|value used|imputed value|replacement value|used (?:to fill|for filling|as (?:the )?(?:fill|replacement))|value (?:that is |that was )?(?:filled|put) in", both):
        column = next(s for s in recipe.builder.steps if s.id == told.imputed).columns[0]
        return f"{told.imputed}:/values/{pointer(column)}" if not next(s for s in recipe.builder.steps if s.id == told.imputed).by else None
    if told.imputed and re.search(r"imput|fill|missing|replac|blank|\bgaps", both) and not re.search(r"mean|median|std|deviation|rows? (?:left|kept|remain)|still|\b(?:with|of|in|having) (?:this|that|the same) \w+ (?:after|once)", text) and re.search(r"number|count|how many|^n\b", both):
        return f"{told.imputed}:/filled/{pointer(next(s for s in recipe.builder.steps if s.id == told.imputed).columns[0])}"
    if told.outliers:
        if re.search(r"upper (?:limit|bound|fence|threshold)|upper", both) and "quartile" not in both:
            return f"{told.outliers}:/columns/{pointer(told.outlier_columns[0])}/upper"
        if re.search(r"lower (?:limit|bound|fence|threshold)", both):
            return f"{told.outliers}:/columns/{pointer(told.outlier_columns[0])}/lower"
        if re.search(r"outlier|outlying|(?<!un)flagged|removed|dropped|excluded|discarded|outside|extreme|\|z\|", both) and re.search(r"^n |\bnumber\b|\bcount\b|how many|rows (?:removed|dropped)|(?:dropped|removed|excluded) as outliers|number of", both) and not re.search(r"mean|median|without|remain|std|deviation|left", both):
            return f"{told.outliers}:/outliers"
    if not told.outliers and re.search(r"\b(?:number|count|how many|n|rows|percent(?:age)?|pct|share|proportion|fraction)\b", both) and re.search(r"\b(?:removed|dropped|excluded|discarded|deleted|lost|screened out)\b", both) and not re.search(r"after|remain|left|without|rest|kept|before|once|when", both):
        gone = [s for s in recipe.builder.steps if s.op in ("filter", "drop_missing", "drop_duplicates") and s.id in chain(recipe)]
        last = [s for s in gone if s.table == told.before and s.id == told.after]
        gone = last or gone
        formula = "(a - b) / a * 100" if re.search(r"percent|\bpct\b|%", both) else "(a - b) / a" if re.search(r"\b(?:share|proportion|fraction)\b", both) else "a - b"
        return recipe.builder.calculate(formula, a=f"{gone[0].id}:/rows_before", b=f"{gone[0].id}:/rows") if len(gone) == 1 else None
    if ref := of_the_first(recipe, name, text):
        return ref
    if ref := written_out(recipe, name, text):
        return ref
    if ref := compound(recipe, text, both):
        return ref
    if ref := between_times(recipe, text):
        return ref
    if ref := exceeding(recipe, name, text):
        return ref
    if ref := from_others(recipe, name, text, both):
        return ref
    if ref := between_groups(recipe, text):
        return ref
    if re.search(r"correlation|\bcorr\b|pearson|spearman|kendall|\br\b", both) and not re.search(r"squared", both):
        return correlation_of(recipe, text, both)
    return figure_of(recipe, name, text, named)


def as_before(recipe: "Recipe", name: str, text: str) -> str:
    """`same for S`: what the output before says, of another value."""
    m = re.fullmatch(r"(?:the )?same (?:for|of|in|at|with)(?: the)? (?P<v>[^,;]+)", text)
    if not m:
        return text
    names = list(recipe.outputs)
    before = recipe.outputs[names[names.index(name) - 1]] if names.index(name) else ""
    scene = recipe.linker.link(in_capitals(recipe, before))
    last = (scene.all("V") or [""])[-1]
    said = scene.words.get(last, "")
    if not said or not re.search(rf"(?i)(?<!\w){re.escape(said)}(?!\w)", before):
        raise Unclear(name, "It is the same as something that I could not tell.")
    value = m["v"] if key(re.findall(r"\w+", m["v"].strip("'"))) in recipe.linker.values else None
    if value is None:
        raise Unclear(name, "It is the same as something that I could not tell.")
    at = [*re.finditer(rf"(?i)(?<!\w)'?{re.escape(said)}'?(?!\w)", before)][-1]
    return f"{before[: at.start()]}'{value.strip(chr(39))}'{before[at.end() :]}".lower()


def in_capitals(recipe: "Recipe", text: str) -> str:
    """`average price of IF stones`, `discipline A`: a value that is spelled as a plain word, in quotes."""
    def value(m: re.Match[str]) -> str:
        ahead = re.findall(r"[\w.]+", text[: m.start()].lower())
        if m.group().lower() not in words.STRUCTURE | words.FILLER or key([m.group().lower()]) not in recipe.linker.values or text.isupper():
            return m.group()
        return m.group() if (len(m.group()) == 1 or m.group()[1:].islower()) and not (ahead and recipe.linker.find_column(ahead[-1:])[0]) else f"'{m.group()}'"

    return re.sub(r"(?<![\w'.-])(?:[A-Z]{1,3}|[A-Z][a-z]+)(?![\w'.-])", value, text)


def chain(recipe: "Recipe") -> set[str]:
    """The steps the table after the story rests on."""
    steps = {s.id: s for s in recipe.builder.steps}
    found, at = set(), recipe.told.after
    while at in steps:
        found.add(at)
        at = steps[at].table
    return found


def of_the_first(recipe: "Recipe", name: str, text: str) -> str | None:
    """`its average ratio`: the figure by which the one named just before was ranked first."""
    if not re.match(r"(?:its|their|that \w+'s)\b|(?:the value of )?(?:that|this) (?:\w+ )?(?:mean|average|median|value|figure|amount|total|sum|share|number|maximum|minimum|ratio|score)$|(?:[a-z_ ]+ )?(?:in|of|for|at) that (?!year|month|day|date|time|point|case|row)[a-z]+$|(?:[a-z_ ]+ )?\bthere$|by how (?:much|many)(?: [a-z]+)? (?:it|they) (?:rose|fell|grew|increased|decreased|dropped|changed|jumped|declined)", text):
        return None
    brain = recipe.brain
    names = list(recipe.outputs)
    theirs = [n for n in names[: names.index(name)] if not re.match(r"their ", recipe.outputs[n])] if re.match(r"their ", text) else names[: names.index(name)]
    before = [recipe.told.done.get(n, "") for n in theirs][-1:]
    step = next((s for s in recipe.builder.steps if before and before[0] == f"{s.id}:/name"), None)
    made = next((s for s in recipe.builder.steps if before and before[0].split(":")[0] == s.id), None)
    if isinstance(made, Aggregate) and not made.by and len(made.measures) == 1 and re.match(r"(?:its|their) ", text):
        first = made.measures[0]
        told_of = recipe.columns(recipe.brain.read(text))
        if first.function == "count" and first.where is None and made.table == recipe.told.after and told_of:
            return figure_of(recipe, name, re.sub(r"^(?:its|their) ", "", text), name.lower().replace("_", " "))  # of the rows just counted
        asked = recipe.brain.parts(recipe.brain.read(text))
        if first.column and not told_of and len(asked.functions) == 1 and asked.functions[0] in ("min", "max", "mean", "median", "std", "sum") and not asked.where and re.fullmatch(r"(?:its|their) [a-z]+(?: deviation)?", text):
            return recipe.builder.value(made.table, asked.functions[0], first.column)
        if first.function == "count" and told_of and made.table != recipe.told.after and re.match(r"(?:its|their) (?:mean|average|median|total|sum|minimum|maximum|standard)", text):
            saved, brain.table = brain.table, recipe.builder.where(made.table, first.where)  # of the rows just counted
            try:
                return brain.answer(re.sub(r"^(?:its|their) ", "", text)).ref
            finally:
                brain.table = saved
        if first.column and not told_of and (extreme := re.fullmatch(r"(?:its|their) (maximum|minimum)", text)):
            return recipe.builder.value(made.table, extreme[1][:3], first.column)
    if not isinstance(step, Rank):
        raise Unclear(name, "It speaks of something named before, which I could not tell.")
    own = recipe.columns(recipe.brain.read(text))
    if re.search(r"\bthe (?:second|next|last)|differ|minus", text) or any(c not in step.by and c not in recipe.builder.expressions.get(step.by, "") for c in own) or not own and not re.search(r"value|figure|amount|number|average|mean|ratio|score|growth|change|share|total|by how|\bcount\b|frequency", text):
        if not own and re.match(r"(?:its|their)\b", text):
            raise Unclear(name, "It speaks of something named before, which I could not tell.")
        return None
    return f"{step.id}:/value"


def plainer(recipe: "Recipe", text: str) -> str:
    """The output's words with what the story already did taken out."""
    told = recipe.told
    part = r"(?:percent(?:age)?|pct|share|proportion|fraction)"
    if told.after != "data":  # "share of smokers among the remaining bills"
        text = re.sub(rf"(\b{part} of (?:the )?[^,;]*?) (?:among|in|within|out of|over|for) (?:all )?(?:the |those )?(?:remaining|kept|retained|surviving|leftover|left) [a-z]+s\b", r"\1", text)
    if (m := re.search(rf"\b{part} of (?:all )?(?:the )?(quarter|month|week|day|year)s\b", text)) and recipe.brain.is_key([c for c in recipe.linker.columns if {"year", "quarter", "month", "week", "day", "date"} & set(key(recipe.linker.names.get(c, [])))][: 2 if m[1] in ("quarter", "month", "week") else 3]):
        text = text.replace(f"{m[1]}s", "rows", 1)
    if recipe.outputs:
        text = rates(recipe, rated(recipe, text))
    text = re.sub(r"\bdate of the (?:month|day|week|quarter|year|row)\b(?= with| of| that| when| on)", "date", text)
    if told.after != "data":
        text = re.sub(r"\b(?:left |remaining |that remain )?after (?:dropping|removing|excluding|leaving out|filtering|discarding|deduplicat\w+)[^,;]*", " ", text)
    text = re.sub(r"(?:natural )?\b(?:log|ln|logarithm|log1p)\s*\(\s*(?:1\s*\+\s*)?[^()]*\)", lambda m: "logged values" if (told.main or "").startswith("log") else m.group(), text)
    if m := re.fullmatch(r'(?:ln|log10)\((?:1 \+ )?"([^"]+)"\)', recipe.builder.expressions.get(told.main or "", "")):
        spelled = "|".join(re.escape(x) for x in {m[1].lower(), " ".join(recipe.linker.names.get(m[1], [])) or m[1].lower()})
        text = re.sub(rf"(?:(?:natural|base-?10|common) )?\b(?:log10|log|ln|logarithm|logged|log-transformed)(?:[ -]transformed)? (?:of )?(?:the )?(?:{spelled})\b(?: values?)?", "logged values", text)
    text = re.sub(r",? \b(?:in|measured in) (?:years|days|months|weeks|hours|minutes|seconds|percent|dollars|euros|units|points)\b(?=\s*$|[,;(])", "", text)
    if told.scaled:  # the scaled columns go by their old names
        scaled = r"(?:(?:min-?max|z)[- ])?\b(?:re)?(?:scaled|normali[sz]ed|standardi[sz]ed)\b(?: (?:column|values?|variable|feature|version of)\b)?"
        if len(told.scaled) == 1 and re.search(scaled, text) and not set(recipe.columns(recipe.brain.read(re.sub(scaled, " ", text)))) - set(told.scaled):
            text = re.sub(scaled + rf"(?: (?:the )?{re.escape(' '.join(recipe.linker.names.get(told.scaled[0], ['~'])))}\b| {re.escape(told.scaled[0].lower())}\b)?", f"'{told.scaled[0]}'", text, count=1)
        text = re.sub(scaled, " ", text)
        if len(told.scaled) > 1:
            text = re.sub(r"\bz-?(?:scores?|values?) (?:of|for) (?:the )?(?=[a-z'])", "", text)
            text = re.sub(rf"\b({'|'.join(re.escape(c.lower()) for c in told.scaled)}) z-?(?:scores?|values?)", r"\1", text)
    text = re.sub(r"(?:third|upper) quartile (?:minus|less) (?:the )?(?:first|lower) quartile", "interquartile range", text)
    if told.stepwise:
        when = r"\b(date|day|week|month|quarter|year) (?:of|with|that had) the (?:single )?"
        text = re.sub(rf"{when}(?:best|strongest) (?:day|week|month|quarter|year|return)$", r"\1 with the highest change", text)
        text = re.sub(rf"{when}(?:(?:worst|weakest) (?:day|week|month|quarter|year|return)|(?:biggest|largest|sharpest|steepest) (?:fall|drop|decline|loss))$", r"\1 with the lowest change", text)
        text = re.sub(r"\bsize of (?:that|this|the)(?: largest| biggest)? (increase|rise|jump|gain|change)", r"largest \1", text)
        for said, column in recipe.linker.seen.items():
            if isinstance(column, str) and column in recipe.linker.columns and recipe.linker.is_number(column) and (told.main or "").startswith(column):
                text = re.sub(rf"\b(growth|returns?|changes?|increases?|difference|rise|growth rate) (?:of|in) (?:the )?{re.escape(said)}\b(?: deaths| values?)?", r"\1", text)
        text = re.sub(r"\b(increases?|growth|change|rise|returns?) (?:of|in) (?:the )?[a-z]+$", r"\1", text) if re.match(r"largest|biggest|size", text) else text
    if recipe.linker.years and not re.search(r"\b(?:from|between)\b", text):
        text = re.sub(r"\b(?:through|thru|up to(?: and including)?|until|to the end of) (?=\d{4}\b)", f"with {recipe.linker.years[0]} at most ", text)
    for label in recipe.made:
        text = re.sub(rf"\b{re.escape(label.lower())}-[a-z]+\b", label, text)
        text = re.sub(rf"\b{re.escape(label.lower())} (?:quarters|months|weeks|days|years)\b", f"{label} rows", text)
        if (noun := re.search(rf"\b{re.escape(label.lower())} (?P<n>[a-z]+s)\b(?! ⟨)", text)) and noun["n"] not in words.FUNCTIONS and noun["n"] not in recipe.brain.nouns and not recipe.linker.link(noun["n"]).all("CVWFYRK"):
            text = text.replace(noun.group(), f"{label} rows")  # "moderate drinkers"
    for column, parts in recipe.linker.names.items():  # "voting Bush", of a column vote
        stemmed = re.escape(re.sub(r"e$", "", parts[-1]))
        if len(parts) == 1 and len(parts[0]) >= 4 and (m := re.search(rf"\b{stemmed}ing (?:for )?(?P<v>'?[a-z]+'?)", text)) and any(c == column for c, _ in recipe.linker.values.get(key([m["v"].strip("'")]), [])):
            text = text.replace(m.group(), f"with {column} = '{m['v'].strip(chr(39))}'")
    return text


def rates(recipe: "Recipe", text: str) -> str:
    """`arrest rate`, where a column arrest holds 0 and 1 or the task says what the rate is the mean of: that mean."""
    if re.search(r"\bcorrelat|percent|%|\bpct\b|difference|ratio", text):
        return text
    flags = [c.name for c in recipe.linker.table.columns if c.type == "BIGINT" and c.min == 0 and c.max == 1 or c.type == "BOOLEAN"]
    for said in dict.fromkeys(m[0] for m in re.finditer(r"\b(?!the |a |an |of |in |mean |average )(?:[a-z_]+ )?rates?\b", text)):
        word = said.split()[0] if " " in said else ""
        told = re.search(rf"\b{re.escape(said.rstrip('s'))}s?\b ?(?:is|are|=|,|:|\(|as|means|being|i\.e\.|that is|defined|the|here|,)*(?: ?(?:is|are|as|the|a|simple|meaning))* (?:mean|average) of (?:the )?(?P<c>\w+)|\((?:the )?(?:mean|average) of (?:the )?(?P<d>\w+)\)", recipe.lower)
        column = recipe.linker.find_column([(told["c"] or told["d"])])[0] if told else recipe.linker.find_column([word])[0] if word else None
        if column not in flags or re.search(r"\b(?:times 100|x 100|\* 100|percent|per 100|%)", recipe.lower) or not told and re.search(rf"\b{re.escape(said.rstrip('s'))}s? (?:is|=|as|\()", recipe.lower):
            continue
        return text.replace(said, f"mean of {column}", 1) if f"mean {said}" not in text else text.replace(said, column, 1)
    return text


def figure_of(recipe: "Recipe", name: str, text: str, named: str) -> str | None:
    brain, told = recipe.brain, recipe.told
    if ref := label_counted(recipe, name, text):
        return ref
    cleaned = re.sub(r",? ?(?:rounded )?(?:to |in )?(?:one|two|three|four|five|six|\d+) decimals?(?: places?)?|,? ?(?:rounded|percent|in percent)$", "", text).strip(" ,")
    if told.imputed:
        cleaned = re.sub(r",? ?\b(?:after|before) (?:the )?(?:mean|median|mode|average|group)[- ](?:imputation|filling|replacement|fill)$", "", cleaned)
    saved = brain.table
    if recipe.told.changed and not told.rest and re.search(r"\b(?:everybody|everyone|all) else\b|\bthe (?:rest|others)\b|\b(?:the|all) other [a-z]+s\b", text) and not recipe.told.outliers:
        if ref := of_the_others(recipe, name, text):
            return ref
        raise Unclear(name, "It speaks of all the others, and I could not tell which rows those are.", brain.hint())
    when = text if re.search(r"\b(?:before|after|without|with|remaining|original)\b", text) else f"{named} {text}"
    brain.table = table_for(recipe, when)
    if told.changed and told.before != told.after:  # the table is chosen already
        cleaned = re.sub(r",? \b(?:before|after)(?: (?:the )?(?:removal|dropping|removing|cleaning|filtering|that|it|them))?$", "", cleaned)
    if brain.table == told.before != told.after:
        cleaned = re.sub(r"[,;]? ?\(?(?:(?:over|for|of|in|across) )?(?:all(?: the)? [a-z]+s|everybody|everyone|all|gaps ignored|missing (?:ones|values) ignored)\)?$", "", cleaned)
    rest = r"(?:of|in|among|across|over|for) (?:all )?(?:the |those )?(?:remaining|other|rest of the|rest|others)\b(?: [a-z]+s\b)?"
    if told.rest and re.search(rest, text):
        brain.table, cleaned = told.rest, re.sub(rest, " ", cleaned)
    reduced = re.sub(r"\b(?:before|after|once|when|without|with|excluding|removing|removal of|outliers?|are|is|excluded|removed|remaining|the rest|imputation|filling|the remaining rows|in the rows that remain|outside|dropped|dropping|the outlying|unflagged)\b", lambda m: m.group() if not told.outliers and not told.imputed else " ", cleaned)
    reduced = plainer(recipe, reduced)
    quoted = re.findall(r"(?<!\w)'([^'\"]{1,60}?)'(?!\w)", recipe.text)
    verdicts = " ".join(s for s in sentences(recipe.text) if re.search(r"(?i)\b(?:answer|report|conclu\w*|say|write|state|give|verdict|decide|symmetric)\b", s))
    if lost := next((x for x in quoted if x not in recipe.made and key(re.findall(r"\w+", x.lower())) not in recipe.linker.exact and f"'{x}'" not in verdicts and re.search(rf"(?<![\w'-]){re.escape(x.lower())}(?![\w'-])", text) and len(re.findall(rf"(?<!\w)'{re.escape(x)}'", recipe.text)) and key([x.lower()]) not in recipe.linker.values and x not in recipe.linker.columns), None):
        raise Unclear(lost, f"I could not tell which rows are called “{lost}”.", brain.hint())
    reduced = of_what(recipe, of_a_class(recipe, reduced))
    if ref := when_extreme(recipe, reduced):
        return ref
    if (some := rx(r"(?:the )?(?:⟨F\d+⟩ )?[a-z]+s? (?:with|that have|which have|having) (?:an? |any |a known |a given )?{C:c} ?(?:given|known|recorded|value)?").fullmatch(brain.read(reduced).text)) and re.search(r"\bn\b|number|count|\brows\b|how many", f"{named} {text}"):
        column = brain.read(reduced).get(some["c"])
        if column in recipe.linker.columns and recipe.linker.truth(column) is None and (recipe.linker.columns[column].nulls or column in recipe.emptied):
            brain.table = saved
            return recipe.builder.value(table_for(recipe, text), "count", None, Compare(column=column, op="not null"))
    errors: list[Unclear] = []
    peak = brain.read(reduced)
    if re.fullmatch(r"(?:the |value of the )*⟨S\d+⟩ ⟨C\d+⟩(?: itself| value)? ?", peak.text) and not re.search(r"name|who|which|label|top_[a-z]+$", named) and recipe.linker.is_number(peak.get(peak.all("C")[0])):
        brain.table = saved
        return recipe.builder.value(table_for(recipe, text), "max" if peak.get(peak.all("S")[0])[2] == "desc" else "min", peak.get(peak.all("C")[0]))
    if (whose := rx(r"(?:the )?{C:c}(?: number)? (?:of|for) the (?:[a-z]+|⟨C\d+⟩) (?:with|having) the {S:s} {C:by}(?: value)? ?").fullmatch(peak.text)) and recipe.linker.is_number(peak.get(whose["by"])):
        brain.table = saved
        ranked = recipe.builder.rank(recipe.builder.base(table_for(recipe, when), peak.get(whose["by"])), peak.get(whose["by"]), [peak.get(whose["c"])], order=peak.get(whose["s"])[2])
        return f"{ranked}:/name"
    try:
        if re.match(r"(?:n|num|number|count|no)\b", named) and not re.search(r"\b(?:number|count|how many)\b", reduced):
            reduced = f"number of {reduced}"
        tries = [reduced, f"{named} {reduced}"] if recipe.outputs[name] else [named]
        if re.match(r"(?:all )?(?:the )?[a-z-]+s\b (?:with|where|whose|that|in|on|of|from)\b", reduced) and not brain.read(reduced).all("F"):
            tries.append(f"number of {reduced}")
        for attempt in dict.fromkeys(t for t in tries if t):
            mark = len(recipe.builder.steps)
            try:
                answer = brain.answer(attempt)
            except Unclear as problem:
                errors.append(problem)
                continue
            del mark
            counted = next((s for s in recipe.builder.steps if s.id == answer.ref.split(":")[0]), None)
            if isinstance(counted, Aggregate) and not counted.by and counted.measures[0].function == "distinct" and re.match(r"(?:n|num|number|count|no)\b", named) and not re.search(r"distinct|different|unique", f"{named} {text}"):
                column = recipe.linker.columns.get(counted.measures[0].column or "")
                if column is not None and column.distinct >= 0.9 * (brain.rows - column.nulls):  # a name of the rows, so the rows are counted
                    return recipe.builder.value(counted.table, "count", None, counted.measures[0].where)
            if isinstance(counted, Aggregate) and not counted.by and counted.measures[0].function == "cv" and re.search(r"percent|%|\bpct\b", f"{both_of(recipe, name)} {recipe.lower}"):
                return recipe.builder.calculate("100 * x", x=answer.ref)
            if attempt.startswith("number of ") and attempt != reduced and "distinct" in answer.ref:
                continue
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


def of_the_others(recipe: "Recipe", name: str, text: str) -> str | None:
    """`… of all the others`: of the rows that the output named before left aside."""
    names = list(recipe.outputs)
    before = [recipe.told.done.get(n, "") for n in names[: names.index(name)]]
    steps = {s.id: s for s in recipe.builder.steps}
    rest = re.sub(r",? ?\b(?:of|for|among|in|over|on) (?:all )?(?:of )?(?:the )?(?:others|rest|other [a-z]+s|everyone else|everybody else)\b", " ", text)
    if rest == text or not before or before[-1].split(":")[0] not in steps:
        return None
    step = steps[before[-1].split(":")[0]]
    kept = steps.get(step.table)
    if not isinstance(kept, Filter) or kept.table != recipe.told.after:
        return None
    saved, recipe.brain.table = recipe.brain.table, recipe.builder.add(Filter, recipe.told.after, where=Not(no=kept.where))
    try:
        return recipe.brain.answer(plainer(recipe, rest)).ref
    finally:
        recipe.brain.table = saved


def both_of(recipe: "Recipe", name: str) -> str:
    return f"{name} {recipe.outputs[name]}".lower()


def of_what(recipe: "Recipe", text: str) -> str:
    """`the group with the highest mean`: of the number that is talked about."""
    if not re.search(r"\b(?:highest|largest|greatest|biggest|lowest|smallest) (?:mean|average|median|total|sum)\b", text) or recipe.told.main not in recipe.linker.columns:
        return text
    if recipe.columns(recipe.brain.read(text)):
        return text
    return re.sub(r"\b((?:highest|largest|greatest|biggest|lowest|smallest) (?:mean|average|median|total|sum))\b", rf"\1 {recipe.told.main}", text, count=1)


