"""The children of an AutoML job, as command jobs: one per trial, and one that makes the report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from smalt.entities.job.automl import AutoMLJob, Featurization, Forecasting, Training
from smalt.entities.job.automl_words import CLASSIFICATION_ALGORITHMS, FORECASTING_ALGORITHMS, REGRESSION_ALGORITHMS
from smalt.entities.job.command import CommandJob
from smalt.entities.text import normal_form
from smalt.environments.curated import find_recipe
from smalt.server.automl.learners import SEED
from smalt.server.automl.search import STACK, VOTING, Result, Search, Trial

BEST_MODEL = "best_model"
RUN_METRICS = {
    "auc_weighted": "AUC_weighted",
    **{name: name for name in ("accuracy", "norm_macro_recall", "spearman_correlation", "r2_score")},
    **{name: name for name in ("average_precision_score_weighted", "precision_score_weighted")},
    **{name: name for name in ("normalized_root_mean_squared_error", "normalized_mean_absolute_error")},
}
"""What a primary metric is called among the metrics of a run."""

SHOWN = {
    **REGRESSION_ALGORITHMS,
    **CLASSIFICATION_ALGORITHMS,
    **FORECASTING_ALGORITHMS,
    VOTING: "VotingEnsemble",
    STACK: "StackEnsemble",
}
"""How learners are shown, as Azure does."""

SETTINGS = "SMALT_AUTOML"
"""The variable by which a child is told what to do."""

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_TRIAL_MINUTES = 30
_MOST_COMBINED = 8
# One variable of a process may have 128 KiB.
_MOST_HISTORY = 100
_MOST_ROWS = 200


def search_of(job: AutoMLJob, learners: Sequence[str]) -> Search:
    """The search a job asks for."""
    limits, training = job.limits, job.training or Training()
    wanted = {VOTING: training.enable_vote_ensemble, STACK: training.enable_stack_ensemble}
    if job.task == "forecasting":
        wanted[STACK] = False
    trials = (limits.max_trials if limits else None) or 1000
    ensembles = [name for name, is_on in wanted.items() if is_on is not False]
    return Search(
        learners=learners,
        trials=trials,
        concurrency=(limits.max_concurrent_trials if limits else None) or 1,
        maximise="error" not in job.metric,
        ensembles=ensembles if trials > 2 else [],
        exit_score=limits.exit_score if limits else None,
        early_termination=limits is None or limits.enable_early_termination is not False,
    )


def trial_name(job_name: str, number: int) -> str:
    """The name of a trial, as on Azure."""
    return f"{job_name}_{number}"


def report_name(job_name: str) -> str:
    """The name of the child that scores the test data, explains and hands over the best model."""
    return f"{job_name}_report"


def sample_job(job: AutoMLJob) -> CommandJob:
    """All that the children of a job name, before there are any."""
    tables = {key: table.document() for key, table in job.tables().items()}
    outputs = {BEST_MODEL: job.outputs[BEST_MODEL].document()}
    return _command(job, "trial.py", _common(job), inputs=tables, outputs=outputs)


def trial_job(job: AutoMLJob, name: str, trial: Trial, search: Search, seen: Sequence[Result]) -> CommandJob:
    """The child that runs a trial."""
    combined = search.ranked(seen)[:_MOST_COMBINED] if trial.is_ensemble else []
    history = [each for each in seen if each.learner == trial.learner and each.score is not None]
    settings = {
        **_common(job),
        "number": trial.number,
        "learner": trial.learner,
        "history": [[each.params, each.score] for each in history[-_MOST_HISTORY:]],
        "maximise": search.maximise,
        "members": [f"trial_{each.number}" for each in combined],
    }
    tables = {key: table.document() for key, table in job.tables().items() if key != "test_data"}
    members = {f"trial_{each.number}": _outputs_of(trial_name(name, each.number)) for each in combined}
    return _command(
        job,
        "trial.py",
        settings,
        inputs={**tables, **members},
        display_name=SHOWN[trial.learner],
        limits=_limits(job),
        properties={
            "iteration": str(trial.number),
            "run_algorithm": SHOWN[trial.learner],
            "primary_metric": RUN_METRICS[job.metric],
        },
    )


def report_job(
    job: AutoMLJob, name: str, best: Result, board: Sequence[Result], *, best_model: str, artifacts: str
) -> CommandJob:
    """The child that ends the job.

    Args:
        job: The job.
        name: Its name.
        best: The best trial.
        board: All trials, the best first.
        best_model: Where the output goes.
        artifacts: The job's artifact folder.
    """
    rows = [
        {"trial": trial_name(name, each.number), "algorithm": SHOWN[each.learner], "score": each.score}
        for each in board[:_MOST_ROWS]
    ]
    training = job.training or Training()
    settings = {**_common(job), "board": rows, "explain": training.enable_model_explainability is not False}
    wanted = job.outputs[BEST_MODEL].document()
    outputs = {
        BEST_MODEL: {**wanted, "name": None, "version": None, "path": best_model},
        "report": {"type": "uri_folder", "path": artifacts},
    }
    return _command(
        job,
        "report.py",
        settings,
        inputs={
            **{key: table.document() for key, table in job.tables().items()},
            "best_trial": _outputs_of(trial_name(name, best.number)),
        },
        outputs=outputs,
        display_name="Report",
        limits=_limits(job),
    )


def _outputs_of(child: str) -> dict[str, Any]:  # Any: a document
    return {"type": "uri_folder", "path": f"azureml://jobs/{child}/outputs/artifacts/paths/outputs/"}


def _common(job: AutoMLJob) -> dict[str, Any]:  # Any: JSON
    """What every child must know about the job."""
    featurization = (job.featurization or Featurization()).document()
    forecasting = (job.forecasting or Forecasting()).document() if job.task == "forecasting" else {}
    stack = (job.training.stack_ensemble_settings if job.training else None) or {}
    return {
        "task": job.task.value,
        "target": job.target_column_name,
        "metric": RUN_METRICS[job.metric],
        "weight": job.weight_column_name,
        "positive_label": job.positive_label,
        "validation_size": job.validation_data_size,
        "folds": job.n_cross_validations,
        "split_columns": job.cv_split_column_names,
        "test_size": job.test_data_size,
        "featurization": featurization,
        "forecasting": forecasting,
        "cores": (job.limits.max_cores_per_trial if job.limits else None) or 1,
        "seed": int(job.environment_variables.get(SEED) or 0),
        "stack": {normal_form(key): value for key, value in stack.items()},
        "log": job.log_verbosity or "info",
    }


def _limits(job: AutoMLJob) -> dict[str, int]:
    minutes = job.limits.trial_timeout_minutes if job.limits else None
    return {"timeout": (minutes or _TRIAL_MINUTES) * 60}


def _threads(job: AutoMLJob) -> dict[str, str]:
    """Numeric libraries take every core they see, which makes trials beside each other many times slower."""
    cores = (job.limits.max_cores_per_trial if job.limits else None) or 1
    return {} if cores < 1 else dict.fromkeys(_THREADS, str(cores))


def _environment() -> dict[str, Any]:  # Any: a document
    """The packages of the curated environment `automl`, as such: where containers run, its name means an image."""
    recipe = find_recipe("automl")
    assert recipe is not None
    return {"conda_file": {"dependencies": [{"pip": list(recipe.requirements)}]}}


def _command(
    job: AutoMLJob,
    script: str,
    settings: Mapping[str, Any],
    *,
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any] | None = None,
    **fields: Any,
) -> CommandJob:  # Any: JSON
    places = {
        "inputs": {name: f"${{{{inputs.{name}}}}}" for name in inputs},
        "outputs": {name: f"${{{{outputs.{name}}}}}" for name in outputs or {}},
    }
    resources = job.resources.model_copy(update={"instance_count": None}) if job.resources else None
    variables = {**_threads(job), **job.environment_variables, SETTINGS: json.dumps({**settings, **places})}
    return CommandJob.parse(
        {
            "command": f'python "{{{{smalt:runtime}}}}/automl/{script}"',
            "environment": _environment(),
            "environment_variables": variables,
            "compute": job.compute,
            "identity": job.identity,
            "resources": resources,
            "queue_settings": job.queue_settings,
            "inputs": inputs,
            "outputs": outputs or {},
            **fields,
        }
    )
