"""The loop with a scripted executor: order, waiting, cancelling, failing, and never twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from smalt.entities.job.command import CommandJob
from smalt.entities.job.status import JobStatus
from smalt.errors import InvalidRequest, Unavailable
from smalt.executors import OutputState
from smalt.executors.fake import FakeExecutor, Script
from smalt.kit import clock
from smalt.server import jobs
from smalt.server.jobs.start import Starter
from smalt.server.work import SYSTEM


@pytest.fixture
def finished(house):
    heard = []
    house.events.subscribe(jobs.JobFinished, heard.append)
    return heard


def test_a_job_runs_to_its_end(plant, loop, executor, finished):
    plant.submit()

    loop.run_once(clock.now())
    plant.run_to_end(loop, "one")

    record = plant.record("one")
    assert record.status is JobStatus.COMPLETED
    assert [fact.job for fact in finished] == ["one"]
    assert record.ended_at is not None
    assert len(executor.started) == 1


def test_the_command_finds_its_surroundings(plant, loop, executor):
    plant.submit(
        inputs={"lr": {"jobInputType": "literal", "value": "0.1"}},
        outputs={"o": {}},
        command="train ${{inputs.lr}} ${{outputs.o}} $[[--x ${{inputs.x}}]]",
        environmentVariables={"PLACE": "${{outputs.o}}"},
    )

    plant.run_to_end(loop, "one")

    plan = executor.started[0]
    assert plan.argv[1] == "train 0.1 {{smalt:output:o}} "
    given = plan.environment
    assert given["PLACE"] == "{{smalt:output:o}}"
    assert given["AZUREML_RUN_ID"] == given["MLFLOW_RUN_ID"] == given["AZUREML_ROOT_RUN_ID"] == "one"
    assert given["MLFLOW_TRACKING_URI"] == f"http://127.0.0.1:8787/mlflow/v2.0{plant.scope}"
    assert given["MLFLOW_EXPERIMENT_NAME"] == "tests"
    assert given["AZUREML_PARAMETER_lr"] == "0.1"


def test_what_is_not_honoured_stands_at_the_top_of_the_log(plant, loop, executor):
    plant.submit(resources={"instanceType": "Standard_NC6", "shmSize": "4g"}, strange=1)

    plant.run_to_end(loop, "one")

    header = executor.started[0].files["header"]
    assert "Standard_NC6" in header
    assert "shm_size 4g" in header
    assert "strange" in header


def test_jobs_wait_for_a_place_and_start_in_order(plant, loop, executor, scripts):
    scripts["wait"] = Script(waits=True)
    for index in range(4):
        plant.submit(f"job{index}", command="wait")
    loop.run_once(clock.now())
    first = [plan.name for plan in executor.started]
    waiting = [plant.record(name).status for name in ("job2", "job3")]

    executor.finish(executor.find(first[1]))
    plant.run_to_end(loop, "job1")
    plant.run_until(loop, lambda: len(executor.started) == 3)

    assert waiting == [JobStatus.QUEUED, JobStatus.QUEUED]
    assert [plan.name.split("-")[0] for plan in executor.started] == ["job0", "job1", "job2"]


def test_a_job_with_a_long_build_holds_no_other_up(plant, loop, executor):
    plant.environments.is_built = False
    plant.environments.gate.clear()
    plant.submit("slow")
    loop.run_once(clock.now())
    preparing = plant.record("slow").status
    plant.environments.is_built = True

    plant.submit("quick")
    plant.run_to_end(loop, "quick")
    meanwhile = plant.record("slow").status
    plant.environments.gate.set()
    plant.run_to_end(loop, "slow")

    assert preparing is meanwhile is JobStatus.PREPARING
    assert plant.record("slow").status is JobStatus.COMPLETED
    assert "Resolving" in (plant.artifacts("slow") / "azureml-logs" / "20_image_build_log.txt").read_text()


def test_a_build_that_fails_fails_the_job_with_its_reason(plant, loop, executor):
    plant.environments.is_built = False
    plant.environments.failure = InvalidRequest("numpy==0 does not exist.")
    plant.submit()

    plant.run_to_end(loop, "one")

    assert plant.record("one").status is JobStatus.FAILED
    assert "numpy==0" in plant.record("one").error["message"]
    assert executor.started == []


def test_cancelling_stops_what_runs(plant, loop, executor, scripts, finished):
    scripts["wait"] = Script(waits=True)
    plant.submit(command="wait")
    loop.run_once(clock.now())

    answers = [plant.client.post(f"{plant.scope}/jobs/one/cancel").status_code for _ in range(2)]
    requested = plant.record("one").status
    plant.run_to_end(loop, "one")

    assert answers == [200, 200]
    assert requested is JobStatus.CANCEL_REQUESTED
    assert plant.record("one").status is JobStatus.CANCELED
    assert plant.client.post(f"{plant.scope}/jobs/one/cancel").status_code == 200


def test_a_job_that_waits_is_cancelled_without_a_start(plant, loop, executor):
    plant.submit()
    plant.client.post(f"{plant.scope}/jobs/one/cancel")

    plant.run_to_end(loop, "one")

    assert plant.record("one").status is JobStatus.CANCELED
    assert executor.started == []


def test_cancelling_a_finished_job_is_refused(plant, loop):
    plant.submit()
    plant.run_to_end(loop, "one")

    answer = plant.client.post(f"{plant.scope}/jobs/one/cancel")

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "JobAlreadyFinished")


@pytest.mark.parametrize(("end", "code"), [("lose", "JobLost"), ("fail", "UserError")])
def test_a_job_that_fails_says_why(plant, loop, executor, scripts, end, code):
    scripts["wait"] = Script(waits=True)
    plant.submit(command="wait")
    loop.run_once(clock.now())
    handle = executor.find(executor.started[0].name)

    if end == "lose":
        executor.lose(handle)
    else:
        executor.finish(handle, exit_code=3)
    plant.run_to_end(loop, "one")

    record = plant.record("one")
    assert (record.status, record.error["code"]) == (JobStatus.FAILED, code)


def test_named_outputs_are_registered_when_the_job_completes(plant, loop, scripts):
    scripts["save"] = Script(outputs={"t": OutputState("/somewhere/t"), "m": OutputState("/somewhere/m")})
    plant.submit(
        command="save",
        outputs={
            "t": {"jobOutputType": "uri_file", "assetName": "table"},
            "m": {"jobOutputType": "custom_model", "assetName": "net", "assetVersion": "7"},
        },
    )

    plant.run_to_end(loop, "one")

    lineage = plant.client.get(f"{plant.scope}/jobs/one/lineage").json()
    assert lineage["models"] == [f"{plant.scope}/models/net/versions/7"]
    assert lineage["outputs"]["t"]["assetId"] == f"{plant.scope}/data/table/versions/1"
    with plant.house.works.read(SYSTEM) as work:
        table = plant.assets.resolve(work, plant.house.default, "data", "azureml:table:1").entity
    assert table.path.endswith("/datastores/workspaceblobstore/paths/azureml/one/t/t")


def test_an_output_that_cannot_be_registered_fails_the_job_and_registers_nothing(plant, loop):
    taken = {"m": {"jobOutputType": "custom_model", "assetName": "net", "assetVersion": "7"}}
    plant.submit("first", outputs=taken)
    plant.run_to_end(loop, "first")

    plant.submit("second", outputs={"a": {"jobOutputType": "uri_folder", "assetName": "other"}, **taken})
    plant.run_to_end(loop, "second")

    record = plant.record("second")
    assert (record.status, record.error["code"]) == (JobStatus.FAILED, "OutputNotRegistered")
    assert record.registered == {}
    with plant.house.works.read(SYSTEM) as work, pytest.raises(Exception, match="other"):
        plant.assets.resolve(work, plant.house.default, "data", "azureml:other:1")


def test_the_token_of_a_job_ends_with_it(plant, loop, executor, scripts):
    scripts["wait"] = Script(waits=True)
    plant.submit(command="wait")
    loop.run_once(clock.now())
    token = executor.started[0].environment["AZUREML_RUN_TOKEN"]
    headers = {"Authorization": f"Bearer {token}"}
    own = plant.client.get(f"{plant.scope}/jobs/one", headers=headers)
    lists = plant.client.get(f"{plant.scope}/jobs", headers=headers)

    executor.finish(executor.find(executor.started[0].name))
    plant.run_to_end(loop, "one")

    assert (own.status_code, lists.status_code) == (200, 403)
    assert plant.client.get(f"{plant.scope}/jobs/one", headers=headers).status_code == 401


class DyingExecutor(FakeExecutor):
    """Starts a workload, and then the server dies before it can write that down."""

    def start(self, plan):
        super().start(plan)
        raise KeyboardInterrupt


def test_a_server_killed_after_the_start_runs_the_job_once(plant, executor, hints, scripts):
    scripts["wait"] = Script(waits=True)
    dying = DyingExecutor(scripts, world=executor.world)
    plant.submit(command="wait")
    with pytest.raises(KeyboardInterrupt):
        plant.loop(dying, jobs.Hints()).run_once(clock.now())

    second = plant.loop(executor, hints)
    second.run_once(clock.now())
    adopted = plant.record("one")
    executor.finish(adopted.handle)
    plant.run_to_end(second, "one")

    assert adopted.handle is not None
    assert plant.record("one").status is JobStatus.COMPLETED
    assert len(executor.started) == 1


class BusyExecutor(FakeExecutor):
    """Cannot start anything."""

    def start(self, plan):
        raise Unavailable("No process could be made.")


def test_a_start_that_fails_for_the_machine_is_tried_again_later(plant, hints):
    plant.submit()

    plant.loop(BusyExecutor(), hints).run_once(clock.now())

    record = plant.record("one")
    assert (record.status, record.attempts) == (JobStatus.STARTING, 1)
    assert record.due_at > clock.now() - timedelta(seconds=1)
    assert record.lease is None


class Twins(jobs.ParentLike):
    """A job of two commands, one after the other."""

    type = "pipeline"

    def __init__(self, children):
        self._children = children

    def pin(self, work, workspace, name, job, problems):
        return job, jobs.Pinned(parts={"count": 2})

    def advance(self, work, workspace, record):
        states = self._children.states(work, workspace, record)
        if any(state.status is JobStatus.FAILED for state in states.values()):
            return jobs.Progress(JobStatus.FAILED, "A twin failed.")
        if any(state.is_active for state in states.values()):
            return jobs.Progress(JobStatus.RUNNING)
        if len(states) == record.pinned["parts"]["count"]:
            return jobs.Progress(JobStatus.COMPLETED)
        command = CommandJob.parse({"command": "twin", "environment": "azureml:plain:1"})
        self._children.submit(work, workspace, record, f"{record.name}-{len(states)}", command)
        return jobs.Progress(JobStatus.RUNNING)


def test_a_kind_may_live_by_its_children(plant, loop, executor):
    plant.kinds["pipeline"] = Twins(plant.children)
    plant.client.put(f"{plant.scope}/jobs/pair", json={"properties": {"jobType": "Pipeline", "jobs": {}}})

    plant.run_to_end(loop, "pair")

    listed = [job["name"] for job in plant.client.get(f"{plant.scope}/jobs").json()["value"]]
    children = plant.client.get(f"/history/v1.0{plant.scope}/runs/pair/children").json()["value"]
    assert plant.record("pair").status is JobStatus.COMPLETED
    assert listed == ["pair"]
    assert [child["runId"] for child in children] == ["pair-0", "pair-1"]
    assert executor.started[0].environment["AZUREML_ROOT_RUN_ID"] == "pair"
    assert plant.record("pair-0").created_by == plant.record("pair").created_by


def test_a_child_that_ends_alone_takes_the_turn_of_its_parent_along(plant, loop, house):
    plant.kinds["pipeline"] = Twins(plant.children)
    plant.client.put(f"{plant.scope}/jobs/pair", json={"properties": {"jobType": "Pipeline", "jobs": {}}})
    seen = {}
    house.events.subscribe(jobs.JobFinished, lambda fact: seen.setdefault(fact.job, plant.record("pair-1").status))

    plant.run_to_end(loop, "pair")

    assert list(seen) == ["pair-0", "pair-1", "pair"]


def test_the_next_child_is_prepared_with_the_end_of_the_one_before(plant, loop, house, executor):
    plant.kinds["pipeline"] = Twins(plant.children)
    plant.client.put(f"{plant.scope}/jobs/pair", json={"properties": {"jobType": "Pipeline", "jobs": {}}})
    prepared = {}
    house.events.subscribe(
        jobs.JobFinished, lambda fact: prepared.setdefault(fact.job, plant.record("pair-1").environment_key)
    )

    plant.run_to_end(loop, "pair")

    assert prepared["pair-0"] is not None
    assert len(executor.started) == 2


def test_a_child_that_cannot_be_prepared_does_not_undo_the_end_of_the_one_before(plant, loop, finished, monkeypatch):
    plant.kinds["pipeline"] = Twins(plant.children)
    plant.client.put(f"{plant.scope}/jobs/pair", json={"properties": {"jobType": "Pipeline", "jobs": {}}})
    prepare = Starter.prepare

    def prepare_first_only(self, work, workspace, record, **more):
        if record.name == "pair-1":
            raise InvalidRequest("It can never run.")
        return prepare(self, work, workspace, record, **more)

    monkeypatch.setattr(Starter, "prepare", prepare_first_only)

    plant.run_to_end(loop, "pair")

    assert [(fact.job, fact.status) for fact in finished] == [
        ("pair-0", JobStatus.COMPLETED), ("pair-1", JobStatus.FAILED), ("pair", JobStatus.FAILED),
    ]  # fmt: skip


class Stumbling(Twins):
    """Fails the first time that a child has ended."""

    has_stumbled = False

    def advance(self, work, workspace, record):
        states = self._children.states(work, workspace, record)
        if states and not self.has_stumbled:
            self.has_stumbled = True
            raise RuntimeError("no")
        return super().advance(work, workspace, record)


def test_a_turn_that_fails_does_not_undo_the_end_of_the_child(plant, loop, executor, finished):
    plant.kinds["pipeline"] = Stumbling(plant.children)
    plant.client.put(f"{plant.scope}/jobs/pair", json={"properties": {"jobType": "Pipeline", "jobs": {}}})

    plant.run_to_end(loop, "pair")

    assert [fact.job for fact in finished] == ["pair-0", "pair-1", "pair"]
    assert plant.record("pair").status is JobStatus.COMPLETED
    assert len(executor.started) == 2


def test_canceling_a_parent_ends_its_children_first(plant, loop, executor, scripts):
    scripts["twin"] = Script(waits=True)
    plant.kinds["pipeline"] = Twins(plant.children)
    plant.client.put(f"{plant.scope}/jobs/pair", json={"properties": {"jobType": "Pipeline", "jobs": {}}})
    plant.run_until(loop, lambda: len(executor.started) == 1)

    plant.client.post(f"{plant.scope}/jobs/pair/cancel")
    plant.run_to_end(loop, "pair")

    assert plant.record("pair-0").status is JobStatus.CANCELED
    assert plant.record("pair").status is JobStatus.CANCELED
    assert plant.record("pair").ended_at >= plant.record("pair-0").ended_at
