"""Imports point one way, and the command line starts without the heavy libraries."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
HEAVY = (
    "pandas",
    "numpy",
    "scipy",
    "sklearn",
    "statsmodels",
    "altair",
    "torch",
    "vl_convert",
    "pyarrow",
    "duckdb",
    "pydantic",
    "rich",
    "boto3",
    "modal",
    "runpod",
    "fastapi",
    "httpx2",
)


def test_imports_point_one_way() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-logo", "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_command_line_imports_nothing_heavy() -> None:
    code = "import sys; sys.argv = ['agentforge']; from handlers.cli import analyze, main, operate, runs; print(' '.join(sys.modules))"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    )
    assert "handlers.cli" in loaded and not loaded & set(HEAVY)


def test_a_client_needs_no_server() -> None:
    code = "import sys; import handlers.client; print(' '.join(sys.modules))"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    )
    assert "httpx2" in loaded and not loaded & ({*HEAVY} - {"pydantic", "httpx2"})


def test_the_host_needs_no_pandas_altair_or_statistics_for_an_answer() -> None:
    """They are for the sandbox: importing them here as well would be paid for by every answer. boto3 is for buckets only."""
    code = "import sys; import functions.analyze.analysis, functions.worker, shared.state.opening; print(' '.join(sys.modules))"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    )
    assert not loaded & {"pandas", "altair", "scipy", "sklearn", "statsmodels", "torch", "vl_convert", "boto3", "modal", "runpod"}


def test_the_registry_imports_nothing_heavy() -> None:
    """Every worker and the web app import all functions before they can do anything."""
    code = "import sys; from functions.registry import all_functions; print(*all_functions(), *sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    )
    assert "analyze" in loaded and not loaded & ({*HEAVY} - {"pydantic"})
