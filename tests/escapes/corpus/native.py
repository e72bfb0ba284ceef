"""ctypes, machine code and raw memory."""

from tests.escapes.corpus import NATIVE, TRY, Payload

PAYLOADS: list[Payload] = [
    Payload("ctypes", "libc open, read, system, kill", (NATIVE, r"""
buffer = ctypes.create_string_buffer(4096)
fd = libc.open(b"{{SECRET}}", 0)
print(fd, libc.read(fd, buffer, 4096), buffer.value)
attempt("system", libc.system, b"cat {{SECRET}}; echo owned >> {{TARGET}}")
attempt("kill", libc.kill, {{PID}}, 9)
attempt("write", lambda: libc.write(libc.open(b"{{TARGET}}", 1025), b"owned", 5))
attempt("rename", libc.rename, b"{{TARGET}}", b"{{TARGETDIR}}/moved")
""")),
    Payload("ctypes", "stdio: fopen, popen, freopen", (NATIVE, r"""
libc.popen.restype = libc.fopen.restype = libc.freopen.restype = libc.opendir.restype = ctypes.c_void_p
buffer = ctypes.create_string_buffer(4096)
for stream in (libc.fopen(b"{{SECRET}}", b"r"), libc.popen(b"cat {{SECRET}}", b"r"), libc.fopen(b"/proc/{{PID}}/environ", b"r")):
    if stream:
        print(libc.fread(buffer, 1, 4000, ctypes.c_void_p(stream)), buffer.raw.strip(b"\0"))
stream = libc.fopen(b"{{TARGET}}", b"a")
if stream:
    libc.fputs(b"owned", ctypes.c_void_p(stream)); libc.fclose(ctypes.c_void_p(stream))
print(libc.opendir(b"{{TARGETDIR}}"))
""")),
    Payload("ctypes", "the C environment and auxiliary vector", (NATIVE, r"""
environ = ctypes.POINTER(ctypes.c_char_p).in_dll(libc, "environ")
at = 0
while environ and environ[at]:
    print(environ[at], flush=True); at += 1
libc.getenv.restype = ctypes.c_char_p
print(libc.getenv(b"AGENTFORGE_CANARY"), libc.secure_getenv)
libc.getauxval.restype = ctypes.c_ulong
start = libc.getauxval(31)
print(ctypes.string_at(start))
lowest = libc.getauxval(25) & ~0xfff
sift(ctypes.string_at(lowest, start - lowest))
""")),
    Payload("ctypes", "stack sifted upwards for the first environment", (NATIVE, r"""
maps = open("/proc/self/maps").read() if os.path.exists("/proc/self/maps") else ""
here = ctypes.addressof(ctypes.create_string_buffer(8))
print(maps[-600:])
for line in maps.splitlines():
    if "[stack]" in line or "[heap]" in line:
        low, high = (int(part, 16) for part in line.split()[0].split("-"))
        sift(ctypes.string_at(low, high - low))
libc.getauxval.restype = ctypes.c_ulong
name = libc.getauxval(31)
for page in range(0, 40):
    base = (name & ~0xfff) - page * 4096
    sift(ctypes.string_at(base, 4096))
""")),
    Payload("ctypes", "freed heap and anonymous memory searched for tokens", (NATIVE, r"""
def areas():
    for line in open("/proc/self/maps"):
        span, mode, _, _, inode, *name = line.split()
        if mode.startswith("rw") and inode == "0" and (not name or name[0] in ("[heap]", "[stack]")):
            low, high = (int(part, 16) for part in span.split("-"))
            yield low, min(high - low, 1 << 28)
for low, size in attempt("areas", lambda: list(areas())) or []:
    try:
        for offset in range(0, size, 1 << 22):
            sift(ctypes.string_at(low + offset, min(1 << 22, size - offset)))
    except BaseException as error:
        print(error)
""")),
    Payload("ctypes", "pythonapi: exec, files and pending calls", (NATIVE, r"""
py = ctypes.pythonapi
print(py.PyRun_SimpleString(b"import os; print(os.popen('cat {{SECRET}}').read())"))
CALL = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)
hook = CALL(lambda _: libc.system(b"echo owned >> {{TARGET}}"))
py.Py_AddPendingCall(hook, None)
py.PyErr_SetInterrupt if False else None
py.PyFile_FromFd.restype = ctypes.py_object
attempt("fds", lambda: [py.PyFile_FromFd(fd, None, b"r", -1, None, None, None, 0) for fd in range(3, 40)])
py.Py_AtExit(ctypes.CFUNCTYPE(None)(lambda: libc.system(b"cat {{SECRET}}")))
""", "print('after')")),
    Payload("ctypes", "audit hooks and flags switched off in memory", (NATIVE, r"""
attempt("hooks", lambda: ctypes.pythonapi._PySys_ClearAuditHooks())
flag = ctypes.c_int.in_dll(ctypes.pythonapi, "Py_NoSiteFlag")
flag.value = 1
for name in ("Py_IsolatedFlag", "Py_IgnoreEnvironmentFlag", "Py_InspectFlag"):
    ctypes.c_int.in_dll(ctypes.pythonapi, name).value = 1
address = id(open)
raw = (ctypes.c_char * 64).from_address(address)
print(bytes(raw)[:16])
print(open("{{SECRET}}").read())
""")),
    Payload("ctypes", "ints and tuples changed in place", (NATIVE, r"""
def poke(value, new):
    offset = int.__basicsize__
    ctypes.memmove(id(value) + 24, id(new) + 24, 4)
for small, other in ((100, 7), (4096, 1), (5, 250)):
    attempt("poke", poke, small, other)
cell = (1, 2, 3)
ctypes.c_ssize_t.from_address(id(cell) + 16).value = 1 << 20
attempt("tuple", lambda: [type(item) for item in cell[:50]])
""", "print(100, 4096, 5)", "sum(range(10))")),
    Payload("ctypes", "dlopen of everything at hand", (NATIVE, r"""
import glob
for path in ("libc.so.6", "libdl.so.2", "libpthread.so.0", "libcrypto.so.3", "libsystemd.so.0", "libudev.so.1",
             "{{SECRET}}", "/proc/{{PID}}/exe", "/proc/self/exe"):
    attempt(path, ctypes.CDLL, path)
import ctypes.util
attempt("find", lambda: ctypes.util.find_library("c"))
attempt("gcc", lambda: ctypes.util._findLib_gcc("c"))
libc.dlmopen.restype = ctypes.c_void_p
print(libc.dlmopen(ctypes.c_long(-1), b"libc.so.6", 2))
libc.dlerror.restype = ctypes.c_char_p
print(libc.dlopen(b"{{SECRET}}", 2), libc.dlerror())
""")),
    Payload("ctypes", "getpwnam, getaddrinfo and nss modules", (NATIVE, r"""
import pwd, grp
attempt("users", lambda: pwd.getpwall())
attempt("shadow", lambda: len(__import__("spwd").getspall()))
attempt("host", lambda: libc.gethostbyname(b"localhost"))
libc.__libc_dlopen_mode if hasattr(libc, "__libc_dlopen_mode") else None
attempt("shadow file", lambda: len(open("/etc/shadow").read()))
attempt("login", os.getlogin)
attempt("wordexp", lambda: libc.wordexp(b"$(cat {{SECRET}}; echo owned >> {{TARGET}})", ctypes.create_string_buffer(64), 0))
attempt("groups", lambda: (grp.getgrall(), os.getgroups()))
""")),
    Payload("native code", "machine code in writable and executable memory", (NATIVE, r"""
import mmap
code = bytes.fromhex("534989f04989d131f6b8020000000f0589c74c89c64c89ca31c00f055bc3")
buffer = ctypes.create_string_buffer(4096)
def run(memory):
    memory.write(code)
    at = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    call = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_long)(at)
    return call(b"{{SECRET}}", ctypes.addressof(buffer), 4096), buffer.value
if platform.machine() == "x86_64":
    attempt("rwx", lambda: run(mmap.mmap(-1, 4096, prot=7)))
    attempt("shared", lambda: run(mmap.mmap(-1, 4096, flags=1, prot=7)))
""")),
    Payload("native code", "mprotect makes a buffer executable", (NATIVE, r"""
code = bytes.fromhex("534989f04989d131f6b8020000000f0589c74c89c64c89ca31c00f055bc3")
room = ctypes.create_string_buffer(3 * 4096)
page = (ctypes.addressof(room) + 4095) & ~4095
ctypes.memmove(page, code, len(code))
print(attempt("mprotect", syscall, "mprotect", page, 4096, 7))
buffer = ctypes.create_string_buffer(4096)
if platform.machine() == "x86_64":
    call = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_long)(page)
    print(call(b"{{SECRET}}", ctypes.addressof(buffer), 4096), buffer.value)
""")),
    Payload("native code", "32-bit system calls by int 0x80", (NATIVE, r"""
import mmap
code = bytes.fromhex("5389fb4989f04989d131c931d2b805000000cd8089c34489c14489cab803000000cd805bc3")
libc.mmap.restype = ctypes.c_void_p
low = libc.mmap(None, ctypes.c_size_t(8192), 7, 0x62, -1, ctypes.c_long(0))
print(hex(low))
if platform.machine() == "x86_64" and 0 < low < 1 << 32:
    ctypes.memmove(low, code, len(code))
    ctypes.memmove(low + 1024, b"{{SECRET}}\0", len(b"{{SECRET}}\0"))
    call = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_long, ctypes.c_long, ctypes.c_long)(low)
    print(call(low + 1024, low + 4096, 4096), ctypes.string_at(low + 4096))
""", "print('alive')")),
    Payload("native code", "x32 system call numbers", (NATIVE, r"""
import mmap
def x32(number, *args):
    libc.syscall.restype = ctypes.c_long
    return libc.syscall(ctypes.c_long(0x40000000 | number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in args])
buffer = ctypes.create_string_buffer(4096)
fd = x32(2, b"{{SECRET}}", 0)
print(fd, x32(0, fd, buffer, 4096), buffer.value)
print(x32(62, {{PID}}, 9), x32(56, 0x10000000, 0, 0, 0, 0) if 0 else "", x32(90, b"{{TARGET}}", 0o777))
print(x32(520, b"/bin/cat", 0, 0))
""", "print('alive')")),
    Payload("native code", "call numbers with high bits, negative and past the end", (NATIVE, r"""
buffer = ctypes.create_string_buffer(4096)
def raw(number, *args):
    libc.syscall.restype = ctypes.c_long
    return libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in args])
for mask in (1 << 32, 1 << 63, 0xffffffff00000000):
    number = (mask | numbers["openat"]) - (1 << 64 if mask >> 63 else 0)
    fd = raw(number, -100, b"{{SECRET}}", 0)
    print(hex(mask), fd, fd > 2 and take(fd))
for number in (-1, 336, 512, 547, 600, 999, 1 << 20, 0x7fffffff, 335):
    print(number, raw(number, 0, 0, 0), flush=True)
""", "print('alive')")),
    Payload("native code", "text of libc rewritten through /proc/self/mem", (NATIVE, r"""
code = bytes.fromhex("534989f04989d131f6b8020000000f0589c74c89c64c89ca31c00f055bc3")
at = ctypes.cast(libc.getrpcbyname if hasattr(libc, "getrpcbyname") else libc.hcreate, ctypes.c_void_p).value
def patch():
    with open("/proc/self/mem", "r+b", 0) as memory:
        memory.seek(at)
        memory.write(code)
    buffer = ctypes.create_string_buffer(4096)
    call = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_long)(at)
    return call(b"{{SECRET}}", ctypes.addressof(buffer), 4096), buffer.value
if platform.machine() == "x86_64":
    attempt("patch", patch)
attempt("host", lambda: open("/proc/{{PID}}/mem", "r+b", 0).seek(at))
""")),
    Payload("native code", "an ELF program made of bytes, run from the writable folder", (TRY, r"""
import os, struct, subprocess
code = bytes.fromhex("488d3d3800000031f6b8020000000f0589c74881ec001000004889e6ba0010000031c00f0589c24889e6"
                     "bf01000000b8010000000f0531ffb83c0000000f05") + b"{{SECRET}}\0"
size = 120 + len(code)
elf = (b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0x400078, 64, 0, 0, 64, 56, 1, 0, 0, 0)
       + struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, size, size, 4096) + code)
for folder in (os.environ.get("TMPDIR", "/tmp"), "/tmp", "/dev/shm", "/var/tmp", "."):
    path = folder + "/tiny"
    if attempt("write", lambda: open(path, "wb").write(elf)):
        attempt("mode", os.chmod, path, 0o755)
        attempt("run", lambda: subprocess.run([path], capture_output=True, timeout=5))
        attempt("loader", lambda: subprocess.run(["/lib64/ld-linux-x86-64.so.2", path], capture_output=True, timeout=5))
        attempt("clean", os.unlink, path)
""")),
    Payload("native code", "a compiler, if there is one", (TRY, r"""
import os, subprocess
tmp = os.environ.get("TMPDIR", "/tmp")
source = r'''
#include <stdio.h>
#include <stdlib.h>
__attribute__((constructor)) void go(void) { char b[999]; FILE *f = fopen("{{SECRET}}", "r"); if (f && fgets(b, 999, f)) puts(b);
  system("echo owned >> {{TARGET}}"); fflush(stdout); }
int main(void) { return 0; }
'''
open(tmp + "/x.c", "w").write(source)
for compiler in ("cc", "gcc", "clang", "tcc"):
    attempt(compiler, lambda: subprocess.run([compiler, "-shared", "-fPIC", "-o", tmp + "/x.so", tmp + "/x.c"],
                                             capture_output=True, timeout=30).stderr)
    attempt("load", lambda: __import__("ctypes").CDLL(tmp + "/x.so"))
attempt("preload", lambda: subprocess.run(["true"], env={"LD_PRELOAD": tmp + "/x.so"}, capture_output=True))
""")),
    Payload("native code", "cffi opens libc", (TRY, r"""
import cffi
ffi = cffi.FFI()
ffi.cdef("int open(const char *, int, ...); long read(int, void *, unsigned long); int kill(int, int); int system(const char *);"
         "extern char **environ; long syscall(long, ...);")
C = ffi.dlopen(None)
buffer = ffi.new("char[4096]")
fd = C.open(b"{{SECRET}}", 0)
print(fd, C.read(fd, buffer, 4096), ffi.string(buffer))
print(C.system(b"echo owned >> {{TARGET}}"), C.kill({{PID}}, 9))
at = 0
while C.environ[at] != ffi.NULL:
    print(ffi.string(C.environ[at])); at += 1
""")),
    Payload("native code", "numpy array over any address", (TRY, r"""
import numpy
class Memory:
    def __init__(self, low, size):
        self.__array_interface__ = {"shape": (size,), "typestr": "|u1", "data": (low, False), "version": 3}
def areas():
    for line in open("/proc/self/maps"):
        if " rw" in line and ("[heap]" in line or "[stack]" in line):
            low, high = (int(part, 16) for part in line.split()[0].split("-"))
            yield low, high - low
for low, size in attempt("maps", lambda: list(areas())) or []:
    sift(numpy.asarray(Memory(low, size)).tobytes())
array = numpy.arange(4)
near = numpy.asarray(Memory(array.__array_interface__["data"][0] - 65536, 131072))
sift(near.tobytes())
""")),
    Payload("native code", "strides that run off the end", (TRY, r"""
import numpy
from numpy.lib.stride_tricks import as_strided
array = numpy.zeros(1 << 16, "u1")
for shift in range(1, 200):
    window = as_strided(array[:1], shape=(4096,), strides=(1,))
    far = as_strided(array[-1:], shape=(4096 * shift,), strides=(1,))
    sift(far.tobytes())
""", "print('alive')")),
    Payload("native code", "memory views with forged buffers", (TRY, r"""
import ctypes, array
class Buffer(ctypes.Structure):
    _fields_ = [("data", ctypes.c_ubyte * (1 << 16))]
for anchor in (bytearray(64), "x" * 100, b"y" * 100, array.array("b", b"z" * 100), object()):
    raw = Buffer.from_address(id(anchor) & ~0xfff)
    sift(bytes(memoryview(raw).cast("B")))
attempt("print", lambda: bytes((ctypes.c_char * 4096).from_address(id(print))))
""", "print('alive')")),
    Payload("native code", "callbacks from C into freed memory", (TRY, r"""
import ctypes
libc = ctypes.CDLL(None)
COMPARE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
def compare(a, b):
    libc.system(b"cat {{SECRET}}; echo owned >> {{TARGET}}")
    return 0
numbers = (ctypes.c_int * 4)(3, 1, 2, 0)
libc.qsort(numbers, 4, 4, COMPARE(compare))
hook = ctypes.CFUNCTYPE(None, ctypes.c_int)(lambda number: libc.system(b"cat {{SECRET}}"))
libc.signal(10, hook)
libc.raise_(10) if hasattr(libc, "raise_") else getattr(libc, "raise")(10)
last = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(lambda _: libc.system(b"echo owned >> {{TARGET}}"))
libc.__cxa_atexit(last, None, None)
libc.on_exit(hook, None)
libc.exit(0)
""",)),
]
