"""What an intent draws from a schema: columns with the words for them, conditions, functions; and the steps of its plan."""

import random
import re
from typing import Any

from phases.data.schemas import Column, Kind, Schema

Step = dict[str, Any]  # as a dumped step: fields in the Plan's order, defaults left out


class Unsuitable(Exception):
    """The schema lacks what an intent needs; another one is drawn."""


FUNCTIONS = {
    "mean": ("mean", "average"),
    "sum": ("total", "sum of"),
    "median": ("median",),
    "max": ("maximum", "highest", "largest"),
    "min": ("minimum", "lowest", "smallest"),
    "std": ("standard deviation of", "standard deviation in"),
    "range": ("range of",),
    "var": ("variance of",),
}
VERDICTS = (("yes", "no"), ("high", "low"), ("different", "same"), ("pass", "fail"), ("alarm", "fine"), ("good", "bad"))
_WEIGHTS = (8, 5, 4, 4, 4, 2, 1, 1)


class Draw:
    """A question in the making. `table` is what its next step reads."""

    def __init__(self, rng: random.Random, schema: Schema) -> None:
        self.rng, self.schema = rng, schema
        self.steps: list[Step] = []
        self.table = "data"
        self.used: set[str] = set()
        self.said: dict[str, str] = {}  # what the question calls the columns that it names
        self.exact = rng.random() < 0.4  # columns by their exact names, or as people say them

    def step(self, op: str, **fields: Any) -> str:
        """Add a step that reads `table`; its id."""
        made = f"c{len(self.steps) + 1}"
        table = {} if self.table == "data" else {"table": self.table}
        self.steps.append({"id": made, "op": op, **table, **fields})
        return made

    def then(self, op: str, **fields: Any) -> str:
        """Add a step that makes the table which the next ones read."""
        self.table = self.step(op, **fields)
        return self.table

    def report(self, *refs: str, lead: str = "", names: tuple[str, ...] = ("answer",), findings: list[str] | None = None) -> None:
        """The last step."""
        outputs = [{"name": name, "ref": ref} for name, ref in zip(names, refs, strict=True)]
        self.table = "data"
        self.step(
            "report",
            **({"outputs": outputs} if outputs else {}),
            **({"findings": findings} if findings else {}),
            lead=lead or refs[0].split(":")[0],
        )

    def column(self, *kinds: Kind) -> Column:
        """A column that was not drawn yet."""
        free = [column for column in self.schema.columns if column.kind in kinds and column.name not in self.used]
        if not free:
            raise Unsuitable
        found = self.rng.choice(free)
        self.used.add(found.name)
        return found

    def new(self, *names: str) -> None:
        """Names for columns that are made, which the table must not have."""
        if {name.lower() for name in names} & {column.name.lower() for column in self.schema.columns}:
            raise Unsuitable

    def say(self, column: Column) -> str:
        self.said[column.name] = column.name if self.exact else column.words
        return self.said[column.name]

    def number(self) -> Column:
        return self.column("number")

    def category(self, least: int = 2) -> Column:
        found = self.column("category")
        if len(found.values) < least:
            raise Unsuitable
        return found

    def function(self) -> tuple[str, str]:
        """An aggregate function of a number, and a word for it."""
        name = self.rng.choices(tuple(FUNCTIONS), _WEIGHTS)[0]
        return name, self.rng.choice(FUNCTIONS[name])

    def threshold(self, column: Column) -> int | float:
        high = column.scale
        return self.rng.randint(1, high) if self.rng.random() < 0.85 else self.rng.randint(1, high) + 0.5

    def condition(self) -> tuple[str, dict[str, Any]]:
        """Words that follow "where", and the condition they mean; sometimes two joined."""
        words, found = self._compare()
        if self.rng.random() < 0.15:
            more, second = self._compare()
            join = self.rng.choice(("and", "or"))
            return f"{words} {join} {more}", {"all" if join == "and" else "any": [found, second]}
        return words, found

    def _compare(self) -> tuple[str, dict[str, Any]]:
        column = self.column("number", "category", "date", "boolean")
        name, said, rng = column.name, self.say(column), self.rng
        if rng.random() < 0.05:
            missing = rng.random() < 0.5
            return f"{said} is {'' if missing else 'not '}missing", {"column": name, "op": "is null" if missing else "not null"}
        match column.kind:
            case "number":
                op, words = rng.choice(_NUMBER_OPS)
                value = self.threshold(column)
                return f"{said} is {rng.choice(words)} {value}", {"column": name, "op": op, "value": value}
            case "boolean":
                value = rng.random() < 0.6
                return f"{said} is {str(value).lower()}", {"column": name, "op": "==", "value": value}
            case "date":
                year = rng.randint(1990, 2025)
                if rng.random() < 0.4:
                    bounds = [
                        {"column": name, "op": ">=", "value": f"{year}-01-01"},
                        {"column": name, "op": "<", "value": f"{year + 1}-01-01"},
                    ]
                    return f"{said} is in {year}", {"all": bounds}
                day = f"{year}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
                op, word = rng.choice(_DATE_OPS)
                return f"{said} is {word} {day}", {"column": name, "op": op, "value": day}
            case _:
                chance = rng.random()
                if chance < 0.15 and len(column.values) > 2:
                    two = rng.sample(column.values, 2)
                    return f"{said} is {two[0]} or {two[1]}", {"column": name, "op": "in", "value": two}
                value_ = rng.choice(column.values)
                if chance < 0.25:
                    return f"{said} is not {value_}", {"column": name, "op": "!=", "value": value_}
                if chance < 0.3:
                    return f"{said} contains {value_}", {"column": name, "op": "contains", "value": value_}
                return f"{said} is {value_}", {"column": name, "op": "==", "value": value_}


def measure(function: str, column: str | None = None, **more: Any) -> dict[str, Any]:
    """A measure under its usual name."""
    named = (
        {"name": function, "function": function}
        if column is None
        else {"name": f"{function}_{column}", "function": function, "column": column}
    )
    return {**named, **more}


def ref(step: str, *keys: str) -> str:
    """A reference into a result; the key `*` stands for every key."""
    return f"{step}:" + "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys)


_NUMBER_OPS = (
    (">", ("above", "more than", "over")),
    ("<", ("below", "less than", "under")),
    (">=", ("at least",)),
    ("<=", ("at most",)),
)
_DATE_OPS = ((">=", "from"), ("<", "before"), (">", "after"), ("<=", "up to"))


_ALTERNATIVES = re.compile(r"\[([^\[\]]*)\]")


def phrased(template: str, rng: random.Random, slots: dict[str, Any]) -> str:
    """The template with one of each [a|b] and its slots filled."""
    return _ALTERNATIVES.sub(lambda match: rng.choice(match[1].split("|")), template).format(**slots)
