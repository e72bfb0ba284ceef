"""What verification catches, what it lets pass, and when it says that another choice would read differently."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.analysis.plan import Plan
from shared.analysis.recompute import recompute
from shared.analysis.snapshot import Snapshot, take_snapshot
from shared.analysis.verify import Verification, verify

TABLES = Path(__file__).parents[1] / "bench" / "questions" / "tables"
HP = "Horsepower"


@pytest.fixture(scope="module")
def cars(tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, Path]:
    folder = tmp_path_factory.mktemp("cars")
    return take_snapshot([TABLES / "cars.csv"], folder), folder


def plan_of(*steps: dict[str, Any], outputs: list[dict[str, Any]] | None = None, findings: list[str] | None = None) -> Plan:
    named = [{"id": f"c{number}", **step} for number, step in enumerate(steps, 1)]
    report = [] if outputs is None and findings is None else [
        {"id": "report", "op": "report", "outputs": outputs or [], "findings": findings}
    ]  # fmt: skip
    return Plan.model_validate({"steps": [*named, *report]})


def honest(plan: Plan, cars: tuple[Snapshot, Path]) -> Any:
    """Right results, as cells would give them."""
    return json.loads(json.dumps(recompute(plan, *cars, {})))


def aggregate(*measures: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"op": "aggregate", "measures": list(measures), **more}


def measure(function: str, column: str | None = HP, **more: Any) -> dict[str, Any]:
    return {"name": function, "function": function, "column": column, **more}


T_TEST = {"op": "test", "kind": "t_test", "column": HP, "by": "Origin", "groups": ["Europe", "Japan"]}
EVERYTHING = plan_of(
    aggregate(measure("mean"), measure("skew"), measure("count", None), by=["Origin"]),
    {"op": "rank", "table": "c1", "by": "mean", "label": ["Origin"], "k": 2},
    {"op": "correlate", "columns": [HP, "Weight_in_lbs", "Acceleration"], "target": "Miles_per_Gallon"},
    T_TEST,
    {"op": "decide", "rules": [{"when": [{"ref": "c4:/p_value", "op": "<", "value": 0.05}], "then": "yes"}], "otherwise": "no"},
    {"op": "filter", "where": {"column": HP, "op": ">", "value": 100}},
    {"op": "trend", "time": "Year", "value": HP},
    {"op": "calculate", "values": {"a": "c1:/groups/USA/mean", "b": "c4:/statistic"}, "expression": "a - b"},
    {"op": "impute", "columns": [HP]},
    {"op": "summarize", "columns": [HP, "Origin"]},
)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, dict | list):
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(child, (*path, key))
    else:
        yield path, value


def changed(results: Any, path: tuple[Any, ...], value: Any) -> Any:
    other = copy.deepcopy(results)
    place = other
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return other


def status(verification: Verification) -> dict[str, str]:
    return {check.step: check.status for check in verification.checks}


def test_right_results_agree_in_every_number(cars: tuple[Snapshot, Path]) -> None:
    results = honest(EVERYTHING, cars)
    for check in verify(EVERYTHING, *cars, results).checks:
        told = [value for _, value in leaves(results[check.step]) if value is not None]
        assert check.status == "agrees" and check.compared == len(told), check
        assert check.worst in (None, 0.0)


def test_any_changed_value_is_caught_in_its_own_step(cars: tuple[Snapshot, Path]) -> None:
    results = honest(EVERYTHING, cars)
    for path, value in leaves(results):
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            wrong: Any = not value if isinstance(value, bool) else value + "?"
        else:
            wrong = value + 1 if isinstance(value, int) else value * 1.00001 + 1e-7
        verification = verify(EVERYTHING, *cars, changed(results, path, wrong))
        differing = {step for step, found in status(verification).items() if found == "differs"}
        assert differing == {path[0]}, path


def test_rounding_noise_agrees(cars: tuple[Snapshot, Path]) -> None:
    results = honest(EVERYTHING, cars)
    for path, value in leaves(results):
        if isinstance(value, float):
            results = changed(results, path, value * (1 + 3e-10) + 1e-15)
    verification = verify(EVERYTHING, *cars, results)
    assert set(status(verification).values()) == {"agrees"}
    assert all(check.worst is None or check.worst < 1e-8 for check in verification.checks)


def test_both_values_are_told(cars: tuple[Snapshot, Path]) -> None:
    plan = plan_of(aggregate(measure("mean", "Weight_in_lbs")))
    check = verify(plan, *cars, {"c1": {"rows": 406, "n": {"mean": 406}, "mean": 2000.5}}).checks[0]
    assert check.status == "differs" and "2000.5" in check.why and "2979.4" in check.why and "/mean" in check.why


def test_n_is_compared_together_with_the_number(cars: tuple[Snapshot, Path]) -> None:
    plan = plan_of(aggregate(measure("mean")))
    results = changed(honest(plan, cars), ("c1", "n", "mean"), 406)
    assert status(verify(plan, *cars, results)) == {"c1": "differs"}


def test_a_missing_group_or_a_missing_main_number_differs(cars: tuple[Snapshot, Path]) -> None:
    plan = plan_of(aggregate(measure("mean"), by=["Origin"]), aggregate(measure("max")))
    results = honest(plan, cars)
    del results["c1"]["groups"]["Japan"]
    del results["c2"]["max"]
    checks = verify(plan, *cars, results).checks
    assert [check.status for check in checks] == ["differs", "differs"]
    assert "'Japan'" in checks[0].why and "`max`" in checks[1].why


def test_what_only_the_cell_tells_is_not_compared(cars: tuple[Snapshot, Path]) -> None:
    plan = plan_of(T_TEST)
    results = changed(honest(plan, cars), ("c1", "effect_name"), "Cohen's d")
    assert status(verify(plan, *cars, results)) == {"c1": "agrees"}


def test_what_cannot_be_recomputed_says_so(cars: tuple[Snapshot, Path]) -> None:
    twice = {"op": "calculate", "values": {"a": "c1:/answer"}, "expression": "a * 2"}
    plan = plan_of(
        {"op": "python", "code": "{'answer': 21}"}, twice, aggregate(measure("mean"), table="c1"), aggregate(measure("max"))
    )
    checks = verify(plan, *cars, {"c1": {"answer": 21}, "c2": {"value": 42, "a": 21}, "c3": {"mean": 1}}).checks
    assert [check.status for check in checks] == ["not recomputed", "agrees", "not recomputed", "not recomputed"]
    assert "python" in checks[0].why and "c1:/answer" in checks[1].why and "c1" in checks[2].why and "no result" in checks[3].why
    too_large = verify(plan_of(aggregate(measure("mean"))), *cars, {}, limit=100).checks[0]
    assert too_large.status == "not recomputed" and "too large" in too_large.why


def test_equal_means_may_be_ranked_either_way(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(
        "g,x\n" + "".join(f"{g},{x}\n" for g, xs in {"a": [0.1, 0.2], "b": [0.15, 0.15]}.items() for x in xs)
    )
    snapshot = take_snapshot([tmp_path / "t.csv"], tmp_path / "snapshot")
    plan = plan_of(aggregate(measure("mean", "x"), by=["g"]), {"op": "rank", "table": "c1", "by": "mean", "label": ["g"]})
    results = honest(plan, (snapshot, tmp_path / "snapshot"))
    other = "b" if results["c2"]["name"] == "a" else "a"
    results["c2"] |= {"name": other, "names": [other], "items": {other: 0.15}}
    assert status(verify(plan, snapshot, tmp_path / "snapshot", results))["c2"] == "agrees"
    results["c2"] |= {"name": "c", "names": ["c"]}
    assert status(verify(plan, snapshot, tmp_path / "snapshot", results))["c2"] == "differs"


def test_which_computed_values_are_equal_is_left_out_and_said(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x\n0.1\n0.1\n0.7\n")
    snapshot, folder = take_snapshot([tmp_path / "t.csv"], tmp_path / "snapshot"), tmp_path / "snapshot"
    logs = {"op": "derive", "name": "y", "expression": "ln(x)"}
    both = plan_of(logs, aggregate(measure("distinct", "y"), measure("mean", "y"), table="c1"))
    results = honest(both, (snapshot, folder))
    results["c2"] |= {"distinct": 99}
    check = verify(both, snapshot, folder, results).checks[1]
    assert check.status == "agrees" and "without distinct" in check.why
    alone = plan_of(logs, aggregate(measure("distinct", "y"), table="c1"))
    assert verify(alone, snapshot, folder, {"c1": {}, "c2": {"distinct": 99}}).checks[1].status == "not recomputed"
    raw = plan_of(aggregate(measure("distinct", "x")))
    assert status(verify(raw, snapshot, folder, {"c1": {"rows": 3, "distinct": 99}})) == {"c1": "differs"}


# --- sensitivity ------------------------------------------------------------------------------------------------


def sensitivities(plan: Plan, cars: tuple[Snapshot, Path]) -> dict[tuple[str, str], tuple[str, Any]]:
    found = verify(plan, *cars, honest(plan, cars)).sensitivities
    return {(one.step, one.path): (one.choice, one.value) for one in found}


def test_ddof_shows_only_where_the_rounded_answer_changes(cars: tuple[Snapshot, Path]) -> None:
    def plan(decimals: int | None) -> Plan:
        return plan_of(aggregate(measure("std")), outputs=[{"name": "std", "ref": "c1:/std", "decimals": decimals}], findings=[])

    assert sensitivities(plan(0), cars) == {}
    found = sensitivities(plan(3), cars)
    assert found == {("c1", "/std"): ("population instead of sample standard deviation", pytest.approx(38.7204, abs=1e-3))}


def test_a_large_table_has_none(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x\n" + "".join(f"{(i * 7919) % 1000}\n" for i in range(40_000)))
    snapshot = take_snapshot([tmp_path / "t.csv"], tmp_path / "snapshot")
    plan = plan_of(
        aggregate(measure("std", "x"), measure("skew", "x"), measure("kurtosis", "x")), findings=["It is {{c1:/std}}."]
    )
    assert sensitivities(plan, (snapshot, tmp_path / "snapshot")) == {}


def test_groups_biased_forms_and_the_standard_words(cars: tuple[Snapshot, Path]) -> None:
    by_origin = aggregate(measure("skew"), measure("mean"), by=["Origin"])
    found = sensitivities(plan_of(by_origin), cars)
    assert {path for _, path in found} == {f"/groups/{origin}/skew" for origin in ("Europe", "Japan", "USA")}
    assert {choice for choice, _ in found.values()} == {"biased instead of unbiased skewness"}
    every = [{"name": "skews", "ref": "c1:/groups/*/skew", "decimals": 0}]
    assert sensitivities(plan_of(by_origin, outputs=every, findings=[]), cars) == {}
    assert len(sensitivities(plan_of(by_origin, outputs=[{**every[0], "decimals": 5}], findings=[]), cars)) == 3


def test_welch_and_student_and_a_label_that_flips(cars: tuple[Snapshot, Path]) -> None:
    base = honest(plan_of(T_TEST, {**T_TEST, "equal_var": True}), cars)
    welch, student = base["c1"]["p_value"], base["c2"]["p_value"]
    between = (welch + student) / 2
    rule = {"when": [{"ref": "c1:/p_value", "op": "<", "value": between}], "then": "below"}
    label = {"op": "decide", "rules": [rule], "otherwise": "above"}
    outputs = [{"name": "p", "ref": "c1:/p_value", "decimals": 6}, {"name": "label", "ref": "c2:/label"}]
    found = sensitivities(plan_of(T_TEST, label, outputs=outputs, findings=[]), cars)
    words = "Student's instead of Welch's t-test"
    assert found[("c1", "/p_value")] == (words, pytest.approx(student))
    assert found[("c2", "/label")] == (words, "above" if welch < student else "below")
    reverse = sensitivities(plan_of({**T_TEST, "equal_var": True}, outputs=outputs[:1], findings=[]), cars)
    assert reverse[("c1", "/p_value")] == ("Welch's instead of Student's t-test", pytest.approx(welch))


def test_a_choice_upstream_is_followed_downstream(cars: tuple[Snapshot, Path]) -> None:
    plan = plan_of(
        {"op": "outliers", "columns": ["Acceleration"], "method": "zscore", "k": 2.0, "action": "remove"},
        aggregate(measure("min", "Acceleration"), measure("count", None), table="c1"),
        outputs=[{"name": "bound", "ref": "c1:/columns/Acceleration/lower", "decimals": 4}, {"name": "n", "ref": "c2:/count"}],
        findings=[],
    )
    assert ("c1", "/columns/Acceleration/lower") in sensitivities(plan, cars)
    findings = plan_of(aggregate(measure("std")), findings=["The spread is {{c1:/std|0}}."])
    assert sensitivities(findings, cars) == {}
    assert sensitivities(plan_of(aggregate(measure("std")), findings=["The spread is {{c1:/std}}."]), cars)
