"""Confine this very process, for good, with what an unprivileged Linux process has: rlimits, seccomp and Landlock.

Covered: no socket of any kind, no new process or program, no signal, trace or limit on another process, no
change to mode, owner or time of any file; with Landlock nothing is read but what is listed and nothing written but
one folder. System calls are allowed by list: what a later kernel adds is refused too.
Not covered: side channels, whether a path outside exists (`stat`), total disk use (each file is bounded), and
kernel bugs. Without Landlock the file system is readable, and nothing at all can be written.

This file runs inside the child before anything else is imported: only the standard library's small modules.
"""

import ctypes
import errno
import os
import platform
import resource
import struct
from collections.abc import Sequence
from functools import cache

# name: (x86_64, aarch64); -1 where an architecture has no such call. From the kernel's unistd tables.
SYSCALLS = {
    "read": (0, 63), "write": (1, 64), "close": (3, 57), "fstat": (5, 80), "lstat": (6, -1), "stat": (4, -1),
    "newfstatat": (262, 79), "statx": (332, 291), "poll": (7, -1), "ppoll": (271, 73), "lseek": (8, 62),
    "mprotect": (10, 226), "munmap": (11, 215), "brk": (12, 214), "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "rt_sigsuspend": (130, 133),
    "rt_sigpending": (127, 136), "rt_sigtimedwait": (128, 137), "sigaltstack": (131, 132), "pread64": (17, 67),
    "pwrite64": (18, 68), "readv": (19, 65), "writev": (20, 66), "preadv": (295, 69), "pwritev": (296, 70),
    "preadv2": (327, 286), "pwritev2": (328, 287), "access": (21, -1), "faccessat": (269, 48),
    "faccessat2": (439, 439), "pipe": (22, -1), "pipe2": (293, 59), "select": (23, -1), "pselect6": (270, 72),
    "sched_yield": (24, 124), "mremap": (25, 216), "msync": (26, 227), "mincore": (27, 232), "madvise": (28, 233),
    "dup": (32, 23), "dup2": (33, -1), "dup3": (292, 24), "pause": (34, -1), "nanosleep": (35, 101),
    "clock_nanosleep": (230, 115), "getitimer": (36, 102), "setitimer": (38, 103), "alarm": (37, -1),
    "getpid": (39, 172), "gettid": (186, 178), "getppid": (110, 173), "exit": (60, 93), "exit_group": (231, 94),
    "wait4": (61, 260), "waitid": (247, 95), "uname": (63, 160), "flock": (73, 32), "fsync": (74, 82),
    "fdatasync": (75, 83), "fallocate": (285, 47), "ftruncate": (77, 46), "getdents64": (217, 61),
    "getcwd": (79, 17), "chdir": (80, 49), "fchdir": (81, 50), "readlink": (89, -1), "readlinkat": (267, 78),
    "umask": (95, 166), "gettimeofday": (96, 169), "getrlimit": (97, 163), "getrusage": (98, 165),
    "sysinfo": (99, 179), "times": (100, 153), "time": (201, -1), "getuid": (102, 174), "geteuid": (107, 175),
    "getgid": (104, 176), "getegid": (108, 177), "getresuid": (118, 148), "getresgid": (120, 150),
    "getgroups": (115, 158), "getpgrp": (111, -1), "getpgid": (121, 155), "getsid": (124, 156),
    "capget": (125, 90), "statfs": (137, 43), "fstatfs": (138, 44), "futex": (202, 98), "futex_waitv": (449, 449),
    "sched_getaffinity": (204, 123), "sched_getparam": (143, 121), "sched_getscheduler": (145, 120),
    "set_tid_address": (218, 96), "set_robust_list": (273, 99), "get_robust_list": (274, 100),
    "clock_gettime": (228, 113), "clock_getres": (229, 114), "getrandom": (318, 278), "membarrier": (324, 283),
    "rseq": (334, 293), "restart_syscall": (219, 128), "eventfd2": (290, 19), "epoll_create1": (291, 20),
    "epoll_ctl": (233, 21), "epoll_wait": (232, -1), "epoll_pwait": (281, 22), "copy_file_range": (326, 285),
    "sendfile": (40, 71), "getcpu": (309, 168), "fadvise64": (221, 223), "readahead": (187, 213),
    "sync_file_range": (277, 84), "mlock": (149, 228), "munlock": (150, 229), "get_mempolicy": (239, 236),
    "close_range": (436, 436), "getpriority": (140, 141),
    # allowed only where Landlock can say where
    "rename": (82, -1), "renameat": (264, 38), "renameat2": (316, 276), "mkdir": (83, -1), "mkdirat": (258, 34),
    "rmdir": (84, -1), "unlink": (87, -1), "unlinkat": (263, 35), "symlink": (88, -1), "symlinkat": (266, 36),
    # allowed for some arguments, see `_checked`
    "open": (2, -1), "openat": (257, 56), "mmap": (9, 222), "ioctl": (16, 29), "fcntl": (72, 25),
    "clone": (56, 220), "kill": (62, 129), "tgkill": (234, 131), "prlimit64": (302, 261), "prctl": (157, 167),
    # refused by name, for an error that says so; all others answer "no such call", so that libc falls back
    "socket": (41, 198), "socketpair": (53, 199), "execve": (59, 221), "execveat": (322, 281), "ptrace": (101, 117),
    "chmod": (90, -1), "fchmod": (91, 52), "fchmodat": (268, 53), "chown": (92, -1), "lchown": (94, -1),
    "fchown": (93, 55), "fchownat": (260, 54), "utimensat": (280, 88), "truncate": (76, 45), "link": (86, -1),
    "linkat": (265, 37), "mknod": (133, -1), "mknodat": (259, 33), "mount": (165, 40), "unshare": (272, 97),
    "setns": (308, 268), "bpf": (321, 280), "chroot": (161, 51), "keyctl": (250, 219),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "io_uring_setup": (425, 425),
    "fork": (57, -1), "vfork": (58, -1),
}  # fmt: skip
_NAMES = list(SYSCALLS)
_WRITERS = set(_NAMES[_NAMES.index("rename") : _NAMES.index("open")])
_CHECKED = set(_NAMES[_NAMES.index("open") : _NAMES.index("socket")])
_REFUSED = set(_NAMES[_NAMES.index("socket") :])
_MACHINES = {"x86_64": (0, 0xC000003E, 317), "aarch64": (1, 0xC00000B7, 277)}  # column, AUDIT_ARCH, __NR_seccomp

_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 1, 1 << 2, 1 << 3
# remove dir and file; make dir, regular file, symlink; refer (rename across folders), truncate. Never devices.
_CHANGE = sum(1 << bit for bit in (4, 5, 7, 8, 12, 13, 14))

SYSTEM = (
    "/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/share/zoneinfo", "/etc/localtime", "/dev/urandom",
    "/sys/devices/system/cpu", "/proc/cpuinfo", "/proc/meminfo",
    "/proc/self/cgroup", "/sys/fs/cgroup",  # DuckDB aborts when it sees these and cannot open them
    "/proc/self/maps",  # where scikit-learn looks for the libraries whose threads it limits: this process's own
)  # fmt: skip

_libc = ctypes.CDLL(None, use_errno=True)


def die_with(parent: int) -> None:
    """Have the kernel kill this process when the thread that started it ends; `parent` is that thread's process."""
    _check(_libc.prctl(1, 9, 0, 0, 0), "PR_SET_PDEATHSIG")
    if os.getppid() != parent:  # it ended before we asked
        os._exit(1)


def landlock_abi() -> int:
    """Version of Landlock the running kernel offers; 0 where it has none."""
    return max(0, int(_libc.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), 1)))


def missing() -> str:
    """What this machine lacks for the least confinement we accept; "" if it is all there."""
    if platform.system() != "Linux":
        return f"seccomp (a Linux kernel; this is {platform.system()})"
    if platform.machine() not in _MACHINES:
        return f"a seccomp filter for {platform.machine()}"
    action = ctypes.c_uint32(_ERRNO)
    if _libc.syscall(_MACHINES[platform.machine()][2], 2, 0, ctypes.byref(action)) != 0:
        return "seccomp filters in this kernel"
    if not landlock_abi() and os.geteuid() == 0:
        return "Landlock, without which code run by root could not be held (another user could be)"
    return ""


def confine(read: Sequence[str], write: str, *, isolated: bool, landlock: bool = True) -> str:
    """Take this process's rights away, for good, and those of its later threads. Returns the level's name.

    `read`: files and folders to read (must exist); `write`: the one folder to write to; `isolated`: the process has namespaces
    and a root of its own; `landlock`: use it where there is one. OSError or RuntimeError if anything cannot be applied.
    """
    if len(os.listdir("/proc/self/task")) != 1:  # Landlock binds the calling thread and those it starts
        raise RuntimeError("another thread is already running")
    for limit, value in (
        (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, 512), (resource.RLIMIT_MSGQUEUE, 0), (resource.RLIMIT_MEMLOCK, 0),
    ):  # fmt: skip
        _limit(limit, value)
    _check(_libc.prctl(38, 1, 0, 0, 0), "no_new_privs")
    capabilities = struct.pack("Ii", 0x20080522, 0), bytes(24)
    _check(_libc.capset(*capabilities), "dropping capabilities")
    abi = landlock_abi() if landlock else 0
    if abi:
        _landlock(abi, read, write)
    _seccomp(writable=bool(abi) or isolated)
    if _libc.socket(1, 1, 0) != -1 or _libc.unshare(0x10000000) != -1:
        raise RuntimeError("seccomp was installed and does not hold")
    if abi and _libc.open(b"/proc/self/environ", 0) != -1:
        raise RuntimeError("Landlock was installed and does not hold")
    if isolated and os.path.exists("/home"):
        raise RuntimeError("the root was changed and is still the host's")
    return "+".join(["namespaces" if isolated else "process", "seccomp", *(["landlock"] if abi else [])])


def limit(*, data: int, cpu: int, file: int) -> None:
    """Bound this process: `data` bytes of private memory, `cpu` seconds, `file` bytes of any one file."""
    # RLIMIT_DATA, not RLIMIT_AS: DuckDB, Arrow and thread stacks reserve far more address space than they use.
    _limit(resource.RLIMIT_DATA, data)
    _limit(resource.RLIMIT_FSIZE, file)
    used = int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
    resource.setrlimit(resource.RLIMIT_CPU, (used + cpu, used + cpu + 2))  # soft: SIGXCPU, which the host can tell; hard: SIGKILL


def _limit(which: int, value: int) -> None:
    hard = resource.getrlimit(which)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (value, value))


def _check(result: int, what: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


def _landlock(abi: int, read: Sequence[str], write: str) -> None:
    known = {1: 13, 2: 14, 3: 15, 4: 15}.get(abi, 16)
    handled = (1 << known) - 1
    attributes = struct.pack("QQQ", handled, 0b11, 0b11)  # no TCP (abi 4), no signals or abstract sockets out (abi 6)
    attributes = attributes[: 24 if abi >= 6 else 16 if abi >= 4 else 8]
    ruleset = _check(_libc.syscall(_LANDLOCK_CREATE, attributes, ctypes.c_size_t(len(attributes)), 0), "Landlock")
    rules = [(path, _READ_FILE | _READ_DIR) for path in (*SYSTEM, *read)]
    rules += [("/dev/null", _READ_FILE | _WRITE_FILE), (write, _READ_FILE | _READ_DIR | _WRITE_FILE | _CHANGE)]
    for path, access in rules:
        if path in SYSTEM and not os.path.exists(path):
            continue
        if not os.path.isdir(path):
            access &= _READ_FILE | _WRITE_FILE
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        rule = struct.pack("=Qi", access & handled, fd)
        _check(_libc.syscall(_LANDLOCK_ADD, ruleset, 1, rule, 0), f"Landlock rule for {path}")
        os.close(fd)
    _check(_libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0), "Landlock")
    os.close(ruleset)


def _checked(writable: bool, me: int) -> dict[str, tuple[int, int, tuple[int, ...], int]]:
    """name: (argument, mask, values, errno): allowed where `argument & mask` is one of `values`, else that errno."""
    everything = 0xFFFFFFFF
    writing = 0 if writable else os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
    return {
        "open": (1, writing, (0,), errno.EACCES),
        "openat": (2, writing, (0,), errno.EACCES),
        "mmap": (3, 0x21, (0x00, 0x01, 0x20), errno.ENOMEM),  # shared anonymous memory escapes RLIMIT_DATA
        # FIONREAD, FIONBIO, FIONCLEX, FIOCLEX, and what isatty and the terminal's size ask
        "ioctl": (1, everything, (0x541B, 0x5421, 0x5450, 0x5451, 0x5401, 0x5413, 0x802C542A), errno.ENOTTY),
        # descriptors and locks; not F_SETOWN and its kin, which make the kernel signal another process
        "fcntl": (1, everything, (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1032), errno.EPERM),
        "clone": (0, 0x10000, (0x10000,), errno.EAGAIN),  # CLONE_THREAD: threads, not processes
        "kill": (0, everything, (me,), errno.EPERM),
        "tgkill": (0, everything, (me,), errno.EPERM),
        "prlimit64": (0, everything, (0, me), errno.EPERM),
        "prctl": (0, everything, (15, 16, 0x53564D41), errno.EPERM),  # names of threads and mappings
    }


@cache
def program(writable: bool, me: int) -> bytes:
    """The seccomp filter for process `me`, as the kernel's BPF instructions."""
    column, arch, _ = _MACHINES[platform.machine()]
    checked = _checked(writable, me)
    load, equal, mask, give = 0x20, 0x15, 0x54, 0x06
    steps = [(load, 0, 0, 4), (equal, 1, 0, arch), (give, 0, 0, _KILL), (load, 0, 0, 0)]
    for name, numbers in SYSCALLS.items():
        if numbers[column] < 0:
            continue
        if name in _CHECKED:
            argument, bits, values, code = checked[name]
            body = [(load, 0, 0, 16 + 8 * argument), (mask, 0, 0, bits)]
            body += [(equal, len(values) - i, 0, value) for i, value in enumerate(values)]
            body += [(give, 0, 0, _ERRNO | code), (give, 0, 0, _ALLOW)]
        elif name in ("fork", "vfork"):
            body = [(give, 0, 0, _ERRNO | errno.EAGAIN)]
        elif name in _REFUSED or (name in _WRITERS and not writable):
            body = [(give, 0, 0, _ERRNO | errno.EPERM)]
        else:
            body = [(give, 0, 0, _ALLOW)]
        steps += [(equal, 0, len(body), numbers[column]), *body]
    steps.append((give, 0, 0, _ERRNO | errno.ENOSYS))
    return b"".join(struct.pack("HBBI", *step) for step in steps)


def _seccomp(writable: bool) -> None:
    code = program(writable, os.getpid())
    buffer = ctypes.create_string_buffer(code, len(code))
    pointer = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
    result = _libc.syscall(_MACHINES[platform.machine()][2], 1, ctypes.c_ulong(1), pointer)  # SECCOMP_SET_MODE_FILTER, TSYNC: every thread
    if result != 0:
        raise OSError(ctypes.get_errno(), "the seccomp filter could not be installed")
