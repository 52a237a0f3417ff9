"""`smalt job`."""

from __future__ import annotations

import sys
import webbrowser
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smalt.cli import console, verb
from smalt.cli.session import Session

if TYPE_CHECKING:
    from smalt.entities.job.base import Job


@click.group(no_args_is_help=True)
def job() -> None:
    """Submit, follow and fetch jobs."""


@job.command(cls=verb.Verb)
@verb.file(required=True)
@verb.name(required=False)
@verb.overrides()
@verb.flag("--stream", "-s", help="Follow the logs until the job ends.")
@verb.flag("--web", "-e", help="Open its page.")
@verb.option("--save-as", "-a", metavar="FILE", help="Write the created job as YAML.")
@verb.flag("--skip-validation", help="Accepted; the server checks what it must.")
def create(
    session: Session,
    file: str,
    name: str | None,
    set_: tuple[str, ...],
    stream: bool,
    web: bool,
    save_as: str | None,
    skip_validation: bool,
) -> object:
    """Submit a job."""
    loaded = session.load("job", file, set_, name=name)
    created = session.client.jobs.create_or_update(loaded)
    if save_as is not None:
        from smalt.wire.yaml import dump_yaml

        Path(save_as).write_text(dump_yaml(created), encoding="utf-8")
    _open_page(created, web=web)
    return _submitted(session, created, stream=stream)


@job.command(cls=verb.Verb)
@verb.name()
@verb.flag("--web", "-e", help="Open its page.")
@verb.flag("--graph", help="Show the steps of a pipeline as a tree; with -o json as a document.")
@click.pass_context
def show(context: click.Context, session: Session, name: str, web: bool, graph: bool) -> object:
    """Show a job."""
    if graph:
        return _graph(context, session, name)
    found = session.client.jobs.get(name)
    _open_page(found, web=web)
    return session.document(found)


@job.command("list", cls=verb.Verb)
@verb.option("--parent-job-name", "-p", metavar="NAME", help="Only the children of this job.")
@verb.archived()
@verb.max_results(50)
@verb.flag("--all-results", help="All of them.")
def show_list(
    session: Session,
    parent_job_name: str | None,
    include_archived: bool,
    archived_only: bool,
    max_results: int,
    all_results: bool,
) -> object:
    """List jobs, the newest first."""
    view = verb.view(include_archived=include_archived, archived_only=archived_only)
    found = session.client.jobs.list(parent_job_name=parent_job_name, list_view_type=view)
    if all_results:
        return session.documents(found)
    shown = session.documents(islice(found, max_results))
    if len(shown) == max_results and next(iter(found), None) is not None and not session.quiet:
        console.warn(f"There are more than {max_results} jobs. See all with --all-results.")
    return shown


@job.command(cls=verb.Verb)
@verb.name()
def stream(session: Session, name: str) -> None:
    """Follow the logs of a job until it ends."""
    _follow(session, name)


@job.command(cls=verb.Verb)
@verb.name()
@verb.flag("--all", "all_", help="Everything: artifacts, logs and named outputs.")
@verb.option("--output-name", metavar="OUTPUT", help="Only this output.")
@verb.option("--download-path", "-p", default=".", show_default=True, metavar="FOLDER", help="Where to.")
def download(session: Session, name: str, all_: bool, output_name: str | None, download_path: str) -> None:
    """Fetch what a job has written."""
    session.client.jobs.download(name, download_path=download_path, output_name=output_name, all=all_)


@job.command(cls=verb.Verb)
@verb.name()
def cancel(session: Session, name: str) -> None:
    """Ask a job to stop."""
    session.client.jobs.begin_cancel(name).wait()


@job.command(cls=verb.Verb)
@verb.name()
def archive(session: Session, name: str) -> None:
    """Hide a job from lists."""
    session.client.jobs.archive(name)


@job.command(cls=verb.Verb)
@verb.name()
def restore(session: Session, name: str) -> None:
    """Show a hidden job again."""
    session.client.jobs.restore(name)


@job.command(cls=verb.Verb)
@verb.name()
@verb.changes()
@verb.flag("--web", "-e", help="Open its page.")
def update(session: Session, name: str, web: bool, **changes: Any) -> object:  # Any: the options of update
    """Change display name, description and tags."""
    from smalt.cli.change import changed

    updated = session.client.jobs.update(changed(session.client.jobs.get(name), **changes))
    _open_page(updated, web=web)
    return session.document(updated)


@job.command(cls=verb.Verb)
@verb.file(required=True)
@verb.overrides()
def validate(session: Session, file: str, set_: tuple[str, ...]) -> object:
    """Check a job without submitting it."""
    loaded = session.load("job", file, set_)
    result = session.client.jobs.validate(loaded)
    errors = [{"path": path, "message": message} for path, message in result.error_messages.items()]
    session.print({"result": "Succeeded" if result.passed else "Failed", "errors": errors})
    return None if result.passed else 1


@job.command("show-services", cls=verb.Verb)
@verb.name()
@verb.option("--node-index", "-i", type=click.IntRange(0), default=0, show_default=True, help="Node.")
def show_services(session: Session, name: str, node_index: int) -> object:
    """Show the services that run beside a job."""
    return session.client.jobs.show_services(name, node_index)


@job.command("metrics", cls=verb.Verb)
@verb.name()
def metrics(session: Session, name: str) -> object:
    """Show the last value of every metric."""
    return session.client.jobs.metrics(name)


@job.command("trials", cls=verb.Verb)
@verb.name()
def trials(session: Session, name: str) -> object:
    """Show the trials of a sweep: state, parameters, metric, and which is the best."""
    found = session.client.jobs.trials(name)
    metric = str(found["primaryMetric"])
    rows = [
        {
            "name": trial["name"],
            "status": trial["status"],
            "metric": metric,
            "value": trial["value"],
            # Apart, since a parameter may have any name.
            "hyperparameters": trial["hyperparameters"],
            "best": trial["isBest"],
            "reason": trial["reason"],
        }
        for trial in found["value"]
    ]
    return session.whole(rows, [_trial_line(row) for row in rows])


def _trial_line(row: dict[str, Any]) -> dict[str, Any]:  # Any: JSON
    first = {"name": row["name"], "status": row["status"], row["metric"]: row["value"]}
    last = {"best": row["best"], "reason": row["reason"]}
    return {**first, **{key: value for key, value in row["hyperparameters"].items() if key not in first}, **last}


@job.command("lineage", cls=verb.Verb)
@verb.name()
def lineage(session: Session, name: str) -> object:
    """Show what a job was made from, and what it has made."""
    return session.client.jobs.lineage(name)


@job.command(cls=verb.Verb)
@verb.name()
@verb.option(
    "--from",
    "start",
    default="failed",
    show_default=True,
    metavar="STEP",
    help="Step that runs again with all that needs it; 'failed' for all that have not completed.",
)
@verb.option("--new-name", metavar="NAME", help="Name of the new job. [default: a generated one]")
@verb.flag("--stream", "-s", help="Follow it until it ends.")
def rerun(session: Session, name: str, start: str, new_name: str | None, stream: bool) -> object:
    """Submit a finished pipeline again; steps before the one it starts from are kept."""
    created = session.client.jobs.rerun(name, start=start, new_name=new_name)
    return _submitted(session, created, stream=stream)


@job.command(cls=verb.Verb)
@verb.name()
@verb.option("--step", metavar="STEP", help="Only this step.")
def invalidate(session: Session, name: str, step: str | None) -> object:
    """Let no later pipeline reuse what a pipeline has done."""
    return {"invalidated": session.client.jobs.invalidate(name, step=step)}


def _submitted(session: Session, created: Job, *, stream: bool) -> object:
    if not stream:
        return session.document(created)
    _follow(session, str(created.name))
    return session.document(session.client.jobs.get(str(created.name)))


def _graph(context: click.Context, session: Session, name: str) -> object:
    from smalt.sdk.pipelines.graph import drawn

    found = session.client.jobs.graph(name)
    asked = context.get_parameter_source("output") is not click.core.ParameterSource.DEFAULT
    if asked or session.query is not None:
        return found
    click.echo("\n".join(drawn(found, console.by_status)))
    return None


def _follow(session: Session, name: str) -> None:
    tree = (console.by_status, console.height()) if console.is_terminal(sys.stdout) else None
    session.client.jobs.stream(name, out=sys.stdout, tree=tree)


def _open_page(job: Job, *, web: bool) -> None:
    from smalt.sdk.operations.jobs import studio_url

    address = studio_url(job)
    if web and address:
        webbrowser.open(address)
