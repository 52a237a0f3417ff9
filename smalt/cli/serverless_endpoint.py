"""`smalt serverless-endpoint`."""

from __future__ import annotations

from typing import Any

import click

from smalt.cli import console, verb
from smalt.cli.session import Session


@click.group("serverless-endpoint", no_args_is_help=True)
def serverless_endpoint() -> None:
    """Serverless endpoints: models of the catalog behind an address."""


@serverless_endpoint.command(cls=verb.Verb)
@verb.file()
@verb.name(required=False)
@verb.overrides()
@verb.no_wait()
def create(session: Session, file: str | None, name: str | None, set_: tuple[str, ...], no_wait: bool) -> object:
    """Create an endpoint for a model."""
    loaded = session.load("serverless_endpoint", file, set_, name=name)
    return session.finished(session.client.serverless_endpoints.begin_create_or_update(loaded), no_wait=no_wait)


@serverless_endpoint.command("list", cls=verb.Verb)
def show_list(session: Session) -> object:
    """List endpoints."""
    return session.documents(session.client.serverless_endpoints.list())


@serverless_endpoint.command(cls=verb.Verb)
@verb.name()
def show(session: Session, name: str) -> object:
    """Show an endpoint, its address and its state."""
    return session.document(session.client.serverless_endpoints.get(name))


@serverless_endpoint.command(cls=verb.Verb)
@verb.name()
@verb.changes()
@verb.no_wait()
def update(session: Session, name: str, no_wait: bool, **changes: Any) -> object:  # Any: the options of update
    """Change an endpoint."""
    from smalt.cli.change import changed

    operations = session.client.serverless_endpoints
    return session.finished(
        operations.begin_create_or_update(changed(operations.get(name), **changes)), no_wait=no_wait
    )


@serverless_endpoint.command(cls=verb.Verb)
@verb.name()
@verb.no_wait()
@verb.yes()
def delete(session: Session, name: str, no_wait: bool, yes: bool) -> object:
    """Delete an endpoint; the model stays."""
    console.confirm(f"Delete the serverless endpoint {name!r}?", yes=yes)
    return session.finished(session.client.serverless_endpoints.begin_delete(name), no_wait=no_wait)


@serverless_endpoint.command("get-credentials", cls=verb.Verb)
@verb.name()
def get_credentials(session: Session, name: str) -> object:
    """Print the keys of an endpoint."""
    return _shown(session.client.serverless_endpoints.get_keys(name))


@serverless_endpoint.command("regenerate-keys", cls=verb.Verb)
@verb.name()
@verb.option("--key-type", default="primary", show_default=True, metavar="TYPE", help="primary or secondary.")
@verb.no_wait()
def regenerate_keys(session: Session, name: str, key_type: str, no_wait: bool) -> object:
    """Put a new key in the place of one of the two, and print both."""
    found = session.client.serverless_endpoints.begin_regenerate_keys(name, key_type=key_type).result()
    return None if no_wait else _shown(found)


def _shown(keys: Any) -> dict[str, str]:  # Any: of the SDK, which is imported where it is used
    return {"primaryKey": keys.primary_key, "secondaryKey": keys.secondary_key}
