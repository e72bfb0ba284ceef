"""Frames of generators, coroutines, tracebacks and callers."""

from tests.escapes.corpus import LOOT, TRY, Payload

PAYLOADS: list[Payload] = [
    Payload("frames", "generator walks out through f_back", (LOOT, r"""
def climb():
    yield generator.gi_frame.f_back
generator = climb()
frame = next(generator)
while frame is not None:
    print(frame.f_code.co_filename, frame.f_code.co_name, sorted(frame.f_locals)[:40])
    box = frame.f_builtins
    frame = frame.f_back
loot(box["__import__"]("os"))
""")),
    Payload("frames", "locals of the runner's frames", (TRY, r"""
import sys
frame, depth = sys._getframe(), 0
while frame:
    for name, value in list(frame.f_locals.items()):
        print(depth, frame.f_code.co_name, name, repr(value)[:300])
        for method in ("fileno", "getsockname", "getpeername"):
            if hasattr(value, method):
                attempt(method, getattr(value, method))
    frame, depth = frame.f_back, depth + 1
""", r"""
for name in dir():
    print(name, repr(globals()[name])[:200])
""")),
    Payload("frames", "coroutine frame without a loop", (LOOT, r"""
async def quiet():
    import os
    return os
coroutine = quiet()
print(coroutine.cr_frame.f_globals.keys(), coroutine.cr_code)
try:
    coroutine.send(None)
except StopIteration as stop:
    loot(stop.value)
""")),
    Payload("frames", "async generator and athrow", (LOOT, r"""
async def numbers():
    try:
        yield 1
    except ValueError as error:
        yield error.__traceback__.tb_frame.f_builtins["__import__"]
agen = numbers()
def drive(awaitable):
    try:
        awaitable.send(None)
    except StopIteration as stop:
        return stop.value
drive(agen.asend(None))
loot(drive(agen.athrow(ValueError()))("os"))
print(agen.ag_frame)
""")),
    Payload("frames", "traceback of a caught error", (LOOT, r"""
try:
    1 / 0
except ZeroDivisionError as error:
    frame = error.__traceback__.tb_frame
    while frame.f_back:
        frame = frame.f_back
    print(frame.f_code.co_filename, list(frame.f_globals)[:60])
    loot(frame.f_builtins["__import__"]("os"))
""")),
    Payload("frames", "the runner's globals changed through a frame", (TRY, r"""
import sys
frame = sys._getframe()
while frame:
    for name, value in list(frame.f_globals.items()):
        if callable(value) and any(word in name.lower() for word in ("limit", "check", "send", "reply", "result", "emit")):
            print("replaced", frame.f_code.co_name, name)
            frame.f_globals[name] = lambda *args, **kwargs: print("hooked", repr(args)[:500])
    frame = frame.f_back
""", "open('{{SECRET}}').read()", "1 + 1")),
    Payload("frames", "constants and code of the runner rewritten", (TRY, r"""
import sys, gc, types
def owned(*args, **kwargs):
    return open("{{SECRET}}").read()
frame = sys._getframe().f_back
while frame:
    for function in gc.get_referrers(frame.f_code):
        if isinstance(function, types.FunctionType):
            print(function)
            attempt("code", setattr, function, "__code__", owned.__code__)
            attempt("defaults", setattr, function, "__defaults__", (b"{{SECRET}}",) * 3)
    frame = frame.f_back
""", "2 + 2")),
    Payload("frames", "f_locals written while a caller runs", (TRY, r"""
import ctypes, sys
frame = sys._getframe().f_back
while frame:
    for name, value in list(frame.f_locals.items()):
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            frame.f_locals[name] = 10**9
            ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(0))
            print("raised", frame.f_code.co_name, name, value)
    frame = frame.f_back
""", "print('x' * 10)")),
    Payload("frames", "settrace and setprofile on the way out", (LOOT, r"""
import sys, threading
seen = []
def trace(frame, event, arg):
    seen.append((frame.f_code.co_filename, frame.f_code.co_name, event))
    if event == "return" and len(seen) < 300:
        for name, value in frame.f_locals.items():
            seen.append((name, repr(value)[:80]))
    return trace
sys.settrace(trace); sys.setprofile(trace); threading.settrace(trace)
frame = sys._getframe()
while frame:
    frame.f_trace = trace
    frame = frame.f_back
""", r"""
sys.settrace(None); sys.setprofile(None)
print(seen[:200])
""", "loot(__import__('os'))")),
    Payload("frames", "audit hook and monitoring of the runner", (LOOT, r"""
import sys
events = []
sys.addaudithook(lambda event, args: events.append((event, repr(args)[:100])) if len(events) < 2000 else None)
if hasattr(sys, "monitoring"):
    sys.monitoring.use_tool_id(1, "x")
    sys.monitoring.register_callback(1, 1, lambda code, offset: events.append(code.co_filename))
    sys.monitoring.set_events(1, 1)
""", "print(events[:300]); loot(__import__('os'))")),
    Payload("frames", "inspect.stack with source lines", (TRY, r"""
import inspect
for record in inspect.stack(10):
    print(record.filename, record.lineno, record.function, record.code_context)
    attempt("source", lambda: inspect.getsource(record.frame)[:3000])
attempt("file", lambda: inspect.findsource(compile("", "{{SECRET}}", "exec")))
""")),
    Payload("frames", "generator throw plants a frame", (LOOT, r"""
def inner():
    try:
        yield
    finally:
        import sys
        caller = sys._getframe(1)
        print(caller.f_code.co_name, list(caller.f_locals)[:30])
g = inner(); next(g)
try:
    g.throw(KeyError("x"))
except KeyError as error:
    tb = error.__traceback__
    while tb:
        print(tb.tb_frame, tb.tb_lineno)
        tb = tb.tb_next
loot(g.gi_code.__class__.__init__.__objclass__ and __import__("os"))
""")),
    Payload("frames", "current frames of all threads", (TRY, r"""
import sys, threading, traceback
for ident, frame in sys._current_frames().items():
    print(ident, "".join(traceback.format_stack(frame))[-2000:])
    while frame:
        for name, value in frame.f_locals.items():
            if name in ("self", "sock", "channel", "pipe", "conn", "out", "fd", "writer"):
                print(name, repr(value), repr(getattr(value, "__dict__", None))[:500])
        frame = frame.f_back
print(threading.enumerate())
""")),
]
