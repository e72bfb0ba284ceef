"""`agentforge serve` with a setting that is wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("name", "value"), [("AGENTFORGE_BILLING", "maybe"), ("AGENTFORGE_RATE", "many"), ("AGENTFORGE_BACKEND", "moon")])
def test_nothing_is_made_or_said_before_the_settings_are_understood(tmp_path: Path, name: str, value: str) -> None:
    environment = {**os.environ, "AGENTFORGE_STORE": str(tmp_path / "store"), name: value}
    command = [sys.executable, "-m", "handlers.cli", "serve", "--port", "0"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and done.stdout == "" and name in done.stderr and done.stderr.count("\n") == 1
    assert not list((tmp_path / "store").glob("sys/keys/*"))
