"""What the readings of a question share: answers, the parts of a phrase, and a few word patterns."""

from dataclasses import dataclass, field

from shared.analysis.plan import Condition
from shared.brains.builtin.build import Unclear
from shared.brains.builtin.scene import Scene


class Stop(Unclear):
    """What is asked for is plain, but it cannot be computed: no other reading may answer instead."""


@dataclass
class Answer:
    ref: str  # what the caller gets, e.g. "c3:/mean_fare" or "c2:/groups/*/mean"; "" where the findings are the answer
    lead: str  # the step that speaks for it
    chart: tuple[str, ...] = ()
    extra: dict[str, str] = field(default_factory=dict)  # several figures: name -> reference, the first of them too


@dataclass
class Parts:
    """What a phrase names, once its conditions and groupings are taken out."""

    scene: Scene
    functions: list[str]
    columns: list[str]
    where: list[Condition]
    by: list[str]
    superlatives: list[tuple[str, str, str]]
    numbers: list[float]
    labels: list[str]
    having: list[tuple[str, str | None, str, float]] = field(default_factory=list)  # figures that groups must have


COMPARATIVE = r"(?:higher|greater|larger|bigger|more|above|over|exceed|exceeds|better|stronger|heavier|older|warmer|hotter|longer|wider|taller|lower|less|smaller|fewer|below|under|worse|weaker|lighter|younger|colder|cooler|shorter|narrower|cheaper|windier|calmer|wetter|rainier|drier|later|earlier|newer|richer|poorer|dearer|pricier|safer|faster|slower|deeper|shallower|thicker|thinner)"
LOWER = frozenset("lower less smaller fewer below under worse weaker lighter younger colder cooler shorter narrower cheaper calmer drier poorer slower safer earlier shallower thinner".split())
NAMES_SOMETHING = r"(?:^|[,:;.?!] ?|\b(?:in|on|at|for|of|from|by|and|tell me|say|know|me) )(?:which|who|where|when|name|list)\b"
AUX = r"^(?:so |and |ok |please |tell me |check |say |answer |i wonder |wondering |can you (?:check|tell me|say) |,|:| )*(?:(?:if|whether) )?(?:is|are|was|were|do|does|did|has|have|had|can|could)\b"
