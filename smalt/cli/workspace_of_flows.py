"""What flows on this machine take from a workspace: connections, where the settings say so, data assets and flows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smalt.cli import console
from smalt.errors import InvalidRequest

if TYPE_CHECKING:
    from smalt.flows.connections import ConnectionProvider


def connections() -> ConnectionProvider | None:
    """The connections of the workspace, if `connection.provider` is `azureml`; None for those of this machine."""
    from smalt.flows import configuration

    asked = str(configuration.read().get("connection.provider") or "local")
    if asked == "local":
        return None
    if not asked.startswith("azureml"):
        raise InvalidRequest(
            f"connection.provider is {asked!r}. Set it to local or azureml: pf config set connection.provider=local."
        )
    from smalt.flows.connections import WorkspaceConnections

    client = _client()
    return WorkspaceConnections(lambda name: client.connections.get(name, populate_secrets=True))


def send_traces(to: str | None) -> None:
    """Send the traces of this process where the command line says, else where the setting `trace.destination` says.

    Raises:
        InvalidRequest: The command line names what cannot be reached; a setting that does is only told of.
    """
    from smalt.flows import configuration
    from smalt.flows.tracing import destination

    asked = to
    if asked is None and not destination.is_asked():
        asked = str(configuration.read().get("trace.destination") or "none")
    if asked in (None, "none"):
        return
    from smalt.sdk import tracing

    if to is not None:
        tracing.send(to)
        return
    try:
        tracing.send(str(asked))
    except InvalidRequest as error:
        console.warn(f"No traces are sent. {error.message}")


def fetched(data: str | None) -> str | None:
    """A path of data as it is; a data asset (`azureml:NAME:VERSION`, `@LABEL`, or neither for the latest) as its files.

    Versions do not change: what was fetched before is not fetched again.
    """
    if data is None or not data.startswith("azureml:"):
        return data
    from smalt.flows.home import flows_home
    from smalt.wire.references import parse_asset

    asked = parse_asset(data, "data")
    operations, name = _client().data, asked.name
    found = operations.get(name, asked.version, label=None if asked.version else asked.label or "latest")
    folder = flows_home() / ".data" / f"{name}-{found.version}"
    if not folder.is_dir():
        operations.download(name, str(found.version), folder.with_name(f"{folder.name}.part"))
        folder.with_name(f"{folder.name}.part").rename(folder)
    files = [each for each in (folder / name).rglob("*") if each.is_file()]
    return str(files[0] if len(files) == 1 else folder / name)


def flow_at(source: str) -> str:
    """A path of a flow as it is; a flow of the workspace (`azureml:NAME`, `azureml:NAME:VERSION`) as its folder.

    Versions do not change: what was fetched before is not fetched again.
    """
    if not source.startswith("azureml:"):
        return source
    import hashlib

    from smalt.flows.home import flows_home

    name, _, version = source.removeprefix("azureml:").partition(":")
    if not name or (version and not version.isdigit()):
        raise InvalidRequest(f"{source!r} names no flow of the workspace. Write azureml:NAME or azureml:NAME:VERSION.")
    operations = _client().flows
    found = operations.version(name, int(version) if version else None)
    place = hashlib.sha256(str(found.uri).encode()).hexdigest()[:12]  # another workspace may have the same name
    folder = flows_home() / ".flows" / place / f"{name}-{found.version}"
    if not folder.is_dir():
        part = folder.with_name(f"{folder.name}.part")
        operations.download(name, part, version=found.version, overwrite=True)
        part.rename(folder)
    return str(folder)


def _client() -> Any:  # Any: imported where it is used
    from smalt.sdk.client import MLClient

    return MLClient(None)
