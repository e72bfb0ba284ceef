"""Documents as text: Python's own sources and documentation, or files that a user brings.

    "python"     the standard library's modules without their tests, sorted by path, and the topics of `help()`: about 12 MB, which
                 differ a little between versions of Python (`digest` says which text it was)
    a file       .jsonl (one object a line, its text under `field`), .parquet (the column `field`), .txt and .md (one document each)
    a folder     all such files in it, sorted by path

Not covered: compressed files, near duplicates (equal documents share a hash, and so a split).
"""

import hashlib
import json
import sysconfig
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from shared.errors import BadInput

Split = Literal["train", "search", "gate", "report"]
SPLITS: tuple[Split, ...] = get_args(Split)
HELD_OUT = 50  # of 1000, for each of search, gate and report
SUFFIXES = (".jsonl", ".parquet", ".txt", ".md")
_NOT_LIBRARY = {"site-packages", "dist-packages", "test", "tests", "idle_test", "__pycache__"}


def split_of(text: str) -> Split:
    """The split of a document or an example, by its hash alone, so that no two splits can ever share one."""
    place = int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big") % 1000
    return "train" if place >= 3 * HELD_OUT else SPLITS[1 + place // HELD_OUT]


def documents(source: str | Path = "python", field: str = "text") -> Iterator[str]:
    """The documents of a source, in an order that does not change. BadInput names the file and line that cannot be used."""
    if source == "python":
        yield from _python()
        return
    path = Path(source)
    if not path.exists():
        raise BadInput(
            f"There is no {path.name!r} to learn from.", f'Give "python", or a file or folder with {", ".join(SUFFIXES)}.'
        )
    files = sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES) if path.is_dir() else [path]
    if not files:
        raise BadInput(f"The folder {path.name!r} holds no text.", f"It is looked for in {', '.join(SUFFIXES)}.")
    for file in files:
        yield from _file(file, field)


def digest(source: str | Path = "python", field: str = "text") -> str:
    """The SHA-256 of all documents, each after its length: what the text was."""
    return _python_digest() if source == "python" else _digest(documents(source, field))


def _digest(found: Iterable[str]) -> str:
    sha = hashlib.sha256()
    for document in found:
        content = document.encode("utf-8", "surrogatepass")
        sha.update(len(content).to_bytes(8, "big") + content)
    return sha.hexdigest()


@cache
def _python_digest() -> str:
    return _digest(_python())


@cache
def _python() -> tuple[str, ...]:
    texts: list[str] = []
    root = Path(sysconfig.get_path("stdlib"))
    found = [path for path in root.rglob("*.py") if not _NOT_LIBRARY & set(path.relative_to(root).parts)]
    for path in sorted(found, key=lambda p: p.relative_to(root).as_posix()):
        try:
            text = path.read_text("utf-8")
        except (UnicodeDecodeError, OSError):
            continue  # a few of its files are in old encodings, on purpose
        if path.parts[-2:] != ("pydoc_data", "topics.py"):  # its texts follow, one by one
            texts.append(text)
    try:
        from pydoc_data import topics
    except ImportError:  # a Python without its documentation
        return tuple(texts)
    return (*texts, *(text for _, text in sorted(topics.topics.items())))


def _file(path: Path, field: str) -> Iterator[str]:
    match path.suffix.lower():
        case ".jsonl":
            yield from _lines(path, field)
        case ".parquet":
            yield from _parquet(path, field)
        case ".txt" | ".md":
            try:
                yield path.read_text("utf-8")
            except UnicodeDecodeError as error:
                line = path.read_bytes()[: error.start].count(b"\n") + 1
                raise BadInput(f"{path.name}, line {line}, is not UTF-8.", "Save it as UTF-8.") from None
        case other:
            raise BadInput(
                f"{path.name}: no text is read from {other or 'a file without a suffix'}.", f"Give {', '.join(SUFFIXES)}."
            )


def _lines(path: Path, field: str) -> Iterator[str]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                told = json.loads(line)
            except ValueError:  # of the encoding too
                raise BadInput(f"{path.name}, line {number}, is not JSON.", "Each line is one object.") from None
            yield _text(told.get(field) if isinstance(told, dict) else None, path, f"line {number}", field, told)


def _parquet(path: Path, field: str) -> Iterator[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        if field not in file.schema_arrow.names:
            raise BadInput(f"{path.name} has no column {field!r}.", f"It has: {', '.join(file.schema_arrow.names[:12])}.")
        row = 0
        for batch in file.iter_batches(batch_size=1024, columns=[field]):
            for value in batch.column(0).to_pylist():
                row += 1
                yield _text(value, path, f"row {row}", field, None)
    except (pa.ArrowException, OSError) as error:
        raise BadInput(f"{path.name} cannot be read as Parquet: {str(error).splitlines()[0][:120]}") from None


def _text(value: object, path: Path, where: str, field: str, told: object) -> str:
    if isinstance(value, str):
        return value
    names = f"It has: {', '.join(map(str, list(told)[:12]))}." if isinstance(told, dict) and field not in told else ""
    raise BadInput(f"{path.name}, {where}: there is no text under {field!r}.", names or "Text is a string there.")


def enough(tokens: int, needed: int, what: str) -> None:
    """BadInput when there are fewer tokens than needed."""
    if tokens < needed:
        raise BadInput(
            f"There are {tokens:,} tokens of {what}; {needed:,} are needed.", "Bring more text, or train for fewer tokens."
        )


def of_split(found: Iterable[str], split: Split) -> Iterator[str]:
    """The documents of one split, empty ones left out."""
    return (document for document in found if document.strip() and split_of(document) == split)
