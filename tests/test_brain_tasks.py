"""Tasks in several sentences with named outputs: what is ordered is carried out, and what was not leaves nothing answered."""

import random
from collections.abc import Callable
from functools import cache
from typing import TypeVar

import pytest

from shared.analysis.check import check
from shared.analysis.plan import (
    Calculate,
    ColumnValue,
    Compare,
    Decide,
    Derive,
    DropDuplicates,
    Filter,
    FitModel,
    Impute,
    Plan,
    Test,
)
from shared.analysis.profile import distinct_values, profile
from shared.analysis.snapshot import take_snapshot
from shared.brains.builtin import make_plan
from shared.brains.builtin.wording import labelled, plain

Ask = Callable[..., Plan]
T = TypeVar("T")


@pytest.fixture(scope="module")
def boats(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    folder = tmp_path_factory.mktemp("boats")
    draw = random.Random(3)
    rows = [f"{draw.choice(['I', 'II', 'IF'])},{draw.choice(['north', 'south'])},{draw.uniform(4, 20):.2f},{draw.uniform(1, 9):.2f},{draw.uniform(1, 5):.2f},{draw.choice(['', 3, 5, 8])}" for _ in range(120)]
    (folder / "boats.csv").write_text("\n".join(["grade,harbour,length,bodywt,sailwt,crew", *rows]))
    snapshot = take_snapshot([folder / "boats.csv"], folder)
    found = profile(snapshot, folder)

    @cache
    def values(table: str, column: str) -> list[str] | None:
        return distinct_values(snapshot, folder, table, column)

    def ask(goal: str, **outputs: str) -> Plan:
        plan = make_plan(goal, outputs, found, values, ["boats.csv"])
        check(plan, {t.name: {c.name: c.type for c in t.columns} for t in snapshot.tables})
        return plan

    return ask


def refs(plan: Plan) -> dict[str, str]:
    return {o.name: o.ref for o in plan.report.outputs} if plan.report else {}


def first(plan: Plan, kind: type[T]) -> T:
    return next(s for s in plan.steps if isinstance(s, kind))


@pytest.mark.parametrize("formula, expression", [
    ("hull = 1 / (0.4 / length + 0.6 / bodywt)", '1 / ( 0.4 / "length" + 0.6 / "bodywt" )'),
    ("power = 10 ** (1.5 * bodywt + 2)", '10 ^ ( 1.5 * "bodywt" + 2 )'),
])  # fmt: skip
def test_an_equation_is_read_whole(boats: Ask, formula: str, expression: str) -> None:
    plan = boats(f"Add a column {formula}. Report its mean.", mean_new=f"mean {formula.split()[0]}")
    assert first(plan, Derive).expression == expression


def test_an_equation_with_an_unknown_part_leaves_nothing_answered(boats: Ask) -> None:
    assert not refs(boats("Add a column drag = length * 2 / flow. Report its mean.", mean_drag="mean drag"))


def test_rows_that_must_go_are_dropped_whoever_says_so(boats: Ask) -> None:
    plan = boats("Report the mean length. Boats with a bodywt below 2 must be excluded before computing it.", mean_length="mean length")
    assert "bodywt" in first(plan, Filter).model_dump_json()


@pytest.mark.parametrize("scope", [
    "For this task only look at boats from the north harbour. Give the mean length.", "In everything that follows, keep only boats in harbour north. Give the mean length.", "Among the boats in harbour north, give the mean length.",
])  # fmt: skip
def test_a_scope_said_in_passing_holds_for_the_whole_task(boats: Ask, scope: str) -> None:
    assert first(boats(scope, m="mean length"), Filter).where == Compare(column="harbour", op="==", value="north")


def test_a_fit_over_some_rows_only(boats: Ask) -> None:
    plan = boats("Fit a least squares line of length on bodywt using the boats in harbour south only. Report the slope and how many boats were used.", slope="slope", n="boats used in the fit")
    fit = first(plan, FitModel)
    assert fit.table == first(plan, Filter).id and refs(plan)["n"] == f"{fit.id}:/n"


def test_all_rows_are_those_before_the_outliers_went(boats: Ask) -> None:
    plan = boats("Find outliers of length by the 1.5 IQR rule and remove them. Give the mean bodywt with and without them.", with_="mean bodywt, all boats", without="mean bodywt, outliers removed")
    tables = {s.id: s.table for s in plan.steps}
    assert tables[refs(plan)["with_"].split(":")[0]] == "data" != tables[refs(plan)["without"].split(":")[0]]


def test_a_percentage_is_relative_to_the_stated_base(boats: Ask) -> None:
    plan = boats("How much longer are IF boats than I boats, in percent? Use the mean of the I boats as the base.",
                 mean_if="mean length of grade IF", mean_i="mean length of grade I", pct="difference in percent of the I mean")  # fmt: skip
    assert first(plan, Calculate).values["a"] == refs(plan)["mean_i"]


def test_a_verdict_by_two_things_at_once(boats: Ask) -> None:
    plan = boats("Compute the Pearson correlation of length and bodywt. Say 'up' if p < 0.05 and r > 0, 'down' if p < 0.05 and r < 0, and 'none' in all other cases.",
                 r="Pearson correlation", verdict="up, down or none")  # fmt: skip
    decide = first(plan, Decide)
    assert [[(p.ref.split("/")[-1], p.op) for p in rule.when] for rule in decide.rules] == [[("p_value", "<"), ("r", ">")], [("p_value", "<"), ("r", "<")]]
    assert decide.otherwise == "none"


def test_a_test_of_shape_on_a_column_and_again_on_its_logarithm(boats: Ask) -> None:
    plan = boats("Run a Shapiro-Wilk test on length, first on the raw values and then on their natural logarithm. Report both W statistics.", w_raw="W statistic of the raw length", w_log="W statistic of the log of length")
    assert [s.column for s in plan.steps if isinstance(s, Test)] == ["length", "log length"]


def test_duplicate_rows_are_removed_whole(boats: Ask) -> None:
    plan = boats("The table contains duplicate rows. Remove them and report the number of rows removed and the mean length before and after.", n="rows removed", before="mean length before", after="mean length after")
    drop = first(plan, DropDuplicates)
    tables = {s.id: s.table for s in plan.steps}
    assert drop.columns is None and tables[refs(plan)["before"].split(":")[0]] == "data" and tables[refs(plan)["after"].split(":")[0]] == drop.id


def test_the_pronoun_is_no_grade(boats: Ask) -> None:
    plan = boats("I sort my boats: 'short' under 8 length, 'long' from 8 length upwards. Can you tell me the mean bodywt of each?", short="mean bodywt of short boats", long="mean bodywt of long boats")
    assert len(refs(plan)) == 2 and "grade" not in plan.model_dump_json(include={"steps"})


def test_rows_that_stand_for_many_are_not_counted_as_one(boats: Ask) -> None:
    assert not refs(boats("Each row stands for crew persons. What percentage of them is in harbour north?", pct="percentage in harbour north"))


def test_descriptions_take_their_labels_from_the_task() -> None:
    assert labelled("yes or no", "Answer 'yes' if p < 0.05, otherwise 'no'.") == "'yes' or 'no'"
    assert labelled("rows that say yes", "Answer 'yes' if p < 0.05, otherwise 'no'.") == "rows that say yes"


def test_letters_that_number_what_is_asked_are_no_values() -> None:
    assert plain("Then give (a) the mean and (b) the median.") == "Then give the mean and the median."


@pytest.mark.parametrize("rule, kept", [
    ("Recode grade: 'I' and 'II' become 'old', 'IF' becomes 'new'.", {"old": ("in", ["I", "II"]), "new": ("==", "IF")}),
    ("Label every boat 'old' if bodywt is greater than sailwt, 'new' if it is smaller and 'even' if they are equal.", {"old": (">", ColumnValue(column="sailwt")), "new": ("<", ColumnValue(column="sailwt"))}),
])  # fmt: skip
def test_labels_by_listed_values_and_by_two_columns(boats: Ask, rule: str, kept: dict[str, object]) -> None:
    plan = boats(f"{rule} Count the boats with each label.", n_old="boats labelled old", n_new="boats labelled new")
    cases = {c.then: c.when for c in first(plan, Derive).cases or []}
    assert len(refs(plan)) == 2
    assert {name: (cases[name].op, cases[name].value) for name in kept} == kept  # type: ignore[union-attr]


def test_listed_values_become_numbers(boats: Ask) -> None:
    plan = boats("Turn grade into rank_no: 'I' -> 1, 'II' -> 2, 'IF' -> 3. Report the mean of rank_no.", m="mean rank_no")
    assert [c.then for c in first(plan, Derive).cases or []] == [1, 2, 3]


def test_a_value_that_counts_as_missing_is_emptied_before_gaps_are_filled(boats: Ask) -> None:
    plan = boats("Treat a crew of 3 as missing and fill it with the median. Report the mean crew after filling.", m="mean crew after filling")
    emptied, filled = first(plan, Derive), first(plan, Impute)
    assert emptied.name == "crew" and "- 3" in str(emptied.expression) and filled.table == emptied.id


def test_a_written_difference_is_what_is_described(boats: Ask) -> None:
    plan = boats("Look at the margin bodywt - sailwt of every boat. Describe its distribution.", s="skewness")
    assert not refs(plan) or first(plan, Derive).expression == '"bodywt" - "sailwt"'


def test_counts_are_no_means(boats: Ask) -> None:
    plan = boats("Report the boats in harbour north and in harbour south, and the percent difference.", a="boats in north", b="boats in south", pct="(mean north - mean south) / mean south * 100, of length")
    assert "pct" not in refs(plan) or '"mean"' in plan.model_dump_json()
