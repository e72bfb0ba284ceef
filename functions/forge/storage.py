"""Checkpoints in the store: every file once, under the hash of its content, and a manifest for each checkpoint.

    t/<workspace>/forge/files/<sha256>             a file, such as model.safetensors
    t/<workspace>/forge/checkpoints/<digest>.json  name → sha256 of a checkpoint's files; written after they are
    t/<workspace>/forge/results/<key>.json         what a phase made of its inputs and config; written after its checkpoints, once
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

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


def keep(store: Store, workspace: str, ref: CheckpointRef) -> str:
    """Write a checkpoint to the store: its digest. What is there already is not written again."""
    files = {path.name: (sha256_of_file(path), path.stat().st_size) for path in sorted(ref.path.iterdir()) if path.is_file()}
    folder = _folder(workspace, "files")
    with ThreadPoolExecutor(min(len(files), AT_ONCE), "keep") as pool:
        list(pool.map(lambda name: put(store, folder / files[name][0], ref.path / name), files))
    manifest = Manifest(files=files, about=checkpoint.about(ref.path))
    store.put_new(_folder(workspace, "checkpoints") / f"{ref.digest}.json", canonical_json(manifest.model_dump(mode="json")))
    return ref.digest


def manifest_of(store: Store, workspace: str, digest: str) -> Manifest:
    """NotFound, CheckpointDamaged."""
    there = store.get(_folder(workspace, "checkpoints") / f"{digest}.json")
    if there is None:
        raise NotFound(f"There is no checkpoint {digest!r}.", "`agentforge forge list` shows those there are.")
    try:
        return Manifest.model_validate_json(there.body)
    except ValidationError:
        raise CheckpointDamaged(f"The manifest of the checkpoint {digest} cannot be read.") from None


def fetch(store: Store, workspace: str, digest: str, folder: Path) -> CheckpointRef:
    """Write a checkpoint's files to a new folder, and look it over. NotFound, CheckpointDamaged."""
    files = manifest_of(store, workspace, digest).files
    source = _folder(workspace, "files")
    folder.mkdir(parents=True)
    with ThreadPoolExecutor(min(len(files), AT_ONCE), "fetch") as pool:
        list(pool.map(lambda name: store.download(source / files[name][0], folder / Path(name).name), files))
    ref = checkpoint.open_checkpoint(folder)
    if ref.digest != digest:
        raise CheckpointDamaged(f"The checkpoint {digest} is not what was written.")
    return ref


def list_checkpoints(store: Store, workspace: str) -> Iterator[str]:
    """Digests, in their own order."""
    for listed in store.list_all(_folder(workspace, "checkpoints")):
        yield listed.key.rpartition("/")[2].removesuffix(".json")


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
