"""The account's commands, in any order: nothing is made or lost, no charge is above its hold, no hold above what is free."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from shared.errors import BadInput
from shared.money import account as commands
from shared.money.account import Account, CapReached, HoldGone, NotEnough
from shared.money.prices import dollars

AT = "2026-11-01T12:00:00+00:00"
RUNS = st.sampled_from([f"r{number}" for number in range(6)])
AMOUNTS = st.integers(0, 5_000_000)


class Money(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.account = self.before = Account()
        self.credits = self.charged = 0
        self.settled: set[str] = set()
        self.number = 0

    @rule(amount=AMOUNTS, again=st.booleans())
    def pay(self, amount: int, again: bool) -> None:
        self.number += not again
        known = f"p{self.number}" in self.account.pending
        self.account = commands.credit(self.account, f"p{self.number}", amount, AT, {})
        self.credits += 0 if known else amount

    @rule(amount=AMOUNTS)
    def dispute(self, amount: int) -> None:
        self.number += 1
        self.account = commands.credit(self.account, f"p{self.number}", amount, AT, {}, "reversal")
        self.credits -= amount

    @rule(run=RUNS, amount=AMOUNTS)
    def hold(self, run: str, amount: int) -> None:
        free = self.account.free
        try:
            self.account = commands.hold(self.account, run, amount, AT)
        except NotEnough:
            assert amount > free

    @rule(parent=RUNS, child=RUNS, amount=st.none() | AMOUNTS, keep=st.integers(-5, 5_000_000))
    def carve(self, parent: str, child: str, amount: int | None, keep: int) -> None:
        held, before = self.account.held, self.account.holds
        try:
            self.account = commands.carve(self.account, parent, child, amount, AT, keep=keep)
        except (NotEnough, HoldGone):
            pass
        assert self.account.held == held
        if self.account.holds != before:
            assert self.account.holds[parent].amount >= min(keep, before[parent].amount), "what the parent has used stays with it"
            assert amount in (None, self.account.holds[child].amount)

    @rule(below=st.none() | AMOUNTS)
    def say_what_is_low(self, below: int | None) -> None:
        self.account = self.account.model_copy(update={"low_below": below})

    @rule(run=RUNS, share=st.floats(0, 1))
    def settle(self, run: str, share: float) -> None:
        hold = self.account.holds.get(run)
        if hold is None:
            with pytest.raises(HoldGone):
                commands.settle(self.account, run, 0, "k", AT, {})
            return
        charge = int(hold.amount * share)
        with pytest.raises(BadInput):
            commands.settle(self.account, run, hold.amount + 1, "k", AT, {})
        self.number += 1
        self.account = commands.settle(self.account, run, charge, f"c{self.number}", AT, {"run": run})
        self.charged += charge

    @rule(run=RUNS)
    def release(self, run: str) -> None:
        self.account = commands.release(self.account, run)
        assert run not in self.account.holds

    @rule(keys=st.integers(0, 3))
    def flush(self, keys: int) -> None:
        self.account = commands.flushed(self.account, set(list(self.account.pending)[:keys]))

    @invariant()
    def tells_of_what_made_it_low(self) -> None:
        """The change that did, and no other."""
        before, self.before = self.before, self.account
        for key in self.account.pending.keys() - before.pending.keys():
            crossed = before.balance >= self.account.little > self.account.balance
            assert self.account.pending[key].about.get("low_balance") == (self.account.balance if crossed else None)

    @invariant()
    def adds_up(self) -> None:
        assert self.account.balance == self.credits - self.charged
        assert all(hold.amount >= 0 for hold in self.account.holds.values())
        assert Account.unsealed(self.account.sealed(), "x") == self.account


TestMoney = Money.TestCase


def test_a_hold_never_takes_what_is_not_there() -> None:
    paid = commands.credit(Account(), "p", 100, AT, {})
    held = commands.hold(paid, "r1", 60, AT)
    assert held.free == 40 and commands.hold(held, "r1", 60, AT) is held
    with pytest.raises(NotEnough, match="Add credit"):
        commands.hold(held, "r2", 41, AT)
    with pytest.raises(CapReached, match="in a day"):
        commands.hold(held, "r2", 20, AT, per_day=79)
    assert commands.hold(held, "r2", 20, AT, per_day=80).free == 20
    spent = commands.settle(held, "r1", 60, "c", AT, {"run": "r1"})
    with pytest.raises(CapReached):
        commands.hold(spent, "r2", 20, AT, per_day=79)
    assert commands.hold(spent, "r2", 20, "2026-11-02T00:00:00+00:00", per_day=79).held == 20  # another day


def test_what_a_child_leaves_goes_back() -> None:
    held = commands.hold(commands.credit(Account(), "p", 100, AT, {}), "parent", 100, AT)
    carved = commands.carve(held, "parent", "child", 30, AT)
    assert carved.holds["parent"].amount == 70 and carved.free == 0
    settled = commands.settle(carved, "child", 10, "c", AT, {"run": "child"})
    assert settled.holds["parent"].amount == 90 and settled.balance == 90
    orphan = commands.settle(carved, "parent", 70, "c", AT, {"run": "parent"})
    assert commands.settle(orphan, "child", 30, "d", AT, {"run": "child"}).balance == 0


@pytest.mark.parametrize("amount", [-1, 10**15 + 1, 1.5, "3", True, None])
def test_amounts_that_are_none(amount: object) -> None:
    with pytest.raises(BadInput, match="whole micro-dollars"):
        commands.credit(Account(), "p", amount, AT, {})  # type: ignore[arg-type]
    with pytest.raises(BadInput):
        commands.hold(Account(balance=10**15), "r", amount, AT)  # type: ignore[arg-type]


@given(st.integers(-(10**15), 10**15))
def test_dollars_are_exact(micro: int) -> None:
    text = dollars(micro).replace("$", "").replace(",", "")
    whole, _, rest = text.lstrip("-").partition(".")
    assert (int(whole) * 10**6 + int(rest.ljust(6, "0"))) * (-1 if text.startswith("-") else 1) == micro
