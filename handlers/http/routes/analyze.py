"""POST /v1/analyze: the main job."""

from typing import Annotated

from fastapi import APIRouter, Body, Response
from pydantic import Field

from functions.analyze import AnalyzeInput
from functions.analyze.request import LONGEST_GOAL
from handlers.http.callers import allowed
from handlers.http.manners import Wait
from handlers.http.models import DatasetRef, Opens, RunOut
from handlers.http.opening import ANSWERS, AsAsked, Wanted, opened
from handlers.http.platform import At
from shared.analysis.plan import Plan
from shared.identity.caller import Caller
from shared.state import catalog
from shared.state.store import Store

router = APIRouter(tags=["analyze"])


class AnalyzeRequest(Opens):
    """A question about one or more tables. With a `plan` no brain is asked, and `goal` may be left out."""

    datasets: list[DatasetRef] = Field(min_length=1, max_length=50)
    goal: str = Field("", max_length=LONGEST_GOAL, examples=["average price by city"])
    brain: str = Field("builtin", max_length=100)
    outputs: dict[Annotated[str, Field(min_length=1, max_length=200)], Annotated[str, Field(max_length=2_000)]] = Field(
        {}, max_length=100, description="Values that are wanted under a name: name → what it means.", examples=[{"mean_price": "average price of all rows"}]
    )
    plan: Plan | None = None


EXAMPLES = {
    "a question": {"value": {"datasets": ["ds-0rk5c9t3v-8a1m2n3p4q"], "goal": "average price by city"}},
    "named values": {
        "value": {
            "datasets": ["ds-0rk5c9t3v-8a1m2n3p4q@2"], "goal": "What does a flat cost?",
            "outputs": {"mean_price": "average price of all rows"},
        }
    },
}  # fmt: skip


@router.post("/analyze", status_code=202, summary="Ask tables a question", responses=ANSWERS)
async def analyze(
    body: Annotated[AnalyzeRequest, Body(openapi_examples=EXAMPLES)],
    caller: Annotated[Caller, allowed("runs:write")], at: At, response: Response, wait: Wait, asked: AsAsked,
) -> RunOut:  # fmt: skip
    """Opens a run: 202. With `Prefer: wait=n` the answer waits for it at most n seconds, and is 200 if it has ended.

    `output` has the findings and the named values; the artifact `analysis.json` everything, `report.html` a page.
    """
    return await opened(asked, caller, response, lambda: Wanted("analyze", input_of(body, at.store, caller)), wait, body.quote)


def input_of(body: AnalyzeRequest, store: Store, caller: Caller) -> AnalyzeInput:
    """The function's input, out of a request. NotFound."""
    sources = catalog.references(store, caller.workspace, body.datasets)
    return AnalyzeInput(sources=sources, goal=body.goal, brain=body.brain, outputs=body.outputs, plan=body.plan)
