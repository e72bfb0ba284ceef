"""Actors in threads of their own, of which exactly one runs at a time: before every storage operation, and wherever one sleeps, a
seed decides who goes on. The same seed gives the same schedule, so whatever it shows can be seen again.

Time is the memory store's clock: it moves a little with every operation, and on to the next who wakes when all sleep.
An actor may be paused for several lease times anywhere (a zombie), die (as a process would), or lose answers.
"""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from shared.settings import lease_s
from shared.state.driver import StoreUnavailable
from shared.state.keys import Key
from shared.state.memory import MemoryDriver
from tests.faults.story import Crash

MOST_STEPS = 60_000  # a schedule that needs more will never end


class Halt(BaseException):
    """The schedule is over; every thread ends."""


@dataclass
class Actor:
    name: str
    body: Callable[[], object]
    mortal: bool = False  # whether it may die
    pausable: bool = False
    wakes: float = 0.0
    silent: int = 0  # how many of its next operations are not answered
    over: bool = False
    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))


class Schedule:
    """Give it to a MemoryDriver as `fault`; `add` actors, then `play`."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.driver = MemoryDriver(self)
        self.step, self.trace = 0, list[tuple[str, str]]()
        self.written: dict[Key, int] = {}  # object → the step at which it first was there
        self.stay = self.chance.choice([0.0, 0.5, 0.9])  # how likely whoever runs goes on running
        self.pause = self.chance.choice([0.0, 0.02, 0.05])
        self.crash = self.chance.choice([0.0, 0.003, 0.01])
        self.silence = self.chance.choice([0.0, 0.02, 0.05])  # of an operation that takes effect, or not
        self.outage = self.chance.choice([0.0, 0.003, 0.01])  # the same for so many that an actor must give up
        self._start = self.driver.now()
        self._actors: list[Actor] = []
        self._threads: list[threading.Thread] = []
        self._own = threading.local()  # `actor`, in the thread of an actor
        self._current: Actor | None = None
        self._finished = threading.Event()
        self._error: BaseException | None = None

    @property
    def time(self) -> float:
        """Seconds since the schedule began."""
        return (self.driver.now() - self._start).total_seconds()

    @property
    def name(self) -> str:
        """Whoever runs."""
        return self._current.name if self._current else ""

    @property
    def alone(self) -> bool:
        """Whether nobody that may be paused is left: until then, something may still happen."""
        return all(actor.over for actor in self._actors if actor.pausable)

    def add(self, name: str, body: Callable[[], object], mortal: bool = False, pausable: bool = False) -> None:
        actor = Actor(name, body, mortal, pausable)
        self._actors.append(actor)
        self._threads.append(threading.Thread(target=self._thread, args=(actor,), name=name, daemon=True))

    def play(self) -> None:
        """Let the actors act until all are done; raises what one of them raised."""
        for thread in self._threads:
            thread.start()
        self._pass_to(self._choose())
        self._finished.wait()
        for actor in self._actors:
            actor.go.release()
        for thread in self._threads:
            thread.join()
        if self._error:
            raise self._error

    def sleep(self, seconds: float) -> None:
        me = self._me()
        if me:
            me.wakes = self.time + seconds
            self._switch(me)

    @contextmanager
    def __call__(self, operation: str, key: Key) -> Iterator[None]:
        me = self._me()
        if me is None:  # a thread that works for the actor whose turn it is, which waits for it; or a test that looks on
            yield
            return
        lost = self._before(me, operation, key)
        yield
        if operation == "put" and key in self.driver.objects:
            self.written.setdefault(key, self.step)
        if lost:
            raise StoreUnavailable("planned: the answer is lost")

    def _before(self, me: Actor, operation: str, key: Key) -> bool:
        self.driver.pass_time(self.chance.random() / 5)
        if me.pausable and self.chance.random() < self.pause:
            me.wakes = self.time + self.chance.uniform(1, 10) * lease_s()
        self._switch(me)
        self.step += 1
        self.trace.append((me.name, operation))
        if self.step > MOST_STEPS:
            raise AssertionError("the schedule does not come to an end")
        if me.mortal and self.chance.random() < self.crash:
            raise Crash
        if self.chance.random() < self.outage:
            me.silent = 9
        if me.silent or self.chance.random() < self.silence:
            me.silent = max(0, me.silent - 1)
            if self.chance.random() < 0.5:
                raise StoreUnavailable("planned")
            return True
        return False

    def _me(self) -> Actor | None:
        return getattr(self._own, "actor", None)

    def _switch(self, me: Actor) -> None:
        if self._finished.is_set():
            raise Halt
        if me.wakes <= self.time and self.chance.random() < self.stay:
            return
        chosen = self._choose()
        if chosen is not me:
            self._pass_to(chosen)
            me.go.acquire()
            if self._finished.is_set():
                raise Halt

    def _choose(self) -> Actor:
        there = [actor for actor in self._actors if not actor.over]
        soonest = min(actor.wakes for actor in there)
        if soonest > self.time:
            self.driver.pass_time(soonest - self.time + 1e-6)
        return self.chance.choice([actor for actor in there if actor.wakes <= self.time])

    def _pass_to(self, actor: Actor) -> None:
        self._current = actor
        actor.go.release()

    def _thread(self, actor: Actor) -> None:
        self._own.actor = actor
        actor.go.acquire()
        try:
            if not self._finished.is_set():
                actor.body()
        except Halt:
            return
        except BaseException as error:
            self._error = self._error or error
            self._finished.set()
            return
        actor.over = True
        if all(other.over for other in self._actors):
            self._finished.set()
        elif not self._finished.is_set():
            self._pass_to(self._choose())


@dataclass
class Call:
    """One call of something that is to look as if it happened at one moment between `called` and `returned`."""

    actor: str
    what: str
    about: Any
    called: int
    returned: int = -1
    outcome: Any = None  # what it returned or raised; None while nobody knows
