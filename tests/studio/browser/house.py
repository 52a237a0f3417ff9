"""A running server, and what tests find on it: finished work, endpoints that answer, a monitor that found a drift."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
SMALT = ROOT / ".venv" / "bin" / "smalt"


@dataclass
class House:
    """A server and what was made on it."""

    home: Path
    url: str
    token: str
    scope: str

    def smalt(self, *arguments: str) -> str:
        """Run a command against it."""
        environment = {**os.environ, "SMALT_HOME": str(self.home)}
        done = subprocess.run([SMALT, *arguments], env=environment, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        """Call it as a program."""
        text = self._answer(method, path, body, headers)
        return json.loads(text) if text else None

    def text(self, path: str) -> str:
        """What stands at a path, as text."""
        return self._answer("GET", path).decode()

    def _answer(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> bytes:
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **(headers or {})},
        )
        with urllib.request.urlopen(request) as answer:
            return answer.read()

    def wait(self, job: str) -> None:
        """Until a job has ended, however."""
        environment = {**os.environ, "SMALT_HOME": str(self.home)}
        subprocess.run([SMALT, "job", "stream", "-n", job], env=environment, capture_output=True, check=False)

    def link(self) -> str:
        """An address that signs in once."""
        return self.call("POST", "/studio/links", {})["url"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Made:
    """What is made on a house: each kind once, when it is first asked for, and several side by side."""

    def __init__(self, house: House, folder: Path) -> None:
        self.house, self.folder = house, folder
        self._pool = ThreadPoolExecutor()
        self._begun: dict[str, Future[dict[str, str]]] = {}

    def begin(self, kind: str) -> None:
        if kind not in self._begun:
            folder = self.folder / kind
            folder.mkdir()
            self._begun[kind] = self._pool.submit(KINDS[kind], self.house, folder)

    def __getitem__(self, kind: str) -> dict[str, str]:
        """The names of what was made."""
        self.begin(kind)
        return self._begun[kind].result()

    def everything(self) -> dict[str, str]:
        for kind in KINDS:
            self.begin(kind)
        return {what: name for kind in KINDS for what, name in self[kind].items()}


def work(house: House, folder: Path) -> dict[str, str]:
    """A job that has completed, one that has failed, a pipeline, a sweep, a trace: each by its name."""
    (folder / "src").mkdir()
    (folder / "src" / "work.py").write_text(_CODE)
    (folder / "src" / "trial.py").write_text(_TRIAL)
    for name, text in _FILES.items():
        (folder / name).write_text(text)
    made = {kind: _submit(house, folder / f"{kind}.yml") for kind in ("job", "failed", "pipeline", "sweep")}
    for name in made.values():
        house.wait(name)
    _log(house, made["job"])
    return made | {"trace": _trace(house)}


def served(house: House, folder: Path) -> dict[str, str]:
    """An online endpoint with two deployments, and a batch endpoint without any: each by its name."""
    for path, text in _SERVED.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text)
    house.smalt("environment", "create", "-f", str(folder / "environment.yml"))
    house.smalt("online-endpoint", "create", "-f", str(folder / "endpoint.yml"))
    house.smalt("online-deployment", "create", "-f", str(folder / "blue.yml"), "--all-traffic")
    house.smalt("online-deployment", "create", "-f", str(folder / "green.yml"))
    house.smalt("batch-endpoint", "create", "-f", str(folder / "batch.yml"))
    return {"endpoint": "words", "batch": "nightly"}


def analysed(house: House, folder: Path) -> dict[str, str]:
    """A job that leaves a dashboard of Responsible AI, one that a pipeline has made before: by its name."""
    shutil.copy(Path(__file__).with_name("dashboard.json"), folder)
    (folder / "job.yml").write_text(_ANALYSED)
    job = _submit(house, folder / "job.yml")
    house.wait(job)
    return {"analysed": job}


def watched(house: House, folder: Path) -> dict[str, str]:
    """A monitor that has found a drift: by its name."""
    for name, first in {"then": 0, "now": 40}.items():
        (folder / name).mkdir()
        lines = "\n".join(f"{first + number}" for number in range(60))
        (folder / name / "sizes.csv").write_text(f"size\n{lines}\n")
        path = str(folder / name)
        house.smalt("data", "create", "-n", f"sizes-{name}", "-v", "1", "--type", "uri_folder", "--path", path)
    (folder / "monitor.yml").write_text(_MONITOR)
    house.smalt("schedule", "create", "-f", str(folder / "monitor.yml"))
    job = house.smalt("schedule", "trigger", "-n", "size-monitor", "--query", "job_name", "-o", "tsv")
    house.smalt("job", "stream", "-n", job)
    for _ in range(100):
        found = house.call("GET", f"{house.scope}/smalt/monitors/size-monitor")
        if found["lastRun"]["state"] != "running":
            return {"monitor": "size-monitor"}
        time.sleep(0.1)  # the only news there is of another process's loop
    raise AssertionError("The results were not read.")


def written(house: House, folder: Path) -> dict[str, str]:
    """Flows with a run over two lines, a component, a model, a notebook, a registry: each by its name."""
    for name, template in {"axe-sorter": "classification", "axe-chat": "chat"}.items():
        house.call("PUT", f"{house.scope}/smalt/flows/{name}", {"template": template})
    for path, body in _WRITTEN.items():
        house.call("PUT", house.scope + path, body)
    place = house.scope.partition("/workspaces/")[0]
    house.call("PUT", f"{place}/registries/axe-shared", {"location": "local", "properties": {}})
    file = folder / "texts.jsonl"
    file.write_text('{"text": "The goalkeeper saved the penalty."}\n{"text": "Bake the flour in the oven."}\n')
    house.smalt("data", "create", "-n", "axe-texts", "-v", "1", "--type", "uri_file", "--path", str(file))
    flow = f"{house.scope}/smalt/flows/axe-sorter"
    run = house.call("POST", f"{flow}/versions/1/runs", {"data": "azureml:axe-texts:1"})["job"]
    house.wait(run)
    return {"sorter": "axe-sorter", "talker": "axe-chat", "run": run}


KINDS: dict[str, Callable[[House, Path], dict[str, str]]] = {
    each.__name__: each for each in (work, served, analysed, watched, written)
}


def _submit(house: House, file: Path) -> str:
    return house.smalt("job", "create", "-f", str(file), "--query", "name", "-o", "tsv")


def _log(house: House, run: str) -> None:
    base = f"/mlflow/v2.0{house.scope}/api/2.0/mlflow/runs/log-batch"
    metrics = [{"key": "loss", "value": 1 / (step + 1), "timestamp": 1000 * step, "step": step} for step in range(200)]
    params = [{"key": "rate", "value": "0.1"}]
    house.call("POST", base, {"run_id": run, "metrics": metrics, "params": params})


def _trace(house: House) -> str:
    """The id of a trace of three spans."""
    spans = [
        {"spanId": f"{number:016x}", "name": name, "startTimeUnixNano": start, "endTimeUnixNano": 4_000_000_000,
         "attributes": [{"key": "span_type", "value": {"stringValue": kind}},
                        {"key": "inputs", "value": {"stringValue": f"given to {name}"}}]}
        for number, (name, kind, start) in enumerate(
            [("answer", "Flow", 0), ("look up", "Retrieval", 0), ("chat gpt", "LLM", 2_000_000_000)], start=1
        )
    ]  # fmt: skip
    trace = "ab" * 16
    for span in spans:
        span |= {"traceId": trace} | ({} if span is spans[0] else {"parentSpanId": spans[0]["spanId"]})
    house.call("POST", "/v1/traces", {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})
    return trace


_CODE = """
import pathlib, sys
for line in range(2000):
    print(f"line {line} of the log", flush=line % 100 == 0)
pathlib.Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
(pathlib.Path(sys.argv[1]) / "table.csv").write_text("name,size\\none,1\\ntwo,2\\n")
(pathlib.Path(sys.argv[1]) / "facts.json").write_text('{"answer": 42}')
"""

_TRIAL = """
import json, os, sys, urllib.request
log = urllib.request.Request(os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow/runs/log-metric")
log.add_header("Authorization", "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"])
log.add_header("Content-Type", "application/json")
size = {"run_id": os.environ["MLFLOW_RUN_ID"], "key": "size", "value": float(sys.argv[1]), "timestamp": 0}
urllib.request.urlopen(log, json.dumps(size).encode())
"""

_JOB = """
$schema: https://azuremlschemas.azureedge.net/latest/commandJob.schema.json
display_name: Write a table
experiment_name: browser
code: src
command: python work.py ${{outputs.table}}
environment: {image: python:3.11}
inputs: {rate: 0.1}
outputs:
  table: {type: uri_folder, name: sizes}
tags: {made-by: tests}
"""

_FILES = {
    "job.yml": _JOB,
    "failed.yml": """
display_name: Fails on purpose
experiment_name: browser
command: echo almost && exit 3
environment: {image: python:3.11}
""",
    "sweep.yml": """
type: sweep
display_name: Two trials
experiment_name: browser
trial:
  code: src
  command: python trial.py ${{search_space.size}}
  environment: {image: python:3.11}
search_space:
  size: {type: choice, values: [1, 2]}
sampling_algorithm: grid
objective: {goal: maximize, primary_metric: size}
limits: {max_total_trials: 2, max_concurrent_trials: 2}
""",
    "pipeline.yml": """
type: pipeline
display_name: Two steps
experiment_name: browser
jobs:
  first:
    type: command
    command: echo first > ${{outputs.text}}/text.txt
    environment: {image: python:3.11}
    outputs: {text: {type: uri_folder}}
  second:
    type: command
    command: cat ${{inputs.text}}/text.txt
    environment: {image: python:3.11}
    inputs:
      text: ${{parent.jobs.first.outputs.text}}
""",
}

_NOTEBOOK = {
    "cells": [
        {"id": "text", "cell_type": "markdown", "metadata": {}, "source": "# A title"},
        {"id": "code", "cell_type": "code", "metadata": {}, "source": "41 + 1", "outputs": [], "execution_count": None},
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}

_COMPONENT = {
    "name": "axe_count",
    "type": "command",
    "command": "echo ${{inputs.rows}} > ${{outputs.table}}/rows.txt",
    "environment": {"image": "python:3.11"},
    "inputs": {"rows": {"type": "integer", "default": "5"}},
    "outputs": {"table": {"type": "uri_folder"}},
}

_WRITTEN = {
    "/components/axe_count/versions/1": {"properties": {"componentSpec": _COMPONENT}},
    "/smalt/notebooks/files/Users/axe/work.ipynb?overwrite=true": _NOTEBOOK,
}

_DEPLOYMENT = """
name: {name}
endpoint_name: words
model: {{path: model, type: custom_model}}
code_configuration: {{code: src, scoring_script: score.py}}
environment: azureml:plain@latest
environment_variables: {{WHO: {name}}}
"""

_SERVED = {
    "src/score.py": """
import json, os
def init():
    print("up as", os.environ["WHO"], flush=True)
def run(body):
    asked = json.loads(body)
    print("asked for", asked.get("word"), flush=True)
    return {"who": os.environ["WHO"], "asked": asked}
""",
    "src/swagger3.json": """
{"openapi": "3.0.0", "paths": {}, "components": {"schemas": {"ServiceInput": {"example": {"word": "hello"}}}}}
""",
    "model/rules.json": "{}",
    "environment.yml": "name: plain\nimage: python:3.11\n",
    "endpoint.yml": "name: words\nauth_mode: key\ntags: {team: search}\n",
    "batch.yml": "name: nightly\n",
    "blue.yml": _DEPLOYMENT.format(name="blue"),
    "green.yml": _DEPLOYMENT.format(name="green"),
}

_ANALYSED = """
$schema: https://azuremlschemas.azureedge.net/latest/commandJob.schema.json
type: command
experiment_name: browser
command: cp dashboard.json ${{outputs.ux_json}}/
code: .
environment: {image: python:3.11}
outputs: {ux_json: {type: uri_folder}}
properties:
  _azureml.responsibleai.rai_insights.type: gather
  _azureml.responsibleai.rai_insights.model_id: diabetes-progression:1
  _azureml.responsibleai.rai_insights.dashboard_title: Does diabetes progress?
  _azureml.responsibleai.rai_insights.has_causal: "True"
"""

_MONITOR = """
name: size-monitor
trigger: {type: recurrence, frequency: day, interval: 1, start_time: "2099-01-01T00:00:00"}
create_monitor:
  monitoring_signals:
    drift:
      type: data_drift
      alert_enabled: true
      production_data: {input_data: {type: uri_folder, path: azureml:sizes-now:1}, data_context: model_inputs}
      reference_data: {input_data: {type: uri_folder, path: azureml:sizes-then:1}, data_context: training}
      metric_thresholds: {numerical: {population_stability_index: 0.2}}
  alert_notification: {emails: [somebody@example.com]}
"""
