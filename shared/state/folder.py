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
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from shared.errors import BadInput, InvalidSetting, NotFound
from shared.state.driver import Listed, Stored, StoreRefused, StoreUnavailable
from shared.state.keys import Key

ASIDE = ".aside"  # what is being written; left there by a writer that was killed
STALE_S = 86_400
BLOCK = 1 << 20


class _FolderGone(Exception):
    """Another process deleted the last file of a folder, and the folder with it, before ours had its name there."""


class FolderDriver:
    """`root` is made when something is first written."""

    at_once = 1  # a small file is read in less time than a thread is begun

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._root = str(self.root)
        self.url = self.root.as_uri()

    def path(self, key: Key) -> Path:
        return self.root / key

    def _name(self, key: str) -> str:
        """The path as text: what every call needs, and a tenth of a run's own time if made by `Path`."""
        return f"{self._root}/{key}"

    def now(self) -> datetime:
        return datetime.now(UTC)

    def location(self, key: Key) -> str:
        return str(self.path(key))

    def may_have(self, key: Key) -> bool:
        try:
            os.stat(self._name(key))
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            pass  # `get` tells
        return True

    def get(self, key: Key) -> Stored | None:
        with _explained():
            try:
                with open(self._name(key), "rb", buffering=0) as file:
                    body, stat = file.readall(), os.fstat(file.fileno())
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
        return self._new(key, lambda fd, _: _write(fd, body))

    def put_file(self, key: Key, path: Path) -> bool:
        def copy(fd: int, new: str) -> str:
            shutil.copyfile(path, new)
            os.fsync(fd)
            return new

        return self._new(key, copy) is not None

    def put_if(self, key: Key, body: bytes, version: str) -> str | None:
        with _explained(), self._aside() as (fd, aside), self._locked():
            there = self.get(key)
            if there is None or there.version != version:
                return None
            written = _write(fd, body)
            os.replace(aside, self._name(key))
            _sync(os.path.dirname(self._name(key)))
            return written

    def delete_if(self, key: Key, version: str | None) -> bool:
        with _explained(), self._locked():
            if version is not None and (there := self.get(key)) is not None and there.version != version:
                return False
            with suppress(FileNotFoundError, NotADirectoryError):
                os.unlink(self._name(key))
                with suppress(OSError):  # a folder is only part of its files' names: it goes with the last, if not soon needed again
                    folder = os.path.dirname(key)
                    while folder.count("/") > 1:
                        os.rmdir(self._name(folder))
                        folder = os.path.dirname(folder)
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

    def _new(self, key: Key, write: Callable[[int, str], str]) -> str | None:
        """Have `write` make a new object, by a descriptor of its file or a path to it: what it returns, or None if the key is taken."""
        with _explained():
            while True:
                folder = self._folder_of(key)
                try:
                    with self._nameless(key, folder) as (fd, path):
                        told = write(fd, path)
                        return told if self._link(path, key, folder) else None
                except _FolderGone:
                    continue
                finally:
                    os.close(folder)

    @contextmanager
    def _nameless(self, key: Key, folder: int) -> Iterator[tuple[int, str]]:
        """A new file that has no name yet, so that a writer that is killed leaves nothing: its descriptor, and a path to it.
        Where the system knows no such files, one aside. On ext4 it is quicker, too: the file lies where its neighbours are."""
        try:
            fd = os.open(".", os.O_TMPFILE | os.O_RDWR, 0o666, dir_fd=folder)
        except (AttributeError, OSError) as error:
            if isinstance(error, FileNotFoundError) or not os.fstat(folder).st_nlink:  # of which ext4 says EPERM
                raise _FolderGone from error
            if isinstance(error, OSError) and error.errno not in (errno.EISDIR, errno.EOPNOTSUPP):
                error.filename = self._name(key)
                raise
            with self._aside() as aside:
                yield aside
            return
        try:
            yield fd, f"/proc/self/fd/{fd}"
        finally:
            os.close(fd)

    @contextmanager
    def _aside(self) -> Iterator[tuple[int, str]]:
        """A new file to write to, and its path; gone afterwards."""
        path = f"{self._folder(ASIDE)}/{secrets.token_hex(8)}"
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            yield fd, path
        finally:
            os.close(fd)
            with suppress(OSError):
                os.unlink(path)

    def _folder(self, name: str = "") -> Path:
        """The store's folder, or one in it for our own needs, made if need be."""
        folder = self.root / name if name else self.root
        try:
            if not os.path.isdir(folder):
                folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise InvalidSetting(f"{self.root} is not a folder.", "See AGENTFORGE_STORE.") from error
        return folder

    def _folder_of(self, key: Key) -> int:
        """A descriptor of the folder in which an object has its name, made if need be."""
        name = os.path.dirname(self._name(key))
        while True:
            try:
                return os.open(name, os.O_RDONLY | os.O_DIRECTORY)
            except (FileNotFoundError, NotADirectoryError):
                self._folder()
            try:
                _make_folders(name)
            except FileNotFoundError:  # another process deleted the folder's last file, and the folder with it
                pass
            except (FileExistsError, NotADirectoryError) as error:
                if any(above.is_file() for above in self.path(key).parents):  # else it was there, and is gone
                    raise BadInput(f"{key!r} would lie under a key that is an object.", "In a folder, choose another name.") from error

    def _link(self, path: str, key: Key, folder: int) -> bool:
        """Give a file its name, durably; False if that is taken."""
        try:  # `src_dir_fd` makes Python follow a link in /proc to the file itself
            os.link(path, os.path.basename(key), src_dir_fd=folder, dst_dir_fd=folder)
            os.fsync(folder)
            return True
        except FileExistsError:
            if os.path.isdir(self._name(key)):
                raise BadInput(f"There are objects under {key!r} already.", "In a folder, choose another name.") from None
            return False
        except FileNotFoundError as error:
            raise _FolderGone from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        while True:
            try:
                fd = os.open(self._name(".lock"), os.O_RDWR | os.O_CREAT, 0o666)
                break
            except (FileNotFoundError, NotADirectoryError):
                self._folder()
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

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


def _make_folders(folder: str) -> None:
    """Make `folder` and those above it, durably."""
    missing: list[str] = []
    while not os.path.isdir(folder):
        missing.append(folder)
        folder = os.path.dirname(folder)
    for name in reversed(missing):
        try:
            os.mkdir(name)
        except FileExistsError:
            if not os.path.isdir(name):
                raise
    for name in missing:
        _sync(os.path.dirname(name))


def _write(fd: int, body: bytes) -> str:
    """Write a new file durably: its version. With a time of its own: by itself the kernel's clock may stand still for 4 ms, and
    an inode is soon used again."""
    rest = memoryview(body)
    while rest:
        rest = rest[os.write(fd, rest) :]
    os.utime(fd, ns=(now := time.time_ns(), now))
    if body:  # an empty file is all in its name, and that is synced with its folder
        os.fsync(fd)
    return _version(os.fstat(fd))


def _version(stat: os.stat_result) -> str:
    return f"{stat.st_ino}-{stat.st_mtime_ns}"


def _written_at(stat: os.stat_result) -> datetime:
    return datetime.fromtimestamp(stat.st_mtime, UTC)


def _sync(path: str | Path) -> None:
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
