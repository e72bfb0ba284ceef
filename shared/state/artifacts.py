"""Files in the store: written once, told apart by their SHA-256."""

import hashlib
from pathlib import Path
from typing import Any

from shared.errors import BadInput
from shared.state.keys import Key
from shared.state.record import sha256
from shared.state.store import Store

SMALL = 8 << 20  # bytes; what is larger is never held in memory


def put(store: Store, key: Key, data: bytes | Path) -> dict[str, Any]:
    """Write a file under a key of its own: {"sha256", "bytes"}. The same content again is fine, other content is BadInput."""
    if isinstance(data, Path) and _size(data) <= SMALL:
        data = data.read_bytes()
    if isinstance(data, bytes):
        told = {"sha256": sha256(data), "bytes": len(data)}
        written = store.put_new(key, data) is not None
    else:
        told = {"sha256": sha256_of_file(data), "bytes": _size(data)}
        written = store.put_file(key, data)
    if not written and sha256_of_object(store, key) != told["sha256"]:
        raise BadInput(f"There is another file under {key!r} already.", "Save it under a name of its own.")
    return told


def sha256_of_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_object(store: Store, key: Key) -> str:
    """NotFound where there is none."""
    digest, start = hashlib.sha256(), 0
    while True:
        block = store.read(key, start, start + SMALL)
        digest.update(block)
        start += len(block)
        if len(block) < SMALL:
            return digest.hexdigest()


def _size(path: Path) -> int:
    try:
        if path.is_file():
            return path.stat().st_size
    except OSError:
        pass
    raise BadInput(f"There is no file {path.name!r}.")
