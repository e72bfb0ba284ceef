"""What people ask without naming a figure: summarise this, anything odd, what drives X, compare A and B, how did X develop."""

import re
from typing import TYPE_CHECKING

from shared.analysis.plan import Aggregate, Associate, Compare, Outliers, Summarize, Test, Trend
from shared.brains.builtin.conditions import mark_values
from shared.brains.builtin.scene import Scene
from shared.brains.builtin.terms import Answer

if TYPE_CHECKING:
    from shared.brains.builtin.question import Interpreter

_SUMMARY = r"^(?:please |can you |could you |just )*(?:summari[sz]e|describe|profile|give me (?:an? )?(?:\w+ )?(?:summary|overview)|(?:an? )?(?:summary|overview)\b|what(?:'s| is) in (?:this|the) (?:data|file|table|csv|sheet)|tell me about (?:this|the) (?:data|file|table)|what does (?:this|the) (?:data|file|table))"
_ODD = r"\b(?:anything|something|what(?:'s| is)?|any ?thing) (?:\w+ ){0,2}(?:odd|strange|unusual|weird|wrong|suspicious|off|interesting|fishy)|\banomal|\boddit|data quality|\bquality (?:issues|problems)|(?:any|find|are there|show|spot) (?:the )?outliers"
_DRIVERS = r"\bwhat (?:\w+ )?(?:drives|drive|influences|influence|affects|affect|determines|matters (?:most )?for|goes (?:together )?with|is (?:most )?(?:related|linked|associated|connected) (?:to|with))\b|\bdrivers? of\b|\b(?:which|what) (?:other )?(?:factors?|columns?|variables?|things?|features?|attributes?)\b.{0,30}\b(?:drives?|influences?|affects?|matters?|relates?|related|associated|linked|goes?|predicts?|explains?)\b"
_TREND = r"\bover time\b|\btrends?\b|\bevol(?:ve|ved|ution)|\bdevelop(?:ed|ment)?\b|\bthrough the years\b|\bover the (?:years|months)\b|\bhow (?:has|have|did|does|is|was)\b.*\b(?:chang\w*|grow\w*|grew|mov\w*|go|gone)\b"
_COMPARE = r"^(?:please |can you |could you )*(?:compare|contrast)\b|\bhow (?:do|does|did)\b.*\b(?:compare|differ)\b|\bdifferences? between\b"


def open_question(brain: "Interpreter", scene: Scene) -> Answer | None:
    """A plan for an open question; its answer is what the finding tells, with the most telling name as the value."""

    text, linker, builder = scene.text, brain.linker, brain.builder
    p = brain.parts(scene)
    table = builder.where(brain.table, *p.where)
    numbers = [c.name for c in linker.table.columns if c.type in ("BIGINT", "DOUBLE") and c.kind == "number"]
    if re.search(_SUMMARY, text) and not p.functions and not p.by and not p.superlatives:
        brain.account(p.scene.text, "summarise summarize summary describe overview profile statistics statistical basic short main facts key everything content contents")
        step = builder.add(Summarize, table, columns=[c for c in p.columns if c in linker.columns] or None)
        return Answer("", step)
    if re.search(_ODD, text) and not p.by:
        brain.account(p.scene.text, "anything something odd strange unusual weird wrong suspicious off interesting fishy anomaly anomalies anomalous oddities data quality issues problems outliers any find are there spot here around stick sticks stands out")
        own = [c for c in p.columns if c in numbers]
        if own:
            step = builder.add(Outliers, table, columns=own, method="iqr", k=1.5)
            return Answer(f"{step}:/outliers", step)
        if p.columns:
            return None
        return Answer("", builder.add(Summarize, table, focus="oddities"))
    if re.search(_DRIVERS, text) and len(p.columns) == 1 and p.columns[0] in linker.columns:
        brain.account(p.scene.text, "drives drive driver drivers influences influence affects affect determines determine matters matter goes related linked associated connected factors factor variables things most strongly together with relate relates explains predicts")
        step = builder.add(Associate, table, target=p.columns[0])
        return Answer(f"{step}:/strongest", step)
    if re.search(_TREND, text) and not p.superlatives:
        time = next(iter(linker.dates), None) or next(iter(linker.years), None)
        own = [c for c in p.columns if c != time and linker.is_number(c) and c not in linker.virtual]
        if time is None or len(own) > 1 or (own and own[0] not in linker.columns):
            return None
        brain.account(p.scene.text, "trend trends time evolve evolved evolution develop developed development years months change changed changes changing grow grown grew growing move moved gone go long run upward downward since")
        by = [b for b in p.by if b != time and b not in linker.virtual]
        function = p.functions[0] if p.functions and p.functions[0] in ("mean", "median", "sum", "min", "max", "count") else "mean"
        step = builder.add(Trend, table, time=time, value=own[0] if own else None, function=function if own else "count", every=_period(brain, time), by=by)
        return Answer(f"{step}:/groups/*/direction" if by else f"{step}:/direction", step)
    if re.search(_COMPARE, text) and not p.functions:
        marked = scene.fork(scene.text)
        mark_values(marked, linker)
        pairs = [marked.get(m) for m in marked.all("W")]
        named = next((c for c in pairs if isinstance(c, Compare) and c.op == "in" and isinstance(c.value, list) and len(c.value) >= 2), None)
        texts = [c for c in [*p.columns, *p.by] if not linker.is_number(c)]
        own = [c for c in p.columns if linker.is_number(c) and c in linker.columns]
        group = named.column if named else texts[0] if len(texts) == 1 else None
        if group is None:
            return None
        brain.account(p.scene.text, "compare contrast comparison differ difference differences between compares versus vs other each")
        table = builder.where(brain.table, *[c for c in pairs])
        wanted = own[:1] or [c for c in numbers if c != group][:6]
        if not wanted:
            return None
        measures = [builder.measure("mean", c) for c in wanted]
        step = builder.add(Aggregate, builder.base(table, group), measures=measures, by=[group])
        if own and named and isinstance(named.value, list) and len(named.value) == 2:
            builder.add(Test, builder.base(table, group), kind="t_test", column=own[0], by=group, groups=named.value)
        return Answer(f"{step}:/groups/*/{measures[0].name}" if len(measures) == 1 else "", step)
    return None


def _period(brain: "Interpreter", time: str) -> str | None:
    """How to group time, so that a trend has some 4 to 60 periods: None where each row is a period of its own."""
    if time in brain.linker.years or brain.linker.columns[time].distinct <= 60:
        return None
    from datetime import date

    column = brain.linker.columns[time]
    days = (date.fromisoformat(str(column.max)[:10]) - date.fromisoformat(str(column.min)[:10])).days
    return "year" if days > 3650 else "month" if days > 120 else "week" if days > 30 else "day"

