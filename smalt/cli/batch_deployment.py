"""`smalt batch-deployment`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from smalt.cli import console, verb
from smalt.cli.session import Session


@click.group("batch-deployment", no_args_is_help=True)
def batch_deployment() -> None:
    """Batch deployments: the model or the pipeline behind a batch endpoint."""


@batch_deployment.command(cls=verb.Verb)
@verb.file(required=True)
@verb.name(required=False)
@verb.endpoint_name(required=False)
@verb.flag("--set-default", help="Make it the default of its endpoint.")
@verb.overrides()
@verb.flag("--package-model", help="Pack model, script and software first: see `smalt model package`.")
@verb.skip_script_validation()
@verb.no_wait()
def create(
    session: Session,
    file: str,
    name: str | None,
    endpoint_name: str | None,
    set_default: bool,
    set_: tuple[str, ...],
    package_model: bool,
    skip_script_validation: bool,
    no_wait: bool,
) -> object:
    """Create a deployment, or write one anew."""
    loaded = session.load("batch_deployment", file, set_, name=name, endpoint_name=endpoint_name)
    poller = session.client.batch_deployments.begin_create_or_update(
        loaded, skip_script_validation=skip_script_validation, package_model=package_model
    )
    shown = session.finished(poller, no_wait=no_wait)
    if set_default:
        from smalt.entities.endpoint.batch import BatchDefaults

        endpoint = session.client.batch_endpoints.get(str(loaded.endpoint_name))
        changed = endpoint.model_copy(update={"defaults": BatchDefaults(deployment_name=str(loaded.name))})
        session.client.batch_endpoints.begin_create_or_update(changed).result()
    return shown


@batch_deployment.command(cls=verb.Verb)
@verb.file()
@verb.name(required=False)
@verb.endpoint_name(required=False)
@verb.changes()
@verb.no_wait()
def update(
    session: Session, file: str | None, name: str | None, endpoint_name: str | None, no_wait: bool, **changes: Any
) -> object:  # Any: the options of update
    """Change a deployment."""
    from smalt.cli.change import changed, overrides

    if file is not None:
        given = overrides(changes.pop("set_"), force_string=changes["force_string"])
        entity = session.load("batch_deployment", file, given, name=name, endpoint_name=endpoint_name)
    elif name is not None and endpoint_name is not None:
        entity = session.client.batch_deployments.get(name, endpoint_name)
    else:
        raise click.UsageError("Name it with --name and --endpoint-name, or give a --file.")
    entity = changed(entity, **changes)
    return session.finished(session.client.batch_deployments.begin_create_or_update(entity), no_wait=no_wait)


@batch_deployment.command("list", cls=verb.Verb)
@verb.endpoint_name()
def show_list(session: Session, endpoint_name: str) -> object:
    """List the deployments of an endpoint."""
    return session.documents(session.client.batch_deployments.list(endpoint_name))


@batch_deployment.command(cls=verb.Verb)
@verb.name()
@verb.endpoint_name()
def show(session: Session, name: str, endpoint_name: str) -> object:
    """Show a deployment."""
    return session.document(session.client.batch_deployments.get(name, endpoint_name))


@batch_deployment.command(cls=verb.Verb)
@verb.name()
@verb.endpoint_name()
@verb.no_wait()
@verb.yes()
def delete(session: Session, name: str, endpoint_name: str, no_wait: bool, yes: bool) -> object:
    """Delete a deployment; its jobs stay."""
    console.confirm(f"Delete the deployment {name!r} of {endpoint_name!r}?", yes=yes)
    return session.finished(session.client.batch_deployments.begin_delete(name, endpoint_name), no_wait=no_wait)


@batch_deployment.command("list-jobs", cls=verb.Verb)
@verb.name()
@verb.endpoint_name()
def list_jobs(session: Session, name: str, endpoint_name: str) -> object:
    """List the jobs that calls of a deployment have begun, the newest first."""
    return [asdict(job) for job in session.client.batch_deployments.list_jobs(endpoint_name, name=name)]
