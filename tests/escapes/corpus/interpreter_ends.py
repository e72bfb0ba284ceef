"""Interpreters that end or cripple themselves."""

from tests.escapes.corpus import NATIVE, Payload

ALIVE = "print('alive')"

PAYLOADS: list[Payload] = [
    Payload("interpreter end", "_exit, exit, quit and SystemExit", (
        "import os; os._exit(0)", ALIVE, "exit()", ALIVE, "raise SystemExit('bye')", ALIVE,
        "import sys; sys.exit({'x': 1})", ALIVE)),
    Payload("interpreter end", "killed by itself", (
        "import os; os.kill(os.getpid(), 9)", ALIVE, "import os, signal; os.kill(os.getpid(), 15)", ALIVE)),
    Payload("interpreter end", "abort and segmentation fault", (
        "import ctypes; ctypes.string_at(0)", ALIVE, "import os; os.abort()", ALIVE,
        "import signal; signal.raise_signal(11)", ALIVE)),
    Payload("interpreter end", "illegal instruction, trap, bus error, division", (NATIVE, r"""
import mmap
def run(code):
    memory = mmap.mmap(-1, 4096, prot=7)
    memory.write(code)
    ctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))()
run(b"\x0f\x0b")
""", "run(b'\\xcc\\xc3')", r"""
path = os.environ.get("TMPDIR", "/tmp") + "/bus"
open(path, "wb").write(b"x")
memory = mmap.mmap(os.open(path, 2), 0)
os.truncate(path, 0)
memory[0]
""", ALIVE)),
    Payload("interpreter end", "recursion to the end of the stack", (r"""
import sys
sys.setrecursionlimit(2**31 - 1)
def down(n): return down(n + 1) + 1
down(0)
""", ALIVE, r"""
x = []
for _ in range(10**6):
    x = [x]
repr(x)
""", r"""
class Down:
    def __getattr__(self, name): return getattr(self, name + "x")
Down().a
""", "import ast; ast.literal_eval('-' * 10**6 + '1')", "compile('(' * 10**5 + ')' * 10**5, '', 'eval')", ALIVE)),
    Payload("interpreter end", "standard streams closed", (r"""
import sys
sys.stdout.close(); sys.stderr.close(); sys.stdin.close()
sys.__stdout__.close(); sys.__stderr__.close()
""", ALIVE, "1 + 1", "1 / 0")),
    Payload("interpreter end", "standard streams replaced with worse ones", (r"""
import sys
class Worse:
    encoding = errors = property(lambda self: 1 / 0)
    closed = False
    def write(self, text):
        raise SystemExit(text)
    def flush(self):
        while True:
            pass
    def fileno(self):
        return -1
    def __getattr__(self, name):
        raise KeyboardInterrupt(name)
sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = Worse()
print("x")
""", ALIVE, "del sys.stdout, sys.stderr", ALIVE, "sys.stdout = None", "1 + 1")),
    Payload("interpreter end", "builtins and modules emptied", (r"""
import builtins, sys
for name in list(vars(builtins)):
    if name != "list":
        try:
            delattr(builtins, name)
        except Exception:
            pass
""", ALIVE, "1 + 1")),
    Payload("interpreter end", "sys.modules cleared", (r"""
import sys
sys.modules.clear()
""", ALIVE, "import json; json.dumps(1)", "1 + 1")),
    Payload("interpreter end", "garbage collector and allocator misused", (r"""
import gc, sys
gc.disable(); gc.set_threshold(1); gc.set_debug(gc.DEBUG_LEAK | gc.DEBUG_STATS)
gc.callbacks.append(lambda *args: [bytes(10**6) for _ in range(10)])
sys.setswitchinterval(10**6)
x = [[] for _ in range(10**6)]
""", "gc.collect()", ALIVE)),
    Payload("interpreter end", "the namespace of the cells destroyed", (
        "globals().clear()", ALIVE, "x = 1; del x, __name__", ALIVE,
        "globals().update({k: None for k in dir(__builtins__)})", ALIVE,
        "__builtins__ = None", ALIVE, "locals().clear(); vars().clear()", "1 + 1")),
    Payload("interpreter end", "every thread state but this one", (NATIVE, r"""
attempt("interrupt", lambda: [ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(SystemExit))
                              for ident in __import__("sys")._current_frames()])
ctypes.pythonapi.Py_FinalizeEx()
""", ALIVE)),
    Payload("interpreter end", "Py_FatalError and a corrupted type", (NATIVE, r"""
ctypes.memset(id(tuple) + 16, 0xff, 200)
""", ALIVE, r"""
ctypes.pythonapi.Py_FatalError(b"{{SECRET}} forged")
""", ALIVE)),
]
