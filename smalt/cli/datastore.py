"""`smalt datastore`."""

from __future__ import annotations

from typing import Any

import click

from smalt.cli import verb
from smalt.cli.session import Session


@click.group(no_args_is_help=True)
def datastore() -> None:
    """Datastores: where bytes are kept."""


@datastore.command(cls=verb.Verb)
@verb.file(required=True)
@verb.name(required=False)
@verb.overrides()
def create(session: Session, file: str, name: str | None, set_: tuple[str, ...]) -> object:
    """Create a datastore."""
    loaded = session.load("datastore", file, set_, name=name)
    return session.document(session.client.datastores.create_or_update(loaded))


@datastore.command("list", cls=verb.Verb)
@verb.max_results()
def show_list(session: Session, max_results: int | None) -> object:
    """List datastores."""
    return session.documents(session.client.datastores.list(max_results=max_results))


@datastore.command(cls=verb.Verb)
@verb.name()
def show(session: Session, name: str) -> object:
    """Show a datastore."""
    return session.document(session.client.datastores.get(name))


@datastore.command(cls=verb.Verb)
@verb.name(required=False)
@verb.file()
@verb.changes()
def update(
    session: Session, name: str | None, file: str | None, set_: tuple[str, ...], **changes: Any
) -> object:  # Any: the options of update
    """Change a datastore, or replace it from a file."""
    from smalt.cli.change import changed

    if file is not None:
        entity = session.load("datastore", file, set_, name=name)
    elif name is not None:
        entity = changed(session.client.datastores.get(name, include_secrets=True), set_=set_, **changes)
    else:
        raise click.UsageError("Name the datastore with --name, or give --file.")
    return session.document(session.client.datastores.create_or_update(entity))


@datastore.command(cls=verb.Verb)
@verb.name()
def delete(session: Session, name: str) -> None:
    """Forget a datastore; what it points to stays."""
    session.client.datastores.delete(name)
