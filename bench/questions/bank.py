"""How a bank module declares its questions.

    ask = Bank("cars")                       # tables/cars.csv

    @ask("What is the mean horsepower of cars from Japan?")
    def _(t): return t[t.Origin == "Japan"].Horsepower.mean()

    ask.unanswerable("Which dealer sold the most cars?", why="the table names no dealers")

A question without `outputs` has one answer: a number, a string, a yes/no as bool, a list (where the
question ranks), a set (where it does not) or a mapping from group to number. With `outputs={name: description}` the function returns a
dict of the same names. `decimals` is what the question itself asks to round to.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

TABLES = Path(__file__).parent / "tables"


@dataclass
class Question:
    id: str
    table: str
    text: str
    outputs: dict[str, str]
    decimals: int | None
    answer: Callable[[pd.DataFrame], Any] | None  # None: cannot be answered from the table
    why: str = ""


@dataclass
class Bank:
    table: str
    part: str = ""  # tells a second module on the same table from the first, in the ids
    questions: list[Question] = field(default_factory=list)

    @cached_property
    def path(self) -> Path:
        return TABLES / f"{self.table}.csv"

    def __call__(
        self, text: str, outputs: dict[str, str] | None = None, decimals: int | None = None
    ) -> Callable[[Callable[[pd.DataFrame], Any]], Callable[[pd.DataFrame], Any]]:
        def declare(answer: Callable[[pd.DataFrame], Any]) -> Callable[[pd.DataFrame], Any]:
            self._add(text, outputs or {}, decimals, answer, "")
            return answer

        return declare

    def unanswerable(self, text: str, why: str) -> None:
        self._add(text, {}, None, None, why)

    def _add(self, text: str, outputs: dict[str, str], decimals: int | None, answer: Any, why: str) -> None:
        number = len(self.questions) + 1
        self.questions.append(
            Question(f"{self.table}-{self.part}{number:02}", self.table, text, outputs, decimals, answer, why)
        )

    def expected(self) -> dict[str, Any]:
        """Every answer, computed on a fresh copy of the table; a named-output answer stays a dict."""
        table = pd.read_csv(self.path)
        return {q.id: q.answer(table.copy()) for q in self.questions if q.answer is not None}
