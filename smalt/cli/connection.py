"""`smalt connection`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from smalt.cli import console, verb
from smalt.cli.session import Session


@click.group(no_args_is_help=True)
def connection() -> None:
    """Connections to services outside."""


def _secrets() -> Callable[[verb.F], verb.F]:
    return verb.flag("--populate-secrets", "-p", help="Also secret values, for those who may see them.")


@connection.command(cls=verb.Verb)
@verb.file(required=True)
@verb.name(required=False)
@verb.overrides()
@_secrets()
def create(session: Session, file: str, name: str | None, set_: tuple[str, ...], populate_secrets: bool) -> object:
    """Create a connection."""
    loaded = session.load("connection", file, set_, name=name)
    written = session.client.connections.create_or_update(loaded, populate_secrets=populate_secrets)
    return written.document(secrets=populate_secrets)


@connection.command("list", cls=verb.Verb)
@verb.option("--type", "-t", "type_", metavar="TYPE", help="Only this type.")
@verb.max_results()
@_secrets()
def show_list(session: Session, type_: str | None, max_results: int | None, populate_secrets: bool) -> object:
    """List connections."""
    found = session.client.connections.list(type_, populate_secrets=populate_secrets, max_results=max_results)
    return [each.document(secrets=populate_secrets) for each in found]


@connection.command(cls=verb.Verb)
@verb.name()
@_secrets()
def show(session: Session, name: str, populate_secrets: bool) -> object:
    """Show a connection."""
    found = session.client.connections.get(name, populate_secrets=populate_secrets)
    return found.document(secrets=populate_secrets)


@connection.command(cls=verb.Verb)
@verb.name()
@verb.changes()
@_secrets()
def update(session: Session, name: str, populate_secrets: bool, **changes: Any) -> object:  # Any: options of update
    """Change a connection."""
    from smalt.cli.change import changed

    entity = changed(session.client.connections.get(name, populate_secrets=True), **changes)
    return session.client.connections.create_or_update(entity).document(secrets=populate_secrets)


@connection.command(cls=verb.Verb)
@verb.name()
@verb.yes()
def delete(session: Session, name: str, yes: bool) -> None:
    """Delete a connection."""
    console.confirm(f"Delete connection {name!r}?", yes=yes)
    session.client.connections.delete(name)
