"""The second engine's correlations and tests against scipy."""

import math
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.second_engine import close, quick, run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("snapshot")


PAIRS = st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=3, max_size=30).filter(
    lambda pairs: len({x for x, _ in pairs}) > 1 and len({y for _, y in pairs}) > 1
)


@quick
@given(PAIRS, st.sampled_from(["pearson", "spearman", "kendall"]))
def test_correlations_equal_scipy(folder: Path, pairs: list[tuple[int, int]], method: str) -> None:
    from scipy import stats

    rows = [{"x": float(x), "y": y} for x, y in pairs] + [{"x": None, "y": 1}, {"x": 2.0, "y": None}]
    found = run(folder, rows, {"x": "DOUBLE", "y": "BIGINT"}, {"op": "correlate", "x": "x", "y": "y", "method": method})
    function = {"pearson": stats.pearsonr, "spearman": stats.spearmanr, "kendall": stats.kendalltau}[method]
    want = function([x for x, _ in pairs], [y for _, y in pairs])
    assert found["n"] == len(pairs) and close(found["r"], float(want[0]))
    assert close(found["p_value"], float(want[1]), 1e-6)


@pytest.mark.parametrize("n", [3, 10, 40])
def test_kendall_without_ties_equals_scipy(folder: Path, n: int) -> None:
    from scipy import stats

    y = [(7 * i) % 41 for i in range(n)]
    rows = [{"x": float(i), "y": float(v)} for i, v in enumerate(y)]
    found = run(folder, rows, {"x": "DOUBLE", "y": "DOUBLE"}, {"op": "correlate", "x": "x", "y": "y", "method": "kendall"})
    want = stats.kendalltau(range(n), y)
    assert close(found["r"], want.statistic) and close(found["p_value"], want.pvalue)


def test_correlation_with_a_target_and_of_every_pair(folder: Path) -> None:
    rows = [{"a": float(i), "b": float(-i), "c": float(i % 3), "k": 1.0} for i in range(9)]
    types = dict.fromkeys("abck", "DOUBLE")
    target = run(folder, rows, types, {"op": "correlate", "columns": ["b", "c", "k"], "target": "a"})
    assert target["strongest"] == "b" and target["lowest"] == "b" and target["highest"] == "c"
    assert close(target["by_column"]["b"], -1) and target["by_column"]["k"] is None
    pairs = run(folder, rows, types, {"op": "correlate", "columns": ["a", "b", "c"]})
    assert pairs["strongest"] == "a ~ b" and len(pairs["pairs"]) == 3
    grouped = run(folder, rows, types, {"op": "correlate", "x": "a", "y": "b", "by": ["c"]})
    assert list(grouped["groups"]) == ["0.0", "1.0", "2.0"] and close(grouped["groups"]["0.0"]["r"], -1)


SAMPLES = st.lists(st.lists(st.integers(0, 12).map(float), min_size=3, max_size=14), min_size=2, max_size=2).filter(
    lambda samples: all(len(set(sample)) > 1 for sample in samples)
)


@quick
@given(SAMPLES, st.sampled_from(["two-sided", "less", "greater"]), st.booleans())
def test_two_sample_tests_equal_scipy(folder: Path, samples: list[list[float]], alternative: str, equal_var: bool) -> None:
    from scipy import stats

    rows = [{"g": g, "x": x} for g, sample in zip("ba", samples, strict=True) for x in sample]
    rows += [{"g": "c", "x": 1.0}, {"g": "a", "x": None}, {"g": None, "x": 3.0}]
    common = {"op": "test", "column": "x", "by": "g", "groups": ["b", "a"], "alternative": alternative}

    def found(kind: str, **more: Any) -> tuple[float, float]:
        result = run(folder, rows, {"g": "VARCHAR", "x": "DOUBLE"}, {**common, "kind": kind, **more})
        assert result["n"] == sum(map(len, samples)) and result["groups"]["b"]["n"] == len(samples[0])
        return result["statistic"], result["p_value"]

    wants = {
        "t_test": stats.ttest_ind(*samples, equal_var=equal_var, alternative=alternative),
        "mann_whitney": stats.mannwhitneyu(*samples, alternative=alternative),
        "anova": stats.f_oneway(*samples),
        "kruskal": stats.kruskal(*samples),
        "levene": stats.levene(*samples),
        "bartlett": stats.bartlett(*samples),
    }
    for kind, want in wants.items():
        statistic, p = found(kind, equal_var=equal_var)
        if math.isinf(want.statistic):  # no spread within the groups
            assert statistic is None, kind
        elif math.isfinite(want.pvalue):
            assert close(statistic, float(want.statistic), 1e-8) and close(p, float(want.pvalue), 1e-7), kind
        else:  # scipy's F of equal means may be a negative zero without a p-value
            assert statistic in (None, 0.0), kind


@quick
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=3, max_size=20),
    st.sampled_from(["two-sided", "less"]),
)
def test_one_sample_tests_equal_scipy(folder: Path, pairs: list[tuple[int, int]], alternative: str) -> None:
    from scipy import stats

    if len({x for x, _ in pairs}) < 2 or len({x - y for x, y in pairs}) < 2:
        return
    rows = [{"x": float(x), "y": float(y)} for x, y in pairs] + [{"x": None, "y": 2.0}]
    types = {"x": "DOUBLE", "y": "DOUBLE"}
    one = run(
        folder,
        rows,
        types,
        {"op": "test", "kind": "t_test_1sample", "column": "x", "mu": 4, "alternative": alternative},
    )
    want = stats.ttest_1samp([x for x, _ in pairs], 4, alternative=alternative)
    assert close(one["statistic"], float(want.statistic)) and close(one["p_value"], float(want.pvalue))
    paired = run(folder, rows, types, {"op": "test", "kind": "t_test_paired", "columns": ["x", "y"], "alternative": alternative})
    want = stats.ttest_rel(*zip(*pairs, strict=True), alternative=alternative)
    assert close(paired["statistic"], float(want.statistic)) and close(paired["p_value"], float(want.pvalue))
    shape = run(folder, rows, types, {"op": "test", "kind": "jarque_bera", "column": "x"})
    want = stats.jarque_bera([x for x, _ in pairs])
    assert close(shape["statistic"], float(want.statistic)) and close(shape["p_value"], float(want.pvalue))


@quick
@given(st.lists(st.tuples(st.sampled_from("pqr"), st.sampled_from("uv")), min_size=8, max_size=60))
def test_tests_of_counts_equal_scipy(folder: Path, pairs: list[tuple[str, str]]) -> None:
    from scipy import stats
    from statsmodels.stats.proportion import proportions_ztest

    counts = Counter(pairs)
    values, groups = sorted({a for a, _ in pairs}), sorted({b for _, b in pairs})
    table = [[counts[a, b] for b in groups] for a in values]
    rows = [{"a": a, "b": b} for a, b in pairs] + [{"a": None, "b": "u"}]
    types = {"a": "VARCHAR", "b": "VARCHAR"}

    def found(kind: str, **more: Any) -> Any:
        return run(folder, rows, types, {"op": "test", "kind": kind, "column": "a", "by": "b", **more})

    chi = found("chi_square")
    want = stats.chi2_contingency(table)
    assert close(chi["statistic"], float(want.statistic)) and close(chi["p_value"], float(want.pvalue)) and chi["df"] == want.dof
    if len(values) == 2 and len(groups) == 2:
        fisher = found("fisher_exact")
        want = stats.fisher_exact(table)
        odds = float(want.statistic)
        assert close(fisher["statistic"], odds if math.isfinite(odds) else None) and close(fisher["p_value"], float(want.pvalue))
    if len(groups) == 2 and 0 < sum(table[0]) < len(pairs):
        z = found("proportion_z", success=values[0])
        want = proportions_ztest(table[0], [sum(row[g] for row in table) for g in (0, 1)])
        assert close(z["statistic"], float(want[0])) and close(z["p_value"], float(want[1]))
