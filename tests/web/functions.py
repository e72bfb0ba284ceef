"""Functions for runs of these tests; AGENTFORGE_FUNCTIONS=tests.web.functions registers them in other processes."""

import time

from pydantic import BaseModel

from functions.registry import function
from shared.errors import BadInput
from shared.state.run import Run


class Job(BaseModel):
    """`pause_s` between events."""

    events: int = 3
    pause_s: float = 0
    then: str = "end"
    text: str = ""


class Done(BaseModel):
    total: int


@function("web-job", Job, Done, retries=1)
def job(input: Job, run: Run) -> Done:
    """Tells, keeps files, and ends as `then` says."""
    for number in range(input.events):
        run.check()
        run.emit("note", number=number, text=input.text)
        run.flush()
        time.sleep(input.pause_s)
    run.save("report.html", b"<h1>made</h1>")
    run.save("report.md", f"made: {input.text}".encode())
    run.save("notebook.ipynb", b"{}")
    run.save("charts/one.png", b"\x89PNG")
    if input.then == "ask":
        return Done(total=run.ask("how many?"))
    if input.then == "fail":
        raise BadInput("It was asked to fail.", "Do not ask.")
    return Done(total=input.events)
