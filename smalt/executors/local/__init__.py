"""Workloads as processes of this machine, each under a supervisor that outlives the server."""

from smalt.executors.local.executor import LocalExecutor

__all__ = ["LocalExecutor"]
