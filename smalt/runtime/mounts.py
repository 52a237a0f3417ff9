"""Inputs before the command, outputs after it: where each one lies on this machine, and how bytes come and go."""

from __future__ import annotations

import os
import re

from smalt.runtime import folders
from smalt.runtime.failure import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

_PLACEHOLDER = re.compile(r"\{\{smalt:(input|output):([^{}]+)\}\}")
_COPIED = ("download", "eval_download")
_ONLY_READ = ("ro_mount", "eval_mount")


class Mounts:
    """The data of one job.

    Args:
        mounts: The mounts of the plan.
        folder: The job's folder; copies are kept below it.
        token: What opens remote sources.
        server: The server that gave the token; left out, the one of this machine.
    """

    def __init__(
        self, mounts: Iterable[Mapping[str, Any]], *, folder: str, token: str | None, server: str | None = None
    ) -> None:
        self._inputs = [mount for mount in mounts if mount["kind"] == "input"]
        self._outputs = [mount for mount in mounts if mount["kind"] == "output"]
        self.capability = os.path.join(folder, "data")
        self._private = os.path.join(folder, "out")
        self._token = token
        self._server = server
        self._links: list[str] = []
        self.paths: dict[tuple[str, str], str] = {}
        self.notes: list[str] = []

    def prepare(self) -> None:
        """Bring every input here and make room for every output.

        Raises:
            Failure: An input is missing or an output cannot be written.
        """
        os.makedirs(self.capability, exist_ok=True)
        for mount in self._inputs:
            path = self._input(mount)
            self.paths["input", mount["name"]] = self._pin(mount, path)
        for mount in self._outputs:
            try:
                path = self._output(mount)
            except OSError as failure:
                raise Failure(f"Output {mount['name']!r} cannot be written to {mount['source']}: {failure}.") from None
            self.paths["output", mount["name"]] = self._pin(mount, path)

    def fill(self, text: str) -> str:
        """Replace the placeholders of a command or value by real paths, as plain text."""

        def path_of(match: re.Match[str]) -> str:
            kind, name = match.groups()
            try:
                return self.paths[kind, name]
            except KeyError:
                raise Failure(f"The command names the {kind} {name!r}, which the job does not have.") from None

        return _PLACEHOLDER.sub(path_of, text)

    def variables(self) -> dict[str, str]:
        """The environment variables that tell the command where its data is."""
        named = {f"AZURE_ML_{kind.upper()}_{name}": path for (kind, name), path in self.paths.items()}
        return {**named, "AZUREML_CR_DATA_CAPABILITY_PATH": self.capability}

    def volumes(self) -> list[tuple[str, str, bool]]:
        """What a container must be shown: the path here, the path inside, and whether it may only be read."""
        modes = {("input", mount["name"]): mount["mode"] for mount in self._inputs}
        found = [(self.capability, self.capability, False)]
        if os.path.isdir(self._private):
            found.append((self._private, self._private, False))
        for place, path in self.paths.items():
            if not path.startswith("/"):  # A URI, given as it is.
                continue
            shown = path if os.path.exists(path) else os.path.dirname(path)
            real, is_read_only = os.path.realpath(shown), modes.get(place) in _ONLY_READ
            found += [(real, inside, is_read_only) for inside in dict.fromkeys((shown, real))]
        return list(dict.fromkeys(found))

    @property
    def are_carried(self) -> bool:
        """Whether outputs are written in one place and belong in another, so that publishing them may take long."""
        return any(mount["mode"] == "upload" or _is_remote(mount["source"]) for mount in self._outputs)

    def publish(self) -> tuple[dict[str, dict[str, Any]], list[str]]:
        """Send outputs where they belong, each as far as it can be.

        Returns:
            Path, size and digest of each output, and what went wrong.
        """
        published: dict[str, dict[str, Any]] = {}
        failures: list[str] = []
        for mount in self._outputs:
            try:
                published[mount["name"]] = self._publish(mount)
            except (OSError, Failure) as failure:
                failures.append(f"Output {mount['name']!r} could not be stored at {mount['uri']}: {failure}")
        return published, failures

    def clean(self) -> None:
        """Remove links that were made outside the job's folder."""
        for link in self._links:
            if os.path.islink(link):
                os.unlink(link)

    def _input(self, mount: Mapping[str, Any]) -> str:
        name: str = mount["name"]
        source: str = mount["source"]
        if mount["mode"] == "direct":
            return str(mount["uri"])
        place = os.path.join(self.capability, f"INPUT_{name}")
        if _is_remote(source):
            from smalt.runtime import blob  # Imported here since http costs more than the whole start of a local job.

            what = f"Input {name!r} ({mount['uri']})"
            return blob.download(source, place, token=self._token, what=what, server=self._server)
        if not os.path.exists(source):
            raise Failure(f"Input {name!r} does not exist: {mount['uri']} (looked for {source}).")
        if mount["mode"] not in _COPIED:
            os.symlink(source, place)
            return source
        if os.path.isdir(source):
            folders.copy_tree(source, place)
            return place
        os.makedirs(place)
        copy = os.path.join(place, os.path.basename(source))
        folders.copy_file(source, copy)
        return copy

    def _output(self, mount: Mapping[str, Any]) -> str:
        if mount["mode"] == "direct":
            return str(mount["uri"])
        path = self._place(mount)
        os.makedirs(os.path.dirname(path) if mount["type"] == "uri_file" else path, exist_ok=True)
        return path

    def _place(self, mount: Mapping[str, Any]) -> str:
        """Where the command writes an output."""
        name: str = mount["name"]
        source: str = mount["source"]
        if mount["mode"] == "upload" or _is_remote(source):
            private = os.path.join(self._private, name)
            return os.path.join(private, _file_name(mount)) if mount["type"] == "uri_file" else private
        if mount["type"] == "uri_file" and (source.endswith("/") or os.path.isdir(source)):
            return os.path.join(source, name)
        return source

    def _pin(self, mount: Mapping[str, Any], path: str) -> str:
        """Show the data at the path the job asked for, where this machine allows it."""
        pinned = mount.get("pinned_path")
        if not pinned or mount["mode"] == "direct":
            return path
        if os.path.islink(pinned) and os.readlink(pinned) == path:
            return str(pinned)
        try:
            os.makedirs(os.path.dirname(pinned) or "/", exist_ok=True)
            os.symlink(path, pinned)
        except OSError as failure:
            self.notes.append(
                f"{mount['kind'].capitalize()} {mount['name']!r} is at {path}: "
                f"path_on_compute {pinned} cannot be used here ({failure.strerror})."
            )
            return path
        self._links.append(pinned)
        return str(pinned)

    def _publish(self, mount: Mapping[str, Any]) -> dict[str, Any]:
        source = mount["source"]
        if mount["mode"] == "direct":
            return {"path": mount["uri"]}
        place = self._place(mount)
        if _is_remote(source):
            from smalt.runtime import blob  # Imported here for the same reason as above.

            blob.upload(place, _remote_target(mount), token=self._token, server=self._server)
            return _described(_remote_target(mount), place)
        if mount["mode"] != "upload":
            return _described(place, place)
        if mount["type"] == "uri_file" and (source.endswith("/") or os.path.isdir(source)):
            source = os.path.join(source, mount["name"])
        _move(place, source)
        return _described(source, source)


def _is_remote(source: str) -> bool:
    return source.startswith(("http://", "https://"))


def _file_name(mount: Mapping[str, Any]) -> str:
    return os.path.basename(mount["source"].partition("?")[0]) or str(mount["name"])


def _remote_target(mount: Mapping[str, Any]) -> str:
    address, mark, query = mount["source"].partition("?")
    if mount["type"] == "uri_file" and address.endswith("/"):
        address += mount["name"]
    return str(address + mark + query)


def _described(shown: str, path: str) -> dict[str, Any]:
    from smalt.runtime import digest  # Imported here since many jobs have no outputs.

    found: dict[str, Any] = {"path": shown}
    if os.path.isfile(path):
        found["size"] = os.path.getsize(path)
    content = digest.of_path(path)
    return found if content is None else {**found, "digest": content}


def _move(place: str, target: str) -> None:
    """Move a private output to its target; an existing folder is added to, not replaced."""
    if not os.path.lexists(place):
        return
    os.makedirs(os.path.dirname(target.rstrip("/")), exist_ok=True)
    try:
        os.rename(place, target)
    except OSError:  # Another file system, or the target has content.
        if os.path.isdir(place):
            folders.copy_tree(place, target)
        else:
            folders.copy_file(place, target)
