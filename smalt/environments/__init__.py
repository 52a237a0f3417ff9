"""From conda.yaml, requirements, a curated name, an image or a Dockerfile to a locked, cached, reusable environment.

No container engine is needed: `plan` decides which Python packages stand for what was asked, `EnvironmentCache` builds
and keeps them, `Layers` gives each job a private one on top. Where the operator lets podman or docker be used,
images are taken as they are, and micromamba, mamba or conda installs what PyPI does not have.
"""

from smalt.environments.cache import BuiltEnvironment, EnvironmentCache, StoredEnvironment
from smalt.environments.conda_program import CondaProgram, find_conda
from smalt.environments.containers import Engine, find_engine
from smalt.environments.curated import RESPONSIBLE_AI, curated_name, find_recipe
from smalt.environments.errors import (
    EnvironmentBuildFailed,
    EnvironmentNotFound,
    EnvironmentUnresolvable,
    IndexUnreachable,
)
from smalt.environments.flow_engine import engine_path, flow_conda
from smalt.environments.flow_models import FLOW_IMAGE, FlowModel, flow_model, flow_model_in
from smalt.environments.language_models import LANGUAGE_IMAGE, is_language_model, language_conda
from smalt.environments.layers import Layers
from smalt.environments.locking import Lease
from smalt.environments.overlay import overlay
from smalt.environments.plan import plan, read_aliases
from smalt.environments.request import CondaRecipe, EnvironmentRequest, ImageRecipe, Recipe, SubstitutionPolicy

__all__ = [
    "FLOW_IMAGE",
    "LANGUAGE_IMAGE",
    "RESPONSIBLE_AI",
    "BuiltEnvironment",
    "CondaProgram",
    "CondaRecipe",
    "Engine",
    "EnvironmentBuildFailed",
    "EnvironmentCache",
    "EnvironmentNotFound",
    "EnvironmentRequest",
    "EnvironmentUnresolvable",
    "FlowModel",
    "ImageRecipe",
    "IndexUnreachable",
    "Layers",
    "Lease",
    "Recipe",
    "StoredEnvironment",
    "SubstitutionPolicy",
    "curated_name",
    "engine_path",
    "find_conda",
    "find_engine",
    "find_recipe",
    "flow_conda",
    "flow_model",
    "flow_model_in",
    "is_language_model",
    "language_conda",
    "overlay",
    "plan",
    "read_aliases",
]
