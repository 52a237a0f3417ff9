"""A flow job where it runs: `python -m smalt.flows.job`, in the folder of the flow.

What it is to do stands in `SMALT_FLOW`, and the connections that it may use come from the server, by the job's token.
The files of the run go to the job's output in the layout that prompt flow has given them; metrics go to the job's run.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

from smalt.entities.job.flow_words import FLOW_SETTINGS, GIVEN_CONNECTIONS
from smalt.errors import NotFound, SmaltError, Unavailable
from smalt.flows.batch import Pace, Run, RunStatus, RunStore, create, execute
from smalt.flows.batch.submit import adopted
from smalt.flows.connections import WorkspaceConnections
from smalt.flows.job_inputs import lines_of

if TYPE_CHECKING:
    from smalt.entities.connection import Connection

_CONNECTIONS_VERSION = "2024-04-01"
_ANSWER_SECONDS = 30.0
_MOST_METRICS = 900
_PROGRESS_SECONDS = 1.0


def main() -> int:
    """Run the flow; 1 when it could not be run, or no line of it was completed."""
    settings: dict[str, Any] = json.loads(os.environ[FLOW_SETTINGS])  # Any: JSON
    if settings.get("name"):  # its folder is called as that of any job
        told = os.environ.get("OTEL_RESOURCE_ATTRIBUTES")
        os.environ["OTEL_RESOURCE_ATTRIBUTES"] = ",".join(filter(None, (f"smalt.flow={quote(settings['name'])}", told)))
    target = Path(os.environ[f"{FLOW_SETTINGS}_OUTPUTS"])
    with tempfile.TemporaryDirectory() as home:
        try:
            run = _run(settings, target, RunStore(Path(home)))
        except SmaltError as error:
            print(f"{type(error).__name__}: {error.message}", file=sys.stderr)
            return 1
    _report(run)
    if run.status is RunStatus.COMPLETED and run.completed_lines:
        return 0
    reason = (run.error or {}).get("message") or "no line was completed"
    print(f"The run has failed: {reason}", file=sys.stderr)
    return 1


def _run(settings: Mapping[str, Any], target: Path, store: RunStore) -> Run:
    lines = lines_of(settings, store.home)
    if lines.before is not None:
        adopted(store, Path(lines.before), name="before")
    folder = Path.cwd()
    run = create(
        store,
        folder / settings["entry_file"] if settings["entry_file"] else folder,
        data=lines.data,
        run=None if lines.before is None else "before",
        sources=lines.sources,
        name=target.name,
        column_mapping=lines.mapping,
        variant=settings["variant"],
        connections=settings["connections"],
        init=settings["init"],
        node=settings["node"],
        output_path=target.parent,
    )
    with contextlib.closing(_Progress()) as progress:
        return execute(
            run,
            store,
            pace=Pace.from_environment(lines_at_once=settings["concurrency"]),
            connections=WorkspaceConnections(_connection),
            listener=lambda line: print(line, flush=True),
            progress=progress,
        )


def _connection(name: str) -> Connection:
    """A connection of the workspace, as far as the job's token opens it."""
    given = os.environ.get(GIVEN_CONNECTIONS)
    # Asking for others would be refused, and each refusal stands in the audit trail as if somebody had tried a door.
    if given is not None and name.lower() not in given.lower().split(","):
        raise NotFound(
            f"This job was given no connection {name!r}: when it was submitted the workspace had none of that name, or "
            "the flow did not name it. See `smalt connection list`."
        )
    scope = os.environ["AZUREML_WORKSPACE_SCOPE"]
    path = f"{scope}/connections/{quote(name, safe='')}/listsecrets?api-version={_CONNECTIONS_VERSION}"
    body = _post(os.environ["AZUREML_SERVICE_ENDPOINT"] + path, {})
    # Not before there is one: somebody may wait for this one line, and these take longer to load than it takes.
    from smalt.entities.connection import Connection
    from smalt.wire.arm import codec

    found = codec("connections").from_arm(body, name=name)
    assert isinstance(found, Connection)
    return found


class _Progress:
    """Tells the job's run how far it is, once a second at most and beside the lines: open pages hear of it."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._newest: dict[str, int] | None = None
        self._is_telling = False
        self._is_over = threading.Event()

    def close(self) -> None:
        """The run has ended; that is told by itself."""
        self._is_over.set()

    def __call__(self, done: int, total: int, failed: int) -> None:
        with self._guard:
            self._newest = {"__pf__.lines.completed": done - failed, "__pf__.lines.failed": failed}
            if self._is_telling:
                return
            self._is_telling = True
        threading.Thread(target=self._tell, daemon=True).start()

    def _tell(self) -> None:
        while not self._is_over.wait(_PROGRESS_SECONDS):
            with self._guard:
                found, self._newest = self._newest, None
                self._is_telling = found is not None
            if found is None:
                return
            with contextlib.suppress(SmaltError):
                _record(found)


def _report(run: Run) -> None:
    """The metrics of the run, on the job's own."""
    try:
        _record({**run.folder.metrics(), **run.system_metrics})
    except SmaltError as error:
        print(f"The metrics could not be recorded: {error.message}", file=sys.stderr)


def _record(found: Mapping[str, Any]) -> None:  # Any: numbers
    now = int(time.time() * 1000)
    metrics = [
        {"key": key, "value": float(value), "timestamp": now, "step": 0}
        for key, value in found.items()
        if isinstance(value, int | float)
    ]
    url = f"{os.environ['MLFLOW_TRACKING_URI']}/api/2.0/mlflow/runs/log-batch"
    for start in range(0, len(metrics), _MOST_METRICS):
        _post(url, {"run_id": os.environ["MLFLOW_RUN_ID"], "metrics": metrics[start : start + _MOST_METRICS]})


def _post(url: str, body: object) -> Any:  # Any: JSON
    headers = {"Authorization": f"Bearer {os.environ['AZUREML_RUN_TOKEN']}", "Content-Type": "application/json"}
    request = Request(url, data=json.dumps(body).encode(), headers=headers)  # noqa: S310 - the job's own server
    try:
        with urlopen(request, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310
            return json.loads(answer.read() or b"{}")
    except HTTPError as error:
        told = error.read().decode(errors="replace")[:500]
        kind = NotFound if error.code in (403, 404) else Unavailable
        raise kind(f"The server answered {error.code}: {told}") from None
    except OSError as error:
        raise Unavailable(f"The server does not answer: {error}.") from None


if __name__ == "__main__":
    sys.exit(main())
