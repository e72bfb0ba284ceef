"""Settings from the environment: what they mean, and what is said of a value that cannot be used."""

from pathlib import Path

import pytest

from shared import settings
from shared.errors import InvalidSetting
from shared.settings import Bucket
from shared.state.folder import FolderDriver
from shared.state.opening import open_store
from shared.state.s3 import S3Driver


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("STORE", "STORE_ENDPOINT", "STORE_REGION", "STORE_ENCRYPTION", "STORE_ROLE", "BACKEND", "LEASE_S", "KEEP_DAYS", "KEEP_CHECKPOINTS_DAYS"):
        monkeypatch.delenv(f"AGENTFORGE_{name}", raising=False)
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def test_the_store_is_a_folder_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.store() == tmp_path / ".agentforge"
    for value in (f"file://{tmp_path}/a%20b", f"file://localhost{tmp_path}/a%20b", f"{tmp_path}/a b", "~/a b", f" {tmp_path}/a b "):
        monkeypatch.setenv("AGENTFORGE_STORE", value)
        assert settings.store() == tmp_path / "a b"
    driver = open_store().driver
    assert isinstance(driver, FolderDriver) and driver.root == tmp_path / "a b" and not driver.root.exists()


def test_the_store_may_be_a_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTFORGE_STORE", "s3://bucket/team/forge/")
    assert settings.store() == Bucket("bucket", "team/forge", "", "us-east-1", "")
    monkeypatch.setenv("AGENTFORGE_STORE_ENDPOINT", "https://account.r2.example")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AGENTFORGE_STORE_ENCRYPTION", "aws:kms:arn:key/1")
    assert settings.store() == Bucket("bucket", "team/forge", "https://account.r2.example", "eu-west-1", "aws:kms:arn:key/1")
    monkeypatch.setenv("AGENTFORGE_STORE_REGION", "auto")
    monkeypatch.setenv("AGENTFORGE_STORE", "s3://bucket")
    store = open_store()
    assert isinstance(store.driver, S3Driver) and store.driver.bucket.region == "auto" and store.url == "s3://bucket"


@pytest.mark.parametrize(
    "value",
    ["file://host/x", "file:///", "s3://", "s3:///x", "gs://bucket", "file:///x?y=1", "s3://bucket/x#y", "~nobody-here/x", "{tmp}/file"],
)
def test_a_place_that_is_none_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("AGENTFORGE_STORE", value.format(tmp=tmp_path))
    with pytest.raises(InvalidSetting) as raised:
        settings.store()
    assert "AGENTFORGE_STORE" in str(raised.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STORE_ENDPOINT", "r2.example"),
        ("STORE_ENDPOINT", "ftp://r2.example"),
        ("STORE_ENCRYPTION", "yes"),
        ("STORE_ENCRYPTION", "aws"),
        ("LEASE_S", "soon"),
        ("LEASE_S", "0"),
        ("LEASE_S", "-1"),
        ("LEASE_S", "nan"),
        ("LEASE_S", "inf"),
        ("KEEP_DAYS", "1e10"),
        ("BACKEND", "mainframe"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv("AGENTFORGE_STORE", "s3://bucket")
    monkeypatch.setenv(f"AGENTFORGE_{name}", value)
    with pytest.raises(InvalidSetting, match=f"AGENTFORGE_{name}"):
        settings.store(), settings.lease_s(), settings.keep_days(), settings.backend()


def test_numbers_have_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (settings.lease_s(), settings.keep_days(), settings.keep_checkpoints_days(), settings.backend()) == (30, None, 7, "local")
    monkeypatch.setenv("AGENTFORGE_LEASE_S", " 0.5 ")
    monkeypatch.setenv("AGENTFORGE_KEEP_DAYS", "365")
    assert (settings.lease_s(), settings.keep_days()) == (0.5, 365)
