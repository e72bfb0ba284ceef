"""Canaries around a sandbox, and what each payload did to them."""

import os
import re
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from shared.sandbox import Limits, Session, open_session
from tests.escapes.corpus import BROKE, TOKEN, Payload

LIMITS = Limits(wall_s=3, cpu_s=10, memory_mb=768, output_bytes=2_000_000, result_bytes=2_000_000, file_bytes=64 << 20, processes=64)
LONGEST_S = 30  # a payload's whole session, whatever it does


@dataclass
class Canaries:
    """Files, ports, a process, an environment and another session, all of which a payload must leave alone."""

    folder: Path
    tokens: list[str] = field(default_factory=list)
    arrived: list[str] = field(default_factory=list)  # what came at the ports and sockets

    def token(self) -> str:
        self.tokens.append(TOKEN + secrets.token_hex(12))
        return self.tokens[-1]

    def start(self) -> None:
        self.secret, self.target, self.target_folder = (self.folder / name for name in ("secret.txt", "target.txt", "targets"))
        self.secret.write_text(self.token())
        self.target.write_text("untouched")
        self.target_folder.mkdir()
        (self.folder / "data.csv").write_text("city,sales\n" + "".join(f"c{n % 7},{n}\n" for n in range(50)))
        self.process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100000)"], start_new_session=True)
        os.environ["AGENTFORGE_CANARY"] = self.token()
        self.other = open_session({}, LIMITS)
        neighbour = self.token()
        told = self.other.run(f"token = {neighbour!r}\nimport os\nopen(os.environ['TMPDIR'] + '/t', 'w').write(token)")
        assert told.error is None, told.error
        self.listeners: list[socket.socket] = []
        self.abstract = "canary-socket-" + secrets.token_hex(6)
        self.unix = str(self.folder / "socket")
        addresses: list[tuple[str, int, int, object]] = [
            ("tcp", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)), ("udp", socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            ("abstract", socket.AF_UNIX, socket.SOCK_STREAM, "\0" + self.abstract), ("unix", socket.AF_UNIX, socket.SOCK_STREAM, self.unix),
        ]  # fmt: skip
        for name, family, kind, address in addresses:
            listener = socket.socket(family, kind)
            listener.bind(address)  # type: ignore[arg-type]
            if kind == socket.SOCK_STREAM:
                listener.listen(64)
            self.listeners.append(listener)
            threading.Thread(target=self._listen, args=(name, listener), daemon=True).start()
        self.before = self._state()

    def fill(self, text: str) -> str:
        """A payload's text with the canaries' names in it."""
        names = {
            "SECRET": self.secret, "TARGET": self.target, "TARGETDIR": self.target_folder, "ABSTRACT": self.abstract, "UNIX": self.unix,
            "PORT": self.listeners[0].getsockname()[1], "UDP": self.listeners[1].getsockname()[1], "PID": self.process.pid,
        }  # fmt: skip
        for name, value in names.items():
            text = text.replace("{{" + name + "}}", str(value))
        return text

    def hits(self, output: str) -> list[str]:
        """What a payload achieved, by what it printed and by how the canaries are."""
        found = [f"it told {token}" for token in self.tokens if token in output]
        found += [BROKE] if BROKE in output else []
        found += [f"something arrived at {name}" for name in self.arrived]
        found += ["files or the process are not as they were"] if self._state() != self.before else []
        return found

    def stop(self) -> None:
        self.other.close()
        self.process.kill()
        self.process.wait()
        for listener in self.listeners:
            listener.close()
        os.environ.pop("AGENTFORGE_CANARY", None)

    def _state(self) -> object:
        if self.process.poll() is not None:
            return "the process has ended"
        stat = self.target.stat()
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        limits = Path(f"/proc/{self.process.pid}/limits").read_text()
        kept = (stat.st_mode, stat.st_uid, stat.st_nlink, stat.st_mtime_ns, self.target.read_text(), sorted(os.listdir(self.target_folder)))
        return (
            kept, self.secret.read_text(), re.findall(r"TracerPid:\s+\d+", status), re.findall(r"State:\s+[TtZ]", status), limits,
            os.getpriority(os.PRIO_PROCESS, self.process.pid),
        )  # fmt: skip

    def _listen(self, name: str, listener: socket.socket) -> None:
        while True:
            try:
                listener.accept() if listener.type == socket.SOCK_STREAM else listener.recv(1000)
            except OSError:
                return
            self.arrived.append(name)


@contextmanager
def canaries(folder: Path) -> Iterator[Canaries]:
    around = Canaries(folder)
    around.start()
    try:
        yield around
    finally:
        around.stop()


def judge(payload: Payload, around: Canaries) -> list[str]:
    """Run a payload with the linter off; what it achieved, or did to the host or to the sessions after it. [] is good."""
    started, told = time.monotonic(), ""
    session = open_session({"data.csv": around.folder / "data.csv"}, LIMITS)
    try:
        for cell in payload.cells:
            told += run(session, around.fill(cell))
    finally:
        session.close()
    problems = around.hits(told)
    if time.monotonic() - started > LONGEST_S:
        problems.append(f"it took {time.monotonic() - started:.0f} s")
    with open_session({"data.csv": around.folder / "data.csv"}, LIMITS) as fresh:
        after = fresh.run("import pandas as pd\nfrom collections import Counter\nint(pd.read_csv('data.csv').sales.sum()) + sum([1, 2])")
        if after.result != 1228:
            problems.append(f"the next session does not work: {after.error or after.result}")
    return problems


def run(session: Session, code: str) -> str:
    """All that a cell gave back, as one text."""
    execution = session.run(code)
    return execution.model_dump_json()
