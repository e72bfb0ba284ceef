"""The pipeline as a run: phases in a chain, what is reused, branches, pauses, gates that fail, and a worker that is killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the forge needs the extra `forge`")

from functions.forge import ForgeOutput, storage  # noqa: E402
from functions.paying import quote_for  # noqa: E402
from functions.work import start  # noqa: E402
from functions.worker import work_through  # noqa: E402
from phases import checkpoint  # noqa: E402
from shared.errors import BadInput  # noqa: E402
from shared.state import runs  # noqa: E402
from shared.state.datasets import fetch_dataset, save_dataset  # noqa: E402
from shared.state.folder import FolderDriver  # noqa: E402
from shared.state.machine import RunState  # noqa: E402
from shared.state.store import Store  # noqa: E402
from tests.forge.conftest import byte_tokenizer, tiny  # noqa: E402

ROWS = {"batch_size": 2, "length": 256}  # and learning from a few hundred kilobytes, so that the suite need not read all of Python's library
COGNATE = {"steps": 8, "sibling_steps": 2, "gate_batches": 1, "pack_size": 4, "siblings": {"reasoning": {"reasoning": 1}, "memory": {"memory": 1}}, **ROWS}
STAGES: list[dict[str, Any]] = [
    {"phase": "cognate", "config": COGNATE},
    {"phase": "evomerge", "config": {"generations": 1, "population": 4, "pack_size": 4, "methods": ["linear"], "packs": {"reasoning": 1}}},
    {"phase": "bitnet", "config": {"training": {"steps": 2}, "pack_size": 4, "max_gap": 1.0, **ROWS}},
]


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    before = os.environ.get("AGENTFORGE_CACHE")
    os.environ["AGENTFORGE_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    os.environ.pop("AGENTFORGE_CACHE")
    if before is not None:
        os.environ["AGENTFORGE_CACHE"] = before


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(FolderDriver(tmp_path_factory.mktemp("store") / "store"))


def forge(store: Store, stages: list[dict[str, Any]], **more: Any) -> RunState:
    stages = [{**stage, "config": {"text": some_text(store), **stage.get("config", {})}} for stage in stages]
    return work_through(store, start(store, "forge", {"stages": stages, **more}).ref)


@pytest.fixture(scope="module")
def first(store: Store) -> ForgeOutput:
    state = forge(store, STAGES)
    assert state.state == "succeeded", state.error
    return ForgeOutput.model_validate(state.output)


def some_text(store: Store) -> str:
    """A dataset of some of Python's modules, one JSON object a line."""
    import email
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "modules.jsonl"
        modules = sorted([*Path(json.__file__).parent.glob("*.py"), *Path(email.__file__).parent.glob("*.py"), *Path(json.__file__).parents[1].glob("[a-d]*.py")])
        path.write_text("".join(json.dumps({"text": module.read_text()}) + "\n" for module in modules))
        return save_dataset(store, path)


def changed(number: int, **config: Any) -> list[dict[str, Any]]:
    return [{**stage, "config": stage["config"] | config} if i == number else stage for i, stage in enumerate(STAGES)]


def test_every_phase_has_a_gate_and_the_next_begins_with_what_it_made(first: ForgeOutput, store: Store, tmp_path: Path) -> None:
    assert [stage.phase for stage in first.stages] == ["cognate", "evomerge", "bitnet"]
    for stage in first.stages:
        assert stage.gate is not None and stage.gate.measures and stage.key
        for measure in stage.gate.measures:
            assert all(value is None or value == value for value in (measure.input, measure.output, measure.control))
    cognate, evomerge, bitnet = first.stages
    assert set(evomerge.inputs) <= set(cognate.outputs) and bitnet.inputs == evomerge.outputs and first.outputs == bitnet.outputs
    ref = storage.fetch(store, "local", first.outputs[0], tmp_path / "last")
    assert checkpoint.about(ref.path)["config"]["text"].startswith("dataset:"), "no path of this machine"
    assert checkpoint.about(ref.path)["phase"] == "bitnet" and (ref.path / "ternary.safetensors").exists()
    checkpoint.load_model(ref)


def test_the_same_again_is_found_and_a_branch_shares_what_comes_before_it(first: ForgeOutput, store: Store) -> None:
    started = time.monotonic()
    again = ForgeOutput.model_validate(forge(store, STAGES).output)
    assert time.monotonic() - started < 2
    assert all(stage.reused for stage in again.stages) and again.outputs == first.outputs
    branch = ForgeOutput.model_validate(forge(store, changed(2, training={"steps": 3})).output)
    assert [stage.reused for stage in branch.stages] == [True, True, False]
    assert branch.outputs != first.outputs


def test_phases_are_skipped_and_repeated(first: ForgeOutput, store: Store) -> None:
    base = first.stages[0].outputs[:1]
    state = forge(store, [{**STAGES[1], "skip": True}, {**STAGES[2], "repeat": 2}], inputs=base)
    merged, one, two = ForgeOutput.model_validate(state.output).stages
    assert merged.skipped and merged.outputs == base == one.inputs
    assert two.inputs == one.outputs != two.outputs


def test_a_gate_that_fails_is_recorded_and_the_input_goes_on(first: ForgeOutput, store: Store) -> None:
    base = first.stages[0].outputs[:1]
    (stage,) = ForgeOutput.model_validate(forge(store, [changed(2, max_gap=0, training={"steps": 1, "learning_rate": 1e-9, "adam_learning_rate": 1e-9})[2]], inputs=base).output).stages
    assert stage.gate is not None and stage.gate.decision == "fail"
    assert stage.outputs == base and stage.rejected and stage.rejected != base
    assert storage.manifest_of(store, "local", stage.rejected[0]).about["phase"] == "bitnet"


def test_a_pause_waits_for_a_person_who_may_end_it_there(first: ForgeOutput, store: Store) -> None:
    base = first.stages[0].outputs[:1]
    for answer, expected in (True, ["bitnet"]), (False, []):
        state = forge(store, [{**STAGES[2], "pause": True}], inputs=base)
        assert state.state == "waiting"
        log = runs.answer(store, state.id, state.waiting["person"], answer)
        state = work_through(store, log.ref)
        output = ForgeOutput.model_validate(state.output)
        assert [stage.phase for stage in output.stages] == expected
        assert expected or output.outputs == base


@pytest.mark.parametrize("stages, more, message", [
    ([{"phase": "alchemy"}], {}, "no phase 'alchemy'"),
    ([{"phase": "bitnet", "config": {"stepz": 3}}], {}, "stepz"),
    ([{"phase": "bitnet", "config": {"training": {"steps": 0}}}], {}, "training/steps"),
    ([{"phase": "cognate", "config": {"preset": "cognate-3t"}}], {}, "preset"),
    ([{"phase": "cognate", "config": {"mixture": {"gossip": 1}}}], {}, "gossip"),
    ([], {}, "stages"),
    (STAGES, {"at": 3}, "past the last stage"),
])  # fmt: skip
def test_a_pipeline_that_makes_no_sense_is_refused_before_it_starts(store: Store, stages: Any, more: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        start(store, "forge", {"stages": stages, **more})


@pytest.mark.parametrize("stages, inputs, message", [
    ([STAGES[2]], [], "takes 1 checkpoints; it was given 0"),
    ([STAGES[2]], ["0" * 64], "no checkpoint"),
    ([{"phase": "cognate", "config": {"text": "dataset:" + "0" * 64 + "/a.txt", **COGNATE}}], [], "dataset|no object|There is no"),
])  # fmt: skip
def test_what_is_missing_is_named(store: Store, stages: Any, inputs: list[str], message: str) -> None:
    import re

    state = forge(store, stages, inputs=inputs)
    assert state.state == "failed" and state.error is not None and re.search(message, state.error["message"])


def test_a_checkpoint_that_was_changed_in_the_store_is_not_used(first: ForgeOutput, store: Store, tmp_path: Path) -> None:
    mine = checkpoint.write(tmp_path / "mine", tiny(), byte_tokenizer(), phase="mine")
    digest = storage.keep(store, "local", mine)
    files = storage.manifest_of(store, "local", digest).files
    path = next(path for path in Path(store.url.removeprefix("file://")).rglob(files["config.json"][0]))
    path.chmod(0o644)
    path.write_text("{}")
    state = forge(store, [STAGES[2]], inputs=[digest])
    assert state.state == "failed" and state.error is not None and state.error["code"] in ("checkpoint_damaged", "bad_input")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_named_and_leaves_no_result(first: ForgeOutput, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def onto_a_full_disk(*args: Any, **more: Any) -> None:
        with Path("/dev/full").open("wb") as file:
            file.write(b"weights")

    monkeypatch.setattr(checkpoint, "write", onto_a_full_disk)
    stage = {**STAGES[2], "config": {**STAGES[2]["config"], "seed": 77}}
    for _ in range(2):
        state = forge(store, [stage], inputs=first.stages[0].outputs[:1])
        assert state.state == "failed" and state.error is not None and "disk is full" in state.error["message"]


def test_a_worker_killed_in_a_phase_changes_nothing(first: ForgeOutput, store: Store, tmp_path: Path) -> None:
    """kill -9 in the middle of the training of the base; another process goes on, and the checkpoints are the same bit for bit."""
    environment = os.environ | {"AGENTFORGE_STORE": str(tmp_path / "store"), "AGENTFORGE_LEASE_S": "2", "OMP_NUM_THREADS": "1"}
    code = """
import torch
torch.set_num_threads(1)
import phases.training.loop as loop
loop.SAVE_EVERY_S = 0  # every step
from functions.work import start
from functions.worker import work_through
from shared.state.opening import open_store
import json, sys
from pathlib import Path
from shared.state.datasets import save_dataset
store = open_store()
stages = json.loads(sys.argv[1])
stages[0]["config"]["text"] = save_dataset(store, Path(sys.argv[2]))
run = start(store, "forge", {"stages": stages}, idempotency_key="one")
def on_event(event):
    if event.kind == "checkpoint":
        print("saved", event.data["value"]["step"], flush=True)
import time
from shared.state.machine import RunBusy
while True:
    try:
        state = work_through(store, run.ref, on_event)
        break
    except RunBusy:
        from functions.sweep import sweep
        from functions.worker import Refs
        sweep(store, Refs(), "heir")
        time.sleep(0.3)
print(json.dumps(state.output), flush=True)
"""
    data = fetch_dataset(store, some_text(store), "local", tmp_path / "data")
    command = [sys.executable, "-c", code, json.dumps(STAGES[:1]), str(data)]
    victim = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    assert victim.stdout is not None
    saved = 0
    for line in victim.stdout:
        saved += line.startswith("saved")
        if saved == 3:
            break
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    heir = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, cwd=Path(__file__).parents[2])
    assert heir.returncode == 0, heir.stderr[-2000:]
    *told, last = heir.stdout.strip().splitlines()
    assert told[0] in (f"saved {saved}", f"saved {saved + 1}"), "it goes on after the last step that was surely saved"
    assert json.loads(last)["outputs"] == first.stages[0].outputs


def test_a_quote_has_a_line_for_every_tier_that_the_pipeline_works_on(store: Store) -> None:
    class Cloud:
        name = "modal"

    stages = [{**STAGES[0], "seconds": 600}, {**STAGES[1], "tier": "gpu-large", "seconds": 60, "repeat": 2}, {**STAGES[2], "tier": "gpu-large", "skip": True}]
    quote = quote_for(store, "local", "forge", {"stages": stages}, Cloud())  # type: ignore[arg-type]
    assert {line.tier: line.most_s for line in quote.lines} == {"cpu": 720, "gpu-large": 2 * 60 + 3 * 120}
    assert quote.upper == sum(line.upper for line in quote.lines) and set(quote.rates) == {"cpu", "gpu-large"}
