"""The types and delivery modes that inputs, outputs, data and models share."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator

from smalt.entities.text import match_enum


class AssetType(StrEnum):
    """What stands behind a path."""

    URI_FILE = "uri_file"
    URI_FOLDER = "uri_folder"
    MLTABLE = "mltable"
    CUSTOM_MODEL = "custom_model"
    MLFLOW_MODEL = "mlflow_model"
    TRITON_MODEL = "triton_model"
    PATH = "path"

    @property
    def is_model(self) -> bool:
        """Whether an output of this type is registered as a model rather than as data."""
        return self.value.endswith("_model")


class Mode(StrEnum):
    """How bytes reach a job, or leave it. `mount` is the old word for a mount of the fitting direction."""

    RO_MOUNT = "ro_mount"
    RW_MOUNT = "rw_mount"
    DOWNLOAD = "download"
    UPLOAD = "upload"
    DIRECT = "direct"
    EVAL_MOUNT = "eval_mount"
    EVAL_DOWNLOAD = "eval_download"
    MOUNT = "mount"


_MODE_ALIASES = {"readonlymount": Mode.RO_MOUNT, "readwritemount": Mode.RW_MOUNT}


def _mode(value: object) -> object:
    if isinstance(value, str) and value.lower() in _MODE_ALIASES:
        return _MODE_ALIASES[value.lower()]
    return match_enum(value, Mode)


AssetTypeField = Annotated[AssetType, BeforeValidator(lambda value: match_enum(value, AssetType))]
ModeField = Annotated[Mode, BeforeValidator(_mode)]
