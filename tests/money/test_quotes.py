"""What a quote says: how much data there is by a look at its ends, the minimum charge, and what earlier runs teach."""

import gzip
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from functions.analyze import AnalyzeInput
from functions.paying import Terms, quote_for, start_paid
from functions.registry import function
from functions.work import work
from functions.worker import Refs
from shared.analysis.extent import SMALL, Extent, extent
from shared.errors import NotFound
from shared.money import precedents
from shared.money.accounts import Accounts
from shared.money.charges import charge
from shared.money.precedents import ENOUGH, NOTHING, SAME_DATA, SAME_PLACE, Precedent, sharpened
from shared.money.quotes import Quote
from shared.state import runs
from shared.state.datasets import save_dataset
from shared.state.keys import workspace_prefix
from shared.state.machine import RunState
from shared.state.memory import MemoryDriver
from shared.state.run import Run
from shared.state.store import Store

ROWS, WIDE = 60_000, ("id", "name", "price", "note")


class Guessed(BaseModel):
    sources: list[str] = ["somewhere"]
    guess: float = 10
    takes: float = 10
    bad: bool = False


class Nothing(BaseModel):
    pass


@function("money-guessed", Guessed, Nothing, estimate=lambda input, data: input.guess)
def guessed(input: Guessed, run: Run) -> Nothing:
    for _ in range(10):
        run.store.sleep(input.takes / 10)
        run.check()
    if input.bad:
        runs.cancel(run.store, run.id, run.workspace)
        run.beat()
        run.check()
    return Nothing()


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("AGENTFORGE_LOCAL_PRICES", "cpu=0.110304")  # Modal's; with the margin, 36.8 micro-dollars a second
    monkeypatch.setattr(precedents, "FRESH_S", 0.0)
    precedents._seen.clear()
    driver = MemoryDriver()
    store = Store(driver, driver.pass_time)
    for workspace in ("w", "other"):
        Accounts(store).credit(workspace, "p1", 10**9)
    yield store


def quoted(store: Store, of: str = "w", **input: Any) -> Quote:
    return quote_for(store, of, "money-guessed", input, Refs())


def ran(store: Store, *, accept: bool = True, **input: Any) -> RunState:
    backend = Refs()
    terms = Terms(quote=quoted(store, **input).id) if accept else Terms()
    return work(store, start_paid(Accounts(store), backend, "money-guessed", input, "w", terms).ref, backend)


def table(kind: str) -> bytes:
    lines = [f"{i},name {i % 7},{i * 0.37:.2f},some words" for i in range(ROWS)]
    text = "\n".join([",".join(WIDE), *lines]).encode()
    if kind in ("csv", "gz"):
        return text if kind == "csv" else gzip.compress(text, 1)
    import pandas as pd

    frame, out = pd.read_csv(io.BytesIO(text)), io.BytesIO()
    if kind == "jsonl":
        return str(frame.to_json(orient="records", lines=True)).encode()
    if kind == "parquet":
        frame["id"] = frame["id"] * 7919 % 1_000_003  # else it packs too well to be large
        frame.to_parquet(out)
    else:
        frame.to_excel(out, index=False)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["csv", "gz", "jsonl", "parquet", "xlsx"])
def test_the_ends_of_a_file_tell_its_extent(kind: str) -> None:
    body, asked = table(kind), []

    def read(start: int, end: int) -> bytes:
        asked.append(end - start)
        return body[start:end]

    found = extent(len(body), read)
    assert found.format == {"csv": "text", "gz": "text", "jsonl": "json"}.get(kind, kind) and found.packed == (kind == "gz")
    assert found.values == pytest.approx(ROWS * len(WIDE), rel=0.35 if kind == "xlsx" else 0.15)
    assert found.bytes == (len(table("csv")) if kind == "gz" else pytest.approx(len(body), rel=0) if kind != "xlsx" else found.bytes)
    assert len(asked) <= 2 and sum(asked) < 2 << 20


@pytest.mark.parametrize("head", [b"PAR1", b"PK\x03\x04", b"\x1f\x8b", b"{", b"\0", b""])
def test_a_damaged_file_has_an_extent_all_the_same(head: bytes) -> None:
    body = head + os.urandom(SMALL)
    assert extent(len(body), lambda start, end: body[start:end]).bytes >= len(body)
    assert extent(100, lambda start, end: pytest.fail("nothing small is looked at")) == Extent("text", 100, 16)


def test_a_dataset_is_looked_at_once(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_bytes(table("csv"))
    input = AnalyzeInput(sources=[save_dataset(store, file, "w")], goal="average price by name")
    store.requests.data.clear()
    quotes = [quote_for(store, "w", "analyze", input, Refs()) for _ in range(3)]
    assert store.requests.data == {"list": 3, "get": 1} and len({quote.guess_s for quote in quotes}) == 1
    more = quote_for(store, "w", "analyze", input.model_copy(update={"goal": "summarise this"}), Refs())
    assert more.guess_s > quotes[0].guess_s, "a summary asks for everything"
    with pytest.raises(NotFound):
        quote_for(store, "other", "analyze", input, Refs())


def test_the_minimum_charge_pays_for_its_seconds(store: Store) -> None:
    small = quoted(store, guess=0.5)
    assert small.expected == small.upper == 1_000 and small.lines[0].expected_s == 0.5
    assert small.lines[0].most_s == pytest.approx(27.2, abs=0.1), "what it pays for, the run may use"
    state = ran(store, guess=0.5, takes=20)
    assert state.state == "succeeded" and charge(state).amount == 1_000
    state = ran(store, guess=0.5, takes=40)
    assert state.error and state.error["code"] == "cap_reached" and charge(state).amount == 1_000


def test_earlier_runs_on_the_same_data_sharpen_a_quote(store: Store) -> None:
    first = quoted(store, guess=40).lines[0]
    assert (first.expected_s, first.most_s) == (40, 40 * NOTHING)
    assert ran(store, guess=40, takes=60, accept=False).state == "succeeded", "a quote that was not asked for teaches as well"
    known = quoted(store, guess=45).lines[0]
    assert known.expected_s == pytest.approx(65, abs=0.5) and known.most_s == pytest.approx(65 * SAME_DATA, abs=1), "it took 20 s more"
    assert quoted(store, guess=45, sources=["another"]).lines[0].expected_s == 45
    assert quoted(store, "other", guess=45).lines[0].expected_s == 45, "and nobody else's"


def test_what_was_stopped_by_money_teaches_and_what_was_cancelled_does_not(store: Store) -> None:
    assert ran(store, guess=40, takes=50, bad=True).state == "cancelled"
    assert quoted(store, guess=40).lines[0].expected_s == 40
    state = ran(store, guess=40, takes=200)
    assert state.error and state.error["code"] == "cap_reached"
    assert quoted(store, guess=40).lines[0].expected_s >= 40 * NOTHING, "the next time it is allowed more"


def test_a_quote_that_was_damaged_hinders_no_other(store: Store) -> None:
    ran(store, guess=40, takes=60)
    key = workspace_prefix("w").folder("quotes") / f"{quoted(store, guess=40).id}.json"
    there = store.get(key)
    assert there and store.put_if(key, json.dumps({"made": "up"}).encode(), there.version)
    assert quoted(store, guess=40).lines[0].expected_s == 40


def test_it_costs_few_requests(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        ran(store, guess=40, takes=60)
    monkeypatch.setattr(precedents, "FRESH_S", 60.0)
    precedents._seen.clear()
    store.requests.control.clear()
    for _ in range(5):
        quoted(store, guess=40)
    assert store.requests.control == {"list": 1, "get": 6, "put": 5}
    store.requests.control.clear()
    quoted(store, guess=0.5)
    assert store.requests.control == {"put": 1}, "what costs the minimum anyway needs no precedent"


def test_the_pace_of_the_machines() -> None:
    slow = [Precedent(f"data {n}", 10, 20) for n in range(ENOUGH)]
    assert sharpened(7, "new", slow) == (14, 14 * SAME_PLACE) and sharpened(7, "new", slow[:-1]) == (7, 7 * NOTHING)
    assert sharpened(7, "data 1", slow) == (14, 14 * SAME_DATA)
    once_slow = [*[Precedent("data", 10, 10)] * 16, *slow * 4]
    assert sharpened(7, "new", once_slow).expected == 7, "what is long ago does not count"


def test_the_same_data_takes_more_whatever_is_asked() -> None:
    odd = [Precedent("odd", 10, 50)]
    assert sharpened(11, "odd", odd).expected == 51
    assert sharpened(30, "odd", odd).expected == 70, "40 s more, not five times as much"
    assert sharpened(2, "odd", odd).expected == 10, "five times as much, not 40 s more"
    assert sharpened(30, "odd", [Precedent("odd", 30, 33), *odd]).expected == 33, "who asked for as much tells more"
    quick = [Precedent("quick", 10, 6)]
    assert sharpened(30, "quick", quick).expected == 26 and 0 < sharpened(2, "quick", quick).expected < 2
