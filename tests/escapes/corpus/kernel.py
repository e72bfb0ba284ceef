"""Corners of the kernel: keys, IPC, watches, perf, bpf, user faults."""

from tests.escapes.corpus import NATIVE, TRY, Payload

PAYLOADS: list[Payload] = [
    Payload("keyrings", "keys added and read in every ring", (NATIVE, r"""
room = ctypes.create_string_buffer(4096)
for ring in range(-8, 0):
    attempt("add", syscall, "add_key", b"user", b"owned", b"x", 1, ring)
    attempt("id", syscall, "keyctl", 0, ring, 0, 0, 0)
    attempt("describe", lambda: (syscall("keyctl", 6, ring, room, 4096, 0), room.value))
    attempt("list", lambda: (syscall("keyctl", 11, ring, room, 4096, 0), room.raw[:64].hex()))
attempt("request", syscall, "request_key", b"user", b"token", b"x", -3)
attempt("proc", lambda: (open("/proc/keys").read(), open("/proc/key-users").read()))
""")),
    Payload("keyrings", "serial numbers guessed", (NATIVE, r"""
import random
room = ctypes.create_string_buffer(4096)
draw, found, last = random.Random(4), 0, None
for serial in [1, 2, 3, 1000, 0x3fffffff] + [draw.randrange(1, 1 << 30) for _ in range(3000)]:
    try:
        size = syscall("keyctl", 11, serial, room, 4096, 0); found += 1
        sift(room.raw[:size]); print(serial, room.raw[:size])
    except OSError as error:
        last = error
print(found, last)
""")),
    Payload("keyrings", "a session ring joined, inherited and linked", (NATIVE, r"""
for name in (0, b"_ses", b"_uid.0", b"_uid_ses.0", b"agentforge", b".builtin_trusted_keys"):
    attempt("join", syscall, "keyctl", 1, name, 0, 0, 0)
    attempt("search", syscall, "keyctl", 10, -4, b"user", b"token", 0)
attempt("to parent", syscall, "keyctl", 18, 0, 0, 0, 0)
attempt("persistent", syscall, "keyctl", 22, 0, -2, 0, 0)
attempt("link", syscall, "keyctl", 8, -4, -3, 0, 0)
attempt("permissions", syscall, "keyctl", 5, -3, 0x3f3f3f3f, 0, 0)
attempt("invalidate", syscall, "keyctl", 21, -3, 0, 0, 0)
""")),
    Payload("keyrings", "keys by the thousand, and of odd kinds", (NATIVE, r"""
made = 0
try:
    for number in range(20000):
        syscall("add_key", b"user", b"owned%d" % number, bytes(8000), 8000, -2); made += 1
except OSError as error:
    print(error)
print(made)
for kind in (b"keyring", b"logon", b"big_key", b"asymmetric", b"encrypted", b"trusted", b"dns_resolver", b"rxrpc",
             b"id_resolver"):
    attempt(kind, syscall, "add_key", kind, b"x:owned", bytes(64), 64, -2)
""", "print('alive')")),
    Payload("System V and POSIX IPC", "shared memory, semaphores and queues of others", (NATIVE, r"""
for kind in ("shm", "sem", "msg"):
    attempt(kind, lambda: open("/proc/sysvipc/" + kind).read())
room = ctypes.create_string_buffer(65536)
libc.shmat.restype = ctypes.c_void_p
for number in range(0, 300):
    for step in (0, 32768):
        at = libc.shmat(number + step, None, 0o10000)
        if at not in (None, -1, (1 << 64) - 1):
            sift(ctypes.string_at(at, 4096)); print("shm", number + step, ctypes.string_at(at, 200))
    try:
        syscall("msgrcv", number, room, 4096, 0, 0o4000 | 0o40000); print("msg", number, room.raw[:200])
    except OSError:
        pass
for key in (0, 1, 0x1234, 0x6166, 0x53414e44):
    attempt("get", lambda: (syscall("shmget", key, 0, 0), syscall("semget", key, 0, 0), syscall("msgget", key, 0)))
""")),
    Payload("System V and POSIX IPC", "segments that outlive the session", (NATIVE, r"""
for number in range(64):
    attempt("shm", syscall, "shmget", 0x6167 + number, 1 << 24, 0o1666)
    attempt("sem", syscall, "semget", 0x6167 + number, 100, 0o1666)
    queue = attempt("msg", syscall, "msgget", 0x6167 + number, 0o1666)
    if queue is not None:
        attempt("send", syscall, "msgsnd", queue, (1).to_bytes(8, "little") + b"owned", 5, 0o4000)
""", "print('alive')", r"""
for number in range(64):
    for kind, remove in (("shm", (0, 0)), ("sem", (0, 0, 0)), ("msg", (0, 0))):
        attempt("remove", lambda: syscall(kind + "ctl", syscall(kind + "get", 0x6167 + number, 0, 0), *remove))
""")),
    Payload("System V and POSIX IPC", "POSIX queues and named semaphores", (NATIVE, r"""
import struct
attributes = struct.pack("8q", 0, 10, 8192, 0, 0, 0, 0, 0)
for name in (b"owned", b"agentforge", b"x" * 200):
    queue = attempt("open", syscall, "mq_open", name, os.O_CREAT | os.O_RDWR | os.O_NONBLOCK, 0o666, attributes)
    if queue is not None:
        attempt("send", syscall, "mq_timedsend", queue, b"owned", 5, 0, 0)
        attempt("notify", syscall, "mq_notify", queue, struct.pack("qii", 0, 9, 0) + bytes(48))
attempt("names", lambda: os.listdir("/dev/mqueue"))
attempt("shm", lambda: [open("/dev/shm/" + name, "rb").read(500) for name in os.listdir("/dev/shm")])
attempt("sem", lambda: libc.sem_open(b"/owned", 0o100, 0o666, 1))
attempt("python", lambda: __import__("multiprocessing.shared_memory").shared_memory.SharedMemory("owned", True, 1 << 20).unlink())
""", r"""
for name in (b"owned", b"agentforge", b"x" * 200):
    attempt("remove", syscall, "mq_unlink", name)
attempt("remove", lambda: libc.sem_unlink(b"/owned"))
""")),
    Payload("System V and POSIX IPC", "terabytes of shared memory", (NATIVE, r"""
held = 0
libc.shmat.restype = ctypes.c_void_p
for step in range(64):
    try:
        number = syscall("shmget", 0, 1 << 30, 0o1600)
        at = libc.shmat(number, None, 0)
        syscall("shmctl", number, 0, 0)
        ctypes.memset(at, 1, 1 << 30); held += 1
    except (OSError, ValueError) as error:
        print(error)
        break
print(held)
""", "print('alive')")),
    Payload("watches", "inotify on the host's folders", (NATIVE, r"""
import select
fd = attempt("init", syscall, "inotify_init1", 0o4000)
for path in (b"/", b"/tmp", b"/proc/{{PID}}", b"{{TARGETDIR}}", b"{{SECRET}}", b"/dev", b"/etc",
             os.environ.get("TMPDIR", "/tmp").encode() + b"/.."):
    attempt(path, syscall, "inotify_add_watch", fd or 3, path, 0xfff)
attempt("events", lambda: select.select([fd], [], [], 0.5)[0] and os.read(fd, 4096))
attempt("flood", lambda: [syscall("inotify_init1", 0) for _ in range(5000)][-1])
""")),
    Payload("watches", "fanotify on mounts and file systems", (NATIVE, r"""
for flags in (0, 1 | 4, 8, 0x200, 0x400 | 0x200, 0xc00):
    fd = attempt("init", syscall, "fanotify_init", flags, 0)
    if fd:
        for mark in (1, 0x11, 0x101):
            attempt("mark", syscall, "fanotify_mark", fd, mark, 0x3b, -100, b"/")
            attempt("permission", syscall, "fanotify_mark", fd, mark, 0x10000, -100, b"{{SECRET}}")
        attempt("events", lambda: (os.set_blocking(fd, False), os.read(fd, 4096)))
""")),
    Payload("watches", "leases, dnotify and file locks on what is shared", (TRY, r"""
import fcntl, os
for path in ("data.csv", "{{SECRET}}", "{{TARGET}}", os.__file__, "/etc/passwd"):
    fd = attempt("open", os.open, path, os.O_RDONLY)
    if fd is not None:
        attempt("lease", fcntl.fcntl, fd, 1024, 0)
        attempt("dnotify", fcntl.fcntl, fd, 1026, 0x8000003f)
        attempt("flock", fcntl.flock, fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        attempt("ofd", fcntl.fcntl, fd, 37, bytes(32))
        attempt("hint", fcntl.fcntl, fd, 1036, (5).to_bytes(8, "little"))
        attempt("fadvise", os.posix_fadvise, fd, 0, 0, os.POSIX_FADV_DONTNEED)
""")),
    Payload("perf and bpf", "perf events on others and on the kernel", (NATIVE, r"""
import struct
for kind, config in ((0, 0), (1, 0), (1, 1), (2, 1), (4, 0), (6, 0)):
    attributes = struct.pack("IIQQQQQ", kind, 112, config, 0, 0, 0, 0) + bytes(64)
    for pid, cpu in ((0, -1), ({{PID}}, -1), (-1, 0)):
        fd = attempt((kind, pid), syscall, "perf_event_open", attributes, pid, cpu, -1, 0)
        if fd:
            attempt("read", os.read, fd, 64)
            if pid:
                broke("perf event of another process")
""")),
    Payload("perf and bpf", "bpf maps, programs and what others pinned", (NATIVE, r"""
import struct
program = bytes.fromhex("b700000000000000" "9500000000000000")
memory = ctypes.create_string_buffer(program); licence = ctypes.create_string_buffer(b"GPL")
attempt("map", syscall, "bpf", 0, struct.pack("IIIII", 1, 4, 4, 16, 0) + bytes(100), 120)
for kind in (1, 3, 5, 6, 8, 17, 26, 29):
    attributes = struct.pack("IIQQIIQII", kind, 2, ctypes.addressof(memory), ctypes.addressof(licence), 0, 0, 0, 0, 0) + bytes(72)
    attempt("program", syscall, "bpf", 5, attributes, 120)
for command in (11, 12, 23, 31):
    attempt("next", syscall, "bpf", command, bytes(120), 120)
attempt("pinned", lambda: os.listdir("/sys/fs/bpf"))
attempt("token", syscall, "bpf", 36, bytes(120), 120)
attempt("filter", lambda: __import__("socket").socket().setsockopt(1, 50, 3))
""")),
    Payload("perf and bpf", "userfaultfd", (NATIVE, r"""
import struct
for flags in (0, 1, 0o2000000, 0o2004000 | 1):
    fd = attempt("open", syscall, "userfaultfd", flags)
    if fd:
        attempt("api", syscall, "ioctl", fd, 0xc018aa3f, ctypes.create_string_buffer(struct.pack("QQQ", 0xaa, 0, 0)))
attempt("device", lambda: __import__("fcntl").ioctl(os.open("/dev/userfaultfd", 2), 0xaa00, 0))
""")),
    Payload("perf and bpf", "old doors: modify_ldt, vm86, uselib, kcmp, lookup_dcookie", (NATIVE, r"""
import struct
entry = struct.pack("III", 0, 0, 0xfffff) + b"\x51\0\0\0"
for operation in (0, 1, 2, 0x11):
    attempt("ldt", syscall, "modify_ldt", operation, ctypes.create_string_buffer(entry + bytes(48)), 16)
for name in ("uselib", "_sysctl", "lookup_dcookie", "ustat", "sysfs", "create_module", "query_module", "get_kernel_syms",
             "nfsservctl",
             "vserver", "afs_syscall", "tuxcall", "security", "getpmsg", "putpmsg", "epoll_ctl_old", "remap_file_pages"):
    attempt(name, lambda: syscall(name, 0, 0, 0, 0, 0))
""", "print('alive')")),
]
