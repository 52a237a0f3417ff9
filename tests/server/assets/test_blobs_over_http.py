"""The blob protocol over real HTTP: what holds under slow, hostile and simultaneous callers, and the stock client."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import httpx2
import pytest
import uvicorn

from smalt.kit import clock
from smalt.sdk.blobs import BlobContainer
from smalt.sdk.snapshot import take
from smalt.sdk.transport import Transport
from smalt.sdk.upload import BLOCK_BYTES, upload
from smalt.server.assets import Containers, Signer, blob_routes
from smalt.server.database import Database, metadata
from smalt.server.events import Events
from smalt.server.http import Call, Dispatcher
from smalt.server.work import Actor, ActorKind, JobGrant, Works

WORKSPACE = "11111111-1111-1111-1111-111111111111"
BLOCK = {"x-ms-blob-type": "BlockBlob"}
JOB = Actor(
    "job1",
    "job1",
    ActorKind.JOB,
    grant=JobGrant("job1", WORKSPACE, readable=("azureml/in",), writable=("azureml/out/job1",)),
)


class Closed:
    """No route here asks the gate or leaves an audit row: a call means that one came in unchecked."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"{name} was asked for")


@dataclass
class Served:
    """A running server and the folder behind its container."""

    port: int
    folder: Path
    signer: Signer
    http: httpx2.Client

    def url(self, key: str = "", container: str = "azureml") -> str:
        return f"http://127.0.0.1:{self.port}/blob/{WORKSPACE}/{container}" + (f"/{quote(key)}" if key else "")

    def put(self, key: str, content: bytes = b"x", headers: dict[str, str] | None = None) -> httpx2.Response:
        return self.http.put(self.url(key), content=content, headers={**BLOCK, **(headers or {})})

    def names(self, query: str, headers: dict[str, str] | None = None) -> list[str]:
        answer = self.http.get(f"{self.url()}?restype=container&comp=list&{query}", headers=headers or {})
        assert answer.status_code == 200, answer.text
        return [element.text or "" for element in ElementTree.fromstring(answer.text).iter("Name")]

    def signature(self, prefix: str, permissions: str) -> str:
        return self.signer.sign(
            WORKSPACE, "azureml", prefix, permissions=permissions, expires_at=clock.now() + timedelta(hours=1)
        )


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    root = tmp_path_factory.mktemp("blobs")
    database = Database.at(root / "smalt.db")
    with database.write() as connection:
        metadata.create_all(connection)
    works = Works(database, Events())
    containers = Containers(root / "blobs")
    containers.ensure(WORKSPACE, "azureml")
    signer = Signer(b"k" * 32)

    def admit(call: Call, action: str) -> Actor:
        return JOB if call.header("authorization") == "Bearer job" else Actor("person", "person", ActorKind.USER)

    routes = blob_routes(containers, works, signer, admit)
    app = Dispatcher(routes, works=works, gate=Closed(), recorder=Closed())  # type: ignore[arg-type]
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    with httpx2.Client(timeout=30) as http:
        yield Served(listener.getsockname()[1], root / "blobs" / WORKSPACE / "azureml", signer, http)
    server.should_exit = True
    thread.join()
    listener.close()
    database.close()


@pytest.fixture
def served(running: Served) -> Served:
    """The server, its container empty."""
    for name in running.names(""):
        running.http.delete(running.url(name)).raise_for_status()
    return running


def test_a_log_that_grows_while_it_is_sent_arrives_as_it_was(served: Served) -> None:
    log = served.folder / "live.log"
    log.write_bytes(b"")
    size = 48 * 1024 * 1024 - 100  # the last chunk would take in what comes after
    os.truncate(log, size)

    with served.http.stream("GET", served.url("live.log")) as answer:
        with log.open("ab") as file:
            file.write(b"more")
        received = sum(len(chunk) for chunk in answer.iter_bytes())

    assert received == size


def test_uploads_that_dawdle_hold_up_no_reader(served: Served) -> None:
    served.put("small", b"here")
    part = bytes(1_200_000)
    with ExitStack() as open_sockets:
        for number in range(40):
            connection = open_sockets.enter_context(socket.create_connection(("127.0.0.1", served.port)))
            head = f"PUT /blob/{WORKSPACE}/azureml/slow{number} HTTP/1.1\r\nHost: localhost\r\n"
            connection.sendall(f"{head}x-ms-blob-type: BlockBlob\r\nContent-Length: 2000000\r\n\r\n".encode() + part)

        answers = [served.http.get(served.url("small")).content for _ in range(3)]

    assert answers == [b"here"] * 3
    assert served.names("prefix=slow") == []


@pytest.mark.parametrize("delimiter", ["", "&delimiter=/"])
def test_a_job_sees_no_names_of_its_neighbours(served: Served, delimiter: str) -> None:
    for key in ("out/job1/mine", "out/job10/theirs", "out/job1.txt"):
        served.put(key)
    token = {"Authorization": "Bearer job"}

    refused = served.http.get(f"{served.url()}?restype=container&comp=list&prefix=out/job1{delimiter}", headers=token)

    assert served.names(f"prefix=out/job1/{delimiter}", token) == ["out/job1/mine"]
    assert refused.status_code == 403
    assert "theirs" not in refused.text


def test_a_signature_for_a_folder_shows_that_folder_only(served: Served) -> None:
    for key in ("in/a", "in2/b"):
        served.put(key)
    signature = served.signature("in/", "rl")

    assert served.names(f"prefix=in/&{signature}") == ["in/a"]
    assert served.http.get(f"{served.url()}?restype=container&comp=list&prefix=in&{signature}").status_code == 403
    assert served.http.get(f"{served.url('in/a')}?{signature}").status_code == 200
    assert served.http.get(f"{served.url('in2/b')}?{signature}").status_code == 403
    assert served.http.put(f"{served.url('in/a')}?{signature}", content=b"", headers=BLOCK).status_code == 403


def test_a_blob_rewritten_between_two_pieces_is_noticed(served: Served) -> None:
    first = served.put("pieces", b"0123456789").headers["etag"]
    served.put("pieces", b"abcdefghij")
    stale = {"If-Match": first}

    answers = [
        served.http.get(served.url("pieces"), headers={**stale, "Range": "bytes=5-9"}),
        served.put("pieces", b"lost update", stale),
        served.http.delete(served.url("pieces"), headers=stale),
    ]

    assert [(answer.status_code, answer.headers["x-ms-error-code"]) for answer in answers] == [
        (412, "ConditionNotMet")
    ] * 3
    whole = served.http.get(served.url("pieces"))
    assert whole.content == b"abcdefghij"
    unchanged = served.http.get(served.url("pieces"), headers={"If-None-Match": whole.headers["etag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")


def test_a_block_that_was_garbled_on_its_way_is_not_kept(served: Served) -> None:
    wrong = {"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="}

    garbled = served.http.put(f"{served.url('big')}?comp=block&blockid=YQ%3D%3D", content=b"abc", headers=wrong)
    listed = served.http.put(
        f"{served.url('big')}?comp=blocklist", content=b"<BlockList><Latest>YQ==</Latest></BlockList>"
    )

    assert (garbled.status_code, garbled.headers["x-ms-error-code"]) == (400, "Md5Mismatch")
    assert (listed.status_code, listed.headers["x-ms-error-code"]) == (400, "InvalidBlockList")
    assert served.http.head(served.url("big")).status_code == 404


def test_a_container_nobody_made_is_neither_listed_nor_written(served: Served) -> None:
    listed = served.http.get(f"{served.url(container='elsewhere')}?restype=container&comp=list")
    written = served.http.put(served.url("a", container="elsewhere"), content=b"x", headers=BLOCK)

    assert [(answer.status_code, answer.headers["x-ms-error-code"]) for answer in (listed, written)] == [
        (404, "ContainerNotFound")
    ] * 2
    assert not (served.folder.parent / "elsewhere").exists()


def test_metadata_that_no_listing_could_show_is_refused_before_anything_is_kept(served: Served) -> None:
    answer = served.put("a", b"x", {"x-ms-meta-1!": "v"})

    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (400, "InvalidMetadata")
    assert served.names("include=metadata") == []


def test_what_was_said_of_a_file_is_forgotten_once_a_job_writes_it_anew(served: Served) -> None:
    served.put("a", b"x", {"x-ms-meta-upload_status": "completed"})
    assert served.http.head(served.url("a")).headers["x-ms-meta-upload_status"] == "completed"

    (served.folder / "a").write_bytes(b"by a job")

    assert "x-ms-meta-upload_status" not in served.http.head(served.url("a")).headers


def test_a_page_that_a_job_wrote_cannot_act_in_a_browser(served: Served) -> None:
    served.put("page.html", b"<script>", {"x-ms-blob-content-type": "text/html"})

    headers = served.http.get(served.url("page.html")).headers

    assert headers["content-type"].startswith("text/html")
    assert headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in headers["content-security-policy"]


STOCK = """
import hashlib, json, os, sys
from azure.core.exceptions import (ClientAuthenticationError, HttpResponseError, ResourceExistsError,
                                   ResourceModifiedError, ResourceNotFoundError)
from azure.core import MatchConditions
from azure.storage.blob import BlobServiceClient, ContainerClient
base, signature, folder_signature, expired, path = sys.argv[1:]
said = {}

def failure(act):
    try:
        act()
    except HttpResponseError as error:
        return [type(error).__name__, str(error.error_code and getattr(error.error_code, "value", error.error_code))]

service = BlobServiceClient(base, credential=signature)
container = service.get_container_client("azureml")
big = container.get_blob_client("data/big.bin")
with open(path, "rb") as file:
    big.upload_blob(file, metadata={"upload_status": "completed"}, max_concurrency=3)
with open(path, "rb") as file:
    said["again"] = failure(lambda: big.upload_blob(file))
digest = hashlib.sha256()
for chunk in big.download_blob(max_concurrency=2).chunks():
    digest.update(chunk)
said["sha256"] = digest.hexdigest()
said["metadata"] = dict(big.get_blob_properties().metadata)
said["part"] = len(big.download_blob(offset=10, length=5).readall())

with open(path, "rb") as file:
    said["whole_again"] = failure(lambda: container.upload_blob("data/big.bin", file.read(60 << 20)))
small = container.get_blob_client("data/a b+ü%.txt")
small.upload_blob(b"hello", validate_content=True)
said["small"] = small.download_blob(validate_content=True).readall().decode()
small.set_blob_metadata({"name": "asset", "version": "3"})
for number in range(7):
    container.upload_blob(f"many/{number}.txt", b"x" * number)
empty = container.get_blob_client("many/0.txt")
said["empty"] = empty.download_blob().readall().decode()
said["paged"] = [[blob.name for blob in page] for page in
                 container.list_blobs(name_starts_with="many/", results_per_page=3).by_page()]
said["folders"] = sorted(item.name for item in container.walk_blobs(delimiter="/"))
said["listed"] = [[blob.name, blob.size, blob.metadata] for blob in
                  container.list_blobs(name_starts_with="data/a", include=["metadata"])]
said["missing"] = failure(lambda: container.get_blob_client("data/none").get_blob_properties())
said["exists"] = [small.exists(), container.get_blob_client("data/none").exists()]
etag = small.get_blob_properties().etag
small.upload_blob(b"other", overwrite=True)
said["stale"] = failure(lambda: small.upload_blob(b"lost", overwrite=True, etag=etag,
                                                  match_condition=MatchConditions.IfNotModified))
small.delete_blob()
said["deleted"] = small.exists()

narrow = ContainerClient.from_container_url(f"{base.rstrip('/')}/azureml?{folder_signature}")
said["narrow"] = [blob.name for blob in narrow.list_blobs(name_starts_with="many/")][:1]
said["narrow_write"] = failure(lambda: narrow.upload_blob("many/new.txt", b""))
said["narrow_elsewhere"] = failure(lambda: narrow.get_blob_client("data/big.bin").download_blob())
late = ContainerClient.from_container_url(f"{base.rstrip('/')}/azureml?{expired}")
said["expired"] = failure(lambda: late.get_blob_client("many/1.txt").download_blob())
fresh = container.get_blob_client("data/parts.bin")
fresh.stage_block("b1", b"12345")
said["waiting"] = [[block.id, block.size] for block in fresh.get_block_list("uncommitted")[1]]
said["no_blocks"] = failure(lambda: container.get_blob_client("none").get_block_list("all"))
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def clients_python() -> str:
    """The interpreter that has the official clients; `make test` prepares it."""
    found = os.environ.get("SMALT_CLIENTS_PYTHON") or str(Path(__file__).parents[3] / ".venv-clients/bin/python")
    if not Path(found).exists():
        pytest.fail(f"No interpreter with the official clients at {found}. Run the tests with: make test")
    return found


@pytest.mark.client
def test_the_stock_storage_client_uploads_lists_and_downloads(
    served: Served, clients_python: str, tmp_path: Path
) -> None:
    large = tmp_path / "big.bin"
    large.write_bytes(os.urandom(1024) * (70 * 1024))
    base = f"http://127.0.0.1:{served.port}/blob/{WORKSPACE}/.blob.smalt.local/"
    expired = served.signer.sign(WORKSPACE, "azureml", "", permissions="r", expires_at=clock.now())
    arguments = [base, served.signature("", "rwcdl"), served.signature("many", "rl"), expired, str(large)]

    done = subprocess.run(
        [clients_python, "-c", STOCK, *arguments], capture_output=True, text=True, timeout=120, env={"NO_PROXY": "*"}
    )

    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout) == {
        "again": ["ResourceExistsError", "BlobAlreadyExists"],
        "whole_again": ["ResourceExistsError", "BlobAlreadyExists"],
        "sha256": hashlib.sha256(large.read_bytes()).hexdigest(),
        "metadata": {"upload_status": "completed"},
        "part": 5,
        "small": "hello",
        "empty": "",
        "paged": [[f"many/{number}.txt" for number in page] for page in ([0, 1, 2], [3, 4, 5], [6])],
        "folders": ["data/", "many/"],
        "listed": [["data/a b+ü%.txt", 5, {"name": "asset", "version": "3"}]],
        "missing": ["ResourceNotFoundError", "BlobNotFound"],
        "exists": [True, False],
        "stale": ["ResourceModifiedError", "ConditionNotMet"],
        "deleted": False,
        "narrow": ["many/0.txt"],
        "narrow_write": ["ClientAuthenticationError", "AuthenticationFailed"],
        "narrow_elsewhere": ["ClientAuthenticationError", "AuthenticationFailed"],
        "waiting": [["b1", 5]],
        "no_blocks": ["ResourceNotFoundError", "BlobNotFound"],
        "expired": ["ClientAuthenticationError", "AuthenticationFailed"],
    }


BROKEN_OFF = """
import os, signal, sys
from pathlib import Path
from smalt.sdk.blobs import BlobContainer
from smalt.sdk.snapshot import take
from smalt.sdk.transport import Transport
from smalt.sdk.upload import upload
url, folder, path = sys.argv[1:]
container = BlobContainer(Transport(url, lambda: "person"), folder)
# It dies as soon as one block has arrived, however busy the machine is.
upload(container, take(Path(path)), "hash", progress=lambda done, _: done and os.kill(os.getpid(), signal.SIGKILL))
"""


class Counted(BlobContainer):
    """Counts the blocks it sends."""

    sent = 0

    def put_block(self, key: str, block: str, content: bytes, *, md5: bytes) -> None:
        Counted.sent += 1
        super().put_block(key, block, content, md5=md5)


def test_an_upload_killed_in_the_middle_of_a_file_goes_on_with_the_blocks_that_are_missing(
    served: Served, tmp_path: Path
) -> None:
    large = tmp_path / "large.bin"
    large.write_bytes(os.urandom(1024) * (12 * BLOCK_BYTES // 1024))
    folder = "/" + served.url().split("/", 3)[3]
    command = [sys.executable, "-c", BROKEN_OFF, served.url().removesuffix(folder), folder, str(large)]
    assert subprocess.run(command).returncode == -signal.SIGKILL
    transport = Transport(served.url().removesuffix(folder), lambda: "person")
    container = Counted(transport, folder)
    waiting = len(container.staged_blocks("LocalUpload/hash/large.bin"))

    key = upload(container, take(large), "hash")

    assert 0 < waiting < 12
    assert Counted.sent == 12 - waiting
    assert (served.folder / key).read_bytes() == large.read_bytes()
    assert container.staged_blocks(key) == {}
    transport.close()


def test_what_was_never_finished_is_removed_after_a_while(tmp_path: Path) -> None:
    containers = Containers(tmp_path)
    store = containers.store(WORKSPACE, "azureml")
    store.stage_block("a", "MDE=", [b"one"])

    assert containers.discard_unfinished(clock.now() - timedelta(hours=1)) == 0
    assert containers.discard_unfinished(clock.now() + timedelta(hours=1)) == 1
    assert store.staged_blocks("a") == {}


def test_a_log_grows_by_pieces_that_are_added_once(served: Served) -> None:
    served.put("out/job1/log.txt", b"", {"x-ms-blob-type": "AppendBlob"})
    url = f"{served.url('out/job1/log.txt')}?comp=appendblock"

    first = served.http.put(url, content=b"one\n", headers={"x-ms-blob-condition-appendpos": "0"})
    again = served.http.put(url, content=b"one\n", headers={"x-ms-blob-condition-appendpos": "0"})
    second = served.http.put(url, content=b"two\n", headers={"x-ms-blob-condition-appendpos": "4"})

    assert [answer.status_code for answer in (first, again, second)] == [201, 412, 201]
    assert again.headers["x-ms-error-code"] == "AppendPositionConditionNotMet"
    assert second.headers["x-ms-blob-append-offset"] == "4"
    assert (served.folder / "out" / "job1" / "log.txt").read_bytes() == b"one\ntwo\n"


def test_one_piece_of_a_log_is_bounded(served: Served) -> None:
    served.put("out/job1/log.txt", b"")

    refused = served.http.put(f"{served.url('out/job1/log.txt')}?comp=appendblock", content=bytes((4 << 20) + 1))

    assert refused.status_code == 400
    assert refused.headers["x-ms-error-code"] == "RequestBodyTooLarge"
