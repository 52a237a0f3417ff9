"""Flows of a workspace: their versions as folders, and their runs."""

from __future__ import annotations

import builtins
import hashlib
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

from smalt.entities.flow import Flow, FlowFile, FlowRun, FlowVersion
from smalt.entities.job.inputs import DataInput
from smalt.entities.types import AssetType
from smalt.errors import InvalidRequest
from smalt.sdk import flow_folder
from smalt.sdk.flow_folder import Origin
from smalt.sdk.resolve import Resolver
from smalt.sdk.room import Room
from smalt.wire.arm import flows as wire

Json = dict[str, Any]  # Any: JSON
Jsons = builtins.list[Json]


class FlowOperations:
    """`client.flows`."""

    def __init__(self, room: Room, resolver: Resolver) -> None:
        self._room = room
        self._resolver = resolver
        self._transport = room.transport

    def templates(self) -> Jsons:
        """Flows to begin with."""
        return list(self._transport.items(f"{self._room.path}/smalt/flowTemplates"))

    def create(
        self,
        flow: Flow,
        source: str | Path | None = None,
        *,
        template: str | None = None,
        clone_of: str | None = None,
        version: int | None = None,
        workspace: str | None = None,
        message: str | None = None,
    ) -> Flow:
        """Make a flow of a folder, of a template, or of a version of another flow, be it of another workspace.

        Args:
            flow: Its name, and what is said of it.
            source: A folder, or the file of the flow in it.
            template: A name of `templates`.
            clone_of: The name of another flow.
            version: Which version of it; the latest otherwise.
            workspace: The ARM id of its workspace; this one otherwise.
            message: Of the first version.

        Raises:
            Conflict: The name is taken.
        """
        body = {**wire.changes_to_wire(flow), "message": message}
        if source is not None:
            body["files"] = flow_folder.to_wire(flow_folder.read(Path(source)))
        if template is not None:
            body["template"] = template
        if clone_of is not None:
            body["cloneOf"] = {"flow": clone_of, "version": version, "workspace": workspace}
        made = self._flow(self._transport.json("PUT", self._path(flow.name), body=body))
        if source is not None:
            self._note(Path(source), made, 1)
        return made

    def list(
        self, *, search: str | None = None, tag: str | None = None, max_results: int | None = None
    ) -> Iterator[Flow]:
        """Flows by name.

        Args:
            search: A text in the name, display name or description.
            tag: `key`, or `key=value`.
            max_results: At most so many.
        """
        query = {key: value for key, value in (("search", search), ("tag", tag)) if value}
        items = self._transport.items(f"{self._room.path}/smalt/flows", params=query)
        return (self._flow(body) for body in islice(items, max_results))

    def get(self, name: str) -> Flow:
        """One flow."""
        return self._flow(self._transport.json("GET", self._path(name)))

    def update(self, flow: Flow) -> Flow:
        """Say something else of a flow."""
        return self._flow(self._transport.json("PATCH", self._path(flow.name), body=wire.changes_to_wire(flow)))

    def save(
        self, name: str, source: str | Path, *, base: int | None = None, message: str | None = None
    ) -> FlowVersion:
        """Make the next version of a folder; files that are not in it any more are gone from the flow.

        Args:
            name: The flow.
            source: A folder, or the file of the flow in it.
            base: The version it was made of. Otherwise the one that the folder was downloaded from or saved as last,
                or the latest.
            message: What the change is about.

        Raises:
            Conflict: Somebody has saved a later version than the base.
        """
        made_of = base if base is not None else self._base(name, Path(source))
        before = {file.path: file.sha256 for file in self.files(name, made_of)}
        now = flow_folder.read(Path(source))
        edits: dict[str, bytes | None] = dict.fromkeys(before.keys() - now.keys())
        edits |= {path: data for path, data in now.items() if before.get(path) != hashlib.sha256(data).hexdigest()}
        body = {"base": made_of, "message": message, "files": flow_folder.to_wire(edits)}
        saved = wire.from_wire(FlowVersion, self._transport.json("POST", self._path(name, "versions"), body=body))
        self._note(Path(source), self.get(name), saved.version)
        return saved

    def delete(self, name: str) -> None:
        """Delete a flow; the jobs and deployments that were made of it stay."""
        self._transport.request("DELETE", self._path(name))

    def versions(self, name: str, *, max_results: int | None = None) -> Iterator[FlowVersion]:
        """Versions of a flow, the newest first."""
        items = self._transport.items(self._path(name, "versions"))
        return (wire.from_wire(FlowVersion, body) for body in islice(items, max_results))

    def version(self, name: str, version: int | None = None) -> FlowVersion:
        """A version of a flow; the latest unless another is named."""
        return wire.from_wire(FlowVersion, self._transport.json("GET", self._version(name, version)))

    def files(self, name: str, version: int | None = None) -> builtins.list[FlowFile]:
        """The files of a version."""
        items = self._transport.items(self._version(name, version, "files"))
        return [wire.from_wire(FlowFile, body) for body in items]

    def diff(self, name: str, version: int | None = None, *, base: int | None = None) -> Json:
        """What differs from another version; from the one before unless it is named."""
        query = None if base is None else {"from": str(base)}
        return self._transport.json("GET", self._version(name, version, "diff"), params=query)

    def download(
        self, name: str, target: str | Path, *, version: int | None = None, overwrite: bool = False
    ) -> FlowVersion:
        """Write the files of a version into a folder.

        Raises:
            Conflict: The folder is not empty, and is not to be written over.
        """
        found = self.version(name, version)
        archive = self._transport.request("GET", self._version(name, found.version, "archive")).content
        flow_folder.write(archive, Path(target), overwrite=overwrite)
        self._note(Path(target), self.get(name), found.version)
        return found

    def graph(self, name: str, version: int | None = None) -> Json:
        """What is drawn of a version, and what is wrong with it."""
        return self._transport.json("GET", self._version(name, version, "graph"))

    def test(self, name: str, inputs: Mapping[str, Any], *, version: int | None = None, **asked: Any) -> str:
        """Try a version in the workspace; the name of the job. `asked` is what the REST call takes beside `inputs`."""
        body = {"inputs": dict(inputs), **asked}
        return str(self._transport.json("POST", self._version(name, version, "tests"), body=body)["job"])

    def run(self, name: str, *, version: int | None = None, data: str | Path | None = None, **asked: Any) -> str:
        """Run a version over data in the workspace; the name of the job.

        Args:
            name: The flow.
            version: The latest, unless another is named.
            data: A data asset (`azureml:NAME:VERSION`), an address, or a file or folder here, which is uploaded.
            asked: What else the REST call takes.
        """
        if data is not None:
            kind = AssetType.URI_FOLDER if Path(data).is_dir() else AssetType.URI_FILE
            asked["data"] = self._resolver.input(DataInput(type=kind, path=str(data))).path
        return str(self._transport.json("POST", self._version(name, version, "runs"), body=asked)["job"])

    def runs(self, name: str, *, tests: bool = False, max_results: int | None = None) -> Iterator[FlowRun]:
        """Runs of a flow, the newest first."""
        items = self._transport.items(self._path(name, "runs"), params={"tests": str(tests).lower()})
        return (wire.from_wire(FlowRun, body) for body in islice(items, max_results))

    def get_run(self, job: str) -> FlowRun:
        """A run, as far as it is."""
        return wire.from_wire(FlowRun, self._transport.json("GET", self._run(job)))

    def lines(self, job: str, *, status: str | None = None, max_results: int | None = None) -> Iterator[Json]:
        """Lines of a run that have ended."""
        items = self._transport.items(self._run(job, "lines"), params={"status": status} if status else None)
        return islice(items, max_results)

    def line(self, job: str, number: int) -> Json:
        """A line of a run, with its nodes and what was called within them."""
        return self._transport.json("GET", self._run(job, "lines", str(number)))

    def _base(self, name: str, source: Path) -> int:
        made_of = flow_folder.origin(source)
        if made_of is None or (made_of.workspace, made_of.flow.lower()) != (self._room.path, name.lower()):
            return self.get(name).latest_version
        return made_of.version

    def _note(self, source: Path, flow: Flow, version: int) -> None:
        flow_folder.note_origin(source, Origin(self._room.path, str(flow.name), version))

    def _version(self, name: str, version: int | None, *rest: str) -> str:
        return self._path(name, "versions", "latest" if version is None else str(version), *rest)

    def _run(self, job: str, *rest: str) -> str:
        return "/".join((f"{self._room.path}/smalt/flowRuns", *(quote(word, safe="") for word in (job, *rest))))

    def _path(self, name: str | None, *rest: str) -> str:
        if not name or "/" in name or name in {".", ".."}:
            raise InvalidRequest(f"{name!r} is no name of a flow. Give a name without slashes.", target="name")
        return "/".join((f"{self._room.path}/smalt/flows", *(quote(word, safe="") for word in (name, *rest))))

    @staticmethod
    def _flow(body: Mapping[str, Any]) -> Flow:  # Any: JSON
        return wire.from_wire(Flow, body)
