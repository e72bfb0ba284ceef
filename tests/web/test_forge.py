"""The forge through the API: what is refused before a run, checkpoints as they are listed and downloaded, and the command line over a server."""

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from functions.forge import storage
from handlers import cli
from handlers.client import AgentForge, Checkpoint
from phases import checkpoint
from phases.registry import CONFIGS
from shared.errors import AgentForgeError, BadInput, NotFound
from shared.state.keys import Key
from shared.state.memory import MemoryDriver
from shared.state.opening import open_store
from shared.state.store import Store
from tests.moto_server import Moto
from tests.web.conftest import Site, served
from tests.web.test_bad_requests import TRICKS

SKIPPED = {"phase": "bitnet", "skip": True}
TEXT = "def area(width, height):\n    return width * height  # {i} is the number of this line, and {j} that of another\n"
CLI = Callable[..., tuple[int, str, str]]


def forge(site: Site, body: dict[str, Any], key: str | None = None) -> Any:
    return site.call("POST", "/v1/forge", key or site.a.key, json=body)


def worked(site: Site, body: dict[str, Any]) -> dict[str, Any]:
    opened = forge(site, body)
    assert opened.status_code == 202, opened.text
    site.backend.work()
    run: dict[str, Any] = site.call("GET", f"/v1/runs/{opened.json()['id']}", site.a.key).json()
    return run


def test_phases_tell_their_settings_and_presets_can_be_sent_as_they_are_told(site: Site, tmp_path: Path) -> None:
    told = site.call("GET", "/v1/phases", site.a.key).json()
    assert [phase["name"] for phase in told["phases"]] == list(CONFIGS)
    assert told["phases"][0]["settings"]["properties"]["steps"]["minimum"] == 1
    assert "tiny" in [preset["name"] for preset in told["presets"]]
    for preset in told["presets"]:
        by_name = forge(site, {"preset": preset["name"], "quote": True}).json()
        assert by_name["upper"] == forge(site, {"stages": preset["stages"], "quote": True}).json()["upper"]
        assert by_name["function"] == "forge" and by_name["lines"]
    assert site.call("GET", "/v1/runs", site.a.key).json()["data"] == [], "a quote opens nothing"


@pytest.mark.parametrize("body, status, message", [
    ({}, 422, "either stages or a preset"),
    ({"preset": "tiny", "stages": [SKIPPED]}, 422, "either stages or a preset"),
    ({"preset": "huge"}, 422, "There is no preset 'huge'"),
    ({"stages": [{"phase": "alchemy"}]}, 422, "no phase 'alchemy'"),
    ({"stages": [{"phase": "bitnet", "config": {"stepz": 3}}]}, 422, "bitnet: stepz"),
    ({"stages": [{"phase": "bitnet", "config": {"training": {"steps": 0}}}]}, 422, "training/steps"),
    ({"stages": [{"phase": "bitnet", "config": {"training": {"steps": 1, "learning_rate": float("inf")}}}]}, 422, "JSON"),
    ({"stages": [{"phase": "bitnet", "seconds": float("nan")}]}, 422, "seconds"),
    ({"stages": [{"phase": "bitnet", "tier": "tpu"}]}, 422, "tier"),
    ({"stages": [{"phase": "bitnet", "repeat": "2"}]}, 422, "repeat"),
    ({"stages": [SKIPPED], "at": 0}, 422, "at"),
    ({"stages": [SKIPPED], "done": []}, 422, "done"),
    ({"stages": [SKIPPED] * 33}, 422, "32"),
    ({"stages": [SKIPPED], "inputs": ["0" * 64]}, 404, "no checkpoint"),
    ({"stages": [SKIPPED], "inputs": ["../" + "0" * 61]}, 422, "inputs"),
    ({"stages": [{"phase": "bitnet", "config": {"text": "/etc/hostname"}}]}, 422, "'/etc/hostname' is no dataset"),
    ({"stages": [{"phase": "bitnet", "config": {"text": "dataset:" + "0" * 64 + "/../../x"}}]}, 422, "is no dataset"),
    ({"stages": [{"phase": "bitnet", "config": {"text": "ds-0rk5c9t3v-8a1m2n3p4q"}}]}, 404, "no dataset"),
    ({"stages": [{"phase": "bitnet", "config": {"text": "ds-0rk5c9t3v-8a1m2n3p4q@x"}}]}, 422, "is no dataset"),
])  # fmt: skip
def test_what_cannot_be_run_is_refused_before_a_run_is_opened(body: dict[str, Any], status: int, message: str, site: Site) -> None:
    answer = site.call("POST", "/v1/forge", site.a.key, content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert answer.status_code == status and message in answer.text, answer.text
    assert site.call("GET", "/v1/runs", site.a.key).json()["data"] == []


def test_what_is_anothers_is_not_there(site: Site, tmp_path: Path) -> None:
    digest, dataset = site.a.checkpoint(tmp_path), site.a.dataset(tmp_path)
    file = f"/v1/checkpoints/{digest}/files/model.safetensors"
    for path in (f"/v1/checkpoints/{digest}", file):
        assert site.call("GET", path, site.a.key).status_code == 200 and site.call("GET", path, site.b.key).status_code == 404
    assert site.call("GET", "/v1/checkpoints", site.b.key).json() == {"data": [], "next_cursor": None}
    for body in ({"stages": [SKIPPED], "inputs": [digest]}, {"stages": [{"phase": "cognate", "config": {"text": dataset.id}}]}):
        assert forge(site, body, site.b.key).status_code == 404
        assert forge(site, body).status_code == 202
    site.b.checkpoint(tmp_path)
    there = site.call("GET", "/v1/checkpoints", site.b.key).json()["data"]
    assert [each["digest"] for each in there] != [digest] and len(there) == 1


def test_checkpoints_are_listed_newest_first_in_pages(any_store: Store, open_site: Callable[[Store], Site], tmp_path: Path) -> None:
    site = open_site(any_store)
    kept = []
    for i in range(5):
        kept.append(site.a.checkpoint(tmp_path, f"number {i}"))
        any_store.driver.pass_time(1) if isinstance(any_store.driver, MemoryDriver) else time.sleep(0.01)
    found: list[dict[str, Any]] = []
    cursor, pages = "", 0
    while cursor is not None:
        page = site.call("GET", f"/v1/checkpoints?limit=2&cursor={cursor}", site.a.key).json()
        found, cursor, pages = found + page["data"], page["next_cursor"], pages + 1
    assert [each["digest"] for each in found] == kept[::-1] and pages == 3
    assert [each["created"] for each in found] == sorted((each["created"] for each in found), reverse=True)
    assert found[0]["about"]["label"] == "number 4" and [file["name"] for file in found[0]["files"]] == [
        "config.json", "forge.json", "model.safetensors", "tokenizer.json",
    ]  # fmt: skip
    assert found[0] == site.call("GET", f"/v1/checkpoints/{kept[4]}", site.a.key).json()
    gone = f"{10**12:015d}.{'0' * 64}"  # long ago, and of no checkpoint
    assert site.call("GET", f"/v1/checkpoints?cursor={gone}", site.a.key).json() == {"data": [], "next_cursor": None}
    assert site.call("GET", "/v1/checkpoints?cursor=x", site.a.key).status_code == 422


def test_files_come_as_they_are_and_by_their_names_only(site: Site, tmp_path: Path) -> None:
    digest = site.a.checkpoint(tmp_path)
    place = f"/v1/checkpoints/{digest}/files"
    for file in site.call("GET", f"/v1/checkpoints/{digest}", site.a.key).json()["files"]:
        answer = site.call("GET", f"{place}/{file['name']}", site.a.key)
        assert hashlib.sha256(answer.content).hexdigest() == file["sha256"] and len(answer.content) == file["bytes"]
        assert answer.headers["Content-Security-Policy"] == "sandbox"
    assert answer.headers["Content-Type"].startswith("application/json")
    weights = site.call("GET", f"{place}/model.safetensors", site.a.key)
    assert weights.headers["Content-Disposition"] == 'attachment; filename="model.safetensors"'
    (sha256, _) = storage.manifest_of(site.store, "anna", digest).files["config.json"]
    for name in (*TRICKS, "none.json", sha256, f"..%2ffiles%2f{sha256}", f"../../checkpoints/{digest}.json", "a\nb", "🙂"):
        answer = site.call("GET", f"{place}/{name if '%' in name else quote(name)}", site.a.key)
        assert answer.status_code in (404, 405, 422), (name, answer.text)
    for wrong in ("0" * 64, digest[:16], digest.upper(), *TRICKS):
        assert site.call("GET", f"/v1/checkpoints/{wrong}", site.a.key).status_code in (404, 405, 422)


def test_a_file_whose_name_no_header_could_hold(site: Site, tmp_path: Path) -> None:
    site.a.checkpoint(tmp_path)
    folder, name = tmp_path / "anna-checkpoint", 'à "b";\r\n🙂.bin'
    (folder / name).write_bytes(b"side")
    digest = storage.keep(site.store, "anna", checkpoint.mark(folder, phase="cognate"))
    answer = site.call("GET", f"/v1/checkpoints/{digest}/files/{quote(name)}", site.a.key)
    assert answer.status_code == 200 and answer.content == b"side" and answer.headers["Content-Disposition"].isascii()


def test_a_manifest_that_was_changed_by_hand_is_told(site: Site, tmp_path: Path) -> None:
    digest = site.a.checkpoint(tmp_path)
    key = Key(f"t/anna/forge/checkpoints/{digest}.json")
    site.store.delete(key)
    site.store.put_new(key, b'{"files": 3}')
    for path in ("/v1/checkpoints", f"/v1/checkpoints/{digest}"):
        answer = site.call("GET", path, site.a.key)
        assert answer.status_code == 422 and answer.json()["code"] == "checkpoint_damaged"


def test_from_a_bucket_files_come_by_signed_addresses(moto: Moto, open_site: Callable[[Store], Site], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in moto.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AGENTFORGE_STORE", moto.url("forge"))
    site = open_site(open_store())
    digest = site.a.checkpoint(tmp_path)
    answer = site.call("GET", f"/v1/checkpoints/{digest}/files/model.safetensors", site.a.key)
    assert answer.status_code == 307 and "Signature" in answer.headers["Location"]
    assert site.call("GET", f"/v1/checkpoints/{digest}/files/other", site.a.key).status_code == 404
    with served(site.app) as url:
        AgentForge(site.a.key, str(url)).checkpoint(digest, tmp_path / "out")
    assert checkpoint.open_checkpoint(tmp_path / "out").digest == digest


def test_a_pause_waits_for_an_answer(site: Site, tmp_path: Path) -> None:
    digest = site.a.checkpoint(tmp_path)
    body = {"stages": [SKIPPED, {"phase": "bitnet", "pause": True}], "inputs": [digest]}
    run = worked(site, body)
    assert run["state"] == "waiting"
    said = {"question": run["waiting"]["person"], "answer": False}
    assert site.call("POST", f"/v1/runs/{run['id']}/answer", site.a.key, json=said).status_code == 200
    site.backend.work()
    run = site.call("GET", f"/v1/runs/{run['id']}", site.a.key).json()
    assert run["state"] == "succeeded" and run["output"]["outputs"] == [digest]


def test_without_billing_and_with_it(open_site: Callable[[Store], Site], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTFORGE_BILLING", "on")
    monkeypatch.setenv("AGENTFORGE_LOCAL_PRICES", "cpu=3,gpu-large=30")
    driver = MemoryDriver()
    site = open_site(Store(driver, driver.pass_time))
    assert forge(site, {"stages": [SKIPPED]}).status_code == 402
    stages = [{"phase": "cognate", "seconds": 600}, {"phase": "bitnet", "tier": "gpu-large", "repeat": 2, "seconds": 60}]
    told = forge(site, {"stages": stages, "quote": True}).json()
    assert {line["tier"]: line["most_s"] for line in told["lines"]} == {"cpu": 720, "gpu-large": 360}


@pytest.fixture
def command(site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CLI:
    """The command line: through `url` where it is given, else over the store itself."""

    def command(*words: str, url: str = "") -> tuple[int, str, str]:
        for name, value in (("AGENTFORGE_API_URL", url), ("AGENTFORGE_API_KEY", site.a.key)):
            monkeypatch.setenv(name, value) if url else monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr(sys, "argv", ["agentforge", "forge", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return int(ended.value.code or 0), out, err

    return command


def test_the_command_line_shows_and_exports_through_a_server(site: Site, command: CLI, tmp_path: Path) -> None:
    with served(site.app) as address:
        url = str(address)
        assert command("list", url=url) == (0, "There are no checkpoints yet.\n", "")
        old, new = site.a.checkpoint(tmp_path, "old"), site.a.checkpoint(tmp_path, "new")
        code, out, _ = command("list", url=url)
        assert code == 0 and [line.split()[0] for line in out.splitlines()] == [new[:16], old[:16]]
        assert json.loads(command("list", "--json", url=url)[1])[old]["label"] == "old"
        assert json.loads(command("show", old[:16], url=url)[1])["digest"] == old
        code, out, err = command("export", old[:16], str(tmp_path / "out"), url=url)
        assert (code, out, err) == (0, f"{tmp_path / 'out'}\n", "")
        assert checkpoint.open_checkpoint(tmp_path / "out").digest == old
        assert not list(tmp_path.glob(".agentforge-*"))
        assert command("export", old[:16], str(tmp_path / "out"), url=url)[0] == 2, "it is there already"
        assert command("show", "zz", url=url)[0] == 2
        for words in (("import", str(tmp_path / "out")), ("run", "--input", str(tmp_path / "out"))):
            code, _, err = command(*words, url=url)
            assert code == 2 and "not done through a server" in err


def test_the_command_line_runs_a_pipeline_through_a_server(site: Site, command: CLI, tmp_path: Path) -> None:
    digest, file = site.a.checkpoint(tmp_path), tmp_path / "stages.json"
    file.write_text(json.dumps([SKIPPED, {"phase": "bitnet", "skip": True, "repeat": 2}]))
    with served(site.app) as address, site.backend.working():
        url = str(address)
        words = ("run", "--stages", str(file), "--input", digest[:20])
        code, out, err = command(*words, "--json", url=url)
        told = json.loads(out)
        assert code == 0 and err == "" and told["outputs"] == [digest] and [stage["skipped"] for stage in told["stages"]] == [True] * 3
        code, out, err = command(*words, "--out", str(tmp_path / "made"), url=url)
        assert code == 0 and f"checkpoint {digest[:16]}" in out and err.count("bitnet") == 3
        assert checkpoint.open_checkpoint(tmp_path / "made").digest == digest
        code, out, _ = command("run", "--stages", str(file), "--resume", told["run_id"], "--from", "bitnet", "--json", url=url)
        assert code == 0 and json.loads(out)["outputs"] == [digest]
        assert "at most" in command(*words, "--quote", url=url)[1]
        file.write_text(json.dumps([SKIPPED, {"phase": "evomerge", "pause": True}]))
        code, _, err = command("run", "--stages", str(file), "--input", digest, url=url)
        assert code == 2 and "waits for an answer" in err and "evomerge" in err
        paused = site.call("GET", "/v1/runs?limit=1", site.a.key).json()["data"][0]["id"]
        file.write_text(json.dumps([{"phase": "evomerge", "skip": True}]))
        code, out, _ = command("run", "--stages", str(file), "--resume", paused, "--from", "evomerge", "--json", url=url)
        assert code == 0 and json.loads(out)["outputs"] == [digest], "what the paused run had come to"
        file.write_text(json.dumps([{"phase": "bitnet", "config": {"text": "/etc/hostname"}}]))
        code, _, err = command("run", "--stages", str(file), "--input", digest, url=url)
        assert code == 2 and "is no dataset" in err


def test_a_server_that_lies_writes_nothing(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = site.a.checkpoint(tmp_path)
    with served(site.app) as url:
        client = AgentForge(site.a.key, str(url))
        (each,) = client.checkpoints()
        assert isinstance(each, Checkpoint) and each == client.checkpoint(digest)
        with pytest.raises(NotFound):
            client.checkpoint("0" * 64, tmp_path / "out")
        (sha256, _) = storage.manifest_of(site.store, "anna", digest).files["model.safetensors"]
        site.store.delete(storage.file_key("anna", sha256))
        site.store.put_new(storage.file_key("anna", sha256), b"weights of mary ")
        with pytest.raises(AgentForgeError, match=r"model.safetensors is not what the server says"):
            client.checkpoint(digest, tmp_path / "out")
        key = Key(f"t/anna/forge/checkpoints/{digest}.json")
        site.store.delete(key)
        site.store.put_new(key, json.dumps({"files": {"../escaped": [sha256, 16]}, "about": {}}).encode())
        with pytest.raises(AgentForgeError, match="elsewhere"):
            client.checkpoint(digest, tmp_path / "out")
        with pytest.raises(BadInput, match="either stages or a preset"):
            client.forge([], wait=False)
    assert not (tmp_path / "out").exists() and not (tmp_path / "escaped").exists() and not list(tmp_path.glob(".agentforge-*"))


def test_a_model_is_made_from_a_checkpoint_and_text_of_ones_own(site: Site, command: CLI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch", reason="the forge needs the extra `forge`")
    from phases.data.tokenizer import train_tokenizer
    from tests.forge.conftest import tiny

    torch.set_num_threads(1)
    monkeypatch.setenv("AGENTFORGE_CACHE", str(tmp_path / "cache"))
    text = tmp_path / "text.jsonl"
    text.write_text("".join(json.dumps({"text": "".join(TEXT.format(i=i, j=j * i) for j in range(12))}) + "\n" for i in range(500)))
    tokenizer = train_tokenizer([TEXT.format(i=i, j=i * i) for i in range(500)], 300)
    base = storage.keep(site.store, "anna", checkpoint.write(tmp_path / "base", tiny(vocabulary=300), tokenizer, phase="test"))
    config = {"mixture": {"text": 1.0}, "batch_size": 4, "length": 32, "pack_size": 8, "training": {"steps": 3}, "max_gap": 1.0}
    file = tmp_path / "stages.json"
    file.write_text(json.dumps([{"phase": "bitnet", "config": config}]))
    with served(site.app) as address, site.backend.working():
        client = AgentForge(site.a.key, str(address))
        words = ("run", "--stages", str(file), "--input", base, "--text", str(text), "--json")
        code, out, err = command(*words, url=str(address))
        assert code == 0, err
        told = json.loads(out)
        (stage,) = told["stages"]
        made = (stage["outputs"] + stage["rejected"])[-1] if stage["gate"]["decision"] == "fail" else told["outputs"][0]
        assert stage["gate"]["measures"] and not stage["reused"] and client.checkpoint(made, tmp_path / "made").about["parents"] == [base]
        phases = [event.data["state"] for event in client.events(told["run_id"], follow=False) if event.kind == "phase"]
        assert phases == ["running", "done"]

        again = client.forge([{"phase": "bitnet", "config": {**config, "text": client.upload(text).id}}], inputs=[base])
        assert again.state == "succeeded", again.error
        assert again.output["stages"][0]["reused"], "the same text by another id is the same"
    checkpoint.load_model(checkpoint.open_checkpoint(tmp_path / "made"))


def test_the_web_process_needs_no_torch() -> None:
    code = "import sys, web.app; print(*sys.modules)"
    loaded = set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]).stdout.split())
    assert "functions.forge.storage" in loaded and not loaded & {"torch", "transformers", "tokenizers", "safetensors", "numpy", "cma"}
