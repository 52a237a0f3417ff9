"""In which states deployments, their instances and long operations are."""

from __future__ import annotations

from enum import StrEnum


class DeploymentState(StrEnum):
    """`provisioningState` of a deployment."""

    CREATING = "Creating"
    UPDATING = "Updating"
    DELETING = "Deleting"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"

    @property
    def is_settled(self) -> bool:
        """Whether nobody waits for it."""
        return self in {DeploymentState.SUCCEEDED, DeploymentState.FAILED}


class InstanceState(StrEnum):
    """How far an instance is. Only those that are ready get requests."""

    STARTING = "starting"
    READY = "ready"
    UNWELL = "unwell"
    """Runs, but answers its probe not as it should."""
    DRAINING = "draining"
    """Gets no new requests; is told to end once the gateway knows that."""
    STOPPING = "stopping"


class OperationStatus(StrEnum):
    """In the words of ARM."""

    IN_PROGRESS = "InProgress"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
