"""One run of a verb: the client, made when it is first needed, and how the result is printed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from smalt.cli import console, output

if TYPE_CHECKING:
    from smalt.entities.base import Entity
    from smalt.errors import InvalidRequest
    from smalt.sdk.client import MLClient
    from smalt.sdk.local import LocalEndpoints
    from smalt.sdk.operations.online import OnlineDeploymentOperations, OnlineEndpointOperations
    from smalt.sdk.poller import Poller
    from smalt.wire.yaml import Loaded

Document = dict[str, Any]  # Any: JSON


@dataclass
class Session:
    """What a verb works with.

    Args:
        subscription: Named on the command line, or a default.
        group: Likewise.
        workspace: Likewise.
        registry: Named on the command line.
        form: Form of the output.
        query: What of the result is printed.
        quiet: Whether warnings are left out.
    """

    subscription: str | None
    group: str | None
    workspace: str | None
    registry: str | None
    form: str
    query: str | None
    quiet: bool
    _loaded: Loaded | None = field(default=None, init=False)

    @classmethod
    def of(cls, options: Mapping[str, Any], defaults: Mapping[str, str]) -> Self:  # Any: values of options
        """The session that the options of a command line ask for."""
        return cls(
            subscription=options["subscription"] or defaults.get("subscription"),
            group=options["resource_group"] or defaults.get("group"),
            workspace=options["workspace_name"] or defaults.get("workspace"),
            registry=options["registry_name"],
            form=str(options["output"]).lower(),
            query=options["query"],
            quiet=bool(options["only_show_errors"]),
        )

    @cached_property
    def client(self) -> MLClient:
        """The client of the workspace or registry."""
        from smalt.sdk.client import MLClient

        return MLClient(None, self.subscription, self.group, self.workspace, self.registry, progress=console.progress)

    @cached_property
    def local(self) -> LocalEndpoints:
        """The endpoints of this machine, which need no server."""
        from smalt.sdk.connect import home_folder
        from smalt.sdk.local import LocalEndpoints

        return LocalEndpoints(home_folder(), console.tell)

    def online_endpoints(self, *, local: bool = False) -> OnlineEndpointOperations:
        """Online endpoints; those of this machine without looking for a server."""
        if not local:
            return self.client.online_endpoints
        from smalt.sdk.operations.online import OnlineEndpointOperations

        return OnlineEndpointOperations(None, lambda: self.local)

    def online_deployments(self, *, local: bool = False) -> OnlineDeploymentOperations:
        """Online deployments; those of this machine without looking for a server."""
        if not local:
            return self.client.online_deployments
        from smalt.sdk.operations.online import OnlineDeploymentOperations

        return OnlineDeploymentOperations(None, None, None, lambda: self.local)

    def load(
        self, kind: str, file: str | None, overrides: Sequence[str], /, **fields: object
    ) -> Any:  # Any: of the kind
        """Read an entity from a file and options; options win. Doubts are told on the standard error stream.

        Any: it is of the class of its kind.
        """
        from smalt.entities.kinds import canonical_type, types_of
        from smalt.sdk.pipelines.files import read

        if isinstance(fields.get("type"), str) and types_of(kind):
            fields["type"] = canonical_type(kind, str(fields["type"])) or fields["type"]
        given = [_override(name, value) for name, value in fields.items() if value is not None and value != ()]
        source = Path(file) if file is not None else "{}"
        found = read(kind, source, overrides=[*overrides, *given], ask=self._ask)
        if not self.quiet:
            for doubt in found.warnings:
                console.warn(str(doubt))
        self._loaded = found.loaded
        return found.entity

    def _ask(self, document: Document, kind: str) -> Iterable[InvalidRequest]:
        """What the server finds wrong with a pipeline; nothing where none can be asked."""
        from smalt.errors import SmaltError

        try:
            return self.client.jobs.mistakes_of(document, kind)
        except SmaltError:
            return ()

    def explained(self, error: InvalidRequest) -> InvalidRequest:
        """A refusal of what was read from a file, with the lines it is about."""
        return error if self._loaded is None else self._loaded.explained(error)

    def document(self, entity: Entity) -> Document:
        """What is printed of an entity."""
        from smalt.wire.yaml import dump_entity

        return dump_entity(entity)

    def documents(self, entities: Iterable[Entity]) -> list[Document]:
        """What is printed of a list."""
        return [self.document(entity) for entity in entities]

    def finished(self, poller: Poller[Any], *, no_wait: bool) -> Document | None:  # Any: of the kind
        """Wait for an operation, and give what is printed of its result."""
        if no_wait:
            return None
        result = poller.result()
        return None if result is None else self.document(result)

    def print(self, result: object) -> None:
        """Print what a verb returned."""
        output.show(result, form=self.form, query=self.query)

    def whole(self, rows: list[Document], lines: list[Document] | None = None) -> object:
        """Rows that are no entities, to be printed; a table of them hides nothing.

        Args:
            rows: What programs read.
            lines: What a table shows in their place, where that is flatter.
        """
        if self.form != "table" or self.query is not None:
            return rows
        output.show(rows if lines is None else lines, form="table", query=None, is_chosen=True)
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if "client" in self.__dict__:
            self.client.close()


def pairs(texts: Sequence[str]) -> dict[str, str]:
    """`key=value` texts as a mapping."""
    return {key: value for key, _, value in (text.partition("=") for text in texts)}


def _override(name: str, value: object) -> str:
    import json

    return f"{name}={json.dumps(value)}"
