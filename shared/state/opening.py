"""From the settings to a store."""

from pathlib import Path

from shared import settings
from shared.state.folder import FolderDriver
from shared.state.store import Store


def open_store(where: Path | settings.Bucket | None = None, credentials: dict[str, str] | None = None) -> Store:
    """The store that AGENTFORGE_STORE names, or another. Nothing is asked of it yet; `Store.probe` does that."""
    where = where or settings.store()
    if isinstance(where, Path):
        return Store(FolderDriver(where))
    from shared.state.s3 import S3Driver  # late: with a local folder nobody needs boto3

    return Store(S3Driver(where, credentials))
