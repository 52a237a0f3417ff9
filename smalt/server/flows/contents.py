"""The files of flows: what was sent is checked here, and kept as plain folders, one for each version."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from smalt.blobs import BlobStore
from smalt.blobs.keys import problem
from smalt.kit import ids
from smalt.server.assets import DEFAULT, Containers, blob_container
from smalt.server.flows.errors import InvalidFlowFiles
from smalt.server.workspaces import WorkspaceRecord

MOST_FILES = 500
LARGEST_FILE_BYTES = 5 << 20
LARGEST_VERSION_BYTES = 20 << 20
LARGEST_REQUEST_BYTES = 48 << 20
"""A version as JSON, in which a character may take six."""

_ROOT, _TESTS = "flows", "tests"
_STAMP = "%Y%m%d%H%M%S"
_KEPT = timedelta(days=30)
_MOST_TIDIED = 20
_PLACE = re.compile(rf"/datastores/{DEFAULT}/paths/{_ROOT}/([0-9a-f]{{32}})/([0-9]{{1,9}})/?$")

Contents = Mapping[str, bytes]
"""Files by their paths."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A file as it is to be; None deletes it."""

    path: str
    content: bytes | None


def read_edits(given: Any) -> list[Edit]:  # Any: JSON that somebody sent
    """The files of a request.

    Raises:
        InvalidFlowFiles: One has no path of a file in a folder, no content, or too much of it.
    """
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise InvalidFlowFiles('files is no list of files. Send [{"path": "...", "content": "..."}].', target="files")
    if len(given) > MOST_FILES:
        raise InvalidFlowFiles(f"{len(given)} files were sent; a flow has {MOST_FILES} at most.", target="files")
    edits = [Edit(_path(item), _content(item)) for item in given]
    double = next((edit.path for index, edit in enumerate(edits) if edit.path in {e.path for e in edits[:index]}), None)
    if double is not None:
        raise InvalidFlowFiles(f"The file {double!r} was sent twice. Send each once.", target="files")
    return edits


def edited(contents: Contents, edits: Iterable[Edit]) -> dict[str, bytes]:
    """The files after a change.

    Raises:
        InvalidFlowFiles: A file that is to be deleted is not there, or the result is more than a flow can be.
    """
    found = dict(contents)
    for edit in edits:
        if edit.content is not None:
            found[edit.path] = edit.content
        elif found.pop(edit.path, None) is None:
            raise InvalidFlowFiles(
                f"The file {edit.path!r} is to be deleted, and there is none. Leave it out.", target="files"
            )
    check(found)
    return found


def check(contents: Contents) -> None:
    """Return when these files can be a flow.

    Raises:
        InvalidFlowFiles: They are none or too many, too large, or one stands where another has its folder.
    """
    size = sum(len(content) for content in contents.values())
    if not contents:
        raise InvalidFlowFiles("The flow would have no files. Send at least one.", target="files")
    if len(contents) > MOST_FILES:
        raise InvalidFlowFiles(f"The flow would have {len(contents)} files; {MOST_FILES} is the most.", target="files")
    if size > LARGEST_VERSION_BYTES:
        raise InvalidFlowFiles(
            f"The flow would have {size} bytes; {LARGEST_VERSION_BYTES} is the most. Keep data in data assets.",
            target="files",
        )
    folders = {path[:at] for path in contents for at in range(len(path)) if path[at] == "/"}
    both = next((path for path in contents if path in folders), None)
    if both is not None:
        raise InvalidFlowFiles(f"{both!r} would be both a file and a folder. Rename one of them.", target="files")


def facts(contents: Contents) -> list[dict[str, Any]]:  # Any: JSON
    """Path, size and digest of each file, in the order of their paths."""
    return [
        {"path": path, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for path, content in sorted(contents.items())
    ]


class Folders:
    """The folders of flows in the default datastore of their workspace, one for each set of files.

    Args:
        containers: The server's own.
    """

    def __init__(self, containers: Containers) -> None:
        self._containers = containers

    def write(self, workspace: WorkspaceRecord, flow_id: str, folder: str, contents: Contents) -> str:
        """Keep files in a folder, which then has no others; the reference to it.

        Only whoever holds the row of the flow writes a version, so what an earlier try has left may go.
        """
        store = self._store(workspace.id)
        key = f"{_ROOT}/{flow_id}/{folder}"
        store.delete_prefix(f"{key}/")
        for path, content in contents.items():
            store.write(f"{key}/{path}", [content])
        return (
            f"azureml://subscriptions/{workspace.subscription}/resourcegroups/{workspace.group}"
            f"/workspaces/{workspace.name}/datastores/{DEFAULT}/paths/{key}"
        )

    def read(self, workspace_id: str, flow_id: str, folder: str, path: str) -> bytes:
        """A file of a folder.

        Raises:
            NotFound: It is not there any more.
        """
        return b"".join(self._store(workspace_id).read(f"{_ROOT}/{flow_id}/{folder}/{path}"))

    def scratch(self, now: datetime) -> str:
        """A new folder for what is tried once; `tidy` removes it when it is old."""
        return f"{_TESTS}/{now:{_STAMP}}-{ids.opaque()}"

    def tidy(self, workspace_id: str, flow_id: str, now: datetime) -> None:
        """Remove some of what was tried long ago, the oldest first."""
        store = self._store(workspace_id)
        oldest = store.list(f"{_ROOT}/{flow_id}/{_TESTS}/", delimiter="/", limit=_MOST_TIDIED).prefixes
        for prefix in oldest:
            if prefix.rstrip("/").rpartition("/")[2] < f"{now - _KEPT:{_STAMP}}":
                store.delete_prefix(prefix)

    def _store(self, workspace_id: str) -> BlobStore:
        return self._containers.store(workspace_id, blob_container(workspace_id))


def place_of(reference: str) -> tuple[str, int] | None:
    """The flow's id and the version whose folder a reference leads to; None for any other reference."""
    found = _PLACE.search(reference)
    return None if found is None else (found[1], int(found[2]))


def _path(item: Mapping[str, Any]) -> str:  # Any: JSON
    path = item.get("path")
    if not isinstance(path, str):
        raise InvalidFlowFiles("A file was sent without a path. Give it one, e.g. flow.dag.yaml.", target="path")
    told = problem(path)
    if told is not None:
        raise InvalidFlowFiles(
            f"The path {path[:120]!r} {told}. Write it as seen from the flow's folder, e.g. prompts/answer.jinja2.",
            target="path",
        )
    return path


def _content(item: Mapping[str, Any]) -> bytes | None:  # Any: JSON
    text, coded = item.get("content"), item.get("contentBase64")
    if "content" not in item and coded is None:
        raise InvalidFlowFiles(f"The file {item['path']!r} has no content. Send content, or null.", target="content")
    if text is not None and coded is not None:
        raise InvalidFlowFiles(f"The file {item['path']!r} has content twice. Send one of the two.", target="content")
    if text is None and coded is None:
        return None
    given = text if coded is None else coded
    if not isinstance(given, str):
        raise InvalidFlowFiles(f"The content of {item['path']!r} is no text. Send text or base64.", target="content")
    try:
        content = given.encode() if coded is None else base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError):  # half a character, or no base64
        raise InvalidFlowFiles(
            f"The content of {item['path']!r} cannot be read. Encode it anew.", target="content"
        ) from None
    if len(content) > LARGEST_FILE_BYTES:
        raise InvalidFlowFiles(
            f"The file {item['path']!r} has {len(content)} bytes; {LARGEST_FILE_BYTES} is the most.", target="content"
        )
    return content
