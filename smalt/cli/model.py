"""`smalt model`."""

from __future__ import annotations

from typing import Any

import click

from smalt.cli import verb
from smalt.cli.assets import add_share, add_verbs
from smalt.cli.session import Session, pairs


@click.group(no_args_is_help=True)
def model() -> None:
    """Models and their versions."""


def _operations(session: Session) -> Any:  # Any: the operations of models
    return session.client.models


@model.command(cls=verb.Verb)
@verb.file()
@verb.name(required=False)
@verb.option("--version", "-v", metavar="VERSION", help="Version. [default: the next]")
@verb.option("--path", "-p", metavar="PATH", help="Local path or URI, such as that of a job's output.")
@verb.option("--type", "-t", "type_", metavar="TYPE", help="custom_model, mlflow_model or triton_model.")
@verb.option("--description", metavar="TEXT", help="Description.")
@verb.option("--stage", "-s", metavar="STAGE", help="Stage, e.g. Production.")
@verb.option("--datastore", metavar="NAME", help="Where a local path is uploaded to.")
@verb.tags()
@verb.overrides()
@verb.no_wait()
@verb.registry()
def create(
    session: Session, file: str | None, set_: tuple[str, ...], tags: tuple[str, ...], no_wait: bool, **fields: Any
) -> object:  # Any: fields of a model
    """Create a version of a model."""
    fields["type"] = fields.pop("type_")
    loaded = session.load("model", file, set_, tags=pairs(tags) or None, **fields)
    return session.document(session.client.models.create_or_update(loaded))


@model.command(cls=verb.Verb)
@verb.name()
@verb.option("--version", "-v", required=True, metavar="VERSION", help="Version.")
@verb.option("--download-path", "-p", default=".", show_default=True, metavar="FOLDER", help="Where to.")
@verb.registry()
def download(session: Session, name: str, version: str, download_path: str) -> None:
    """Fetch the files of a model into a folder of its name."""
    session.client.models.download(name, version, download_path)


@model.command(cls=verb.Verb)
@verb.name()
@verb.option("--version", "-v", required=True, metavar="VERSION", help="Version.")
@verb.file(required=True)
@verb.option("--context", metavar="FOLDER", help="Also write what docker or podman builds an image of it from.")
@verb.registry()
def package(session: Session, name: str, version: str, file: str, context: str | None) -> object:
    """Pack a model with its script and its software into an environment: all that a deployment then names."""
    asked = session.load("model_package", file, ())
    made = session.client.models.package(name, version, asked)
    if context is not None:
        session.client.models.write_context(made, context)
    return session.document(made)


add_verbs(model, _operations)
add_share(model, _operations)


def _with_stage(command: click.Command) -> None:
    """`list` and `update` of models know stages besides."""
    callback = command.callback
    assert callback is not None

    def staged(session: Session, *, stage: str | None, **options: Any) -> object:  # Any: the other options
        if command.name == "update":
            options["set_"] = (*options["set_"], *([f"stage={stage}"] if stage else []))
            return callback(session, **options)
        found = callback(session, **options)
        return [each for each in found if stage is None or each.get("stage") == stage]

    command.callback = staged
    command.params.append(click.Option(["--stage", "-s"], metavar="STAGE", help="Stage."))


for _name in ("list", "update"):
    _with_stage(model.commands[_name])
