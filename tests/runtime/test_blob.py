"""Data behind the blob protocol: fetched whole in spite of faults, stored whole, never outside its folder."""

from __future__ import annotations

import pytest

from smalt.executors import Mount, Reason, Workload
from smalt.executors.local import LocalExecutor
from smalt.runtime import blob
from smalt.runtime.failure import Failure
from smalt.testing.executors import Changes

TOKEN = "job-token"


def fetch(store, key, place, token=TOKEN):
    return blob.download(f"{store.url}/{key}", str(place), token=token, what="Input 'x'")


def test_a_folder_is_fetched_over_several_pages(store, tmp_path):
    store.blobs = {f"data/{name}": name.encode() for name in ("a", "b/c", "ü & 你", "empty", "z")} | {"data2/x": b"no"}
    store.blobs["data/empty"] = b""

    place = fetch(store, "data", tmp_path / "in")

    found = {str(path.relative_to(place)): path.read_bytes() for path in (tmp_path / "in").rglob("*") if path.is_file()}
    assert found == {"a": b"a", "b/c": b"b/c", "ü & 你": "ü & 你".encode(), "empty": b"", "z": b"z"}


def test_a_single_blob_is_fetched_as_a_file(store, tmp_path):
    store.blobs["data/my file.csv"] = b"1,2"

    path = fetch(store, "data/my%20file.csv", tmp_path / "in")

    assert path == str(tmp_path / "in" / "my file.csv")
    assert (tmp_path / "in" / "my file.csv").read_bytes() == b"1,2"


def test_a_broken_connection_is_taken_up_where_it_broke(store, tmp_path, monkeypatch):
    monkeypatch.setattr(blob, "_PIECE_BYTES", 1000)
    store.blobs["big"] = bytes(range(256)) * 20
    store.faults = ["break", "busy", "break"]

    path = fetch(store, "big", tmp_path / "in")

    assert (tmp_path / "in" / "big").read_bytes() == store.blobs["big"]
    assert path.endswith("/big")


def test_what_is_not_there_is_said(store, tmp_path):
    with pytest.raises(Failure, match="Input 'x' does not exist"):
        fetch(store, "nothing", tmp_path / "in")


def test_a_refused_token_is_not_tried_again(store, tmp_path):
    with pytest.raises(Failure, match="answered 403"):
        fetch(store, "data", tmp_path / "in", token="wrong")


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/evil", "a//b"])
def test_a_blob_name_that_leads_elsewhere_is_refused(store, tmp_path, name):
    store.blobs[f"data/{name}"] = b"evil"

    with pytest.raises(Failure, match="cannot be a file name"):
        fetch(store, "data", tmp_path / "in")

    assert not (tmp_path / "evil").exists()


def test_a_folder_is_stored_with_large_files_in_blocks(store, tmp_path, monkeypatch):
    monkeypatch.setattr(blob, "_BLOCK_BYTES", 100)
    (tmp_path / "out" / "deep").mkdir(parents=True)
    (tmp_path / "out" / "deep" / "big").write_bytes(bytes(range(250)))
    (tmp_path / "out" / "small").write_bytes(b"s")
    (tmp_path / "out" / "link").symlink_to("/etc/passwd")
    store.faults = ["busy"]

    blob.upload(str(tmp_path / "out"), f"{store.url}/results", token=TOKEN)

    assert store.blobs == {"results/deep/big": bytes(range(250)), "results/small": b"s"}
    assert store.writes.count("block") == 3


def test_a_job_reads_and_writes_remote_data(store, tmp_path):
    store.blobs = {"data/a": b"alpha", "code/main.sh": b'cat "$AZURE_ML_INPUT_d/a" > "$AZURE_ML_OUTPUT_o/copy"'}
    mounts = (
        Mount("d", "input", "uri_folder", "ro_mount", f"{store.url}/data", "azureml:d:1"),
        Mount("o", "output", "uri_folder", "rw_mount", f"{store.url}/out", "azureml:o:1"),
        Mount("f", "output", "uri_file", "upload", f"{store.url}/file.txt", "azureml:f:1"),
    )
    command = "bash main.sh; echo one > {{smalt:output:f}}"
    changes = Changes()
    executor = LocalExecutor(tmp_path / "jobs", changes)
    workload = Workload("job", command, tmp_path / "art", code=f"{store.url}/code", mounts=mounts, token=TOKEN)

    state = changes.end_of(executor, executor.start(executor.plan(workload)))
    executor.close()

    assert (state.reason, state.error) == (Reason.COMPLETED, None)
    assert store.blobs["out/copy"] == b"alpha"
    assert store.blobs["file.txt"] == b"one\n"
    assert state.outputs["o"].path == f"{store.url}/out"


def test_an_output_that_cannot_be_stored_fails_the_job_with_its_name(store, tmp_path):
    mounts = (Mount("o", "output", "uri_file", "upload", f"{store.url}/x", "azureml:o:1"),)
    changes = Changes()
    executor = LocalExecutor(tmp_path / "jobs", changes)
    workload = Workload("job", "echo 1 > {{smalt:output:o}}", tmp_path / "art", mounts=mounts, token="wrong")

    handle = executor.start(executor.plan(workload))
    state = changes.end_of(executor, handle)
    log = executor.logs(handle).decode()
    executor.close()

    assert state.reason is Reason.FAILED
    assert "Output 'o' could not be stored at azureml:o:1" in state.error
    assert "Output 'o' could not be stored" in log


def test_a_stranger_is_never_shown_the_token():
    own = blob._Store("http://127.0.0.1:8787/blob/0f0e0d0c-0000-4000-8000-000000000001/c/k", token="secret", what="x")
    stranger = blob._Store("https://example.org/c/k", token="secret", what="x")

    assert own._headers["Authorization"] == "Bearer secret"
    assert "Authorization" not in stranger._headers


def test_the_workspace_is_no_part_of_the_key():
    store = blob._Store("http://localhost/blob/0f0e0d0c-0000-4000-8000-000000000001/c/a/b", token=None, what="x")

    assert (store._root, store.key) == ("/blob/0f0e0d0c-0000-4000-8000-000000000001/c", "a/b")
