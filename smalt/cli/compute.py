"""`smalt compute`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from smalt.cli import console, verb
from smalt.cli.session import Session, pairs

_IDENTITIES = {"systemassigned": "system_assigned", "userassigned": "user_assigned"}


@click.group(no_args_is_help=True)
def compute() -> None:
    """Computes: where jobs run."""


def _identity_options(function: verb.F) -> verb.F:
    function = verb.option(
        "--user-assigned-identities", "-i", metavar="IDS", help="Ids of identities, comma-separated."
    )(function)
    return verb.option("--identity-type", metavar="TYPE", help="SystemAssigned, UserAssigned or None.")(function)


def _ssh_options(function: verb.F) -> verb.F:
    function = verb.option("--admin-password", metavar="TEXT", help="Password of the administrator.")(function)
    return verb.option("--admin-username", metavar="NAME", help="Administrator of the nodes.")(function)


def _scale_options(function: verb.F) -> verb.F:
    function = verb.option(
        "--idle-time-before-scale-down", "-d", type=float, metavar="SECONDS", help="Idle time of a node."
    )(function)
    function = verb.option("--max-instances", type=click.IntRange(0), help="Most nodes.")(function)
    return verb.option("--min-instances", type=click.IntRange(0), help="Fewest nodes.")(function)


def _ray_options(function: verb.F) -> verb.F:
    function = verb.flag("--shared-environments", help="Nodes see the server's home folder under the same path.")(
        function
    )
    function = verb.option("--node-folder", metavar="DIR", help="Where nodes of a Ray cluster keep environments.")(
        function
    )
    function = verb.option("--max-concurrent-jobs", type=click.IntRange(1), help="Jobs at once on a Ray cluster.")(
        function
    )
    function = verb.option("--token-file", metavar="FILE", help="File with the token of a Ray cluster.")(function)
    return verb.option("--address", metavar="URL", help="Dashboard of a Ray cluster: http://HOST:8265.")(function)


@compute.command(cls=verb.Verb)
@verb.file()
@verb.name(required=False)
@verb.option("--type", "-t", "type_", metavar="TYPE", help="AmlCompute, ComputeInstance, local ...")
@verb.option("--size", metavar="SIZE", help="Size of the machines.")
@verb.option("--tier", metavar="TIER", help="dedicated or low_priority.")
@verb.option("--location", "-l", metavar="PLACE", help="Region.")
@verb.option("--description", metavar="TEXT", help="Description.")
@_scale_options
@_ssh_options
@_identity_options
@verb.option("--ssh-public-access-enabled", "-p", type=bool, metavar="BOOL", help="Whether SSH is open.")
@verb.option("--ssh-key-value", metavar="KEY", help="Public key of the administrator.")
@verb.option("--enable-node-public-ip", type=bool, metavar="BOOL", help="Whether nodes have public addresses.")
@verb.option("--vnet-name", metavar="NAME", help="Virtual network.")
@verb.option("--subnet", metavar="NAME", help="Subnet.")
@verb.option("--user-object-id", metavar="ID", help="Whom a machine is for.")
@verb.option("--user-tenant-id", metavar="ID", help="Directory of whom a machine is for.")
@verb.tags()
@verb.overrides()
@verb.no_wait()
def create(
    session: Session,
    file: str | None,
    set_: tuple[str, ...],
    type_: str | None,
    tags: tuple[str, ...],
    no_wait: bool,
    **options: Any,
) -> object:  # Any: fields of a compute
    """Create a compute."""
    if file is None and type_ is None:
        raise click.UsageError("Say what to create: --file FILE, or --type AmlCompute with --name.")
    loaded = session.load("compute", file, set_, type=type_, tags=pairs(tags) or None, **_fields(options))
    return session.finished(session.client.compute.begin_create_or_update(loaded), no_wait=no_wait)


@compute.command(cls=verb.Verb)
@verb.file()
@verb.name(required=False)
@verb.option("--type", "-t", "type_", metavar="TYPE", help="Ray, Kubernetes, VirtualMachine or SynapseSpark.")
@verb.option("--resource-id", metavar="ID", help="What to attach.")
@verb.option("--namespace", metavar="NAME", help="Namespace of a Kubernetes cluster.")
@_ssh_options
@_identity_options
@verb.option("--ssh-port", type=int, metavar="PORT", help="Port of SSH.")
@verb.option("--ssh-private-key-file", metavar="FILE", help="Key of the administrator.")
@_ray_options
@verb.no_wait()
def attach(
    session: Session, file: str | None, type_: str | None, no_wait: bool, token_file: str | None, **options: Any
) -> object:  # Any: fields of a compute
    """Attach a compute that exists elsewhere."""
    options["token"] = _token(token_file)
    options["shared_environments"] = options["shared_environments"] or None
    loaded = session.load("compute", file, (), type=type_, **_fields(options))
    return session.finished(session.client.compute.begin_attach(loaded), no_wait=no_wait)


@compute.command(cls=verb.Verb)
@verb.name()
@_scale_options
@_identity_options
@verb.tags()
@verb.changes()
@verb.no_wait()
def update(
    session: Session,
    name: str,
    tags: tuple[str, ...],
    no_wait: bool,
    set_: tuple[str, ...],
    add: tuple[str, ...],
    remove: tuple[str, ...],
    force_string: bool,
    **options: Any,
) -> object:  # Any: fields of a compute
    """Change a compute."""
    from smalt.cli.change import changed

    found = session.client.compute.get(name)
    fields = {**_fields(options), "tags": {**found.tags, **pairs(tags)}}
    entity = type(found).parse(found.document(secrets=True) | {key: value for key, value in fields.items() if value})
    entity = changed(entity, set_=set_, add=add, remove=remove, force_string=force_string)
    return session.finished(session.client.compute.begin_update(entity), no_wait=no_wait)


@compute.command("list", cls=verb.Verb)
@verb.option("--type", "type_", metavar="TYPE", help="Only this type.")
@verb.max_results()
def show_list(session: Session, type_: str | None, max_results: int | None) -> object:
    """List computes."""
    return session.documents(session.client.compute.list(compute_type=type_, max_results=max_results))


@compute.command(cls=verb.Verb)
@verb.name()
def show(session: Session, name: str) -> object:
    """Show a compute."""
    return session.document(session.client.compute.get(name))


@compute.command(cls=verb.Verb)
@verb.name()
@verb.yes()
@verb.no_wait()
def delete(session: Session, name: str, yes: bool, no_wait: bool) -> object:
    """Delete a compute."""
    console.confirm(f"Delete compute {name!r}?", yes=yes)
    return session.finished(session.client.compute.begin_delete(name), no_wait=no_wait)


@compute.command(cls=verb.Verb)
@verb.name()
@verb.yes()
@verb.no_wait()
def detach(session: Session, name: str, yes: bool, no_wait: bool) -> object:
    """Detach a compute; it goes on existing elsewhere."""
    console.confirm(f"Detach compute {name!r}?", yes=yes)
    return session.finished(session.client.compute.begin_delete(name, action="Detach"), no_wait=no_wait)


@compute.command(cls=verb.Verb)
@verb.name()
@verb.no_wait()
def start(session: Session, name: str, no_wait: bool) -> object:
    """Start a compute."""
    return session.finished(session.client.compute.begin_start(name), no_wait=no_wait)


@compute.command(cls=verb.Verb)
@verb.name()
@verb.no_wait()
def stop(session: Session, name: str, no_wait: bool) -> object:
    """Stop a compute."""
    return session.finished(session.client.compute.begin_stop(name), no_wait=no_wait)


@compute.command(cls=verb.Verb)
@verb.name()
@verb.no_wait()
def restart(session: Session, name: str, no_wait: bool) -> object:
    """Restart a compute."""
    return session.finished(session.client.compute.begin_restart(name), no_wait=no_wait)


@compute.command("list-nodes", cls=verb.Verb)
@verb.name()
def list_nodes(session: Session, name: str) -> object:
    """List the nodes of a cluster."""
    return session.client.compute.list_nodes(name)


@compute.command("list-sizes", cls=verb.Verb)
@verb.option("--location", "-l", metavar="PLACE", help="Region.")
@verb.option("--type", "-t", "type_", metavar="TYPE", help="Accepted; sizes are the same for all types.")
def list_sizes(session: Session, location: str | None, type_: str | None) -> object:
    """List sizes of machines."""
    return session.client.compute.list_sizes(location)


@compute.command("list-usage", cls=verb.Verb)
@verb.option("--location", "-l", metavar="PLACE", help="Region.")
def list_usage(session: Session, location: str | None) -> object:
    """List what is used of each quota."""
    return session.client.compute.list_usage(location)


@compute.command("enable-sso", cls=verb.Verb)
@verb.name()
@verb.flag("--disable", help="Stop it instead.")
def enable_sso(session: Session, name: str, disable: bool) -> None:
    """Let people in with the identity they are signed in with."""
    session.client.compute.enable_sso(name, enable_sso=not disable)


def _token(path: str | None) -> str | None:
    """The token in a file; it never stands on a command line, where everyone on the machine could read it."""
    if path is None:
        return None
    try:
        return Path(path).expanduser().read_text(encoding="utf-8").strip()
    except OSError as error:
        raise click.UsageError(f"--token-file {path}: {error.strerror}.") from None


def _fields(options: dict[str, Any]) -> dict[str, Any]:  # Any: fields of a compute
    """The options of the command line in the shape of the file."""
    fields = dict(options)
    groups = {
        "ssh_settings": ("admin_username", "admin_password", "ssh_key_value", "ssh_port", "ssh_private_key_file"),
        "network_settings": ("vnet_name", "subnet"),
    }
    for group, names in groups.items():
        given = {name: value for name in names if (value := fields.pop(name, None)) is not None}
        fields[group] = given or None
    person = {
        "user_object_id": fields.pop("user_object_id", None),
        "user_tenant_id": fields.pop("user_tenant_id", None),
    }
    if any(person.values()):
        fields["create_on_behalf_of"] = person
    kind, identities = fields.pop("identity_type", None), fields.pop("user_assigned_identities", None)
    if kind:
        listed = [{"resource_id": each} for each in identities.split(",")] if identities else None
        spelled = _IDENTITIES.get(kind.lower().replace("_", ""), kind.lower())
        fields["identity"] = {"type": spelled, "user_assigned_identities": listed}
    return fields
