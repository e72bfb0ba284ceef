"""The account in the store, and the ledger beside it.

    t/<workspace>/money/account.json         balance, holds, pending changes: swapped whole, which is the commit
    t/<workspace>/money/credits/<key>.json   the ledger: payments and what reversed them; charges are in ledger/<run>.json

Those of a process who want something of one account at the same time go together: one of them swaps for all. So an account takes many
more commands a second than swaps, and none waits behind more than one swap that it is not part of.
"""

import random
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from pydantic import ValidationError

from shared.errors import AgentForgeError, RecordDamaged
from shared.money import account as commands
from shared.money.account import Account, Change
from shared.state import documents
from shared.state.keys import Key, workspace_prefix
from shared.state.record import seal, unseal
from shared.state.store import Store

Command = Callable[[Account], Account]
TOGETHER = 200  # commands in one swap
FLUSH_AT = 100  # pending changes, at which whoever commits clears those that are in the ledger


@dataclass
class _Queue:
    waiting: deque[tuple[Command, "Future[Account]"]] = field(default_factory=deque)
    leading: threading.Lock = field(default_factory=threading.Lock)
    known: tuple[Account, str] | None = None  # the account and its version, as we last saw it


class Accounts:
    """One for each process and store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._queues: dict[str, _Queue] = defaultdict(_Queue)

    def read(self, workspace: str) -> Account:
        """As it is now; an empty one where there is none. RecordDamaged if it was edited by hand."""
        return documents.read(self.store, account_key(workspace), Account) or Account()

    def apply(self, workspace: str, command: Command) -> Account:
        """Carry out a command on the account, exactly once if it returns: the account after it. What the command raises."""
        queue, mine = self._queues[workspace], Future[Account]()
        queue.waiting.append((command, mine))
        while not mine.done():
            with queue.leading:
                if not mine.done():
                    self._commit(workspace, queue)
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
            self._write(entry, change)
        return done

    def flush(self, workspace: str) -> None:
        """Write what is pending to the ledger, and clear it. Charges are written by settling their runs."""
        there = self.read(workspace)
        for key, change in there.pending.items():
            if change.kind != "charge":
                self._write(credit_key(workspace, key), change)
        written = {key for key, change in there.pending.items() if self.store.get(_entry_key(workspace, key, change)) is not None}
        if written:
            self.apply(workspace, lambda there: commands.flushed(there, written))

    def _commit(self, workspace: str, queue: _Queue) -> None:
        """Carry out what waits, in one swap. The commands of others who lost the race to lead are among it."""
        batch = [queue.waiting.popleft() for _ in range(min(len(queue.waiting), TOGETHER))]
        pause = 0.02
        try:
            while batch:
                there, version = queue.known or self._stored(workspace)
                after, done = there, []
                for command, future in list(batch):
                    try:
                        after = command(after)
                        done.append((future, after))
                    except AgentForgeError as error:
                        if queue.known is not None:  # what we remembered may be old: ask before anybody is refused
                            raise _Stale from error
                        batch.remove((command, future))
                        future.set_exception(error)
                if after is there:
                    break
                after = after.model_copy(update={"version": there.version + 1})
                key = account_key(workspace)
                written = self.store.put_if(key, after.sealed(), version) if version else self.store.put_new(key, after.sealed())
                if written is not None:
                    queue.known = after, written
                    break
                queue.known = None
                time.sleep(pause * random.random())
                pause = min(pause * 2, 0.5)
        except _Stale:
            queue.known = None
            queue.waiting.extendleft(reversed(batch))
            return
        except BaseException as error:
            queue.known = None
            for _, future in batch:
                future.set_exception(error if isinstance(error, AgentForgeError) else RuntimeError("interrupted"))
            raise
        for future, state in done:
            if not future.done():
                future.set_result(state)

    def _stored(self, workspace: str) -> tuple[Account, str]:
        stored = self.store.get(account_key(workspace))
        return (Account.unsealed(stored.body, account_key(workspace)), stored.version) if stored else (Account(), "")

    def _write(self, entry: Key, change: Change) -> None:
        self.store.put_new(entry, seal(change.model_dump(mode="json")))


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
