"""Code made of text, bytes and other code."""

from tests.escapes.corpus import LOOT, TRY, Payload

PAYLOADS: list[Payload] = [
    Payload("dynamic code", "exec, eval and compile in layers", (LOOT, r"""
text = "attempt('read', lambda: open('{{SECRET}}').read())"
for _ in range(3):
    text = f"exec({text!r})"
exec(text)
eval(compile("loot(__import__('os'))", "", "eval"))
[exec(compile(__import__("ast").parse("open('{{TARGET}}','a').write('owned')"), "", "exec")) for _ in (1,)]
""")),
    Payload("dynamic code", "base64, zlib, marshal and rot13 wrapped", (LOOT, r"""
import base64, codecs, marshal, zlib
source = "import os; print(os.read(os.open('{{SECRET}}', 0), 999)); os.system('touch {{TARGETDIR}}/owned')"
packed = base64.b85encode(zlib.compress(source.encode()))
exec(zlib.decompress(base64.b85decode(packed)))
exec(codecs.decode(codecs.encode(source, "rot13"), "rot13"))
exec(marshal.loads(marshal.dumps(compile(source, "x", "exec"))))
exec(bytes.fromhex(source.encode().hex()))
""")),
    Payload("dynamic code", "code objects patched together", (LOOT, r"""
import types
def template(a):
    return nothing(a).read()
code = template.__code__.replace(co_names=tuple("open" if n == "nothing" else n for n in template.__code__.co_names))
print(types.FunctionType(code, {"__builtins__": __builtins__})("{{SECRET}}"))
maker = type((lambda: 0).__code__)
attempt("maker", maker, 0, 0, 0, 0, 0, 0, b"", (), (), (), "", "", "", 0, b"", b"")
""")),
    Payload("dynamic code", "bytecode that reads past its constants", (r"""
import types
def f(): pass
code = bytes([151, 0]) + bytes([144, 255, 144, 255, 100, 255]) * 4 + bytes([83, 0])
try:
    print(types.FunctionType(f.__code__.replace(co_code=code, co_stacksize=50), {})())
except BaseException as error:
    print(error)
""", "print('alive')")),
    Payload("dynamic code", "interactive console and doctest", (LOOT, r"""
import code, doctest, timeit
code.InteractiveInterpreter({"loot": loot}).runsource("loot(__import__('os'))")
attempt("console", lambda: code.InteractiveConsole().push("print(open('{{SECRET}}').read())"))
attempt("doctest", lambda: doctest.run_docstring_examples(">>> open('{{SECRET}}').read()\n''\n", {}))
attempt("timeit", timeit.timeit, "print(open('{{SECRET}}').read())", number=1)
attempt("profile", lambda: __import__("cProfile").run("import os; os.system('echo owned >> {{TARGET}}')"))
attempt("trace", lambda: __import__("trace").Trace(count=0, trace=0).run("import os; os.kill({{PID}}, 9)"))
attempt("bdb", lambda: __import__("bdb").Bdb().run("print(open('{{SECRET}}').read())"))
""")),
    Payload("dynamic code", "threads, timers and executors run it elsewhere", (LOOT, r"""
import asyncio, concurrent.futures, os, sched, threading, time
threading.Thread(target=loot, args=(os,)).start()
threading.Timer(0.05, lambda: print(open("{{SECRET}}").read())).start()
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    print(pool.submit(lambda: open("{{SECRET}}").read()).exception())
queue = sched.scheduler(time.time, time.sleep)
queue.enter(0.05, 1, loot, (os,)); queue.run()
async def main():
    return await asyncio.to_thread(lambda: open("{{SECRET}}").read())
attempt("async", lambda: asyncio.run(main()))
""", "import time; time.sleep(0.3)")),
    Payload("dynamic code", "lambda calculus without names", (r"""
(lambda o: (print(o.read(o.open("{{SECRET}}", 0), 999)), o.write(o.open("{{TARGET}}", 1), b"owned")))(
    (lambda m: m(chr(111) + chr(115)))(getattr(print.__self__,
                                               "".join(map(chr, (95, 95, 105, 109, 112, 111, 114, 116, 95, 95))))))
""", r"""
(*map(lambda f: print(f.read()), map(open, ["{{SECRET}}"])),)
""")),
    Payload("dynamic code", "sub-interpreters", (TRY, r"""
def interpreters():
    for name in ("_interpreters", "_xxsubinterpreters"):
        try:
            return __import__(name)
        except ImportError:
            pass
module = interpreters()
source = "import os\nprint(open('{{SECRET}}').read())\nos.system('echo owned >> {{TARGET}}; kill -9 {{PID}}')"
def go():
    made = module.create()
    try:
        (getattr(module, "exec", None) or module.run_string)(made, source)
    finally:
        module.destroy(made)
attempt("interpreter", go)
attempt("list", lambda: module.list_all())
""")),
]
