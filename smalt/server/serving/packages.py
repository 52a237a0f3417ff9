"""Packs a model with its script and its software into an environment, which is then all that a deployment names."""

from __future__ import annotations

import json
from typing import Any

from smalt.entities.endpoint.base import CodeConfiguration
from smalt.entities.environment import Environment
from smalt.entities.model import Model
from smalt.entities.model_package import PACKAGE, ModelPackage, PackagedModel, ServerType
from smalt.entities.types import AssetType
from smalt.errors import InvalidRequest, Unsupported
from smalt.server.assets import AssetService, AssetVersion
from smalt.server.serving.pinning import DeploymentPinner
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord
from smalt.wire import references

_SERVER = "inferencing_server"
_SOFTWARE = ("image", "conda_file", "build", "os_type", "inference_config")


class PackageService:
    """Makes packages.

    Args:
        assets: Has the models, and keeps the environments.
        pinner: Knows which models a workspace serves, and what software they bring.
    """

    def __init__(self, assets: AssetService, pinner: DeploymentPinner) -> None:
        self._assets = assets
        self._pinner = pinner

    def make(self, work: Work, workspace: WorkspaceRecord, model: str, package: ModelPackage) -> AssetVersion:
        """Pack a model; the environment that it has become.

        Args:
            work: The transaction.
            workspace: Where the environment is made.
            model: The reference of the model, of this workspace or a registry.
            package: What is wanted.

        Raises:
            NotFound: There is no such model, code or base environment.
            ModelNotServed: The workspace does not serve the model.
            InvalidRequest: Nothing says how the model is served, or in which software.
            Unsupported: It asks for something that is not done here.
            Conflict: The version of the environment exists, with other content.
        """
        _check(package)
        found = self._pinner.model(work, workspace, model)
        assert found is not None
        base = package.base_environment_source
        started = None
        if base is not None:
            started = self._assets.resolve(work, workspace, "environments", base.resource_id)
        code = self._code(work, workspace, package)
        kept = PackagedModel(
            model=found.id,
            base=None if started is None else started.id,
            code_configuration=code,
            environment_variables=package.environment_variables,
            server=package.inferencing_server.type,
            mode=package.model_configuration.mode,
            mount_path=package.model_configuration.mount_path,
        )
        software = self._software(work, workspace, found, started, package, has_script=code is not None)
        target = package.target_environment
        entity = Environment.parse(
            {
                **software,
                "description": f"{found.name} {found.version}, packed with what serves it.",
                "tags": package.tags,
                "properties": {PACKAGE: json.dumps(kept.document(), sort_keys=True)},
            }
        )
        return self._assets.put(work, workspace, "environments", target.name, target.version, entity)[0]

    def _code(self, work: Work, workspace: WorkspaceRecord, package: ModelPackage) -> CodeConfiguration | None:
        given = package.inferencing_server.code_configuration
        if given is None or given.scoring_script is None:
            return None
        references.clean_key(given.scoring_script, what="scoring script")
        if not given.code:
            return given
        return given.model_copy(update={"code": self._assets.resolve(work, workspace, "codes", given.code).id})

    def _software(
        self,
        work: Work,
        workspace: WorkspaceRecord,
        model: AssetVersion,
        base: AssetVersion | None,
        package: ModelPackage,
        *,
        has_script: bool,
    ) -> dict[str, Any]:  # Any: fields of an environment
        """What the environment of the package is made of."""
        if base is not None:
            assert isinstance(base.entity, Environment)
            environment: Environment | None = base.entity
        else:
            environment = None if has_script else self._pinner.software_of(work, workspace, model)
        if environment is None:
            raise InvalidRequest(
                f"Nothing says in which software {model.name}:{model.version} is served. Name a "
                "base_environment_source, such as {type: environment_asset, resource_id: azureml:<name>:<version>}.",
                target="base_environment_source",
            )
        is_custom = package.inferencing_server.type is ServerType.CUSTOM
        assert isinstance(model.entity, Model)
        if base is not None and not has_script and not is_custom and model.entity.type is not AssetType.MLFLOW_MODEL:
            raise InvalidRequest(
                f"The model {model.name}:{model.version} is of type {model.entity.type.value}, and nothing says how it "
                "is served. Add a code_configuration with code and scoring_script to the inferencing_server.",
                target=f"{_SERVER}.code_configuration",
            )
        document = {key: value for key, value in environment.document().items() if key in _SOFTWARE}
        routes = package.inferencing_server.inference_configuration
        return document | ({} if routes is None else {"inference_config": routes.document()})


def _check(package: ModelPackage) -> None:
    if package.inputs:
        raise Unsupported(
            "A package with inputs is not made here: it holds its model, its script and its software. Leave 'inputs' "
            "out, and put such files beside the script or into the model.",
            target="inputs",
        )
    if package.inferencing_server.type is ServerType.TRITON:
        raise Unsupported(
            "Packages for Triton are not made here. Name an environment whose image brings the server, with type "
            "'custom' and its routes in inference_configuration.",
            target=f"{_SERVER}.type",
        )
