"""Checkpoints: what any tool reads, and everything that can be wrong with one."""

import json
import pickle
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the forge needs the extra `forge`")

from safetensors.torch import load_file, save_file  # noqa: E402
from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: E402

from phases import checkpoint  # noqa: E402
from phases.contract import CheckpointDamaged, CheckpointRef, Config, ModelsDiffer, Phase, PhaseResult, key_of  # noqa: E402
from phases.models import PRESETS, SPECIAL_TOKENS, new_model  # noqa: E402
from shared.errors import AgentForgeError, BadInput, NotFound  # noqa: E402
from tests.forge.conftest import byte_tokenizer, tiny  # noqa: E402


@pytest.fixture
def made(tmp_path: Path) -> CheckpointRef:
    return checkpoint.write(tmp_path / "made", tiny(), byte_tokenizer(), phase="cognate", config={"seed": 3}, metrics={"loss": 1.5})


def test_the_tools_of_the_field_read_it(made: CheckpointRef) -> None:
    model = AutoModelForCausalLM.from_pretrained(made.path)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), tiny().parameters(), strict=True))
    assert AutoTokenizer.from_pretrained(made.path).convert_tokens_to_ids("<|thought|>") == 3
    assert {path.name for path in made.path.iterdir()} == {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "forge.json"}


def test_the_digest_tells_contents_apart_and_nothing_else(made: CheckpointRef, tmp_path: Path) -> None:
    again = checkpoint.write(tmp_path / "again", tiny(), byte_tokenizer(), phase="another", metrics={"loss": 9.0})
    other = checkpoint.write(tmp_path / "other", tiny(seed=1), byte_tokenizer(), phase="cognate")
    assert again.digest == made.digest != other.digest
    assert checkpoint.open_checkpoint(made.path) == made
    told = checkpoint.about(made.path)
    assert told["phase"] == "cognate" and told["config"] == {"seed": 3} and told["precision"] == "float32" and told["parents"] == []


def test_a_checkpoint_brought_along_has_no_forge_json(made: CheckpointRef) -> None:
    (made.path / "forge.json").unlink()
    assert checkpoint.open_checkpoint(made.path).digest == made.digest


def test_sidecars_belong_to_it(tmp_path: Path) -> None:
    side = tmp_path / "some"
    side.write_bytes(b"trits")
    made = checkpoint.write(tmp_path / "made", tiny(), byte_tokenizer(), phase="bitnet", sidecars={"ternary.safetensors": side})
    (made.path / "ternary.safetensors").write_bytes(b"other")
    with pytest.raises(CheckpointDamaged, match=r"ternary.safetensors .* is not what was written"):
        checkpoint.open_checkpoint(made.path)


def _pickled(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({}))


def _nan(folder: Path) -> None:
    told = load_file(folder / "model.safetensors")
    told["model.norm.weight"][3] = float("nan")
    save_file(told, folder / "model.safetensors", {"format": "pt"})


def _dropped(folder: Path) -> None:
    told = load_file(folder / "model.safetensors")
    del told["model.norm.weight"]
    save_file(told, folder / "model.safetensors", {"format": "pt"})


def _foreign(folder: Path) -> None:
    told = load_file(folder / "model.safetensors")
    told["model.evil.weight"] = torch.zeros(3)
    save_file(told, folder / "model.safetensors", {"format": "pt"})


def _reshaped(folder: Path) -> None:
    told = load_file(folder / "model.safetensors")
    told["model.norm.weight"] = torch.zeros(31)
    save_file(told, folder / "model.safetensors", {"format": "pt"})


def _sharded(folder: Path) -> None:
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": "model-00001-of-00002.safetensors"}}))


def _up(folder: Path) -> None:
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": "../made/model.safetensors"}}))


def _text(name: str, text: str):  # type: ignore[no-untyped-def]
    return lambda folder: (folder / name).write_text(text)


def _gone(name: str):  # type: ignore[no-untyped-def]
    return lambda folder: (folder / name).unlink()


@pytest.mark.parametrize("damage, message", [
    (_pickled, "pickle"), (_nan, "no numbers"), (_dropped, "missing keys"), (_foreign, "unexpected keys"), (_reshaped, "model.norm.weight|mismatched"),
    (_sharded, "shard 'model-00001-of-00002.safetensors' is missing"), (_up, "is missing"),
    (_text("model.safetensors", "not safetensors at all"), "cannot be read"), (_text("config.json", "{"), "not JSON"), (_text("config.json", "[]"), "no object"),
    (_text("config.json", '{"model_type": "gpt2"}'), "llama, qwen2, qwen3"), (_text("tokenizer.json", "{}"), "tokenizer.json"),
    (_gone("config.json"), "no config.json"), (_gone("tokenizer.json"), "no tokenizer.json"), (_gone("model.safetensors"), "no model.safetensors"),
    (_text("model.safetensors.index.json", "{"), "index.json cannot be read"), (_text("forge.json", "x"), "not JSON"),
])  # fmt: skip
def test_what_is_wrong_is_named(made: CheckpointRef, damage, message: str) -> None:  # type: ignore[no-untyped-def]
    forged = (made.path / "forge.json").read_text()
    (made.path / "forge.json").unlink()
    damage(made.path)
    with pytest.raises(AgentForgeError, match=message) as caught:
        ref = checkpoint.open_checkpoint(made.path)
        checkpoint.load_tokenizer(ref)
        checkpoint.load_model(ref)
    assert isinstance(caught.value, BadInput)
    if not (made.path / "forge.json").exists():
        (made.path / "forge.json").write_text(forged)
        with pytest.raises(AgentForgeError):
            checkpoint.load_model(checkpoint.open_checkpoint(made.path))


def test_a_file_that_was_added_is_noticed(made: CheckpointRef) -> None:
    (made.path / "extra.txt").write_text("x")
    with pytest.raises(CheckpointDamaged, match=r"other files than forge\.json says"):
        checkpoint.open_checkpoint(made.path)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        checkpoint.open_checkpoint(tmp_path / "nowhere")


def test_weights_that_are_no_numbers_are_not_written(tmp_path: Path) -> None:
    model = tiny()
    with torch.no_grad():
        model.model.norm.weight[0] = float("inf")
    with pytest.raises(CheckpointDamaged, match="nothing was written"):
        checkpoint.write(tmp_path / "made", model, byte_tokenizer(), phase="cognate")
    assert not list((tmp_path / "made").iterdir())


def test_only_models_of_one_kind_go_together(made: CheckpointRef, tmp_path: Path) -> None:
    same = checkpoint.write(tmp_path / "same", tiny(seed=1), byte_tokenizer(), phase="cognate")
    deeper = checkpoint.write(tmp_path / "deeper", tiny(num_hidden_layers=3), byte_tokenizer(), phase="cognate")
    from tokenizers import Tokenizer, models

    other = checkpoint.write(tmp_path / "words", tiny(), Tokenizer(models.WordLevel({f"w{i}": i for i in range(64)}, unk_token="w0")), phase="cognate")
    checkpoint.check_same_kind((made, same))
    with pytest.raises(ModelsDiffer, match="num_hidden_layers 3"):
        checkpoint.check_same_kind((made, deeper))
    with pytest.raises(ModelsDiffer, match="tokenizers"):
        checkpoint.check_same_kind((made, same, other))


def test_presets_have_the_size_they_say() -> None:
    assert sum(p.numel() for p in new_model("cognate-1m", 0).parameters()) == 1_000_576
    assert sum(p.numel() for p in new_model("cognate-25m", 0).parameters()) == 25_041_408
    assert len(set(SPECIAL_TOKENS)) == len(SPECIAL_TOKENS) < min(sizes["vocab_size"] for sizes in PRESETS.values())
    with pytest.raises(BadInput, match="cognate-1m"):
        new_model("cognate-3t", 0)


def test_the_key_of_a_result_follows_from_everything_that_shapes_it() -> None:
    def nothing(*_: object) -> PhaseResult:
        return PhaseResult(())

    phase, other = Phase("a", Config, nothing, (0, 1)), Phase("b", Config, nothing, (0, 1))
    keys = {key_of(phase, (), Config()), key_of(phase, (), Config(seed=1)), key_of(phase, ("d",), Config()), key_of(other, (), Config())}
    assert len(keys) == 4 and key_of(phase, (), Config()) in keys
    with pytest.raises(BadInput, match="0 to 1"):
        phase.check_inputs(2)
