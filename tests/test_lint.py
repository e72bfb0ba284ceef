"""Advice about code: what is refused, what is only remarked on, and what is nobody's business."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.analysis.lint import LintFinding, lint, lint_cells
from tests.escapes.corpus import all_payloads

REFUSED = {
    "import": """
from os import system
from os import *
from os import path, execv as e
from os.path import os
from sys import modules
import importlib.machinery
from subprocess import run
def f(): import socket
import ctypes
from importlib import import_module
import pickle
from urllib.request import urlopen
from . import x
import sklearnx
import _ctypes
import numpy.ctypeslib
from random import _os
from pandas.io.common import os
""",
    "call": """
eval('1')
run = exec
[compile][0]('1', '', 'eval')
__import__('os')
__builtins__
pd.read_pickle('x')
df.to_pickle('x.pkl')
np.load('x', allow_pickle=True)
np.load('x', None, True)
import joblib; joblib.load('x')
from joblib import load
import torch as t; t.load('x')
ｅｖａｌ('1')
""",
    "attribute": """
().__class__.__base__
getattr(x, '__globals__')
getattr(x, '__glo' + 'bals__')
name = '__globals__'; getattr(x, name)
"".__class__; x.__class__.__mro__
x.__class__ = y
import os; os.system('x')
import os as o; o.kill(1, 9)
import os; os.posix_spawn; os.fork()
import ｏｓ; os.ｐｏｐｅｎ('x')
import os; run = os.open
import os; x = os
import os; f(os)
import os; def_ = lambda os: 1; f(os)
import os; getattr(os, name)
import os; getattr(os, 'system')
import os; '{0.name}'.format(os)
import os; os.getcwd = print
import sys; sys.modules['x']
import sys; sys._current_frames(); sys.settrace(f)
import sys; sys.meta_path.append(x)
import importlib; importlib.import_module('x')
import importlib.util as u; u.find_spec('x').loader.load_module()
import gc; gc.get_objects()
from os import path; x = path
class A: pass; object.__subclasses__()
class A: y = A.__subclasses__()[0].__subclasses__()
def f(cls): return cls.__subclasses__()
super().__getattribute__('x')
(i for i in x).gi_frame
error.__traceback__.tb_next
frame.f_back
frame.f_builtins
import random; random._os
import statistics as s; s.sys.modules
pd.io.common.os
import numpy as n; n.lib._npyio_impl.os
getattr(np, 'os')
from operator import attrgetter; attrgetter('a.__class__')
scope['__builtins__']
class A: __reduce__ = 1; y = x.__reduce_ex__
x.𝐠𝐢_𝐟𝐫𝐚𝐦𝐞
""",
    "format": """
'{0.__class__}'.format(x)
'{0[a].__init__.__globals__}'.format(x)
t = '{x.__class__}'; t.format_map({'x': x})
str.format('{0.f_globals}', x)
'{:{0.__class__}}'.format(x)
""",
    "expression": """
df.query('@pd.io.common.os.system(1)')
df.query('@pd.read_pickle("x")')
df.query('@__builtins__.open(1)')
df.query('a > @x.__class__')
df.query('@os.getcwd()')
q = 'a.__class__'; df.query(q)
df.eval('b = @np.load("x")')
pd.eval('open(f)')
pd.eval('@x.ｇｉ_ｆｒａｍｅ')
smf.ols('y ~ open(x)', df)
smf.ols(formula='y ~ I(__import__(x))', data=df)
""",
    "sql": """
db.sql("COPY t TO '/data/out.csv'")
db.execute('copy (select 1) to ' + "'../x.parquet'")
db.sql("EXPORT DATABASE '/data/x'")
db.sql("IMPORT DATABASE 'x'")
db.sql("ATTACH '/data/x.db'")
db.sql("attach 'sqlite:x.db'")
db.sql('INSTALL httpfs; LOAD httpfs')
db.sql("LOAD 'x.duckdb_extension'")
db.sql("SELECT * FROM read_csv('/etc/passwd')")
db.sql("FROM read_csv(['a.csv', '../b.csv'])")
db.sql("FROM read_parquet('s3://b/x.parquet')")
db.sql("SELECT content FROM read_text('/proc/self/environ')")
db.sql("FROM glob('/home/*')")
db.sql("FROM 'https://example.org/x.csv'")
db.sql("FROM /* a */ '/data/x.csv' -- b")
db.query("SELECT * FROM 'file:///x.csv'")
db.sql('SET enable_external_access = true')
db.sql('pragma lock_configuration=false')
db.sql("CREATE SECRET s (TYPE s3)")
db.sql("SELECT * FROM sqlite_scan('x', 'y')")
q = "COPY t TO '/data/out.csv'"; db.execute(q)
db.sql("FROM query('select content from read_text(''/etc/passwd'')')")
""",
    "file": "pd.read_csv('/etc/passwd')\nopen('/proc/self/environ')\nimport os; os.listdir('/proc')\n"
    "for path in ['a.csv', '/etc/shadow']: open(path)",
    "write": "open('/x', 'w')\nopen('../x', mode='r+')\nopen('/data/x', 'ab').write(b'')\nimport io; io.open('/x', 'w')\n"
    "import os; os.remove('/data/x')\nfrom shutil import rmtree; rmtree('/data')",
    "syntax": "x = (\nreturn return\n%matplotlib inline",
}
ADVISED = """
import random
import pathlib
import polars
open('x', 'w')
open('x', mode='r+')
open('out/x.csv', 'ab').write(b'')
import os; os.makedirs('out', exist_ok=True)
import os; os.listdir('/data')
import os; dict(os.environ)
import os; [k for k in os.environ]
from os import environ; environ.items()
import sys; sys.exit()
db.sql("COPY t TO 'out.csv'")
db.sql("EXPORT DATABASE 'x'")
db.sql("ATTACH 'x.duckdb'")
G.__class__()
f"{x.__class__}"
open('x', m)
open('x', **how)
open(path, 'w')
getattr(x, name)
input()
exit()
x.__strange__
x.__dict__
type('A', (), {})
df.to_csv('out.csv')
plt.savefig('plot.png')
pd.read_csv('https://example.org/x.csv')
pd.read_csv('/data/sales.csv')
df.query('day > @pd.Timestamp("2020-01-01")')
db.sql('SET threads = 2')
db.sql('PRAGMA threads=4')
db.sql('INSTALL icu')
np.load('x', allow_pickle=flag)
"""
FINE = r"""
import pandas as pd, duckdb; from scipy import stats, signal; import statsmodels.api as sm; signal.detrend(x)
import datetime, math, json, statistics, collections, itertools, functools, decimal, io, warnings, typing
from urllib.parse import urlparse
from __future__ import annotations
from sklearn.model_selection import train_test_split
import re; re.compile('x')
from re import compile; compile('x')
df.eval('a + b'); df.eval('c = a / b'); model.eval()
df.query('a > 1'); df.query('load > 5 and set == 1'); df.query('from_date > "2020"'); df.query('`a b` > 1')
df.query('a > @threshold'); df.query('a in @names'); df.query('a > @limits.max()'); df.query('a > @df.a.mean()')
df.query('name.str.contains("x", na=False)'); df.query('mail.str.endswith("@os.org")'); df.query('a.isin(@x) and open > close')
df.query('os.str.startswith("L")'); df.os; df.sys.mean(); df['os']; df.signal; df.code; df.resource
from datetime import date; df.query('day >= @date.today()')
import math; df.query('a > @math.pi')
df.query(f'a > {threshold}')
'{0.name} {1:>8} {2!r} {x[0]}'.format(a, b, c, x=x); f'{x.mean():.2f}'; '{:,}'.format(1); df.style.format('{:.2f}')
'{"a": {}}'.format(1)
import os, sys, gc, shutil, importlib
import os.path as p; p.join('a', 'b'); p.exists('data.csv')
from os import path, getcwd; path.join(getcwd(), 'data.csv'); from os.path import splitext
import os; os.getcwd(); os.listdir('.'); os.sep + os.linesep; os.path.getsize('data.csv'); os.cpu_count() or len(os.sched_getaffinity(0))
import os; os.environ.get('HOME'); os.environ['OMP_NUM_THREADS'] = '1'; os.environ.setdefault('A', 'b'); 'A' in os.environ; os.getenv('A')
import os; os.remove('/tmp/x.csv'); os.makedirs('/tmp/out', exist_ok=True); os.remove(path); hasattr(os, 'fork'); getattr(os, 'sep')
import sys; 'google.colab' in sys.modules
from os.path import *; join('a', 'b')
import sys; sys.version.split()[0]; sys.version_info >= (3, 11); sys.platform; sys.maxsize; sys.getsizeof(x); sys.float_info.epsilon; sys.argv[1:]
import sys; print('a', file=sys.stderr); sys.stdout.write('a'); sys.stdout.flush(); sys.setrecursionlimit(5000); sys.byteorder; sys.path.append('.')
import sys; saved = sys.stdout; sys.stdout = buffer; sys.stdout = saved
import gc; gc.collect(); import importlib.metadata; importlib.metadata.version('pandas')
class A: pass; print(A.__subclasses__(), [c.__name__ for c in A.__subclasses__()])
x.__class__.__name__; type(x).__name__; super().__init__(); object.__setattr__(self, 'a', 1); cls.__annotations__
open('x').read(); open('x', 'rb'); open('x', encoding='utf-8'); open('/tmp/x', 'w'); df.to_csv('/tmp/x.csv'); df.to_csv()
df.to_csv(buffer); Path('x.csv'); pd.read_json('[{"a": 1}]'); pd.read_csv(f'{name}.csv'); pd.read_csv('sub/data.csv')
np.load('x.npy', allow_pickle=False); json.load(open('x')); model.load('x')
db.sql('SELECT * FROM t'); db.sql("FROM 'data.csv'"); db.sql("SELECT * FROM read_csv('data.csv', header = true)").df()
db.sql("SELECT 'COPY x TO ''y''', a -- LOAD x; INSTALL y"); db.sql("COPY t TO '/tmp/x.csv'"); db.sql("COPY t FROM 'data.csv'")
db.sql("ATTACH ':memory:' AS m; ATTACH 'x.duckdb' AS x (READ_ONLY)"); db.sql("LOAD icu; LOAD json"); db.sql("SET VARIABLE x = 1")
db.sql("UPDATE t SET a = 1 WHERE load > 1; PRAGMA table_info('t'); PRAGMA show_tables"); db.sql(f"FROM read_csv('{path}')")
db.sql("SELECT extract(year FROM day), trim(both 'x' FROM y) FROM t"); db.query("select 1")
smf.ols('y ~ np.log(x) + C(g, Treatment("a")) + I(x ** 2)', df)
class A:  __slots__ = ()
raise ValueError('x').with_traceback(error.__traceback__); import traceback; traceback.print_tb(error.__traceback__); e.__traceback__.tb_lineno
print(__name__, pd.__version__); pattern = '\d'; text = 'import os; eval(x.__globals__)'  # __import__('os')
pd.DataFrame({'name': ['a', 'b'], 'value': [1, 2]}); np.array([0.1, 0.25, 0.5]); pd.DataFrame({'a': df.a, 'b': df.b})
"""


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line]


@pytest.mark.parametrize(("rule", "code"), [(rule, code) for rule, codes in REFUSED.items() for code in lines(codes)])
def test_refused(rule: str, code: str) -> None:
    findings = lint(code)
    assert (rule, "refuse") in [(finding.rule, finding.level) for finding in findings]
    for finding in findings:
        assert finding.message.endswith(".") and finding.instead.endswith((".", "?"))


def test_sql_that_a_function_of_the_programs_own_runs_is_read() -> None:
    code = "def ask(sql): return db.sql(sql).df()\nask('select sum(x) from sales')\nask('copy this')\nask(\"from read_text('/etc/passwd')\")"
    assert [(f.line, f.rule, f.level) for f in lint(code)] == [(4, "sql", "refuse")]


def test_a_module_that_a_function_also_calls_its_argument_is_still_that_module() -> None:
    found = lint("import os\ndef f(os):\n    return os.open('x', 0)\nf(os)\nos.getcwd()")
    assert [(f.line, f.level) for f in found] == [(3, "refuse"), (4, "refuse")]


@pytest.mark.parametrize("code", lines(ADVISED))
def test_advised(code: str) -> None:
    assert [finding.level for finding in lint(code)] == ["advise"]


PLUGINS = """
class Model:
    kinds = {}
    def __init_subclass__(cls, **more):
        super().__init_subclass__(**more)
        cls.kinds[cls.__name__] = cls
    @classmethod
    def all(cls):
        return {kind.__name__: kind for kind in cls.__subclasses__()}
    def copy(self):
        return self.__class__(**self.__dict__)
    def __repr__(self):
        return f"{self.__class__.__name__}({self.__dict__})"
    def __eq__(self, other):
        return type(self) is type(other) and self.__dict__ == vars(other)
    def parents(self):
        return [c.__name__ for c in type(self).__mro__] + [c.__qualname__ for c in self.__class__.__bases__]
class Linear(Model): pass
print([kind.__name__ for kind in Model.__subclasses__()])
"""


@pytest.mark.parametrize("code", ["", PLUGINS, "a\n\n\x0cb", *lines(FINE)])
def test_nothing_to_say(code: str) -> None:
    assert lint(code) == []


@pytest.mark.parametrize("code", ["def f():\nreturn", "x = '\0'", "(" * 5000, "-" * 100_000 + "1", "\ud800"])
def test_what_is_no_python_is_a_finding(code: str) -> None:
    assert [(finding.rule, finding.level) for finding in lint(code)] == [("syntax", "refuse")]


def test_positions_count_from_one_in_characters_and_in_order() -> None:
    findings = lint("x = 1\nå = 'é'; eval('1')\nimport pickle")
    assert [(finding.line, finding.col, finding.rule) for finding in findings] == [(2, 10, "call"), (3, 1, "import")]
    assert lint("a\nb c")[0] == LintFinding(2, 3, "syntax", "This is not Python: invalid syntax.", "Correct that line.")


def test_what_to_do_instead_is_about_the_case() -> None:
    instead = {
        code: lint(code)[0].instead for code in ("import sklearnx", "import seaborn", "import requests", "%time x", "import zzzz")
    }
    assert "`sklearn`" in instead["import sklearnx"] and "--data" in instead["import requests"] and "%" in instead["%time x"]
    assert "altair" in instead["import seaborn"] and "pandas" in instead["import zzzz"]


def test_a_missing_library_that_the_code_can_do_without_is_advice() -> None:
    assert [f.level for f in lint("try:\n    import zzzz\nexcept ImportError:\n    zzzz = None")] == ["advise"]
    assert lint("import helpers", modules=["helpers"]) == []


def test_weights_alone_hide_no_code() -> None:
    assert not [f for f in lint("import torch\ntorch.load('x', weights_only=True)") if f.level == "refuse"]


def test_cells_share_what_they_import_and_name() -> None:
    found = lint_cells(["import random as r\nq = '@os.x'", "r._os", "df.query(q)", "x = (", "eval(1)"])
    assert [[f.rule for f in cell if f.level == "refuse"] for cell in found] == [
        [],
        ["attribute"],
        ["expression"],
        ["syntax"],
        ["call"],
    ]
    assert lint_cells([]) == []


def test_a_name_of_the_programs_own_is_no_module() -> None:
    assert lint("import statistics\nstatistics = df.describe()\nstatistics.sys") == []
    assert lint("alt = df\nalt.os") == []


@pytest.mark.parametrize(
    "code",
    [
        f"pd.DataFrame({{'a': {list(range(20))}}})",
        f"pd.DataFrame({[[1, -2]] * 20})",
        f"rows = {[{'a': 1}] * 20}\ndf = pd.DataFrame(rows)",
        f"a = {list(range(20))}\npd.DataFrame({{'a': a}})",
        f"pd.DataFrame({[[1] * 10] * 10})",
        f"np.array({list(range(100))})",
        "pd.read_csv(StringIO('''a,b\n" + "1,2\n" * 20 + "'''))",
        "db.sql('CREATE TABLE t AS VALUES " + ", ".join(["(1, 2)"] * 20) + "')",
    ],
)
def test_a_table_written_into_the_code(code: str) -> None:
    assert [(f.rule, f.level) for f in lint(code)] == [("data", "advise")]


def test_a_small_table_or_a_list_of_names_is_fine() -> None:
    assert lint(f"pd.DataFrame({{'a': {list(range(19))}}})\nx.isin({list(range(500))})\nnp.array({list(range(99))})") == []


@pytest.mark.parametrize(
    "code",
    [
        "pd.read_csv('sales.csv')", "pd.read_csv('/sandbox/work/Sales.CSV')", "db.sql('select sum(x) from sales')", "sales.x.sum()",
        "pd.read_csv(f'{name}.csv')", "for f in Path('.').glob('*'): pd.read_csv(f)", "db.sql('SHOW TABLES')", "x = (",
    ],
)  # fmt: skip
def test_data_that_is_read(code: str) -> None:
    assert [f for f in lint(code, sources=["sales.csv", "other.csv"]) if f.rule == "data"] == []


def test_data_that_is_not_read() -> None:
    (finding,) = lint("total = 42\ntotal", sources=["sales.csv"])
    assert (finding.rule, finding.level, finding.line) == ("data", "advise", 1) and "sales.csv" in finding.instead
    assert [len(cell) for cell in lint_cells(["a = 'wholesales.csv2'", "a"], ["sales.csv"])] == [0, 1]
    assert lint_cells(["df = pd.read_csv('sales.csv')", "df"], ["sales.csv"]) == [[], []]


@given(st.text())
def test_any_text_is_answered(code: str) -> None:
    for finding in lint(code):
        assert finding.line >= 1 and finding.col >= 1


WORDS = st.lists(st.sampled_from(
    "df . query eval ( ) [ ] { } ' \" ''' @ pd os __class__ f' %s + , = \n : import from as open copy to select 'x' ; /* -- $$ \\ 0 !r ` \0 é".split(" ")
))  # fmt: skip


@given(WORDS)
def test_any_text_inside_a_text_is_answered(words: list[str]) -> None:
    text = " ".join(words)
    lint(text)
    lint(f"df.query({text!r}); db.sql({text!r}); {text!r}.format(1); open({text!r}); smf.ols({text!r}); getattr(x, {text!r})")


HUGE = {
    "an analysis": "x = df.query('a > @b').groupby('c')['d'].mean()\ny = db.sql(\"SELECT * FROM t WHERE a = 'b'\").df()\n" * 2500,
    "one line": "eval;é;" * 20_000,
    "one expression": "df.query(" + "'a' + " * 900 + "'b')",
    "names of names": "a0 = 'x'\n" + "".join(f"a{i} = a{i - 1} + a{i - 1}\nopen(a{i})\n" for i in range(1, 2500)),
    "one text, read often": f"q = {'select ' + '1, ' * 16_000!r}\n" + "db.sql(q + '1')\n" * 5000,
    "one table, made often": f"t = {list(range(5000))}\n" + "pd.DataFrame({'a': t})\n" * 5000,
    "open quotes": "df.query(" + repr("\\'" * 20_000 + " " * 20_000) + ")\ndb.sql(" + repr("/*'" * 15_000) + ")",
    "depth": "f(" * 90 + ")" * 90,
    "attributes": "a" + ".b" * 500 + "\n",
}


@pytest.mark.parametrize("name", HUGE)
def test_time_grows_with_the_length(name: str) -> None:
    start = time.process_time()
    lint(HUGE[name])
    assert time.process_time() - start < 2  # 5,000 lines take less than half a second where nobody else is


def test_most_attacks_are_noticed() -> None:
    """The boundary is the sandbox; but who writes such a thing by mistake should hear of it. Bombs and floods have no mark."""
    programs = [[re.sub(r"{{[A-Z]+}}", "/home/ana/x", cell) for cell in payload.cells] for payload in all_payloads()]
    refused = [cells for cells in programs if any(f.level == "refuse" for cell in lint_cells(cells) for f in cell)]
    assert len(refused) >= 0.85 * len(programs)
