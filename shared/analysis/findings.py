"""From results to sentences. Promise 4: no number without a cell.

A finding is a template with references into results, `The mean is {{c3:/mean_fare}}.`; `render` puts the values in, once, and
refuses a template with a number of its own. After `|` stands how a value is written: `{{c3:/r|2}}` decimals,
`{{c3:/share|%1}}` a fraction as percent, `{{c3:/p_value|p}}`, `{{c3:/first|name}}` without thousands separators,
`{{c3:/first_period|year}}` the start of a date (or `|month`), `{{c3:/change|abs}}` without its sign, and
`{{c3:/groups/male|key}}` the last key itself. Names of columns, tables and values stand in double quotes, and only there may
a template hold digits.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Set
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from shared.analysis.expression import parse, variables
from shared.analysis.plan import Plan
from shared.analysis.references import last_key, resolve, shown
from shared.analysis.words import standard_findings
from shared.analysis.words.caveats import caveats, sensitivities
from shared.errors import InvalidPlan

if TYPE_CHECKING:
    from shared.analysis.verify import Verification

__all__ = ["Finding", "Sentence", "Value", "outputs", "render", "resolve", "standard_findings", "tell"]


class Value(BaseModel):
    """A value in a sentence: as written, as computed, where it comes from, and the character at which it stands."""

    text: str
    value: Any
    cell: str
    pointer: str
    at: int


class Sentence(BaseModel):
    text: str
    values: list[Value]


class Finding(Sentence):
    """`step` is the latest cell the sentence speaks of. Caveats say what would change it or weaken it."""

    step: str
    caveats: list[Sentence] = []


_REFERENCE = re.compile(
    r"\{\{\s*(?P<ref>[a-z][a-z0-9_]*:(?:~.|[^~])*?)(?:\|(?P<style>key|name|year|month|abs|p|%[0-9]{0,2}|[0-9]{1,2}))?\s*\}\}",
    re.S,
)
_QUOTED = re.compile(r'"((?:[^"]|"")+)"(?!")')


def render(template: str, results: Mapping[str, Any], plan: Plan, names: Set[str] = frozenset()) -> Finding:
    """The sentence of a template. `names` are names (of columns, tables, values) that may be quoted besides the plan's own.

    Raises InvalidPlan for a digit outside references and quoted names, for a reference to nothing, and for one to a whole table.
    """
    sentence = _render(template, {**results, "plan": plan.model_dump(mode="json")}, names | _names(plan))
    cells = {value.cell for value in sentence.values}
    step = next((s.id for s in reversed(plan.steps) if s.id in cells), "")
    return Finding(text=sentence.text, values=sentence.values, step=step)


def _render(template: str, results: Mapping[str, Any], names: Set[str]) -> Sentence:
    text, values, at = "", [], 0
    while at < len(template):
        quoted, reference = _QUOTED.match(template, at), _REFERENCE.match(template, at)
        if quoted and (name := quoted[1].replace('""', '"')) in names:
            text += f'"{shown(name, "name")}"'
            at = quoted.end()
        elif reference:
            value = _value(reference["ref"], reference["style"], results, len(text))
            values.append(value)
            text += value.text
            at = reference.end()
        elif template.startswith("{{", at):
            raise InvalidPlan(f"Cannot read the reference at {template[at : at + 40]!r}.", "Write it as {{c3:/mean_fare}}.")
        elif unicodedata.category(template[at]).startswith("N"):
            raise InvalidPlan(
                f"The sentence states a number of its own: {template[max(0, at - 20) : at + 10]!r}.",
                "Refer to the cell that computes it, e.g. {{c3:/mean_fare}}, or write the name it belongs to in double quotes.",
            )
        else:
            text += template[at]
            at += 1
    return Sentence(text=text, values=values)


def _value(ref: str, style: str | None, results: Mapping[str, Any], at: int) -> Value:
    value = resolve(ref, results)
    if style == "key":
        value, style = last_key(ref), "name"
    if isinstance(value, (Mapping, list)):
        below = list(value)[:5] if isinstance(value, Mapping) else range(min(len(value), 3))
        raise InvalidPlan(
            f"`{ref}` is not one value but {len(value)}.",
            f"Go further, e.g. {ref.rstrip('/')}/{next(iter(below), '')}.",
        )
    cell, _, place = ref.partition(":")
    return Value(text=shown(value, style), value=value, cell=cell, pointer=place, at=at)


def _names(plan: Plan) -> set[str]:
    """Every name and text value the plan uses. Free text (expressions, code, titles) is left out: it is not a name."""
    free = {"because", "expression", "code", "title", "findings", "ref", "op", "description"}

    def walk(value: Any) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            for item in value:
                yield from walk(item)
        elif isinstance(value, dict):
            yield from value  # the names `calculate` gives its values
            for key, item in value.items():
                if key == "expression" and item:
                    yield from variables(parse(item))
                elif key not in free:
                    yield from walk(item)

    return {name for step in plan.steps for name in walk(step.model_dump(mode="json"))}


def tell(
    plan: Plan, results: Mapping[str, Any], verification: "Verification | None" = None, names: Set[str] = frozenset()
) -> list[Finding]:
    """Every finding of a plan: the report's own templates, or the standard words, each with its caveats.

    The sensitivities of a verification become caveats, with `verify` as their cell. A sentence with a number of
    a cell that the second engine contradicts is withheld.
    """
    report = plan.report
    own = report.findings if report else None
    templates = standard_findings(plan, results) if own is None else own
    withheld = {check.step for check in verification.checks if check.status == "differs"} if verification else set()
    told: list[Finding] = []
    everything = {
        **results,
        "plan": plan.model_dump(mode="json"),
        "verify": verification.model_dump(mode="json") if verification else {},
    }
    for template in templates:
        finding = render(template, results, plan, names)
        if withheld & {value.cell for value in finding.values}:
            continue
        if finding.step and finding.step not in {f.step for f in told}:
            doubts = caveats(plan, results, finding.step)
            doubts += sensitivities(plan, results, verification, finding.step) if verification else []
            finding.caveats = [_render(c, everything, names | _names(plan)) for c in doubts]
        told.append(finding)
    return told


def outputs(plan: Plan, results: Mapping[str, Any]) -> dict[str, Any]:
    """The report's named values, rounded here and only here (Python's round: half to even on the binary value).

    Raises InvalidPlan naming the output that has no value.
    """
    found = {}
    for output in plan.report.outputs if plan.report else []:
        try:
            value = resolve(output.ref, results)
        except InvalidPlan as error:
            raise InvalidPlan(f"The output {output.name!r} has no value: {error.message}", error.hint) from error
        if value is None:
            raise InvalidPlan(
                f"The output {output.name!r} has no value: `{output.ref}` is empty.",
                "There was nothing to compute it from.",
            )
        found[output.name] = value if output.decimals is None else _rounded(value, output.decimals)
    return found


def _rounded(value: Any, decimals: int) -> Any:
    if isinstance(value, float):
        return round(value, decimals) + 0.0  # no negative zero
    if isinstance(value, Mapping):
        return {key: _rounded(item, decimals) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item, decimals) for item in value]
    return value
