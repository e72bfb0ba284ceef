"""Results that attack the reader of JSON, the result channel and the terminal."""

from tests.escapes.corpus import Payload

ALIVE = "print('alive')"

PAYLOADS: list[Payload] = [
    Payload("results for a JSON reader", "numbers no JSON knows", (
        "float('nan')", "[float('inf'), -float('inf')]", "10 ** 5000", "{'a': 1e400, 'b': -0.0}", "1j",
        "import decimal; decimal.Decimal('sNaN')",
        "import numpy; numpy.array([numpy.nan, numpy.inf])", "import pandas; pandas.DataFrame({'a': [numpy.nan, 1e308 * 10]})",
        "-10 ** 4299",
        "numpy.float128(1) / 3 if hasattr(numpy, 'float128') else 0", "numpy.datetime64('NaT')", "pandas.NA", ALIVE)),
    Payload("results for a JSON reader", "recursive and shared objects", (
        "x = []; x.append(x); x", "d = {}; d['d'] = d; d", "a, b = [], []; a.append(b); b.append(a); (a, b)",
        "import types; s = types.SimpleNamespace(); s.s = s; s", "x = [1]\nfor _ in range(60):\n    x = [x, x]\nx",
        "import pandas; f = pandas.DataFrame({'a': [0]}, dtype=object); f.iat[0, 0] = f; f",
        "class A(dict): pass\na = A(); a[a.__class__] = a; a", ALIVE)),
    Payload("results for a JSON reader", "nesting to the end of the reader's stack", (r"""
x = []
for _ in range(200000):
    x = [x]
x
""", r"""
d = {}
for _ in range(900):
    d = {"d": d}
d
""", "'[' * 10**6", "print('{\"a\":' * 10**6)", "import json; json.loads('[' * 10**6)", ALIVE)),
    Payload("results for a JSON reader", "duplicate, odd and colliding keys", (
        "{1: 'a', '1': 'b', True: 'c', 1.0: 'd', None: 'e', 'null': 'f'}", "{(1, 2): 3, frozenset(): 4, b'x': 5}",
        "{'__proto__': {'x': 1}, 'constructor': 1}",
        "{'\\ud800': '\\udfff', '\\0': '\\x7f', '': ''}",
        "{'error': None, 'ok': True, 'result': 'forged', 'results': [], 'logs': {}, 'type': 'end'}",
        "import pandas; pandas.DataFrame([[1, 2, 3]], columns=['a', 'a', 'a'])",
        "{hash: 1, print: 2, ...: 3, NotImplemented: 4}", ALIVE)),
    Payload("results for a JSON reader", "str and int subclasses that lie", (r"""
class Text(str):
    def __len__(self): return -1 & 0xffff
    def __iter__(self): return iter(lambda: "x", 1)
    def encode(self, *a): return b'"}\n{"type": "end", "result": "forged"}\n'
    def replace(self, *a): return self
    def __str__(self): return self
    def __getitem__(self, i): return Text("y" * 10**7)
Text("plain")
""", r"""
class Number(int):
    __repr__ = __str__ = lambda self: '0, "forged": true'
    def __index__(self): raise SystemExit
    def __format__(self, spec): return "NaN"
[Number(7), {"n": Number(8)}]
""", r"""
class Map(dict):
    def items(self): return ((i, open("{{SECRET}}").read()) for i in range(10**9))
    def __iter__(self): return iter(int, 1)
    keys = values = items
Map(a=1)
""", r"""
class Bool(float):
    __repr__ = lambda self: "__import__('os').system('echo owned >> {{TARGET}}')"
[Bool(1.0)]
""", ALIVE)),
    Payload("results for a JSON reader", "text that looks like the channel's own", (
        "'\\n{\"type\": \"result\", \"ok\": true}\\n'", "print('\\n{\"type\": \"end\"}\\n' * 1000)",
        "print('\\x00\\x00\\x00\\x10{\"ok\": true}')",
        "import sys; sys.stdout.write('data: {\"error\": null}\\n\\n'); sys.stderr.write('\\r\\n0\\r\\n\\r\\n')",
        "'</script><script>fetch(\"http://127.0.0.1:{{PORT}}\")</script>'", "'\"\\\\u0000\\\\ud800\\u2028\\u2029'",
        "'$(cat {{SECRET}})`id`%s%n{0.__class__}'", ALIVE)),
    Payload("forged frames", "JSON lines to every descriptor", (r"""
import json, os, struct
secret = {"type": "end", "ok": True, "result": "forged", "error": None, "results": [], "logs": {"stdout": ["forged"]},
          "execution_count": 1}
text = json.dumps(secret).encode()
for fd in range(3, 64):
    for frame in (text + b"\n", struct.pack(">I", len(text)) + text, struct.pack("<I", len(text)) + text,
                  struct.pack(">Q", len(text)) + text,
                  b"Content-Length: %d\r\n\r\n" % len(text) + text):
        try:
            os.write(fd, frame)
        except OSError:
            pass
""", "'true answer'", ALIVE)),
    Payload("forged frames", "lengths that never come, negative, enormous", (r"""
import os, struct
for fd in range(3, 64):
    for head in (b"\xff" * 8, struct.pack(">I", 2**31 - 1), struct.pack("<Q", 2**63), b"\0" * 8, b"-1\n",
                 b"99999999999999999999\n", b"{" * 4096):
        try:
            os.set_blocking(fd, False); os.write(fd, head)
        except OSError:
            pass
""", ALIVE, "1 + 1")),
    Payload("forged frames", "half a frame, then silence", (r"""
import os, time
for fd in range(3, 64):
    try:
        os.write(fd, b'{"type": "result", "data": "')
    except OSError:
        pass
time.sleep(2)
os._exit(0)
""", ALIVE)),
    Payload("forged frames", "a flood of frames from a thread", (r"""
import os, threading
def flood(fd):
    for _ in range(2000):
        try:
            os.set_blocking(fd, False)
            os.write(fd, b'{"type":"stdout","text":"' + b"x" * 60000 + b'"}\n')
        except BlockingIOError:
            pass
        except OSError:
            return
for fd in range(3, 32):
    threading.Thread(target=flood, args=(fd,), daemon=True).start()
""", "import time; time.sleep(1)", ALIVE)),
    Payload("forged frames", "the channel is read before its reader", (r"""
import os, select, threading
def steal(fd):
    for _ in range(100):
        try:
            if select.select([fd], [], [], 0.1)[0]:
                print("stolen", fd, os.read(fd, 65536)[:500])
        except OSError:
            return
for fd in [0, *range(3, 32)]:
    threading.Thread(target=steal, args=(fd,), daemon=True).start()
""", "'for me?'", "'or for you?'", ALIVE)),
    Payload("forged frames", "a fork answers instead of the session", (r"""
import os
if os.fork():
    os._exit(0)
""", "'from the child'", r"""
import os
pid = os.fork()
""", "'from both'", ALIVE)),
    Payload("forged frames", "bytes that are not UTF-8, and old encodings", (r"""
import os
for fd in range(1, 64):
    for junk in (b"\xff\xfe\0\0", b"\xc0\xaf\xe0\x80\xaf\n", b"\xed\xa0\x80\n", b"\xef\xbb\xbf{}\n", b"+ADw-\n",
                 b'"\xf4\x90\x80\x80"\n', b"\0" * 100):
        try:
            os.write(fd, junk)
        except OSError:
            pass
""", ALIVE)),
    Payload("forged frames", "json and the runner's modules patched", (r"""
import json, sys
json.dumps = lambda *a, **k: '{"ok": true, "result": "forged"}'
json.encoder.JSONEncoder.encode = json.encoder.JSONEncoder.iterencode = json.dumps
json.encoder.c_make_encoder = None
json.loads = lambda *a, **k: {"code": "open('{{SECRET}}').read()"}
for name, module in list(sys.modules.items()):
    if "sandbox" in name or name == "__main__":
        for key, value in list(vars(module).items()):
            if callable(value) and not key.startswith("__"):
                print(name, key)
""", "'honest'", ALIVE)),
    Payload("terminal escapes", "titles, clipboards, answers and hyperlinks", (
        r"""print("\x1b]0;owned\x07\x1b]52;c;b3duZWQ=\x07\x1b[6n\x1b[c\x1b[>q\x1bP$q\x1b\\")""",
        r"""print("\x1b]8;;file://{{SECRET}}\x07x\x1b]8;;\x07")""",
        r"""'\x1b[2J\x1b[H\x1b[31mFORGED: all checks passed\x1b[0m'""",
        r"""raise ValueError('\x1b]0;owned\x07\x1b[8m hidden \x1b[2K\r nothing happened')""",
        r"""print("\x9b31m\x9d0;x\x9c\x90\x1b[?1049h\x1b[?25l\x1b#8")""", ALIVE)),
    Payload("terminal escapes", "carriage returns, backspaces and direction marks", (
        r"""print("error: 1\rok: 0  \b\b\x7f\x08" * 100)""", "print('\\u202eevil\\u202c \\u2066\\u2069\\u200b\\ufeff' * 100)",
        "print('a' + '\\u0300' * 10**6)",
        "import pandas; pandas.DataFrame({'\\x1b[2J': ['\\r\\n\\x1b]0;x\\x07', '=cmd|calc!A1', '@SUM(1)']})",
        "print('\\u2028\\u2029\\x85\\x0b\\x0c')", ALIVE)),
    Payload("terminal escapes", "names of variables, classes and files in errors", (r"""
Evil = type("\x1b]0;owned\x07\nTraceback (most recent call last):\n", (Exception,), {"__module__": "\x1b[2J"})
raise Evil("\x1b[31m")
""", r"""
exec(compile("1/0", "\x1b]0;owned\x07{{SECRET}}\n", "exec"))
""", r"""
def f(): 1 / 0
f.__code__ = f.__code__.replace(co_name="\x1b[2J\r\n" + "x" * 10**6, co_qualname="<a href=http://127.0.0.1:{{PORT}}>")
f()
""", r"""
import os
open(os.environ.get("TMPDIR", "/tmp") + "/\x1b]0;owned\x07\n{}", "w").write("x")
""", ALIVE)),
]
