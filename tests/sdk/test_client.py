"""The client from end to end: finding the server, assets, jobs, following and fetching."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from smalt import Input, MLClient, Output, command, load_job
from smalt.constants import AssetTypes, InputOutputModes
from smalt.entities import AmlCompute, Data, Environment, Model
from smalt.errors import Conflict, InvalidRequest, NotFound, ValidationFailed
from smalt.sdk.errors import JobFailed
from tests.sdk.fake_server import SCOPE, Fake


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder as people have it: code, data, a conda file and a job."""
    root = tmp_path / "project"
    (root / "src" / "__pycache__").mkdir(parents=True)
    (root / "src" / "main.py").write_text("print('hello')")
    (root / "src" / "__pycache__" / "main.pyc").write_text("x")
    (root / "table.csv").write_text("a,b\n")
    (root / "conda.yml").write_text("dependencies:\n  - python=3.11\n")
    (root / "job.yml").write_text(
        "command: python main.py ${{inputs.table}} ${{inputs.lr}}\n"
        "code: src\n"
        "environment:\n  image: ubuntu\n  conda_file: conda.yml\n"
        "inputs:\n  table:\n    type: uri_file\n    path: table.csv\n  lr: 0.1\n"
        "outputs:\n  model:\n    type: mlflow_model\n"
        "compute: azureml:local\nexperiment_name: demo\n"
    )
    return root


def sent_job(fake: Fake, name: str) -> dict:
    return fake.resources[f"{SCOPE}/jobs/{name}"]["properties"]


def test_importing_smalt_brings_nothing_heavy() -> None:
    code = (
        "import sys, smalt; print([m for m in ('pydantic', 'httpx2', 'yaml', 'click', 'typing') if m in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_the_environment_and_config_json_name_the_workspace(
    fake: Fake, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = {"subscription_id": "s", "resource_group": "g", "workspace_name": "w"}
    (tmp_path / ".azureml").mkdir()
    (tmp_path / ".azureml" / "config.json").write_text(json.dumps(config))
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")

    assert MLClient.from_config().workspace_name == "w"
    assert MLClient(None, workspace_name="mine").workspace_name == "mine"
    monkeypatch.setenv("SMALT_URL", "http://elsewhere.test")
    monkeypatch.setenv("AZUREML_ARM_WORKSPACE_NAME", "theirs")
    elsewhere = MLClient()
    assert elsewhere.workspace_name == "theirs"
    assert elsewhere._transport._token() is None  # the token of this machine's server stays here


def test_data_is_uploaded_once_and_versions_count_up(client: MLClient, fake: Fake, project: Path) -> None:
    data = Data(name="table", type=AssetTypes.URI_FILE, path=str(project / "table.csv"))

    first, second = client.data.create_or_update(data), client.data.create_or_update(data)

    assert (first.version, second.version) == ("1", "2")
    assert first.path == second.path
    assert first.path.startswith("azureml://datastores/workspaceblobstore/paths/LocalUpload/")
    assert first.path.endswith("/table.csv")
    assert fake.count("PUT /blob/.*table.csv.$") == 1
    assert client.data.get("table", label="latest").version == "2"
    with pytest.raises(Conflict):
        client.data.create_or_update(Data(name="table", version="1", path="https://example.org/other"))


def test_the_wrong_type_of_path_is_told_before_anything_is_sent(client: MLClient, project: Path) -> None:
    with pytest.raises(InvalidRequest, match=r"is a file\. Write 'type: uri_file'"):
        client.data.create_or_update(Data(name="t", path=str(project / "table.csv")))
    with pytest.raises(InvalidRequest, match="does not exist"):
        client.models.create_or_update(Model(name="m", path=str(project / "nothing")))


def test_archived_assets_leave_the_list_and_come_back(client: MLClient) -> None:
    for number in range(1, 4):
        client.models.create_or_update(Model(name="m", version=str(number), path="azureml://datastores/d/paths/x"))

    client.models.archive("m", version="2")

    assert [found.version for found in client.models.list("m")] == ["3", "1"]
    assert [found.version for found in client.models.list("m", list_view_type="ArchivedOnly")] == ["2"]
    client.models.restore("m", label="latest")
    client.models.restore("m", version="2")
    assert [found.version for found in client.models.list("m", max_results=2)] == ["3", "2"]


def test_a_model_comes_back_as_it_was_sent(client: MLClient, project: Path, tmp_path: Path) -> None:
    client.models.create_or_update(Model(name="m", version="1", path=str(project / "src")))

    folder = client.models.download("m", "1", tmp_path / "back")

    assert (folder / "main.py").read_text() == "print('hello')"


def test_a_model_that_is_shared_twice_is_the_same(client: MLClient, fake: Fake, project: Path) -> None:
    client.models.create_or_update(Model(name="m", version="1", path=str(project / "src")))
    to = {"share_with_name": "shared", "share_with_version": "7", "registry_name": "team"}

    copies = [client.models.share("m", "1", **to) for _ in range(2)]

    first, second = (copy.path.partition("/LocalUpload/")[2] for copy in copies)
    assert first == second
    assert first.endswith("/m/")


def test_a_job_file_means_the_same_from_any_folder(
    client: MLClient, fake: Fake, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    submitted = client.jobs.create_or_update(load_job(project / "job.yml", params_override=[{"inputs.lr": 0.5}]))

    sent = sent_job(fake, submitted.name)
    assert sent["inputs"]["lr"]["value"] == "0.5"
    assert sent["inputs"]["table"]["uri"].startswith("azureml://datastores/workspaceblobstore/paths/LocalUpload/")
    assert sent["computeId"] == f"{SCOPE}/computes/local"
    code = fake.resources[sent["codeId"]]["properties"]
    files = [key.rsplit("/", 1)[-1] for key in fake.blobs if "/src/" in key]
    assert files == ["main.py"]
    assert code["codeUri"].endswith("/src")
    environment = fake.resources[sent["environmentId"]]["properties"]
    assert environment["condaFile"].startswith("dependencies:")
    assert environment["isAnonymous"] is True


def test_a_second_submit_uploads_nothing(client: MLClient, fake: Fake, project: Path) -> None:
    client.jobs.create_or_update(load_job(project / "job.yml"))
    fake.requests.clear()

    client.jobs.create_or_update(load_job(project / "job.yml"))

    assert fake.count("PUT /blob") == 0
    assert fake.count("startPendingUpload") == 0


def test_a_job_is_written_in_python_as_with_the_v2_sdk(client: MLClient, fake: Fake) -> None:
    job = command(
        command="echo ${{inputs.x}} > ${{outputs.o}}/x",
        environment=Environment(image="ubuntu", name="mine", version="3"),
        inputs={"x": Input(type="integer", default=3), "d": Input(type="uri_folder", path="azureml:table@latest")},
        outputs={"o": Output(mode=InputOutputModes.UPLOAD, name="result")},
        compute="serverless",
        instance_count=2,
        timeout=60,
    )
    client.data.create_or_update(Data(name="table", version="7", path="https://example.org/d"))

    submitted = client.create_or_update(job)

    sent = sent_job(fake, submitted.name)
    assert sent["inputs"]["x"]["value"] == "3"
    assert sent["inputs"]["d"]["uri"] == f"{SCOPE}/data/table/versions/7"
    assert sent["outputs"]["o"] == {"jobOutputType": "uri_folder", "mode": "Upload", "assetName": "result"}
    assert sent["environmentId"] == f"{SCOPE}/environments/mine/versions/3"
    assert sent["limits"]["timeout"] == "PT1M"
    assert sent["resources"]["instanceCount"] == 2
    assert submitted.environment == "azureml:mine:3"
    assert submitted.display_name == submitted.name


def test_mistakes_are_told_together_before_anything_is_sent(client: MLClient, fake: Fake) -> None:
    job = command(command="echo ${{inputs.missing}}", code="nowhere")

    with pytest.raises(ValidationFailed) as caught:
        client.jobs.create_or_update(job)

    assert [each.target for each in caught.value.details] == ["command", "environment", "code"]
    assert fake.requests == []


def test_changing_a_fetched_job_changes_only_what_may_change(client: MLClient, fake: Fake) -> None:
    submitted = client.jobs.create_or_update(command(command="true", environment="azureml:e:1", name="j"))
    submitted.tags["a"] = "b"
    submitted.display_name = "better"
    fake.requests.clear()

    client.jobs.create_or_update(submitted)

    assert fake.count("PUT") == 0
    assert sent_job(fake, "j")["tags"] == {"a": "b"}
    client.jobs.archive("j")
    assert list(client.jobs.list()) == []
    client.jobs.restore("j")
    assert [job.display_name for job in client.jobs.list()] == ["better"]


def test_a_log_is_followed_with_each_byte_fetched_once(client: MLClient, fake: Fake) -> None:
    client.jobs.create_or_update(command(command="true", environment="azureml:e:1", name="j"))
    half, rest = "grüße\n".encode()[:3], "grüße\n".encode()[3:]
    fake.script("j", ("Queued", b""), ("Running", b"one\n" + half), ("Running", rest), ("Completed", b"end\n"))
    out = io.StringIO()

    client.jobs.stream("j", out=out)

    text = out.getvalue()
    assert text.startswith("RunId: j\nWeb View: http://studio/j\n")
    assert "Streaming user_logs/std_log.txt\n===============================\n\none\ngrüße\nend\n" in text
    assert text.count("one") == 1
    assert text.index("end\n") < text.index("Execution Summary")


def test_following_a_job_that_fails_raises_with_its_reason(client: MLClient, fake: Fake) -> None:
    client.jobs.create_or_update(command(command="false", environment="azureml:e:1", name="j"))
    fake.script("j", ("Failed", b"Traceback\n"))
    out = io.StringIO()

    with pytest.raises(JobFailed, match="Job j ended as Failed: exit code 1"):
        client.jobs.stream("j", out=out)

    assert "Traceback" in out.getvalue()


def test_a_finished_job_is_fetched_in_the_usual_layout(client: MLClient, fake: Fake, tmp_path: Path) -> None:
    job = command(command="true", environment="azureml:e:1", name="j", outputs={"model": None, "empty": None})
    client.jobs.create_or_update(job)
    with pytest.raises(Conflict, match="smalt job stream"):
        client.jobs.download("j", download_path=tmp_path)
    sent_job(fake, "j")["status"] = "Completed"
    fake.blobs |= {
        "azureml/ExperimentRun/dcid.j/user_logs/std_log.txt": b"log",
        "azureml/ExperimentRun/dcid.j/outputs/a/b.txt": b"b",
        "azureml/ExperimentRun/dcid.j2/outputs/other.txt": b"o",
        "store/azureml/j/model/MLmodel": b"m",
    }

    client.jobs.download("j", download_path=tmp_path / "all", all=True)
    client.jobs.download("j", download_path=tmp_path / "one", output_name="model")

    def below(folder: Path) -> list[str]:
        return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())

    assert below(tmp_path / "all") == [
        "artifacts/outputs/a/b.txt", "artifacts/user_logs/std_log.txt", "named-outputs/model/MLmodel",
    ]  # fmt: skip
    assert below(tmp_path / "one") == ["named-outputs/model/MLmodel"]
    with pytest.raises(NotFound, match=r"no output 'nothing'\. It has: "):
        client.jobs.download("j", output_name="nothing")


def test_outputs_are_fetched_from_where_the_server_says_they_are(client: MLClient, fake: Fake, tmp_path: Path) -> None:
    path = "azureml://datastores/workspaceblobstore/paths/mine/${{name}}/"
    client.jobs.create_or_update(
        command(command="true", environment="azureml:e:1", name="again", outputs={"model": Output(path=path)})
    )
    sent_job(fake, "again")["status"] = "Completed"
    fake.resources[f"{SCOPE}/jobs/again/lineage"] = {
        "artifacts": "azureml://datastores/workspaceartifactstore/paths/ExperimentRun/dcid.first/",
        "outputs": {"model": {"uri": "azureml://datastores/workspaceblobstore/paths/mine/first/", "assetId": None}},
    }
    fake.blobs |= {"azureml/ExperimentRun/dcid.first/user_logs/std_log.txt": b"log", "store/mine/first/MLmodel": b"m"}

    client.jobs.download("again", download_path=tmp_path, all=True)

    assert (tmp_path / "artifacts/user_logs/std_log.txt").read_bytes() == b"log"
    assert (tmp_path / "named-outputs/model/MLmodel").read_bytes() == b"m"


def test_computes_are_begun_and_waited_for(client: MLClient, fake: Fake) -> None:
    made = client.begin_create_or_update(AmlCompute(name="cpu", size="Standard_DS3", max_instances=2)).result()

    assert made.size == "Standard_DS3"
    assert fake.resources[f"{SCOPE}/computes/cpu"]["location"] == "local"
    assert [each.name for each in client.compute.list(compute_type="AmlCompute")] == ["cpu"]
    client.compute.begin_delete("cpu").wait()
    with pytest.raises(NotFound):
        client.compute.get("cpu")
