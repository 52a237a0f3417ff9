"""From the environment a job names to a recipe, the one that is built and cached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from smalt.entities.environment import Environment
from smalt.environments import CondaRecipe, EnvironmentRequest, ImageRecipe, Recipe, SubstitutionPolicy, plan
from smalt.errors import InvalidRequest, NotFound
from smalt.server.assets import AssetService, AssetVersion, DataLocator
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord
from smalt.wire import references
from smalt.wire.references import AssetReference

_CURATED_PREFIX = "azureml-"


class Software:
    """Decides which recipe stands for an environment.

    Args:
        assets: Where registered environments are.
        locator: Where the build contexts of them are.
        policy: What to do with a wish that cannot be honoured to the letter.
        aliases: The operator's table of images and curated names.
        containers: Whether images run as they are.
        conda: The conda program that may be used, such as `micromamba`.
        has_python: Tells whether a minor version of Python can be had without it.
    """

    def __init__(
        self,
        assets: AssetService,
        locator: DataLocator,
        *,
        policy: SubstitutionPolicy = SubstitutionPolicy.SUBSTITUTE,
        aliases: Mapping[str, EnvironmentRequest] | None = None,
        containers: bool = False,
        conda: str | None = None,
        has_python: Callable[[str], bool] = lambda version: True,
    ) -> None:
        self._assets = assets
        self._locator = locator
        self._plan = partial(plan, policy=policy, aliases=aliases or {}, conda=conda, has_python=has_python)
        self._containers = containers

    def choose(
        self, work: Work, workspace: WorkspaceRecord, environment: str | Environment | None
    ) -> tuple[str | dict[str, Any], Recipe]:  # Any: an inline environment as plain values
        """The pinned reference of an environment (or its document, when it is inline), and its recipe.

        Raises:
            InvalidRequest: It is missing or wrong.
            NotFound: There is none of this name.
            Unsupported: It cannot be honoured on this machine.
        """
        if isinstance(environment, str):
            return work.once(("software", workspace.id, environment), lambda: self._named(work, workspace, environment))
        if environment is None:
            raise InvalidRequest("A command needs an environment. Write environment: azureml:<name>@latest.")
        return environment.document(), self._recipe(work, workspace, environment, None)

    def _named(self, work: Work, workspace: WorkspaceRecord, environment: str) -> tuple[str, Recipe]:
        reference = references.parse_asset(environment, "environments")
        try:
            version = self._assets.resolve(work, workspace, "environments", environment)
        except NotFound:
            if not _is_curated(reference):
                raise
            request = EnvironmentRequest(curated=reference.name, environment_name=reference.name)
            return environment, self._plan(request)
        assert isinstance(version.entity, Environment)
        return version.id, self._recipe(work, workspace, version.entity, version)

    def _recipe(
        self, work: Work, workspace: WorkspaceRecord, environment: Environment, version: AssetVersion | None
    ) -> Recipe:
        context: Path | None = None
        place = environment.build.path if environment.build is not None else None
        if place:
            found = (
                self._locator.locate(work, workspace, place)
                if version is None
                else self._locator.said_by(work, workspace, version, place)
            )
            context = found.local_path
            if context is None:
                raise InvalidRequest(f"The build context {place!r} is not on this server. Upload it first.")
        request = EnvironmentRequest(
            image=environment.image,
            conda=environment.conda_file,
            build_context=context,
            dockerfile=environment.build.dockerfile_path if environment.build else "Dockerfile",
            environment_name=None if version is None else version.name,
        )
        return self._plan(request, containers=self._containers)


def to_document(recipe: Recipe) -> dict[str, Any]:  # Any: JSON
    """A recipe as JSON, to be kept with the job."""
    return {
        "python": recipe.python,
        "requirements": list(recipe.requirements),
        "constraints": list(recipe.constraints),
        "notes": list(recipe.notes),
        "policy": recipe.policy.value,
        "image": None if recipe.image is None else asdict(recipe.image),
        "conda": None if recipe.conda is None else asdict(recipe.conda),
    }


def from_document(document: Mapping[str, Any]) -> Recipe:  # Any: JSON
    """The recipe that `to_document` wrote."""
    return Recipe(
        python=document["python"],
        requirements=tuple(document["requirements"]),
        constraints=tuple(document["constraints"]),
        notes=tuple(document["notes"]),
        policy=SubstitutionPolicy(document["policy"]),
        image=ImageRecipe(**document["image"]) if document.get("image") else None,
        conda=_conda(document.get("conda")),
    )


def _conda(document: Mapping[str, Any] | None) -> CondaRecipe | None:  # Any: JSON
    return CondaRecipe(tuple(document["channels"]), tuple(document["specs"])) if document else None


def _is_curated(reference: AssetReference) -> bool:
    return (reference.registry or "").lower() == "azureml" or reference.name.lower().startswith(_CURATED_PREFIX)
