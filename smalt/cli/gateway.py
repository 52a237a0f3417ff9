"""`smalt gateway`."""

from __future__ import annotations

from typing import Any

import click

from smalt.cli import verb
from smalt.cli.server import home_folder, home_option
from smalt.cli.session import Session


@click.group(no_args_is_help=True)
def gateway() -> None:
    """The gateway of this machine, through which endpoints are asked."""


@gateway.command(cls=verb.Verb)
@home_option
def status(session: Session, home: str | None) -> object:
    """Show what it has counted of each deployment since it was started."""
    from smalt.errors import NotFound, Unavailable
    from smalt.server.serving import gateway_at

    folder = home_folder(home)
    found = gateway_at(folder)
    if found is None:
        raise NotFound(f"No gateway runs in {folder}. It starts with the first endpoint of a server: smalt up")
    stats = found.stats()
    if stats is None:
        raise Unavailable(f"The gateway at {found.place.url} does not answer. Look at {folder / 'logs/gateway.log'}.")
    return {
        "url": found.place.url,
        "process": stats["pid"],
        "connections": stats["connections"],
        "table": stats["table"],
        "deployments": [_row(each) for each in stats["deployments"]],
    }


def _row(counted: dict[str, Any]) -> dict[str, Any]:  # Any: JSON
    from smalt.server.serving import read_counters

    (found,) = read_counters({"deployments": [counted]})[0].values()
    p95 = found.quantile_ms(0.95)
    return {
        **{name: counted[name] for name in ("workspace", "endpoint", "deployment", "requests")},
        "errors": found.errors,
        "refused": dict(counted["refusals"]),
        "in_flight": found.in_flight,
        "queued": found.queued,
        "capacity": found.capacity,
        "tokens": counted["tokens"],
        "p95_ms": None if p95 == float("inf") else p95,
    }
