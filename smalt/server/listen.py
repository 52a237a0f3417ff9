"""Opens the two listeners of one application, and tells when both answer."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn

from smalt.errors import SmaltError
from smalt.server.connection import Bounds, bounded, room_for_connections
from smalt.server.http import Dispatcher
from smalt.server.settings import Settings
from smalt.server.tls import Certificate

_GRACE_SECONDS = 5
_CONNECTIONS = 4096


class _Listener(uvicorn.Server):
    """A server that leaves the signals to us: there are two of them in one process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def bind(host: str, port: int, *, option: str) -> socket.socket:
    """A listening socket.

    Raises:
        SmaltError: The port is taken or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except (OSError, OverflowError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or error
        raise SmaltError(
            f"Cannot listen on {host} port {port}: {reason}. Choose another with {option}.",
            code="PortInUse",
        ) from error
    listener.setblocking(False)
    return listener


async def serve(
    app: Dispatcher,
    settings: Settings,
    certificate: Certificate,
    ready: Callable[[], None],
    stopping: Callable[[], None],
) -> None:
    """Answer on both ports until the process is told to end.

    Args:
        app: The application.
        settings: Addresses and ports.
        certificate: Of the HTTPS listener.
        ready: Called once when both listeners answer.
        stopping: Called when the process is told to end: ends answers that would go on for ever.
    """
    plain = bind("127.0.0.1", settings.port, option="--port")
    secure = bind(settings.host, settings.tls_port, option="--tls-port")
    shared: dict[str, Any] = {
        "log_config": None,
        "access_log": False,
        "lifespan": "off",
        "server_header": False,
        "timeout_graceful_shutdown": _GRACE_SECONDS,
        "timeout_keep_alive": 75,
        "http": bounded(Bounds(connections=room_for_connections(_CONNECTIONS)), app),
        "ws": "none",
    }
    servers = [
        _Listener(uvicorn.Config(app, **shared)),
        _Listener(uvicorn.Config(app, ssl_certfile=certificate.chain, ssl_keyfile=certificate.key, **shared)),
    ]
    loop = asyncio.get_running_loop()

    def end() -> None:
        stopping()
        for server in servers:
            if server.should_exit:
                server.force_exit = True
            server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)
    tasks = [
        asyncio.create_task(server.serve(sockets=[bound]))
        for server, bound in zip(servers, [plain, secure], strict=True)
    ]
    ready()
    await asyncio.gather(*tasks)
