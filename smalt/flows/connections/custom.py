"""Connections whose fields their owner chooses: plain ones, and classes that a tool package declares."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from inspect import get_annotations
from types import ModuleType
from typing import Any

from smalt.errors import InvalidRequest
from smalt.flows.connections import seen
from smalt.flows.connections.base import SCRUBBED, Connection

_PREFIX = "promptflow.connection."
_OWNED = ("custom_type", "module", "package", "package_version")


class CustomConnection(Connection):
    """Any settings and secrets: `connection.configs["x"]`, `connection.secrets["y"]`, or `connection.x`."""

    TYPE = "Custom"
    kind = "custom"

    def __init__(
        self,
        secrets: Mapping[str, Any] | None = None,  # Any: as in the file
        configs: Mapping[str, Any] | None = None,  # Any: as in the file
        *,
        name: str | None = None,
        **values: Any,  # Any: as in the file
    ) -> None:
        self._begin(name, values)
        self.configs = dict(configs or {})
        self.secrets = dict(secrets or {})
        seen.note(self.secrets.values())

    def __getattr__(self, key: str) -> Any:  # Any: as in the file
        for kept in ("secrets", "configs"):
            found = self.__dict__.get(kept, {})
            if key in found:
                return found[key]
        raise AttributeError(f"Connection {self.__dict__.get('name')!r} has no field {key!r}.")

    def is_secret(self, key: str) -> bool:
        """Whether a field is one of the secrets."""
        return key in self.secrets

    @property
    def custom_type(self) -> str | None:
        """The class of a tool package that this connection is meant for."""
        return self.configs.get(_PREFIX + "custom_type")

    def as_class(self, module: str | ModuleType | None = None, name: str | None = None) -> CustomConnection:
        """The connection as the class that a tool asks for.

        Args:
            module: Where the class stands; the connection's own word wins.
            name: What it is called there.
        """
        place = self.configs.get(_PREFIX + "module") or module
        wanted = self.custom_type or name
        if wanted == type(self).__name__:
            return self
        if place is None or wanted is None:
            raise InvalidRequest(
                f"Connection {self.name!r} does not say of which class it is. Give it custom_type and module."
            )
        try:
            owner = import_module(place) if isinstance(place, str) else place
            found = getattr(owner, wanted)
        except (ImportError, AttributeError) as error:
            raise InvalidRequest(
                f"Connection {self.name!r} is a {wanted} of {place}, which cannot be loaded: {error}. Install the "
                "package that has it."
            ) from None
        made: CustomConnection = found(secrets=self.secrets, configs=self.configs, name=self.name)
        return made

    def _convert_to_custom_strong_type(
        self, module: str | ModuleType | None = None, to_class: str | None = None
    ) -> CustomConnection:
        return self.as_class(module, to_class)

    def document(self, *, secrets: bool = False) -> dict[str, Any]:  # Any: a document of plain values
        """As of every connection, with `configs` and `secrets` as mappings."""
        shown: dict[str, Any] = {"name": self.name, "type": self.kind}  # Any: as above
        shown["configs"] = dict(self.configs)
        shown["secrets"] = {key: value if secrets else SCRUBBED for key, value in self.secrets.items()}
        if self.limits:
            shown["limits"] = dict(self.limits)
        return shown


class CustomStrongTypeConnection(CustomConnection):
    """The base of connection classes in tool packages: annotated fields, `Secret` for those that are never shown."""

    def __init__(
        self,
        secrets: Mapping[str, Any] | None = None,  # Any: as in the file
        configs: Mapping[str, Any] | None = None,  # Any: as in the file
        *,
        name: str | None = None,
        **values: Any,  # Any: as in the file
    ) -> None:
        owned = {key: values.pop(key) for key in _OWNED if values.get(key) is not None}
        owned = {"custom_type": type(self).__name__, "module": type(self).__module__} | owned
        super().__init__(secrets, configs, name=name, **values)
        # Fields that were not given keep the default of the class.
        for key in self._annotated():
            default = type(self).__dict__.get(key)
            if key not in self.configs and key not in self.secrets and default is not None:
                self.configs[key] = default
        self.configs |= {_PREFIX + key: value for key, value in owned.items()}

    def __getattribute__(self, key: str) -> Any:  # Any: as in the file
        if not key.startswith("_") and key in type(self)._annotated():
            kept = object.__getattribute__(self, "__dict__")
            for found in (kept.get("secrets", {}), kept.get("configs", {})):
                if key in found:
                    return found[key]
        return super().__getattribute__(key)

    def __setattr__(self, key: str, value: object) -> None:
        if key in type(self)._annotated():
            is_secret = key in self.secrets or type(self)._annotated()[key]
            (self.secrets if is_secret else self.configs)[key] = value
            return
        super().__setattr__(key, value)

    @classmethod
    def _annotated(cls) -> dict[str, bool]:
        """The declared fields, and which of them are secret."""
        return {
            name: "Secret" in (kind if isinstance(kind, str) else getattr(kind, "__name__", ""))
            for owner in reversed(cls.__mro__)
            if issubclass(owner, CustomStrongTypeConnection) and owner is not CustomStrongTypeConnection
            for name, kind in get_annotations(owner).items()
        }


def from_document(document: dict[str, Any]) -> CustomConnection:  # Any: a document of plain values
    """A custom connection of a file; the words of a strong type move into its settings, as prompt flow keeps them."""
    for part in ("configs", "secrets"):
        if not isinstance(document.get(part) or {}, Mapping):
            raise InvalidRequest(f"The {part} of a custom connection are {document[part]!r}. Write a mapping.")
    configs = dict(document.pop("configs", None) or {})
    secrets = document.pop("secrets", None) or {}
    configs |= {_PREFIX + key: document.pop(key) for key in _OWNED if document.get(key) is not None}
    return CustomConnection(secrets, configs, **document)
