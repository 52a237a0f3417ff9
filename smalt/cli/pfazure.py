"""The executable `pfazure`: prompt flow's command line for a workspace, answered by its flows and jobs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smalt.cli import console, flow_of_workspace, values, verb
from smalt.cli.session import Session

if TYPE_CHECKING:
    from smalt.sdk.flow_runs import FlowRuns

Document = dict[str, Any]  # Any: JSON


class WorkspaceVerb(verb.Verb):
    """A verb whose subscription may be named by one letter, as `pfazure` has it."""

    def shared(self) -> list[click.Parameter]:
        """As of every verb of a workspace."""
        short = click.Option(["--subscription", "-s"], metavar="ID", help="Subscription.")
        return [short if each.name == "subscription" else each for each in super().shared()]


root = click.Group(
    "pfazure", no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"]},
    help="The commands of prompt flow for a workspace, run by smalt.",
)  # fmt: skip


@root.group(no_args_is_help=True)
def flow() -> None:
    """Flows of the workspace."""


for _command in ("create", "update", "show", "show_list", "download"):
    flow.add_command(getattr(flow_of_workspace, _command))


@root.group(no_args_is_help=True)
def run() -> None:
    """Runs of flows in the workspace: each is a job."""


@run.command(cls=WorkspaceVerb)
@verb.file()
@verb.option("--flow", metavar="PATH", help="Folder or file of the flow, or azureml:NAME[:VERSION].")
@verb.option("--data", metavar="PATH", help="File or folder, or azureml:NAME:VERSION.")
@values.words("--column-mapping", metavar="INPUT='${data.x}' ...", help="Which column fills which input.")
@verb.option("--run", "over", metavar="NAME", help="Run whose outputs are columns too: ${run.outputs.x}.")
@verb.option("--variant", metavar="${NODE.VARIANT}", help="Variant instead of the default.")
@values.words("--connections", metavar="NODE.connection=NAME ...", help="Other connections for nodes.")
@values.words("--environment-variables", metavar="KEY=VALUE ... | FILE", help="Set while it runs.")
@values.words("--init", metavar="KEY=VALUE ... | FILE", help="Arguments of the class that is the flow.")
@verb.name(required=False)
@verb.overrides()
@verb.option("--runtime", metavar="NAME", help="Accepted; environments are made of what the flow requires.")
@verb.flag("--stream", help="Follow it until it has ended.")
def create(session: Session, file: str | None, runtime: str | None, stream: bool, **options: Any) -> object:
    """Run a flow over many lines in the workspace."""
    from smalt.cli.run import described

    asked = described(file, options)
    if not asked.get("flow"):
        raise click.UsageError("A run needs a flow. Give --flow, or flow: in the run file.")
    job = _runs(session).create(asked)
    if stream:
        session.client.jobs.stream(job)
    return _document(session, job)


@run.command("list", cls=WorkspaceVerb)
@verb.max_results(50)
@verb.archived()
def show_list(session: Session, max_results: int, include_archived: bool, archived_only: bool) -> object:
    """List runs, the newest first."""
    view = verb.view(include_archived=include_archived, archived_only=archived_only)
    return session.documents(_runs(session).list(max_results=max_results, view=view))


@run.command(cls=WorkspaceVerb)
@verb.name()
def show(session: Session, name: str) -> object:
    """Show a run."""
    return _document(session, name)


@run.command(cls=WorkspaceVerb)
@verb.name()
@verb.option("--timeout", type=int, metavar="SECONDS", help="Accepted.")
def stream(session: Session, name: str, timeout: int | None) -> int:
    """Follow a run until it has ended."""
    session.client.jobs.stream(name)
    return 0 if session.client.flows.get_run(name).status == "Completed" else 1


@run.command("show-details", cls=WorkspaceVerb)
@verb.name()
@verb.max_results(100)
@verb.flag("--all-results", help="All lines.")
def show_details(session: Session, name: str, max_results: int, all_results: bool) -> object:
    """Show the inputs and outputs of each line."""
    return list(session.client.flows.lines(name, max_results=None if all_results else max_results))


@run.command("show-metrics", cls=WorkspaceVerb)
@verb.name()
def show_metrics(session: Session, name: str) -> object:
    """Show the metrics of a run."""
    return session.client.flows.get_run(name).metrics


@run.command(cls=WorkspaceVerb)
@verb.option("--names", "--name", "-n", "name", required=True, metavar="NAME,...", help="Names of the runs.")
@verb.option("--html-path", metavar="FILE", help="Accepted; the studio has the page.")
def visualize(session: Session, name: str, html_path: str | None) -> None:
    """Say where runs (`--names a,b`) are looked at side by side."""
    from smalt.sdk.operations.jobs import studio_url

    for each in name.split(","):
        click.echo(studio_url(session.client.jobs.get(each.strip())) or f"Run {each} has no page: no studio is served.")


@run.command(cls=WorkspaceVerb)
@verb.name()
def archive(session: Session, name: str) -> object:
    """Hide a run from lists."""
    session.client.jobs.archive(name)
    return _document(session, name)


@run.command(cls=WorkspaceVerb)
@verb.name()
def restore(session: Session, name: str) -> object:
    """Show an archived run in lists again."""
    session.client.jobs.restore(name)
    return _document(session, name)


@run.command(cls=WorkspaceVerb)
@verb.name()
@verb.overrides()
def update(session: Session, name: str, set_: tuple[str, ...]) -> object:
    """Change display_name, description or tags.KEY."""
    return session.document(_runs(session).update(name, values.changes(set_)))


@run.command(cls=WorkspaceVerb)
@verb.name()
@verb.option("--output", "-o", "target", metavar="FOLDER", help="Where to. [default: ~/.promptflow/.runs]")
@verb.flag("--overwrite", help="Also into a folder that is there.")
def download(session: Session, name: str, target: str | None, overwrite: bool) -> None:
    """Fetch the files of a run, in the known layout; smalt run knows it then as its own."""
    place = _runs(session).download(name, Path(target) if target else None, overwrite=overwrite)
    console.tell(f"Look at it here: smalt run create --source {place} --name {place.name}")
    click.echo(f"Downloaded to {place}.")


@run.command(cls=WorkspaceVerb)
@verb.name()
def cancel(session: Session, name: str) -> None:
    """Ask a run to stop."""
    session.client.jobs.begin_cancel(name).result()


def _document(session: Session, name: str) -> Document:
    return session.document(session.client.flows.get_run(name))


def _runs(session: Session) -> FlowRuns:
    from smalt.sdk.flow_runs import FlowRuns

    return FlowRuns(session.client)
