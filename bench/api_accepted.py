"""POST /v1/analyze until it is accepted, against the storage calls that it cannot do without, made bare."""

import json
import secrets
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.api_server import WORKSPACE, serving
from bench.moto import bare_client, moto
from bench.state_trips import GET_S, PUT_S
from bench.watched import Call
from shared.settings import Bucket
from shared.state import catalog
from shared.state.datasets import save_dataset
from shared.state.driver import Driver
from shared.state.folder import FolderDriver
from shared.state.keys import Key
from shared.state.store import Store

ROUNDS, TARGET = 31, 1.5
CSV = Path(__file__).parent.parent / "examples/cars.csv"
MUST = ["get", "put", "put"]  # the dataset's card; that the run is due; the run's first entry. With an idempotency key:
MUST_KEYED = ["get", "put", "put", "put"]

Bare = Callable[[Call], object]


def accepted() -> None:
    with TemporaryDirectory(dir=Path.cwd()) as name:
        folder = Path(name)
        print("folder: the calls bare are the driver's own")
        _compare(FolderDriver(folder / "store"), folder.joinpath("store").as_uri(), _folder(folder / "bare"), 0, 0)
    with moto() as bucket:
        from shared.state.s3 import S3Driver

        print(f"moto, {PUT_S * 1000:.0f} ms to put and {GET_S * 1000:.0f} ms to get besides: the calls bare are boto3's")
        environment = {"AGENTFORGE_STORE_ENDPOINT": bucket.endpoint}
        _compare(S3Driver(bucket), f"s3://{bucket.name}/{bucket.prefix}", _boto3(bucket), PUT_S, GET_S, **environment)


def _compare(driver: Driver, url: str, bare: Bare, put_s: float, get_s: float, **environment: str) -> None:
    store = Store(driver)
    id = catalog.new_dataset_id(store)
    catalog.add_version(store, WORKSPACE, id, "cars", save_dataset(store, CSV, WORKSPACE), CSV.stat().st_size, "bench")
    body = json.dumps({"datasets": [id], "goal": "average Miles_per_Gallon by Origin"})
    with serving(url, put_s, get_s, **environment) as server, closing(HTTPConnection("127.0.0.1", server.port)) as client:

        def answered(method: str, path: str, status: int, body: str | None = None, headers: dict[str, str] | None = None) -> float:
            started = time.perf_counter()
            client.request(method, path, body, {**server.headers, "Content-Type": "application/json", **(headers or {})})
            answer = client.getresponse()
            told = answer.read()
            took = time.perf_counter() - started
            assert answer.status == status, told
            return took

        for what, must in (("without an idempotency key", MUST), ("with one", MUST_KEYED)):
            ours, peer, least = list[float](), list[float](), list[float]()
            for turn in range(ROUNDS + 2):
                headers = {"Idempotency-Key": secrets.token_hex(8)} if must is MUST_KEYED else {}
                server.calls()
                answered("GET", "/bare", 200)  # the connection is open, and the server awake
                least.append(answered("GET", "/bare", 200))
                took = answered("POST", "/v1/analyze", 202, body, headers)
                calls = server.calls()
                if turn < 2:  # the first has the caller looked up, and libraries imported
                    continue
                assert sorted(call.operation for call in calls if "/keys/" not in call.key) == must, calls  # who calls is asked every 5 s
                ours.append(took)
                peer.append(_seconds(bare, calls, put_s, get_s))
            mine, bare_s = statistics.median(ours), statistics.median(peer)
            print(
                f"  {what}: {mine * 1000:.1f} ms, its {len(must)} calls bare {bare_s * 1000:.1f} ms; ratio {mine / bare_s:.2f}, "
                f"{(mine - bare_s) * 1000:.1f} ms more   (target: a ratio of at most {TARGET}; a bare route takes {statistics.median(least) * 1000:.1f} ms)"
            )


def _seconds(bare: Bare, calls: Sequence[Call], put_s: float, get_s: float) -> float:
    started = time.perf_counter()
    for call in calls:
        if wait := put_s if call.operation == "put" else get_s:
            time.sleep(wait)
        bare(call)
    return time.perf_counter() - started


def _folder(root: Path) -> Bare:
    driver = FolderDriver(root)
    driver.put_new(Key("t/card"), bytes(500))

    def call(call: Call) -> Any:
        if call.operation == "get":
            return driver.get(Key("t/card"))
        return driver.put_new(Key(call.key), bytes(call.bytes))

    return call


def _boto3(bucket: Bucket) -> Bare:
    client = bare_client(bucket)
    client.put_object(Bucket=bucket.name, Key="bare/card", Body=bytes(500))

    def call(call: Call) -> Any:
        if call.operation == "get":
            return client.get_object(Bucket=bucket.name, Key="bare/card")["Body"].read()
        return client.put_object(Bucket=bucket.name, Key=f"bare/{call.key}", Body=bytes(call.bytes))

    return call
