"""Run history: what the official clients call to stream, rename, archive and download."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from smalt.executors.fake import Script
from smalt.kit import clock
from smalt.server.work import SYSTEM


def history(plant, path):
    return f"/history/v1.0{plant.scope}{path}"


def test_details_name_every_log_by_an_address_that_opens_without_a_token(plant):
    plant.submit()
    logs = plant.artifacts("one") / "user_logs"
    logs.mkdir(parents=True)
    (logs / "std_log.txt").write_text("hi")
    (plant.artifacts("one") / "outputs").mkdir()
    (plant.artifacts("one") / "outputs" / "model.bin").write_text("x")

    details = plant.client.get(history(plant, "/runs/one/details")).json()

    assert list(details["logFiles"]) == ["user_logs/std_log.txt"]
    url = urlsplit(details["logFiles"]["user_logs/std_log.txt"])
    workspace_id, container, key = url.path.removeprefix("/blob/").split("/", 2)
    query = dict(parse_qsl(url.query))
    assert plant.signer.check(query, workspace_id, container, key, "r", clock.now())
    assert not plant.signer.check(query, workspace_id, container, "ExperimentRun/dcid.two/x", "r", clock.now())


def test_renaming_and_tagging_reach_the_run(plant):
    plant.submit()
    body = {"displayName": "New", "tags": {"a": "1"}, "description": "Why"}

    answer = plant.client.patch(history(plant, "/experiments/tests/runs/one"), json=body)

    assert answer.status_code == 200, answer.text
    job = plant.client.get(f"{plant.scope}/jobs/one").json()["properties"]
    assert (job["displayName"], job["tags"], job["description"]) == ("New", {"a": "1"}, "Why")
    with plant.house.works.read(SYSTEM) as work:
        run = plant.tracking.runs.get(work, plant.house.default, "one")
    assert run["info"]["run_name"] == "New"
    assert {"key": "a", "value": "1"} in run["data"]["tags"]


def test_a_step_writes_its_plain_values_as_properties_of_its_run(plant):
    plant.submit()
    written = {"azureml.pipeline.control": '{"output": "7"}'}

    # `mldesigner execute` takes the id from tracking and its token from the job.
    path = history(plant, "/experimentids/1/runs/one")
    answer = plant.client.patch(path, json={"runId": "one", "properties": written})

    assert answer.status_code == 200, answer.text
    job = plant.client.get(f"{plant.scope}/jobs/one").json()["properties"]
    assert written.items() <= job["properties"].items()


def test_archive_and_restore(plant, loop):
    plant.submit()
    path = history(plant, "/experiments/tests/runs/one")
    too_early = plant.client.patch(path, json={"hidden": True})
    plant.run_to_end(loop, "one")

    plant.client.patch(path, json={"hidden": True})
    active = plant.client.get(f"{plant.scope}/jobs").json()["value"]
    archived = plant.client.get(f"{plant.scope}/jobs?listViewType=ArchivedOnly").json()["value"]
    plant.client.patch(path, json={"hidden": False})

    assert too_early.status_code == 409
    assert (active, [job["name"] for job in archived]) == ([], ["one"])
    assert len(plant.client.get(f"{plant.scope}/jobs").json()["value"]) == 1


def test_run_data_lists_outputs_by_asset_or_by_place(plant, loop, scripts):
    scripts["save"] = Script()
    plant.submit(command="save", outputs={"m": {"jobOutputType": "custom_model", "assetName": "net"}, "o": {}})
    plant.run_to_end(loop, "one")

    answer = plant.client.post(history(plant, "/rundata"), json={"runId": "one", "selectRunMetadata": True}).json()

    assert answer["runMetadata"]["outputs"] == {
        "m": {"assetId": f"{plant.scope}/models/net/versions/1", "type": "uri_folder"},
        "o": {"assetId": "azureml://jobs/one/outputs/o", "type": "uri_folder"},
    }


def test_wrong_bodies_are_refused(plant):
    plant.submit()
    path = history(plant, "/experiments/tests/runs/one")

    bodies = [{"hidden": "yes"}, {"tags": []}, {"tags": {"a": {}}}, {"displayName": 3}]
    answers = [plant.client.patch(path, json=body).status_code for body in bodies]

    assert answers == [400, 400, 400, 400]
    assert plant.client.post(history(plant, "/rundata"), json={}).status_code == 400
    assert plant.client.get(history(plant, "/runs/two/details")).status_code == 404


def test_no_service_runs(plant):
    plant.submit()

    assert plant.client.get(history(plant, "/runs/one/serviceinstances/0")).json() == {"instances": {}}
