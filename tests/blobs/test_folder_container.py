"""A container that is a folder which jobs write into as they like."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from smalt.blobs import LocalBlobStore, clean_key
from smalt.errors import InvalidRequest, NotFound, SmaltError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "container"
    found.mkdir()
    return found


@pytest.fixture
def store(folder: Path) -> LocalBlobStore:
    return LocalBlobStore(folder, folder.parent / ".staging")


def test_names_that_no_key_can_spell_do_not_spoil_a_listing(store: LocalBlobStore, folder: Path) -> None:
    for name in (b"half\xff.txt", b"new\nline.txt", b"back\\slash.txt", b"good.txt"):
        (Path(os.fsdecode(os.fsencode(folder) + b"/" + name))).write_bytes(b"x")

    keys = [item.key for item in store.list().items]

    assert keys == ["good.txt"]


def test_links_that_lead_out_or_in_a_circle_are_no_blobs(store: LocalBlobStore, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    (folder / "out").symlink_to(tmp_path)
    (folder / "secret").symlink_to(tmp_path / "secret")
    (folder / "circle").symlink_to("circle")
    (folder / "here").write_text("x")
    (folder / "inside").symlink_to("here")

    assert [item.key for item in store.list().items] == ["here", "inside"]
    for key in ("out/secret", "secret", "circle", "circle/below"):
        with pytest.raises(InvalidRequest):
            store.read(key)


def test_a_pipe_is_no_blob(store: LocalBlobStore, folder: Path) -> None:
    os.mkfifo(folder / "pipe")

    with pytest.raises(NotFound):
        store.read("pipe")


@pytest.mark.parametrize("key", ["half \ud800", "last \uffff", "new\nline", "a\\b", "../a", "/a", "a//b", "a/", ""])
def test_a_key_that_is_none_is_refused_as_such(key: str) -> None:
    with pytest.raises(InvalidRequest):
        clean_key(key)


def test_writes_hold_their_own_against_deletes_in_the_same_folder(store: LocalBlobStore) -> None:
    failures: list[BaseException] = []

    def churn(name: str) -> None:
        try:
            for _ in range(400):
                store.write(f"shared/folder/{name}", [b"x"])
                assert store.delete(f"shared/folder/{name}")
        except (OSError, SmaltError, AssertionError) as error:
            failures.append(error)

    threads = [threading.Thread(target=churn, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert store.list().items == ()


def test_a_write_is_dated_after_the_one_it_replaces(store: LocalBlobStore, folder: Path) -> None:
    first = store.write("same/size", [b"one"])
    ahead_ns = int(first.modified_at.timestamp() + 60) * 10**9
    os.utime(folder / "same" / "size", ns=(ahead_ns, ahead_ns))
    before = store.head("same/size")

    second = store.write("same/size", [b"two"])

    assert before is not None
    assert second.etag != before.etag
    assert (folder / "same" / "size").stat().st_mtime_ns > ahead_ns


def test_deleting_a_prefix_ends_although_something_in_it_stays(
    store: LocalBlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1001):
        store.write(f"many/{number:04}", [b""])
    kept = store.delete
    # A mock, because as root no file can be made that may not be deleted.
    monkeypatch.setattr(store, "delete", lambda key: key != "many/0000" and kept(key))

    count = store.delete_prefix("many/")

    assert count == 1000
    assert [item.key for item in store.list().items] == ["many/0000"]


@pytest.mark.parametrize("block_id", ["", "x" * 89])
def test_a_block_id_is_as_long_as_the_protocol_says(store: LocalBlobStore, block_id: str) -> None:
    with pytest.raises(InvalidRequest, match="block id"):
        store.stage_block("a", block_id, [b"x"])


def test_blocks_that_wait_are_told_by_their_ids(store: LocalBlobStore) -> None:
    store.stage_block("a", "MDE=", [b"one"])
    store.stage_block("a", "../\u00e9/\0", [b"three"])
    store.stage_block("b", "MDE=", [b"other"])

    assert store.staged_blocks("a") == {"MDE=": 3, "../\u00e9/\0": 5}
    store.commit_blocks("a", ["MDE="])
    assert store.staged_blocks("a") == {}
