"""What packs a model with the script that serves it and the software that both need, into an environment."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from smalt.entities.base import Entity
from smalt.entities.endpoint.base import CodeConfiguration, Variables
from smalt.entities.environment import Environment, InferenceConfig
from smalt.entities.text import FreeText, Text, match_enum
from smalt.errors import ValidationFailed

PACKAGE = "smalt.package"
"""The property of an environment that holds the package which it is."""


class ServerType(StrEnum):
    """What answers requests to a packed model."""

    ONLINE = "azureml_online"
    BATCH = "azureml_batch"
    TRITON = "triton"
    CUSTOM = "custom"


class PackageMode(StrEnum):
    """Whether an image of the package holds the model, or fetches it."""

    COPY = "copy"
    DOWNLOAD = "download"


ServerTypeField = Annotated[ServerType, BeforeValidator(lambda value: match_enum(value, ServerType))]
PackageModeField = Annotated[PackageMode, BeforeValidator(lambda value: match_enum(value, PackageMode))]


class InferencingServer(Entity):
    """A server, and the script that it runs; MLflow models need none."""

    type: ServerTypeField = ServerType.ONLINE
    code_configuration: CodeConfiguration | None = None
    inference_configuration: InferenceConfig | None = None


class BaseEnvironment(Entity):
    """The environment that a package begins with: `type` is always `environment_asset`."""

    type: Text = "environment_asset"
    resource_id: Text


class ModelConfiguration(Entity):
    """How the model gets to where it is served."""

    mode: PackageModeField = PackageMode.DOWNLOAD
    mount_path: Text | None = None


class TargetEnvironment(Entity):
    """The environment that a package becomes; without a version it is the next."""

    name: Text
    version: Text | None = None


def _target(value: Any) -> Any:  # Any: raw input of a validator
    if not isinstance(value, str):
        return value
    name, _, version = value.removeprefix("azureml:").partition(":")
    return {"name": name, "version": version or None}


class ModelPackage(Entity):
    """The YAML of `model package`.

    Args:
        target_environment: What the package becomes: a name, `azureml:<name>:<version>`, or a mapping of these.
        base_environment_source: Software that is there already; an MLflow model brings its own.
        inferencing_server: What serves it.
        model_configuration: How the model gets there.
        inputs: Further data; none is supported.
        environment_variables: Set for the server.
        tags: Of the environment.
    """

    target_environment: Annotated[TargetEnvironment, BeforeValidator(_target)]
    base_environment_source: BaseEnvironment | None = None
    inferencing_server: InferencingServer = Field(default_factory=InferencingServer)
    model_configuration: ModelConfiguration = Field(default_factory=ModelConfiguration)
    inputs: list[dict[str, Any]] = Field(default_factory=list)  # Any: kept as it is written, to be refused by name
    environment_variables: Variables = Field(default_factory=dict)
    tags: dict[str, FreeText] = Field(default_factory=dict)


class PackagedModel(Entity):
    """What an environment keeps of the package that it is: enough to serve it without naming anything else.

    Args:
        model: The id of the version that was packed.
        base: The id of the environment that the package began with; without, its software is the model's own.
        code_configuration: The id of its code, and the script.
        environment_variables: Set for the server.
        server: What was asked for.
        mode: Whether an image of it holds the model.
        mount_path: Where the model is to be, in a container.
    """

    model: Text
    base: Text | None = None
    code_configuration: CodeConfiguration | None = None
    environment_variables: Variables = Field(default_factory=dict)
    server: ServerTypeField = ServerType.ONLINE
    mode: PackageModeField = PackageMode.DOWNLOAD
    mount_path: Text | None = None

    @staticmethod
    def of(environment: Environment) -> PackagedModel | None:
        """The package that an environment is, if it is one.

        Raises:
            ValidationFailed: Its property holds something else.
        """
        text = environment.properties.get(PACKAGE)
        if text is None:
            return None
        try:
            return PackagedModel.parse(json.loads(text))
        except ValueError:
            raise ValidationFailed(
                f"The property {PACKAGE!r} of the environment {environment.name!r} is no package. Remove it; "
                "`smalt model package` makes them.",
                target=f"properties.{PACKAGE}",
            ) from None
