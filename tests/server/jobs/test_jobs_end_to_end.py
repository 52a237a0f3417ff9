"""Jobs as real processes: data in, data out, logs, cancelling, a server that goes and one that comes back."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from smalt.entities.data import Data
from smalt.entities.job.status import JobStatus
from smalt.executors.local import LocalExecutor
from smalt.kit import clock
from smalt.server import jobs
from smalt.server.work import SYSTEM

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

TABLE = "azureml://datastores/workspaceblobstore/paths/table.csv"


def log_of(plant, name):
    path = plant.artifacts(name) / "user_logs" / "std_log.txt"
    return path.read_text() if path.exists() else ""


@pytest.fixture
def real_loop(plant, machine, hints):
    found = plant.loop(machine, hints)
    yield found
    found.close()


def test_a_job_reads_its_inputs_and_registers_what_it_writes(plant, real_loop):
    plant.local_path(TABLE).write_text("a,b\n1,2\n")
    plant.write(
        lambda work: plant.assets.register(
            work, plant.house.default, "data", "t", None, Data(path=TABLE, type="uri_file")
        )
    )
    code = plant.code(
        {"copy.sh": "cat $1 > $2; echo rows $(wc -l < $1) in $AZUREML_RUN_ID; mkdir -p outputs; echo x > outputs/x"}
    )
    plant.submit(
        codeId=code,
        command="sh copy.sh ${{inputs.t}} ${{outputs.copy}}",
        inputs={"t": {"jobInputType": "uri_file", "uri": "azureml:t@latest"}},
        outputs={"copy": {"jobOutputType": "uri_file", "assetName": "copied"}},
    )

    plant.run_to_end(real_loop, "one")

    assert plant.record("one").status is JobStatus.COMPLETED, plant.record("one").error
    assert "rows 2 in one" in log_of(plant, "one")
    assert (plant.artifacts("one") / "outputs" / "x").read_text() == "x\n"
    with plant.house.works.read(SYSTEM) as work:
        copied = plant.assets.resolve(work, plant.house.default, "data", "azureml:copied:1").entity
    assert plant.local_path(copied.path).read_text() == "a,b\n1,2\n"
    assert list((plant.home / "overlays").glob("[!.]*/*")) == []


def test_an_output_is_the_input_of_the_next_job(plant, real_loop):
    plant.submit("first", command="echo 42 > ${{outputs.o}}/answer", outputs={"o": {}})
    plant.run_to_end(real_loop, "first")

    uri = "azureml://jobs/first/outputs/o/paths/answer"
    plant.submit("second", command="cat ${{inputs.i}}", inputs={"i": {"jobInputType": "uri_file", "uri": uri}})
    plant.run_to_end(real_loop, "second")

    assert "42" in log_of(plant, "second"), plant.record("second").error


def test_a_failing_command_fails_the_job_and_stream_shows_its_log(plant, real_loop):
    plant.submit(command="echo oops >&2; exit 3")

    plant.run_to_end(real_loop, "one")

    details = plant.client.get(f"/history/v1.0{plant.scope}/runs/one/details").json()
    assert details["status"] == "Failed"
    assert "3" in details["error"]["error"]["message"]
    assert "user_logs/std_log.txt" in details["logFiles"]
    assert "oops" in log_of(plant, "one")
    assert (
        plant.client.get(f"{plant.scope}/jobs/one")
        .json()["properties"]["error"]["message"]
        .startswith("The command exited with code 3")
    )


def test_pip_in_a_job_stays_in_the_job(plant, real_loop):
    plant.submit(command="python -c 'import sys; print(sys.prefix)'")

    plant.run_to_end(real_loop, "one")

    assert str(plant.home / "overlays" / plant.record("one").workload / "overlay") in log_of(plant, "one")


def test_a_job_over_its_time_is_canceled(plant, real_loop):
    plant.submit(command="sleep 600", limits={"jobLimitsType": "Command", "timeout": "PT0.3S"})

    plant.run_to_end(real_loop, "one")

    record = plant.record("one")
    assert (record.status, record.error["code"]) == (JobStatus.CANCELED, "JobTimedOut")


def test_cancelling_ends_the_processes(plant, real_loop, tmp_path):
    plant.submit(command=f"echo $$ > {tmp_path}/pid; exec sleep 600")
    plant.run_until(real_loop, lambda: plant.record("one").status is JobStatus.RUNNING)

    plant.client.post(f"{plant.scope}/jobs/one/cancel")
    plant.run_to_end(real_loop, "one")

    assert plant.record("one").status is JobStatus.CANCELED
    if (tmp_path / "pid").exists():
        assert not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}").exists()


def test_a_restarted_server_adopts_what_runs(plant, tmp_path):
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    first_hints = jobs.Hints()
    first = LocalExecutor(tmp_path / "jobs", first_hints.note)
    plant.submit(command=f"cat {gate}; echo run >> {tmp_path}/runs")
    plant.run_until(plant.loop(first, first_hints), lambda: plant.record("one").handle is not None)
    first.close()

    hints = jobs.Hints()
    second = LocalExecutor(tmp_path / "jobs", hints.note)
    loop = plant.loop(second, hints)
    loop.run_once(clock.now())
    with gate.open("w") as stream:
        stream.write("go\n")
    plant.run_to_end(loop, "one")
    second.close()

    assert plant.record("one").status is JobStatus.COMPLETED
    assert (tmp_path / "runs").read_text() == "run\n"


def test_a_job_whose_supervisor_is_killed_fails_with_a_reason(plant, real_loop, tmp_path):
    plant.submit(command="sleep 600")
    plant.run_until(real_loop, lambda: plant.record("one").status is JobStatus.RUNNING)
    state = (tmp_path / "jobs" / plant.record("one").workload / "state.json").read_text()

    os.kill(json.loads(state)["pid"], signal.SIGKILL)
    plant.run_to_end(real_loop, "one")

    record = plant.record("one")
    assert (record.status, record.error["code"]) == (JobStatus.FAILED, "JobLost")
