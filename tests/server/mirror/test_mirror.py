"""A server whose blobs live in an object store: its folder of blobs may be lost or kept small."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from starlette.testclient import TestClient

from smalt.blobs import ObstoreBlobStore
from smalt.errors import Conflict
from smalt.kit import clock
from smalt.server.main import Server, build
from smalt.server.mirror import Mirror
from smalt.server.settings import Settings

OPTIONS = {"aws_allow_http": "true"}


@pytest.fixture
def url(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A new bucket, the credentials of which are in the environment."""
    bucket = f"bucket-{uuid.uuid4().hex}"
    httpx2.put(f"{endpoint}/{bucket}").raise_for_status()
    for name, value in {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ALLOW_HTTP": "true",
    }.items():
        monkeypatch.setenv(name, value)
    return f"s3://{bucket}/smalt"


class Installation:
    """A whole server, started again at will; its loops turn only when a test lets them."""

    def __init__(self, home: Path, url: str) -> None:
        self.home = home
        self.url = url
        self.there = ObstoreBlobStore(url, options=OPTIONS)
        self.server = self._built()
        assert self.server.owner is not None
        self.token = self.server.owner.token
        (home / "credentials.json").write_text("{}")  # whose loss would make a restart renew the token
        (self.workspace,) = (path.name for path in (home / "blobs").iterdir() if path.is_dir())
        self.blobs = home / "blobs" / self.workspace / "azureml"

    def _built(self, **settings: float) -> Server:
        return build(Settings(home=self.home, object_store=self.url, **settings))  # type: ignore[arg-type]

    def restart(self, *, without_blobs: bool = False, **settings: float) -> None:
        self.server.close()
        if without_blobs:
            shutil.rmtree(self.home / "blobs")
        self.server = self._built(**settings)

    @property
    def client(self) -> TestClient:
        headers = {"Authorization": f"Bearer {self.token}", "x-ms-blob-type": "BlockBlob"}
        return TestClient(self.server.app, headers=headers, base_url=f"http://localhost/blob/{self.workspace}/azureml/")

    def carry(self, *, later: timedelta = timedelta()) -> None:
        """A turn of the loop."""
        (loop,) = (loop for loop in self.server.worker.loops if isinstance(loop, Mirror))
        loop.run_once(clock.now() + later)

    def keys(self) -> dict[str, int]:
        """What the object store has of the container."""
        base = f"{self.workspace}/azureml/"
        return {item.key.removeprefix(base): item.size for item in self.there.list(base).items}


@pytest.fixture
def here(tmp_path: Path, url: str) -> Iterator[Installation]:
    found = Installation(tmp_path / "home", url)
    yield found
    found.server.close()


def test_what_is_uploaded_and_what_is_found_in_the_folder_is_carried(here: Installation) -> None:
    assert here.client.put("up/a.txt", content=b"abc").status_code == 201
    (here.blobs / "job").mkdir()
    (here.blobs / "job" / "b.txt").write_bytes(b"written by a job")

    here.carry()

    assert here.keys() == {"up/a.txt": 3, "job/b.txt": 16}


def test_nothing_is_missed_when_the_folder_of_blobs_is_lost(here: Installation) -> None:
    here.client.put("a.txt", content=b"abc").raise_for_status()
    here.carry()

    here.restart(without_blobs=True)

    assert here.client.get("a.txt").content == b"abc"
    assert b"<Name>a.txt</Name>" in here.client.get("?restype=container&comp=list").content
    here.carry()
    assert here.keys() == {"a.txt": 3}


def test_a_file_that_a_job_has_removed_goes_there_too(here: Installation) -> None:
    here.client.put("checkpoint-1", content=b"old").raise_for_status()
    here.carry()
    (here.blobs / "checkpoint-1").unlink()

    here.carry(later=timedelta(hours=1))

    assert here.keys() == {}


def test_a_blob_that_is_deleted_and_written_again_is_there_as_it_is_now(here: Installation) -> None:
    here.client.put("a.txt", content=b"first").raise_for_status()
    here.carry()
    here.client.delete("a.txt").raise_for_status()
    here.client.put("a.txt", content=b"second one").raise_for_status()

    here.carry(later=timedelta(minutes=1))

    assert here.keys() == {"a.txt": 10}


def test_old_files_make_room_and_are_read_from_there(here: Installation) -> None:
    for name in ("old", "new"):
        here.client.put(name, content=name.encode() * 1000).raise_for_status()
    (here.blobs / "fresh").write_bytes(b"x" * 5000)
    os.utime(here.blobs / "old", (1, 1))
    here.carry()
    here.restart(local_gigabytes=0.000_008)

    here.carry(later=timedelta(days=2))

    assert sorted(path.name for path in here.blobs.iterdir()) == ["fresh", "new"]
    assert here.client.get("old").content == b"old" * 1000
    assert here.client.head("old").headers["content-length"] == "3000"


def test_a_place_of_another_installation_is_refused(here: Installation, tmp_path: Path) -> None:
    with pytest.raises(Conflict, match="another installation"):
        build(Settings(home=tmp_path / "other", object_store=here.url))


def test_a_store_that_does_not_answer_is_told_of_and_nothing_is_forgotten(
    here: Installation, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.client.put("a.txt", content=b"abc").raise_for_status()
    bucket = here.url.split("/")[2]
    here.there.delete("smalt-installation")
    httpx2.delete(f"{endpoint}/{bucket}").raise_for_status()

    with pytest.raises(Exception, match="did not answer"):
        here.carry()

    assert '"problem": "The store' in (here.home / "object-store.json").read_text()
    httpx2.put(f"{endpoint}/{bucket}").raise_for_status()
    here.carry()
    assert here.keys() == {"a.txt": 3}
