"""Every key in the bucket is built here, from parts that cannot leave their prefix.

    t/<workspace>/runs/<run>/log/<%010d>.json      the run's log: the only arbiter
                            /head.json             a fold of it, for readers
                            /lease.json            its worker's sign of life between entries
                            /artifacts/<attempt>/<name>     …/checkpoints/<attempt>/<name>
    t/<workspace>/ledger/<run>.json                one object for every settled run, with the tip of its log
    t/<workspace>/tombstones/<run>.json            what was deleted on purpose
    t/<workspace>/requests/<sha256>.json           idempotency key → run; finished/, those that must not be carried out again
    t/<workspace>/datasets/<sha256>/<name>
    t/<workspace>/catalog/<dataset>.json           a dataset's name and versions; workspace.json, members/, keys/, secrets/
    t/<workspace>/forge/files/<sha256>             files of checkpoints; checkpoints/<digest>.json, results/<key>.json: functions/forge/storage.py
    t/<workspace>/deleted/<sha256>.json            datasets whose content was deleted on purpose
    t/<workspace>/slots/<n>.json                   which runs go on at once, where that is limited
    t/<workspace>/audit/<%010d>.json               administrative actions, chained like a run's log
    t/<workspace>/audit.json                       how far that log reaches
    sys/due/<time>.<workspace>.<run>               runs that are not settled yet: what sweep looks at
    sys/sweep.json                                 sweep's lease
    sys/keys/<id>.json, identities/<sha256>.json   whose an API key is, and to which workspaces somebody belongs
    sys/tombstones/<workspace>.json                workspaces that were erased
    t/<workspace>/money/account.json, credits/     balance and holds; payments. customer-<mode>.json, metered/ are Stripe's
    sys/stripe/customers/<customer>.json           whose customer that is; events/<event>.json, what came of a webhook, and forged/: for 30 days
    sys/cookie-key.json                            signs cookies, where KMS encrypts it
"""

import re
from typing import Self

from shared.errors import BadInput, NotFound

WORKSPACE = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}", re.ASCII)
RUN = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)
NAME = re.compile(r"[A-Za-z0-9_-][\w.-]*(/[A-Za-z0-9_-][\w.-]*)*", re.ASCII)


class Key(str):
    """A key, or a prefix of keys when it ends with a slash. Made by the functions below and by `/` only."""

    __slots__ = ()

    def __truediv__(self, name: str) -> Self:
        """What is called `name` (which may hold slashes) under this prefix; BadInput if it could mean anything else."""
        whole = f"{self.rstrip('/')}/{name}"
        if not NAME.fullmatch(name) or len(whole) > 800 or len(name) > 200 < max(map(len, name.split("/"))):
            raise BadInput(f"{name!r} cannot be a name in the store.", "Use letters, digits, dots, dashes and slashes.")
        return type(self)(whole)

    def folder(self, name: str) -> Self:
        return type(self)(f"{self / name}/")

    def number(self, seq: int) -> Self:
        """The object with a sequence number in this folder: its name sorts as the number does."""
        return type(self)(f"{self}{seq:010d}.json")


def workspace_prefix(workspace: str) -> Key:
    if not WORKSPACE.fullmatch(workspace):
        raise BadInput(f"{workspace!r} is not a workspace's name.", "Use up to 63 of a-z, 0-9, - and _.")
    return Key(f"t/{workspace}/")


def run_prefix(workspace: str, run: str) -> Key:
    """NotFound for what cannot be the id of a run."""
    if not RUN.fullmatch(run):
        raise NotFound(f"There is no run {run!r}.", "`agentforge runs list` shows those there are.")
    return workspace_prefix(workspace).folder("runs").folder(run)


SYSTEM = Key("sys/")
DUE = SYSTEM.folder("due")
