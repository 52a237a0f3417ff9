"""Runs workloads on a Ray cluster by its own HTTP API, so that ray is not needed on this side."""

from smalt.executors.ray.cluster import ClusterNode
from smalt.executors.ray.executor import RayExecutor
from smalt.executors.ray.planning import NodeTerms

__all__ = ["ClusterNode", "NodeTerms", "RayExecutor"]
