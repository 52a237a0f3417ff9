"""smalt: an open, self-hosted machine-learning platform that speaks Azure Machine Learning v2.

The names of the Python SDK are published here and loaded on first use, so that `import smalt` stays light. Nothing
inside the package imports from here.
"""

from __future__ import annotations

__version__ = "0.1.0"

TYPE_CHECKING = False  # importing `typing` for it would cost more than all else here
if TYPE_CHECKING:
    from smalt import automl, dsl, finetuning
    from smalt.entities.job.distribution import Mpi as MpiDistribution
    from smalt.entities.job.distribution import PyTorch as PyTorchDistribution
    from smalt.entities.job.distribution import Ray as RayDistribution
    from smalt.entities.job.distribution import TensorFlow as TensorFlowDistribution
    from smalt.entities.v2 import AmlTokenConfiguration, ManagedIdentityConfiguration, UserIdentityConfiguration
    from smalt.sdk.authoring import (
        Input,
        Output,
        command,
        load_batch_deployment,
        load_batch_endpoint,
        load_component,
        load_compute,
        load_connection,
        load_data,
        load_datastore,
        load_environment,
        load_job,
        load_marketplace_subscription,
        load_model,
        load_model_package,
        load_online_deployment,
        load_online_endpoint,
        load_registry,
        load_schedule,
        load_serverless_endpoint,
        load_workspace,
        load_workspace_connection,
    )
    from smalt.sdk.client import MLClient
    from smalt.sdk.sweep import (
        BanditPolicy,
        BayesianSamplingAlgorithm,
        Choice,
        GridSamplingAlgorithm,
        LogNormal,
        LogUniform,
        MedianStoppingPolicy,
        Normal,
        QLogNormal,
        QLogUniform,
        QNormal,
        QUniform,
        Randint,
        RandomSamplingAlgorithm,
        TruncationSelectionPolicy,
        Uniform,
    )

_AUTHORING = (
    "Input Output command load_batch_deployment load_batch_endpoint load_online_deployment load_online_endpoint "
    "load_component load_compute load_connection load_data load_datastore load_environment "
    "load_job load_marketplace_subscription load_model load_model_package load_registry load_schedule "
    "load_serverless_endpoint load_workspace load_workspace_connection"
).split()
_SWEEP = (
    "BanditPolicy BayesianSamplingAlgorithm Choice GridSamplingAlgorithm LogNormal LogUniform MedianStoppingPolicy "
    "Normal QLogNormal QLogUniform QNormal QUniform RandomSamplingAlgorithm Randint TruncationSelectionPolicy Uniform"
).split()
_PUBLISHED = {name: f"smalt.sdk.sweep:{name}" for name in _SWEEP}
_PUBLISHED |= {name: f"smalt.sdk.authoring:{name}" for name in _AUTHORING} | {
    "MLClient": "smalt.sdk.client:MLClient",
    "AmlTokenConfiguration": "smalt.entities.v2:AmlTokenConfiguration",
    "ManagedIdentityConfiguration": "smalt.entities.v2:ManagedIdentityConfiguration",
    "UserIdentityConfiguration": "smalt.entities.v2:UserIdentityConfiguration",
    "MpiDistribution": "smalt.entities.job.distribution:Mpi",
    "PyTorchDistribution": "smalt.entities.job.distribution:PyTorch",
    "RayDistribution": "smalt.entities.job.distribution:Ray",
    "TensorFlowDistribution": "smalt.entities.job.distribution:TensorFlow",
}
_MODULES = ("automl", "dsl", "finetuning")

__all__ = [
    "AmlTokenConfiguration",
    "BanditPolicy",
    "BayesianSamplingAlgorithm",
    "Choice",
    "GridSamplingAlgorithm",
    "Input",
    "LogNormal",
    "LogUniform",
    "MLClient",
    "ManagedIdentityConfiguration",
    "MedianStoppingPolicy",
    "MpiDistribution",
    "Normal",
    "Output",
    "PyTorchDistribution",
    "QLogNormal",
    "QLogUniform",
    "QNormal",
    "QUniform",
    "Randint",
    "RandomSamplingAlgorithm",
    "RayDistribution",
    "TensorFlowDistribution",
    "TruncationSelectionPolicy",
    "Uniform",
    "UserIdentityConfiguration",
    "automl",
    "command",
    "dsl",
    "finetuning",
    "load_batch_deployment",
    "load_batch_endpoint",
    "load_component",
    "load_compute",
    "load_connection",
    "load_data",
    "load_datastore",
    "load_environment",
    "load_job",
    "load_marketplace_subscription",
    "load_model",
    "load_model_package",
    "load_online_deployment",
    "load_online_endpoint",
    "load_registry",
    "load_schedule",
    "load_serverless_endpoint",
    "load_workspace",
    "load_workspace_connection",
]


def __getattr__(name: str) -> object:
    if name in _MODULES:
        from importlib import import_module

        return import_module(f"smalt.{name}")
    if name not in _PUBLISHED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _PUBLISHED[name].split(":")
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLISHED, *_MODULES])
