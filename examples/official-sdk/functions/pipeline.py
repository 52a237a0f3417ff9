"""A pipeline of Python functions through the official SDK, with the package `mldesigner` beside it.

python -m venv .venv-azure && .venv-azure/bin/pip install azure-ai-ml azure-identity mldesigner
eval "$(smalt env)"
.venv-azure/bin/python examples/official-sdk/functions/pipeline.py
"""

import os

from azure.ai.ml import MLClient
from azure.ai.ml.dsl import pipeline
from azure.identity import DefaultAzureCredential
from steps import count, throw


@pipeline(default_compute="cpu-cluster", experiment_name="dice")
def dice(times: int):
    thrown = throw(times=times)
    return {"counts": count(results=thrown.outputs.results).outputs.counts}


if __name__ == "__main__":
    ml = MLClient(
        DefaultAzureCredential(),
        os.environ["AZUREML_ARM_SUBSCRIPTION"],
        os.environ["AZUREML_ARM_RESOURCEGROUP"],
        os.environ["AZUREML_ARM_WORKSPACE_NAME"],
    )
    job = ml.jobs.create_or_update(dice(times=1000))
    ml.jobs.stream(job.name)
