"""Which class reads which document: a table of kinds and types, loaded on use."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import cast

from smalt.entities.base import Entity
from smalt.entities.text import normal_form
from smalt.errors import ValidationFailed

_PLAIN = {
    "workspace": "workspace:Workspace",
    "registry": "registry:Registry",
    "data": "data:Data",
    "code": "code:Code",
    "model": "model:Model",
    "model_package": "model_package:ModelPackage",
    "environment": "environment:Environment",
    "component": "component:Component",
    "connection": "connection:Connection",
    "container": "base:AssetContainer",
    "role": "role:Role",
    "model_card": "catalog:ModelCard",
    "serverless_endpoint": "endpoint.serverless:ServerlessEndpoint",
    "marketplace_subscription": "endpoint.serverless:MarketplaceSubscription",
    "online_endpoint": "endpoint.online:OnlineEndpoint",
    "batch_endpoint": "endpoint.batch:BatchEndpoint",
}

_TYPED: Mapping[str, Mapping[str, str]] = {
    "job": {
        "command": "job.command:CommandJob",
        "pipeline": "job.pipeline:PipelineJob",
        "sweep": "job.sweep:SweepJob",
        "spark": "job.others:SparkJob",
        "parallel": "job.parallel:ParallelJob",
        "flow": "job.flow:FlowJob",
        "automl": "job.automl:AutoMLJob",
        "finetuning": "job.finetuning:FineTuningJob",
        "distillation": "job.others:DistillationJob",
        "import": "job.others:ImportJob",
        "data_transfer": "job.others:DataTransferJob",
    },
    "datastore": {
        "azure_blob": "datastore:AzureBlobDatastore",
        "azure_file": "datastore:AzureFileDatastore",
        "azure_data_lake_gen1": "datastore:AzureDataLakeGen1Datastore",
        "azure_data_lake_gen2": "datastore:AzureDataLakeGen2Datastore",
        "one_lake": "datastore:OneLakeDatastore",
        "local": "datastore:LocalDatastore",
        "s3": "datastore:S3Datastore",
        "gcs": "datastore:GcsDatastore",
    },
    "compute": {
        "local": "compute.local:LocalCompute",
        "amlcompute": "compute.amlcompute:AmlCompute",
        "computeinstance": "compute.instance:ComputeInstance",
        "kubernetes": "compute.attached:KubernetesCompute",
        "virtualmachine": "compute.attached:VirtualMachineCompute",
        "synapsespark": "compute.attached:SynapseSparkCompute",
        "ray": "compute.ray:RayCompute",
    },
    "schedule": {
        "create_job": "schedule:JobSchedule",
        "create_monitor": "schedule:MonitorSchedule",
        "import_data": "schedule:ImportDataSchedule",
    },
    "online_deployment": {
        "managed": "endpoint.online:ManagedOnlineDeployment",
        "kubernetes": "endpoint.online:KubernetesOnlineDeployment",
    },
    "batch_deployment": {
        "model": "endpoint.batch:ModelBatchDeployment",
        "pipeline": "endpoint.batch:PipelineComponentBatchDeployment",
    },
}

_DEFAULT_TYPE = {"job": "command", "online_deployment": "managed", "batch_deployment": "model"}

KINDS = (*_PLAIN, *_TYPED)


def types_of(kind: str) -> tuple[str, ...]:
    """The types a kind has, e.g. of `datastore`; empty for a kind without types."""
    return tuple(_TYPED.get(kind, ()))


def entity_class(kind: str, entity_type: str | None = None) -> type[Entity]:
    """The class for a kind and, where the kind has them, a type (in any case, with or without underscores).

    Raises:
        ValidationFailed: The type is missing or unknown.
        KeyError: There is no such kind.
    """
    if kind in _PLAIN:
        return _load(_PLAIN[kind])
    classes = _TYPED[kind]
    wanted = entity_type or _DEFAULT_TYPE.get(kind)
    spelled = canonical_type(kind, wanted) if isinstance(wanted, str) else None
    if spelled is None:
        given = f"The {kind} type {wanted!r} is unknown" if wanted else f"The {kind} has no 'type'"
        raise ValidationFailed(f"{given}. Write one of: {', '.join(classes)}.", target="type")
    return _load(classes[spelled])


def canonical_type(kind: str, entity_type: str) -> str | None:
    """The YAML spelling of a type written in any case, or None."""
    wanted = normal_form(entity_type)
    return next((spelled for spelled in _TYPED[kind] if normal_form(spelled) == wanted), None)


def _load(address: str) -> type[Entity]:
    module, name = address.split(":")
    return cast("type[Entity]", getattr(import_module(f"smalt.entities.{module}"), name))
