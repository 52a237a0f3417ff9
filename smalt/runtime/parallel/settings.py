"""What a parallel job was asked to do, from its variables."""

from __future__ import annotations

import json
import os
import shlex

from . import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_PREFIX = "SMALT_PARALLEL"
_DEFAULT_APPEND_NAME = "parallel_run_step.txt"
_NEVER = -1
_GPU_DEVICE = "/dev/nvidia0"


class Settings:
    """The settings of one job.

    Args:
        variables: The environment.

    Raises:
        ValueError: Something in the program arguments cannot be read.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        asked = json.loads(variables[_PREFIX])
        found = flags.parse(_words(variables.get(f"{_PREFIX}_ARGUMENTS", "")))
        self.notes = list(found.notes)
        self.arguments = found.rest
        self.task: str = asked["task"]
        self.entry_script: str = asked["entry_script"] or ""
        self.input_name: str = asked["input_name"]
        self.input_path = variables[f"{_PREFIX}_INPUT"]
        self.is_table: bool = asked["is_table"]
        self.partition_keys: list[str] | None = asked["partition_keys"]
        self.is_size_in_bytes: bool = asked["size_in_bytes"]
        self.size: float | None = asked["size"]
        self.max_tries = 1 + int(asked["max_retries"])
        self.timeout_seconds = float(asked["timeout"])
        self.logging_level: str = asked["logging_level"] or "INFO"
        self.workers = self._workers(asked["instances"], asked["concurrency"])
        self.error_threshold = self._threshold("error_threshold", asked, found)
        self.mini_batch_error_threshold = self._threshold("mini_batch_error_threshold", asked, found)
        self.allowed_failed_percent = float(found.values.get("allowed_failed_percent", 100))
        self.overhead_seconds = float(found.values.get("task_overhead_timeout", 600))
        self.progress_seconds: float | None = found.values.get("progress_update_timeout")
        self.creation_seconds = float(found.values.get("first_task_creation_timeout", 600))
        self.monitor_seconds = float(found.values.get("resource_monitor_interval", 600))
        self.metrics_prefix: str = found.values.get("metrics_name_prefix", "")
        self.model_path = variables.get(f"{_PREFIX}_MODEL", "")
        self.resumed_path = variables.get(f"{_PREFIX}_RESUMED", "")
        self.yaml_package: str = asked["yaml"]
        append_name = variables.get("SMALT_BATCH_FILE") or _DEFAULT_APPEND_NAME
        self.output_path = _output(variables.get(f"{_PREFIX}_OUTPUT", ""), append_name)
        self.separator = "," if append_name.endswith(".csv") else " "
        self.artifacts = variables.get("SMALT_ARTIFACTS") or os.getcwd()
        self.scratch = variables.get("AZUREML_CR_DATA_CAPABILITY_PATH") or None
        for name in ("copy_logs_to_parent", "push_metrics_to_parent"):
            if found.values.get(name):
                self.notes.append(f"--{name} has no effect: a job writes to its own run only. Look there.")

    def _workers(self, instances: int, concurrency: int | None) -> int:
        cores = len(os.sched_getaffinity(0))
        if instances > 1:
            self.notes.append(f"All {instances} instances are processes of this machine ({cores} cores).")
        if concurrency:
            return instances * concurrency
        # Instances of one machine share what it has: by default there is one worker per core, and one for a GPU.
        return instances if os.path.exists(_GPU_DEVICE) else max(instances, cores)

    def _threshold(self, name: str, asked: Mapping[str, int | None], found: flags.Flags) -> int:
        given, flag = asked[name], found.values.get(name)
        if given is not None and flag is not None and given != flag:
            self.notes.append(f"{name} is {given}, as the job says, and not {flag}, as its program_arguments do.")
        if given is not None:
            return given
        return _NEVER if flag is None else int(flag)


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()  # A value with a quotation mark of its own.


def _output(path: str, append_name: str) -> str:
    return os.path.join(path, append_name) if path and os.path.isdir(path) else path
