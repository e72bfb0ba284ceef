"""Cuts a text into sentences and clauses, and knows which of them order a change of the table."""

import re

from shared.brains.builtin.wording import order

# Sentences that change the table; one that was not carried out leaves nothing to answer.
ORDERS = re.compile(
    r"(?i)^\W*(?:(?:then|first|next|now|also|finally|please|and|after that|before that|to start|homework:?),? )*(?:drop|remove|exclude|leave out|discard|delete|keep|restrict|filter|limit|pair|line up|align|match|merge|join|resample|interpolate|impute|fill|winsori[sz]e|clip|cap|shift|lag|"
    r"pivot|reshape|detrend|smooth|standardi[sz]e|normali[sz]e|rescale|scale|transform|take (?:the )?(?:natural |base-?\w+ )?(?:log|square root|logarithm|first differences?)|replace|convert|turn|subtract|divide|multiply|encode|label|bin|build|work (?:only )?(?:on|with)|focus|"
    r"(?:create|make|define|add|derive|construct) an? (?:\w+ ){0,2}(?:column|variable|feature|score|index)\b|(?:create|make|define|add|derive|construct|compute|calculate) (?:a|an|the|one) (?:new|extra|additional|binary|\w+ (?:score|index|ratio|column))\b|(?:for|in) (?:each|every) [^,.]*,? (?:compute|calculate|take|form|define|derive|subtract|divide)\b.*(?:return|change|ratio|difference|growth|previous|moving|rolling|cumulative))"
    r"|^\W*(?:then |next |now )?(?:average|sum|total|add|aggregate) (?:it|them|these|this|those)(?: up| together)? (?:per|by|for each|for every|within|over each) |\b(?:moving average|rolling (?:mean|average)|cumulative|running total|previous (?:day|month|year|quarter|week|row)|exponential)\b|(?:next|following) (?:day|month|year|quarter|week)'?s?\b"
)  # fmt: skip


def told_elsewhere(clause: str) -> bool:
    """Orders that tests, models and decisions carry out for themselves, and those about how to write the answer."""
    return bool(re.search(r"(?i)^\W*keep\b.*\b(?:as (?:a |an )?(?:number|numeric|numbers|text|is|it is|they are|given)|in (?:their|the|its) (?:original |given |file )?order)\b|\btest\b|regress|classif|predict|correlat|\bp ?-?value|decimals?\b.{0,30}$|^\W*(?:otherwise|else)|'[^']+' (?:if|when|otherwise)|\bskewness and\b|\bnull values? are ignored|\bas a percentage", clause)) and not re.search(r"(?i)previous|rolling|moving|\bpair |line up|(?:next|following) (?:day|month|year|quarter|week)", clause)


def sentences(text: str) -> list[str]:
    """Sentences; a full stop in `i.e.`, `vs.`, `No. 457` or a number does not end one."""
    guarded = re.sub(r"\b(i\.e|e\.g|vs|etc|approx|no|No|nr|St|resp)\.", lambda m: m.group().replace(".", "\u2024"), text)
    guarded = re.sub(r"(?:^|(?<=[.;:!?])\s+|(?<=,)\s+(?=\([1-9a-h]\)))(?:\([1-9a-h]\)|\d{1,2}\)|(?:[Ss]tep|STEP) \d{1,2} ?[:.)-]|\d{1,2}\.(?= [A-Z]))\s+(?:[-–—] )?", _item, guarded)
    guarded = re.sub(r"(?<=[\w)':])\s[-–—]\s(?=(?:[A-Za-z0-9'][\w'-]* ){2}|label:)", "; ", guarded) if len(re.findall(r"\s[-–—]\s(?![\d.]+ ?[x*×])", guarded)) >= 3 else guarded
    return [s.replace("\u2024", ".").strip() for s in re.split(r"(?<=[.!?])\s+(?=\S)|(?<=;)\s+(?!(?:and |or )?(?:otherwise|else|if not)\b)(?=\S)", guarded) if s.strip()]


def _item(m: re.Match[str]) -> str:
    """A list's number or letter starts a sentence of its own."""
    return "" if m.start() == 0 else " " if m.string[m.start() - 1] in ".;!?" else "; "


def clauses(text: str) -> list[str]:
    """Sentences, and within them what comes before and after "then": `Rescale x, then tell me …`, `After removing …, what is …`."""
    found: list[str] = []
    for sentence in sentences(text):
        for piece in re.split(r"(?:,|;)? (?:and )?then,? (?=[a-z])|[,;] (?:and )?(?:afterwards|after that)[, ]|,? (?:so|and|but),? please (?=(?:leave|drop|remove|exclude|keep|ignore|discard|restrict)\b)|, so (?=(?:leave out|drop|remove|exclude|keep|ignore|discard)\b)|,? and (?=(?:min-?max[- ])?(?:re)?(?:scale|standardi[sz]e|normali[sz]e) (?!it\b|them\b|both\b))|,? and (?=(?:define|create|derive|construct|add) an? (?:\w+ ){1,3}(?:=|as\b|by\b))|,? and (?=(?:keep|use|consider|take) only\b|(?:keep|restrict)\b(?! the rows in)|(?:drop|remove|exclude|discard|leave out) (?:the |all |any |every )?(?:rows|records|observations|those with)\b)", sentence):
            if m := re.match(r"(?i)^(?:after|once|when|having|first|by) ((?:[\w-]+ )?(?:\w+ing)\b[^,]*?), (?=(?:what|how|which|calculate|compute|give|find|report|tell|is|the|show|where|who)\b)", piece):
                found += [m[1], piece[m.end() :]]
            elif len(re.findall(r"(?<!\w)'[^']+'", piece)) >= 2 and (m := re.match(r"(?s)^(?P<ask>[^:']*?): ?(?P<rule>.*'.*)$", piece)) and re.search(r"count|how many|average|mean|median|number|share|total", m["ask"].lower()):
                found += [f"{m['ask']}: {m['rule']}", m["ask"]]
            else:
                found.append(piece)
    return [order(f.strip()) for f in found if f.strip()]
