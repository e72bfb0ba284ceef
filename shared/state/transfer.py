"""A whole workspace out of the store and into another: a tar file of its objects, name for name and byte for byte."""

import io
import os
import tarfile
import tempfile
from pathlib import Path

from shared.errors import AgentForgeError, BadInput
from shared.state import audit
from shared.state.artifacts import SMALL, sha256_of_file, sha256_of_object
from shared.state.keys import Key, workspace_prefix
from shared.state.record import canonical_json
from shared.state.runs import RunLog, due_key, ledger_key
from shared.state.store import Store

END = "end.json"  # the last member of an export: one without it was cut short


def export_workspace(store: Store, workspace: str, target: Path, by: str = "") -> int:
    """Write every object of a workspace to a tar file; how many. BadInput for an empty workspace or a file that is there."""
    prefix = workspace_prefix(workspace)
    if target.exists():
        raise BadInput(f"{target} is there already.", "Choose another name.")
    if not store.list_after(prefix, limit=1):
        raise BadInput(f"The workspace {workspace!r} is empty.")
    audit.note(store, workspace, "export", by)
    count = 0
    with tempfile.TemporaryDirectory(dir=target.absolute().parent, prefix=".export-") as folder:
        whole = Path(folder) / "whole"
        with tarfile.open(whole, "w") as tar:
            for listed in store.list_all(prefix):
                if listed.bytes <= SMALL:
                    stored = store.get(listed.key)
                    if stored is None:  # deleted since it was listed
                        continue
                    member = tarfile.TarInfo(listed.key)
                    member.size = len(stored.body)
                    tar.addfile(member, io.BytesIO(stored.body))
                else:
                    store.download(listed.key, Path(folder) / "one")
                    tar.add(Path(folder) / "one", listed.key)
                count += 1
            end = tarfile.TarInfo(END)
            end.size = len(said := canonical_json({"objects": count}))
            tar.addfile(end, io.BytesIO(said))
        os.replace(whole, target)
    return count


def import_workspace(store: Store, source: Path, by: str = "") -> tuple[str, int]:
    """Put an exported workspace into a store that has none of that name: its name and the number of objects.

    Breaking off loses nothing: the same import again completes it. BadInput for a file that is no export, and where an object
    with other content is in the way.
    """
    workspace, count, whole = "", 0, False
    try:
        with tarfile.open(source) as tar, tempfile.TemporaryDirectory() as folder:
            for member in tar:
                if whole := member.name == END:
                    break
                key = _key(member, workspace)
                workspace = key.split("/")[1]
                path, file = Path(folder) / "one", tar.extractfile(member) if member.isreg() else None
                if file is None:
                    raise BadInput(f"{source.name} is no export: {member.name!r} is no file.")
                with path.open("wb") as out:
                    while block := file.read(SMALL):
                        out.write(block)
                moving = key == audit.Audit(store, workspace).anchor  # there it may have gone on already
                if not store.put_file(key, path) and not moving and sha256_of_object(store, key) != sha256_of_file(path):
                    raise BadInput(f"The store has another {key!r} already.", "Import into an empty workspace.")
                count += 1
    except (OSError, tarfile.TarError) as error:
        raise BadInput(f"{source.name} cannot be read as an export ({type(error).__name__}).") from error
    if not workspace or not whole:
        raise BadInput(f"{source.name} is not a whole export: its end is missing.")
    _make_due(store, workspace)
    audit.note(store, workspace, "import", by)
    return workspace, count


def _key(member: tarfile.TarInfo, workspace: str) -> Key:
    parts = member.name.split("/", 2)
    if len(parts) < 3 or parts[0] != "t" or workspace and parts[1] != workspace:
        raise BadInput(f"This is no export of one workspace: it holds {member.name!r}.")
    return workspace_prefix(parts[1]) / parts[2]


def _make_due(store: Store, workspace: str) -> None:
    """Runs that were not over or not settled go on here, once the sweep looks at them."""
    folder = workspace_prefix(workspace).folder("runs")
    for listed in store.list_all(folder, folders=True):
        try:
            log = RunLog(store, workspace, listed.key.removeprefix(folder).rstrip("/"))
            log.read_head()
            log.read_on()
        except AgentForgeError:
            continue
        if log.length and not (log.state.over and store.get(ledger_key(log))):
            store.put_new(due_key(log.state.due, log), b"")

