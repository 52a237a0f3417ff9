"""Parallel jobs through the server: refused with all mistakes, run as real processes, canceled, resumed."""

from __future__ import annotations

import pytest

from smalt.entities.job.status import JobStatus
from smalt.server import jobs

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

FILES = "azureml://datastores/workspaceblobstore/paths/files"
SCRIPT = "import os\n\ndef run(mini_batch):\n    return [open(each).read() for each in mini_batch]\n"


@pytest.fixture
def real_loop(plant, machine, hints):
    found = plant.loop(machine, hints)
    yield found
    found.close()


@pytest.fixture
def submit(plant):
    """Submits a parallel job over ten files."""
    folder = plant.local_path(FILES)
    folder.mkdir(parents=True)
    for number in range(10):
        (folder / f"{number}.txt").write_text(f"row {number}")

    def put(name, script=SCRIPT, **changes):
        task = {
            "type": "RunFunction",
            "codeId": plant.code({"score.py": script}),
            "entryScript": "score.py",
            "environmentId": f"{plant.scope}/environments/plain/versions/1",
            "appendRowTo": "${{outputs.rows}}",
            "programArguments": "--depth ${{inputs.depth}}",
        }
        properties = {
            "jobType": "Parallel",
            "inputs": {
                "files": {"jobInputType": "uri_folder", "uri": FILES, "mode": "Direct"},
                "depth": {"jobInputType": "literal", "value": "3"},
            },
            "outputs": {"rows": {"jobOutputType": "uri_file"}},
            "inputData": "${{inputs.files}}",
            "maxConcurrencyPerInstance": 2,
            "miniBatchSize": "3",
            "resources": {"instanceCount": 2},
            "task": task,
            **changes,
        }
        return plant.client.put(f"{plant.scope}/jobs/{name}", json={"properties": properties})

    return put


def rows_of(plant, name):
    return sorted(plant.local_path(f"azureml://jobs/{name}/outputs/rows/rows").read_text().splitlines())


def log_of(plant, name):
    return (plant.artifacts(name) / "user_logs" / "std_log.txt").read_text()


def test_a_parallel_job_appends_the_rows_of_all_its_mini_batches(plant, real_loop, submit):
    answer = submit("one")

    plant.run_to_end(real_loop, "one")

    assert answer.status_code == 201, answer.text
    assert answer.json()["properties"]["task"]["codeId"].startswith(plant.scope)
    assert plant.record("one").status is JobStatus.COMPLETED, log_of(plant, "one")
    assert rows_of(plant, "one") == [f"row {number}" for number in range(10)]
    assert "Mini-batches: 4; 4 processed" in log_of(plant, "one")
    assert "All 2 instances are processes of this machine" in log_of(plant, "one")


def test_the_arguments_and_variables_of_a_task_reach_its_script(plant, real_loop, submit):
    script = (
        "import os, sys\n\ndef run(mini_batch):\n    return [repr(sys.argv[1:]) + os.environ['A']] * len(mini_batch)\n"
    )

    submit("one", script, environmentVariables={"A": "b"})
    plant.run_to_end(real_loop, "one")

    assert set(rows_of(plant, "one")) == {"['--depth', '3']b"}


def test_a_parallel_job_that_tolerates_no_failure_fails(plant, real_loop, submit):
    submit("one", SCRIPT.replace("return", "raise ValueError('bad') or"), miniBatchErrorThreshold=0)

    plant.run_to_end(real_loop, "one")

    record = plant.record("one")
    assert record.status is JobStatus.FAILED
    assert "mini_batch_error_threshold tolerates 0" in record.error["message"]


def test_a_canceled_parallel_job_leaves_nothing_running(plant, real_loop, submit, tmp_path):
    begun = tmp_path / "begun"
    submit("one", f"import time\n\ndef run(m):\n    open({str(begun)!r}, 'w').close()\n    time.sleep(1000)\n")
    plant.run_until(real_loop, lambda: plant.record("one").status is JobStatus.RUNNING)

    plant.client.post(f"{plant.scope}/jobs/one/cancel")
    plant.run_to_end(real_loop, "one")

    assert plant.record("one").status is JobStatus.CANCELED


def test_a_job_that_resumes_another_does_not_repeat_what_that_one_finished(plant, real_loop, submit):
    submit("one", SCRIPT.replace("return", "assert '9.txt' not in mini_batch[-1]; return"), miniBatchErrorThreshold=0)
    plant.run_to_end(real_loop, "one")

    answer = submit("two", properties={jobs.RESUME_FROM: "one"})
    plant.run_to_end(real_loop, "two")

    assert answer.status_code == 201, answer.text
    assert rows_of(plant, "two") == [f"row {number}" for number in range(10)]
    assert "were finished by the job that this one resumes" in log_of(plant, "two")


def test_what_cannot_be_resumed_is_refused(submit):
    outputs = {"rows": {"jobOutputType": "uri_file"}, "models": {"jobOutputType": "uri_folder"}}

    answer = submit("two", properties={jobs.RESUME_FROM: "../one"}, outputs=outputs)

    assert answer.status_code == 400
    assert "is no job name" in answer.text
    assert "what its finished mini-batches wrote to models would be missing" in answer.text
