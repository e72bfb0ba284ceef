"""What the HTTPS API costs, each figure beside its target.

    python -m bench.api accepted    POST /v1/analyze until 202, against its storage calls made bare
    python -m bench.api events      from an event written to an event on a client
    python -m bench.api idle        status reads while 500 silent streams are open
    python -m bench.api start       `agentforge serve` to its first answer

Several names, or none for all of them. Servers and load have processes of their own. The cold import of the app: bench.state cold.
"""

import sys

from bench.api_accepted import accepted
from bench.api_start import start
from bench.api_streams import events, idle

COMMANDS = {"accepted": accepted, "events": events, "idle": idle, "start": start}


def main() -> None:
    names = sys.argv[1:] or list(COMMANDS)
    if unknown := [name for name in names if name not in COMMANDS]:
        sys.exit(f"error: there is no {unknown[0]}. hint: choose from {', '.join(COMMANDS)}.")
    for name in names:
        print(f"== {name}")
        COMMANDS[name]()


if __name__ == "__main__":
    main()
