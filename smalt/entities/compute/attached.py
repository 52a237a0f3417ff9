"""Computes that exist elsewhere and are attached: Kubernetes, a virtual machine, a Spark pool."""

from __future__ import annotations

from typing import Any, Literal

from smalt.entities.compute.base import Compute
from smalt.entities.text import Text


class KubernetesCompute(Compute):
    """A Kubernetes cluster."""

    type: Literal["kubernetes"] = "kubernetes"
    namespace: Text | None = None
    default_instance_type: Text | None = None
    instance_types: dict[str, Any] | None = None  # Any: kept as given


class VirtualMachineCompute(Compute):
    """A machine reached by SSH."""

    type: Literal["virtualmachine"] = "virtualmachine"
    ssh_settings: dict[str, Any] | None = None  # Any: kept as given


class SynapseSparkCompute(Compute):
    """A Spark pool."""

    type: Literal["synapsespark"] = "synapsespark"
    node_family: Text | None = None
    node_size: Text | None = None
    node_count: int | None = None
    spark_version: Text | None = None
    scale_settings: dict[str, Any] | None = None  # Any: kept as given
    auto_pause_settings: dict[str, Any] | None = None  # Any: kept as given
