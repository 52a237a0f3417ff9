"""Routes of a workspace's files."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from smalt.errors import InvalidRequest
from smalt.kit import clock
from smalt.server.http import WORKSPACE, Answer, Call, Route, Routes, created, empty, ok
from smalt.server.notebooks.files import LARGEST_FILE_BYTES, FileService, pieces
from smalt.server.notebooks.tree import Entry, checked
from smalt.server.workspaces import WorkspaceService

NOTEBOOKS = WORKSPACE + "/smalt/notebooks"
READ, WRITE, DELETE = (f"workspaces/notebooks/storage/{verb}" for verb in ("read", "write", "delete"))
"""As Azure's roles name them."""


class _Handlers:
    def __init__(self, files: FileService, workspaces: WorkspaceService) -> None:
        self._files = files
        self._workspaces = workspaces

    def list(self, call: Call) -> Answer:
        """What is in a folder, and the folder of the caller."""
        found, has_more = self._files.list(self._workspaces.of(call), call.query.get("path") or "")
        value = [to_json(entry) for entry in found]
        return ok({"value": value, "isComplete": not has_more, "home": self._files.home(call.actor)})

    def read(self, call: Call) -> Response:
        """A file as it is, with its ETag."""
        entry, content = self._files.open(self._workspaces.of(call), call.params["path"])
        headers = {
            "ETag": f'"{entry.etag}"',
            "Content-Length": str(entry.size),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            **_attachment(entry.name),
        }
        return StreamingResponse(pieces(content), headers=headers, media_type="application/octet-stream")

    def save(self, call: Call) -> Answer:
        """Save a file: a new one, or upon the one whose ETag stands in If-Match."""
        saved, is_new = self._files.save(
            call.work,
            self._workspaces.of(call),
            call.params["path"],
            call.body,
            if_match=_condition(call),
            overwrite=call.flag("overwrite"),
        )
        return created(to_json(saved), is_new=is_new, headers={"ETag": f'"{saved.etag}"'})

    def make_folder(self, call: Call) -> Answer:
        """Make a folder."""
        made = self._files.make_folder(call.work, self._workspaces.of(call), call.params["path"])
        return created(to_json(made), is_new=True)

    def delete(self, call: Call) -> Answer:
        """Delete a file, or a folder with all that is in it."""
        was_there = self._files.remove(call.work, self._workspaces.of(call), checked(call.params["path"]))
        return empty(200 if was_there else 204)

    def move(self, call: Call) -> Answer:
        """Rename a file or folder, or move it elsewhere."""
        return ok(to_json(self._files.move(call.work, self._workspaces.of(call), *_pair(call))))

    def copy(self, call: Call) -> Answer:
        """Copy a file or folder."""
        return created(to_json(self._files.copy(call.work, self._workspaces.of(call), *_pair(call))), is_new=True)

    def archive(self, call: Call) -> Answer:
        """A folder as a zip file."""
        folder = call.params["path"]
        packed = self._files.archive(self._workspaces.of(call), folder)
        name = folder.rpartition("/")[2] or "files"
        return Answer(200, packed, _attachment(f"{name}.zip"), "application/zip")


def file_routes(files: FileService, workspaces: WorkspaceService) -> list[Route]:
    """The routes of files."""
    handlers = _Handlers(files, workspaces)
    table = Routes()
    one, folder, archive = (f"{NOTEBOOKS}/{word}/{{path:path}}" for word in ("files", "folders", "archives"))
    table.add("GET", f"{NOTEBOOKS}/entries", handlers.list, action=READ, query=("path",))
    table.add("GET", one, handlers.read, action=READ)
    table.add("PUT", one, handlers.save, action=WRITE, max_body_bytes=LARGEST_FILE_BYTES, query=("overwrite:bool",))
    table.add("DELETE", one, handlers.delete, action=DELETE)
    table.add("PUT", folder, handlers.make_folder, action=WRITE)
    table.add("POST", f"{NOTEBOOKS}/move", handlers.move, action=WRITE, body="source! target!")
    table.add("POST", f"{NOTEBOOKS}/copy", handlers.copy, action=WRITE, body="source! target!")
    table.add("GET", archive, handlers.archive, action=READ)
    return table.all


def to_json(entry: Entry) -> dict[str, Any]:  # Any: JSON
    """A file or folder as pages see it."""
    return {
        "name": entry.name,
        "path": entry.path,
        "type": "folder" if entry.is_folder else "file",
        "size": entry.size,
        "modifiedAt": clock.to_text(entry.modified_at),
        "etag": entry.etag or None,
    }


def _attachment(name: str) -> dict[str, str]:
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}


def _condition(call: Call) -> str | None:
    given = call.header("if-match")
    if given is None:
        return None
    text = given.strip().removeprefix("W/").strip('"')
    if not text:
        raise InvalidRequest(
            "If-Match is empty. Send the ETag of the file, or leave the header out.", target="If-Match"
        )
    return text


def _pair(call: Call) -> tuple[str, str]:
    body = call.json_object()
    for key in ("source", "target"):
        if not isinstance(body.get(key), str):
            raise InvalidRequest(f"{key} is no path. Send source and target.", target=key)
    return str(body["source"]), str(body["target"])
