"""`smalt monitor`: what monitors found. They are made and fired with `smalt schedule`, as in `az ml`."""

from __future__ import annotations

from typing import Any

import click

from smalt.cli import verb
from smalt.cli.session import Session


@click.group(no_args_is_help=True)
def monitor() -> None:
    """Monitors: signals of deployments, and what was found."""


@monitor.command("list", cls=verb.Verb)
@verb.max_results()
def show_list(session: Session, max_results: int | None) -> object:
    """List monitors and what their signals last came to."""
    return session.whole([_monitor(each) for each in session.client.monitors.list(max_results=max_results)])


@monitor.command(cls=verb.Verb)
@verb.name()
def show(session: Session, name: str) -> object:
    """Show a monitor, its signals and its last run."""
    return session.client.monitors.get(name)


@monitor.command(cls=verb.Verb)
@verb.name()
@verb.max_results(50)
def runs(session: Session, name: str, max_results: int) -> object:
    """List runs of a monitor, the newest first."""
    return session.whole([_run(each) for each in session.client.monitors.runs(name, max_results=max_results)])


@monitor.command(cls=verb.Verb)
@verb.name()
@verb.option("--run", "job", metavar="JOB", help="The job of a run; the last one without it.")
@verb.option("--signal", metavar="NAME", help="Of this signal.")
@verb.flag("--breached", help="Only what is beyond its threshold.")
def results(session: Session, name: str, job: str | None, signal: str | None, breached: bool) -> object:
    """List what a run found, value by value."""
    found = session.client.monitors.results(name, job)
    failed = {key: each["reason"] for key, each in found["signals"].items() if each.get("reason")}
    for key, reason in failed.items():
        click.echo(f"{key} could not be measured: {reason}", err=True)
    wanted = (each for each in found["values"] if signal is None or each["signal"] == signal)
    return session.whole([each for each in wanted if each["breached"] or not breached])


def _monitor(found: dict[str, Any]) -> dict[str, Any]:  # Any: JSON
    last = found.get("lastRun") or {}
    return {
        "name": found["name"],
        "enabled": found["isEnabled"],
        "target": found["target"],
        "state": last.get("state"),
        "last_run": last.get("scheduledTime"),
        "signals": _signals(last.get("signals") or found["signals"]),
    }


def _run(found: dict[str, Any]) -> dict[str, Any]:  # Any: JSON
    return {
        "job": found["jobName"],
        "scheduled_time": found["scheduledTime"],
        "state": found["state"],
        "signals": _signals(found["signals"]),
    }


def _signals(found: dict[str, Any]) -> str:
    return ", ".join(f"{name}: {each.get('state', 'not run')}" for name, each in found.items())
