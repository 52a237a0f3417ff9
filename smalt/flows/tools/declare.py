"""`@tool` and `ToolProvider`, with which authors declare tools, and what they say about inputs to editors."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, overload

from smalt.flows.errors import UserErrorException
from smalt.flows.loading.modules import MAIN
from smalt.flows.tracing.decorate import Function, trace

TOOL_TYPES = ("llm", "python", "csharp", "prompt", "action", "custom_llm")
STREAMING = "_streaming_option_parameter"
DECLARED = "__tool"


@overload
def tool(func: Function) -> Function: ...
@overload
def tool(
    func: None = None,
    *,
    name: str | None = None,
    description: str | None = None,
    type: str | None = None,  # the name that authors write
    input_settings: Mapping[str, Any] | None = None,  # Any: `InputSetting`s
    streaming_option_parameter: str | None = None,
    **extra: Any,  # Any: icon, category, tags and what else editors know
) -> Callable[[Function], Function]: ...


def tool(
    func: Callable[..., Any] | None = None,
    *,
    name: str | None = None,
    description: str | None = None,
    type: str | None = None,  # noqa: A002  # the name that authors write
    input_settings: Mapping[str, Any] | None = None,  # Any: `InputSetting`s
    streaming_option_parameter: str | None = None,
    **extra: Any,  # Any: icon, category, tags and what else editors know
) -> Any:  # Any: a decorator answers what it is given
    """Declare a function as a tool. With or without parentheses; functions, coroutines and generators.

    Raises:
        UserErrorException: The type is not one of `TOOL_TYPES`.
    """
    if type is not None and type not in TOOL_TYPES:
        raise UserErrorException(f"Tool type {type!r} does not exist. Write one of {', '.join(TOOL_TYPES)}.")

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        declared: Callable[..., Any] = trace(function)
        settings = {
            DECLARED: None,
            "__name": name,
            "__description": description,
            "__type": type,
            "__input_settings": input_settings,
            "__extra_info": extra,
        }
        for key, value in settings.items():
            setattr(declared, key, value)
        if streaming_option_parameter and isinstance(streaming_option_parameter, str):
            setattr(declared, STREAMING, streaming_option_parameter)
        return declared

    return declare(func) if func is not None else declare


def is_tool(value: object) -> bool:
    """Whether a value was declared as a tool."""
    return inspect.isfunction(value) and hasattr(value, DECLARED)


class ToolProvider:
    """Base of classes whose methods are tools; the parameters of the constructor are inputs of each of them."""

    _instance_init_params: ClassVar[dict[str, Any] | None] = None  # Any: what constructors take

    def __new__(cls, *args: Any, **kwargs: Any) -> ToolProvider:  # noqa: D102  # Any: as the author's constructor takes
        cls._instance_init_params = dict(zip(cls.get_initialize_inputs(), args, strict=False)) | kwargs
        return super().__new__(cls)

    def __init__(self) -> None:
        self._init_params = self._instance_init_params

    @classmethod
    def get_initialize_inputs(cls) -> dict[str, inspect.Parameter]:
        """The parameters of the constructor."""
        parameters = inspect.signature(cls.__init__).parameters
        return {name: parameter for name, parameter in parameters.items() if name != "self"}

    @classmethod
    def get_required_initialize_inputs(cls) -> dict[str, inspect.Parameter]:
        """The parameters of the constructor that have no default."""
        return {k: p for k, p in cls.get_initialize_inputs().items() if p.default is inspect.Parameter.empty}


def _function_of(given: str | Callable[..., Any]) -> tuple[Callable[..., Any], str]:
    """The function, and the path under which an editor finds it."""
    if isinstance(given, str):
        module, _, name = given.rpartition(".")
        return getattr(importlib.import_module(module), name), given
    if given.__module__ == MAIN:
        return given, f"{inspect.getfile(given)}:{given.__name__}"
    return given, f"{given.__module__}.{given.__name__}"


_WORKSPACE_PARAMETERS = frozenset({"subscription_id", "resource_group_name", "workspace_name", "kwargs"})


def _arguments(function: Callable[..., Any], mapping: Mapping[str, str] | None) -> list[dict[str, Any]]:
    from smalt.flows.tools.interface import interface_of

    described = []
    for name, parameter in interface_of(function).parameters.items():
        if name in _WORKSPACE_PARAMETERS:
            continue
        item: dict[str, Any] = {"name": name, "type": list(parameter.types)}
        if mapping is None or name in mapping:
            item["reference"] = f"${{inputs.{name if mapping is None else mapping[name]}}}"
        item["optional"] = parameter.has_default
        if parameter.has_default:
            item["default"] = parameter.default
        described.append(item)
    return described


@dataclass
class DynamicList:
    """Choices for an input that a function lists."""

    function: str | Callable[..., Any]
    input_mapping: Mapping[str, str] | None = None
    func_path: str = field(init=False)
    func_kwargs: list[dict[str, Any]] = field(init=False)  # Any: what editors read

    def __post_init__(self) -> None:
        function, self.func_path = _function_of(self.function)
        self.func_kwargs = _arguments(function, self.input_mapping or {})


@dataclass
class GeneratedBy:
    """An input whose value a function makes from other inputs, and one that takes it apart again."""

    function: str | Callable[..., Any]
    reverse_function: str | Callable[..., Any]
    input_settings: Mapping[str, Any] | None = None  # Any: `InputSetting`s
    func_path: str = field(init=False)
    func_kwargs: list[dict[str, Any]] = field(init=False)  # Any: what editors read
    reverse_func_path: str = field(init=False)

    def __post_init__(self) -> None:
        function, self.func_path = _function_of(self.function)
        _, self.reverse_func_path = _function_of(self.reverse_function)
        self.func_kwargs = _arguments(function, None)


class InputSetting:
    """What an editor knows about an input."""

    def __init__(self, **settings: Any) -> None:  # Any: what editors read
        self.is_multi_select: bool | None = settings.pop("is_multi_select", None)
        self.allow_manual_entry: bool | None = settings.pop("allow_manual_entry", None)
        self.enabled_by: str | None = settings.pop("enabled_by", None)
        self.enabled_by_value: list[Any] | None = settings.pop("enabled_by_value", None)
        self.dynamic_list: DynamicList | None = settings.pop("dynamic_list", None)
        self.generated_by: GeneratedBy | None = settings.pop("generated_by", None)
        self._kwargs = settings
