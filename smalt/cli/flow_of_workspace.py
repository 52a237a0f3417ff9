"""The verbs of `smalt flow` that speak to a workspace: flows as assets with versions."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from smalt.cli import console, values, verb
from smalt.cli.session import Session

Document = dict[str, Any]  # Any: JSON

_PLAIN = frozenset({"display_name", "description"})


def _message() -> Callable[[verb.F], verb.F]:
    return verb.option("--message", "-m", metavar="TEXT", help="What the change is about.")


def _version() -> Callable[[verb.F], verb.F]:
    return verb.option("--version", "-v", type=click.IntRange(1), metavar="N", help="Version; by default the latest.")


def _set() -> Callable[[verb.F], verb.F]:
    return values.words("--set", "set_", help="display_name=, description=, tags.KEY=.")


@click.command("create", cls=verb.Verb)
@verb.name(required=False)
@verb.option("--flow", "source", metavar="PATH", help="Folder or file of the flow; ignore files are honoured.")
@verb.option("--template", metavar="NAME", help="A template instead; see smalt flow templates.")
@_set()
@_message()
def create(
    session: Session,
    name: str | None,
    source: str | None,
    template: str | None,
    set_: tuple[str, ...],
    message: str | None,
) -> object:
    """Make a flow of the workspace, of a folder or of a template."""
    if (source is None) == (template is None):
        raise click.UsageError("Give --flow with a folder, or --template.")
    if source is not None and not Path(source).exists():
        raise click.UsageError(f"--flow: there is nothing at {source}.")
    chosen = name or template or _named_for(Path(str(source)))
    made = session.client.flows.create(_described(chosen, set_), source, template=template, message=message)
    return session.document(made)


@click.command("list", cls=verb.Verb)
@verb.option("--search", metavar="TEXT", help="Only those with this in their name or description.")
@verb.option("--tag", metavar="KEY[=VALUE]", help="Only those with this tag.")
@verb.max_results()
def show_list(session: Session, search: str | None, tag: str | None, max_results: int | None) -> object:
    """List the flows of the workspace."""
    return session.documents(session.client.flows.list(search=search, tag=tag, max_results=max_results))


@click.command(cls=verb.Verb)
@verb.name()
def show(session: Session, name: str) -> object:
    """Show a flow of the workspace, and what serves it."""
    return session.document(session.client.flows.get(name))


@click.command(cls=verb.Verb)
@verb.name(required=False)
@verb.option("--flow", "source", metavar="PATH", help="Folder to save as the next version; or the flow's name.")
@verb.option("--base", type=click.IntRange(1), metavar="N", help="Version that the folder was made of.")
@_set()
@_message()
def update(
    session: Session,
    name: str | None,
    source: str | None,
    base: int | None,
    set_: tuple[str, ...],
    message: str | None,
) -> object:
    """Save a folder as the next version of a flow, or say something else of it."""
    if name is None and source is None:
        raise click.UsageError("Give --name.")
    if name is None:  # As pfazure calls it.
        name, source = str(source), None
    if source is None and not set_:
        raise click.UsageError("Give --flow with a folder, or --set.")
    flows = session.client.flows
    if set_:
        flows.update(_described(name, set_, before=dict(flows.get(name).tags)))
    if source is not None:
        saved = flows.save(name, source, base=base, message=message)
        console.tell(f"{name} is at version {saved.version}.")
    return session.document(flows.get(name))


@click.command(cls=verb.Verb)
@verb.name()
@verb.yes()
def delete(session: Session, name: str, yes: bool) -> None:
    """Delete a flow of the workspace; jobs and deployments that were made of it stay."""
    console.confirm(f"Delete flow {name!r} and all its versions?", yes=yes)
    session.client.flows.delete(name)


@click.command(cls=verb.Verb)
@verb.name()
@verb.max_results()
def versions(session: Session, name: str, max_results: int | None) -> object:
    """List the versions of a flow, the newest first."""
    return session.documents(session.client.flows.versions(name, max_results=max_results))


@click.command(cls=verb.Verb)
@verb.name()
@_version()
@verb.option("--from", "base", type=click.IntRange(1), metavar="N", help="Compare with it; by default the one before.")
def diff(session: Session, name: str, version: int | None, base: int | None) -> object:
    """Show what differs between two versions of a flow."""
    found = session.client.flows.diff(name, version, base=base)
    if session.form != "json" or session.query:
        return found
    for each in found["files"]:
        told = each["unified"] or f"{each['change']}: {each['path']} (no text, or too long)\n"
        click.echo(told, nl=False)
    return None


@click.command(cls=verb.Verb)
@verb.name()
@verb.option("--source", "source", required=True, metavar="FLOW", help="Flow to copy.")
@_version()
@verb.option("--source-workspace", "workspace", metavar="ID", help="ARM id of its workspace; by default this one.")
@_set()
@_message()
def clone(
    session: Session,
    name: str,
    source: str,
    version: int | None,
    workspace: str | None,
    set_: tuple[str, ...],
    message: str | None,
) -> object:
    """Make a flow of a version of another one, also of another workspace."""
    made = session.client.flows.create(
        _described(name, set_), clone_of=source, version=version, workspace=workspace, message=message
    )
    return session.document(made)


@click.command(cls=verb.Verb)
@verb.name()
@_version()
@verb.option("--download-path", "-p", "target", metavar="FOLDER", help="Folder to write; by default the flow's name.")
@verb.flag("--overwrite", help="Write into a folder that is not empty; what else is there stays.")
def download(session: Session, name: str, version: int | None, target: str | None, overwrite: bool) -> None:
    """Write the files of a flow into a folder, byte for byte."""
    place = Path(target or name)
    found = session.client.flows.download(name, place, version=version, overwrite=overwrite)
    console.tell(f"Wrote version {found.version} of {name} to {place}.")


VERBS = (create, show_list, show, update, delete, versions, diff, clone, download)
"""What `smalt flow` has besides the verbs that need no server."""


def _named_for(source: Path) -> str:
    folder = source.resolve() if source.is_dir() else source.resolve().parent
    return re.sub(r"[^A-Za-z0-9._-]+", "-", folder.name).strip("-._") or "flow"


def _described(name: str, set_: tuple[str, ...], *, before: dict[str, str] | None = None) -> Any:  # Any: a Flow
    from smalt.entities.flow import Flow

    fields: Document = {"name": name}
    tags = before if before is not None else {}
    changed = before is not None
    for key, value in values.changes(set_).items():
        if key in _PLAIN:
            fields[key] = str(value)
        elif key.startswith("tags.") and len(key) > len("tags."):
            tags[key.removeprefix("tags.")] = str(value)
            changed = True
        else:
            raise click.UsageError(f"--set {key}: write display_name=, description= or tags.KEY=.")
    return Flow.parse({**fields, **({"tags": tags} if changed else {})})
