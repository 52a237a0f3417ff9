"""Workloads as processes of this machine, each under a supervisor that outlives the server."""

from smalt.executors.local.executor import LocalExecutor
from smalt.executors.local.scorer_forks import ScorerForks

__all__ = ["LocalExecutor", "ScorerForks"]
