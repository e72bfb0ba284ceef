"""Plans that cannot run are refused before anything runs, in words that name the step, the fault and what comes close."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from shared.analysis.check import check
from shared.analysis.plan import Plan, Step
from shared.errors import InvalidPlan, UnknownColumn

STEP: TypeAdapter[Any] = TypeAdapter(Step)
TABLES = {
    "data": {"Name": "VARCHAR", "Sex": "VARCHAR", "Age": "DOUBLE", "Pclass": "BIGINT", "Born": "DATE", "Alive": "BOOLEAN", "Noon": "TIME"},
    "ports": {"Port": "VARCHAR", "Pclass": "VARCHAR", "Age": "DOUBLE"},
}  # fmt: skip
MEAN = {"op": "aggregate", "measures": [{"name": "mean age", "function": "mean", "column": "Age"}]}


def checked(*steps: dict[str, Any]) -> dict[str, dict[str, dict[str, str]]]:
    return check(Plan(steps=[STEP.validate_python({"id": f"c{i}"} | step) for i, step in enumerate(steps, 1)]), TABLES)


def test_every_step_sees_the_tables_before_it() -> None:
    seen = checked(
        {"op": "filter", "where": {"column": "Age", "op": ">", "value": 30}},
        {"op": "derive", "table": "c1", "name": "decade", "bin": {"column": "Age", "width": 10}},
        {
            "op": "aggregate",
            "table": "c2",
            "by": ["decade"],
            "measures": [{"name": "alive", "function": "mean", "column": "Alive"}],
        },
        {"op": "correlate", "x": "Age", "y": "Pclass"},
        {"op": "report", "outputs": [{"name": "r", "ref": "c4:/r"}], "findings": ["{{c3:/groups/*/alive}} of {{c1:/rows|0}}"]},
    )
    assert list(seen["c1"]) == ["data", "ports"] and list(seen["c3"]) == ["data", "ports", "c1", "c2"]
    assert seen["c3"]["c2"] == TABLES["data"] | {"decade": "VARCHAR"}
    assert seen["c4"]["c3"] == {"decade": "VARCHAR", "alive": "DOUBLE", "rows": "BIGINT"}
    assert "c4" not in seen["c5"], "a correlation makes no table"


def test_columns_known_only_later_leave_the_table_open() -> None:
    seen = checked(
        {"op": "encode", "column": "Sex"},
        {"op": "correlate", "table": "c1", "x": "Sex_male", "y": "Age"},
        {"op": "python", "code": "c3 = db.sql('SELECT 1 AS a').df()"},
        {"op": "filter", "table": "c3", "where": {"column": "a", "op": "==", "value": 1}},
        {"op": "aggregate", "table": "c4", "measures": [{"name": "s", "function": "sum", "column": "a"}]},
    )
    assert seen["c2"]["c1"] == {name: type for name, type in TABLES["data"].items() if name != "Sex"} | {"*": "BIGINT"}
    assert seen["c5"]["c4"] == {"*": ""}


def test_a_python_step_that_assigns_nothing_makes_no_table() -> None:
    with pytest.raises(InvalidPlan, match="no table `c1`"):
        checked({"op": "python", "code": "x = 1"}, MEAN | {"table": "c1"})


FAULTS: list[tuple[list[dict[str, Any]], str]] = [
    # names
    ([MEAN | {"table": "date"}], "Step c1 .aggregate.: There is no table `date`.*Did you mean `data`"),
    ([MEAN | {"table": "c2"}, {"op": "filter", "where": {"column": "Age", "op": "not null"}}], "no table `c2`"),
    ([{"op": "filter", "where": {"column": "age", "op": ">", "value": 1}}], "no column `age`. Did you mean `Age`"),
    ([{"op": "derive", "name": "x", "expression": '"Aeg" + 1'}], "no column `Aeg`. Did you mean `Age`"),
    ([{"op": "derive", "name": "AGE", "expression": "Age + 1"}], "`Age` and `AGE` differ in case alone"),
    ([{"id": "data", **MEAN}], "`data` is already the name"),
    ([{"id": "db", **MEAN}], "`db` is already the name"),
    ([{"op": "filter", "where": {"column": "Name", "op": "==", "value": "a\0b"}}], "NUL"),
    ([{"op": "filter", "where": {"column": "Age", "op": "<", "value": float("inf")}}], "inf is not a number"),
    # comparisons
    ([{"op": "filter", "where": {"column": "Name", "op": "==", "value": 3}}], "`Name` is text and cannot be compared with 3"),
    ([{"op": "filter", "where": {"column": "Age", "op": "in", "value": [1, "2"]}}], "`Age` is a number and cannot be compared with '2'"),
    ([{"op": "filter", "where": {"column": "Age", "op": "==", "value": True}}], "cannot be compared with True"),
    ([{"op": "filter", "where": {"column": "Born", "op": ">", "value": "May 1912"}}], "Write dates like 2024-01-31"),
    ([{"op": "filter", "where": {"column": "Alive", "op": "<", "value": True}}], "has no order"),
    ([{"op": "filter", "where": {"column": "Age", "op": "contains", "value": "3"}}], "`contains` needs text"),
    ([{"op": "filter", "where": {"column": "Age", "op": "<", "value": {"column": "Born"}}}], "Compare columns of the same kind"),
    ([{"op": "filter", "where": {"no": {"any": [{"column": "Agee", "op": "is null"}]}}}], "no column `Agee`"),
    # references
    ([{"op": "filter", "where": {"column": "Age", "op": ">", "value": {"ref": "c2:/mean age"}}}, MEAN], "`c2:/mean age` refers to a step that does not come before"),
    ([MEAN, {"op": "calculate", "values": {"a": "c1:/mean_age"}, "expression": "a"}], "result of c1 has no `mean_age`. Did you mean `mean age`"),
    ([MEAN, {"op": "calculate", "values": {"a": "c1:/n/*"}, "expression": "a"}], "many values, and one is needed"),
    ([MEAN, {"op": "calculate", "values": {"a": "c1:/rows"}, "expression": "a + b"}], "uses `b`, which has no value"),
    ([MEAN, {"op": "decide", "rules": [{"when": [{"ref": "c9:/x", "op": "<", "value": 1}], "then": 1}], "otherwise": 0}], "`c9:/x` refers to"),
    ([MEAN, {"op": "report", "findings": ["it was {{c1:/means}}"]}], "no `means`"),
    ([MEAN, {"op": "report", "lead": "c7"}], "lead `c7` is no step"),
    ([{"op": "report"}, MEAN], "report is not the last step"),
    ([MEAN, {"op": "report", "outputs": [{"name": "a", "ref": "c1:/rows"}, {"name": "a", "ref": "c1:/rows"}]}], "Two outputs are called `a`"),
    # functions and types
    ([{"op": "aggregate", "measures": [{"name": "m", "function": "mean", "column": "Name"}]}], "`mean` needs a number, and the column `Name` is text. Cast it"),
    ([{"op": "aggregate", "by": ["Sex"], "measures": [{"name": "sex", "function": "count"}]}], "Two columns of its table would be called `sex`"),
    ([{"op": "aggregate", "measures": [{"name": "m", "function": "count"}], "having": {"column": "Age", "op": ">", "value": 1}}], "no column `Age`"),
    ([{"op": "derive", "name": "x", "expression": "Name * 2"}], "Arithmetic needs a number, and the column `Name` is text"),
    ([{"op": "derive", "name": "x", "expression": "length(Age)"}], "`length` needs text"),
    ([{"op": "derive", "name": "x", "date_part": {"column": "Name", "part": "year"}}], "`year` needs a date, and the column `Name` is text"),
    ([{"op": "derive", "name": "x", "bin": {"column": "Sex", "width": 1}}], "A bin needs a number"),
    ([{"op": "derive", "name": "x", "bin": {"column": "Age", "edges": [1, 2, 3], "labels": ["a"]}}], "1 labels for 2 intervals"),
    ([{"op": "derive", "name": "x", "bin": {"column": "Age", "edges": [1]}}], "One edge bounds no interval"),
    ([{"op": "derive", "name": "x", "window": {"function": "lag", "column": "Age"}}], "`lag` needs an order"),
    ([{"op": "derive", "name": "x", "cases": [{"when": {"column": "Age", "op": ">", "value": 1}, "then": "a"}], "otherwise": 0}], "different kinds of values"),
    ([{"op": "cast", "column": "Pclass", "to": "date"}], "Give `parse`"),
    ([{"op": "cast", "column": "Born", "to": "number"}], "cannot become a number"),
    ([{"op": "impute", "columns": ["Age"], "method": "constant"}], "`value` goes with the method `constant`"),
    ([{"op": "impute", "columns": ["Age"], "method": "constant", "value": "x"}], "'x' does not fit the column `Age`"),
    ([{"op": "impute", "columns": ["Name"], "method": "mean"}], "needs a number"),
    ([{"op": "scale", "columns": ["Sex"]}], "`scale` needs a number"),
    ([{"op": "outliers", "columns": ["Age", "Age"]}], "`Age` is listed twice"),
    ([{"op": "encode", "column": "Sex", "method": "label", "order": ["a", 1]}], "1 cannot be in `Sex`"),
    ([{"op": "unpivot", "columns": ["Age"], "names_to": "Sex"}], "Two columns of its table would be called `Sex`"),
    ([{"op": "join", "right": "prots", "on": ["Port"]}], "Did you mean `ports`"),
    ([{"op": "join", "right": "ports", "on": ["Pclass"]}], "a number in one table and text in the other"),
    ([{"op": "correlate", "x": "Age", "y": "Sex"}], "`correlate` needs a number"),
    ([{"op": "correlate", "x": "Age", "y": "Age"}], "correlated with itself"),
    ([{"op": "correlate", "columns": ["Age"], "target": "Age"}], "not enough different columns"),
    ([{"op": "trend", "time": "Pclass", "every": "year"}], "`every` needs dates"),
    ([{"op": "trend", "time": "Born", "value": "Name"}], "`mean` needs a number"),
    ([{"op": "associate", "target": "Age", "columns": ["Age"]}], "no column beside the target"),
    ([{"op": "model", "kind": "linear", "task": "classification", "target": "Sex", "features": ["Age"], "metrics": ["accuracy"]}], "`linear` does no classification"),
    ([{"op": "model", "kind": "linear", "task": "regression", "target": "Age", "features": ["Age"], "metrics": ["r2"]}], "target `Age` is among the features"),
    ([{"op": "model", "kind": "knn", "task": "regression", "target": "Age", "features": ["Pclass"], "metrics": ["f1"]}], "`f1` does not measure"),
    ([{"op": "model", "kind": "knn", "task": "regression", "target": "Age", "features": ["Born"], "metrics": ["r2"]}], "is a date"),
    ([{"op": "model", "kind": "knn", "task": "regression", "target": "Age", "features": ["Pclass"], "metrics": ["r2"], "params": {"x)=1": 1}}], "cannot be a parameter"),
    ([{"op": "chart", "kind": "scatter", "x": "Age", "title": ""}], "scatter needs `y`"),
    ([{"op": "chart", "kind": "histogram", "x": "Sex", "title": ""}], "x of a histogram needs a number"),
    ([{"op": "chart", "kind": "bar", "x": "Sex", "title": "{{c4:/rows}}"}], "`c4:/rows` refers to"),
    ([{"op": "python", "code": "x ="}], "This is not Python"),
    ([{"op": "python", "code": "for key in [1]:\n    results = key"}], "`key` is a name later cells rely on"),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "told"), FAULTS, ids=lambda value: value[:40] if isinstance(value, str) else "")
def test_faults_are_told(steps: list[dict[str, Any]], told: str) -> None:
    with pytest.raises((InvalidPlan, UnknownColumn), match=told) as caught:
        checked(*steps)
    assert caught.value.message.startswith("Step ") or "expression" in caught.value.message


def test_a_column_called_star_is_no_opening() -> None:
    plan = Plan(steps=[STEP.validate_python({"id": "c1", "op": "rank", "by": "x"})])
    with pytest.raises(UnknownColumn):
        check(plan, {"data": {"*": "DOUBLE", "y": "DOUBLE"}})
    with pytest.raises(InvalidPlan, match=r"called `.` cannot be used"):
        check(plan.model_copy(update={"steps": [plan.steps[0].model_copy(update={"by": "*"})]}), {"data": {"*": "DOUBLE"}})


def test_a_missing_column_is_an_unknown_column() -> None:
    with pytest.raises(UnknownColumn):
        checked({"op": "rank", "by": "Fare"})


TESTS: list[tuple[dict[str, Any], str]] = [
    ({"kind": "t_test", "column": "Age"}, "`t_test` needs `column` and `by`, or `columns`"),
    ({"kind": "t_test", "columns": ["Age", "Pclass"], "by": "Sex"}, "either `columns`, or `column` split by `by`"),
    ({"kind": "t_test", "columns": ["Age", "Pclass", "Alive"]}, "compares two samples"),
    ({"kind": "t_test", "column": "Age", "by": "Sex", "groups": ["a", "b", "c"]}, "compares two different groups"),
    ({"kind": "anova", "column": "Age", "by": "Sex", "groups": ["a"]}, "two or more different groups"),
    ({"kind": "t_test", "column": "Age", "by": "Sex", "groups": [1, 2]}, "1 cannot be in `Sex`"),
    ({"kind": "t_test", "column": "Sex", "by": "Pclass"}, "needs a number"),
    ({"kind": "wilcoxon", "columns": ["Age"]}, "needs two `columns`"),
    ({"kind": "chi_square", "column": "Sex"}, "needs `column` and `by`"),
    ({"kind": "proportion_z", "column": "Name", "by": "Sex"}, "needs `success`"),
    ({"kind": "proportion_z", "column": "Name", "by": "Sex", "success": 1}, "1 cannot be in `Name`"),
    ({"kind": "shapiro", "column": "Age", "by": "Sex"}, "needs one `column`"),
    ({"kind": "shapiro"}, "needs one `column`"),
    ({"kind": "anova", "column": "Age", "by": "Age"}, "between groups of itself"),
    ({"kind": "anova", "column": "Age", "by": "Sex", "alternative": "less"}, "no one-sided form"),
    ({"kind": "shapiro", "column": "Age", "groups": [1, 2]}, "`groups` picks values of `by`"),
]


@pytest.mark.parametrize(("test", "told"), TESTS)
def test_tests_need_their_fields(test: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidPlan, match=told):
        checked({"op": "test", **test})


def test_what_is_right_passes() -> None:
    checked(
        {"op": "filter", "where": {"column": "Born", "op": ">=", "value": "1900-01-01"}},
        {"op": "filter", "where": {"column": "Noon", "op": "<", "value": "12:00"}},
        {"op": "filter", "where": {"column": "Alive", "op": "==", "value": True}},
        {"op": "derive", "name": "Age", "expression": "Age * Alive + days_between(Born, Born)"},
        {"op": "derive", "name": "d", "date_part": {"column": "Pclass", "part": "decade"}},
        {"op": "derive", "name": "h", "date_part": {"column": "Noon", "part": "hour"}},
        {"op": "aggregate", "by": ["Born"], "measures": [{"name": "Age", "function": "max", "column": "Name"}, {"name": "r", "function": "range", "column": "Born"}]},
        {"op": "test", "kind": "proportion_z", "column": "Alive", "by": "Sex"},
        {"op": "chart", "kind": "bar", "x": "Sex", "title": "From {{c7:/groups/a~|b/r|2}} and {{plan:/steps/0/op}}"},
    )  # fmt: skip


@given(
    st.sampled_from(["Age", "Name", "Born", "Alive", "nope", "c1", ""]), st.sampled_from(["Age", "Sex", "Noon", "x"]), st.data()
)
def test_any_plan_is_checked_or_refused_in_words(a: str, b: str, data: st.DataObject) -> None:
    steps: list[dict[str, Any]] = [
        {"op": "rank", "by": a, "label": [b]}, {"op": "trend", "time": a, "value": b}, {"op": "associate", "target": a, "columns": [b]},
        {"op": "derive", "name": a, "window": {"function": "rank", "column": b}}, {"op": "unpivot", "columns": [a, b]},
        {"op": "drop_duplicates", "columns": [a, b]}, {"op": "encode", "column": a}, {"op": "cast", "column": a, "to": "number"},
        {"op": "test", "kind": "kruskal", "column": a, "by": b}, {"op": "chart", "kind": "box", "x": a, "y": b, "title": b},
    ]  # fmt: skip
    chosen = data.draw(st.lists(st.sampled_from(steps), min_size=1, max_size=4))
    try:
        plan = Plan(steps=[STEP.validate_python({"id": f"c{i}"} | step) for i, step in enumerate(chosen, 1)])
    except ValueError:
        return  # refused by the language itself
    try:
        assert list(check(plan, TABLES)) == [step.id for step in plan.steps]
    except (InvalidPlan, UnknownColumn) as error:
        assert error.message.startswith("Step c") and error.message.endswith(".")
