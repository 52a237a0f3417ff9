"""`smalt trace`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import click

from smalt.cli import console, output, verb, waterfall
from smalt.cli.moment import MOMENT, Moment
from smalt.cli.session import Session


@click.group(no_args_is_help=True)
def trace() -> None:
    """Traces: what applications and flows did for each request."""


@trace.command("list", cls=verb.Verb)
@verb.option("--filter", "text", metavar="TEXT", help="A part of the name, of the inputs or of the output.")
@verb.option("--session", "conversation", metavar="ID", help="Of this conversation.")
@verb.option("--flow", metavar="NAME", help="Of this flow.")
@verb.option("--endpoint-name", "-e", "endpoint", metavar="NAME", help="Of deployments of this endpoint.")
@verb.option("--job", metavar="NAME", help="Of this job, or of this batch run of a flow.")
@verb.option("--status", type=click.Choice(("OK", "ERROR", "IN_PROGRESS"), case_sensitive=False), help="How it ended.")
@verb.option("--min-seconds", type=click.FloatRange(0), help="That took so long at least.")
@verb.option("--since", type=MOMENT, metavar="MOMENT", help="From then on, e.g. 2h or 2027-01-31.")
@verb.option("--until", type=MOMENT, metavar="MOMENT", help="Before then.")
@verb.max_results(100)
def show_list(
    session: Session,
    text: str | None,
    conversation: str | None,
    flow: str | None,
    endpoint: str | None,
    job: str | None,
    status: str | None,
    min_seconds: float | None,
    since: Moment | None,
    until: Moment | None,
    max_results: int,
) -> object:
    """List traces, newest first."""
    found = session.client.traces.list(
        text=text,
        session=conversation,
        flow=flow,
        endpoint=endpoint,
        job=job,
        status=status,
        min_seconds=min_seconds,
        since=since.ago() if since else None,
        until=until.ago() if until else None,
        max_results=max_results,
    )
    return _printed(session, found, waterfall.row)


@trace.command(cls=verb.Verb)
@verb.option("--name", "-n", "--trace-id", "trace_id", required=True, metavar="ID", help="The trace.")
def show(session: Session, trace_id: str) -> object:
    """Show a trace: with --output table as a waterfall of its spans."""
    found = session.client.traces.get(trace_id)
    if session.form != "table" or session.query is not None:
        return found
    for line in waterfall.lines(found):
        click.echo(line)
    return None


@trace.command(cls=verb.Verb)
@verb.option(
    "--by", type=click.Choice(("hour", "model", "endpoint")), default="hour", show_default=True, help="Of what."
)
@verb.option("--since", type=MOMENT, metavar="MOMENT", help="From then on, e.g. 2h or 2027-01-31.")
@verb.option("--until", type=MOMENT, metavar="MOMENT", help="Before then.")
def summary(session: Session, by: str, since: Moment | None, until: Moment | None) -> object:
    """Show requests, failures, latencies, tokens and cost by hour, model or endpoint."""
    found = session.client.traces.summary(
        by, since=since.ago() if since else None, until=until.ago() if until else None
    )
    return _printed(session, found, lambda each: waterfall.figures(each, by))


@trace.command(cls=verb.Verb)
@verb.option("--name", "-n", "--trace-id", "trace_id", metavar="ID", help="This one.")
@verb.option("--job", metavar="NAME", help="Those of this job, or of this batch run of a flow.")
@verb.option("--flow", metavar="NAME", help="Those of this flow.")
@verb.option("--endpoint-name", "-e", "endpoint", metavar="NAME", help="Those of deployments of this endpoint.")
@verb.option("--until", type=MOMENT, metavar="MOMENT", help="Those that began before then, e.g. 90d.")
@verb.yes()
def delete(
    session: Session,
    trace_id: str | None,
    job: str | None,
    flow: str | None,
    endpoint: str | None,
    until: Moment | None,
    yes: bool,
) -> object:
    """Delete a trace, or all that the other options name together."""
    if (trace_id is None) == (not (job or flow or endpoint or until)):
        raise click.UsageError("Give either --name, or some of --job, --flow, --endpoint-name and --until.")
    console.confirm(f"Delete trace {trace_id}?" if trace_id else "Delete all of these traces?", yes=yes)
    if trace_id is not None:
        session.client.traces.delete(trace_id)
        return None
    moment = until.ago() if until else None
    return {"deleted": session.client.traces.delete_many(job=job, flow=flow, endpoint=endpoint, until=moment)}


def _printed(
    session: Session, found: Iterable[waterfall.Document], row: Callable[[waterfall.Document], Mapping[str, object]]
) -> object:
    """The documents; asked for a table, their rows are printed whole."""
    documents = list(found)
    if session.form != "table" or session.query is not None:
        return documents
    output.show([row(each) for each in documents], form="table", query=None, is_chosen=True)
    return None
