"""The command line. `agentforge --help` must be quick: whatever is heavy is imported by the command that needs it.

app.py       the application, exit codes, how errors are told
analyze.py   `agentforge analyze`; progress.py, its events as lines on a terminal
runs.py      `agentforge runs …`
operate.py   `agentforge worker`, `agentforge sweep`
forge.py     `agentforge forge …`
deploy.py    `agentforge deploy`
remote.py    the same through a server, where AGENTFORGE_API_URL is set
elsewhere.py a run that a cloud does, followed from here: for modal_app.py
"""

from handlers.cli.app import main

__all__ = ["main"]
