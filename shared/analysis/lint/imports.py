"""Which modules an analysis may import."""

import sys
import sysconfig
from collections.abc import Iterator
from difflib import get_close_matches
from functools import lru_cache
from importlib.machinery import PathFinder

from shared.analysis.lint.rules import (
    ADVISED_MODULES,
    ELSEWHERE,
    HARMLESS_MODULES,
    LIBRARIES,
    PARTS,
    REEXPORTED,
    REFUSED_MODULES,
    REFUSED_SUBMODULES,
    STACK,
    Level,
)
from shared.analysis.lint.scope import Scope

Remark = tuple[str, str, Level]  # message, what to do instead, level


def import_remarks(name: str, scope: Scope, guarded: bool = False) -> Iterator[Remark]:
    """Of a module's full name. `guarded`: the code goes on where it is missing."""
    root = name.partition(".")[0]
    if root in scope.importable or name in PARTS or name.startswith("urllib.parse"):
        return
    if said := REFUSED_MODULES.get(root):
        yield f"`{root}` {said[0]}.", said[1], "refuse"
    elif door := next((door for door in REFUSED_SUBMODULES if f"{name}.".startswith(f"{door}.")), None):
        yield f"`{door}` {REFUSED_SUBMODULES[door][0]}.", REFUSED_SUBMODULES[door][1], "refuse"
    elif door := next((part for part in name.split(".")[1:] if is_reexport(part)), None):
        yield f"`{name}` leads to `{door.lstrip('_')}`.", "Import what the analysis needs and nothing else.", "refuse"
    elif said := ADVISED_MODULES.get(root):
        yield f"`{root}`: {said[0]}.", said[1], "advise"
    elif root in HARMLESS_MODULES:
        return
    elif root.startswith("_"):
        yield f"`{root}` is a private module.", "Import the public module of that name.", "refuse"
    elif root in sys.stdlib_module_names:
        yield f"`{root}` has no use in an analysis.", "Leave it out.", "advise"
    elif not installed(root):
        near = get_close_matches(root, [*LIBRARIES, *HARMLESS_MODULES, *ELSEWHERE], 1, 0.8)
        instead = ELSEWHERE[root][1] if root in ELSEWHERE else f"Did you mean `{near[0]}`?" if near else STACK
        level: Level = "advise" if guarded or root in ELSEWHERE else "refuse"  # a cloud's sandbox may have those
        yield f"`{root}` is not installed here.", instead, level
    elif root not in LIBRARIES and root not in ELSEWHERE:
        yield f"`{root}` is no library for analyses, and may be missing elsewhere.", STACK, "advise"


def is_reexport(name: str) -> bool:
    """Whether a module's attribute of this name is another module, one that is refused."""
    return name.lstrip("_") in REEXPORTED and not name.startswith("__")


@lru_cache(1000)
def installed(name: str) -> bool:
    """Whether a session can import it: from this installation's libraries, wherever we were started."""
    folders = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    try:
        return PathFinder.find_spec(name, folders) is not None
    except (ImportError, ValueError, OSError):
        return False
