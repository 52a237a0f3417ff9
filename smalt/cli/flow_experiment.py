"""`smalt flow experiment`: experiments over several flows, in a workspace."""

from __future__ import annotations

from collections.abc import Callable

import click

from smalt.cli import console, output, values, verb
from smalt.cli.session import Session


@click.group(no_args_is_help=True)
def experiment() -> None:
    """Experiments of a workspace: flows, commands and chat groups over the same data, as one pipeline job."""


def _version() -> Callable[[verb.F], verb.F]:
    return verb.option("--version", "-v", metavar="VERSION", help="Version; by default the latest.")


@experiment.command(cls=verb.Verb)
@verb.option("--template", required=True, metavar="PATH", help="File *.exp.yaml, or its folder.")
@verb.name(required=False)
def create(session: Session, template: str, name: str | None) -> object:
    """Bring a template with its flows and data to the workspace; again, as the next version."""
    return session.document(session.client.flow_experiments.create(template, name))


@experiment.command(cls=verb.Verb)
@verb.name()
@_version()
@values.words("--inputs", metavar="NAME=VALUE ...", help="Inputs of the experiment, or paths of its data.")
@verb.option("--compute", metavar="NAME", help="Where its steps run.")
@verb.flag("--stream", "-s", help="Print the steps until all have ended.")
def start(
    session: Session, name: str, version: str | None, inputs: tuple[str, ...], compute: str | None, stream: bool
) -> object:
    """Start an experiment as a pipeline job; steps that have not changed are taken over."""
    from smalt.sdk.operations.jobs import studio_url

    client = session.client
    given = values.pairs_or_file(inputs, "--inputs") if inputs else {}
    job = client.flow_experiments.start(name, given, version=version, compute=compute)
    if stream:
        client.jobs.stream(job)
    found = client.jobs.get(job)
    return {"name": job, "experiment": name, "status": found.status, "studio_url": studio_url(found)}


@experiment.command(cls=verb.Verb)
@verb.name()
@_version()
def show(session: Session, name: str, version: str | None) -> object:
    """Show an experiment, and the jobs that were started of it."""
    return session.document(session.client.flow_experiments.get(name, version))


@experiment.command("list", cls=verb.Verb)
@verb.max_results()
def show_list(session: Session, max_results: int | None) -> object:
    """List the experiments of the workspace."""
    return session.documents(session.client.flow_experiments.list(max_results=max_results))


@experiment.command(cls=verb.Verb)
@verb.name()
def stop(session: Session, name: str) -> object:
    """Cancel the jobs of an experiment that run. What has completed stays."""
    return session.client.flow_experiments.stop(name)


@experiment.command(cls=verb.Verb)
@verb.name()
@verb.max_results(10)
def compare(session: Session, name: str, max_results: int) -> object:
    """Show the newest jobs of an experiment side by side: how each went, and what its nodes have measured."""
    found = session.client.flow_experiments.compare(name, max_results=max_results)
    if session.form != "table":
        return found
    measures = dict.fromkeys(key for each in found for key in each)
    rows = [
        {"": measure, **{str(number): each.get(measure, "") for number, each in enumerate(found, 1)}}
        for measure in measures
    ]
    output.show(rows, form="table", query=None, is_chosen=True)
    return None


@experiment.command(cls=verb.Verb)
@verb.name()
@verb.yes()
def delete(session: Session, name: str, yes: bool) -> None:
    """Forget an experiment; its jobs stay."""
    console.confirm(f"Delete experiment {name!r} and all its versions?", yes=yes)
    session.client.flow_experiments.delete(name)
