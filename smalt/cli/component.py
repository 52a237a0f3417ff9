"""`smalt component`."""

from __future__ import annotations

from typing import Any

import click

from smalt.cli import verb
from smalt.cli.assets import add_verbs
from smalt.cli.session import Session


@click.group(no_args_is_help=True)
def component() -> None:
    """Components: reusable steps."""


def _operations(session: Session) -> Any:  # Any: the operations of components
    return session.client.components


@component.command(cls=verb.Verb)
@verb.file(required=True)
@verb.name(required=False)
@verb.option("--version", "-v", metavar="VERSION", help="Version. [default: the next]")
@verb.overrides()
@verb.flag("--skip-validation", help="Accepted; the server checks what it must.")
@verb.registry()
def create(
    session: Session, file: str, set_: tuple[str, ...], skip_validation: bool, name: str | None, version: str | None
) -> object:
    """Create a version of a component."""
    loaded = session.load("component", file, set_, name=name, version=version)
    return session.document(session.client.components.create_or_update(loaded))


@component.command(cls=verb.Verb)
@verb.name()
def invalidate(session: Session, name: str) -> object:
    """Let no later pipeline reuse what a component has done."""
    return {"invalidated": session.client.components.invalidate(name)}


add_verbs(component, _operations)
