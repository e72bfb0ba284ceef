"""Objects as files of a local folder, durable and whole: written aside, synced, then given their name.

A new key is a hard link, which fails when the name is taken. Replacing and deleting under a condition happen under one
lock file, so any number of processes on one machine may share the folder (not a network file system without locks).
"""

import errno
import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from shared.errors import BadInput, InvalidSetting, NotFound
from shared.state.driver import Listed, Stored, StoreRefused, StoreUnavailable
from shared.state.keys import Key

ASIDE = ".aside"  # what is being written; left there by a writer that was killed
STALE_S = 86_400
BLOCK = 1 << 20


class FolderDriver:
    """`root` is made when something is first written."""

    at_once = 1  # a small file is read in less time than a thread is begun

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.url = self.root.as_uri()

    def path(self, key: Key) -> Path:
        return self.root / key

    def _name(self, key: Key) -> str:
        """The path as text: what every call needs, and a tenth of a run's own time if made by `Path`."""
        return f"{self.root}/{key}"

    def now(self) -> datetime:
        return datetime.now(UTC)

    def location(self, key: Key) -> str:
        return str(self.path(key))

    def may_have(self, key: Key) -> bool:
        try:
            os.stat(f"{self.root}/{key}")
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            pass  # `get` tells
        return True

    def get(self, key: Key) -> Stored | None:
        with _explained():
            try:
                with open(self._name(key), "rb") as file:
                    body, stat = file.read(), os.fstat(file.fileno())
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                return None
        return Stored(body, _version(stat), _written_at(stat))

    def blocks(self, key: Key, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        try:
            with _explained(), self.path(key).open("rb") as file:
                file.seek(start)
                while block := file.read(BLOCK if end is None else max(0, min(BLOCK, end - file.tell()))):
                    yield block
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise NotFound(f"There is nothing under {key!r}.") from error

    def put_new(self, key: Key, body: bytes) -> str | None:
        with _explained(), self._nameless(key) as path:
            version = _write(path, body)
            return version if self._link(path, key) else None

    def put_file(self, key: Key, path: Path) -> bool:
        with _explained(), self._nameless(key) as copy:
            shutil.copyfile(path, copy)
            _sync(copy)
            return self._link(copy, key)

    def put_if(self, key: Key, body: bytes, version: str) -> str | None:
        with _explained(), self._aside() as aside, self._locked():
            there = self.get(key)
            if there is None or there.version != version:
                return None
            written = _write(aside, body)
            os.replace(aside, self.path(key))
            _sync(self.path(key).parent)
            return written

    def delete_if(self, key: Key, version: str | None) -> bool:
        with _explained(), self._locked():
            if version is not None and (there := self.get(key)) is not None and there.version != version:
                return False
            with suppress(FileNotFoundError, NotADirectoryError):
                os.unlink(self._name(key))
                with suppress(OSError):  # a folder is only part of its files' names: it goes with the last, if not soon needed again
                    for folder in self.path(key).relative_to(self.root).parents[:-3]:
                        (self.root / folder).rmdir()
            return True

    def list_after(self, prefix: Key, after: str, limit: int, folders: bool) -> list[Listed]:
        found: list[Listed] = []
        with _explained():
            for key in _walk(self.root, prefix, after, folders):
                try:
                    stat = self.path(key).stat()
                except FileNotFoundError:
                    continue
                found.append(Listed(key, stat.st_size, _version(stat), _written_at(stat)))
                if len(found) == limit:
                    break
        return found

    def signed_url(self, method: str, key: Key, seconds: int) -> str:
        raise BadInput("A local folder has no addresses to hand out.", "Set AGENTFORGE_STORE to an S3 bucket for signed URLs.")

    def signed_upload(self, key: Key, seconds: int, sha256: str, bytes: int) -> tuple[str, dict[str, str]]:
        return self.signed_url("PUT", key, seconds), {}

    def signed_post(self, key: Key, seconds: int, most_bytes: int) -> dict[str, object]:
        self.signed_url("POST", key, seconds)
        return {}

    @contextmanager
    def _nameless(self, key: Key) -> Iterator[Path]:
        """A path to a new file that has no name yet, so that a writer that is killed leaves nothing; where the system knows
        no such files, one aside. On ext4 it is quicker, too: the file lies where its neighbours are."""
        while True:
            try:
                fd = os.open(self._folder_of(key), os.O_TMPFILE | os.O_RDWR, 0o666)
                break
            except FileNotFoundError:  # the folder is gone again
                continue
            except (AttributeError, OSError) as error:
                if isinstance(error, OSError) and error.errno not in (errno.EISDIR, errno.EOPNOTSUPP):
                    raise
                with self._aside() as path:
                    yield path
                return
        try:
            yield Path(f"/proc/self/fd/{fd}")
        finally:
            os.close(fd)

    @contextmanager
    def _aside(self) -> Iterator[Path]:
        """A path to write to; gone afterwards."""
        folder = self._folder(ASIDE)
        path = folder / secrets.token_hex(8)
        try:
            yield path
        finally:
            with suppress(OSError):
                path.unlink()

    def _folder(self, name: str = "") -> Path:
        """The store's folder, or one in it for our own needs, made if need be."""
        folder = self.root / name
        try:
            if not folder.is_dir():
                folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise InvalidSetting(f"{self.root} is not a folder.", "See AGENTFORGE_STORE.") from error
        return folder

    def _folder_of(self, key: Key) -> str:
        """The folder in which an object has its name, made if need be."""
        name = os.path.dirname(self._name(key))
        while not os.path.isdir(name):
            self._folder()
            folder = Path(name)
            try:
                _make_folders(folder)
            except FileNotFoundError:  # another process deleted the folder's last file, and the folder with it
                continue
            except (FileExistsError, NotADirectoryError) as error:
                if any(above.is_file() for above in (folder, *folder.parents)):  # else it was there, and is gone
                    raise BadInput(f"{key!r} would lie under a key that is an object.", "In a folder, choose another name.") from error
        return name

    def _link(self, path: Path, key: Key) -> bool:
        target = self._name(key)
        while True:
            try:
                fd = os.open(self._folder_of(key), os.O_RDONLY)
            except FileNotFoundError:
                continue
            try:
                os.link(path, target, src_dir_fd=fd)  # which makes Python follow a link in /proc to the file itself
                os.fsync(fd)
                return True
            except FileExistsError:
                if os.path.isdir(target):
                    raise BadInput(f"There are objects under {key!r} already.", "In a folder, choose another name.") from None
                return False
            except FileNotFoundError:
                continue
            finally:
                os.close(fd)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self._folder() / ".lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def tidy(self) -> None:
        """Remove what writers that were killed left aside a day ago."""
        for path in (self.root / ASIDE).glob("*"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > STALE_S:
                    path.unlink()


def _walk(root: Path, prefix: str, after: str, folders: bool) -> Iterator[Key]:
    """Keys under `prefix` beyond `after`, in the order of their characters, as a bucket lists them."""
    try:
        entries = [(e.name + "/" if e.is_dir() else e.name) for e in os.scandir(root / prefix) if not e.name.startswith(".")]
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in sorted(entries):
        key = prefix + name
        if key <= after and not (name.endswith("/") and after.startswith(key)):
            continue
        if not name.endswith("/"):
            yield Key(key)
        elif folders:
            if not after.startswith(key) and next(_walk(root, key, "", False), None):
                yield Key(key)
        else:
            yield from _walk(root, key, after, folders)


def _make_folders(folder: Path) -> None:
    """Make `folder` and those above it, durably."""
    changed: list[Path] = []
    above = folder
    while not above.is_dir():
        above = above.parent
        changed.append(above)
    folder.mkdir(parents=True, exist_ok=True)
    for above in changed:
        _sync(above)


def _write(path: Path, body: bytes) -> str:
    """Write a file durably: its version. With a time of its own: by itself the kernel's clock may stand still for 4 ms, and an
    inode is soon used again."""
    with path.open("wb") as file:
        file.write(body)
        file.flush()
        os.utime(file.fileno(), ns=(now := time.time_ns(), now))
        if body:  # an empty file is all in its name, and that is synced with its folder
            os.fsync(file.fileno())
        return _version(os.fstat(file.fileno()))


def _version(stat: os.stat_result) -> str:
    return f"{stat.st_ino}-{stat.st_mtime_ns}"


def _written_at(stat: os.stat_result) -> datetime:
    return datetime.fromtimestamp(stat.st_mtime, UTC)


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@contextmanager
def _explained() -> Iterator[None]:
    """What the file system says, as an error that says what to do."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, FileExistsError):
        raise
    except PermissionError as error:
        raise StoreRefused(f"The store cannot be used: {error}.", "See AGENTFORGE_STORE.") from error
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise StoreUnavailable(
            "The store's disk is full." if full else f"The store cannot be used: {error}.",
            "Free some space; nothing that was recorded is lost." if full else "See AGENTFORGE_STORE.",
        ) from error
