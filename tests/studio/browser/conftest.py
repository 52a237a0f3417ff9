"""A running server with finished work in it, and Debian's chromium in front of it.

This folder runs in an environment of its own (`make test-studio`): the server is another process, of the other one.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[3]
SMALT = ROOT / ".venv" / "bin" / "smalt"
CHROMIUM = os.environ.get("SMALT_CHROMIUM") or shutil.which("chromium")


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

    def link(self) -> str:
        """An address that signs in once."""
        return self.call("POST", "/studio/links", {})["url"]


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    home = tmp_path_factory.mktemp("house") / "home"
    port = _free_port()
    subprocess.run(
        [SMALT, "up", "--detach", "--home", home, "--port", str(port), "--tls-port", str(_free_port())], check=True
    )
    state = json.loads((home / "server.json").read_text())
    scope = f"/subscriptions/{state['subscription']}/resourceGroups/smalt/providers/Microsoft.MachineLearningServices"
    yield House(home, state["url"], (home / "token").read_text(), f"{scope}/workspaces/default")
    subprocess.run([SMALT, "down", "--home", home], check=True)


@pytest.fixture(scope="session")
def work(house: House, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A job that has completed, one that has failed, a pipeline, a model: each by its name."""
    folder = tmp_path_factory.mktemp("work")
    (folder / "src").mkdir()
    (folder / "src" / "work.py").write_text(_CODE)
    for name, text in _FILES.items():
        (folder / name).write_text(text)
    submit = lambda file: house.smalt("job", "create", "-f", str(folder / file), "--query", "name", "-o", "tsv")  # noqa: E731
    made = {"job": submit("job.yml"), "failed": submit("failed.yml"), "pipeline": submit("pipeline.yml")}
    for name in made.values():
        subprocess.run(
            [SMALT, "job", "stream", "-n", name], env={**os.environ, "SMALT_HOME": str(house.home)}, capture_output=True
        )
    _log(house, made["job"])
    return made | {"trace": _trace(house)}


@pytest.fixture(scope="session")
def served(house: House, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An online endpoint with two deployments, and a batch endpoint without any: each by its name."""
    folder = tmp_path_factory.mktemp("served")
    for path, text in _SERVED.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text)
    house.smalt("environment", "create", "-f", str(folder / "environment.yml"))
    house.smalt("online-endpoint", "create", "-f", str(folder / "endpoint.yml"))
    house.smalt("online-deployment", "create", "-f", str(folder / "blue.yml"), "--all-traffic")
    house.smalt("online-deployment", "create", "-f", str(folder / "green.yml"))
    house.smalt("batch-endpoint", "create", "-f", str(folder / "batch.yml"))
    return {"endpoint": "words", "batch": "nightly"}


@pytest.fixture(scope="session")
def analysed(house: House, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A job that leaves a dashboard of Responsible AI, one that a pipeline has made before: by its name."""
    folder = tmp_path_factory.mktemp("analysed")
    shutil.copy(Path(__file__).with_name("dashboard.json"), folder)
    (folder / "job.yml").write_text(_ANALYSED)
    job = house.smalt("job", "create", "-f", str(folder / "job.yml"), "--query", "name", "-o", "tsv")
    house.smalt("job", "stream", "-n", job)
    return {"analysed": job}


@pytest.fixture(scope="session")
def watched(house: House, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A monitor that has found a drift: by its name."""
    folder = tmp_path_factory.mktemp("watched")
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


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.fail("No chromium on PATH. Install it with: apt install chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser, house: House) -> Iterator[Callable[[], Page]]:
    """Opens pages of a signed-in browser; the test fails with whatever their consoles complain of."""
    complaints: list[str] = []
    context = chromium.new_context(viewport={"width": 1400, "height": 860}, locale="en-US")
    context.set_default_timeout(15_000)

    def listen(page: Page) -> None:
        page.on("console", lambda said: said.type == "error" and complaints.append(f"{page.url}: {said.text}"))
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))

    context.on("page", listen)

    def make() -> Page:
        page = context.new_page()
        page.goto(house.link())
        page.get_by_role("navigation", name="Main").wait_for()
        return page

    yield make
    context.close()
    assert complaints == []


@pytest.fixture
def page(open_page: Callable[[], Page]) -> Page:
    return open_page()


_CODE = """
import pathlib, sys
for line in range(2000):
    print(f"line {line} of the log", flush=line % 100 == 0)
pathlib.Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
(pathlib.Path(sys.argv[1]) / "table.csv").write_text("name,size\\none,1\\ntwo,2\\n")
(pathlib.Path(sys.argv[1]) / "facts.json").write_text('{"answer": 42}')
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
