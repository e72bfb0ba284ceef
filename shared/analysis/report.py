"""An analysis as one object, and as what people read: a page, Markdown, a terminal.

The page is one file without scripts and without outside references. Everything from the data is escaped.
"""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.analysis.findings import Sentence, Value
from shared.analysis.outcome import Analysis, ChartOut, Cost, Receipt, Source, receipt
from shared.analysis.pictures import render_png
from shared.analysis.plan import Cell
from shared.analysis.references import plain, shown
from shared.analysis.verify import Check

if TYPE_CHECKING:
    from jinja2 import Template
    from rich.console import Console

__all__ = ["Analysis", "ChartOut", "Cost", "Receipt", "Source", "html", "markdown", "receipt", "render_png", "terminal"]

# --- pieces every form shares -----------------------------------------------------------------------------------

STATUS = {"succeeded": "Answered", "partial": "Answered in part", "unanswered": "Not answered", "failed": "Failed"}


def pieces(sentence: Sentence) -> list[tuple[str, Value | None]]:
    """A sentence cut at its values: plain text has None."""
    cut: list[tuple[str, Value | None]] = []
    at = 0
    for value in sentence.values:
        cut += [(sentence.text[at : value.at], None), (value.text, value)]
        at = value.at + len(value.text)
    return [(text, value) for text, value in [*cut, (sentence.text[at:], None)] if text]


def heading(analysis: Analysis) -> str:
    return plain(analysis.goal) or "A look at the data"


def said_of(check: Check | None) -> str:
    """A second engine's verdict in words; empty when there is none."""
    if check is None:
        return ""
    if check.status == "agrees":
        values = f"{shown(check.compared)} value{'' if check.compared == 1 else 's'}"
        return f"recomputed by a second engine ({check.engine}): agrees on {values}"
    if check.status == "differs":
        return f"recomputed by a second engine ({check.engine}): differs, so it is withheld. {check.why}".strip()
    return f"not recomputed{': ' + check.why if check.why else ''}"


def output_rows(outputs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Named values as a program gets them, a mapping flattened to a row for each key."""
    rows: list[tuple[str, str]] = []
    for name, value in outputs.items():
        if isinstance(value, dict) and value and len(value) <= 50:
            rows += [(f"{name} › {key}", _json(item)) for key, item in value.items()]
        else:
            rows.append((name, _json(value)))
    return rows


def _json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def pretty(value: Any, indent: str = "", width: int = 88) -> str:
    """JSON for reading: what fits on a line stays on it."""
    line = json.dumps(value, ensure_ascii=False, default=str)
    if len(line) + len(indent) <= width or not isinstance(value, (dict, list)):
        return line
    inner = indent + "  "
    if isinstance(value, dict):
        parts = [
            f"{inner}{json.dumps(str(key), ensure_ascii=False)}: {pretty(item, inner, width)}" for key, item in value.items()
        ]
        return "{\n" + ",\n".join(parts) + f"\n{indent}}}"
    return "[\n" + ",\n".join(inner + pretty(item, inner, width) for item in value) + f"\n{indent}]"


# --- HTML -------------------------------------------------------------------------------------------------------


def html(analysis: Analysis) -> str:
    """One self-contained page."""
    from markupsafe import Markup

    from shared.analysis import pictures

    charts = []
    for i, chart in enumerate(analysis.charts):
        headers, rows, total = pictures.data_table(chart.spec)
        charts.append({
            "title": chart.title, "subtitle": pictures.subtitle(chart.spec), "svg": Markup(pictures.svg(chart.spec, f"chart{i}")),
            "headers": headers, "rows": rows, "total": total,
        })  # fmt: skip
    return _template().render(
        a=analysis, title=heading(analysis), status=STATUS[analysis.status], charts=charts, outputs=output_rows(analysis.outputs),
        steps={step.id: step for step in analysis.plan.steps}, cells=[_cell(analysis, cell) for cell in analysis.cells],
        plan_json=analysis.plan.model_dump_json(indent=2, exclude_defaults=True), css=Markup(_style()),
    )  # fmt: skip


def _cell(analysis: Analysis, cell: Cell) -> dict[str, Any]:
    result = pretty(cell.result) if cell.result is not None else ""
    check = analysis.check(cell.id)
    step = next((s for s in analysis.plan.steps if s.id == cell.id), None)
    return {
        "cell": cell, "code": highlighted(cell.code), "code_lines": cell.code.count("\n") + 1,
        "result": result, "lines": result.count("\n") + 1, "check": check, "said": said_of(check),
        "op": getattr(step, "op", "load").replace("_", " "), "because": plain(step.because) if step else "",
    }  # fmt: skip


def highlighted(code: str) -> Any:
    """Python as HTML spans, escaped."""
    from markupsafe import Markup
    from pygments import highlight  # type: ignore[import-untyped]
    from pygments.formatters.html import HtmlFormatter  # type: ignore[import-untyped]
    from pygments.lexers.python import PythonLexer  # type: ignore[import-untyped]

    return Markup(highlight(code, PythonLexer(), HtmlFormatter(nowrap=True)))


def quotes(text: str, before: str = " ") -> str:
    """Straight double quotes as curly ones, and no line break around `=` and `<`; `before` is the character ahead of the text."""
    text = re.sub(r" ([=<]) ", "\u00a0\\1\u00a0", text)
    return "".join(
        ("“" if (text[i - 1] if i else before) in " (\n/\u00a0" else "”") if c == '"' else c for i, c in enumerate(text)
    )  # fmt: skip


def _linked(sentence: Sentence, analysis: Analysis) -> Any:
    """A sentence whose numbers are links to their cells."""
    from markupsafe import Markup, escape

    cells = {cell.id for cell in analysis.cells}
    out, before = Markup(), " "
    for text, value in pieces(sentence):
        if value is None:
            out += escape(quotes(text, before))
        elif value.cell in cells:
            exact = plain(_json(value.value))[:200]
            kind = "value" if len(text) > 24 else "value short"
            out += Markup('<a class="{}" href="#{}" title="{}: {}">{}</a>').format(
                kind, value.cell, value.cell + value.pointer, exact, text
            )
        elif value.cell == "plan":
            out += Markup('<a class="value stated" href="#plan" title="as stated in the plan">{}</a>').format(text)
        else:
            out += Markup('<a class="value stated" href="#checks" title="from the second engine">{}</a>').format(text)
        before = text[-1]
    return out


@cache
def _template() -> "Template":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"linked": _linked, "plain": plain, "quotes": quotes, "shown": shown}
    return environment.get_template("report.html.j2")


@cache
def _style() -> str:
    return (Path(__file__).parent / "templates" / "report.css").read_text(encoding="utf-8")


# --- Markdown ---------------------------------------------------------------------------------------------------


def escaped(text: str) -> str:
    """Text that Markdown shows as it is; its edges are kept."""
    text = re.sub(r"([\\`*_{}\[\]<>|~#$])", r"\\\1", text.replace("&", "&amp;"))
    # No list where a line begins: "- a" and "1. a".
    return re.sub(r"^(\d*)([-+.)])(?=\s|$)", r"\1\\\2", text)


def fenced(text: str, language: str = "") -> str:
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`+", text)), 3)
    return f"{fence}{language}\n{text}\n{fence}"


def _linked_markdown(sentence: Sentence) -> str:
    return "".join(
        escaped(text) if value is None else f"[{escaped(text)}](#{value.cell})" for text, value in pieces(sentence)
    )  # fmt: skip


def markdown(analysis: Analysis) -> str:
    """The same content as Markdown."""
    parts = [f"# {escaped(heading(analysis))}"]
    if analysis.findings:
        lead, *others = analysis.findings
        parts.append(f"**{_linked_markdown(lead)}**")
        parts += [f"*{_linked_markdown(caveat)}*" for caveat in lead.caveats]
        parts += [
            "\n".join("\n".join([f"- {_linked_markdown(f)}", *(f"  *{_linked_markdown(c)}*" for c in f.caveats)]) for f in others)
        ]
    else:
        parts.append(
            "This question was not answered."
            if analysis.status != "failed"
            else "The run failed. The cell that stopped it is below."
        )
    if analysis.outputs:
        table = "\n".join(f"| {escaped(name)} | {escaped(value)} |" for name, value in output_rows(analysis.outputs))
        parts += ["## Named values", f"| Name | Value |\n| --- | --- |\n{table}"]
    for chart in analysis.charts:
        parts += [f"## {escaped(chart.title)}", f"![{escaped(chart.title)}]({chart.png})"]
    if analysis.unanswered:
        said = [f"- **{escaped(u.what)}**: {escaped(u.why)} {escaped(u.hint)}".rstrip() for u in analysis.unanswered]
        parts += ["## What was not answered", "\n".join(said)]
    if analysis.plan.reading:
        parts += ["## How the question was read", "\n".join(f"- {escaped(line)}" for line in analysis.plan.reading)]
    if analysis.notes:
        parts += ["## What was done to the data", "\n".join(f"- {escaped(note.text)}" for note in analysis.notes)]
    parts.append("## Cells")
    for cell in analysis.cells:
        verdict = said_of(analysis.check(cell.id))
        parts += [f'### <a id="{cell.id}"></a>{cell.id} ({cell.ms:.0f} ms)', fenced(cell.code, "python")]
        if cell.error:
            parts.append(fenced(cell.error, "text"))
        elif cell.result is not None:
            parts.append(fenced(pretty(cell.result), "json"))
        parts += [escaped(verdict[0].upper() + verdict[1:])] if verdict else []
    parts += ["## Receipt", fenced(analysis.receipt.model_dump_json(indent=2), "json")]
    return "\n\n".join(part for part in parts if part) + "\n"


# --- terminal ---------------------------------------------------------------------------------------------------


def terminal(analysis: Analysis, console: "Console", paths: Mapping[str, Path] | None = None) -> None:
    """The answer first, then the rest. `paths`: what was made → where."""
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    def told(sentence: Sentence, style: str) -> Text:
        return Text.assemble(
            *((text, "bold cyan" if value and value.cell != "plan" else "") for text, value in pieces(sentence)),
            style=style,
        )

    def section(title: str, lines: Sequence[Text | str]) -> None:
        if lines:
            console.print(Text(f"\n{title}", style="bold"))
            for line in lines:
                console.print(Padding(line if isinstance(line, Text) else Text(line), (0, 0, 0, 2)))

    console.print(Text(heading(analysis), style="dim"))
    if analysis.findings:
        lead, *others = analysis.findings
        console.print(told(lead, "bold"))
        for caveat in lead.caveats:
            console.print(Padding(told(caveat, "yellow"), (0, 0, 0, 2)))
        section("Also", [text for f in others for text in (told(f, ""), *(told(c, "yellow") for c in f.caveats))])
    else:
        console.print(
            Text(
                "The run failed." if analysis.status == "failed" else "This question was not answered.",
                style="bold red",
            )
        )
    section(
        "Errors",
        [
            f"{cell.id}: {plain(cell.error.strip().splitlines()[-1])}"
            for cell in analysis.cells
            if cell.error and cell.error.strip()
        ],
    )
    if analysis.outputs:
        table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
        for name, value in output_rows(analysis.outputs):
            table.add_row(Text(plain(name)), Text(plain(value), style="bold cyan"))
        console.print(Text("\nNamed values", style="bold"))
        console.print(Padding(table, (0, 0, 0, 2)))
    section(
        "Not answered",
        [f"{plain(u.what)}: {plain(u.why)}{' ' + plain(u.hint) if u.hint else ''}" for u in analysis.unanswered],
    )
    section("About the data", [plain(note.text) for note in analysis.notes])
    section("Made", [f"{name:<10} {path}" for name, path in (paths or {}).items()])
