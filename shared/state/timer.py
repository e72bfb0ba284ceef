"""Calls that are due later, from one thread of this process, begun with the first.

`threading.Timer` begins a thread for every call; most of ours are called off before they are due, and a thread takes longer to
begin than all else about them. A fork begins with none.
"""

import logging
import os
import threading
import time
from collections.abc import Callable

AGAIN_S = 1.0

log = logging.getLogger(__name__)

_changed = threading.Condition()
_calls: dict[object, tuple[float, Callable[[], None]]] = {}  # when, by the monotonic clock
_thread: threading.Thread | None = None
_wakes = 0.0  # when the thread looks again by itself


def call_later(seconds: float, call: Callable[[], None]) -> Callable[[], None]:
    """Have `call`, which must be quick, called: what calls it off, after which it was called or never will be.

    RuntimeError where the system has no thread left; a `call` that raises it is tried again.
    """
    global _thread
    at, token = time.monotonic() + seconds, object()
    with _changed:
        if _thread is None:
            starting = threading.Thread(target=_watch, name="timer", daemon=True)
            starting.start()
            _thread = starting
        _calls[token] = at, call
        if at < _wakes:
            _changed.notify()

    def call_off() -> None:
        with _changed:
            _calls.pop(token, None)

    return call_off


def _watch() -> None:
    global _wakes
    with _changed:
        while True:
            now = time.monotonic()
            for token in [token for token, (at, _) in _calls.items() if at <= now]:
                try:
                    _calls[token][1]()
                    del _calls[token]
                except RuntimeError as error:  # no thread can be begun
                    log.warning("%s", error)
                    _calls[token] = now + AGAIN_S, _calls[token][1]
            _wakes = min((at for at, _ in _calls.values()), default=float("inf"))
            _changed.wait(None if _wakes == float("inf") else min(max(_wakes - time.monotonic(), 0), threading.TIMEOUT_MAX))


def _forget() -> None:
    global _changed, _thread
    _changed, _thread = threading.Condition(), None
    _calls.clear()


os.register_at_fork(after_in_child=_forget)
