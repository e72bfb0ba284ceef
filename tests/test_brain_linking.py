"""How the built-in brain finds the columns, values and rows that words mean, on tables made up here."""

from datetime import date, timedelta

import pytest

from shared.analysis.plan import Aggregate, ColumnValue, Derive, Plan, Rank, Unpivot
from tests.test_brain import Ask, asker, filters

LEAVING = ["Resignation", "Retirement", "Death"]


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """120 rows: a club's members, with names such as tables have them."""
    folder = tmp_path_factory.mktemp("members")
    rows = [
        f"{'Kim, Ada' if i == 0 else f'Person {i}, P{i}'},{LEAVING[i % 3]},{i % 2},{'yes' if i % 4 else 'no'},{100 + i * 7},{i * 1.5:.1f},{20 + i % 50},{['0-1', '2-3', '6+'][i % 3]},{['Mon', 'Tue', 'Sat'][i % 3]},{'Ontario' if i % 5 else 'Quebec'}"
        for i in range(120)
    ]
    header = "name,reason,death,horTh,avgexp,tsize,age,strength,day,ctryname"
    (folder / "members.csv").write_text(header + "\n" + "\n".join(f'"{r.split(",")[0]},{r.split(",")[1]}",' + ",".join(r.split(",")[2:]) for r in rows) + "\n")
    return asker(folder / "work", folder / "members.csv")


@pytest.fixture(scope="module")
def flights(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Three carriers in four years: a figure of each for each year, so one row for each pair."""
    folder = tmp_path_factory.mktemp("flights")
    rows = [f"{year},{carrier},{100 + 7 * i * (year - 2000)},{i}" for year in range(2001, 2005) for i, carrier in enumerate(["Blue", "Red", "Green"])]
    (folder / "flights.csv").write_text("year,carrier,output_gwh,flight\n" + "\n".join(rows) + "\n")
    return asker(folder / "work", folder / "flights.csv")


def columns(plan: Plan) -> set[str | None]:
    return {measure.column for step in plan.steps if isinstance(step, Aggregate) for measure in step.measures}


@pytest.mark.parametrize(
    ("question", "column", "value"),
    [
        ("How many members resigned?", "reason", "Resignation"),  # the verb of a value
        ("How many members died?", "death", 1),  # the verb of a column of yes and no
        ("mean age of members who got hormonal therapy", "horTh", "yes"),  # hor + Th
        ("median age of members without hormone therapy", "horTh", "no"),
        ("mean age for strength 2-3", "strength", "2-3"),  # written as in the table
        ("How many members came on Saturday?", "day", "Sat"),
        ("mean age of Ada Kim", "name", "Kim, Ada"),  # the other way round
    ],
)  # fmt: skip
def test_values_in_other_forms(members: Ask, question: str, column: str, value: object) -> None:
    assert filters(members(question)) == {column: [("==", value)]}


@pytest.mark.parametrize(
    ("question", "column"),
    [("average tumour size", "tsize"), ("mean spending", "avgexp"), ("average expenditure of members over 30", "avgexp")],
)
def test_columns_by_what_their_names_are_short_for(members: Ask, question: str, column: str) -> None:
    assert columns(members(question)) == {column}


def test_an_abbreviated_name_groups(members: Ask) -> None:
    (step,) = [s for s in members("mean age per country").steps if isinstance(s, Aggregate)]
    assert step.by == ["ctryname"]


@pytest.mark.parametrize(
    "question",
    [
        "How many of the members exercise?",  # nothing tells
        "How many airlines are there?",  # rows are members, not airlines
        "How many employees does Ada Kim have?",
        "average age of married members",
        "How many women are members?",  # no column tells women from men
        "Do women live longer than men?",
        "average age of the members' children",
    ],
)
def test_what_no_column_tells_is_not_guessed(members: Ask, question: str) -> None:
    plan = members(question)
    assert plan.unanswered and plan.report is None


def test_a_plural_that_is_the_table_counts_rows(flights: Ask) -> None:
    (step,) = [s for s in flights("How many flights are there?").steps if isinstance(s, Aggregate)]
    assert [(m.function, m.column) for m in step.measures] == [("count", None)]  # not the sum of the column flight


@pytest.mark.parametrize(
    "question",
    [
        "Average the output within every carrier; which one comes out on top?",
        "Which carrier has the highest average output?",
        "Of all carriers, whose output has the highest mean?",
    ],
)
def test_the_order_of_words_does_not_matter(flights: Ask, question: str) -> None:
    plan = flights(question)
    assert [(m.function, m.column) for s in plan.steps if isinstance(s, Aggregate) for m in s.measures] == [("mean", "output_gwh")]
    assert [(s.label, s.order) for s in plan.steps if isinstance(s, Rank)] == [(["carrier"], "desc")]


def test_whose_figure_changed_most(flights: Ask) -> None:
    for question, order in (("Which carrier's output grew the most between 2001 and 2004?", "desc"), ("Which carrier's output grew the least from 2001 to 2004?", "asc")):
        plan = flights(question)
        (change,) = [s for s in plan.steps if isinstance(s, Derive)]
        assert change.expression == '"max_output_gwh 2004" - "max_output_gwh 2001"'
        assert [s.order for s in plan.steps if isinstance(s, Rank)] == [order]


def test_when_a_mark_was_first_passed(flights: Ask) -> None:
    plan = flights("In which year did the output of Red first exceed 120?")
    assert filters(plan) == {"carrier": [("==", "Red")], "output_gwh": [(">", 120)]}
    assert [(s.by, s.order) for s in plan.steps if isinstance(s, Rank)] == [("year", "asc")]


def test_two_columns_of_one_owner_are_not_two_answers(members: Ask) -> None:
    assert not any(isinstance(s, Unpivot) for s in members("average age of the expenditure").steps)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Cars on sale, with the short names and codes that tables have."""
    folder = tmp_path_factory.mktemp("shop")
    rows = [f"{'Alpha Beta Gamma'.split()[i % 3]},{20 + i % 7},{60 + i % 5},{('carni', 'herbi', 'omni')[i % 3]},{('yes', 'no')[i % 2]},{'Lyon Nice'.split()[i % 2]},{'Nice Lyon'.split()[i // 2 % 2]},{2000 + i % 4},{i % 9 or ''}" for i in range(72)]
    (folder / "offers.csv").write_text("\n".join(["manufacturer,hwy,unrate,vore,premium,fromcity,tocity,year,owners", *rows]) + "\n")
    return asker(folder / "work", folder / "offers.csv")


@pytest.mark.parametrize(("question", "column"), [("average highway mileage", "hwy"), ("mean unemployment rate", "unrate")])
def test_names_put_in_short(shop: Ask, question: str, column: str) -> None:
    assert [(m.function, m.column) for s in shop(question).steps if isinstance(s, Aggregate) for m in s.measures] == [("mean", column)]


def test_values_put_in_short(shop: Ask) -> None:
    assert filters(shop("average hwy of the carnivores")) == {"vore": [("==", "carni")]}


@pytest.mark.parametrize(
    "question",
    [
        "how many crashes per manufacturer",  # no row is a crash
        "how many miles has each Alpha been driven",  # a number of miles is no number of rows
        "average hwy of Lyon",  # it stands in two columns
        "number of rows in 2015 by manufacturer",  # no such year
        "price range of the 486 offers",
        "What made the unrate of Alpha fall in 2002",
        "which city has the most offers",
    ],
)
def test_what_no_column_can_tell(shop: Ask, question: str) -> None:
    plan = shop(question)
    assert plan.unanswered and not (plan.report and plan.report.outputs)


def test_yes_and_no_said_as_a_sort(shop: Ask) -> None:
    assert filters(shop("how many offers are premium?")) == {"premium": [("==", "yes")]}
    for question in ("average hwy for premium and non-premium offers", "average hwy, premium yes vs no"):
        assert [s.by for s in shop(question).steps if isinstance(s, Aggregate)] == [["premium"]]


def test_complete_rows_and_outliers_are_counted(shop: Ask) -> None:
    assert [s.op for s in shop("How many rows have no missing value in any column?").steps] == ["drop_missing", "aggregate", "report"]
    assert [s.op for s in shop("how many offers are outliers in unrate by the 1.5 IQR rule").steps] == ["outliers", "report"]


def test_brackets_say_what_words_mean(shop: Ask) -> None:
    assert filters(shop("mean hwy of luxury offers (premium = yes)")) == {"premium": [("==", "yes")]}


def test_groups_that_are_large_enough(shop: Ask) -> None:
    plan = shop("average hwy per manufacturer, but only for manufacturers with at least 5 offers")
    assert [s.having is not None for s in plan.steps if isinstance(s, Aggregate)] == [True]


@pytest.fixture(scope="module")
def ballots(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Who was voted for by whom, and how far each voter is from two of the candidates."""
    folder = tmp_path_factory.mktemp("ballots")
    rows = [f"{('Adams', 'Boone', 'Clay')[i % 3]},{i % 2},{i // 2 % 2},{i % 7 + 0.5},{i % 5 + 0.25},{i % 4},{i % 6},{('20-29', '30+')[i % 2]}" for i in range(90)]
    (folder / "ballots.csv").write_text("vote,female,member,adamsdis,boonedis,ncases,ncontrols,agegp\n" + "\n".join(rows) + "\n")
    return asker(folder / "work", folder / "ballots.csv")


@pytest.fixture(scope="module")
def smog(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Ozone at four stations, one column each, on the days of a year."""
    folder = tmp_path_factory.mktemp("smog")
    rows = [f"{date(2021, 1, 1) + timedelta(days=i)},{i % 9 + 0.5},{i % 5 + 1.5},{i % 7 + 0.25},{i % 4 + 2.5}" for i in range(365)]
    (folder / "ozonedata.csv").write_text("date,ad,bo,ri,zg\n" + "\n".join(rows) + "\n")
    return asker(folder / "work", folder / "ozonedata.csv")


@pytest.mark.parametrize(
    ("question", "kept"),
    [
        ("How many people voted for Adams?", {"vote": [("==", "Adams")]}),
        ("mean adamsdis of those who chose Clay", {"vote": [("==", "Clay")]}),
        ("How many voters are women (female = 1)?", {"female": [("==", 1)]}),  # the brackets tell the sex
        ("How many voters were nearer to Adams than to Boone, that is with adamsdis below boonedis?", {"adamsdis": [("<", ColumnValue(column="boonedis"))]}),
    ],
)
def test_what_voters_did(ballots: Ask, question: str, kept: object) -> None:
    assert filters(ballots(question)) == kept


def test_a_voter_is_no_vote_and_a_distance_has_an_owner(ballots: Ask) -> None:
    counted = [m for s in ballots("Number of voters for each agegp").steps if isinstance(s, Aggregate) for m in s.measures]
    assert [(m.function, m.column) for m in counted] == [("count", None)]
    assert columns(ballots("median distance to Boone")) == {"boonedis"}
    assert [s.by for s in ballots("Which candidate got the most votes?").steps if isinstance(s, Aggregate)] == [["vote"]]


def test_columns_of_counts_are_added_up(ballots: Ask) -> None:
    for question, function in [("total number of cases", "sum"), ("How many controls were in the 30+ age group?", "sum"), ("average number of cases", "mean"), ("the largest number of controls in a single row", "max")]:
        assert [m.function for s in ballots(question).steps if isinstance(s, Aggregate) for m in s.measures] == [function], question


def test_the_ratio_of_two_totals_is_that_of_each_group(ballots: Ask) -> None:
    plan = ballots("Which age group has the highest ratio of total cases to total controls?")
    assert [s.expression for s in plan.steps if isinstance(s, Derive)] == ['"sum_ncases" / "sum_ncontrols"']
    assert [(s.label, s.order) for s in plan.steps if isinstance(s, Rank)] == [(["agegp"], "desc")]


@pytest.mark.parametrize("question", ["average adamsdis of the women over 30", "Which state gave Adams the most votes?", "How many people in the agegp 30+ are men?"])
def test_who_and_where_no_column_tells(ballots: Ask, question: str) -> None:
    assert ballots(question).report is None


def test_stations_side_by_side(smog: Ask) -> None:
    assert [s.columns for s in smog("Which station has the highest average ozone over the year?").steps if isinstance(s, Unpivot)] == [["ad", "bo", "ri", "zg"]]
    assert columns(smog("average ozone at station zg")) == {"zg"}
    assert smog("average sulphur at station zg").report is None  # something else was measured
    assert filters(smog("mean of ri on Sundays")) == {"weekday": [("==", 6)]}
    assert [s.by for s in smog("Monthly mean of bo, please.").steps if isinstance(s, Aggregate)] == [["month"]]
