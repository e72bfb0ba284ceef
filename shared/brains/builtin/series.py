"""Columns made from other rows or from several columns: changes from the row before, moving averages, row numbers, row means, pairs."""

import re
from typing import TYPE_CHECKING

from shared.analysis.expression import quote
from shared.analysis.plan import Compare, Condition, DropDuplicates, DropMissing, Filter, Join, Scalar, Window
from shared.brains.builtin import words
from shared.brains.builtin.conditions import mark_values
from shared.brains.builtin.scene import Scene, rx
from shared.brains.builtin.spelling import key

if TYPE_CHECKING:
    from shared.brains.builtin.recipe import Recipe

UNIT = r"(?:day|week|month|quarter|year|hour|period|row|observation|race|season|election)"
EVERY = r"(?:daily|weekly|monthly|quarterly|annual|yearly|hourly)"
STEPWISE = re.compile(
    rf"\b{UNIT}[- ](?:to|on|over)[- ]{UNIT}\b|\b(?:previous|prior|preceding) (?:trading |calendar )?(?:{UNIT}|value|one|price|record)|\b(?:{UNIT}|one|value|row) (?:just |right |immediately |directly )?before\b|\bone-{UNIT} (?:jump|rise|increase|change|gain|drop|fall)|pct_change"
    rf"|\b(?:successive|consecutive)\b|first differences?|{EVERY} (?:simple |log |percentage |percent |relative |price )?(?:returns?|changes?|growth|differences?|increases?)\b|growth rate|percentage change (?:of|in|from) (?:one|each|consecutive)"
)  # fmt: skip


def panel(recipe: "Recipe") -> list[str]:
    """The column that, with the time, names a row: where each time has a row per stock or per country."""
    linker, brain = recipe.linker, recipe.brain
    time = time_of(recipe)
    if time is None or brain.unique(time):
        return []
    fits = [c.name for c in linker.table.columns if c.type == "VARCHAR" and 0.9 * brain.rows <= c.distinct * linker.columns[time].distinct and c.distinct < brain.rows / 2]
    return fits[:1]


def time_of(recipe: "Recipe") -> str | None:
    return next(iter([*recipe.linker.dates, *recipe.linker.years]), None)


def name_it(recipe: "Recipe", name: str, *aliases: str) -> None:
    """`name` is a number from here on, can be called by its aliases and is what is talked about."""
    recipe.linker.derived[name] = "number"
    for alias in (name, *aliases):
        if form := key(re.findall(r"\w+", alias.lower())):
            recipe.linker.exact[form] = [name]
    recipe.told.main = recipe.brain.default = name


def stepwise(recipe: "Recipe", scene: Scene, lower: str) -> bool:
    """Changes, growth rates and returns from the row before, within each member of a panel."""
    if recipe.told.stepwise or not STEPWISE.search(lower):
        return False
    linker, told = recipe.linker, recipe.told
    time = time_of(recipe)
    units = {"quarter", "month", "week", "day", "year"}
    columns = [c for c in dict.fromkeys(scene.get(m) for m in scene.all("C")) if linker.is_number(c) and c not in linker.virtual and c != time and not units & set(key(linker.names.get(c, [])))]
    if told.main in columns:
        columns = [told.main]
    if not columns and (main := told.main or recipe.brain.measure()) and re.search(r"price|value|level|returns?\b", lower):
        columns = [main]
    if not columns:
        return False
    grouped = [scene.get(m) for m in scene.all("C") if linker.kind_of(scene.get(m)) == "text" and scene.get(m) in linker.columns]
    by = [c for c in grouped if re.search(rf"(?:within|each|per|for every)[^.]*{re.escape(c.lower())}", lower)] or panel(recipe)
    column = columns[0]
    told.stepwise = True
    recipe.growth = True
    if re.search(r"\blog\b|logarithm|\bln\b", lower):
        return log_return(recipe, column, by)
    relative = bool(re.search(r"percent|%|growth|relative|pct|\breturns?\b|divided by|/ ?(?:the )?previous", lower))
    whole = " ".join([recipe.lower, *(f"{n} {d}".lower() for n, d in recipe.outputs.items())])
    name = f"{column} {'growth' if relative else 'change'}"
    recipe.builder.labels[name] = {"window": Window(function="percent_change" if relative else "difference", column=column, by=by, order_by=time)}
    linker.derived[name] = "number"
    if relative and not re.search(r"percent|%|\bpct\b", whole):
        name = recipe.builder.expression(f"{column} return", f"{quote(name)} / 100")
    nouns = ["change", "difference", "increase", "rise", "gain"] + (["growth", "growth rate", "return", "percentage change", "percent change", "pct change"] if relative else ["jump"])
    aliases = [f"{e}{n}" for n in nouns for e in ("", "daily ", "weekly ", "monthly ", "quarterly ", "annual ", "yearly ")] + [f"{n} {p} {column}" for n in nouns for p in ("of", "in")]
    aliases += [f"{column} {n}" for n in nouns] + [f"{u}-{t}-{u} {n}" for u in ("day", "week", "month", "quarter", "year") for t in ("to", "on", "over") for n in nouns]
    name_it(recipe, name, *aliases)
    if recipe.outputs:  # rows chosen later keep the change from the row that was before them
        made = recipe.builder.base(told.after, name)
        told.before = made if told.before == told.after else told.before
        told.after = recipe.brain.table = made
    return True


def log_return(recipe: "Recipe", column: str, by: list[str]) -> bool:
    """ln(x / the x before)."""
    lag = f"{column} before"
    recipe.builder.labels[lag] = {"window": Window(function="lag", column=column, by=by, order_by=time_of(recipe))}
    recipe.linker.derived[lag] = "number"
    name = recipe.builder.expression(f"log return of {column}", f"ln({quote(column)} / {quote(lag)})")
    name_it(recipe, name, "log return", "return", "log growth", "log change", "daily log return", "monthly log return", "daily return", "monthly return")
    return True


def moving(recipe: "Recipe", scene: Scene, lower: str) -> bool:
    """`7-day moving average of x`, `cumulative sum of x`."""
    roll = re.search(rf"(?P<n>\d+|{'|'.join(w for w in words.CARDINALS)})[- ](?:{UNIT}s?[- ])?(?:centred |trailing |simple )?(?:moving|rolling|running) (?:average|mean)|(?:moving|rolling|running) (?:average|mean)[^.]{{0,40}}?(?:window|over|of)[^.]{{0,20}}? (?P<m>\d+)", lower)
    total = re.search(r"\b(?:cumulative|running) (?:sum|total)", lower)
    columns = [c for c in recipe.columns(scene) if c in recipe.linker.columns] or ([recipe.told.main] if recipe.told.main else [])
    if not columns or not (roll or total) or "centred" in lower or "centered" in lower:
        return False
    column, by, time = columns[0], panel(recipe), time_of(recipe)
    if roll:
        said = roll["n"] or roll["m"]
        size = int(said) if said.isdigit() else words.CARDINALS[said]
        name = f"{column} moving average"
        window = Window(function="rolling_mean", column=column, by=by, order_by=time, size=size)
        aliases = ["moving average", "rolling mean", "rolling average", "moving mean", "running mean", "smoothed value", *(f"{size} {u} {k}" for u in ("day", "month", "week", "year", "quarter") for k in ("moving average", "rolling mean", "rolling average"))]
    else:
        name = f"cumulative {column}"
        window = Window(function="cumulative_sum", column=column, by=by, order_by=time)
        aliases = ["cumulative sum", "running total", "cumulative total", "running sum"]
    recipe.builder.labels[name] = {"window": window}
    name_it(recipe, name, *aliases)
    recipe.told.stepwise = True
    return True


def row_number(recipe: "Recipe", lower: str) -> bool:
    """`Number the months 0, 1, 2, … in date order`: a time index."""
    m = re.search(r"\b(?:number|numbering|numbered|index|count|indexed|label)\b[^.;]*?\b(?P<from>[01]) ?(?:,|to|and) ?(?:[12]\b|n\b)|(?:time|row|day|month|period) (?:index|number)[^.;]*?\b(?P<also>[01]) ?, ?[12]\b|t ?= ?(?P<t>[01]) ?, ?[12]", lower)
    if not m:
        return False
    start = int(m["from"] or m["also"] or m["t"])
    one = recipe.builder.expression("one", "1")
    recipe.builder.labels["row number"] = {"window": Window(function="cumulative_sum", column=one, order_by=time_of(recipe))}
    recipe.linker.derived["row number"] = "number"
    name = recipe.builder.expression("time index", f"{quote('row number')} - 1") if start == 0 else "row number"
    before = recipe.told.main
    units = ("month", "day", "week", "year", "quarter", "trading day", "row", "time", "period", "observation", "sequence")
    name_it(recipe, name, "that number", "number", "this number", "index", "this index", "that index", "counter", "t", *(f"{u} {k}" for u in units for k in ("number", "index", "counter")))
    recipe.told.main = recipe.brain.default = before
    return True


def logs(recipe: "Recipe") -> None:
    """`regress log of y on log of x`: the logarithms become columns before the model is read."""
    if not re.search(r"(?i)regress|least squares", recipe.text):
        return
    for base, column in re.findall(r"\b(log|ln|logarithm) of (?:the )?([A-Za-z_]\w*)", recipe.text):
        if recipe.linker.is_number(column) and column in recipe.linker.columns:
            name = recipe.builder.expression(f"log {column}", f"ln({quote(column)})")
            for alias in (f"{base} of {column}", f"{base} {column}", f"natural {base} of {column}"):
                recipe.linker.exact[key(re.findall(r"\w+", alias.lower()))] = [name]


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def row_mean(recipe: "Recipe", scene: Scene, lower: str) -> bool:
    """`the average of a, b and c for every row`, `the mean of the twelve months`, `add up a, b and c`."""
    linker = recipe.linker
    columns: list[str] = []
    if re.search(r"\b(?:twelve|12)(?: calendar)? (?:months?|monthly)\b|\bJAN\b.{1,12}\bDEC\b", lower, re.IGNORECASE):
        by_month = {c.lower()[:3]: c for c in linker.columns if c.lower()[:3] in _MONTHS and linker.is_number(c) and (len(c) == 3 or c.lower() in words.MONTH_NUMBER)}
        columns = [by_month[m] for m in _MONTHS] if len(by_month) == 12 else []
    m = re.search(r"(?:(?P<f>⟨F\d+⟩)(?: score| value)?(?: (?:of|over|across|from))?|(?P<add>add(?:ing)?(?: up| together)?|sum(?:ming)?(?: up)?|sum of|total of))(?: the| each| their| \w+'s)*(?: ⟨N\d+⟩)?(?: \w+)?(?: columns?| scores?| values?)?(?: :)? (?P<all>⟨C\d+⟩(?: ?(?:,|and|, and|\+|plus) ?(?:the )?⟨C\d+⟩)+)", scene.text)
    if not columns and m:
        columns = list(dict.fromkeys(scene.get(c) for c in re.findall(r"⟨C\d+⟩", m["all"])))
        makes = re.search(rf"\b(?:for|of|per) (?:each|every)\b|in each|new (?:column|variable|feature|score)|(?:score|index|total|column) (?:called|named|for|per|=|as)|to get|row-?wise|\b(?:define|create|build|add|construct|derive|make)\b|each {UNIT}", lower)
        if not makes or len(columns) < 2 or any(not linker.is_number(c) for c in columns):
            return False
    of_scaled = not columns and recipe.told.scaled and re.search(r"\b(?:add|adding|sum|total|average|mean|averag\w+)\b[^.;]*?\b(?:the|both|these|their|its)(?: ⟨N\d+⟩| two| three| four)?(?: scaled| standardi[sz]ed| normali[sz]ed| rescaled)? (?:z-?scores|columns|values|scores|scaled|variables)", lower)
    if of_scaled:
        columns = list(recipe.told.scaled or [])
        if re.search(r"average|averag|\bmean of (?:the|these|both)", of_scaled.group()):
            m = None
            of_scaled = None
    if len(columns) < 2:
        return False
    function = scene.get(m["f"]) if m and m["f"] else "sum" if m or of_scaled else None
    function = "sum" if function == "much" else function
    if function is None:
        function = "mean" if re.search(r"\baverage|\bmean", lower) else "sum" if re.search(r"\bsum|\btotal|add", lower) else None
    if function not in ("mean", "sum", "count", "max", "min"):
        return False
    text = " + ".join(quote(c) for c in columns)
    if function in ("max", "min"):
        text = quote(columns[0])
        for c in columns[1:]:
            text = f"{'greatest' if function == 'max' else 'least'}({text}, {quote(c)})"
    elif function == "mean":
        text = f"({text}) / {len(columns)}"
    called = re.search(r"(?:called|named|column|variable|feature) ([A-Za-z]\w+)\b", recipe.text)
    title = called[1] if called and called[1].lower() not in words.STRUCTURE | words.FILLER and called[1] not in linker.columns else f"row {function}"
    name = recipe.builder.expression(title, text)
    aliases = ["annual mean", "annual average", "yearly mean", "yearly average", "score", "row mean"] if function == "mean" else ["total", "sum", "row total", "total score", "score", "combined total", "row sum", "summed score", "combined score", "overall score"]
    phrase = re.search(r"(?:define|call|compute|calculate|create|derive|build|get|as|it)(?: the| a| an| each \w+'s)? ([a-z][a-z -]{2,30}?) (?:as|by|=|:|to be|equal|of|for)\b", lower)
    if phrase and key(phrase[1].split()) not in linker.exact:
        aliases.append(phrase[1])
    if named := re.search(r"\b(?:compute|define|calculate|create|derive|build|get|take|form|work out|find) (?:the |a |an )?([a-z_]\w*), (?:i\.e\. |that is,? |meaning |which is )?(?:the|its|their)\b", lower):
        aliases.append(named[1])  # "compute ANNUAL, the mean of …"
    name_it(recipe, name, title, *aliases)
    if introduced := re.search(r"(?i)\b(?:build|create|make|compute|calculate|construct|define) (?:a|an|the) ([a-z]+ (?:score|index|total|measure))", recipe.text):
        name_it(recipe, name, introduced[1], "score" if "score" in introduced[1].lower() else "index" if "index" in introduced[1].lower() else name)
    recipe.brain.nouns |= {"annual", "yearly", "summed", "scaled", "min-max"}
    return True


def lead(recipe: "Recipe", scene: Scene, sentence: str) -> bool:
    """`the top candidate's votes minus those of the runner-up, of a, b and c`: the largest of some columns less the second largest."""
    top = r"(?:top|largest|highest|leading|leader|winning|winner|first|best|most)"
    second = r"(?:runner-?up|second|next)"
    if not re.search(rf"\b{top}\b[^.;]*?\b(?:minus|less|and|over|ahead of|than)\b[^.;]*?\b{second}\b", sentence.lower()):
        return False
    columns = [c for c in recipe.columns(scene) if c in recipe.linker.columns]
    listed = re.search(r"⟨C\d+⟩(?: ?(?:,|and|, and) ⟨C\d+⟩)+", scene.text)
    if listed:
        columns = [scene.get(c) for c in re.findall(r"⟨C\d+⟩", listed.group())]
    columns = list(dict.fromkeys(columns))
    if not listed or not 2 <= len(columns) <= 6:
        return False

    def of(function: str, parts: list[str]) -> str:
        text = parts[0]
        for part in parts[1:]:
            text = f"{function}({text}, {part})"
        return text

    quoted = [quote(c) for c in columns]
    pairs_ = [of("least", [a, b]) for i, a in enumerate(quoted) for b in quoted[:i]]
    name = recipe.builder.expression("lead", f"{of('greatest', quoted)} - {of('greatest', pairs_)}")
    name_it(recipe, name, "lead", "margin")
    return True


def one_row_each(recipe: "Recipe", scene: Scene, lower: str) -> bool:
    """`keep one row per individual`."""
    if not re.search(r"\b(?:one|a single|the first|1|first|only one) (?:row|record|line|entry|observation)s? (?:per|for each|for every|of each|of every|by)\b|drop (?:the )?duplicate|remove (?:the )?duplicate|deduplicate", lower):
        return False
    columns = [scene.get(m) for m in scene.all("C")]
    told_by = rx(r"duplicates? (?:[a-z]+ )?(?:by|in|on|of|based on|with respect to|with the same)(?: the)? {C:c}|same {C:d}").search(scene.text)
    whole = re.search(r"duplicate", lower) and (not columns or not told_by)
    if not columns and not whole:
        return False
    told = recipe.told
    told.before = told.after
    told.after = recipe.builder.add(DropDuplicates, told.after, columns=None if whole else columns[:1])
    told.changed = told.changed or bool(whole)
    told.before = told.before if whole else told.after
    recipe.brain.table = told.after
    return True


def pairs(recipe: "Recipe", scene: Scene, lower: str) -> bool:
    """`Line up the two stocks by date`: two values of one column side by side, matched on what else names a row."""
    if recipe.told.pair or re.search(r"(?:\bnot|n't|\bno|\bwithout|\bnever) (?:\w+ ){0,2}?pair", lower) or not re.search(r"\bpair(?:s|ed|ing)?\b|\blin(?:e|ed|ing)\b[^.]*\bup\b|\balign|\bmatch(?:ed|ing)?\b|side by side|\bmerge|\bjoin", lower) or "paired" in lower and "paired with" not in lower and not re.search(r"\bpair ", lower):
        return False
    linker, builder, told = recipe.linker, recipe.builder, recipe.told
    if next_row(recipe):
        return True
    found: dict[str, list[Scalar]] = {}
    for text in dict.fromkeys([scene.text, recipe.text]):
        marked = scene.fork(text) if text == scene.text else recipe.brain.read(text)
        mark_values(marked, linker)
        found = {}
        for condition in (marked.get(m) for m in marked.all("W")):
            for part in _equalities(condition):
                if part.value not in found.setdefault(part.column, []):
                    found[part.column].append(part.value)  # type: ignore[arg-type]
        found = {c: v for c, v in found.items() if len(v) == 2}
        if len(found) == 1:
            break
    if len(found) != 1 or re.search(r"\bnext\b|following|previous|lag", lower):
        return False
    (by, (a, b)), = found.items()
    keys = [c.name for c in linker.table.columns if c.name != by and (c.type in ("VARCHAR", "DATE", "TIMESTAMP") or c.name in linker.years)]
    named = [scene.get(m) for m in scene.all("C") if scene.get(m) in keys]
    keys = list(dict.fromkeys(named)) or keys
    value = told.main if told.main and told.main in linker.columns and told.main not in (*keys, by) else next((c.name for c in linker.table.columns if c.type in ("BIGINT", "DOUBLE") and c.name not in (*keys, by)), None)
    if any(c not in linker.columns for c in (*keys, by)):
        return False
    combinations = 1
    for c in keys:
        combinations *= linker.columns[c].distinct
    if not keys or value is None or combinations * linker.columns[by].distinct < recipe.brain.rows:
        return False
    sides = []
    for each in (a, b):
        name = builder.expression(f"{value} {each}", quote(value))
        made = builder.base(builder.add(Filter, told.after, where=Compare(column=by, op="==", value=each)), name)
        linker.derived[name] = "number"
        builder._has[made].add(name)
        sides.append((made, name))
    joined = builder.add(Join, sides[0][0], right=sides[1][0], on=keys)
    builder._has[joined] = builder._has[sides[0][0]] | {n for _, n in sides}
    told.before = told.after = recipe.brain.table = joined
    told.pair = (sides[0][1], sides[1][1])
    told.pair_values = (str(a), str(b))
    return True


def next_row(recipe: "Recipe") -> bool:
    """`Pair the December of each year with the January of the following year`: a value beside one of the row after it."""
    time = time_of(recipe)
    scene = recipe.brain.read(re.sub(r"(?i)\bof (?:one|any|a) (?=year\b)", "of each ", recipe.text))
    value = r"(?P<{}>⟨C\d+⟩)(?: values?| figures?| temperatures?)?"
    unit = r"(?:of|in|from) "
    later = rf"{unit}(?:the )?(?:next|following|subsequent) (?:year|⟨C\d+⟩)|{unit}the (?:year|⟨C\d+⟩|one) (?:after|that follows)"
    m = re.search(rf"{value.format('a')} {unit}(?:the |a |an )?(?:one|each|every|a|an|any|the|same|year|⟨C\d+⟩| )+ (?:[a-z]+ ){{0,3}}?(?:the )?{value.format('b')} (?:{later})", scene.text)
    if m is None or time is None or recipe.brain.table != "data" or not recipe.brain.unique(time):
        return False
    a, b = scene.get(m["a"]), scene.get(m["b"])
    column = recipe.linker.columns[time]
    if a == b or not recipe.linker.is_number(a) or not recipe.linker.is_number(b) or not isinstance(column.min, int) or not isinstance(column.max, int) or column.max - column.min + 1 != column.distinct:
        return False  # a gap in the years, and the row after would not be the next year
    name = f"{a} of the row before"
    recipe.builder.labels[name] = {"window": Window(function="lag", column=a, order_by=time)}
    recipe.linker.derived[name] = "number"
    made = recipe.builder.base(recipe.told.after, name)
    table = recipe.builder.add(DropMissing, made, columns=[name, b])
    recipe.builder._has[table] = recipe.builder._has[made] | {name}
    recipe.told.before = recipe.told.after = recipe.brain.table = table
    recipe.told.pair, recipe.told.pair_values, recipe.told.stepwise = (name, b), (a, b), True
    return True


def _equalities(condition: Condition) -> list[Compare]:
    if isinstance(condition, Compare):
        if condition.op == "==":
            return [condition]
        if condition.op == "in" and isinstance(condition.value, list):
            return [Compare(column=condition.column, op="==", value=v) for v in condition.value]
        return []
    return [c for part in getattr(condition, "any", None) or getattr(condition, "all", None) or [] for c in _equalities(part)]


def pair_output(recipe: "Recipe", both: str) -> str | None:
    """What is asked about the pairs: how many, their correlation, the mean difference, each side."""
    told, builder = recipe.told, recipe.builder
    assert told.pair is not None
    a, b = told.pair
    if re.search(r"correlation|\bcorr\b|pearson|spearman|kendall|\br\b", both) and "squared" not in both:
        method = next((m for m in ("spearman", "kendall") if m in both or m in recipe.lower and "pearson" not in both), "pearson")
        step = builder.correlate(told.after, a, b, method)
        return f"{step}:/{'p_value' if re.search(r'p ?-?value', both) else 'r'}"
    if re.search(r"number of (?:pairs|months|dates|days|rows|years)|how many|\bn\b|count", both):
        return builder.value(told.after, "count", None)
    if re.search(r"differ|minus|gap|spread", both):
        first, second = a, b
        order = re.search(rf"({re.escape(told.pair_values[0].lower())}|{re.escape(told.pair_values[1].lower())})[^.;]*\bminus\b", f"{both} ; {recipe.lower}")
        if order and order[1] == told.pair_values[1].lower():
            first, second = b, a
        name = builder.expression(f"{first} minus {second}", f"{quote(first)} - {quote(second)}")
        scene = recipe.brain.read(both.split(" ; ")[-1])
        functions = [scene.get(m) for m in scene.all("F")]
        if len(functions) == 1 and functions[0] in ("mean", "median", "std", "max", "min", "sum"):
            return builder.value(told.after, functions[0], name)
    return None
