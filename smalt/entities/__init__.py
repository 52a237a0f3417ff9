"""The nouns of the platform, spelled as in the v2 YAML files. No input or output happens here.

Each noun lives in a module of its own (`smalt.entities.data`, `smalt.entities.job.command`); `smalt.entities.kinds`
finds the class for a kind and a `type`. The names of the v2 SDK are published here too. Nothing is imported before it
is asked for.
"""

from __future__ import annotations

from importlib import import_module

_PUBLISHED = {
    "AccessKeyConfiguration": "v2",
    "AccountKeyConfiguration": "credentials:AccountKey",
    "AmlCompute": "compute.amlcompute",
    "AmlComputeSshSettings": "compute.amlcompute:SshSettings",
    "AmlTokenConfiguration": "v2",
    "ApiKeyConfiguration": "v2",
    "Asset": "base",
    "AuditEvent": "audit_event",
    "AssetTrigger": "trigger",
    "AutoMLJob": "job.automl",
    "AzureBlobDatastore": "datastore",
    "AzureDataLakeGen1Datastore": "datastore",
    "AzureDataLakeGen2Datastore": "datastore",
    "AzureFileDatastore": "datastore",
    "BuildContext": "environment",
    "CertificateConfiguration": "credentials:Certificate",
    "Code": "code",
    "Command": "job.command:CommandJob",
    "CommandJob": "job.command",
    "CommandJobLimits": "job.limits",
    "Component": "component",
    "Compute": "compute.base",
    "ComputeInstance": "compute.instance",
    "Connection": "connection",
    "CronTrigger": "trigger",
    "Data": "data",
    "Datastore": "datastore",
    "Environment": "environment",
    "EventTrigger": "trigger",
    "GcsDatastore": "datastore",
    "IdentityConfiguration": "identity:ResourceIdentity",
    "ImportDataSchedule": "schedule",
    "Job": "job.base",
    "JobResourceConfiguration": "job.resources:JobResources",
    "JobSchedule": "schedule",
    "JobService": "job.services",
    "JupyterLabJobService": "v2",
    "KubernetesCompute": "compute.attached",
    "LocalCompute": "compute.local",
    "LocalDatastore": "datastore",
    "ManagedIdentityConfiguration": "v2",
    "Model": "model",
    "MonitorSchedule": "schedule",
    "MpiDistribution": "job.distribution:Mpi",
    "NoneCredentialConfiguration": "credentials:NoCredentials",
    "OneLakeDatastore": "datastore",
    "PatTokenConfiguration": "v2",
    "PersonalToken": "user",
    "PipelineJob": "job.pipeline",
    "PipelineJobSettings": "job.pipeline:PipelineSettings",
    "PyTorchDistribution": "job.distribution:PyTorch",
    "QueueSettings": "job.resources",
    "RayDistribution": "job.distribution:Ray",
    "RecurrencePattern": "trigger",
    "RecurrenceTrigger": "trigger",
    "Registry": "registry",
    "Role": "role",
    "RoleAssignment": "role",
    "S3Datastore": "datastore",
    "SasTokenConfiguration": "credentials:SasToken",
    "Schedule": "schedule",
    "ServicePrincipalConfiguration": "credentials:ServicePrincipal",
    "SparkJob": "job.others",
    "SshJobService": "v2",
    "SweepJob": "job.sweep",
    "RayCompute": "compute.ray",
    "SynapseSparkCompute": "compute.attached",
    "TensorBoardJobService": "v2",
    "TensorFlowDistribution": "job.distribution:TensorFlow",
    "User": "user",
    "UserIdentityConfiguration": "v2",
    "UsernamePasswordConfiguration": "v2",
    "VirtualMachineCompute": "compute.attached",
    "VsCodeJobService": "v2",
    "Workspace": "workspace",
    "WorkspaceConnection": "connection:Connection",
}


def __getattr__(name: str) -> object:
    if name not in _PUBLISHED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = _PUBLISHED[name].partition(":")
    return getattr(import_module(f"{__name__}.{module}"), attribute or name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLISHED])
