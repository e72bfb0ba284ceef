"""A cgroup for each session: where one may be made, what it bounds, and that it goes. Against a folder, and a real tree if there is one."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from shared.sandbox import cgroups

REAL = [Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/unified")]


def tree(folder: Path, own: str, *groups: str) -> tuple[Path, Path]:
    """A folder that looks like a cgroup tree where `groups` hand memory and pids on; and a /proc/self/cgroup."""
    root = folder / "cgroup"
    (root / own).mkdir(parents=True)
    for group in [root, *root.rglob("*")]:
        handed = "cpu memory pids" if str(group.relative_to(root)) in groups else "cpu"
        (group / "cgroup.subtree_control").write_text(handed)
        (group / "cgroup.procs").write_text("1\n")
        if handed == "cpu":
            (group / "cgroup.subtree_control").chmod(0o444)
    (folder / "own").write_text(f"9:name=systemd:/x\n0::/{own}\n")
    return root, folder / "own"


@pytest.fixture
def user(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user as most are: files' modes count, as the kernel's refusals in a real tree do for root too."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    write = Path.write_text

    def write_text(path: Path, *arguments: str) -> int:
        if path.exists() and not path.stat().st_mode & 0o200:
            raise PermissionError(13, "Permission denied", str(path))
        return write(path, *arguments)

    monkeypatch.setattr(Path, "write_text", write_text)


@pytest.mark.parametrize(
    ("own", "groups", "found"),
    [
        ("app.slice/shell.scope", ["app.slice"], "app.slice"),  # a systemd user session
        ("app.slice/shell.scope", ["app.slice", "app.slice/shell.scope"], "app.slice/shell.scope"),
        ("app.slice/shell.scope", ["."], None),  # not this far up
        ("app.slice/shell.scope", [], None),
        ("", ["."], "."),  # a container's own tree
        ("", [], None),
    ],
)
def test_where_sessions_may_have_cgroups(tmp_path: Path, user: None, own: str, groups: list[str], found: str | None) -> None:
    root, here = tree(tmp_path, own, *groups)
    assert cgroups.place(root, here) == (None if found is None else root / found)


def test_root_leaves_what_is_systemds_alone(tmp_path: Path, user: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    root, here = tree(tmp_path, "system.slice/a.service", "system.slice", "system.slice/a.service")
    assert cgroups.place(root, here) is None
    root, here = tree(tmp_path / "other", "docker/1", "docker")
    assert cgroups.place(root, here) == root / "docker"


def test_no_version_2_no_cgroups(tmp_path: Path) -> None:
    (tmp_path / "own").write_text("4:memory:/x\n")
    assert cgroups.place(tmp_path, tmp_path / "own") is None
    assert cgroups.place(tmp_path, tmp_path / "missing") is None


def test_bounds_are_written_and_deaths_read(tmp_path: Path) -> None:
    group = cgroups.hold(tmp_path, [7])
    assert group is not None and (group / "cgroup.procs").read_text() == "7"
    (group / "memory.swap.max").write_text("max")
    cgroups.limit(group, 64, 9)
    assert [(group / f"{name}.max").read_text() for name in ("memory", "memory.swap", "pids")] == [str(64 << 20), "0", "9"]
    for events, killed in (("low 0\noom 1\noom_kill 0\n", False), ("oom_kill 1\noom_group_kill 0\n", True)):
        (group / "memory.events").write_text(events)
        assert cgroups.out_of_memory(group) is killed
    assert cgroups.out_of_memory(tmp_path) is False
    other = cgroups.hold(tmp_path, [8])
    assert other not in (None, group)
    assert cgroups.hold(tmp_path / "missing", [7]) is None


def test_a_real_cgroup_holds_and_goes() -> None:
    real = next((path for path in REAL if (path / "cgroup.procs").exists() and os.access(path / "cgroup.procs", os.W_OK)), None)
    if real is None:
        pytest.skip("no cgroup tree of version 2 that we may write to")
    with subprocess.Popen(["sleep", "60"]) as process:
        group = cgroups.hold(real, [process.pid])
        assert group is not None and (group / "cgroup.procs").read_text().split() == [str(process.pid)]
        process.kill()
    time.sleep(0.01)
    cgroups.remove(group)
    cgroups.remove(group)
    assert not group.exists()
    assert cgroups.hold(real, [2**22 + 1]) is None and not list(real.glob(f"agentforge-{os.getpid()}-*"))
