"""What runs took that were quoted before: they sharpen what a function guesses of the next one.

A guess knows neither how fast the machines are here nor what lies in a table below its first rows. Both show in the seconds
that runs of the same workspace were charged for, and those on the same data tell most.
"""

import time
from statistics import median
from typing import NamedTuple

from shared.errors import RecordDamaged
from shared.money.quotes import Quote, Seconds
from shared.state import documents
from shared.state.keys import workspace_prefix
from shared.state.record import unseal
from shared.state.store import Store

LEAST_S = 1.0  # of a guess that is sharpened, and that others are sharpened by: below it, little but starting up is seen
NEWEST, FRESH_S = 64, 20.0  # quotes that are looked at, and for how long that serves
ENOUGH, RECENT = 8, 16  # runs that tell the pace of the machines: at least, and at most, as it changes
SAME, ALIKE = 5, 1.5  # runs that tell what the same data takes, at most; how far apart like guesses may be
SAME_DATA, SAME_PLACE, NOTHING = 1.4, 2.0, 3.0  # times what is expected, a run may take, by what is known


class Precedent(NamedTuple):
    about: str  # as in its quote
    guess_s: float
    actual_s: float


_seen: dict[tuple[str, str, str], tuple[float, list[Precedent]]] = {}


def precedents(store: Store, workspace: str, function: str) -> list[Precedent]:
    """Of the newest quotes, those whose runs are over. At most every 20 s for a workspace, 1 listing and up to 128 gets, 32 at once."""
    read_at, seen = _seen.get((store.url, workspace, function), (float("-inf"), []))
    if time.monotonic() - read_at < FRESH_S:
        return seen
    folder = workspace_prefix(workspace)
    try:
        keys = [listed.key for listed in store.list_after(folder.folder("quotes"), limit=NEWEST)]
        quotes = [q for q in documents.read_keys(store, keys, Quote) if q.function == function and q.accepted_by and q.guess_s >= LEAST_S]
    except RecordDamaged:  # whoever wants to accept that quote is told
        quotes = []
    entries = store.get_all([folder.folder("ledger") / f"{quote.accepted_by}.json" for quote in quotes])
    seen = [p for quote, entry in zip(quotes, entries, strict=True) if entry and (p := _precedent(quote, entry.body))]
    if len(_seen) > 1000:
        _seen.clear()
    _seen[store.url, workspace, function] = time.monotonic(), seen
    return seen


def _precedent(quote: Quote, ledger: bytes) -> Precedent | None:
    """None for a run that says nothing: one that failed or was cancelled before its money was used up. Of one that was stopped then,
    no more is believed than what was paid for: perhaps it hung."""
    entry = unseal(ledger, state=str, charge=dict) or {"state": "", "charge": {}}
    actual_s, most_s = entry["charge"].get("microseconds", 0) / 10**6, quote.lines[0].most_s
    whole = entry["state"] == "succeeded" or actual_s >= most_s
    return Precedent(quote.about, quote.guess_s, min(actual_s, most_s)) if whole and actual_s else None


def sharpened(guess_s: float, about: str, past: list[Precedent]) -> Seconds:
    """A guess moved by what other runs took beside theirs; `past` has the newest first.

    Of runs on the same data, those of a like guess count, if there are any: they asked for as much. What one took more or less
    is taken as seconds (what is odd in the data is met whatever is asked) or as a share, whichever moves the guess less.
    """
    paced = len(past) >= ENOUGH
    pace = median(run.actual_s / run.guess_s for run in past[:RECENT]) if paced else 1.0
    expected = pace * guess_s
    same = [(pace * run.guess_s, run.actual_s) for run in past if run.about == about]
    same = [(guess, actual) for guess, actual in same if ALIKE > guess / expected > 1 / ALIKE] or same
    if not same:
        return Seconds(expected, expected * (SAME_PLACE if paced else NOTHING))
    moved = [min(expected + actual - guess, expected * actual / guess, key=lambda s: abs(s - expected)) for guess, actual in same[:SAME]]
    return Seconds(median(moved), median(moved) * SAME_DATA)
