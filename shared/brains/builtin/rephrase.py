"""Plainer wordings of a question: tried, one after the other, where it could not be read as it stands."""

import re
from collections.abc import Iterator

_FIGURE = r"(?:the |its |their |[A-Za-z]+'s )?(?:overall |overall, )?(?:mean|average|avg|median|total|sum|number|count|maximum|minimum|highest|lowest|max|min)\b"
_END = r"(?=[.?!;]|,? (?:what|which|how|give|tell|and (?:tell|give|report|round)|please|for every|for each|rounded)\b|$)"

# "… What do you get?": asks again what was asked
_CODA = r"[.:;,] *(?:and |so )?(?:what (?:do (?:you|i|we) get|(?:is|was) (?:that|the|this) (?:ratio|result|answer|number|figure|value|quotient|difference|percentage|correlation)|comes out|is it)|how (?:much|many|large|big|high) is (?:that|this|it))\?*\s*$"
# (pattern, what it means); tried in this order. A pattern is found anywhere, what stands around it stays.
_RULES = [
    # ratios and differences of two figures
    (rf"(?:take|get|compute|calculate|find) (?P<a>{_FIGURE}[^.?!;]+?),? and divide (?:it|that|this) by (?P<b>[^.?!;]+?){_END}", r"what is the ratio of \g<a> to \g<b>"),
    (rf"divide (?P<a>{_FIGURE}[^.?!;]+?) by (?P<b>{_FIGURE}[^.?!;]+?){_END}", r"what is the ratio of \g<a> to \g<b>"),
    (rf"(?P<a>{_FIGURE}[^.?!;]+?) divided by (?P<b>{_FIGURE}[^.?!;]+?){_END}", r"what is the ratio of \g<a> to \g<b>"),
    (rf"(?:subtract|take) (?P<b>{_FIGURE}[^.?!;]+?) (?:away )?from (?P<a>{_FIGURE}[^.?!;]+?){_END}", r"what is the difference between \g<a> and \g<b>"),
    (rf"(?P<a>{_FIGURE}[^.?!;]+?) (?:minus|less) (?P<b>{_FIGURE}[^.?!;]+?){_END}", r"what is the difference between \g<a> and \g<b>"),
    # associations
    (r"how (?:strongly|closely|tightly|well|much) (?:are|is|do|does|did|was|were) (?P<a>[^.?!;]+?) (?:and|with|to) (?P<b>[^.?!;]+?) (?:correlated?|related?|associated?|linked|go together|move together|hang together)", r"what is the correlation between \g<a> and \g<b>"),
    (r"(?:strength of the |degree of )(?:linear )?(?:relationship|association|relation) between", r"correlation between"),
    # shares
    (r"how many percent of", r"what percentage of"),
    (r"^(?:what (?:is|was|were) |give me )?(?P<a>[a-z ]+?) as an? (?:share|fraction|proportion) of (?P<b>[^.?!;]+)", r"what is the ratio of \g<a> to \g<b>"),
    (rf"divide (?P<a>[^.?!;,]+?) by (?P<b>[^.?!;,]+?) (?:for|on|in) (?:every|each)(?: single)? (?P<n>\w+),? and (?:then )?(?:average|take the (?:average|mean) of) (?:the results?|them|it|that){_END}", r"what is the mean of \g<a> / \g<b>"),
    (r"take (?P<a>[^.?!;,]+? ?/ ?[^.?!;,]+?) (?:for|on|in) (?:every|each)(?: single)? \w+,? and (?:then )?(?:show|give|tell|report|compute|calculate)(?: me)? the (?P<f>mean|average|median|maximum|minimum|highest|lowest) of (?:that|this|the) (?:quotient|ratio|result|value|figure)", r"what is the \g<f> of \g<a>"),
    (r"(?:if|when|suppose|say) (?:i|we|you) (?:compute|divide|take|calculate|form) (?P<a>[^.?!;,]+?) (?:divided by|/|by|over) (?P<b>[^.?!;,]+?) (?:for|on|in) (?:every|each)(?: single)? \w+, (?P<q>what(?:'s| is| was)|which is) the (?P<f>[a-z]+)(?: value)? of (?:that|this|the) (?:quotient|ratio|result|value|figure)", r"\g<q> the \g<f> \g<a> / \g<b>"),
    (r"how (?:much|large|big) (?:a |of a )?(?:share|percentage|portion) of", r"what percentage of"),
    (r"out of (?:all )?(?P<a>[^,.?!;]+), (?:how many percent|what percent(?:age)?|which percentage) (?P<b>(?:are|is|have|has|had|were|was|carry|carries|show|fall|got|did)\b)", r"what percentage of \g<a> \g<b>"),
    # what is meant by a word
    (r"\b(?:the )?[a-z]+,? (?:by which (?:i|we) mean|meaning|defined as)(?: those (?:with|of))?(?: an?| the)? (?P<c>[^,.?!;:]+?)(?P<end>[:,.?!])", r"rows with \g<c>\g<end>"),
    (r"[.?!] (?:i (?:want|need|would like)|give me) the (?:count|number) of such \w+\.?$", "?"),
    (r"(?P<q>what|which) (?P<w>fraction|share|percentage|percent|proportion) of (?:all |the |total |overall )*(?P<m>\w+)(?P<t> (?:in|during) \d{4})? (?:is|was|were|are|came|comes|come|stems?|went|goes) (?:from|due to|accounted for by|made (?:up )?by|produced by) (?P<v>[^.?!;]+)", r"\g<q> \g<w> of total \g<m>\g<t> was \g<v>"),
    # one figure at two times
    (r"by (?:what|which) factor did (?P<x>[^.?!;]+?) (?:grow|increase|rise|multiply|go up|expand) (?:from|between) (?P<a>\w+) (?:to|and) (?P<b>\w+)", r"what is the ratio of \g<x> in \g<b> to \g<x> in \g<a>"),
    (r"how many times (?:bigger|larger|higher|greater|more) was (?P<x>[^.?!;]+?) in (?P<a>\w+) than in (?P<b>\w+)", r"what is the ratio of \g<x> in \g<a> to \g<x> in \g<b>"),
    (r"\b(?:highest|largest|greatest) and (?:the )?(?:lowest|smallest)\b", "maximum and minimum"),
    # two figures set against each other
    (r"compare (?P<a>(?:the )?[^.?!;]+?) (?P<p>in|of|for|among) (?P<x>[^.?!;:]+?) (?:with|to|and|against) (?:that|those|its [^.?!;:]+?|the [^.?!;:]+?) (?:in|of|for|among) (?P<y>[^.?!;:]+?)[.:;,] ?(?:is|are|was) (?:the )?(?:(?P=y)|second|latter)(?: one| figure| value)? (?P<w>higher|greater|larger|bigger|lower|smaller)", r"is \g<a> \g<p> \g<y> \g<w> than \g<a> \g<p> \g<x>"),
    (r"(?:when |in )?(?:comparing|in terms of|by|going by) (?P<a>(?:mean|average|median|total)[^,.?!;]+?), (?:is|are|was|were|do|does) (?P<x>[^,.?!;]+?) (?:ahead of|above|higher than|better than|beating) (?P<y>[^,.?!;]+)", r"is the \g<a> of \g<x> higher than the \g<a> of \g<y>"),
    (r"^of (?:all )?(?:the )?(?P<g>[a-z ]+), whose (?P<c>[a-z ]+?) (?:have|has|had|show|shows|showed) the (?P<s>[a-z]+) (?P<f>[a-z ]+?)\W*$", r"which \g<g> has the \g<s> \g<f> of \g<c>?"),
    # measures said in other words
    (r"how far apart (?:are|is) the (?:first|lower) and (?:the )?(?:third|upper) quartiles? of", r"what is the interquartile range of"),
    (r"\b(?:typical|usual|central|normal) \((?P<m>median|mean|average)\)", r"\g<m>"),
    (r"\brange,? (?:\([^()]*\bmin[^()]*\)|(?:i\.e\.|that is|meaning),? [^,.?!;]*\bmin\w*(?: value)?,?)", r"range"),
    (r"(?:i (?:want|need|would like)|give me|let me have) (?:a|the) count: (?P<c>[^.?!]+)", r"how many rows have \g<c>"),
    (r"^(?P<c>[^.?!:]+): how (?:many|often) (?:is|are|was|were) (?:that|there|it)\b", r"how many rows have \g<c>"),
]  # fmt: skip


def without_coda(question: str) -> str:
    """The question without a last sentence that only asks for its outcome: "… and average them. What do you get?\""""
    return re.sub(rf"(?i){_CODA}", "?", question)


def plainer(question: str) -> Iterator[str]:
    """The wordings to try instead. Of what is said twice ("which swings most, I mean has the largest deviation"), either half."""
    changed = without_coda(question)
    changed = re.sub(r"(?i),? all (?:the )?\w+ (?:taken together|pooled|combined|together|included)\b", "", changed)
    if changed != question:
        yield changed
    for pattern, meaning in _RULES:
        text = re.sub(rf"(?i){pattern}", meaning, changed)
        if text != changed:
            changed = text
            yield changed
    aside = r"(?:,|\()? ?(?:i\.e\.,?|i mean|that is,?|in other words,?|meaning|namely)"
    head = r"(?P<head>.*?\b(?:which|what|list|name|top)\b(?: the)?(?: \d+| one| two| three| four| five)? (?:kind of |type of )?\w+)\b"
    if m := re.match(rf"(?is)^{head}[^?.]*?{aside}\)? (?P<tail>.+)$", question):
        yield f"{m['head']} {m['tail']}"
    if m := re.match(rf"(?is)^(?P<first>.{{12,}}?){aside} .*$", question):
        yield m["first"]
