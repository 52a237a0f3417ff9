"""The files of a workspace: saved upon what was read, moved, copied, and never a way out of their folder."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from smalt.server.assets import working_container
from smalt.server.notebooks.tree import Tree
from tests.server.notebooks.conftest import Notebooks


def folder_of(notebooks: Notebooks) -> Path:
    """The folder of this machine in which the files are."""
    (workspace,) = [path for path in (notebooks.place.home / "blobs").iterdir() if len(path.name) == 36]
    return workspace / working_container(workspace.name)


def test_a_file_is_saved_listed_and_read_as_it_is(notebooks: Notebooks) -> None:
    saved = notebooks.save("Users/me/日本 語.py", b"\xffprint(1)")

    assert saved.status_code == 201
    assert notebooks.names("Users/me") == ["日本 語.py"]
    assert notebooks.read("Users/me/日本 語.py").content == b"\xffprint(1)"
    assert notebooks.read("Users/me/日本 語.py").headers["etag"] == saved.headers["etag"]


def test_who_saves_upon_what_is_gone_overwrites_nothing_and_hears_of_it(notebooks: Notebooks) -> None:
    first = notebooks.save("a.py", "one").headers["etag"]
    second = notebooks.save("a.py", "two", if_match=first)

    late = notebooks.save("a.py", "three", if_match=first)

    assert (second.status_code, late.status_code) == (200, 412)
    assert notebooks.read("a.py").text == "two"
    assert late.json()["error"]["code"] == "FileChanged"


def test_a_file_that_is_there_is_not_made_anew(notebooks: Notebooks) -> None:
    notebooks.save("a.py", "one")

    again = notebooks.save("a.py", "two")

    assert again.status_code == 409
    assert notebooks.save("a.py?overwrite=true", "two").status_code == 200


def test_files_and_folders_are_moved_and_copied(notebooks: Notebooks) -> None:
    notebooks.save("one/deep/a.py", "a")

    moved = notebooks.post("/move", {"source": "one", "target": "two/inner"})
    copied = notebooks.post("/copy", {"source": "two/inner", "target": "three"})

    assert (moved.status_code, copied.status_code) == (200, 201)
    assert notebooks.read("two/inner/deep/a.py").text == "a"
    assert notebooks.read("three/deep/a.py").text == "a"
    assert notebooks.names() == ["three", "two"]


@pytest.mark.parametrize(("source", "target", "status"), [("a", "b", 409), ("a", "a/c", 400), ("no", "c", 404)])
def test_nothing_is_moved_over_something_or_into_itself(
    notebooks: Notebooks, source: str, target: str, status: int
) -> None:
    notebooks.save("a/x.py", "a")
    notebooks.save("b/x.py", "b")

    answer = notebooks.post("/move", {"source": source, "target": target})

    assert answer.status_code == status
    assert notebooks.read("b/x.py").text == "b"


def test_empty_folders_stay_and_whole_folders_go(notebooks: Notebooks) -> None:
    notebooks.client.put(f"{notebooks.path}/folders/empty/inner")
    notebooks.save("full/a.py", "a")

    notebooks.client.delete(f"{notebooks.path}/files/full")

    assert notebooks.names() == ["empty"]
    assert notebooks.names("empty") == ["inner"]


def test_a_folder_comes_as_a_zip_file(notebooks: Notebooks) -> None:
    notebooks.save("f/a.py", "a")
    notebooks.save("f/g/b.py", "b")

    packed = notebooks.client.get(f"{notebooks.path}/archives/f").content

    assert sorted(zipfile.ZipFile(io.BytesIO(packed)).namelist()) == ["a.py", "g/b.py"]


@pytest.mark.parametrize("path", ["..%2Fa", "a/..%2F..%2Fb", "%2Fetc", "a%5Cb", "a/%2E%2E/b", ".smalt-staged/a"])
def test_paths_that_lead_elsewhere_are_refused(notebooks: Notebooks, path: str) -> None:
    answers = [
        notebooks.save(path, "x"),
        notebooks.read(path),
        notebooks.client.delete(f"{notebooks.path}/files/{path}"),
    ]

    assert {answer.status_code for answer in answers} <= {400, 404}


def test_links_that_code_has_made_are_neither_shown_nor_followed(notebooks: Notebooks, tmp_path: Path) -> None:
    notebooks.save("a/x.py", "x")
    root = folder_of(notebooks)
    (tmp_path / "secret.txt").write_text("secret")
    (root / "out").symlink_to(tmp_path)
    (root / "a" / "link.txt").symlink_to(tmp_path / "secret.txt")
    os.mkfifo(root / "a" / "pipe")

    listed, read = notebooks.names("a"), notebooks.read("out/secret.txt")
    saved = [notebooks.save("out/new.txt", "x"), notebooks.save("a/link.txt", "x", if_match="*")]

    assert listed == ["x.py"]
    assert (read.status_code, notebooks.read("a/link.txt").status_code) == (404, 404)
    assert [answer.status_code for answer in saved] == [409, 409]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["secret.txt"]
    assert (tmp_path / "secret.txt").read_text() == "secret"
    (root / "out").unlink()


def test_readers_read_and_scientists_write(notebooks: Notebooks) -> None:
    notebooks.save("a.py", "a")
    reader, scientist = notebooks.member("Reader"), notebooks.member("AzureML Data Scientist")

    answers = [notebooks.save("b.py", "b", client=each).status_code for each in (reader, scientist)]

    assert answers == [403, 201]
    assert reader.get(f"{notebooks.path}/files/a.py").text == "a"


def test_the_audit_trail_names_what_was_saved(notebooks: Notebooks) -> None:
    notebooks.save("Users/me/a.py", "a")

    rows = notebooks.place.call("GET", "/smalt/audit")["value"]

    assert any("notebooks/storage/write" in str(row) and "Users/me/a.py" in str(row) for row in rows)


def test_what_is_found_by_name_begins_at_the_top_and_leaves_packages_and_hidden_folders_out(tmp_path: Path) -> None:
    for path in ("Users/ada/repo/.git/objects/aa", "Users/ada/repo/node_modules/x.js", "Users/ada/deep/er/a.csv"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    (tmp_path / "Users/bob").mkdir()
    (tmp_path / "Users/bob/train.ipynb").touch()
    tree = Tree(tmp_path, tmp_path.with_name("staging"))

    assert [entry.path for entry in tree.some(10)] == ["Users/bob/train.ipynb", "Users/ada/deep/er/a.csv"]
    assert [entry.path for entry in tree.some(1)] == ["Users/bob/train.ipynb"]
