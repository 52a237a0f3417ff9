"""Parallel steps, with the names of the v2 SDK: `from smalt.parallel import RunFunction, parallel_run_function`."""

from __future__ import annotations

from smalt.entities.job.parallel import ParallelTask as RunFunction
from smalt.sdk.pipelines.parallel import parallel_run_function

__all__ = ["RunFunction", "parallel_run_function"]
