"""`smalt experiment`: several flows, commands and chat groups over the same data, on this machine."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

import click

from smalt.cli import console, values, verb

if TYPE_CHECKING:
    from smalt.flows.experiments import Experiment, ExperimentOperations

_INTERRUPTED = 130


@click.group(no_args_is_help=True)
def experiment() -> None:
    """Experiments: flows, commands and chat groups that take what those before them gave."""


_template = verb.option("--template", required=True, metavar="PATH", help="File *.exp.yaml, or its folder.")
_inputs = values.words("--inputs", metavar="NAME=VALUE ...", help="Inputs of the experiment, or paths of its data.")
_nodes = values.words("--nodes", metavar="NAME ...", help="Only these nodes.")
_from_nodes = values.words("--from-nodes", metavar="NAME ...", help="These nodes, and all that need them.")


@experiment.command(cls=verb.LocalVerb)
@_template
@verb.name(required=False)
def create(template: str, name: str | None) -> object:
    """Make an experiment of a template; its flows are copied."""
    return _operations().create(template, name).document()


@experiment.command(cls=verb.LocalVerb)
@verb.name()
def show(name: str) -> object:
    """Show an experiment, and the runs of its nodes."""
    return _operations().get(name).document()


@experiment.command("list", cls=verb.LocalVerb)
@verb.max_results(50)
@verb.flag("--all-results", help="All of them.")
@verb.archived()
def show_list(max_results: int, all_results: bool, include_archived: bool, archived_only: bool) -> object:
    """List experiments, the newest first."""
    verb.view(include_archived=include_archived, archived_only=archived_only)
    view = "All" if include_archived else "ArchivedOnly" if archived_only else "ActiveOnly"
    found = _operations().list(None if all_results else max_results, list_view_type=view)
    return [each.document() for each in found]


@experiment.command(cls=verb.LocalVerb)
@verb.name(required=False)
@verb.option("--template", metavar="PATH", help="A file instead: its experiment is made when it is first started.")
@_inputs
@_nodes
@_from_nodes
@verb.flag("--stream", "-s", help="Run it here and print its log; otherwise it runs in the background.")
@verb.trace_to()
def start(
    name: str | None,
    template: str | None,
    inputs: tuple[str, ...],
    nodes: tuple[str, ...],
    from_nodes: tuple[str, ...],
    stream: bool,
    trace_to: str | None,
) -> object:
    """Run what is missing of an experiment. With --stream, exits with 1 if a node did not complete."""
    from smalt.cli.workspace_of_flows import send_traces

    send_traces(trace_to)
    operations = _operations()
    found = _asked(operations, name, template)
    given = values.pairs_or_file(inputs, "--inputs") if inputs else {}
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        ended = operations.start(
            found, stream=stream, inputs=given, nodes=nodes, from_nodes=from_nodes, listener=click.echo
        )
    except KeyboardInterrupt:
        click.echo(f"Stopped. Go on: smalt experiment start --name {found.name}", err=True)
        return _INTERRUPTED
    if stream:
        return _told(ended)
    return ended.document()


@experiment.command(cls=verb.LocalVerb)
@verb.name(required=False)
@verb.option("--file", "-f", "template", metavar="PATH", help="The file whose experiment runs.")
def stop(name: str | None, template: str | None) -> object:
    """Stop an experiment that runs. What has completed stays."""
    operations = _operations()
    return operations.stop(_asked(operations, name, template)).document()


@experiment.command(cls=verb.LocalVerb)
@_template
@_inputs
@verb.option("--flow", metavar="PATH", help="Begin at the nodes of this flow.")
def test(template: str, inputs: tuple[str, ...], flow: str | None) -> object:
    """Try every node over the first line of the data; print what each gave."""
    from smalt.flows.batch import records

    given = values.pairs_or_file(inputs, "--inputs") if inputs else {}
    return records.decode(records.encode(_operations().test(template, given, flow=flow)))


@experiment.command(cls=verb.LocalVerb)
@verb.option("--source", required=True, metavar="NAME", help="Experiment to be cloned.")
@verb.name(required=False)
def clone(source: str, name: str | None) -> object:
    """Make an experiment of the same flows, with nothing run of it."""
    return _operations().clone(source, name).document()


@experiment.command(cls=verb.LocalVerb)
@verb.name()
def archive(name: str) -> object:
    """Hide an experiment from lists."""
    return _operations().archived(name, is_archived=True).document()


@experiment.command(cls=verb.LocalVerb)
@verb.name()
def restore(name: str) -> object:
    """Show an archived experiment in lists again."""
    return _operations().archived(name, is_archived=False).document()


@experiment.command(cls=verb.LocalVerb)
@verb.name()
@verb.yes()
def delete(name: str, yes: bool) -> None:
    """Forget an experiment, its runs and their files."""
    operations = _operations()
    operations.get(name)
    console.confirm(f"Delete experiment {name!r} and its runs?", yes=yes)
    operations.delete(name)


def _operations() -> ExperimentOperations:
    from smalt.cli.workspace_of_flows import connections
    from smalt.flows.experiments import ExperimentOperations

    return ExperimentOperations(connections(), program=(sys.executable, "-P", "-m", "smalt.cli.experiment"))


def _asked(operations: ExperimentOperations, name: str | None, template: str | None) -> Experiment:
    if (name is None) == (template is None):
        raise click.UsageError("Say which experiment: its --name, or its file.")
    return operations.get(name) if name is not None else operations.of_file(str(template))


def _told(ended: Experiment) -> int:
    for node in ended.template.nodes:
        runs = ended.node_runs.get(node.name)
        status, run = (runs[-1]["status"], runs[-1]["name"]) if runs else ("NotStarted", "")
        click.echo(f"{node.name:<24} {status:<12} {run}")
    if ended.error:
        console.warn(ended.error)
    return 1 if ended.error else 0


if __name__ == "__main__":
    from smalt.cli.workspace_of_flows import connections, send_traces
    from smalt.flows.experiments.process import main

    send_traces(None)
    sys.exit(main(provider=connections()))
