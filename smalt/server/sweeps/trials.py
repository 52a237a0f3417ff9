"""From a sweep and the values of one trial to the command job that runs it. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from smalt.entities.job.command import CommandJob, Trial
from smalt.entities.job.search_space import dotted_names
from smalt.entities.job.sweep import SweepJob
from smalt.server.sweeps import spaces
from smalt.wire import expressions

_ROOT = "search_space"
HYPERPARAMETERS = "hyperparameters"


def trial_name(sweep: str, number: int) -> str:
    """The name of a trial's job."""
    return f"{sweep}_{number}"


def command_of(job: SweepJob, name: str, values: Mapping[str, Any]) -> CommandJob:  # Any: see `spaces.Values`
    """The job that runs the trial `name` with some values.

    Raises:
        InvalidRequest: Its command names a parameter that is not in the search space.
    """
    return _command(job, name, spaces.texts(values), {HYPERPARAMETERS: json.dumps(values, ensure_ascii=False)})


def sample_of(job: SweepJob, name: str) -> CommandJob:
    """A trial in which every parameter has some value: what can be checked before any is asked for.

    Raises:
        InvalidRequest: The command names a parameter that is not in the search space, or not in every trial.
    """
    names = dotted_names(job.search_space)
    always = {name: "0" for name, is_always in names.items() if is_always}
    _command(job, name, always, {})  # Outside optional groups only these may stand.
    return _command(job, name, dict.fromkeys(names, "0"), {})


def _command(job: SweepJob, name: str, texts: Mapping[str, str], tags: Mapping[str, str]) -> CommandJob:
    assert isinstance(job.trial, Trial)
    trial = job.trial
    values = {f"{_ROOT}.{key}": text for key, text in texts.items()}
    # A trial that is a component takes the parameters as inputs.
    used = _used_inputs(trial)
    inputs = {**job.inputs, **{key: texts[key] for key in job.search_space if key in used and key in texts}}
    variables = {
        key: expressions.substitute_below(_ROOT, text, values) for key, text in trial.environment_variables.items()
    }
    return CommandJob.parse(
        {
            "command": expressions.substitute_below(_ROOT, trial.command or "", values),
            "code": trial.code,
            "environment": trial.environment,
            "environment_variables": variables,
            "distribution": trial.distribution,
            "inputs": inputs,
            "outputs": {key: _output(value.document(), name) for key, value in job.outputs.items()},
            "resources": trial.resources or job.resources,
            "limits": {"timeout": job.limits.trial_timeout} if job.limits and job.limits.trial_timeout else None,
            "compute": job.compute,
            "experiment_name": job.experiment_name,
            "display_name": name,
            "identity": job.identity,
            "queue_settings": job.queue_settings,
            "tags": tags,
        }
    )


def _used_inputs(trial: Trial) -> set[str]:
    texts = [trial.command or "", *trial.environment_variables.values()]
    found = (expression.parts for text in texts for expression in expressions.find(text))
    return {parts[1] for parts in found if parts[0] == "inputs" and len(parts) == 2}


def _output(output: Mapping[str, Any], trial: str) -> dict[str, Any]:  # Any: an output as plain values
    """An output of one trial: never shared with another one, and registered by the sweep when it is the best."""
    kept = {key: value for key, value in output.items() if key not in {"name", "version"}}
    path = kept.get("path")
    if path and not any(expression.name == "name" for expression in expressions.find(path)):
        folder, _, file = path.rstrip("/").rpartition("/") if kept.get("type") == "uri_file" else (path, "", "")
        kept["path"] = "/".join(part for part in (folder.rstrip("/"), trial, file) if part)
    return kept
