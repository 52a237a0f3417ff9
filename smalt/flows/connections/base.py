"""What every connection is: settings and secrets under a name, written so that a secret is never shown by accident."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from smalt.errors import ValidationFailed
from smalt.flows.connections import seen

SCRUBBED = "******"
"""What stands in the place of a secret wherever a connection is shown."""

_KEPT_WORDS = frozenset({"", "<no-change>"})
_LIMITS = ("max_concurrency", "requests_per_minute", "tokens_per_minute", "max_tries")


def is_scrubbed(value: object) -> bool:
    """Whether a secret says nothing: an update that brings it keeps the stored one."""
    return value is None or (isinstance(value, str) and (value in _KEPT_WORDS or not value.strip("*")))


class Setting:
    """A field of a connection that may be seen."""

    is_secret = False

    def __init__(self, default: str | None = None, *, required: bool = False) -> None:
        self.default = default
        self.required = required
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, connection: Connection | None, owner: type) -> Any:  # Any: values are what the file says
        return self if connection is None else connection.configs.get(self.name)

    def __set__(self, connection: Connection, value: object) -> None:
        connection.configs[self.name] = value


class SecretSetting(Setting):
    """A field that is never shown."""

    is_secret = True

    def __get__(self, connection: Connection | None, owner: type) -> Any:  # Any: as above
        return self if connection is None else connection.secrets.get(self.name)

    def __set__(self, connection: Connection, value: object) -> None:
        connection.secrets[self.name] = value
        seen.note([value])


class Connection:
    """A named way to a service: `configs` may be shown, `secrets` may not.

    A connection is also a mapping (`client(**connection)`), as code written for prompt flow expects.

    Args:
        name: What flows call it.
        limits: How hard it may be used: `max_concurrency`, `requests_per_minute`, `tokens_per_minute`, `max_tries`.
        values: Its fields; those that are not given take their default.
    """

    TYPE: ClassVar[str] = ""
    kind: ClassVar[str] = ""
    module: str = "promptflow.connections"

    def __init__(self, *positional: object, name: str | None = None, **values: Any) -> None:  # Any: as in the file
        self._begin(name, values)
        fields = self.fields()
        for given, field_name in zip(positional, fields, strict=False):
            values.setdefault(field_name, given)
        missing = [each for each, field in fields.items() if field.required and values.get(each) is None]
        if missing:
            raise ValidationFailed(
                f"A connection of type {self.kind} needs {', '.join(missing)}. Add it to the connection "
                f"{name or 'file'!r}.",
                target=missing[0],
            )
        for field_name, field in fields.items():
            value = values.get(field_name)
            kept = self.secrets if field.is_secret else self.configs
            kept[field_name] = field.default if value is None else value
        seen.note(self.secrets.values())

    def _begin(self, name: str | None, values: dict[str, Any]) -> None:  # Any: as in the file
        self.name = name
        self.configs: dict[str, Any] = {}  # Any: as in the file
        self.secrets: dict[str, Any] = {}  # Any: as in the file
        self.limits: dict[str, float] = _limits(values.pop("limits", None))
        self.module = values.pop("module", None) or self.module
        self.expiry_time = values.pop("expiry_time", None)
        self.created_date = values.pop("created_date", None)
        self.last_modified_date = values.pop("last_modified_date", None)

    @classmethod
    def fields(cls) -> dict[str, Setting]:
        """The fields of this kind, in the order in which they may be given by position."""
        found: dict[str, Setting] = {}
        for owner in reversed(cls.__mro__):
            found |= {name: each for name, each in vars(owner).items() if isinstance(each, Setting)}
        return found

    @property
    def type(self) -> str:
        """The kind as code of prompt flow names it, e.g. `AzureOpenAI`."""
        return self.TYPE

    @property
    def class_name(self) -> str:
        """The name of the class, e.g. `AzureOpenAIConnection`."""
        return f"{self.TYPE}Connection"

    def keys(self) -> list[str]:
        """The names of all fields."""
        return [*self.configs, *self.secrets]

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __getitem__(self, key: str) -> Any:  # Any: as in the file
        for kept in (self.secrets, self.configs):
            if key in kept:
                return kept[key]
        raise KeyError(f"Connection {self.name!r} has no field {key!r}. It has {', '.join(self.keys())}.")

    def __contains__(self, key: object) -> bool:
        return key in self.configs or key in self.secrets

    def document(self, *, secrets: bool = False) -> dict[str, Any]:  # Any: a document of plain values
        """The connection as its YAML file says it; secrets as stars, unless they are asked for."""
        shown: dict[str, Any] = {"name": self.name, "type": self.kind}  # Any: as above
        shown |= {key: value for key, value in self.configs.items() if value is not None}
        shown |= {key: value if secrets else SCRUBBED for key, value in self.secrets.items() if value is not None}
        if self.limits:
            shown["limits"] = dict(self.limits)
        return shown

    def __repr__(self) -> str:
        told = ", ".join(f"{key}={value!r}" for key, value in self.document().items() if key != "type")
        return f"{type(self).__name__}({told})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Connection) and self.document(secrets=True) == other.document(secrets=True)

    def __hash__(self) -> int:
        return hash((self.kind, self.name))


def _limits(given: object) -> dict[str, float]:
    if given is None:
        return {}
    if not isinstance(given, Mapping) or not all(_is_limit(name, value) for name, value in given.items()):
        raise ValidationFailed(
            f"The limits {given!r} of a connection cannot be used. Give positive numbers for {', '.join(_LIMITS)}.",
            target="limits",
        )
    return {str(name): value for name, value in given.items()}


def _is_limit(name: object, value: object) -> bool:
    return name in _LIMITS and isinstance(value, int | float) and not isinstance(value, bool) and value > 0


VARIABLE = re.compile(r"\$\{env:\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}")
"""A value that stands in the environment."""
