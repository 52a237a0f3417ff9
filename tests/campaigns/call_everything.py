"""Calls everything the API description names with made-up requests, and looks for an answer that should never be given.

    python -m tests.campaigns.call_everything --examples 200 --seed 1 [--database postgresql://...]

Half of the requests follow the schemas and half break them; most name resources that exist, so that they come as far as
the code behind the first check. Each operation is called by the owner and by nobody. Wrong are: a status of 500 and
above, a refusal that is not in the envelope of its wire, a refusal without a word of remedy, a traceback, an answer to
nobody that is more than a refusal where a token is needed, and a server that has died.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx2
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode

from tests.running import running

PROVIDER = "providers/Microsoft.MachineLearningServices"
MLFLOW = "/mlflow/default/api/2.0/mlflow"
LAST = ("deleteProvidersMicrosoftMachineLearningServicesWorkspaces", "deleteSubscriptionsResourceGroups")


@dataclass
class Target:
    """A server with something of everything in it.

    Args:
        home: Its folder.
        database: Its database, when that is not in the folder.
        known: Names of what exists, by the field that asks for them.
        named: Names of what exists, by the collection they stand in.
    """

    home: Path
    database: str | None = None
    known: dict[str, str] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)

    @cached_property
    def state(self) -> dict[str, Any]:
        """What the server says of itself."""
        found: dict[str, Any] = json.loads((self.home / "server.json").read_text())
        return found

    @property
    def url(self) -> str:
        """Where it answers."""
        return str(self.state["url"])

    @property
    def log(self) -> Path:
        """Where it writes what went wrong."""
        return self.home / "logs" / "server.log"

    @property
    def scope(self) -> str:
        """The workspace."""
        return (
            f"/subscriptions/{self.state['subscription']}/resourceGroups/{self.state['group']}/{PROVIDER}"
            f"/workspaces/{self.state['workspace']}"
        )

    @property
    def headers(self) -> dict[str, str]:
        """Of the owner."""
        return {"Authorization": f"Bearer {(self.home / 'token').read_text().strip()}"}


@contextmanager
def furnished(home: Path, database: str | None = None) -> Iterator[Target]:
    """`smalt up` in a folder of its own, with a resource of every kind."""
    with running(home, *(["--database", database] if database else [])):
        target = Target(home, database)
        furnish(target)
        yield target


def furnish(target: Target) -> None:
    """Make a resource of every kind, and note their names."""
    scope, state = target.scope, target.state
    with httpx2.Client(base_url=target.url, headers=target.headers, timeout=60) as client:

        def send(method: str, path: str, body: Any = None) -> Any:
            answer = client.request(method, path, json=body)
            assert answer.status_code < 300, f"{method} {path}: {answer.text}"
            return answer.json() if answer.content else None

        assets = {
            "data": {"dataType": "uri_folder", "dataUri": "azureml://datastores/workspaceblobstore/paths/iris"},
            "environments": {"image": "python:3.11"},
            "models": {"modelType": "custom_model", "modelUri": "azureml://datastores/workspaceblobstore/paths/m"},
            "components": {
                "componentSpec": {"type": "command", "command": "true", "environment": "azureml:plain:1", "inputs": {}}
            },
            "codes": {"codeUri": "azureml://datastores/workspaceblobstore/paths/code"},
        }
        names = {"environments": "plain", "codes": "code", "data": "iris", "models": "forest", "components": "step"}
        workspace = send("GET", scope)
        registry = scope.replace("/workspaces/default", "/registries/shared")
        send("PUT", registry, {"location": "local", "properties": {}})
        for kind, properties in assets.items():
            send("PUT", f"{scope}/{kind}/{names[kind]}/versions/1", {"properties": properties})
            if kind != "components":
                send("PUT", f"{registry}/{kind}/{names[kind]}/versions/1", {"properties": properties})
        connection = {"category": "Git", "authType": "None", "target": "https://git.invalid"}
        send("PUT", f"{scope}/connections/repo", {"properties": connection})
        send("POST", "/smalt/actors", {"name": "ada"})
        job = {
            "jobType": "Command",
            "command": "true",
            "environmentId": f"{scope}/environments/plain/versions/1",
            "experimentName": "trials",
        }
        send("PUT", f"{scope}/jobs/first", {"properties": job})
        wait_for_end(client, f"{scope}/jobs/first")
        experiment = send("POST", f"{MLFLOW}/experiments/create", {"name": "lab"})["experiment_id"]
        run = send("POST", f"{MLFLOW}/runs/create", {"experiment_id": experiment})["run"]["info"]["run_id"]
        send("POST", f"{MLFLOW}/runs/log-metric", {"run_id": run, "key": "x", "value": 1, "timestamp": 1})
        model = send("POST", f"{MLFLOW}/logged-models", {"experiment_id": experiment, "name": "m"})["model"]
    ids = f"{scope}/environments/plain/versions/1", f"{scope}/computes/local", f"{scope}/codes/code/versions/1"
    target.named.update(names | {"datastores": "workspaceblobstore", "computes": "local", "connections": "repo"})
    target.named.update({"jobs": "first", "runs": "first"})
    target.known.update(
        {
            "subscription": state["subscription"],
            "group": state["group"],
            "workspace": state["workspace"],
            "workspace_id": workspace["properties"]["workspaceId"],
            "registry": "shared",
            "actor": "ada",
            "role": "Reader",
            "version": "1",
            "label": "latest",
            "tenant": "adfs",
            "experiment": experiment,
            "experiment_id": experiment,
            "run_id": run,
            "run_uuid": run,
            "source_run_id": run,
            "model_id": model["info"]["model_id"],
            "metric_key": "x",
            "key": "x",
            "name": "forest",
            "path": "model/MLmodel",
            "rest": f"azureml-blobstore-{workspace['properties']['workspaceId']}/iris/a.csv",
            "environmentId": ids[0],
            "computeId": ids[1],
            "codeId": ids[2],
            "sourceAssetId": f"{scope}/models/forest/versions/1",
            "runId": "first",
        }
    )


def wait_for_end(client: httpx2.Client, job: str) -> None:
    """Until a job is over: from then on nothing changes by itself."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if client.get(job).json()["properties"]["status"] in {"Completed", "Failed", "Canceled"}:
            return
        time.sleep(0.05)
    raise AssertionError(f"{job} does not end.")


@dataclass
class Campaign:
    """Calls every operation.

    Args:
        target: The server.
        examples: Requests for each operation; nobody sends a quarter of them as well.
        seed: Of everything that is made up.
        spellings: Whether operations that only spell another's path are called as well.
    """

    target: Target
    examples: int
    seed: int = 1
    spellings: bool = False
    problems: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def run(self) -> None:
        """Call everything; what is wrong stands in `problems` afterwards."""
        document = requests.get(f"{self.target.url}/openapi.json", timeout=60).json()
        schema = schemathesis.openapi.from_dict(document)
        found = [result.ok() for result in schema.get_all_operations()]
        wanted = [one for one in found if self.spellings or "x-same-as" not in one.definition.raw]
        with requests.Session() as session:
            for operation in sorted(wanted, key=self._order):
                self._call(session, operation)

    @staticmethod
    def _order(operation: Any) -> tuple[bool, bool, str, str]:  # Any: an operation of schemathesis
        """What takes away comes last, and the workspace itself at the very end."""
        takes_all = operation.definition.raw["operationId"] in LAST
        return takes_all, operation.method == "delete", operation.path, operation.method

    def _call(self, session: requests.Session, operation: Any) -> None:  # Any: an operation of schemathesis
        chance = random.Random(f"{self.seed} {operation.definition.raw['operationId']}")

        @seed(self.seed)
        @settings(
            max_examples=self.examples,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=self._requests(operation))
        def call(case: Case) -> None:
            self._aim(case, chance)
            for headers in ({}, self.target.headers) if chance.random() < 0.25 else (self.target.headers,):
                answer = case.call(base_url=self.target.url, session=session, headers=headers, timeout=60)
                self.statuses[answer.status_code] += 1
                for problem in self._problems(operation, answer, is_nobody=not headers):
                    self.problems.append(f"{problem}\n  {case.as_curl_command()[:1500]}\n  {answer.text[:300]}")

        call()

    @staticmethod
    def _requests(operation: Any) -> st.SearchStrategy[Case]:
        kinds = [operation.as_strategy(generation_mode=GenerationMode.POSITIVE)]
        if operation.body or operation.query or operation.path_parameters:
            kinds.append(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
        return st.one_of(kinds)

    def _aim(self, case: Case, chance: random.Random) -> None:
        """Name what exists, more often than not."""
        segments = case.path.split("/")
        share = 1 if chance.random() < 0.8 else 0.5
        for name in case.path_parameters or {}:
            known = self.target.known.get(name)
            if name == "name":
                known = self.target.named.get(segments[segments.index("{name}") - 1])
            if known is not None and chance.random() < share:
                case.path_parameters[name] = known
        if isinstance(case.query, dict):
            self._name(case.query, chance)
        self._name(case.body, chance)

    def _name(self, value: Any, chance: random.Random) -> None:
        if isinstance(value, list):
            for item in value:
                self._name(item, chance)
        if not isinstance(value, dict):
            return
        for key in list(value):
            if key == "command":
                value[key] = "true"  # it might be run
            elif key in self.target.known and chance.random() < 0.7:
                value[key] = self.target.known[key]
            else:
                self._name(value[key], chance)

    def _problems(self, operation: Any, answer: Any, *, is_nobody: bool) -> Iterator[str]:
        raw = operation.definition.raw
        where = f"{operation.method.upper()} {operation.path} answered {answer.status_code}"
        if answer.status_code >= 500 and not is_said(raw["x-wire"], answer):
            yield where
        if "Traceback (most recent" in answer.text:
            yield f"{where} with a traceback"
        if is_nobody and raw["x-action"] != "*anyone*" and not 400 <= answer.status_code < 500:
            yield f"{where} to nobody"
        if 400 <= answer.status_code < 500 and operation.method != "head":
            told = ENVELOPES[raw["x-wire"]](answer)
            if told is None:
                yield f"{where} outside the envelope of {raw['x-wire']}"
            elif not is_helpful(*told):
                yield f"{where} without code or remedy: {told}"


def is_said(wire: str, answer: Any) -> bool:
    """Whether a 501 is MLflow's own way to say that a call is not served."""
    return wire == "mlflow" and answer.status_code == 501 and "NOT_IMPLEMENTED" in answer.text


def _arm(answer: Any) -> tuple[str, str]:
    told = answer.json()["error"]
    return told["code"], told["message"]


def _mlflow(answer: Any) -> tuple[str, str]:
    told = answer.json()
    return told["error_code"], told["message"]


def _oauth(answer: Any) -> tuple[str, str]:
    told = answer.json()
    return told["error"], told["error_description"]


def _blob(answer: Any) -> tuple[str, str]:
    root = ElementTree.fromstring(answer.content)
    code, message = root.findtext("Code"), root.findtext("Message")
    assert root.tag == "Error"
    assert code is not None
    assert message is not None
    return code, message


def _reader(read: Callable[[Any], tuple[str, str]]) -> Callable[[Any], tuple[str, str] | None]:
    def told(answer: Any) -> tuple[str, str] | None:
        try:
            return read(answer)
        except (ValueError, KeyError, TypeError, AssertionError, ElementTree.ParseError):
            return None

    return told


ENVELOPES = {"arm": _reader(_arm), "mlflow": _reader(_mlflow), "oauth": _reader(_oauth), "blob": _reader(_blob)}
"""Code and message of a refusal, by the wire that asked; None when it is not in the wire's envelope."""


def is_helpful(code: str, message: str) -> bool:
    """Whether a refusal has a stable code, says what is wrong and, in a further sentence, what to do."""
    return re.fullmatch(r"\w+", code) is not None and re.search(r"\S[.;:)!] \S", message) is not None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--examples", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", help="postgresql://... instead of SQLite")
    parser.add_argument("--spellings", action="store_true", help="also the other spellings of each path")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="smalt-calls-") as folder,
        furnished(Path(folder), options.database) as target,
    ):
        campaign = Campaign(target, options.examples, options.seed, options.spellings)
        campaign.run()
        log = target.log.read_text()
    print("\n".join(campaign.problems))
    if campaign.problems:
        print(log[-20000:])
    for status, count in sorted(campaign.statuses.items()):
        print(f"{status} {count:8}")
    return int(bool(campaign.problems))


if __name__ == "__main__":
    sys.exit(main())
