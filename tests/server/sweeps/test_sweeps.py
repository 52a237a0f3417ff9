"""Sweeps from submit to their end, with a scripted executor over both databases."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from smalt.entities.component import Component
from smalt.entities.job.status import JobStatus
from smalt.executors.fake import Script
from smalt.kit import clock
from smalt.server.sweeps.trials import HYPERPARAMETERS


def test_the_best_trial_is_named_and_its_outputs_are_the_sweeps(lab, loop, reporting):
    reporting([0.4, 0.2, 0.3, 0.9])
    lab.submit(outputs={"model": {"jobOutputType": "uri_folder"}})

    lab.plant.run_to_end(loop, "s")

    sweep = lab.plant.record("s")
    assert (sweep.status, sweep.properties["best_child_run_id"]) == (JobStatus.COMPLETED, "s_1")
    assert sweep.pinned["outputs"] == lab.plant.record("s_1").pinned["outputs"]
    assert "s_1" in lab.plant.write(
        lambda work: lab.plant.locator.locate(work, lab.plant.house.default, "azureml://jobs/s/outputs/model").uri
    )


def test_trials_are_children_with_their_values_in_command_tag_and_params(lab, loop, executor, reporting):
    reporting([0.4, 0.2, 0.3, 0.9])
    lab.submit(
        command="train ${{search_space.lr}} ${{inputs.x}}", inputs={"x": {"jobInputType": "literal", "value": "7"}}
    )

    lab.plant.run_to_end(loop, "s")

    assert {child.name for child in lab.children()} == {"s_0", "s_1", "s_2", "s_3"}
    plans = {plan.environment["AZUREML_RUN_ID"]: plan for plan in executor.started}
    for trial in lab.trials():
        child, plan = lab.plant.record(trial.job), plans[trial.job]
        assert json.loads(child.tags[HYPERPARAMETERS]) == trial.parameters
        assert plan.argv[1] == f"train {trial.parameters['lr']} 7"
        run = lab.plant.write(lambda work, n=trial.job: lab.plant.tracking.runs.get(work, lab.plant.house.default, n))
        params = {item["key"]: item["value"] for item in run["data"]["params"]}
        assert params == {key: str(value) for key, value in trial.parameters.items()}


def test_no_more_trials_run_at_a_time_than_allowed(lab, loop, scripts, executor):
    for number in range(20):
        scripts[f"wait {number}"] = Script(waits=True)
    lab.submit(command="wait ${{search_space.n}}", searchSpace={"n": ["choice", [list(range(20))]]})

    for _ in range(6):
        loop.run_once(clock.now())

    assert {child.name for child in lab.children()} == {"s_0", "s_1"}
    executor.finish(lab.plant.record("s_0").workload)
    for _ in range(6):
        loop.run_once(clock.now())
    assert {child.name for child in lab.children() if child.active} == {"s_1", "s_2"}


def test_trials_start_in_the_order_of_their_numbers(lab, loop, executor, reporting):
    reporting([0.1] * 8)
    lab.submit(limits={"jobLimitsType": "Sweep", "maxTotalTrials": 8, "maxConcurrentTrials": 8})

    lab.plant.run_to_end(loop, "s")

    assert [plan.environment["AZUREML_RUN_ID"] for plan in executor.started] == [f"s_{number}" for number in range(8)]


def test_grid_ends_when_every_combination_was_tried(lab, loop, reporting):
    reporting([1, 2, 3, 4, 5, 6])
    space = {"a": ["choice", [[1, 2, 3]]], "b": ["choice", [["x", "y"]]]}
    lab.submit(command="train", searchSpace=space, samplingAlgorithm={"samplingAlgorithmType": "Grid"}, limits=None)

    lab.plant.run_to_end(loop, "s")

    tried = [(trial.parameters["a"], trial.parameters["b"]) for trial in lab.trials()]
    assert tried == [(1, "x"), (1, "y"), (2, "x"), (2, "y"), (3, "x"), (3, "y")]
    assert lab.plant.record("s").status is JobStatus.COMPLETED


def test_a_failed_trial_does_not_end_the_sweep(lab, loop, scripts, reporting):
    reporting([0.4, 0.3, 0.3, 0.9])
    scripts["train x"] = Script(exit_code=3)
    space = {"a": ["choice", [["x", "y", "z"]]]}
    lab.submit(
        command="train ${{search_space.a}}", searchSpace=space, samplingAlgorithm={"samplingAlgorithmType": "Grid"}
    )

    lab.plant.run_to_end(loop, "s")

    assert [trial.outcome for trial in lab.trials()] == ["Failed", "Completed", "Completed"]
    assert lab.plant.record("s").properties["best_child_run_id"] == "s_1"


def test_a_sweep_whose_trials_all_fail_says_why(lab, loop, scripts):
    scripts["false"] = Script(exit_code=3)
    lab.submit(command="false")

    lab.plant.run_to_end(loop, "s")

    sweep = lab.plant.record("s")
    assert sweep.status is JobStatus.FAILED
    assert sweep.error["message"] == "All 4 trials failed. The first was s_0: The command exited with code 3."


def test_a_sweep_whose_trials_never_log_the_metric_says_what_they_logged(lab, loop, executor):
    start = executor.start
    lab.submit()

    def start_and_report(plan):
        lab.report(plan.environment["AZUREML_RUN_ID"], 1.0, metric="accuracy")
        return start(plan)

    executor.start = start_and_report
    lab.plant.run_to_end(loop, "s")

    sweep = lab.plant.record("s")
    assert sweep.status is JobStatus.FAILED
    assert "none has logged the metric 'loss'. They logged: accuracy." in sweep.error["message"]


def test_cancelling_a_sweep_cancels_its_trials(lab, loop, scripts, executor):
    scripts["wait"] = Script(waits=True)
    lab.submit(command="wait")
    lab.plant.run_until(loop, lambda: len(executor.started) == 2)

    lab.plant.client.post(f"{lab.plant.scope}/jobs/s/cancel")
    lab.plant.run_to_end(loop, "s", "s_0", "s_1")

    assert {lab.plant.record(name).status for name in ("s", "s_0", "s_1")} == {JobStatus.CANCELED}
    assert len(executor.started) == 2


def test_a_sweep_past_its_timeout_is_canceled_with_the_best_so_far(lab, loop, scripts, executor):
    scripts["wait 1"] = Script(waits=True)
    space = {"n": ["choice", [[0, 1]]]}
    grid = {"samplingAlgorithmType": "Grid"}
    lab.submit(command="wait ${{search_space.n}}", searchSpace=space, samplingAlgorithm=grid,
               limits={"timeout": "PT1H", "maxConcurrentTrials": 2})  # fmt: skip
    lab.plant.run_until(loop, lambda: len(executor.started) == 2)
    lab.report("s_0", 0.5)

    lab.call(started_at=clock.now() - timedelta(hours=2))
    lab.plant.run_to_end(loop, "s")

    sweep = lab.plant.record("s")
    assert sweep.status is JobStatus.CANCELED
    assert "timeout" in sweep.error["message"]
    assert sweep.properties["best_child_run_id"] == "s_0"
    assert lab.plant.record("s_1").status is JobStatus.CANCELED


def test_a_poor_trial_is_stopped_by_the_policy_and_says_so(lab, loop, scripts, executor):
    for number in range(2):
        scripts[f"wait {number}"] = Script(waits=True)
    grid = {"samplingAlgorithmType": "Grid"}
    bandit = {"policyType": "Bandit", "slackFactor": 0.1, "slackAmount": 0, "evaluationInterval": 0}
    lab.submit(command="wait ${{search_space.n}}", searchSpace={"n": ["choice", [[0, 1]]]}, samplingAlgorithm=grid,
               earlyTermination=bandit)  # fmt: skip
    lab.plant.run_until(loop, lambda: len(executor.started) == 2)
    lab.report("s_0", 0.5)
    lab.report("s_1", 0.9)

    lab.call()
    lab.plant.run_to_end(loop, "s_1")

    stopped = lab.plant.record("s_1")
    assert stopped.status is JobStatus.CANCELED
    assert stopped.properties["early_termination"].startswith("bandit: its best by interval 1 is 0.9, above 0.55")
    assert lab.plant.record("s_0").active


def test_a_trial_may_be_a_component(lab, loop, executor, reporting):
    reporting([0.4, 0.2, 0.3, 0.9])
    spec = {
        "name": "train",
        "type": "command",
        "command": "train ${{inputs.lr}} ${{inputs.epochs}} ${{outputs.model}}",
        "environment": f"{lab.plant.scope}/environments/plain/versions/1",
        "inputs": {"lr": {"type": "number"}, "epochs": {"type": "integer", "default": "3"}},
        "outputs": {"model": {"type": "mlflow_model"}},
    }
    made = lab.plant.write(
        lambda work: lab.plant.assets.register(
            work, lab.plant.house.default, "components", "train", "1", Component.parse(spec)
        )
    )
    lab.submit(trial={"componentId": made.id})

    lab.plant.run_to_end(loop, "s")

    values = lab.trials()[0].parameters
    commands = {plan.environment["AZUREML_RUN_ID"]: plan.argv[1] for plan in executor.started}
    assert commands["s_0"] == f"train {values['lr']} 3 {{{{smalt:output:model}}}}"
    assert "model" in lab.plant.record("s").pinned["outputs"]


def test_everything_wrong_with_a_sweep_is_told_at_once(lab):
    answer = lab.submit(
        command="train ${{search_space.lr}}",
        trial={"command": "", "environmentId": "none:1"},
        searchSpace={"lr": ["uniform", [2, 1]], "n": ["randint", [0]], "k": ["dice", [6]]},
        samplingAlgorithm={"samplingAlgorithmType": "Grid"},
        earlyTermination={"policyType": "TruncationSelection", "truncationPercentage": 0},
        limits={"maxTotalTrials": 0},
        computeId="nowhere",
    )

    targets = {detail["target"] for detail in answer.json()["error"]["details"]}
    assert answer.status_code == 400
    assert targets >= {
        "compute", "trial.command", "search_space.lr", "search_space.n", "limits.max_total_trials",
        "early_termination.truncation_percentage",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("train ${{search_space.nothing}}", "search_space.nothing"),
        ("train ${{search_space.model.depth}}", "search_space.model.depth"),
        ("train ${{inputs.nothing}}", "inputs.nothing"),
    ],
)
def test_a_trial_that_could_never_run_is_refused_at_submit(lab, command, told):
    tree = {"name": "tree", "depth": ["randint", [9]]}

    answer = lab.submit(command=command, searchSpace={"model": ["choice", [["linear", tree]]]})

    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["target"] == "trial.command"
    assert told in answer.json()["error"]["message"]


def test_the_trials_of_a_sweep_are_shown_in_one_answer(lab, loop, reporting):
    reporting([0.4, 0.2, 0.3, 0.9])
    lab.submit()
    lab.plant.run_to_end(loop, "s")

    shown = lab.pages.get(f"{lab.plant.scope}/jobs/s/trials").json()

    assert [(item["name"], item["value"], item["isBest"]) for item in shown["value"]] == [
        ("s_0", 0.4, False), ("s_1", 0.2, True), ("s_2", 0.3, False), ("s_3", 0.9, False)
    ]  # fmt: skip
