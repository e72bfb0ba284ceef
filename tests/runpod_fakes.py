"""A small RunPod on this machine: the cloud's v2 API for clients, the job queue for workers, and functions for those to run.

What the cloud does with a job was read from the SDK's own code and RunPod's documentation; nothing here was seen of the real one.
"""

import json
import threading
import time
from collections import defaultdict, deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel

from functions.registry import Next, function
from shared.sandbox import open_session
from shared.state.run import Run

KEY = "rpa_TESTKEY0123456789"
SECRET = "hunter2-must-not-leave"


class Cloud:
    """Queues by endpoint; what happened is kept for tests to look at. `faults`: what goes wrong with the next submissions."""

    def __init__(self, *endpoints: str) -> None:
        self.queues: dict[str, deque[dict[str, Any]]] = {endpoint: deque() for endpoint in endpoints}
        self.jobs: dict[str, dict[str, Any]] = {}  # id → what was submitted
        self.taken: list[str] = []
        self.results: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.hints: list[dict[str, Any]] = []
        self.posted: list[str] = []  # every body that workers sent
        self.faults: deque[str] = deque()
        self.changed = threading.Condition()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"cloud": self}))
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/v2"

    def submit(self, endpoint: str, body: dict[str, Any]) -> str:
        with self.changed:
            job = f"job-{len(self.jobs)}"
            self.jobs[job] = body
            self.queues[endpoint].append({"id": job, "input": body["input"]})
            self.changed.notify_all()
        return job

    def deliver_again(self, endpoint: str, job: str) -> None:
        with self.changed:
            self.queues[endpoint].append({"id": job, "input": self.jobs[job]["input"]})
            self.changed.notify_all()

    def take(self, endpoint: str, wait_s: float = 0.5) -> dict[str, Any] | None:
        with self.changed:
            self.changed.wait_for(lambda: self.queues[endpoint], wait_s)
            if not self.queues[endpoint]:
                return None
            job = self.queues[endpoint].popleft()
            self.taken.append(job["id"])
            self.changed.notify_all()
            return job

    def result(self, job: str, times: int = 1, wait_s: float = 30) -> dict[str, Any]:
        """What a worker answered the last of `times` times that it did the job."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.results[job]) >= times, wait_s), f"no result of {job}"
            return self.results[job][times - 1]

    def wait_taken(self, job: str, wait_s: float = 30) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: job in self.taken, wait_s), f"nobody took {job}"

    def environment(self, endpoint: str, worker: str) -> dict[str, str]:
        """What RunPod sets in a worker's container."""
        return {
            "RUNPOD_WEBHOOK_GET_JOB": f"{self.url}/{endpoint}/job-take/$ID?gpu=none",
            "RUNPOD_WEBHOOK_POST_OUTPUT": f"{self.url}/{endpoint}/job-done/$RUNPOD_POD_ID/$ID?gpu=none",
            "RUNPOD_POD_ID": worker,
            "RUNPOD_ENDPOINT_ID": endpoint,
            "RUNPOD_ENDPOINT_BASE_URL": self.url,
            "RUNPOD_API_KEY": KEY,
        }

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class _Handler(BaseHTTPRequestHandler):
    cloud: Cloud
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        _, _, endpoint, what, *_ = urlsplit(self.path).path.split("/")
        if what == "job-take" and (job := self.cloud.take(endpoint)):
            return self.answer(200, job)
        if what == "job-stop":
            time.sleep(0.5)
        self.answer(204)

    def do_POST(self) -> None:
        _, _, endpoint, what, *rest = urlsplit(self.path).path.split("/")
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if what == "job-done":
            return self.done(rest[1], text)
        fault = self.cloud.faults.popleft() if self.cloud.faults else ""
        if fault.isdecimal():
            return self.answer(int(fault), {"error": "as told"})
        if self.headers["Authorization"] != f"Bearer {KEY}":
            return self.answer(401, {"error": "unauthorized"})
        if endpoint not in self.cloud.queues or what != "run":
            return self.answer(404, {"error": "not found"})
        if fault == "lose request":
            return self.hang_up()
        job = self.cloud.submit(endpoint, json.loads(text))
        if fault == "lose reply":
            return self.hang_up()
        self.answer(200, ["what?"] if fault == "nonsense" else {"id": job, "status": "IN_QUEUE"})

    def done(self, job: str, text: str) -> None:
        body = json.loads(text)
        with self.cloud.changed:
            self.cloud.posted.append(text)
            if body.get("status") == "IN_PROGRESS":
                self.cloud.hints.append(body["output"])
            else:
                self.cloud.results[job].append(body)
            self.cloud.changed.notify_all()
        self.answer(200, {})

    def answer(self, status: int, body: Any = None) -> None:
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        try:
            self.end_headers()
            self.wfile.write(data)
        except OSError:  # it went away, as killed workers do
            self.close_connection = True

    def hang_up(self) -> None:
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


class Number(BaseModel):
    n: int = 0


class Nap(BaseModel):
    seconds: float = 0.0


class Text(BaseModel):
    text: str = ""


@function("add_one", Number, Number)
def add_one(input: Number, run: Run) -> Number:
    run.save("log/one.txt", b"one more")
    run.progress(1, 1)
    return Number(n=input.n + 1)


@function("nap", Nap, Number, retries=2)
def nap(input: Nap, run: Run) -> Number:
    """Sleeps, but only in its first attempt, and counts the attempts that began."""
    begun = (run.restore("begun") or 0) + 1
    run.checkpoint("begun", begun)
    until = time.monotonic() + (input.seconds if begun == 1 else 0)
    while time.monotonic() < until:
        run.check()
        time.sleep(0.02)
    return Number(n=begun)


@function("two_tiers", Number, Number)
def two_tiers(input: Number, run: Run) -> Next:
    return Next("on_gpu", Number(n=input.n + 10))


@function("on_gpu", Number, Number, tier="gpu-small")
def on_gpu(input: Number, run: Run) -> Number:
    return Number(n=input.n * 2)


@function("leak", Number, Number, retries=0)
def leak(input: Number, run: Run) -> Number:
    raise RuntimeError(SECRET)


@function("cell", Text, Text, retries=0)
def cell(input: Text, run: Run) -> Text:
    with open_session({}) as session:
        return Text(text=str(session.run(input.text).result))
