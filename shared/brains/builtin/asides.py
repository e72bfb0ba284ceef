"""What a question says about itself: how the answer is to look, which groups there are, what a word stands for.

`plainly` works on the words before anything is linked, `settle` on the linked text. Only what changes nothing is taken out.
"""

import re

from shared.brains.builtin.codes import coded, decoded
from shared.brains.builtin.link import Linker
from shared.brains.builtin.logic import columns_of
from shared.brains.builtin.scene import Scene, rx
from shared.brains.builtin.side_by_side import votes
from shared.brains.builtin.times import time_range

_YES_NO = r"(?:[\"'“]?yes[\"'”]? ?(?:or|/) ?[\"'“]?no[\"'”]?|[\"'“]?true[\"'”]? ?(?:or|/) ?[\"'“]?false[\"'”]?|y/n)"
_PLAIN = (
    (rf"[\s,;:.?–-]*\(?\b(?:(?:just|simply|please|only|a|answer|say|tell me|i (?:just )?(?:want|need)|with|by|simple|plain|short|as|:) ?)*{_YES_NO}(?: ?(?:is enough|will do|is fine|please|answer|question|suffices|is all i need))*\)?[.!?]*\s*$", "?"),
    (r"\((?:only )?(?:the |those )?[a-z]+ (?:with|that have|where|having|for which)(?: they)? both\b[^()]*\)", ""),
    (r"\b(?P<q>which|what) (?P<g>[a-z]+) ?,? (?:but )?(?:among|out of|of|considering|counting|looking at|taking)(?: only| just)? (?:those|the ones|(?P=g)s)(?: that| which)? (?=(?:with|having|have) (?:at least|more than|over|no fewer|fewer|\d))", r"\g<q> \g<g> "),
    (r"\b(?P<g>[a-z]+) ?,? (?:but |and )?(?:only|just|considering|counting|restricted to|limited to)(?: for| where| those| among| only| the| including)* (?P=g)s?(?: that| which)? (?=(?:with|having|have) (?:at least|more than|over|no fewer|fewer|\d))", r"\g<g> "),
    (r"(?<=\w) on (?:the|this|that) list\b", ""),
    (r"^(?P<q>.*?\b(?:which|what) (?:[a-z]+ )?(?P<g>[a-z]+))(?P<mid> (?:has|have|had|is|are|was|were)\b[^,;.?]*),? (?:among|counting|considering|out of|only|taking)(?: only| just)? (?:those|the ones|(?P=g)s)(?: that| which)? (?P<h>(?:with|having|have) (?:at least|more than|over|no fewer)[^,?.]*)\W*$", r"\g<q> \g<h>\g<mid>?"),
    (r"\bby how many (?!percent|times|%)(?:[a-z]+ ){1,3}?(?=(?:do|does|did|is|are|was|were)\b)", "by how much "),
    (r"^\W*(?:what|how much) (?:do|does|did) (?P<who>[^?.,;]+?) (?:earn|make)(?: in a year| a year| per year)?(?P<how>,? on average|,? typically|,? usually)\b", r"what is the average salary of \g<who>"),
    (r"^\W*(?:what|how much) (?:do|does|did) (?P<who>[^?.,;]+?) earn\W*$", r"what is the salary of \g<who>"),
    (r"^\W*(?:what|how much) (?:do|does|did) (?P<who>[^?.,;]+?) (?P<verb>cost|weigh)(?:,? on average|,? typically|,? usually)\b", r"what is the average \g<verb> of \g<who>"),
    (r"^\W*for (?:a|an|my|our|the) (?:[a-z]+ )?(?:story|article|report|paper|presentation|talk|class|homework|project|slide|blog|post|assignment|meeting|piece)(?: [a-z']+){0,4}[:,] (?=\w)", ""),
    (r"^\W*(?:a )?quick (?:one|question|check|thing)\s*[-–—:,.]+\s*", ""),
    (r"[.?!;]?[\s(,]*(?:where |so )?(?:a )?(?:negative|positive|minus|plus)(?: (?:number|value|sign|figure|result))?(?: here)? (?:means|meaning|if|when|for)\b[^.?!()]*\)?(?=[.?!]|$)", ""),
    (r",? ?(?:with )?(?:the )?(?:decades?|labels?|keys?)(?: labels?| names?)? (?:(?:are|is|being) )?(?:to be )?(?:written|labell?ed|named|called|given|shown|denoted|numbered)(?: simply)?(?: as| like| by)?(?: (?:their|its|the) (?:first|starting) years?)?(?:,? (?:like|such as|e\.g\.|as))? ?\(?\d{4}(?:(?:,|,? and|,? ?…|,? ?\.\.\.)? ?\d{4})*(?:,? ?(?:and so on|etc\.?|\.\.\.|…|onwards?))?\)?(?=[.?!]|$)", ""),
    (r",? ?(?:and )?(?:name|label|call|write|denote|give|identify|key|mark)(?:ing)? (?:each|the|every|them|it)(?: decades?)? (?:by|with|after|as) (?:its|their|the) (?:first|starting|initial|opening) year(?: as (?:the )?(?:label|key|name))?(?: \([^()]*\))?", ""),
    (r"\((?:[^()]*\b)?\d{3}0s? (?:stands for|means|is|covers|=|being|for) (?:the years )?\d{4} ?(?:-|–|to|through) ?\d{4}[^()]*\)", ""),
    (r"\b(?:put|group|bin|bucket|collect|sort|gather|lump|divide|split|cut) (?:the |all |these )?(?:years?|dates?) (?:up )?(?:in)?to decades?\b", "by decade"),
    (r"^\W*as an? (fraction|share|proportion|percentage)(?: \(?(?:between|from) 0 (?:and|to) 1\)?)?: ([^.?!/]+?) (?:/|out of|divided by) all (?:of )?(?:the )?\w+\W*$", r"what \1 of all \2?"),
    (r"\b(fraction|share|proportion) \((?:between |from )?0 (?:and|to) 1\)", r"\1"),
    (r",? (?:taken|treated|counted|seen|pooled|considered)(?: together)? as (?:one|a single) group\b", ""),
    (r"\b(?:(?:at|of|around) )?(?:\d{1,2}|[a-z]+) o'clock(?: in the (?:morning|afternoon|evening)| at night)?,? (?=\((?:[a-z_]+ ){0,2}hour (?:is |= ?)?\d+\))", ""),
    (r"\bbetween (?:midnight|noon|\d{1,2}(?::00)?)(?: ?[ap]\.?m\.?)? and (?:midnight|noon|\d{1,2}(?::00)?)(?: ?[ap]\.?m\.?)?,? \(?(?:i\.e\.,? |that is,? |counting |meaning |so |namely )(?:the )?(?=(?:[a-z_]+ ){0,2}hours? \d)", "with "),
    (r"\b(?:go|goes|going|went|gone|move|moved) up\b(?! to)", "increase"),
    (r"\b(?:go|goes|going|went|gone|come|comes|came|move|moved) down\b(?! to)", "decrease"),
    (r"\bhow many times (?=(?:as|(?:high|larg|bigg|great|heavi|long|old|smal|low|cheap|rich)(?:ger|i?er|ler|r)|more)\b|the\b.* (?:is|was|are|were) (?:the|that|in|of)\b)|(?<=\bis )how many times\b|(?<=\bwas )how many times\b|(?<=\bare )how many times\b|(?<=\bwere )how many times\b", "whatfactor "),
    (r"\([^()]*\b(?:is|are|was|were)(?: all)?(?: given| measured| recorded| stored| kept| expressed| held)? in (?:the )?(?:[a-z]*grams?|[a-z]*met(?:re|er)s?|pounds?|lbs|inches|feet|miles|seconds|minutes|hours|days|years|dollars|euros|thousands|millions|percent|kg|g|cm|mm|km)\)", ""),
    (r"(?P<q>\b(?:by|per|each|every)\b.*?)[,(]+ ?(?:please )?(?:skip|skipping|ignore|ignoring|leave out|leaving out|leave|leaving|drop|dropping|exclude|excluding|omit|omitting)(?: the| any| all)*(?: rows with)? (?:missing|unknown|blank|empty|na)(?: ones| values?| entries| rows| groups?| keys?)*(?: out)?\)?(?=\W*$)", r"\g<q>"),
    (r"\b(?P<q>which|what) of the (?:columns|variables|features|predictors|measures|measurements) (?=\w+(?:,| and| or) )", r"\g<q> of "),
    (r"\b(?:date|year) of (?!(?:the|a|an|birth)\b)[a-z]+ (?=(?:column|field)\b)", ""),
)  # fmt: skip


def plainly(text: str, linker: Linker) -> str:
    """The question without what it says about the form of its answer."""
    text = coded(text, linker)
    for pattern, said in _PLAIN:
        text = re.sub(rf"(?i){pattern}", said, text)
    if len(linker.years) + len(linker.dates) == 1:  # "the decade of manufacture": there is one time
        text = re.sub(r"(?i)\b(decade|year|month|quarter) of (?:manufacture|construction|production|issue|publication|release|origin|observation|recording|measurement|entry)\b", r"\1", text)
    return text


def settle(scene: Scene, linker: Linker) -> str:
    """The linked question without asides about its own words."""
    scene.text = votes(scene, linker)
    text = scene.text = decoded(scene, linker)

    def way(mark: str) -> str:
        got = scene.get(mark)
        return {"max": "desc", "min": "asc"}.get(got, str(got)) if isinstance(got, str) else str(got[2])

    # "peak (highest single-year) consumption", "from highest down", "from heaviest to lightest"
    text = rx(r"(?P<a>⟨[FS]\d+⟩) \( (?:the )?(?P<b>⟨[FS]\d+⟩)(?: [a-z-]+)? \)").sub(lambda m: m["a"] if way(m["a"]) == way(m["b"]) else m.group(), text)
    text = re.sub(r"(?<=[.?!]) (?:just|only) (?:for )?(?:those|these|the)(?: ⟨N\d+⟩)?(?: ⟨C\d+⟩| [a-z]+)? ?[.!]?$", "", text)
    text = re.sub(r"^(?:please )?(?:compare|contrast) ⟨[VW]\d+⟩(?: [a-z]+)? (?:with|to|and|against|versus|vs) (?:everyone else|everybody else|(?:all )?(?:the )?(?:others?|rest))(?: [a-z]+)? ?[:;.,] (?=.*\b(?:for|per|by|of) each\b)", " ", text)
    def both(m: re.Match[str]) -> str:
        a, b = scene.get(m["a"]), scene.get(m["b"])
        column = linker.columns.get(getattr(a, "column", ""))
        apart = column is not None and column.distinct == 2 and getattr(b, "column", "") == column.name and a.op == b.op == "==" and a.value != b.value
        return f" for each {scene.mark('C', a.column)} " if apart else m.group()

    text = rx(r"\b(?:for|of|in|among|at|with) (?:the )?{W:a}(?: ?,)? and (?:for |of |in |with )?(?:the )?{W:b}").sub(both, text)
    text = re.sub(r"\( (?:all|over all|across all|the whole|every|both)\b[^()⟨]*(?:⟨C\d+⟩[^()⟨]*)?\)", " ", text)
    text = rx(r"\b(?:over|across|in|for|of) (?:both|all)(?: of)?(?: the)?(?: ⟨N\d+⟩)? {C:c}(?= ?(?:[,.?!;)]|$|taken|together|combined))").sub(lambda m: " " if scene.words[m["c"]].endswith("s") and not linker.is_number(scene.get(m["c"])) or scene.get(m["c"]) in (*linker.years, *linker.virtual) else m.group(), text)
    text = rx(r"\b(?:in |during |for )?(?:that(?: very| same)*|the (?:very )?same) {C:c}").sub(lambda m: " " if scene.words[m["c"]] in ("year", "month", "day", "week", "quarter", "date") and re.search(r"⟨[YR]", m.string[: m.start()]) else m.group(), text)
    text = rx(r"\bany {C:c}(?: at all)? {W:w}").sub(lambda m: m["w"] if set(columns_of(scene.get(m["w"]))) == {scene.get(m["c"])} else m.group(), text)
    text = rx(r"\b(with|without|having|have|has|had) {N:n}(?= ?(?:[?.!,;]|$|are\b|were\b|is\b|do\b|did\b))").sub(lambda m: f"{m[1]} one" if scene.get(m["n"]) == 1 and scene.words[m["n"]] == "one" else m.group(), text)
    text = rx(r",? ?(?:for |with |by |: )?{C:c} ?(?:=|is|:)? ?\(?(?:(?:yes|true) ?(?:vs\.?|versus|and|or|/|against) ?(?:no|false)|(?:no|false) ?(?:vs\.?|versus|and|or|/|against) ?(?:yes|true))\b ?\)?").sub(lambda m: f" for each {m['c']} " if linker.truth(scene.get(m["c"])) else m.group(), text)
    text = rx(r"(?P<lead>⟨[FS]\d+⟩) (?P<said>(?:(?!(?:in|for|with|where|by|who|that|not|no|on|at|from)\b)(?:[a-z'-]+|⟨[CF]\d+⟩) ){1,9})\( (?P<formula>⟨C\d+⟩(?: (?:/|-|\+|\*|minus|plus|times|divided by|over) ⟨C\d+⟩)+) \)").sub(
        lambda m: f"{m['lead']} {re.sub(r' over | divided by ', ' / ', m['formula'])}" if {scene.get(c) for c in re.findall(r"⟨C\d+⟩", m["said"])} <= {scene.get(c) for c in re.findall(r"⟨C\d+⟩", m["formula"])} and {scene.get(f) for f in re.findall(r"⟨F\d+⟩", m["said"])} <= {"sum", "count"} else m.group(), text)  # fmt: skip
    if linker.dates and not linker.years and len({t.year for t in time_range(linker)}) == 1:  # "over the year", where there is only one
        text = rx(r"(?<!days )(?<!day )(?<!month )(?<!months )\b(?:of|over|in|during|for|across|throughout) (?:the |this |that )(?:whole |entire |full |same )?{C:c}").sub(lambda m: " " if scene.words[m["c"]] == "year" and scene.get(m["c"]) in linker.virtual else m.group(), text)
    if linker.dates and scene.all("YR"):
        text = rx(r",? ?\b(?:going|judging|according) (?:by|to) (?:the )?{C:c}").sub(lambda m: " " if scene.get(m["c"]) in linker.dates else m.group(), text)
    first = re.search(r"⟨[S]\d+⟩", text)
    tail = rx(r",? ?(?:(?:starting |beginning )?(?:from|with)) (?:the )?{S:s}(?: (?:one|value|ones|values))?(?: (?:down|downwards?|up|upwards?|on|first|to (?:the )?(?:third|second|fourth|fifth|last|{S:t})(?: ⟨S\d+⟩)?))?(?: (?:one|value))? ?(?=[.?!,;]|$)")
    if first and (m := tail.search(text)) and m.start() > first.start() and way(m["s"]) == way(first.group()):
        text = text[: m.start()] + text[m.end() :]
    text = rx(r"\b(?:over|in|of|across|for) (?:the |its |this )?(?:whole|entire|full) {S:s}").sub(lambda m: " " if scene.get(m["s"])[0] == "record" else m.group(), text)
    # "by type of result (majority vs plurality)": the brackets list the groups
    def listed(m: re.Match[str]) -> str:
        values = [dict(scene.get(v)) for v in re.findall(r"⟨V\d+⟩", m["in"])]
        name = scene.get(m["c"])
        column = linker.columns.get(name)
        return m["c"] if column is not None and all(name in v for v in values) and len({v[name] for v in values}) == column.distinct else m.group()

    text = re.sub(r"(?P<c>⟨C\d+⟩) \( (?P<in>⟨V\d+⟩(?: ?(?:,|vs|versus|and|or|/|against|\.)* ?⟨V\d+⟩)+) \)", listed, text)
    return each_of(scene, linker, date_named(scene, linker, text))


def each_of(scene: Scene, linker: Linker, text: str) -> str:
    """"Separately for males and females": one figure for each value named, so the column they belong to groups."""
    several = r"(?P<in>⟨V\d+⟩(?: [a-z]+)?(?: ?(?:,|and|versus|vs|or|and for|and the|, and) (?:the |for )?⟨V\d+⟩(?: [a-z]+)?)+)"

    def groups(m: re.Match[str]) -> str:
        values = [dict(scene.get(v)) for v in re.findall(r"⟨V\d+⟩", m["in"])]
        shared = [c for c in values[0] if all(c in v for v in values) and c in linker.columns]
        if len(shared) != 1 or len({v[shared[0]] for v in values}) != len(values):
            return m.group()
        made = f" for each {scene.mark('C', shared[0])} "
        everything = len(values) == linker.columns[shared[0]].distinct
        return made if everything else " in " + re.sub(r"\b(?:for|the)\b|(?<=⟩ )(?:vs|versus)(?= ⟨)", lambda w: "or" if w.group() in ("vs", "versus") else "", m["in"]) + made

    for pattern in (
        rf"\b(?:separately|individually|respectively|broken down|each|once) (?:for|in|among|by|on) (?:the )?{several}",
        rf"\b(?:for|of|in|among)(?: the)? {several} ?,? (?:separately|individually|respectively|each|in turn|apart)\b",
        rf"\b(?:for|of|in) each of(?: the)? {several}",
        rf"(?:, |: |\( ?|- ){several} ?,? (?:separately|individually|respectively|each|in turn|apart|side by side)\b",
        rf"(?:: |, ){several}(?= ?[?.!]*$)",
    ):
        text = re.sub(pattern, groups, text)
    return text





def date_named(scene: Scene, linker: Linker, text: str) -> str:
    """"Have a start date between …": the column before a time says which date it is a time of."""
    return rx(r"(?<!which )(?<!what )(?<!each )(?<!every )(?<!per )(?<!by )(?:(?:have|has|had|having|with|whose) )?(?:a |an |the )?{C:c}(?: (?:is|was|are|were|in|on|of|that|lies|lying|falls|falling|fell|came))* (?P<t>⟨[RY]\d+⟩)").sub(
        lambda m: m["t"] if scene.get(m["c"]) == next(iter(linker.dates), None) else m.group(), text)


def drop_chatter(text: str) -> str:
    """Sentences that hold nothing the table knows and ask nothing are talk."""
    text = re.sub(r"^(?:homework|exercise|task|question|assignment|problem|step|part|item|q)[^:⟨]{0,20}(?:⟨N\d+⟩ ?[a-z]?)? ?: ", " ", text)
    text = re.sub(r"(?:^|(?<=[.!?] ))(?:please )?(?:list|give|show|name|sort|order|rank|return|put) (?:them|it|these)\b[^.!?]*[.!?]?", " ", text)
    text = re.sub(r"(?:^|(?<=[.!?,;] ))(?:and )?(?:start|begin)(?:ning|ing)? with (?:the )?⟨S\d+⟩[^.!?]*[.!?]?", " ", text)
    text = re.sub(r"(?:^|(?<=[.!?] ))⟨S\d+⟩ (?:one |ones |⟨N\d+⟩ )?(?:first|on top|at the top)\b[^.!?]*[.!?]?", " ", text)
    text = re.sub(r"^[^⟨.?!]*(?:\b(?:i|we)\b|\band) (?:just )?(?:need|want|would like|wish)(?: to (?:know|see|have|get|find out))?\b(?=[^.?!]*⟨)", " ", text)
    pieces = [s for s in re.split(r"(?<=[.!?;:]) |(?<=\.\.\.) ", text) if s.strip()]
    kept = [s for s in pieces if re.search(r"⟨|\b(?:spearman|kendall|welch|student|mann|wilcoxon|fisher|weighted|unweighted|population|trimmed|geometric|harmonic|logged|log|cumulative|rolling)\b", s) or re.search(r"\b(?:how many|count|number of|what|which|who|correlat)\b", s) and len(pieces) == 1]
    return " ".join(kept) or text
