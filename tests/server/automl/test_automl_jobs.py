"""AutoML jobs from submit to end: their children, their limits, what they leave."""

from datetime import timedelta

from smalt.entities.job.status import JobStatus
from tests.server.automl.conftest import Works


def limits(**given):
    return {"limitSettings": given}


def test_every_trial_is_a_child_and_the_best_one_is_named(works: Works):
    works.executor.scores = {0: 0.8, 1: 0.9, 2: 0.85, 3: 0.7}

    record = works.complete("a", **limits(maxTrials=4))

    assert record.status is JobStatus.COMPLETED
    assert record.tags["automl_best_child_run_id"] == "a_1"
    assert works.children("a") == dict.fromkeys(["a_0", "a_1", "a_2", "a_3", "a_report"], "Completed")


def test_children_say_what_they_tried(works: Works):
    works.executor.scores = {0: 0.8, 1: 0.9, 2: 0.8, 3: 0.7}

    works.complete("a", **limits(maxTrials=4))

    shown = {name: works.plant.record(name).properties.get("run_algorithm") for name in works.children("a")}
    assert list(shown.values()) == ["LightGBM", "LogisticRegression", "VotingEnsemble", "StackEnsemble", None]


def test_ensembles_are_told_which_trials_to_combine_the_best_first(works: Works):
    works.executor.scores = {0: 0.8, 1: 0.9, 2: 0.8, 3: 0.7}

    works.complete("a", **limits(maxTrials=4))

    assert works.settings("a_2")["members"] == ["trial_1", "trial_0"]
    assert works.plant.record("a_2").pinned["inputs"].keys() == {"training_data", "trial_0", "trial_1"}


def test_a_refined_learner_knows_what_it_has_done_before(works: Works):
    works.executor.scores = dict.fromkeys(range(3), 0.5)
    training = {"allowedTrainingAlgorithms": ["LightGBM"], "enableVoteEnsemble": False, "enableStackEnsemble": False}

    works.complete("a", trainingSettings=training, **limits(maxTrials=3))

    assert works.settings("a_2")["history"] == [[{}, 0.5], [{}, 0.5]]


def test_the_best_model_is_written_to_the_output_of_the_job(works: Works):
    works.executor.scores = {0: 0.8}

    record = works.complete("a", **limits(maxTrials=1))

    assert record.document["outputs"] == {"best_model": {"type": "mlflow_model"}}
    assert works.plant.record("a_report").pinned["outputs"]["best_model"] == record.pinned["outputs"]["best_model"]


def test_trials_run_beside_each_other_as_far_as_the_limit_goes(works: Works):
    works.executor.scores = dict.fromkeys(range(9), 0.5)
    works.executor.waiting = {"a_0", "a_1", "a_2"}

    works.submit("a", **limits(maxTrials=9, maxConcurrentTrials=2))
    works.plant.run_until(works.turns, lambda: len(works.executor.started) == 2)

    assert works.children("a").keys() == {"a_0", "a_1"}


def test_a_canceled_job_leaves_no_trial_running(works: Works):
    works.executor.waiting = {"a_0", "a_1"}
    works.submit("a", **limits(maxTrials=9, maxConcurrentTrials=2))
    works.plant.run_until(works.turns, lambda: len(works.executor.started) == 2)

    works.plant.client.post(f"{works.plant.scope}/jobs/a/cancel")
    works.plant.run_to_end(works.turns, "a")

    assert works.plant.record("a").status is JobStatus.CANCELED
    assert works.children("a") == {"a_0": "Canceled", "a_1": "Canceled"}


def test_when_the_time_is_over_what_runs_is_canceled_and_the_best_so_far_counts(works: Works):
    works.executor.scores = {0: 0.8}
    works.executor.waiting = {"a_1"}
    works.submit("a", **limits(maxTrials=9, timeout="PT5M"))
    works.plant.run_until(works.turns, lambda: len(works.executor.started) == 2)

    works.started_at("a", works.plant.record("a").started_at - timedelta(minutes=6))
    works.plant.run_to_end(works.turns, "a")

    assert works.plant.record("a").status is JobStatus.COMPLETED
    assert works.children("a") == {"a_0": "Completed", "a_1": "Canceled", "a_report": "Completed"}


def test_a_job_whose_trials_give_no_model_fails_with_the_reason(works: Works):
    record = works.complete("a", **limits(maxTrials=9))

    assert record.status is JobStatus.FAILED
    assert record.error["message"] == "No trial gave a model. Trial a_0: It gave no score."
    assert len(works.children("a")) == 3


def test_each_trial_has_its_own_time(works: Works):
    works.executor.scores = {0: 0.8}

    works.complete("a", **limits(maxTrials=1, trialTimeout="PT3M"))

    assert works.plant.record("a_0").document["limits"] == {"timeout": 180}


def test_what_cannot_be_had_is_refused_at_submit_all_at_once(works: Works):
    training = {"enableDnnTraining": True, "trainingMode": "Distributed"}

    answer = works.submit("a", trainingSettings=training)

    assert answer.status_code == 400
    targets = [each["target"] for each in answer.json()["error"]["details"]]
    assert targets == ["training.enable_dnn_training", "training.training_mode"]


def test_data_that_does_not_exist_is_refused_under_its_own_field(works: Works):
    missing = {"jobInputType": "mltable", "uri": "azureml:nothing:1"}

    answer = works.submit("a", validationData=missing)

    assert [each["target"] for each in answer.json()["error"]["details"]] == ["validation_data"]


def test_an_image_task_says_what_it_needs(works: Works):
    answer = works.submit("a", taskType="ImageClassification")

    assert "PyTorch, torchvision" in answer.json()["error"]["message"]


def test_a_stranger_among_the_children_is_no_trial(works: Works):
    works.executor.scores = {0: 0.8, 1: 0.9}
    works.executor.waiting = {"a_0"}
    works.submit("a", **limits(maxTrials=2))
    works.plant.run_until(works.turns, lambda: len(works.executor.started) == 1)

    works.plant.submit("stranger", parentJobName="a")
    works.executor.finish(works.plant.record("a_0").handle)
    works.plant.run_to_end(works.turns, "a")

    assert works.plant.record("a").status is JobStatus.COMPLETED
    assert works.children("a").keys() >= {"a_0", "a_1", "a_report"}
