"""A root of its own for this very process: user, mount, process, network, IPC and host name namespaces, then pivot_root.

Afterwards it sees Python and its libraries read-only, its own files under /sandbox, a size-capped /tmp, and a /proc that
knows no other process. Nothing can be mounted from outside any more; what the host puts into the session's folder shows up
there. Runs in the zygote's child before anything else: only the standard library's small modules.

Sources: user_namespaces(7), mount_namespaces(7), pid_namespaces(7), clone(2), pivot_root(2).
"""

import ctypes
import os
import signal
from collections.abc import Sequence

NEW_NAMESPACES = 0x10000000 | 0x00020000 | 0x20000000 | 0x40000000 | 0x08000000 | 0x04000000  # user mnt pid net ipc uts
RDONLY, NOSUID, NODEV, NOEXEC, REMOUNT, NOATIME, BIND, REC, PRIVATE = 1, 2, 4, 8, 32, 1024, 4096, 16384, 1 << 18
LOCKED = RDONLY | NOSUID | NODEV | NOEXEC | NOATIME  # flags of a mount that a user namespace may not take away
DETACH = 2
SIGNALLED = 128  # an init ends with this and the number of the signal that ended its child
CLONE, PIVOT_ROOT = {"x86_64": 56, "aarch64": 220}, {"x86_64": 155, "aarch64": 41}
ID = 1000  # the user inside
FILES = 1 << 16  # in /tmp: empty ones take room of the kernel's own
DEVICES = ("null", "zero", "urandom", "random")
SYSTEM = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/share/zoneinfo", "/etc/localtime", "/sys/devices/system/cpu")

_libc = ctypes.CDLL(None, use_errno=True)
_python = ctypes.PyDLL(None, use_errno=True)  # keeps Python's lock through the call, as a fork must


def fork() -> int:
    """`os.fork` into new namespaces: the id of the new init, or 0 in the process that init has started. OSError where
    namespaces cannot be had.

    What runs cells must not be an init itself: the kernel spares inits the signals of its limits. Init ends as its child does.
    """
    user, group = os.geteuid(), os.getegid()
    flags = NEW_NAMESPACES | signal.SIGCHLD
    init: int = _python.syscall(CLONE[os.uname().machine], ctypes.c_ulong(flags), None, None, None, None)
    _check(init, "clone")
    if init:
        return init
    try:  # from here to the fork, this is a copy whose C library has another process's id in mind: nothing but system calls
        _check(_libc.prctl(1, signal.SIGKILL, 0, 0, 0), "PR_SET_PDEATHSIG")
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{ID} {user} 1")
        _write("/proc/self/gid_map", f"{ID} {group} 1")
        child = os.fork()
    except OSError as error:
        os.write(2, f"{error}\n".encode())
        os._exit(1)
    if child:
        os.closerange(0, 1024)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os._exit(SIGNALLED - status if status < 0 else status)
    return 0


def enter(folder: str, libraries: Sequence[str], tmp_mb: int) -> None:
    """Make `folder`/root the root of this process: `libraries` and the system's at their own paths, `folder`/work and
    `folder`/tools under /sandbox, all read-only; a /tmp of `tmp_mb`."""
    root = f"{folder}/root"
    _mount("none", "/", "", REC | PRIVATE)
    _mount("tmpfs", root, "tmpfs", NOSUID | NODEV, "size=1m,mode=755")
    os.mkdir(f"{root}/tmp")
    _mount("tmpfs", f"{root}/tmp", "tmpfs", NOSUID | NODEV | NOEXEC, f"size={tmp_mb}m,nr_inodes={FILES},mode=700")
    for path in _outermost((*SYSTEM, *libraries)):  # some may be in /tmp
        _show(path, root + path)
    for name in ("work", "tools"):
        _show(f"{folder}/{name}", f"{root}/sandbox/{name}")
    for device in DEVICES:
        _show(f"/dev/{device}", f"{root}/dev/{device}", RDONLY if device != "null" else 0, device=True)
    os.mkdir(f"{root}/proc")
    _mount("proc", f"{root}/proc", "proc", NOSUID | NODEV | NOEXEC)
    os.mkdir(f"{root}/.host")
    os.chdir(root)
    _check(_libc.syscall(PIVOT_ROOT[os.uname().machine], b".", b".host"), "pivot_root")
    os.chdir("/")
    _check(_libc.umount2(b"/.host", DETACH), "umount2")
    os.rmdir("/.host")
    _mount("none", "/", "", REMOUNT | BIND | RDONLY | NOSUID | NODEV)
    _check(_libc.sethostname(b"sandbox", 7), "sethostname")
    os.chdir("/sandbox/work")


def _show(source: str, target: str, flags: int = RDONLY, device: bool = False) -> None:
    """Bind what is at `source` to `target`; a symbolic link is made again; what is not there is left out."""
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.islink(source):
        return os.symlink(os.readlink(source), target)
    if not os.path.exists(source):
        return None
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY))
    _mount(source, target, "", BIND | REC)
    locked = os.statvfs(target).f_flag & LOCKED
    _mount("none", target, "", REMOUNT | BIND | NOSUID | (0 if device else NODEV) | locked | flags)
    return None


def _outermost(paths: Sequence[str]) -> list[str]:
    """The paths that lie under no other of them."""
    kept: list[str] = []
    for path in sorted(set(paths), key=len):
        if not any(path.startswith(other + "/") and not os.path.islink(other) for other in kept):
            kept.append(path)
    return kept


def _mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    arguments = (source.encode(), target.encode(), kind.encode() or None, ctypes.c_ulong(flags), options.encode() or None)
    _check(_libc.mount(*arguments), f"mount {target}")


def _write(path: str, text: str) -> None:
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def _check(result: int, what: str) -> None:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
