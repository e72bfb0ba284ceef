"""Credentials for one run: what the session policy lets its worker do, against all that a real worker asks of a bucket.

The server of these tests enforces no policies, so `allows` does, by the rules of IAM for the forms that are used here.
"""

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from functions.work import start, work
from functions.worker import Refs
from shared.settings import Bucket
from shared.state import runs
from shared.state.datasets import fetch_dataset, save_dataset
from shared.state.driver import StoreUnavailable
from shared.state.keys import Key, workspace_prefix
from shared.state.run import Run
from shared.state.runs import RunRef
from shared.state.s3 import S3Driver
from shared.state.scoped import scoped_credentials, session_policy
from shared.state.store import Store
from tests.moto_server import BUCKET, Moto, Seen
from tests.state.test_bucket import big_file, parts  # noqa: F401 - a fixture
from tests.state.test_run import Words, bodies
from tests.state.test_runs import finished


def allows(policy: dict[str, Any], action: str, resource: str, prefix: str | None = None) -> bool:
    """Whether a policy of Allow statements allows an action; `prefix` is what a listing asks for."""
    for statement in policy["Statement"]:
        wanted = statement.get("Condition", {}).get("StringLike", {}).get("s3:prefix")
        if (
            statement["Effect"] == "Allow" and action in statement["Action"]
            and any(fnmatchcase(resource, pattern) for pattern in statement["Resource"])
            and (wanted is None or prefix is not None and any(fnmatchcase(prefix, pattern) for pattern in wanted))
        ):  # fmt: skip
            return True
    return False


def asked(seen: Seen) -> tuple[str, str, str | None]:
    """A request as IAM sees it: action, resource, prefix. Source: service authorization reference, Amazon S3."""
    resource, _, key = seen.path.strip("/").partition("/")
    if not key:
        action = "s3:ListBucketMultipartUploads" if "uploads" in seen.query else "s3:ListBucket"
        return action, f"arn:aws:s3:::{resource}", seen.query.get("prefix", [""])[0]
    action = {
        "GET": "s3:ListMultipartUploadParts" if "uploadId" in seen.query else "s3:GetObject",
        "HEAD": "s3:GetObject", "PUT": "s3:PutObject", "POST": "s3:PutObject",
        "DELETE": "s3:AbortMultipartUpload" if "uploadId" in seen.query else "s3:DeleteObject",
    }[seen.method]  # fmt: skip
    return action, f"arn:aws:s3:::{resource}/{key}", None


@pytest.mark.parametrize("prefix", ["", "team/forge"])
def test_a_worker_can_do_its_work(moto: Moto, tmp_path: Path, parts: None, prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setattr("shared.state.artifacts.SMALL", 1000)
    bucket = moto.bucket(prefix)
    store = Store(S3Driver(bucket), lambda seconds: None)
    (tmp_path / "data.csv").write_text("a\n1\n")
    reference = save_dataset(store, tmp_path / "data.csv")
    big_file(tmp_path / "big", 2.5)

    def body(input: Words, run: Run) -> Words:
        fetch_dataset(run.store, reference, run.workspace, run.scratch)
        run.save_all({"a/b.txt": b"1", "big.bin": tmp_path / "big"})
        run.checkpoint("c", 1, {"f": b"2"})
        run.restore("c", run.scratch)
        run.beat()
        run.beat()
        run.read("a/b.txt")
        return Words()

    bodies["it"] = body
    log = start(store, "state-once", Words(words=["it"]), idempotency_key=prefix or "x")
    moto.seen.clear()
    assert work(store, log.ref, Refs()).state == "succeeded"
    policy = session_policy(bucket, log.ref)
    requests = [asked(seen) for seen in moto.seen]
    assert len(requests) > 20 and {action for action, _, _ in requests} >= {
        "s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucketMultipartUploads"
    }  # fmt: skip
    assert [request for request in requests if not allows(policy, *request)] == []


def test_a_worker_can_do_nothing_else(moto: Moto) -> None:
    bucket = moto.bucket("forge")
    store = Store(S3Driver(bucket))
    mine, other, foreign = finished(store), finished(store), finished(store, workspace="other")
    policy, place = session_policy(bucket, mine.ref), f"arn:aws:s3:::{BUCKET}"
    root = f"{place}/forge/"
    everything = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")
    for key in (
        other.prefix.number(0), other.folder / "head.json", foreign.prefix.number(0), runs.ledger_key(other), runs.ledger_key(foreign),
        workspace_prefix("local").folder("requests") / "x.json", workspace_prefix("local").folder("audit").number(0),
        workspace_prefix("local").folder("tombstones") / f"{mine.id}.json", Key("sys/sweep.json"), Key(f"sys/due/x.local.{other.id}"),
        Key(f"sys/due/x.other.{mine.id}"), workspace_prefix("other").folder("datasets") / "x/y",
        Key(f"t/local/runs/{mine.id}x/log/0000000000.json"),
    ):  # fmt: skip
        assert not [action for action in everything if allows(policy, action, root + key)], key
        assert not [action for action in everything if allows(policy, action, f"{place}/{key}")], key
    assert not allows(policy, "s3:PutObject", f"{root}t/local/datasets/x/y")
    assert not allows(policy, "s3:DeleteObject", root + runs.ledger_key(mine))
    for listing in ("s3:ListBucket", "s3:ListBucketMultipartUploads"):
        for prefix in ("", "forge/", "forge/t/local/", "forge/t/local/runs/", f"forge/{other.folder}", f"forge/{foreign.folder}", mine.folder):
            assert not allows(policy, listing, place, prefix)
        assert allows(policy, listing, place, f"forge/{mine.prefix}")
    actions = {action for statement in policy["Statement"] for action in statement["Action"]}
    assert not any("*" in action for action in actions) and len(json.dumps(policy)) < 2048  # the most that STS takes


def test_names_cannot_widen_the_policy() -> None:
    for id in ("*", "a/*", "?", "a*", "${aws:username}", "../x"):
        with pytest.raises(Exception, match="no run"):
            session_policy(Bucket("bucket"), RunRef("local", id))
        with pytest.raises(Exception, match="workspace"):
            session_policy(Bucket("bucket"), RunRef(id, "run"))


def test_credentials_come_from_sts(moto: Moto) -> None:
    bucket, ref = moto.bucket("scoped"), RunRef("local", "abc")
    moto.seen.clear()
    keys = scoped_credentials(bucket, ref, "arn:aws:iam::123456789012:role/worker", 60)
    assert set(keys) == {"aws_access_key_id", "aws_secret_access_key", "aws_session_token"}
    store = Store(S3Driver(bucket, keys))
    assert store.put_new(Key("t/local/x"), b"1") and store.read(Key("t/local/x")) == b"1"
    with pytest.raises(StoreUnavailable):
        scoped_credentials(Bucket("bucket", endpoint="http://127.0.0.1:9", region="us-east-1"), ref, "arn:aws:iam::123456789012:role/w", 60)
