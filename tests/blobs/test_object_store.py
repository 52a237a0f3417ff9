"""A container in an object store that speaks S3."""

from __future__ import annotations

import threading

import httpx2
import pytest

from smalt.blobs import ObstoreBlobStore
from smalt.errors import Conflict, Unavailable


def bucket(endpoint: str, name: str) -> ObstoreBlobStore:
    options = {
        "aws_access_key_id": "key",
        "aws_secret_access_key": "secret",
        "aws_region": "us-east-1",
        "aws_endpoint": endpoint,
        "aws_allow_http": "true",
    }
    return ObstoreBlobStore(f"s3://{name}/some/prefix", options=options)


@pytest.fixture
def store(endpoint: str, request: pytest.FixtureRequest) -> ObstoreBlobStore:
    name = f"bucket-{abs(hash(request.node.name))}"
    httpx2.put(f"{endpoint}/{name}").raise_for_status()
    return bucket(endpoint, name)


def test_of_writers_that_all_want_to_be_first_one_is(store: ObstoreBlobStore) -> None:
    outcomes: list[str] = []
    start = threading.Barrier(6)

    def write(number: int) -> None:
        start.wait()
        try:
            store.write("claim", [b"%d" % number], only_if_missing=True)
            outcomes.append(str(number))
        except Conflict:
            outcomes.append("refused")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    winners = [outcome for outcome in outcomes if outcome != "refused"]
    assert len(outcomes) == 6
    assert [b"".join(store.read("claim")).decode()] == winners


def test_a_large_blob_that_is_there_is_not_written_again(store: ObstoreBlobStore) -> None:
    store.write("large", [b"first"])

    with pytest.raises(Conflict):
        store.write("large", (bytes(1024 * 1024) for _ in range(65)), only_if_missing=True)

    assert b"".join(store.read("large")) == b"first"


def test_staged_blocks_show_in_no_listing_until_they_are_a_blob(store: ObstoreBlobStore) -> None:
    store.stage_block("folder/blob", "b2", [b"wor", b"ld"])
    store.stage_block("folder/blob", "b1", [b"hello "])

    assert store.list().items == ()
    assert store.list(delimiter="/").prefixes == ()
    assert store.staged_blocks("folder/blob") == {"b1": 6, "b2": 5}

    store.commit_blocks("folder/blob", ["b1", "b2"])

    assert store.list(delimiter="/").prefixes == ("folder/",)
    assert [item.key for item in store.list().items] == ["folder/blob"]
    assert b"".join(store.read("folder/blob", 3, 5)) == b"lo wo"


def test_a_bucket_that_is_not_there_is_said_to_be_so(endpoint: str) -> None:
    missing = bucket(endpoint, "never-made")

    for call in (
        lambda: missing.write("a", [b"x"]),
        lambda: missing.stage_block("a", "b1", [b"x"]),
        lambda: missing.list(),
    ):
        with pytest.raises(Unavailable, match="never-made"):
            call()
