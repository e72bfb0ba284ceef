"""How much a source holds, judged by its ends: enough to say beforehand what reading it will take, without reading it.

Covered: what `snapshot` reads. A guess: rows may be longer further down, and what is no table is not noticed.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Literal, NamedTuple

HEAD, TAIL = 1 << 16, 1 << 20  # bytes looked at
SMALL = 1 << 18  # bytes up to which nothing is looked at: whatever it is, it is quick
BYTES_A_VALUE = 6


class Extent(NamedTuple):
    """`bytes`: unpacked, as its reader gets them; `values`: rows × columns; `packed`: by gzip."""

    format: Literal["text", "json", "parquet", "xlsx"]
    bytes: int
    values: int
    packed: bool = False


def extent(bytes: int, read: Callable[[int, int], bytes]) -> Extent:
    """Of a source of so many bytes; `read` gives those from a place to before another. At most two reads."""
    if bytes <= SMALL:
        return Extent("text", bytes, bytes // BYTES_A_VALUE)
    head = read(0, HEAD)
    try:
        if head.startswith(b"PAR1"):
            return _parquet(read(max(0, bytes - TAIL), bytes), bytes)
        if head.startswith(b"PK\x03\x04"):
            return _xlsx(read(max(0, bytes - TAIL), bytes))
        if head.startswith(b"\x1f\x8b"):
            text = zlib.decompressobj(31).decompress(head, TAIL)
            (size,) = struct.unpack("<I", read(bytes - 4, bytes))  # modulo 4 GiB, and of the last member only
            return _text(text, max(size, bytes))._replace(packed=True)
        return _text(head, bytes)
    except (ValueError, OSError, EOFError, struct.error, zlib.error, zipfile.BadZipFile):  # damaged: the run will say so
        return Extent("text", bytes, bytes // BYTES_A_VALUE)


def _text(head: bytes, size: int) -> Extent:
    share = size / max(1, len(head))
    if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return Extent("json", size, round(head.count(b'":') * share))
    line = head.partition(b"\n")[0]
    delimiter = max((b",", b";", b"\t", b"|"), key=line.count)
    return Extent("text", size, round((head.count(delimiter) + head.count(b"\n")) * share))


def _parquet(tail: bytes, size: int) -> Extent:
    from pyarrow import parquet  # late: few quotes need it

    footer = parquet.read_metadata(io.BytesIO(tail))
    return Extent("parquet", size, footer.num_rows * footer.num_columns)


def _xlsx(tail: bytes) -> Extent:
    """The largest sheet. A value takes some 42 bytes of its XML."""
    with zipfile.ZipFile(io.BytesIO(tail)) as parts:
        sheet = max(part.file_size for part in parts.infolist() if part.filename.startswith("xl/worksheets/"))
    return Extent("xlsx", sheet, sheet // 42)
