"""What people read: a page without scripts, Markdown, a terminal, a notebook that checks itself. Data never becomes markup."""

import io
import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import nbclient
import nbformat
import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from shared.analysis import pictures, report
from shared.analysis.findings import outputs, tell
from shared.analysis.notebook import notebook
from shared.analysis.plan import Cell, Plan
from shared.analysis.readers import Note
from shared.analysis.report import Analysis, ChartOut, html, markdown, receipt, render_png, terminal
from shared.analysis.snapshot import Snapshot, Table
from shared.analysis.verify import Check, Sensitivity, Verification

SCRIPT = "<script>alert(1)</script>"
LOAD = "import duckdb\n\ndb = duckdb.connect()\nresults = {}\nresults['c0'] = {'tables': {'data': 4}}"
MEANS = f"""\
rows = db.execute('''SELECT g, avg(v), count(*) FROM 'data.parquet' GROUP BY g ORDER BY g''').fetchall()
results["c1"] = {{"rows": 4, "n_groups": 2, "groups": {{g: {{"{SCRIPT}": m, "rows": n}} for g, m, n in rows}}}}
results["c1"]"""


def spec(title: Any = "A & B") -> dict[str, Any]:
    """A bar chart of hostile labels."""
    values = [{"x": f"{SCRIPT}\x1b\uffff", "y": 2.5}, {"x": '"><img src=x onerror=alert(1)>', "y": 1970}]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json", "title": title, "mark": "bar", "datasets": {"d": values}, "data": {"name": "d"},
        "encoding": {"x": {"field": "x", "type": "nominal", "title": SCRIPT}, "y": {"field": "y", "type": "quantitative", "title": "mean"}},
    }  # fmt: skip


def analysis(**changes: Any) -> Analysis:
    plan = Plan.model_validate({
        "goal": f"What is the mean of {SCRIPT}?", "brain": "builtin", "reading": [f'"mean" was read as {SCRIPT}.'],
        "steps": [
            {"op": "aggregate", "id": "c1", "because": "the *mean*", "measures": [{"name": SCRIPT, "function": "mean", "column": "v"}], "by": ["g"]},
            {"op": "chart", "id": "c2", "kind": "bar", "table": "c1", "x": "g", "y": SCRIPT, "title": f"{SCRIPT} by g"},
            {"op": "report", "id": "r", "outputs": [{"name": "means", "ref": f"c1:/groups/*/{SCRIPT.replace('/', '~1')}", "decimals": 1}]},
        ],
        "unanswered": [{"what": f"why {SCRIPT}", "why": "No column says so.", "hint": "Name a column."}],
    })  # fmt: skip
    result = {
        "rows": 4,
        "n_groups": 2,
        "groups": {"[a](javascript:b)": {SCRIPT: 1.5, "rows": 2}, "|x*": {SCRIPT: 3.5, "rows": 2}},
    }
    results = {"c0": {"tables": {"data": 4}}, "c1": result}
    verification = Verification(
        checks=[Check(step="c1", status="agrees", engine="numpy", compared=6, worst=0.0)],
        sensitivities=[Sensitivity(step="c1", path="/groups", choice="another choice", value=2.5)],
    )
    cells = [
        Cell(id="c0", code=LOAD, result=results["c0"], ms=3.2), Cell(id="c1", code=MEANS, result=result, stdout=f"{SCRIPT}\n", ms=8.9),
        Cell(id="c2", code="2 + 2", result={"points": 2}, chart=spec(f"{SCRIPT} by g")),
    ]  # fmt: skip
    snapshot = Snapshot(
        tables=[
            Table(
                name="data",
                file="data.parquet",
                rows=4,
                columns=[],
                source=f"{SCRIPT}.csv",
                source_bytes=99,
                source_sha256="a" * 64,
                sha256="b" * 64,
            )
        ],
        notes=[],
    )
    told = {
        "run_id": "r1", "status": "partial", "brain": "builtin", "goal": plan.goal, "plan": plan, "cells": cells, "findings": tell(plan, results, verification),
        "notes": [Note(kind="lost", column="v", count=1, text=f"1 value of {SCRIPT} was lost.")], "outputs": outputs(plan, results), "unanswered": plan.unanswered,
        "charts": [ChartOut(title=f"{SCRIPT} by g", spec=spec(f"{SCRIPT} by g"), png="c2.png")], "verification": verification,
        "receipt": receipt(snapshot, plan, cells, "process+seccomp", {"total": 12.34}),
    }  # fmt: skip
    return Analysis.model_validate(told | changes)


class Page(HTMLParser):
    """A page's tags in order, its text, and what it links to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        self.text += data


# --- the page ---------------------------------------------------------------------------------------------------


def test_the_page_is_one_file_without_scripts_or_outside_references() -> None:
    page = Page(html(analysis()))
    assert not {tag for tag, _ in page.tags} & {"script", "img", "iframe", "object", "embed", "link", "base", "form"}
    for _, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on")]
        assert all((attributes.get(name) or "#").startswith("#") for name in ("href", "src", "xlink:href"))
    assert not re.search(r"url\(|@import|https?:", html(analysis()).split("</style>")[0])
    assert SCRIPT in page.text  # shown, not run


def test_every_number_of_a_finding_is_a_link_to_a_cell_on_the_page() -> None:
    page = Page(html(analysis()))
    ids = [attributes["id"] for _, attributes in page.tags if attributes.get("id")]
    links = [attributes.get("href") or "" for tag, attributes in page.tags if tag == "a"]
    assert len(ids) == len(set(ids))
    assert {"#c1"} <= set(links) <= {f"#{i}" for i in ids}
    assert links.count("#c1") >= 5  # two means, two names, the rows


def test_the_page_is_accessible() -> None:
    page = Page(html(analysis()))
    tags = [tag for tag, _ in page.tags]
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert (
        all(tags.count(landmark) == 1 for landmark in ("header", "main", "footer"))
        and dict(page.tags)["html"].get("lang") == "en"
    )
    assert [a["aria-label"] for _, a in page.tags if a.get("role") == "img"] == [f"{SCRIPT} by g"]
    assert all(a.get("scope") for tag, a in page.tags if tag == "th")


def test_colours_have_contrast_in_light_and_dark() -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    css = (Path(report.__file__).parent / "templates" / "report.css").read_text()
    light, dark = (dict(re.findall(r"--([\w-]+): (#\w{6})", part)) for part in css.split("prefers-color-scheme: dark")[:2])
    pairs = [(ink, paper) for ink in ("ink", "soft", "accent", "good", "warn", "bad") for paper in ("paper", "card")]
    pairs += [
        ("k", "card"),
        ("s", "card"),
        ("c", "card"),
        ("m", "card"),
        ("accent", "tint"),
        ("warn", "warn-tint"),
        ("soft", "warn-tint"),
        ("bad", "bad-tint"),
    ]
    for colours in (light, dark):
        for ink, paper in pairs:
            low, high = sorted((luminance(colours[ink]), luminance(colours[paper])))
            assert (high + 0.05) / (low + 0.05) >= 4.5, (ink, paper)


def test_the_page_says_what_was_read_lost_checked_and_not_answered() -> None:
    text = Page(html(analysis())).text
    for part in (
        "Answered in part",
        "was read as",
        "was lost.",
        "No column says so.",
        "agrees on 6 values",
        "Python 3",
        "process+seccomp",
        "The data behind this chart",
        "b" * 64,
    ):
        assert part in text


@pytest.mark.parametrize(("status", "said"), [("unanswered", "This question was not answered."), ("failed", "The run failed.")])
def test_without_findings_the_page_says_so(status: str, said: str) -> None:
    failed = analysis(
        status=status,
        findings=[],
        charts=[],
        cells=[Cell(id="c1", code="1 / 0", error="ZeroDivisionError: division by zero")],
    )
    assert said in Page(html(failed)).text and said in markdown(failed) and "ZeroDivisionError" in Page(html(failed)).text


def test_equal_analyses_give_equal_bytes_also_after_a_way_through_json() -> None:
    again = Analysis.model_validate_json(analysis().model_dump_json())
    assert html(again) == html(analysis()) and markdown(again) == markdown(analysis())


# --- charts -----------------------------------------------------------------------------------------------------


def test_a_chart_is_shapes_and_text() -> None:
    drawn = pictures.svg(spec(), "chart0")
    assert SCRIPT not in drawn and "&lt;script&gt;" in drawn and "<img" not in drawn
    assert "A &amp; B" not in drawn  # the page writes the title


def test_a_chart_cannot_bring_links_scripts_or_outside_images(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9"><script>1</script><g onclick="x()" style="color:red">'
        '<a xlink:href="javascript:x()"><text>t</text></a><image href="http://h/x.png"/><foreignObject/><path id="p" fill="url(http://h/x)" clip-path="url(#p)"/></g></svg>'
    )
    monkeypatch.setattr(pictures, "_drawn", lambda spec: hostile)
    drawn = pictures.svg({}, "chart0")
    for bad in ("script", "onclick", "style", "<a", "image", "http://h", "foreignObject"):
        assert bad not in drawn
    assert 'id="chart0-p"' in drawn and "url(#chart0-p)" in drawn


def test_a_picture_is_a_png_twice_the_size() -> None:
    png = render_png(spec())
    assert png.startswith(b"\x89PNG") and png == render_png(spec())
    assert int.from_bytes(png[16:20]) > 100


def test_the_title_is_cut_off_the_top() -> None:
    def height(drawn: str) -> float:
        return float(re.findall(r'viewBox="[-\d.]+ [-\d.]+ [-\d.]+ ([-\d.]+)"', drawn)[0])

    assert height(pictures.svg(spec({"text": "A", "subtitle": ["first", "30 of 99"]}), "c")) == pytest.approx(
        height(pictures.svg(spec(None), "c")), abs=12
    )
    assert pictures.subtitle(spec({"text": "A", "subtitle": ["first", "30 of 99"]})) == "first 30 of 99"


def test_the_data_behind_a_chart_is_a_table() -> None:
    headers, rows, total = pictures.data_table(spec())
    assert headers == [SCRIPT, "mean"] and total == 2
    assert rows[1] == ['"><img src=x onerror=alert(1)>', "1,970"]
    assert pictures.data_table({"layer": [{"data": {"values": [{"year": 1970, "n": None}]}}]}) == (
        ["year", "n"],
        [["1970", ""]],
        1,
    )
    assert pictures.data_table({"data": {"url": "http://h"}}) == ([], [], 0)


# --- Markdown and terminal --------------------------------------------------------------------------------------


def test_markdown_shows_data_as_text() -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown(analysis()))
    inline = [child for token in tokens for child in token.children or []]
    assert not [t for t in tokens if t.type == "html_block"]
    assert [t.content for t in inline if t.type == "html_inline"] == [
        '<a id="c0">',
        "</a>",
        '<a id="c1">',
        "</a>",
        '<a id="c2">',
        "</a>",
    ]
    links = {str(t.attrs["href"]) for t in inline if t.type == "link_open"}
    assert links <= {"#c0", "#c1", "#verify", "#plan"} and "#c1" in links
    assert SCRIPT in "".join(t.content for t in inline if t.type == "text")


@pytest.mark.parametrize(
    "text",
    [
        "1. item",
        "- item",
        "+ x",
        "# h",
        "> q",
        "a | b",
        "*a* _b_ `c`",
        "[a](b)",
        "<b>",
        "&lt;",
        "~~s~~",
        "2.5",
        "-1",
        "1) x",
        "\\*",
    ],
)
def test_escaped_text_reads_as_it_was(text: str) -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(report.escaped(text))
    assert [t.type for t in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    assert "".join(child.content for child in tokens[1].children or []) == text


def test_a_code_fence_cannot_be_closed_from_inside() -> None:
    assert report.fenced("a\n````\nb").startswith("`````\n")


def test_the_terminal_tells_the_answer_first_and_no_escapes_of_the_data() -> None:
    told = analysis(notes=[Note(kind="lost", column="v", count=1, text="a \x1b[31m value [bold]was[/bold] lost")])
    out = io.StringIO()
    terminal(told, Console(file=out, width=200, force_terminal=False), {"report": Path("out/report.html")})
    text = out.getvalue()
    assert "\x1b" not in text and "[bold]was[/bold]" in text
    order = [
        text.index(part)
        for part in (
            "What is the mean",
            "The mean of",
            "means › |x*",
            "No column says so.",
            "value [bold]",
            "out/report.html",
        )
    ]
    assert order == sorted(order)


# --- receipt and notebook ---------------------------------------------------------------------------------------


def test_the_receipt_names_only_libraries_the_cells_import() -> None:
    assert set(analysis().receipt.libraries) == {"duckdb"}
    assert analysis().receipt.libraries["duckdb"] == duckdb.__version__
    assert receipt(
        Snapshot(tables=[], notes=[]),
        Plan(),
        [Cell(id="c1", code="from sklearn.svm import SVC\nimport os"), Cell(id="c2", code="(")],
        "none",
        {},
    ).libraries.keys() == {"scikit-learn"}


def run(body: bytes, folder: Path) -> nbformat.NotebookNode:
    book = nbformat.reads(body.decode(), as_version=4)
    nbformat.validate(book)
    nbclient.NotebookClient(book, timeout=60, resources={"metadata": {"path": str(folder)}}).execute()
    return book


def recorded(folder: Path) -> Analysis:
    """An analysis whose cells really gave these results on the data in `folder`."""
    duckdb.execute(
        f"COPY (SELECT * FROM (VALUES ('x', 1.0), ('x', 2.0), ('y', 3.0), ('y', 4.0)) t(g, v)) TO '{folder / 'data.parquet'}'"
    )
    result = {"rows": 4, "n_groups": 2, "groups": {"x": {SCRIPT: 1.5, "rows": 2}, "y": {SCRIPT: 3.5, "rows": 2}}}
    told = analysis()
    return told.model_copy(update={"cells": [told.cells[0], told.cells[1].model_copy(update={"result": result})]})


def test_the_notebook_recomputes_the_recorded_numbers(tmp_path: Path) -> None:
    told = recorded(tmp_path)
    body = notebook(told, ["data.parquet"])
    assert body == notebook(told, ["data.parquet"])
    book = run(body, tmp_path)
    assert book.cells[-1].outputs[0].text == "All 2 results equal the recorded ones.\n"
    assert [cell.id for cell in book.cells] == ["head", "c0", "c1-why", "c1", "check"]


def test_the_notebook_finds_a_number_that_is_not_the_recorded_one(tmp_path: Path) -> None:
    told = recorded(tmp_path)
    told.cells[1].result["groups"]["y"][SCRIPT] = 3.5001
    with pytest.raises(nbclient.exceptions.CellExecutionError, match=r"3\.5001 was recorded, 3\.5 computed"):
        run(notebook(told, ["data.parquet"]), tmp_path)


def test_results_are_printed_compactly() -> None:
    assert report.pretty({"a": [1, 2], "b": None}) == '{"a": [1, 2], "b": null}'
    long = {"a": list(range(60)), "b": {"c": 1}}
    assert json.loads(report.pretty(long)) == long and '  "b": {"c": 1}' in report.pretty(long)
