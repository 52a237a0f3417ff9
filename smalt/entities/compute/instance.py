"""A machine for one person."""

from __future__ import annotations

from typing import Any, Literal

from smalt.entities.compute.base import Compute
from smalt.entities.text import Text


class ComputeInstance(Compute):
    """A development machine."""

    type: Literal["computeinstance"] = "computeinstance"
    size: Text | None = None
    state: Text | None = None
    ssh_public_access_enabled: bool | None = None
    ssh_settings: dict[str, Any] | None = None  # Any: kept as given
    idle_time_before_shutdown: Text | None = None
    enable_node_public_ip: bool | None = None
    enable_sso: bool | None = None
