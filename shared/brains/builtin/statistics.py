"""Hypothesis tests and stated decision rules: which test, on which column, between which groups, and what to call the outcome."""

import re
from typing import TYPE_CHECKING, Any

from shared.analysis.plan import All, AnyOf, Case, Compare, Condition, RefValue, Test
from shared.brains.builtin.conditions import mark_values
from shared.brains.builtin.logic import columns_of
from shared.brains.builtin.scene import Scene, rx
from shared.brains.builtin.spelling import key

if TYPE_CHECKING:
    from shared.brains.builtin.question import Interpreter

KINDS = [
    ("anova", r"anova|analysis of variance|one-?way f"), ("kruskal", r"kruskal"), ("fisher_exact", r"fisher"), ("chi_square", r"chi ?-? ?squared?|chi2|χ"),
    ("mann_whitney", r"mann ?-? ?whitney|rank ?-? ?sum|\bu ?-? ?test"), ("wilcoxon", r"wilcoxon|signed ?-? ?rank"), ("shapiro", r"shapiro"),
    ("normaltest", r"d'? ?agostino|normaltest|omnibus"), ("jarque_bera", r"jarque"), ("ks_normal", r"kolmogorov|ks ?-? ?test|lilliefors"),
    ("levene", r"levene"), ("bartlett", r"bartlett"), ("adf", r"dickey|\badf\b|unit root"), ("proportion_z", r"two-?proportion|proportions? z"),
    ("t_test_paired", r"paired (?:samples? )?t|paired"), ("t_test_1sample", r"one ?-? ?sample t|single sample t"),
    ("t_test", r"\bt ?-? ?test|welch|student'?s? (?:t\b|two|test)|two ?-? ?sample|t-statistic|t statistic"),
    ("shapiro", r"normality|normally distributed|follows? a normal|gaussian"),
    ("t_test", r"significant(?:ly)? (?:differ|higher|lower|more|less|larger|greater)|differ(?:s|ence|ent)? .*significant|significant difference|statistically"),
]  # fmt: skip


def setting_alpha(text: str) -> float | None:
    m = re.search(r"(?:alpha|α|significance level|level of significance|significance threshold)(?: \(?alpha\)?)?(?: level)?(?: of| is| =|=| at|:)* ?(0?\.\d+|\d+(?:\.\d+)? ?%)", text)
    m = m or re.search(r"(?:at|with) (?:a |the |an )?(0?\.\d+|\d+(?:\.\d+)? ?%)[- ](?:significance )?level|(?<![\d.])(\d+(?:\.\d+)? ?%)[- ](?:significance )?level|(?:p(?:-value)?(?: is)?(?: below| less than| under| <| smaller than)+) ?(0?\.\d+)|(\d+) ?% significance", text)
    if not m and (sure := re.search(r"\b(9\d(?:\.\d+)?) ?(?:%|percent)[- ](?:level of )?confidence", text)):
        return round(1 - float(sure[1]) / 100, 6)
    if not m:
        return None
    found = next(g for g in m.groups() if g)
    value = float(found.rstrip("% ").strip())
    return value / 100 if "%" in found or value >= 1 else value


def test_kind(text: str) -> str | None:
    return next((kind for kind, pattern in KINDS if re.search(pattern, text)), None)


def find_test(brain: "Interpreter", scene: Scene, table: str | None = None, whole: str = "") -> tuple[str, str] | None:
    """The test a text asks for, built: (kind, step id); None when it names none or too little is known. `whole` is the text it stands in."""
    original = _plain(scene)
    kind = test_kind(original)
    if kind is None:
        return None
    marked = scene.fork(scene.text)
    p = brain.parts(marked, keep_values=True)
    linker, builder = brain.linker, brain.builder
    settings: dict[str, Any] = {"kind": kind}
    if alpha := setting_alpha(original):
        settings["alpha"] = alpha
    if kind == "t_test" and re.search(r"student'?s? (?:two|t)\b|equal variance|pooled|same variance|variances (?:are |to be )?equal", original) and not re.search(r"unequal|not assum|without assum|welch|do not assume|not equal", original):
        settings["equal_var"] = True
    if re.search(r"one-?sided|one-?tailed", original):
        settings["alternative"] = "greater" if re.search(r"greater|higher|larger|more", original) else "less"
    table = table or brain.table
    arms, used, label = _arms(brain, marked)
    numeric = [c for c in dict.fromkeys([*p.columns, *p.by]) if (c in builder.expressions or linker.is_number(c)) and c not in used]
    timely = {c for c in numeric if c in (*linker.years, *linker.virtual) or {"year", "quarter", "month", "week", "weekday"} & set(key(linker.names.get(c, [])))}
    if timely and brain.loose and set(numeric) <= timely and brain.default and brain.default not in timely | used and not p.by:
        numeric = [brain.default]  # "split the quarters into … and compare their means"
    texts = [c for c in dict.fromkeys([*p.by, *p.columns, *([label] if label else [])]) if c in builder.labels or not (c in builder.expressions or linker.is_number(c)) or c == label]
    if kind in ("shapiro", "normaltest", "jarque_bera", "ks_normal", "adf", "t_test_1sample"):
        column = numeric[0] if numeric else brain.default
        if column is None:
            return None
        if kind == "t_test_1sample":
            mean = rx(r"(?:from|against|equals?|to|of|than|mean) {N:n}").search(scene.text)
            if not mean:
                return None
            settings["mu"] = scene.get(mean["n"])
        where = [c for c, _ in arms]
        table = builder.where(table, *where)
        return kind, builder.add(Test, builder.base(table, column), column=column, **settings)
    uncorrected = kind == "chi_square" and bool(re.search(r"(?:without|no|not apply\w*|turn off|correction ?= ?false)[^.;]{0,30}(?:yates|continuity|correction)?", original) and re.search(r"yates|continuity|correction", original))
    uncorrected = uncorrected or kind == "chi_square" and bool(re.search(r"(?:without|\bno|\bnot\b[^.;]{0,20}|omit\w*|disabl\w*|turn\w* off|switch\w* off)[^.;]{0,25}(?:yates|continuity)|correction ?= ?false|uncorrected", whole))
    if kind in ("chi_square", "fisher_exact"):
        made = [label_of(brain, c, name) for c, name in arms]
        if kind == "fisher_exact" and len(made) >= 2 and len({tuple(columns_of(c)) for c, _ in arms}) >= 2:
            pair = made[:2]
        else:
            discrete = [c for c in dict.fromkeys([*p.by, *p.columns]) if brain.groupable(c)]
            pair = list(dict.fromkeys([*[c for c in builder.labels if c in discrete or c not in discrete and _fresh(builder, c)], *discrete]))
            rules = [str((builder.labels.get(c) or {}).get("cases") or c) for c in pair]
            pair = [c for i, c in enumerate(pair) if rules[i] not in rules[:i]][:2]
        if len(pair) != 2:
            return None
        two = {s.where.column: s.where.value for s in builder.steps if getattr(s, "op", "") == "filter" and isinstance(s.where, Compare) and s.where.op == "in" and isinstance(s.where.value, list) and len(s.where.value) == 2}
        if uncorrected and not any(c in linker.columns and linker.columns[c].distinct > 2 and c not in two for c in pair):
            # The plan's chi-square corrects 2x2 tables, as scipy does; uncorrected it is the square of the z of two proportions
            held = next(((c, linker.truth(c)) for c in pair if linker.truth(c)), None)
            rule = builder.labels.get(pair[0])
            success = held[1][0] if held and held[1] else two[pair[0]][0] if pair[0] in two else next((v for v, _ in linker.columns[pair[0]].top), None) if pair[0] in linker.columns else rule["cases"][0].then if rule and rule.get("cases") else None
            if success is None or any(c in linker.columns and linker.columns[c].distinct != 2 and c not in two for c in pair):
                return None
            counted, other = (held[0], next(c for c in pair if c != held[0])) if held else (pair[0], pair[1])
            settings["kind"] = "proportion_z"
            return "proportion_z", builder.add(Test, builder.base(table, *pair), column=counted, by=other, success=success, **settings)
        return kind, builder.add(Test, builder.base(table, *pair), column=pair[0], by=pair[1], **settings)
    if kind in ("t_test_paired", "wilcoxon"):
        if len(numeric) != 2:
            return None
        return kind, builder.add(Test, builder.base(table, *numeric), columns=numeric, **settings)
    if not numeric and brain.default and brain.default not in used:
        numeric = [brain.default]
    if len(numeric) == 2 and kind in ("anova", "kruskal", "t_test", "mann_whitney", "levene") and not texts and not arms:
        groupable = [c for c in numeric if brain.groupable(c) and linker.columns[c].distinct <= 30] if all(c in linker.columns for c in numeric) else []
        among = rx(r"\b(?:between|across|among|by|over|for each|of the) (?:the |all )*(?:⟨N\d+⟩ )?(?:different |levels? of |values? of |kinds of )*{C:c}").search(scene.text)
        if among and len(groupable) == 2 and scene.get(among["c"]) in groupable:
            groupable = [scene.get(among["c"])]
        if len(groupable) == 2 and kind in ("anova", "kruskal") and not re.search(r"\bcolumns\b|\bsamples\b", original):
            return None
        if len(groupable) == 1:
            texts, numeric = groupable, [c for c in numeric if c not in groupable]
        elif re.search(r"\bwithout\b|\bthose\b|\bwho\b|\bgroups?\b|\bhalf\b", original):
            return None  # it speaks of groups that were not understood
        else:
            return kind, builder.add(Test, builder.base(table, *numeric), columns=numeric, **settings)
    if len(numeric) > 1 and brain.default in numeric:
        numeric = [brain.default]
    if len(numeric) > 1 and texts:
        numeric = numeric[:1]
    if len(numeric) != 1:
        return None
    column = numeric[0]
    if len(arms) > 2:
        arms, apart = _two_sides(arms)
        table = builder.where(table, *apart)
    span = [c for c, _ in arms if isinstance(c, All) and len(set(columns_of(c))) == 1 and brain.groupable(columns_of(c)[0])]
    if kind in ("anova", "kruskal", "levene", "bartlett") and len(span) == 1 and (group := columns_of(span[0])[0]) != column:
        table = builder.where(table, *(c for c, _ in arms))  # "modes 1 to 4": each value is a group
        return kind, builder.add(Test, builder.base(table, column, group), column=column, by=group, **settings)
    alike = [c for c, _ in arms if isinstance(c, Compare) and c.op == "==" and brain.groupable(c.column) and sum(c.column in columns_of(d) for d, _ in arms) > 2]
    if kind in ("anova", "kruskal", "levene", "bartlett") and len(alike) > 2 and len({c.column for c in alike}) == 1 and alike[0].column != column:
        table = builder.where(table, Compare(column=alike[0].column, op="in", value=[c.value for c in alike]), *(c for c, _ in arms if c not in alike))  # type: ignore[misc]
        return kind, builder.add(Test, builder.base(table, column, alike[0].column), column=column, by=alike[0].column, **settings)
    if len(arms) == 2 and set(columns_of(arms[0][0])) != set(columns_of(arms[1][0])):
        return None
    if len(arms) == 2:
        (a, name_a), (b, name_b) = arms
        if isinstance(a, Compare) and isinstance(b, Compare) and a.op == b.op == "==" and a.column == b.column:
            if a.column in linker.columns and linker.columns[a.column].distinct > 2:  # so that pictures and counts are of the two alone
                table = builder.where(table, Compare(column=a.column, op="in", value=[a.value, b.value]))  # type: ignore[list-item]
            return kind, builder.add(Test, builder.base(table, column, a.column), column=column, by=a.column, groups=[a.value, b.value], **settings)
        name = "group"
        builder.labels[name] = {"cases": [Case(when=a, then=name_a), Case(when=b, then=name_b)], "otherwise": None}
        linker.derived[name] = "text"
        return kind, builder.add(Test, builder.base(table, column, name), column=column, by=name, groups=[name_a, name_b], **settings)
    inside = [c for c, _ in arms if isinstance(c, Compare) and c.op == "in" and isinstance(c.value, list)]
    if len(inside) == 1:
        return kind, builder.add(Test, builder.base(table, column, inside[0].column), column=column, by=inside[0].column, groups=inside[0].value, **settings)
    by = [c for c in texts if c != column]
    if not by:
        by = [c for c in p.by if c != column]
    if len(by) != 1:
        return None
    where = [c for c, _ in arms if by[0] not in columns_of(c)]
    values = [c for c, _ in arms if by[0] in columns_of(c)]
    extra: dict[str, Any] = {}
    if len(values) > 1 and all(isinstance(c, Compare) and c.op == "==" for c in values):
        extra["groups"] = [c.value for c in values if isinstance(c, Compare)]
    elif kind in ("t_test", "mann_whitney") and by[0] in linker.columns and linker.columns[by[0]].distinct != 2:
        return None
    table = builder.where(table, *where)
    return kind, builder.add(Test, builder.base(table, column, by[0]), column=column, by=by[0], **settings, **extra)


def _two_sides(arms: list[tuple[Condition, str]]) -> tuple[list[tuple[Condition, str]], list[Condition]]:
    """The one pair of conditions on the same columns; the others, each on a column of its own, say which rows both are of."""
    groups: dict[tuple[str, ...], list[tuple[Condition, str]]] = {}
    for condition, name in arms:
        groups.setdefault(tuple(sorted(set(columns_of(condition)))), []).append((condition, name))
    pairs = [g for g in groups.values() if len(g) == 2]
    if len(pairs) != 1 or any(len(g) > 2 for g in groups.values()):
        return arms, []
    return pairs[0], [g[0][0] for g in groups.values() if len(g) == 1]


def _fresh(builder: Any, name: str) -> bool:
    return name in builder.labels


def label_of(brain: "Interpreter", condition: Condition, name: str) -> str:
    """A yes/no column for a condition."""
    title = name if name not in brain.linker.columns else f"is {name}"
    brain.builder.labels[title] = {"cases": [Case(when=condition, then="yes")], "otherwise": "no"}
    brain.linker.derived[title] = "text"
    return title


def _arms(brain: "Interpreter", scene: Scene) -> tuple[list[tuple[Condition, str]], set[str], str | None]:
    """The groups a text sets against each other: conditions in order of mention, each once, with a short name."""
    mark_values(scene, brain.linker)

    def values(m: re.Match[str]) -> str:
        first = scene.get(m["w"])
        if not isinstance(first, Compare) or first.op != "==" or isinstance(first.value, str):
            return m.group()
        return scene.mark("W", Compare(column=first.column, op="in", value=[first.value, *(scene.get(n) for n in re.findall(r"⟨N\d+⟩", m["n"]))]))  # type: ignore[list-item]

    scene.text = re.sub(r"(?P<w>⟨W\d+⟩)(?P<n>(?: ?(?:,|and|or|&|, and|, or|vs|versus) ⟨N\d+⟩(?! (?:decimals?|percent|%)))+)", values, scene.text)
    found: list[tuple[Condition, str]] = []
    for mark in scene.all("W"):
        condition = scene.get(mark)
        if isinstance(condition, Compare) and condition.op == "in" and isinstance(condition.value, list):
            parts: list[Condition] = [Compare(column=condition.column, op="==", value=v) for v in condition.value]
        elif isinstance(condition, AnyOf) and all(isinstance(c, Compare) and c.op == "==" for c in condition.any) and len(set(columns_of(condition))) == 1:
            parts = list(condition.any)  # "of 1931 and 1932"
        else:
            parts = [condition]
        for part in parts:
            inner = getattr(part, "no", part)
            if isinstance(inner, Compare) and inner.op in ("not null", "is null"):
                continue
            if part not in [c for c, _ in found]:
                found.append((part, short_name(part)))
    groups: dict[str, list[tuple[Condition, str]]] = {}
    for condition, name in found:
        groups.setdefault(",".join(sorted(set(columns_of(condition)))), []).append((condition, name))
    used = {c for condition, _ in found for c in columns_of(condition)}
    pairs = [g for g in groups.values() if len(g) == 2]
    if len(pairs) == 1 and len(groups) == 1:
        return pairs[0], used, None
    return found, used, None


def short_name(condition: Condition) -> str:
    if isinstance(condition, Compare):
        value = "the median" if isinstance(condition.value, RefValue) else condition.value
        sign = {"==": "", "!=": "not "}.get(condition.op, f"{condition.op} ")
        return f"{condition.column} {sign}{value}" if sign.strip() or not isinstance(value, str) else str(value)
    return " and ".join(short_name(c) for c in getattr(condition, "all", [])) or "the others"


def _plain(scene: Scene) -> str:
    return re.sub(r"⟨[A-Z]\d+⟩", lambda m: scene.words.get(m.group(), "") or "", scene.text)


def decision_labels(scene: Scene) -> tuple[str, str] | None:
    """(label when p < alpha, label otherwise) from two quoted labels."""
    found: list[tuple[str, str]] = []
    text = scene.text
    for m in re.finditer(r"⟨L\d+⟩", text):
        after = text[m.end() : m.end() + 90]
        after = re.split(r"⟨L\d+⟩|[.;]", after)[0]
        label = str(scene.get(m.group()))
        if label not in [x for x, _ in found]:
            found.append((label, after))
    if len(found) < 2:
        return None
    (a, after_a), (b, after_b) = found[:2]

    before = text[: text.find("⟨L")]
    if re.search(r"p below the level[^.;⟨]*$", before) or re.search(r"(?:is|was|be) (?:rejected|significant)[^.;⟨]*$", before) and "not " not in before[-60:]:
        return a, b
    if re.search(r"p above the level[^.;⟨]*$|not (?:be )?(?:rejected|significant)[^.;⟨]*$", before):
        return b, a

    def negative(label: str, after: str) -> bool:
        return bool(re.match(r"(?i)(?:not\b|no\b|non|do not|does not|fail|cannot|insignificant|accept|keep|retain|same\b)", label))

    def on_acceptance(after: str) -> bool:
        return bool(re.match(r"\W*(?:if|when)\b.*(?:not (?:be )?rejected|not significant|cannot|p above|above|(?:at least|greater than|more than|>=?) ⟨N)", after))

    def on_rejection(after: str) -> bool:
        return bool(re.match(r"\W*(?:if|when)\b.*(?:rejected|significant|below|less than|smaller|under|<)", after)) and not on_acceptance(after)

    if on_acceptance(after_a) or on_rejection(after_b):
        return b, a
    if on_rejection(after_a) or on_acceptance(after_b):
        return a, b
    if negative(a, after_a) and not negative(b, after_b):
        return b, a
    if negative(b, after_b) and not negative(a, after_a):
        return a, b
    return a, b
