"""How many runs of a workspace go on at once, exactly: each holds one of so many slots, an object that only one can put.

A slot is freed when its run is settled. One whose run is over, or was never opened, is taken over by whoever finds no other free.
"""

from collections.abc import Callable

from shared.errors import AgentForgeError
from shared.state.keys import Key, workspace_prefix
from shared.state.record import seal, unseal
from shared.state.store import Store

NEVER_OPENED_S = 600  # whoever took a slot and did not open its run until then is dead


class TooManyRuns(AgentForgeError):
    """All slots are taken."""

    code = "too_many_runs"
    status = 429
    retryable = True


def take_slot(store: Store, workspace: str, most: int, run: str, needless: Callable[[str, int], bool | None]) -> int:
    """A slot for a run that is about to be opened: its number. TooManyRuns.

    `needless` tells whether a run has no need of a slot, being over or having another; None for a run that there is not.
    """
    body = seal({"run": run})
    taken = {listed.key for listed in store.list_all(_folder(workspace))}
    for number in range(most):
        if _slot(workspace, number) not in taken and store.put_new(_slot(workspace, number), body) is not None:
            return number
    for number in range(most):
        stored = store.get(_slot(workspace, number))
        if stored is None:
            if store.put_new(_slot(workspace, number), body) is not None:
                return number
            continue
        holder = _holder(stored.body)
        old = (store.now() - stored.at).total_seconds() > NEVER_OPENED_S
        free = holder == run or (old if (state := needless(holder, number)) is None else state)
        if free and (holder == run or store.put_if(_slot(workspace, number), body, stored.version) is not None):
            return number
    raise TooManyRuns(f"{most} runs go on in this workspace already.", "Wait until one has ended, or cancel one.")


def free_slot(store: Store, workspace: str, number: int, run: str) -> None:
    """Give a run's slot back, unless it is another's by now."""
    stored = store.get(_slot(workspace, number))
    if stored is not None and _holder(stored.body) == run:
        store.delete_if(_slot(workspace, number), stored.version)


def _holder(body: bytes) -> str:
    return str((unseal(body, run=str) or {"run": ""})["run"])


def _slot(workspace: str, number: int) -> Key:
    return _folder(workspace).number(number)


def _folder(workspace: str) -> Key:
    return workspace_prefix(workspace).folder("slots")
