"""A small server of resources and blobs in memory, over real HTTP: what clients need, with nothing behind it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
import socket
import threading
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

TOKEN = "a-token"
SCOPE = "/subscriptions/sub/resourceGroups/group/providers/Microsoft.MachineLearningServices/workspaces/default"
VERSIONED = {"codes", "data", "environments", "models", "components"}
_PAGE = 2


@dataclass
class Fake:
    """Everything the server holds, and what it was asked."""

    resources: dict[str, dict] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    metadata: dict[str, dict[str, str]] = field(default_factory=dict)
    blocks: dict[str, dict[str, bytes]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    answers: list[Response] = field(default_factory=list)
    steps: dict[str, list[tuple[str, bytes]]] = field(default_factory=dict)
    url: str = ""

    def script(self, job: str, *steps: tuple[str, bytes]) -> None:
        """Each look at the job's details moves it one step on: a status, and what is added to its log."""
        self.steps[job] = list(steps)

    def count(self, pattern: str) -> int:
        return sum(bool(re.search(pattern, line)) for line in self.requests)


def app(fake: Fake) -> Starlette:
    async def answer(request: Request) -> Response:
        fake.requests.append(f"{request.method} {request.url.path}?{request.url.query}")
        if fake.answers:
            return fake.answers.pop(0)
        signed = "sig" in request.query_params
        if not signed and request.headers.get("authorization") != f"Bearer {TOKEN}":
            return _error(401, "InvalidAuthenticationToken", "Who are you?")
        path = request.url.path
        body = await request.body()
        if path.startswith("/blob/"):
            return _blob(fake, request, path.removeprefix("/blob/ws-guid/"), body)
        if path.startswith("/history/"):
            return _history(fake, request.method, path, body)
        return _resource(fake, request, path, body)

    return Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"])])


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status)


def _resource(fake: Fake, request: Request, path: str, body: bytes) -> Response:
    if request.method == "POST":
        return _action(fake, path)
    if request.method in {"PUT", "PATCH"}:
        return _write(fake, path, json.loads(body))
    if request.method == "DELETE":
        return Response(status_code=200 if fake.resources.pop(path, None) else 204)
    if path in fake.resources:
        return JSONResponse(fake.resources[path])
    if path.endswith("/lineage"):
        return _lineage(fake.resources[path.removesuffix("/lineage")])
    if path.rsplit("/", 1)[-1] in {"versions", "workspaces", "registries"} or path.count("/") % 2:
        return _listing(fake, request, path)
    return _error(404, "ResourceNotFound", f"No {path}.")


def _lineage(job: dict) -> Response:
    place = f"azureml://datastores/workspaceblobstore/paths/azureml/{job['name']}"
    outputs = {name: {"uri": f"{place}/{name}/", "assetId": None} for name in job["properties"].get("outputs", {})}
    artifacts = f"azureml://datastores/workspaceartifactstore/paths/ExperimentRun/dcid.{job['name']}/"
    return JSONResponse({"outputs": outputs, "artifacts": artifacts})


def _action(fake: Fake, path: str) -> Response:
    if path.endswith("/startPendingUpload"):
        container = f"{fake.url}/blob/ws-guid/upload-{len(fake.requests)}"
        reference = {"blobUri": container, "credential": {"credentialType": "SAS", "sasUri": f"{container}?sig=x"}}
        return JSONResponse({"blobReferenceForConsumption": reference})
    if path.endswith("/cancel"):
        fake.resources[path.removesuffix("/cancel")]["properties"]["status"] = "Canceled"
    if path.endswith("/listsecrets"):
        return JSONResponse(fake.resources[path.removesuffix("/listsecrets")])
    return JSONResponse({})


def _write(fake: Fake, path: str, body: dict) -> Response:
    parts = path.split("/")
    old = fake.resources.get(path)
    properties = {**(old or {}).get("properties", {}), **body["properties"]}
    if "versions" in parts and old and old["properties"].get("dataUri") != properties.get("dataUri"):
        return _error(409, "Conflict", "The version exists with other content.")
    if "/jobs/" in path:
        studio = {"jobServiceType": "Studio", "endpoint": f"http://studio/{parts[-1]}"}
        properties |= {"status": properties.get("status", "Queued"), "services": {"Studio": studio}}
    fake.resources[path] = {**body, "id": path, "name": parts[-1], "properties": properties}
    if "versions" in parts:
        container = path.split("/versions/")[0]
        numbers = [int(key.rsplit("/", 1)[-1]) for key in fake.resources if key.startswith(f"{container}/versions/")
                   and key.rsplit("/", 1)[-1].isdecimal()]  # fmt: skip
        facts = {"nextVersion": str(max(numbers, default=0) + 1), "latestVersion": parts[-1]}
        fake.resources[container] = {"id": container, "name": container.rsplit("/", 1)[-1], "properties": facts}
    return JSONResponse(fake.resources[path], 200 if old else 201)


def _listing(fake: Fake, request: Request, path: str) -> Response:
    found = [body for key, body in fake.resources.items() if key.rsplit("/", 1)[0] == path]
    if "hash" in request.query_params:
        wanted = request.query_params["hash"]
        found = [body for key, body in fake.resources.items() if "/codes/" in key
                 and body["properties"].get("properties", {}).get("hash_sha256") == wanted]  # fmt: skip
    if request.query_params.get("isDefault"):
        found = [body for body in found if body["properties"].get("isDefault")]
    archived = request.query_params.get("listViewType", "ActiveOnly")
    if archived != "All":
        found = [body for body in found if bool(body["properties"].get("isArchived")) == (archived == "ArchivedOnly")]
    if "desc" in request.query_params.get("$orderBy", "desc"):
        found = found[::-1]
    start = int(request.query_params.get("$skip", 0))
    page = {"value": found[start : start + _PAGE]}
    if len(found) > start + _PAGE:
        page["nextLink"] = str(request.url.include_query_params(**{"$skip": str(start + _PAGE)}))
    return JSONResponse(page)


def _history(fake: Fake, method: str, path: str, body: bytes) -> Response:
    name = re.search(r"/runs/([^/]+)", path)[1]
    job = fake.resources[f"{SCOPE}/jobs/{name}"]["properties"]
    if method == "PATCH":
        changes = json.loads(body)
        job |= {key: value for key, value in changes.items() if key != "hidden"}
        job["isArchived"] = changes.get("hidden", job.get("isArchived", False))
        return JSONResponse({})
    log = f"azureml/ExperimentRun/dcid.{name}/user_logs/std_log.txt"
    if fake.steps.get(name):
        status, text = fake.steps[name].pop(0)
        job["status"] = status
        fake.blobs[log] = fake.blobs.get(log, b"") + text
    logs = {"user_logs/std_log.txt": f"{fake.url}/blob/ws-guid/{log}?sig=log"} if log in fake.blobs else {}
    return JSONResponse({"status": job["status"], "logFiles": logs, "error": {"error": {"message": "exit code 1"}}})


def _blob(fake: Fake, request: Request, key: str, body: bytes) -> Response:
    action = request.query_params.get("comp")
    if request.method == "PUT" and action == "block":
        fake.blocks.setdefault(key, {})[request.query_params["blockid"]] = body
        return Response(status_code=201)
    if request.method == "PUT" and action == "metadata":
        fake.metadata[key] = {name: text for name, text in request.headers.items() if name.startswith("x-ms-meta-")}
        return Response(status_code=200)
    if request.method == "PUT":
        if key in fake.blobs and request.headers.get("if-none-match") == "*":
            return Response(status_code=409, headers={"x-ms-error-code": "BlobAlreadyExists"})
        if action == "blocklist":
            body = b"".join(fake.blocks[key][block] for block in re.findall(r"<Latest>(.*?)</Latest>", body.decode()))
            sent = request.headers["x-ms-blob-content-md5"]
        else:
            sent = request.headers["content-md5"]
        assert base64.b64decode(sent) == hashlib.md5(body).digest()
        fake.blobs[key] = body
        return Response(status_code=201)
    if action == "blocklist":
        return _block_list(fake.blocks.get(key, {}))
    if action == "list":
        return _blob_list(fake, request, key)
    if key not in fake.blobs:
        return Response(status_code=404, headers={"x-ms-error-code": "BlobNotFound"})
    return _ranged(request, fake.blobs[key])


def _block_list(blocks: dict[str, bytes]) -> Response:
    rows = "".join(f"<Block><Name>{name}</Name><Size>{len(part)}</Size></Block>" for name, part in blocks.items())
    text = f"<BlockList><UncommittedBlocks>{rows}</UncommittedBlocks></BlockList>"
    return Response(text, status_code=200 if blocks else 404, media_type="application/xml")


def _ranged(request: Request, content: bytes) -> Response:
    asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("x-ms-range", "bytes=0-"))
    start, end = int(asked[1]), int(asked[2] or len(content) - 1) + 1
    if start >= len(content):
        return Response(status_code=416, headers={"x-ms-error-code": "InvalidRange"})
    return Response(content[start:end], status_code=206)


def _blob_list(fake: Fake, request: Request, container: str) -> Response:
    prefix = f"{container}/{request.query_params['prefix']}"
    keys = sorted(key for key in fake.blobs if key.startswith(prefix) and key > request.query_params.get("marker", ""))
    listed = "".join(
        f"<Blob><Name>{key.removeprefix(container + '/')}</Name><Properties>"
        f"<Content-Length>{len(fake.blobs[key])}</Content-Length></Properties></Blob>"
        for key in keys[:_PAGE]
    )
    marker = keys[_PAGE - 1] if len(keys) > _PAGE else ""
    text = f"<EnumerationResults><Blobs>{listed}</Blobs><NextMarker>{marker}</NextMarker></EnumerationResults>"
    return Response(text, media_type="application/xml")


def prepare(fake: Fake) -> None:
    """What every workspace has from its first moment."""
    fake.resources[SCOPE] = {
        "id": SCOPE, "name": "default", "location": "local", "properties": {"workspaceId": "ws-guid"},
    }  # fmt: skip
    stores = {"workspaceblobstore": "store", "workspaceartifactstore": "azureml"}
    for name, container in stores.items():
        fake.resources[f"{SCOPE}/datastores/{name}"] = {
            "id": f"{SCOPE}/datastores/{name}",
            "name": name,
            "properties": {
                "datastoreType": "AzureBlob",
                "containerName": container,
                "accountName": "localhost/blob/ws-guid/",
                "isDefault": name == "workspaceblobstore",
                "credentials": {"credentialsType": "None"},
            },
        }


class Running:
    """The fake on a free port, in a thread."""

    def __init__(self, fake: Fake) -> None:
        bound = socket.socket()
        bound.bind(("127.0.0.1", 0))
        fake.url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        self._server = uvicorn.Server(uvicorn.Config(app(fake), log_config=None, lifespan="off"))
        self._thread = threading.Thread(target=lambda: asyncio.run(self._server.serve([bound])))
        bound.listen()
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()


def write_home(home: Path, fake: Fake) -> None:
    """The files by which clients on this machine find the server."""
    state = {"url": fake.url, "tls_url": fake.url, "subscription": "sub", "group": "group", "workspace": "default"}
    home.mkdir(exist_ok=True)
    (home / "server.json").write_text(json.dumps(state))
    (home / "token").write_text(TOKEN + "\n")
