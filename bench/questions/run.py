"""Ask the product every question of the bank and score its answers.

    python -m bench.questions.run --half heldout          totals only: the held-out half is not looked at
    python -m bench.questions.run --half dev --show       each miss with what was expected and what came
    python -m bench.questions.run --half dev --reworded   208 of them as somebody else would say them

Strict accuracy: right answers over all answerable questions. Coverage: answered over all. Precision: right over
answered. A question with named outputs is answered when all of them are, and right when all of them are right.
"""

import argparse
import importlib
import json
import pkgutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.questions.bank import Bank, Question
from bench.questions.score import same
from functions.analyze import AnalyzeInput
from functions.analyze.files import load_analysis
from functions.work import start
from functions.worker import work_through
from shared.state.memory import MemoryDriver
from shared.state.runs import load
from shared.state.store import Store


@dataclass
class Tally:
    asked: int = 0
    answered: int = 0
    right: int = 0
    unanswerable: int = 0
    wrongly_answered: int = 0

    def line(self, name: str) -> str:
        def percent(part: int, whole: int) -> str:
            return f"{100 * part / whole:5.1f} %" if whole else "    –  "

        return (
            f"{name:18} strict {percent(self.right, self.asked)} ({self.right}/{self.asked})  coverage {percent(self.answered, self.asked)}"
            f"  precision {percent(self.right, self.answered)}  unanswerable answered {self.wrongly_answered}/{self.unanswerable}"
        )


def banks(half: str) -> list[tuple[str, Bank]]:
    package = importlib.import_module(f"bench.questions.{half}")
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return [(name, importlib.import_module(f"{package.__name__}.{name}").ask) for name in names]


def reworded(bank: Bank, expected: dict[str, Any]) -> list[Question]:
    """The bank's questions in the words of `reworded.jsonl`, whose outputs may have other names; `expected` is renamed with them."""
    lines = (Path(__file__).parent / "reworded.jsonl").read_text(encoding="utf-8").splitlines()
    said = {entry["id"]: entry for entry in map(json.loads, lines)}
    made = []
    for question in bank.questions:
        if entry := said.get(question.id):
            if question.outputs:
                expected[question.id] = {entry.get("rename", {}).get(name, name): value for name, value in expected[question.id].items()}
            made.append(replace(question, text=entry["text"], outputs=entry.get("outputs", {})))
    return made


def ask(question: Question, path: Path) -> dict[str, object]:
    """The outputs the product gives; {} where it gives none."""
    store = Store(MemoryDriver())
    opened = start(store, "analyze", AnalyzeInput(sources=[str(path)], goal=question.text, outputs=question.outputs))
    state = work_through(store, opened.ref)
    analysis = load_analysis(load(store, opened.id))
    if analysis is None:
        raise RuntimeError(f"{question.id}: {state.error}")
    return dict(analysis.outputs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=["dev", "heldout"], required=True)
    parser.add_argument("--reworded", action="store_true", help="the development questions that were said again in other words")
    parser.add_argument("--show", action="store_true", help="print misses (for dev)")
    arguments = parser.parse_args()
    total = Tally()
    for name, bank in banks(arguments.half):
        tally, expected = Tally(), bank.expected()
        questions = reworded(bank, expected) if arguments.reworded else bank.questions
        for question in questions:
            got = ask(question, bank.path)
            if question.answer is None:
                tally.unanswerable += 1
                tally.wrongly_answered += bool(got)
                mark = "ANSWERED" if got else ""
            else:
                wanted = expected[question.id]
                names = question.outputs or {"answer": ""}
                tally.asked += 1
                answered = all(key in got for key in names) if question.outputs else bool(got)
                right = answered and all(
                    same(wanted[key] if question.outputs else wanted, got.get(key), question.decimals) for key in names
                )
                tally.answered += answered
                tally.right += right
                mark = "" if right else "WRONG" if answered else "missed"
            if mark and arguments.show:
                print(f"[{mark}] {question.id}: {question.text}\n    expected {expected.get(question.id)}\n    got {got}")
        if questions:
            print(tally.line(name))
        for field in ("asked", "answered", "right", "unanswerable", "wrongly_answered"):
            setattr(total, field, getattr(total, field) + getattr(tally, field))
    print(total.line(arguments.half))


if __name__ == "__main__":
    main()
