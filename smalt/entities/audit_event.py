"""An entry of the audit trail: who changed what, or tried to."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from smalt.entities.base import Entity
from smalt.entities.text import FreeText, Text


class AuditEvent(Entity):
    """One write, done or refused."""

    at: Text
    actor: FreeText
    actor_id: FreeText
    action: Text
    status: int
    scope: FreeText
    method: Text
    path: FreeText
    id: Text
    correlation: FreeText | None = None
    client_address: FreeText | None = None
    details: dict[str, Any] = Field(default_factory=dict)  # Any: the failure's code and message
