"""A cgroup of its own (version 2) for each session, where a part of the tree was handed to this user: it bounds memory with
the files in /tmp, and processes. Where none was, sessions do without. See cgroups(7)."""

import itertools
import logging
import os
import time
from collections.abc import Iterable
from functools import cache
from pathlib import Path

NEEDED = {"memory", "pids"}
SYSTEMD = (".slice", ".service", ".scope")  # where root could make cgroups, and systemd asks everybody not to
log = logging.getLogger(__name__)
_numbers = itertools.count()


@cache
def place(tree: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> Path | None:
    """This process's cgroup or the one above, whichever sessions' may be made in; None if neither."""
    names = [line[4:] for line in own.read_text().splitlines() if line.startswith("0::/")] if own.exists() else []
    around = [group for name in names for group in (tree / name, (tree / name).parent)]
    return next((group for group in around if group.is_relative_to(tree) and _handed_down(group)), None)


def _handed_down(group: Path) -> bool:
    control = group / "cgroup.subtree_control"
    if os.geteuid() == 0 and group.suffix in SYSTEMD:
        return False
    try:
        if not NEEDED.issubset(control.read_text().split()):
            control.write_text(" ".join(f"+{name}" for name in sorted(NEEDED)))  # the kernel refuses where processes are
        return os.access(group, os.W_OK) and os.access(group / "cgroup.procs", os.W_OK)
    except OSError:
        return False


def hold(parent: Path, pids: Iterable[int]) -> Path | None:
    """A new cgroup in `parent` with these processes, and those they will start, in it."""
    group = parent / f"agentforge-{os.getpid()}-{next(_numbers)}"
    try:
        group.mkdir()
        for pid in pids:
            (group / "cgroup.procs").write_text(str(pid))
        return group
    except OSError as error:
        log.warning("sandbox: no cgroup for a session (%s)", error)
        remove(group)
        return None


def limit(group: Path, memory_mb: int, processes: int) -> None:
    """OSError if that cannot be set."""
    for name, most in (("memory.max", memory_mb << 20), ("pids.max", processes), ("memory.swap.max", 0)):
        if "swap" not in name or (group / name).exists():
            (group / name).write_text(str(most))


def out_of_memory(group: Path) -> bool:
    """Whether the kernel ended a process in it for its memory."""
    events = group / "memory.events"
    return events.exists() and any(line.startswith("oom_kill ") and line != "oom_kill 0" for line in events.read_text().splitlines())


def remove(group: Path) -> None:
    """Once its processes have ended, which may have been a moment ago."""
    for _ in range(20):
        try:
            return group.rmdir()
        except FileNotFoundError:
            return None
        except OSError:
            time.sleep(0.005)
