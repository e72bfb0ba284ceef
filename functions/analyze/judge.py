"""What may be told. A number that has no sound cell behind it becomes an `unanswered` that says why."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

from functions.analyze.cells import needed
from shared.analysis import findings
from shared.analysis.findings import Finding
from shared.analysis.plan import TABLE_MAKING, Output, Plan, Report, Step, Unanswered
from shared.analysis.verify import Verification
from shared.errors import InvalidPlan

Status = Literal["succeeded", "partial", "unanswered", "failed"]
WORDLESS = ("chart", "report")
CHANGING = TABLE_MAKING - {"aggregate", "rank", "trend", "python"}


def withheld(plan: Plan, verification: Verification) -> dict[str, str]:
    """Steps whose numbers are not told, and why: the engines differ on them, or on what they rest on and nothing checked them."""
    status = {check.step: check for check in verification.checks}
    kept_back: dict[str, str] = {}
    for step in plan.steps:
        check = status.get(step.id)
        if check is not None and check.status == "differs":
            kept_back[step.id] = f"Two engines differ on this ({check.why}), so it is withheld."
        elif (check is None or check.status != "agrees") and (on := needed(step) & kept_back.keys()):
            kept_back[step.id] = kept_back[min(on)]
    return kept_back


def tell(
    plan: Plan, results: Mapping[str, Any], verification: Verification, missing: Mapping[str, str], names: set[str]
) -> list[Finding]:
    """The findings that rest on no step in `missing`."""
    sound = {id: result for id, result in results.items() if id not in missing}
    report = plan.report
    if report is not None and report.findings is not None:
        kept = [t for t in report.findings if not any(f"{id}:" in t for id in missing)]
        plan = replaced(plan, report.model_copy(update={"findings": kept}))
    told = findings.tell(plan, sound, verification, names)
    return [finding for finding in told if not any(value.cell in missing for value in finding.values)]


def outputs(plan: Plan, results: Mapping[str, Any], missing: Mapping[str, str]) -> tuple[dict[str, Any], list[Unanswered]]:
    """The named values there are, and why the others are not."""
    given: dict[str, Any] = {}
    lacking: list[Unanswered] = []
    report = plan.report
    for output in report.outputs if report else []:
        step = output.ref.partition(":")[0]
        if step in missing:
            lacking.append(Unanswered(what=_asked(output, plan), why=missing[step]))
            continue
        try:
            given |= findings.outputs(replaced(plan, Report(id="report", outputs=[output])), results)
        except InvalidPlan as error:
            lacking.append(Unanswered(what=_asked(output, plan), why=error.message, hint=error.hint))
    return given, lacking


def _asked(output: Output, plan: Plan) -> str:
    """What a reader knows an output by: the brain calls the one answer of a question without names `answer`."""
    return plan.goal if output.name == "answer" and plan.goal else output.name


def steps_unanswered(plan: Plan, missing: Mapping[str, str], told: Sequence[Unanswered]) -> list[Unanswered]:
    """What is lost with the steps in `missing`, if no output says so already: the lead's answer, else each last step."""
    if not missing or any(u.why in missing.values() for u in told):
        return []
    report = plan.report
    if report and report.lead and report.lead in missing:
        return [Unanswered(what=plan.goal or f"step {report.lead}", why=missing[report.lead])]
    used = {id for step in plan.steps if step.op not in WORDLESS for id in needed(step)}
    last = [step for step in plan.steps if step.id in missing and step.id not in used and step.op not in WORDLESS]
    return [Unanswered(what=_what(step, plan), why=missing[step.id]) for step in last]


def _what(step: Step, plan: Plan) -> str:
    return step.because or (plan.goal if len(plan.steps) <= 2 else "") or f"step {step.id} ({step.op.replace('_', ' ')})"


def judge(
    told: Sequence[Finding], given: Mapping[str, Any], unanswered: Sequence[Unanswered], plan: Plan, failed: Collection[str]
) -> Status:
    """succeeded: everything asked; partial: some of it; unanswered: nothing; failed: nothing, as a cell raised.

    That rows were dropped on the way to an answer is no answer.
    """
    ops = {step.id: step.op for step in plan.steps}
    lead = plan.report.lead if plan.report else None
    answered = bool(given) or any(f.step == lead or ops.get(f.step) not in CHANGING for f in told)
    if answered:
        return "partial" if unanswered or failed else "succeeded"
    return "failed" if failed else "unanswered"


def replaced(plan: Plan, report: Report) -> Plan:
    """The plan with another report."""
    return plan.model_copy(update={"steps": [s for s in plan.steps if not isinstance(s, Report)] + [report]})
