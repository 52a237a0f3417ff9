"""`smalt registry`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from smalt.cli import verb
from smalt.cli.session import Session, pairs


@click.group(no_args_is_help=True)
def registry() -> None:
    """Registries: assets shared between workspaces."""


def _fields() -> Callable[[verb.F], verb.F]:
    def add(function: verb.F) -> verb.F:
        function = verb.option("--public-network-access", metavar="WORD", help="Enabled or Disabled.")(function)
        return verb.option("--display-name", metavar="TEXT", help="Name that people see.")(function)

    return add


@registry.command(cls=verb.Verb)
@verb.file()
@verb.name(required=False)
@_fields()
@verb.tags()
@verb.overrides()
@verb.no_wait()
def create(
    session: Session, file: str | None, set_: tuple[str, ...], tags: tuple[str, ...], no_wait: bool, **fields: Any
) -> object:  # Any: fields of a registry
    """Create a registry."""
    if file is None:
        fields["location"] = "local"
    loaded = session.load("registry", file, set_, tags=pairs(tags) or None, **fields)
    return session.finished(session.client.registries.begin_create(loaded), no_wait=no_wait)


@registry.command("list", cls=verb.Verb)
@verb.max_results()
def show_list(session: Session, max_results: int | None) -> object:
    """List registries."""
    return session.documents(session.client.registries.list(max_results=max_results))


@registry.command(cls=verb.Verb)
@verb.name()
def show(session: Session, name: str) -> object:
    """Show a registry."""
    return session.document(session.client.registries.get(name))


@registry.command(cls=verb.Verb)
@verb.file()
@verb.name(required=False)
@_fields()
@verb.tags()
@verb.changes()
@verb.no_wait()
def update(
    session: Session,
    file: str | None,
    name: str | None,
    display_name: str | None,
    public_network_access: str | None,
    tags: tuple[str, ...],
    no_wait: bool,
    set_: tuple[str, ...],
    **changes: Any,
) -> object:  # Any: the options of update
    """Change a registry."""
    from smalt.cli.change import changed

    if file is None and name is None:
        raise click.UsageError("Name the registry with --name, or give --file.")
    given = {"display_name": display_name, "public_network_access": public_network_access}
    fields = [f"{key}={value}" for key, value in given.items() if value] + [f"tags.{pair}" for pair in tags]
    entity = session.load("registry", file, (), name=name) if file else session.client.registries.get(str(name))
    entity = changed(entity, set_=(*fields, *set_), **changes)
    return session.finished(session.client.registries.begin_create(entity), no_wait=no_wait)


@registry.command(cls=verb.Verb)
@verb.name()
def delete(session: Session, name: str) -> None:
    """Delete a registry."""
    session.client.registries.begin_delete(name).wait()
