"""Where the bytes of runs and logged models stand, and which of them a caller may touch.

An artifact path is a key in the workspace's container `azureml`: `ExperimentRun/dcid.<run>/...` for runs (a job's
outputs and logs among them), `LoggedModels/<model>/...` for logged models. MLflow clients see it as
`mlflow-artifacts:/<key>` and send the bytes through this server.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote

from smalt.server.tracking.errors import InvalidParameter

SCHEME = "mlflow-artifacts:/"
CONTAINER = "azureml"
RUNS = "ExperimentRun"
MODELS = "LoggedModels"
REGISTERED = "RegisteredModels"
"""The root under which files of registered versions are read, wherever in the workspace's store they are."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder directly below a prefix; `name` is its last segment."""

    name: str
    is_folder: bool
    size: int = 0


@dataclass(frozen=True, slots=True)
class Content:
    """A file's bytes, in chunks."""

    size: int
    chunks: AsyncIterator[bytes]


class ArtifactStore(Protocol):
    """The workspaces' containers. Keys are normalised before they come here."""

    async def put(self, workspace_id: str, container: str, key: str, chunks: AsyncIterator[bytes]) -> None:
        """Store a file whole or not at all, over an old one."""

    async def get(self, workspace_id: str, container: str, key: str) -> Content | None:
        """A file, or None."""

    async def delete(self, workspace_id: str, container: str, key: str) -> None:
        """Remove a file, or everything below a folder; fine when nothing is there."""

    def entries(self, workspace_id: str, container: str, key: str) -> Sequence[Entry]:
        """What stands directly below a folder, by name; empty when it is no folder."""


def run_root(run_id: str) -> str:
    """The artifact URI of a run."""
    return f"{SCHEME}{RUNS}/dcid.{run_id}"


def model_root(model_id: str) -> str:
    """The artifact URI of a logged model."""
    return f"{SCHEME}{MODELS}/{model_id}"


def key_of(uri: str) -> str | None:
    """The key a `mlflow-artifacts:` URI names, or None for another scheme.

    Raises:
        InvalidParameter: The path is not safe.
    """
    if not uri.startswith("mlflow-artifacts:"):
        return None
    rest = uri.removeprefix("mlflow-artifacts:")
    if rest.startswith("//"):
        # A host may stand there; it can only be ours.
        rest = rest[2:].partition("/")[2]
    return normal(rest.lstrip("/"))


def normal(path: str) -> str:
    """A path as a key: relative, without empty, `.` or `..` segments.

    Raises:
        InvalidParameter: It points outside, or two readings of it differ.
    """
    for reading in (path, unquote(path), unquote(unquote(path))):
        bad = "\\" in reading or "\x00" in reading or reading.startswith("/") or len(reading) > 1024
        if bad or any(part in {"..", "."} for part in reading.split("/")):
            raise InvalidParameter(f"Invalid path: {path[:200]!r}. Give a relative path without '..', '.' or '\\'.")
    return "/".join(part for part in path.split("/") if part)


def join(*parts: str) -> str:
    """One key from several, empty ones left out."""
    return "/".join(part.strip("/") for part in parts if part.strip("/"))


def owner_of(key: str) -> tuple[str, str] | None:
    """Whose artifact it is: (`ExperimentRun`, run id) or (`LoggedModels`, model id); None for anything else."""
    root, _, rest = key.partition("/")
    name, _, _ = rest.partition("/")
    if root == RUNS and name.startswith("dcid."):
        return RUNS, name.removeprefix("dcid.")
    if root == MODELS and name:
        return MODELS, name
    return None
