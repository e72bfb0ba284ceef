"""Checkpoints as folders that any tool of the field reads.

    config.json              the architecture, as transformers writes it
    model.safetensors        latent weights, float32 (or what was brought along), under stock names; never pickle
    tokenizer.json           and tokenizer_config.json
    forge.json               {digest, files: {name: sha256}, parents: [digest], phase, config, metrics, precision, …}; written last
    anything else            side-cars, such as a ternary archive

The digest is the SHA-256 of the lines "<sha256> <name>" of all files but forge.json, sorted by name.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phases.contract import CheckpointDamaged, CheckpointRef, ModelsDiffer
from phases.models import FAMILIES
from shared.errors import BadInput, NotFound
from shared.state.artifacts import sha256_of_file

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedModel

MARKER = "forge.json"
PICKLED = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt")


def write(
    folder: Path, model: "PreTrainedModel", tokenizer: "Tokenizer", *, phase: str, parents: tuple[CheckpointRef, ...] = (),
    config: Mapping[str, Any] | None = None, metrics: Mapping[str, float] | None = None, precision: str = "float32",
    sidecars: Mapping[str, Path] | None = None, **more: Any,
) -> CheckpointRef:  # fmt: skip
    """Write a checkpoint into an empty (or new) folder. `sidecars`: name → file to move in; `more`: further keys of forge.json."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise BadInput(f"The folder {folder.name!r} for a checkpoint is not empty.")
    for name, weights in model.state_dict().items():
        if weights.is_floating_point() and not bool(weights.isfinite().all()):
            raise CheckpointDamaged(f"{name} holds values that are no numbers, so nothing was written.")
    _quiet()
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    special = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<|bos|>", "eos_token": "<|eos|>", "pad_token": "<|pad|>"}
    known = {key: value for key, value in special.items() if key == "tokenizer_class" or tokenizer.token_to_id(value) is not None}
    (folder / "tokenizer_config.json").write_text(json.dumps(known, indent=1))
    for name, path in (sidecars or {}).items():
        os.replace(path, folder / name)
    return mark(folder, phase=phase, parents=parents, config=config, metrics=metrics, precision=precision, **more)


def mark(
    folder: Path, *, phase: str, parents: tuple[CheckpointRef, ...] = (), config: Mapping[str, Any] | None = None,
    metrics: Mapping[str, float] | None = None, precision: str = "float32", **more: Any,
) -> CheckpointRef:  # fmt: skip
    """Write forge.json for the files that are in a folder, last and at once."""
    files = digests(folder)
    told = {
        "digest": digest_of(files), "files": files, "parents": [parent.digest for parent in parents], "phase": phase,
        "config": dict(config or {}), "metrics": dict(metrics or {}), "precision": precision, **more,
    }  # fmt: skip
    part = folder / f".{MARKER}"
    part.write_text(json.dumps(told, indent=1, sort_keys=True))
    os.replace(part, folder / MARKER)
    return CheckpointRef(folder, told["digest"])


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 by name of all files in a checkpoint's folder but forge.json."""
    paths = sorted(path for path in folder.iterdir() if path.is_file() and path.name.lstrip(".") != MARKER)
    return {path.name: sha256_of_file(path) for path in paths}


def digest_of(files: Mapping[str, str]) -> str:
    return hashlib.sha256("".join(f"{sha} {name}\n" for name, sha in sorted(files.items())).encode()).hexdigest()


def about(folder: Path) -> dict[str, Any]:
    """What forge.json tells; {} where a checkpoint was brought along without one. CheckpointDamaged."""
    path = folder / MARKER
    if not path.exists():
        return {}
    try:
        told = json.loads(path.read_text())
    except (OSError, ValueError):
        raise CheckpointDamaged(f"{MARKER} of the checkpoint {folder.name!r} is not JSON.") from None
    if not isinstance(told, dict):
        raise CheckpointDamaged(f"{MARKER} of the checkpoint {folder.name!r} holds no object.")
    return told


def open_checkpoint(folder: Path) -> CheckpointRef:
    """A folder, looked over: NotFound, BadInput or CheckpointDamaged says what is missing, foreign or changed."""
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder.name!r}.")
    config = _config(folder)
    if config.get("model_type") not in FAMILIES:
        raise BadInput(f"The forge works on {', '.join(FAMILIES)} models; this is {config.get('model_type')!r}.")
    weights = [path.name for path in _shards(folder)]
    if not weights:
        pickled = [path.name for path in folder.iterdir() if path.suffix in PICKLED]
        if pickled:
            raise CheckpointDamaged(f"The weights are in {pickled[0]}, which is pickle and could run code.", "Convert them to safetensors.")
        raise CheckpointDamaged("There is no model.safetensors.", "A checkpoint is config.json, model.safetensors and tokenizer.json.")
    if not (folder / "tokenizer.json").exists():
        raise CheckpointDamaged("There is no tokenizer.json.", "A checkpoint is config.json, model.safetensors and tokenizer.json.")
    files = digests(folder)
    told = about(folder)
    for name, sha in told.get("files", {}).items():
        if files.get(name) != sha:
            state = "is missing" if name not in files else "is not what was written"
            raise CheckpointDamaged(f"{name} of the checkpoint {folder.name!r} {state}.")
    digest = digest_of(files)
    if told and told.get("digest") != digest:
        raise CheckpointDamaged(f"The checkpoint {folder.name!r} holds other files than {MARKER} says.", f"Remove {MARKER} to take it as one brought along.")
    return CheckpointRef(folder, digest)


def load_model(ref: CheckpointRef, device: str = "cpu") -> "PreTrainedModel":
    """The model in float32, ready to train; CheckpointDamaged for NaN, missing, unfitting or foreign tensors."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    _quiet()
    try:
        config = AutoConfig.from_pretrained(ref.path, trust_remote_code=False)
        model, told = AutoModelForCausalLM.from_pretrained(
            ref.path, config=config, dtype=torch.float32, use_safetensors=True, output_loading_info=True, local_files_only=True
        )
    except Exception as error:  # whatever the libraries raise over a broken file
        first = str(error).strip().split("\n")[0][:200]
        raise CheckpointDamaged(f"The weights of {ref.path.name!r} cannot be read: {first}") from None
    for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        if told.get(kind):
            raise CheckpointDamaged(f"The weights of {ref.path.name!r} do not fit its config.json: {kind.replace('_', ' ')} {sorted(map(str, told[kind]))[:3]}.")
    for name, weights in model.state_dict().items():
        if not bool(weights.isfinite().all()):
            raise CheckpointDamaged(f"{name} of {ref.path.name!r} holds values that are no numbers.")
    return model.to(device)


def load_tokenizer(ref: CheckpointRef) -> "Tokenizer":
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_file(str(ref.path / "tokenizer.json"))
    except Exception as error:
        raise CheckpointDamaged(f"tokenizer.json of {ref.path.name!r} cannot be read: {str(error)[:200]}") from None


def check_same_kind(refs: tuple[CheckpointRef, ...]) -> None:
    """ModelsDiffer unless architecture, sizes, vocabulary and tokenizer of all are one."""
    names = ("model_type", "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
             "num_key_value_heads", "tie_word_embeddings")  # fmt: skip
    first, *others = [(ref, _config(ref.path)) for ref in refs]
    for other, config in others:
        for name in names:
            if config.get(name) != first[1].get(name):
                raise ModelsDiffer(f"{other.path.name!r} has {name} {config.get(name)!r}, {first[0].path.name!r} has {first[1].get(name)!r}.")
        if load_tokenizer(other).get_vocab() != load_tokenizer(first[0]).get_vocab():
            raise ModelsDiffer(f"The tokenizers of {other.path.name!r} and {first[0].path.name!r} differ.")


def _quiet() -> None:
    """No bars on the terminal for what takes no time."""
    from transformers.utils import logging

    logging.disable_progress_bar()


def _config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / "config.json").read_text())
    except FileNotFoundError:
        raise CheckpointDamaged(f"There is no config.json in {folder.name!r}.") from None
    except (OSError, ValueError):
        raise CheckpointDamaged(f"config.json of {folder.name!r} is not JSON.") from None
    if not isinstance(config, dict):
        raise CheckpointDamaged(f"config.json of {folder.name!r} holds no object.")
    return config


def _shards(folder: Path) -> list[Path]:
    """The weights' files; CheckpointDamaged where an index names one that is not there."""
    index = folder / "model.safetensors.index.json"
    if not index.exists():
        return [path for path in [folder / "model.safetensors"] if path.exists()]
    try:
        names = sorted(set(json.loads(index.read_text())["weight_map"].values()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise CheckpointDamaged("model.safetensors.index.json cannot be read.") from None
    for name in names:
        if not isinstance(name, str) or "/" in name or not (folder / name).is_file():
            raise CheckpointDamaged(f"The shard {name!r} is missing.")
    return [folder / name for name in names]
