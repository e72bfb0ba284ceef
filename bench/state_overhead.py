"""A whole run, from opening to settled, against the bare puts and gets it is made of.

The peer does what the run's function does not see: as many puts and gets of the same sizes, in the same order, and nothing
else (no deletes, no conditions, no hashes, no log, no threads). A run of each in turn, so that a busy disk is busy for both;
throughput is that of the median run.
"""

import os
import statistics
import time
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.moto import bare_client, moto
from bench.state_functions import Files
from bench.watched import Call, watch
from shared.settings import Bucket
from shared.state.driver import Driver
from shared.state.folder import FolderDriver

ROUNDS = 81
TARGET = 0.7
SIZES = {"no files": [], "four files of 1 kB to 1 MB": [1_000, 10_000, 100_000, 1_000_000]}

Peer = Callable[[Sequence[Call]], object]


def overhead() -> None:
    with moto() as bucket:
        from shared.state.s3 import S3Driver

        print("bare boto3, on moto in a process of its own")
        _compare(S3Driver(bucket), _boto3(bucket))
    for synced in (True, False):
        with TemporaryDirectory(dir=Path.cwd()) as name:
            print("plain files: write, fsync, rename" + (", fsync of the folder" if synced else " (the name may be lost with the power)"))
            _compare(FolderDriver(Path(name) / "ours"), _files(Path(name) / "peer", synced))


def _compare(driver: Driver, peer: Peer) -> None:
    for what, sizes in SIZES.items():
        store, watched = watch(driver)
        _run(store.driver, sizes)
        calls = watched.calls
        times: dict[str, list[float]] = {"ours": [], "peer": []}
        for _ in range(ROUNDS):
            times["ours"].append(_seconds(lambda sizes=sizes: _run(driver, sizes)))
            times["peer"].append(_seconds(lambda calls=calls: peer(calls)))
        ours, bare = (1 / statistics.median(times[who]) for who in ("ours", "peer"))
        puts, gets = (sum(call.operation == operation for call in calls) for operation in ("put", "get"))
        print(
            f"  {what} ({puts} puts, {gets} gets): {ours:.1f} runs a second, peer {bare:.1f}; "
            f"ratio {ours / bare:.2f}   (target: at least {TARGET})"
        )


def _run(driver: Driver, sizes: Sequence[int]) -> None:
    from functions.work import start, work
    from shared.backends import Here
    from shared.state.store import Store

    state = work(Store(driver), start(Store(driver), "bench_files", Files(sizes=list(sizes))).ref, Here())
    assert state.state == "succeeded", state.error


def _seconds(once: Callable[[], object]) -> float:
    started = time.perf_counter()
    once()
    return time.perf_counter() - started


def _boto3(bucket: Bucket) -> Peer:
    client, number = bare_client(bucket), count()

    def peer(calls: Sequence[Call]) -> None:
        there: dict[str, str] = {}  # key of the recorded call → what the peer called its object
        for call in calls:
            if call.operation == "put":
                there[call.key] = f"peer/{next(number)}"
                client.put_object(Bucket=bucket.name, Key=there[call.key], Body=bytes(call.bytes))
            elif call.operation == "get":
                client.get_object(Bucket=bucket.name, Key=there[call.key])["Body"].read()

    return peer


def _files(folder: Path, synced: bool) -> Peer:
    folder.mkdir()
    number = count()

    def peer(calls: Sequence[Call]) -> None:
        there: dict[str, Path] = {}
        for call in calls:
            if call.operation == "put":
                path = there[call.key] = folder / str(next(number))
                with path.with_suffix(".tmp").open("wb") as file:
                    file.write(bytes(call.bytes))
                    file.flush()
                    os.fsync(file.fileno())
                path.with_suffix(".tmp").rename(path)
                if synced:
                    fd = os.open(folder, os.O_RDONLY)
                    os.fsync(fd)
                    os.close(fd)
            elif call.operation == "get":
                there[call.key].read_bytes()

    return peer
