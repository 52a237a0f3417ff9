"""`command(..)`: a job that runs one command, and, called inside a pipeline function, a step that does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import PrivateAttr

from smalt.entities.component import ComponentInput
from smalt.entities.job.inputs import DataInput, LiteralInput
from smalt.entities.job.limits import CommandJobLimits
from smalt.entities.job.outputs import JobOutput
from smalt.entities.job.resources import JobResources, QueueSettings
from smalt.entities.job.search_space import SearchRange
from smalt.sdk.pipelines import stack
from smalt.sdk.pipelines.inference import range_type
from smalt.sdk.pipelines.nodes import Node, call
from smalt.sdk.pipelines.ports import Bindable, plain
from smalt.sdk.sweep import Command as Searchable

JsonObject = dict[str, Any]  # Any: JSON
_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}
_OF_COMPONENT = (
    "command", "code", "environment", "distribution", "resources", "display_name", "description", "tags", "name",
)  # fmt: skip
_OF_STEP = (
    "environment_variables", "distribution", "resources", "limits", "queue_settings", "services", "identity",
    "compute", "tags", "environment",
)  # fmt: skip


class Command(Searchable):
    """A job that runs one command. Called or searched inside a pipeline function, it is a step there."""

    _ports: JsonObject = PrivateAttr(default_factory=lambda: {"inputs": {}, "outputs": {}})
    _given: dict[str, Any] = PrivateAttr(default_factory=dict)  # Any: what a caller gives
    _is_deterministic: bool = PrivateAttr(default=True)

    def remember(self, inputs: Mapping[str, Any], outputs: Mapping[str, Any], *, is_deterministic: bool) -> Command:
        """Keep what a job does not have and a component does: declared inputs without a value."""
        self._ports = {
            "inputs": {name: declared_input(value) for name, value in inputs.items()},
            "outputs": {name: declared_output(value) for name, value in outputs.items()},
        }
        self._given = {name: value for name, value in inputs.items() if _has_value(value)}
        self._is_deterministic = is_deterministic
        return self

    def __call__(self, **inputs: Any) -> Any:  # Any: what a caller gives; a Node in a pipeline function, else a Command
        """The command with these inputs, and its own for the rest; inside a pipeline function a step."""
        if stack.is_open():
            return self._step(inputs)
        called = super().__call__(**inputs)
        ports = {name: declared_input(value) for name, value in inputs.items() if name not in self._ports["inputs"]}
        called._ports = {**self._ports, "inputs": {**self._ports["inputs"], **ports}}
        called._given = {**self._given, **inputs}
        called._is_deterministic = self._is_deterministic
        return called

    def _step(self, inputs: Mapping[str, Any]) -> Node:  # Any: what a caller gives
        document = self._component()
        settings = {key: getattr(self, key) for key in _OF_STEP if key != "environment"}
        given = {name: value for name, value in self._given.items() if name not in inputs}
        outputs = {name: output for name, output in self.outputs.items() if _is_set(output)}
        named = self.display_name if self.display_name != self.name else None
        return call("command", document, document, {**given, **inputs}, outputs=outputs, display_name=named, **settings)

    def sweep(self, **settings: Any) -> Any:  # Any: as those of a sweep; a Node in a pipeline function, else a SweepJob
        """A search with the command as its trial: a job, or inside a pipeline function a step."""
        if not stack.is_open():
            return super().sweep(**settings)
        document = self._component()
        outputs = {name: output for name, output in self.outputs.items() if _is_set(output)}
        node = Node("command", document, self._given, outputs=outputs, compute=self.compute, name=self.name)
        return node.sweep(**settings)

    def set_resources(self, **changes: Any) -> None:  # Any: fields of the resources
        """Change what the job asks of its compute; None leaves a setting."""
        self.resources = JobResources.parse((plain(self.resources) or {}) | _given(changes))

    def set_limits(self, *, timeout: float) -> None:
        """Change the time limit."""
        self.limits = CommandJobLimits(timeout=timeout)

    def set_queue_settings(self, *, job_tier: str | None = None, priority: str | None = None) -> None:
        """Change tier and priority."""
        changes = _given({"job_tier": job_tier, "priority": priority})
        self.queue_settings = QueueSettings.parse((plain(self.queue_settings) or {}) | changes)

    def _component(self) -> JsonObject:
        fields = {key: plain(getattr(self, key)) for key in _OF_COMPONENT}
        kept = {key: value for key, value in fields.items() if value not in (None, {}, [])}
        facts = {"type": "command", "is_deterministic": self._is_deterministic, "_source": "BUILDER"}
        return facts | kept | self._ports


def declared_input(value: Any) -> JsonObject:  # Any: what a caller gives
    """The declared input for what a job's or a component's input is set to."""
    if isinstance(value, ComponentInput):
        return {key: item for key, item in value.document().items() if item is not False}
    if isinstance(value, LiteralInput):
        return {"type": value.type or _TYPES.get(type(value.value), "string"), "default": value.value}
    if isinstance(value, DataInput):
        return {key: item for key, item in value.document().items() if key in {"type", "mode", "description"}}
    if isinstance(value, Bindable):
        return {"type": value.type or "uri_folder"}
    if isinstance(value, SearchRange):
        return {"type": range_type(value.document()), "optional": False}
    if isinstance(value, dict):
        return {key: value[key] for key in ("type", "mode", "description", "default", "optional") if key in value}
    return {"type": _TYPES.get(type(value), "string"), "default": value}


def declared_output(value: Any) -> JsonObject:  # Any: what a caller gives
    """The declared output for what a job's output is set to."""
    document = value.document() if isinstance(value, JobOutput) else value if isinstance(value, dict) else {}
    kept = {key: plain(document[key]) for key in ("type", "mode", "description") if document.get(key)}
    return {"type": "uri_folder"} | kept


def _has_value(value: object) -> bool:
    if isinstance(value, ComponentInput):
        return False
    return not isinstance(value, DataInput) or bool(value.path)


def _is_set(output: JobOutput) -> bool:
    return any(getattr(output, key) for key in ("path", "mode", "name", "version"))


def _given(changes: Mapping[str, Any]) -> JsonObject:  # Any: values of settings
    return {key: value for key, value in changes.items() if value is not None}
