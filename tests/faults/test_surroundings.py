"""Bad surroundings: a store that vanishes, storms of errors, no credentials, wrong clocks, objects that are not ours or cut short."""

import itertools
import os
import random
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from functions.work import start, work
from functions.worker import Refs, serve
from shared.settings import lease_s
from shared.state import runs
from shared.state.driver import Stored, StoreUnavailable
from shared.state.keys import DUE, SYSTEM, Key
from shared.state.memory import MemoryDriver
from shared.state.opening import open_store
from shared.state.record import canonical_json, seal, unseal
from shared.state.runs import RunLog
from shared.state.s3 import S3Driver
from shared.state.store import Store
from shared.state.verify import verify_workspace
from tests.faults import SEED, SOAK, functions
from tests.faults.functions import Job
from tests.faults.story import STORIES, Crash, Faults, Told
from tests.moto_server import KEYS, Moto, WsgiApp, moto_server

ROOT = Path(__file__).parents[2]
ANSWERS = {  # kind → status, code, whether the request takes effect all the same
    "409": ("409 Conflict", "ConditionalRequestConflict", False),
    "429": ("429 Too Many Requests", "TooManyRequests", False),
    "500": ("500 Internal Server Error", "InternalError", False),
    "503": ("503 Slow Down", "SlowDown", False),
    "lost answer": ("500 Internal Server Error", "InternalError", True),
    "gone": ("404 Not Found", "NoSuchBucket", False),
    "forbidden": ("403 Forbidden", "AccessDenied", False),
}


class Weather:
    """What surrounds the S3 server of these tests."""

    def __init__(self) -> None:
        self.decide: Callable[[int], str] = lambda number: ""  # number of the request → kind
        self.count, self.shift = 0, timedelta()
        self._lock = threading.Lock()

    def around(self, app: WsgiApp) -> WsgiApp:
        def served(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
            with self._lock:
                self.count += 1
                kind = self.decide(self.count - 1)
            if kind not in ANSWERS:
                return self._shifted(app, environ, start_response, cut=kind == "cut")
            status, code, effect = ANSWERS[kind]
            if effect:
                list(app(environ, lambda *_: None))
            body = b"" if environ["REQUEST_METHOD"] == "HEAD" else f"<Error><Code>{code}</Code></Error>".encode()
            start_response(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
            return [body]

        return served

    def _shifted(self, app: WsgiApp, environ: dict[str, Any], start_response: Callable[..., Any], cut: bool) -> Any:
        """Every time that the server tells, by another clock; with `cut`, a body that ends before its end."""

        def responding(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            kept = [(name, self._told(value) if name.lower() == "last-modified" else value) for name, value in headers]
            kept = [(name, value) for name, value in kept if name.lower() != "date"]
            return start_response(status, [*kept, ("Date", format_datetime(datetime.now(UTC) + self.shift, usegmt=True))], *rest)

        body = b"".join(app(environ, responding))
        if cut:
            return [body[: len(body) // 2]]
        return [re.sub(rb"(?<=<LastModified>)[^<]+", lambda found: self._iso(found[0]), body)]

    def _told(self, date: str) -> str:
        return format_datetime(parsedate_to_datetime(date).replace(tzinfo=UTC) + self.shift, usegmt=True)

    def _iso(self, date: bytes) -> bytes:
        told = datetime.fromisoformat(date.decode()) + self.shift
        return told.strftime("%Y-%m-%dT%H:%M:%S.000Z").encode()


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Moto, Weather]]:
    weather = Weather()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in KEYS.items():
            patch.setenv(name, value)
        with moto_server(weather.around) as moto:
            yield moto, weather


@pytest.fixture
def sky(server: tuple[Moto, Weather], tmp_path: Path) -> Iterator[tuple[Callable[[], Store], Weather]]:
    """Stores of an empty prefix, each with a client of its own, and the weather around their server."""
    moto, weather = server
    yield lambda: Store(S3Driver(moto.bucket(tmp_path.name)), sleep=lambda seconds: time.sleep(seconds / 10)), weather
    weather.decide, weather.shift = lambda number: "", timedelta()


@contextmanager
def at_work(*stores: Store) -> Iterator[None]:
    """Workers in threads of this process."""
    stop, failed = threading.Event(), list[BaseException]()

    def body(store: Store) -> None:
        try:
            serve(store, Refs(), until=stop.is_set)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=body, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failed, "a worker goes on, whatever the store does"


def wait_until(true: Callable[[], bool], seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it takes too long"
        time.sleep(0.05)


@pytest.mark.parametrize("kind", ["409", "429", "503", "lost answer", "cut"])
def test_one_bad_answer_anywhere(sky: tuple[Callable[[], Store], Weather], kind: str) -> None:
    """The S3 driver's own part of the single faults: real answers over HTTP at each request of a run, one after the other."""
    store, weather = sky
    story, place = STORIES["step"], 0
    while True:
        weather.count, weather.decide = 0, lambda number, place=place: kind if number == place else ""  # type: ignore[misc]
        ours = store()
        ours.sleep = lambda seconds: None
        log = start(ours, story.function, Job(), f"w{place}", idempotency_key="one")
        backend = Told()
        assert work(ours, log.ref, backend).output == story.output
        used, weather.decide = weather.count, lambda number: ""
        assert verify_workspace(ours, f"w{place}") == {} and len(runs.list_runs(ours, workspace=f"w{place}")) == 1
        assert not list(runs.due_runs(ours, early=True))
        place += 1 if SOAK else 2
        if place >= used:
            return


@pytest.mark.parametrize("kind", ["gone", "503", *(["forbidden", "500"] if SOAK else [])])
def test_a_store_that_goes_away_for_a_while(
    sky: tuple[Callable[[], Store], Weather], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENTFORGE_LEASE_S", "0.8")
    store, weather = sky
    client = store()
    with at_work(store(), store()):
        logs = [start(client, functions.LONGEST, Job(intervals=6, pause_s=0.15)) for _ in range(2)]
        wait_until(lambda: runs.status(client, logs[0].id).checkpoints != {})
        weather.count, weather.decide = 0, lambda number: kind
        time.sleep(2)
        asked, weather.decide = weather.count, lambda number: ""
        wait_until(lambda: all(runs.status(client, log.id).over for log in logs))
        wait_until(lambda: not list(client.list_all(DUE)))
    assert [runs.status(client, log.id).state for log in logs] == ["succeeded"] * 2, "the store's absence is nobody's failure"
    assert verify_workspace(client) == {}
    assert asked < 2 * 40, f"two workers asked {asked} times in 2 s"


def test_a_storm_of_errors(sky: tuple[Callable[[], Store], Weather], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTFORGE_LEASE_S", "1")
    store, weather = sky
    chance = random.Random(SEED)
    client = store()
    weather.decide = lambda number: chance.choice(["500", "503", "429", "lost answer", "cut", "", "", ""])
    opened: dict[str, str] = {}
    with at_work(store(), store()):
        while len(opened) < 4:
            key = f"run-{len(opened)}"
            try:
                opened[key] = start(client, "test-step", Job(pause_s=0.05), idempotency_key=key).id
            except StoreUnavailable:
                pass
        time.sleep(2)
        weather.decide = lambda number: ""
        wait_until(lambda: all(runs.status(client, id).over for id in opened.values()))
        wait_until(lambda: not list(client.list_all(DUE)))
    assert [state.state for state in runs.list_runs(client)] == ["succeeded"] * 4
    assert verify_workspace(client) == {}


@pytest.mark.parametrize("command", [["worker"], ["sweep"], ["runs", "list"]])
@pytest.mark.parametrize("trouble", ["no credentials", "no bucket", "no server"])
def test_what_is_wrong_with_the_store_is_said_at_once(
    server: tuple[Moto, Weather], command: list[str], trouble: str, tmp_path: Path
) -> None:
    moto, _ = server
    environment = {**os.environ, **moto.environment, "AGENTFORGE_STORE": moto.url("x"), "HOME": str(tmp_path)}
    environment |= {"AWS_EC2_METADATA_DISABLED": "true", "PYTHONPATH": str(ROOT)}
    match trouble:
        case "no credentials":
            environment = {name: value for name, value in environment.items() if not name.startswith("AWS_ACCESS_KEY")}
            environment = {name: value for name, value in environment.items() if not name.startswith("AWS_SECRET")}
            said = "AWS_ACCESS_KEY_ID"
        case "no bucket":
            environment["AGENTFORGE_STORE"], said = "s3://there-is-none", "NoSuchBucket"
        case _:
            environment["AGENTFORGE_STORE_ENDPOINT"], said = "http://127.0.0.1:9", "does not answer"
    done = subprocess.run(
        [sys.executable, "-m", "handlers.cli", *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == (1 if trouble == "no server" else 2), done.stderr
    assert said in done.stderr and "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: ")


SKEWED = """
import sys, datetime
from shared.state import s3
ahead, program = datetime.timedelta(seconds=int(sys.argv[1])), sys.argv[2]
class Skewed(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.datetime.now(tz) + ahead
s3.datetime = Skewed
exec(program)
"""
OPENS = """
from functions.work import start; from shared.state.opening import open_store; from tests.faults.functions import Job
print(start(open_store(), "test-intervals", Job(intervals=10, pause_s=0.7)).id)
"""
WORKS = "import sys; sys.argv = ['agentforge', 'worker']; from handlers.cli import main; main()"


@pytest.mark.parametrize(
    ("server_ahead", "ahead"),
    [*itertools.product([-600, 0, 600], [(600, -600, 0), (-600, 0, 600), (0, 600, -600)])]
    if SOAK
    else [(0, (600, -600, 0)), (600, (-600, 0, 600))],
)
def test_clocks_that_are_ten_minutes_off(
    server: tuple[Moto, Weather], server_ahead: int, ahead: tuple[int, int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the client, of the worker that dies, of the one that takes over, and of the server: only the server's counts."""
    moto, weather = server
    told = {**moto.environment, "AGENTFORGE_STORE": moto.url(tmp_path.name), "AGENTFORGE_LEASE_S": "1.5", "PYTHONPATH": str(ROOT)}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AGENTFORGE_FUNCTIONS", "tests.faults.functions")
    monkeypatch.setattr(weather, "shift", timedelta(seconds=server_ahead))
    client, first, second = ([sys.executable, "-c", SKEWED, str(seconds)] for seconds in ahead)
    id = subprocess.run([*client, OPENS], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    store, hired = open_store(), list[subprocess.Popen[bytes]]()

    def sweeper() -> str:
        stored = store.get(SYSTEM / "sweep.json")
        return str((unseal(stored.body) or {}).get("holder")) if stored else ""

    try:
        hired.append(subprocess.Popen([*first, WORKS], cwd=ROOT))
        wait_until(lambda: runs.status(store, id).state == "running")
        hired.append(subprocess.Popen([*second, WORKS], cwd=ROOT))
        wait_until(lambda: sweeper().endswith(f":{hired[1].pid}"))
        time.sleep(2.5 * lease_s())
        assert runs.status(store, id).claim == 1, "who lives is not taken for dead"
        hired[0].kill()
        at = time.monotonic()
        wait_until(lambda: runs.status(store, id).claim == 2)
        overloaded = os.getloadavg()[0] > 2 * (os.cpu_count() or 1)
        assert time.monotonic() - at < (10 if overloaded else 3) * lease_s() + 1, (
            "who is dead is noticed in time; dates have seconds"
        )
        wait_until(lambda: runs.status(store, id).over)
        wait_until(lambda: not any(store.list_all(DUE)))
    finally:
        for worker in hired:
            worker.kill()
            worker.wait()
    state = runs.status(store, id)
    assert (state.state, state.claim) == ("succeeded", 2) and verify_workspace(store) == {}
    for at_store in (state.created, state.updated):
        assert abs(datetime.fromisoformat(at_store) - weather.shift - datetime.now(UTC)) < timedelta(seconds=90)


def other_body(chance: random.Random, body: bytes, others: list[bytes]) -> bytes:
    """What somebody may have made of an object."""
    return chance.choice(
        [b"", b"{}", b"[]", b"null", b"\xff\xfe", b"<html>", body[: len(body) // 2], body[:-1], body + b" ", body[::-1]]
        + [
            seal({}),
            seal({"claim": "x", "turn": "x", "times": "x", "run": 1}),
            canonical_json({"state": {}, "tip": 1}),
            b"9" * 5000,
        ]
        + others
    )


@pytest.mark.parametrize("batch", range(40 if SOAK else 4))
def test_objects_that_are_not_what_they_should_be(batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any object of one run, or of the system, is cut short or replaced, at any moment: the other runs end all the same."""
    monkeypatch.setenv("AGENTFORGE_LEASE_S", "0.05")
    for number in range(10):
        seed = SEED * 1_000_000 + batch * 10 + number
        try:
            damaged_store(random.Random(seed))
        except BaseException as error:
            error.add_note(f"to repeat: damaged_store(random.Random({seed}))")
            raise


def damaged_store(chance: random.Random) -> None:
    name = chance.choice(list(STORIES))
    faults = Faults({chance.randrange(3, 60): "crash before"})
    driver, backend = MemoryDriver(faults), Told()
    store = Store(driver, sleep=driver.pass_time)
    victim = RunLog(store, "local", "none")
    try:
        victim = start(store, STORIES[name].function, Job(), idempotency_key="victim")
        backend.submit(victim.ref, "cpu")
        while backend.refs:
            work(store, backend.refs.popleft(), backend)
    except Crash:
        faults.dead = False
    faults.active = False
    others = {start(store, "test-step", Job(), workspace="good").id for _ in range(3)}
    theirs = [key for key in driver.objects if "/good/" not in key and ".good." not in key]
    bodies = [driver.objects[key].body for key in theirs]
    for key in chance.sample(theirs, min(len(theirs), chance.choice([1, 1, 2, 5]))):
        driver.objects[key] = Stored(other_body(chance, driver.objects[key].body, bodies), '"foreign"', driver.now())
    for foreign in (
        "README",
        "20200101",
        "20200101T000000-000000.local",
        "20200101T000000-000000..",
        "2020.good.0abc",
        "0/1/2",
        "~",
    ):
        driver.objects[Key(f"{DUE}{foreign}")] = Stored(b"?", '"1"', driver.now())
    for foreign in (SYSTEM / "sweep.json", SYSTEM / "retention.json"):
        if chance.random() < 0.5:
            driver.objects[foreign] = Stored(other_body(chance, b"12", bodies), '"1"', driver.now())
    driver.objects[Key("t/local/runs/what")] = driver.objects[Key("t/Other/x")] = Stored(b"?", '"1"', driver.now())
    turns = 0

    def done() -> bool:
        nonlocal turns
        turns += 1
        driver.pass_time(0.02)
        assert turns < 3000, "the others do not end"
        return turns > 50 and all(runs.status(store, id, "good").over for id in others)

    serve(store, Refs(), until=done, poll_s=0.001)
    assert {runs.status(store, id, "good").state for id in others} == {"succeeded"} and verify_workspace(store, "good") == {}
    verify_workspace(store)  # tells what is wrong, and raises nothing


def test_damaged_runs_do_not_keep_workers_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTFORGE_LEASE_S", "3")
    driver = MemoryDriver()
    store = Store(driver)
    for _ in range(12):
        log = start(store, "test-chain", Job())
        log.write_head()  # says that the run is queued
        driver.objects[log.prefix.number(0)] = Stored(b"?", '"1"', driver.now())
    stop = time.monotonic() + 3
    good: list[RunLog] = []

    def done() -> bool:
        if not good and time.monotonic() > stop - 2:
            good.append(start(store, "test-step", Job()))
        return time.monotonic() > stop

    serve(store, Refs(), until=done)
    asked: Counter[str] = store.requests.control
    assert asked.total() / 3 < 12 * 8, f"{asked.total() / 3:.0f} requests a second"
    assert runs.status(store, good[0].id).state == "succeeded"
