"""An analysis as a Jupyter notebook (nbformat 4.5) that runs beside its Parquet files and checks its own results.

The JSON is written directly and every cell's id follows from the plan, so equal analyses give equal bytes.
"""

import json
from collections.abc import Sequence
from typing import Any

from shared.analysis.plan import Cell
from shared.analysis.references import plain
from shared.analysis.report import Analysis, escaped, heading, pieces, pretty

_CHECK = '''\
# Compare what was computed just now with what the report states.
import json

recorded = json.loads({recorded})


def differences(a, b, at):
    """Where two results differ: numbers by more than one part in a thousand million, everything else at all."""
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        return [found for name in a for found in differences(a[name], b[name], f"{{at}}/{{name}}")]
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return [found for i, (x, y) in enumerate(zip(a, b)) for found in differences(x, y, f"{{at}}/{{i}}")]
    if isinstance(a, float) and isinstance(b, (int, float)):
        return [] if abs(a - b) <= 1e-9 * max(abs(a), abs(b)) + 1e-12 else [f"{{at}}: {{a}} was recorded, {{b}} computed"]
    return [] if a == b else [f"{{at}}: {{a!r}} was recorded, {{b!r}} computed"]


computed = json.loads(json.dumps(results))
found = [difference for step in recorded for difference in differences(recorded[step], computed.get(step), step)]
assert not found, "\\n".join(found)
print(f"All {{len(recorded)}} results equal the recorded ones.")'''


def notebook(analysis: Analysis, snapshot_files: Sequence[str]) -> bytes:
    """The notebook as UTF-8 JSON. `snapshot_files` are the Parquet files that have to lie beside it."""
    head = [f"# {escaped(heading(analysis))}"]
    for finding in analysis.findings:
        told = "".join(escaped(text) if value is None else f"**{escaped(text)}**" for text, value in pieces(finding))
        head.append("\n".join([f"- {told}", *(f"  - *{escaped(caveat.text)}*" for caveat in finding.caveats)]))
    files = ", ".join(f"`{plain(name)}`" for name in snapshot_files)
    libraries = ", ".join(f"{name} {version}" for name, version in analysis.receipt.libraries.items())
    head.append(f"Runs from top to bottom beside {files}, with Python {analysis.receipt.python}, {libraries}.")
    cells: list[dict[str, Any]] = [_markdown("head", "\n\n".join(head))]
    because = {step.id: plain(step.because) for step in analysis.plan.steps}
    recorded: dict[str, Any] = {}
    for count, cell in enumerate((c for c in analysis.cells if c.code and not c.error), start=1):
        if because.get(cell.id):
            cells.append(_markdown(f"{cell.id}-why", f"**{cell.id}**: {escaped(because[cell.id])}"))
        cells.append(_code(cell.id, cell.code, count, _outputs(cell, count)))
        if cell.result is not None and cell.chart is None:
            recorded[cell.id] = cell.result
    check = _CHECK.format(recorded=repr(json.dumps(recorded, ensure_ascii=False, sort_keys=True)))
    cells.append(_code("check", check, None, []))
    body = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python", "version": analysis.receipt.python},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return (json.dumps(body, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


def _markdown(name: str, text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": text.splitlines(keepends=True)}


def _code(name: str, code: str, count: int | None, outputs: list[dict[str, Any]]) -> dict[str, Any]:
    source = code.rstrip("\n").splitlines(keepends=True)
    return {
        "cell_type": "code",
        "id": name,
        "metadata": {},
        "execution_count": count,
        "outputs": outputs,
        "source": source,
    }


def _outputs(cell: Cell, count: int) -> list[dict[str, Any]]:
    """What the cell showed when it ran, so that the notebook can be read before it is run."""
    outputs: list[dict[str, Any]] = []
    if cell.stdout:
        outputs.append({"output_type": "stream", "name": "stdout", "text": cell.stdout.splitlines(keepends=True)})
    data: dict[str, Any] = {}
    if cell.chart is not None:
        data = {"application/vnd.vegalite.v6+json": cell.chart, "text/plain": ["alt.Chart(...)"]}
    elif cell.result is not None:
        data = {"text/plain": pretty(cell.result).splitlines(keepends=True)}
    if data:
        outputs.append({"output_type": "execute_result", "execution_count": count, "data": data, "metadata": {}})
    return outputs
