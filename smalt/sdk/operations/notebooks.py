"""Files of the workspace, sessions of notebooks, and notebooks as jobs."""

from __future__ import annotations

import builtins
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from smalt.entities.notebook import NotebookFile, NotebookSession
from smalt.errors import Conflict, InvalidRequest
from smalt.sdk import snapshot
from smalt.sdk.download import safe_path
from smalt.sdk.resolve import Resolver
from smalt.sdk.room import Room
from smalt.wire.arm.shape import camel, snake

E = TypeVar("E", NotebookFile, NotebookSession)
Json = dict[str, Any]  # Any: JSON

_LEFT_OUT = frozenset({*snapshot.ALWAYS_LEFT_OUT, ".ipynb_checkpoints", ".venv", "node_modules"})


class NotebookOperations:
    """`client.notebooks`. Paths are those of the workspace's files, e.g. `Users/me/train.ipynb`."""

    def __init__(self, room: Room, resolver: Resolver) -> None:
        self._room = room
        self._resolver = resolver
        self._transport = room.transport

    @property
    def home(self) -> str:
        """The folder of whoever asks."""
        return str(self._entries("")["home"])

    def list(self, folder: str = "") -> builtins.list[NotebookFile]:
        """What is in a folder, folders first."""
        return [_read(NotebookFile, each) for each in self._entries(folder)["value"]]

    def read(self, path: str) -> bytes:
        """The content of a file."""
        return self._transport.request("GET", self._file(path)).content

    def write(self, path: str, content: bytes, *, etag: str | None = None, overwrite: bool = False) -> NotebookFile:
        """Save a file: a new one, or upon the one that has `etag`, or over whatever is there.

        Raises:
            PreconditionFailed: Somebody else has saved in the meantime.
            Conflict: It is there already.
        """
        headers = {} if etag is None else {"If-Match": f'"{etag}"'}
        query = {"overwrite": "true"} if overwrite else None
        answer = self._transport.request("PUT", self._file(path), params=query, content=content, headers=headers)
        return _read(NotebookFile, answer.json())

    def upload(
        self, source: str | Path, target: str | None = None, *, overwrite: bool = False
    ) -> builtins.list[NotebookFile]:
        """Copy a file or folder of this machine into the workspace; into the caller's own folder unless told.

        Raises:
            Conflict: A file is there already.
        """
        place = Path(source)
        base = target if target is not None else f"{self.home}/{place.resolve().name}"
        if place.is_file():
            return [self.write(base, place.read_bytes(), overwrite=overwrite)]
        files = snapshot.take(place, left_out=_LEFT_OUT).files
        return [self.write(f"{base}/{each.key}", each.path.read_bytes(), overwrite=overwrite) for each in files]

    def download(self, path: str, target: str | Path, *, overwrite: bool = False) -> builtins.list[Path]:
        """Copy a file, or a folder with all that is in it, to this machine; the files that were written.

        Raises:
            Conflict: A file is there already.
        """
        place = Path(target)
        if not self._is_folder(path):
            return [_write(place / path.rpartition("/")[2] if place.is_dir() else place, self.read(path), overwrite)]
        packed = self._transport.request("GET", f"{self._root}/archives/{quote(path)}").content
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            return [_write(safe_path(place, name), archive.read(name), overwrite) for name in archive.namelist()]

    def create_folder(self, path: str) -> NotebookFile:
        """Make a folder."""
        return _read(NotebookFile, self._transport.json("PUT", f"{self._root}/folders/{quote(path)}"))

    def move(self, source: str, target: str) -> NotebookFile:
        """Rename a file or folder, or move it elsewhere."""
        body = {"source": source, "target": target}
        return _read(NotebookFile, self._transport.json("POST", f"{self._root}/move", body=body))

    def copy(self, source: str, target: str) -> NotebookFile:
        """Copy a file or folder."""
        body = {"source": source, "target": target}
        return _read(NotebookFile, self._transport.json("POST", f"{self._root}/copy", body=body))

    def delete(self, path: str) -> None:
        """Delete a file, or a folder with all that is in it."""
        self._transport.request("DELETE", self._file(path))

    def run(
        self,
        path: str | Path,
        *,
        parameters: Mapping[str, Any] | None = None,  # Any: literals, or inputs of a job
        environment: str | None = None,
        compute: str | None = None,
        local: bool = False,
        **job: Any,  # Any: more of a job
    ) -> str:
        """Run a notebook or a script as a job; the job's name.

        Args:
            path: Among the files of the workspace; of this machine with `local`, and its folder goes along.
            parameters: Of the notebook; options of a script.
            environment: Where it runs.
            compute: On what.
            local: The file is one of this machine.
            job: `display_name`, `experiment_name`, `description`, `tags`, `environment_variables`, `queue_settings`.
        """
        fields = {camel(key): value for key, value in job.items()}
        fields |= {key: value for key, value in (("environment", environment), ("compute", compute)) if value}
        body: Json = {"path": str(path), "job": fields, "inputs": dict(parameters or {})}
        if local:
            place = Path(path)
            if not place.is_file():
                raise InvalidRequest(f"{place} is no file of this machine. Name a notebook or a script.", target="path")
            body |= {"path": place.name, "code": self._resolver.code(str(place.resolve().parent))}
        return str(self._transport.json("POST", f"{self._root}/runs", body=body)["job"])

    def start_session(
        self,
        path: str,
        *,
        environment: str | None = None,
        compute: str | None = None,
        idle_minutes: int | None = None,
    ) -> NotebookSession:
        """The session of a notebook; it is begun where there is none."""
        body = {"path": path, "environment": environment, "compute": compute, "idleMinutes": idle_minutes}
        return _read(NotebookSession, self._transport.json("POST", f"{self._root}/sessions", body=body))

    def sessions(self, *, path: str | None = None, active: bool = True) -> Iterator[NotebookSession]:
        """Sessions, the newest first: those that run, or all."""
        query = {"active": str(active).lower(), **({"path": path} if path else {})}
        items = self._transport.items(f"{self._root}/sessions", params=query)
        return (_read(NotebookSession, each) for each in items)

    def session(self, name: str) -> NotebookSession:
        """One session, and how its kernel is."""
        return _read(NotebookSession, self._transport.json("GET", self._session(name)))

    def execute(self, session: str, code: str, *, cell: str = "client") -> Json:
        """Run code in a session and wait for its end: `status`, `outputs` as a notebook keeps them.

        Raises:
            SessionOver: The session has ended.
        """
        self._transport.json("POST", self._session(session, "execute"), body={"cells": [{"id": cell, "code": code}]})
        while True:
            for change in self._events(session):
                found = (change.get("cells") or {}).get(cell)
                is_over = change["type"] in ("state", "over") and found and found["status"] not in ("queued", "running")
                if is_over or change["type"] == "over":
                    return dict(found or {"status": "aborted", "outputs": []})
                if change["type"] == "finished" and change["cell"] == cell:
                    break

    def interrupt(self, session: str) -> None:
        """Interrupt what runs in a session."""
        self._transport.json("POST", self._session(session, "interrupt"))

    def restart(self, session: str) -> None:
        """Start the kernel of a session anew."""
        self._transport.json("POST", self._session(session, "restart"))

    def stop_session(self, session: str) -> None:
        """End a session; its outputs stay."""
        self._transport.request("DELETE", self._session(session))

    def _events(self, session: str) -> Iterator[Json]:
        with self._transport.stream("GET", self._session(session, "events")) as answer:
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))

    def _is_folder(self, path: str) -> bool:
        parent, _, name = path.rpartition("/")
        return not path or any(each.name == name and each.type == "folder" for each in self.list(parent))

    def _entries(self, folder: str) -> Json:
        return self._transport.json("GET", f"{self._root}/entries", params={"path": folder})

    @property
    def _root(self) -> str:
        return f"{self._room.path}/smalt/notebooks"

    def _file(self, path: str) -> str:
        if not path:
            raise InvalidRequest("The path is empty. Name a file, e.g. Users/me/train.ipynb.", target="path")
        return f"{self._root}/files/{quote(path)}"

    def _session(self, name: str, *rest: str) -> str:
        return "/".join((f"{self._root}/sessions", quote(name, safe=""), *rest))


def _read(model: type[E], body: Mapping[str, Any]) -> E:  # Any: JSON
    return model.parse({snake(key): value for key, value in body.items() if value is not None})


def _write(place: Path, content: bytes, overwrite: bool) -> Path:
    if place.exists() and not overwrite:
        raise Conflict(f"{place} exists. Pass overwrite, or name another place.")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    return place
