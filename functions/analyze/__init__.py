"""The main job: a table and a goal in plain words → a plan, its cells, checked findings, charts and a report.

request.py   what is asked for
estimate.py  what it should take, judged beforehand
analysis.py  `answer`: the way from the files to the report
cells.py     a plan's steps in a sandbox session, one cell each
judge.py     which numbers may be told, what stays unanswered, and the status
files.py     what a run leaves behind
again.py     `replay`: the recorded code on the recorded data
"""

from typing import Any, Literal

from pydantic import BaseModel

from functions.analyze.estimate import estimate
from functions.analyze.request import AnalyzeInput
from functions.registry import function
from shared.errors import AgentForgeError
from shared.state.run import Run

__all__ = ["AnalysisFailed", "AnalyzeInput", "AnalyzeOutput", "analyze"]


class AnalyzeOutput(BaseModel):
    """What a caller reads first; the artifact analysis.json has all of it."""

    status: Literal["succeeded", "partial", "unanswered"]
    findings: list[str]
    outputs: dict[str, Any]


class AnalysisFailed(AgentForgeError):
    """A cell raised and nothing was left to tell. The run's files say how far it came."""

    code = "cell_failed"
    status = 422


@function("analyze", AnalyzeInput, AnalyzeOutput, tier="cpu", timeout_s=900, retries=1, estimate=estimate)
def analyze(input: AnalyzeInput, run: Run) -> AnalyzeOutput:
    """Answer `input.goal` from the tables in `input.sources`, and leave everything in `run`.

    Raises BadInput and NotFound for what the caller can mend, SandboxUnavailable where nothing may be run, Cancelled,
    AnalysisFailed. A goal that cannot be answered is no error: the analysis says so in `unanswered`, and in its status.
    """
    from functions.analyze.analysis import answer

    analysis = answer(input, run)
    if analysis.status == "failed":
        raise AnalysisFailed(analysis.unanswered[0].why if analysis.unanswered else "A cell failed.")
    return AnalyzeOutput(
        status=analysis.status, findings=[finding.text for finding in analysis.findings], outputs=analysis.outputs
    )
