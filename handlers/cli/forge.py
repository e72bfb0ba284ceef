"""`agentforge forge …`: make a small specialist model, phase by phase; with AGENTFORGE_API_URL set, on that server."""

import json as jsons
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handlers.cli import remote
from handlers.cli.app import OK, AsJson, app, raise_for, work_through
from handlers.cli.remote import Accept, AskQuote
from shared.errors import BadInput, Conflict, NotFound

if TYPE_CHECKING:
    from functions.forge.stages import ForgeInput, ForgeOutput, Outcome
    from handlers.client import AgentForge
    from handlers.http.models import CheckpointOut, RunOut

forge_app = typer.Typer(help="Make a small specialist model, phase by phase; with AGENTFORGE_API_URL set, on that server.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(forge_app, name="forge")

Digest = Annotated[str, typer.Argument(metavar="CHECKPOINT", help="A checkpoint's digest, or the beginning of one.")]
WORKSPACE = "local"


@forge_app.command("run")
def run_command(
    preset: Annotated[str, typer.Option(metavar="NAME", help="A pipeline to start from: `agentforge forge presets` tells which there are.")] = "tiny",
    first: Annotated[str | None, typer.Option("--from", metavar="PHASE", help="Begin with this phase; needs --input or --resume.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="PHASE", help="End with this phase.")] = None,
    inputs: Annotated[list[str] | None, typer.Option("--input", metavar="CHECKPOINT", help="A checkpoint (digest or folder) to begin with; may be repeated.")] = None,
    resume: Annotated[str | None, typer.Option(metavar="RUN", help="Begin with what came before the phase --from in this run.")] = None,
    skip: Annotated[list[str] | None, typer.Option(metavar="PHASE", help="Leave a phase out; may be repeated.")] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", metavar="PHASE.KEY=VALUE", help="Change a setting (JSON); may be repeated.")] = None,
    text: Annotated[Path | None, typer.Option(metavar="FILE", help="Text to learn from (JSONL, Parquet, text) in place of Python's own.")] = None,
    stages: Annotated[Path | None, typer.Option(metavar="FILE.json", help="A pipeline of one's own: a list of stages, in place of --preset.")] = None,
    json: AsJson = False,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write the last checkpoints to this folder.")] = None,
    quote: AskQuote = False,
    accept: Accept = "",
) -> None:
    """Run a pipeline, and tell how its gates judged. What was made before is not made again.

    Exit codes: 0, 2 what was given cannot be used.
    """
    from functions.forge.stages import ForgeOutput

    remote.only_there(quote, accept)
    if out is not None and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BadInput(f"{out} is there already.", "Give --out the name of a new folder.")
    client = remote.server()
    wanted = _input(client, preset, first, last, inputs or [], resume, skip or [], settings or [], text, stages)
    if quote and client:
        remote.print_quote(client.quote_forge(_told(wanted), inputs=wanted.inputs), json)
        return
    with _progress(not json and sys.stderr.isatty(), not json) as on_event:
        run = _worked(client, wanted, on_event, accept)
    if question := run.waiting.get("person"):
        raise Conflict(f"The run {run.id} waits for an answer, true or false: {question}", f"Send it to POST /v1/runs/{run.id}/answer.")
    if run.state != "succeeded":
        raise_for(run)
    output = ForgeOutput.model_validate(run.output)
    if out is not None:
        _copy(client, output.outputs, out)
    if json:
        sys.stdout.write(jsons.dumps({"run_id": run.id, **output.model_dump(mode="json")}, indent=2) + "\n")
    else:
        _print_gates(output, run.id)
    raise typer.Exit(OK)


@forge_app.command("presets")
def presets_command(json: AsJson = False) -> None:
    """The pipelines there are, with their stages."""
    from functions.forge.presets import PRESETS

    if json:
        sys.stdout.write(jsons.dumps({name: [stage.model_dump(mode="json") for stage in preset.stages] for name, preset in PRESETS.items()}, indent=2) + "\n")
        return
    for name, preset in PRESETS.items():
        print(f"{name}: {preset.about}")
        for stage in preset.stages:
            told = " ".join(f"{key}={jsons.dumps(value)}" for key, value in stage.config.items())
            print(f"  {stage.phase:<11} {stage.tier:<10} {told}")


@forge_app.command("list")
def list_command(json: AsJson = False) -> None:
    """The checkpoints there are, the newest first."""
    found = _checkpoints(remote.server())
    if json:
        sys.stdout.write(jsons.dumps({each.digest: each.about for each in found}, indent=2) + "\n")
        return
    if not found:
        print("There are no checkpoints yet.")
    for each in found:
        megabytes = sum(file.bytes for file in each.files) / 1e6
        print(f"{each.digest[:16]}  {each.about.get('phase', ''):<11} {each.about.get('label', ''):<10} {each.about.get('precision', ''):<13} {megabytes:8.1f} MB")


@forge_app.command("show")
def show_command(checkpoint: Digest) -> None:
    """What a checkpoint is: its files, parents, phase, settings and metrics, as JSON."""
    from functions.forge import storage
    from shared.state.opening import open_store

    client = remote.server()
    digest = _whole(client, checkpoint)
    print(jsons.dumps(client.checkpoint(digest).about if client else storage.manifest_of(open_store(), WORKSPACE, digest).about, indent=2))


@forge_app.command("export")
def export_command(checkpoint: Digest, folder: Annotated[Path, typer.Argument(metavar="DIR")]) -> None:
    """Write a checkpoint to a new folder, as transformers reads it."""
    if folder.exists():
        raise BadInput(f"{folder} is there already.", "Give the name of a new folder.")
    client = remote.server()
    _copy(client, [_whole(client, checkpoint)], folder)
    print(folder)


@forge_app.command("import")
def import_command(folder: Annotated[Path, typer.Argument(metavar="DIR", help="A Llama, Qwen2 or Qwen3 checkpoint as safetensors.")]) -> None:
    """Bring a checkpoint of one's own; prints its digest. It is put into the store itself, not sent through a server."""
    print(_bring(folder))


def _told(wanted: "ForgeInput") -> list[dict[str, Any]]:
    """A pipeline's stages, as a request has them."""
    return [stage.model_dump(mode="json") for stage in wanted.stages]


def _worked(client: "AgentForge | None", wanted: "ForgeInput", on_event: Callable[[Any], None] | None, quote: str) -> "RunOut":
    """The run once it is over, or waits for a person; there, or in this process."""
    from functions.paying import open_run
    from handlers.http.models import RunOut
    from shared.backends import Here
    from shared.state.opening import open_store

    if client:
        return remote.followed(client, client.forge(_told(wanted), inputs=wanted.inputs, wait=False, quote=quote), on_event)
    store = open_store()
    return RunOut.of(work_through(store, open_run(store, Here(), "forge", wanted).ref, on_event))


def _input(
    client: "AgentForge | None", preset: str, first: str | None, last: str | None, inputs: list[str], resume: str | None, skip: list[str], settings: list[str],
    text: Path | None, file: Path | None,
) -> "ForgeInput":  # fmt: skip
    from pydantic import TypeAdapter, ValidationError

    from functions.forge.presets import PRESETS
    from functions.forge.stages import ForgeInput, Stage, stages_up_to

    if file is not None:
        try:
            stages = TypeAdapter(list[Stage]).validate_json(file.read_bytes())
        except OSError as error:
            raise NotFound(f"{file} cannot be read ({error.strerror}).") from None
        except ValidationError as error:
            wrong = error.errors()[0]
            raise BadInput(f"{file} is no pipeline: {'/'.join(map(str, wrong['loc']))}: {wrong['msg']}", "`agentforge forge presets --json` shows one.") from None
    elif preset in PRESETS:
        stages = PRESETS[preset].stages
    else:
        raise BadInput(f"There is no preset {preset!r}.", f"There are: {', '.join(PRESETS)}.")
    changes: dict[str, dict[str, Any]] = {stage.phase: {} for stage in stages}
    for told in settings:
        phase, dot, rest = told.partition(".")
        key, equals, value = rest.partition("=")
        if not dot or not equals or phase not in changes:
            raise BadInput(f"--set {told!r} is not PHASE.KEY=VALUE.", f"The phases are: {', '.join(changes)}.")
        try:
            changes[phase][key] = jsons.loads(value)
        except ValueError:
            changes[phase][key] = value
    for name in skip:
        if name not in changes:
            raise BadInput(f"The pipeline has no phase {name!r}.", f"It has: {', '.join(changes)}.")
    common = {"text": _kept(client, text)} if text else {}
    before = _inputs_of(client, resume, first) if resume else []
    try:
        stages = [Stage.model_validate({**stage.model_dump(), "config": stage.config | common | changes[stage.phase], "skip": stage.skip or stage.phase in skip})
                  for stage in stages_up_to(stages, first, last)]  # fmt: skip
        return ForgeInput(stages=stages, inputs=before + [_digest(client, each) for each in inputs])
    except ValidationError as error:
        raise BadInput(f"The pipeline cannot be run: {error.errors()[0]['msg'].removeprefix('Value error, ')}.") from None


def _kept(client: "AgentForge | None", text: Path) -> str:
    """The reference of a file that is kept as a dataset."""
    from shared.state.datasets import save_dataset
    from shared.state.opening import open_store

    return client.upload(text).versions[-1].reference if client else save_dataset(open_store(), text)


def _inputs_of(client: "AgentForge | None", run: str, phase: str | None) -> list[str]:
    """The checkpoints that a phase of another run started from."""
    from functions.forge.stages import ForgeInput, ForgeOutput
    from shared.state.opening import open_store
    from shared.state.runs import load

    if client:
        there = client.run(run)
        told = [event.data for event in client.events(run, follow=False) if event.kind in ("opened", "queued") and "input" in event.data]
        function, input, output = there.function, told[-1]["input"], there.output
    else:
        state = load(open_store(), run, WORKSPACE).state
        function, input, output = state.function, state.input, state.output
    if function != "forge":
        raise Conflict(f"The run {run} is not one of the forge.")
    done = ForgeOutput.model_validate(output).stages if output else ForgeInput.model_validate(input).done
    if phase is None:
        raise BadInput("--resume needs --from.", "Say with which phase to go on.")
    for outcome in done:
        if outcome.phase == phase:
            return outcome.inputs
    if done:
        return done[-1].outputs  # it stopped right before
    raise Conflict(f"The run {run} did not come as far as {phase}.", "Run its first phases again: what it made is found, not made again.")


def _digest(client: "AgentForge | None", told: str) -> str:
    return _bring(Path(told)) if Path(told).is_dir() else _whole(client, told)


def _bring(folder: Path) -> str:
    from functions.forge import storage
    from phases import checkpoint
    from shared.state.opening import open_store

    remote.only_here("Bringing a checkpoint")
    ref = checkpoint.open_checkpoint(folder)
    checkpoint.load_model(ref)  # says what is wrong now rather than in a worker
    checkpoint.load_tokenizer(ref)
    return storage.keep(open_store(), WORKSPACE, ref)


def _checkpoints(client: "AgentForge | None") -> "list[CheckpointOut]":
    """Newest first."""
    from functions.forge import storage
    from handlers.http.models import CheckpointOut
    from shared.state.opening import open_store

    return list(client.checkpoints()) if client else [CheckpointOut.of(kept) for kept in storage.newest(open_store(), WORKSPACE).values()]


def _whole(client: "AgentForge | None", told: str) -> str:
    """The digest that begins so. NotFound."""
    found = [each.digest for each in _checkpoints(client) if told and each.digest.startswith(told)]
    if len(found) != 1:
        raise NotFound(f"{'No' if not found else 'More than one'} checkpoint begins with {told!r}.", "`agentforge forge list` shows those there are.")
    return found[0]


def _copy(client: "AgentForge | None", digests: list[str], out: Path) -> None:
    """Write checkpoints to a folder; several, each to one of its own in there."""
    from functions.forge import storage
    from shared.state.opening import open_store

    for i, digest in enumerate(digests):
        folder = out if len(digests) == 1 else out / str(i)
        if client:
            client.checkpoint(digest, folder)
        else:
            storage.fetch(open_store(), WORKSPACE, digest, folder)


@contextmanager
def _progress(live: bool, shown: bool) -> Iterator[Callable[[Any], None] | None]:
    """Gives a function that tells events on a terminal; where there is none, a line for each phase."""
    if not shown:
        yield None
        return
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    with console.status("Starting") as status:
        now: dict[str, Any] = {"phase": "", "loss": ""}

        def on_event(event: Any) -> None:
            data = event.data
            match event.kind:
                case "phase" if data["state"] == "running":
                    now.update(phase=data["name"], loss="")
                    status.update(data["name"])
                    if not live:
                        console.print(f"… {data['name']}")
                case "phase":
                    gate = data.get("gate") or {}
                    console.print(f"{_mark(gate.get('decision', data['state']))} {data['name']:<11} [dim]{gate.get('reason', data['state'])}"
                                  f"{' (made before)' if data.get('reused') else ''} · {data.get('seconds', 0):.0f} s[/]")  # fmt: skip
                case "metric":
                    now["loss"] = f"{data['name']} {data['value']:.4g}"
                case "progress":
                    total = f" of {data['total']:g}" if data["total"] else ""
                    status.update(f"{now['phase']}: {data['done']:g}{total} {data['unit']} · {now['loss']}")
                case "out_of_memory":
                    console.print(f"[yellow]![/] the GPU's memory is full: batches are split into {data['micro_batches']}")

        yield on_event


def _mark(decision: str) -> str:
    return {"pass": "[green]✓[/]", "fail": "[red]✗[/]"}.get(decision, "[yellow]-[/]")


def _print_gates(output: "ForgeOutput", run: str) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("phase", "gate", "measure", "input", "output", "control", "seconds", title="Gates", title_justify="left")
    for outcome in output.stages:
        for i, row in enumerate(_rows(outcome)):
            table.add_row(*(("", "") if i else (outcome.phase, row[0])), *row[1:], "" if i else f"{outcome.seconds:.0f}")
    Console(width=None if sys.stdout.isatty() else 140).print(table)
    for digest in output.outputs:
        print(f"checkpoint {digest[:16]}")
    print(f"run {run}; `agentforge forge export CHECKPOINT DIR` writes a checkpoint to a folder.")


def _rows(outcome: "Outcome") -> list[list[str]]:
    """Decision, measure, input, output, control: a row for each measure."""
    if outcome.skipped or outcome.gate is None:
        return [["skipped", "", "", "", ""]]
    gate = outcome.gate
    return [[gate.decision, each.name, *("" if value is None else f"{value:.4f}" for value in (each.input, each.output, each.control))]
            for each in gate.measures] or [[gate.decision, gate.reason, "", "", ""]]  # fmt: skip
