"""An environment asset: the software a job or a deployment runs in."""

from __future__ import annotations

from typing import Any

from pydantic import model_validator

from smalt.entities.base import Asset, Entity
from smalt.entities.text import Text


class BuildContext(Entity):
    """A folder with a Dockerfile."""

    path: Text | None = None
    dockerfile_path: Text = "Dockerfile"


class Route(Entity):
    """One HTTP route of an inference image."""

    port: int | None = None
    path: Text | None = None


class InferenceConfig(Entity):
    """Where an image answers scoring and health requests."""

    liveness_route: Route | None = None
    readiness_route: Route | None = None
    scoring_route: Route | None = None
    startup_route: Route | None = None


class Environment(Asset):
    """Exactly one of `image` (with an optional `conda_file`) or `build`.

    `conda_file` is a path, the text of a conda file (as on the wire) or the mapping such a file holds.
    """

    image: Text | None = None
    conda_file: str | dict[str, Any] | None = None  # Any: a conda document is kept as it is
    build: BuildContext | None = None
    os_type: Text | None = None
    inference_config: InferenceConfig | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Environment:
        if self.image and self.build:
            raise ValueError("An environment has either 'image' or 'build', not both. Remove one of them.")
        return self

    @property
    def has_conda_text(self) -> bool:
        """Whether `conda_file` holds the text of a conda file rather than the path of one."""
        return isinstance(self.conda_file, str) and ("\n" in self.conda_file or ": " in self.conda_file)
