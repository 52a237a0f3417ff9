"""A container whose blobs live in an object store, with a folder in front: what is only there is read as if here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smalt.blobs import BlobIndex, Held, LocalBlobStore, TieredBlobStore
from smalt.errors import Conflict, NotFound

BASE = "workspace/container/"


@pytest.fixture
def remote(tmp_path: Path) -> LocalBlobStore:
    return LocalBlobStore(tmp_path / "remote", tmp_path / "remote-staging")


@pytest.fixture
def index(tmp_path: Path) -> Iterator[BlobIndex]:
    found = BlobIndex(tmp_path / "index.sqlite")
    yield found
    found.close()


@pytest.fixture
def noted() -> list[str]:
    return []


@pytest.fixture
def store(tmp_path: Path, remote: LocalBlobStore, index: BlobIndex, noted: list[str]) -> TieredBlobStore:
    local = LocalBlobStore(tmp_path / "local", tmp_path / "local-staging")
    return TieredBlobStore(local, remote, index, BASE, noted.append)


@pytest.fixture
def only_there(remote: LocalBlobStore, index: BlobIndex) -> Callable[..., None]:
    def make(*keys: str) -> None:
        for key in keys:
            info = remote.write(BASE + key, [b"there"])
            index.put([Held(BASE + key, info.size, info.modified_at, info.etag, None)])

    return make


def test_what_is_only_there_is_found_and_read_and_has_no_path(
    store: TieredBlobStore, only_there: Callable[..., None]
) -> None:
    only_there("data/a.txt")

    found = store.head("data/a.txt")

    assert found is not None
    assert (found.key, found.size) == ("data/a.txt", 5)
    assert b"".join(store.read("data/a.txt", 1, 3)) == b"her"
    assert store.local_path("data/a.txt") is None
    assert store.local_path("data") is None
    assert store.local_path("other") is not None
    assert store.local_path("") is not None


def test_a_listing_is_one_whether_blobs_are_here_or_there(
    store: TieredBlobStore, only_there: Callable[..., None]
) -> None:
    for key in ("a/1", "b", "d/1", "f"):
        store.write(key, [b"here"])
    only_there("a/2", "a/😀", "c/x/1", "d/1x", "e")

    assert [item.key for item in store.list().items] == ["a/1", "a/2", "a/😀", "b", "c/x/1", "d/1", "d/1x", "e", "f"]
    top = store.list(delimiter="/")
    assert ([item.key for item in top.items], top.prefixes) == (["b", "e", "f"], ("a/", "c/", "d/"))
    assert [item.key for item in store.list("a/2").items] == ["a/2"]


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
@pytest.mark.parametrize("delimiter", [None, "/"])
def test_pages_of_any_size_join_to_the_whole(
    store: TieredBlobStore, only_there: Callable[..., None], limit: int, delimiter: str | None
) -> None:
    for number in range(0, 12, 3):
        store.write(f"f{number:02}/x", [b"here"])
        store.write(f"g{number:02}", [b"here"])
    only_there(*(f"f{number:02}/y" for number in range(0, 12, 2)), *(f"g{number:02}z" for number in range(5)))
    whole = store.list(delimiter=delimiter, limit=1000)

    found: list[str] = []
    after: str | None = None
    while True:
        page = store.list(delimiter=delimiter, after=after, limit=limit)
        found += [*(item.key for item in page.items), *page.prefixes]
        after = page.after
        if after is None:
            break

    assert sorted(found) == sorted([*(item.key for item in whole.items), *whole.prefixes])
    assert len(found) == len(set(found))


def test_a_writer_that_wants_to_be_first_sees_what_is_only_there(
    store: TieredBlobStore, only_there: Callable[..., None]
) -> None:
    only_there("taken")

    with pytest.raises(Conflict):
        store.write("taken", [b"mine"], only_if_missing=True)


def test_what_is_written_again_is_here_and_shall_be_carried(
    store: TieredBlobStore, only_there: Callable[..., None], noted: list[str], index: BlobIndex
) -> None:
    only_there("a")

    store.write("a", [b"newer"])

    assert b"".join(store.read("a")) == b"newer"
    assert store.local_path("a") is not None
    assert noted == [f"{BASE}a"]
    assert [held.here for held in index.copied(BASE)] == [0]


def test_a_log_that_is_only_there_grows_on(store: TieredBlobStore, only_there: Callable[..., None]) -> None:
    only_there("log")

    store.append("log", b" and here", at=5)

    assert b"".join(store.read("log")) == b"there and here"


def test_what_is_deleted_is_gone_before_the_object_store_hears_of_it(
    store: TieredBlobStore, only_there: Callable[..., None], index: BlobIndex, remote: LocalBlobStore
) -> None:
    only_there("a")

    assert store.delete("a")

    assert store.head("a") is None
    assert [item.key for item in store.list().items] == []
    with pytest.raises(NotFound):
        store.read("a")
    assert index.doomed() == [f"{BASE}a"]
    assert remote.head(f"{BASE}a") is not None
