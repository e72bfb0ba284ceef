"""An S3 server for tests: moto's, in this process, with a lock around it (bare moto lets two writers win a race now and then).

    with moto_server() as s3:
        open_store(...) with s3.environment, or S3Driver(s3.bucket("some-prefix"))
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs

from shared.settings import Bucket

BUCKET = "agentforge-tests"
KEYS = {"AWS_ACCESS_KEY_ID": "tests", "AWS_SECRET_ACCESS_KEY": "tests", "AWS_DEFAULT_REGION": "us-east-1"}
WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Any]


@dataclass(frozen=True)
class Seen:
    """A request that reached the server."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]  # names in lower case


@dataclass
class Moto:
    endpoint: str
    seen: list[Seen] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to use the server; set AGENTFORGE_STORE besides (`url`)."""
        return {**KEYS, "AGENTFORGE_STORE_ENDPOINT": self.endpoint}

    def url(self, prefix: str) -> str:
        return f"s3://{BUCKET}/{prefix}"

    def bucket(self, prefix: str, encryption: str = "") -> Bucket:
        return Bucket(BUCKET, prefix, self.endpoint, "us-east-1", encryption)


@contextmanager
def moto_server(around: Callable[[WsgiApp], WsgiApp] = lambda app: app, port: int = 0) -> Iterator[Moto]:
    """Serve an empty bucket called BUCKET. `around` wraps the application, to make it misbehave. Set KEYS in the environment."""
    import boto3
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        def log(self, *_: Any) -> None:
            pass

        def send_response(self, code: int, message: str | None = None) -> None:
            self.send_response_only(code, message)  # without a Date of its own: `noted` adds one, unless `around` did

    app, lock = DomainDispatcherApplication(create_backend_app), Lock()
    moto = Moto("")

    def locked(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        with lock:
            return list(app(environ, start_response))

    served = around(locked)

    def noted(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        headers = {name[5:].lower().replace("_", "-"): value for name, value in environ.items() if name.startswith("HTTP_")}
        query = parse_qs(environ["QUERY_STRING"], keep_blank_values=True)
        moto.seen.append(Seen(environ["REQUEST_METHOD"], environ["PATH_INFO"], query, headers))

        def dated(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            if not any(name.lower() == "date" for name, _ in headers):
                headers = [*headers, ("Date", formatdate(usegmt=True))]
            return start_response(status, headers, *rest)

        return served(environ, dated)

    server = make_server("127.0.0.1", port, noted, threaded=True, request_handler=Quiet)
    moto.endpoint = f"http://127.0.0.1:{server.port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    client = boto3.client(
        "s3", endpoint_url=moto.endpoint, aws_access_key_id="tests", aws_secret_access_key="tests", region_name="us-east-1"
    )
    client.create_bucket(Bucket=BUCKET)
    try:
        yield moto
    finally:
        server.shutdown()
        thread.join()
