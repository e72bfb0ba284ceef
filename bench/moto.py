"""A fake S3 of its own process, for measuring: moto's server, one request at a time (bare moto is not race-free).

    with moto() as bucket: ...        the process itself is `python -m bench.moto`, which prints its port
"""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from shared.settings import Bucket

NAME = "bench"


@contextmanager
def moto() -> Iterator[Bucket]:
    """An empty bucket; the credentials it takes are put into the environment."""
    os.environ |= {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_REGION": "us-east-1"}
    with subprocess.Popen([sys.executable, "-m", "bench.moto"], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            bucket = Bucket(NAME, "agentforge", f"http://127.0.0.1:{int(server.stdout.readline())}", "us-east-1")
            bare_client(bucket).create_bucket(Bucket=NAME)
            yield bucket
        finally:
            server.kill()


def bare_client(bucket: Bucket) -> Any:
    """boto3 as anybody would set it up."""
    import boto3

    return boto3.client("s3", endpoint_url=bucket.endpoint, region_name=bucket.region)


def main() -> None:
    import logging

    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    app, lock = DomainDispatcherApplication(create_backend_app), Lock()

    def one_at_a_time(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        with lock:
            return list(app(environ, start))

    WSGIRequestHandler.protocol_version = "HTTP/1.1"  # connections stay open, as S3's do
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, one_at_a_time, threaded=True)
    print(server.port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
