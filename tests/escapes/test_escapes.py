"""Payloads of every family against the boundary, with the linter off: no canary may sing. All of them in `make soak`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.analysis.lint import lint
from shared.sandbox import confine, open_session
from tests.escapes.corpus import Payload, all_payloads
from tests.escapes.honest import PROGRAMS
from tests.escapes.judge import Canaries, canaries, judge
from tests.faults import SOAK

pytestmark = pytest.mark.skipif(bool(confine.missing()), reason=f"this machine lacks {confine.missing()}")


def chosen() -> list[Payload]:
    payloads = all_payloads()
    if SOAK:
        return payloads
    slow = {"memory bomb", "time bomb", "fork bomb", "thread bomb", "output flood", "disk bomb"}
    first: dict[str, Payload] = {}
    for payload in payloads:
        first.setdefault(payload.family, payload)
    return [payload for family, payload in first.items() if family not in slow]


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Canaries]:
    with canaries(tmp_path_factory.mktemp("canaries")) as started:
        yield started


@pytest.mark.parametrize("payload", chosen(), ids=lambda payload: f"{payload.family}: {payload.name}")
def test_no_canary_sings(payload: Payload, around: Canaries) -> None:
    assert judge(payload, around) == []


def test_the_canaries_would_sing(around: Canaries, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What the judge looks for, it sees: the same canaries, disturbed from outside any sandbox."""
    with canaries(tmp_path_factory.mktemp("disturbed")) as mine:
        assert mine.hits("") == []
        assert mine.hits(mine.secret.read_text())
        (mine.target_folder / "new").write_text("")
        assert mine.hits("")
        (mine.target_folder / "new").unlink()
        assert mine.hits("") == []
        mine.process.kill()
        mine.process.wait()
        assert mine.hits("")


def test_the_corpus_is_as_large_as_it_says() -> None:
    payloads = all_payloads()
    assert len(payloads) >= 300 and len({payload.family for payload in payloads}) >= 25
    assert len({payload.cells for payload in payloads}) == len(payloads)


def test_the_linter_lets_honest_programs_pass() -> None:
    refused = [number for number, code in enumerate(PROGRAMS) if any(f.level == "refuse" for f in lint(code))]
    assert len(set(PROGRAMS)) >= 500 and len(refused) <= 0.005 * len(PROGRAMS), refused


@pytest.mark.skipif(not SOAK, reason="takes minutes: in `make soak`")
def test_honest_programs_run() -> None:
    """What passes the linter has something to do here: each runs in a session of its own."""
    data = Path(__file__).parent / "honest" / "data.csv"
    failed = {}
    for number, code in enumerate(PROGRAMS):
        with open_session({"data.csv": data}) as session:
            if error := session.run(code).error:
                failed[number] = f"{error.name}: {error.value}"
    assert failed == {}
