"""What exceptions carry with them, and what happens when they are shown."""

from tests.escapes.corpus import LOOT, TRY, Payload

PAYLOADS: list[Payload] = [
    Payload("exception attributes", "AttributeError.obj leads home", (LOOT, r"""
try:
    "{0.x}".format(open)
except AttributeError as error:
    owner = error.obj
    print(owner, error.name)
    loot(owner.__self__.__import__("os") if hasattr(owner.__self__, "__import__") else __import__("os"))
    print(owner("{{SECRET}}").read())
""")),
    Payload("exception attributes", "AttributeError.obj from library internals", (LOOT, r"""
import json, csv, string
found = []
class Odd:
    def __getattr__(self, name):
        raise AttributeError(name, name=name, obj=self)
for call in (lambda: json.dump({}, Odd()), lambda: json.load(Odd()), lambda: csv.reader(Odd()),
             lambda: string.Template.substitute(None), lambda: __import__("pandas").DataFrame().nothing,
             lambda: json.nothing, lambda: string.nothing._x):
    try:
        call()
    except AttributeError as error:
        found.append(error.obj)
    except Exception as error:
        found.append(error.__traceback__.tb_frame)
for thing in found:
    scope = getattr(thing, "__dict__", None) or getattr(thing, "f_globals", {})
    print(type(thing), [key for key in scope][:20])
    if "codecs" in scope:
        print(scope["codecs"].open("{{SECRET}}").read())
        loot(scope["codecs"].sys.modules["os"])
""")),
    Payload("exception attributes", "except* with a group that acts", (LOOT, r"""
class Act(ExceptionGroup):
    def derive(self, excs):
        import os
        loot(os)
        return Act(self.message, excs)
try:
    raise Act("x", [ValueError(1), TypeError(2), KeyError("{{SECRET}}")])
except* ValueError as group:
    frame = group.__traceback__.tb_frame
    print(frame.f_builtins["open"]("{{SECRET}}").read())
except* TypeError as group:
    print(group.exceptions)
except* Exception:
    pass
""")),
    Payload("exception attributes", "except* nested groups of a million", (r"""
group = ExceptionGroup("g", [ValueError(i) for i in range(1000)])
for depth in range(2000):
    group = ExceptionGroup("g", [group])
try:
    raise group
except* ValueError as caught:
    raise caught
""", "print('still here')")),
    Payload("exception attributes", "NameError and ImportError carry names", (LOOT, r"""
try:
    eval("secret_name")
except NameError as error:
    print(error.name, error.__traceback__.tb_next.tb_frame.f_globals.keys())
    loot(error.__traceback__.tb_next.tb_frame.f_builtins["__import__"]("os"))
try:
    from os import nothing
except ImportError as error:
    print(error.path, error.name, open(error.path).read()[:100])
""")),
    Payload("exception attributes", "__context__ and __cause__ chains of the runner", (TRY, r"""
def chain(error):
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        tb = error.__traceback__
        while tb:
            print(tb.tb_frame.f_code.co_filename, list(tb.tb_frame.f_locals)[:20])
            tb = tb.tb_next
        error = error.__cause__ or error.__context__
import sys
class Watch(Exception):
    def __init__(self):
        chain(sys.exc_info()[1]); chain(getattr(sys, "last_exc", None)); chain(getattr(sys, "last_value", None))
    @property
    def __traceback__(self):
        import os
        attempt("read", lambda: open("{{SECRET}}").read())
    @property
    def __cause__(self):
        return Watch()
raise Watch
""")),
    Payload("exception attributes", "the error's text is the secret", (r"""
raise RuntimeError(open("{{SECRET}}").read())
""", r"""
class Loud(Exception):
    def __str__(self):
        return open("/proc/{{PID}}/environ").read() + open("{{SECRET}}").read()
raise Loud
""", r"""
error = ValueError("x"); error.add_note(open("{{SECRET}}").read()); raise error
""")),
    Payload("exception attributes", "the traceback's source line is the secret", (r"""
exec(compile("1/0", "{{SECRET}}", "exec"))
""", r"""
raise SyntaxError("x", ("{{SECRET}}", 1, 1, None, 1, 2))
""", r"""
import warnings
warnings.simplefilter("always")
warnings.warn_explicit("look", UserWarning, "{{SECRET}}", 1)
""", r"""
def f():
    raise KeyError
f.__code__ = f.__code__.replace(co_filename="{{SECRET}}", co_firstlineno=0)
f()
""", r"""
exec(compile("\n" * 3 + "boom", "/proc/{{PID}}/environ", "exec"))
""")),
    Payload("exception attributes", "a loader in the globals of the failing frame", (r"""
class Loader:
    def get_source(self, name):
        import os
        os.system("echo owned >> {{TARGET}}")
        return open("{{SECRET}}").read() * 3
exec(compile("1/0", "<made up>", "exec"), {"__name__": "made.up", "__loader__": Loader()})
""", r"""
import linecache
linecache.cache["<cell>"] = (9, None, ["{{SECRET}}"] * 9, "{{SECRET}}")
linecache.lazycache("{{SECRET}}", {"__name__": "x", "__loader__": Loader()})
linecache.getlines = linecache.updatecache = lambda *args: [open("{{SECRET}}").read()] * 99
1 / 0
""")),
    Payload("exception attributes", "hooks for errors replaced", (LOOT, r"""
import sys, threading, traceback
def hook(*args):
    loot(__import__("os"))
sys.excepthook = sys.unraisablehook = sys.breakpointhook = sys.displayhook = threading.excepthook = hook
traceback.format_exception = traceback.print_exc = traceback.print_exception = hook
traceback.TracebackException.__init__ = hook
traceback.TracebackException.format = hook
""", "1 / 0", "breakpoint()", "'shown'")),
    Payload("exception attributes", "a broken traceback", (r"""
class Broken(BaseException):
    __slots__ = ()
    __module__ = property(lambda self: 1 / 0)
    def __getattribute__(self, name):
        raise Broken
    def __str__(self):
        raise SystemExit(3)
    __repr__ = __str__
raise Broken
""", r"""
class Name(type):
    __name__ = __qualname__ = property(lambda cls: [1] * 10)
    __module__ = None
    def __instancecheck__(cls, other): raise Broken
    def __subclasscheck__(cls, other): raise Broken
class Worse(Exception, metaclass=Name): pass
raise Worse(Worse)
""", r"""
e = ValueError("loop"); f = KeyError("loop"); e.__cause__ = f; f.__cause__ = e
e.__notes__ = [object()] * 5 + ["x" * 10**8]
raise e
""", "print('alive')")),
    Payload("exception attributes", "StopIteration and GeneratorExit thrown at the runner", (
        "raise StopIteration(open('{{SECRET}}').read())", "raise GeneratorExit('x')", "raise KeyboardInterrupt",
        "raise StopAsyncIteration", "raise MemoryError", "raise RecursionError", "raise SystemError('forged')",
        "raise SystemExit('{{SECRET}}')", "print('alive')",
    )),
]
