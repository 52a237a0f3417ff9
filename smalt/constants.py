"""Constants with the names of the v2 SDK."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from smalt.entities.types import AssetType as AssetTypes
from smalt.entities.types import Mode as InputOutputModes

if TYPE_CHECKING:
    from smalt.entities.monitor.data import MonitorDatasetContext
    from smalt.entities.monitor.definition import MonitorTargetTasks
    from smalt.entities.time_zone import TimeZone
    from smalt.sdk.operations.base import ListViewType

__all__ = [
    "AssetTypes",
    "BatchDeploymentOutputAction",
    "InputOutputModes",
    "ListViewType",
    "ModelType",
    "MonitorDatasetContext",
    "MonitorTargetTasks",
    "TimeZone",
]

_LOADED_ON_USE = {
    "ListViewType": "smalt.sdk.operations.base",
    "MonitorDatasetContext": "smalt.entities.monitor.data",
    "MonitorTargetTasks": "smalt.entities.monitor.definition",
    "TimeZone": "smalt.entities.time_zone",
}


class BatchDeploymentOutputAction(StrEnum):
    """What becomes of the rows that a batch deployment's script returns."""

    APPEND_ROW = "append_row"
    SUMMARY_ONLY = "summary_only"


class ModelType(StrEnum):
    """The types of models."""

    CUSTOM = "custom_model"
    MLFLOW = "mlflow_model"
    TRITON = "triton_model"


def __getattr__(name: str) -> object:
    if name not in _LOADED_ON_USE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_LOADED_ON_USE[name]), name)
