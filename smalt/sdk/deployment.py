"""Brings what a deployment names to the server: its model, its code, its environment."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, TypeVar

from smalt.entities.endpoint.base import Deployment
from smalt.entities.model import Model
from smalt.entities.model_package import ModelPackage, ServerType
from smalt.entities.types import AssetType
from smalt.errors import InvalidRequest
from smalt.sdk.operations.assets import ModelOperations
from smalt.sdk.resolve import Resolver
from smalt.sdk.snapshot import take
from smalt.wire import references
from smalt.wire.references import AssetReference, LocalPath

D = TypeVar("D", bound=Deployment)

_CONVENTIONAL = "MLmodel"
"""The file that makes a folder an MLflow model."""


def resolved(deployment: D, resolver: Resolver, models: ModelOperations) -> D:
    """A deployment in which nothing is local any more."""
    changes: dict[str, Any] = {}  # Any: fields of a deployment
    if deployment.model is not None:
        changes["model"] = model_id(deployment.model, resolver, models)
    code = deployment.code_configuration
    if code is not None and code.code:
        changes["code_configuration"] = code.model_copy(update={"code": resolver.code(code.code)})
    if deployment.environment is not None:
        changes["environment"] = resolver.environment(deployment.environment)
    return deployment.model_copy(update=changes)


def packed(deployment: D, models: ModelOperations, server: ServerType) -> D:
    """A deployment, in which nothing is local, of a package that is made of what it names.

    Raises:
        InvalidRequest: It names no model.
    """
    reference = references.parse(str(deployment.model))
    if not isinstance(reference, AssetReference) or reference.version is None:
        raise InvalidRequest("The deployment names no model that could be packed. Write 'model:'.", target="model")
    if reference.registry is not None:
        models = models.of_registry(reference.registry)
    base = None if deployment.environment is None else {"resource_id": deployment.environment}
    package = ModelPackage.parse(
        {
            "target_environment": {"name": f"{reference.name}-package"},
            "base_environment_source": base,
            "inferencing_server": {"type": server, "code_configuration": deployment.code_configuration},
        }
    )
    made = models.package(reference.name, reference.version, package)
    changes = {"model": None, "code_configuration": None, "environment": made.id}
    return deployment.model_copy(update=changes)


def model_id(given: str | Model, resolver: Resolver, models: ModelOperations) -> str:
    """The id of a model; one that is written inline, or is a path here, is registered first."""
    if isinstance(given, str):
        reference = references.parse(given)
        if not isinstance(reference, LocalPath) or not _is_here(given):
            return resolver.asset(given, "models")
        given = Model.parse({"path": given})
    if given.id:
        return given.id
    if not given.path:
        raise InvalidRequest("The model has no path. Write 'path:', a local path or a URI.", target="model.path")
    named = given if given.name else _named_by_content(given)
    made = models.create_or_update(named)
    assert made.id is not None
    return made.id


def _is_here(text: str) -> bool:
    return Path(text.removeprefix("file:")).expanduser().exists() or "/" in text


def _named_by_content(model: Model) -> Model:
    """A model without a name is the same one whenever its content is."""
    changes: dict[str, Any] = {"is_anonymous": True}  # Any: fields of a model
    reference = references.parse(str(model.path))
    if isinstance(reference, LocalPath):
        path = Path(reference.path).expanduser()
        digest = take(path).content_hash()
        is_default = "type" not in model.model_fields_set
        if is_default and (path / _CONVENTIONAL).is_file():
            changes["type"] = AssetType.MLFLOW_MODEL
        changes |= {"name": f"anonymous-{digest[:32]}", "version": "1"}
    else:
        changes["name"] = f"anonymous-{_text_hash(str(model.path))}"
        changes["version"] = "1"
    return model.model_copy(update=changes)


def _text_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
