"""Quiet-STaR: thoughts in parallel against thoughts one at a time; the loss against itself written out; what is distilled is plain."""

from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the forge needs the extra `forge`")

from phases.configs import ThinkingConfig, TrainingConfig  # noqa: E402
from phases.quiet_star import distill, naive, training  # noqa: E402
from phases.quiet_star.thoughts import GROUP, Marks, Thinker, marks_of, think  # noqa: E402
from phases.training import Batch, train  # noqa: E402
from shared.errors import BadInput  # noqa: E402
from tests.forge.conftest import LocalContext, byte_tokenizer, counting, tiny  # noqa: E402

MARKS = marks_of(byte_tokenizer())
SIZES: dict[str, int] = dict(vocab_size=64, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
                             num_key_value_heads=2, head_dim=8, max_position_embeddings=128)  # fmt: skip


def model_of(family: str) -> Any:
    import transformers as t

    config, model = {"llama": (t.LlamaConfig, t.LlamaForCausalLM), "qwen2": (t.Qwen2Config, t.Qwen2ForCausalLM),
                     "qwen3": (t.Qwen3Config, t.Qwen3ForCausalLM)}[family]  # fmt: skip
    torch.manual_seed(0)
    made = model(config(**SIZES)).eval()
    for p in made.parameters():  # far from the near-uniform start
        torch.nn.init.normal_(p, std=0.3) if p.ndim > 1 else None
    return made


def batch_of(seed: int = 0, batch: int = 2, length: int = 20, asked: float = 1.0) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(14, 64, (batch, length + 1), generator=generator)
    labels = tokens[:, 1:].clone()
    labels[torch.rand(labels.shape, generator=generator) > asked] = -100
    return Batch(tokens[:, :-1], labels)


@pytest.mark.parametrize("family", ["llama", "qwen2", "qwen3"])
def test_parallel_thoughts_are_those_of_every_prefix_alone(family: str) -> None:
    model, batch = model_of(family), batch_of()
    columns = torch.arange(20).expand(2, -1).repeat_interleave(2, 1)  # 40 columns: two groups
    assert columns.shape[1] > GROUP
    following, _ = training.windows(batch, columns, 3)
    torch.manual_seed(1)
    with torch.no_grad():
        made = think(model, batch.tokens, columns, following, MARKS, ThinkingConfig(length=4))
        logits = model.lm_head(made.after)
        for row, column in [(0, 0), (0, 1), (1, 17), (0, 31), (1, 32), (1, 39)]:
            position = int(columns[row, column])
            alone = naive.logits_after(
                model, batch.tokens[row], position, made.tokens[row, column], following[row, column], MARKS
            )
            assert (logits[row, column] - alone).abs().max() <= 1e-5
            whole = torch.cat([batch.tokens[row, : position + 1], torch.tensor([MARKS.start]), made.tokens[row, column]])
            told = model(whole[None]).logits[0, -5:-1]
            told[:, list(MARKS.never)] = float("-inf")
            log_p = told.log_softmax(-1).gather(1, made.tokens[row, column][:, None]).sum()
            assert made.log_prob[row, column] == pytest.approx(float(log_p), abs=1e-4)
        plain = model(batch.tokens, output_hidden_states=True).hidden_states[-1]
    assert (made.base - plain).abs().max() <= 1e-5


def test_naive_generation_takes_the_same_likeliest_thoughts() -> None:
    model, batch = model_of("llama"), batch_of(batch=1)
    with torch.no_grad():
        made = think(
            model,
            batch.tokens,
            torch.arange(20)[None],
            torch.empty(1, 20, 0, dtype=torch.long),
            MARKS,
            ThinkingConfig(length=3),
            temperature=0,
        )
    thoughts, logits = naive.generate(model, batch.tokens[0], MARKS, 3, temperature=0)
    assert thoughts.equal(made.tokens[0])
    assert (logits - model.lm_head(made.after[0, :, 0])).abs().max() <= 1e-5


def test_thoughts_follow_the_generator_and_hold_no_special_token() -> None:
    model, batch = model_of("llama"), batch_of()
    columns = torch.arange(20).expand(2, -1)
    drawn = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        with torch.no_grad():
            drawn.append(think(model, batch.tokens, columns, batch.tokens[..., None], MARKS, ThinkingConfig(length=8)).tokens)
    assert drawn[0].equal(drawn[1]) and not drawn[0].equal(drawn[2])
    assert drawn[0].min() >= len(MARKS.never)


def test_sampling_follows_the_models_distribution() -> None:
    model, batch = model_of("llama"), batch_of(batch=1, length=6)
    columns = torch.full((1, 4000), 5)
    with torch.no_grad():
        torch.manual_seed(0)
        drawn = think(
            model,
            batch.tokens,
            columns,
            torch.empty(1, 4000, 0, dtype=torch.long),
            MARKS,
            ThinkingConfig(length=1, temperature=2.0),
        ).tokens
        told = model(torch.cat([batch.tokens, torch.tensor([[MARKS.start]])], 1)).logits[0, -1] / 2.0
    told[list(MARKS.never)] = float("-inf")
    share = drawn.flatten().bincount(minlength=64) / 4000
    assert (share - told.softmax(-1)).abs().max() < 0.03


@pytest.mark.parametrize("kind", ["thought", "pause"])
def test_the_loss_and_its_gradients_are_the_papers_written_out(kind: Any) -> None:
    """Every thought as a sequence of its own, every term by hand; the thoughts themselves are those that the loss drew."""
    config = ThinkingConfig(
        kind=kind, length=3, samples=3, ahead=2, positions=0.2, policy_weight=0.7, plain_weight=0.4, start_weight=0.4
    )
    batch = batch_of(asked=0.5, length=15)
    thinker = Thinker(model_of("llama"), MARKS, config)
    torch.nn.init.normal_(thinker.mixing[2].weight, std=0.3)
    model = thinker.model
    torch.manual_seed(5)
    loss = training.thinking_loss(thinker, batch)
    loss.backward()
    found = {name: p.grad.clone() for name, p in thinker.named_parameters() if p.grad is not None}
    thinker.zero_grad()

    torch.manual_seed(5)
    each = 3 if kind == "thought" else 1
    columns = training.choose(batch.labels, 3 if kind == "thought" else 9).repeat_interleave(each, 1)
    following, labels = training.windows(batch, columns, 2)
    with torch.no_grad():
        thoughts = think(model, batch.tokens, columns, following, MARKS, config).tokens
    if kind == "pause":
        assert bool((thoughts == MARKS.pause).all())
    nll, policy, asked_tokens, asked_columns = [], [], 0, 0
    for row in range(2):
        plain = model(batch.tokens[row][None], output_hidden_states=True).hidden_states[-1][0]
        for first in range(0, columns.shape[1], each):
            told, log_probs = [], []
            for column in range(first, first + each):
                at = int(columns[row, column])
                parts = [
                    batch.tokens[row, : at + 1],
                    torch.tensor([MARKS.start]),
                    thoughts[row, column],
                    torch.tensor([MARKS.end]),
                    following[row, column],
                ]
                out = model(torch.cat(parts)[None], output_hidden_states=True)
                after, scores = out.hidden_states[-1][0, -2:], out.logits[0, at + 1 : at + 4].clone()
                scores[:, list(MARKS.never)] = float("-inf")
                log_probs.append(scores.log_softmax(-1).gather(1, thoughts[row, column][:, None]).sum())
                total = torch.zeros(())
                for m in range(2):
                    if at + m < 15 and batch.labels[row, at + m] != -100:
                        weight = torch.sigmoid(thinker.mixing(torch.cat([plain[at + m], after[m]])))
                        mixed = (1 - weight) * model.lm_head(plain[at + m]) + weight * model.lm_head(after[m])
                        total = total + mixed.log_softmax(-1)[batch.labels[row, at + m]]
                        asked_tokens += 1
                told.append(total)
                asked_columns += bool((labels[row, column] != -100).any())
            nll += [-value for value in told]
            if kind == "thought":
                mean = sum(value.detach() for value in told) / each
                policy += [-(value.detach() - mean).clamp(min=0) * p for value, p in zip(told, log_probs, strict=True)]
    expected = sum(nll) / asked_tokens + 0.4 * torch.nn.functional.cross_entropy(
        model(batch.tokens).logits.flatten(0, 1), batch.labels.flatten()
    )
    if policy:
        expected = expected + 0.7 * sum(policy) / asked_columns
    expected.backward()
    assert loss.item() == pytest.approx(expected.item(), abs=1e-4)
    for name, p in thinker.named_parameters():
        if p.grad is not None:
            assert (found[name] - p.grad).abs().max() <= 1e-4 * max(1.0, float(p.grad.abs().max())), name


def test_positions_whose_label_is_asked_for_come_first() -> None:
    labels = torch.full((3, 40), -100)
    labels[:, [4, 9, 30]] = 20
    chosen = training.choose(labels, 5)
    assert chosen.shape == (3, 5) and all({4, 9, 30} <= set(row) for row in chosen.tolist())
    assert training.choose(labels, 100).shape == (3, 40)


def test_windows_end_with_the_sequence() -> None:
    batch = batch_of(batch=1, length=5)
    following, labels = training.windows(batch, torch.tensor([[1, 4]]), 3)
    assert following[0, 0].tolist() == batch.tokens[0, 2:4].tolist()
    assert labels[0, 0].tolist() == batch.labels[0, 1:4].tolist()
    assert labels[0, 1].tolist() == [int(batch.labels[0, 4]), -100, -100]


def riddles(step: int) -> Batch:
    """x, 60, y: y is 63 - x, which a model that only reads its thought does not know."""
    generator = torch.Generator().manual_seed(step)
    x = torch.randint(20, 24, (16, 1), generator=generator)
    tokens = torch.cat([x, torch.full_like(x, 60), 63 - x], 1)
    return Batch(tokens[:, :2], torch.cat([torch.full_like(x, -100), tokens[:, 2:]], 1))


def test_reward_makes_useful_thoughts_likelier(context: LocalContext) -> None:
    """The reader is taught to say what the thought says, and the thought is left to chance; then only REINFORCE is left to move it."""
    model = tiny()

    def reading(module: Any, batch: Batch, step: int) -> Any:
        thought = torch.randint(40, 44, (16, 1))
        row = torch.cat([batch.tokens, torch.full_like(thought, MARKS.start), thought, torch.full_like(thought, MARKS.end)], 1)
        logits = module(row).logits
        even = -logits[:, 2, 40:44].log_softmax(-1).mean() - logits[:, 2].log_softmax(-1)[:, 40:44].logsumexp(-1).mean()
        return torch.nn.functional.cross_entropy(logits[:, -1], thought[:, 0]) + even

    train(context, "reading", model, riddles, TrainingConfig(steps=80), loss=reading)
    config = ThinkingConfig(length=1, samples=8, ahead=1, positions=0.5, plain_weight=0.0, policy_weight=100.0, start_weight=0.99)
    thinker = Thinker(model, MARKS, config)
    for part in (thinker.mixing, thinker.model.model.embed_tokens, thinker.model.model.norm):
        part.requires_grad_(False)

    def useful() -> float:
        with torch.no_grad():
            x = torch.arange(20, 24)[:, None]
            row = torch.cat([x, torch.full_like(x, 60), torch.full_like(x, MARKS.start)], 1)
            return float(thinker.model(row).logits[:, -1].softmax(-1).gather(1, 63 - x).mean())

    before = useful()
    train(
        context,
        "reward",
        thinker,
        riddles,
        TrainingConfig(steps=150, learning_rate=0.005, compile=False),
        loss=training.thinking_loss,
    )
    assert before < 0.4 and useful() > 0.7


def test_training_goes_on_exactly_where_it_was_killed(tmp_path: Any) -> None:
    from tests.forge.conftest import Killed

    config = TrainingConfig(steps=8, save_every=3, compile=False)
    loss = training.thinking_loss
    whole, other, start = (Thinker(tiny(), MARKS, ThinkingConfig(length=2, positions=0.2)) for _ in range(3))
    train(LocalContext(tmp_path / "a"), "t", whole, counting(), config, loss=loss, seed=3)
    with pytest.raises(Killed):
        train(LocalContext(tmp_path / "b", die_at=6), "t", other, counting(), config, loss=loss, seed=3)
    train(LocalContext(tmp_path / "b"), "t", start, counting(), config, loss=loss, seed=3)
    assert all(a.equal(b) for a, b in zip(whole.parameters(), start.parameters(), strict=True))


def test_distillation_brings_a_plain_model_to_the_thinking_ones_predictions(context: LocalContext) -> None:
    teacher = (
        Thinker(tiny(1), MARKS, ThinkingConfig(length=2, samples=2, positions=0.25, start_weight=0.9))
        .eval()
        .requires_grad_(False)
    )
    student, batch = tiny(2), counting()(999)

    def apart() -> float:
        with torch.no_grad():
            torch.manual_seed(0)
            columns = torch.arange(16).expand(4, -1)
            taught = distill.talk(teacher, batch.tokens, columns, samples=4)
            assert torch.allclose(taught.exp().sum(-1), torch.ones(4, 16), atol=1e-5)
            return float(
                torch.nn.functional.kl_div(
                    student(batch.tokens).logits.log_softmax(-1), taught, log_target=True, reduction="batchmean"
                )
            )

    before = apart()
    train(context, "distil", student, counting(), TrainingConfig(steps=60), loss=distill.loss_of(teacher, weight=1.0))
    assert apart() < before / 3


def test_a_tokenizer_without_the_marks_is_refused() -> None:
    from tokenizers import Tokenizer, models

    with pytest.raises(BadInput, match="thought"):
        marks_of(Tokenizer(models.WordLevel({"a": 0}, unk_token="a")))
    assert Marks(3, 4, 5, tuple(range(14))) == MARKS
