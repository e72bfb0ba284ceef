"""From the settings to a store."""

from pathlib import Path

from shared import settings
from shared.state.folder import FolderDriver
from shared.state.runs import RunRef
from shared.state.store import Store


def open_store(where: Path | settings.Bucket | None = None, credentials: dict[str, str] | None = None) -> Store:
    """The store that AGENTFORGE_STORE names, or another. Nothing is asked of it yet; `Store.probe` does that."""
    where = where or settings.store()
    if isinstance(where, Path):
        folder = FolderDriver(where)
        folder.tidy()
        return Store(folder)
    from shared.state.s3 import S3Driver  # late: with a local folder nobody needs boto3

    return Store(S3Driver(where, credentials))


def open_store_for(ref: RunRef) -> Store:
    """The store for the worker of one run: with AGENTFORGE_STORE_ROLE set, by credentials that reach this run only."""
    where, role = settings.store(), settings.store_role()
    if not role or isinstance(where, Path):
        return open_store(where)
    from shared.state.scoped import scoped_credentials

    return open_store(where, scoped_credentials(where, ref, role))
