"""The loop that trains: what it learns, that it goes on exactly where it was killed, and what it does in trouble."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the forge needs the extra `forge`")

from phases.contract import Budget, BudgetSpent, CheckpointDamaged, TrainingDiverged  # noqa: E402
from phases.training import Batch, Muon, TrainingConfig, next_token_loss, train  # noqa: E402
from phases.training.optimizers import orthogonalize  # noqa: E402
from phases.training.schedule import warmup_stable_decay  # noqa: E402
from tests.forge.conftest import Killed, LocalContext, counting, tiny  # noqa: E402

CONFIG = TrainingConfig(steps=30, save_every=1)


def weights(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(a[name], b[name]) for name in a)


def noisy(module: torch.nn.Module, batch: Batch, step: int) -> torch.Tensor:
    """A loss that draws from the generator, as sampling thoughts does."""
    return next_token_loss(module, batch) * (1 + 0.1 * torch.rand(()))


def test_it_learns(context: LocalContext) -> None:
    trained = train(context, "count", tiny(), counting(), TrainingConfig(steps=120))
    assert trained.loss < 1.0, "a uniform guess has 4.16"
    assert trained.tokens == 120 * 4 * 16
    assert [step for name, _, step in context.metrics if name == "count/loss"] == list(range(10, 121, 10))


@pytest.mark.parametrize("save_every", [1, 7])
@pytest.mark.parametrize("die_at", [1, 2, 13, 30])
def test_killed_and_resumed_it_ends_bit_for_bit_as_if_never_interrupted(tmp_path: Path, die_at: int, save_every: int) -> None:
    config = CONFIG.model_copy(update={"save_every": save_every})
    whole = tiny()
    told = train(LocalContext(tmp_path / "whole"), "t", whole, counting(), config, loss=noisy, seed=5)
    broken = tiny()
    with pytest.raises(Killed):
        train(LocalContext(tmp_path / "broken", die_at), "t", broken, counting(), config, loss=noisy, seed=5)
    resumed = tiny(seed=9)  # what it starts from does not matter any more, once something was kept
    if die_at <= save_every:
        resumed = tiny()
    again = train(LocalContext(tmp_path / "broken"), "t", resumed, counting(), config, loss=noisy, seed=5)
    assert same(weights(whole), weights(resumed))
    assert (again.loss, again.tokens) == (told.loss, told.tokens)


def test_the_callers_random_numbers_are_left_alone(context: LocalContext) -> None:
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    train(context, "t", tiny_without_seeding(), counting(), CONFIG, loss=noisy)
    torch.manual_seed(3)
    model = tiny_without_seeding()
    torch.manual_seed(3)
    train(context, "other", model, counting(), CONFIG, loss=noisy)
    assert torch.equal(torch.rand(4), expected)


def tiny_without_seeding() -> torch.nn.Module:
    return tiny(seed=3)


def test_out_of_memory_halves_the_batch_goes_on_and_is_told(context: LocalContext) -> None:
    def hungry(module: torch.nn.Module, batch: Batch, step: int) -> torch.Tensor:
        if len(batch.tokens) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return next_token_loss(module, batch)

    whole, split = tiny(), tiny()
    train(context, "whole", whole, counting(), CONFIG)
    trained = train(context, "split", split, counting(), CONFIG, loss=hungry)
    assert trained.micro_batches == 4
    assert [data["micro_batches"] for kind, data in context.events if kind == "out_of_memory"] == [2, 4]
    for a, b in zip(whole.parameters(), split.parameters(), strict=True):
        torch.testing.assert_close(a, b, atol=2e-3, rtol=0)  # the same mean loss, summed in another order

    def hopeless(module: torch.nn.Module, batch: Batch, step: int) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    with pytest.raises(Exception, match="does not fit into the GPU's memory"):
        train(context, "hopeless", tiny(), counting(), CONFIG, loss=hopeless)


def test_micro_batches_weigh_by_the_labels_they_have(context: LocalContext) -> None:
    def uneven(step: int) -> Batch:
        tokens, labels = counting()(step)
        labels = labels.clone()
        labels[1:, 2:] = -100
        return Batch(tokens, labels)

    def hungry(module: torch.nn.Module, batch: Batch, step: int) -> torch.Tensor:
        if len(batch.tokens) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return next_token_loss(module, batch)

    one = TrainingConfig(steps=1, muon=False)
    whole = train(context, "whole", tiny(), uneven, one)
    split = train(context, "split", tiny(), uneven, one, loss=hungry)
    assert split.loss == pytest.approx(whole.loss, rel=1e-5)


def test_a_loss_that_is_no_number_ends_the_training(context: LocalContext) -> None:
    def broken(module: torch.nn.Module, batch: Batch, step: int) -> torch.Tensor:
        return next_token_loss(module, batch) * float("nan")

    with pytest.raises(TrainingDiverged, match="step 10"):
        train(context, "t", tiny(), counting(), CONFIG, loss=broken)


def test_a_spent_budget_keeps_what_was_reached(tmp_path: Path) -> None:
    whole = tiny()
    train(LocalContext(tmp_path / "whole"), "t", whole, counting(), CONFIG)
    with pytest.raises(BudgetSpent, match="of 30"):
        train(LocalContext(tmp_path / "poor"), "t", tiny(), counting(), CONFIG, budget=Budget(seconds=0))
    model = tiny()
    train(LocalContext(tmp_path / "poor"), "t", model, counting(), CONFIG)
    assert same(weights(whole), weights(model))


def test_progress_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(Killed):
        train(LocalContext(tmp_path, 5), "t", tiny(), counting(), CONFIG)
    (tmp_path / "kept" / "t" / "optimizer.safetensors").write_bytes(b"cut")
    with pytest.raises(CheckpointDamaged, match="optimizer.safetensors"):
        train(LocalContext(tmp_path), "t", tiny(), counting(), CONFIG)


@pytest.mark.parametrize("shape", [(8, 8), (16, 48), (48, 16)])
def test_muon_makes_updates_nearly_orthogonal(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    singular = torch.linalg.svdvals(orthogonalize(torch.randn(3, *shape)))
    assert float(singular.min()) > 0.3 and float(singular.max()) < 1.3


def test_muon_is_for_matrices_and_its_batches_change_nothing() -> None:
    with pytest.raises(ValueError, match="matrices"):
        Muon([torch.nn.Parameter(torch.zeros(3))], 0.1)
    torch.manual_seed(1)
    starts, grads = torch.randn(3, 8, 12), torch.randn(3, 8, 12)
    together = [torch.nn.Parameter(start.clone()) for start in starts]
    alone = [torch.nn.Parameter(start.clone()) for start in starts]
    optimizer, single = Muon(together, 0.1), [Muon([p], 0.1) for p in alone]
    for _ in range(2):
        for p, q, grad in zip(together, alone, grads, strict=True):
            p.grad, q.grad = grad.clone(), grad.clone()
        optimizer.step()
        for each in single:
            each.step()
    for p, q in zip(together, alone, strict=True):
        torch.testing.assert_close(p, q, atol=1e-5, rtol=0)


def test_the_schedule_warms_up_holds_and_decays() -> None:
    factors = [warmup_stable_decay(step, 100, 0.1, 0.2) for step in range(100)]
    assert factors[0] == pytest.approx(0.1) and factors[9:81] == [1.0] * 72 and factors[-1] == pytest.approx(0.05)
    assert all(0 < factor <= 1 for factor in factors)
