"""`smalt batch-endpoint`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import click

from smalt.cli import console, verb
from smalt.cli.session import Session


@click.group("batch-endpoint", no_args_is_help=True)
def batch_endpoint() -> None:
    """Batch endpoints: addresses whose calls begin jobs."""


@batch_endpoint.command(cls=verb.Verb)
@verb.file()
@verb.name(required=False)
@verb.overrides()
@verb.no_wait()
def create(session: Session, file: str | None, name: str | None, set_: tuple[str, ...], no_wait: bool) -> object:
    """Create an endpoint."""
    loaded = session.load("batch_endpoint", file, set_, name=name)
    return session.finished(session.client.batch_endpoints.begin_create_or_update(loaded), no_wait=no_wait)


@batch_endpoint.command(cls=verb.Verb)
@verb.file()
@verb.name(required=False)
@verb.option("--defaults", cls=verb.Words, multiple=True, metavar="KEY=VALUE", help="deployment_name=NAME.")
@verb.changes()
@verb.no_wait()
def update(
    session: Session,
    file: str | None,
    name: str | None,
    defaults: tuple[str, ...],
    no_wait: bool,
    **changes: Any,  # Any: the options of update
) -> object:
    """Change an endpoint, such as its default deployment."""
    from smalt.cli.change import changed

    if file is not None:
        entity = session.load("batch_endpoint", file, (), name=name)
    elif name is not None:
        entity = session.client.batch_endpoints.get(name)
    else:
        raise click.UsageError("Name the endpoint with --name, or give a --file.")
    entity = changed(entity, **changes)
    if defaults:
        entity = changed(entity, set_=[f"defaults.{text}" for text in defaults])
    return session.finished(session.client.batch_endpoints.begin_create_or_update(entity), no_wait=no_wait)


@batch_endpoint.command("list", cls=verb.Verb)
def show_list(session: Session) -> object:
    """List endpoints."""
    return session.documents(session.client.batch_endpoints.list())


@batch_endpoint.command(cls=verb.Verb)
@verb.name()
def show(session: Session, name: str) -> object:
    """Show an endpoint."""
    return session.document(session.client.batch_endpoints.get(name))


@batch_endpoint.command(cls=verb.Verb)
@verb.name()
@verb.no_wait()
@verb.yes()
def delete(session: Session, name: str, no_wait: bool, yes: bool) -> object:
    """Delete an endpoint and its deployments; its jobs stay."""
    console.confirm(f"Delete the endpoint {name!r} and all its deployments?", yes=yes)
    return session.finished(session.client.batch_endpoints.begin_delete(name), no_wait=no_wait)


@batch_endpoint.command(cls=verb.Verb)
@verb.name()
@verb.option("--file", "-f", metavar="FILE", help="YAML file with inputs, outputs and settings of this call.")
@verb.option("--deployment-name", "-d", metavar="NAME", help="In place of the default one.")
@verb.option("--input", "input_", metavar="PATH", help="Data that is scored: a path here, or a reference.")
@verb.option("--input-type", metavar="TYPE", help="uri_folder or uri_file. [default: uri_folder]")
@verb.option("--inputs", metavar="JSON", help="Inputs by name.")
@verb.option("--outputs", metavar="JSON", help="Outputs by name.")
@verb.option("--output-path", metavar="URI", help="Folder of the results, below a datastore.")
@verb.option("--job-name", metavar="NAME", help="Of the job.")
@verb.option("--experiment-name", metavar="NAME", help="Of its run.")
@verb.option("--mini-batch-size", "-m", type=int, metavar="N", help="Files at once.")
@verb.option("--instance-count", "-c", type=int, metavar="N", help="Instances.")
@verb.overrides()
def invoke(
    session: Session,
    name: str,
    file: str | None,
    deployment_name: str | None,
    input_: str | None,
    input_type: str | None,
    inputs: str | None,
    outputs: str | None,
    output_path: str | None,
    job_name: str | None,
    experiment_name: str | None,
    mini_batch_size: int | None,
    instance_count: int | None,
    set_: tuple[str, ...],
) -> object:
    """Begin a job; `smalt job stream` follows it."""
    document: dict[str, Any] = _document(file, set_)
    given = {**(document.pop("inputs", None) or {}), **_json(inputs, "--inputs")}
    results = {**(document.pop("outputs", None) or {}), **_json(outputs, "--outputs")}
    if output_path is not None:
        results = {"score": {"type": "uri_folder", "path": output_path}}
    settings: list[dict[str, Any]] = [{key: value} for key, value in document.items() if not key.startswith("$")]
    if mini_batch_size is not None:
        settings.append({"mini_batch_size": mini_batch_size})
    if instance_count is not None:
        settings.append({"compute": {"instance_count": instance_count}})
    job = session.client.batch_endpoints.invoke(
        name,
        deployment_name=deployment_name,
        inputs={key: _input(value) for key, value in given.items()},
        outputs=results,
        input=None if input_ is None else {"type": input_type or "uri_folder", "path": input_},
        job_name=job_name,
        experiment_name=experiment_name,
        params_override=settings,
    )
    return asdict(job)


def _input(value: Any) -> Any:  # Any: a value of YAML or JSON
    from smalt.entities.job.inputs import DataInput

    if isinstance(value, dict) and "path" not in value and ("value" in value or "default" in value):
        return value.get("value", value.get("default"))
    return DataInput.parse(value) if isinstance(value, dict) else value


def _document(file: str | None, overrides: tuple[str, ...]) -> dict[str, Any]:  # Any: a YAML document
    from pathlib import Path

    from smalt.sdk.anchor import path_in
    from smalt.wire.overrides import apply_overrides
    from smalt.wire.yaml import load_document

    found = load_document(Path(file)).value if file is not None else {}
    if not isinstance(found, dict):
        raise click.UsageError(f"{file} holds no 'key: value' lines.")
    apply_overrides(found, overrides)
    folder = Path(file).absolute().parent if file is not None else Path.cwd()
    for value in (found.get("inputs") or {}).values():
        if isinstance(value, dict) and "path" in value:
            value["path"] = path_in(folder, value["path"])
    return found


def _json(text: str | None, option: str) -> dict[str, Any]:  # Any: JSON
    if text is None:
        return {}
    try:
        found = json.loads(text)
    except ValueError as error:
        raise click.UsageError(f"{option} is no JSON: {error}.") from None
    if not isinstance(found, dict):
        raise click.UsageError(f"{option} is no JSON object.")
    return found


@batch_endpoint.command("list-jobs", cls=verb.Verb)
@verb.name()
def list_jobs(session: Session, name: str) -> object:
    """List the jobs that calls have begun, the newest first."""
    return [asdict(job) for job in session.client.batch_endpoints.list_jobs(name)]
