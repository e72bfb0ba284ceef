"""What rules a process: prctl, seccomp, Landlock, limits, core dumps."""

from tests.escapes.corpus import NATIVE, TRY, Payload

PAYLOADS: list[Payload] = [
    Payload("prctl and seccomp", "filters taken off or replaced", (NATIVE, r"""
import struct
allow = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0x7fff0000))
program = struct.pack("HxxxxxxQ", 1, ctypes.addressof(allow))
print(attempt("mode", syscall, "prctl", 21, 0, 0, 0, 0))
attempt("filter", syscall, "prctl", 22, 2, program, 0, 0)
for flags in (0, 1, 2, 4, 8, 16, 8 | 16):
    attempt("seccomp", syscall, "seccomp", 1, flags, program)
attempt("action", syscall, "seccomp", 2, 0, (0x7fff0000).to_bytes(4, "little"))
attempt("sizes", syscall, "seccomp", 3, 0, ctypes.create_string_buffer(6))
attempt("privileges", syscall, "prctl", 38, 0, 0, 0, 0)
attempt("secret", lambda: open("{{SECRET}}").read())
""")),
    Payload("prctl and seccomp", "a notifier answers for itself", (NATIVE, r"""
import struct, threading
rules = struct.pack("HBBI", 0x20, 0, 0, 0) + struct.pack("HBBI", 0x15, 0, 1, numbers["openat"]) \
    + struct.pack("HBBI", 6, 0, 0, 0x7fc00000) + struct.pack("HBBI", 6, 0, 0, 0x7fff0000)
memory = ctypes.create_string_buffer(rules)
program = struct.pack("HxxxxxxQ", 4, ctypes.addressof(memory))
def go():
    pid = os.fork()
    if pid == 0:
        libc.prctl(38, 1, 0, 0, 0)
        listener = syscall("seccomp", 1, 8, program)
        def answer():
            request = ctypes.create_string_buffer(80)
            while True:
                syscall("ioctl", listener, 0xc0502100, request)
                number = struct.unpack_from("Q", request.raw)[0]
                syscall("ioctl", listener, 0xc0182101, ctypes.create_string_buffer(struct.pack("QqiI", number, 0, 0, 1)))
        threading.Thread(target=answer, daemon=True).start()
        os.write(1, os.read(os.open("{{SECRET}}", 0), 4096))
        os._exit(0)
    for _ in range(50):
        if os.waitpid(pid, os.WNOHANG)[0]:
            return "ended"
        __import__("time").sleep(0.05)
    os.kill(pid, 9)
attempt("notifier", go)
""")),
    Payload("prctl and seccomp", "strict mode as suicide", (NATIVE, r"""
libc.prctl(22, 1, 0, 0, 0)
print("strict")
""", "print('alive')")),
    Payload("prctl and seccomp", "every prctl there is", (NATIVE, r"""
fatal = {22, 35, 59}
for option in list(range(1, 80)) + [0x53564d41, 0x59616d61]:
    if option not in fatal:
        for value in (1, 0, -1):
            try:
                print(option, value, syscall("prctl", option, value, 0, 0, 0))
            except OSError:
                pass
attempt("dumpable", syscall, "prctl", 4, 1, 0, 0, 0)
attempt("ptracer", syscall, "prctl", 0x59616d61, -1, 0, 0, 0)
attempt("name", syscall, "prctl", 15, b"systemd", 0, 0, 0)
attempt("dispatch", syscall, "prctl", 59, 1, 0, 0, ctypes.create_string_buffer(1))
""", "print('alive')")),
    Payload("prctl and seccomp", "landlock again, looser", (NATIVE, r"""
import struct
print(attempt("version", syscall, "landlock_create_ruleset", 0, 0, 1))
ruleset = attempt("create", syscall, "landlock_create_ruleset", struct.pack("QQQ", 0x1fff, 0, 0), 8, 0)
for path in ("/", "/proc/self/root", os.getcwd()):
    parent = attempt("path", os.open, path, 0o10000000)
    attempt("rule", syscall, "landlock_add_rule", ruleset or 3, 1, struct.pack("=Qi", 0x1fff, parent or 0), 0)
attempt("restrict", syscall, "landlock_restrict_self", ruleset or 3, 0)
attempt("many", lambda: [syscall("landlock_restrict_self", ruleset, 0) for _ in range(20)])
attempt("secret", lambda: open("{{SECRET}}").read())
attempt("write", lambda: open("{{TARGET}}", "a").write("owned"))
""", "print('alive')")),
    Payload("prctl and seccomp", "what Landlock did not always cover", (TRY, r"""
import fcntl, os, socket
attempt("truncate", os.truncate, "{{TARGET}}", 0)
attempt("utime", os.utime, "{{TARGET}}", (1, 1))
attempt("chmod", os.chmod, "{{TARGET}}", 0o777)
attempt("chown", os.chown, "{{TARGET}}", os.getuid(), -1)
attempt("xattr", os.setxattr, "{{TARGET}}", "user.x", b"1")
attempt("stat", os.stat, "{{SECRET}}")
attempt("ioctl", lambda: fcntl.ioctl(os.open("{{TARGETDIR}}", 0), 0x6602, bytes(8)))
attempt("path", lambda: os.read(os.open("/proc/self/fd/%d" % os.open("{{SECRET}}", 0o10000000), 0), 999))
attempt("refer", os.rename, "{{TARGET}}", os.environ.get("TMPDIR", "/tmp") + "/gone")
attempt("exchange", os.replace, "data.csv", "{{TARGETDIR}}/owned")
attempt("abstract", lambda: socket.socket(1).connect("\0{{ABSTRACT}}"))
attempt("bind", lambda: socket.socket(1).bind("{{TARGETDIR}}/owned.sock"))
attempt("chdir", lambda: (os.chdir("{{TARGETDIR}}"), os.listdir(".")))
""")),
    Payload("limits", "every rlimit raised", (TRY, r"""
import os, resource
for name in sorted(n for n in dir(resource) if n.startswith("RLIMIT_")):
    number = getattr(resource, name)
    print(name, resource.getrlimit(number))
    for value in ((-1, -1), (resource.getrlimit(number)[1],) * 2, (1 << 40, 1 << 40)):
        attempt(name, resource.setrlimit, number, value)
""", "x = bytearray(8 << 30); len(x)", "print('alive')")),
    Payload("limits", "prlimit on the host's process", (TRY, r"""
import os, resource
for pid in ({{PID}}, os.getppid(), 1):
    for name in ("RLIMIT_NOFILE", "RLIMIT_CPU", "RLIMIT_AS", "RLIMIT_FSIZE", "RLIMIT_CORE", "RLIMIT_STACK", "RLIMIT_NICE"):
        attempt((pid, name), lambda: resource.prlimit(pid, getattr(resource, name)))
        if pid == {{PID}}:
            attempt("lower", lambda: resource.prlimit(pid, getattr(resource, name), (7, 8)))
""")),
    Payload("limits", "lowered until the session breaks", (r"""
import resource
for name in ("RLIMIT_NOFILE", "RLIMIT_NPROC", "RLIMIT_FSIZE", "RLIMIT_STACK", "RLIMIT_DATA", "RLIMIT_AS"):
    resource.setrlimit(getattr(resource, name), (0, 0))
""", "print('alive')", "import pandas; pandas.read_csv('data.csv')", "open('data.csv')")),
    Payload("limits", "processor time hidden in children and threads", (TRY, r"""
import os, threading, time
def burn(seconds):
    end = time.time() + seconds
    while time.time() < end:
        pass
for _ in range(8):
    pid = attempt("fork", os.fork)
    if pid == 0:
        burn(60)
        os._exit(0)
for _ in range(8):
    attempt("thread", threading.Thread(target=burn, args=(60,), daemon=True).start)
""", "print('alive')")),
    Payload("limits", "the resource module's other questions", (TRY, r"""
import os, resource
for who in (0, -1, 1):
    attempt("usage", resource.getrusage, who)
attempt("load", os.getloadavg)
attempt("memory", lambda: open("/proc/meminfo").read()[:300])
attempt("cgroup", lambda: [open("/sys/fs/cgroup/" + name).read() for name in ("memory.max", "pids.max", "cpu.max")])
def raise_limit():
    os.close(os.open("/sys/fs/cgroup/memory.max", os.O_WRONLY)); broke("memory.max writable")
attempt("raise", raise_limit)
attempt("adjust", lambda: open("/proc/self/oom_score_adj", "w").write("-1000"))
""")),
    Payload("core dumps", "a crash that writes a core file somewhere", (TRY, r"""
import os, resource, signal
attempt("limit", resource.setrlimit, resource.RLIMIT_CORE, (-1, -1))
attempt("filter", lambda: open("/proc/self/coredump_filter", "w").write("0xff"))
attempt("pattern", lambda: open("/proc/sys/kernel/core_pattern").read())
attempt("chdir", os.chdir, "{{TARGETDIR}}")
for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGQUIT, signal.SIGSYS):
    pid = attempt("fork", os.fork)
    if pid == 0:
        signal.signal(number, signal.SIG_DFL); os.kill(os.getpid(), number); os._exit(0)
    attempt("wait", os.waitpid, pid or -1, 0)
print(os.listdir("."))
""")),
    Payload("core dumps", "core of the session itself", (TRY, r"""
import os, resource, signal
attempt("limit", resource.setrlimit, resource.RLIMIT_CORE, (1 << 40, 1 << 40))
attempt("link", os.symlink, "{{TARGET}}", "core")
attempt("link", os.symlink, "{{TARGET}}", os.environ.get("TMPDIR", "/tmp") + "/core")
signal.signal(signal.SIGABRT, signal.SIG_DFL)
os.abort()
""", "print('alive')")),
    Payload("core dumps", "faulthandler writes to any descriptor", (TRY, r"""
import faulthandler, os
for fd in range(0, 16):
    attempt("dump", lambda: faulthandler.dump_traceback(fd))
attempt("file", lambda: faulthandler.enable(open("{{TARGET}}", "a")))
attempt("later", lambda: faulthandler.dump_traceback_later(0.1, repeat=True, file=3))
faulthandler.enable(); faulthandler._sigsegv()
""", "print('alive')")),
]
