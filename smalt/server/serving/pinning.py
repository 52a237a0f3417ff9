"""Pins what a deployment names: its model, its code, and the software it runs in."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from smalt.entities.endpoint.base import Deployment
from smalt.entities.endpoint.online import OnlineDeployment
from smalt.entities.environment import Environment
from smalt.entities.job.command import CommandJob
from smalt.entities.model import Model
from smalt.entities.types import AssetType
from smalt.environments import FLOW_IMAGE, LANGUAGE_IMAGE, FlowModel, flow_model, is_language_model, language_conda
from smalt.errors import InvalidRequest, SmaltError, ValidationFailed
from smalt.executors.scoring import UPSTREAM_CONNECTION, UPSTREAM_MODEL, upstream_of
from smalt.server.assets import AssetService, AssetVersion, DataLocator, Location, small_text
from smalt.server.connections import ConnectionService
from smalt.server.jobs import Pinner, Problems
from smalt.server.scans import ScanService
from smalt.server.serving.own_servers import environment_with_server, no_containers, pinned_routes, require_image
from smalt.server.serving.packaged import opened
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord
from smalt.wire import references
from smalt.wire.references import LocalPath

_MODEL, _ENVIRONMENT = "model", "environment"
_CONDA = ("conda.yaml", "conda.yml")
_PLAIN_IMAGE = "docker.io/python:3.11"
_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"


@dataclass(frozen=True, slots=True)
class PinnedDeployment:
    """What the references of a deployment came to.

    Args:
        references: Its fields with their ids, as far as it has them.
        document: What the loop needs, as JSON.
    """

    references: Mapping[str, Any]  # Any: fields of a deployment
    document: Mapping[str, Any]  # Any: JSON


class DeploymentPinner:
    """Looks up what deployments name.

    Args:
        pinner: Looks up what jobs name; a deployment is software and a model in the same way.
        by_packages: The same where the environment is ours to choose: it never is an image.
        assets: Finds models.
        locator: Finds bytes.
        connections: Knows what flows name.
        scans: Knows what models hold, and which of them a workspace serves.
        runs_images: Whether images run as they are, with the servers they bring.
    """

    def __init__(
        self,
        pinner: Pinner,
        by_packages: Pinner,
        assets: AssetService,
        locator: DataLocator,
        connections: ConnectionService,
        scans: ScanService,
        *,
        runs_images: bool,
    ) -> None:
        self._runs_images = runs_images
        self._pinner = pinner
        self._by_packages = by_packages
        self._assets = assets
        self._locator = locator
        self._connections = connections
        self._scans = scans

    def pin(self, work: Work, workspace: WorkspaceRecord, name: str, deployment: Deployment) -> PinnedDeployment:
        """Look up everything.

        Raises:
            ValidationFailed: Something is wrong; everything that is stands in `details`.
        """
        problems = Problems()
        given, package = deployment, None
        with problems.at(_ENVIRONMENT):
            deployment, package = opened(self._assets, work, workspace, given)
        model = None
        with problems.at(_MODEL):
            model = self.model(work, workspace, deployment.model)
        script = deployment.code_configuration.scoring_script if deployment.code_configuration is not None else None
        if script is not None:
            with problems.at("code_configuration.scoring_script"):
                references.clean_key(script, what="scoring script")
        is_mlflow = model is not None and _type(model) is AssetType.MLFLOW_MODEL
        flow, is_language = None, False
        if script is None and model is not None:
            # Calls of a batch endpoint ask a model as MLflow has it, whatever it is.
            flow, is_language = self._looked_at(work, workspace, model)
            is_language = is_language and isinstance(deployment, OnlineDeployment)
        upstream, server = None, None
        serving = environment_with_server(self._assets, work, workspace, deployment)
        if serving is not None and serving.inference_config is not None and self._runs_images:
            flow, is_language = None, False
            with problems.at(_ENVIRONMENT):
                server = pinned_routes(serving.inference_config)
        elif isinstance(deployment, OnlineDeployment) and (handed := upstream_of(deployment)) is not None:
            with problems.at(f"properties.{UPSTREAM_CONNECTION}"):
                upstream = self._upstream(work, workspace, handed)
        elif script is None and not is_mlflow and not is_language and flow is None:
            if serving is not None:
                problems.add(no_containers(serving))
            problems.add(_needs_script(model))
        environment = deployment.environment
        if environment is None:
            with problems.at(_ENVIRONMENT):
                environment = self._chosen_environment(
                    work, workspace, model if script is None else None,
                    is_handed_on=upstream is not None, is_language=is_language, flow=flow,
                )  # fmt: skip
        fields: dict[str, Any] = {"command": "serve", "environment": environment}  # Any: fields of a job
        if deployment.code_configuration is not None and deployment.code_configuration.code:
            fields["code"] = deployment.code_configuration.code
        is_ours = deployment.environment is None or (package is not None and package.base is None)
        pinner = self._by_packages if is_ours else self._pinner
        pinned = pinner.pin(work, workspace, name, CommandJob.parse(fields), problems)
        if server is not None:
            with problems.at(_ENVIRONMENT):
                require_image(pinned.recipe)
        try:
            problems.raise_any()
        except SmaltError as error:
            told = error.message.removeprefix("The job is not valid. ").removeprefix("The job cannot run here. ")
            raise ValidationFailed(
                f"The deployment is not valid. {told}", details=error.details, target=error.target
            ) from None
        kept = pinned.document()
        packed = type(given).model_fields if package is not None else ()
        changes = {key: getattr(deployment, key) for key in packed if getattr(deployment, key) != getattr(given, key)}
        if pinned.code is not None and deployment.code_configuration is not None:
            changes["code_configuration"] = {**deployment.code_configuration.document(), "code": pinned.code["id"]}
        if deployment.environment is not None and isinstance(pinned.environment, str):
            changes["environment"] = pinned.environment
        if model is not None:
            changes[_MODEL] = model.id
        document = {
            "model": None if model is None else _facts(workspace, model),
            "code": kept["code"],
            "environment": kept["environment"],
            "recipe": kept["recipe"],
            "server": server,
            "language": is_language,
            "upstream": upstream,
            "flow": None if flow is None else {"connections": self._connections.named(work, workspace, flow.words)},
        }
        return PinnedDeployment(changes, document)

    def model(self, work: Work, workspace: WorkspaceRecord, given: str | Model | None) -> AssetVersion | None:
        """The version of a model that a deployment names.

        Raises:
            InvalidRequest: It names none.
            NotFound: There is none of this name.
            ModelNotServed: The workspace does not serve it.
        """
        if given is None:
            return None
        if isinstance(given, Model):
            raise InvalidRequest(
                "The model is written inline; the server wants the id of a registered one. The command line and the "
                "SDK register it."
            )
        if isinstance(references.parse(given), LocalPath) and not _is_plain(given):
            raise InvalidRequest(f"{given!r} is a path on your machine. Register it: smalt model create.")
        found = self._assets.resolve(work, workspace, "models", given)
        self.place(work, workspace, found)
        self._scans.require(work, workspace, found)
        return found

    def place(self, work: Work, workspace: WorkspaceRecord, model: AssetVersion) -> Location:
        """Where the bytes of a model are."""
        return self._locator.locate(work, workspace, model.source_in(workspace))

    def software_of(self, work: Work, workspace: WorkspaceRecord, model: AssetVersion) -> Environment | None:
        """The environment in which a model is served without a script, if it says what it needs.

        Raises:
            InvalidRequest: It is an MLflow model that does not.
        """
        flow, is_language = self._looked_at(work, workspace, model)
        return self._chosen_environment(work, workspace, model, is_handed_on=False, is_language=is_language, flow=flow)

    def _looked_at(self, work: Work, workspace: WorkspaceRecord, model: AssetVersion) -> tuple[FlowModel | None, bool]:
        """The flow that a model is, if it is one; and whether it is a language model."""
        place = self.place(work, workspace, model)
        flow = None if _type(model) is AssetType.MLFLOW_MODEL else flow_model(lambda name: small_text(place, name))
        return flow, is_language_model(lambda name: small_text(place, name))

    def _upstream(self, work: Work, workspace: WorkspaceRecord, handed: Mapping[str, str]) -> dict[str, Any]:
        """The connection through which requests are handed on, whose secret its instances will hold.

        Raises:
            InvalidRequest: There is none of this name, or no model is named.
        """
        named = self._connections.named(work, workspace, {handed["connection"]})
        if not named:
            raise InvalidRequest(f"There is no connection {handed['connection']!r}. See `smalt connection list`.")
        if not handed["model"]:
            raise InvalidRequest(f"Say in {UPSTREAM_MODEL} what the model is called there.")
        return {"connections": named}

    def _chosen_environment(
        self,
        work: Work,
        workspace: WorkspaceRecord,
        model: AssetVersion | None,
        *,
        is_handed_on: bool,
        is_language: bool,
        flow: FlowModel | None,
    ) -> Environment | None:
        """The environment of a deployment that names none, if what it serves says what it needs."""
        if is_handed_on:
            return Environment.parse({"image": _PLAIN_IMAGE})
        if is_language:
            return Environment.parse({"image": LANGUAGE_IMAGE, "conda_file": language_conda()})
        if flow is not None:
            return Environment.parse({"image": FLOW_IMAGE, "conda_file": flow.conda})
        if model is not None and _type(model) is AssetType.MLFLOW_MODEL:
            return self._environment_of(work, workspace, model)
        return None

    def _environment_of(self, work: Work, workspace: WorkspaceRecord, model: AssetVersion) -> Environment:
        """The environment that an MLflow model brings along."""
        place = self.place(work, workspace, model)
        for name in _CONDA:
            text = small_text(place, name)
            if text is not None:
                return Environment.parse({"image": _IMAGE, "conda_file": text})
        raise InvalidRequest(
            f"The MLflow model {model.name}:{model.version} has no {_CONDA[0]}, which says what it needs. Name an "
            "environment."
        )


def _needs_script(model: AssetVersion | None) -> InvalidRequest:
    if model is None:
        return InvalidRequest("Name a model, or a scoring script.", target=_MODEL)
    return InvalidRequest(
        f"The model is of type {_type(model).value}; only MLflow models, flow folders and folders of transformers are "
        "served without a script. Add code_configuration with code and scoring_script.",
        target="code_configuration",
    )


def _type(model: AssetVersion) -> AssetType:
    assert isinstance(model.entity, Model)
    return model.entity.type


def _is_plain(text: str) -> bool:
    return "/" not in text and "\\" not in text


def _facts(workspace: WorkspaceRecord, model: AssetVersion) -> dict[str, Any]:  # Any: JSON
    uri = model.source_in(workspace)
    path = str(getattr(model.entity, "path", "") or uri)
    return {
        "id": model.id,
        "name": model.name,
        "version": model.version,
        "type": _type(model).value,
        "uri": uri,
        "basename": posixpath.basename(path.partition("?")[0].rstrip("/")) or model.name,
    }
