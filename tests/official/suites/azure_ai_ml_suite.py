"""The official SDK as its users use it. Runs in the clients' environment; nothing of smalt is imported here."""

from __future__ import annotations

import contextlib
import json
import os
import uuid
from pathlib import Path

import pytest
from azure.ai.ml import Input, MLClient, Output, command, load_component, load_job
from azure.ai.ml.constants import AssetTypes
from azure.ai.ml.entities import AmlCompute, AzureBlobDatastore, Data, Environment, Model, SasTokenConfiguration
from azure.ai.ml.sweep import Choice, MedianStoppingPolicy
from azure.core.exceptions import ResourceNotFoundError
from azure.identity import DefaultAzureCredential


@pytest.fixture(scope="module")
def ml() -> MLClient:
    return MLClient(
        DefaultAzureCredential(),
        os.environ["AZURE_SUBSCRIPTION_ID"],
        os.environ["AZUREML_ARM_RESOURCEGROUP"],
        os.environ["AZUREML_ARM_WORKSPACE_NAME"],
    )


@pytest.fixture(scope="module")
def environment(ml: MLClient) -> str:
    made = ml.environments.create_or_update(Environment(name="plain", image="python"))
    return f"{made.name}:{made.version}"


@pytest.fixture
def unique() -> str:
    return f"n{uuid.uuid4().hex[:10]}"


def test_the_workspace_is_found_and_listed(ml):
    found = ml.workspaces.get(ml.workspace_name)

    assert found.name == ml.workspace_name
    assert found.mlflow_tracking_uri.startswith("https://")
    assert ml.workspace_name in [workspace.name for workspace in ml.workspaces.list()]


def test_the_default_datastore_is_there(ml):
    assert ml.datastores.get_default().name == "workspaceblobstore"


def test_a_datastore_is_made_listed_and_deleted_and_keeps_its_secret(ml, unique):
    ml.datastores.create_or_update(
        AzureBlobDatastore(
            name=unique,
            account_name="acct",
            container_name="c",
            credentials=SasTokenConfiguration(sas_token="?sv=secret"),
        )
    )

    assert unique in [store.name for store in ml.datastores.list()]
    assert "secret" not in str(ml.datastores.get(unique))
    ml.datastores.delete(unique)
    with pytest.raises(ResourceNotFoundError):
        ml.datastores.get(unique)


def test_a_file_becomes_a_versioned_data_asset_and_comes_back(ml, unique, tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("a,b\n1,2\n")

    first = ml.data.create_or_update(Data(name=unique, path=table, type=AssetTypes.URI_FILE))
    table.write_text("a,b\n3,4\n")
    second = ml.data.create_or_update(Data(name=unique, path=table, type=AssetTypes.URI_FILE))

    assert (first.version, second.version) == ("1", "2")
    assert ml.data.get(unique, label="latest").version == "2"
    assert [item.version for item in ml.data.list(unique)] == ["2", "1"]


def test_a_data_asset_is_archived_and_restored(ml, unique, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/one.txt").write_text("one")
    ml.data.create_or_update(Data(name=unique, path=tmp_path / "folder", type=AssetTypes.URI_FOLDER))

    ml.data.archive(unique)
    hidden = [item.name for item in ml.data.list()]
    ml.data.restore(unique)

    assert unique not in hidden
    assert unique in [item.name for item in ml.data.list()]


def test_a_model_is_registered_and_downloaded(ml, unique, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model/weights.bin").write_bytes(bytes(range(256)) * 100)

    made = ml.models.create_or_update(
        Model(name=unique, path=tmp_path / "model", type=AssetTypes.CUSTOM_MODEL, tags={"kind": "test"})
    )
    ml.models.download(unique, version=made.version, download_path=tmp_path / "down")

    [weights] = (tmp_path / "down").rglob("weights.bin")
    assert weights.read_bytes() == bytes(range(256)) * 100
    assert ml.models.get(unique, label="latest").tags == {"kind": "test"}


def test_an_environment_with_conda_is_kept_and_found_by_label(ml, unique, tmp_path):
    conda = tmp_path / "conda.yml"
    conda.write_text("name: x\ndependencies:\n- python=3.11\n- pip:\n  - six\n")

    made = ml.environments.create_or_update(Environment(name=unique, image="python:3.11", conda_file=conda))

    found = ml.environments.get(unique, label="latest")
    assert found.version == made.version
    assert found.conda_file["dependencies"][0] == "python=3.11"


def test_a_component_is_registered(ml, environment, unique, tmp_path):
    (tmp_path / "component.yml").write_text(
        f"name: {unique}\nversion: '3'\ntype: command\ncommand: echo ${{{{inputs.word}}}}\n"
        f"environment: azureml:{environment}\ninputs:\n  word: {{type: string, default: hi}}\n"
    )

    made = ml.components.create_or_update(load_component(tmp_path / "component.yml"))

    assert made.version == "3"
    assert ml.components.get(unique, version="3").inputs["word"]["default"] == "hi"


def test_a_compute_is_made_changed_and_deleted(ml, unique):
    made = ml.compute.begin_create_or_update(AmlCompute(name=unique, max_instances=2)).result()
    assert made.provisioning_state == "Succeeded"
    assert unique in [compute.name for compute in ml.compute.list()]

    ml.compute.begin_delete(unique).result()

    with pytest.raises(ResourceNotFoundError):
        ml.compute.get(unique)


def test_a_command_job_runs_streams_and_downloads(ml, environment, tmp_path, capfd):
    (tmp_path / "src").mkdir()
    (tmp_path / "src/main.py").write_text(
        "import sys, pathlib, time\n"
        "print('told', sys.argv[1], flush=True)\n"
        "time.sleep(3)\n"  # the client prints logs only of jobs that it sees running
        "pathlib.Path(sys.argv[2], 'answer.txt').write_text('42')\n"
        "pathlib.Path('outputs').mkdir(exist_ok=True)\n"
        "pathlib.Path('outputs/report.txt').write_text('done')\n"
    )
    job = ml.jobs.create_or_update(
        command(
            code=str(tmp_path / "src"),
            command="python main.py ${{inputs.word}} ${{outputs.result}}",
            inputs={"word": "hello"},
            outputs={"result": Output(type=AssetTypes.URI_FOLDER)},
            environment=environment,
            compute="cpu-cluster",
            experiment_name="suite",
            tags={"suite": "yes"},
        )
    )

    ml.jobs.stream(job.name)
    ml.jobs.download(job.name, download_path=tmp_path / "down", all=True)

    assert "told hello" in capfd.readouterr().out
    assert ml.jobs.get(job.name).status == "Completed"
    assert (tmp_path / "down/named-outputs/result/answer.txt").read_text() == "42"
    assert (tmp_path / "down/artifacts/outputs/report.txt").read_text() == "done"
    assert job.name in [item.name for item in ml.jobs.list()]


def test_a_job_from_yaml_takes_data_by_label(ml, environment, unique, tmp_path):
    (tmp_path / "in.txt").write_text("from the file")
    ml.data.create_or_update(Data(name=unique, path=tmp_path / "in.txt", type=AssetTypes.URI_FILE))
    (tmp_path / "job.yml").write_text(
        f"command: cat ${{{{inputs.text}}}}\nenvironment: azureml:{environment}\ncompute: azureml:cpu-cluster\n"
        f"inputs:\n  text: {{type: uri_file, path: 'azureml:{unique}@latest'}}\n"
    )

    job = ml.jobs.create_or_update(load_job(tmp_path / "job.yml"))
    ml.jobs.stream(job.name)
    ml.jobs.download(job.name, download_path=tmp_path / "down")

    [log] = (tmp_path / "down").rglob("std_log.txt")
    assert "from the file" in log.read_text()


def test_a_failing_job_says_so(ml, environment):
    job = ml.jobs.create_or_update(command(command="echo oops; exit 3", environment=environment, compute="cpu-cluster"))

    with pytest.raises(Exception, match=r"(?i)exception|fail"):
        ml.jobs.stream(job.name)

    assert ml.jobs.get(job.name).status == "Failed"


def test_a_running_job_is_cancelled(ml, environment):
    job = ml.jobs.create_or_update(command(command="sleep 600", environment=environment, compute="cpu-cluster"))

    ml.jobs.begin_cancel(job.name).wait()
    with contextlib.suppress(Exception):  # the client raises for anything but success
        ml.jobs.stream(job.name)

    assert ml.jobs.get(job.name).status in ("CancelRequested", "Canceled")


def test_a_finished_job_is_archived_and_restored(ml, environment):
    job = ml.jobs.create_or_update(command(command="echo hi", environment=environment, compute="cpu-cluster"))
    ml.jobs.stream(job.name)

    ml.jobs.archive(job.name)
    hidden = [item.name for item in ml.jobs.list()]
    ml.jobs.restore(job.name)

    assert job.name not in hidden
    assert job.name in [item.name for item in ml.jobs.list()]


def test_the_same_code_is_uploaded_once(ml, environment, tmp_path):
    (tmp_path / "src").mkdir()
    (tmp_path / "src/same.py").write_text(f"print({uuid.uuid4().hex!r})\n")
    jobs = [
        ml.jobs.create_or_update(
            command(
                code=str(tmp_path / "src"), command="python same.py", environment=environment, compute="cpu-cluster"
            )
        )
        for _ in range(2)
    ]

    codes = {ml.jobs.get(job.name).code for job in jobs}

    assert len(codes) == 1


def test_an_input_may_be_a_local_folder(ml, environment, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/b.txt").write_text("b")
    (tmp_path / "data/a.txt").write_text("a")
    job = ml.jobs.create_or_update(
        command(
            command='python -c "import os, sys; print(os.listdir(sys.argv[1]))" ${{inputs.folder}}',
            inputs={"folder": Input(type=AssetTypes.URI_FOLDER, path=str(tmp_path / "data"))},
            environment=environment,
            compute="cpu-cluster",
        )
    )
    ml.jobs.stream(job.name)
    ml.jobs.download(job.name, download_path=tmp_path / "down")

    [log] = Path(tmp_path / "down").rglob("std_log.txt")
    assert "['a.txt', 'b.txt']" in log.read_text()


def test_a_sweep_runs_streams_and_names_its_best_trial(ml, environment, tmp_path, capfd):
    (tmp_path / "src").mkdir()
    (tmp_path / "src/trial.py").write_text(
        "import json, os, pathlib, sys, urllib.request\n"
        "body = {'run_id': os.environ['MLFLOW_RUN_ID'], 'key': 'loss', 'value': float(sys.argv[1]), 'timestamp': 1}\n"
        "url = os.environ['MLFLOW_TRACKING_URI'] + '/api/2.0/mlflow/runs/log-metric'\n"
        "headers = {'Authorization': 'Bearer ' + os.environ['MLFLOW_TRACKING_TOKEN']}\n"
        "urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers))\n"
        "pathlib.Path(sys.argv[2], 'answer.txt').write_text(sys.argv[1])\n"
    )
    base = command(
        code=str(tmp_path / "src"),
        command="python trial.py ${{inputs.x}} ${{outputs.model}}",
        inputs={"x": 0.0},
        outputs={"model": Output(type=AssetTypes.URI_FOLDER)},
        environment=environment,
        compute="cpu-cluster",
        experiment_name="suite",
    )
    node = base(x=Choice([0.4, 0.2, 0.3])).sweep(primary_metric="loss", goal="minimize", sampling_algorithm="grid")
    node.set_limits(max_total_trials=10, max_concurrent_trials=2, timeout=600)
    node.early_termination = MedianStoppingPolicy(delay_evaluation=5, evaluation_interval=1)

    job = ml.jobs.create_or_update(node)
    ml.jobs.stream(job.name)

    done = ml.jobs.get(job.name)
    best = ml.jobs.get(done.properties["best_child_run_id"])
    assert done.status == "Completed"
    assert json.loads(best.tags["hyperparameters"]) == {"x": 0.2}
    assert len(list(ml.jobs.list(parent_job_name=job.name))) == 3
    ml.jobs.download(job.name, download_path=tmp_path / "down", output_name="model")
    [answer] = (tmp_path / "down").rglob("answer.txt")
    assert answer.read_text() == "0.2"
    assert f"RunId: {job.name}" in capfd.readouterr().out
