"""The phase: a plain checkpoint and its side-car come out, it ends the same when its worker dies, and the gate says what was measured."""

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the forge needs the extra `forge`")

from pydantic import ValidationError  # noqa: E402

from phases import checkpoint  # noqa: E402
from phases.configs import QuietStarConfig  # noqa: E402
from phases.contract import Budget, BudgetSpent, CheckpointDamaged, CheckpointRef, PhaseResult  # noqa: E402
from phases.data.packs import pack  # noqa: E402
from phases.data.tokenizer import train_tokenizer  # noqa: E402
from phases.evaluation import evaluate  # noqa: E402
from phases.quiet_star import PHASE, Thinker  # noqa: E402
from phases.quiet_star.phase import SIDECAR, equal_steps, gate_of, load_thinker  # noqa: E402
from phases.quiet_star.thoughts import marks_of  # noqa: E402
from phases.registry import CONFIGS, find  # noqa: E402
from shared.errors import NotFound  # noqa: E402
from tests.forge.conftest import Killed, LocalContext, tiny  # noqa: E402


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTFORGE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "text"
    folder.mkdir()
    for i in range(120):
        (folder / f"{i:03}.txt").write_text(f"def area(width, height):\n    return width * height  # {i} of {i * i}\n" * 12)
    return folder


@pytest.fixture
def given(tmp_path: Path) -> CheckpointRef:
    return checkpoint.write(tmp_path / "given", tiny(vocabulary=270), train_tokenizer([], 270), phase="test")


def config(source: Path, **more: Any) -> QuietStarConfig:
    training = {"steps": 9, "save_every": 4, "learning_rate": 0.01}
    told = {"text": str(source), "mixture": {"text": 0.5, "reasoning": 0.5}, "batch_size": 4, "length": 64, "pack_size": 4, "seed": 3,
            "thinking": {"length": 2, "ahead": 2, "positions": 0.1}, "training": training, "distill": training | {"steps": 6}}  # fmt: skip
    return QuietStarConfig.model_validate(told | more)


def run(
    folder: Path, given: CheckpointRef, config: QuietStarConfig, die_at: int | None = None, budget: Budget | None = None
) -> PhaseResult:
    return PHASE.run(LocalContext(folder, die_at), (given,), config, budget or Budget())


def made(result: PhaseResult) -> CheckpointRef:
    (out,) = result.rejected or result.outputs
    return out


def test_it_is_registered_and_refuses_unknown_keys() -> None:
    assert find("quiet_star") is PHASE and CONFIGS["quiet_star"] is QuietStarConfig
    with pytest.raises(ValidationError, match="thoughts"):
        QuietStarConfig.model_validate({"thoughts": 2})


def test_a_plain_checkpoint_comes_out_with_the_thinker_beside_it(tmp_path: Path, given: CheckpointRef, source: Path) -> None:
    result = run(tmp_path / "run", given, config(source))
    out = checkpoint.open_checkpoint(made(result).path)
    assert out == made(result) and checkpoint.about(out.path)["parents"] == [given.digest]
    checkpoint.check_same_kind((given, out))
    model, tokenizer = checkpoint.load_model(out), checkpoint.load_tokenizer(out)
    assert set(model.state_dict()) == set(checkpoint.load_model(given).state_dict())
    packs = [pack("reasoning", tokenizer, "gate", 4)]
    assert evaluate(model, tokenizer, packs)["reasoning/log_likelihood"] == pytest.approx(
        result.metrics["output/reasoning/log_likelihood"]
    )
    thinker = load_thinker(out)
    assert thinker.thinking == config(source).thinking
    assert evaluate(thinker, tokenizer, packs)["reasoning/log_likelihood"] == pytest.approx(
        result.metrics["thinking/reasoning/log_likelihood"]
    )
    fresh = Thinker(model, marks_of(tokenizer), thinker.thinking, seed=3)
    assert not torch.equal(fresh.mixing[0].weight, thinker.mixing[0].weight)
    assert {m.name for m in result.gate.measures} == {"reasoning/log_likelihood", "reasoning/accuracy", "text/bits_per_byte"}
    assert all(m.control is not None and m.input is not None for m in result.gate.measures)
    tokens = result.metrics
    assert tokens["control/tokens"] == equal_steps(config(source)) * 4 * 64
    if result.gate.decision == "fail":
        assert result.outputs == (given,)


@pytest.mark.parametrize("die_at", [3, 7, 12, 20])
def test_killed_and_resumed_it_ends_the_same(tmp_path: Path, given: CheckpointRef, source: Path, die_at: int) -> None:
    whole = run(tmp_path / "whole", given, config(source))
    with pytest.raises(Killed):
        run(tmp_path / "killed", given, config(source), die_at)
    again = run(tmp_path / "killed", given, config(source))
    assert made(again).digest == made(whole).digest
    assert again.gate == whole.gate


def test_the_budget_ends_the_phase_and_a_larger_one_ends_the_same(tmp_path: Path, given: CheckpointRef, source: Path) -> None:
    with pytest.raises(BudgetSpent):
        run(tmp_path / "run", given, config(source), budget=Budget(0.01))
    whole = run(tmp_path / "other", given, config(source))
    assert made(run(tmp_path / "run", given, config(source))).digest == made(whole).digest


def test_the_gate_fails_on_any_of_its_three_grounds() -> None:
    def told(likelihood: float, bits: float) -> dict[str, float]:
        return {"reasoning/log_likelihood": likelihood, "reasoning/accuracy": 0.5, "text/bits_per_byte": bits}

    base, config = told(-2.0, 3.0), QuietStarConfig()
    assert gate_of({"input": base, "output": told(-1.0, 3.0), "control": told(-1.5, 3.0)}, config).decision == "pass"
    assert gate_of({"input": base, "output": told(-1.0, 3.0)}, config).decision == "pass"
    assert "input" in gate_of({"input": base, "output": told(-2.5, 3.0)}, config).reason
    assert "trained as long" in gate_of({"input": base, "output": told(-1.0, 3.0), "control": told(-0.5, 3.0)}, config).reason
    worse = gate_of({"input": base, "output": told(-1.0, 3.3), "control": told(-1.5, 3.0)}, config)
    assert worse.decision == "fail" and "10.0%" in worse.reason


def test_side_cars_that_are_missing_or_broken_are_told(tmp_path: Path, given: CheckpointRef) -> None:
    with pytest.raises(NotFound, match=SIDECAR):
        load_thinker(given)
    (given.path / SIDECAR).write_bytes(b"nothing")
    with pytest.raises(CheckpointDamaged, match=SIDECAR):
        load_thinker(given)
