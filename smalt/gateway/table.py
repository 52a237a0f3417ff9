"""The table of endpoints as the server writes it, checked once when it comes in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec


class WorkerEntry(msgspec.Struct, frozen=True):
    """A worker process: where it listens (`unix:/path` or `tcp:host:port`), and how many requests it takes at once.

    One that others can reach as well wants to be shown a secret. `route` is what `/score` is called at the server of an
    image. `ahead` requests more may lie in its sockets: it reads one only when it begins with it.
    """

    address: str
    concurrency: int = 1
    ahead: int = 0
    secret: str | None = None
    route: str | None = None


class CollectionEntry(msgspec.Struct, frozen=True):
    """What is captured of a collection; `path` is a folder of its own in place of the usual one."""

    enabled: bool = True
    sampling_rate: float | None = None
    path: str | None = None


class Capture(msgspec.Struct, frozen=True):
    """What is captured of requests and answers.

    Args:
        collections: By name; the gateway fills `request` and `response`.
        path: The folder of the workspace's datastore that collected data lies in.
        rolling: How often a new file is begun: minute, hour, day, month or year.
        sampling_rate: The share that is captured where a collection does not say.
        headers: Names of request headers that are kept, too.
    """

    path: str
    collections: Mapping[str, CollectionEntry] = {}
    rolling: str = "hour"
    sampling_rate: float = 1.0
    headers: tuple[str, ...] = ()


class DeploymentEntry(msgspec.Struct, frozen=True):
    """A deployment and the workers of all its instances."""

    workers: tuple[WorkerEntry, ...] = ()
    request_timeout_ms: float = 5000
    max_queue_wait_ms: float = 500
    max_queue: int | None = None
    capture: Capture | None = None
    scale_to_zero: bool = False


class Limits(msgspec.Struct, frozen=True):
    """What each key may ask for."""

    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    concurrent_requests: int | None = None
    max_body_bytes: int | None = None


class EndpointEntry(msgspec.Struct, frozen=True):
    """An endpoint.

    Args:
        workspace: Its workspace.
        name: Its name.
        auth: What opens it.
        key_hashes: SHA-256 of each key, in hexadecimal.
        token_keys: The public keys that tokens are signed with (JWKS).
        issuer: Who must have made tokens; None for anybody with the keys.
        audience: Whom tokens must be made for.
        subjects: Who may score with a token, by `oid` or `sub`; None for everybody with a valid one.
        traffic: Weights of deployments.
        mirror: The deployment that gets copies, and their percentage.
        limits: For each key.
        deployments: By name.
    """

    workspace: str
    name: str
    auth: Literal["key", "aml_token", "aad_token"]
    key_hashes: tuple[str, ...] = ()
    token_keys: Mapping[str, Any] | None = None  # Any: JWKS
    issuer: str | None = None
    audience: str | None = None
    subjects: tuple[str, ...] | None = None
    traffic: Mapping[str, float] = {}
    mirror: Mapping[str, float] = {}
    limits: Limits = Limits()
    deployments: Mapping[str, DeploymentEntry] = {}


class Table(msgspec.Struct, frozen=True):
    """All endpoints at a moment."""

    version: int = 0
    endpoints: tuple[EndpointEntry, ...] = ()


def parse(content: bytes) -> Table:
    """The table in a text.

    Raises:
        ValueError: It is none.
    """
    try:
        return msgspec.json.decode(content, type=Table)
    except msgspec.MsgspecError as failure:
        raise ValueError(f"The table of endpoints cannot be read: {failure}.") from None


class TableFile:
    """The last table on disk."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Table:
        """The table that was kept; an empty one when there is none, or what is there is damaged."""
        try:
            return parse(self._path.read_bytes())
        except (FileNotFoundError, ValueError):
            return Table()

    def keep(self, content: bytes) -> None:
        """Keep a table, whole or not at all; only the owner reads it."""
        fresh = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
