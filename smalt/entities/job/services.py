"""Interactive services of a job, and the links a job offers (`Studio`, `Tracking`)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from smalt.entities.base import Entity
from smalt.entities.text import Text


class JobService(Entity):
    """One service: ssh, jupyter_lab, vs_code, tensor_board, or a link."""

    type: Text | None = None
    endpoint: Text | None = None
    port: int | None = None
    nodes: Text | None = None
    status: Text | None = None
    error_message: Text | None = None
    properties: dict[str, Any] | None = None  # Any: kept as given
    ssh_public_keys: Text | None = None
    log_dir: Text | None = None


Services = Annotated[
    dict[str, JobService], BeforeValidator(lambda value: {} if value is None else value), Field(default_factory=dict)
]
