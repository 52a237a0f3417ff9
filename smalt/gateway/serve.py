"""Runs a gateway: the lock, the listener, the loops, and the end without a lost request."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import resource
import secrets
import signal
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import uvloop

from smalt.errors import Conflict, SmaltError
from smalt.gateway.access_log import AccessLog
from smalt.gateway.capture import Capturer
from smalt.gateway.client import Client
from smalt.gateway.follow import Follower
from smalt.gateway.lines import RotatedLines
from smalt.gateway.site import Site
from smalt.gateway.table import TableFile
from smalt.gateway.tracing import Tracer

_log = logging.getLogger(__name__)

_BACKLOG = 2048
_LOOK_SECONDS = 1.0
_DRAIN_SECONDS = 30.0
_MOST_FILES = 16384


@dataclass(frozen=True)
class Options:
    """How a gateway is run.

    Args:
        home: The folder of the server.
        host: Address to listen on.
        port: And its port.
        max_body_bytes: Where an endpoint has no limit of its own.
        otlp_url: Where spans go, if anywhere.
        certificate: For HTTPS: the chain.
        key: And its key.
    """

    home: Path
    host: str
    port: int
    max_body_bytes: int
    otlp_url: str | None = None
    certificate: Path | None = None
    key: Path | None = None

    @property
    def folder(self) -> Path:
        """What the gateway keeps."""
        return self.home / "gateway"


def run(options: Options) -> None:
    """Serve until told to end.

    Raises:
        Conflict: Another gateway has the home folder.
        SmaltError: The port is taken.
    """
    options.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone(options.folder):
        token = gateway_token(options.home)
        listener = _bind(options)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(options, token, listener))


async def _serve(options: Options, token: str, listener: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    access_log = AccessLog(RotatedLines(options.folder / "access.jsonl"))
    capturer = Capturer(f"gateway-{secrets.token_hex(4)}")
    tracer = Tracer(options.otlp_url)
    site = Site(
        token=token,
        access_log=access_log,
        capturer=capturer,
        tracer=tracer,
        max_body_bytes=options.max_body_bytes,
        most_clients=_room_for_clients(),
    )
    follower = Follower(options.home, token, TableFile(options.folder / "table.json"), site.fleet.apply)
    follower.begin()
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    server = await loop.create_server(lambda: Client(site), sock=listener, backlog=_BACKLOG, ssl=_tls(options))
    tasks = [loop.create_task(each) for each in (follower.run(), tracer.run(), _watch(site))]
    for task in tasks:
        task.add_done_callback(lambda ended: _end_with(ended, ending))
    _write_state(options, listener)
    await ending.wait()
    server.close()
    await _drain(site)
    for task in tasks:
        task.cancel()
    capturer.close()
    access_log.close()
    (options.folder / "gateway.json").unlink(missing_ok=True)


async def _drain(site: Site) -> None:
    """Finish what is here, take nothing new."""
    site.is_draining = True
    deadline = time.monotonic() + _DRAIN_SECONDS
    while site.clients and time.monotonic() < deadline:
        for client in list(site.clients):
            client.close_if_idle()
        await asyncio.sleep(0.02)


def _end_with(task: asyncio.Task[None], ending: asyncio.Event) -> None:
    """A gateway without one of its loops ends, and is started again; going on would hide that something is missing."""
    if not task.cancelled() and task.exception() is not None:
        _log.critical("A loop of the gateway failed. It ends.", exc_info=task.exception())
        ending.set()


async def _watch(site: Site) -> None:
    """Look at every connection now and then."""
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        now = time.monotonic()
        for client in list(site.clients):
            try:
                client.check(now)
            except Exception:
                _log.exception("A caller's connection could not be looked at. It is closed.")
                client.abort()


def _room_for_clients() -> int:
    """As many connections as the system lets this process have, with room for those to workers, and files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(wanted, soft) * 3 // 4


def gateway_token(home: Path) -> str:
    """The secret that server and gateway share; whoever comes first makes it."""
    path = home / "gateway.token"
    with contextlib.suppress(FileExistsError):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(32))
    return path.read_text().strip()


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / "gateway.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(f"A gateway runs in {folder} already. Stop it first: smalt down.") from None
        yield


def _bind(options: Options) -> socket.socket:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((options.host, options.port))
    except OSError as failure:
        listener.close()
        raise SmaltError(
            f"The gateway cannot listen on {options.host} port {options.port}: {failure.strerror}. Choose another.",
            code="PortInUse",
        ) from failure
    listener.setblocking(False)
    return listener


def _tls(options: Options) -> ssl.SSLContext | None:
    if options.certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(options.certificate, options.key)
    return context


def _write_state(options: Options, listener: socket.socket) -> None:
    """Tell where the gateway is, once it answers."""
    port = listener.getsockname()[1]
    host = f"[{options.host}]" if ":" in options.host else options.host
    scheme = "http" if options.certificate is None else "https"
    content = {"pid": os.getpid(), "host": options.host, "port": port, "url": f"{scheme}://{host}:{port}"}
    fresh = options.folder / ".gateway.json"
    fresh.write_text(json.dumps(content, indent=2))
    fresh.replace(options.folder / "gateway.json")


def configure_logging() -> None:
    """Warnings to standard error, which is the gateway's log."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
