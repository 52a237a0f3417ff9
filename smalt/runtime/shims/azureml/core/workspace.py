"""The workspace a job runs in, as its environment describes it."""

from __future__ import annotations

import os

from . import _tracking

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Workspace:
    """Names a workspace. Made without arguments inside a job, it is the job's own."""

    def __init__(
        self,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        workspace_name: str | None = None,
        **_: Any,  # Any: options of the first SDK that mean nothing here
    ) -> None:
        self.subscription_id = subscription_id or os.environ.get("AZUREML_ARM_SUBSCRIPTION", "")
        self.resource_group = resource_group or os.environ.get("AZUREML_ARM_RESOURCEGROUP", "")
        self.name = workspace_name or os.environ.get("AZUREML_ARM_WORKSPACE_NAME", "")

    @classmethod
    def from_config(cls, *_: Any, **__: Any) -> Workspace:  # Any: a path of a file that jobs do not have
        """The job's workspace."""
        return cls()

    @classmethod
    def get(
        cls,
        name: str,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        **_: Any,  # Any: as above
    ) -> Workspace:
        """A workspace by name."""
        return cls(subscription_id, resource_group, name)

    def get_mlflow_tracking_uri(self) -> str:
        """Address for `mlflow.set_tracking_uri`."""
        return _tracking.tracking_uri()

    def __repr__(self) -> str:
        return f"Workspace(name={self.name!r}, resource_group={self.resource_group!r})"
