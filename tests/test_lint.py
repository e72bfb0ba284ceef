"""Advice about code: what is refused, what is only remarked on, and what is nobody's business."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.analysis.lint import LintFinding, lint

REFUSED = {
    "import os": "import",
    "import os.path as p": "import",
    "import numpy as np, sys": "import",
    "from subprocess import run": "import",
    "def f():\n    import socket": "import",
    "import ctypes": "import",
    "from importlib import import_module": "import",
    "import pickle": "import",
    "from urllib.request import urlopen": "import",
    "from . import x": "import",
    "eval('1')": "call",
    "run = exec": "call",
    "[compile][0]('1', '', 'eval')": "call",
    "__import__('os')": "call",
    "__builtins__": "call",
    "pd.read_pickle('x')": "call",
    "np.load('x', allow_pickle=True)": "call",
    "().__class__.__base__": "attribute",
    "getattr(x, '__globals__')": "attribute",
    "open('x', 'w')": "write",
    "open('x', mode='r+')": "write",
    "open('x', 'ab').write(b'')": "write",
    "x = (": "syntax",
    "def f():\nreturn": "syntax",
    "x = '\0'": "syntax",
    "(" * 5000: "syntax",
}
ADVISED = ["import random", "open('x', m)", "open('x', **how)", "getattr(x, name)", "input()", "import pathlib"]
FINE = [
    "",
    "import pandas as pd\nimport duckdb\nfrom scipy import stats\nimport statsmodels.api as sm",
    "import re\nre.compile('x')\ndf.eval('a + b')\ndf.query('a > 1')",
    "open('x').read(); open('x', 'rb'); open('x', encoding='utf-8')",
    "class A:\n    def __init__(self): self._x = 1\nprint(__name__, pd.__version__)",
    "text = 'import os; eval(1)'  # __import__('os')",
    "import datetime, math, json, statistics, collections, itertools, functools, decimal",
    "pattern = '\\d'",
]


@pytest.mark.parametrize("code", REFUSED)
def test_refused(code: str) -> None:
    findings = lint(code)
    assert (REFUSED[code], "refuse") in [(finding.rule, finding.level) for finding in findings]
    assert all(finding.message.endswith(".") for finding in findings)


@pytest.mark.parametrize("code", ADVISED)
def test_advised(code: str) -> None:
    assert [finding.level for finding in lint(code)] == ["advise"]


@pytest.mark.parametrize("code", FINE)
def test_nothing_to_say(code: str) -> None:
    assert lint(code) == []


def test_positions_count_from_one_in_characters_and_in_order() -> None:
    findings = lint("x = 1\nå = 'é'; eval('1')\nimport os")
    assert [(finding.line, finding.col, finding.rule) for finding in findings] == [(2, 10, "call"), (3, 1, "import")]
    assert lint("a\nb c")[0] == LintFinding(2, 3, "syntax", "This is not Python: invalid syntax.")


@given(st.text())
def test_any_text_is_answered(code: str) -> None:
    for finding in lint(code):
        assert finding.line >= 1 and finding.col >= 1
