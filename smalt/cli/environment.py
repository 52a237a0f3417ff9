"""`smalt environment`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from smalt.cli import verb
from smalt.cli.assets import add_share, add_verbs
from smalt.cli.session import Session, pairs


@click.group(no_args_is_help=True)
def environment() -> None:
    """Environments that jobs run in."""


def _operations(session: Session) -> Any:  # Any: the operations of environments
    return session.client.environments


@environment.command(cls=verb.Verb)
@verb.file()
@verb.name(required=False)
@verb.option("--version", "-v", metavar="VERSION", help="Version. [default: the next]")
@verb.option("--image", "-i", metavar="IMAGE", help="Base image.")
@verb.option("--conda-file", "-c", metavar="FILE", help="Conda file.")
@verb.option("--build-context", "-b", metavar="FOLDER", help="Folder with a Dockerfile.")
@verb.option("--dockerfile-path", "-d", metavar="PATH", help="Path of the Dockerfile in that folder.")
@verb.option("--description", metavar="TEXT", help="Description.")
@verb.option("--os-type", metavar="OS", help="linux or windows.")
@verb.option("--datastore", metavar="NAME", help="Where a build context is uploaded to.")
@verb.tags()
@verb.overrides()
@verb.no_wait()
@verb.registry()
def create(
    session: Session,
    file: str | None,
    set_: tuple[str, ...],
    tags: tuple[str, ...],
    build_context: str | None,
    dockerfile_path: str | None,
    conda_file: str | None,
    no_wait: bool,
    **fields: Any,
) -> object:  # Any: fields of an environment
    """Create a version of an environment."""
    # Paths of options are relative to where the command is run, those of the file to the file.
    if build_context is not None:
        fields["build"] = {
            "path": str(Path(build_context).absolute()),
            "dockerfile_path": dockerfile_path or "Dockerfile",
        }
    if conda_file is not None:
        fields["conda_file"] = str(Path(conda_file).absolute())
    loaded = session.load("environment", file, set_, tags=pairs(tags) or None, **fields)
    return session.document(session.client.environments.create_or_update(loaded))


add_verbs(environment, _operations)
add_share(environment, _operations)
