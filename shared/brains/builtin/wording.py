"""Brings the many wordings of an order or a rule into the one the story reads: only what is meant the same is rewritten."""

import re

from shared.brains.builtin.outlying import going, ruled

_K = r"(?P<k{0}>\d+(?:\.\d+)?) ?(?:\*|x|×|·|times)? ?(?:the )?(?:iqr|interquartile range)"
_FENCE = re.compile(
    r"(?i)(?:(?:is|lies|falls|are|lie|fall) )?(?:strictly )?(?:(?:below|less than|under|smaller than|lower than|<) (?:the )?(?:q1|first quartile|lower quartile) ?(?:-|–|−|minus) ?" + _K.format(1)
    + r",? or (?:is )?(?:strictly )?(?:above|more than|over|greater than|larger than|higher than|>) (?:the )?(?:q3|third quartile|upper quartile) ?(?:\+|plus) ?" + _K.format(2)
    + r"|outside (?:of )?(?:the (?:interval|range|fences) )?[\[(]? ?q1 ?(?:-|–|−|minus) ?" + _K.format(3) + r" ?(?:,|to|and|;|\.\.) ?q3 ?(?:\+|plus) ?" + _K.format(4) + r" ?[\])]?)"
)  # fmt: skip
_WORDS = {"two": "2", "three": "3", "four": "4"}
_SPREAD = re.compile(
    r"(?i)\b(?:is|are|lies|lie|falls|fall) (?:strictly )?(?:beyond|more than|farther than|further than|over|at a distance of more than) (?P<k>[\d.]+|two|three|four) (?:sample )?(?:standard deviations|sds?|sigmas?)(?: away)?(?: (?:from|of) (?:the|its|their)(?: overall| sample)? mean)?(?! (?:above|below))\b"
)  # fmt: skip
_START = r"(?:(?:please|to|then|first(?:ly)?|next|now|also|finally|and|so|kindly|hi|hello|begin by|start by|you should|we|i want (?:you )?to|let us|let's|in (?:the|this) (?:task|analysis)|for (?:the whole of |all of )?(?:this|the) (?:whole |entire )?(?:task|question|analysis|problem|exercise|job)|throughout|before anything else|to (?:start|begin)(?: with)?|as a first step)[,:]? )*"
_VERBS = (
    (r"(?:screen(?:ing)? out|throw(?:ing)? (?:out|away)|get(?:ting)? rid of|set(?:ting)? aside|strip(?:ping)? out|purge|eliminate|omit|weed out|cut out|take out|toss(?: out)?|kick out|filter out|disregard)", "drop"),
    (r"(?:retain|hold on to|stick to|stay with|consider(?= only)|use(?= only)|look(?= only)|limit yourself to|confine (?:yourself|the analysis) to|subset to)", "keep"),
    (r"(?:(?:keep|retain|use) just|only (?:look at|consider|use|take|keep|include|work with|stud(?:y|ies)|analy[sz]e))", "keep only"),
)  # fmt: skip


_ONLY = re.compile(
    r"(?i)^\W*(?:(?:here|in this task|for this|now),? )?(?:only (?P<a>(?:the )?[^,.;]+?) (?:matters?|counts?|is of interest|are of interest|interests? (?:me|us)|is considered|are considered|is wanted|are wanted|is meant|are meant)(?: here| now| to me| in this task| for this)?"
    r"|(?:i|we) (?:only |just )?(?:am |are |'m |'re )?(?:only |just )?(?:interested in|care about|care for|concerned with|look at|looking at) (?:only |just )?(?P<b>[^,.;]+?)(?: only| alone| here| now)*)(?=\s*[.;,]?\s*$)"
)  # fmt: skip


_UNITS = r"(?:miles?|minutes?|hours?|seconds?|days?|weeks?|months?|years?|km|kilomet(?:re|er)s?|met(?:re|er)s?|m|cm|mm|feet|foot|inch(?:es)?|kg|g|grams?|lbs?|pounds?|dollars?|usd|euros?|degrees?(?: celsius| fahrenheit)?|celsius|fahrenheit|lit(?:re|er)s?|gallons?)"


def plain(text: str) -> str:
    """The task in the story's own words."""
    text = _whole(_passive(_unnumbered(_named_columns(text))))
    if re.search(r"(?i)regress|least squares|correlat|spearman|pearson", text):  # gaps in either take no part in it anyway
        known = r"(?:present|known|recorded|available|given|non-missing|not missing|filled in|filled|observed|complete|non-null)"
        text = re.sub(rf"(?i),? (?:using|on|over|with|from|for|taking) (?:only )?(?:the |those |all )?(?:rows|pairs|records|cases|observations|[a-z]+s) (?:where|in which|for which|that have|with|on which) both(?: of them| values| variables| columns| numbers)?(?: (?:are|is|were) {known})?(?=[.,;)]| and )", "", text)
        text = re.sub(r"(?i),? (?:using|on|over|with|from|for) (?:only )?(?:the )?(?:pairwise[- ])?complete (?:pairs|cases|rows|observations|records)(?: only)?(?=[.,;)])", "", text)
    text = re.sub(r"(?i)\b(?P<f>(?:fill|imput|replac)[^.;]*? (?:with|by) (?:the|their|its) (?:mean|median|mode|average)(?: (?!of\b)\w+)?) of (?:all )?(?:the )?(?:others?|observed|known|remaining|non-missing|available|present|recorded)(?: (?!and\b|then\b|before\b|after\b)[a-z]+)?", r"\g<f>", text)
    text = re.sub(r"(?i)\b(?P<v>into|in) (?:an?|the) (?P<a>[a-z]+) (?P<g>group|class|set|category) (?P<c>\([^()]*\d[^()]*\)),? and (?:an?|the) (?P<b>[a-z]+) (?P=g) (?P<d>\([^()]*\))", r"\g<v> '\g<a>' \g<c> and '\g<b>' \g<d>", text)
    if re.search(r"(?i)\bduplicate", text):
        text = re.sub(r"(?i)(?<=[.;!] )(?:drop|remove|delete|discard|eliminate|exclude) (?:them|these|those)\b,?(?: (?:but )?keeping (?:only )?(?:the )?first[^,.;]*,?)?(?: and (?P<next>[a-z]))?", lambda m: "Drop the duplicate rows." + (f" {m['next'].upper()}" if m["next"] else ""), text)
        text = re.sub(r"(?i)\bduplicate rows removed\b", "rows removed", text)
    text = _FENCE.sub(_outlier, text)
    text = _SPREAD.sub(lambda m: f"is an outlier by the z-score rule (|z| > {_WORDS.get(m['k'].lower(), m['k'])})", text)
    text = re.sub(r"(?i)\b(log|ln|log10)\((?=[A-Za-z_]\w*\))([A-Za-z_]\w*)\)", r"\1 of \2", text) if re.search(r"(?i)regress|least squares|\bfit\b", text) else text
    text = ruled(text)
    text = re.sub(rf"(?i)\b{_VERBS[0][0][:-1]}|drop|remove|exclude|discard|leave out|delete)\b[^.;,]*?,? (?:so that|so|such that|leaving|to leave) (?:only |just )(?P<those>(?:those|the \w+|\w+s) (?:with|where|whose|that|having|in|of)\b[^.;]*?)(?: are| is)?(?: left| remain| stay| kept)(?: over| in)?(?=[.;,]|$)", r"keep only \g<those>", text)
    text = re.sub(rf"(?i) ?\((?:measured |given |expressed )?in {_UNITS}(?: per {_UNITS})?\)", "", text)
    text = re.sub(rf"(?i)\b(calculate|compute|work out|define|determine|find) the average (\w+) (?:of|for) (?:each|every) \w+(?:,? in {_UNITS}(?: per {_UNITS})?)?,? (?=(?:as|by|which is|that is)\b)", r"\1 the \2 ", text)
    text = _split(said(_its_log(_the_same(text))))
    text = _both(text)
    text = _bracketed_labels(_spoken_labels(_of_mean_and_spread(text)))
    text = re.sub(r"(?i); (?:and |but )?(?:(?:answer|say|report|write|conclude|return|label it|call it|state) )?('[^']{1,60}') (?:in (?:all|every|any) other cases?|otherwise)", r", otherwise \1", text)
    text = re.sub(r"(?i)('[^']{1,60}'); (?=(?:but |and )?(?:if|when) (?:the )?(?:two-sided |pearson )*p\b)", r"\1, ", text)
    text = _unquoted_labels(text)
    return _others_last(text)


def labelled(description: str, text: str) -> str:
    """`yes or no`, `strong, moderate or weak`: in quotes, where the task has them so."""
    labels = sorted({a or b for a, b in re.findall(r"(?<!\w)'([^'\"]{1,60}?)'(?!\w)|\"([^\"]{1,60})\"", text)}, key=len, reverse=True)
    if not labels or "'" in description or '"' in description:
        return description
    one = "|".join(re.escape(x) for x in labels)
    listing = rf"(?P<head>(?:the )?(?:[a-z]+: ?|word |label |answer |either |verdict )*)(?P<all>(?:{one})(?:(?: ?, ?(?:or )?| or | ?/ ?)(?:{one}))+)(?P<tail>\W*)"
    m = re.fullmatch(listing, description, re.IGNORECASE)
    return f"{m['head']}" + re.sub(rf"(?i)(?<![\w-])(?:{one})(?![\w-])", lambda k: f"'{next(x for x in labels if x.lower() == k.group().lower())}'", m["all"]) + m["tail"] if m else description


def _named_columns(text: str) -> str:
    """`a column 'level' from x: 'low' if …`: the name of a column is no label."""
    for name in dict.fromkeys(m[1] for m in re.finditer(r"(?i)\b(?:column|variable|feature|field)(?:,? (?:called|named|labell?ed))? ['\"]([A-Za-z_]\w*)['\"](?! (?:if|when|for|and|or|where)\b)", text)):
        text = re.sub(rf"(?<!\w)['\"]{name}['\"](?!\w)", name, re.sub(rf"(?i)\b(column|variable|feature|field)(?:,? (?:called|named|labell?ed))? ['\"]{name}['\"]", rf"\1 called {name}", text))
    return text


def _unnumbered(text: str) -> str:
    """`report (a) the mean and (b) the class`: the letters only number what is asked."""
    marks = re.findall(r"(?<![\w)])\(([a-h])\)(?= [a-z])", text)
    return re.sub(r"(?<=[a-z,:;]) \([a-h]\)(?= [a-z])", "", text) if marks[:2] == ["a", "b"] else text


_GONE = r"(?:excluded|dropped|removed|left out|discarded|ignored|deleted|omitted|thrown out|taken out|eliminated)"
_BARE = r"(?:must|should|shall|will|have to|need to|are to|ought to)"


def _passive(text: str) -> str:
    """`Rows with a negative gap must be excluded before computing any of these.` → `Drop the rows with a negative gap.`"""
    def ordered(m: re.Match[str]) -> str:
        verb = "Keep only" if m["kept"] else "Drop"
        return f"{verb} the {m['rows'][0].lower() + m['rows'][1:]}."

    start = r"(?:(?<=[.;!?] )|^)(?:(?:note that|also|and|first|but|here),? )?(?:all |any |the |every |those )*"
    rows = r"(?P<rows>[A-Za-z]+s? (?:with|whose|where|that|who|which|without|in which|on which|for which|of|from|having)\b[^.;:?!]*?)"
    early = r"(?P<first>,? (?:before anything else|before all else|first(?: of all)?|at the (?:very )?(?:start|outset|beginning)|before (?:you start|any other step|everything else|we start)))?"
    coda = r"(?: (?:before|prior to) (?:computing|calculating|doing|any|all|the)[^.;:?!]*| from (?:the |all |every)[^.;:?!]*|,? for (?:all|everything|the)[^.;:?!]*)?"
    pattern = re.compile(rf"{start}{rows} (?:{_BARE} be |(?:are|is|were|get|gets) (?:all |both )?)(?:{_GONE}|(?P<kept>kept|retained|considered))(?(kept) ?(?:only)?|){early}{coda}(?:[.;!]|$)", re.I)
    early_orders: list[str] = []
    for m in list(pattern.finditer(text)):
        if "'" in m.group() or "outlier" in m.group().lower() or m["kept"] and "only" not in m.group().lower():
            continue
        said = ordered(m)
        if m["first"]:
            early_orders.append(said)
        text = text.replace(m.group(), "" if m["first"] else said, 1)
    return " ".join([*early_orders, text.strip()]) if early_orders else text


_ALL = (
    r"(?:throughout(?: (?:this|the)(?: whole| entire)? (?:task|question|analysis|exercise|problem))?|(?:in|for) (?:everything|all|anything) (?:that|which) (?:follows|is asked|comes)|for (?:everything|all that) (?:below|that follows|which follows)"
    r"|(?:for|in|at) (?:all|each|every one) (?:of )?(?:the |your |my )?(?:steps|parts|questions|following|calculations|computations)|from (?:here|now|this point) on(?:wards?)?|for (?:this one|this task|this question|this analysis|the whole (?:task|question|analysis)|the rest of (?:this|the) \w+|all of this)|in (?:what follows|all that follows|the whole task))"
)


def _whole(text: str) -> str:
    """`In everything that follows, leave out …`, `… for this one.`, `…; everything below concerns them alone`: an order of the whole task, as any other is."""
    text = re.sub(rf"(?:(?<=[.;:!?] )|^){_ALL},? (?P<v>[a-z])", lambda m: m["v"].upper(), text, flags=re.I)
    text = re.sub(rf",? {_ALL}(?= ?[.;!]| ?$)", "", text, flags=re.I)
    text = re.sub(r"(?i)[;,.] (?:and )?(?:everything|all(?: that)?|whatever|the rest)(?: (?:below|else|that follows|which follows|asked here|after that))? (?:concerns|is about|refers to|is for|applies to|holds for|is asked of) (?:them|these|those(?: rows)?|these rows|this subset)(?: alone| only)?(?=[.;])", "", text)
    text = re.sub(r"(?i),? and (?:keep|maintain|retain|apply|use) (?:that|this|the) (?:restriction|filter|selection|subset|condition|limit)(?: in place| throughout| always)?(?= ?[.;])", "", text)
    text = re.sub(r"(?i)\b(?P<t>(?:from|since) (?:the )?(?:year |month |week |day )?\d+ on(?:wards?)?) \((?:year )?\d+ (?:itself )?(?:included|inclusive|including)\)", r"\g<t>", text)
    return re.sub(r"(?i)\b(?:from|since) (?:the )?(?P<u>year|month|week|day|hour) (?P<n>\d+) (?:on(?:wards?)?|and later)\b", r"with \g<u> at least \g<n>", text)


_SHARES = {"half": "50", "third": "33.3333", "quarter": "25", "fifth": "20", "tenth": "10"}


def said(text: str) -> str:
    """What is spelled in many ways, in a task and in the descriptions of its outputs: R², held-out rows, quarters of a year, spans of years."""
    text = re.sub(r"(?i)\bR ?(?:²|\^ ?2\b)|\bR2\b(?!_)", "R-squared", text)
    text = going(text)
    moving = r"(?:rise|jump|increase|fall|drop|decline|decrease|change|gain|loss|growth)"
    text = re.sub(rf"(?i)\b(?:sharpest|steepest|strongest)(?= (?:one-\w+ |single-\w+ )?{moving}\b)", "largest", text)
    text = re.sub(rf"(?i)\b(?P<t>date|day|week|month|quarter|year|\w+) (?:at which|when|in which|on which|where) the (?P<m>{moving}) (?:was|is) (?:the )?(?:sharpest|steepest|strongest|largest|greatest|biggest|highest)", r"\g<t> with the largest \g<m>", text)
    text = re.sub(r"(?i)\bmost negative\b", "lowest", re.sub(r"(?i)\bmost positive\b", "highest", text))
    text = re.sub(r"(?i)\b(?:the )?(?:held[- ]out|hold-?out|unseen|left-out test|withheld) (?P<n>rows|data|sample|set|part|observations|portion|cases|records|ones|[a-z]+s)\b", r"the test \g<n>", text)
    text = re.sub(r"(?i)\b(?:the )?(?:held[- ]out|hold-?out|withheld) (\d+(?:\.\d+)? ?(?:%|percent))(?: of (?:the )?(?:rows|data|sample|[a-z]+s))?", r"the test rows (test size \1)", text)
    text = re.sub(r"(?i)\b(\d{4}),? quarter ([1-4])\b|\bquarter ([1-4]) (?:of|in|,) ?(\d{4})\b", lambda m: f"{m[1] or m[4]} Q{m[2] or m[3]}", text)
    text = re.sub(r"(?i)(?<!\d )(?<!to )\b(?:through|thru|up through|until the end of|to the end of)(?: and including)? (?=(?:1[5-9]|20)\d\d\b)", "up to and including ", text) if not re.search(r"(?i)\b(?:from|between) \w*\d{4}\b[^.;]{0,20}\b(?:through|thru)", text) else text
    text = re.sub(r"\b(1[5-9]\d\d|20\d\d) ?[-–—] ?(1[5-9]\d\d|20\d\d)\b(?: \((?:both )?(?:inclusive|included|inclusively)\))?(?!-)", r"\1 to \2", text)
    return text


def _split(text: str) -> str:
    """`set aside a fifth of the rows for testing`, `20% of the rows held out` → `test size 20%`."""
    if not re.search(r"(?i)train|test_size|random_state|\bseed\b", text):
        return text
    rows = r"(?: of (?:all )?(?:the )?(?:rows|data(?: set)?|sample|records|observations|cases|[a-z]+s))?"
    out = r"(?:held out|hold out|set aside|put aside|reserved|kept back|kept aside|withheld|left out|for (?:the )?(?:test(?:ing|s| set| data| rows)?|evaluation)|as (?:the |a )?(?:test|hold-?out)(?: set| data| rows| part)?|to test(?: on)?|in the test set|goes? (?:in)?to the test set)"
    share = r"(?P<n>\d+(?:\.\d+)? ?(?:%|percent)|(?:a|one) (?:half|third|quarter|fifth|tenth))"

    def size(m: re.Match[str]) -> str:
        word = m["n"].split()[-1].lower()
        return f"test size {_SHARES[word]}%" if word in _SHARES else f"test size {m['n']}"

    text = re.sub(rf"(?i)\b(?:hold(?:ing)?[- ]out|set(?:ting)? aside|put(?:ting)? aside|reserv(?:e|ing)|keep(?:ing)? (?:back|aside)|withhold(?:ing)?|leav(?:e|ing) out) {share}{rows}(?:,? {out})?", size, text)
    text = re.sub(rf"(?i){share}{rows},? (?:(?:are|is|being|get|that are|which are|to be) )?{out}(?: (?:for|as) (?:testing|the test(?: set| data| rows)?|a test set))?", size, text)
    return text


def _the_same(text: str) -> str:
    """`Rescale a to 0-1, do the same with b, and call the average of the two c` → one order for both, and a definition."""
    verb = r"(?:re)?scale|standardi[sz]e|normali[sz]e|convert|transform|fill|impute|log-transform"
    text = re.sub(rf"(?i)\b(?P<v>{verb}) (?P<the>the )?(?P<a>[a-z_]\w*)(?P<how> (?:column )?[^.;]*?)[,;]? (?:and |then )*(?:do|doing|done|repeat) (?:exactly )?(?:the same|this|likewise|it) (?:with|for|to|on) (?:the )?(?P<b>[a-z_]\w*)(?: column)?(?=[,.;]| and\b)", r"\g<v> \g<a> and \g<b>\g<how>", text)
    text = re.sub(r"(?i),? (?:and )?\bcall (?P<e>(?:the|their) (?:row-?wise |row |simple |plain )?(?:average|mean|sum|total|ratio|difference|product|quotient)\b[^.;,]*?) (?P<n>(?!(?:columns?|values?|scores?|rows?|them|it)\b)[a-z_]{3,})(?=[.;]|$)", r". Define \g<n> as \g<e>", text)
    return text


def _its_log(text: str) -> str:
    """`Create a = b / c and log_a, its natural logarithm` → two definitions."""
    kind = r"(?:(?:a|an|another|the) )?(?:(?:new|second|further|additional) )?(?:column |variable )?"
    log = r"(?:natural |base-?10 )?(?:logarithm|log10|log|ln)\b"
    of_it = r"(?: of (?:it|that|this|the same|the (?:ratio|result|quotient|sum|difference|product|column)|this (?:ratio|column)|(?P=x)))"
    made = rf"\b(?P<v>create|add|make|define|compute|build|derive|calculate)\b(?P<a> {kind}(?P<x>[A-Za-z_]\w*) (?:=|as|equal to|defined as|to be|\()[^.;]*?)"
    text = re.sub(rf"(?i){made},? and (?:then )?{kind}(?P<y>[a-z_]\w*)(?:,| as| =| equal to| \(| which is| being| to be) (?:(?:its|the) (?P<l>{log}){of_it}?|(?P<k>{log}){of_it})(?<!its)\)?", lambda m: f"{m['v']}{m['a']}. Create a column {m['y']} equal to the {m['l'] or m['k']} of {m['x']}", text)
    text = re.sub(rf"(?i){made}(?P<end>\.|,? and|;) (?:then )?(?P<take>take|compute|form|calculate) (?:its|the) (?P<l>{log})(?: of (?:it|that|this|(?P=x))\b)?,? and (?:call|name) (?:it|this|that|the result) (?P<y>[a-z_]\w*)", r"\g<v>\g<a>. Create a column \g<y> equal to the \g<l> of \g<x>", text)
    return re.sub(rf"(?i){made}(?P<end>\.|,? and|;) (?:then )?(?P<take>take|compute|form|calculate) (?:its|the) (?P<l>{log})(?: of it| of that)?(?=[ ,.;])(?! of)", r"\g<v>\g<a>. Take the \g<l> of \g<x>", text)


def order(clause: str) -> str:
    """A clause without what leads up to its verb, and the verb in its plainest form."""
    if (m := _ONLY.match(clause)) and (m["a"] or re.search(r"(?i)\b(?:only|just|alone)\b", clause)):
        return f"keep only {m['a'] or m['b']}"
    begun = re.sub(rf"(?i)^\W*{_START}", "", clause)
    if m := re.match(r"(?i)^(?:use|consider|take|look at|analy[sz]e|work with|keep) (?!only\b)(?P<rows>[^,;:]*?) (?:only|alone)\W*$", begun):
        return f"keep only {m['rows']}."
    for pattern, verb in _VERBS:
        if re.match(rf"(?i){pattern}\b", begun):
            return re.sub(r"^keep (only|just) (?:at|to|on) ", r"keep \1 ", re.sub(rf"(?i)^{pattern}", verb, begun))
    verbs = r"drop|remove|exclude|leave|ignore|discard|delete|keep|restrict|filter|focus|limit|consider|fill|impute|standardi[sz]e|scale|normali[sz]e"
    return begun if begun != clause and re.match(rf"(?i)(?:{verbs})\b", begun) else clause


def _outlier(m: re.Match[str]) -> str:
    factors = {float(f) for f in (m["k1"], m["k2"], m["k3"], m["k4"]) if f}
    return f"is an outlier by the {factors.pop():g} IQR rule" if len(factors) == 1 else m.group()


def _both(text: str) -> str:
    """`both a and b are greater than zero` says it of each."""
    said = r"(?P<c>(?:strictly )?(?:greater|more|larger|higher|above|over|less|smaller|lower|below|under|at least|at most|positive|negative|non-?zero|known|recorded|available|present|not missing|[<>]=?)\b[^.,;]*)"
    return re.sub(rf"(?i)\bboth (?:the |its |their )?(?P<a>\w+(?: \w+){{0,3}}?) and (?:the |its |their )?(?P<b>\w+(?: \w+){{0,3}}?) (?P<v>are|is|were|exceed) {said}", r"\g<a> is \g<c> and \g<b> is \g<c>", text)


def _unquoted_labels(text: str) -> str:
    """`below 5 = tight; 5 up to 7 = normal; 7 and over = slack` with its labels in quotes and in one sentence."""
    bound = r"(?:below|under|over|above|from|up to|less than|more than|at least|at most|between|<=?|>=?|\d)"
    rule = rf"(?:{bound}[^;,='\n]*?\d[^;,='\n]*?) ?(?:=|->|→|=>) ?"
    if len(re.findall(rf"(?i){rule}[a-z]", text)) < 2 or "regress" in text.lower():
        return text
    text = re.sub(rf"(?i)({rule})([a-z][a-z_]*)\b(?=\s*(?:[;,.]|[-–—] |$|and\b))", r"\1'\2'", text)
    return re.sub(r"((?:=|->|→|=>) ?'\w+'); (?=[^;]*(?:=|->|→|=>) ?')", r"\1, ", text)


_TELLS = r"(?:give|report|compute|calculate|tell|find|show|list|count|work out|determine|state|say|compare|average|take|return|print|output)"


def _bracketed_labels(text: str) -> str:
    """`Group them by age ('young': under 30; 'old': 30 or more) and give …`: the rule as a sentence of its own."""
    def opened(m: re.Match[str]) -> str:
        if not re.search(r"\d", m["in"]):
            return m.group()
        return f": {m['in'].replace(';', ',')}" + (". " if m["next"] else "")

    return re.sub(rf"(?i) ?\((?P<in>[^()]*'[^'()]+'[^()]*'[^'()]+'[^()]*)\)(?P<next>,? (?:and |then )*(?={_TELLS}\b))?", opened, text)


def _spoken_labels(text: str) -> str:
    """`Call a quarter tight if unemp is under 5, slack if it is 7 or higher and normal otherwise`: the labels in quotes."""
    def quoted(m: re.Match[str]) -> str:
        sentence = m.group()
        if "'" in sentence or '"' in sentence or "outlier" in sentence:
            return sentence
        bound = r"(?P<w>(?!(?:it|is|be|only|and|or|them|row|true|false|one|zero|even|what|check|see|ask|high|that)\b)[a-z][a-z-]{2,}) (?P<c>(?:if|when|where|with|for) [^,;.]*(?:\d|standard deviation))"
        rest = r"(?P<w>[a-z][a-z-]{2,}) (?P<c>otherwise|in (?:all|any) other cases?|for the rest|in between|if neither)"
        found = len(re.findall(rf"(?i)\b{bound}", sentence)) + len(re.findall(rf"(?i)\b{rest}", sentence))
        if found < 2:
            return sentence
        for pattern in (bound, rest):
            sentence = re.sub(rf"(?i)\b{pattern}", r"'\g<w>' \g<c>", sentence)
        return sentence

    return re.sub(r"(?i)(?:(?<=[.?!:;] )|^)(?:then |now |next,? |first,? |please )?(?:call|label|classify|class|mark|flag|name|rate|tag|grade|term|treat|count|consider|regard|describe)\b(?:[^.?!]|\.(?=\d))*", quoted, text)


def _of_mean_and_spread(text: str) -> str:
    """`above m + s`, with m the mean and s the standard deviation, in words."""
    named = re.search(r"(?i)\b(?:let|where|with|call|write|denote by)? ?(?P<m>[a-z]|mu|μ) (?:be|is|=|for|denotes?|stands for|as) (?:the )?(?:overall |sample )?(?:mean|average)\b[^.;]*?\band (?P<s>[a-z]|sd|sigma|σ) (?:be |is |= ?|for |denotes? |stands for |as )?(?:the |its )?(?:sample )?(?:standard deviation|sd\b)", text)
    mean = rf"(?:(?:the |its )?(?:overall |sample )?(?:mean|average){'|' + re.escape(named['m']) if named else ''})"
    spread = rf"(?:(?:the |its )?(?:sample )?(?:standard deviations?|sds?\b|std\b){'|' + re.escape(named['s']) + chr(92) + 'b' if named else ''})"

    def said_so(m: re.Match[str]) -> str:
        up = m["sign"] in ("+", "plus")
        if up != bool(re.match(r"(?i)above|over|greater|more|higher|larger|beyond|>|exceed", m["way"])):
            return m.group()
        number = (m["k"] or "one").strip().replace("1.0", "one")
        return f"more than {'one' if number == '1' else number} standard deviation{'' if number in ('one', '1') else 's'} {'above' if up else 'below'} the mean"

    return re.sub(rf"(?i)\b(?P<way>above|over|greater than|more than|higher than|larger than|beyond|exceeds?|exceeding|below|under|less than|lower than|smaller than) {mean} ?(?P<sign>\+|plus|-|–|−|minus) ?(?P<k>\d+(?:\.\d+)?|one|two|three)? ?\*? ?{spread}", said_so, text)


def _others_last(text: str) -> str:
    """`and all the others (both bounds included) are 'medium'` → `, otherwise 'medium'`."""
    rest = r"(?:all (?:of )?(?:the )?(?:others?|rest|remaining)|(?:the )?(?:rest|others|remaining ones)|(?:everything|anything|everyone|all) else|in all other cases)"
    return re.sub(rf"(?i),? (?:and |while |but )?{rest}(?: [a-z]+)?(?: \([^)]*\))? (?:is|are|be|gets?|becomes?|counts? as|should be|is called|are called|as) (?=')", ", otherwise ", text)
