"""Requests of the MLflow protocol that are decoded straight into typed values: those that come thousands of times.

Numbers may come as text (64-bit integers and NaN do, from protobuf clients), so these are decoded leniently.
"""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import Meta, Struct

from smalt.server.http import incoming
from smalt.server.tracking.errors import InvalidParameter

Int64 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Millis = Annotated[int, Meta(ge=0, le=2**63 - 1)]

M = TypeVar("M")


class Metric(Struct):
    """One point of a metric."""

    key: str
    value: float
    timestamp: Millis = 0
    step: Int64 = 0
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""
    run_id: str = ""


class Param(Struct):
    """A parameter; also what tags look like."""

    key: str
    value: str = ""


class LogMetric(Metric):
    """`runs/log-metric`."""

    run_uuid: str = ""


class LogParam(Param):
    """`runs/log-parameter` and `runs/set-tag`."""

    run_id: str = ""
    run_uuid: str = ""


class LogBatch(Struct):
    """`runs/log-batch`."""

    run_id: str = ""
    metrics: list[Metric] = []
    params: list[Param] = []
    tags: list[Param] = []


class CreateRun(Struct):
    """`runs/create`."""

    experiment_id: str = "0"
    user_id: str = ""
    run_name: str = ""
    start_time: Millis | None = None
    tags: list[Param] = []


class UpdateRun(Struct):
    """`runs/update`."""

    run_id: str = ""
    run_uuid: str = ""
    status: str | int | None = None
    end_time: Millis | None = None
    run_name: str = ""


class Reader(Generic[M]):
    """Decodes bodies into one kind of message."""

    def __init__(self, kind: type[M]) -> None:
        self._decoder = msgspec.json.Decoder(kind, strict=False)

    def __call__(self, body: bytes) -> M:
        """The message in a body.

        Raises:
            InvalidParameter: It is not JSON, or a field is missing or of another type.
        """
        incoming.check_json(body)
        try:
            return self._decoder.decode(body or b"{}")
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InvalidParameter(f"The request cannot be read: {error}.") from error


def schema(kind: type[Struct]) -> dict[str, Any]:
    """The JSON schema of one kind of message, for the API description."""
    (found,), definitions = msgspec.json.schema_components([kind], ref_template="{name}")
    whole: dict[str, Any] = _written_out(definitions[found["$ref"]], definitions)
    return whole


def _written_out(value: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_written_out(item, definitions) for item in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        return _written_out(definitions[value["$ref"]], definitions)
    return {key: _written_out(item, definitions) for key, item in value.items()}
