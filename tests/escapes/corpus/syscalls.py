"""The kernel's calls on files and processes, made directly; io_uring does them for others."""

from tests.escapes.corpus import NATIVE, Payload

PAYLOADS: list[Payload] = [
    Payload("raw syscalls", "open, openat, openat2, creat", (NATIVE, r"""
import struct
attempt("open", lambda: take(syscall("open", b"{{SECRET}}", 0)))
attempt("openat", lambda: take(syscall("openat", -100, b"{{SECRET}}", 0)))
for flags, resolve in ((0, 0), (0, 0x10), (0, 8), (0x200000, 0), (0o10000000, 0)):
    how = struct.pack("QQQ", flags, 0, resolve)
    attempt("openat2", lambda: take(syscall("openat2", -100, b"{{SECRET}}", how, len(how))))
attempt("creat", lambda: syscall("creat", b"{{TARGETDIR}}/owned", 0o600))
attempt("truncate", lambda: syscall("truncate", b"{{TARGET}}", 0))
attempt("dots", lambda: take(syscall("openat", -100, b"../" * 40 + b"{{SECRET}}".lstrip(b"/"), 0)))
""")),
    Payload("raw syscalls", "open_by_handle_at with guessed handles", (NATIVE, r"""
import struct
def handle(inode, kind=1):
    return struct.pack("=Ii", 8, kind) + struct.pack("=II", inode, 0) + bytes(120)
name = ctypes.create_string_buffer(struct.pack("=Ii", 128, 0) + bytes(128)); mount = ctypes.c_int()
attempt("name", lambda: (syscall("name_to_handle_at", -100, b"{{SECRET}}", name, ctypes.byref(mount), 0), name.raw[:32]))
attempt("name", lambda: (syscall("name_to_handle_at", -100, b".", name, ctypes.byref(mount), 0), name.raw[:32]))
for path in (b"/", b".", b"/proc", b"/tmp", b"/usr", b"/dev"):
    root = attempt("fd", lambda: os.open(path, os.O_RDONLY))
    for inode in (2, 64, 128, 1):
        fd = attempt("handle", lambda: syscall("open_by_handle_at", root, handle(inode), 0))
        if fd:
            attempt("list", lambda: os.listdir(fd))
            attempt("secret", lambda: os.read(os.open("{{SECRET}}".lstrip("/"), 0, dir_fd=fd), 4096))
if os.path.exists("{{SECRET}}"):
    attempt("again", lambda: take(syscall("open_by_handle_at", -100, name, 0)))
""")),
    Payload("raw syscalls", "metadata: stat, statx, readlink, access, xattr", (NATIVE, r"""
buffer = ctypes.create_string_buffer(4096)
for path in (b"{{SECRET}}", b"/proc/{{PID}}/exe", b"/proc/{{PID}}/cwd", b"/proc/1/root"):
    attempt("statx", lambda: (syscall("statx", -100, path, 0, 0xfff, buffer), buffer.raw[:64]))
    attempt("readlinkat", lambda: (syscall("readlinkat", -100, path, buffer, 4096), buffer.value))
    attempt("faccessat2", lambda: syscall("faccessat2", -100, path, 4, 0x200))
    attempt("listxattr", lambda: (syscall("listxattr", path, buffer, 4096), buffer.value))
attempt("setxattr", lambda: syscall("setxattr", b"{{TARGET}}", b"user.owned", b"1", 1, 0))
attempt("utimensat", lambda: syscall("utimensat", -100, b"{{TARGET}}", bytes(32), 0))
attempt("fchmodat", lambda: syscall("fchmodat", -100, b"{{TARGET}}", 0o4777))
attempt("fchmodat2", lambda: syscall("fchmodat2", -100, b"{{TARGET}}", 0o777, 0))
attempt("fchownat", lambda: syscall("fchownat", -100, b"{{TARGET}}", 1, 1, 0))
""")),
    Payload("raw syscalls", "names: rename, link, symlink, mknod, unlink", (NATIVE, r"""
tmp = os.environ.get("TMPDIR", "/tmp").encode()
open(tmp + b"/mine", "w").write("owned")
attempt("renameat2", lambda: syscall("renameat2", -100, tmp + b"/mine", -100, b"{{TARGETDIR}}/owned", 0))
attempt("exchange", lambda: syscall("renameat2", -100, tmp + b"/mine", -100, b"{{TARGET}}", 2))
attempt("linkat", lambda: syscall("linkat", -100, b"{{SECRET}}", -100, tmp + b"/link", 0x400))
attempt("linked", lambda: open(tmp + b"/link").read())
attempt("link out", lambda: syscall("linkat", -100, tmp + b"/mine", -100, b"{{TARGETDIR}}/hard", 0))
attempt("symlinkat", lambda: syscall("symlinkat", b"/etc", -100, b"{{TARGETDIR}}/soft"))
attempt("mknodat", lambda: syscall("mknodat", -100, b"{{TARGETDIR}}/pipe", 0o10644, 0))
attempt("mkdirat", lambda: syscall("mkdirat", -100, b"{{TARGETDIR}}/folder", 0o755))
attempt("unlinkat", lambda: syscall("unlinkat", -100, b"{{TARGET}}", 0))
attempt("disk", lambda: (syscall("mknodat", -100, tmp + b"/disk", 0o60600, 0x800), open(tmp + b"/disk", "rb").read(64)))
attempt("mem", lambda: (syscall("mknodat", -100, tmp + b"/mem", 0o20600, 0x101), open(tmp + b"/mem", "rb").read(64)))
""")),
    Payload("raw syscalls", "copies inside the kernel: sendfile, splice, tee, copy_file_range", (NATIVE, r"""
read, write = os.pipe()
os.set_blocking(read, False)
def source():
    return syscall("openat", -100, b"{{SECRET}}", 0)
attempt("sendfile", lambda: (syscall("sendfile", write, source(), 0, 4096), os.read(read, 4096)))
attempt("splice", lambda: (syscall("splice", source(), 0, write, 0, 4096, 0), os.read(read, 4096)))
attempt("copy", lambda: syscall("copy_file_range", source(), 0, syscall("openat", -100, b"{{TARGET}}", 1), 0, 4096, 0))
attempt("stdout", lambda: syscall("sendfile", 1, source(), 0, 4096))
for fd in range(3, 64):
    for call in (lambda: syscall("splice", fd, 0, write, 0, 4096, 2), lambda: syscall("tee", fd, write, 4096, 2)):
        try:
            call(); print(fd, os.read(read, 4096))
        except OSError:
            pass
attempt("vmsplice", lambda: syscall("vmsplice", write, bytes(16), 1, 0))
attempt("readahead", lambda: syscall("readahead", source(), 0, 4096))
""")),
    Payload("raw syscalls", "processes: fork, vfork, clone, clone3, execve", (NATIVE, r"""
import struct
def child(pid):
    if pid == 0:
        try:
            os.write(1, open("{{SECRET}}", "rb").read())
            open("{{TARGET}}", "a").write("owned")
        finally:
            os._exit(0)
    return os.waitpid(pid, 0)
for flags in (17, 0x00008000 | 17, 0x10000000 | 17, 0x20000000 | 17, 0x40000000 | 17):
    attempt(hex(flags), lambda: child(syscall("clone", flags, 0, 0, 0, 0)))
for flags in (0, 0x8000, 0x10000000, 0x20000000):
    attempt("clone3", lambda: child(syscall("clone3", struct.pack("QQQQQQQQ", flags, 0, 0, 0, 17, 0, 0, 0), 64)))
attempt("fork", lambda: child(syscall("fork")))
argv = (ctypes.c_char_p * 3)(b"cat", b"{{SECRET}}", None)
attempt("execve", lambda: syscall("execve", b"/bin/cat", argv, None))
""", "print('alive')")),
    Payload("raw syscalls", "working folder and root through descriptors", (NATIVE, r"""
for path in (b"/", b"..", b"/proc/self/root", b"/proc/{{PID}}/cwd", b"/proc/1/root", b"{{TARGETDIR}}"):
    attempt("chdir", lambda: (syscall("chdir", path), os.getcwd(), os.listdir(".")[:20]))
    fd = attempt("path", lambda: syscall("openat", -100, path, 0o10000000))
    if fd:
        attempt("fchdir", lambda: (syscall("fchdir", fd), os.listdir(".")[:20]))
        attempt("under", lambda: take(syscall("openat", fd, b"{{SECRET}}".lstrip(b"/"), 0)))
        attempt("up", lambda: take(syscall("openat", fd, b"../../../../../.." + b"{{SECRET}}", 0)))
attempt("here", lambda: open("{{SECRET}}".lstrip("/")).read())
""")),
    Payload("raw syscalls", "every number with harmless arguments", (NATIVE, r"""
lethal = {"exit", "exit_group", "pause", "rt_sigreturn", "reboot", "vhangup", "kill", "tkill", "tgkill", "rt_sigsuspend", "fork",
          "vfork", "restart_syscall", "select", "pselect6", "poll", "ppoll", "futex", "wait4", "waitid", "munmap", "brk"}
answers = {}
for name, number in sorted(numbers.items()):
    if number >= 0 and name not in lethal:
        try:
            answers.setdefault("ok", []).append((name, syscall(name, -1, -1, -1, -1, -1, -1)))
        except OSError as error:
            answers.setdefault(error.errno, []).append(name)
print(answers)
""", "print('alive')")),
    Payload("raw syscalls", "signals by every call", (NATIVE, r"""
info = ctypes.create_string_buffer(128)
for number in (9, 19, 15, 6):
    attempt("kill", lambda: syscall("kill", {{PID}}, number))
    attempt("tkill", lambda: syscall("tkill", {{PID}}, number))
    attempt("tgkill", lambda: syscall("tgkill", {{PID}}, {{PID}}, number))
    attempt("sigqueue", lambda: syscall("rt_sigqueueinfo", {{PID}}, number, info))
    attempt("tgsigqueue", lambda: syscall("rt_tgsigqueueinfo", {{PID}}, {{PID}}, number, info))
    attempt("pidfd", lambda: syscall("pidfd_send_signal", syscall("pidfd_open", {{PID}}, 0), number, 0, 0))
    attempt("fcntl", lambda: [syscall("fcntl", fd, 8, {{PID}}) for fd in range(3, 20)])
""")),
    Payload("raw syscalls", "sockets without the socket module", (NATIVE, r"""
import struct
tcp = struct.pack("=H", 2) + struct.pack(">H", {{PORT}}) + bytes([127, 0, 0, 1]) + bytes(8)
udp = struct.pack("=H", 2) + struct.pack(">H", {{UDP}}) + bytes([127, 0, 0, 1]) + bytes(8)
unix = struct.pack("=H", 1) + b"{{UNIX}}\0"
abstract = struct.pack("=H", 1) + b"\0{{ABSTRACT}}"
attempt("tcp", lambda: syscall("connect", syscall("socket", 2, 1, 0), tcp, len(tcp)))
attempt("fast open", lambda: syscall("sendto", syscall("socket", 2, 1, 0), b"owned", 5, 0x20000000, tcp, len(tcp)))
attempt("udp", lambda: syscall("sendto", syscall("socket", 2, 2, 0), b"owned", 5, 0, udp, len(udp)))
for kind in (1, 2, 5):
    attempt("unix", lambda: syscall("connect", syscall("socket", 1, kind, 0), unix, len(unix)))
    attempt("abstract", lambda: syscall("connect", syscall("socket", 1, kind, 0), abstract, len(abstract)))
attempt("mptcp", lambda: syscall("connect", syscall("socket", 2, 1, 262), tcp, len(tcp)))
attempt("sctp", lambda: syscall("connect", syscall("socket", 2, 1, 132), tcp, len(tcp)))
""")),
    Payload("io_uring", "a ring is set up and opens the secret", (NATIVE, r"""
import struct
params = ctypes.create_string_buffer(120)
fd = attempt("setup", syscall, "io_uring_setup", 8, params)
if fd:
    entries = struct.unpack_from("II", params.raw)
    libc.mmap.restype = ctypes.c_void_p
    ring = libc.mmap(None, ctypes.c_size_t(4096), 3, 1, fd, ctypes.c_long(0))
    done = libc.mmap(None, ctypes.c_size_t(4096), 3, 1, fd, ctypes.c_long(0x8000000))
    queue = libc.mmap(None, ctypes.c_size_t(4096), 3, 1, fd, ctypes.c_long(0x10000000))
    sq = struct.unpack_from("10I", params.raw, 40); cq = struct.unpack_from("10I", params.raw, 80)
    path = ctypes.create_string_buffer(b"{{SECRET}}"); room = ctypes.create_string_buffer(4096); count = [0]
    def submit(op, fd_, address, length, flags):
        entry = struct.pack("=BBHiQQIIQ24x", op, 0, 0, fd_, 0, address, length, flags, count[0])
        ctypes.memmove(queue + 64 * (count[0] % 8), entry, 64)
        ctypes.c_uint.from_address(ring + sq[6] + 4 * (count[0] % 8)).value = count[0] % 8
        count[0] += 1
        ctypes.c_uint.from_address(ring + sq[1]).value = count[0]
        syscall("io_uring_enter", fd, 1, 1, 1, 0, 0)
        ctypes.c_uint.from_address(done + cq[0]).value = count[0]
        return ctypes.c_int.from_address(done + cq[5] + 16 * ((count[0] - 1) % 16) + 8).value
    opened = attempt("open", submit, 18, -100, ctypes.addressof(path), 0, 0)
    attempt("read", lambda: (submit(22, opened, ctypes.addressof(room), 4096, 0), room.value))
    target = ctypes.create_string_buffer(b"{{TARGET}}")
    attempt("unlink", lambda: submit(36, -100, ctypes.addressof(target), 0, 0))
""")),
    Payload("io_uring", "submission polling thread of the kernel", (NATIVE, r"""
import struct
for flags in (2, 1, 2 | 4, 1 << 12, 1 << 13 | 1 << 12, 1 << 6):
    params = ctypes.create_string_buffer(struct.pack("IIII", 0, 0, flags, 0) + bytes(104))
    fd = attempt(hex(flags), syscall, "io_uring_setup", 64, params)
    if fd:
        attempt("wake", syscall, "io_uring_enter", fd, 0, 0, 2, 0, 0)
        attempt("register", syscall, "io_uring_register", fd, 9, 0, 0)
""")),
    Payload("io_uring", "registered files and personalities", (NATIVE, r"""
fd = attempt("setup", syscall, "io_uring_setup", 4, ctypes.create_string_buffer(120))
files = (ctypes.c_int * 64)(*range(64))
for operation, argument, count in ((2, files, 64), (9, None, 0), (0, None, 0), (4, files, 1), (11, None, 0), (8, bytes(512), 8)):
    attempt("register", syscall, "io_uring_register", fd or 3, operation, argument, count)
attempt("ring fd", syscall, "io_uring_register", -1, 20, None, 0)
""")),
    Payload("io_uring", "many rings at once", (NATIVE, r"""
rings = []
for _ in range(500):
    fd = attempt("ring", syscall, "io_uring_setup", 4096, ctypes.create_string_buffer(120))
    if not fd:
        break
    rings.append(fd)
print(len(rings))
""", "print('alive')")),
    Payload("io_uring", "native asynchronous input and output (aio)", (NATIVE, r"""
import struct
context = ctypes.c_ulong(0)
attempt("setup", syscall, "io_setup", 8, ctypes.byref(context))
room = ctypes.create_string_buffer(4096)
fd = attempt("open", os.open, "{{SECRET}}", 0)
if fd and context.value:
    block = ctypes.create_string_buffer(struct.pack("=QIIHHIQQqQII", 1, 0, 0, 0, 0, fd, ctypes.addressof(room), 4096, 0, 0, 0, 0))
    pointers = (ctypes.c_void_p * 1)(ctypes.addressof(block))
    attempt("submit", syscall, "io_submit", context.value, 1, pointers)
    attempt("events", syscall, "io_getevents", context.value, 1, 1, ctypes.create_string_buffer(64), None)
    print(room.value)
attempt("flood", lambda: [syscall("io_setup", 60000, ctypes.byref(ctypes.c_ulong(0))) for _ in range(50)])
""")),
]
