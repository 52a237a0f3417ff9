"""What stands on either side of a connection: inputs of a pipeline, outputs and inputs of its steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

from smalt.entities.base import Entity
from smalt.entities.component import ComponentInput
from smalt.entities.data import Data
from smalt.entities.job.inputs import DataInput, LiteralInput
from smalt.entities.job.outputs import JobOutput
from smalt.entities.model import Model
from smalt.errors import InvalidRequest, Unsupported

if TYPE_CHECKING:
    from smalt.sdk.pipelines.nodes import Node

JsonObject = dict[str, Any]  # Any: JSON
P = TypeVar("P")
_SETTINGS = ("type", "mode", "path", "name", "version", "description")


class Bindable:
    """Something that a step can be bound to: text can be added to it, nothing else is computed in the client."""

    type: str | None
    binding: str

    def __str__(self) -> str:
        return self.binding

    def __add__(self, other: object) -> Text:
        return _joined(self, other)

    def __radd__(self, other: object) -> Text:
        return _joined(other, self)

    def _refuse(self, *_: object) -> NoReturn:
        raise Unsupported(
            f"{self.binding} is known only when the pipeline runs, so the client cannot compute with it or compare it. "
            "Text can be joined with '+'; for anything else write a step that computes it."
        )

    __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = _refuse
    __mod__ = __rmod__ = __pow__ = __rpow__ = __lt__ = __le__ = __gt__ = __ge__ = __and__ = __or__ = __xor__ = _refuse
    __bool__ = _refuse


class Text(Bindable):
    """Text with bindings in it, filled in when the pipeline runs."""

    def __init__(self, binding: str) -> None:
        self.binding = binding
        self.type = "string"


def _joined(first: object, second: object) -> Text:
    for each in (first, second):
        is_text = isinstance(each, str) or (isinstance(each, Bindable) and each.type in {"string", None})
        if not is_text:
            told = f"{each.binding} of type {each.type}" if isinstance(each, Bindable) else repr(each)
            raise Unsupported(f"'+' joins text only, and {told} is none. Write a step that computes it.")
    return Text(f"{first}{second}")


class PipelineInput(Bindable):
    """An input of the pipeline that is being written.

    Args:
        name: Its name; in a group with the group's before it.
        declared: Its type, where it is known.
        value: What it is called with, for `result`.
    """

    def __init__(self, name: str, declared: str | None, value: Any = None) -> None:  # Any: what a caller gives
        self.name = name
        self.type = declared
        self.binding = f"${{{{parent.inputs.{name}}}}}"
        self._value = value

    def result(self) -> Any:  # Any: what a caller gives
        """The value the pipeline is called with, for code that shapes the pipeline by it."""
        return self._value


class Group:
    """Several inputs of a pipeline under one name, read as attributes."""

    def __init__(self, items: Mapping[str, object]) -> None:
        self._items = dict(items)

    def __getattr__(self, name: str) -> Any:  # Any: an input or an inner group
        if name.startswith("_") or name not in self._items:
            raise AttributeError(f"The group has no {name!r}. It has: {', '.join(self._items)}.")
        return self._items[name]

    def flat(self) -> dict[str, object]:
        """The inputs with their names in the group."""
        found: dict[str, object] = {}
        for name, item in self._items.items():
            inner = item.flat() if isinstance(item, Group) else {"": item}
            found |= {f"{name}.{key}" if key else name: value for key, value in inner.items()}
        return found


class OutputPort(Bindable):
    """An output of a step. Its settings may be changed: `type`, `mode`, `path`, `name`, `version`, `description`."""

    mode: str | None
    path: str | None
    name: str | None
    version: str | None
    description: str | None

    def __init__(self, owner: Node, port: str, declared: JsonObject | None, given: object = None) -> None:
        self._owner = owner
        self._port = port
        self._declared = declared or {}
        self.promoted: str | None = None
        document = given.document() if isinstance(given, JobOutput) else given if isinstance(given, dict) else {}
        for setting in _SETTINGS:
            value = document.get(setting)
            setattr(self, setting, value.value if isinstance(value, Enum) else value)
        self._is_typed = self.type is not None
        self.type = self.type or self._declared.get("type")

    @property
    def port(self) -> str:
        """Its name among the outputs of its step."""
        return self._port

    @property
    def owner(self) -> Node:
        """The step."""
        return self._owner

    @property
    def binding(self) -> str:  # type: ignore[override]  # the name of the step is known only when the pipeline is whole
        """The expression by which others are bound to it."""
        return f"${{{{parent.jobs.{self._owner.name}.outputs.{self._port}}}}}"

    def settings(self) -> JsonObject:
        """What has been set."""
        is_typed = self._is_typed or self.type != self._declared.get("type")
        found = {key: getattr(self, key) for key in _SETTINGS if key != "type" or is_typed}
        return {key: value for key, value in found.items() if value is not None}

    def promotion(self) -> JsonObject:
        """What a pipeline's output has from this one: what is set, and what the component declares."""
        declared = {"mode": self._declared["mode"]} if self._declared.get("mode") else {}
        return {"type": self.type} | declared | self.settings()

    def document(self) -> JsonObject:
        """The output of the step's document; empty when nothing is set."""
        settings = self.settings()
        if self.promoted is not None:
            settings = {key: value for key, value in settings.items() if key not in {"path", "type", "description"}}
            return settings | {"path": f"${{{{parent.outputs.{self.promoted}}}}}"}
        return settings


class InputPort:
    """An input of a step: what it is bound to, and how it reaches the step."""

    def __init__(self, port: JsonObject | None, value: Any = None) -> None:  # Any: what a caller gives
        self._declared = port or {}
        self.value = value
        self.mode: str | None = None
        self.type = self._declared.get("type")

    @property
    def path(self) -> str | None:
        """Where it comes from, for an input with a path."""
        return self.value.path if isinstance(self.value, DataInput) else None

    @path.setter
    def path(self, path: str) -> None:
        kind = self._declared.get("type") or "uri_folder"
        self.value = DataInput.parse({"type": kind, "path": path})

    def document(self) -> Any:  # Any: a step's input
        """The input of the step's document, or None when it is not given."""
        value = self.value
        if isinstance(value, Enum):
            value = value.value
        if isinstance(value, Bindable):
            return {"path": value.binding, "mode": self.mode} if self.mode else value.binding
        if isinstance(value, LiteralInput):
            return value.value
        if isinstance(value, ComponentInput):
            return value.default
        if isinstance(value, Data | Model):
            kind = "models" if isinstance(value, Model) else "data"
            value = DataInput.parse({"type": value.type or "custom_model", "path": value.id or _named(value, kind)})
        if isinstance(value, DataInput):
            document = value.document()
            document = document | ({"mode": self.mode} if self.mode else {})
            return document if value.path else None
        is_path = self._declared and str(self._declared.get("type")) not in {"string", "integer", "number", "boolean"}
        if is_path and isinstance(value, str) and "${{" not in value:
            return {"type": self._declared["type"], "path": value} | ({"mode": self.mode} if self.mode else {})
        return value


def _named(asset: Data | Model, kind: str) -> str:
    if not asset.version:
        raise InvalidRequest(f"{asset.name!r} of the {kind} has no version. Register it first, or give its version.")
    return f"azureml:{asset.name}:{asset.version}"


class Ports(Generic[P]):
    """Ports by name, as attributes and as items."""

    def __init__(self, ports: Mapping[str, P], what: str) -> None:
        self.__dict__["_ports"] = dict(ports)
        self.__dict__["_what"] = what

    def __getattr__(self, name: str) -> P:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> P:
        ports: dict[str, P] = self.__dict__["_ports"]
        if name not in ports:
            shown = ", ".join(ports) or "none"
            raise AttributeError(f"There is no {self.__dict__['_what']} {name!r}. There are: {shown}.")
        return ports[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.__dict__["_ports"])

    def __len__(self) -> int:
        return len(self.__dict__["_ports"])

    def __contains__(self, name: object) -> bool:
        return name in self.__dict__["_ports"]

    def keys(self) -> list[str]:
        """The names."""
        return list(self.__dict__["_ports"])

    def items(self) -> list[tuple[str, P]]:
        """Names and ports."""
        return list(self.__dict__["_ports"].items())

    def values(self) -> list[P]:
        """The ports."""
        return list(self.__dict__["_ports"].values())


class Inputs(Ports[InputPort]):
    """Inputs of a step; what is assigned to one is what it is bound to."""

    def __setattr__(self, name: str, value: Any) -> None:  # Any: what a caller gives
        self[name] = value

    def __setitem__(self, name: str, value: Any) -> None:  # Any: what a caller gives
        ports: dict[str, InputPort] = self.__dict__["_ports"]
        if isinstance(value, InputPort):
            raise InvalidRequest(
                f"The input {name!r} cannot be bound to an input of another step. Bind both to one source."
            )
        if name not in ports:
            ports[name] = InputPort(None)
        ports[name].value = single(value)


class Outputs(Ports[OutputPort]):
    """Outputs of a step; an `Output` that is assigned to one sets it."""

    def __setattr__(self, name: str, value: object) -> None:
        self[name] = value

    def __setitem__(self, name: str, value: object) -> None:
        ports: dict[str, OutputPort] = self.__dict__["_ports"]
        old = self[name]
        given = {"path": value} if isinstance(value, str) else value
        ports[name] = OutputPort(old.owner, name, old._declared, given)


def single(value: Any) -> Any:  # Any: what a caller gives
    """A step in place of its only output; anything else as it is.

    Raises:
        InvalidRequest: The step has several outputs, or none.
    """
    outputs = getattr(value, "outputs", None)
    if not isinstance(outputs, Outputs):
        return value
    if len(outputs) != 1:
        raise InvalidRequest(f"The step has {len(outputs)} outputs. Name one: step.outputs.<name>.")
    return outputs.values()[0]


def plain(value: Any) -> Any:  # Any: what a caller gives
    """A setting as a document: entities written out, bindings as text."""
    if isinstance(value, Bindable):
        return value.binding
    if isinstance(value, Entity):
        return plain(value.document())
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value
