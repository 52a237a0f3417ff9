"""`smalt connection`: of the workspace, or with `--local` of this machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from smalt.cli import console, values, verb
from smalt.cli.session import Session


@click.group(no_args_is_help=True)
def connection() -> None:
    """Connections to services outside."""


def _secrets() -> Callable[[verb.F], verb.F]:
    return verb.flag("--populate-secrets", "-p", help="Also secret values, for those who may see them.")


def _local() -> Callable[[verb.F], verb.F]:
    return verb.flag("--local", help="Of this machine, for flows that run here without a server.")


@connection.command(cls=verb.Verb)
@verb.file(required=True)
@verb.name(required=False)
@verb.overrides()
@_secrets()
@_local()
def create(
    session: Session, file: str, name: str | None, set_: tuple[str, ...], populate_secrets: bool, local: bool
) -> object:
    """Create a connection."""
    if local:
        return create_local(file, name, set_)
    loaded = session.load("connection", file, set_, name=name)
    written = session.client.connections.create_or_update(loaded, populate_secrets=populate_secrets)
    return written.document(secrets=populate_secrets)


@connection.command("list", cls=verb.Verb)
@verb.option("--type", "-t", "type_", metavar="TYPE", help="Only this type.")
@verb.max_results()
@_secrets()
@_local()
def show_list(
    session: Session, type_: str | None, max_results: int | None, populate_secrets: bool, local: bool
) -> object:
    """List connections."""
    if local:
        found_here = [each for each in list_local() if type_ in (None, each["type"])]
        return found_here[:max_results]
    found = session.client.connections.list(type_, populate_secrets=populate_secrets, max_results=max_results)
    return [each.document(secrets=populate_secrets) for each in found]


@connection.command(cls=verb.Verb)
@verb.name()
@_secrets()
@_local()
def show(session: Session, name: str, populate_secrets: bool, local: bool) -> object:
    """Show a connection."""
    if local:
        return show_local(name, secrets=populate_secrets)
    found = session.client.connections.get(name, populate_secrets=populate_secrets)
    return found.document(secrets=populate_secrets)


@connection.command(cls=verb.Verb)
@verb.name()
@verb.changes()
@_secrets()
@_local()
def update(session: Session, name: str, populate_secrets: bool, local: bool, **changes: Any) -> object:  # Any: options
    """Change a connection."""
    from smalt.cli.change import changed

    if local:
        return update_local(name, changes["set_"])
    entity = changed(session.client.connections.get(name, populate_secrets=True), **changes)
    return session.client.connections.create_or_update(entity).document(secrets=populate_secrets)


@connection.command(cls=verb.Verb)
@verb.name()
@verb.yes()
@_local()
def delete(session: Session, name: str, yes: bool, local: bool) -> None:
    """Delete a connection."""
    console.confirm(f"Delete connection {name!r}?", yes=yes)
    if local:
        delete_local(name)
        return
    session.client.connections.delete(name)


def create_local(file: str, name: str | None, set_: tuple[str, ...]) -> object:
    """Keep the connection of a file on this machine; secrets that the file leaves open are asked for."""
    from smalt.flows.connections import LocalConnections, load

    found = load(file, name=name, overrides=values.changes(set_))
    return LocalConnections().put(_filled(found)).document()


def list_local() -> list[dict[str, Any]]:  # Any: documents of plain values
    """The connections of this machine."""
    from smalt.flows.connections import LocalConnections

    return [each.document() for each in LocalConnections().list()]


def show_local(name: str, *, secrets: bool = False) -> object:
    """One of them."""
    from smalt.flows.connections import LocalConnections

    return LocalConnections().stored(name).document(secrets=secrets)


def update_local(name: str, set_: tuple[str, ...]) -> object:
    """Change fields of one of them; secrets that are not named stay."""
    from smalt.flows.connections import LocalConnections, with_values

    store = LocalConnections()
    given = {
        key.removeprefix("secrets.").removeprefix("configs."): value for key, value in values.changes(set_).items()
    }
    return store.put(_filled(with_values(store.stored(name), given))).document()


def delete_local(name: str) -> None:
    """Forget one of them."""
    from smalt.flows.connections import LocalConnections

    LocalConnections().delete(name)


def _filled(found: Any) -> Any:  # Any: a connection, imported where it is used
    """The connection with secrets typed in, where its file says `<user-input>` and somebody is there to type."""
    import sys

    from smalt.flows.connections import with_values

    open_fields = [key for key, value in found.secrets.items() if value == "<user-input>"]
    if not open_fields or not sys.stdin.isatty():
        return found
    return with_values(found, {key: click.prompt(f"{found.name}: {key}", hide_input=True) for key in open_fields})
