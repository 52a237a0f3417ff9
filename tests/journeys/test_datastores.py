"""Files go to the datastore that is named, wherever it is, and jobs read them from there."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

JOB = """
command: sha256sum < ${{inputs.large}}; ls ${{inputs.folder}}
environment: {image: python}
inputs:
  large: {type: uri_file, path: "azureml:large:1"}
  folder: {type: uri_folder, path: "azureml:folder:1"}
"""


class Shell:
    """`smalt` against a server of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "smalt.cli.main", *arguments],
            capture_output=True,
            text=True,
            env={**os.environ, "SMALT_HOME": str(self.home)},
        )
        assert done.returncode == 0, done.stderr[-2000:]
        assert "Unknown field" not in done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def smalt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    shell = Shell(tmp_path_factory.mktemp("home"))
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        ports = ("--port", str(one.getsockname()[1]), "--tls-port", str(two.getsockname()[1]))
    shell("up", "--detach", "--home", str(shell.home), *ports)
    yield shell
    shell("down", "--home", str(shell.home))


@pytest.fixture(scope="module")
def s3(endpoint: str) -> str:
    """An S3 with the bucket `bucket`."""
    httpx2.put(f"{endpoint}/bucket").raise_for_status()
    return endpoint


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["s3", "local"])
def test_data_is_uploaded_to_a_datastore_elsewhere_and_read_by_a_job(
    smalt: Shell, s3: str, tmp_path: Path, kind: str
) -> None:
    stores = {
        "s3": f"type: s3\nname: s3\nbucket: bucket\nprefix: pre\nendpoint: {s3}\n"
        "credentials: {access_key_id: key, secret_access_key: secret}\n",
        "local": f"type: local\nname: local\npath: {tmp_path / 'store'}\n",
    }
    (tmp_path / "store").mkdir()
    (tmp_path / "store.yml").write_text(stores[kind])
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.txt").write_text("a")
    large = os.urandom(1024) * (65 * 1024)  # beyond what goes in one request
    (tmp_path / "large.bin").write_bytes(large)
    (tmp_path / "job.yml").write_text(JOB.replace("large:1", f"large-{kind}:1").replace("folder:1", f"folder-{kind}:1"))

    smalt("datastore", "create", "-f", str(tmp_path / "store.yml"))
    for name, path, type_ in (("large", "large.bin", "uri_file"), ("folder", "folder", "uri_folder")):
        smalt("data", "create", "--name", f"{name}-{kind}", "--version", "1", "--path", str(tmp_path / path),
              "--type", type_, "--datastore", kind)  # fmt: skip
    smalt("job", "create", "-f", str(tmp_path / "job.yml"), "--name", f"reads-{kind}", "--stream")

    smalt("job", "download", "--name", f"reads-{kind}", "--download-path", str(tmp_path / "got"), "--all")
    (log,) = (tmp_path / "got").rglob("std_log.txt")
    told = [line for line in log.read_text().splitlines() if not line.startswith("smalt: ")]
    assert told == [f"{hashlib.sha256(large).hexdigest()}  -", "a.txt"]
