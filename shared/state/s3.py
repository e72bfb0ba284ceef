"""Objects in an S3 bucket, by boto3. Amazon S3, Cloudflare R2, MinIO, Tigris and what else honours conditional writes.

One try per call: retries are the store's (store.py), so that a lost answer is recognised and every request is counted.
Sources: S3 user guide, "Conditional writes" and "Conditional deletes"; RFC 9110 §6.6.1 for `Date`.
"""

import base64
import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from shared.errors import AgentForgeError, NotFound
from shared.settings import Bucket
from shared.state.driver import Listed, Stored, StoreRefused, StoreUnavailable
from shared.state.keys import Key

PART = 64 << 20  # bytes of one part of a multipart upload; files up to this size are sent whole
BLOCK = 1 << 20
TAKEN = ("PreconditionFailed", "412")
MISSING = ("NoSuchKey", "404", "NotFound")
REFUSED = ("AccessDenied", "403", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "NoSuchBucket")

log = logging.getLogger(__name__)


class S3Driver:
    """A prefix of a bucket. `credentials` (from `scoped_credentials`) take the place of the environment's."""

    at_once = 32

    def __init__(self, bucket: Bucket, credentials: dict[str, str] | None = None) -> None:
        import boto3  # here: it costs a third of a second, and a local folder needs none
        from botocore.config import Config

        self.bucket, self.url = bucket, f"s3://{bucket.name}/{bucket.prefix}".rstrip("/")
        config = Config(
            retries={"total_max_attempts": 1},
            connect_timeout=5,
            read_timeout=20,  # less than a lease: a worker whose request hangs must not be taken for dead
            max_pool_connections=self.at_once,
            signature_version="s3v4",  # else signed addresses are version 2's, which newer regions, R2 and SSE-KMS refuse
            s3={"addressing_style": "path" if bucket.endpoint else "auto"},
        )
        self.client = boto3.client(
            "s3", endpoint_url=bucket.endpoint or None, region_name=bucket.region or None, config=config, **credentials or {}
        )
        self.client.meta.events.register("after-call.s3", self._note_date)
        self._scoped = credentials is not None  # whoever may not list all of a bucket is told "forbidden" for "not there"
        self._offset: timedelta | None = None  # the store's clock less ours; None before its first answer

    def now(self) -> datetime:
        if self._offset is None:  # whatever the answer is, it has a date
            with suppress(AgentForgeError), _explained():
                self.client.head_bucket(Bucket=self.bucket.name)
        return datetime.now(UTC) + (self._offset or timedelta())

    def location(self, key: Key) -> str:
        return f"s3://{self.bucket.name}/{self._name(key)}"

    def may_have(self, key: Key) -> bool:
        return True

    def get(self, key: Key) -> Stored | None:
        try:
            with _explained(self._scoped):
                answer = self.client.get_object(Bucket=self.bucket.name, Key=self._name(key))
                return Stored(answer["Body"].read(), answer["ETag"], answer["LastModified"])
        except NotFound:
            return None

    def blocks(self, key: Key, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        if end is not None and end <= start:
            return
        with _explained():
            try:
                answer = self.client.get_object(
                    Bucket=self.bucket.name, Key=self._name(key), Range=f"bytes={start}-{'' if end is None else end - 1}"
                )
            except self.client.exceptions.ClientError as error:
                if error.response["Error"]["Code"] == "InvalidRange":  # nothing lies beyond `start`
                    return
                raise
            yield from answer["Body"].iter_chunks(BLOCK)

    def put_new(self, key: Key, body: bytes) -> str | None:
        return self._put(key, body, {"IfNoneMatch": "*"})

    def put_if(self, key: Key, body: bytes, version: str) -> str | None:
        return self._put(key, body, {"IfMatch": version})

    def delete_if(self, key: Key, version: str | None) -> bool:
        with suppress(NotFound), _conditional() as outcome, _explained():
            condition = {} if version is None else {"IfMatch": version}
            self.client.delete_object(Bucket=self.bucket.name, Key=self._name(key), **condition)
        return not outcome.taken

    def list_after(self, prefix: Key, after: str, limit: int, folders: bool) -> list[Listed]:
        name, slash, _ = after.removeprefix(prefix).partition("/")
        if folders and slash and after.startswith(prefix):  # stores differ on whether a folder is listed again after itself
            after = f"{prefix}{name}/~"  # beyond all that a folder may hold
        cut, now = len(self._name(Key(""))), self.now()
        where: dict[str, Any] = {"StartAfter": self._name(Key(after))} if after else {}
        found: list[Listed] = []
        while True:
            with _explained():
                answer = self.client.list_objects_v2(
                    Bucket=self.bucket.name, Prefix=self._name(prefix), MaxKeys=limit - len(found),
                    **where, **({"Delimiter": "/"} if folders else {}),
                )  # fmt: skip
            page = [Listed(Key(o["Key"][cut:]), o["Size"], o["ETag"], o["LastModified"]) for o in answer.get("Contents", [])]
            page += [Listed(Key(p["Prefix"][cut:]), 0, "", now) for p in answer.get("CommonPrefixes", [])]
            found += sorted(page)
            if len(found) >= limit or not answer.get("IsTruncated"):  # a page may hold fewer than were asked for
                return found
            where = {"ContinuationToken": answer["NextContinuationToken"]}

    def put_file(self, key: Key, path: Path) -> bool:
        if path.stat().st_size <= PART:
            return self.put_new(key, path.read_bytes()) is not None
        with suppress(NotFound), _explained():
            self.client.head_object(Bucket=self.bucket.name, Key=self._name(key))
            return False
        with _conditional() as outcome, _explained():
            upload, sent = self._begun(key)
            parts = list(self._parts(key, path, upload, sent))
            self.client.complete_multipart_upload(
                Bucket=self.bucket.name, Key=self._name(key), UploadId=upload, MultipartUpload={"Parts": parts}, IfNoneMatch="*"
            )
        if outcome.taken:  # another was quicker: what we sent would only cost money
            with suppress(StoreUnavailable), _explained():
                self.client.abort_multipart_upload(Bucket=self.bucket.name, Key=self._name(key), UploadId=upload)
        return not outcome.taken

    def signed_url(self, method: str, key: Key, seconds: int) -> str:
        url: str = self.client.generate_presigned_url(
            {"GET": "get_object", "PUT": "put_object"}[method],
            Params={"Bucket": self.bucket.name, "Key": self._name(key)},
            ExpiresIn=seconds,
        )
        return url

    def signed_upload(self, key: Key, seconds: int, sha256: str, bytes: int) -> tuple[str, dict[str, str]]:
        checksum = base64.b64encode(bytearray.fromhex(sha256)).decode()
        told = {"ChecksumSHA256": checksum, "ContentLength": bytes, **self._encryption()}
        url: str = self.client.generate_presigned_url(
            "put_object", Params={"Bucket": self.bucket.name, "Key": self._name(key), **told}, ExpiresIn=seconds
        )
        signed = parse_qs(urlsplit(url).query)["X-Amz-SignedHeaders"][0].split(";")
        known = {
            "content-length": str(bytes), "x-amz-checksum-sha256": checksum, "x-amz-sdk-checksum-algorithm": "SHA256",
            "x-amz-server-side-encryption": told.get("ServerSideEncryption", ""),
            "x-amz-server-side-encryption-aws-kms-key-id": told.get("SSEKMSKeyId", ""),
        }  # fmt: skip
        return url, {name: known[name] for name in signed if name in known}

    def signed_post(self, key: Key, seconds: int, most_bytes: int) -> dict[str, object]:
        return dict(
            self.client.generate_presigned_post(
                self.bucket.name, self._name(key), Conditions=[["content-length-range", 0, most_bytes]], ExpiresIn=seconds
            )
        )

    def _name(self, key: Key) -> str:
        return f"{self.bucket.prefix}/{key}" if self.bucket.prefix else str(key)

    def _put(self, key: Key, body: bytes, condition: dict[str, str]) -> str | None:
        try:
            with _conditional(), _explained():
                version: str = self.client.put_object(
                    Bucket=self.bucket.name, Key=self._name(key), Body=body, **self._encryption(), **condition
                )["ETag"]
                return version
        except NotFound:  # there is nothing to replace
            pass
        return None

    def _encryption(self) -> dict[str, Any]:
        if not self.bucket.encryption:
            return {}
        if self.bucket.encryption == "AES256":
            return {"ServerSideEncryption": "AES256"}
        key = self.bucket.encryption.removeprefix("aws:kms").removeprefix(":")
        return {"ServerSideEncryption": "aws:kms", **({"SSEKMSKeyId": key} if key else {})}

    def _begun(self, key: Key) -> tuple[str, dict[int, tuple[str, int]]]:
        """The upload an earlier try left open, with its parts (number → ETag, bytes), or a new one."""
        name = self._name(key)
        open_ = self.client.list_multipart_uploads(Bucket=self.bucket.name, Prefix=name).get("Uploads", [])
        for upload in (u["UploadId"] for u in open_ if u["Key"] == name):
            parts: dict[int, tuple[str, int]] = {}
            for page in self.client.get_paginator("list_parts").paginate(Bucket=self.bucket.name, Key=name, UploadId=upload):
                parts |= {p["PartNumber"]: (p["ETag"], p["Size"]) for p in page.get("Parts", [])}
            return upload, parts
        begun = self.client.create_multipart_upload(Bucket=self.bucket.name, Key=name, **self._encryption())
        return begun["UploadId"], {}

    def _parts(self, key: Key, path: Path, upload: str, sent: dict[int, tuple[str, int]]) -> Iterator[Any]:
        """Send the parts that are not there yet, or are not what the file holds (an ETag of a part is its MD5)."""
        with path.open("rb") as file:
            number = 0
            while block := file.read(PART):
                number += 1
                etag = f'"{hashlib.md5(block, usedforsecurity=False).hexdigest()}"'
                if sent.get(number) != (etag, len(block)):
                    etag = self.client.upload_part(
                        Bucket=self.bucket.name, Key=self._name(key), UploadId=upload, PartNumber=number, Body=block
                    )["ETag"]
                yield {"PartNumber": number, "ETag": etag}

    def _note_date(self, http_response: Any = None, **_: Any) -> None:
        """Learn the store's clock from an answer. `Date` has whole seconds, so smaller differences say nothing."""
        date = http_response.headers.get("Date") if http_response is not None else None
        known = self._offset = self._offset or timedelta()
        with suppress(ValueError):  # none, or one that cannot be read, tells nothing
            told = parsedate_to_datetime(str(date))
            offset = told.replace(tzinfo=told.tzinfo or UTC) + timedelta(seconds=0.5) - datetime.now(UTC)
            if abs(offset - known) > timedelta(seconds=1.5):
                self._offset = offset


class _Outcome:
    taken = False


class _Taken(Exception):
    pass


@contextmanager
def _conditional() -> Iterator[_Outcome]:
    """Catches a condition that did not hold; says so in what it gives."""
    outcome = _Outcome()
    try:
        yield outcome
    except _Taken:
        outcome.taken = True


@contextmanager
def _explained(scoped: bool = False) -> Iterator[None]:
    """boto3's errors as ours: 404 (when `scoped`, 403 too) NotFound, 412 `_Taken`, what somebody must mend StoreRefused, the rest StoreUnavailable."""
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in MISSING or scoped and code in ("AccessDenied", "403"):
            raise NotFound("There is no such object in the store.") from error
        if code in TAKEN:
            raise _Taken from error
        if code in REFUSED:
            raise StoreRefused(f"The store refuses us ({code}).", "See AGENTFORGE_STORE and the credentials.") from error
        log.warning("store: %s", code)
        raise StoreUnavailable(f"The store does not answer ({code}).", "It is tried again.") from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise StoreRefused("There are no credentials for the store.", "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.") from error
    except (BotoCoreError, HTTPError, OSError) as error:
        raise StoreUnavailable(f"The store does not answer ({type(error).__name__}).", "Is its address right?") from error
