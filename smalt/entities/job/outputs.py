"""Outputs of a job."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from smalt.entities.base import Entity
from smalt.entities.text import Text
from smalt.entities.types import AssetType, AssetTypeField, ModeField


class JobOutput(Entity):
    """Where results go; with `name` (and `version`) the output is registered when the job completes."""

    type: AssetTypeField = AssetType.URI_FOLDER
    mode: ModeField | None = None
    path: Text | None = None
    name: Text | None = None
    version: Text | None = None
    path_on_compute: Text | None = None
    description: Text | None = None


def _output(value: Any) -> Any:  # Any: raw input of a validator
    if value is None:
        return {}
    return {"path": value} if isinstance(value, str) else value


JobOutputs = Annotated[
    dict[str, Annotated[JobOutput, BeforeValidator(_output)]],
    BeforeValidator(lambda value: {} if value is None else value),
    Field(default_factory=dict),
]
