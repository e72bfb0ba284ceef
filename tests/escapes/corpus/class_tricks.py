"""Types made by hand, metaclasses, descriptors: code that runs where nobody called anything."""

from tests.escapes.corpus import LOOT, TRY, Payload

PAYLOADS: list[Payload] = [
    Payload("three-argument type", "a class whose operators act", (LOOT, r"""
import os
Act = type("Act", (), {"__add__": lambda self, x: loot(os), "__getitem__": lambda self, path: open(path).read(),
                       "__setitem__": lambda self, path, text: open(path, "a").write(text)})
attempt("add", lambda: Act() + 1)
attempt("get", lambda: Act()["{{SECRET}}"])
Act()["{{TARGET}}"] = "owned"
""")),
    Payload("three-argument type", "str subclass that lies to checks", (TRY, r"""
Path = type("Path", (str,), {"startswith": lambda self, *a: True, "__eq__": lambda self, o: True, "__hash__": str.__hash__,
                             "__contains__": lambda self, x: False, "find": lambda self, *a: -1,
                             "__fspath__": lambda self: "{{SECRET}}", "replace": lambda self, *a: self})
attempt("read", lambda: open(Path("data.csv")).read()[:99])
attempt("fspath", lambda: __import__("os").fspath(Path("data.csv")))
import pandas, pathlib
attempt("pandas", lambda: pandas.read_csv(Path("{{SECRET}}"), header=None))
attempt("path", lambda: pathlib.Path(Path("{{SECRET}}")).read_text())
""")),
    Payload("three-argument type", "type of a type of a module", (LOOT, r"""
import types
Module = type("Module", (types.ModuleType,), {"__getattr__": lambda self, name: __import__(name),
                                              "__call__": lambda self, *a: __import__("os").system(*a)})
fake = Module("fake")
loot(fake.os)
fake("cat {{SECRET}} >> {{TARGET}}")
import sys
sys.modules["json"].__class__ = Module
import json
print(json.posix.listdir("{{TARGETDIR}}"))
""", "1 + 1")),
    Payload("three-argument type", "mro entries and bases changed at run time", (LOOT, r"""
class Base:
    def __mro_entries__(self, bases):
        loot(__import__("os"))
        return ()
class Sub(Base()): pass
class A: pass
class B(A): pass
class Evil:
    def __del__(self): __import__("os").system("cat {{SECRET}}")
attempt("bases", lambda: setattr(B, "__bases__", (Evil,)))
b = B(); del b
""")),
    Payload("three-argument type", "namedtuple and make_dataclass inject code", (LOOT, r"""
import collections, dataclasses
attempt("namedtuple", lambda: collections.namedtuple("X", ["a"], defaults=[open("{{SECRET}}").read()])())
class Text(str):
    def isidentifier(self): return True
    def __hash__(self): return hash("a")
attempt("field", lambda: dataclasses.make_dataclass("X", [(Text("a=__import__('os').system('cat {{SECRET}}')"), int, 1)]))
attempt("module", lambda: dataclasses.make_dataclass("X", [("a", "__import__('os').system('cat {{SECRET}}')")]))
import typing
attempt("hints", lambda: typing.get_type_hints(type("T", (), {"__annotations__": {"x": "open('{{SECRET}}').read()"}})))
reference = typing.ForwardRef("__import__('os').system('echo owned >> {{TARGET}}')")
attempt("forward", lambda: reference._evaluate({}, {}, recursive_guard=frozenset()))
""")),
    Payload("metaclasses", "__prepare__ hands out a namespace that imports", (LOOT, r"""
import builtins
class Space(dict):
    def __missing__(self, name):
        if name.startswith("__") or hasattr(builtins, name) or name in globals():
            raise KeyError(name)
        return __import__(name)
class Meta(type):
    @classmethod
    def __prepare__(cls, name, bases):
        return Space()
class Body(metaclass=Meta):
    found = posix.open("{{SECRET}}", 0)
    print(posix.read(found, 4096))
    loot(os)
""")),
    Payload("metaclasses", "__call__, __getitem__ and __instancecheck__", (LOOT, r"""
class Meta(type):
    def __call__(cls, *a): return open("{{SECRET}}").read()
    def __getitem__(cls, path): return open(path, "a").write("owned")
    def __instancecheck__(cls, other): loot(__import__("os")); return True
    def __getattr__(cls, name): return __import__(name)
class X(metaclass=Meta): pass
print(X()); attempt("item", lambda: X["{{TARGET}}"]); print(isinstance(1, X), X.socket)
attempt("connect", lambda: X.socket.create_connection(("127.0.0.1", {{PORT}})))
""")),
    Payload("metaclasses", "exception classes that are not caught", (LOOT, r"""
class Meta(type):
    def __subclasscheck__(cls, other): loot(__import__("os")); return True
    def __hash__(cls): loot(__import__("os")); return 1
class Strange(BaseException, metaclass=Meta):
    pass
try:
    raise ValueError
except Strange:
    print("caught")
except ValueError:
    pass
raise Strange(open("{{SECRET}}").read())
""", "print('next')")),
    Payload("metaclasses", "__init_subclass__ and __set_name__", (LOOT, r"""
class Parent:
    def __init_subclass__(cls, path=None, **rest): print(open(path).read())
attempt("subclass", lambda: type("C", (Parent,), {}, path="{{SECRET}}"))
class Slot:
    def __set_name__(self, owner, name): loot(__import__(name))
class Owner:
    os = Slot()
""")),
    Payload("metaclasses", "__class_getitem__ and subscripts in annotations", (TRY, r"""
class Read:
    def __class_getitem__(cls, path): return open(path).read()
def f(x: Read["{{SECRET}}"] = 1) -> Read["/proc/{{PID}}/environ"]: pass
print(f.__annotations__)
""", r"""
class Eval:
    __class_getitem__ = eval
y: Eval["open('{{TARGET}}', 'w').write('owned')"] = 1
""")),
    Payload("descriptors", "decorators call without calls", (TRY, r"""
@print
@list
@open
@lambda _: "{{SECRET}}"
class X: pass
""", r"""
@__import__("os").system
@"cat {{SECRET}}; echo owned >> {{TARGET}}; touch {{TARGETDIR}}/owned".format
def f(): pass
""", r"""
@exec
@"import os; os.kill({{PID}}, 9)".format
class Y: pass
""")),
    Payload("descriptors", "operators bound to builtins", (TRY, r"""
class Run:
    __pos__ = lambda self: open("{{SECRET}}").read()
    __contains__ = lambda self, code: exec(code)
    __matmul__ = lambda self, path: open(path, "a").write("owned")
    __iter__ = lambda self: iter(open("{{SECRET}}"))
    __enter__ = lambda self: __import__("os").system("touch {{TARGETDIR}}/owned")
    __exit__ = lambda self, *a: True
    __getattr__ = staticmethod(__import__)
run = Run()
print(+run, [*run])
attempt("in", lambda: "import os; os.kill({{PID}}, 9)" in run)
attempt("at", lambda: run @ "{{TARGET}}")
with run: raise ValueError
print(run.os.environ)
""",)),
    Payload("descriptors", "pattern matching reads attributes", (LOOT, r"""
import os
class Point:
    __match_args__ = ("system", "environ", "open")
match os:
    case object(environ=env, open=opener, read=reader):
        print({k: v for k, v in env.items() if "CANARY" in k}, reader(opener("{{SECRET}}", 0), 99))
match __builtins__ if isinstance(__builtins__, dict) else vars(__builtins__):
    case {"__import__": load, **rest}:
        loot(load("os"))
""")),
    Payload("descriptors", "property on a frame of data handed to pandas", (TRY, r"""
import pandas
class Cell:
    def __lt__(self, other): print(open("{{SECRET}}").read()); return True
    def __float__(self): return float(len(open("{{TARGET}}", "a").write("owned") * "x"))
    def __hash__(self): return __import__("os").system("touch {{TARGETDIR}}/owned")
    def __repr__(self): return open("{{SECRET}}").read()
frame = pandas.DataFrame({"a": [Cell(), Cell()]})
attempt("sort", frame.sort_values, "a")
attempt("float", lambda: frame["a"].astype(float))
attempt("group", lambda: frame.groupby("a").size())
attempt("mean", frame["a"].mean)
""", "frame")),
    Payload("descriptors", "slots, weak references and __class__ assignment", (LOOT, r"""
import types, weakref, sys
class Plain: pass
module = sys.modules[__name__]
class Hook(types.ModuleType):
    def __setattr__(self, name, value): loot(__import__("os"))
    @property
    def answer(self): return open("{{SECRET}}").read()
attempt("class", lambda: setattr(module, "__class__", Hook))
attempt("answer", lambda: module.answer)
module.x = 1
thing = Plain()
ref = weakref.ref(thing, lambda _: print(open("{{SECRET}}").read()))
del thing
""")),
    Payload("descriptors", "__missing__ globals for exec", (LOOT, r"""
class Names(dict):
    def __getitem__(self, name):
        try:
            return dict.__getitem__(self, name)
        except KeyError:
            return getattr(__import__("builtins"), name, None) or __import__(name)
exec("print(open('{{SECRET}}').read()); loot(os); socket.create_connection(('127.0.0.1', {{PORT}}), 1)", Names(loot=loot))
""")),
]
