"""Small objects that are replaced whole, by compare-and-swap: keys, members, datasets' cards. What must not be lost is in a log.

Each carries a version of its own, which only grows: an ETag is a hash of the content, and A → B → A would fool it.
"""

from collections.abc import Callable, Sequence
from typing import Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.errors import NotFound, RecordDamaged
from shared.state.keys import Key
from shared.state.record import seal, unseal
from shared.state.store import Store


class Document(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: int = 0

    def sealed(self) -> bytes:
        return seal(self.model_dump(mode="json"))

    @classmethod
    def unsealed(cls, body: bytes, key: str) -> Self:
        fields = unseal(body)
        try:
            return cls.model_validate(fields)
        except ValidationError:
            raise RecordDamaged(f"The object {key} was changed by hand, or is of another kind.") from None


D = TypeVar("D", bound=Document)


def read(store: Store, key: Key, kind: type[D]) -> D | None:
    """None where there is none; RecordDamaged."""
    stored = store.get(key)
    return kind.unsealed(stored.body, key) if stored else None


def read_all(store: Store, prefix: Key, kind: type[D]) -> list[D]:
    """Those under a prefix, in the order of their keys. RecordDamaged."""
    return read_keys(store, [listed.key for listed in store.list_all(prefix)], kind)


def read_keys(store: Store, keys: Sequence[Key], kind: type[D]) -> list[D]:
    """Those of these keys that are there. RecordDamaged."""
    return [kind.unsealed(stored.body, key) for key, stored in zip(keys, store.get_all(keys), strict=True) if stored]


def create(store: Store, key: Key, document: Document) -> bool:
    """False if there is one already."""
    return store.put_new(key, document.sealed()) is not None


def change(store: Store, key: Key, kind: type[D], edit: Callable[[D], D | None]) -> D:
    """Replace a document by what `edit` makes of it; as it is, if that is None. NotFound, RecordDamaged, and what `edit` raises.

    `edit` may be called several times: whenever another was quicker.
    """
    while True:
        stored = store.get(key)
        if stored is None:
            raise NotFound(f"There is no {kind.__name__.lower()} of that name.")
        there = kind.unsealed(stored.body, key)
        edited = edit(there)
        if edited is None:
            return there
        edited = edited.model_copy(update={"version": there.version + 1})
        if store.put_if(key, edited.sealed(), stored.version) is not None:
            return edited
