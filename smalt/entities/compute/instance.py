"""A machine for one person."""

from __future__ import annotations

from typing import Any, Literal

from smalt.entities.compute.base import Compute
from smalt.entities.text import Text


class ComputeInstance(Compute):
    """A development machine: it is started and stopped, by its owner, by times, and when nothing runs on it.

    Attributes:
        idle_time_before_shutdown: How long nothing may run before it stops, e.g. `PT30M`.
        idle_time_before_shutdown_minutes: The same, in minutes.
        schedules: Times at which it is started or stopped, as ARM writes them: `computeStartStop`.
        create_on_behalf_of: Whom it is for, by `user_object_id`; nobody else has sessions on it.
        personal_compute_instance_settings: The same, as ARM writes it.
    """

    type: Literal["computeinstance"] = "computeinstance"
    size: Text | None = None
    state: Text | None = None
    ssh_public_access_enabled: bool | None = None
    ssh_settings: dict[str, Any] | None = None  # Any: kept as given
    idle_time_before_shutdown: Text | None = None
    idle_time_before_shutdown_minutes: int | None = None
    schedules: dict[str, Any] | None = None  # Any: kept as given
    create_on_behalf_of: dict[str, Any] | None = None  # Any: kept as given
    personal_compute_instance_settings: dict[str, Any] | None = None  # Any: kept as given
    enable_node_public_ip: bool | None = None
    enable_sso: bool | None = None

    @property
    def assigned_user(self) -> str | None:
        """The id of whom it is for, if it is for somebody."""
        named = (self.personal_compute_instance_settings or {}).get("assignedUser") or {}
        found = (self.create_on_behalf_of or {}).get("user_object_id") or named.get("objectId")
        return str(found) if found else None
