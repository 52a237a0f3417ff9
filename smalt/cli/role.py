"""`smalt role`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from smalt.cli import console, verb
from smalt.cli.session import Session


@click.group(no_args_is_help=True)
def role() -> None:
    """Roles: what may be done, and who may do it where."""


def _scope() -> Callable[[verb.F], verb.F]:
    return verb.option(
        "--scope", metavar="ID", help="Subscription, group, workspace or resource; '/' is all. [default: workspace]"
    )


def _whom(*, required: bool) -> Callable[[verb.F], verb.F]:
    def add(function: verb.F) -> verb.F:
        function = verb.option("--role", "role_name", required=required, metavar="NAME", help="Role, by name or id.")(
            function
        )
        return verb.option("--assignee", required=required, metavar="NAME", help="User, by name or id.")(function)

    return add


@role.command("list", cls=verb.Verb)
@verb.flag("--custom-only", help="Only those made here.")
@_scope()
def show_list(session: Session, scope: str | None, custom_only: bool) -> object:
    """List the roles that can be given."""
    return session.documents(session.client.roles.list(scope=scope, custom_only=custom_only))


@role.command(cls=verb.Verb)
@verb.name()
@_scope()
def show(session: Session, name: str, scope: str | None) -> object:
    """Show a role, by name or id."""
    return session.document(session.client.roles.get(name, scope=scope))


@role.command(cls=verb.Verb)
@verb.file()
@verb.name(required=False)
@verb.option("--description", metavar="TEXT", help="Description.")
@verb.option("--actions", cls=verb.Words, multiple=True, metavar="ACTION ...", help="What it allows; * for any words.")
@verb.option("--not-actions", cls=verb.Words, multiple=True, metavar="ACTION ...", help="What it leaves out of that.")
@verb.option(
    "--assignable-scopes", cls=verb.Words, multiple=True, metavar="ID ...",
    help="Where it can be given. [default: workspace]",
)  # fmt: skip
@verb.overrides()
def create(session: Session, file: str | None, set_: tuple[str, ...], **fields: Any) -> object:  # Any: fields of a role
    """Make a custom role, or replace the one of that name."""
    loaded = session.load("role", file, set_, **fields)
    if not loaded.assignable_scopes:
        loaded.assignable_scopes = [session.client.workspaces.get().id]
    return session.document(session.client.roles.create_or_update(loaded))


@role.command(cls=verb.Verb)
@verb.name()
@verb.changes()
@_scope()
def update(session: Session, name: str, scope: str | None, **changes: Any) -> object:  # Any: the options of update
    """Change a custom role; whoever holds it may at once do what it says."""
    from smalt.cli.change import changed

    entity = changed(session.client.roles.get(name, scope=scope), **changes)
    return session.document(session.client.roles.create_or_update(entity))


@role.command(cls=verb.Verb)
@verb.name()
@_scope()
@verb.yes()
def delete(session: Session, name: str, scope: str | None, yes: bool) -> None:
    """Delete a custom role that nobody holds."""
    console.confirm(f"Delete role {name!r}?", yes=yes)
    session.client.roles.delete(name, scope=scope)


@role.command(cls=verb.Verb)
@_whom(required=True)
@_scope()
def assign(session: Session, role_name: str, assignee: str, scope: str | None) -> object:
    """Give a role to a user."""
    return session.document(session.client.roles.assign(role_name, assignee, scope=scope))


@role.command(cls=verb.Verb)
@_whom(required=False)
@_scope()
@verb.option("--ids", cls=verb.Words, multiple=True, metavar="ID ...", help="Assignments, instead of the others.")
def revoke(
    session: Session, role_name: str | None, assignee: str | None, scope: str | None, ids: tuple[str, ...]
) -> object:
    """Take a role away from a user; it ends at once."""
    if ids:
        for assignment in ids:
            session.client.roles.revoke_by_id(assignment)
        return None
    if role_name is None or assignee is None:
        raise click.UsageError("Name the role and the user with --role and --assignee, or the assignments with --ids.")
    return session.document(session.client.roles.revoke(role_name, assignee, scope=scope))


@role.command(cls=verb.Verb)
@_whom(required=False)
@_scope()
def assignments(session: Session, role_name: str | None, assignee: str | None, scope: str | None) -> object:
    """List who holds what at a scope, above it and inside it."""
    return session.documents(session.client.roles.assignments(scope=scope, assignee=assignee, role=role_name))
