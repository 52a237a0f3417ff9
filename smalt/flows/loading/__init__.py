"""From a folder, a file or a function to a flow that is ready."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smalt.flows import definition as dag_definition
from smalt.flows.definition import FILES
from smalt.flows.errors import ConnectionNotFoundError, FlowDefinitionError, UserErrorException, ValidationException
from smalt.flows.loading import includes
from smalt.flows.running.flow import Flow
from smalt.kit import yaml

if TYPE_CHECKING:
    from smalt.flows.connections import Connection, ConnectionProvider

_LANGUAGES = {"csharp": "C#", "c#": "C#"}

Source = str | Path | Callable[..., Any]


def load(
    source: Source,
    *,
    variant: str | None = None,
    connections: ConnectionProvider | Mapping[str, Any] | None = None,
    init: Mapping[str, Any] | None = None,
    environment_variables: Mapping[str, str] | None = None,
    node_connections: Mapping[str, Mapping[str, Any]] | None = None,
    only_node: str | None = None,
) -> Flow:
    """Load a flow.

    Args:
        source: A folder, a YAML or `.prompty` file, `module:function` of the current directory, or a callable.
        variant: `${node.variant_id}` to take instead of the node's default.
        connections: Where connections come from: a provider, or connections by name. Without, those of this machine.
        init: Arguments of the class that is the flow's entry, or settings of a prompty's model.
        environment_variables: Set in this process's environment, over those of the flow; `${connection.key}` is
            replaced.
        node_connections: For nodes, another `connection`, `deployment_name` or `model`.
        only_node: Make only this node ready, to be run alone.

    Raises:
        UserErrorException: It cannot be loaded; the class and the message say why.
    """
    provider = _Connections(connections)
    if callable(source):
        from smalt.flows.flex.flow import FlexFlow

        _set(provider, environment_variables)
        return FlexFlow.of_callable(source, provider.get_provider, init=init)
    file = find(source)
    if file is None:
        return _of_entry(str(source), provider, init, environment_variables)
    if file.suffix == ".prompty":
        from smalt.flows.flex.flow import FlexFlow

        _set(provider, environment_variables)
        return FlexFlow.of_prompty(file, provider.get_provider, settings=init)
    document = read(file)
    folder = includes.overlaid(file, document)
    _set(provider, {**dag_definition.environment_variables(document), **(environment_variables or {})})
    if "entry" in document:
        from smalt.flows.flex.flow import FlexFlow

        flow: Flow = FlexFlow.of_file(document, folder.path, file, provider.get_provider, init=init)
    else:
        flow = _dag(document, folder.path, file, provider, variant, node_connections, only_node)
    flow.source = file
    folder.belongs_to(flow)
    return flow


def _dag(
    document: Mapping[str, Any],
    folder: Path,
    file: Path,
    provider: _Connections,
    variant: str | None,
    node_connections: Mapping[str, Mapping[str, Any]] | None,
    only_node: str | None,
) -> Flow:
    from smalt.flows.dag.flow import DagFlow

    definition = dag_definition.read(document, folder_name=file.parent.name, variant=variant)
    if node_connections:
        definition = dag_definition.with_connections(definition, node_connections, folder)
    flow = DagFlow(definition, folder, provider.get_provider, only=only_node)
    flow.variants = dag_definition.variants(document)
    return flow


def find(source: str | Path) -> Path | None:
    """The file that a source means; None if it is an entry, `module:function`.

    Raises:
        UserErrorException: There is none, or more than one.
    """
    path = Path(source)
    if path.is_file():
        if path.suffix not in {".yaml", ".yml", ".prompty"}:
            raise UserErrorException(f"{path} is no flow file. Give a .yaml, .yml or .prompty file, or a folder.")
        return path.absolute()
    if path.is_dir():
        found = [path / name for name in FILES if (path / name).is_file()]
        if len(found) > 1:
            raise ValidationException(
                f"{path} has {' and '.join(item.name for item in found)}. Name the one that is meant."
            )
        if found:
            return found[0].absolute()
        prompties = sorted(path.glob("*.prompty"))
        if len(prompties) == 1:
            return prompties[0].absolute()
        raise UserErrorException(
            f"Have found neither flow.dag.yaml nor flow.flex.yaml in {path}. Add one, or name the file."
        )
    if isinstance(source, str) and ":" in source and os.path.sep not in source:
        return None
    raise UserErrorException(f"There is no flow at {path}. Check the path.")


def read(file: Path) -> dict[str, Any]:
    """The document in a flow's YAML file.

    Raises:
        FlowDefinitionError: It is no mapping, or not YAML; the message has line and column.
    """
    try:
        document = yaml.load(file.read_text(encoding="utf-8-sig"), source=str(file))
    except yaml.YamlError as error:
        raise FlowDefinitionError(str(error)) from error
    if not isinstance(document, dict):
        raise FlowDefinitionError(f"{file} is not a flow: it holds no mapping. Write 'inputs', 'outputs' and 'nodes'.")
    language = str(document.get("language", "python"))
    if language != "python":
        name = _LANGUAGES.get(language.lower(), language)
        raise FlowDefinitionError(
            f"{file} is a flow in {name} ('language: {language}'). {name} flows do not run here, only those in Python: "
            "write its tools in Python, or go on running it with its own runtime."
        )
    return document


def _of_entry(
    entry: str,
    provider: _Connections,
    init: Mapping[str, Any] | None,
    environment_variables: Mapping[str, str] | None,
) -> Flow:
    from smalt.flows.flex.flow import FlexFlow

    _set(provider, environment_variables)
    folder = Path.cwd()
    return FlexFlow.of_file({"entry": entry}, folder, folder / "flow.flex.yaml", provider.get_provider, init=init)


class _Connections:
    """Where connections come from, made when first asked."""

    def __init__(self, given: ConnectionProvider | Mapping[str, Any] | None) -> None:
        self._given = given
        self._provider: ConnectionProvider | None = None

    def get_provider(self) -> ConnectionProvider:
        """The provider."""
        if self._provider is None:
            if isinstance(self._given, Mapping):
                self._provider = _OfMapping(self._given)
            elif self._given is not None:
                self._provider = self._given
            else:
                from smalt.flows.connections import LocalConnections

                self._provider = LocalConnections()
        return self._provider


class _OfMapping:
    """Connections by name: objects, or what the original executor takes for one."""

    def __init__(self, connections: Mapping[str, Any]) -> None:
        self._connections = connections

    def get(self, name: str) -> Connection:
        """As `ConnectionProvider` promises."""
        from smalt.flows.connections import from_executor

        found = self._connections.get(name)
        if found is None:
            raise ConnectionNotFoundError(
                f"Connection '{name}' is not found. Given are: {', '.join(self._connections) or 'none'}."
            )
        return from_executor(name, found) if isinstance(found, Mapping) and "value" in found else found


def resolved_variables(
    connections: ConnectionProvider | Mapping[str, Any] | None, variables: Mapping[str, Any] | None
) -> dict[str, str]:
    """Environment variables as text; `${connection.key}` becomes the value of the connection."""
    return _resolved(_Connections(connections), variables)


def _resolved(provider: _Connections, variables: Mapping[str, Any] | None) -> dict[str, str]:
    found = {}
    for name, value in (variables or {}).items():
        text = str(value)
        if text.startswith("${") and text.endswith("}") and text.count(".") == 1:
            connection, _, key = text[2:-1].partition(".")
            text = str(_connection(provider, connection)[key])
        found[str(name)] = text
    return found


def _set(provider: _Connections, variables: Mapping[str, str] | None) -> None:
    """Put variables into the environment."""
    os.environ.update(_resolved(provider, variables))


def _connection(provider: _Connections, name: str) -> Connection:
    from smalt.errors import NotFound

    try:
        return provider.get_provider().get(name)
    except NotFound as error:
        raise ConnectionNotFoundError(f"Connection '{name}' is not found. {error.message}") from error
