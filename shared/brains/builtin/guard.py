"""The last look at a task with named outputs: every number it states must be at work in the steps, or nothing rests on it."""

import re
from typing import TYPE_CHECKING, Any

from shared.analysis.expression import quote
from shared.analysis.plan import Aggregate
from shared.brains.builtin.build import used
from shared.brains.builtin.logic import columns_of
from shared.brains.builtin.sentences import sentences
from shared.brains.builtin.spelling import key

if TYPE_CHECKING:
    from shared.brains.builtin.recipe import Recipe

_COUNTED = r"zero|one|two|three|four|five|six|\d+"
# Numbers that say how the answer is written or how a method works, not what is computed.
_TELLING = re.compile(
    rf"(?:round\w*|to|with|at|in|of|by|have)?\s*\(?(?:{_COUNTED})\)? ?(?:decimals?|dp\b|digits?|d\.p\.|significant|places)[^,;.]*|\b(?:step|steps|problem|homework|assignment|no|number|nr|exercise|question|task|part|item|q)\s+\d+|^\s*\(?\d+[).]\s|[;.:]\s+\(?\d+[).]\s"
    r"|\(\d\)|\b0 ?(?:to|-|–|and|or|/) ?(?:1|100)\b|\b1 ?(?:to|-|–|/|or) ?0\b|between 0 and 1|\b(?:sum|add|adding) to \d+|\bn ?- ?1\b|\bddof ?=? ?\d|degrees? of freedom ?=? ?\d|\bq[13]\b|\br\^?2\b|\b\d ?[x×] ?\d\b|\b\d-year|\b\d{4} has no\b|(?:gives?|makes?|yields?|leaving|leaves|there (?:are|were)) \d+ \w+"
    r"|(?:(?:all|of|those|across|over|these)(?: the)? \d+|the (?!1[5-9]\d\d |20\d\d )\d+) (?:rows|records|wines|cars|observations|days|months|years|quarters|victims|states|deaths|people|persons|women|patients|students|races|weeks|columns|features|lines|provinces|values|countries|committees|pairs|quarters|rows|travellers|individuals)"
    r"|\b\d+ (?:levels|values|categories|classes|groups|kinds|types|combinations|pairs|bins|brackets|bands|sites|varieties|members) of\b|\b\d+ (?:in all|in total|altogether|all told|combinations|pairs)\b|\b100 ?(?:%|percent)|ieee ?\d+|(?:-|e)\d+\b(?=\))|[a-z_]\d+"
)  # fmt: skip
# What a task says it does → what its steps must then hold (None: no step can).
_DEMANDS: tuple[tuple[str, str | None], ...] = (
    (r"(?:beyond|more than|farther than|further than|over|within|exceed\w*|at least|outside) (?:[\d.]+|one|two|three) (?:sample |population )?(?:standard deviations|sds?\b|sigmas?)|\|z\| ?>", r'"zscore"'),
    (r"one-?(?:sided|tailed)|alternative (?:hypothesis )?(?:is |that |=|:)[^.;]*(?:greater|less|larger|smaller)", r'"alternative":"(?:less|greater)"'),
    (r"\blog-?(?:transform|scale|return|growth)|natural log|\blogarithms?\b|\blog of\b|\blogged\b|\bln\b", r'\bln\(|\blog\d*p?\(|log_'),
    (r"log10|base-?10|base 10", r"log10|/ ln\(10"), (r"square root|\bsqrt\b", r"sqrt|\*\* ?0?\.5"), (r"winsori[sz]|\bclip(?:ped|ping)?\b|\bcap(?:ped|ping)? ", r'"clip"'),
    (r"\btrimm?(?:ed|ing)?\b|weighted (?:mean|average)|bootstrap|permutation test|cross-?validat|\d-?fold|confidence interval|prediction interval|residual|vif\b|cook's|polynomial|quadratic|interaction|interpolat\w+ (?:missing|gaps)|exponential smoothing|partial correlation|weight(?:ed|ing|s)? (?:by|with) (?:the )?[a-z_]+|(?:sum|add|total|aggregate)\w* (?:\w+ ){1,3}(?:in)?to an? (?:\d+ ?(?:x|by) ?\d+ )?(?:contingency|cross)|\b(?:add|sum|total|aggregate)\w*\b[^.;]*\b\d+ ?(?:x|×|by) ?\d+ (?:contingency |frequency )?table\b|bonferroni|holm\b|tukey|benjamini", None),
    (r"\bstandardi[sz]e\b|\bz-?scores? of\b|convert\w* (?:it |them |each \w+ )?(?:in)?to z-?scores|min-?max|\brescale\b", r'"scale"|"zscore"|"minmax"|min_'),
    (r"\b(?:next|following|previous|preceding) (?:year|month|day|week|quarter|season|race|row|value)'?s?\b|\b(?:year|month|day|week|quarter|one|row) (?:after|just before|right before)\b(?! (?:the|that|which|each|a|an|removing|dropping|excluding)\b| ?\d)|\b(?:that|which) follows\b", r'"lag"|"difference"|"percent_change"|"rolling_mean"|"op":"trend"'),
    (r"cohen'?s d|effect size|cram[eé]r'?s v|eta[- ]squared", None), (r"spearman", r'"spearman"'), (r"kendall", r'"kendall"'), (r"iqr\b|interquartile|1\.5 (?:times|x|\*) (?:the )?(?:iqr|inter)", r'iqr|quantile'),
    (r"ddof ?= ?0|population (?:standard deviation|std|sd\b|variance)", r'"ddof":0'), (r"one-?hot|dummy variables?", r'"onehot"|"model"'),
    (r"student'?s t(?:-|\b)|equal variances?(?! not)|pooled variance", r'"equal_var":true|"levene"|"bartlett"|"anova"|"kruskal"'), (r"stratif(?:y|ied)\b(?<!not stratified)", r'"stratify":true'),
)  # fmt: skip
_OTHERS = re.compile(r"\bof (?:all )?(?:the others?|others|the rest)\b|(?:, |among |in )(?:all )?the (?:others?|rest)\b|\b(?:everyone|everybody|everything|anyone) else\b(?!(?: is| are| at| as| left| stays| set| kept| to| its| their| the)* (?:default|unchanged|same|equal))|\ball (?:the )?other [a-z]+s\b")
_NEGATED = r"(?:\w+n't|without|no|not|don't|do not|never|instead of|rather than|unlike|isn't|assuming un|not assuming|un)[ -]?(?:\w+[ -]){0,3}$"
_NUMBER = re.compile(r"(?<![\w.])(\d+(?:,\d{3})+|\d+(?:\.\d+)?|\.\d+)(?![\w]|\.\d)")


def stated(text: str) -> list[float]:
    """The numbers a text states, less those about its own telling."""
    plain = _TELLING.sub(" ", re.sub(r"\d{4}-\d{2}(?:-\d{2})?|\d+(?:st|nd|rd|th)\b|(?<!\w)'[^']*'(?!\w)", " ", text.lower()))
    return [float(n.replace(",", "")) for n in _NUMBER.findall(plain)]


def at_work(number: float, kept: str) -> bool:
    """Whether a number stands in the steps, as it is, as a share of a hundred, or in a date."""
    if number == 100:
        return bool(re.search(r"percent|\b100\b", kept))
    forms = {number, number / 100, 1 - number / 100, number * 100, number + 1, number - 1}
    if any(abs(float(n) - f) < 1e-9 for n in re.findall(r"(?<![\w.])\d+(?:\.\d+)?", kept) for f in forms):
        return True
    if number in range(100):  # "1947-54"
        forms = {1900 + number, 2000 + number}
        if any(re.search(rf"\b{f:.10g}\b", kept) for f in forms):
            return True
    return bool(re.search(rf"\b{number:.10g}-\d\d|-0?{number:.10g}(?:-|\"|T)", kept))


def lost_number(recipe: "Recipe", text: str, kept: str) -> str | None:
    """The first number a text states that no step uses."""
    own = {float(n) for c in recipe.linker.columns for n in re.findall(r"\d+", c)} | {float(recipe.brain.rows)}
    for step in recipe.builder.steps:  # "between 1931 and 1932", of a column that has no other values
        by = recipe.linker.columns.get(getattr(step, "by", None) or "") if step.op == "test" else None
        own |= {float(v) for v, _ in by.top if re.fullmatch(r"\d+(?:\.0)?", str(v))} if by is not None and by.distinct <= 12 else set()
    held = {float(c.distinct) for c in recipe.linker.table.columns} | {float(sum(c.type in kinds for c in recipe.linker.table.columns)) for kinds in (("BIGINT", "DOUBLE"), ("DOUBLE",))}
    own |= {n for n in held if n > 2 and re.search(rf"(?i)\b(?:the|these|those|all|of|its) {n:.0f} (?!percent|rows? (?:with|of)|(?:highest|lowest|largest|smallest|most|best|top|worst)\b)[a-z]+s\b(?! (?:with|having) the)", text)}
    for number in stated(text):
        if number in (0, 1) and any(getattr(s, "op", "") == "model" and s.task == "classification" for s in recipe.builder.steps):
            continue  # "1 = event" says which class is meant
        if number not in own and not at_work(number, kept):
            return f"{number:.10g}"
    return None


def unfounded(recipe: "Recipe") -> str | None:
    """What the task states that went unused; with some outputs unanswered a number may have been theirs."""
    done = recipe.told.done
    steps = used(recipe.builder.steps, list(done.values())) if len(done) == len(recipe.outputs) else recipe.builder.steps
    kept = _written(steps)
    return lost_number(recipe, recipe.text, kept) or unmet(recipe.text, kept) or lost_value(recipe, kept) or lost_formula(recipe, kept)


def lost_formula(recipe: "Recipe", kept: str) -> str | None:
    """`the difference a - b`: a formula of two columns the task writes out and no step uses."""
    for sentence in sentences(re.sub(r"\([^()]*(?: minus | - )[^()]*\)(?=[,.]? (?:statistic|difference|t\b))", " ", recipe.text)):
        scene = recipe.linker.link(sentence)
        for m in re.finditer(r"(⟨C\d+⟩) (?:[+*/]|-(?= )|minus|plus|divided by) (⟨C\d+⟩)", scene.text):
            pair = [scene.get(m[1]), scene.get(m[2])]
            if pair[0] != pair[1] and all(c in recipe.linker.columns and recipe.linker.is_number(c) for c in pair) and any(f'"{c}"' not in kept.replace('\\"', '"') for c in pair):
                return f"{pair[0]} and {pair[1]}"
    return None


def lost_value(recipe: "Recipe", kept: str) -> str | None:
    """A value of the table the task has in quotes and no step uses."""
    said: str
    for said in re.findall(r"(?<!\w)'([^']{2,60})'(?!\w)", recipe.text):
        held = recipe.linker.values.get(key(re.findall(r"[^\W_]+", said.lower())), [])
        if held and said not in recipe.made and said in {v for _, v in held} and not any(f'"{v}"' in kept for _, v in held) and f"'{said}'" not in " ".join(recipe.outputs.values()):
            return said
    return None


def unfounded_output(recipe: "Recipe", name: str, ref: str) -> str | None:
    """A number, method or new name in an output's description that its own steps do not use."""
    description = recipe.outputs[name] or name
    kept = _written(used(recipe.builder.steps, [ref]))
    if miscounted(recipe, ref, f"{name} {description}".lower().replace("_", " ")):
        return description
    told = description.lower()
    if lost := mislabelled(recipe, told, kept) or unexplained(recipe, name, told, kept):
        return lost
    if re.search(r"percent|%|\bpct\b", f"{name.lower()} {told}") and re.search(r"\b(?:growth|grew|change|increase|decrease|rise|decline|drop|higher|lower|above|exceed\w*|over|differ\w*|taller|longer|heavier|more|less)\b", told) and re.search(r'"difference"|last - first"|first - last"|"a - b"|"b - a"', kept) and not re.search(r"percent|100", kept):
        return "percent"
    if re.match(r"(?:the )?(?:percent(?:age)?|pct|%) (?:change|increase|decrease|difference|growth|rise|fall|drop|decline)\b", told) and not re.search(r"100|percent", kept):
        return "percent"
    if (weight := weighted(recipe)) and re.search(r'"op":"(?:aggregate|test|correlate|model)"', kept) and f'"{weight}"' not in kept:
        return weight
    if (m := _LEFT.search(told)) and not re.search(r'"op":"(?:filter|drop_missing|drop_duplicates|impute|model|join|test)"|"where":\{|"position":\d|"action":"(?:remove|clip|null)"', kept) and step_of(recipe, ref) not in ("outliers", "calculate"):
        return m.group()
    if mistyped(recipe, name, ref, kept):
        return description
    if some := re.search(r"\b(?:[a-z]\.){2,}|\b(?:men|women|males?|females?|boys|girls)\b", re.sub(r"i\.e\.|e\.g\.|p\.a\.|d\.p\.|a\.m\.|p\.m\.", " ", told)):
        if not re.search(r'"where":[\[{]|"groups":|"by":\["|"op":"(?:test|model|correlate)"', kept) and key([some.group().strip(".")]) not in recipe.linker.exact and not recipe.told.scope:
            return some.group()  # some rows are meant, and no step chooses any
    if idle := unused_column(recipe, description, kept):
        return idle
    if re.search(r"\bminus\b", description.lower()) and not re.search(r' - |"op":"test"|"difference"|"range"|"iqr"|"rank"', kept):
        return "minus"
    return lost_number(recipe, description, kept) or unmet(description, kept) or invented(recipe, description, kept)


def mislabelled(recipe: "Recipe", told: str, kept: str) -> str | None:
    """`labelled home`: rows that were given a label, of which no step speaks; `exceptional`, as the task calls its outliers."""
    for label in recipe.made:
        if re.search(rf"\b(?:labell?ed|(?:with|has|have) (?:the )?label|classed|classified|tagged|marked)(?: as)? '?{re.escape(label.lower())}\b", told):
            columns = {c for c, v in recipe.linker.values.get(key(re.findall(r"\w+", label.lower())), []) if v == label and c in recipe.builder.labels}
            if columns and not any(f'"{c}"' in kept for c in columns):
                return label
    if m := re.search(r"(?i)\b(?:call|count|flag|mark|label|treat|regard|consider)\b(?: \w+){0,3}? (?:as )?(?P<w>exceptional|extreme|unusual|anomal\w+|abnormal|suspicious|atypical|aberrant|special|remarkable|odd|outlying|outliers?)\b[^.;]*\b(?:if|when|where|whose)\b", recipe.text):
        if m["w"].lower() in told and not re.search(r'"outliers"|"where":\{|zscore|"cases"', kept):
            return m["w"].lower()
    return None


def unexplained(recipe: "Recipe", name: str, told: str, kept: str) -> str | None:
    """`turnout percentage of the young`: a rate named after what the table is of; which rows it counts must be said somewhere and be in the steps."""
    m = re.search(r"\b(?P<w>[a-z]{4,}) (?:percent(?:age)?|rate|share|pct|proportion)\b", f"{told} ; {name.lower().replace('_', ' ')}")
    if m is None or m["w"] not in recipe.brain.nouns or not re.search(r'"function":"(?:percent|share)"', kept):
        return None
    said = re.search(rf"(?i)\b{m['w']} (?:rate|percentage|share|proportion)\b[^.;]{{0,30}}?\b(?:percentage|share|proportion|fraction|mean|average|part|number)\b(?P<rest>[^.;]*)", recipe.text)
    columns = recipe.columns(recipe.brain.read(said["rest"]), numeric=False) if said else []
    scene = recipe.brain.read(said["rest"]) if said else None
    columns += [c for w in (scene.all("W") if scene else []) for c in columns_of(scene.get(w))]  # type: ignore[union-attr]
    return m["w"] if columns and not any(f'"{c}"' in kept for c in columns) else None


def weighted(recipe: "Recipe") -> str | None:
    """The column of `Each row stands for Freq persons`: what counts rows counts too little."""
    scene = recipe.brain.linker.link(recipe.text)
    m = re.search(r"\b(?:each|every|a|one) (?:row|record|line|entry|observation|⟨C\d+⟩) (?:stands for|represents|counts for|counts as|covers|is worth|holds) (?:the )?(⟨C\d+⟩)", scene.text)
    return str(scene.get(m[1])) if m else None


_FIGURE = r"(?:the |its |their |that |overall |sample )*(?:mean|average|median|standard deviation|std|variance|percent(?:age)?|share|proportion|fraction|number|count|total|sum|correlation|difference|ratio)\b"
_PART = r"(?:percent(?:age)?|pct|%|share|proportion|fraction)"


def mistyped(recipe: "Recipe", name: str, ref: str, kept: str) -> bool:
    """A name told as a figure, a figure for each group as one figure, an amount as a percentage, or a first place that is shared by all."""
    told = (recipe.outputs[name] or name.replace("_", " ")).lower()
    if ref.endswith(("/name", "/names")) and re.match(_FIGURE, told) and not re.search(r"\b(?:names?|which|who)\b", told):
        return True
    if re.search(r"/\*(?:/|$)", ref) and not re.search(r"\b(?:each|every|per|by|all|mapping|groups?|dict\w*|table|list|respective\w*|different)\b|[a-z]s$", f"{told} {name.lower()}"):
        return True
    if re.match(rf"(?:the |its |their |as |in )*{_PART} (?:of|by|among|with|increase|decrease)\b|{_PART}$", told) and not re.search(r"percent|share|proportion|fraction|pct|100| / |rate|mean_|accuracy", kept):
        return True
    steps = {s.id: s for s in recipe.builder.steps}
    made: Any = steps.get(ref.split(":")[0])
    if getattr(made, "op", "") == "rank" and isinstance(groups := steps.get(made.table), Aggregate) and groups.table == "data" and len(groups.by) == 1 and [m.function for m in groups.measures] == ["count"] and groups.measures[0].where is None:
        column = recipe.linker.columns.get(groups.by[0])
        return column is not None and len({n for _, n in column.top}) == 1 and len(column.top) > 1
    if isinstance(made, Aggregate) and made.measures[0].function in ("max", "min") and made.measures[0].column in recipe.linker.dates and not re.search(r"\b(?:last|latest|first|earliest|recent|newest|oldest|starts?|ends?|begin\w*|max\w*|min\w*|until|since)\b", f"{told} {name.lower().replace('_', ' ')}"):
        return True  # "date of the best week" is not the last one
    if isinstance(made, Aggregate) and made.measures[0].function in ("max", "min") and re.search(r"\b(?:best|worst|top|bottom|peak|leading)\b", name.lower().replace("_", " ")) and re.fullmatch(r"(?:the )?[a-z]+(?: number| name| label)?", told):
        return True  # "best_month: month number" is no highest month
    return isinstance(made, Aggregate) and all_of_them(made, steps)


def unused_column(recipe: "Recipe", description: str, kept: str) -> str | None:
    """The words of a column that a description names beside another, where no step uses it."""
    scene = recipe.brain.read(description)
    named = {m: scene.get(m) for m in scene.all("C") if m not in scene.weak or recipe.linker.truth(scene.get(m))}
    if len(set(named.values())) < 2:
        return None
    timely = {"year", "quarter", "month", "week", "day", "hour", "minute", "date", "time"}
    for mark, column in named.items():
        own = recipe.linker.columns.get(column)
        word = scene.words.get(mark, "")
        if own is None or f'"{column}"' in kept or f'{quote(column)}' in kept.replace('\\"', '"') or set(key(recipe.linker.names.get(column, []))) & timely or key([word]) and set(key(word.split())) <= set(key(list(recipe.brain.nouns))):
            continue
        return word or column
    return None


def all_of_them(made: Aggregate, steps: dict[str, Any]) -> bool:
    """A percentage of rows that were all kept for the very reason that is counted."""
    where = made.measures[0].where if len(made.measures) == 1 and made.measures[0].function in ("percent", "share") else None
    at = made.table
    while where is not None and at in steps:
        kept = getattr(steps[at], "where", None)
        if kept is not None and where in (kept, *getattr(kept, "all", ())):
            return True
        at = steps[at].table
    return False


_LEFT = re.compile(r"\b(?:left over|leftover|left out|thrown (?:out|away)|taken out|gone|are kept|that (?:stay|remain|are left)\b|remaining|surviv\w+|retained|without (?:the|those|these|them)\b(?! (?:mean|average|intercept|constant)))")


def step_of(recipe: "Recipe", ref: str) -> str:
    return next((s.op for s in recipe.builder.steps if s.id == ref.split(":")[0]), "")


def _written(steps: list[Any]) -> str:
    return " ".join(step.model_dump_json(exclude={"id", "table", "because", "seed"} if not getattr(step, "split", None) else {"id", "table", "because"}) for step in steps)


def unmet(text: str, kept: str) -> str | None:
    """The first thing the text asks for that the steps do not hold."""
    lower = re.sub(r"(?<!\w)'[^']*'(?!\w)", " ", text.lower())
    if (m := _OTHERS.search(lower)) and not re.search(r'"no":|"!="|"not in"|class"|label|"outliers"|"drop_|"groups"|"otherwise"|"op":"(?:<=?|>=?)"', kept):
        return m.group()
    for asked, held in _DEMANDS:
        for m in re.finditer(asked, lower):
            if not re.search(_NEGATED, lower[: m.start()]) and (held is None or not re.search(held, kept)):
                return str(m.group())
    return None


def invented(recipe: "Recipe", description: str, kept: str) -> str | None:
    """A name the task gave to a new column, met in a description, that no step makes."""
    for word in re.findall(r"\b[A-Za-z]+(?:_[A-Za-z0-9]+)+\b", description):
        if word not in recipe.linker.columns and word.lower() not in kept.lower() and re.search(rf"\b{word}\b", recipe.text) and key(re.findall(r"\w+", word.lower())) not in recipe.linker.exact and key(word.lower().split("_")) not in recipe.linker.exact:
            return str(word)
    for name in dict.fromkeys(re.findall(r"(?i)\b(?:called|named|call (?:it|this|that|the (?:result|sum|total|ratio|quotient|difference|mean|average)))(?: the| a)? '?([a-z]{4,})'?(?=[,.;:)]|$| and\b| for\b| as\b)", recipe.text)):
        if re.search(rf"\b{name.lower()}\b", description.lower()) and key([name.lower()]) not in recipe.linker.exact and key([name.lower()]) not in recipe.linker.codes and name not in recipe.made and name.lower() not in kept.lower():
            return str(name)
    return None


def miscounted(recipe: "Recipe", ref: str, both: str) -> bool:
    """A count of what went, told as a count of what stayed; a share of the group told as a share within it."""
    step = next((s for s in recipe.builder.steps if s.id == ref.split(":")[0]), None)
    gone = re.search(r"\b(?:number|count|how many|n|rows)\b", both) and re.search(r"\b(?:removed|dropped|excluded|discarded|deleted|lost|filtered out|thrown (?:out|away)|screened out)\b", both) and not re.search(r"after|remain|left|without|rest|kept|before|once|when|\bmean\b|\bmedian\b|average|deviation|\bstd\b|correlation|skew", both)
    within = re.search(r"(?:share|proportion|percent(?:age)?|fraction|rate) (?:among|within)\b", both) and not re.search(r"\b(?:with|who|that|having|whose|which|above|below|over|under) .*\b(?:among|within)\b", both)
    amount = re.search(r"\bby how (?:much|many)\b", both) and isinstance(step, Aggregate) and step.measures[0].function == "count"
    return bool(amount or gone and isinstance(step, Aggregate) or within and isinstance(step, Aggregate) and step.table == "data" and not step.by)
