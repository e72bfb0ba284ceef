"""What only a bucket can do, or do wrong: uploads in parts, signed addresses, encryption, odd answers."""

import base64
import json
import random
import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import formatdate
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from shared.errors import InvalidSetting
from shared.settings import Bucket
from shared.state import artifacts, s3
from shared.state.driver import StoreUnavailable
from shared.state.keys import Key
from shared.state.s3 import S3Driver
from shared.state.store import Store
from tests.moto_server import BUCKET, Moto, moto_server
from tests.state.places import RUNS, A, at_once, make_place


def test_a_page_that_comes_back_short_is_not_the_end(moto: Moto) -> None:
    """S3 may answer with fewer keys than were asked for, and say that there are more."""
    store = Store(S3Driver(moto.bucket("short")))
    for number in range(7):
        store.put_new(RUNS / f"{number}/x", b"")

    def shorten(params: dict[str, Any], **_: Any) -> None:
        params["MaxKeys"] = min(params["MaxKeys"], 2)

    store.driver.client.meta.events.register("provide-client-params.s3.ListObjectsV2", shorten)  # type: ignore[attr-defined]
    assert [entry.key for entry in store.list_all(RUNS)] == [RUNS / f"{number}/x" for number in range(7)]
    assert [entry.key for entry in store.list_after(RUNS, str(RUNS / "1/x"), 3)] == [RUNS / f"{number}/x" for number in (2, 3, 4)]
    assert len(list(store.list_all(RUNS, folders=True))) == 7


def test_a_folder_is_not_listed_again_after_itself(moto: Moto) -> None:
    """Stores differ on what comes after the name of a folder: we ask for what comes after all that it may hold."""
    store = Store(S3Driver(moto.bucket("again")))
    for number in range(3):
        store.put_new(RUNS / f"{number}/x", b"")
    moto.seen.clear()
    for after in (RUNS.folder("0"), RUNS / "0/x", RUNS / "0/a"):
        assert [entry.key for entry in store.list_after(RUNS, after, 9, folders=True)] == [RUNS.folder("1"), RUNS.folder("2")]
    assert [seen.query["start-after"] for seen in moto.seen] == [[f"again/{RUNS}0/~"]] * 3
PART = 300_000


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "PART", PART)
    monkeypatch.setattr("moto.s3.models.S3_UPLOAD_PART_MIN_SIZE", PART)


def sent_parts(moto: Moto) -> list[int]:
    """The numbers of the parts that reached the server since the last time."""
    numbers = [int(seen.query["partNumber"][0]) for seen in moto.seen if seen.method == "PUT" and "partNumber" in seen.query]
    moto.seen.clear()
    return numbers


def uploads_left(store: Store) -> int:
    driver = store.driver
    assert isinstance(driver, S3Driver)
    found = driver.client.list_multipart_uploads(Bucket=BUCKET, Prefix=driver.bucket.prefix).get("Uploads", [])
    return len(found)


def break_after(store: Store, calls: int, operation: str = "UploadPart") -> None:
    """The line is dead from the n-th call of an operation on."""
    from botocore.exceptions import ConnectionClosedError

    count = 0

    def hook(**_: Any) -> None:
        nonlocal count
        count += 1
        if count > calls:
            raise ConnectionClosedError(endpoint_url="the server")

    store.driver.client.meta.events.register(f"before-send.s3.{operation}", hook)  # type: ignore[attr-defined]


def big_file(path: Path, parts: float, seed: int = 1) -> bytes:
    path.write_bytes(random.Random(seed).randbytes(int(PART * parts)))
    return path.read_bytes()


def test_an_interrupted_upload_sends_only_what_is_missing(moto: Moto, tmp_path: Path, parts: None) -> None:
    place = make_place("s3", tmp_path, lambda: moto)
    dying, body = place.store(), big_file(tmp_path / "big", 5.5)
    break_after(dying, 3)
    with pytest.raises(StoreUnavailable):
        dying.put_file(A, tmp_path / "big")
    assert sent_parts(moto) == [1, 2, 3] and dying.get(A) is None
    again = place.store()
    assert again.put_file(A, tmp_path / "big")
    assert sent_parts(moto) == [4, 5, 6]
    assert again.read(A) == body and uploads_left(again) == 0
    assert not again.put_file(A, tmp_path / "big") and sent_parts(moto) == []  # it is there: nothing is sent to find that out
    assert artifacts.sha256_of_object(again, A) == artifacts.sha256_of_file(tmp_path / "big")


def test_parts_of_another_file_are_not_taken_for_ours(moto: Moto, tmp_path: Path, parts: None) -> None:
    place = make_place("s3", tmp_path, lambda: moto)
    dying = place.store()
    break_after(dying, 3)
    old = big_file(tmp_path / "big", 4)
    with pytest.raises(StoreUnavailable):
        dying.put_file(A, tmp_path / "big")
    new = old[:PART] + b"!" + old[PART + 1 : 4 * PART - 5]
    (tmp_path / "big").write_bytes(new)
    sent_parts(moto)
    store = place.store()
    assert store.put_file(A, tmp_path / "big") and sent_parts(moto) == [2, 4] and store.read(A) == new


def test_who_comes_second_with_a_large_file_leaves_nothing_behind(moto: Moto, tmp_path: Path, parts: None) -> None:
    place = make_place("s3", tmp_path, lambda: moto)
    slow, quick = place.store(), place.store()
    big_file(tmp_path / "big", 3)
    hook: Callable[..., Any] = lambda **_: quick.put_new(A, b"first") and None  # noqa: E731
    slow.driver.client.meta.events.register("before-send.s3.CompleteMultipartUpload", hook)  # type: ignore[attr-defined]
    assert not slow.put_file(A, tmp_path / "big")
    assert quick.read(A) == b"first" and uploads_left(slow) == 0


def test_two_uploads_of_one_large_file_leave_one(moto: Moto, tmp_path: Path, parts: None) -> None:
    place = make_place("s3", tmp_path, lambda: moto)
    body = big_file(tmp_path / "big", 3)
    mine = [place.store() for _ in range(3)]
    won = at_once([partial(me.put_file, A, tmp_path / "big") for me in mine])
    assert True in won and mine[0].read(A) == body and uploads_left(mine[0]) == 0  # S3 lets both complete one upload


def test_a_lost_answer_to_a_large_file_is_recognised_by_its_content(moto: Moto, tmp_path: Path, parts: None) -> None:
    from botocore.exceptions import ReadTimeoutError

    store = make_place("s3", tmp_path, lambda: moto).store()
    big_file(tmp_path / "big", 3)
    lost: list[int] = []

    def lose(**_: Any) -> None:
        if not lost:
            lost.append(1)
            raise ReadTimeoutError(endpoint_url="the server")

    store.driver.client.meta.events.register("before-parse.s3.CompleteMultipartUpload", lose)  # type: ignore[attr-defined]
    told = artifacts.put(store, A, tmp_path / "big") if artifacts.SMALL < 3 * PART else None
    if told is None:  # small enough for memory: then it is not sent in parts by `put`
        assert not store.put_file(A, tmp_path / "big")
    assert lost and artifacts.sha256_of_object(store, A) == artifacts.sha256_of_file(tmp_path / "big")


class Trouble:
    """Makes the S3 server misbehave: one word of `script` for every request."""

    def __init__(self) -> None:
        self.script: list[str] = []
        self.without: set[str] = set()  # headers that the server does not see
        self.offset_s = 0.0  # of its clock

    def around(self, app: Callable[..., Any]) -> Callable[..., Any]:
        def served(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
            environ = {name: value for name, value in environ.items() if name not in self.without}
            fate = self.script.pop(0) if self.script else ""
            if fate.isdigit():
                start_response(f"{fate} Trouble", [("Content-Type", "application/xml")])
                code = {"503": "SlowDown", "409": "ConditionalRequestConflict", "403": "AccessDenied"}.get(fate, "InternalError")
                return [f"<Error><Code>{code}</Code></Error>".encode()]

            def shifted(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
                kept = [(name, value) for name, value in headers if name.lower() != "date"]
                return start_response(status, [*kept, ("Date", formatdate(time.time() + self.offset_s, usegmt=True))], *rest)

            body = list(app(environ, shifted if self.offset_s else start_response))
            if fate == "lost":
                environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            return body

        return served


@pytest.fixture(scope="module")
def ill(moto: Moto) -> Iterator[tuple[Trouble, Moto]]:
    trouble = Trouble()
    with moto_server(trouble.around) as server:
        yield trouble, server


@pytest.fixture
def trouble(ill: tuple[Trouble, Moto]) -> Iterator[Trouble]:
    trouble = ill[0]
    trouble.script, trouble.without, trouble.offset_s = [], set(), 0
    yield trouble
    trouble.script, trouble.without, trouble.offset_s = [], set(), 0


@pytest.fixture
def ill_store(ill: tuple[Trouble, Moto], tmp_path: Path) -> Store:
    return make_place("s3", tmp_path, lambda: ill[1]).store()


@pytest.mark.parametrize("fate", ["503", "500", "409", "lost"])
def test_what_a_bucket_may_answer_is_tried_again(trouble: Trouble, ill_store: Store, fate: str) -> None:
    trouble.script = [fate, fate]
    version = ill_store.put_new(A, b"1")
    trouble.script = [fate]
    assert version and (version := ill_store.put_if(A, b"2", version))
    trouble.script = [fate]
    assert ill_store.read(A) == b"2"
    trouble.script = [fate]
    assert [entry.key for entry in ill_store.list_after(RUNS)] == [A]
    trouble.script = [fate]
    assert ill_store.delete_if(A, version) and ill_store.get(A) is None


def test_what_a_bucket_refuses_is_not_tried_again(trouble: Trouble, ill_store: Store) -> None:
    trouble.script = ["403"]
    with pytest.raises(InvalidSetting, match="AGENTFORGE_STORE"):
        ill_store.get(A)
    assert not trouble.script and ill_store.requests.control["get"] == 1
    assert isinstance(ill_store.driver, S3Driver)
    missing = Store(S3Driver(Bucket("no-such-bucket", "", ill_store.driver.bucket.endpoint, "us-east-1")), lambda seconds: None)
    with pytest.raises(InvalidSetting, match="NoSuchBucket"):
        missing.probe()


def test_nobody_answering_is_said_plainly(moto: Moto) -> None:
    nobody = Store(S3Driver(Bucket("bucket", "", "http://127.0.0.1:9", "us-east-1")), lambda seconds: None)
    with pytest.raises(StoreUnavailable, match="does not answer"):
        nobody.get(A)


def test_the_clock_is_the_stores(trouble: Trouble, ill_store: Store) -> None:
    for offset in (600, -600, 0):
        trouble.offset_s = offset
        ill_store.get(A)
        assert abs((ill_store.now() - datetime.now(UTC)).total_seconds() - offset) < 2


@pytest.mark.parametrize("header", ["HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH"])
def test_a_bucket_that_ignores_conditions_is_refused(trouble: Trouble, ill_store: Store, header: str) -> None:
    trouble.without = {header}
    with pytest.raises(InvalidSetting, match="conditional writes"):
        ill_store.probe()
    assert list(ill_store.list_all(Key("sys/"))) == []


def test_signed_addresses_read_and_write_one_object(moto: Moto) -> None:
    driver = S3Driver(moto.bucket("signed"))
    put = requests.put(driver.signed_url("PUT", A, 60), data=b"hello", timeout=10)
    assert put.status_code == 200 and Store(driver).read(A) == b"hello"
    url = driver.signed_url("GET", A, 60)
    assert requests.get(url, timeout=10).content == b"hello"
    assert "X-Amz-Signature=" in url and "X-Amz-Expires=60" in url  # version 4 of the signature: R2, KMS and new regions want it
    assert requests.get(driver.signed_url("GET", RUNS / "b", 60), timeout=10).status_code == 404


def test_a_signed_form_uploads_one_object(moto: Moto) -> None:
    driver = S3Driver(moto.bucket("form"))
    form: Any = driver.signed_post(A, 60, 1000)
    posted = requests.post(form["url"], data=form["fields"], files={"file": b"hello"}, timeout=10)
    assert posted.status_code in (200, 201, 204) and Store(driver).read(A) == b"hello"
    conditions = json.loads(base64.b64decode(form["fields"]["policy"]))["conditions"]
    assert ["content-length-range", 0, 1000] in conditions and {"key": f"form/{A}"} in conditions


@pytest.mark.parametrize(
    ("setting", "expected_headers"),
    [
        ("", {}),
        ("AES256", {"x-amz-server-side-encryption": "AES256"}),
        ("aws:kms", {"x-amz-server-side-encryption": "aws:kms"}),
        ("aws:kms:key/1", {"x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id": "key/1"}),
    ],
)
def test_encryption_is_asked_for_by_setting(
    moto: Moto, tmp_path: Path, parts: None, setting: str, expected_headers: dict[str, str]
) -> None:
    store = Store(S3Driver(moto.bucket(f"encrypted/{setting.replace(':', '-')}", setting)))
    moto.seen.clear()
    version = store.put_new(A, b"1")
    assert version and store.put_if(A, b"2", version)
    big_file(tmp_path / "big", 2)
    assert store.put_file(RUNS / "big", tmp_path / "big")
    puts = [seen for seen in moto.seen if seen.method == "PUT" and "partNumber" not in seen.query]
    writing = puts + [seen for seen in moto.seen if seen.method == "POST" and "uploads" in seen.query]
    assert len(writing) == 3
    for seen in writing:
        assert {name: value for name, value in seen.headers.items() if "encryption" in name} == expected_headers
