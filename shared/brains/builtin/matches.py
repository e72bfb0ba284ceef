"""Tables of matches: a column for the home side and one for the away side tell who won, and what was a draw."""

import re
from typing import TYPE_CHECKING

from shared.analysis.plan import All, ColumnValue, Compare, Condition

if TYPE_CHECKING:
    from shared.brains.builtin.link import Linker
    from shared.brains.builtin.scene import Scene

_POINTS = frozenset("goal goals point points score scores run runs".split())


def scored(linker: "Linker") -> tuple[str, str] | None:
    """The columns of what the home side and the away side scored."""
    def side(which: str) -> list[str]:
        return [n for n, parts in linker.names.items() if len(parts) == 2 and parts[0] in which.split() and parts[1] in _POINTS and linker.is_number(n)]

    home, away = side("home"), side("away visitor visitors guest")
    return (home[0], away[0]) if len(home) == len(away) == 1 and linker.names[home[0]][1] == linker.names[away[0]][1] else None


def played(text: str, scene: "Scene", linker: "Linker") -> str:
    """"Ended in a draw", "goalless games", "home wins" as conditions on the two columns."""
    pair = scored(linker)
    if pair is None:
        return text
    home, away = pair
    draw = Compare(column=home, op="==", value=ColumnValue(column=away))
    nil = All(all=[Compare(column=home, op="==", value=0), Compare(column=away, op="==", value=0)])
    ways: list[tuple[str, Condition, str]] = [
        (r"(?:goal|score|point)less(?P<noun> (?:games?|match(?:es)?))?(?: draws?)?", nil, "games"),
        (r"(?:(?:ended|finished|resulted|were|was|are|end|finish|is) )(?:in |as |with )?(?:an? )?(?:draws?|ties?|drawn|tied|level)\b", draw, ""),
        (r"(?:drawn|tied)(?P<noun> (?:games?|match(?:es)?))", draw, "games"), (r"(?<=number of )(?:draws|ties)\b|(?<=how many )(?:draws|ties)\b", draw, "games"),
        (r"(?:(?:were|was|are|is|ended (?:in|as|with)|finished (?:in|as|with)) )?(?:an? )?home (?:wins?|victor(?:y|ies))\b|won by the home (?:team|side|club)|(?:the )?home (?:team|side|club) (?:has )?won\b", Compare(column=home, op=">", value=ColumnValue(column=away)), ""),
        (r"(?:(?:were|was|are|is|ended (?:in|as|with)|finished (?:in|as|with)) )?(?:an? )?away (?:wins?|victor(?:y|ies))\b|won by the away (?:team|side|club)|(?:the )?away (?:team|side|club) (?:has )?won\b", Compare(column=home, op="<", value=ColumnValue(column=away)), ""),
    ]  # fmt: skip
    for pattern, condition, noun in ways:
        text = re.sub(rf"(?i)\b(?:{pattern})", lambda m, c=condition, n=noun: f" {n} with {scene.mark('W', c, m.group().lower())} ", text)  # type: ignore[misc]
    return text
