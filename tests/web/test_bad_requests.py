"""Requests that nobody should send: wrong types, deep nesting, any characters, tricks with paths, files that are no tables or far too large."""

import gzip
import io
import json
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.identity.secrets import list_secrets, reveal
from shared.state.keys import Key
from tests.web.conftest import Site
from tests.web.test_manners import is_problem

TRICKS = ["../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/x", "a/../../b", "/etc/passwd", "a%00b", "\\..\\x", "." * 300, "~", "ds-..", "%"]
TEXTS = ["naïve – ünïcödé", "日本語", "🙂" * 50, "\u202eevil", "a\u0000b", "\x1b[31m", "' OR 1=1 --", "<script>", "${jndi:x}", "\ufeff", "a\nb"]
LONE = "\ud800"


@pytest.mark.parametrize("trick", TRICKS)
def test_tricks_with_paths(trick: str, site: Site) -> None:
    """In ids and names of every kind: there is no such thing, and nothing of the machine is told."""
    run = site.a.finished_run()
    paths = [
        f"/v1/runs/{trick}", f"/v1/runs/{trick}/events", f"/v1/runs/{trick}/stream", f"/v1/runs/{run}/artifacts/{trick}",
        f"/v1/datasets/{trick}", f"/v1/datasets/{trick}/preview", f"/v1/keys/{trick}", f"/v1/workspaces/{trick}",
        f"/v1/runs/{run}/artifacts/..%2f..%2flog%2f0000000000.json", f"/v1/runs/{run}/artifacts/../log/0000000000.json",
    ]  # fmt: skip
    for path in paths:
        for method in ("GET", "DELETE"):
            answer = site.call(method, path, site.a.key)
            assert answer.status_code in (404, 405, 422), (method, path, answer.text)
            assert is_problem(answer, answer.status_code) and "root:" not in answer.text and "opened" not in answer.text
    for query in ("cursor", "state", "function", "limit"):
        assert site.call("GET", f"/v1/runs?{query}={quote(trick)}", site.a.key).status_code in (200, 422)


@pytest.mark.parametrize("name", [*TRICKS, *TEXTS, "", ".", "..", ".csv", "-", "CON", "a" * 5000 + ".csv", 'a"b.csv', "a;b"])
def test_any_name_of_a_file(name: str, site: Site) -> None:
    quoted = name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ").replace("\x00", "%00")
    body = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{quoted}"\r\n\r\na\n1\n\r\n--x--\r\n'.encode()
    answer = site.call("POST", "/v1/datasets/upload", site.a.key, content=body, headers={"Content-Type": "multipart/form-data; boundary=x"})
    if answer.status_code != 201:  # without a file name, it is a field
        assert is_problem(answer, 400 if len(name) > 1000 else 422)
        return
    listed = [one.key for one in site.store.list_all(Key("t/anna/datasets/"))]
    assert len(listed) == 1 and listed[0].count("/") == 4 and ".." not in listed[0].split("/")
    told = answer.json()
    assert 0 < len(told["name"]) <= 150 and told["versions"][0]["bytes"] == 4
    assert set(told["name"]) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_that_is_a_name_comes_back_as_it_was(text: str, site: Site) -> None:
    key = site.a.key
    assert site.call("POST", "/v1/keys", key, json={"name": text, "scopes": ["runs:read"]}).json()["name"] == text
    made = site.call("POST", "/v1/datasets/upload", key, files={"file": ("a.csv", b"a\n1\n")}, data={"name": text})
    assert made.status_code == 201 and made.json()["name"].replace("\r\n", "\n") == text
    assert site.call("PUT", "/v1/secrets/NAME", key, json={"value": text}).status_code == 200
    assert reveal(site.store, "anna", "NAME") == text and len(list_secrets(site.store, "anna")) == 1
    id = made.json()["id"]
    opened = site.call("POST", "/v1/analyze", key, json={"datasets": [id], "goal": text, "outputs": {text: text}})
    assert opened.status_code == 202
    site.backend.work()
    run = site.call("GET", f"/v1/runs/{opened.json()['id']}", key).json()
    assert run["state"] in ("succeeded", "failed") and (run["error"] is None or run["error"]["code"] != "internal")
    asked = site.a.finished_run(then="ask")
    assert site.call("POST", f"/v1/runs/{asked}/cancel", key, json={"reason": text}).json()["state"] == "cancelled"
    last = site.call("GET", f"/v1/runs/{asked}/events?limit=200", key).json()["data"]
    assert any(event["data"].get("reason") == text for event in last)


def test_half_a_surrogate_pair_is_refused_wherever_it_stands(site: Site) -> None:
    key, typed = site.a.key, {"Content-Type": "application/json"}
    for path, body in [
        ("/v1/keys", {"name": LONE, "scopes": ["runs:read"]}),
        ("/v1/keys", {"name": "x", "scopes": [LONE]}),
        ("/v1/keys", {"name": "x", "scopes": ["runs:read"], LONE: 1}),
        ("/v1/execute", {"cells": [LONE]}),
        ("/v1/members", {"email": f"{LONE}@x"}),
        ("/v1/members", {"subject": LONE}),
        ("/v1/analyze", {"datasets": [LONE], "goal": LONE, "outputs": {LONE: "x"}}),
        (f"/v1/runs/{site.a.finished_run(then='ask')}/answer", {"question": "how many?", "answer": LONE}),
        (f"/v1/runs/{site.a.finished_run(then='ask')}/answer", {"question": LONE, "answer": 1}),
        (f"/v1/runs/{site.a.finished_run(then='ask')}/cancel", {"reason": LONE}),
    ]:
        answer = site.call("POST", path, key, content=json.dumps(body).encode(), headers=typed)
        assert is_problem(answer, 409 if body.get("question") == LONE else 422), (path, body)
    answer = site.call("PUT", "/v1/secrets/NAME", key, content=json.dumps({"value": LONE}).encode(), headers=typed)
    assert is_problem(answer, 422)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 4000, "1" + "0" * 30])
def test_numbers_that_json_does_not_have(number: str, site: Site) -> None:
    run = site.a.finished_run(then="ask")
    for path, body in [
        ("/v1/execute", f'{{"cells": ["1"], "wall_s": {number}}}'),
        ("/v1/keys", f'{{"name": "x", "scopes": ["runs:read"], "expires_s": {number}, "per_minute": {number}}}'),
        (f"/v1/runs/{run}/answer", f'{{"question": "how many?", "answer": {number}}}'),
        (f"/v1/runs/{run}/answer", f'{{"question": "how many?", "answer": [{{"a": {number}}}]}}'),
    ]:
        answer = site.call("POST", path, site.a.key, content=body.encode(), headers={"Content-Type": "application/json"})
        assert answer.status_code in (200, 400, 409, 422) and (answer.status_code == 200 or is_problem(answer, answer.status_code)), body
        assert answer.status_code != 200 or number[0] in "19"
    assert site.call("GET", f"/v1/runs/{run}", site.a.key).status_code == 200


def test_deep_answers(site: Site) -> None:
    """What a run is answered with is any JSON; what nests too deep for those who read it is refused."""
    for depth in (5, 50, 500, 5_000, 50_000):
        run = site.a.finished_run(then="ask")
        body = b'{"question": "how many?", "answer": ' + b"[" * depth + b"]" * depth + b"}"
        answer = site.call("POST", f"/v1/runs/{run}/answer", site.a.key, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 200 if depth <= 50 else is_problem(answer, 400 if answer.status_code == 400 else 422), depth
        assert site.call("GET", f"/v1/runs/{run}", site.a.key).status_code == 200
        assert site.call("GET", f"/v1/runs/{run}/events", site.a.key).status_code == 200
        assert site.call("GET", "/v1/runs", site.a.key).status_code == 200


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=[])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(exclude_categories=[]), max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=json_values, data=st.data())
def test_any_json_in_any_field(value: Any, data: st.DataObject, site: Site) -> None:
    bodies: dict[str, dict[str, Any]] = {
        "/v1/execute": {"cells": ["1"], "datasets": [], "lint": True, "wall_s": 1},
        "/v1/analyze": {"datasets": ["ds-000000000-0000000000"], "goal": "x", "brain": "builtin", "outputs": {}, "plan": None},
        "/v1/keys": {"name": "x", "scopes": ["runs:read"], "expires_s": 1, "per_minute": 1},
        "/v1/members": {"email": "a@b", "role": "member"},
        "/v1/datasets": {"reference": "dataset:" + "0" * 64 + "/x", "name": "x", "dataset": None},
        "/v1/datasets/uploads": {"file_name": "x", "bytes": 1, "sha256": "0" * 64},
    }
    path = data.draw(st.sampled_from(sorted(bodies)))
    field = data.draw(st.sampled_from([*bodies[path], "unknown"]))
    content = json.dumps({**bodies[path], field: value}).encode()
    answer = site.call("POST", path, site.a.key, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code < 500 and (answer.status_code < 300 or is_problem(answer, answer.status_code)), answer.text
    assert field != "unknown" or answer.status_code in (400, 422)


# --- files --------------------------------------------------------------------------------------------------------


def bomb(kind: str) -> bytes:
    """A file that is 60 MB when it is unpacked, or would be far more."""
    import openpyxl

    if kind == "gzip":
        return gzip.compress(b"1,2\n" * 250_000, 1) * 60
    book, whole, out = openpyxl.Workbook(), io.BytesIO(), io.BytesIO()
    book.active.append(["a", "b"])
    book.active.append(["x", 2])
    book.save(whole)
    strings = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    laughs = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 12))
    texts = {
        "strings": b"<sst>" + (b"<si><t>" + b"A" * 1000 + b"</t></si>") * 60_000 + b"</sst>",
        "entities": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">' + laughs + b"]><sst><si><t>&l11;</t></si></sst>",
    }
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for info in source.infolist():
            content = source.read(info)
            if kind == "sheet" and info.filename.endswith("sheet1.xml"):
                row = b'<row><c t="inlineStr"><is><t>' + b"A" * 1000 + b"</t></is></c></row>"
                content = content.replace(b"<row", row * 60_000 + b"<row", 1)
            if kind in texts and info.filename == "[Content_Types].xml":
                content = content.replace(b"<Override", b'<Override PartName="/xl/sharedStrings.xml" ContentType="%s"/><Override' % strings, 1)
            target.writestr(info.filename, content)
        if kind in texts:
            target.writestr("xl/sharedStrings.xml", texts[kind])
    return out.getvalue()


WORK = """
import sys
from functions.worker import work_through
from shared.analysis import readers
from shared.state.opening import open_store
from shared.state.runs import RunRef
readers.MOST_UNPACKED = readers.MOST_STRINGS = 50 << 20
state = work_through(open_store(), RunRef.parse(sys.argv[1]))
print(state.state, next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@pytest.mark.parametrize("kind", ["sheet", "strings", "entities", "gzip"])
def test_bombs_are_refused_with_bounded_memory(kind: str, site: Site) -> None:
    """By the worker, here with limits a hundred times tighter; the web process only keeps the file."""
    name = "bomb.csv.gz" if kind == "gzip" else "bomb.xlsx"
    content = bomb(kind)
    assert len(content) < 1 << 20
    made = site.call("POST", "/v1/datasets/upload", site.a.key, files={"file": (name, content)})
    path = f"/v1/datasets/{made.json()['id']}/preview"
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(lambda: site.call("GET", path, site.a.key))
        ref = site.backend.told.get(timeout=10)
        done = subprocess.run([sys.executable, "-c", WORK, str(ref)], capture_output=True, text=True, timeout=100)
        answer = asked.result()
    state, kilobytes = done.stdout.split()
    assert state == "failed" and int(kilobytes) < 300_000, (done.stdout, done.stderr)
    assert is_problem(answer, 422) and answer.json()["code"] == "unreadable_table", answer.text


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"PK\x03\x04" + b"\x00" * 100, b"\x1f\x8b\x08", b"PAR1PAR1", b"%PDF-1.4", b"\x00" * 1000])
def test_files_that_are_no_tables(content: bytes, site: Site) -> None:
    made = site.call("POST", "/v1/datasets/upload", site.a.key, files={"file": ("x.csv", content)})
    if not content:
        assert is_problem(made, 422)
        return
    with site.backend.working():
        told = site.call("GET", f"/v1/datasets/{made.json()['id']}/preview", site.a.key)
    assert is_problem(told, 422) and told.json()["code"] == "unreadable_table", told.text


def test_a_preview_that_was_cancelled_or_deleted_is_made_again(site: Site, tmp_path: Path) -> None:
    id = site.a.dataset(tmp_path).id
    path = f"/v1/datasets/{id}/preview"
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(lambda: site.call("GET", path, site.a.key))
        run = site.backend.told.get(timeout=10).id
        assert site.call("POST", f"/v1/runs/{run}/cancel", site.a.key).status_code == 200
        assert is_problem(asked.result(), 503)
    with site.backend.working():
        assert site.call("GET", path, site.a.key).json()["tables"][0]["n"] == 3
        run = next(r for r in site.call("GET", "/v1/runs", site.a.key).json()["data"] if r["function"] == "preview")
        assert site.call("DELETE", f"/v1/runs/{run['id']}", site.a.key).status_code == 204
        assert site.call("GET", f"{path}?rows=1", site.a.key).json()["tables"][0]["rows"] == [["Rome", 10]]


def test_a_preview_is_small_whatever_the_file(site: Site) -> None:
    wide = ",".join(f"c{n}" for n in range(500)) + "\n" + "\n".join(",".join(["1"] * 500) for _ in range(300))
    long = "a,b\n" + "x" * 3_000_000 + ",1\n"
    for content in (wide, long):
        made = site.call("POST", "/v1/datasets/upload", site.a.key, files={"file": ("x.csv", content.encode())}).json()
        with site.backend.working():
            told = site.call("GET", f"/v1/datasets/{made['id']}/preview?rows=1000", site.a.key)
        rows = told.json()["tables"][0]["rows"]
        assert rows and sum(map(len, rows)) <= 100_000 and max(len(str(value)) for row in rows for value in row) <= 1001
