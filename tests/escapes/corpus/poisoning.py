"""Poison left for whoever comes later."""

from tests.escapes.corpus import LOOT, NATIVE, TRY, Payload

ALIVE = "print('alive')"

PAYLOADS: list[Payload] = [
    Payload("poisoning", "modules patched for the next session", (r"""
import pandas, numpy, json, builtins, os
pandas.read_csv = lambda *a, **k: "poisoned"
numpy.mean = lambda *a, **k: 42
json.dumps = lambda *a, **k: "poisoned"
builtins.print = lambda *a, **k: None
builtins.open = lambda *a, **k: None
os.environ["PYTHONPATH"] = "{{TARGETDIR}}"; os.environ["LD_PRELOAD"] = "{{TARGETDIR}}/x.so"; os.environ["PATH"] = "{{TARGETDIR}}"
""", "pandas.DataFrame.__init__ = None", "1 + 1")),
    Payload("poisoning", "libraries' files open for writing", (TRY, r"""
import os, sys, numpy, pandas, duckdb, site, sysconfig
def probe(path):
    os.close(os.open(path, os.O_WRONLY | os.O_APPEND))
    broke(path)
def room(path):
    os.close(os.open(path, os.O_TMPFILE | os.O_RDWR))
    broke(path)
for module in (os, pandas, numpy, duckdb):
    attempt("file", probe, module.__file__)
    attempt("compiled", probe, module.__spec__.cached or module.__file__)
    attempt("folder", room, os.path.dirname(module.__file__))
for path in (*site.getsitepackages(), sysconfig.get_path("stdlib"), sys.prefix, os.path.dirname(sys.executable), "/etc",
             "/usr/lib", "/lib64"):
    attempt(path, room, path)
attempt("python", probe, sys.executable)
""")),
    Payload("poisoning", "compiled files and caches", (TRY, r"""
import compileall, importlib.util, os, py_compile, sys
tmp = os.environ.get("TMPDIR", "/tmp")
open(tmp + "/poison.py", "w").write("raise SystemExit('poisoned')")
for target in (importlib.util.cache_from_source(tmp + "/poison.py"), "{{TARGETDIR}}/owned.pyc"):
    attempt("compile", lambda: py_compile.compile(tmp + "/poison.py", target))
sys.pycache_prefix = "{{TARGETDIR}}"
sys.dont_write_bytecode = False
attempt("all", lambda: compileall.compile_dir(tmp, quiet=1))
sys.path.insert(0, tmp)
attempt("import", lambda: __import__("poison"))
for name in ("sitecustomize.py", "usercustomize.py", "pandas.py", "json.py", "numpy.py", "x.pth", "pyvenv.cfg", "conftest.py",
             "python._pth"):
    for folder in (tmp, "."):
        attempt(name, lambda: open(f"{folder}/{name}", "w").write("import os; os.system('echo owned >> {{TARGET}}')"))
""", "import importlib; importlib.invalidate_caches()")),
    Payload("poisoning", "sys.modules, path and hooks for whoever forks next", (LOOT, r"""
import sys, types, os
fake = types.ModuleType("pandas"); fake.read_csv = lambda *a: loot(os)
sys.modules["pandas"] = sys.modules["duckdb"] = sys.modules["json"] = fake
sys.path[:] = ["{{TARGETDIR}}"]
sys.meta_path.clear(); sys.path_hooks.clear()
sys.setrecursionlimit(50)
""", ALIVE, "1 + 1")),
    Payload("poisoning", "the parent's pages written through sharing", (NATIVE, r"""
attempt("small int", lambda: ctypes.c_int.from_address(id(7) + 24).__setattr__("value", 8))
for name in ("None", "True"):
    attempt("count", lambda: setattr(ctypes.c_ssize_t.from_address(id(eval(name))), "value", 1))
def shared_maps():
    for line in open("/proc/self/maps"):
        if line.split()[1] == "rw-s":
            low, high = (int(part, 16) for part in line.split()[0].split("-"))
            print(line); ctypes.memset(low, 0x41, min(high - low, 4096))
attempt("shared", shared_maps)
""", "print(7 + 0)", ALIVE)),
    Payload("poisoning", "configuration files of libraries and shells", (TRY, r"""
import os, pathlib
home = pathlib.Path(os.path.expanduser("~"))
tmp = os.environ.get("TMPDIR", "/tmp")
print(home, {name: os.environ.get(name) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "MPLCONFIGDIR")})
for name in (".config", ".cache", ".local", ".duckdb", ".ipython"):
    def probe():
        os.close(os.open(home / name if (home / name).is_dir() else home, os.O_TMPFILE | os.O_RDWR))
        print("room in", home / name, "inside", tmp)
    attempt(name, probe)
for path in ("/etc/ld.so.preload", "/etc/ld.so.cache", "/etc/passwd", "/etc/resolv.conf", "/etc/profile", "/etc/crontab",
             "/var/spool/cron/root"):
    def write():
        os.close(os.open(path, os.O_WRONLY | os.O_APPEND)); broke(path)
    attempt(path, write)
""")),
    Payload("poisoning", "warnings, locale, random state, numpy errors, pandas options", (r"""
import locale, numpy, pandas, random, warnings, decimal, gc
warnings.simplefilter("error"); numpy.seterr(all="raise"); random.seed(0); numpy.random.seed(0)
pandas.set_option("display.max_rows", 10**9); pandas.set_option("mode.chained_assignment", None)
decimal.getcontext().prec = 1; gc.disable(); gc.freeze()
try:
    locale.setlocale(locale.LC_ALL, "de_DE.UTF-8")
except locale.Error as error:
    print(error)
import os, time
os.environ["TZ"] = "Pacific/Kiritimati"; time.tzset(); os.umask(0); os.nice(19)
""", "random.random(), numpy.random.rand()")),
    Payload("poisoning", "thread-local, context and codec registries", (LOOT, r"""
import codecs, contextvars, copyreg, os, sys, threading
codecs.register(lambda name: loot(os))
attempt("codec", lambda: "x".encode("no_such_codec_here"))
codecs.register_error("strict", lambda error: ("", error.end))
copyreg.pickle(dict, lambda d: (os.system, ("echo owned >> {{TARGET}}",)))
copyreg.dispatch_table[list] = lambda x: (eval, ("open('{{SECRET}}').read()",))
sys.intern("poison"); threading.excepthook = None
import builtins, encodings
encodings._cache.clear(); encodings.search_function = None
""", "'ä'.encode()", ALIVE)),
    Payload("poisoning", "a debugger, a profile and a trace left on", (LOOT, r"""
import faulthandler, os, sys, threading, tracemalloc
tracemalloc.start(100)
sys.setprofile(lambda *a: None); threading.setprofile(lambda *a: None); sys.settrace(lambda *a: None)
sys.breakpointhook = lambda *a: loot(os)
faulthandler.dump_traceback_later(0.2, exit=True)
sys.set_asyncgen_hooks(firstiter=lambda g: loot(os), finalizer=lambda g: loot(os))
sys.set_coroutine_origin_tracking_depth(10**6)
""", "import time; time.sleep(0.5)", ALIVE)),
    Payload("poisoning", "what a fork of this session would inherit", (LOOT, r"""
import os, signal
os.register_at_fork(after_in_child=lambda: loot(os))
signal.signal(signal.SIGCHLD, lambda *a: loot(os))
os.set_inheritable(1, True)
os.putenv("PYTHONSTARTUP", "{{TARGETDIR}}/x.py"); os.putenv("PYTHONINSPECT", "1")
pid = attempt("fork", os.fork)
if pid == 0:
    os._exit(0)
""", ALIVE)),
    Payload("poisoning", "tool results and session globals overwritten", (r"""
for name in list(globals()):
    if not name.startswith("__") and callable(globals()[name]):
        globals()[name] = lambda *a, **k: open("{{SECRET}}").read()
__name__ = "{{SECRET}}"; __file__ = "{{SECRET}}"; __spec__ = None; __loader__ = open
class _: pass
import builtins
builtins.len = lambda x: 10**9
""", "_", "len([])", ALIVE)),
]
