"""Routes of the trials and runs of flows."""

from __future__ import annotations

from typing import Any, NamedTuple

from smalt.errors import InvalidRequest, NotFound
from smalt.server.flows import contents
from smalt.server.flows.contents import LARGEST_REQUEST_BYTES
from smalt.server.flows.routes import ONE
from smalt.server.flows.routes import VERSION as VERSION_PATH
from smalt.server.flows.run_document import FLOW, line_details, line_to_json, node_to_json, run_to_json
from smalt.server.flows.runs import FlowRuns, Trial
from smalt.server.http import WORKSPACE, Answer, Call, Instant, Page, Route, Routes, ok
from smalt.server.jobs import JobRecord
from smalt.server.workspaces import WorkspaceRecord, WorkspaceService

_RUNS = WORKSPACE + "/smalt/flowRuns"
_PAGE_SIZE = 50
_MOST_COMPARED = 20
_FIELDS = {
    "displayName": "display_name",
    "columnMapping": "column_mapping",
    "variant": "variant",
    "connections": "connections",
    "compute": "compute",
    "environmentVariables": "environment_variables",
    "concurrency": "concurrency",
    "init": "init",
}
"""What may be said of a run, as the entity calls it, which also checks it."""


class _Position(NamedTuple):
    """Where a page of runs ends."""

    created_at: Instant
    id: str


class _Handlers:
    def __init__(self, runs: FlowRuns, workspaces: WorkspaceService) -> None:
        self._runs = runs
        self._workspaces = workspaces

    def test(self, call: Call) -> Answer:
        """Try a version, or one node of it, with edits that are not saved yet."""
        body = call.json_object()
        trial = Trial(
            inputs=_object(body, "inputs"),
            node=_text(body, "node"),
            node_inputs=_object(body, "nodeInputs"),
            variant=_text(body, "variant"),
            connections=_object(body, "connections"),
            edits=contents.read_edits(body.get("files") or []),
        )
        workspace = self._workspaces.of(call)
        job = self._runs.test(call.work, workspace, call.params["flow"], call.params["version"], trial)
        return Answer(202, {"job": job})

    def run(self, call: Call) -> Answer:
        """Run a version over data, over the outputs of another run, or over both."""
        body = call.json_object()
        job = self._runs.run(
            call.work,
            self._workspaces.of(call),
            call.params["flow"],
            call.params["version"],
            job_name=_text(body, "name"),
            data=_text(body, "data"),
            of_run=_text(body, "run"),
            fields={own: body[key] for key, own in _FIELDS.items() if body.get(key) is not None},
        )
        return Answer(202, {"job": job})

    def list(self, call: Call) -> Answer:
        """Runs of a flow, the newest first; tests only when asked for."""
        workspace = self._workspaces.of(call)
        page = self._runs.page(
            call.work,
            workspace,
            call.params["flow"],
            tests=call.flag("tests"),
            after=call.position(_Position),
            limit=call.number("$top", default=_PAGE_SIZE, low=1, high=200),
        )
        shown = [self._shown(call, workspace, record) for record in page.items]
        return ok(call.listing(Page(shown, page.after)))

    def show(self, call: Call) -> Answer:
        """A run, as far as it is, with the nodes that ran after all lines."""
        workspace, record = self._found(call)
        files = self._runs.files(call.work, workspace, record)
        return ok({**run_to_json(record, files), "aggregations": [node_to_json(node) for node in files.nodes(None)]})

    def lines(self, call: Call) -> Answer:
        """Lines of a run that have ended, by number."""
        workspace, record = self._found(call)
        limit = call.number("$top", default=_PAGE_SIZE, low=1, high=1000)
        files = self._runs.files(call.work, workspace, record)
        status = call.query.get("status") or None
        found = files.lines(status=status, after=call.position(int), limit=limit + 1)
        after = found[limit - 1]["line_number"] if len(found) > limit else None
        return ok(call.listing(Page([line_to_json(line) for line in found[:limit]], after)))

    def line(self, call: Call) -> Answer:
        """A line of a run, with its nodes and what was called within them."""
        workspace, record = self._found(call)
        number = call.params["line"]
        files = self._runs.files(call.work, workspace, record)
        is_number = number.isascii() and number.isdigit() and len(number) < 10
        found = files.line(int(number)) if is_number else None
        if found is None:
            raise NotFound(f"Line {number[:40]!r} of run {record.name!r} has not ended, or there is none. Look again.")
        flow = record.properties.get(FLOW) or record.display_name
        nodes = files.nodes(found["line_number"])
        return ok(line_details(found, nodes, flow=flow, log=files.log(found["line_number"])))

    def compare(self, call: Call) -> Answer:
        """Runs side by side; metrics of their evaluations stand beside their own."""
        workspace = self._workspaces.of(call)
        names = [name for text in call.query_all("jobs") for name in text.split(",") if name]
        if not 1 <= len(names) <= _MOST_COMPARED:
            raise InvalidRequest(f"jobs names {len(names)} runs. Name 1 to {_MOST_COMPARED}.", target="jobs")
        records = [self._runs.get(call.work, workspace, name) for name in names]
        shown = [self._shown(call, workspace, record) for record in records]
        metrics = [self._metrics(call, workspace, run) for run in shown]
        keys = list(dict.fromkeys(key for each in metrics for key in each))
        return ok({"value": shown, "metrics": {key: [each.get(key) for each in metrics] for key in keys}})

    def _metrics(self, call: Call, workspace: WorkspaceRecord, run: dict[str, Any]) -> dict[str, Any]:  # Any: JSON
        found = dict(run["metrics"])
        for other in self._runs.evaluations(call.work, workspace, run["job"]):
            found |= self._runs.files(call.work, workspace, other).metrics()
        return found

    def _found(self, call: Call) -> tuple[WorkspaceRecord, JobRecord]:
        workspace = self._workspaces.of(call)
        return workspace, self._runs.get(call.work, workspace, call.params["job"])

    def _shown(self, call: Call, workspace: WorkspaceRecord, record: JobRecord) -> dict[str, Any]:  # Any: JSON
        return run_to_json(record, self._runs.files(call.work, workspace, record))


def run_routes(runs: FlowRuns, workspaces: WorkspaceService) -> list[Route]:
    """The routes of trials and runs."""
    handlers = _Handlers(runs, workspaces)
    table = Routes()
    # Who tries a flow runs code, and who looks at a run looks at a job.
    read, write = "workspaces/jobs/read", "workspaces/jobs/write"
    table.add(
        "POST",
        f"{VERSION_PATH}/tests",
        handlers.test,
        action=write,
        body="inputs:object node nodeInputs:object variant connections:object files:object[]",
        max_body_bytes=LARGEST_REQUEST_BYTES,
    )
    table.add(
        "POST",
        f"{VERSION_PATH}/runs",
        handlers.run,
        action=write,
        body=(
            "name displayName data run columnMapping:object variant connections:object compute "
            "environmentVariables:texts concurrency:int init:object"
        ),
    )
    table.add("GET", f"{ONE}/runs", handlers.list, action=read, query=("tests:bool", "$top:int", "$skip"))
    table.add("GET", f"{_RUNS}/compare", handlers.compare, action=read, query=("jobs[]!",))
    table.add("GET", f"{_RUNS}/{{job}}", handlers.show, action=read)
    table.add("GET", f"{_RUNS}/{{job}}/lines", handlers.lines, action=read, query=("status", "$top:int", "$skip"))
    table.add("GET", f"{_RUNS}/{{job}}/lines/{{line}}", handlers.line, action=read)
    return table.all


def _object(body: dict[str, Any], key: str) -> dict[str, Any]:  # Any: JSON
    value = body.get(key)
    if value is not None and not isinstance(value, dict):
        raise InvalidRequest(f"{key} is no mapping. Send an object.", target=key)
    return value or {}


def _text(body: dict[str, Any], key: str) -> str | None:  # Any: JSON
    value = body.get(key)
    if value is not None and not isinstance(value, str):
        raise InvalidRequest(f"{key} is no text. Send text.", target=key)
    return value or None
