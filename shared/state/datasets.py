"""Files that runs work on, kept once under the hash of their content, so that workers elsewhere can read them."""

import re
from pathlib import Path

from shared import settings
from shared.errors import BadInput
from shared.state.artifacts import put, sha256_of_file
from shared.state.keys import Key, workspace_prefix
from shared.state.store import Store

REFERENCE = re.compile(r"dataset:([0-9a-f]{64})/(.+)", re.ASCII)


def save_dataset(store: Store, path: Path, workspace: str = "local") -> str:
    """Keep a copy of a file: the reference that a function's input may name it by. BadInput if it cannot be read."""
    try:
        digest = sha256_of_file(path)
    except OSError as error:
        raise BadInput(f"{path.name} cannot be read ({error.strerror}).") from error
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", path.name).lstrip(".") or "data"
    put(store, workspace_prefix(workspace).folder("datasets").folder(digest) / name[-150:], path)
    return f"dataset:{digest}/{name[-150:]}"


def plain_name(told: str | None) -> str:
    """A file's name out of what somebody sent, whatever paths or characters it has."""
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", (told or "").replace("\\", "/").rstrip("/").rpartition("/")[2]).lstrip(".-")
    return name[-150:] or "data"


def key_of(workspace: str, reference: str) -> Key:
    """Where the content lies that a reference names. BadInput."""
    match = REFERENCE.fullmatch(reference)
    if match is None:
        raise BadInput(f"{reference!r} is no reference to a dataset.", "It has the form dataset:<sha256>/<name>.")
    return workspace_prefix(workspace).folder("datasets").folder(match[1]) / match[2]


def grave_key(workspace: str, sha256: str) -> Key:
    """What is left of content that was deleted on purpose: `verify` asks for it."""
    return workspace_prefix(workspace).folder("deleted") / f"{sha256}.json"


def fetch_source(store: Store, source: str, workspace: str, folder: Path) -> Path:
    """What a function's input names as its data: a dataset or, on this machine only, a file. BadInput, NotFound."""
    if source.startswith("dataset:"):
        return fetch_dataset(store, source, workspace, folder)
    if settings.backend() != "local":  # a worker's own files, secrets among them, are nobody's data
        raise BadInput("A worker in a cloud reads datasets only.", "Save the file as a dataset, and name that.")
    return Path(source)


def fetch_dataset(store: Store, reference: str, workspace: str, folder: Path) -> Path:
    """The file a reference names, on this machine. BadInput, NotFound."""
    key = key_of(workspace, reference)
    path = folder / key.split("/")[-2][:12] / key.rpartition("/")[2]
    store.download(key, path)
    return path
