"""Runs a server until it is told to end: its listeners, its loops, and the files by which others find it."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Callable

import uvloop

from smalt.errors import InvalidRequest
from smalt.kit import clock, collector, private
from smalt.server import identity
from smalt.server.alone import alone
from smalt.server.listen import serve
from smalt.server.main import GROUP, TENANT, VERSION, WORKSPACE_NAME, Server, build
from smalt.server.settings import Settings
from smalt.server.tls import Certificate, ensure


def run(settings: Settings, ready: Callable[[], None]) -> None:
    """Serve until the process is told to end.

    Raises:
        Conflict: Another server has the home folder.
        InvalidRequest: Other machines would be let in before anyone but the first owner has credentials.
    """
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with alone(settings.home):
        certificate = ensure(settings.home / "ca", settings.all_host_names)
        server = build(settings)
        try:
            _check_exposure(settings, server.people)
            _write_credentials(settings, server.owner)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(_serve(server, settings, certificate, ready))
        finally:
            server.close()


async def _serve(server: Server, settings: Settings, certificate: Certificate, ready: Callable[[], None]) -> None:
    def announce() -> None:
        _write_state(settings, server)
        server.worker.start()
        collector.settle()
        ready()

    await serve(server.app, settings, certificate, announce, server.live.close)


def _check_exposure(settings: Settings, people: int) -> None:
    if not settings.is_loopback and people < 2:
        raise InvalidRequest(
            f"--host {settings.host} lets other machines in, but authentication has not been set up in "
            f"{settings.home}. Start on loopback, make the people who shall come in with `smalt user create`, "
            "give them roles with `smalt role assign`, then start again.",
            target="--host",
        )


def _write_credentials(settings: Settings, owner: identity.FirstOwner | None) -> None:
    if owner is None:
        return
    content = {
        "name": owner.name,
        "client_id": owner.client_id,
        "client_secret": owner.client_secret,
        "token": owner.token,
    }
    private.replace(settings.home / "credentials.json", json.dumps(content, indent=2).encode())
    private.replace(settings.home / "token", owner.token.encode())


def _write_state(settings: Settings, server: Server) -> None:
    content = {
        "pid": os.getpid(),
        "url": settings.url,
        "tls_url": settings.tls_url,
        "gateway_url": settings.gateway_url,
        "version": VERSION,
        "started_at": clock.to_text(clock.now()),
        "subscription": server.subscription,
        "group": GROUP,
        "workspace": WORKSPACE_NAME,
        "tenant": TENANT,
    }
    fresh = settings.home / ".server.json"
    fresh.write_text(json.dumps(content, indent=2))
    fresh.replace(settings.home / "server.json")
