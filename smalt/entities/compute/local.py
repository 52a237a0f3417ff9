"""The machine that runs the server, as a compute."""

from __future__ import annotations

from typing import Literal

from smalt.entities.compute.base import Compute


class LocalCompute(Compute):
    """Runs jobs as processes of this machine."""

    type: Literal["local"] = "local"
    max_concurrent_jobs: int | None = None
