from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from smalt.entities.data import Data
from smalt.entities.job.status import JobStatus
from smalt.kit import clock
from smalt.server import jobs, schedules
from smalt.server.jobs import store as job_store
from smalt.server.work import SYSTEM


def stamp(moment):
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def test_a_job_is_submitted_when_its_time_comes_and_carries_the_schedule(clockwork):
    clockwork.put()
    due = clockwork.next_at()

    clockwork.turn(due - timedelta(seconds=1))
    assert clockwork.jobs() == []
    clockwork.turn(due + timedelta(seconds=1))

    name = f"s-{stamp(due)}"
    assert clockwork.jobs(scheduleId="s") == clockwork.jobs(scheduled="true") == [name]
    assert clockwork.jobs(scheduleId="another") == []
    job = clockwork.plant.record(name)
    assert (job.display_name, job.properties["azureml.scheduleId"], job.created_by) == (name, "s", "owner")
    assert clockwork.next_at() == due + timedelta(hours=1)


def test_the_same_time_never_fires_twice_however_often_the_loop_turns(clockwork):
    clockwork.put()
    now = clockwork.pass_time()

    clockwork.turn(now)
    clockwork.loop = clockwork.make_loop()
    clockwork.turn(now + timedelta(seconds=5))

    assert len(clockwork.jobs()) == len(clockwork.fires()) == 1


def test_a_server_killed_between_the_job_and_the_commit_repeats_nothing_and_loses_nothing(clockwork, monkeypatch):
    clockwork.put()
    now = clockwork.next_at() + timedelta(seconds=1)
    with monkeypatch.context() as broken:
        broken.setattr(schedules.store, "settle", _dies)
        with pytest.raises(KeyboardInterrupt):
            clockwork.turn(now)
    assert clockwork.jobs() == []

    clockwork.loop = clockwork.make_loop()
    clockwork.turn(now + timedelta(seconds=10))
    assert clockwork.jobs() == []  # the lease of the dead one still holds
    clockwork.turn(now + timedelta(seconds=70))

    assert len(clockwork.jobs()) == 1


def _dies(*_, **__):
    raise KeyboardInterrupt


@pytest.mark.parametrize(("policy", "runs"), [("once", 1), ("skip", 0), ("all", 4)])
def test_what_was_missed_follows_the_policy(clockwork, policy, runs):
    clockwork.put(properties={"smalt.missedRuns": policy})

    now = clockwork.pass_time(hours=3)
    clockwork.turn(now + timedelta(minutes=30))

    assert len(clockwork.jobs()) == runs + (policy == "skip")
    assert clockwork.next_at() > now


def test_a_punctual_run_after_skipped_ones_does_not_stand_for_them(clockwork):
    clockwork.put(properties={"smalt.missedRuns": "skip"})

    missed = clockwork.next_at()
    clockwork.pass_time(hours=3)

    [fire] = clockwork.fires()
    assert fire["reason"] == f"The runs missed since {missed.isoformat()} were skipped (missed_runs: skip)."


def test_without_a_start_the_first_run_is_at_once_and_only_the_first(clockwork):
    clockwork.put(trigger={"triggerType": "Recurrence", "frequency": "Day", "interval": 1})
    clockwork.turn()
    shown = clockwork.show()
    clockwork.pages.put(f"{clockwork.scope}/schedules/s", json={"properties": {**shown, "description": "new"}})
    clockwork.turn()

    assert len(clockwork.jobs()) == 1
    assert clockwork.show()["trigger"]["startTime"][:10] == datetime.now(UTC).date().isoformat()
    assert timedelta(hours=23) < clockwork.next_at() - datetime.now(UTC) < timedelta(hours=25)


def test_a_schedule_that_is_disabled_does_not_fire_and_does_not_catch_up(clockwork):
    clockwork.put()
    due = clockwork.next_at()
    clockwork.put(isEnabled=False)
    clockwork.turn(due + timedelta(hours=5))

    clockwork.put(isEnabled=True)

    assert clockwork.jobs() == []
    assert clockwork.next_at() > datetime.now(UTC)


def test_a_creator_who_lost_the_right_makes_the_fire_fail_visibly(clockwork):
    house = clockwork.plant.house
    token = house.member("ada", {clockwork.scope: "AzureML Data Scientist"})
    ada = TestClient(clockwork.app, headers={"Authorization": f"Bearer {token}"})
    assert clockwork.put(client=ada).status_code == 201
    clockwork.pass_time()
    with house.works.write(SYSTEM) as work:
        person = house.identity.directory.actor(work, "ada")["id"]
        for row in house.identity.directory.assignments(work, ()):
            if row["actor_id"] == person:
                house.identity.directory.unassign(work, row["id"])

    clockwork.pass_time()

    failed, submitted = clockwork.fires()
    assert (failed["outcome"], failed["jobName"]) == ("failed", None)
    assert "ada" in failed["reason"]
    assert "workspaces/jobs/write" in failed["reason"]
    assert clockwork.plant.record(submitted["jobName"]).created_by == "ada"


def test_a_job_that_cannot_be_submitted_any_more_is_recorded_with_the_reason(clockwork):
    clockwork.put()
    house = clockwork.plant.house
    with house.works.write(SYSTEM) as work:
        clockwork.plant.assets.delete_container(work, house.default, "environments", "plain")

    clockwork.pass_time()

    (fire,) = clockwork.fires()
    assert fire["outcome"] == "failed"
    assert "plain" in fire["reason"]
    assert clockwork.jobs() == []


def test_a_failure_of_ours_is_tried_again_and_then_given_up(clockwork, monkeypatch):
    clockwork.put()
    now = clockwork.next_at()
    monkeypatch.setattr(jobs.JobService, "put", _fails)

    for second in range(0, 300, 30):
        clockwork.loop.run_once(now + timedelta(seconds=second))

    (fire,) = clockwork.fires()
    assert "after 6 attempts: the disk is full" in fire["reason"]
    assert clockwork.next_at() == now + timedelta(hours=1)


def _fails(*_, **__):
    raise OSError("the disk is full")


def test_labels_are_looked_up_at_each_fire_and_the_trigger_time_is_filled_in(clockwork):
    house = clockwork.plant.house
    _register(clockwork, "rows", "1")
    data = {"jobInputType": "uri_file", "uri": "azureml:rows@latest"}
    when = {"jobInputType": "literal", "value": "${{creation_context.trigger_time}}"}
    own = {"jobInputType": "literal", "value": "${{name}}"}
    inputs = {"d": data, "when": when, "own": own}
    clockwork.put(job={"inputs": inputs, "command": "cat ${{inputs.d}} ${{inputs.when}} ${{inputs.own}}"})
    _register(clockwork, "rows", "2")
    due = clockwork.next_at()

    clockwork.pass_time()

    with house.works.read(SYSTEM) as work:
        job = clockwork.plant.service.get(work, house.default, f"s-{stamp(due)}").entity()
    assert job.inputs["d"].path.endswith("/data/rows/versions/2")
    assert job.inputs["own"] == f"s-{stamp(due)}"
    assert job.inputs["when"] == due.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_an_existing_job_is_copied_when_the_schedule_is_written(clockwork):
    clockwork.plant.submit(
        "first", command="echo ${{inputs.n}}", inputs={"n": {"jobInputType": "literal", "value": "1"}}
    )
    source = f"{clockwork.scope}/jobs/first"
    changed = {"n": {"jobInputType": "literal", "value": "7"}}
    clockwork.put(
        "plain", job={"jobType": "Pipeline", "sourceJobId": source, "experimentName": "", "isArchived": False}
    )
    clockwork.put("changed", job={"jobType": "Command", "sourceJobId": source, "inputs": changed})
    _end(clockwork, "first")
    clockwork.pages.delete(source)

    clockwork.pass_time("plain")

    (plain,), (other,) = clockwork.jobs(scheduleId="plain"), clockwork.jobs(scheduleId="changed")
    assert clockwork.plant.record(plain).entity().inputs["n"] == "1"
    assert clockwork.plant.record(other).entity().inputs["n"] == "7"
    assert clockwork.show("plain")["action"]["jobDefinition"]["sourceJobId"] == source


def test_a_new_version_of_an_asset_fires_once_with_that_version(clockwork):
    _register(clockwork, "rows", "1")
    trigger = {"triggerType": "Asset", "assetType": "data", "name": "rows", "tags": {"stage": "gold"}}
    data = {"jobInputType": "uri_file", "uri": "${{trigger.asset}}"}
    assert (
        clockwork.put(trigger=trigger, job={"inputs": {"d": data}, "command": "cat ${{inputs.d}}"}).status_code == 201
    )

    _register(clockwork, "rows", "2", stage="gold")
    _register(clockwork, "rows", "3")
    _register(clockwork, "other", "1", stage="gold")
    clockwork.turn()
    clockwork.turn()
    _register(clockwork, "rows", "4", stage="gold")
    clockwork.turn()

    fires = clockwork.fires()
    assert sorted(fire["cause"] for fire in fires) == ["data:rows:2", "data:rows:4"]
    paths = {clockwork.plant.record(fire["jobName"]).entity().inputs["d"].path[-1] for fire in fires}
    assert paths == {"2", "4"}


def test_what_happened_while_no_loop_listened_is_found_in_the_tables(clockwork):
    clockwork.put(trigger={"triggerType": "Asset", "assetType": "data", "name": "rows"})
    clockwork.turn()
    _register(clockwork, "rows", "1")
    clockwork.loop = clockwork.make_loop()  # a new process: it heard nothing

    clockwork.turn(datetime.now(UTC) + timedelta(minutes=2))

    assert [fire["cause"] for fire in clockwork.fires()] == ["data:rows:1"]


def test_the_end_of_a_step_wakes_nobody(clockwork, house):
    clockwork.loop.wake.clear()

    house.events.deliver([jobs.JobFinished(house.default.id, "step", "pipeline", JobStatus.COMPLETED, "pipeline")])

    assert not clockwork.loop.wake.is_set()


def test_the_end_of_a_job_fires_but_not_that_of_the_schedules_own(clockwork):
    trigger = {"triggerType": "Event", "event": "JobFinished", "status": ["completed"]}
    assert clockwork.put(trigger=trigger, job={"command": "echo ${{trigger.job}}"}).status_code == 201
    clockwork.plant.submit("good")
    clockwork.plant.submit("bad")
    _end(clockwork, "good")
    _end(clockwork, "bad", JobStatus.FAILED)

    clockwork.turn()
    (fire,) = clockwork.fires()
    _end(clockwork, fire["jobName"])
    clockwork.turn()

    assert clockwork.plant.record(fire["jobName"]).entity().command == "echo good"
    assert len(clockwork.fires()) == 1


def test_a_registered_model_fires(clockwork):
    clockwork.put(trigger={"triggerType": "Event", "event": "model_registered"})
    path = f"{clockwork.scope}/models/iris/versions/1"
    clockwork.pages.put(path, json={"properties": {"modelUri": "azureml://datastores/workspaceblobstore/paths/m"}})

    clockwork.turn()

    assert [fire["cause"] for fire in clockwork.fires()] == ["models:iris:1"]


def test_two_servers_share_one_database_and_each_time_fires_once(clockwork):
    clockwork.put(properties={"smalt.missedRuns": "all"})
    now = clockwork.next_at() + timedelta(hours=5, seconds=1)
    loops = [clockwork.make_loop(), clockwork.make_loop()]

    for _ in range(20):
        for each in loops:
            each.run_once(now)

    assert len(clockwork.jobs()) == len(set(clockwork.jobs())) == len(clockwork.fires()) == 6


def _register(clockwork, name, version, **tags):
    entity = Data(path="azureml://datastores/workspaceblobstore/paths/rows.csv", type="uri_file", tags=tags)
    house = clockwork.plant.house
    with house.works.write(SYSTEM) as work:
        clockwork.plant.assets.register(work, house.default, "data", name, version, entity)


def _end(clockwork, name, status=JobStatus.COMPLETED):
    house = clockwork.plant.house
    with house.works.write(SYSTEM) as work:
        record = clockwork.plant.service.get(work, house.default, name)
        job_store.change(work.connection, record, status=status, active=False, ended_at=clock.now(), due_at=None)
        work.publish(jobs.JobFinished(house.default.id, name, name, status))
