"""What packs tell of a model: against ways of measuring that are slower and plainer."""

import math
from types import SimpleNamespace
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the forge needs the extra `forge`")

from phases import evaluation  # noqa: E402
from phases.data.packs import Item, Pack, pack  # noqa: E402
from phases.data.tokenizer import train_tokenizer  # noqa: E402
from phases.models import EOS  # noqa: E402
from phases.training import Batch, TrainingConfig, train  # noqa: E402
from shared.errors import BadInput  # noqa: E402
from tests.forge.conftest import LocalContext, tiny  # noqa: E402
from tests.forge.test_data import corpus, words  # noqa: E402


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return train_tokenizer(corpus(), 700)


@pytest.fixture
def packs(tokenizer: Any, tmp_path: Any) -> dict[str, Pack]:
    source = words(tmp_path, 1500)
    return {name: pack(name, tokenizer, "gate", 9, source=source) for name in ("text", "reasoning", "memory", "plans")}  # type: ignore[arg-type]


def model_for(tokenizer: Any, **sizes: int) -> Any:
    return tiny(3, tokenizer.get_vocab_size(), max_position_embeddings=2048, **sizes)


def learn(model: Any, context: LocalContext, items: tuple[Item, ...], steps: int = 150) -> None:
    """By heart."""
    longest = max(len(item.prompt + item.target) for item in items)
    tokens, labels = torch.zeros((len(items), longest), dtype=torch.long), torch.full((len(items), longest), -100)
    for row, item in enumerate(items):
        ids = torch.tensor(item.prompt + item.target)
        tokens[row, : len(ids)] = ids
        labels[row, len(item.prompt) - 1 : len(ids) - 1] = ids[len(item.prompt) :]
    config = TrainingConfig(steps=steps, learning_rate=0.02, adam_learning_rate=0.02, weight_decay=0.0, save_every=10_000)
    train(context, "learn", model, lambda step: Batch(tokens, labels), config)


def test_bits_per_byte_is_the_likelihood_token_by_token(tokenizer: Any, packs: dict[str, Pack]) -> None:
    model = model_for(tokenizer).eval()
    bits = 0.0
    for item in packs["text"].items:
        ids = torch.tensor([item.prompt + item.target])
        with torch.no_grad():
            chances = model(ids).logits.double().log_softmax(-1)
        for at in range(len(item.prompt), ids.shape[1]):
            bits -= float(chances[0, at - 1, ids[0, at]]) / math.log(2)
    told = sum(len(tokenizer.decode(list(item.target)).encode()) for item in packs["text"].items)
    assert evaluation.bits_per_byte(model, packs["text"]) == pytest.approx(bits / told, rel=1e-5)
    uniform = model_for(tokenizer)
    for parameter in uniform.parameters():
        torch.nn.init.zeros_(parameter)
    tokens = sum(len(item.target) for item in packs["text"].items)
    assert evaluation.bits_per_byte(uniform, packs["text"]) == pytest.approx(tokens * math.log2(700) / told, rel=1e-6)


def test_one_pass_says_what_greedy_decoding_does(tokenizer: Any, packs: dict[str, Pack], context: LocalContext) -> None:
    model = model_for(tokenizer)
    learn(model, context, packs["reasoning"].items[:6], 60)  # some by heart, some not
    exact = [one.exact for one in evaluation.judge(model, packs["reasoning"].items)]
    for item, right in zip(packs["reasoning"].items, exact, strict=True):
        prompt = torch.tensor([item.prompt])
        said = model.generate(
            prompt,
            attention_mask=torch.ones_like(prompt),
            do_sample=False,
            max_new_tokens=len(item.target),
            eos_token_id=None,
            pad_token_id=0,
        )
        assert (said[0, len(item.prompt) :].tolist() == list(item.target)) == right
    assert sum(exact) > 0
    told = evaluation.reasoning_accuracy(model, packs["reasoning"])
    assert told["accuracy"] == sum(exact) / len(exact) and set(told) == {
        "accuracy",
        "log_likelihood",
        "chain",
        "pointer",
        "arithmetic",
    }


def test_padding_and_batching_change_nothing(tokenizer: Any, packs: dict[str, Pack], monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_for(tokenizer)
    together = evaluation.judge(model, packs["plans"].items)
    monkeypatch.setattr(evaluation, "TOKENS", 1)  # one at a time
    for one, other in zip(together, evaluation.judge(model, packs["plans"].items), strict=True):
        assert one.log_likelihood == pytest.approx(other.log_likelihood, rel=1e-5) and one.tokens == other.tokens


def test_plans_learnt_by_heart_are_right_and_others_are_not(
    tokenizer: Any, packs: dict[str, Pack], context: LocalContext
) -> None:
    few = Pack("plans", "gate", packs["plans"].items[:3])
    model = model_for(tokenizer, hidden_size=64)
    before = evaluation.plan_accuracy(model, tokenizer, few)
    assert before["accuracy"] == before["valid"] == 0 and before["teacher_forced"] < 0.2
    learn(model, context, few.items)
    after = evaluation.plan_accuracy(model, tokenizer, few)
    assert (
        after["accuracy"]
        == after["valid"]
        == after["teacher_forced"]
        == after["seen"]
        == after["schemas"]
        == after["phrasings"]
        == 1
    )
    for item, told in zip(few.items, evaluation._decoded(model, tokenizer, few.items), strict=True):
        assert item.example is not None and told.split(EOS)[0] + EOS == item.example.target


def test_another_text_of_the_same_plan_is_right(tokenizer: Any, packs: dict[str, Pack]) -> None:
    item = next(item for item in packs["plans"].items if item.example and " table=c1" in item.example.target)
    assert item.example is not None
    lines = item.example.target.removesuffix(EOS).split("\n")
    same = "\n".join(line.replace(" table=c1", "") + " table=c1" if " table=c1" in line else line for line in lines) + EOS
    assert same != item.example.target and evaluation._compare(same, item.example) == (True, True)
    assert evaluation._compare("summarize", item.example) == (False, True)
    assert evaluation._compare("aggregate measures=[mean(nowhere)]", item.example) == (False, False)
    assert evaluation._compare("", item.example) == (False, False)


def test_evaluate_names_everything_and_leaves_the_model_as_it_was(tokenizer: Any, packs: dict[str, Pack]) -> None:
    model = model_for(tokenizer).train()
    weights = {key: value.clone() for key, value in model.state_dict().items()}
    told = evaluation.evaluate(model, tokenizer, list(packs.values()), decode=2)
    assert {
        "text/bits_per_byte",
        "reasoning/accuracy",
        "reasoning/chain",
        "memory/accuracy",
        "plans/accuracy",
        "plans/valid",
        "plans/schemas",
    } <= set(told)
    assert all(math.isfinite(value) for value in told.values())
    assert model.training and all(torch.equal(value, weights[key]) for key, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert told == evaluation.evaluate(model, tokenizer, list(packs.values()), decode=2)


def test_a_module_that_only_gives_logits_is_measured_too(tokenizer: Any, packs: dict[str, Pack]) -> None:
    class Wrapped(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = model_for(tokenizer)

        def forward(self, input_ids: Any, use_cache: bool) -> Any:
            return SimpleNamespace(logits=self.inner(input_ids=input_ids, use_cache=use_cache).logits)

    assert "plans/accuracy" in evaluation.evaluate(Wrapped(), tokenizer, [packs["plans"], packs["reasoning"]])


def test_a_tokenizer_without_our_special_tokens_reads_them_as_text(tmp_path: Any) -> None:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    foreign = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}, merges=[]))
    foreign.pre_tokenizer, foreign.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    made = pack("plans", foreign, "gate", 3)
    assert all(foreign.decode(list(item.prompt + item.target)) == item.example.text for item in made.items if item.example)
    told = evaluation.evaluate(
        tiny(0, 256, max_position_embeddings=2048),
        foreign,
        [made, pack("text", foreign, "gate", 3, source=words(tmp_path, 1500))],
        decode=1,
    )
    assert math.isfinite(told["text/bits_per_byte"])


def test_plans_are_asked_of_packs_that_have_some(tokenizer: Any, packs: dict[str, Pack]) -> None:
    with pytest.raises(BadInput, match="no plans"):
        evaluation.plan_accuracy(model_for(tokenizer), tokenizer, packs["reasoning"])
