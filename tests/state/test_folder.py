"""What only a local folder can do, or suffer: processes that share it, a full disk, a folder that may not be written."""

import errno
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from shared.errors import BadInput, InvalidSetting, NotFound
from shared.state.driver import StoreUnavailable
from shared.state.folder import FolderDriver
from shared.state.keys import Key
from shared.state.opening import open_store
from shared.state.store import Store
from tests.state.places import ROOT, RUNS, A


def test_a_folder_has_no_addresses(tmp_path: Path) -> None:
    driver = FolderDriver(tmp_path)
    for ask in (lambda: driver.signed_url("GET", A, 60), lambda: driver.signed_post(A, 60, 1)):
        with pytest.raises(BadInput, match="S3 bucket"):
            ask()


def in_a_child(script: str, *words: str, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )


COUNTER = """
import sys; from pathlib import Path
from shared.state.folder import FolderDriver; from shared.state.keys import Key; from shared.state.store import Store
from tests.state.places import count_up
store, folder = Store(FolderDriver(Path(sys.argv[1]))), Key("t/w/runs/")
print("up", flush=True); sys.stdin.readline()
count_up(store, folder / "count", 60)
print(*(n for n in range(60) if store.put_new(folder / f"new/{n}", sys.argv[2].encode()) is not None))
"""


def test_two_processes_share_a_folder(tmp_path: Path) -> None:
    store = Store(FolderDriver(tmp_path))
    store.put_new(RUNS / "count", b"0")
    started = [in_a_child(COUNTER, str(tmp_path), who, stdin=subprocess.PIPE) for who in "ab"]
    for process in started:
        assert process.stdout and process.stdout.readline() == "up\n"
    for process in started:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    won = [process.communicate(timeout=60)[0].split() for process in started]
    assert [process.returncode for process in started] == [0, 0]
    assert store.read(RUNS / "count") == b"120"
    assert sorted(map(int, won[0] + won[1])) == list(range(60))
    for who, numbers in zip("ab", won, strict=True):
        assert all(store.read(RUNS / f"new/{n}") == who.encode() for n in numbers)


WRITER = """
import os, sys; from pathlib import Path
from shared.state.folder import FolderDriver; from shared.state.keys import Key; from shared.state.store import Store
store, folder = Store(FolderDriver(Path(sys.argv[1]))), Key("t/w/runs/")
swapped = folder / f"{sys.argv[2]}/swapped"
version = store.put_new(swapped, b"0" * 50_000)
print("up", flush=True)
for n in range(10**6):
    store.put_new(folder / f"{sys.argv[2]}/{n}", str(n % 10).encode() * 50_000)
    version = store.put_if(swapped, str(n % 10).encode() * 50_000, version)
"""


def test_a_killed_writer_leaves_whole_objects(tmp_path: Path) -> None:
    driver = FolderDriver(tmp_path)
    for turn in range(6):
        process = in_a_child(WRITER, str(tmp_path), str(turn))
        assert process.stdout and process.stdout.readline() == "up\n"
        time.sleep(0.01 + 0.013 * turn)
        process.kill()
        process.wait()
        process.stdout.close()
    store = Store(driver)
    written = list(store.list_all(RUNS))
    assert len(written) > 12
    for listed in written:
        body = store.read(listed.key)
        assert len(body) == 50_000 and len(set(body)) == 1
    (tmp_path / ".aside" / "old").write_bytes(b"x")
    os.utime(tmp_path / ".aside" / "old", (1, 1))
    open_store(tmp_path)
    assert not (tmp_path / ".aside" / "old").exists()


@pytest.mark.parametrize("call", ["mkdir", "link"])
def test_a_directory_that_goes_while_we_write_into_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    """Another process deletes its last file, and so the directory, a moment before ours gets its name there."""
    store, key, times = Store(FolderDriver(tmp_path)), RUNS / "deep/er/x", []
    real = getattr(os, call)

    def late(*words: Any, **options: Any) -> Any:
        parent = (tmp_path / key).parent
        ours = words[1] == "x" if call == "link" else os.fspath(words[0]).startswith(os.fspath(parent))
        if ours and len(times) < 4:
            times.append(1)
            for folder in (parent, parent.parent):
                if folder.is_dir():
                    folder.rmdir()
        return real(*words, **options)

    monkeypatch.setattr(os, call, late)
    assert store.put_new(key, b"x") and store.read(key) == b"x" and len(times) == 4


def test_a_system_without_nameless_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "O_TMPFILE")
    store = Store(FolderDriver(tmp_path))
    assert store.put_new(A, b"x") and store.put_new(A, b"y") is None and store.read(A) == b"x"
    assert store.put_file(RUNS / "file", tmp_path / A) and store.read(RUNS / "file") == b"x"
    assert not list((tmp_path / ".aside").iterdir())


def test_what_lies_about_in_the_folder_is_no_object(tmp_path: Path) -> None:
    store = Store(FolderDriver(tmp_path))
    store.put_new(A, b"x")
    (tmp_path / "t/w/runs/.hidden").write_bytes(b"")
    (tmp_path / "t/w/runs/empty/er").mkdir(parents=True)
    assert [listed.key for listed in store.list_all(Key("t/"))] == [A]
    assert store.get(RUNS / "empty") is None
    for read in (lambda: store.read(RUNS / "empty"), lambda: store.read(A / "below")):
        with pytest.raises(NotFound):
            read()


def test_a_key_under_an_object_is_refused_in_a_folder(tmp_path: Path) -> None:
    store = Store(FolderDriver(tmp_path))
    store.put_new(A, b"x")
    with pytest.raises(BadInput, match="another name"):
        store.put_new(A / "below", b"y")
    with pytest.raises(BadInput, match="another name"):
        store.put_new(Key("t/w/runs"), b"y")
    assert store.get(A / "below") is None and store.read(A) == b"x"


FULL = """
import sys; from pathlib import Path
from shared.errors import AgentForgeError
from shared.state.folder import FolderDriver; from shared.state.keys import Key; from shared.state.store import Store
store, folder, n = Store(FolderDriver(Path(sys.argv[1])), lambda seconds: None), Key("t/w/runs/"), 0
{limit}
try:
    while n < 100:
        store.put_new(folder / str(n), b"x" * 40_000 * (n + 1)); n += 1
except AgentForgeError as error:
    print(type(error).__name__, "|", error, "|", n)
found = [listed.bytes for listed in store.list_all(folder)]
assert found and all(bytes % 40_000 == 0 for bytes in found) and len(found) == n, (n, found)
assert not list(Path(sys.argv[1]).glob(".aside/*"))
store.delete(folder / "0")  # room can be made even now
"""


def test_a_full_disk_is_said_plainly_and_loses_nothing(tmp_path: Path) -> None:
    mounted = f"mount -t tmpfs -o size=1m tmpfs {tmp_path} && exec {sys.executable} -c \"$0\" {tmp_path}"
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mounted, FULL.format(limit="")]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    except FileNotFoundError:
        pytest.skip("there is no `unshare` here")
    if "unshare:" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"no small disk can be made here: {done.stderr}")
    assert done.returncode == 0, done.stdout + done.stderr
    kind, said, count = done.stdout.split("|")
    assert kind.strip() == "StoreUnavailable" and "disk is full" in said and "Free some space" in said and int(count) > 2


def test_a_file_that_may_not_grow_is_said_plainly(tmp_path: Path) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))"
    done = subprocess.run([sys.executable, "-c", FULL.format(limit=limit), str(tmp_path)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    kind, said, count = done.stdout.split("|")
    assert kind.strip() == "StoreUnavailable" and "too large" in said and int(count) == 2


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS])
def test_what_the_file_system_says_becomes_an_error_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    store = Store(FolderDriver(tmp_path), lambda seconds: None)
    version = store.put_new(A, b"1")

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("os.link", refuse)
    monkeypatch.setattr("os.replace", refuse)
    assert version
    for write in (lambda: store.put_new(RUNS / "b", b""), lambda: store.put_if(A, b"2", version), lambda: store.put_file(A, tmp_path / A)):
        with pytest.raises(StoreUnavailable) as raised:
            write()
        assert raised.value.hint and ("full" in raised.value.message) == (number in (errno.ENOSPC, errno.EDQUOT))
    assert store.read(A) == b"1" and store.get(RUNS / "b") is None


def test_a_folder_that_may_not_be_written_is_said_plainly() -> None:
    """As a user who may only read: root may write everywhere, so a child process becomes nobody."""
    script = """
import os, sys; from pathlib import Path
from shared.errors import InvalidSetting
from shared.state.folder import FolderDriver; from shared.state.keys import Key; from shared.state.store import Store
if os.geteuid() == 0: os.setgid(65534); os.setuid(65534)
store, key = Store(FolderDriver(Path(sys.argv[1]))), Key("t/w/runs/a")
assert store.read(key) == b"x"
for act in (lambda: store.put_new(key, b""), lambda: store.put_if(key, b"", "v"), lambda: store.delete(key), store.probe):
    try: act()
    except InvalidSetting as error: print(error)
"""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        Store(FolderDriver(folder)).put_new(A, b"x")
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        try:
            done = subprocess.run([sys.executable, "-c", script, name], cwd=ROOT, capture_output=True, text=True)
        finally:
            for path in [folder, *folder.rglob("*")]:
                path.chmod(0o755)
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout.splitlines()
    assert len(said) == 4 and all("Permission denied" in line and "AGENTFORGE_STORE" in line for line in said)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = Store(FolderDriver(tmp_path / "file"), lambda seconds: None)
    with pytest.raises((StoreUnavailable, InvalidSetting, BadInput)):
        store.put_new(A, b"")
