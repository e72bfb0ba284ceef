"""What rules the host: clocks, scheduling, memory, administration."""

from tests.escapes.corpus import NATIVE, TRY, Payload

PAYLOADS: list[Payload] = [
    Payload("clocks", "the time of the host set", (NATIVE, r"""
import struct, time
def now():
    return struct.pack("qq", int(time.time()), 0)
for name, args in (("settimeofday", (struct.pack("qq", int(time.time()), 0), 0)), ("clock_settime", (0, now()))):
    if attempt(name, syscall, name, *args) == 0:
        broke(name)
for operation in (0x8000, 0x0001, 0x4000):
    attempt("adjtimex", syscall, "adjtimex", ctypes.create_string_buffer(struct.pack("I", 0) + bytes(204)))
attempt("python", lambda: time.clock_settime(time.CLOCK_REALTIME, time.time()) or broke("clock_settime"))
attempt("device", lambda: os.open("/dev/rtc0", os.O_RDWR))
attempt("tz", lambda: (os.environ.update(TZ=":{{SECRET}}"), time.tzset(), time.tzname))
""")),
    Payload("clocks", "alarms, itimers and timers by the thousand", (NATIVE, r"""
import signal, struct
made = 0
try:
    for _ in range(50000):
        syscall("timer_create", 0, 0, ctypes.byref(ctypes.c_int())); made += 1
except OSError as error:
    print(error)
print(made)
attempt("timerfd", lambda: [syscall("timerfd_create", 0, 0) for _ in range(3000)][-1])
attempt("alarm", signal.setitimer, signal.ITIMER_REAL, 0.05, 0.0001)
""", "print('alive')", "1 + 1")),
    Payload("clocks", "the session's own clock bent", (r"""
import time, datetime
time.monotonic = time.perf_counter = time.time = time.process_time = lambda: -1e18
time.monotonic_ns = time.time_ns = time.perf_counter_ns = lambda: -10**27
time.sleep = lambda seconds: None
""", "while True: pass", "print('alive')")),
    Payload("scheduling", "nice, priority, affinity, policy of the host's process", (TRY, r"""
import os
attempt("priority", os.setpriority, os.PRIO_PROCESS, {{PID}}, 19)
attempt("affinity", os.sched_setaffinity, {{PID}}, {0})
attempt("policy", lambda: os.sched_setscheduler({{PID}}, os.SCHED_IDLE, os.sched_param(0)))
attempt("batch", lambda: os.sched_setscheduler({{PID}}, os.SCHED_BATCH, os.sched_param(0)))
for pid in ({{PID}}, os.getppid(), 1):
    attempt("look", lambda: (os.getpriority(0, pid), os.sched_getaffinity(pid), os.sched_getscheduler(pid)))
attempt("group", lambda: os.setpriority(os.PRIO_PGRP, os.getpgid({{PID}}), 15))
""")),
    Payload("scheduling", "ioprio, sched_setattr, core scheduling of others", (NATIVE, r"""
import struct
attempt("ioprio", syscall, "ioprio_set", 1, {{PID}}, 3 << 13)
attempt("ioprio get", syscall, "ioprio_get", 1, {{PID}})
attributes = struct.pack("IIQiIQQQ", 48, 5, 0, 19, 0, 0, 0, 0)
attempt("attr", syscall, "sched_setattr", {{PID}}, attributes, 0)
attempt("param", syscall, "sched_setparam", {{PID}}, bytes(4))
attempt("affinity", syscall, "sched_setaffinity", {{PID}}, 8, bytes([1]) + bytes(7))
attempt("core", syscall, "prctl", 62, 1, {{PID}}, 0, 0)
attempt("deadline", syscall, "sched_setattr", 0, struct.pack("IIQiIQQQ", 48, 6, 0, 0, 0, 10**6, 10**9, 10**9), 0)
""")),
    Payload("scheduling", "real-time classes for itself", (TRY, r"""
import os
for policy in (os.SCHED_FIFO, os.SCHED_RR):
    for priority in (99, 1):
        def take():
            os.sched_setscheduler(0, policy, os.sched_param(priority))
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
            broke("real-time class")
        attempt(policy, take)
for step in (-20, -5, -1):
    attempt("nice", lambda: os.nice(step) and None)
attempt("affinity", os.sched_setaffinity, 0, range(512))
attempt("cpus", lambda: (os.cpu_count(), os.sched_getaffinity(0)))
""", "print('alive')")),
    Payload("scheduling", "yield and futex storms", (NATIVE, r"""
import threading, time
word = ctypes.c_int(0)
end = time.time() + 20
def storm():
    while time.time() < end:
        libc.syscall(ctypes.c_long(numbers["futex"]), ctypes.byref(word), 1, 10**6, None, None, 0)
        libc.sched_yield()
for _ in range(16):
    attempt("thread", threading.Thread(target=storm, daemon=True).start)
attempt("membarrier", lambda: [syscall("membarrier", 1, 0, 0) for _ in range(2000)])
""", "print('alive')")),
    Payload("memory locks", "mlockall, huge pages, merging", (NATIVE, r"""
import mmap
attempt("all", syscall, "mlockall", 3)
attempt("all", syscall, "mlockall", 7)
block = mmap.mmap(-1, 1 << 28)
at = ctypes.addressof(ctypes.c_char.from_buffer(block))
attempt("mlock", syscall, "mlock", at, 1 << 28)
attempt("mlock2", syscall, "mlock2", at, 1 << 28, 1)
for advice in (12, 14, 15, 9, 11, 100, 101, 21, 22, 23, 8, 4):
    if advice not in (100, 101):
        attempt("madvise", syscall, "madvise", at, 1 << 28, advice)
attempt("huge", lambda: mmap.mmap(-1, 1 << 30, flags=0x22 | 0x40000))
attempt("merge", syscall, "prctl", 67, 1, 0, 0, 0)
""", "print('alive')")),
    Payload("memory locks", "policies of nodes and pages of others", (NATIVE, r"""
mask = (ctypes.c_ulong * 16)(1)
attempt("policy", syscall, "set_mempolicy", 2, mask, 64)
attempt("get", syscall, "get_mempolicy", 0, mask, 1024, 0, 4)
attempt("mbind", syscall, "mbind", 0, 4096, 2, mask, 64, 2)
attempt("migrate", syscall, "migrate_pages", {{PID}}, 64, mask, mask)
attempt("move", syscall, "move_pages", {{PID}}, 0, 0, 0, 0, 4)
attempt("home", syscall, "set_mempolicy_home_node", 0, 4096, 0, 0)
attempt("cache", syscall, "cachestat", 3, bytes(16), bytes(40), 0)
""")),
    Payload("memory locks", "address zero and the highest addresses", (NATIVE, r"""
libc.mmap.restype = ctypes.c_void_p
for at in (0, 4096, 65536, 0x7fffffffe000, (1 << 47) - 4096, 1 << 56):
    got = libc.mmap(ctypes.c_void_p(at), ctypes.c_size_t(4096), 7, 0x32, -1, ctypes.c_long(0))
    print(hex(at), hex(got or 0), ctypes.get_errno())
attempt("brk", syscall, "brk", 0)
attempt("growsdown", lambda: libc.mmap(None, ctypes.c_size_t(1 << 16), 3, 0x122, -1, ctypes.c_long(0)))
attempt("pkey", lambda: (syscall("pkey_alloc", 0, 0), syscall("pkey_mprotect", 0, 4096, 7, 1)))
attempt("shadow", syscall, "map_shadow_stack", 0, 4096, 0)
attempt("seal", syscall, "mseal", 0, 4096, 0)
attempt("remap", lambda: syscall("remap_file_pages", 0, 4096, 0, 0, 0))
""", "print('alive')")),
    Payload("administration", "personality without randomness", (NATIVE, r"""
print(hex(attempt("get", syscall, "personality", 0xffffffff) or 0))
for flag in (0x0040000, 0x0100000, 0x0400000, 0x0800000, 8, 0x0008, 0x2000000, 0x0007):
    attempt(hex(flag), syscall, "personality", flag)
print(hex(attempt("get", syscall, "personality", 0xffffffff) or 0))
pid = attempt("fork", os.fork)
if pid == 0:
    attempt("exec", os.execv, "/bin/cat", ["cat", "/proc/self/maps", "{{SECRET}}"])
    os._exit(0)
attempt("wait", os.waitpid, pid or -1, 0)
""")),
    Payload("administration", "quotactl, acct, swap, sync", (NATIVE, r"""
for command in (0x80000700, 0x80000500, 0x80000100, 0x5801):
    attempt("quota", syscall, "quotactl", command, b"/dev/vda", 0, bytes(128))
    attempt("quota fd", syscall, "quotactl_fd", 3, command, 0, bytes(128))
if attempt("acct", syscall, "acct", b"{{TARGET}}") == 0:
    broke("accounting"); syscall("acct", 0)
attempt("swap", syscall, "swapon", b"{{TARGET}}", 0)
attempt("statfs", lambda: os.statvfs("/"))
attempt("syncs", lambda: [os.sync() for _ in range(20)])
""")),
    Payload("administration", "reboot and kexec with harmless orders", (NATIVE, r"""
for order in (0, 0x89abcdef):
    if attempt("control-alt-delete", syscall, "reboot", 0xfee1dead, 672274793, order, 0) == 0:
        broke("reboot call allowed")
attempt("bad magic", syscall, "reboot", 1, 2, 0x1234567, 0)
attempt("kexec", syscall, "kexec_load", 0, 1 << 20, bytes(32), 0)
attempt("file", syscall, "kexec_file_load", -1, -1, 0, 0, 0)
attempt("program", lambda: __import__("subprocess").run(["reboot", "--help"], capture_output=True).returncode)
""")),
    Payload("administration", "kernel modules", (NATIVE, r"""
junk = ctypes.create_string_buffer(b"\x7fELF" + bytes(500))
attempt("init", syscall, "init_module", junk, 504, b"")
fd = attempt("memfd", os.memfd_create, "m")
attempt("finit", syscall, "finit_module", fd or -1, b"", 0)
attempt("delete", syscall, "delete_module", b"no_such_module_here", 0o4000)
attempt("list", lambda: open("/proc/modules").read()[:500])
attempt("modprobe", lambda: __import__("subprocess").run(["modprobe", "-n", "x"], capture_output=True))
""")),
    Payload("administration", "ports, log, names, hangup", (NATIVE, r"""
room = ctypes.create_string_buffer(65536)
attempt("iopl", lambda: syscall("iopl", 3) == 0 and broke("iopl"))
attempt("ioperm", lambda: syscall("ioperm", 0x80, 1, 1) == 0 and broke("ioperm"))
attempt("log", lambda: (syscall("syslog", 3, room, 65536), room.value[:300]))
attempt("size", syscall, "syslog", 10, 0, 0)
here = os.uname().nodename.encode()
attempt("host name", syscall, "sethostname", here, len(here))
attempt("domain", syscall, "setdomainname", b"(none)", 6)
attempt("lsm", lambda: syscall("lsm_list_modules", room, bytes((65536).to_bytes(8, "little")), 0))
attempt("uname", os.uname)
attempt("sysinfo", lambda: (syscall("sysinfo", room), room.raw[:64].hex()))
""")),
]
