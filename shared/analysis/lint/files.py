"""Where a path leads, as far as its text says."""

import re
from typing import Literal

from shared.analysis.lint.scope import UNKNOWN

Place = Literal["given", "scratch", "outside", "machine", "network", "unknown"]
INSTEAD = "Files of the session are in the working folder: name them as 'name.csv'."
NO_NETWORK = "Give the file to the run (--data) and read it by its name."


def place(path: str) -> Place:
    """given: a name in the working folder. machine: the machine's own files. unknown: known only when the code runs."""
    path = path.strip()
    if not path or path.startswith(UNKNOWN):
        return "unknown"
    if re.match(r"(?i)file:", path):
        path = "/" + path[5:].lstrip("/")
    if re.match(r"[A-Za-z][\w+.-]+:(?://|:)", path):
        return "network"
    if ".." in re.split(r"[/\\]", path):
        return "outside"
    if re.match(r"/(?:tmp|sandbox/(?:work|tools))(?:/|$)", path):
        return "scratch" if path.startswith("/tmp") else "given"
    if re.match(r"/(?:proc|sys|etc|run|boot|root|dev/(?!null$|std))", path):
        return "machine"
    return "outside" if re.match(r"[/~]|[A-Za-z]:[/\\]", path) else "given"


def cannot_read(path: str) -> tuple[str, str, bool] | None:
    """(why, what to do instead, whether no analysis would) of a path that cannot be read in a session."""
    shown = path.replace(UNKNOWN, "…")
    shown = shown if len(shown) <= 60 else shown[:59] + "…"
    match place(path):
        case "network":
            return f"`{shown}` needs a network, and there is none.", NO_NETWORK, False
        case "outside":
            return f"`{shown}` is outside of the session.", INSTEAD, False
        case "machine":
            return f"`{shown}` is the machine's own.", INSTEAD, True
    return None
