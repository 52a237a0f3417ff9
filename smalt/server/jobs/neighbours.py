"""What this slice needs of environments, which another implementation or a test may provide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from smalt.environments import BuiltEnvironment, Recipe


class Environments(Protocol):
    """The cache of built environments."""

    def find(self, recipe: Recipe) -> BuiltEnvironment | None:
        """A built environment; starts no process."""

    def build(self, recipe: Recipe, log: Callable[[str], None]) -> BuiltEnvironment:
        """Build it, or wait for whoever builds it."""

    def job_variables(self) -> dict[str, str]:
        """Variables that make `pip install` in a job follow the operator's settings."""
