"""A cluster that grows and shrinks."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import SecretStr

from smalt.entities.base import Entity
from smalt.entities.compute.base import Compute
from smalt.entities.text import Seconds, Text


class SshSettings(Entity):
    """The administrator of the nodes."""

    admin_username: Text | None = None
    admin_password: SecretStr | None = None
    ssh_key_value: Text | None = None


class AmlCompute(Compute):
    """A cluster of equal nodes."""

    type: Literal["amlcompute"] = "amlcompute"
    size: Text | None = None
    tier: Text | None = None
    min_instances: int = 0
    max_instances: int = 4
    idle_time_before_scale_down: Seconds | None = None
    ssh_public_access_enabled: bool | None = None
    ssh_settings: SshSettings | None = None
    network_settings: dict[str, Any] | None = None  # Any: kept as given
    enable_node_public_ip: bool | None = None
    allocation_state: Text | None = None
    current_node_count: int | None = None
    target_node_count: int | None = None
