"""Where a workload runs: an environment, a command and its data on some machine, found again after any restart."""

from smalt.executors.base import (
    FLOW_ENGINE,
    Container,
    Distribution,
    Executor,
    Handle,
    Mount,
    OutputState,
    OwnServer,
    Phase,
    Plan,
    Reason,
    Remote,
    Sampling,
    Workload,
    WorkloadState,
)

__all__ = [
    "FLOW_ENGINE",
    "Container",
    "Distribution",
    "Executor",
    "Handle",
    "Mount",
    "OutputState",
    "OwnServer",
    "Phase",
    "Plan",
    "Reason",
    "Remote",
    "Sampling",
    "Workload",
    "WorkloadState",
]
