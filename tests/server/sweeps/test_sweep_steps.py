"""A sweep as a step of a pipeline: what it searches are inputs of the trial's component, its best output flows on."""

from __future__ import annotations

from smalt.entities.job.status import JobStatus
from tests.server.pipelines.conftest import command, literal, works  # noqa: F401


def test_the_best_trials_output_is_the_input_of_the_next_step(lab, works, executor, loop, reporting):  # noqa: F811
    reporting([0.4, 0.2, 0.3, 0.9])
    component = works.component(
        "train",
        command="train ${{inputs.lr}} ${{inputs.epochs}} ${{outputs.model}}",
        inputs={"lr": {"type": "number"}, "epochs": {"type": "integer", "default": "3"}},
        outputs={"model": {"type": "uri_folder"}},
    )
    search = {
        "type": "sweep",
        "trial": {"componentId": component},
        "search_space": {"lr": {"type": "uniform", "min_value": 0, "max_value": 1}},
        "objective": {"goal": "minimize", "primary_metric": "loss"},
        "sampling_algorithm": "random",
        "limits": {"max_total_trials": 4, "max_concurrent_trials": 2},
        "outputs": {"model": {"job_output_type": "uri_folder"}},
    }
    use = command("use ${{inputs.model}}", inputs={"model": literal("${{parent.jobs.search.outputs.model}}")})

    answer = works.submit("p", {"search": search, "use": use})
    assert answer.status_code == 201, answer.text
    lab.plant.run_to_end(loop, "p")

    sweep = lab.plant.record("p_search")
    assert (lab.plant.record("p").status, sweep.kind) == (JobStatus.COMPLETED, "sweep")
    assert sweep.properties["best_child_run_id"] == "p_search_1"
    assert lab.plant.record("p_use").pinned["inputs"]["model"]["uri"] == sweep.pinned["outputs"]["model"]
    assert "/p_search_1/" in sweep.pinned["outputs"]["model"]
    values = lab.trials("p_search")[1].parameters
    commands = {plan.environment["AZUREML_RUN_ID"]: plan.argv[1] for plan in executor.started}
    assert commands["p_search_1"].startswith(f"train {values['lr']} 3 ")


def test_a_trial_that_is_written_in_place_is_accepted(lab, works):  # noqa: F811
    search = {
        "type": "sweep",
        "trial": {**command("train ${{inputs.lr}}"), "inputs": {"lr": {"type": "number"}}},
        "search_space": {"lr": {"type": "uniform", "min_value": 0, "max_value": 1}},
        "objective": {"goal": "minimize", "primary_metric": "loss"},
        "sampling_algorithm": "random",
        "limits": {"max_total_trials": 2},
    }

    answer = works.submit("p", {"search": search})

    assert answer.status_code == 201, answer.text
