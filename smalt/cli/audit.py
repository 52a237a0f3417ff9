"""`smalt audit`."""

from __future__ import annotations

import click

from smalt.cli import verb
from smalt.cli.moment import MOMENT, Moment
from smalt.cli.session import Session


@click.group(no_args_is_help=True)
def audit() -> None:
    """The audit trail: who changed what."""


@audit.command("list", cls=verb.Verb)
@verb.option("--since", type=MOMENT, metavar="MOMENT", help="From then on, e.g. 2h or 2027-01-31.")
@verb.option("--until", type=MOMENT, metavar="MOMENT", help="Before then.")
@verb.option("--actor", metavar="NAME", help="Who did it, by name or id.")
@verb.option("--action", metavar="ACTION", help="E.g. workspaces/jobs/write; * for any words.")
@verb.option("--resource", metavar="ID", help="An id, or a path in the workspace such as jobs/NAME.")
@verb.flag("--everywhere", help="The whole installation instead of the workspace.")
@verb.max_results(100)
def show_list(
    session: Session,
    since: Moment | None,
    until: Moment | None,
    actor: str | None,
    action: str | None,
    resource: str | None,
    everywhere: bool,
    max_results: int,
) -> object:
    """List writes and refused writes, newest first."""
    found = session.client.audit.list(
        since=since.ago() if since else None,
        until=until.ago() if until else None,
        actor=actor,
        action=action,
        resource=resource,
        everywhere=everywhere,
        max_results=max_results,
    )
    return session.documents(found)
