"""The template of the E2B sandboxes in which cells run: Python and the pinned libraries, nothing of ours.

    E2B_API_KEY=… python infra/e2b/template.py     builds it, as agentforge-cells
"""

from pathlib import Path

from e2b import Template, default_build_logger

from shared.sandbox import Limits
from shared.settings import e2b_template

PYTHON = "3.11"
CPUS, MEMORY_MB = 2, Limits().memory_mb + 1024  # a session's own limit, and the system's share
PINS = Path(__file__).parents[1] / "modal" / "analysis.txt"  # the same on every cloud

template = Template().from_python_image(PYTHON).pip_install(
    [line for line in PINS.read_text().splitlines() if line and not line.startswith("#")]
)

if __name__ == "__main__":
    Template.build(template, e2b_template(), cpu_count=CPUS, memory_mb=MEMORY_MB, on_build_logs=default_build_logger())
