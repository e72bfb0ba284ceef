"""What sentences do to the table: gaps filled, outliers and rows removed, numbers rescaled, columns made, words given a meaning."""

import re
from typing import TYPE_CHECKING

from shared.analysis.expression import quote
from shared.analysis.plan import (
    All,
    Compare,
    Condition,
    DropMissing,
    Outliers,
    Scale,
)  # fmt: skip
from shared.brains.builtin import series, words
from shared.brains.builtin.arithmetic import row_expression
from shared.brains.builtin.conditions import mark_values
from shared.brains.builtin.formulas import equation
from shared.brains.builtin.gaps import emptied, fill_gaps
from shared.brains.builtin.labels import label_rows
from shared.brains.builtin.logic import columns_of, negate
from shared.brains.builtin.scene import Scene, rx
from shared.brains.builtin.sentences import sentences
from shared.brains.builtin.spelling import key
from shared.brains.builtin.subsets import top_rows

if TYPE_CHECKING:
    from shared.brains.builtin.recipe import Recipe

_NUMBER = r"(\d+(?:\.\d+)?)"


def tell(recipe: "Recipe", sentence: str) -> bool:
    """Carries out what a sentence does to the table; False when it does nothing."""
    lower = sentence.lower()
    told, builder = recipe.told, recipe.builder
    recipe.builder.words = sentence
    if recipe.outputs:
        if re.search(r"regress|straight line|\bline of\b|\btest\b", lower) and not told.stepwise:
            series.row_mean(recipe, recipe.brain.read(sentence), lower)
    if re.search(r"\b(?:model|regression|regress|classifier|predicts?|train|fit|least squares)\b", lower) and re.search(r"regress|classif|predict|least squares|\bknn\b|forest|decision tree|\bline\b", lower):
        told.model = told.model or "building"  # fitted when all is told
        return bool(recipe.outputs)
    if told.model and re.search(r"train_test_split|test[_ ](?:size|set|part)|random[_ ]state|\bsplit\b|standardscaler|\bfeatures?\b|\btarget\b|predictors?|default settings|hold out|\bintercept\b", lower) and not re.match(r"\W*(?:drop|remove|exclude|keep|restrict|fill|create|add)\b", lower):
        return True
    if told.scaled:  # the scaled columns go by their old names
        sentence = re.sub(r"(?i)\b(?:min-?max[- ])?(?:re)?(?:scaled|normali[sz]ed|standardi[sz]ed) (?=[a-z])", "", sentence) if not re.match(r"(?i)\W*(?:scale|rescale)", sentence) else sentence
    if recipe.outputs and told.scaled and re.search(r"'|=|\bminus\b|\bdefine\b", sentence):  # a rule about the z-scores
        sentence = re.sub(r"(?i)\b(?:the |its |their )?(?:z-?(?:scores?|values?)|(?:re)?(?:scaled|standardi[sz]ed|normali[sz]ed) values?) (?:of|for) (?=[a-z])", "", sentence)
        named = "|".join(sorted({re.escape(x) for c in told.scaled for x in (c, " ".join(recipe.linker.names.get(c, [c])))}, key=len, reverse=True))
        sentence = re.sub(rf"(?i)\b(?P<c>{named}) (?:z-?(?:scores?|values?))\b", r"\g<c>", sentence)
    scene = recipe.brain.read(sentence)
    if recipe.outputs and (series.one_row_each(recipe, scene, lower) or series.pairs(recipe, scene, lower)):
        return True
    if recipe.outputs and equation(recipe, sentence):
        return True
    if recipe.outputs and emptied(recipe, sentence) and (told.blocked or not re.search(r"\b(?:fill|impute|drop|remove|exclude)", lower)):
        return True
    if learn_code(recipe, sentence) or label_rows(recipe, sentence) or new_column(recipe, sentence):
        return True
    scene = recipe.brain.read(sentence)
    if not told.imputed and re.search(r"\bfill(?!(?:ed)? (?:in|out)\b(?! the| with| miss| gaps))|\bimput|\breplac\w* (?:the |all |every |each )?(?:missing|null)", re.sub(r"(?:are|is|were|was|have|has|both|been) (?:both |all )?filled(?: in| out)?\b", " ", lower)):
        return fill_gaps(recipe, scene, lower)
    if re.search(r"outlier|outlying|\|z\||iqr rule|interquartile range rule|z-?scores? (?:method|above|greater|below)|extreme values", lower) and not re.search(r"standardi[sz]e|convert|transform", lower):
        find_outliers(recipe, scene, lower)
    if zscored(recipe, lower) and (recipe.columns(scene) or told.main):
        find_outliers(recipe, scene, lower)
        if not re.search(r"\b(?:remov|drop|discard|exclud|delet|leav)", lower):
            return True
    if told.outliers and re.search(r"\b(?:remov\w*|drop\w*|discard\w*|exclud\w*|filter\w*|delet\w*|leav\w* out|without)\b", lower) and re.search(r"outlier|outlying|them|those|these|flagged|extreme|\bit\b", lower):
        remove_outliers(recipe)
        return True
    if re.search(r"min-?max|normalis|normaliz|rescal|\bscal(?:e|es|ed|ing)\b|standardi[sz]e|standardi[sz]ing|into z-?scores|z-?transform|convert\\w* .*z-?scores", lower) and not told.outliers and not (told.scaled and not re.search(r"\b(?:re)?scale\b|standardi[sz]e\b|normali[sz]e\b|convert|transform|\bturn", lower)) and not re.search(r"no scaling|without scaling|not scaled", lower):
        listed_ = re.split(r"\b(?:over|across|within|to the|to a|to z|into|with|using|so that|so|by)\b(?! ⟨C\d+⟩ (?:and|,))", scene.text)[0] if recipe.outputs else scene.text
        columns = recipe.columns(scene.fork(listed_)) or recipe.columns(scene) or ([told.main] if told.main else [])
        if recipe.outputs and (m := re.search(r"\bthe same (?:for|with|to|on)\b(?P<rest>.*)", scene.text)) and "⟨C" not in m["rest"]:
            told.blocked = sentence
            return True
        columns = [c for c in columns if c not in (told.scaled or [])] or columns  # "z-scores" may be a name of those scaled before
        if columns and (told.scaled != columns):
            method = "zscore" if re.search(r"standardi|z-?score|z-?transform", lower) and not re.search(r"min-?max|0 (?:to|and|-) 1|0-1", lower) else "minmax"
            told.before = told.after
            told.after = builder.add(Scale, builder.base(told.after, *columns), columns=columns, method=method, ddof=0 if re.search(r"population|ddof ?= ?0", lower) else 1)
            told.changed, told.scaled = True, [*(c for c in told.scaled or [] if recipe.outputs), *columns]
            recipe.brain.nouns |= frozenset("scaled rescaled normalised normalized standardised standardized scale scaling range".split())
            if len(columns) == 1:
                for alias in ("z score", "zscore", "z-score", "z", "scaled value", "normalised value", "normalized value", "standardised value", "standardized value"):
                    recipe.linker.exact[key(re.findall(r"\w+", alias))] = columns
            told.main = columns[0]
            recipe.brain.default = columns[0]
            recipe.brain.table = told.after
            if recipe.outputs:
                series.row_mean(recipe, recipe.brain.read(sentence), lower)
            return True
    if re.search(r"^\W*(?:(?:then|first|next|now|also|finally|please|and),? )*(?:drop|remove|exclude|leave out|leave (?:them|those|these|it) out|ignore|discard|skip|delete|dropping|removing|excluding|leaving out|ignoring)\b", lower):
        return drop_rows(recipe, scene, lower)
    if recipe.outputs and top_rows(recipe, scene, lower):
        return True
    if re.search(r"^\W*(?:(?:then|first|next|now|also|finally|please|and) ?,? )*(?:keep|restrict|consider only|only consider|use only|only use|look (?:only|just)|limit|select only|focus|concentrate|take only|filter|select|work (?:only |just )?(?:on|with)|use just|(?:use|consider|take|study|analy[sz]e|look at) (?:the |all |those )?(?:[a-z]+ )?(?:who|that|which|whose|where)\b(?=[^,;:]*$))", lower):
        scene = meant(scene)
        if recipe.outputs:  # "use the rows with … and compare …": what follows is asked of them
            scene = scene.fork(re.sub(r",? and (?:then |please )?(?:compare|test|run|compute|calculate|report|give|tell|find|correlate|regress|fit|perform|carry out|check|work out|count|show|determine|average)\b.*", "", scene.text))
        mark_values(scene, recipe.linker)
        conditions = [scene.get(m) for m in scene.all("W")]
        if recipe.outputs and rx(r"{C} (?:and|or) {W}").search(scene.text):
            return False  # half of what is to hold was not understood
        supposed = [c for w in conditions for c in columns_of(w) if c == recipe.brain.default and c not in recipe.columns(recipe.linker.link(sentence), numeric=False)]
        if recipe.outputs and supposed and (strange := [w for w in recipe.brain.leftover(scene.text) if w not in ("keep", "restrict", "look", "limit", "focus", "filter", "select", "take", "work", "concentrate")]):
            told.blocked = f"{sentence} ({', '.join(strange)})"  # of what the number is was not understood
            return True
        if conditions:
            told.before = told.after = complete(recipe, builder.where(told.after, *_same_column_union(conditions)), lower)
            recipe.brain.table = told.after
            new_column(recipe, sentence)
            return True
        if recipe.outputs and (whole := complete(recipe, told.after, lower)) != told.after:
            told.before = told.after = recipe.brain.table = whole
            return True
    return False


def zscored(recipe: "Recipe", lower: str) -> bool:
    """Whether a sentence standardises a column for no other end than to find its outliers: the column itself stays as it is."""
    if not re.search(r"standardi[sz]|z-?scores?", lower) or not re.search(r"\|z\||\bz-?scores?\b[^.]{0,60}?(?:above|greater|more|exceed|beyond|larger|over|>) ?(?:than )?\d|absolute z|outlier", recipe.lower):
        return False
    asked = " ".join(re.sub(r"\|z\| ?[<>]=? ?[\d.]+|absolute z-?scores?[^;,.]*", " ", f"{n} {d}".lower().replace("_", " ")) for n, d in recipe.outputs.items())
    return bool(re.search(r"\|z\||outlier|extreme", recipe.lower)) and not re.search(r"z-?scores?|standardi[sz]ed|\bz\b|scaled", asked)


def complete(recipe: "Recipe", table: str, lower: str) -> str:
    """`… that have both mpg and horsepower recorded`: the rows without a gap in those columns."""
    m = re.search(r"\b(?:where|that|which|whose|with|have|has|having)\b(?: both| all| a| an| the)*(?P<what> (?:(?!\b(?:that|which|whose|where|with|have)\b)(?:[^.;]|\.(?=\w)))*?)(?: values?)?(?: are| is| were| was)? (?:recorded|known|available|present|given|measured|non-missing|not missing|observed)\b", lower)
    columns = [c for c in recipe.columns(recipe.brain.read(m["what"]), numeric=False) if c in recipe.linker.columns] if m else []
    if not m and re.search(r"\b(?:with|where|that have|which have|have|having) (?:an? |the )?(?:values?|readings?|data|measurements?|figures?|numbers?|observations?|entries)? ?(?:at|for|in|of|from|on)? ?(?:both|the two)\b(?: of them| of these| stations| columns| variables| places| sites| are present| are known)*\W*$|\b(?:both|the two)(?: [a-z]+)? have (?:an? )?(?:values?|readings?|data|measurements?)\W*$", lower):
        named = list(dict.fromkeys(c for s in sentences(recipe.text) for c in recipe.columns(recipe.brain.read(s)) if c in recipe.linker.columns))
        columns = named if len(named) == 2 else []
    return recipe.builder.add(DropMissing, table, columns=columns) if columns else table


def meant(scene: Scene) -> Scene:
    """`the spells of dictators, i.e. the rows marked X`: what is said second tells which rows."""
    m = re.search(r"(?:\bi\.? ?e\b\.?|\bthat is(?: to say)?,|\bin other words|\bnamely|\bmeaning)(?P<rest>.*⟨[WV]\d+⟩.*)", scene.text)
    return scene.fork(f"keep {m['rest']}") if m else scene


def drop_rows(recipe: "Recipe", scene: Scene, lower: str) -> bool:
    told = recipe.told
    if told.stepwise and re.search(rf"\b(?:the|this|that|its|their) (?:very )?first (?:{series.UNIT[3:-1]}|value|one|entry|date|session)\b(?! (?:of|in|19|20))", lower):
        return True  # it has no change
    scene = meant(scene)
    several = re.search(r"\b(?:any|at least one|one or more|one|some) (?:or more )?of (?:the|its|their) (?:(?P<n>\d+|[a-z]+teen|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve) )?(?P<noun>[a-z]+s)\b", lower)
    if several and re.search(r"\b(?:no|missing|without an?|lacks?|has a gap in|empty|null|nan|not (?:given|recorded|known|available))\b", lower):
        numeric = [c.name for c in recipe.linker.table.columns if c.type in ("BIGINT", "DOUBLE")]
        size = words.CARDINALS.get(several["n"] or "", several["n"])
        if several["noun"] in ("columns", "fields", "variables", "features", "cells", "values") and not size or str(size) in (str(len(numeric)), str(len(recipe.linker.table.columns))):
            told.before = told.after = recipe.brain.table = recipe.builder.add(DropMissing, told.after, columns=numeric if str(size) == str(len(numeric)) else None)
        else:
            told.blocked = recipe.builder.words or lower
        return True
    if re.search(r"(?:missing|not recorded|unknown|null|empty|nan|(?<!negative )(?<!positive )(?<!zero )\bgaps?\b|\bblanks?\b|without an? |no (?:age|value)|incomplete|is not given|not known)", lower):
        columns = [c for m in scene.all("W") for c in columns_of(scene.get(m))] or recipe.columns(scene, numeric=False)
        columns = [c for c in dict.fromkeys(columns) if c in recipe.linker.columns]
        if re.search(r"at least one|in any column|any of the columns", lower) and not recipe.columns(recipe.linker.link(lower), numeric=False):
            columns = []  # "at least one" compares no column
        if re.search(r"\b(?:any|some|one|at least one|one or more) (?:of (?:the|its|their) )?(?:columns?|fields?|variables?|features?|cells?)\b|\bany (?:missing|null|empty|gap|nan)|\bincomplete\b|(?:missing|null|empty) (?:values? )?anywhere", lower) and not columns:
            told.before = told.after = recipe.brain.table = recipe.builder.add(DropMissing, told.after)
            return True
        if not columns and told.main:
            columns = [told.main]
        if columns:
            told.before = told.after = recipe.builder.add(DropMissing, told.after, columns=columns)
            mark_values(scene, recipe.linker)
            others = [scene.get(m) for m in scene.all("W")]
            others = [c for c in others if isinstance(c, Compare) and c.op in ("==", "in") and c.column in columns]
            told.before = told.after = recipe.builder.where(told.after, *(negate(c) for c in others))  # "… and the rows where it is X"
            recipe.brain.table = told.after
        return bool(columns)
    scene = scene.fork(re.sub(r"[ ,]+(?:because|since|as) (?:(?:its|their|the|it|they|that|this)\b.*|⟨C\d+⟩ (?:is|was|are)\b.*)$", "", scene.text))
    scene = scene.fork(re.sub(r"^\W*(?:(?:then|first|next|now|also|finally|please|and) ?,? )*(?:drop|remove|exclude|leave out|leave|ignore|discard|skip|delete|dropping|removing|excluding|leaving out|ignoring)\b", " ", scene.text))
    mark_values(scene, recipe.linker)
    conditions = [scene.get(m) for m in scene.all("W")]
    if conditions and all(isinstance(c, Compare) and c.op == "is null" for c in conditions):
        told.before = told.after = recipe.brain.table = recipe.builder.add(DropMissing, told.after, columns=[c for w in conditions for c in columns_of(w)])
        return True
    if not conditions and re.search(r"\b(?:those|them|these|such)\b", lower):
        conditions = recipe.mentioned  # "Some days have no wind; leave those out"
    if conditions and not re.search(r"outlier", lower):
        told.before = told.after
        if len(conditions) > 1 and re.match(r"\W*(?:\w+ ){1,3}?(?:the|that|this|one|a) (?:single |one )?(?:row|record|line|entry|observation)\b", lower):
            conditions = [All(all=conditions)]  # "the row for 1959 quarter 1": one row, of which all is true
        negated = [c if isinstance(c, Compare) and c.op in ("!=", "not in") else negate(c) for c in conditions]
        told.after = recipe.builder.where(told.after, *negated)
        told.changed = True
        recipe.brain.table = told.after
        return True
    return False


def find_outliers(recipe: "Recipe", scene: Scene, lower: str) -> None:
    told = recipe.told
    if told.outliers:
        return
    if recipe.outputs and re.search(r"\b(?:within|for|in|inside|of) (?:each|every|its|their) (?:own )?[a-z_]+\b.*\b(?:separate|own|alone)|\bwithin (?:each|every|its own|their own)\b|\b(?:separately|individually) (?:for|by|within|in|per)\b|\b(?:by|per)[- ](?:group|⟨C\d+⟩)\b|\bits own (?:[a-z_]+|⟨C\d+⟩)'?s? (?:mean|quartiles?|iqr|fences?|q1|bounds?)", scene.text):
        told.blocked = recipe.builder.words or lower  # bounds of each group
        return
    own = rx(r"{C:c}(?: \([^()]*\))?(?: values?| rates?| levels?)? (?:is|are) (?:an )?outliers?\b").search(scene.text)
    columns = [scene.get(own["c"])] if own and recipe.linker.is_number(scene.get(own["c"])) else [c for c in recipe.columns(scene) if c not in recipe.linker.virtual] or [c for m in scene.all("W") for c in columns_of(scene.get(m)) if recipe.linker.is_number(c)] or ([told.main] if told.main else [])
    columns = [c for c in dict.fromkeys(columns) if c == told.main or not told.main or not {"year", "quarter", "month", "week", "day"} & set(key(recipe.linker.names.get(c, [])))] or ([told.main] if told.main else [])
    if told.main in columns and len(columns) > 1 and not re.search(r"any of|each of|both", lower):
        columns = [told.main]
    if not columns:
        return
    whole = recipe.lower
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
    told.before = told.after = recipe.builder.base(told.after, *columns)
    recipe.outlier_fields = {"columns": columns, "method": method, "k": k, "ddof": ddof}
    told.outliers = recipe.builder.add(Outliers, told.after, action="count", **recipe.outlier_fields)
    if told.main is None or told.main not in columns:
        told.main = columns[0]
        recipe.brain.default = columns[0]


def remove_outliers(recipe: "Recipe") -> None:
    told = recipe.told
    if not told.changed or told.after == told.before:
        told.before = told.after
    told.after = recipe.builder.add(Outliers, told.before, action="remove", **recipe.outlier_fields)
    told.changed = True
    recipe.brain.table = told.after


def learn_code(recipe: "Recipe", sentence: str) -> bool:
    """`Air is mode 1.`, `A choice of 1 marks the option taken`: words that stand for a condition from here on."""
    scene = recipe.brain.read(sentence)
    for aside in re.finditer(r"\b([a-z]+) ?,? ?(?:which (?:is|means)|i\.e\.|that is),? (?:the )?(⟨W\d+⟩)", scene.text):  # "the car, which is mode 4"
        if recipe.outputs and aside[1] not in words.FILLER and aside[1] not in words.ROW_NOUNS:
            recipe.linker.codes[key([aside[1]])] = scene.get(aside[2])
    for aside in re.finditer(r"(?P<a>⟨W\d+⟩) \( (?:i\.e\. |meaning |that is |= )?(?:the )?(?P<w>[a-z]+) \)|\b(?P<v>[a-z]+) \( (?:i\.e\. |meaning |that is |= )?(?P<b>⟨W\d+⟩) \)", scene.text):
        condition, word = scene.get(aside["a"] or aside["b"]), aside["w"] or aside["v"]  # "mode 2 (train)", "by car (mode 4)"
        if recipe.outputs and isinstance(condition, Compare) and condition.op == "==" and (word not in words.FILLER | words.STRUCTURE | words.ROW_NOUNS or word in ("men", "women", "males", "females", "boys", "girls")) and key([word]) not in recipe.linker.values:
            recipe.linker.codes[key([word])] = condition
    verb = r"(?:is|are|=|means|mean|stands for|stand for|marks|denotes|is coded as|coded as|indicates|refers to)"
    text = re.sub(r"^(?:note that|where|here|and|so) ", "", scene.text.strip(" .;!"))
    m = re.fullmatch(rf"(?:the |an? )?(?P<w>[a-z][a-z -]{{1,40}}?) {verb} (?:the |an? )?(?P<c>⟨W\d+⟩)", text) or re.fullmatch(rf"(?:the |an? )?(?P<c>⟨W\d+⟩) {verb} (?:the |an? )?(?P<w>[a-z][a-z -]{{1,60}}?)", text)
    if not m or "?" in sentence:
        return False
    meant = [w for w in m["w"].split() if w not in words.FILLER or len(m["w"].split()) == 1]
    if meant:
        recipe.linker.codes[key(meant)] = scene.get(m["c"])
        for word in meant:
            if word not in words.ENTITIES and word not in words.ROW_NOUNS:
                recipe.linker.codes[key([word])] = scene.get(m["c"])
    return True


def new_column(recipe: "Recipe", sentence: str) -> bool:
    lower = sentence.lower()
    for given in given_names(sentence):  # "tip_pct equal to 100 * tip / total_bill": the new name is no part of the formula
        if ("_" in given or re.search(rf"(?i)\b{re.escape(given)} ?(?:=|equal)", sentence)) and given not in {c.lower() for c in recipe.linker.columns} and recipe.outputs:
            sentence = re.sub(rf"(?i)['\"]?\b{re.escape(given)}\b['\"]?,? *(?:(?:is |be )?(?:equal to|equals)|=|(?:is )?defined (?:as|by)|which (?:is|equals)|that is|:)? ", "as ", sentence)
    scene = recipe.brain.read(sentence)
    if recipe.outputs and series.lead(recipe, scene, sentence):
        for alias in given_names(sentence):
            recipe.linker.exact[key(re.findall(r"\w+", alias))] = [recipe.told.main or ""]
        return True
    if series.stepwise(recipe, scene, lower) or recipe.outputs and (series.moving(recipe, scene, lower) or series.row_mean(recipe, scene, lower)):
        return True
    if m := rx(r"days? (?:from|between|since) {Y:y} (?:to|and|until)|days?.{0,20} (?:since|after) {Y:z}").search(scene.text):
        if recipe.linker.dates:
            condition = scene.get(m["y"] or m["z"])[0]
            first = condition if isinstance(condition, Compare) else condition.all[0]
            day = str(first.value)
            name = "days"
            recipe.builder.expressions[name] = f'days_between("{day}", {quote(recipe.linker.dates[0])})'
            return False
    dropped = {c.column for c in recipe.told.scope if isinstance(c, Compare)}
    scene.text = re.sub(r"⟨V\d+⟩ ?", lambda m: "" if {c for c, _ in scene.get(m.group().strip())} & dropped else m.group(), scene.text)
    scene.text = re.sub(r"(?<=of )(?:every|each|all)(?: the)? (?=⟨C)", "", scene.text)
    made = row_expression(recipe.brain, scene)
    if made is None:
        return False
    if factor := re.search(r"\b(?:and (?:then )?|, )?(?:multipl\w+|times) (?:it |this |that |the (?:result|ratio|quotient) )?(?:by )?(\d+|1(?:,000)+)\b(?! [a-z]|[.,]\d)", lower):
        n = factor[1].replace(",", "")
        if not re.search(rf"(?<!\d){n}(?!\d)", builder_text(recipe, made[0])):
            made = (recipe.builder.expression(f"{made[0]} x {n}", f"({builder_text(recipe, made[0])}) * {n}"), made[1])
            made[1].text = re.sub(r",? ?(?:and )?(?:then )?(?:times|multiplied by|multiply (?:it |that |this )?by|, by) ⟨N\d+⟩", " ", made[1].text, count=1)
    if not re.search(r"=|create|convert|express|turn|replace|work out|subtract|new|comput|calculat|deriv|take|apply|defin|add|divid|call|transform|build|construct|make|for (?:each|every)", lower) and not (recipe.outputs and re.match(r"\W*(?:look at|examine|consider|study|analy[sz]e|describe|investigate)\b", lower) and re.search(r"⟨C\d+⟩ [-+*/] ⟨C\d+⟩|⟨C\d+⟩ minus", scene.text)):
        return False
    any_made = False
    while made is not None:
        name, rest = made
        any_made = True
        aliases = [name, *(n for n in given_names(recipe.brain.builder.words or sentence) if key(re.findall(r"\w+", n)) not in recipe.linker.exact)]
        aliases += [a.rsplit(" ", 1)[-1] for a in aliases if a.endswith((" score", " index"))]
        if name.startswith("log"):
            column = name.split(" ", 1)[-1] if name.startswith("log ") else name[len("log(1 + ") : -1]
            aliases += [f"log {column}", f"logged {column}", f"log_{column}", f"ln {column}", f"ln({column})", f"log of {column}", "logged values", "logged", "logs", "logarithm", "logarithms", "log values", "log value", "transformed column", "transformed values", "log-transformed values", f"natural log of {column}"]
        else:
            aliases += ["ratio", "this ratio", "result", "quotient"] if "/" in recipe.builder.expressions.get(name, "") else ["difference", "differences", "gap"] if "-" in recipe.builder.expressions.get(name, "") else []
        for alias in aliases:
            form = key(re.findall(r"\w+", alias.lower()))
            if form:
                recipe.linker.exact[form] = [name]
        for noun in ("column", "variable", "feature", "measure"):  # of two new ones neither is "the new column"
            form = key(["new", noun])
            recipe.linker.exact[form] = list(dict.fromkeys([*recipe.linker.exact.get(form, []), name])) if recipe.outputs else recipe.linker.exact.get(form, [])
            if not recipe.linker.exact[form]:
                del recipe.linker.exact[form]
        recipe.told.main = name
        recipe.brain.default = name
        rest.text = re.sub(r"⟨C\d+⟩", lambda m: m.group(), rest.text)
        made = row_expression(recipe.brain, rest)
        if made and made[0] == name:
            break
    if recipe.outputs and made is None and re.search(r"\bdivided? by\b|\bmultipl(?:ied|y) by\b|⟨C\d+⟩ [-+*/] |\b(?:minus|plus|times) ⟨", rest.text):
        recipe.told.blocked = recipe.brain.builder.words or sentence  # a formula of which only a part was understood
    # "On those days take the logarithm": a filter may stand in the same sentence
    return any_made


def given_names(sentence: str) -> list[str]:
    """What a sentence calls the column it makes, the whole name and its last word."""
    noun = r"['\"]?(?P<n>[A-Za-z][\w-]*(?: [A-Za-z][\w-]*){0,3}?(?: (?:of|for|in) (?:an?|the|each|every|all) [a-z]+)?)['\"]?"
    kind = r"(?:new |extra |derived |additional )?(?:column|variable|feature|measure|quantity|score|index|figure)"
    ends = r",? (?:\(|(?:which (?:is|equals)|that (?:is|equals)|defined (?:as|by)|equal to|equals?|is|as|=|:|being|by|to be|with|from|for each|for every|per)\b|=|:)"
    found = []
    for pattern in (
        rf"(?:called|named|call (?:it|this|that|the result|them)|name it|refer to it as),? (?:the |a )?{noun}(?:{ends}|[,.;:]|$| and\b| for\b| in\b)",
        rf"{kind},? (?:called |named )?(?:the |a )?{noun}{ends}",
        rf"\b(?:define|compute|calculate|create|derive|build|construct|work out|make|add|take)(?: the| a| an| each \w+'s| one)?(?: (?:new |extra |additional )?(?:column|variable|feature))?,? {noun}{ends}",
        rf"^\W*(?:let |where )?(?:the |a |an )?{noun} (?:=|is defined as|is|be|equals)\b",
        r"\b(?P<n>[a-z]+_[a-z_]+)\b(?=[^.]{0,20}(?:equal|=|as|defined))",
        r"\b(?:an?|the|this|called|named|it|this|that) '(?P<n>[A-Za-z][\w-]*(?: [A-Za-z][\w-]*){0,3})'(?=[.,;:]|$| and\b| for\b)",
    ):
        for m in re.finditer(pattern, sentence, re.IGNORECASE):
            said = [w for w in re.sub(r" (?:of|for|in) (?:an?|the|each|every|all|its) \w+$", "", m["n"].lower()).split() if w not in ("the", "a", "an", "new")]
            if said and not set(said) & _NOT_NAMES and said[0] not in words.STRUCTURE:
                found.append(" ".join(said))
                found += [" ".join(said[0].split("_")), said[0].split("_")[-1]] if len(said) == 1 and "_" in said[0] else []
                if len(said) > 1 and said[-1] not in words.FILLER:
                    found.append(said[-1])
    return list(dict.fromkeys(found))


_NOT_NAMES = frozenset("skewness skew kurtosis correlation coefficient percentile quartile quantile deviation variance percentage percent number count total that each it this column variable feature every difference ratio log logarithm natural transformation which for of is be mean average median sum minus divided and or with to in on rows".split())


def builder_text(recipe: "Recipe", name: str) -> str:
    """The arithmetic behind a derived column."""
    return recipe.builder.expressions.get(name, quote(name))


def _same_column_union(conditions: list[Condition]) -> list[Condition]:
    equal = [c for c in conditions if isinstance(c, Compare) and c.op == "=="]
    if len(equal) == len(conditions) > 1 and len({c.column for c in equal}) == 1:
        return [Compare(column=equal[0].column, op="in", value=[c.value for c in equal])]  # type: ignore[misc]
    return conditions
