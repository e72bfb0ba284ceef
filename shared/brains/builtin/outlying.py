"""Outliers and what is left without them, in the many wordings of tasks and of descriptions of outputs."""

import re
from collections.abc import Callable

_K = r"(?P<k{0}>\d+(?:\.\d+)?|one and a half|two|three) ?(?:\*|x|×|·|times)? ?(?:the |its )?(?:iqrs?|interquartile ranges?)\b(?: \(iqr\))?"
_LOW = r"(?:q1|(?:the )?(?:first|lower|25%|1st)(?: quartile)?|the 25th percentile)\b"
_HIGH = r"(?:q3|(?:the )?(?:third|upper|75%|3rd)(?: quartile)?|the 75th percentile)\b"
_AWAY = r"(?:strictly )?(?:more|further|farther|greater|over|at a distance of more)(?: than)?"
_BEING = r"(?:(?:is|are|was|were|lies|lie|lying|falls|fall|falling|sits|sit|sitting|that (?:is|are|lie|lies|fall|falls)|comes?|being) )?"
_FENCES = re.compile(
    rf"(?i)\b{_BEING}{_AWAY} {_K.format(1)} (?:below|under|beneath) {_LOW},? or (?:{_AWAY} {_K.format(2)} )?(?:above|over|beyond) {_HIGH}"
    rf"|\b{_BEING}{_AWAY} {_K.format(3)} (?:outside|beyond|away from|from) (?:of )?(?:the |its )?(?:(?:nearest|nearer|closest|two) )?quartiles?\b"
    rf"|\b{_BEING}(?:outside|beyond|past) (?:of )?(?:the )?(?:usual |standard |classic )?(?:tukey(?:'s)? |boxplot |box-?plot |quartile )?{_K.format(4)}[- ](?:fences?|limits?|bounds?|whiskers?|rule)\b"
    rf"|\b{_BEING}(?:outside|beyond|past) (?:of )?(?:the )?(?:usual |standard |classic )?(?:tukey(?:'s)? |boxplot |box-?plot )(?:(?:(?P<k5>\d+(?:\.\d+)?)|inner)[- ](?:iqr )?)?(?:fences?|limits?|bounds?|whiskers?)\b"
)  # fmt: skip
_SIGMAS = re.compile(
    rf"(?i)\b{_BEING}(?:{_AWAY}|beyond|exceeding|outside)(?: ±)? (?P<k>[\d.]*\d|two|three|four) (?:sample )?(?:standard deviations?|sds?\b|sigmas?)(?: away)?(?:,? either way,?)? (?:from|of|off|outside) (?:the |its |their )?(?:overall |sample |column |own )*(?:mean|average)\b(?! (?:above|below))"
)  # fmt: skip
_OVER = r"(?:is |are |lies |lie )?(?:above|over|beyond|greater than|larger than|more than|exceeds|exceed|exceeding|bigger than|>)"
_ZSCORE = re.compile(
    rf"(?i)\b(?:(?P<who>whose|where|if|when|with|have|has|having|that have|that has) )?(?:(?:an?|the|its|their) )*(?P<w>(?!absolute\b)[a-z_]+ )?(?:(?:absolute|the absolute value of the) (?P<v>[a-z_]+ )?z-?(?:scores?|values?)(?: of (?:the )?(?P<u>[a-z_]+))?(?P<p> \([^()]*\))?(?: that)? {_OVER} (?P<a>\d+(?:\.\d+)?|two|three)\b(?! [a-z]+ points)"
    rf"|z-?(?:scores?|values?)(?: of (?:the )?(?P<t>[a-z_]+))?(?P<q> \([^()]*\))?(?: that)? {_OVER} (?P<b>\d+(?:\.\d+)?|two|three) (?:in (?:absolute (?:value|terms|size)|magnitude|size|modulus)|either way|in either direction)"
    r"|z-?(?:scores?|values?) (?:is |are |lies )?(?:beyond|outside)(?: of)? (?:±|\+/-) ?(?P<c>\d+(?:\.\d+)?))"
)  # fmt: skip
_NUMBER = {"two": "2", "three": "3", "four": "4", "one and a half": "1.5"}

# One wording for going and one for staying; of verbs in every form.
_GOING = (
    (r"(?:throw|tak|toss|kick|cut|cast|weed|screen|filter|leav)ing (?:out|away)", "excluding"), (r"(?:throw|take|toss|kick|cut|cast|weed|screen|leave|strip)s? (?:out|away)\b", "exclude"),
    (r"(?:thrown|taken|tossed|kicked|cut|cast|weeded|screened|left|stripped) (?:out|away)\b", "excluded"), (r"(?:got rid of|gotten rid of)", "excluded"),
)  # fmt: skip
_ROWS = r"(?:[a-z]+s|rows?|ones|data|people|women|men|rest)"
_NAMED = "unusual|extreme|abnormal|outlying|anomalous|aberrant|atypical|suspicious|flagged|freak"
_FLAG = r"(?:outliers?|outlying(?: (?!not\b|without\b)[a-z]+)?|flagged(?: [a-z]+)?|extremes?(?: (?:ones?|values?|[a-z]+s))?|those(?: [a-z]+s?)?|these(?: [a-z]+s?)?|them|excluded [a-z]+s?)"
_WITHOUT = re.compile(
    rf"(?i),? ?\b(?:"
    rf"(?:once|after|when|with|as soon as) (?:the |all |all the |any )?{_FLAG}(?: (?:have been|has been|had been|are|is|were|being))? (?:gone|excluded|removed|dropped|discarded|deleted|eliminated)"
    rf"|(?:after|on|upon|by) (?:excluding|removing|dropping|discarding|deleting|eliminating|omitting|the (?:removal|exclusion|omission) of) (?:the |all |all the |any )?{_FLAG}"
    rf"|(?:without|excluding|minus|not counting|leaving aside|less) (?:the |all |all the |any )?{_FLAG}(?: excluded)?|without (?:the |all the )?[a-z]+s(?: that (?:are|were|have been))? excluded"
    rf"|(?:of|for|over|in|among|across|on) (?:all |only )?(?:the |those )?(?P<noun>{_ROWS})(?: (?:that|who|which))? (?:are |is |were |have been )?(?:left(?: over| behind)?|stay(?:s|ed|ing)?(?: in)?|kept|remain(?:s|ing|ed)?|retained|surviv\w+|not (?:excluded|removed|dropped|outlying|outliers|flagged|extreme|an outlier|discarded))(?: in)?"
    rf"|(?:of|for|over|in|among|across|on) (?:the )?(?:remaining|retained|kept|surviving|other|unflagged|non-outlying|leftover|left-over) (?P<noun2>{_ROWS})"
    rf"|(?:that|who|which) (?:are|is) not (?:outlying|outliers?|flagged|extreme|an outlier)"
    rf")\b(?: over| behind)?"
)  # fmt: skip


def going(text: str) -> str:
    """`thrown out`, `taken away`, `left out`: excluded."""
    for pattern, said in _GOING:
        text = re.sub(rf"(?i)\b{pattern}", said, text)
    return text


def ruled(text: str) -> str:
    """The task with its rule for outliers in the words the story reads, and what goes in one word."""
    text = going(text)
    text = _rules(text)
    if "outlier" in text and (named := names(text)):
        text = re.sub(rf"(?i)\b(?:{named}) (?!values? in\b)(?=[a-z])", "outlying ", text)
        text = re.sub(rf"(?i)\b(?:{named}) ones\b|\b(?:{named})(?= every| each| all)", "outliers", text)
    return text


def _rules(text: str) -> str:
    def fences(m: re.Match[str]) -> str:
        factors = {_NUMBER.get(f.lower(), f) for f in (m["k1"], m["k2"], m["k3"], m["k4"], m["k5"]) if f} or {"1.5"}
        return f"is an outlier by the {factors.pop()} IQR rule" if len(factors) == 1 else m.group()

    def sigmas(m: re.Match[str]) -> str:
        k = next(m[g] for g in m.re.groupindex if m[g])
        return f"is an outlier by the z-score rule (|z| > {_NUMBER.get(k.lower(), k)})"

    def scores(m: re.Match[str]) -> str:
        k = m["a"] or m["b"] or m["c"]
        words_ = [m[g].strip() for g in "wvut" if m[g] and m[g].strip().lower() not in ("the", "an", "a", "its", "their", "whose", "where", "have", "has", "with", "having", "absolute", "if", "when", "and", "or", "any", "every")]
        rule = f"is an outlier by the z-score rule (|z| > {_NUMBER.get(k.lower(), k)}){m['p'] or m['q'] or ''}"
        return f"whose {words_[0]} {rule}" if words_ else f"that {rule}"

    return _ZSCORE.sub(scores, _SIGMAS.sub(sigmas, _FENCES.sub(fences, text)))


def names(text: str) -> str:
    """What the task calls its outliers, as a pattern."""
    own = re.findall(r"(?i)\bcall (?:a|an|the|every|each|any) \w+ ([a-z]+) (?:when|if|where|that|whose)\b[^.]*outlier|\b(?:count|treat|regard|consider|mark|label|flag|see)(?:s|ed)? (?:\w+ ){0,3}?as ([a-z]+)(?: (?:if|when|where|every|each|any|all)\b)[^.]*outlier", text)
    return "|".join([_NAMED, *(w for pair in own for w in pair if w)])


def described(text: str, task: str, number: Callable[[str], bool]) -> str:
    """A description in the words in which outliers are looked for; `task` is the whole text, already in its plain words, `number` knows a column's name."""
    text = going(text)
    text = re.sub(r"(?i)\b(?:is|are) (?:gone|out)\b", "are excluded", text)
    if not re.search(r"(?i)outlier|\|z\||iqr|interquartile|z-?score", task):
        return text
    text = _rules(text)
    text = re.sub(rf"(?i)\b(?:{names(task)})\b(?! ones)", "outlying", text)
    text = re.sub(r"(?i)(?:that |whose [a-z_]+ )?(?:is|are|was|were) (?:an )?outlier(?:s)? by the (?:[\d.]+ IQR|z-score) rule(?: \(\|z\| > [\d.]+\))?", "are outliers", text)

    def left(m: re.Match[str]) -> str:
        return f" of the {m['noun'] or m['noun2']} without outliers" if (m["noun"] or m["noun2"]) and number(m["noun"] or m["noun2"]) else " without outliers"

    return _WITHOUT.sub(left, text)
