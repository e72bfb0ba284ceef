"""A question as it is being understood: its text with marks, and what each mark stands for.

    C column   V value of a text column   N number   F measure   S superlative   L quoted label
    Y point in time (a condition)   R span of time   K calendar unit ("month", "per year")
    W condition   G grouping   H condition on a figure
"""

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any


@dataclass
class Scene:
    """A question with marks, and what they stand for."""

    text: str
    marks: list[Any] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)  # mark -> the words it came from
    weak: set[str] = field(default_factory=set)  # marks of columns named only in part

    def mark(self, kind: str, payload: Any, source: str = "") -> str:
        self.marks.append(payload)
        name = f"⟨{kind}{len(self.marks) - 1}⟩"
        self.words[name] = source
        return name

    def get(self, mark: str) -> Any:
        return self.marks[int(mark.strip()[2:-1])]

    def all(self, kinds: str) -> list[str]:
        return re.findall(rf"⟨[{kinds}]\d+⟩", self.text)

    def fork(self, text: str) -> "Scene":
        """Another piece of text over the same marks."""
        return Scene(text, self.marks, self.words, self.weak)


@cache
def rx(pattern: str) -> re.Pattern[str]:
    """A regex in which `{CV}` is one mark of those kinds and `{C:name}` a named one."""
    pattern = re.sub(r"\{([A-Z]+):(\w+)\}", r"(?P<\2>⟨[\1]\\d+⟩)", pattern)
    pattern = re.sub(r"\{([A-Z]+)\}", r"⟨[\1]\\d+⟩", pattern)
    return re.compile(pattern)


def alternatives(phrases: list[str] | Any) -> str:
    return "(?:" + "|".join(re.escape(p) for p in sorted(phrases, key=len, reverse=True)) + ")"
