"""Payloads of every family against the boundary, with the linter off: no canary may sing. All of them in `make soak`."""

from collections.abc import Iterator

import pytest

from shared.analysis.lint import lint
from shared.sandbox import confine
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
    refused = [(number, f) for number, code in enumerate(PROGRAMS) for f in lint(code) if f.level == "refuse"]
    assert refused == []
