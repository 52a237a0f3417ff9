"""Batch endpoints: a call begins a job."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from smalt.entities.base import Entity
from smalt.entities.component import Component
from smalt.entities.endpoint.base import Deployment, Endpoint, Variables
from smalt.entities.endpoint.online import AuthMode, AuthModeField
from smalt.entities.job.resources import JobResources
from smalt.entities.text import Text, normal_form


class BatchDefaults(Entity):
    """Which deployment is called when none is named."""

    deployment_name: Text | None = None


class BatchEndpoint(Endpoint):
    """An endpoint whose calls are jobs."""

    auth_mode: AuthModeField = AuthMode.AAD_TOKEN
    defaults: BatchDefaults | None = None
    kind: Text | None = None

    @field_validator("defaults", mode="before")
    @classmethod
    def _in_any_spelling(cls, value: Any) -> Any:  # Any: raw input of a validator
        if isinstance(value, dict) and "deploymentName" in value:
            return {**{key: item for key, item in value.items() if key != "deploymentName"},
                    "deployment_name": value["deploymentName"]}  # fmt: skip
        return value


class BatchRetrySettings(Entity):
    """How often a mini-batch is tried again, and how many seconds one try may take."""

    max_retries: int = Field(default=3, ge=0)
    timeout: Annotated[int | float, Field(gt=0, le=259_200)] = 30


def _output_action(value: Any) -> Any:  # Any: raw input of a validator
    known = ("append_row", "summary_only")
    return next((each for each in known if normal_form(each) == normal_form(str(value))), value)


class ModelBatchSettings(Entity):
    """How the files of an input are shared out and what becomes of the answers."""

    mini_batch_size: int = Field(default=10, ge=1)
    max_concurrency_per_instance: int = Field(default=1, ge=1)
    instance_count: int | None = Field(default=None, ge=1)
    output_action: Annotated[Literal["append_row", "summary_only"], BeforeValidator(_output_action)] = "append_row"
    output_file_name: Text = "predictions.csv"
    error_threshold: int = Field(default=-1, ge=-1)
    retry_settings: BatchRetrySettings | None = None
    logging_level: Text = "info"
    environment_variables: Variables = Field(default_factory=dict)


class BatchDeployment(Deployment):
    """A deployment of any type behind a batch endpoint."""

    type: str


class ModelBatchDeployment(BatchDeployment):
    """A model that scores files in mini-batches. Settings at the root are those of the older form of the file."""

    type: Literal["model"] = "model"
    compute: Text | None = None
    resources: JobResources | None = None
    settings: ModelBatchSettings = Field(default_factory=ModelBatchSettings)

    @model_validator(mode="before")
    @classmethod
    def _settings_at_the_root(cls, value: Any) -> Any:  # Any: raw input of a validator
        if not isinstance(value, dict):
            return value
        known = ModelBatchSettings.model_fields.keys() - {"environment_variables"}
        found = {key: item for key, item in value.items() if key in known}
        if not found:
            return value
        rest = {key: item for key, item in value.items() if key not in known}
        own = rest.get("settings")
        if own is not None and not isinstance(own, dict):
            return value
        return {**rest, "settings": {**found, **(own or {})}}

    @property
    def instance_count(self) -> int:
        """How many instances share the work."""
        asked = self.resources.instance_count if self.resources is not None else None
        return asked or self.settings.instance_count or 1


class PipelineComponentBatchDeployment(BatchDeployment):
    """A pipeline that runs with the inputs of each call. `job_definition` names a finished job in its place."""

    type: Literal["pipeline"] = "pipeline"
    component: str | Component | None = None
    job_definition: str | dict[str, Any] | None = None  # Any: a pipeline job
    settings: dict[str, Any] = Field(default_factory=dict)  # Any: settings of a pipeline
