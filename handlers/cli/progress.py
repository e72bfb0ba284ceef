"""A run's events as lines on a terminal, while they happen."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

STAGES = {
    "snapshot": "Reading the data",
    "profile": "Looking at the columns",
    "plan": "Planning",
    "cells": "Opening the sandbox",
    "verify": "Recomputing with a second engine",
    "report": "Writing the report",
}


@contextmanager
def progress(shown: bool) -> Iterator[Callable[[Any], None] | None]:
    """Gives a function to call with every entry of a run's log; None when nothing is to be shown."""
    if not shown:
        yield None
        return
    from rich.console import Console
    from rich.markup import escape

    from shared.analysis.references import plain

    console = Console(stderr=True, highlight=False)
    with console.status("Starting") as status:
        steps: dict[str, str] = {}

        def on_event(entry: Any) -> None:
            data = entry.data
            if entry.kind == "stage":
                status.update(STAGES.get(data["name"], data["name"]))
            elif entry.kind == "step":
                what = steps.setdefault(data["id"], _words(data))
                line = f"{data['id']:<8} {escape(plain(what))}"
                match data["state"]:
                    case "running":
                        status.update(line)
                    case "done":
                        console.print(f"[green]✓[/] {line}  [dim]{data['ms']:.0f} ms[/]")
                    case "skipped":
                        console.print(f"[yellow]-[/] {line}  [dim]not run: {escape(plain(data['why']))}[/]")
                    case _:
                        console.print(f"[red]✗[/] {line}  {escape(plain(data['why']))}")

        yield on_event


def _words(data: dict[str, Any]) -> str:
    because = str(data.get("because") or "")
    return str(data.get("op", "")).replace("_", " ") + (f" ({because})" if because else "")
