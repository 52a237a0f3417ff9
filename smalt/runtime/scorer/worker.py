"""A worker: one process that loads once, listens on its own socket, and scores until it is told to drain."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import json
import os
import signal
import socket
import sys
import time
import traceback

from . import imports
from .connection import Connections
from .desk import Desk
from .forked import LOST_CODE
from .handler import Handler
from .loaders import LoadError, loader_for
from .pulse import Pulse
from .settings import FAILED_CODE, Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_PR_SET_PDEATHSIG = 1
_LINGER_SECONDS = 0.5
_BACKLOG = 512
_LONG_SECONDS = 0.3
"""Of a processor to load: what took longer is worth a process that has done it before."""

_SELDOM = 50_000
"""As many new objects are there before the collector looks; 700 as Python is set."""


def work(config: str, number: int, master: int, telling: int) -> int:
    """Serve until told to end; the exit code.

    Args:
        config: The configuration file.
        number: Of this worker.
        master: Process id of the master.
        telling: Pipe on which the master hears that this worker is ready, or why it is not.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != master:  # It died before the line above.
        return LOST_CODE
    return serve(config, number, telling)


def serve(config: str, number: int, telling: int) -> int:
    """As `work`, in a process that ends with its master already."""
    os.set_inheritable(telling, False)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):
            stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # may be no text stream
    settings = Settings.read(config)
    os.environ.update(settings.variables())
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    begun = time.process_time()
    try:
        _wait_for_debugger(number)
        loader = loader_for(settings)
        with _collecting_seldom():
            loader.load()
        swaggers = {version: loader.swagger(version) for version in ("2", "3")}
    except BaseException as problem:  # the rim of user code: also SystemExit means that it cannot be used
        _tell(telling, {"kind": "failed", **_explain(problem)})
        return FAILED_CODE
    pulse = Pulse(os.path.join(settings.state_dir, "pulse"), settings.workers)
    pulse.set(number, 0.0)
    handler = Handler(loader, settings.timeout_seconds, settings.secret, is_open=settings.is_open)
    desk = Desk(handler, settings, pulse, number, loop)
    connections = Connections(desk, settings.max_body_bytes, loop)
    address, listener = _listen(settings.listen, number, settings.state_dir)
    server = loop.run_until_complete(loop.create_server(connections.make, sock=listener, backlog=_BACKLOG))
    loop.add_signal_handler(signal.SIGTERM, lambda: _drain(server, connections, loop))
    loop.add_signal_handler(signal.SIGINT, lambda: None)  # Of a terminal: the master decides.
    ready: dict[str, Any] = {"kind": "ready", "address": address, "model": loader.describe()}
    ready.update(concurrency=desk.concurrency, ahead=desk.ahead)
    needed = imports.present() if time.process_time() - begun > _LONG_SECONDS else []
    _tell(telling, {**ready, "swagger": swaggers["3"] or swaggers["2"], "imports": needed})
    # What was loaded stays until the end: the collector need not look at it with every request.
    gc.collect()
    gc.freeze()
    loop.run_forever()
    desk.threads.shutdown(wait=False)
    loader.close()
    return 0


@contextlib.contextmanager
def _collecting_seldom() -> Iterator[None]:
    """Have the collector look seldom: what is imported stays, and looking at it each time is a tenth of a start."""
    usual = gc.get_threshold()
    gc.set_threshold(_SELDOM, *usual[1:])
    yield
    gc.set_threshold(*usual)


def _wait_for_debugger(number: int) -> None:
    """Let a debugger in before any code of the user runs, where `AZUREML_DEBUG_PORT` asks for it."""
    port = os.environ.get("AZUREML_DEBUG_PORT")
    if not port:
        return
    try:
        import debugpy  # type: ignore[import-not-found]  # of the environment
    except ImportError:
        raise LoadError("AZUREML_DEBUG_PORT is set, and the environment has no debugpy. Add it.") from None
    debugpy.listen(("127.0.0.1", int(port) + number))
    print(f"smalt: Worker {number} waits for a debugger on port {int(port) + number}.", flush=True)
    debugpy.wait_for_client()


def _drain(server: Any, connections: Connections, loop: asyncio.AbstractEventLoop) -> None:
    """Take no new connection, finish what is here, and end."""
    server.close()
    connections.is_draining = True

    def end() -> None:
        connections.close_idle()
        loop.call_soon(loop.stop)

    def settle() -> None:
        connections.on_idle = end
        connections.settled()

    # A request that was sent in the moment before the other side could know is still answered.
    loop.call_later(_LINGER_SECONDS, settle)


def _listen(where: str, number: int, state_dir: str) -> tuple[str, socket.socket]:
    """A listening socket and its address, which is the same each time a worker of this number is started."""
    kind, _, place = where.partition(":")
    if kind == "tcp":
        return _listen_tcp(place, number, state_dir)
    if kind == "loopback":
        return _share_port("127.0.0.1", int(place))
    if kind == "open":
        host, _, port = place.rpartition(":")
        return _share_port(host, int(port))
    path = os.path.join(place, f"worker-{number}.sock")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # Names of sockets are short; a long path is entered through its folder.
    folder = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        listener.bind(path if len(os.fsencode(path)) < 100 else f"/proc/self/fd/{folder}/{os.path.basename(path)}")
    finally:
        os.close(folder)
    os.chmod(path, 0o600)
    return f"unix:{path}", listener


def _listen_tcp(place: str, number: int, state_dir: str) -> tuple[str, socket.socket]:
    host, _, port = place.rpartition(":") if place.rpartition(":")[2].isdigit() else (place, "", "0")
    note = os.path.join(state_dir, f"worker-{number}.port")
    ports = [int(port) + number] if int(port) else [*_noted(note), 0]
    for candidate in ports:
        listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, candidate))
        except OSError:
            listener.close()
            if candidate == ports[-1]:
                raise
            continue
        bound = listener.getsockname()[1]
        with open(note, "w", encoding="ascii") as file:
            file.write(str(bound))
        return f"tcp:{host}:{bound}", listener
    raise AssertionError


def _share_port(host: str, port: int) -> tuple[str, socket.socket]:
    """A port that all workers listen on, and the system gives each of them connections."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((host, port))
    return f"tcp:{host}:{port}", listener


def _noted(path: str) -> list[int]:
    try:
        with open(path, encoding="ascii") as file:
            return [int(file.read())]
    except (OSError, ValueError):
        return []


def _explain(problem: BaseException) -> dict[str, str]:
    trace = "".join(traceback.format_exception(type(problem), problem, problem.__traceback__))
    print(trace, file=sys.stderr, flush=True)
    if isinstance(problem, LoadError):
        return {"error": str(problem), "traceback": trace, "code": "LoadFailed"}
    last = traceback.format_exception_only(type(problem), problem)[-1].strip()
    return {"error": f"The model could not be loaded: {last}", "traceback": trace, "code": "UserScriptFailed"}


def _tell(pipe: int, message: dict[str, Any]) -> None:
    content = json.dumps(message).encode() + b"\n"
    while content:
        content = content[os.write(pipe, content) :]
    os.close(pipe)
