"""`smalt data`."""

from __future__ import annotations

from typing import Any

import click

from smalt.cli import verb
from smalt.cli.assets import add_share, add_verbs
from smalt.cli.session import Session


@click.group(no_args_is_help=True)
def data() -> None:
    """Data assets: versioned files, folders and tables."""


def _operations(session: Session) -> Any:  # Any: the operations of data
    return session.client.data


@data.command(cls=verb.Verb)
@verb.file()
@verb.name(required=False)
@verb.option("--version", "-v", metavar="VERSION", help="Version. [default: the next]")
@verb.option("--path", "-p", metavar="PATH", help="Local path or URI.")
@verb.option("--type", "-t", "type_", metavar="TYPE", help="uri_file, uri_folder or mltable.")
@verb.option("--description", "-d", metavar="TEXT", help="Description.")
@verb.option("--datastore", metavar="NAME", help="Where a local path is uploaded to.")
@verb.overrides()
@verb.flag("--skip-validation", help="Accepted; the server checks what it must.")
@verb.no_wait()
@verb.registry()
def create(
    session: Session, file: str | None, set_: tuple[str, ...], skip_validation: bool, no_wait: bool, **fields: Any
) -> object:  # Any: fields of data
    """Create a version of a data asset."""
    fields["type"] = fields.pop("type_")
    loaded = session.load("data", file, set_, **fields)
    return session.document(session.client.data.create_or_update(loaded))


add_verbs(data, _operations)
add_share(data, _operations)
