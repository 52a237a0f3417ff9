"""A sweep as a step of a pipeline: what it searches are inputs of the trial's component, its best output flows on."""

from __future__ import annotations

from smalt.entities.job.status import JobStatus
from tests.server.pipelines.conftest import command, literal, works  # noqa: F401
from tests.server.pipelines.test_refusals import mistakes


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


def test_a_step_that_could_never_search_is_refused_with_its_pipeline(lab, works):  # noqa: F811
    trial = works.component("train", command="train ${{inputs.lr}}", inputs={"lr": {"type": "number"}})
    search = {
        "type": "sweep",
        "trial": {"componentId": trial},
        "search_space": {"lr": {"type": "uniform", "min_value": 2, "max_value": 1}},
        "objective": {"goal": "minimize", "primary_metric": "loss"},
        "sampling_algorithm": "bayesian",
        "early_termination": {"type": "bandit", "slack_factor": 0.1},
        "limits": {"max_total_trials": 2000},
    }
    unread = {**search, "objective": {"goal": "lower", "primary_metric": "loss"}}

    found = mistakes(works.submit("p", {"search": search, "unread": unread}))

    assert found["jobs.search.search_space.lr"] == "min_value 2 is not below max_value 1. Swap or widen them."
    assert "takes no policy" in found["jobs.search.early_termination"]
    assert found["jobs.search.limits.max_total_trials"] == "max_total_trials is 2000. Write 1 to 1000."
    assert "Input should be 'minimize' or 'maximize'" in found["jobs.unread.objective.goal"]


def test_what_is_bound_in_a_step_that_searches_is_not_judged_at_submit(lab, works):  # noqa: F811
    search = {
        "type": "sweep",
        "trial": {**command("train ${{inputs.lr}}"), "inputs": {"lr": {"type": "number"}}},
        "search_space": {"lr": {"type": "uniform", "min_value": 0, "max_value": "${{parent.inputs.most}}"}},
        "objective": {"goal": "minimize", "primary_metric": "${{parent.inputs.metric}}"},
        "limits": {"max_total_trials": "${{parent.inputs.trials}}"},
    }
    given = {"most": literal("1"), "metric": literal("loss"), "trials": literal("2")}
    inputs = {name: {"jobInputType": "literal", "value": value["value"]} for name, value in given.items()}

    answer = works.submit("p", {"search": search}, inputs=inputs)

    assert answer.status_code == 201, answer.text
