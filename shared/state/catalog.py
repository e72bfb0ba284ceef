"""Datasets by name, with their versions. The content itself lies once under its hash (datasets.py); here is what people call it."""

import re
from collections.abc import Sequence

from pydantic import BaseModel, Field

from shared.errors import BadInput, NotFound
from shared.state import audit, documents, runs
from shared.state.datasets import REFERENCE, grave_key, key_of
from shared.state.documents import Document
from shared.state.keys import Key, workspace_prefix
from shared.state.record import seal
from shared.state.store import Store

ID = re.compile(r"ds-[0-9a-z]{9}-[0-9a-z]{10}", re.ASCII)
MOST_VERSIONS = 1000


class Version(BaseModel):
    number: int
    reference: str  # dataset:<sha256>/<file name>
    sha256: str
    bytes: int
    created: str
    created_by: str


class Dataset(Document):
    """`versions`, oldest first; at least one."""

    id: str
    name: str
    created: str
    versions: list[Version] = Field(min_length=1)


def new_dataset_id(store: Store) -> str:
    """Names in reverse order of time, so that the newest is listed first."""
    return f"ds-{runs.new_id(store.now())}"


def add_version(store: Store, workspace: str, id: str, name: str, reference: str, bytes: int, by: str) -> Dataset:
    """A dataset's next version, or its first; nothing new if its newest version has this content. BadInput."""
    match = REFERENCE.fullmatch(reference)
    assert match is not None

    def version(number: int) -> Version:
        return Version(
            number=number, reference=reference, sha256=match[1], bytes=bytes, created=store.now().isoformat(), created_by=by
        )

    def added(there: Dataset) -> Dataset | None:
        if there.versions[-1].sha256 == match[1]:
            return None
        if len(there.versions) >= MOST_VERSIONS:
            raise BadInput(f"A dataset has at most {MOST_VERSIONS:,} versions.", "Begin a new one.")
        return there.model_copy(update={"versions": [*there.versions, version(there.versions[-1].number + 1)]})

    first = Dataset(id=id, name=name, created=store.now().isoformat(), versions=[version(1)])
    if documents.create(store, _key(workspace, id), first):
        return first
    return documents.change(store, _key(workspace, id), Dataset, added)


def read_dataset(store: Store, workspace: str, id: str) -> Dataset:
    found = documents.read(store, _key(workspace, id), Dataset) if ID.fullmatch(id) else None
    if found is None:
        raise NotFound(f"There is no dataset {id!r}.")
    return found


def list_datasets(store: Store, workspace: str, limit: int, before: str = "") -> list[Dataset]:
    """Newest first."""
    after: str = _key(workspace, before) if before else ""
    found: list[Dataset] = []
    while len(found) < limit and (listed := store.list_after(_folder(workspace), after, limit - len(found))):
        found += documents.read_keys(store, [one.key for one in listed], Dataset)  # fewer, where some were deleted meanwhile
        after = listed[-1].key
    return found


def version_of(dataset: Dataset, number: int | None) -> Version:
    """The newest without a number. NotFound."""
    found = [version for version in dataset.versions if number in (None, version.number)]
    if not found:
        raise NotFound(f"The dataset {dataset.id!r} has no version {number}.")
    return found[-1]


def references(store: Store, workspace: str, names: Sequence[str]) -> list[str]:
    """What a function's input names its data by, from what callers name it by: `<id>`, `<id>@<version>` or a reference. NotFound."""
    found = []
    for name in names:
        if REFERENCE.fullmatch(name):
            found.append(name)
            continue
        id, at, number = name.partition("@")
        found.append(version_of(read_dataset(store, workspace, id), int(number) if at else None).reference)
    return found


def delete_dataset(store: Store, workspace: str, id: str, by: str) -> None:
    """With all of its content that no other dataset has. Runs that were given it cannot be replayed any more. NotFound."""
    dataset = read_dataset(store, workspace, id)
    audit.note(store, workspace, "delete_dataset", by, dataset=id, name=dataset.name)
    store.delete(_key(workspace, id))
    others = {v.reference for other in documents.read_all(store, _folder(workspace), Dataset) for v in other.versions}
    for reference in {version.reference for version in dataset.versions} - others:
        grave = seal({"dataset": id, "by": by, "at": store.now().isoformat()})
        store.put_new(grave_key(workspace, reference.removeprefix("dataset:").partition("/")[0]), grave)
        store.delete(key_of(workspace, reference))


def _key(workspace: str, id: str) -> Key:
    return _folder(workspace) / f"{id}.json"


def _folder(workspace: str) -> Key:
    return workspace_prefix(workspace).folder("catalog")
