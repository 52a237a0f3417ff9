"""`smalt marketplace-subscription`."""

from __future__ import annotations

import click

from smalt.cli import verb
from smalt.cli.session import Session


@click.group("marketplace-subscription", no_args_is_help=True)
def marketplace_subscription() -> None:
    """Marketplace subscriptions: the terms of models that were taken."""


@marketplace_subscription.command(cls=verb.Verb)
@verb.file()
@verb.name(required=False)
@verb.overrides()
@verb.no_wait()
def create(session: Session, file: str | None, name: str | None, set_: tuple[str, ...], no_wait: bool) -> object:
    """Take the terms of a model."""
    loaded = session.load("marketplace_subscription", file, set_, name=name)
    return session.finished(session.client.marketplace_subscriptions.begin_create_or_update(loaded), no_wait=no_wait)


@marketplace_subscription.command("list", cls=verb.Verb)
def show_list(session: Session) -> object:
    """List subscriptions."""
    return session.documents(session.client.marketplace_subscriptions.list())


@marketplace_subscription.command(cls=verb.Verb)
@verb.name()
def show(session: Session, name: str) -> object:
    """Show a subscription."""
    return session.document(session.client.marketplace_subscriptions.get(name))


@marketplace_subscription.command(cls=verb.Verb)
@verb.name()
@verb.no_wait()
def delete(session: Session, name: str, no_wait: bool) -> object:
    """Forget that the terms of a model were taken."""
    return session.finished(session.client.marketplace_subscriptions.begin_delete(name), no_wait=no_wait)
