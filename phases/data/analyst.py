"""The analyst's corpus: (schema, question, plan) triples from the Plan language's own grammar, over invented tables.

An example is a function of (seed, index). Every plan type-checks (`shared.analysis.check`) against its schema; tests prove it by the
thousand. What is held out for search, gate and report: domains (`schemas`), phrasings, and instances of what was seen, by hash.
Some questions name a column that the table lacks; their plan says so, and nothing else.

Covered: all steps of the Plan but `join` and `python`. Not covered: several tables, goals of several sentences.
"""

import random
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from phases.data.draw import Draw, Step, Unsuitable, phrased
from phases.data.intents import INTENTS, WEIGHTS
from phases.data.plan_text import dumped_text, from_text
from phases.data.schemas import Schema, schema
from phases.data.text import SPLITS, Split, split_of
from phases.models import EOS, PLAN, QUESTION, SCHEMA
from shared.analysis.plan import Plan

Held = Literal[
    "seen", "schemas", "phrasings"
]  # what of a held-out example was never seen: the instance, its domain, its phrasing

LACKING = 0.04  # of all questions
_INTENTS = tuple(INTENTS)
_WEIGHTS = tuple(WEIGHTS[intent] for intent in _INTENTS)


@dataclass(frozen=True)
class Example:
    schema: Schema
    question: str
    steps: list[Step]
    lacking: str = ""  # what the question names and the table lacks

    @cached_property
    def plan(self) -> Plan:
        return Plan.model_validate({"goal": self.question, "brain": "specialist", "steps": self.steps, **self._rest})

    @property
    def _rest(self) -> dict[str, Any]:
        return {"unanswered": [{"what": self.lacking, "why": "There is no such column."}]} if self.lacking else {}

    @property
    def prompt(self) -> str:
        return prompt(self.schema.text, self.question)

    @property
    def target(self) -> str:
        return dumped_text(self.steps, self._rest) + EOS

    @property
    def text(self) -> str:
        return self.prompt + self.target


def prompt(schema_text: str, question: str) -> str:
    """What a model is given; it should go on with the plan's text."""
    return f"{SCHEMA}{schema_text}{QUESTION}{question}{PLAN}"


def parse(target: str, goal: str = "") -> Plan:
    """The plan a model wrote. InvalidPlan when it is none."""
    return from_text(target.split(EOS, 1)[0], goal)


def example(seed: int, index: int, split: Split = "train", held: Held = "seen") -> Example:
    """One triple; of a split other than `train`, what is `held` out was never trained on."""
    rng = random.Random(f"{seed} {index} {split} {held}")
    while True:
        made = draw(rng, split, held)
        if split_of(made.prompt) == split:
            return made


def draw(rng: random.Random, split: Split = "train", held: Held = "seen") -> Example:
    """One triple, not yet looked over for its split."""
    while True:
        table = schema(rng, split if held == "schemas" else "train")
        intent = rng.choices(_INTENTS, _WEIGHTS)[0]
        d = Draw(rng, table)
        try:
            scope = _scope(d) if intent.__name__ not in _WHOLE and rng.random() < 0.35 else ""
            slots = intent(d)
        except Unsuitable:
            continue
        phrasings = INTENTS[intent]
        template = phrasings[SPLITS.index(split) - 4] if held == "phrasings" else rng.choice(phrasings[:-3])
        question = phrased(template, rng, {"rows": table.rows, **slots})
        question = scope.replace("{}", question, 1) if scope else question
        made = Example(table, _written(question, rng), d.steps)
        return _without(made, d) if d.said and rng.random() < LACKING else made


_WHOLE = ("count_where", "overview", "duplicates", "cases")


def _scope(d: Draw) -> str:
    """Steps before the intent's own, and what they add to its question."""
    chance = d.rng.random()
    if chance < 0.7:
        when, where = d.condition()
        d.then("filter", where=where)
        return d.rng.choice(
            (
                "{} " + f"Only {d.schema.rows} where {when}.",
                f"For {d.schema.rows} where {when}: " + "{}",
                f"Where {when}: " + "{}",
            )
        )
    x = d.number()
    d.used.discard(x.name)
    if chance < 0.85:
        d.then("drop_missing", columns=[x.name])
        return "{} " + f"Leave out {d.schema.rows} without {d.say(x)}."
    d.then("outliers", columns=[x.name], action="remove")
    return "{} " + f"Leave out outliers of {d.say(x)}."


def _without(made: Example, d: Draw) -> Example:
    """The same question of a table that lacks a column it names."""
    name = d.rng.choice(sorted(d.said))
    return Example(
        Schema(made.schema.rows, tuple(c for c in made.schema.columns if c.name != name)), made.question, [], d.said[name]
    )


def _written(question: str, rng: random.Random) -> str:
    """As people write: with a capital, mostly."""
    question = " ".join(question.split())
    return question[0].upper() + question[1:] if rng.random() < 0.8 else question[0].lower() + question[1:].rstrip(".?")
