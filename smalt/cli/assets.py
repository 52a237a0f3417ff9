"""The verbs that data, models, environments and components share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from smalt.cli import verb
from smalt.cli.session import Session

Operations = Callable[[Session], Any]  # Any: the operations of one kind of asset


def add_verbs(noun: click.Group, operations: Operations) -> None:
    """Give a noun `list`, `show`, `update`, `archive` and `restore`."""
    for make in (_list, _show, _update, _archive, _restore):
        noun.add_command(make(operations))


def add_share(noun: click.Group, operations: Operations) -> None:
    """Give a noun `share`."""

    @noun.command("share", cls=verb.Verb)
    @verb.name()
    @verb.option("--version", "-v", required=True, metavar="VERSION", help="Version.")
    @verb.option("--share-with-name", metavar="NAME", help="Name in the registry. [default: the same]")
    @verb.option("--share-with-version", metavar="VERSION", help="Version in the registry. [default: the same]")
    @verb.option("--registry-name", "target", required=True, metavar="NAME", help="The registry.")
    def share(
        session: Session,
        name: str,
        version: str,
        share_with_name: str | None,
        share_with_version: str | None,
        target: str,
    ) -> object:
        """Copy a version to a registry."""
        shared = operations(session).share(
            name,
            version,
            share_with_name=share_with_name or name,
            share_with_version=share_with_version or version,
            registry_name=target,
        )
        return session.document(shared)


def _list(operations: Operations) -> click.Command:
    @click.command("list", cls=verb.Verb)
    @verb.name(required=False)
    @verb.archived()
    @verb.max_results()
    @verb.registry()
    def show_list(
        session: Session, name: str | None, include_archived: bool, archived_only: bool, max_results: int | None
    ) -> object:
        """List all, or with --name the versions of one."""
        view = verb.view(include_archived=include_archived, archived_only=archived_only)
        return session.documents(operations(session).list(name, list_view_type=view, max_results=max_results))

    return show_list


def _show(operations: Operations) -> click.Command:
    @click.command("show", cls=verb.Verb)
    @verb.name()
    @verb.version_or_label()
    @verb.registry()
    def show(session: Session, name: str, version: str | None, label: str | None) -> object:
        """Show one version."""
        return session.document(operations(session).get(name, version=version, label=_chosen(version, label)))

    return show


def _update(operations: Operations) -> click.Command:
    @click.command("update", cls=verb.Verb)
    @verb.name()
    @verb.version_or_label()
    @verb.changes()
    @verb.registry()
    def update(
        session: Session, name: str, version: str | None, label: str | None, **changes: Any
    ) -> object:  # Any: the options of update
        """Change what may change: description, tags, properties, stage."""
        from smalt.cli.change import changed

        found = operations(session).get(name, version=version, label=_chosen(version, label))
        return session.document(operations(session).create_or_update(changed(found, **changes)))

    return update


def _archive(operations: Operations) -> click.Command:
    @click.command("archive", cls=verb.Verb)
    @verb.name()
    @verb.version_or_label()
    @verb.registry()
    def archive(session: Session, name: str, version: str | None, label: str | None) -> None:
        """Hide a version, or the whole asset when no version is named."""
        operations(session).archive(name, version=version, label=label)

    return archive


def _restore(operations: Operations) -> click.Command:
    @click.command("restore", cls=verb.Verb)
    @verb.name()
    @verb.version_or_label()
    @verb.registry()
    def restore(session: Session, name: str, version: str | None, label: str | None) -> None:
        """Show again what was archived."""
        operations(session).restore(name, version=version, label=label)

    return restore


def _chosen(version: str | None, label: str | None) -> str | None:
    """The label to look for; a version or a label must be named, so that nobody changes another one by chance."""
    if version is not None and label is not None:
        raise click.UsageError("Give --version or --label, not both.")
    if version is None and label is None:
        raise click.UsageError("Name a version: --version VERSION, or --label latest.")
    return label
