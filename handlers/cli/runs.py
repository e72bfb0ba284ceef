"""`agentforge runs …`: what happened, and what may be done about it."""

import json as jsons
import sys
import time
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handlers.cli import remote
from handlers.cli.analyze import located, print_analysis
from handlers.cli.app import INTERNAL, OK, AsJson, app, raise_for, work_through
from shared import settings
from shared.errors import NotFound

if TYPE_CHECKING:
    from handlers.client import AgentForge
    from handlers.http.models import EventOut, RunOut
    from shared.state.store import Store

runs_app = typer.Typer(help="Past and present runs; with AGENTFORGE_API_URL set, those of that server.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(runs_app, name="runs")

RunId = Annotated[str, typer.Argument(metavar="RUN", help="A run's id, or `last`.")]
Workspace = Annotated[
    str,
    typer.Option(metavar="NAME", callback=lambda told: told or ("" if settings.api_url() else "local"),
                 help="The workspace: `local` by default; on a server the key's own."),
]  # fmt: skip
FOLLOW_S = 0.5


@runs_app.command("list")
def list_command(
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    before: Annotated[str, typer.Option(metavar="RUN", help="Only runs older than this one.")] = "",
    workspace: Workspace = "",
    json: AsJson = False,
) -> None:
    """The newest runs first."""
    from handlers.http.models import RunOut
    from shared.state.runs import list_runs

    if client := remote.server(workspace):
        found = list(islice(client.runs(before=before, page=min(limit, 200)), limit))
    else:
        found = [RunOut.of(state) for state in list_runs(_store(), limit, before, workspace)]
    if json:
        print(jsons.dumps([_brief(each) for each in found], ensure_ascii=False, indent=2))
        return
    if not found:
        print("There are no runs yet.")
    for each in found:
        told = " ".join((each.goal or each.function).split())
        print(f"{each.id}  {'damaged' if each.damaged else each.state:<10} {_local_time(each.created)}  {told[:80]}")


@runs_app.command("show")
def show_command(run: RunId, workspace: Workspace = "", json: AsJson = False) -> None:
    """What a run answered, and where its files are."""
    from functions.analyze.files import load_analysis
    from handlers.http.models import RunOut
    from shared.state.runs import load

    if client := remote.server(workspace):
        found = client.run(_id_there(client, run))
        analysis, where = remote.analysis_of(client, found), remote.located(client, found)
    else:
        store = _store()
        log = load(store, _id(store, run, workspace), workspace)
        found, analysis, where = RunOut.of(log.state), load_analysis(log), located(log)
    if analysis is None:
        print(jsons.dumps(_brief(found), ensure_ascii=False, indent=2))
    elif json:
        sys.stdout.write(analysis.model_dump_json() + "\n")
    else:
        print_analysis(analysis, where)


@runs_app.command("events")
def events_command(
    run: RunId,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for more until the run is over.")] = False,
    after: Annotated[int, typer.Option(metavar="N", help="Only entries after this number.")] = -1,
    workspace: Workspace = "",
) -> None:
    """What happened in a run, one JSON object a line; `seq` is the number of the log's entry, which may hold several events."""
    from handlers.http.models import EventOut
    from shared.state.runs import Reader

    if client := remote.server(workspace):
        for event in client.events(_id_there(client, run), after=after, follow=follow):
            _print_event(event)
        return
    store = _store()
    reader = Reader(store, workspace, _id(store, run, workspace))
    while True:
        reader.read_on()
        for entry in reader.take():
            for told in entry.events if entry.seq > after else ():
                _print_event(EventOut(seq=entry.seq, at=entry.at, kind=told.kind, data=told.data))
        if not follow or reader.state.over:
            return
        time.sleep(FOLLOW_S)


@runs_app.command("cancel")
def cancel_command(
    run: RunId, reason: Annotated[str, typer.Option(help="Why, for the record.")] = "", workspace: Workspace = ""
) -> None:
    """Ask for a run to stop. One that nobody works on ends at once."""
    from shared.state.runs import cancel

    if client := remote.server(workspace):
        over = client.cancel(_id_there(client, run), reason).over
    else:
        store = _store()
        over = cancel(store, _id(store, run, workspace), workspace, reason=reason, by="command line").over
    print("Cancelled." if over else "Asked to stop: its worker ends it when it next looks.")


@runs_app.command("answer")
def answer_command(
    run: RunId,
    answer: Annotated[str, typer.Argument(metavar="ANSWER", help="JSON, such as true or \"b\"; anything else is taken as text.")],
    workspace: Workspace = "",
) -> None:
    """Answer what a run waits for, and see it through."""
    from handlers.http.models import RunOut
    from shared.errors import Conflict
    from shared.state import runs

    try:
        value = jsons.loads(answer)
    except ValueError:
        value = answer
    client = remote.server(workspace)
    store = None if client else _store()
    found = client.run(_id_there(client, run)) if client else RunOut.of(runs.status(store, _id(store, run, workspace), workspace))  # type: ignore[arg-type]
    question = (found.waiting or {}).get("person")
    if question is None:
        raise Conflict(f"The run {found.id} does not wait for an answer.", f"It is {found.state}.")
    if client:
        done = remote.followed(client, client.answer(found, question, value))
    else:
        assert store is not None
        done = RunOut.of(work_through(store, runs.answer(store, found.id, question, value, workspace).ref))
    print(f"{done.id}  {done.state}")
    if done.state == "waiting":
        print(f"It asks: {(done.waiting or {}).get('person')}")
    elif done.state != "succeeded":
        raise_for(done)


@runs_app.command("retry")
def retry_command(
    run: RunId, workspace: Workspace = "", json: AsJson = False, quote: remote.AskQuote = False, accept: remote.Accept = ""
) -> None:
    """Open a new run with the input of one that failed or was cancelled, and see it through."""
    from functions.paying import open_run
    from functions.work import first_request
    from handlers.http.models import RunOut
    from shared.backends import Here

    remote.only_there(quote, accept)
    if client := remote.server(workspace):
        if quote:
            remote.print_quote(client.quote_retry(_id_there(client, run)), json)
            return
        done = remote.followed(client, client.retry(_id_there(client, run), quote=accept))
    else:
        store = _store()
        function, input, options = first_request(store, _id(store, run, workspace), workspace)
        done = RunOut.of(work_through(store, open_run(store, Here(), function, input, workspace, **options).ref))
    print(jsons.dumps(_brief(done), ensure_ascii=False, indent=2) if json else f"{done.id}  {done.state}")
    if done.state != "succeeded":
        raise_for(done)


@runs_app.command("replay")
def replay_command(run: RunId, workspace: Workspace = "", json: AsJson = False) -> None:
    """Run a run's code again on its data, and compare findings and charts byte for byte. Exit code 1 if they differ."""
    from functions.analyze.again import replay

    remote.only_here("A replay")
    store = _store()
    found = replay(store, _id(store, run, workspace), workspace)
    if json:
        print(found.model_dump_json(indent=2))
    elif found.same:
        print(
            f"The same: {found.cells} cells, {found.findings} findings and {found.charts} charts came out byte for byte as recorded."
        )
    else:
        print("Not the same:\n" + "\n".join(f"  {line}" for line in found.differences))
    raise typer.Exit(OK if found.same else INTERNAL)


@runs_app.command("verify")
def verify_command(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's id, `last`, or `all`: the whole workspace.")],
    workspace: Workspace = "",
    json: AsJson = False,
) -> None:
    """Hash every entry and file of a run again. Exit code 1 if the record was changed."""
    from shared.state.verify import verify_run, verify_workspace

    if run == "all":
        remote.only_here("Verifying a whole workspace")
    if client := remote.server(workspace):
        problems = client.verify(_id_there(client, run)).problems
    elif run == "all":
        found = verify_workspace(_store(), workspace)
        problems = [f"{what}: {problem}" for what, each in found.items() for problem in each]
    else:
        store = _store()
        problems = verify_run(store, _id(store, run, workspace), workspace)
    if json:
        print(jsons.dumps({"sound": not problems, "problems": problems}, ensure_ascii=False, indent=2))
    else:
        print("\n".join(problems) or "Sound: every entry and every file hashes to what the record says.")
    raise typer.Exit(INTERNAL if problems else OK)


@runs_app.command("delete")
def delete_command(
    run: RunId, reason: Annotated[str, typer.Option(help="Why, for the record.")] = "", workspace: Workspace = ""
) -> None:
    """Delete a run that is over, with its files. A tombstone stays, and the audit trail tells of it."""
    from shared.state.retention import delete_run

    if client := remote.server(workspace):
        client.delete(_id_there(client, run), reason)
    else:
        store = _store()
        delete_run(store, _id(store, run, workspace), workspace, by="command line", reason=reason)
    print("Deleted; its tombstone stays.")


@runs_app.command("export")
def export_command(
    target: Annotated[Path, typer.Argument(metavar="FILE", help="The tar file to write.")], workspace: Workspace = ""
) -> None:
    """Write everything a workspace has to one file."""
    from shared.state.transfer import export_workspace

    remote.only_here("An export of a whole workspace")
    count = export_workspace(_store(), workspace, target, by="command line")
    print(f"{count} objects of {workspace} are in {target}.")


@runs_app.command("import")
def import_command(source: Annotated[Path, typer.Argument(metavar="FILE", help="An exported workspace.")]) -> None:
    """Put an exported workspace into an empty store, and verify it."""
    from shared.state.transfer import import_workspace
    from shared.state.verify import verify_workspace

    remote.only_here("An import")
    store = _store()
    workspace, count = import_workspace(store, source, by="command line")
    problems = verify_workspace(store, workspace)
    print(f"{count} objects of {workspace} are in {store.url}; " + ("some are damaged:" if problems else "all of it verifies."))
    for what, each in problems.items():
        print("\n".join(f"  {what}: {problem}" for problem in each))
    raise typer.Exit(INTERNAL if problems else OK)


@runs_app.command("audit")
def audit_command(workspace: Workspace = "") -> None:
    """Administrative actions on a workspace, oldest first, one JSON object a line."""
    from shared.state.audit import trail

    remote.only_here("Reading the audit trail")
    for entry in trail(_store(), workspace):
        for event in entry.events:
            print(jsons.dumps({"at": entry.at, "action": event.kind, **event.data}, ensure_ascii=False))


def _brief(run: "RunOut") -> dict[str, Any]:
    fields = {"state", "function", "created", "goal", "output", "error", "damaged", "progress", "waiting"}
    return {"run_id": run.id, **run.model_dump(mode="json", include=fields)}


def _print_event(event: "EventOut") -> None:
    print(jsons.dumps(event.model_dump(), ensure_ascii=False), flush=True)


def _local_time(at: str) -> str:
    return datetime.fromisoformat(at).astimezone().strftime("%Y-%m-%d %H:%M:%S") if at else " " * 19


def _store() -> "Store":
    from shared.state.opening import open_store

    return open_store()


def _id(store: "Store", run: str, workspace: str) -> str:
    """A run's id; `last` is the newest."""
    from shared.state.runs import list_runs

    if run != "last":
        return run
    newest = list_runs(store, 1, workspace=workspace)
    if not newest:
        raise NotFound("There are no runs yet.")
    return newest[0].id


def _id_there(client: "AgentForge", run: str) -> str:
    """The same on a server."""
    if run != "last":
        return run
    newest = next(client.runs(page=1), None)
    if newest is None:
        raise NotFound("There are no runs yet.")
    return newest.id
