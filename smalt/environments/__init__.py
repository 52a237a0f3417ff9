"""From conda.yaml, requirements, a curated name, an image or a Dockerfile to a locked, cached, reusable environment.

No container engine is needed: `plan` decides which Python packages stand for what was asked, `EnvironmentCache` builds
and keeps them, `overlay` gives each job a private layer on top.
"""

from smalt.environments.cache import BuiltEnvironment, EnvironmentCache, StoredEnvironment
from smalt.environments.curated import curated_name, find_recipe
from smalt.environments.errors import (
    EnvironmentBuildFailed,
    EnvironmentNotFound,
    EnvironmentUnresolvable,
    IndexUnreachable,
)
from smalt.environments.locking import Lease
from smalt.environments.overlay import overlay
from smalt.environments.plan import plan, read_aliases
from smalt.environments.request import EnvironmentRequest, Recipe, SubstitutionPolicy

__all__ = [
    "BuiltEnvironment",
    "EnvironmentBuildFailed",
    "EnvironmentCache",
    "EnvironmentNotFound",
    "EnvironmentRequest",
    "EnvironmentUnresolvable",
    "IndexUnreachable",
    "Lease",
    "Recipe",
    "StoredEnvironment",
    "SubstitutionPolicy",
    "curated_name",
    "find_recipe",
    "overlay",
    "plan",
    "read_aliases",
]
