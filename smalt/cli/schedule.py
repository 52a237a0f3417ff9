"""`smalt schedule`."""

from __future__ import annotations

from itertools import islice
from typing import Any

import click

from smalt.cli import verb
from smalt.cli.session import Session

_SHOWN = {
    "scheduled_time": "scheduledTime",
    "job_name": "jobName",
    "job_status": "jobStatus",
    "outcome": "outcome",
    "reason": "reason",
    "cause": "cause",
}


@click.group(no_args_is_help=True)
def schedule() -> None:
    """Schedules: jobs that are submitted by themselves, and monitors."""


@schedule.command(cls=verb.Verb)
@verb.file(required=True)
@verb.name(required=False)
@verb.overrides()
@verb.no_wait()
def create(session: Session, file: str, name: str | None, set_: tuple[str, ...], no_wait: bool) -> object:
    """Create a schedule."""
    loaded = session.load("schedule", file, set_, name=name)
    return session.finished(session.client.schedules.begin_create_or_update(loaded), no_wait=no_wait)


@schedule.command("list", cls=verb.Verb)
@verb.flag("--include-disabled", help="Also those that are disabled.")
@verb.flag("--disabled-only", help="Only those that are disabled.")
@verb.max_results()
def show_list(session: Session, include_disabled: bool, disabled_only: bool, max_results: int | None) -> object:
    """List schedules: those that are enabled, unless others are asked for."""
    if include_disabled and disabled_only:
        raise click.UsageError("Give --include-disabled or --disabled-only, not both.")
    view = "DisabledOnly" if disabled_only else "All" if include_disabled else "EnabledOnly"
    return session.documents(session.client.schedules.list(list_view_type=view, max_results=max_results))


@schedule.command(cls=verb.Verb)
@verb.name()
def show(session: Session, name: str) -> object:
    """Show a schedule, and when it fires next."""
    return session.document(session.client.schedules.get(name))


@schedule.command(cls=verb.Verb)
@verb.name()
@verb.changes()
@verb.no_wait()
def update(session: Session, name: str, no_wait: bool, **changes: Any) -> object:  # Any: the options of update
    """Change a schedule."""
    from smalt.cli.change import changed

    entity = changed(session.client.schedules.get(name), **changes)
    return session.finished(session.client.schedules.begin_create_or_update(entity), no_wait=no_wait)


@schedule.command(cls=verb.Verb)
@verb.name()
@verb.no_wait()
def enable(session: Session, name: str, no_wait: bool) -> object:
    """Let a schedule fire."""
    return session.finished(session.client.schedules.begin_enable(name), no_wait=no_wait)


@schedule.command(cls=verb.Verb)
@verb.name()
@verb.no_wait()
def disable(session: Session, name: str, no_wait: bool) -> object:
    """Let a schedule fire no more."""
    return session.finished(session.client.schedules.begin_disable(name), no_wait=no_wait)


@schedule.command(cls=verb.Verb)
@verb.name()
@verb.no_wait()
def delete(session: Session, name: str, no_wait: bool) -> object:
    """Delete a schedule that is disabled; its jobs stay."""
    return session.finished(session.client.schedules.begin_delete(name), no_wait=no_wait)


@schedule.command(cls=verb.Verb)
@verb.name()
def trigger(session: Session, name: str) -> object:
    """Fire a schedule now, once."""
    done = session.client.schedules.trigger(name)
    return {"job_name": done.job_name, "schedule_action_type": done.schedule_action_type}


@schedule.command(cls=verb.Verb)
@click.argument("schedule_name", metavar="NAME")
@verb.max_results(50)
def jobs(session: Session, schedule_name: str, max_results: int) -> object:
    """List when a schedule fired, the jobs it submitted, and why it did not; the newest first."""
    found = islice(session.client.schedules.fires(schedule_name), max_results)
    return [{word: fire.get(key) for word, key in _SHOWN.items()} for fire in found]
