"""`smalt workspace`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from smalt.cli import console, verb
from smalt.cli.session import Session, pairs

_RESOURCES = (
    ("--storage-account", "-s"),
    ("--key-vault", "-k"),
    ("--application-insights", "-a"),
    ("--container-registry", "-c"),
    ("--image-build-compute", "-i"),
    ("--primary-user-assigned-identity", "-p"),
    ("--system-datastores-auth-mode", "-d"),
    ("--public-network-access",),
)


@click.group(no_args_is_help=True)
def workspace() -> None:
    """Workspaces."""


def _fields(*skipped: str) -> Callable[[verb.F], verb.F]:
    def add(function: verb.F) -> verb.F:
        for names in reversed(_RESOURCES):
            if names[0] not in skipped:
                function = verb.option(*names, metavar="VALUE", help="Kept with the workspace.")(function)
        function = verb.option(
            "--pickled-models", metavar="POLICY", help="Which are served: allow, refuse_flagged or refuse."
        )(function)
        function = verb.option("--display-name", metavar="TEXT", help="Name that people see.")(function)
        return verb.option("--description", metavar="TEXT", help="Description.")(function)

    return add


@workspace.command(cls=verb.Verb)
@verb.file()
@verb.name(required=False)
@verb.option("--location", "-l", metavar="PLACE", help="Region.")
@verb.option("--kind", metavar="KIND", help="default, hub or project.")
@verb.option("--hub-id", metavar="ID", help="Hub of a project.")
@verb.flag("--enable-data-isolation", "-e", help="Kept with the workspace.")
@_fields()
@verb.tags()
@verb.overrides()
@verb.no_wait()
def create(
    session: Session,
    file: str | None,
    set_: tuple[str, ...],
    tags: tuple[str, ...],
    hub_id: str | None,
    enable_data_isolation: bool,
    no_wait: bool,
    **fields: Any,
) -> object:  # Any: fields of a workspace
    """Create a workspace."""
    fields |= {"workspace_hub": hub_id, "enable_data_isolation": enable_data_isolation or None}
    loaded = session.load("workspace", file, set_, tags=pairs(tags) or None, **fields)
    return session.finished(session.client.workspaces.begin_create(loaded), no_wait=no_wait)


@workspace.command("list", cls=verb.Verb)
@verb.option("--filtered-kinds", metavar="KINDS", help="Only these kinds, comma-separated.")
@verb.max_results()
def show_list(session: Session, filtered_kinds: str | None, max_results: int | None) -> object:
    """List workspaces."""
    return session.documents(session.client.workspaces.list(filtered_kinds=filtered_kinds, max_results=max_results))


@workspace.command(cls=verb.Verb)
@verb.name(required=False)
def show(session: Session, name: str | None) -> object:
    """Show a workspace; by default the one commands work in."""
    return session.document(session.client.workspaces.get(name))


@workspace.command(cls=verb.Verb)
@verb.file()
@verb.name(required=False)
@_fields("--storage-account", "--key-vault")
@verb.changes()
@verb.no_wait()
def update(
    session: Session,
    file: str | None,
    name: str | None,
    set_: tuple[str, ...],
    add: tuple[str, ...],
    remove: tuple[str, ...],
    force_string: bool,
    no_wait: bool,
    **fields: Any,
) -> object:  # Any: fields of a workspace
    """Change a workspace."""
    from smalt.cli.change import changed

    entity = session.load("workspace", file, (), name=name) if file else session.client.workspaces.get(name)
    given = [f"{key}={value}" for key, value in fields.items() if value is not None]
    entity = changed(entity, set_=(*given, *set_), add=add, remove=remove, force_string=force_string)
    return session.finished(session.client.workspaces.begin_update(entity), no_wait=no_wait)


@workspace.command(cls=verb.Verb)
@verb.name()
@verb.flag("--all-resources", help="Accepted; what a workspace stands on goes with it.")
@verb.flag("--permanently-delete", "-p", help="Without a way back; also one that was deleted before.")
@verb.yes()
@verb.no_wait()
def delete(
    session: Session, name: str, all_resources: bool, permanently_delete: bool, yes: bool, no_wait: bool
) -> object:
    """Delete a workspace."""
    console.confirm(f"Delete workspace {name!r} with its jobs and assets?", yes=yes)
    poller = session.client.workspaces.begin_delete(name, permanently_delete=permanently_delete)
    return session.finished(poller, no_wait=no_wait)


@workspace.command(cls=verb.Verb)
@verb.name()
@verb.no_wait()
def diagnose(session: Session, name: str, no_wait: bool) -> object:
    """Check what a workspace stands on."""
    return session.finished(session.client.workspaces.begin_diagnose(name), no_wait=no_wait)


@workspace.command("list-keys", cls=verb.Verb)
@verb.name()
def list_keys(session: Session, name: str) -> object:
    """Show the keys of what a workspace stands on."""
    return session.client.workspaces.get_keys(name)


@workspace.command("sync-keys", cls=verb.Verb)
@verb.name()
@verb.no_wait()
def sync_keys(session: Session, name: str, no_wait: bool) -> object:
    """Read those keys again."""
    return session.finished(session.client.workspaces.begin_sync_keys(name), no_wait=no_wait)
