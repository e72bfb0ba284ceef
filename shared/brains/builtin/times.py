"""Years, months, quarters, dates and spans of them in a question, where the table has time."""

import re
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from shared.analysis.plan import All, Compare, Condition
from shared.brains.builtin import words
from shared.brains.builtin.logic import columns_of
from shared.brains.builtin.scene import Scene, alternatives, rx

if TYPE_CHECKING:
    from shared.brains.builtin.link import Linker

MONTH = alternatives([*words.MONTH_NUMBER])


def mark_time(text: str, scene: Scene, linker: "Linker") -> str:
    """Years, months, quarters and dates become `⟨Y…⟩` (a point) or `⟨R…⟩` (a span), where the table has time."""
    has_dates, has_years = bool(linker.dates), bool(linker.years)

    first_year, last_year = 9999, 0
    if has_dates or has_years:
        low, high = time_range(linker)
        first_year, last_year = low.year, high.year

    def number(mark: str | None) -> int | None:
        value = scene.get(mark) if mark else None
        return value if isinstance(value, int) else None

    def year_like(mark: str) -> bool:
        value = number(mark)
        return value is not None and 1500 <= value <= 2200 and first_year - 1 <= value <= last_year + 1

    def point(source: str, condition: Condition, label: str) -> str:
        return scene.mark("Y", (condition, label), source)

    def iso(m: re.Match[str]) -> str:
        return point(m.group(), _on(linker, date(int(m[1]), int(m[2]), int(m[3]))), m.group())

    if has_dates:
        # ISO and written dates: the numbers are marks by now, so they are read from the marks
        def dmy(m: re.Match[str]) -> str:
            day, year = number(m["d"]), number(m["y"]) if "y" in m.groupdict() and m["y"] else None
            month = words.MONTH_NUMBER[m["m"]]
            if day is None or not 1 <= day <= 31:
                return m.group()
            if year is None:
                found = _years_of(linker)
                if len(found) != 1:
                    return m.group()
                year = found[0]
            return point(m.group(), _on(linker, date(year, month, day)), f"{year}-{month:02}-{day:02}")

        text = rx(rf"(?<!\w)(?P<d>⟨N\d+⟩)(?:st|nd|rd|th)?(?: of)? (?P<m>{MONTH})\b(?: ,)?(?: (?P<y>⟨N\d+⟩))?").sub(dmy, text)
        text = rx(rf"(?<!\w)(?P<m>{MONTH}) (?P<d>⟨N\d+⟩)(?:st|nd|rd|th)?(?: ,)? (?P<y>⟨N\d+⟩)").sub(dmy, text)
        text = rx(r"(?P<y>⟨N\d+⟩) - (?P<m>⟨N\d+⟩) - (?P<d>⟨N\d+⟩)").sub(
            lambda m: point(m.group(), _on(linker, date(number(m["y"]) or 1, number(m["m"]) or 1, number(m["d"]) or 1)),
                            f"{number(m['y'])}-{number(m['m']):02}-{number(m['d']):02}") if year_like(m["y"]) else m.group(), text)  # fmt: skip

    def month_year(m: re.Match[str]) -> str:
        year = number(m["y"])
        if not year_like(m["y"]) or year is None:
            return m.group()
        month = words.MONTH_NUMBER[m["m"]]
        if has_dates:
            return point(m.group(), _span(linker, date(year, month, 1), _after_month(year, month)), f"{m['m']} {year}")
        column = _column(linker, "month")
        return point(m.group(), All(all=[_year(linker, year), Compare(column=column, op="==", value=month)]), f"{m['m']} {year}") if column else m.group()

    text = rx(rf"(?<!\w)(?P<m>{MONTH})(?: of)?(?: ,)? (?P<y>⟨N\d+⟩)").sub(month_year, text)

    def quarter_number(words_: str) -> int | None:
        if m := re.search(r"q([1-4])", words_):
            return int(m[1])
        return next((words.ORDINALS[w] for w in words_.split() if w in words.ORDINALS), None)

    def quarter(m: re.Match[str]) -> str:
        quarter = quarter_number(m["q"])
        year = number(m["y"]) if m["y"] else None
        if quarter is None or quarter > 4 or (m["y"] and not year_like(m["y"])):
            return m.group()
        column = _column(linker, "quarter")
        if column is None:
            return m.group()
        is_quarter = Compare(column=column, op="==", value=quarter)
        if year is None:
            return point(m.group(), is_quarter, f"quarter {quarter}")
        return point(m.group(), All(all=[_year(linker, year), is_quarter]), f"{year} Q{quarter}")

    if _column(linker, "quarter"):
        text = re.sub(r"⟨C\d+⟩|⟨F\d+⟩", lambda m: f"q{scene.words[m.group()][1]}" if re.fullmatch(r"q[1-4]", scene.words.get(m.group(), "")) else m.group(), text)
        name = r"(?:first|second|third|fourth|1st|2nd|3rd|4th) (?:quarter|⟨C\d+⟩)|q[1-4]"
        text = rx(r"(?P<y>⟨N\d+⟩) (?P<q>q[1-4])\b").sub(lambda m: quarter(m) if year_like(m["y"]) else m.group(), text)
        text = rx(rf"(?<!\w)(?P<q>{name})(?: of| in)?(?: the year)?(?: (?P<y>⟨N\d+⟩))?").sub(
            lambda m: quarter(m) if _names_quarter(m["q"], scene) else m.group(), text)  # fmt: skip

    # years, alone or as spans
    if has_dates or has_years:
        text = rx(r"(?P<a>⟨N\d+⟩) ?(?:'s|s)\b").sub(lambda m: _decade(m, scene, linker, year_like), text)

        def year(m: re.Match[str]) -> str:
            value = number(m.group())
            if not year_like(m.group()) or value is None:
                return m.group()
            return point(scene.words[m.group()], _year(linker, value), str(value))

        text = rx(r"⟨N\d+⟩(?! (?:%|lbs|pounds?|kg|dollars))").sub(lambda m: year(m) if _stands_alone(text, m) else m.group(), text)
    if has_dates or _column(linker, "month"):
        column = _column(linker, "month")
        if column:
            def month(m: re.Match[str]) -> str:
                numbers = [words.MONTH_NUMBER[w] for w in re.findall(MONTH, m.group())]
                value: Condition = Compare(column=column or "", op="==", value=numbers[0]) if len(numbers) == 1 else Compare(column=column or "", op="in", value=list(numbers))
                return point(m.group(), value, m.group())

            names = alternatives([m for m in words.MONTH_NUMBER if m not in ("may", "mar", "march", "dec", "sep", "jan", "jun", "jul", "feb", "apr", "aug", "oct", "nov")])
            listed = rf"(?:(?:{MONTH})(?: ,| and| or| , and| &) )*(?:{MONTH})\b"
            text = re.sub(rf"(?<![\w-])(?:(?<=in )|(?<=of )|(?<=for )|(?<=during )|(?<=every )|(?<=months ))(?:the months? of )?{listed}", month, text)
            text = re.sub(rf"(?<![\w-])(?:{names}(?: ,| and| or| , and) )*{names}\b", month, text)
    if has_dates and (weekday := _column(linker, "weekday")) and weekday in linker.virtual:
        def weekdays(m: re.Match[str]) -> str:
            said = m["day"]
            days = [words.WEEKDAYS.index(said)] if said in words.WEEKDAYS else [5, 6] if said == "weekend" else [0, 1, 2, 3, 4]
            return point(m.group(), Compare(column=weekday or "", op="==", value=days[0]) if len(days) == 1 else Compare(column=weekday or "", op="in", value=list(days)), m.group())

        text = re.sub(rf"\b(?:(?:on|at|during) )(?:an? |the |any )?(?P<day>{'|'.join(words.WEEKDAYS)}|weekend|weekday(?=s)|working day(?=s))s?\b", weekdays, text)
    # "the year 1992", "the four quarters of 1960", "years before 1984": the unit adds nothing
    text = rx(r"(?<!each )(?<!every )(?<!per )(?<!by )(?<!which )(?<!what )(?:(?:all |the |over |⟨N\d+⟩ )*)(?P<c>⟨C\d+⟩)(?: of| in)? (?P<next>(?:after |before |since |from |until )?⟨Y\d+⟩)").sub(
        lambda m: m["next"] if _is_unit(scene.words.get(m["c"], "")) else m.group(), text)  # fmt: skip
    text = rx(r"(?P<y>⟨Y\d+⟩) (?P<c>⟨C\d+⟩)").sub(lambda m: m["y"] if _is_unit(scene.words.get(m["c"], "")) else m.group(), text)
    text = rx(r"(?P<y>⟨Y\d+⟩) (?P<noun>[a-z]+)\b").sub(lambda m: m["y"] if m["noun"] in ("season", "model", "models", "figure", "figures", "value", "values") or m["noun"] in words.ENTITIES or m["noun"] in words.ROW_NOUNS or m["noun"] in linker.nouns else m.group(), text)
    # spans
    two = r"(?P<a>⟨Y\d+⟩)(?: \(? ?(?:included|inclusive) ?\)?)?"
    text = rx(rf"(?:between|from) (?:the )?{two} (?:and|to|through|until|till|up to|-) (?:the )?(?P<b>⟨Y\d+⟩)(?: inclusive| \( inclusive \)| \( both included \))?").sub(lambda m: _between(m, scene), text)
    text = rx(rf"{two} (?:to|through|until|-) (?P<b>⟨Y\d+⟩)(?: inclusive| \( inclusive \))?").sub(lambda m: _between(m, scene), text)
    text = rx(r"(?P<how>later than|earlier than|since|after|before|until|up to|from|starting in|starting with|prior to|following|as of|by)(?: the)?(?: start of| end of| beginning of| year| the year)* (?P<a>⟨Y\d+⟩)"
              r"(?P<tail> onwards?| on| and later| or later| included| \( ⟨Y\d+⟩ included \))?").sub(lambda m: _half_open(m, scene), text)  # fmt: skip
    text = rx(r"{C:c}(?: (?:is|was|are|were|falls?|lies?|that|being|on))* (?P<r>⟨[RY]\d+⟩)").sub(lambda m: m["r"] if scene.get(m["c"]) in linker.dates and _tells(scene.get(m["r"])[0], scene.get(m["c"])) else m.group(), text)
    text = rx(r"(?P<a>⟨Y\d+⟩)(?P<how> or later| and later| onwards?| and after| or earlier| and earlier| or before)").sub(lambda m: _half_open(m, scene), text)
    return text


def _tells(condition: Condition | None, column: str) -> bool:
    return condition is not None and set(columns_of(condition)) == {column}


def _is_unit(word: str) -> bool:
    return re.sub(r"s$", "", word) in ("year", "month", "quarter", "day", "date", "week", "decade", "calendar month", "calendar year", "season", "model year")


def _names_quarter(phrase: str, scene: Scene) -> bool:
    mark = re.search(r"⟨C\d+⟩", phrase)
    return mark is None or scene.words.get(mark.group(), "").startswith("quarter")


def _stands_alone(text: str, m: re.Match[str]) -> bool:
    before = text[: m.start()].rstrip()
    return not re.search(rf"(?:{alternatives(words.MORE + words.LESS + words.AT_LEAST + words.AT_MOST)}|\b(?:all|of|the) {len(before)}|seed|state|random_state =|[$€£=<>])$", before) or \
        bool(re.search(r"(?:later than|earlier than|year (?:over|above|below|under))$", before))  # fmt: skip


def _column(linker: "Linker", unit: str) -> str | None:
    hit = linker.exact.get((unit,))
    return hit[0] if hit and linker.kind_of(hit[0]) == "number" else None


def _years_of(linker: "Linker") -> list[int]:
    low, high = time_range(linker)
    return list(range(low.year, high.year + 1))


def time_range(linker: "Linker") -> tuple[date, date]:
    if linker.dates:
        column = linker.columns[linker.dates[0]]
        return date.fromisoformat(str(column.min)[:10]), date.fromisoformat(str(column.max)[:10])
    column = linker.columns[linker.years[0]]
    return date(int(column.min or 1), 1, 1), date(int(column.max or 1), 12, 31)


def _year(linker: "Linker", value: int) -> Condition:
    if linker.years:
        return Compare(column=linker.years[0], op="==", value=value)
    return _span(linker, date(value, 1, 1), date(value + 1, 1, 1))


def _span(linker: "Linker", start: date, end: date) -> Condition:
    column = linker.dates[0]
    return All(all=[Compare(column=column, op=">=", value=start.isoformat()), Compare(column=column, op="<", value=end.isoformat())])


def _on(linker: "Linker", day: date) -> Condition:
    if linker.columns[linker.dates[0]].type == "TIMESTAMP":
        return _span(linker, day, day + timedelta(days=1))
    return Compare(column=linker.dates[0], op="==", value=day.isoformat())


def _after_month(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1)


def _decade(m: re.Match[str], scene: Scene, linker: "Linker", year_like: Any) -> str:
    if not year_like(m["a"]):
        return m.group()
    start = int(scene.get(m["a"]))
    if linker.years:
        low: Condition = All(all=[Compare(column=linker.years[0], op=">=", value=start), Compare(column=linker.years[0], op="<", value=start + 10)])
    else:
        low = _span(linker, date(start, 1, 1), date(start + 10, 1, 1))
    return scene.mark("Y", (low, f"{start}s"), m.group())


def _bounds(condition: Condition) -> tuple[list[Compare], list[Compare]]:
    """The lower and upper ends of a point in time."""
    parts = condition.all if isinstance(condition, All) else [condition]
    flat = [p for p in parts if isinstance(p, Compare)]
    lower = [p for p in flat if p.op in (">=", "==")]
    upper = [p for p in flat if p.op in ("<", "==")]
    return lower, upper


def _between(m: re.Match[str], scene: Scene) -> str:
    first, last = scene.get(m["a"]), scene.get(m["b"])
    lower, upper = _bounds(first[0])[0], _bounds(last[0])[1]
    whole: Condition | None = None
    if len(lower) == 1 and len(upper) == 1:
        top = upper[0]
        whole = All(all=[lower[0].model_copy(update={"op": ">="}), top if top.op == "<" else top.model_copy(update={"op": "<="})])
    return scene.mark("R", (whole, first, last), m.group())


def _half_open(m: re.Match[str], scene: Scene) -> str:
    condition = scene.get(m["a"])[0]
    how = m["how"].strip()
    lower, upper = _bounds(condition)
    if len(lower) != 1 or len(upper) != 1:
        return m.group()
    tail = (m["tail"] or "") if "tail" in m.groupdict() else ""
    low, high = lower[0], upper[0]
    point = low.op == "=="
    if how in ("since", "from", "starting in", "starting with", "as of", "or later", "and later", "onward", "onwards", "and after") or (how == "after" and "included" in tail):
        made = low.model_copy(update={"op": ">="})
    elif how in ("after", "following", "later than"):
        made = low.model_copy(update={"op": ">"}) if point else high.model_copy(update={"op": ">="})
    elif how in ("before", "prior to", "earlier than"):
        made = low.model_copy(update={"op": "<"})
    else:  # until, up to, by, or earlier: the point itself is inside
        made = high.model_copy(update={"op": "<="}) if point else high
    return scene.mark("R", (made, None, None), m.group())
