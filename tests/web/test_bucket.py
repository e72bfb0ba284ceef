"""What is another way over a bucket: direct uploads and downloads by signed addresses."""

import hashlib
from collections.abc import Callable

import httpx2
import pytest

from shared.state.s3 import S3Driver
from shared.state.store import Store
from tests.moto_server import Moto
from tests.web.conftest import CSV, Site
from tests.web.test_manners import is_problem


@pytest.fixture
def in_bucket(moto: Moto, open_site: Callable[[Store], Site], request: pytest.FixtureRequest) -> Site:
    return open_site(Store(S3Driver(moto.bucket(f"web/{request.node.name[:30]}")), lambda seconds: None))


def test_a_file_goes_into_the_bucket_directly(in_bucket: Site) -> None:
    site = in_bucket
    told = {"file_name": "../prices.csv", "bytes": len(CSV), "sha256": hashlib.sha256(CSV).hexdigest()}
    place = site.call("POST", "/v1/datasets/uploads", site.a.key, json=told).json()
    wanted = {"reference": place["reference"], "name": "prices"}
    assert is_problem(site.call("POST", "/v1/datasets", site.a.key, json=wanted), 404)
    assert httpx2.request(place["method"], place["url"], headers=place["headers"], content=CSV).status_code == 200
    assert is_problem(site.call("POST", "/v1/datasets", site.b.key, json=wanted), 404)
    made = site.call("POST", "/v1/datasets", site.a.key, json=wanted)
    assert made.status_code == 201 and made.json()["versions"][0]["bytes"] == len(CSV)
    with site.backend.working():
        told = site.call("GET", f"/v1/datasets/{made.json()['id']}/preview", site.a.key).json()
    assert told["tables"][0]["n"] == 3


def test_files_of_a_run_are_read_from_the_bucket(in_bucket: Site) -> None:
    site = in_bucket
    id = site.a.finished_run()
    answer = site.call("GET", f"/v1/runs/{id}/artifacts/report.md", site.a.key)
    assert answer.status_code == 307 and answer.headers["cache-control"] == "no-store" and not answer.content
    assert httpx2.get(answer.headers["location"]).content == b"made: of anna"
    assert site.call("GET", f"/v1/runs/{id}/export", site.a.key).content.startswith(b"PK")
    assert is_problem(site.call("GET", f"/v1/runs/{id}/artifacts/report.md", site.b.key), 404)
    with site.backend.working():
        assert site.call("GET", f"/v1/runs/{id}/stream", site.a.key).text.rstrip().endswith("data: {}")
