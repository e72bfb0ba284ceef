"""Findings: no number without a cell, in words a person would use."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.analysis.findings import outputs, render, resolve, standard_findings, tell
from shared.analysis.plan import Plan
from shared.analysis.references import number, p_value, plain, pointer, shown
from shared.analysis.verify import Check, Sensitivity, Verification
from shared.errors import InvalidPlan


def plan_of(*steps: dict[str, Any], **more: Any) -> Plan:
    return Plan.model_validate({"steps": [{"id": f"c{i + 1}", **step} for i, step in enumerate(steps)], **more})


def mean(column: str, name: str = "m", **more: Any) -> dict[str, Any]:
    return {"name": name, "function": "mean", "column": column, **more}


def where(column: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"column": column, "op": op} | ({} if value is None else {"value": value})


RESULTS: dict[str, Any] = {
    "c1": {"rows_before": 891, "rows": 314},
    "c2": {"rows": 891, "n_groups": 2, "groups": {"male": {"rows": 577, "mean": 25.523893414211443}, "a/b": {"rows": 3, "mean": 1.5}}},
    "c3": {"mean_fare": 32.204207968574636, "p_value": 1.2e-07, "share": 0.38383838, "r": -0.5, "first_period": "1970-01-01", "none": None, "ok": True},
    "c4": {"pairs": [{"x": "a", "r": 0.5}, {"x": "b", "r": 0.25}], "names": ["x"]},
}  # fmt: skip
PLAN = plan_of({"op": "filter", "where": where("Fare 2", ">", 1970)})


# --- references -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ref", "value"),
    [
        ("c3:/mean_fare", 32.204207968574636),
        ("c2:/groups/a~1b/mean", 1.5),
        ("c2:/groups/*/mean", {"male": 25.523893414211443, "a/b": 1.5}),
        ("c4:/pairs/1/r", 0.25),
        ("c4:/pairs/*/r", {"0": 0.5, "1": 0.25}),
        ("c1:", {"rows_before": 891, "rows": 314}),
        ("c3:/none", None),
    ],
)
def test_resolve(ref: str, value: Any) -> None:
    assert resolve(ref, RESULTS) == value


@pytest.mark.parametrize(
    "ref",
    ["c9:/x", "c3:/mean_fair", "c3:/mean_fare/x", "c4:/pairs/2", "c4:/pairs/-1", "c4:/names/x", "c2:/groups/*/nothing"],
)
def test_a_reference_to_nothing_is_refused(ref: str) -> None:
    with pytest.raises(InvalidPlan):
        resolve(ref, RESULTS)


def test_the_hint_names_what_is_there() -> None:
    with pytest.raises(InvalidPlan, match="There is: mean_fare"):
        resolve("c3:/mean_fair", RESULTS)


@given(st.lists(st.text(), min_size=1, max_size=3), st.integers())
def test_any_key_can_be_pointed_at_and_stand_in_a_template(keys: list[str], value: int) -> None:
    nested: Any = value
    for key in reversed(keys):
        nested = {key: nested, key + "other": 0}
    results = {"c1": nested}
    assert resolve(pointer("c1", *keys), results) == value
    assert render("{{" + pointer("c1", *keys) + "|0}}", results, PLAN).text == f"{value:,}"


# --- numbers for people -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (32.204207968574636, "32.2"), (0.5, "0.5"), (5.0, "5"), (1234567, "1,234,567"), (1234567.8, "1,234,568"), (9999.6, "10,000"), (0.99996, "1"),
        (0.00012346, "0.0001235"), (0.00001234, "1.234e-05"), (-0.0, "0"), (123456789012345.0, "123,456,789,012,345"), (1e15, "1.000e+15"), (10**16, "10,000,000,000,000,000"),
        (-2.5, "-2.5"), (True, "yes"), (False, "no"), (None, "no value"), ("2012-03-01", "2012-03-01"), ("", '""'),
    ],
)  # fmt: skip
def test_numbers_are_written_for_people(value: Any, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize(
    ("value", "style", "text"),
    [
        (32.204207968574636, "2", "32.20"), (0.38383838, "%1", "38.4%"), (0.38383838, "%", "38.38%"), (1970, "name", "1970"), (1970.5, "name", "1970.5"),
        ("1970-01-01", "year", "1970"), ("1970-03-01", "month", "1970-03"), (1970, "year", "1970"), (-24.031, "abs", "24.03"),
        (0.0004, "p", "p < 0.001"), (0.04996, "p", "p = 0.04996"), (0.0496, "p", "p = 0.0496"), (0.5, "p", "p = 0.5"), (1.0, "p", "p = 1"), (0.05, "p", "p = 0.05"),
    ],
)  # fmt: skip
def test_styles(value: Any, style: str, text: str) -> None:
    assert shown(value, style) == text


@given(st.floats(min_value=1e-4, max_value=9.9e14) | st.floats(min_value=-9.9e14, max_value=-1e-4))
def test_a_number_keeps_four_digits_and_is_never_scientific(value: float) -> None:
    text = number(value)
    assert "e" not in text
    assert float(text.replace(",", "")) == pytest.approx(value, rel=5.001e-4)


@given(st.floats(min_value=0, max_value=1))
def test_a_p_value_never_reads_as_the_other_side_of_five_percent(p: float) -> None:
    stated = p_value(p)
    written = float(stated.split()[-1])
    assert (written < 0.05) == (p < 0.05)
    assert (written == 0.05) == (p == 0.05)


def test_text_cannot_drive_a_terminal_or_turn_the_line() -> None:
    assert plain("a\x1b[31mb\n\u202ec\x07") == "a [31mb c"


# --- templates --------------------------------------------------------------------------------------------------


def test_a_template_is_filled_in_and_says_where_each_value_came_from() -> None:
    finding = render(
        'Mean "Fare 2" was {{c3:/mean_fare}} for {{c2:/groups/male|key}}, above {{plan:/steps/0/where/value|name}}.',
        RESULTS,
        PLAN,
    )
    assert finding.text == 'Mean "Fare 2" was 32.2 for male, above 1970.'
    assert [(v.text, v.cell, v.pointer, v.value) for v in finding.values] == [
        ("32.2", "c3", "/mean_fare", 32.204207968574636), ("male", "c2", "/groups/male", "male"), ("1970", "plan", "/steps/0/where/value", 1970),
    ]  # fmt: skip
    assert all(finding.text[v.at :].startswith(v.text) for v in finding.values)


@pytest.mark.parametrize(
    "template",
    [
        "The mean is 32.2.",
        "The mean is ٣٢.",
        "x² rose",
        "½ of them",
        '"Fare 3" rose',
        'the "32.2" mean',
        "{{c3:/r}}2",
        "In 1912, {{c3:/r}}",
        "Ⅷ",
        '"Fare 2',
        "x {{c3:/r",
    ],
)
def test_a_number_of_its_own_is_refused(template: str) -> None:
    with pytest.raises(InvalidPlan):
        render(template, RESULTS, PLAN)


def test_names_of_the_data_may_be_given() -> None:
    assert render('"Fare 3" is {{c3:/r}}', RESULTS, PLAN, names={"Fare 3"}).text == '"Fare 3" is -0.5'


def test_a_whole_table_is_refused_with_a_hint() -> None:
    with pytest.raises(InvalidPlan, match="c2:/groups/male"):
        render("{{c2:/groups}}", RESULTS, PLAN)


def test_text_cannot_be_formatted_as_a_number() -> None:
    with pytest.raises(InvalidPlan):
        render("{{c3:/first_period|2}}", RESULTS, PLAN)


def test_values_and_names_are_never_expanded_again() -> None:
    results = {"c1": {"top": "{{c1:/secret}}", "secret": 7, "{{c1:/secret}}": 3}}
    plan = plan_of({"op": "filter", "where": where("{{c1:/secret}}", ">", 0)})
    text = render('"{{c1:/secret}}" is {{c1:/top}} and {{' + pointer("c1", "{{c1:/secret}}") + "}}", results, plan).text
    assert text == '"{{c1:/secret}}" is {{c1:/secret}} and 3'


# --- outputs ----------------------------------------------------------------------------------------------------


def test_outputs_are_rounded_once_as_python_rounds() -> None:
    results = {
        "c1": {
            "x": 2.675,
            "half": 0.5,
            "n": 7,
            "g": {"a": {"m": 1.005}, "b": {"m": None}},
            "list": [0.125, 0.375],
            "ok": True,
            "zero": -0.001,
        }
    }
    named = [
        ("x", "/x", 2),
        ("half", "/half", 0),
        ("n", "/n", 2),
        ("g", "/g/*/m", 2),
        ("list", "/list", 2),
        ("ok", "/ok", 1),
        ("raw", "/x", None),
        ("zero", "/zero", 2),
    ]
    report = {"op": "report", "outputs": [{"name": n, "ref": f"c1:{r}", "decimals": d} for n, r, d in named]}
    found = outputs(plan_of({"op": "summarize"}, report), results)
    assert found == {
        "x": round(2.675, 2),
        "half": 0.0,
        "n": 7,
        "g": {"a": round(1.005, 2), "b": None},
        "list": [0.12, 0.38],
        "ok": True,
        "raw": 2.675,
        "zero": 0.0,
    }
    assert json.dumps(found["zero"]) == "0.0" and found["ok"] is True and isinstance(found["n"], int)


@pytest.mark.parametrize("ref", ["c1:/gone", "c1:/none"])
def test_an_output_without_a_value_is_an_error_that_names_it(ref: str) -> None:
    plan = plan_of({"op": "summarize"}, {"op": "report", "outputs": [{"name": "mean_fare", "ref": ref}]})
    with pytest.raises(InvalidPlan, match="mean_fare"):
        outputs(plan, {"c1": {"none": None}})


# --- the standard words -----------------------------------------------------------------------------------------

BY_ORIGIN = {"op": "aggregate", "measures": [mean("Horsepower")], "by": ["Origin"]}
ORIGINS = {
    "rows": 406,
    "n_groups": 3,
    "groups": {
        "Europe": {"m": 81.0, "rows": 73},
        "Japan": {"m": 79.83544303797468, "rows": 79},
        "USA": {"m": 119.904, "rows": 254},
    },
}
DIFFERENCE = {"op": "calculate", "values": {"a": "c1:/groups/USA/m", "b": "c1:/groups/Japan/m"}}
ANOVA = {"op": "test", "kind": "anova", "column": "Acceleration", "by": "Origin"}
ANOVA_RESULT = {
    "statistic": 16.580, "p_value": 1.198e-07, "alpha": 0.05, "significant": True, "n": 406, "df": [2, 403], "effect": 0.07605, "effect_name": "eta²",
    "groups": {"Europe": {"n": 73, "mean": 16.82, "median": 16, "std": 3}, "Japan": {"n": 79, "mean": 16.17, "median": 16, "std": 2}},
}  # fmt: skip
IQR = {"op": "outliers", "columns": ["Fare"]}
FOUND = {
    "rows_before": 891,
    "rows": 775,
    "outliers": 116,
    "columns": {"Fare": {"outliers": 116, "lower": -26.724, "upper": 65.6344}},
}

EXAMPLES: list[tuple[list[dict[str, Any]], dict[str, Any], list[str]]] = [
    (
        [{"op": "aggregate", "measures": [mean("Fare")]}],
        {"c1": {"rows": 891, "n": {"m": 891}, "m": 32.204}},
        ['The mean of "Fare" is 32.2 (891 rows).'],
    ),
    (
        [{"op": "filter", "where": {"all": [where("Sex", "==", "male"), where("Age", ">=", 10), where("Age", "<", 20)]}},
         {"op": "aggregate", "table": "c1", "measures": [mean("Age", function="median")]}],
        {"c1": {"rows_before": 891, "rows": 57}, "c2": {"rows": 57, "n": {"m": 55}, "m": 17.0}},
        ['Among rows where "Sex" is male and "Age" is at least 10 and below 20, the median of "Age" is 17 (55 of 57 rows; the others have no "Age").'],
    ),
    (
        [{"op": "filter", "where": where("Year", ">", 1970)}, {"op": "aggregate", "table": "c1", "measures": [{"name": "n_", "function": "count"}]}],
        {"c1": {"rows_before": 406, "rows": 371}, "c2": {"rows": 371, "n": {"n_": 371}, "n_": 371}},
        ['There are 371 rows where "Year" is above 1970.'],
    ),
    (
        [{"op": "aggregate", "measures": [{"name": "p", "function": "percent", "where": where("Sex", "==", "male")}]}],
        {"c1": {"rows": 891, "n": {"p": 891}, "p": 64.75869}},
        ['In 64.76% of the 891 rows, "Sex" is male.'],
    ),
    (
        [{"op": "aggregate", "measures": [mean("Fare"), {"name": "s", "function": "std", "column": "Fare"}, {"name": "q", "function": "quantile", "q": 0.9, "column": "Fare"}]}],
        {"c1": {"rows": 891, "n": {"m": 891, "s": 891, "q": 891}, "m": 32.204, "s": 49.6934, "q": 77.9583}},
        ['For "Fare", the mean is 32.2, the sample standard deviation 49.69 and the 90% quantile 77.96 (891 rows).'],
    ),
    (
        [{"op": "aggregate", "measures": [{"name": "k", "function": "null_count", "column": "Age"}]}],
        {"c1": {"rows": 891, "n": {"k": 891}, "k": 177}},
        ['"Age" is missing in 177 of 891 rows.'],
    ),
    ([BY_ORIGIN], {"c1": ORIGINS}, ['The mean of "Horsepower" by "Origin" is 119.9 for USA, 81 for Europe and 79.84 for Japan (406 rows).']),
    (
        [{"op": "derive", "name": "y", "date_part": {"column": "Year", "part": "year"}}, {"op": "aggregate", "table": "c1", "by": ["y"], "measures": [mean("Horsepower")]}],
        {"c1": {"rows": 400, "nulls": 0}, "c2": {"rows": 400, "n_groups": 5, "groups": {str(1970 + i): {"m": 149.0 - i, "rows": 80} for i in range(5)}}},
        ['The mean of "Horsepower" by year of "Year" is largest for 1970 with 149 and smallest for 1974 with 145, of 5 groups (400 rows).'],
    ),
    (
        [BY_ORIGIN, {"op": "rank", "table": "c1", "by": "m", "label": ["Origin"]}],
        {"c1": ORIGINS, "c2": {"rows": 1, "names": ["USA"], "values": [119.904], "name": "USA", "value": 119.904, "tied": 0, "items": {"USA": 119.904}}},
        ['USA has the highest mean of "Horsepower": 119.9, of 3 groups by "Origin" (406 rows).'],
    ),
    (
        [{"op": "rank", "by": "Weight", "label": ["Name"], "k": 2, "order": "asc"}],
        {"c1": {"rows": 2, "names": ["datsun", "toyota"], "values": [1613, 1649], "name": "datsun", "value": 1613, "tied": 1, "items": {}}},
        ['The 2 with the lowest "Weight" are datsun (1,613) and toyota (1,649); 1 more has the same value as the last of them.'],
    ),
    (
        [{"op": "correlate", "x": "Weight", "y": "MPG"}],
        {"c1": {"r": -0.83174, "p_value": 3e-103, "n": 398}},
        ['"Weight" and "MPG" are very strongly negatively correlated: Pearson\'s r = -0.8317, p < 0.001, n = 398.'],
    ),
    (
        [{"op": "correlate", "columns": ["a", "b"], "target": "t", "method": "spearman"}],
        {"c1": {"pairs": [{"x": "b", "y": "t", "r": 0.61, "p_value": 0.001, "n": 50}, {"x": "a", "y": "t", "r": None, "p_value": None, "n": 50}]}},
        ['"t" is most strongly correlated with "b" (Spearman\'s rho = 0.61, p = 0.001, n = 50).'],
    ),
    (
        [{"op": "test", "kind": "t_test", "column": "Fare", "by": "Sex", "alpha": 0.01}],
        {"c1": {"statistic": 5.08, "p_value": 0.02, "alpha": 0.01, "significant": False, "n": 891, "df": 480.5, "effect": 0.36, "effect_name": "Cohen's d",
                "groups": {"male": {"n": 577, "mean": 25.5, "median": 10, "std": 43}, "female": {"n": 314, "mean": 44.48, "median": 23, "std": 58}}}},
        ['The mean of "Fare" does not differ significantly between male (25.5, n = 577) and female (44.48, n = 314) (Welch\'s t-test: t = 5.08, '
         "df = 480.5, p = 0.02 at alpha = 0.01; Cohen's d 0.36)."],
    ),
    (
        [ANOVA, {"op": "decide", "rules": [{"when": [{"ref": "c1:/p_value", "op": "<", "value": 0.05}], "then": "yes"}], "otherwise": "no"}, {"op": "report", "lead": "c2"}],
        {"c1": ANOVA_RESULT, "c2": {"label": "yes", "rule": 0}},
        ['The answer is "yes", because the p-value of the one-way ANOVA (p < 0.001) is below 0.05.',
         'The mean of "Acceleration" differs significantly between Europe (16.82, n = 73) and Japan (16.17, n = 79) (one-way ANOVA: F = 16.58, df = 2 and 403, '
         "p < 0.001 at alpha = 0.05; eta² 0.07605)."],
    ),
    (
        [{"op": "trend", "time": "Year", "value": "MPG", "every": "year"}],
        {"c1": {"periods": 12, "first_period": "1970-01-01", "first": 17.69, "last_period": "1982-01-01", "last": 31.05, "change": 13.36, "percent_change": 75.5, "slope": 1.2,
                "r": 0.9, "p_value": 1e-5, "growth": 4.8, "direction": "rising", "highest_period": "1980-01-01", "highest": 33.7, "lowest_period": "1970-01-01", "lowest": 17.69}},
        ['The mean of "MPG" per year rose from 17.69 in 1970 to 31.05 in 1982, up 75.5%: a rising trend over 12 periods (p < 0.001); its highest was 33.7 in 1980.'],
    ),
    (
        [{"op": "associate", "target": "MPG"}],
        {"c1": {"target": "MPG", "associations": [{"column": "Weight", "measure": "r²", "strength": 0.6918, "r": -0.83, "p_value": 0.0, "n": 398},
                                                  {"column": "Origin", "measure": "eta²", "strength": 0.33, "r": None, "p_value": 0.0, "n": 398},
                                                  {"column": "Hue", "measure": "eta²", "strength": 0.01, "r": None, "p_value": 0.7, "n": 398}]}},
        ['"Weight" (r² = 0.6918, inversely) and "Origin" (eta² = 0.33) are what "MPG" most closely goes together with.'],
    ),
    ([IQR], {"c1": FOUND}, ['"Fare" has 116 outliers in 891 rows: below -26.72 or above 65.63, further than 1.5 interquartile ranges from the quartiles.']),
    (
        [{**IQR, "action": "remove"}, {"op": "aggregate", "table": "c1", "measures": [mean("Fare")]}],
        {"c1": FOUND, "c2": {"rows": 775, "n": {"m": 775}, "m": 17.82}},
        ['After removing 116 rows with outliers in "Fare" (further than 1.5 interquartile ranges from the quartiles), the mean of "Fare" is 17.82 (775 rows).'],
    ),
    (
        [{"op": "impute", "columns": ["Age"], "method": "median"}, {"op": "aggregate", "table": "c1", "measures": [mean("Age")]}],
        {"c1": {"rows": 891, "filled": {"Age": 177}, "values": {"Age": 28.0}}, "c2": {"rows": 891, "n": {"m": 891}, "m": 29.36}},
        ['After filling 177 missing values of "Age" with the median (28), the mean of "Age" is 29.36 (891 rows).'],
    ),
    (
        [BY_ORIGIN, {**DIFFERENCE, "expression": "(a - b) / b * 100"}, {"op": "report", "lead": "c2"}],
        {"c1": ORIGINS, "c2": {"value": 50.19, "a": 119.904, "b": 79.835}},
        ['The mean of "Horsepower" for USA (119.9) is 50.19% above the mean of "Horsepower" for Japan (79.84).',
         'The mean of "Horsepower" by "Origin" is 119.9 for USA, 81 for Europe and 79.84 for Japan (406 rows).'],
    ),
    (
        [{**BY_ORIGIN, "having": where("m", ">", 80)}],
        {"c1": {"rows": 406, "n_groups": 2, "groups": {k: v for k, v in ORIGINS["groups"].items() if k != "Japan"}}},  # type: ignore[attr-defined]
        ['Keeping groups where the mean of "Horsepower" is above 80, the mean of "Horsepower" by "Origin" is 119.9 for USA and 81 for Europe (406 rows).'],
    ),
    (
        [{"op": "aggregate", "measures": [mean("Fare")]}, {"op": "filter", "where": where("Fare", ">", {"ref": "c1:/m"})},
         {"op": "aggregate", "table": "c2", "measures": [{"name": "k", "function": "count"}]}],
        {"c1": {"rows": 891, "n": {"m": 891}, "m": 32.2}, "c2": {"rows_before": 891, "rows": 211}, "c3": {"rows": 211, "n": {"k": 211}, "k": 211}},
        ['There are 211 rows where "Fare" is above the mean of "Fare" (32.2).'],
    ),
    (
        [{"op": "model", "kind": "linear", "task": "regression", "target": "MPG", "features": ["Weight"], "metrics": ["r2"], "split": {}}],
        {"c1": {"metrics": {"r2": 0.6926}, "n": 398, "n_train": 278, "n_test": 120, "features": ["Weight"], "coefficients": {"Weight": -0.0077}, "intercept": 46.3}},
        ['A linear regression of "MPG" on "Weight" reaches an R squared of 0.6926 on 120 rows it had not seen (fitted to 278).', 'In it "MPG" changes by -0.0077 per unit of "Weight".'],
    ),
    (
        [{"op": "summarize", "focus": "oddities"}],
        {"c1": {"rows": 2, "n_columns": 1, "duplicates": 0, "missing": 0, "columns": {"a": {"kind": "category", "nulls": 0, "null_percent": 0.0, "distinct": 2, "top": "x", "top_count": 1, "top_percent": 50.0}}}},
        ["Nothing odd was found in 2 rows and 1 column; looked for were missing values, repeated rows, columns that never change, far-off values and lopsided distributions."],
    ),
    (
        [{"op": "cast", "column": "Price", "to": "number"}],
        {"c1": {"rows": 10, "lost": 1}},
        ['In turning "Price" into a number, 1 value could not be read and was left empty.'],
    ),
    (
        [{"op": "filter", "where": {"any": [where("Sex", "==", "male"), where("Age", "<", 18)]}}],
        {"c1": {"rows_before": 891, "rows": 640}},
        ['In 640 of 891 rows, "Sex" is male or "Age" is below 18.'],
    ),
    ([{"op": "aggregate", "measures": [mean("Fare")]}], {"c1": {"rows": 0, "n": {"m": 0}, "m": None}}, ["There is not a single row to measure."]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("steps", "results", "said"),
    EXAMPLES,
    ids=lambda value: value[-1]["op"] if isinstance(value, list) and isinstance(value[0], dict) else "",
)
def test_the_standard_words(steps: list[dict[str, Any]], results: dict[str, Any], said: list[str]) -> None:
    assert [finding.text for finding in tell(plan_of(*steps), results)] == said


def test_a_template_is_something_a_person_can_edit() -> None:
    templates = standard_findings(
        plan_of({"op": "aggregate", "measures": [mean("Fare 2")]}), {"c1": {"rows": 891, "n": {"m": 891}, "m": 32.204}}
    )
    assert templates == ['The mean of "Fare 2" is {{c1:/m}} ({{c1:/rows}} rows).']


def test_steps_without_a_result_and_those_after_them_say_nothing() -> None:
    plan = plan_of({"op": "filter", "where": where("a", ">", 0)}, {"op": "aggregate", "table": "c1", "measures": [mean("a")]})
    assert standard_findings(plan, {}) == [] == standard_findings(plan, {"c2": {"rows": 1, "n": {"m": 1}, "m": 1.0}})


def test_the_reports_own_findings_replace_the_standard_words() -> None:
    plan = plan_of({"op": "aggregate", "measures": [mean("a")]}, {"op": "report", "findings": ["It is {{c1:/m|1}}."]})
    assert [f.text for f in tell(plan, {"c1": {"rows": 50, "n": {"m": 50}, "m": 1.0}})] == ["It is 1.0."]


names = st.text(min_size=1, max_size=12).filter(str.strip)


@settings(max_examples=60, deadline=None)
@given(names, names, st.lists(st.text(max_size=12), min_size=1, max_size=7, unique=True), st.text(max_size=12))
def test_no_name_or_value_of_the_data_breaks_a_sentence(column: str, by: str, keys: list[str], value: str) -> None:
    """Whatever data and columns are called, every value stands where the finding says it does, and reads as what it is."""
    plan = plan_of(
        {"op": "filter", "where": {"any": [where(by, "!=", value), where(by, "contains", value)]}},
        {"op": "aggregate", "table": "c1", "measures": [mean(column)], "by": [by]},
        {"op": "aggregate", "table": "c1", "measures": [mean(column)]},
    )
    groups = {key: {"m": float(i), "rows": 20} for i, key in enumerate(keys)}
    results = {
        "c1": {"rows_before": 9, "rows": 8},
        "c2": {"rows": 99, "n_groups": len(keys), "groups": groups},
        "c3": {"rows": 99, "n": {"m": 99}, "m": 1.5},
    }
    told = tell(plan, results)
    assert len(told) == 2
    for finding in told:
        assert all(finding.text[v.at : v.at + len(v.text)] == v.text for v in finding.values)
        assert all(v.text == shown(v.value, "name") for v in finding.values if isinstance(v.value, str))
    assert {v.value for v in told[0].values if v.cell == "c2"} >= {keys[0], keys[-1], 0, len(keys) - 1} - (
        {0} if len(keys) == 1 else set()
    )


# --- caveats ----------------------------------------------------------------------------------------------------


def caveats(steps: list[dict[str, Any]], results: dict[str, Any], verification: Verification | None = None) -> list[str]:
    return [c.text for finding in tell(plan_of(*steps), results, verification) for c in finding.caveats]


def test_few_rows_are_a_caveat() -> None:
    steps = [{"op": "aggregate", "measures": [mean("a")]}]
    assert caveats(steps, {"c1": {"rows": 40, "n": {"m": 4}, "m": 1.0}}) == [
        "This rests on only 4 rows: take it as a hint, not as proof."
    ]
    assert caveats(steps, {"c1": {"rows": 40, "n": {"m": 40}, "m": 1.0}}) == []


def test_small_groups_are_a_caveat() -> None:
    steps = [{"op": "aggregate", "measures": [mean("a")], "by": ["g"]}]
    result = {"rows": 103, "n_groups": 2, "groups": {"x": {"m": 1.0, "rows": 100}, "y": {"m": 2.0, "rows": 3}}}
    assert caveats(steps, {"c1": result}) == ["Some groups are small: y (3 rows)."]


def test_values_lost_in_a_cast_and_a_condition_without_effect_are_caveats() -> None:
    steps = [
        {"op": "cast", "column": "a", "to": "number"},
        {"op": "filter", "table": "c1", "where": where("a", ">", 0)},
        {"op": "aggregate", "table": "c2", "measures": [mean("a")]},
    ]
    results = {
        "c1": {"rows": 99, "lost": 2},
        "c2": {"rows_before": 99, "rows": 99},
        "c3": {"rows": 99, "n": {"m": 97}, "m": 1.0},
    }
    assert caveats(steps, results) == [
        '2 values of "a" could not be read as a number and are left out.',
        "The condition holds for every row, so it leaves nothing out.",
    ]


def test_another_common_choice_is_a_caveat_whose_number_comes_from_the_second_engine() -> None:
    verification = Verification(
        checks=[],
        sensitivities=[
            Sensitivity(step="c1", path="/m", choice="the population instead of the sample standard deviation", value=49.6655)
        ],
    )
    plan = plan_of({"op": "aggregate", "measures": [mean("Fare", function="std")]})
    (finding,) = tell(plan, {"c1": {"rows": 891, "n": {"m": 891}, "m": 49.6934}}, verification)
    (caveat,) = finding.caveats
    assert (
        caveat.text
        == 'With the population instead of the sample standard deviation, the sample standard deviation of "Fare" would be 49.67.'
    )
    assert caveat.values[-1].cell == "verify" and caveat.values[-1].value == 49.6655


def test_a_number_the_second_engine_does_not_confirm_is_withheld() -> None:
    verification = Verification(
        checks=[Check(step="c1", status="differs", engine="numpy", compared=1, worst=0.5)], sensitivities=[]
    )
    plan = plan_of({"op": "aggregate", "measures": [mean("a")]}, {"op": "aggregate", "measures": [mean("b")]})
    results = {step: {"rows": 99, "n": {"m": 99}, "m": 1.0} for step in ("c1", "c2")}
    assert [f.text for f in tell(plan, results, verification)] == ['The mean of "b" is 1 (99 rows).']
