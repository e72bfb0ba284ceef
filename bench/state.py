"""What durable runs cost and keep, each figure beside its target.

    python -m bench.state requests    those of the control plane for one analysis and an eight-phase run; what the run itself says
    python -m bench.state trips       opening a run and asking for its state with 100 ms to put and 63 ms to get
    python -m bench.state overhead    a whole run against bare boto3, and against plain durable files
    python -m bench.state verify      200 runs hashed and folded again
    python -m bench.state cold        importing the function registry, and the web app

Several names, or none for all of them. A store is moto's server in a process of its own, a local folder, or (trips) memory.
"""

import sys

from bench.state_cold import cold
from bench.state_overhead import overhead
from bench.state_requests import requests
from bench.state_trips import trips
from bench.state_verify import verify

COMMANDS = {"requests": requests, "trips": trips, "overhead": overhead, "verify": verify, "cold": cold}


def main() -> None:
    names = sys.argv[1:] or list(COMMANDS)
    if unknown := [name for name in names if name not in COMMANDS]:
        sys.exit(f"error: there is no {unknown[0]}. hint: choose from {', '.join(COMMANDS)}.")
    for name in names:
        print(f"== {name}")
        COMMANDS[name]()


if __name__ == "__main__":
    main()
