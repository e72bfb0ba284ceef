"""The phase: what it hands on, when its gate fails, and that it ends the same when its worker dies."""

import json
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the forge needs the extra `forge`")

from pydantic import ValidationError  # noqa: E402

from phases import checkpoint  # noqa: E402
from phases.bitnet import PHASE, load_as_trained, packed_model  # noqa: E402
from phases.bitnet.archive import ARCHIVE, read_archive  # noqa: E402
from phases.bitnet.layers import BitLinear, linears, ternary  # noqa: E402
from phases.configs import BitNetConfig  # noqa: E402
from phases.contract import Budget, BudgetSpent, CheckpointRef, PhaseResult  # noqa: E402
from phases.data.tokenizer import train_tokenizer  # noqa: E402
from phases.registry import CONFIGS, find  # noqa: E402
from tests.forge.conftest import Killed, LocalContext, tiny  # noqa: E402

TEXT = "def area(width, height):\n    return width * height  # {i} is the number of this line, and {j} that of another\n"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTFORGE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "text.jsonl"
    path.write_text("".join(json.dumps({"text": "".join(TEXT.format(i=i, j=j * i) for j in range(12))}) + "\n" for i in range(500)))
    return path


@pytest.fixture
def given(tmp_path: Path, source: Path) -> CheckpointRef:
    tokenizer = train_tokenizer([TEXT.format(i=i, j=i * i) for i in range(500)], 300)
    return checkpoint.write(tmp_path / "given", tiny(vocabulary=300), tokenizer, phase="test")


def config(source: Path, steps: int = 30, **more: Any) -> BitNetConfig:
    told = {"text": str(source), "mixture": {"text": 1.0}, "batch_size": 4, "length": 32, "pack_size": 8, "training": {"steps": steps, "save_every": 4}}
    return BitNetConfig.model_validate(told | more)


def run(folder: Path, given: CheckpointRef, config: BitNetConfig, die_at: int | None = None, budget: Budget = Budget()) -> PhaseResult:  # noqa: B008
    return PHASE.run(LocalContext(folder, die_at), (given,), config, budget)


def test_it_is_registered_and_refuses_unknown_keys() -> None:
    assert find("bitnet") is PHASE and CONFIGS["bitnet"] is BitNetConfig
    with pytest.raises(ValidationError, match="bits"):
        BitNetConfig.model_validate({"bits": 2})


def test_a_ternary_checkpoint_comes_out_with_its_archive_and_the_measures(tmp_path: Path, given: CheckpointRef, source: Path) -> None:
    result = run(tmp_path / "run", given, config(source, steps=60, max_gap=1.0))
    (made,) = result.outputs
    assert result.gate.decision == "pass" and not result.rejected
    checkpoint.open_checkpoint(made.path)
    told = checkpoint.about(made.path)
    assert told["precision"] == "bitnet-b1.58" and told["parents"] == [given.digest]

    bits = result.gate.measures[0]
    assert bits.name == "text/bits_per_byte" and bits.better == "lower"
    assert bits.output < bits.input, "it learnt, as ternary, what the input did not know"
    assert result.metrics["gap"] == pytest.approx(bits.output / bits.control - 1)

    latent, trained, packed = checkpoint.load_model(made), load_as_trained(made), packed_model(made)
    assert not any(isinstance(module, BitLinear) for module in latent.modules())
    assert sum(isinstance(module, BitLinear) for module in trained.modules()) == 14
    archive = read_archive(made.path / ARCHIVE)
    for name, module in linears(latent):
        trits, scale = ternary(module.weight.detach())
        assert torch.equal(archive[name][0], trits) and torch.equal(archive[name][1], scale), "the archive is what the latents round to"
    prompt = torch.arange(3, 20)[None]
    with torch.no_grad():
        expected, ours = trained(prompt).logits, packed(prompt).logits
        assert float((expected - ours).abs().max() / expected.abs().max()) < 1e-2, "one 8-bit value that rounds the other way"
        assert not torch.allclose(expected, latent(prompt).logits, rtol=0.01)
    assert 1.6 <= result.metrics["bits_per_weight"] < 1.7 and 0 < result.metrics["zeros"] < 1


def test_a_gap_that_is_too_wide_hands_the_input_on(tmp_path: Path, given: CheckpointRef, source: Path) -> None:
    result = run(tmp_path / "run", given, config(source, steps=4, max_gap=0.0, lambda_warmup=0.0, training={"steps": 4, "learning_rate": 1e-4}))
    assert result.gate.decision == "fail" and result.outputs == (given,)
    assert "0.0% are allowed" in result.gate.reason
    assert checkpoint.about(result.rejected[0].path)["phase"] == "bitnet", "what was made is kept, for whoever wants to look"


@pytest.mark.parametrize("die_at", [3, 11, 19])
def test_killed_in_either_training_it_ends_bit_for_bit_the_same(tmp_path: Path, given: CheckpointRef, source: Path, die_at: int) -> None:
    whole = run(tmp_path / "whole", given, config(source, steps=10, max_gap=1.0))
    with pytest.raises(Killed):
        run(tmp_path / "killed", given, config(source, steps=10, max_gap=1.0), die_at=die_at)
    resumed = run(tmp_path / "killed", given, config(source, steps=10, max_gap=1.0))
    assert resumed.outputs[0].digest == whole.outputs[0].digest and resumed.gate == whole.gate


def test_what_is_ternary_goes_on_as_ternary(tmp_path: Path, given: CheckpointRef, source: Path) -> None:
    first = run(tmp_path / "first", given, config(source, steps=60, max_gap=1.0))
    again = run(tmp_path / "again", first.outputs[0], config(source, steps=1, max_gap=9.0, training={"steps": 1, "learning_rate": 1e-9, "adam_learning_rate": 1e-9}))
    before, after = first.gate.measures[0].output, again.gate.measures[0]
    assert after.input == pytest.approx(before) and after.output == pytest.approx(before, rel=1e-3), "measured and trained as what it is"


def test_the_budget_is_for_both_trainings(tmp_path: Path, given: CheckpointRef, source: Path) -> None:
    with pytest.raises(BudgetSpent):
        run(tmp_path / "run", given, config(source), budget=Budget(seconds=0.0))
