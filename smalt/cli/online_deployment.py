"""`smalt online-deployment`."""

from __future__ import annotations

from typing import Any

import click

from smalt.cli import console, verb
from smalt.cli.session import Session


@click.group("online-deployment", no_args_is_help=True)
def online_deployment() -> None:
    """Online deployments: what answers behind an online endpoint."""


@online_deployment.command(cls=verb.Verb)
@verb.file(required=True)
@verb.name(required=False)
@verb.endpoint_name(required=False)
@verb.flag("--all-traffic", help="Send all traffic to it once it is ready.")
@verb.overrides()
@verb.local()
@verb.flag("--local-enable-gpu", help="Accepted for az; what a machine has is there.")
@verb.flag("--vscode-debug", help="With --local: say where breakpoint() waits for a debugger.")
@verb.flag(
    "--package-model", "--with-package", help="Pack model, script and software first: see `smalt model package`."
)
@verb.skip_script_validation()
@verb.web()
@verb.no_wait()
def create(
    session: Session,
    file: str,
    name: str | None,
    endpoint_name: str | None,
    all_traffic: bool,
    set_: tuple[str, ...],
    local: bool,
    local_enable_gpu: bool,
    vscode_debug: bool,
    package_model: bool,
    skip_script_validation: bool,
    web: bool,
    no_wait: bool,
) -> object:
    """Create a deployment, or write one anew."""
    loaded = session.load("online_deployment", file, set_, name=name, endpoint_name=endpoint_name)
    if all_traffic and no_wait:
        raise click.UsageError("Traffic is sent once the deployment is ready: give --all-traffic or --no-wait.")
    if package_model and local:
        raise click.UsageError("A package is made on a server: give --package-model or --local.")
    shown = _written(session, loaded, local, vscode_debug, skip_script_validation, no_wait, package_model=package_model)
    if all_traffic and not local:
        endpoints = session.online_endpoints()
        endpoint = endpoints.get(str(loaded.endpoint_name))
        moved = endpoint.model_copy(update={"traffic": {str(loaded.name): 100}, "mirror_traffic": {}})
        endpoints.begin_create_or_update(moved).result()
    return shown


@online_deployment.command(cls=verb.Verb)
@verb.file()
@verb.name(required=False)
@verb.endpoint_name(required=False)
@verb.changes()
@verb.local()
@verb.flag("--local-enable-gpu", help="Accepted for az; what a machine has is there.")
@verb.flag("--vscode-debug", help="With --local: say where breakpoint() waits for a debugger.")
@verb.skip_script_validation()
@verb.web()
@verb.no_wait()
def update(
    session: Session,
    file: str | None,
    name: str | None,
    endpoint_name: str | None,
    local: bool,
    local_enable_gpu: bool,
    vscode_debug: bool,
    skip_script_validation: bool,
    web: bool,
    no_wait: bool,
    **changes: Any,  # Any: the options of update
) -> object:
    """Change a deployment; requests are answered all the while."""
    from smalt.cli.change import changed, overrides

    if file is not None:
        given = overrides(changes.pop("set_"), force_string=changes["force_string"])
        entity = session.load("online_deployment", file, given, name=name, endpoint_name=endpoint_name)
    elif name is not None and endpoint_name is not None:
        entity = session.online_deployments(local=local).get(name, endpoint_name, local=local)
    else:
        raise click.UsageError("Name it with --name and --endpoint-name, or give a --file.")
    entity = changed(entity, **changes)
    return _written(session, entity, local, vscode_debug, skip_script_validation, no_wait)


def _written(
    session: Session,
    deployment: Any,  # Any: an online deployment, which is not imported for it
    local: bool,
    vscode_debug: bool,
    skip_script_validation: bool,
    no_wait: bool,
    *,
    package_model: bool = False,
) -> object:
    poller = session.online_deployments(local=local).begin_create_or_update(
        deployment,
        local=local,
        vscode_debug=vscode_debug,
        skip_script_validation=skip_script_validation,
        package_model=package_model,
    )
    return session.finished(poller, no_wait=no_wait)


@online_deployment.command("list", cls=verb.Verb)
@verb.endpoint_name()
@verb.local()
def show_list(session: Session, endpoint_name: str, local: bool) -> object:
    """List the deployments of an endpoint."""
    return session.documents(session.online_deployments(local=local).list(endpoint_name, local=local))


@online_deployment.command(cls=verb.Verb)
@verb.name()
@verb.endpoint_name()
@verb.local()
@verb.web()
def show(session: Session, name: str, endpoint_name: str, local: bool, web: bool) -> object:
    """Show a deployment."""
    return session.document(session.online_deployments(local=local).get(name, endpoint_name, local=local))


@online_deployment.command(cls=verb.Verb)
@verb.name()
@verb.endpoint_name()
@verb.local()
@verb.no_wait()
@verb.yes()
def delete(session: Session, name: str, endpoint_name: str, local: bool, no_wait: bool, yes: bool) -> object:
    """Delete a deployment that gets no traffic."""
    console.confirm(f"Delete the deployment {name!r} of {endpoint_name!r}?", yes=yes)
    poller = session.online_deployments(local=local).begin_delete(name, endpoint_name, local=local)
    return session.finished(poller, no_wait=no_wait)


@online_deployment.command("get-logs", cls=verb.Verb)
@verb.name()
@verb.endpoint_name()
@verb.option("--lines", "-l", type=int, default=5000, show_default=True, metavar="N", help="The last so many.")
@verb.option("--container", "-c", metavar="TYPE", help="inference-server or storage-initializer.")
@verb.local()
def get_logs(session: Session, name: str, endpoint_name: str, lines: int, container: str | None, local: bool) -> object:
    """Print what a deployment has written."""
    text = session.online_deployments(local=local).get_logs(
        name, endpoint_name, lines, container_type=container, local=local
    )
    click.echo(text)
    return 0
