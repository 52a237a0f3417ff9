"""Runs a served flow: one process, or several that share a port."""

from __future__ import annotations

import base64
import json
import os
import socket
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import uvicorn

from smalt.errors import InvalidRequest
from smalt.flows import load
from smalt.flows.connections import ConnectionProvider
from smalt.flows.running.flow import Flow
from smalt.flows.serving.app import FlowApp
from smalt.flows.serving.scoring import Scorer

_SPEC = "SMALT_FLOW_SERVED"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Served:
    """What is served.

    Attributes:
        source: Folder, file, or `module:name`.
        loopback_only: Whether it is reached from this machine only.
    """

    source: str
    variant: str | None = None
    init: Mapping[str, Any] = field(default_factory=dict)  # Any: arguments of classes
    environment_variables: Mapping[str, str] = field(default_factory=dict)
    loopback_only: bool = True

    def load(self, connections: ConnectionProvider | None = None) -> Flow:
        """The flow, with what the environment says of connections and of the arguments of its class."""
        init = dict(_json_variable("PF_FLOW_INIT_CONFIG")) | dict(self.init)
        return load(
            self.source,
            variant=self.variant,
            init=init or None,
            environment_variables=self.environment_variables or None,
            connections=_encoded_connections() or connections,
        )


def serve(
    served: Served,
    *,
    host: str,
    port: int,
    workers: int = 1,
    connections: ConnectionProvider | None = None,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until a signal ends it.

    Args:
        served: What.
        host: Address to listen on.
        port: 0 for any that is free.
        workers: Processes.
        connections: Where connections come from, for one process; several take those of this machine.
        ready: Told the address once it answers.
    """
    bound = _bound(host, port)
    address = f"http://{'localhost' if host in _LOOPBACK or host == '0.0.0.0' else host}:{bound.getsockname()[1]}"  # noqa: S104 - shown, not listened on
    served = Served(**(asdict(served) | {"loopback_only": host in _LOOPBACK}))
    options: dict[str, Any] = {  # Any: as uvicorn takes them
        "log_level": os.environ.get("PF_LOGGING_LEVEL", "warning").lower(), "access_log": False, "lifespan": "on",
        "timeout_graceful_shutdown": 10,
    }  # fmt: skip
    if workers > 1:
        os.environ[_SPEC] = json.dumps(asdict(served))
        config = uvicorn.Config("smalt.flows.serving.server:from_environment", factory=True, workers=workers, **options)
        served.load().close()  # a mistake is told here once, not by each process
        if ready is not None:
            ready(address)
        from uvicorn.supervisors import Multiprocess

        Multiprocess(config, sockets=[bound]).run()
        return
    app = _app(served, connections)
    server = _Server(uvicorn.Config(app, **options), lambda: ready(address) if ready is not None else None)
    server.run(sockets=[bound])


def from_environment() -> FlowApp:
    """The application of one of several processes."""
    return _app(Served(**json.loads(os.environ[_SPEC])))


def _app(served: Served, connections: ConnectionProvider | None = None) -> FlowApp:
    flow = served.load(connections)
    return FlowApp(flow, Scorer(flow), loopback_only=served.loopback_only)


class _Server(uvicorn.Server):
    """Says when it answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._ready()


def _bound(host: str, port: int) -> socket.socket:
    address = "127.0.0.1" if host == "localhost" else host
    found = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((address, port))
    except OSError as error:
        found.close()
        raise InvalidRequest(
            f"Nothing can listen on {host}:{port} ({error.strerror}). Choose another --port, or 0 for any."
        ) from None
    found.listen(2048)
    found.set_inheritable(True)
    return found


def _json_variable(name: str) -> Mapping[str, Any]:  # Any: JSON
    text = os.environ.get(name)
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError as error:
        raise InvalidRequest(f"{name} is no JSON: {error}. Set it to a JSON object.") from None
    if not isinstance(found, dict):
        raise InvalidRequest(f"{name} is no JSON object. Set it to one.")
    return found


def _encoded_connections() -> Mapping[str, Any] | None:  # Any: as the executor takes them
    """Connections in PROMPTFLOW_ENCODED_CONNECTIONS: JSON, packed with gzip, in base64."""
    text = os.environ.get("PROMPTFLOW_ENCODED_CONNECTIONS")
    if not text:
        return None
    try:
        raw = base64.b64decode(text)
        raw = zlib.decompress(raw, 16 + zlib.MAX_WBITS) if raw[:2] == b"\x1f\x8b" else raw
        found: Mapping[str, Any] = json.loads(raw)
    except (ValueError, zlib.error) as error:
        raise InvalidRequest(f"PROMPTFLOW_ENCODED_CONNECTIONS cannot be read: {type(error).__name__}.") from None
    return found
