"""Invented tables: many domains, ways to write column names, and types. Each split has domains of its own.

A domain is one line: rows; key; categories with their values; numbers; dates; flags. A schema takes some of its columns, renames
a few with modifiers or made-up words (so that names must be read, not remembered), and writes all in one style.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeVar

from phases.data.plan_text import bare
from phases.data.text import Split
from shared.analysis.profiled import TableProfile

T = TypeVar("T")
Kind = Literal["number", "category", "date", "boolean", "id", "text"]
LISTED = 6  # values of a category that a schema shows
TYPES = {"number": "DOUBLE", "category": "VARCHAR", "date": "DATE", "boolean": "BOOLEAN", "id": "VARCHAR", "text": "VARCHAR"}


@dataclass(frozen=True)
class Column:
    """`words`: what a person calls it. `values`: of a category. `scale`: the order of magnitude of a number."""

    name: str
    kind: Kind
    type: str
    words: str
    values: tuple[str, ...] = ()
    scale: int = 100


@dataclass(frozen=True)
class Schema:
    rows: str  # what its rows are called, in the plural
    columns: tuple[Column, ...]

    def of(self, kind: Kind) -> list[Column]:
        return [column for column in self.columns if column.kind == kind]

    @property
    def types(self) -> dict[str, str]:
        """Column → DuckDB type, as `shared.analysis.check` wants it."""
        return {column.name: column.type for column in self.columns}

    @property
    def text(self) -> str:
        """One line for the rows' name, then one a column: its name as a plan writes it, and its values or its kind."""
        return "\n".join([bare(self.rows), *(_line(c.name, c.kind, c.type, c.values) for c in self.columns)])


def _line(name: str, kind: str, type: str, values: tuple[str, ...]) -> str:
    if kind == "category" and values:
        return f"{bare(name)} {'|'.join(map(bare, values))}"
    return f"{bare(name)} {'integer' if kind == 'number' and type == 'BIGINT' else kind}"


def profile_text(table: TableProfile) -> str:
    """The schema text of a real table, so that what was learnt on invented ones is asked in the same way."""
    lines = [bare(table.name)]
    for column in table.columns:
        values = tuple(str(value) for value, _ in column.top[:LISTED]) if column.type == "VARCHAR" else ()
        kind = {"constant": "category", "empty": "text"}.get(column.kind, column.kind)
        lines.append(_line(column.name, kind, column.type, values))
    return "\n".join(lines)


def schema(rng: random.Random, split: Split = "train") -> Schema:
    """A table of 2 to 15 columns, mostly 3 to 7, from the split's domains."""
    rows, key, categories, numbers, dates, flags = rng.choice(_domains(split))
    style = rng.choice(_STYLES)
    chosen: list[tuple[str, Kind, tuple[str, ...]]] = []
    wide = rng.random() < 0.1
    chosen += [(words, "number", ()) for words in _some(rng, numbers, (4, 5, 6) if wide else (1, 2, 2, 3))]
    chosen += [(words, "category", values) for words, values in _some(rng, categories, (2, 3, 4) if wide else (1, 1, 2))]
    chosen += [(words, "date", ()) for words in _some(rng, dates, (1, 2) if wide else (0, 1))]
    chosen += [(words, "boolean", ()) for words in _some(rng, flags, (1, 2) if wide else (0, 0, 1))]
    rng.shuffle(chosen)
    chosen = [(key, "id", ()), *chosen] if rng.random() < 0.5 else chosen
    columns: list[Column] = []
    taken = {"rows", "n"}
    for words, kind, values in chosen:
        words = _renamed(rng, words, kind)
        name = style(words)
        if name.lower() in taken:
            continue
        taken.add(name.lower())
        type = (
            "TIMESTAMP"
            if kind == "date" and rng.random() < 0.2
            else "BIGINT"
            if kind == "number" and rng.random() < 0.4
            else TYPES[kind]
        )
        shown = tuple(_some(rng, list(values), (2, 3, 3, 4, LISTED)))
        columns.append(Column(name, kind, type, words, shown, rng.choice((10, 100, 100, 1000))))
    return Schema(rows, tuple(columns))


def _some(rng: random.Random, pool: list[T], counts: tuple[int, ...]) -> list[T]:
    return rng.sample(pool, min(len(pool), rng.choice(counts)))


def _renamed(rng: random.Random, words: str, kind: Kind) -> str:
    chance = rng.random()
    if kind == "number" and chance < 0.15:
        return f"{rng.choice(_MODIFIERS)} {words}"
    if chance < 0.3 and kind != "id":
        made = "".join(rng.choice(_SYLLABLES) for _ in range(rng.randint(2, 3)))
        return made if chance < 0.22 else f"{made} {words.split()[-1]}"
    return words


def _camel(words: str) -> str:
    first, *rest = words.split()
    return first + "".join(word.capitalize() for word in rest)


_STYLES: list[Callable[[str], str]] = [
    *[lambda words: words.replace(" ", "_")] * 4,
    _camel,
    lambda words: "_".join(word.capitalize() for word in words.split()),
    lambda words: " ".join(word.capitalize() for word in words.split()),
    lambda words: words,
    lambda words: words.replace(" ", "_").upper(),
    lambda words: "".join(word.capitalize() for word in words.split()),
]
_MODIFIERS = [
    "total",
    "net",
    "gross",
    "initial",
    "final",
    "previous",
    "expected",
    "actual",
    "adjusted",
    "daily",
    "weekly",
    "relative",
]
_SYLLABLES = ["ba", "cor", "dil", "fen", "gu", "hov", "jin", "kel", "lo", "mar", "nit", "pra", "qua", "rus", "sto", "tev", "ul", "vim", "wex", "yot", "zan"]  # fmt: skip

_Domain = tuple[str, str, list[tuple[str, tuple[str, ...]]], list[str], list[str], list[str]]


@cache
def _domains(split: Split) -> list[_Domain]:
    found: list[_Domain] = []
    for line in _LINES[split].strip().splitlines():
        rows, key, categories, numbers, dates, flags = (part.strip() for part in line.split(";"))
        listed = [
            (name.strip(), tuple(values.split("|"))) for name, values in (part.split("=") for part in categories.split(","))
        ]
        named = [[word.strip() for word in part.split(",") if word.strip()] for part in (numbers, dates, flags)]
        found.append((rows, key, listed, named[0], named[1], named[2]))
    return found


_LINES: dict[Split, str] = {
    "train": """
orders; order id; region=north|south|east|west|central, status=open|shipped|returned|cancelled, channel=web|store|phone, payment=card|cash|transfer; quantity, unit price, discount, shipping cost, weight; order date, ship date; express, gift
patients; patient id; sex=female|male, ward=surgery|cardiology|oncology|pediatrics, blood type=A|B|AB|O, treatment=drug|placebo|none; age, weight, heart rate, blood pressure, cholesterol, stay; admission date, discharge date; smoker, insured
employees; employee; department=sales|finance|legal|research|support, level=junior|senior|lead|director, office=Berlin|Paris|Madrid|Rome, contract=permanent|temporary; salary, bonus, age, tenure, overtime hours, training days; hire date, review date; remote, manager
students; student; school=Hill|Lake|River|Park, grade=first|second|third|fourth, gender=girl|boy, lunch=standard|reduced|free; math score, reading score, writing score, absences, study hours; enrolment date; tutored, boarding
flights; flight number; airline=Delta|United|Alaska|Spirit, origin=Boston|Denver|Dallas|Miami|Seattle, destination=Austin|Chicago|Phoenix|Tampa, cabin=economy|business|first; delay, distance, passengers, fuel, ticket price; departure date, arrival date; cancelled, international
houses; address; city=Leeds|York|Bath|Hull, type=flat|terrace|detached|bungalow, heating=gas|electric|oil, condition=new|good|poor; price, area, bedrooms, bathrooms, year built, lot size; sale date, listing date; garage, garden
cars; model; maker=Ford|Toyota|Fiat|Honda|Volvo, fuel type=petrol|diesel|electric|hybrid, body=sedan|wagon|coupe|truck, gearbox=manual|automatic; horsepower, mileage, engine size, price, doors, top speed; registration date; leased, accident free
movies; title; genre=drama|comedy|horror|action|romance, studio=Orion|Lumen|Apex, rating=G|PG|R, language=English|French|Hindi|Korean; budget, revenue, runtime, score, votes; release date; sequel, animated
customers; customer id; segment=consumer|corporate|small business, country=Spain|Italy|France|Poland|Norway, plan=free|basic|premium, source=ad|referral|search; age, income, visits, spending, tickets, satisfaction; signup date, last login; active, subscribed
weather; station; city=Oslo|Lima|Cairo|Tokyo|Perth, season=spring|summer|autumn|winter, sky=clear|cloudy|rain|snow; temperature, humidity, wind speed, pressure, rainfall, visibility; date, sunrise; frost, storm
trips; trip id; zone=harbour|airport|centre|suburb, vehicle=bike|scooter|van, pass=single|monthly|annual, weekday=Monday|Friday|Sunday; duration, distance, fare, tip, tolls; start time, end time; rush hour, shared
matches; match; team=Reds|Blues|Lions|Hawks, opponent=Tigers|Bears|Sharks, venue=home|away|neutral, result=win|draw|loss; goals, shots, passes, fouls, attendance, possession; match date; televised, overtime
machines; machine id; line=alpha|beta|gamma, shift=day|night|late, fault=none|motor|sensor|belt, vendor=Acme|Bolt|Core; output, downtime, vibration, power, oil temperature, defects; inspection date, install date; certified, idle
farms; plot; crop=wheat|maize|barley|rye, soil=clay|sand|loam, fertilizer=none|organic|mineral, county=Kent|Devon|Essex; yield, area, moisture, acidity, rainfall, cost; sowing date, harvest date; irrigated, fallow
loans; loan id; purpose=home|car|study|business, state=Ohio|Texas|Maine|Utah, status=paid|late|default, type=fixed|variable; amount, interest rate, term, income, credit score, balance; issue date, due date; secured, joint
articles; headline; section=politics|sports|science|culture, author=Ames|Bell|Cruz|Dunn, edition=print|online, tone=neutral|positive|negative; words, views, shares, comments, images; published, updated; paywalled, breaking
penguins; tag; species=Adelie|Gentoo|Chinstrap, island=Dream|Biscoe|Torgersen, sex=female|male; bill length, bill depth, flipper length, body mass, eggs; capture date; banded, juvenile
tickets; ticket id; priority=low|medium|high|urgent, team=billing|network|hardware, status=open|pending|closed, product=phone|tablet|laptop; response time, resolution time, replies, reopened, rating; created, closed; escalated, refunded
wines; label; grape=Merlot|Syrah|Riesling|Malbec, country=Chile|France|Spain, colour=red|white|rose, producer=Alto|Brava|Cima; alcohol, acidity, sugar, quality, price, sulphates; bottling date; organic, oaked
countries; country; continent=Africa|Asia|Europe|Oceania, government=republic|monarchy|federation, income group=low|middle|high; population, area, gdp, life expectancy, fertility, literacy; independence date; landlocked, island
surveys; respondent; answer=agree|neutral|disagree, region=urban|rural|coastal, education=primary|secondary|university, occupation=worker|retired|student; age, household size, income, trust score, hours online; survey date; married, employed
experiments; sample id; group=control|treated, batch=b1|b2|b3, operator=Kim|Lee|Roy, medium=agar|broth; dose, response, baseline, concentration, ph, count; run date; valid, repeated
""",
    "search": """
hotels; booking; room=single|double|suite, board=breakfast|half board|all inclusive, agent=Globe|Nomad|Voya, market=leisure|corporate groups|events; nights, nightly rate, guests, lead days, extras; check in, check out; prepaid, no show
shipments; container; port=Antwerp|Genoa|Busan|Santos, carrier=Maersk|Hapag|Evergreen, cargo=grain|steel|timber|toys, risk=minor|severe; tonnage, freight charge, transit days, damage claims, customs duty; loaded on, landed on; hazardous, chilled
songs; track; artist=Vela|Morrow|Tindra, mood=calm|happy|dark, key=major|minor, release type=album|single release|live; tempo, loudness, plays, seconds, danceability; premiered; explicit, remastered
gyms; membership; club=Eastside|Riverside|Uptown, tier=bronze|silver|gold, coach=Ivo|Mina|Petra; workouts, calories, body fat, fee, locker rent; joined, renewed; frozen, student rate
""",
    "gate": """
libraries; barcode; branch=Main Hall|Westgate|Harbourside, format=hardback|paperback|audio, subject=history|poetry|law|travel; pages, checkouts, copies, late fines, waiting list; acquired, last borrowed; reserved, damaged
volcanoes; peak; rock=basalt|andesite|dacite, belt=Andes|Aleutians|Sunda, alert=green|yellow|orange; elevation, eruptions, crater width, gas flux, ash volume; last eruption, surveyed; dormant, monitored
recipes; dish; cuisine=Thai|Greek|Peruvian|Turkish, course=starter|main dish|dessert, diet=vegan|keto|none; minutes, servings, protein, sodium, fibre, likes; posted; spicy, gluten free
auctions; lot; category=coins|stamps|prints|clocks, house=Argyle|Bonham|Dorot, bidder=private|dealer|museum; hammer price, estimate, bids, premium, age in years; auctioned, consigned; withdrawn, signed
""",
    "report": """
bridges; bridge code; material=concrete|iron|stone|wood, river=Elbe|Loire|Tagus, design=arch|truss|cable stayed; span, load limit, traffic, deck width, repairs; opened, inspected; tolled, heritage
podcasts; episode; host=Nadia|Oren|Sunil, topic=money|health|crime|space, network=Wavelength|Parlor|Echo; downloads, ad income, completion, chapters, audio length; aired, recorded; sponsored, bonus episode
reefs; transect; habitat=lagoon|slope|crest, ocean=Pacific|Indian|Atlantic, diver=Akua|Bente|Chiara; coral cover, fish density, depth, bleaching, salinity, turbidity; dived, reported; protected, fished
turbines; turbine; park=Nordsee|Vestas Hill|Gale Point, maker=Enercon|Siemens|Goldwind, state=running|curtailed|stopped; rotor diameter, gust, energy, blade pitch, noise, outages; commissioned, serviced; offshore, geared
""",
}  # fmt: skip
