"""The verbs that are `pf`'s own: connections and settings of this machine, traces, and what only has to be accepted."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from smalt.cli import values, verb


@click.group(no_args_is_help=True)
def connection() -> None:
    """Connections of this machine."""


@connection.command(cls=verb.LocalVerb)
@verb.file(required=True)
@verb.name(required=False)
@verb.overrides()
def create(file: str, name: str | None, set_: tuple[str, ...]) -> object:
    """Create a connection from a YAML or .env file."""
    from smalt.cli.connection import create_local

    return create_local(file, name, set_)


@connection.command(cls=verb.LocalVerb)
@verb.name()
@verb.overrides()
def update(name: str, set_: tuple[str, ...]) -> object:
    """Change a connection."""
    from smalt.cli.connection import update_local

    return update_local(name, set_)


@connection.command(cls=verb.LocalVerb)
@verb.name()
def show(name: str) -> object:
    """Show a connection, secrets as stars."""
    from smalt.cli.connection import show_local

    return show_local(name)


@connection.command("list", cls=verb.LocalVerb)
@verb.max_results(50)
@verb.flag("--all-results", help="All of them.")
def show_list(max_results: int, all_results: bool) -> object:
    """List connections."""
    from smalt.cli.connection import list_local

    found = list_local()
    return found if all_results else found[:max_results]


@connection.command(cls=verb.LocalVerb)
@verb.name()
@verb.yes()
def delete(name: str, yes: bool) -> None:
    """Delete a connection."""
    from smalt.cli import console
    from smalt.cli.connection import delete_local

    console.confirm(f"Delete connection {name!r}?", yes=yes)
    delete_local(name)


@click.group(no_args_is_help=True)
def config() -> None:
    """Settings, in pf.yaml of the home of flows."""


@config.command("set", cls=verb.LocalVerb)
@click.argument("pairs", nargs=-1, required=True, metavar="KEY=VALUE ...")
@verb.option("--path", metavar="FOLDER", help="Settings of this folder instead.")
def set_settings(pairs: tuple[str, ...], path: str | None) -> object:
    """Set values, e.g. run.output_path=./runs."""
    from smalt.flows import configuration

    return configuration.change(values.pairs_or_file(pairs, "config set"), path)


@config.command("show", cls=verb.LocalVerb)
@verb.option("--path", metavar="FOLDER", help="Settings of this folder instead.")
def show_settings(path: str | None) -> object:
    """Show all settings."""
    from smalt.flows import configuration

    return configuration.read(path)


@click.group(no_args_is_help=True)
def trace() -> None:
    """Traces of flows."""


@trace.command("delete", cls=verb.LocalVerb)
@verb.option("--run", metavar="NAME", help="Of this run.")
@verb.option("--collection", metavar="NAME", help="Of this collection.")
@verb.option("--started-before", metavar="TIME", help="Begun before this time.")
@verb.yes()
def delete_traces(run: str | None, collection: str | None, started_before: str | None, yes: bool) -> None:
    """Delete traces in the workspace that they are sent to. Nothing is kept here."""
    from smalt.cli import console
    from smalt.cli.moment import MOMENT
    from smalt.sdk.client import MLClient

    if not (run or collection or started_before):
        raise click.UsageError("Say which traces: --run, --collection or --started-before.")
    console.confirm("Delete these traces?", yes=yes)
    until = None if started_before is None else MOMENT.convert(started_before, None, None).ago()
    with MLClient(None) as client:
        click.echo(f"Deleted {client.traces.delete_many(job=run, flow=collection, until=until)} traces.")


@click.group(no_args_is_help=True)
def service() -> None:
    """Nothing has to run in the background; these verbs are accepted."""


def _accepted(name: str, told: str) -> None:
    @service.command(name, cls=verb.LocalVerb, help=told)
    @verb.option("--port", "-p", type=int, help="Accepted.")
    @verb.flag("--force", help="Accepted.")
    def accepted(port: int | None, force: bool) -> Any:
        click.echo(told)


for _name, _told in {
    "start": "No service has to be started. Traces go to the workspace: smalt up.",
    "stop": "No service is running, so none is stopped.",
    "status": "No service is needed. See smalt status for the server of a workspace.",
}.items():
    _accepted(_name, _told)


@click.command(cls=verb.LocalVerb)
@verb.yes()
def upgrade(yes: bool) -> None:
    """Tell how to upgrade."""
    click.echo(f"Upgrade with: {Path(sys.executable).name} -m pip install --upgrade smalt")


COMMANDS: dict[str, click.Command] = {
    "connection": connection, "config": config, "trace": trace, "service": service, "upgrade": upgrade
}  # fmt: skip
