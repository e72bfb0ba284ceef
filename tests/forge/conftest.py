"""A phase's context over a folder, which can be told to die, and tiny models."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the forge needs the extra `forge`")


class Killed(BaseException):
    """The worker died."""


class LocalContext:
    """Keeps checkpoints in `folder`, and dies (raises Killed) at the `die_at`-th check. A new one over the same folder goes on."""

    def __init__(self, folder: Path, die_at: int | None = None) -> None:
        self.folder, self.die_at, self.checks = folder, die_at, 0
        self.scratch = folder / f"scratch-{len(list(folder.glob('scratch-*')))}"
        self.scratch.mkdir(parents=True)
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.metrics: list[tuple[str, float, int]] = []

    def check(self) -> None:
        self.checks += 1
        if self.die_at is not None and self.checks >= self.die_at:
            raise Killed

    def emit(self, kind: str, /, **data: Any) -> None:
        json.dumps(data, allow_nan=False)
        self.events.append((kind, data))

    def progress(self, done: float, total: float | None = None, unit: str = "") -> None:
        self.events.append(("progress", {"done": done, "total": total, "unit": unit}))

    def metric(self, name: str, value: float, step: int) -> None:
        json.dumps(value, allow_nan=False)
        self.metrics.append((name, value, step))

    def checkpoint(self, name: str, value: Any = None, files: Mapping[str, bytes | Path] | None = None) -> None:
        kept = self.folder / "kept" / name
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True)
        for file, data in (files or {}).items():
            (kept / file).write_bytes(data if isinstance(data, bytes) else data.read_bytes())
        (kept / "value").write_text(json.dumps(value))

    def restore(self, name: str, folder: Path | None = None) -> Any | None:
        kept = self.folder / "kept" / name
        if not kept.exists():
            return None
        for file in kept.iterdir() if folder else ():
            if file.name != "value":
                shutil.copy(file, folder / file.name)  # type: ignore[operator]
        return json.loads((kept / "value").read_text())


@pytest.fixture
def context(tmp_path: Path) -> LocalContext:
    return LocalContext(tmp_path / "context")


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)  # the suite has a process for every core


def tiny(seed: int = 0, vocabulary: int = 64, **sizes: int) -> Any:
    """A Llama of two layers of 32."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    told = dict(vocab_size=vocabulary, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
                max_position_embeddings=128, tie_word_embeddings=True, pad_token_id=0, bos_token_id=1, eos_token_id=2)  # fmt: skip
    return LlamaForCausalLM(LlamaConfig(**(told | sizes)))


def byte_tokenizer(vocabulary: int = 64) -> Any:
    """Enough of a tokenizer for a checkpoint: the special tokens, and single characters."""
    from tokenizers import Tokenizer, models

    from phases.models import SPECIAL_TOKENS

    words = [*SPECIAL_TOKENS, *(chr(c) for c in range(33, 33 + vocabulary - len(SPECIAL_TOKENS)))]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<|pad|>"))
    tokenizer.add_special_tokens(list(SPECIAL_TOKENS))
    return tokenizer


def counting(vocabulary: int = 64, batch: int = 4, length: int = 16, seed: int = 0) -> Callable[[int], Any]:
    """Batches of sequences that count up from a random start: learnt in a few steps."""
    from phases.training import Batch

    def at(step: int) -> Batch:
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        start = torch.randint(0, vocabulary, (batch, 1), generator=generator)
        tokens = (start + torch.arange(length + 1)) % vocabulary
        return Batch(tokens[:, :-1], tokens[:, 1:])

    return at
