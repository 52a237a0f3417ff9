"""Trains and registers a model with Microsoft's own SDK, unmodified. Nothing below knows that it does not call Azure.

pip install azure-ai-ml azure-identity
eval "$(smalt env)"
python examples/official-sdk/train.py
"""

import os
from pathlib import Path

from azure.ai.ml import Input, MLClient, Output, command
from azure.ai.ml.constants import AssetTypes
from azure.ai.ml.entities import Data, Environment, Model
from azure.identity import DefaultAzureCredential

demo = Path(__file__).resolve().parent.parent / "demo"

ml_client = MLClient(
    DefaultAzureCredential(),
    os.environ["AZURE_SUBSCRIPTION_ID"],
    os.environ["AZUREML_ARM_RESOURCEGROUP"],
    os.environ["AZUREML_ARM_WORKSPACE_NAME"],
)
workspace = ml_client.workspaces.get(ml_client.workspace_name)
print(f"workspace {workspace.name} in {workspace.location}")

environment = ml_client.environments.create_or_update(
    Environment(
        name="demo-environment",
        image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04",
        conda_file=demo / "environment.yml",
    )
)
print(f"environment {environment.name}:{environment.version}")

export = ml_client.jobs.create_or_update(
    command(
        code=str(demo / "src"),
        command="python prepare.py --table ${{outputs.table}}",
        environment=f"{environment.name}:{environment.version}",
        compute="cpu-cluster",
        outputs={"table": Output(type=AssetTypes.URI_FILE)},
        experiment_name="official-sdk",
    )
)
ml_client.jobs.stream(export.name)

folder = Path(os.environ.get("TMPDIR", "/tmp")) / "smalt-official-sdk"
ml_client.jobs.download(export.name, download_path=folder, output_name="table")
table = next(path for path in folder.rglob("*") if path.is_file())
data = ml_client.data.create_or_update(Data(name="biopsies", path=table, type=AssetTypes.URI_FILE))
print(f"data {data.name}:{data.version} at {data.path}")

job = ml_client.jobs.create_or_update(
    command(
        code=str(demo / "src"),
        command="python train.py --table ${{inputs.table}} --learning-rate ${{inputs.rate}} --model ${{outputs.model}}",
        inputs={"table": Input(type=AssetTypes.URI_FILE, path=f"{data.name}:{data.version}"), "rate": 0.02},
        outputs={"model": Output(type=AssetTypes.MLFLOW_MODEL)},
        environment=f"{environment.name}@latest",
        compute="cpu-cluster",
        experiment_name="official-sdk",
        display_name="Train with the official SDK",
    )
)
ml_client.jobs.stream(job.name)
print(f"job {job.name}: {ml_client.jobs.get(job.name).status}")

model = ml_client.models.create_or_update(
    Model(name="diagnosis-sdk", path=f"azureml://jobs/{job.name}/outputs/model", type=AssetTypes.MLFLOW_MODEL)
)
print(f"model {model.name}:{model.version}, flavors {sorted(model.flavors)}")
