from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from smalt.server.schedules import store
from smalt.server.schedules.tables import fires
from smalt.server.work import SYSTEM
from tests.server.schedules.conftest import HOURLY


def told(answer):
    return answer.json()["error"]["message"]


def test_a_schedule_is_written_shown_listed_disabled_and_deleted(clockwork):
    path = f"{clockwork.scope}/schedules"
    made = clockwork.put(displayName="Hourly", tags={"a": "b"})
    again = clockwork.put(displayName="Hourly", tags={"a": "c"})

    assert (made.status_code, again.status_code) == (201, 200)
    shown = again.json()["properties"]
    assert (shown["isEnabled"], shown["provisioningState"], shown["tags"]) == (True, "Succeeded", {"a": "c"})
    assert shown["trigger"] == {**HOURLY, "timeZone": "UTC"}
    refused = clockwork.pages.delete(f"{path}/s")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "ScheduleEnabled")
    clockwork.put(isEnabled=False)
    views = {view: clockwork.pages.get(path, params={"listViewType": view}).json()["value"]
             for view in ("EnabledOnly", "DisabledOnly", "All")}  # fmt: skip
    assert {view: len(found) for view, found in views.items()} == {"EnabledOnly": 0, "DisabledOnly": 1, "All": 1}
    assert clockwork.pages.delete(f"{path}/S").status_code == 200
    assert clockwork.pages.delete(f"{path}/s").status_code == 204
    assert clockwork.pages.get(f"{path}/s").status_code == 404


def test_triggering_submits_a_job_at_once_and_leaves_the_next_time(clockwork):
    clockwork.put()
    before = clockwork.next_at()

    answer = clockwork.pages.post(
        f"{clockwork.scope}/schedules/s/trigger", json={"scheduleTime": "2026-01-31T08:30:00Z"}
    ).json()

    assert answer == {
        "scheduleActionType": "CreateJob",
        "submissionId": answer["jobName"],
        "jobName": answer["jobName"],
    }
    assert clockwork.jobs() == ["s-20260131T083000Z"] == [answer["jobName"]]
    assert clockwork.fires()[0]["jobStatus"] == "Starting"
    assert clockwork.next_at() == before


def test_a_disabled_schedule_is_not_triggered(clockwork):
    clockwork.put(isEnabled=False)

    answer = clockwork.pages.post(f"{clockwork.scope}/schedules/s/trigger", json={})

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "ScheduleDisabled")


@pytest.mark.parametrize("action", ["CreateMonitor", "ImportData"])
def test_what_nothing_here_can_do_is_refused_by_name(clockwork, action):
    definition = {"CreateMonitor": "monitorDefinition", "ImportData": "dataImportDefinition"}[action]
    body = {"properties": {"trigger": HOURLY, "action": {"actionType": action, definition: {}}}}

    answer = clockwork.pages.put(f"{clockwork.scope}/schedules/s", json=body)

    assert answer.status_code == 400
    assert "are not run by this server, so it takes none. It runs: create_job." in told(answer)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"trigger": None}, "has no trigger"),
        ({"trigger": {**HOURLY, "endTime": "2023-01-01T00:00:00"}}, "is past"),
        ({"job": {"environmentId": "azureml:nothing:1"}}, "environment"),
        ({"job": {"jobType": "Pipeline", "sourceJobId": "azureml:nobody"}}, "No job 'nobody'"),
        ({"job": {"jobType": "Spark", "entry": {"file": "a.py"}}}, "need a Spark cluster"),
        ({"job": {"command": "echo ${{inputs.nothing}}"}}, "inputs.nothing"),
    ],
)
def test_what_could_never_run_is_refused_when_it_is_written(clockwork, sent, words):
    answer = clockwork.put(**sent)

    assert answer.status_code in (400, 404)
    assert words in told(answer)
    assert clockwork.pages.get(f"{clockwork.scope}/schedules/s").status_code == 404


def test_a_client_that_cannot_read_our_triggers_leaves_them_alone(clockwork):
    trigger = {"triggerType": "Asset", "assetType": "data", "name": "rows"}
    clockwork.put(trigger=trigger)

    clockwork.put(trigger=None, isEnabled=False)

    assert clockwork.show()["trigger"] == trigger | {"tags": {}}
    assert clockwork.show()["isEnabled"] is False


def test_whoever_changes_what_a_schedule_does_has_it_done_in_their_own_name(clockwork):
    token = clockwork.plant.house.member("ada", {clockwork.scope: "AzureML Data Scientist"})
    ada = TestClient(clockwork.app, headers={"Authorization": f"Bearer {token}"})
    clockwork.put()

    clockwork.put(client=ada, description="another text")
    clockwork.pass_time()
    clockwork.put(client=ada, job={"command": "echo ada"})
    clockwork.turn(clockwork.next_at() + timedelta(seconds=1))

    makers = [clockwork.plant.record(fire["jobName"]).created_by for fire in clockwork.fires()]
    assert makers == ["ada", "owner"]


def test_a_reader_may_look_and_nothing_else(clockwork):
    clockwork.put()
    token = clockwork.plant.house.member("rita", {clockwork.scope: "Reader"})
    rita = TestClient(clockwork.app, headers={"Authorization": f"Bearer {token}"})
    path = f"{clockwork.scope}/schedules/s"

    assert rita.get(path).status_code == 200
    assert [rita.post(f"{path}/trigger", json={}).status_code, clockwork.put(client=rita).status_code] == [403, 403]
    assert rita.delete(path).status_code == 403


def test_a_name_that_is_taken_by_another_job_is_passed_by(clockwork):
    clockwork.put()
    due = clockwork.next_at().astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    clockwork.plant.submit(f"s-{due}", command="echo mine")

    clockwork.pass_time()

    (fire,) = clockwork.fires()
    assert fire["jobName"].startswith(f"s-{due}-")
    assert fire["outcome"] == "submitted"


def test_a_change_of_the_trigger_is_counted_from_now(clockwork):
    clockwork.put()

    clockwork.put(trigger={**HOURLY, "expression": "0 0 1 1 *"})

    assert clockwork.next_at() == datetime(datetime.now(UTC).year + 1, 1, 1, tzinfo=UTC)


def test_a_deleted_workspace_does_not_fire_and_a_purged_one_is_forgotten(clockwork):
    house = clockwork.plant.house
    clockwork.put()
    clockwork.pass_time()
    due = clockwork.next_at()
    house.client().delete(house.default.scope)

    clockwork.turn(due + timedelta(seconds=1))
    with house.works.write(SYSTEM) as work:
        assert len(store.page(work.connection, house.default.id, enabled=True, after=None, limit=10)) == 1
        clockwork.service.forget_workspace(work, house.default.id)

        assert store.page(work.connection, house.default.id, enabled=None, after=None, limit=10) == []
        assert work.connection.execute(select(fires.c.cause)).all() == []
