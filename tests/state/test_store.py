"""What every store promises (driver.py), over memory, a local folder and a bucket."""

from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import BadInput, NotFound
from shared.state import store as stores
from shared.state.keys import DUE, Key, run_prefix, workspace_prefix
from shared.state.store import Store
from tests.state.places import KINDS, RUNS, A, Place, at_once, count_up, make_place


def test_an_object_is_what_was_written(store: Store) -> None:
    assert store.get(A) is None
    for read in (lambda: store.read(A), lambda: store.read(A, 3), lambda: store.read(A, 0, 4)):
        with pytest.raises(NotFound):
            read()
    version = store.put_new(A, b"one")
    there = store.get(A)
    assert there is not None and (there.body, there.version) == (b"one", version)
    assert abs((store.now() - there.at).total_seconds()) < 3
    assert store.put_new(A, b"two") is None and store.read(A) == b"one"


def test_replacing_and_deleting_need_the_version(store: Store) -> None:
    first = store.put_new(A, b"1")
    assert first
    second = store.put_if(A, b"2", first)
    assert second and second != first
    assert store.put_if(A, b"3", first) is None and not store.delete_if(A, first)
    assert store.read(A) == b"2"
    assert store.delete_if(A, second) and store.get(A) is None
    assert store.put_if(A, b"4", second) is None and store.get(A) is None
    assert store.delete_if(A, second) and store.delete_if(A, None)  # gone already is as good
    assert store.put_new(A, b"5")
    store.delete(A)
    assert store.get(A) is None and store.list_after(RUNS) == []


def test_any_bytes_are_kept_as_they_are(store: Store) -> None:
    for number, body in enumerate((b"", bytes(range(256)), "é\0\r\n".encode(), b"x" * 3_000_000)):
        assert store.put_new(RUNS / str(number), body)
        assert store.read(RUNS / str(number)) == body
    assert [listed.bytes for listed in store.list_after(RUNS)] == [0, 256, 5, 3_000_000]


def test_several_are_read_at_once_in_their_order(store: Store) -> None:
    keys = [RUNS / str(number) for number in range(20)]
    for key in keys[::2]:
        store.put_new(key, key.encode())
    bodies = [stored and stored.body for stored in store.get_all(keys)]
    assert bodies == [key.encode() if number % 2 == 0 else None for number, key in enumerate(keys)]
    assert list(store.get_all([])) == []


def test_parts_of_an_object(store: Store) -> None:
    body = bytes(range(200))
    store.put_new(A, body)
    for start in (0, 1, 199, 200, 500):
        assert store.read(A, start) == body[start:]
        for end in (0, 1, 100, 199, 200, 700):
            assert store.read(A, start, end) == body[start:end]


def test_of_several_who_write_a_new_key_one_wins(place: Place) -> None:
    mine = [place.store() for _ in range(6)]
    for turn in range(10):
        key = RUNS / f"new/{turn}"
        won = at_once([partial(me.put_new, key, f"{n}".encode()) for n, me in enumerate(mine)])
        (winner,) = (n for n, version in enumerate(won) if version is not None)
        there = mine[0].get(key)
        assert there is not None and (there.body, there.version) == (f"{winner}".encode(), won[winner])


def test_of_several_who_replace_a_version_one_wins(place: Place) -> None:
    mine = [place.store() for _ in range(6)]
    version = mine[0].put_new(A, b"start")
    for turn in range(10):
        won = at_once([partial(me.put_if, A, f"{turn} {n}".encode(), version) for n, me in enumerate(mine)])
        (winner,) = (n for n, written in enumerate(won) if written is not None)
        assert mine[0].read(A) == f"{turn} {winner}".encode()
        version = won[winner]


def test_no_update_is_lost(place: Place) -> None:
    mine = [place.store() for _ in range(4)]
    mine[0].put_new(A, b"0")
    at_once([partial(count_up, me, A, 15) for me in mine])
    assert mine[0].read(A) == b"60"


def test_replaced_or_deleted_but_not_both(place: Place) -> None:
    mine = [place.store() for _ in range(4)]
    for turn in range(10):
        version = mine[0].put_new(A, b"%d" % turn)
        replaced, again, deleted, gone = at_once([
            partial(mine[0].put_if, A, b"a", version), partial(mine[1].put_if, A, b"b", version),
            partial(mine[2].delete_if, A, version), partial(mine[3].delete_if, A, version),
        ])  # fmt: skip
        there = mine[0].get(A)
        assert (replaced is not None) + (again is not None) == (there is not None)
        assert (there is None) == (deleted or gone)  # "gone already" counts as deleted
        mine[0].delete(A)


def test_a_folder_that_comes_and_goes_loses_nothing(place: Place) -> None:
    """Names under a folder that is emptied all the time: in a local folder, its directory goes with its last file."""
    mine = [place.store() for _ in range(4)]

    def come_and_go(me: Store, who: int) -> None:
        for turn in range(25):
            key = RUNS / f"deep/er/{who}-{turn}"
            version = me.put_new(key, b"x")
            assert version and me.read(key) == b"x" and me.delete_if(key, version)

    at_once([partial(come_and_go, me, n) for n, me in enumerate(mine)])
    assert mine[0].list_after(Key("t/")) == []
NAMES = (
    "a", "a-b", "a.b", "a0", "aa/b", "aa-b/c", "aa.b", "aa0", "b/0", "b/1", "b/1-2", "b/10/x", "b/10/y", "b/2", "b-", "b0/0/0",
    "c/d/e/f/g", "c/d/e0", "c/d-/e", "ca", "Z", "Z/not", "_", "0000000001.json", "0000000002.json",
)  # fmt: skip
KEYS = sorted(RUNS / name for name in NAMES if name != "Z/not")
AFTERS = sorted({"", *KEYS, *(key[:cut] for key in KEYS for cut in range(len(RUNS) - 2, len(key))), f"{RUNS}b/1~", f"{RUNS}~", "u"})


def expected(keys: list[Key], prefix: str, after: str, limit: int, folders: bool) -> list[str]:
    """The promise, in the plainest words."""
    under = [key for key in keys if key.startswith(prefix)]
    if folders:
        seen = {prefix + name + slash for name, slash, _ in (key.removeprefix(prefix).partition("/") for key in under)}
        return [key for key in sorted(seen) if key > after and not (key.endswith("/") and after.startswith(key))][:limit]
    return [key for key in sorted(under) if key > after][:limit]


@pytest.fixture(scope="module", params=KINDS)
def full(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store with KEYS in it."""
    place = make_place(request.param, tmp_path_factory.mktemp("full"), lambda: request.getfixturevalue("moto"))
    store = place.store()
    for key in KEYS:
        store.put_new(key, b"x" * len(key))
    return store


PREFIXES = st.sampled_from([RUNS, RUNS.folder("b"), RUNS.folder("c"), RUNS.folder("c/d"), RUNS.folder("aa"), Key("t/"), RUNS.folder("none")])


@given(PREFIXES, st.sampled_from(AFTERS), st.integers(1, 8), st.booleans())
def test_a_listing_is_in_order_after_any_place(full: Store, prefix: Key, after: str, limit: int, folders: bool) -> None:
    listed = full.list_after(prefix, after, limit, folders)
    assert [entry.key for entry in listed] == expected(KEYS, prefix, after, limit, folders)
    assert all(entry.bytes == (0 if entry.key.endswith("/") else len(entry.key)) for entry in listed if full.url[:4] != "file")


@given(PREFIXES, st.integers(1, 5), st.booleans())
def test_pages_add_up_to_the_whole(full: Store, prefix: Key, page: int, folders: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stores, "PAGE", page)
        assert [entry.key for entry in full.list_all(prefix, folders=folders)] == expected(KEYS, prefix, "", 99, folders)


@given(
    st.sets(st.lists(st.sampled_from(["a", "a-", "a.", "a0", "b", "B_"]), min_size=1, max_size=3).map("/".join), max_size=8),
    st.sampled_from(["memory", "folder"]), st.data(),
)  # fmt: skip
def test_a_listing_of_any_keys(
    tmp_path_factory: pytest.TempPathFactory, names: set[str], kind: str, data: st.DataObject
) -> None:
    keys = [RUNS / name for name in names if not any(other.startswith(f"{name}/") for other in names)]
    store = make_place(kind, tmp_path_factory.mktemp("any"), lambda: pytest.fail("no server")).store()
    for key in keys:
        store.put_new(key, b"")
    after = data.draw(st.sampled_from(["", *keys]).flatmap(lambda key: st.integers(0, len(key)).map(lambda cut: key[:cut])))
    limit, folders = data.draw(st.integers(1, 9)), data.draw(st.booleans())
    assert [entry.key for entry in store.list_after(RUNS, after, limit, folders)] == expected(keys, RUNS, after, limit, folders)


def test_files_of_any_size(store: Store, tmp_path: Path) -> None:
    for size in (0, 1, 5_000_000):
        source, target, key = tmp_path / "source", tmp_path / "deep/target", RUNS / f"{size}"
        source.write_bytes(b"0123456789"[: min(size, 10)] * max(size // 10, 1))
        assert store.put_file(key, source) and store.read(key) == source.read_bytes()
        store.download(key, target)
        store.download(key, target)  # over what is there
        assert target.read_bytes() == source.read_bytes()
        source.write_bytes(b"other")
        assert not store.put_file(key, source) and store.read(key) == target.read_bytes()
    with pytest.raises(NotFound):
        store.download(RUNS / "missing", tmp_path / "missing")


@pytest.mark.parametrize(
    "name", ["", "..", "../x", "/x", "a/../b", "a//b", "a/", ".hidden", "a/.b", "a\\b", "a\0", "x" * 201, "a\n", "é", "a b", "~", "a/."]
)
def test_a_name_cannot_leave_its_prefix(name: str) -> None:
    for build in (lambda: RUNS / name, lambda: RUNS.folder(name)):
        with pytest.raises(BadInput):
            build()
    with pytest.raises(NotFound):
        run_prefix("w", name)
    with pytest.raises(BadInput):
        workspace_prefix(name)


@given(st.text(alphabet="ab./\\~\0\n-é", max_size=8) | st.text(max_size=8))
def test_whatever_is_a_name_stays_where_it_is(name: str) -> None:
    from posixpath import normpath

    try:
        key = RUNS / name
    except BadInput:
        return
    assert key == f"{RUNS}{name}" and normpath(key) == key and key.isascii() and key.isprintable()


def test_numbered_keys_sort_as_numbers() -> None:
    numbers = [0, 1, 9, 10, 99, 100, 12345, 999_999_999]
    keys = [A.number(number) for number in numbers]
    assert keys == sorted(keys) and DUE == "sys/due/"
