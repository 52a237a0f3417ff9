"""`smalt user`."""

from __future__ import annotations

import click

from smalt.cli import console, verb
from smalt.cli.moment import MOMENT, Moment
from smalt.cli.session import Document, Session


@click.group(no_args_is_help=True)
def user() -> None:
    """Users: people and service principals who can sign in."""


@user.command(cls=verb.Verb)
@verb.name()
@verb.option(
    "--type", "-t", "type_", type=click.Choice(("user", "service_principal")), default="user", show_default=True,
    help="A person, or a program.",
)  # fmt: skip
def create(session: Session, name: str, type_: str) -> Document:
    """Add a user, who may do nothing until given a role. The secret is printed this once."""
    return session.client.users.create(name, type=type_).document(secrets=True)


@user.command("list", cls=verb.Verb)
@verb.max_results()
def show_list(session: Session, max_results: int | None) -> object:
    """List users."""
    return session.documents(session.client.users.list(max_results=max_results))


@user.command(cls=verb.Verb)
@verb.name()
def show(session: Session, name: str) -> object:
    """Show a user, by name or id."""
    return session.document(session.client.users.get(name))


@user.command(cls=verb.Verb)
@verb.name()
@verb.yes()
def delete(session: Session, name: str, yes: bool) -> None:
    """Remove a user. Their tokens and roles end at once."""
    console.confirm(f"Remove user {name!r} with their tokens and roles?", yes=yes)
    session.client.users.delete(name)


@user.command(cls=verb.Verb)
@verb.name()
def rotate(session: Session, name: str) -> Document:
    """Give a user a new client secret, printed this once; the earlier ones end."""
    return session.client.users.renew_secret(name).document(secrets=True)


@user.group(no_args_is_help=True)
def token() -> None:
    """Personal tokens of a user."""


@token.command("create", cls=verb.Verb)
@verb.name()
@verb.option("--token-name", required=True, metavar="NAME", help="What the token is for.")
@verb.option("--expires", type=MOMENT, metavar="MOMENT", help="When it ends, e.g. 90d or 2027-01-31. [default: never]")
def create_token(session: Session, name: str, token_name: str, expires: Moment | None) -> Document:
    """Make a personal token, printed this once."""
    ends = expires.ahead() if expires else None
    return session.client.users.create_token(name, token_name, expires_at=ends).document(secrets=True)


@token.command("list", cls=verb.Verb)
@verb.name()
def list_tokens(session: Session, name: str) -> object:
    """List personal tokens, without their text."""
    return session.documents(session.client.users.list_tokens(name))


@token.command("revoke", cls=verb.Verb)
@verb.name()
@verb.option("--id", "token_id", required=True, metavar="ID", help="Id of the token.")
def revoke_token(session: Session, name: str, token_id: str) -> None:
    """End a personal token at once."""
    session.client.users.revoke_token(name, token_id)
