"""Bombs: processes, threads, memory. Every loop is counted."""

from tests.escapes.corpus import NATIVE, TRY, Payload

ALIVE = "print('alive')"

PAYLOADS: list[Payload] = [
    Payload("fork bomb", "two thousand sleeping children", (r"""
import os, time
made = 0
for _ in range(2000):
    try:
        if os.fork() == 0:
            time.sleep(20)
            os._exit(0)
        made += 1
    except OSError as error:
        print(made, error)
        break
""", ALIVE)),
    Payload("fork bomb", "children that fork children, eleven deep", (r"""
import os, time
for _ in range(11):
    try:
        os.fork()
    except OSError:
        break
time.sleep(5)
""", ALIVE)),
    Payload("fork bomb", "fork and exec of shells", (TRY, r"""
import subprocess
held = []
for _ in range(1000):
    try:
        held.append(subprocess.Popen(["sleep", "20"]))
    except OSError as error:
        print(len(held), error)
        break
attempt("shell", lambda: subprocess.run(["sh", "-c", "for i in $(seq 500); do sleep 20 & done; wait"], timeout=20))
""", ALIVE)),
    Payload("fork bomb", "vfork, clone and orphans in sessions of their own", (NATIVE, r"""
import time
made = 0
for number in range(1500):
    try:
        pid = syscall("clone", 17 | (0x8000 if number % 2 else 0), 0, 0, 0, 0)
        if pid == 0:
            os.setsid(); libc.prctl(1, 0, 0, 0, 0); time.sleep(20); os._exit(0)
        made += 1
    except OSError as error:
        print(made, error)
        break
""", ALIVE)),
    Payload("fork bomb", "children that live and die as fast as they can", (r"""
import os, time
end = time.time() + 30
count = 0
while time.time() < end and count < 20000:
    try:
        if os.fork() == 0:
            os._exit(0)
        count += 1
    except OSError:
        pass
print(count)
""", ALIVE)),
    Payload("fork bomb", "pools of processes without end", (r"""
import concurrent.futures, multiprocessing, time
pools = [concurrent.futures.ProcessPoolExecutor(61, mp_context=multiprocessing.get_context("fork")) for _ in range(20)]
for pool in pools:
    for _ in range(61):
        pool.submit(time.sleep, 20)
""", ALIVE)),
    Payload("thread bomb", "five thousand threads", (r"""
import threading, time
for number in range(5000):
    try:
        threading.Thread(target=time.sleep, args=(20,), daemon=True).start()
    except RuntimeError as error:
        print(number, error)
        break
""", ALIVE)),
    Payload("thread bomb", "threads that start threads", (r"""
import threading, time
count = [0]
def breed():
    while count[0] < 3000:
        count[0] += 1
        threading.Thread(target=breed).start()
    time.sleep(10)
breed()
""", ALIVE)),
    Payload("thread bomb", "threads with huge stacks", (r"""
import threading, time
threading.stack_size(1 << 30)
for number in range(500):
    try:
        threading.Thread(target=time.sleep, args=(20,)).start()
    except (RuntimeError, MemoryError) as error:
        print(number, error)
        break
""", ALIVE)),
    Payload("thread bomb", "non-daemon threads that never end", (r"""
import threading, time
def stay():
    for _ in range(600):
        try:
            time.sleep(1)
        except BaseException:
            pass
for _ in range(8):
    threading.Thread(target=stay, daemon=False).start()
print("cell done")
""", ALIVE)),
    Payload("thread bomb", "libraries told to use a thousand threads", (TRY, r"""
import os
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_MAX_THREADS"):
    os.environ[name] = "1000"
import numpy
attempt("limit", lambda: __import__("threadpoolctl").threadpool_limits(1000))
attempt("product", lambda: (numpy.random.rand(4000, 4000) @ numpy.random.rand(4000, 4000)).sum())
import duckdb, joblib
attempt("duckdb", lambda: duckdb.connect(config={"threads": "1000"}).sql("select sum(range) from range(100000000)").fetchall())
attempt("joblib", lambda: joblib.Parallel(500, prefer="threads")(joblib.delayed(sum)(range(99)) for _ in range(500)))
attempt("arrow", lambda: __import__("pyarrow").set_cpu_count(1000))
""", ALIVE)),
    Payload("memory bomb", "ten gigabytes at once", ("x = bytearray(10 * 2**30)", ALIVE)),
    Payload("memory bomb", "in steps, touched", (r"""
held = []
for _ in range(256):
    held.append(b"x" * 2**28)
print(len(held))
""", ALIVE)),
    Payload("memory bomb", "numpy zeros that become real", (r"""
import numpy
held = [numpy.ones(2**27) for _ in range(64)]
""", r"""
import numpy
numpy.zeros((2**16, 2**16)).fill(1)
""", ALIVE)),
    Payload("memory bomb", "a table that joins itself", (r"""
import pandas
frame = pandas.DataFrame({"k": [1] * 40000, "v": range(40000)})
frame.merge(frame, on="k").shape
""", ALIVE)),
    Payload("memory bomb", "lists in lists, doubled", (r"""
x = ["x" * 1000]
for _ in range(32):
    x = x + x
""", r"""
s = "ab"
for _ in range(34):
    s += s
""", ALIVE)),
    Payload("memory bomb", "integers without end", ("x = 1 << (1 << 38)", "len(str(10 ** 10 ** 7))", "9 ** 9 ** 9", ALIVE)),
    Payload("memory bomb", "mmap, shared and private", (r"""
import mmap
held = []
for _ in range(64):
    block = mmap.mmap(-1, 1 << 30)
    for page in range(0, 1 << 30, 4096):
        block[page] = 1
    held.append(block)
""", ALIVE)),
    Payload("memory bomb", "children share the load", (r"""
import os, time
for _ in range(32):
    try:
        if os.fork() == 0:
            held = [bytearray(2**28) for _ in range(8)]
            for block in held:
                block[::4096] = b"x" * len(block[::4096])
            time.sleep(10)
            os._exit(0)
    except OSError as error:
        print(error)
        break
time.sleep(5)
""", ALIVE)),
    Payload("memory bomb", "small objects by the hundred million",
            ("x = [object() for _ in range(10**9)]", "{i: str(i) for i in range(3 * 10**8)}", ALIVE)),
    Payload("memory bomb", "kernel memory: pipes, sockets, folders, dentries", (TRY, r"""
import fcntl, os, socket
held = []
try:
    for _ in range(5000):
        read, write = os.pipe(); os.set_blocking(write, False)
        fcntl.fcntl(write, 1031, 1 << 20)
        try:
            while os.write(write, bytes(65536)):
                pass
        except BlockingIOError:
            pass
        held.append((read, write))
except OSError as error:
    print(len(held), error)
for pair in held:
    os.close(pair[0]), os.close(pair[1])
tmp = os.environ.get("TMPDIR", "/tmp")
try:
    for number in range(200000):
        os.mkdir(f"{tmp}/{number:0200d}")
except OSError as error:
    print(number, error)
""", ALIVE)),
    Payload("memory bomb", "regular expressions, formats and templates that grow", (
        "'{:>50000000000}'.format(1)", "f'{1:0{10**10}}'", "'%0*d' % (2**31 - 1, 1)", "'x'.ljust(1 << 35)", "b'x'.zfill(1 << 35)",
        "','.join(['x' * 10**6] * 50000)", "import re; re.compile('(?:x{1,1000}){1,1000}' * 99)", "list(range(1 << 30))", ALIVE)),
    Payload("memory bomb", "scipy, sklearn and statsmodels with too much", (r"""
import numpy
from scipy.spatial.distance import pdist
pdist(numpy.random.rand(120000, 2)).sum()
""", r"""
from sklearn.preprocessing import PolynomialFeatures
PolynomialFeatures(12).fit_transform(numpy.random.rand(1000, 40)).shape
""", r"""
from scipy.linalg import toeplitz
numpy.linalg.svd(toeplitz(range(30000)))
""", ALIVE)),
    Payload("memory bomb", "compressed files that unpack", (r"""
import bz2, gzip, io, lzma, zlib
small = zlib.compress(bytes(2**26), 9)
for _ in range(3):
    small = zlib.compress(small, 9)
held = []
for _ in range(1000):
    data = small
    for _ in range(4):
        data = zlib.decompress(data)
    held.append(data)
""", r"""
import numpy
numpy.load(io.BytesIO(b"\x93NUMPY\x01\x00v\x00"
                      + b"{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776,), }".ljust(117) + b"\n"))
""", ALIVE)),
]
