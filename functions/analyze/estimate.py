"""What an analysis should take, from what is known before it: how much data there is, in which format, and what sort of question.

The constants were fitted on two quiet cores (`python -m bench.quotes --fit`). Elsewhere all runs are slower or quicker
alike, which the quotes of a workspace learn (shared/money/precedents.py).
"""

import re
from collections.abc import Sequence

from functions.analyze.request import AnalyzeInput
from shared.analysis.extent import Extent

START = 0.4  # seconds, whatever the data
# seconds for each byte and each value of a source, to read it and to profile it
READING = {"text": (5e-9, 30e-9), "json": (24e-9, 60e-9), "parquet": (10e-9, 20e-9), "xlsx": (140e-9, 0)}
UNPACKING = 10e-9  # for each byte that comes out of gzip
SUMMARY, RELATIONS, OTHER = 640e-9, 150e-9, 10e-9  # for each value: all of a column's figures, all columns beside one, a few columns

_SUMMARY = re.compile(r"(?i)\b(summar\w+|describe|overview|profile|tell me about|what(?:'s| is) in|odd|oddit\w+|unusual|strange|weird|anomal\w+|suspicious|quality)\b")
_RELATIONS = re.compile(r"(?i)\b(drives?|drivers?|influences?|affects?|determines?|related to|factors?)\b")


def estimate(input: AnalyzeInput, data: Sequence[Extent]) -> float:
    """Seconds."""
    values = sum(source.values for source in data)
    return START + sum(map(_reading, data)) + values * _asking(input)


def _reading(source: Extent) -> float:
    byte, value = READING[source.format]
    return source.bytes * (byte + UNPACKING * source.packed) + source.values * value


def _asking(input: AnalyzeInput) -> float:
    if input.plan is not None:
        ops = {step.op for step in input.plan.steps}
        return SUMMARY if "summarize" in ops else RELATIONS if "associate" in ops else OTHER
    asked = " ".join([input.goal, *input.outputs.values()])
    return SUMMARY if _SUMMARY.search(asked) else RELATIONS if _RELATIONS.search(asked) else OTHER
