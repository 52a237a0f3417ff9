"""`az storage blob upload-batch`: files into a container of a datastore, with the options and the output of `az`."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import click

from smalt.sdk import connect
from smalt.sdk.room import Room
from smalt.sdk.snapshot import LocalFile, take
from smalt.sdk.transport import Transport
from smalt.sdk.upload import upload_as

Document = dict[str, Any]  # Any: JSON


def upload_batch(options: Document, *, group: str | None, workspace: str | None) -> list[Document]:
    """Upload what a folder holds; the account, and how it would be opened, say nothing here.

    Args:
        options: As given, by name.
        group: The default one.
        workspace: The default one.
    """
    source, destination = _needed(options, "source"), _needed(options, "destination")
    container, _, folder = destination.strip("/").partition("/")
    place = connect.find(group=group, workspace=workspace)
    transport = Transport(place.url, place.token)
    try:
        under = "/".join(part for part in (folder, str(options.get("destination-path") or "").strip("/")) if part)
        keys = {file: f"{under}/{file.key}" if under else file.key for file in _chosen(source, options.get("pattern"))}
        upload_as(Room(transport, place).container_of_name(container), keys)
    finally:
        transport.close()
    return [{"Blob": f"{container}/{key}", "Type": None} for key in keys.values()]


def _chosen(source: str, pattern: object) -> list[LocalFile]:
    files = take(Path(source)).files
    return [file for file in files if not isinstance(pattern, str) or fnmatch(file.key, pattern)]


def _needed(options: Document, name: str) -> str:
    value = options.get(name)
    if not isinstance(value, str):
        raise click.UsageError(f"Name the {name} with --{name}.")
    return value
