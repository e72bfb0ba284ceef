"""Floods of output and of files, and programs that never end. Every loop that writes is counted."""

from tests.escapes.corpus import TRY, Payload

ALIVE = "print('alive')"

PAYLOADS: list[Payload] = [
    Payload("output flood", "print for ever", ("while True:\n    print('x' * 1000)", ALIVE)),
    Payload("output flood", "a gigabyte in one string", (
        "print('x' * 2**30)", "import sys; sys.stderr.write('e' * 2**30)", ALIVE)),
    Payload("output flood", "straight to the descriptors", (r"""
import os
block = b"y" * 2**20
for fd in (1, 2):
    for _ in range(4096):
        os.write(fd, block)
""", ALIVE)),
    Payload("output flood", "children write too", (r"""
import os, subprocess
for _ in range(8):
    try:
        if os.fork() == 0:
            for _ in range(1024):
                os.write(1, b"z" * 2**20)
            os._exit(0)
    except OSError as error:
        print(error)
subprocess.run("yes | head -c 4000000000", shell=True)
""", ALIVE)),
    Payload("output flood", "single bytes, empty lines and flushes", (r"""
import sys
for _ in range(30_000_000):
    sys.stdout.write("\n"); sys.stdout.flush()
""", r"""
import os
for _ in range(30_000_000):
    os.write(2, b".")
""", ALIVE)),
    Payload("output flood", "a result of a gigabyte", ("'x' * 2**30", "b'x' * 2**30", "[0] * 10**8",
                                                       "{str(i): i for i in range(10**7)}", ALIVE)),
    Payload("output flood", "a chart with a million points", (r"""
import altair, numpy, pandas
altair.data_transformers.disable_max_rows()
frame = pandas.DataFrame({"x": numpy.arange(10**6), "y": numpy.random.rand(10**6)})
altair.Chart(frame).mark_point().encode(x="x", y="y")
""", r"""
[altair.Chart(frame.head(20000)).mark_line().encode(x="x", y="y") for _ in range(50)]
""", ALIVE)),
    Payload("output flood", "errors and warnings without end", (r"""
import warnings
warnings.simplefilter("always")
for number in range(10**7):
    warnings.warn("w" * 1000 + str(number))
""", "raise ValueError('x' * 2**30)", "raise ExceptionGroup('x', [ValueError('y' * 10**5) for _ in range(10**4)])", r"""
def deep(n):
    try:
        deep(n + 1)
    finally:
        raise KeyError("x" * 10**5)
deep(0)
""", ALIVE)),
    Payload("output flood", "a thousand results displayed", (r"""
try:
    from IPython.display import display
except ImportError:
    display = globals().get("display", print)
for _ in range(100000):
    display("x" * 10000)
""", r"""
class Rich:
    def _repr_mimebundle_(self, **k): return {f"text/x{i}": "x" * 10**5 for i in range(10**4)}
Rich()
""", ALIVE)),
    Payload("output flood", "surrogates, NULs and half characters", (
        "print('\\ud800' * 10)", "print('\\0' * 10**6)", "import os; os.write(1, bytes(range(256)) * 1000)",
        "import os; os.write(1, b'\\xf0\\x9f')",
        "import sys; sys.stdout.buffer.write(b'\\xff\\xfe' * 10**5)", "'\\ud83d' + chr(0) + chr(0x10ffff)", ALIVE)),
    Payload("disk bomb", "one file until the disk is full", (r"""
import os
tmp = os.environ.get("TMPDIR", "/tmp")
with open(tmp + "/big", "wb", 0) as file:
    for _ in range(512):
        file.write(b"d" * 2**23)
""", ALIVE, "open(tmp + '/next', 'w').write('x')")),
    Payload("disk bomb", "a million small files and folders", (r"""
import os
tmp = os.environ.get("TMPDIR", "/tmp")
for number in range(300000):
    with open(f"{tmp}/f{number}", "w") as file:
        file.write("x")
""", ALIVE)),
    Payload("disk bomb", "deep folders and long names", (r"""
import os
os.chdir(os.environ.get("TMPDIR", "/tmp"))
for depth in range(5000):
    os.mkdir("d" * 200); os.chdir("d" * 200)
""", r"""
import os
fd = os.open(os.environ.get("TMPDIR", "/tmp"), os.O_RDONLY)
for depth in range(3000):
    os.mkdir("e" * 255, dir_fd=fd)
    fd, old = os.open("e" * 255, os.O_RDONLY, dir_fd=fd), fd
    os.close(old)
""", ALIVE)),
    Payload("disk bomb", "sparse, preallocated and deleted but open", (TRY, r"""
import os
tmp = os.environ.get("TMPDIR", "/tmp")
for size in (1 << 31, 1 << 33):
    attempt("allocate", lambda: os.posix_fallocate(os.open(tmp + "/a", os.O_CREAT | os.O_RDWR), 0, size))
    attempt("sparse", lambda: os.truncate(tmp + "/a", size << 10))
held = []
def hidden():
    for number in range(16):
        file = open(f"{tmp}/h{number}", "wb", 0); os.unlink(file.name); held.append(file)
        for _ in range(32):
            file.write(bytes(2**23))
attempt("hidden", hidden)
""", ALIVE)),
    Payload("disk bomb", "other places that may be writable", (TRY, r"""
import os
for folder in ("/", ".", "/tmp", "/var/tmp", "/dev", "/dev/shm", "/run", "/run/lock", "/proc", "/home", "/dev/mqueue", "/usr",
               "/etc",
               os.path.dirname(os.__file__), os.path.expanduser("~")):
    def fill():
        fd = os.open(folder, os.O_TMPFILE | os.O_RDWR)
        for _ in range(64):
            os.write(fd, bytes(2**20))
        os.close(fd)
        return "filled"
    attempt(folder, fill)
""", ALIVE)),
    Payload("disk bomb", "temporary files of libraries", (r"""
import duckdb, os
tmp = os.environ.get("TMPDIR", "/tmp")
connection = duckdb.connect(tmp + "/big.db")
for number in range(200):
    connection.sql(f"create table t{number} as select random() r, hash(range)::varchar h from range(1000000)")
""", r"""
import numpy, pandas
numpy.memmap(tmp + "/m", mode="w+", shape=1 << 32, dtype="u1")[::4096] = 1
""", r"""
pandas.DataFrame(numpy.random.rand(10**6, 50)).to_csv(tmp + "/c.csv")
""", ALIVE)),
    Payload("time bomb", "a loop without end", ("while True: pass", ALIVE)),
    Payload("time bomb", "sleep, input, locks and joins", (
        "import time; time.sleep(10**6)", "import threading; lock = threading.Lock(); lock.acquire(); lock.acquire()",
        "import queue; queue.Queue().get()", "import select; select.select([], [], [])", "import signal; signal.pause()", ALIVE)),
    Payload("time bomb", "one C call that never comes back", (
        "import re; re.match('(a+)+$', 'a' * 64 + 'b')", "import itertools; sum(itertools.repeat(0))",
        "(3 ** 20_000_000) % 7 and str(3 ** 5_000_000)",
        "max(iter(int, 1))", "list(zip(*[iter(int, 1)]))", "'x' in iter(str, 1)", ALIVE)),
    Payload("time bomb", "the interrupt is caught again and again", (r"""
def stay():
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
        finally:
            continue
stay()
""", ALIVE)),
    Payload("time bomb", "a finally that recurses", (r"""
def again(n=0):
    try:
        while True:
            pass
    finally:
        again(n + 1)
again()
""", ALIVE)),
    Payload("time bomb", "the compiler is the bomb", (TRY, r"""
for text in ("(" * 5000 + ")" * 5000, "x = " + "-" * 50000 + "1", "[" * 2000 + "]" * 2000, "lambda: " * 3000 + "1",
             "1" + " + 1" * 10**6, "x = " + "{'a': " * 900 + "1" + "}" * 900,
             "if 1:\n" + "".join(" " * i + "if 1:\n" for i in range(1, 90)) + " " * 90 + "pass",
             "f'" + "{1}" * 60000 + "'", "a = b = " * 20000 + "1", "a." * 10**5 + "a", "f(" * 90 + ")" * 90, "not " * 10**5 + "1",
             "with a, " + "b, " * 10**4 + "c: pass",
             "try: pass\n" + "except A: pass\n" * 10**5, "(1 << 10 ** 6) ** 99", "'x' * 10**11"):
    attempt(text[:9], lambda: compile(text, "x", "exec"))
""", "import ast; ast.parse('(' * 190 + ')' * 190)", "(" * 150 + "1" + ")" * 150, "-" * 900 + "1", ALIVE)),
    Payload("time bomb", "names, numbers and strings too long", (
        "x" * 10**6 + " = 1", "0x" + "f" * 10**6, "# " + "c" * 10**6, "\n" * 10**6 + "print('end')", "1" + " + 1" * 900,
        "x = 1;" * 10**4, "def f(" + ", ".join(f"a{i}" for i in range(5000)) + "): pass\nf", "x = '" + "s" * 10**6 + "'\nx",
        ALIVE)),
    Payload("time bomb", "imports and class bodies that hang", (r"""
import os, sys
tmp = os.environ.get("TMPDIR", "/tmp")
open(tmp + "/hang.py", "w").write("import time\nwhile True:\n    time.sleep(1)\n")
sys.path.insert(0, tmp)
import hang
""", r"""
class Hang:
    def __init_subclass__(cls):
        while True:
            pass
class Sub(Hang): pass
""", ALIVE)),
    Payload("time bomb", "numpy, sklearn and statsmodels without end", (r"""
import numpy
numpy.linalg.eig(numpy.random.rand(9000, 9000))
""", r"""
from sklearn.svm import SVC
SVC(kernel="poly", degree=20, C=1e9, tol=1e-12).fit(numpy.random.rand(50000, 20), numpy.random.rand(50000) > 0.5)
""", r"""
import scipy.optimize
scipy.optimize.brute(lambda x: (x ** 2).sum(), [slice(0, 1, 1e-3)] * 5)
""", ALIVE)),
    Payload("time bomb", "work that goes on between the cells", (r"""
import threading, time
def later():
    while True:
        try:
            print("still printing between cells"); open("{{TARGET}}", "a").write("late")
        except Exception:
            pass
        time.sleep(0.01)
threading.Thread(target=later, daemon=True).start()
""", "import time; time.sleep(0.5)", ALIVE)),
    Payload("time bomb", "asyncio tasks, atexit and weak finalizers that hang", (r"""
import asyncio, atexit, threading, weakref
def hang():
    while True:
        pass
atexit.register(hang)
threading._register_atexit(hang)
class Thing: pass
thing = Thing(); weakref.finalize(thing, hang)
async def stubborn():
    while True:
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError:
            pass
""", "asyncio.run(asyncio.wait_for(stubborn(), 0.1))", "del thing", ALIVE)),
]
