"""`smalt online-endpoint`."""

from __future__ import annotations

from typing import Any

import click

from smalt.cli import console, verb
from smalt.cli.session import Session


@click.group("online-endpoint", no_args_is_help=True)
def online_endpoint() -> None:
    """Online endpoints: addresses that answer requests at once."""


@online_endpoint.command(cls=verb.Verb)
@verb.file()
@verb.name(required=False)
@verb.option("--auth-mode", metavar="MODE", help="key, aml_token or aad_token.")
@verb.overrides()
@verb.local()
@verb.web()
@verb.no_wait()
def create(
    session: Session,
    file: str | None,
    name: str | None,
    auth_mode: str | None,
    set_: tuple[str, ...],
    local: bool,
    web: bool,
    no_wait: bool,
) -> object:
    """Create an endpoint."""
    loaded = session.load("online_endpoint", file, set_, name=name, auth_mode=auth_mode)
    operations = session.online_endpoints(local=local)
    return session.finished(operations.begin_create_or_update(loaded, local=local), no_wait=no_wait)


@online_endpoint.command(cls=verb.Verb)
@verb.file()
@verb.name(required=False)
@verb.option("--traffic", "-r", cls=verb.Words, multiple=True, metavar="NAME=PERCENT ...", help="Share of each.")
@verb.option("--mirror-traffic", cls=verb.Words, multiple=True, metavar="NAME=PERCENT", help="Copies for one of them.")
@verb.changes()
@verb.local()
@verb.web()
@verb.no_wait()
def update(
    session: Session,
    file: str | None,
    name: str | None,
    traffic: tuple[str, ...],
    mirror_traffic: tuple[str, ...],
    local: bool,
    web: bool,
    no_wait: bool,
    **changes: Any,  # Any: the options of update
) -> object:
    """Change an endpoint, such as its traffic."""
    from smalt.cli.change import changed

    operations = session.online_endpoints(local=local)
    if file is not None:
        entity = session.load("online_endpoint", file, (), name=name)
    elif name is not None:
        entity = operations.get(name, local=local)
    else:
        raise click.UsageError("Name the endpoint with --name, or give a --file.")
    entity = changed(entity, **changes)
    for field, shares in (("traffic", traffic), ("mirror_traffic", mirror_traffic)):
        if shares:
            entity = changed(entity, set_=[f"{field}={{}}"], add=[verb.JOINT.join((field, *_shares(shares)))])
    return session.finished(operations.begin_create_or_update(entity, local=local), no_wait=no_wait)


def _shares(given: tuple[str, ...]) -> list[str]:
    """`blue=90 green=10`, in one word or in several."""
    words = [word for text in given for word in text.replace(",", " ").split()]
    for word in words:
        name, equals, share = word.partition("=")
        if not name or not equals or not share.isdecimal():
            raise click.UsageError(f"{word!r} is no share of the traffic. Write e.g. blue=90.")
    return words


@online_endpoint.command("list", cls=verb.Verb)
@verb.local()
def show_list(session: Session, local: bool) -> object:
    """List endpoints."""
    return session.documents(session.online_endpoints(local=local).list(local=local))


@online_endpoint.command(cls=verb.Verb)
@verb.name()
@verb.local()
@verb.web()
def show(session: Session, name: str, local: bool, web: bool) -> object:
    """Show an endpoint, its address and its traffic."""
    return session.document(session.online_endpoints(local=local).get(name, local=local))


@online_endpoint.command(cls=verb.Verb)
@verb.name()
@verb.local()
@verb.no_wait()
@verb.yes()
def delete(session: Session, name: str, local: bool, no_wait: bool, yes: bool) -> object:
    """Delete an endpoint and its deployments."""
    console.confirm(f"Delete the endpoint {name!r} and all its deployments?", yes=yes)
    return session.finished(session.online_endpoints(local=local).begin_delete(name, local=local), no_wait=no_wait)


@online_endpoint.command(cls=verb.Verb)
@verb.name()
@verb.option("--request-file", "-r", required=True, metavar="FILE", help="JSON file.")
@verb.option("--deployment-name", "-d", metavar="NAME", help="Ask this one, whatever the traffic rules say.")
@verb.local()
def invoke(session: Session, name: str, request_file: str, deployment_name: str | None, local: bool) -> object:
    """Send a request, and print the answer."""
    answer = session.online_endpoints(local=local).invoke(
        name, request_file=request_file, deployment_name=deployment_name, local=local
    )
    return _value(answer)


def _value(text: str) -> object:
    import json

    try:
        return json.loads(text)
    except ValueError:
        return text


@online_endpoint.command("get-credentials", cls=verb.Verb)
@verb.name()
def get_credentials(session: Session, name: str) -> object:
    """Print the keys of an endpoint, or a token."""
    found = session.online_endpoints().get_keys(name)
    return {_camel(key): value for key, value in vars(found).items()}


def _camel(name: str) -> str:
    from smalt.wire.arm.shape import camel

    return camel(name)


@online_endpoint.command("regenerate-keys", cls=verb.Verb)
@verb.name()
@verb.option("--key-type", default="primary", show_default=True, metavar="TYPE", help="primary or secondary.")
@verb.no_wait()
def regenerate_keys(session: Session, name: str, key_type: str, no_wait: bool) -> object:
    """Put a new key in the place of one of the two."""
    session.finished(session.online_endpoints().begin_regenerate_keys(name, key_type=key_type), no_wait=no_wait)
    return None


@online_endpoint.command(cls=verb.Verb)
@verb.name()
def rollback(session: Session, name: str) -> object:
    """Give the traffic the state that it had before its last change."""
    return session.document(session.online_endpoints().rollback(name))
