"""Settings from the environment. Each is read when it is asked for, and a value we cannot use is an InvalidSetting."""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from shared.errors import InvalidSetting


def store_folder() -> Path:
    """The folder that holds all state: AGENTFORGE_STORE, as file:///absolute/path or a path; else ~/.agentforge."""
    value = os.environ.get("AGENTFORGE_STORE", "").strip()
    hint = "Set AGENTFORGE_STORE to a folder, such as /data/agentforge or file:///data/agentforge."
    if "\0" in value:
        raise InvalidSetting("AGENTFORGE_STORE is not a path.", hint)
    if "://" in value:
        url = urlsplit(value)
        if url.scheme != "file" or url.netloc not in ("", "localhost") or url.query or url.fragment:
            raise InvalidSetting(f"AGENTFORGE_STORE is {value!r}; only file:/// addresses can be used so far.", hint)
        if url.path in ("", "/"):
            raise InvalidSetting(f"AGENTFORGE_STORE is {value!r}, which names no folder.", hint)
        path = Path(unquote(url.path))
    else:
        path = Path(value or "~/.agentforge")
    try:
        path = path.expanduser().absolute()
    except RuntimeError as error:
        raise InvalidSetting(
            f"The store's folder {str(path)!r} needs a home folder, and there is none.", hint
        ) from error
    if path.exists() and not path.is_dir():
        raise InvalidSetting(f"AGENTFORGE_STORE is {value!r}, which is not a folder.", hint)
    return path
