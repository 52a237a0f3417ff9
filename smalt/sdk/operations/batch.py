"""Batch endpoints and their deployments."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from smalt.entities.component import Component
from smalt.entities.endpoint.batch import (
    BatchDeployment,
    BatchEndpoint,
    ModelBatchDeployment,
    PipelineComponentBatchDeployment,
)
from smalt.entities.job.inputs import DataInput, LiteralInput
from smalt.entities.job.outputs import JobOutput
from smalt.entities.job.pipeline import PipelineJob
from smalt.entities.model_package import ServerType
from smalt.errors import InvalidRequest
from smalt.sdk.deployment import packed, resolved
from smalt.sdk.operations.base import JsonObject, Operations, required_name
from smalt.sdk.operations.online import check_script
from smalt.sdk.poller import Poller
from smalt.wire import references
from smalt.wire.arm import codec
from smalt.wire.arm.shape import camel

if TYPE_CHECKING:
    from smalt.sdk.operations.assets import ComponentOperations, ModelOperations
    from smalt.sdk.resolve import Resolver
    from smalt.sdk.room import Room


@dataclass(frozen=True)
class BatchJob:
    """A job that a call has begun; `client.jobs.get(name)` tells the rest."""

    id: str
    name: str
    type: str
    status: str


class BatchEndpointOperations(Operations[BatchEndpoint]):
    """`client.batch_endpoints`.

    Args:
        room: The workspace.
        resolver: Brings what is local to the server.
    """

    kind = "batchEndpoints"

    def __init__(self, room: Room, resolver: Resolver) -> None:
        super().__init__(room)
        self._resolver = resolver

    def list(self) -> Iterator[BatchEndpoint]:
        """Endpoints."""
        return self._list()

    def get(self, name: str) -> BatchEndpoint:
        """One endpoint.

        Raises:
            NotFound: There is no such endpoint.
        """
        return self._get(name)

    def begin_create_or_update(self, endpoint: BatchEndpoint) -> Poller[BatchEndpoint]:
        """Write an endpoint."""
        name = required_name(endpoint, "endpoint")
        return self._begin_put(name, codec(self.kind).to_arm(endpoint))

    def begin_delete(self, name: str) -> Poller[None]:
        """Delete an endpoint and its deployments; its jobs stay."""
        return self._begin("DELETE", self._path(name))

    def invoke(
        self,
        endpoint_name: str,
        *,
        deployment_name: str | None = None,
        inputs: Mapping[str, Any] | None = None,  # Any: an input, or a plain value
        outputs: Mapping[str, Any] | None = None,  # Any: an output, or its path
        input: Any = None,  # noqa: A002 - the word of v2; Any: an input, or its path
        job_name: str | None = None,
        experiment_name: str | None = None,
        params_override: Sequence[Mapping[str, Any]] | None = None,  # Any: settings of this call
    ) -> BatchJob:
        """Begin a job.

        Args:
            endpoint_name: The endpoint.
            deployment_name: Asked in place of the default one.
            inputs: Inputs by name: `Input(..)`, or plain values.
            outputs: Where results go, by name.
            input: The only input, without a name.
            job_name: Of the job; made up otherwise.
            experiment_name: Of its run; that of the endpoint otherwise.
            params_override: Settings of this call: `mini_batch_size`, `error_threshold`, `output_file_name`,
                `compute.instance_count`, `retry_settings`.
        """
        properties: JsonObject = {}
        given = dict(inputs or {})
        if input is not None:
            one = _as_input(input)
            given["UriFile" if one.type == "uri_file" else "UriFolder"] = one
        if given:
            properties["inputData"] = {name: self._input(value) for name, value in given.items()}
        if outputs:
            properties["outputData"] = {name: _output(value) for name, value in outputs.items()}
        for values in params_override or ():
            for key, value in values.items():
                properties[camel(key)] = {camel(k): v for k, v in value.items()} if isinstance(value, dict) else value
        if job_name is not None:
            properties["name"] = job_name
        if experiment_name is not None:
            properties["properties"] = {"experimentName": experiment_name}
        headers = {"repeatability-request-id": str(uuid.uuid4()), "Content-Type": "application/json"}
        if deployment_name is not None:
            headers["azureml-model-deployment"] = deployment_name
        answer = self._room.transport.request(
            "POST", self._path(endpoint_name, "jobs"), body={"properties": properties}, headers=headers
        )
        return _job(answer.json())

    def list_jobs(self, endpoint_name: str) -> Iterator[BatchJob]:
        """Jobs that calls have begun, the newest first."""
        return (_job(each) for each in self._room.transport.items(self._path(endpoint_name, "jobs")))

    def _input(self, value: Any) -> JsonObject:  # Any: an input, or a plain value
        if isinstance(value, LiteralInput):
            return {"jobInputType": "Literal", "value": value.value}
        if isinstance(value, bool | int | float | str):
            return {"jobInputType": "Literal", "value": value}
        found = self._resolver.input(_as_input(value))
        words = {"uri_file": "UriFile", "mltable": "MLTable", "mlflow_model": "MLFlowModel"}
        kind = words.get(found.type.value) or "".join(part.capitalize() for part in found.type.value.split("_"))
        return {"jobInputType": kind, "uri": found.path}


class BatchDeploymentOperations(Operations[BatchDeployment]):
    """`client.batch_deployments`.

    Args:
        room: The workspace.
        resolver: Brings what is local to the server.
        models: Registers models that are written inline.
        components: Registers components that are written inline.
    """

    kind = "batchDeployments"

    def __init__(
        self, room: Room, resolver: Resolver, models: ModelOperations, components: ComponentOperations
    ) -> None:
        super().__init__(room)
        self._resolver = resolver
        self._models = models
        self._components = components

    def begin_create_or_update(
        self, deployment: BatchDeployment, *, skip_script_validation: bool = False, package_model: bool = False
    ) -> Poller[BatchDeployment]:
        """Write a deployment, after bringing what it names to the server.

        Args:
            deployment: The deployment.
            skip_script_validation: Do not look for mistakes in the script.
            package_model: Pack the model, its script and its software first, and deploy the package.

        Raises:
            InvalidRequest: The scoring script has a mistake of syntax, or is not there.
        """
        name, endpoint = required_name(deployment, "deployment"), deployment.endpoint_name
        if not endpoint:
            raise InvalidRequest("The deployment names no endpoint. Write 'endpoint_name:', or pass --endpoint-name.")
        if not skip_script_validation:
            check_script(deployment)
        whole = self._resolved(deployment)
        if package_model:
            whole = packed(whole, self._models, ServerType.BATCH)
        response = self._room.transport.request("PUT", self._of(endpoint, name), body=codec(self.kind).to_arm(whole))
        return Poller(self._room.transport, response, lambda: self.get(name, endpoint))

    def get(self, name: str, endpoint_name: str) -> BatchDeployment:
        """One deployment.

        Raises:
            NotFound: There is no such deployment.
        """
        return self._of_body(self._room.transport.json("GET", self._of(endpoint_name, name)), endpoint_name)

    def list(self, endpoint_name: str) -> Iterator[BatchDeployment]:
        """The deployments of an endpoint."""
        found = self._room.transport.items(self._of(endpoint_name))
        return (self._of_body(body, endpoint_name) for body in found)

    def begin_delete(self, name: str, endpoint_name: str) -> Poller[None]:
        """Delete a deployment; its jobs stay."""
        return self._begin("DELETE", self._of(endpoint_name, name))

    def list_jobs(self, endpoint_name: str, *, name: str | None = None) -> Iterator[BatchJob]:
        """Jobs that calls of an endpoint, or of one deployment, have begun; the newest first."""
        path = self._of(endpoint_name, name, "jobs") if name is not None else self._endpoint(endpoint_name, "jobs")
        return (_job(each) for each in self._room.transport.items(path))

    def _resolved(self, deployment: BatchDeployment) -> BatchDeployment:
        if isinstance(deployment, ModelBatchDeployment):
            whole = resolved(deployment, self._resolver, self._models)
            if whole.compute and whole.compute != "serverless":
                whole = whole.model_copy(update={"compute": self._resolver.asset(whole.compute, "computes")})
            return whole
        assert isinstance(deployment, PipelineComponentBatchDeployment)
        component = deployment.component
        if isinstance(component, Component):
            made = self._components.create_or_update(component)
            component = made.id
        elif component is not None:
            component = self._resolver.asset(component, "components")
        elif isinstance(deployment.job_definition, str):
            return deployment.model_copy(
                update={"component": self._component_of(deployment.job_definition), "job_definition": None}
            )
        else:
            raise InvalidRequest(
                "The deployment names no component and no job. Write 'component:'.", target="component"
            )
        return deployment.model_copy(update={"component": component})

    def _component_of(self, text: str) -> str:
        """The id of a component that does what a pipeline job did; its inputs are defaults."""
        name = references.parse_asset(text, "jobs").name
        body = self._room.transport.json("GET", f"{self._room.path}/jobs/{quote(name, safe='')}")
        job = codec("jobs").from_arm(body, name=name)
        if not isinstance(job, PipelineJob):
            raise InvalidRequest(
                f"job_definition {text!r} is no pipeline job; only those become deployments.", target="job_definition"
            )
        if isinstance(job.component, str):
            return job.component
        document = job.document()
        inputs = {key: _declared(value) for key, value in job.inputs.items()}
        outputs = {key: {"type": str(value.type)} for key, value in job.outputs.items()}
        component = {"type": "pipeline", "inputs": inputs, "outputs": outputs, "jobs": document.get("jobs", {})}
        made = self._components.create_or_update(Component.parse(component))
        assert made.id is not None
        return made.id

    def _of(self, endpoint: str, *words: str) -> str:
        return self._endpoint(endpoint, "deployments", *words)

    def _endpoint(self, *words: str) -> str:
        if any(not word or "/" in word or word in {".", ".."} for word in words):
            raise InvalidRequest(f"{words[0]!r} is no name. Give a name without slashes.")
        return "/".join((self._room.path, "batchEndpoints", *(quote(word, safe="") for word in words)))

    def _of_body(self, body: JsonObject, endpoint: str) -> BatchDeployment:
        return self._read(body).model_copy(update={"endpoint_name": endpoint})


def _job(body: JsonObject) -> BatchJob:
    status = str((body.get("properties") or {}).get("status") or "")
    return BatchJob(str(body.get("id")), str(body.get("name")), str(body.get("type")), status)


def _declared(value: Any) -> JsonObject:  # Any: an input of a job
    """An input of a component with what a job was given as its default, where that is a plain value."""
    if isinstance(value, DataInput):
        return {"type": str(value.type)}
    plain = value.value if isinstance(value, LiteralInput) else value
    words = {bool: "boolean", int: "integer", float: "number"}
    return {"type": words.get(type(plain), "string"), "default": plain}


def _as_input(value: Any) -> DataInput:  # Any: an input, its document, or its path
    if isinstance(value, DataInput):
        return value
    return DataInput.parse({"path": value} if isinstance(value, str) else value)


def _output(value: Any) -> JsonObject:  # Any: an output, its document, or its path
    output = (
        value if isinstance(value, JobOutput) else JobOutput.parse({"path": value} if isinstance(value, str) else value)
    )
    body: JsonObject = {"jobOutputType": "UriFile" if output.type == "uri_file" else "UriFolder"}
    if output.path is not None:
        body["uri"] = output.path
    if output.mode is not None:
        body["mode"] = str(output.mode)
    return body
