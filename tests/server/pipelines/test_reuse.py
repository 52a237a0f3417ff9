"""What a step takes over from a finished one, and what it says of why or why not."""

from __future__ import annotations

from typing import Any

import pytest

from smalt.entities.job.status import JobStatus
from tests.server.pipelines.conftest import command, literal

FILE = {"o": {"type": "uri_file"}}


def steps(text: str = "echo hi > ${{outputs.o}}", **fields: Any) -> dict[str, Any]:
    make = command(text, outputs={"o": {"type": "uri_file"}}, **fields)
    use = command(
        "cat ${{inputs.i}} > ${{outputs.o}}",
        inputs={"i": literal("${{parent.jobs.make.outputs.o}}")},
        outputs={"o": {"type": "uri_file"}},
    )
    return {"make": make, "use": use}


def reuse(works: Any, name: str) -> dict[str, Any]:
    return {step: shown["reuse"] for step, shown in works.graph(name).items()}


def test_the_same_pipeline_again_takes_everything_over(works):
    works.complete("first", steps())

    works.complete("second", steps())

    child = works.plant.record("second_make")
    assert reuse(works, "first")["make"] == {"reused": False, "reason": "it has not run before", "from": None}
    assert reuse(works, "second")["make"]["from"] == "first_make"
    assert reuse(works, "second")["use"]["reused"] is True
    assert (child.properties["azureml.isreused"], child.properties["azureml.reusedrunid"]) == ("true", "first_make")
    assert works.text("second_use", "o") == "hi"


def test_a_step_taken_over_says_where_its_outputs_and_artifacts_are(works):
    works.complete("first", steps())

    works.complete("second", steps())

    plant = works.plant
    first, second = (plant.client.get(f"{plant.scope}/jobs/{name}_make/lineage").json() for name in ("first", "second"))
    assert first["artifacts"].endswith("/dcid.first_make/")
    assert second["artifacts"] == first["artifacts"]
    assert second["outputs"] == first["outputs"]


def test_what_has_changed_is_named_and_what_has_not_is_kept(works):
    works.complete("first", steps(inputs={"a": literal("1")}))

    works.complete("second", steps(inputs={"a": literal("2")}))

    found = reuse(works, "second")
    assert found["make"]["reason"] == "compared with first_make: input 'a' changed from 1 to 2"
    assert found["use"]["reused"] is True, "the same content came out of the step before"


@pytest.mark.parametrize(
    ("again", "reason"),
    [
        ({"text": "echo ho > ${{outputs.o}}"}, "compared with first_make: the command changed"),
        ({"environment_variables": {"A": "1"}}, "compared with first_make: environment variables changed"),
    ],
)
def test_other_work_is_done_anew(works, again, reason):
    works.complete("first", steps())

    works.complete("second", steps(**again))

    assert reuse(works, "second")["make"] == {"reused": False, "reason": reason, "from": None}


def test_a_pipeline_may_be_told_to_run_everything(works):
    works.complete("first", steps())

    works.complete("second", steps(), settings={"force_rerun": True})
    works.complete("third", steps())

    assert reuse(works, "second")["make"]["reason"] == "the pipeline is set to force_rerun"
    assert reuse(works, "third")["make"]["from"] == "first_make"


def test_a_component_that_is_not_deterministic_is_never_reused(works):
    dice = works.component("dice", command="echo $RANDOM", is_deterministic=False)
    works.complete("first", {"roll": {"componentId": dice}})

    works.complete("second", {"roll": {"componentId": dice}})

    assert reuse(works, "second")["roll"]["reason"] == "the component is not deterministic"


def test_results_may_be_forgotten_by_step_by_pipeline_and_by_component(works):
    shout = works.component("shout", command="echo HI")
    both = {"shout": {"componentId": shout}, "other": command("echo other")}
    works.complete("first", both)
    scope = works.plant.scope

    one = works.pages.post(f"{scope}/jobs/first/invalidate", json={"step": "other"}).json()
    works.complete("second", both)
    by_component = works.pages.post(f"{scope}/components/shout/invalidate", json={}).json()
    works.complete("third", both)

    assert (one, by_component) == ({"invalidated": 1}, {"invalidated": 1})
    assert [reuse(works, "second")[step]["reused"] for step in ("shout", "other")] == [True, False]
    assert reuse(works, "third")["shout"]["reason"] == "the result of first_shout was invalidated"


def test_outputs_that_are_gone_are_made_again(works):
    works.complete("first", steps())
    place = works.plant.local_path(works.plant.record("first_make").pinned["outputs"]["o"])
    (place / "o").unlink()
    place.rmdir()

    record = works.complete("second", steps())

    assert record.status is JobStatus.COMPLETED
    assert reuse(works, "second")["make"]["reason"] == "the outputs of first_make are gone"


def test_a_folder_that_was_left_empty_is_no_reason_to_run_again(works):
    step = {"a": command("true", outputs={"o": {"type": "uri_folder"}})}
    works.complete("first", step)

    works.complete("second", step)

    assert reuse(works, "second")["a"]["from"] == "first_a"


def test_steps_of_nested_pipelines_take_over_as_well(works):
    inner = works.component(
        "inner",
        type="pipeline",
        outputs={"out": {"type": "uri_file"}},
        jobs={"say": command("echo hi > ${{outputs.o}}", outputs={"o": "${{parent.outputs.out}}"})},
    )
    bound = {"out": {"type": "literal", "value": "${{parent.outputs.all}}"}}
    nested = {"nested": {"type": "pipeline", "componentId": inner, "outputs": bound}}
    works.complete("first", nested, outputs={"all": {"jobOutputType": "uri_file"}})

    record = works.complete("second", nested, outputs={"all": {"jobOutputType": "uri_file"}})

    assert works.graph("second")["nested"]["steps"][0]["reuse"]["from"] == "first_nested_say"
    assert "/azureml/first/all/" in record.pinned["outputs"]["all"]
    assert works.text("second", "all") == "hi"


def test_the_outputs_of_a_pipeline_are_those_that_were_taken_over(works):
    bound = steps()
    bound["use"]["outputs"] = {"o": {"type": "literal", "value": "${{parent.outputs.all}}"}}
    works.complete("first", bound, outputs={"all": {"jobOutputType": "uri_file"}})

    record = works.complete("second", bound, outputs={"all": {"jobOutputType": "uri_file", "assetName": "kept"}})

    data = works.pages.get(f"{works.plant.scope}/data/kept/versions/1").json()["properties"]
    assert works.text("second", "all") == "hi"
    assert "/azureml/first/all/" in record.pinned["outputs"]["all"]
    assert data["dataUri"].endswith("azureml/first/all/o")


def test_a_finished_pipeline_goes_on_where_it_failed(works, tmp_path):
    broken = {
        "make": command(
            f"echo x >> {tmp_path}/runs; echo hi > ${{{{outputs.o}}}}", outputs={"o": {"type": "uri_file"}}
        ),
        "use": command(
            f"test -e {tmp_path}/ready && cat ${{{{inputs.i}}}}",
            inputs={"i": literal("${{parent.jobs.make.outputs.o}}")},
        ),
    }
    failed = works.complete("first", broken, settings={"force_rerun": True})
    (tmp_path / "ready").touch()

    answer = works.pages.post(f"{works.plant.scope}/jobs/first/rerun", json={"name": "second"})
    works.run("second")

    assert answer.status_code == 201
    assert failed.status is JobStatus.FAILED
    assert works.plant.record("second").status is JobStatus.COMPLETED
    assert works.graph("second")["make"]["reuse"]["reason"] == "taken over from first_make, which had done it"
    assert (tmp_path / "runs").read_text().split() == ["x"]


def test_a_finished_pipeline_runs_again_from_a_step_on(works, tmp_path):
    counting = {
        "make": command(f"echo make >> {tmp_path}/runs; echo hi > ${{{{outputs.o}}}}", outputs=FILE),
        "use": command(
            f"echo use >> {tmp_path}/runs; cat ${{{{inputs.i}}}} > ${{{{outputs.o}}}}",
            inputs={"i": literal("${{parent.jobs.make.outputs.o}}")},
            outputs=FILE,
        ),
        "show": command(f"echo show >> {tmp_path}/runs", inputs={"i": literal("${{parent.jobs.use.outputs.o}}")}),
        "aside": command(f"echo aside >> {tmp_path}/runs"),
    }
    works.complete("first", counting)
    (tmp_path / "runs").unlink()

    works.pages.post(f"{works.plant.scope}/jobs/first/rerun", json={"name": "second", "from": "use"})
    works.run("second")

    graph = works.graph("second")
    assert (tmp_path / "runs").read_text().split() == ["use", "show"]
    assert (graph["make"]["reuse"]["from"], graph["aside"]["reuse"]["from"]) == ("first_make", "first_aside")
    assert graph["show"]["reuse"]["reason"] == "the pipeline is run again from 'use' on"
    assert works.pages.post(f"{works.plant.scope}/jobs/first/rerun", json={"from": "nothing"}).status_code == 404


def test_a_nested_pipeline_that_is_run_again_runs_whole(works, tmp_path):
    inner = works.component("inner", type="pipeline", jobs={"a": command(f"echo a >> {tmp_path}/runs")})
    works.complete("first", {"nested": {"type": "pipeline", "componentId": inner}})

    works.pages.post(f"{works.plant.scope}/jobs/first/rerun", json={"name": "second", "from": "nested"})
    works.run("second")
    works.complete("third", {"nested": {"type": "pipeline", "componentId": inner}})

    assert (tmp_path / "runs").read_text().split() == ["a", "a"]


def test_an_older_result_of_the_same_work_is_forgotten_with_the_newer(works):
    works.complete("first", steps())
    works.pages.post(f"{works.plant.scope}/jobs/first/rerun", json={"name": "second", "from": "make"})
    works.run("second")

    works.pages.post(f"{works.plant.scope}/jobs/second/invalidate", json={"step": "make"})
    works.complete("third", steps())

    assert reuse(works, "third")["make"]["reason"] == "the result of second_make was invalidated"
