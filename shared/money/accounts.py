"""The account in the store, and the ledger beside it.

    t/<workspace>/money/account.json         balance, holds, pending changes: swapped whole, which is the commit
    t/<workspace>/money/credits/<key>.json   the ledger: payments and what reversed them; charges are in ledger/<run>.json

Those of a process who want something of one account at the same time go together: one of them swaps for all. So an account takes many
more commands a second than swaps. Processes take turns: a busy one that has swapped lets the others have as many swaps as they had since
its last one, and more time, before it tries again; and one that lost to another tries again at once.
"""

import logging
import random
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from shared.errors import AgentForgeError, InvalidSetting, RecordDamaged
from shared.money import account as commands
from shared.money.account import Account, Change
from shared.state import audit
from shared.state.driver import StoreUnavailable
from shared.state.keys import Key, workspace_prefix
from shared.state.record import seal, sha256, unseal
from shared.state.store import Store

log = logging.getLogger(__name__)
Command = Callable[[Account], Account]
TOGETHER = 200  # commands in one swap
GATHER_S = 0.005  # where the last swap was for several, they may all be about to ask again
ALONE_S = 0.5  # for so long a busy process takes it that no other is, before it stands back and looks again
FLUSH_AT = 100  # pending changes, at which whoever commits clears those that are in the ledger


@dataclass
class _Queue:
    waiting: deque[tuple[Command, "Future[Account]"]] = field(default_factory=deque)
    turn: threading.Condition = field(default_factory=threading.Condition)
    led: bool = False  # whether somebody carries out what waits
    crowd: int = 1  # how many the last swap was for
    known: tuple[Account, str] | None = None  # the account and its version, as we last saw it
    swapped: float = 0.0  # when our last swap was
    stand_back_s: float = 0.0  # how long after it the others may go first
    alone_until: float = 0.0  # until when we need not stand back
    written: set[str] = field(default_factory=set)  # pending changes that are in the ledger: the next swap clears them


class Accounts:
    """One for each process and store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._queues: dict[str, _Queue] = defaultdict(_Queue)

    def read(self, workspace: str) -> Account:
        """As it is now; an empty one where there is none. RecordDamaged if it was edited by hand."""
        return self._stored(workspace)[0]

    def apply(self, workspace: str, command: Command) -> Account:
        """Carry out a command on the account, exactly once if it returns: the account after it. What the command raises."""
        queue, mine = self._queues[workspace], Future[Account]()
        queue.waiting.append((command, mine))
        while not mine.done():
            with queue.turn:
                if queue.led:
                    queue.turn.wait()
                    continue
                queue.led = True
            try:
                if not mine.done():
                    self._commit(workspace, queue)
            finally:
                with queue.turn:
                    queue.led = False
                    queue.turn.notify_all()
        return mine.result()

    def credit(self, workspace: str, key: str, amount: int, kind: commands.Kind = "credit", **about: str) -> Account:
        """Add a payment (or take back a reversed one), once for each key. BadInput."""
        entry = credit_key(workspace, key)
        at = self.store.now().isoformat()

        def once(there: Account) -> Account:
            if key not in there.pending and self.store.get(entry) is not None:
                return there
            return commands.credit(there, key, amount, at, dict(about), kind)

        done = self.apply(workspace, once)
        if change := done.pending.get(key):
            self._write(workspace, key, change)
            self.written(workspace, key)
        return done

    def flush(self, workspace: str) -> None:
        """Write what is pending to the ledger, and clear it. Charges are written by settling their runs."""
        there = self.read(workspace)
        for key, change in there.pending.items():
            if change.kind != "charge":
                self._write(workspace, key, change)
        entries = self.store.get_all([_entry_key(workspace, key, change) for key, change in there.pending.items()])
        written = {key for key, entry in zip(there.pending, entries, strict=True) if entry is not None}
        if written:
            self.apply(workspace, lambda there: commands.flushed(there, written))

    def written(self, workspace: str, key: str) -> None:
        """This change is in the ledger. It is cleared by our next swap, or now where others have left many."""
        queue = self._queues[workspace]
        queue.written.add(key)
        if queue.known is not None and len(queue.known[0].pending) >= FLUSH_AT:
            self.flush(workspace)

    def _commit(self, workspace: str, queue: _Queue) -> None:
        """Carry out what waits, in one swap: also what comes while we wait for the store, and of others who would lead."""
        batch: list[tuple[Command, Future[Account]]] = []
        busy, now, losses = queue.crowd > 1, time.monotonic(), 0
        ask = queue.known is None or busy and now >= queue.alone_until
        if busy:
            self.store.sleep(max(GATHER_S, queue.swapped + queue.stand_back_s - now if ask else 0))
        try:
            while True:
                began = time.monotonic()
                there, version = self._stored(workspace) if ask or queue.known is None else queue.known
                batch += [queue.waiting.popleft() for _ in range(min(len(queue.waiting), TOGETHER - len(batch)))]
                after, done, written = there, [], set(queue.written)
                for command, future in list(batch):
                    try:
                        after = command(after)
                        done.append((future, after))
                    except AgentForgeError as error:
                        if not ask:  # what we remembered may be old: look before anybody is refused
                            raise _Stale from error
                        batch.remove((command, future))
                        future.set_exception(error)
                if after is there:
                    if not ask:  # nothing to do, as we remember it; but is it so?
                        raise _Stale
                    queue.known = (there, version) if version else None
                    break
                after = commands.flushed(after, written).model_copy(update={"version": there.version + 1})
                key, body = account_key(workspace), after.sealed()
                swapped = self.store.put_if(key, body, version) if version else self.store.put_new(key, body)
                now = time.monotonic()
                if swapped is not None:
                    others = there.version - queue.known[0].version if queue.known is not None else 0
                    if ask:
                        queue.stand_back_s = min((now - began) * (1.5 + others), 3)
                        queue.alone_until = now + (0 if losses or others else ALONE_S)
                    queue.known, queue.swapped, queue.crowd = (after, swapped), now, len(done)
                    queue.written -= written
                    break
                ask, losses = True, losses + 1
                self.store.sleep(min(max(0.06 / losses, 0.005 * losses), 0.5) * random.random())  # who lost before goes first
        except _Stale:
            queue.known = None
            queue.waiting.extendleft(reversed(batch))
            return
        except BaseException as error:
            queue.known = None
            told = error if isinstance(error, AgentForgeError) else StoreUnavailable("Whoever asked for us was interrupted.", "Try again.")
            for _, future in batch:
                future.set_exception(told)
            raise
        for future, state in done:
            if not future.done():
                future.set_result(state)

    def _stored(self, workspace: str) -> tuple[Account, str]:
        stored = self.store.get(account_key(workspace))
        if stored is None:
            return Account(), ""
        try:
            return Account.unsealed(stored.body, account_key(workspace)), stored.version
        except RecordDamaged as damaged:
            with suppress(AgentForgeError):  # whoever asked is to hear of the account
                self._note(workspace, "account_refused", why=damaged.message, sha256=sha256(stored.body))
            raise

    def _write(self, workspace: str, key: str, change: Change) -> None:
        self.note_low(workspace, change)
        self.store.put_new(credit_key(workspace, key), seal(change.model_dump(mode="json")))

    def note_low(self, workspace: str, change: Change) -> None:
        """In the audit trail, once, if it is what made the balance low. To be called before the change is in the ledger."""
        if "low_balance" in change.about:
            about = {name: change.about[name] for name in ("run", "stripe") if name in change.about}
            self._note(workspace, "low_balance", balance=change.about["low_balance"], **about)

    def _note(self, workspace: str, action: str, **about: Any) -> None:
        """What befell an account, once. Money goes on where the trail was changed by hand, or is none of ours to write."""
        try:
            audit.note(self.store, workspace, action, "platform", once=True, **about)
        except (RecordDamaged, InvalidSetting) as error:
            log.warning("%s of %s is not in its audit trail: %s", action, workspace, error.message)


class _Stale(Exception):
    pass


def account_key(workspace: str) -> Key:
    return workspace_prefix(workspace).folder("money") / "account.json"


def credit_key(workspace: str, key: str) -> Key:
    return workspace_prefix(workspace).folder("money").folder("credits") / f"{key}.json"


def _entry_key(workspace: str, key: str, change: Change) -> Key:
    if change.kind == "charge":
        return workspace_prefix(workspace).folder("ledger") / f"{change.about['run']}.json"
    return credit_key(workspace, key)


def problems(accounts: Accounts, workspace: str) -> list[str]:
    """Whether the account is what the ledger adds up to, in words; [] is good."""
    try:
        account = accounts.read(workspace)
        written = sum(change.amount for change in ledger_of(accounts.store, workspace))
    except RecordDamaged as error:
        return [error.message]
    pending = [c.amount for key, c in account.pending.items() if accounts.store.get(_entry_key(workspace, key, c)) is None]
    if account.balance != written + sum(pending):
        return [f"The account says {account.balance} micro-dollars, and the ledger adds up to {written + sum(pending)}."]
    return []


def ledger_of(store: Store, workspace: str) -> list[Change]:
    """Payments and charges that are written down. RecordDamaged."""
    found = []
    for listed in store.list_all(workspace_prefix(workspace).folder("money").folder("credits")):
        if stored := store.get(listed.key):
            fields = unseal(stored.body)
            try:
                found.append(Change.model_validate(fields))
            except ValidationError:
                raise RecordDamaged(f"The ledger entry {listed.key} was changed.") from None
    for listed in store.list_all(workspace_prefix(workspace).folder("ledger")):
        stored = store.get(listed.key)
        fields = unseal(stored.body, run=str, at=str) if stored else None
        if fields is None:
            raise RecordDamaged(f"The ledger entry {listed.key} was changed.")
        if "charge" in fields:
            found.append(Change(kind="charge", amount=-fields["charge"]["amount"], at=fields["at"], about={"run": fields["run"]}))
    return found
