"""Checkpoints in the store: every file once, under the hash of its content, and a manifest for each checkpoint.

    t/<workspace>/forge/files/<sha256>             a file, such as model.safetensors
    t/<workspace>/forge/checkpoints/<digest>.json  name → sha256 of a checkpoint's files; written after they are
    t/<workspace>/forge/results/<key>.json         what a phase made of its inputs and config; written after its checkpoints, once
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from phases import checkpoint
from phases.contract import CheckpointDamaged, CheckpointRef
from shared.errors import NotFound
from shared.state.artifacts import put, sha256_of_file
from shared.state.keys import Key, workspace_prefix
from shared.state.record import canonical_json
from shared.state.store import AT_ONCE, Store


class Manifest(BaseModel, extra="forbid"):
    """`files`: name → (sha256, bytes), forge.json too; `about`: what forge.json tells, for those who only look."""

    files: dict[str, tuple[str, int]]
    about: dict[str, Any]


class Kept(NamedTuple):
    """A checkpoint in the store, and when it was written there."""

    digest: str
    at: datetime
    manifest: Manifest


def keep(store: Store, workspace: str, ref: CheckpointRef) -> str:
    """Write a checkpoint to the store: its digest. What is there already is not written again."""
    files = {path.name: (sha256_of_file(path), path.stat().st_size) for path in sorted(ref.path.iterdir()) if path.is_file()}
    with ThreadPoolExecutor(min(len(files), AT_ONCE), "keep") as pool:
        list(pool.map(lambda name: put(store, file_key(workspace, files[name][0]), ref.path / name), files))
    manifest = Manifest(files=files, about=checkpoint.about(ref.path))
    store.put_new(_folder(workspace, "checkpoints") / f"{ref.digest}.json", canonical_json(manifest.model_dump(mode="json")))
    return ref.digest


def manifest_of(store: Store, workspace: str, digest: str) -> Manifest:
    """NotFound, CheckpointDamaged."""
    return read_checkpoints(store, workspace, [digest])[0].manifest


def read_checkpoints(store: Store, workspace: str, digests: Sequence[str]) -> list[Kept]:
    """What these are, in their order. NotFound, CheckpointDamaged."""
    keys = [_folder(workspace, "checkpoints") / f"{digest}.json" for digest in digests]
    found = []
    for digest, there in zip(digests, store.get_all(keys), strict=True):
        if there is None:
            raise NotFound(f"There is no checkpoint {digest!r}.", "`agentforge forge list` shows those there are.")
        try:
            found.append(Kept(digest, there.at, Manifest.model_validate_json(there.body)))
        except ValidationError:
            raise CheckpointDamaged(f"The manifest of the checkpoint {digest} cannot be read.") from None
    return found


def file_key(workspace: str, sha256: str) -> Key:
    """Where a file of a checkpoint lies."""
    return _folder(workspace, "files") / sha256


def fetch(store: Store, workspace: str, digest: str, folder: Path) -> CheckpointRef:
    """Write a checkpoint's files to a new folder, and look it over. NotFound, CheckpointDamaged."""
    files = manifest_of(store, workspace, digest).files
    folder.mkdir(parents=True)
    with ThreadPoolExecutor(min(len(files), AT_ONCE), "fetch") as pool:
        list(pool.map(lambda name: store.download(file_key(workspace, files[name][0]), folder / Path(name).name), files))
    ref = checkpoint.open_checkpoint(folder)
    if ref.digest != digest:
        raise CheckpointDamaged(f"The checkpoint {digest} is not what was written.")
    return ref


def list_checkpoints(store: Store, workspace: str) -> Iterator[str]:
    """Digests, in their own order."""
    for listed in store.list_all(_folder(workspace, "checkpoints")):
        yield _digest_of(listed.key)


def newest(store: Store, workspace: str, limit: int | None = None, before: str = "") -> dict[str, Kept]:
    """Place in the list → checkpoint, newest first: at most `limit` of those that come after the place `before`. CheckpointDamaged.

    Costs a request to the store for every thousand checkpoints that there are, and one for each that is given.
    """
    listed = store.list_all(_folder(workspace, "checkpoints"))
    places = {f"{int(one.at.timestamp() * 1000):015d}.{_digest_of(one.key)}": _digest_of(one.key) for one in listed}
    wanted = sorted((place for place in places if not before or place < before), reverse=True)[:limit]
    return dict(zip(wanted, read_checkpoints(store, workspace, [places[place] for place in wanted]), strict=True))


def keep_result(store: Store, workspace: str, key: str, result: dict[str, Any]) -> dict[str, Any]:
    """Record what came of a phase; if another worker was quicker, what came of it there."""
    store.put_new(_folder(workspace, "results") / f"{key}.json", canonical_json(result))
    return find_result(store, workspace, key) or result


def find_result(store: Store, workspace: str, key: str) -> dict[str, Any] | None:
    import json

    there = store.get(_folder(workspace, "results") / f"{key}.json")
    return json.loads(there.body) if there else None


def _folder(workspace: str, name: str) -> Key:
    return workspace_prefix(workspace).folder("forge").folder(name)


def _digest_of(key: Key) -> str:
    return key.rpartition("/")[2].removesuffix(".json")
