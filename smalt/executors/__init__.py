"""Where a workload runs: an environment, a command and its data on some machine, found again after any restart."""

from smalt.executors.base import (
    Distribution,
    Executor,
    Handle,
    Mount,
    OutputState,
    Phase,
    Plan,
    Reason,
    Sampling,
    Workload,
    WorkloadState,
)

__all__ = [
    "Distribution",
    "Executor",
    "Handle",
    "Mount",
    "OutputState",
    "Phase",
    "Plan",
    "Reason",
    "Sampling",
    "Workload",
    "WorkloadState",
]
