"""Blobs that grow: a piece is added at its place, once, and nowhere else."""

from __future__ import annotations

import pytest

from smalt.blobs import LocalBlobStore
from smalt.errors import InvalidRequest, NotFound, PreconditionFailed


@pytest.fixture
def store(tmp_path):
    (tmp_path / "staging").mkdir()
    return LocalBlobStore(tmp_path / "box", tmp_path / "staging")


def test_a_piece_that_is_sent_twice_is_added_once(store):
    store.write("logs/a.txt", [b"one\n"])

    info = store.append("logs/a.txt", b"two\n", at=4)
    with pytest.raises(PreconditionFailed) as refused:
        store.append("logs/a.txt", b"two\n", at=4)

    assert info.size == 8
    assert refused.value.code == "AppendPositionConditionNotMet"
    assert b"".join(store.read("logs/a.txt")) == b"one\ntwo\n"


def test_only_a_blob_grows(store, tmp_path):
    (tmp_path / "secret").write_text("s")
    store.write("folder/x", [b""])
    (tmp_path / "box" / "link").symlink_to(tmp_path / "secret")

    for key in ("none", "folder", "link"):
        with pytest.raises((NotFound, InvalidRequest)):
            store.append(key, b"more")

    assert (tmp_path / "secret").read_text() == "s"
