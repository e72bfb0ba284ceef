"""A hash-chained log in the store: entries are put if absent at the next sequence number, so writers need no lock.

Whoever finds a number taken reads what is there, looks again at what it wanted to write, and only then tries the next.
"""

import secrets
from collections.abc import Callable, Sequence

from shared.errors import RecordDamaged
from shared.state.keys import Key
from shared.state.record import Entry, Event, read_entry, sha256, write_entry
from shared.state.store import Store


class Log:
    """The log under `prefix`, as far as it was read. Not for several threads at once."""

    def __init__(self, store: Store, prefix: Key) -> None:
        self.store, self.prefix = store, prefix
        self.length = 0  # the next sequence number
        self.tip = ""  # hash of the last object
        self.at = ""  # the last entry's
        self._nonce = ""  # the last entry's

    def took(self, entry: Entry) -> None:
        """Called for every entry, in order, ours or others'."""

    def read_on(self) -> None:
        """Take in all that was written since: one listing, then the entries at once. RecordDamaged where one is missing."""
        after = self.prefix.number(self.length - 1) if self.length else ""
        listed = [entry.key for entry in self.store.list_all(self.prefix, after)]
        numbers = range(self.length, self.length + len(listed))
        if missing := [seq for seq, key in zip(numbers, listed, strict=True) if key != self.prefix.number(seq)]:
            raise RecordDamaged(f"The log {self.prefix} lacks entry {missing[0]}.")
        self.read(self.length + len(listed))

    def read(self, length: int) -> None:
        """Take in the entries up to, not including, number `length`, which are known to be there."""
        keys = [self.prefix.number(seq) for seq in range(self.length, length)]
        for key, stored in zip(keys, self.store.get_all(keys), strict=True):
            if stored is None:
                raise RecordDamaged(f"The log lacks {key}.")
            self._take(stored.body)

    def read_ahead(self, most: int) -> None:
        """`read_on` in one round trip, where fewer than `most` entries were added."""
        found = list(self.store.get_all([self.prefix.number(seq) for seq in range(self.length, self.length + most)]))
        taken = found.index(None) if None in found else most
        for stored in filter(None, found[:taken]):
            self._take(stored.body)
        if taken == most or any(found[taken:]):  # more were added, or one is missing
            self.read_on()

    def read_next(self) -> Entry | None:
        """Take in the next entry, if there is one: one request."""
        key = self.prefix.number(self.length)
        there = self.store.get(key) if self.store.may_have(key) else None
        return self._take(there.body) if there is not None else None

    def append(self, decide: Callable[[], Sequence[Event]], nonce: str = "") -> bool:
        """Write the events that `decide` wants, which is asked again after every entry that came in between; False if none.

        After StoreUnavailable nobody knows whether they were written: call again with the same `nonce` to be sure.
        """
        nonce = nonce or secrets.token_hex(8)
        if nonce == self._nonce:  # it was written, and whoever wrote it was interrupted before it could say so
            return True
        while events := decide():
            at = max(self.store.now().isoformat(timespec="microseconds"), self.at)
            raw = write_entry(self.length, at, events, self.tip, nonce)
            if self.store.put_new(self.prefix.number(self.length), raw) is not None:
                self._add(Entry.model_validate_json(raw), raw)
                return True
            if (there := self.read_next()) is not None and there.nonce == nonce:
                return True
        return False

    def _take(self, raw: bytes) -> Entry:
        return self._add(read_entry(raw, self.length, self.tip), raw)

    def _add(self, entry: Entry, raw: bytes) -> Entry:
        self.length, self.tip, self.at, self._nonce = self.length + 1, sha256(raw), entry.at, entry.nonce
        self.took(entry)
        return entry
