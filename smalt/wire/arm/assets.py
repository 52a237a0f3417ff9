"""The ARM spelling of code, data, environments, models, components, and the containers of their versions."""

from __future__ import annotations

from typing import Any

from smalt.entities.base import Entity
from smalt.entities.component import ANONYMOUS_COMPONENT, Component
from smalt.entities.environment import BuildContext, InferenceConfig
from smalt.entities.flow_component import flow_ports, is_flow_component
from smalt.entities.text import coerce_literal, literal_text
from smalt.errors import InvalidRequest
from smalt.kit import yaml
from smalt.wire.arm import schema
from smalt.wire.arm.base import ShapeCodec, as_object, envelope_fields, opened, plain
from smalt.wire.arm.shape import Both, JsonObject, JsonText, Shape, Words
from smalt.wire.arm.steps import STEPS

ASSET_TYPES = Words(
    {
        word: word
        for word in ("uri_file", "uri_folder", "mltable", "custom_model", "mlflow_model", "triton_model", "path")
    }
)
_OS = Words({"linux": "Linux", "windows": "Windows"})


def _wrap_flavors(value: Any) -> Any:  # Any: JSON
    return {name: item if _is_wrapped(item) else {"data": _texts(item)} for name, item in value.items()}


def _is_wrapped(item: Any) -> bool:  # Any: JSON
    """Whether it is `data` and nothing else; a flavour of MLflow may have a text of that name among others."""
    return isinstance(item, dict) and item.keys() == {"data"} and isinstance(item["data"], dict)


def _texts(flavor: Any) -> Any:  # Any: JSON
    """The official client reads text only; MLflow's files hold mappings as well, such as `env`."""
    if not isinstance(flavor, dict):
        return flavor
    return {key: item if item is None else literal_text(item) for key, item in flavor.items()}


def _unwrap_flavors(value: Any) -> Any:  # Any: JSON
    return {name: _flavor(item) for name, item in value.items()} if isinstance(value, dict) else value


def _flavor(item: Any) -> Any:  # Any: JSON
    return item["data"] if _is_wrapped(item) and not _is_wrapped(item["data"]) else item


def _conda_text(value: Any) -> Any:  # Any: JSON
    return yaml.dump(value) if isinstance(value, dict) else value


CODES = ShapeCodec("code", plain(["version"], rename={"path": "codeUri"}))
DATA = ShapeCodec(
    "data", plain(["version"], rename={"path": "dataUri", "type": "dataType"}, parts={"type": ASSET_TYPES})
)
MODELS = ShapeCodec(
    "model",
    plain(
        ["version"],
        rename={"path": "modelUri", "type": "modelType"},
        parts={"type": ASSET_TYPES, "flavors": Both(_wrap_flavors, _unwrap_flavors)},
    ),
)
ENVIRONMENTS = ShapeCodec(
    "environment",
    plain(
        ["version"],
        parts={
            "os_type": _OS,
            "conda_file": Both(_conda_text, lambda value: value),
            "build": Shape.of(BuildContext, rename={"path": "contextUri"}),
            "inference_config": Shape.of(InferenceConfig),
        },
    ),
)
CONTAINERS = ShapeCodec("container", plain(rename={"type": "dataType"}, parts={"type": ASSET_TYPES}))

_BESIDE_SPEC = ("description", "tags", "properties", "is_anonymous", "is_archived", "stage", "provisioning_state")


class ComponentCodec:
    """A component travels as the document it was written as, in `componentSpec`."""

    def to_arm(self, entity: Entity, *, secrets: bool = False) -> JsonObject:
        """See `Codec.to_arm`."""
        assert isinstance(entity, Component)
        document = entity.document(secrets=secrets)
        properties = {_CAMEL[key]: document[key] for key in _BESIDE_SPEC if key in document}
        unknown = as_object(document.pop("arm_properties", None), "arm_properties")
        return {"properties": {"componentSpec": entity.component_spec or _spec(document), **properties, **unknown}}

    def from_arm(self, body: object, *, name: str | None = None, version: str | None = None) -> Component:
        """See `Codec.from_arm`."""
        whole, properties = opened(body)
        given = as_object(properties.pop("componentSpec", None), "properties.componentSpec")
        if not given:
            raise InvalidRequest("properties.componentSpec is missing. Send the component's document.")
        own = {wire: key for key, wire in _CAMEL.items()}
        beside = {own[key]: value for key, value in properties.items() if key in own and value is not None}
        unknown = {key: value for key, value in properties.items() if key not in own}
        document = {key: value for key, value in given.items() if key not in {"properties", "$schema", "_source"}}
        if isinstance(document.get("jobs"), dict):
            document["jobs"] = STEPS.from_arm(document["jobs"])
        if "partition_keys" in document:
            document["partition_keys"] = JsonText().from_arm(document["partition_keys"])
        if is_flow_component(document.get("type")):
            document |= flow_ports()
        if unknown:
            document["arm_properties"] = unknown
        envelope = envelope_fields(whole, name=name, version=version)
        if document.get("name") != envelope.get("name") == ANONYMOUS_COMPONENT:
            document["own_name"] = document.get("name")
        return Component.parse(document | beside | envelope | {"component_spec": given})

    def schema(self) -> JsonObject:
        """See `Codec.schema`."""
        own = schema.own_schema(Component)
        beside = {_CAMEL[key]: own["properties"][key] for key in _BESIDE_SPEC}
        return schema.body(
            {"type": "object", "required": ["componentSpec"], "properties": {**beside, "componentSpec": own}}
        )


_CAMEL = {
    "description": "description",
    "tags": "tags",
    "properties": "properties",
    "is_anonymous": "isAnonymous",
    "is_archived": "isArchived",
    "stage": "stage",
    "provisioning_state": "provisioningState",
}


def _spec(document: JsonObject) -> JsonObject:
    """The document as the wire wants it: defaults of parameters are text."""
    left_out = {"id", "creation_context", "properties", "is_anonymous", "is_archived", "provisioning_state", "stage"}
    spec = {key: value for key, value in document.items() if key not in left_out}
    spec["name"] = spec.pop("own_name", spec.get("name"))
    spec["inputs"] = {name: _input(port) for name, port in spec.get("inputs", {}).items()}
    spec |= {key: _by_id(spec[key]) for key in ("code", "environment") if key in spec}
    if isinstance(spec.get("task"), dict):
        task = spec["task"]
        spec["task"] = task | {key: _by_id(task[key]) for key in ("code", "environment") if key in task}
    if "partition_keys" in spec:
        spec["partition_keys"] = JsonText().to_arm(spec["partition_keys"])
    if spec.get("jobs"):
        spec["jobs"] = STEPS.to_arm(spec["jobs"])
    spec.setdefault("_source", "YAML.COMPONENT")
    return {key: value for key, value in spec.items() if key not in {"inputs", "outputs", "tags"} or value}


def _by_id(value: Any) -> Any:  # Any: JSON
    """An id inside a document is marked as one."""
    return f"azureml:{value}" if isinstance(value, str) and value.startswith("/subscriptions/") else value


def _input(port: JsonObject) -> JsonObject:
    given = {key: value for key, value in port.items() if key != "optional" or value}
    return given | {key: _text(given[key], port["type"]) for key in ("default", "min", "max") if key in given}


def _text(value: Any, declared: str) -> str:  # Any: a value as YAML has it
    try:
        known = coerce_literal(value, declared)
    except ValueError:
        return literal_text(value)
    return literal_text(float(known) if declared.lower() == "number" and isinstance(known, int) else known)


COMPONENTS = ComponentCodec()
