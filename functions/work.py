"""A run from opened to finished: the function it names does its work, and how that ended is its last entry."""

from functions.analyze import AnalyzeInput, analyze
from shared.analysis.outcome import Analysis
from shared.errors import AgentForgeError
from shared.state.runs import Cancelled, Run, finish


def work(run: Run) -> Analysis:
    """Do the work of an opened run. What the function raises is recorded, and raised again."""
    try:
        analysis = analyze(AnalyzeInput.model_validate(run.input), run)
    except (Cancelled, KeyboardInterrupt):
        finish(run, "cancelled")
        raise
    except AgentForgeError as error:
        finish(run, "failed", error={"code": error.code, "message": error.message, "hint": error.hint})
        raise
    except BaseException as error:
        finish(run, "failed", error={"code": "internal", "message": type(error).__name__, "hint": ""})
        raise
    told = {"status": analysis.status, "findings": [finding.text for finding in analysis.findings], "outputs": analysis.outputs}
    if analysis.status == "failed":
        why = analysis.unanswered[0].why if analysis.unanswered else "A cell failed."
        finish(run, "failed", output=told, error={"code": "cell_failed", "message": why, "hint": ""})
    else:
        finish(run, "succeeded", output=told)
    return analysis
