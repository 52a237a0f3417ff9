"""Uploads: what is left at home, the hash that others compute too, resuming, big files; and safe downloads."""

from __future__ import annotations

from pathlib import Path

import pytest

from smalt.errors import InvalidRequest, NotFound
from smalt.sdk import download as downloads
from smalt.sdk import upload as uploads
from smalt.sdk.blobs import BlobContainer
from smalt.sdk.client import MLClient
from smalt.sdk.ignore import IgnoreRules
from smalt.sdk.snapshot import take
from tests.sdk.fake_server import Fake


def write(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.fixture
def container(client: MLClient) -> BlobContainer:
    return BlobContainer(client._transport, "/blob/ws-guid/store")


@pytest.mark.parametrize(
    ("lines", "key", "expected"),
    [
        (["*.log"], "a/b/c.log", True),
        (["*.log", "!keep.log"], "a/keep.log", False),
        (["/build"], "build/x", True),
        (["/build"], "src/build/x", False),
        (["data/"], "src/data/x.csv", True),
        (["data/"], "data", False),
        (["a/**/z"], "a/b/c/z", True),
        (["a/**/z"], "a/z", True),
        (["docs/**"], "docs/a/b", True),
        (["# note", "", "\\#odd"], "#odd", True),
        (["file[0-9].txt"], "file7.txt", True),
        (["file[!0-9].txt"], "file7.txt", False),
        (["we?rd(.txt"], "weird(.txt", True),
        (["foo/*.py"], "foo/sub/x.py", False),
    ],
)
def test_ignore_rules_are_those_of_git(lines: list[str], key: str, expected: bool) -> None:
    assert IgnoreRules(lines).excludes(key) is expected


def test_amlignore_wins_over_gitignore(tmp_path: Path) -> None:
    root = write(tmp_path / "src", **{"main.py": "x", "a.log": "x", "big.bin": "x"})
    write(root, **{".gitignore": "*.log\n", ".amlignore": "*.bin\n"})

    kept = [file.key for file in take(root).files]

    assert kept == [".amlignore", ".gitignore", "a.log", "main.py"]


def test_the_content_hash_is_the_one_of_the_official_clients(tmp_path: Path) -> None:
    root = write(tmp_path / "src", **{"b.txt": "second", "A.txt": "first", "sub__c.txt": "third"})

    # Computed with azure-ai-ml 1.35.2, get_content_hash, over the same three files.
    assert take(root).content_hash() == "2a94a358a7e6d185f0a4bdb585374988076041f713ce5dab595ba393be932d2b"


def test_a_link_that_leads_out_is_refused_and_one_inside_is_followed(tmp_path: Path) -> None:
    secret = write(tmp_path, **{"secret.txt": "s"}) / "secret.txt"
    root = write(tmp_path / "src", **{"a.txt": "a"})
    (root / "inside").symlink_to(root / "a.txt")
    (root / "loop").symlink_to(root)

    assert [file.key for file in take(root).files] == ["a.txt", "inside"]
    (root / "outside").symlink_to(secret)
    with pytest.raises(InvalidRequest, match="leads out of"):
        take(root)


def test_an_upload_goes_on_where_it_stopped(container: BlobContainer, fake: Fake, tmp_path: Path) -> None:
    snapshot = take(write(tmp_path / "d", **{f"{number}.txt": str(number) for number in range(5)}))
    key = uploads.key_of(snapshot, "h")
    fake.blobs |= {f"store/{key}/{number}.txt": str(number).encode() for number in range(3)}
    told: list[tuple[int, int]] = []

    uploads.upload(
        container, snapshot, "h", metadata={"name": "d", "version": "1"}, progress=lambda *at: told.append(at)
    )

    assert fake.count("PUT .*LocalUpload/h/d/[0-9]") == 3  # two files and the mark on the first
    assert fake.metadata[f"store/{key}/0.txt"]["x-ms-meta-upload_status"] == "completed"
    assert told[-1] == (5, 5)


def test_a_big_file_travels_in_blocks(
    container: BlobContainer, fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "SINGLE_PUT_BYTES", 1000)
    monkeypatch.setattr(uploads, "BLOCK_BYTES", 300)
    monkeypatch.setattr(downloads, "_ONE_REQUEST_BYTES", 1000)
    monkeypatch.setattr(downloads, "_RANGE_BYTES", 400)
    content = bytes(range(256)) * 5
    (tmp_path / "big.bin").write_bytes(content)

    key = uploads.upload(container, take(tmp_path / "big.bin"), "h")
    fetched = downloads.download(container, key, tmp_path / "back")

    assert fake.blobs[f"store/{key}"] == content
    assert fake.count("comp=block&") == 5
    assert fetched == [tmp_path / "back" / "big.bin"]
    assert fetched[0].read_bytes() == content
    assert list(fetched[0].parent.iterdir()) == fetched


def test_a_big_file_goes_on_at_the_block_where_it_stopped(
    container: BlobContainer, fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "SINGLE_PUT_BYTES", 1000)
    monkeypatch.setattr(uploads, "BLOCK_BYTES", 300)
    content = bytes(range(256)) * 5
    (tmp_path / "big.bin").write_bytes(content)
    key = uploads.upload(container, take(tmp_path / "big.bin"), "h")
    blocks = fake.blocks[f"store/{key}"]
    lost = next(iter(blocks))
    del fake.blobs[f"store/{key}"], blocks[lost]  # as if it had been broken off before this one
    fake.requests.clear()

    uploads.upload(container, take(tmp_path / "big.bin"), "h")

    assert fake.count("comp=block&") == 1
    assert fake.blobs[f"store/{key}"] == content


def test_a_failed_upload_ends_with_its_cause(container: BlobContainer, fake: Fake, tmp_path: Path) -> None:
    snapshot = take(write(tmp_path / "d", **{"a.txt": "long ago"}))
    (tmp_path / "d" / "a.txt").write_text("now")

    with pytest.raises(uploads.TransferFailed, match="had 8 bytes and now has 3"):
        uploads.upload(container, snapshot, "h")

    assert not [key for key in fake.blobs if key.startswith("store/")]


@pytest.mark.parametrize("key", ["../x", "a/../../x", "/etc/x", "a//b", "a\\b", "x\0"])
def test_a_download_never_leaves_its_folder(key: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="could lead out"):
        downloads.safe_path(tmp_path, key)


def test_a_download_does_not_follow_a_link_out_of_its_folder(
    container: BlobContainer, fake: Fake, tmp_path: Path
) -> None:
    fake.blobs["store/run/sub/a.txt"] = b"a"
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "sub").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(InvalidRequest, match="through a link"):
        downloads.download(container, "run/", tmp_path / "target")

    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_download_takes_the_folder_and_not_what_begins_like_it(
    container: BlobContainer, fake: Fake, tmp_path: Path
) -> None:
    fake.blobs |= {"store/run/a": b"a", "store/run/b/c": b"", "store/run-2/a": b"x"}

    found = downloads.download(container, "run/", tmp_path)

    assert sorted(path.relative_to(tmp_path).as_posix() for path in found) == ["a", "b/c"]
    with pytest.raises(NotFound, match="Nothing is stored"):
        downloads.download(container, "none/", tmp_path)
