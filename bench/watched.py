"""A driver that notes every call that reaches the one below it, and can make it wait as a distant store would."""

import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from shared.state.driver import Driver, Stored
from shared.state.store import DATA, Requests, Store

OPERATIONS = {
    "get": "get", "blocks": "get", "put_new": "put", "put_if": "put", "put_file": "put",
    "delete_if": "delete", "list_after": "list",
}  # fmt: skip


class Call(NamedTuple):
    operation: str  # as requests are priced: put, get, list, delete
    key: str
    bytes: int
    started: float  # by the monotonic clock
    ended: float


class Watched:
    """`put_s`, `get_s`: seconds that a put or delete, and a get or list, take longer than they do."""

    def __init__(self, driver: Driver, put_s: float = 0, get_s: float = 0) -> None:
        self.driver, self.calls = driver, list[Call]()
        self.wait_s = {"put": put_s, "delete": put_s, "get": get_s, "list": get_s}

    def __getattr__(self, name: str) -> Any:
        below = getattr(self.driver, name)
        if name not in OPERATIONS:
            return below
        operation = OPERATIONS[name]

        def call(key: str, *args: Any) -> Any:
            started = time.monotonic()
            if self.wait_s[operation]:
                time.sleep(self.wait_s[operation])
            result = below(key, *args)
            self.calls.append(Call(operation, key, _bytes(operation, args, result), started, time.monotonic()))
            return result

        return call

    def counts(self) -> dict[str, Counter[str]]:
        """Plane (control or data) → operation → how many reached the store."""
        told = Requests()
        for call in self.calls:
            told.count(call.operation, call.key)
        return {"control": told.control, "data": told.data}


    def trips(self) -> int:
        """How many calls waited for the one before: the longest chain of calls of which each began after the last had ended."""
        trips, last = 0, float("-inf")
        for call in sorted(self.calls, key=lambda call: call.ended):
            if call.started >= last:
                trips, last = trips + 1, call.ended
        return trips


def watch(driver: Driver, put_s: float = 0, get_s: float = 0) -> "tuple[Store, Watched]":
    watched = Watched(driver, put_s, get_s)
    return Store(watched), watched  # type: ignore[arg-type]


def is_data(call: Call) -> bool:
    return any(part in call.key for part in DATA)


def _bytes(operation: str, args: tuple[Any, ...], result: Any) -> int:
    if operation == "put":
        return args[0].stat().st_size if isinstance(args[0], Path) else len(args[0])
    return len(result.body) if isinstance(result, Stored) else 0
