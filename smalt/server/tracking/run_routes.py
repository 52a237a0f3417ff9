"""`runs/...` and `metrics/...` of the MLflow protocol.

Creating runs and logging to them happens thousands of times a second: these handlers are coroutines that hand their
rows to the group writer and leave no audit row of their own; the run, which says who made it and when, is the record.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import msgspec

from smalt.kit import ids
from smalt.server.http import Answer, Call, Route, ok
from smalt.server.tracking import limits
from smalt.server.tracking.access import Space
from smalt.server.tracking.arguments import Arguments, with_token
from smalt.server.tracking.errors import InvalidParameter
from smalt.server.tracking.messages import CreateRun, LogBatch, LogMetric, LogParam, Param, Reader, UpdateRun, schema
from smalt.server.tracking.service import TrackingService
from smalt.server.tracking.spaces import Workspaces
from smalt.server.tracking.table import DELETE_RUNS, READ_RUNS, WRITE_RUNS, Table
from smalt.server.tracking.writer import GroupWriter
from smalt.server.work import Work

_HISTORY = 25_000

T = TypeVar("T")


def routes(service: TrackingService, workspaces: Workspaces, writer: GroupWriter) -> list[Route]:
    """The calls on runs and metrics."""
    hot, plain = _Hot(service, workspaces, writer), _Plain(service, workspaces)
    table = Table()
    for path, handler, message in (
        ("/runs/create", hot.create, CreateRun),
        ("/runs/update", hot.update, UpdateRun),
        ("/runs/log-metric", hot.log_metric, LogMetric),
        ("/runs/log-parameter", hot.log_param, LogParam),
        ("/runs/set-tag", hot.set_tag, LogParam),
        ("/runs/log-batch", hot.log_batch, LogBatch),
        ("/runs/log-batch-async", hot.log_batch_async, LogBatch),
    ):
        body = partial(schema, message)
        table.add("POST", path, handler, WRITE_RUNS, jobs=True, audited=False, body=body, is_prompt=True)
    for path, logging, takes in (
        ("/runs/delete-tag", plain.delete_tag, "run_id! key!"),
        ("/runs/log-inputs", plain.log_inputs, "run_id! datasets:object[] models:object[]"),
        ("/runs/outputs", plain.log_outputs, "run_id! models:object[]"),
        ("/runs/log-model", plain.log_model, "run_id! model_json!"),
    ):
        table.add("POST", path, logging, WRITE_RUNS, jobs=True, audited=False, takes=takes)
    table.add("POST", "/runs/delete", plain.delete, DELETE_RUNS, takes="run_id!")
    table.add("POST", "/runs/restore", plain.restore, WRITE_RUNS, takes="run_id!")
    table.add("GET", "/runs/get", plain.get, READ_RUNS, jobs=True, takes="run_id!")
    table.add("GET", "/runs/get-run-data-status", plain.data_status, READ_RUNS, jobs=True, takes="run_id!")
    table.add(
        "POST",
        "/runs/search",
        plain.search,
        READ_RUNS,
        jobs=True,
        writes=False,
        takes="experiment_ids[] filter run_view_type max_results:int order_by[] page_token",
    )
    table.add(
        "GET",
        "/metrics/get-history",
        plain.history,
        READ_RUNS,
        jobs=True,
        takes="run_id! metric_key! max_results:int page_token",
    )
    table.add(
        "GET",
        "/metrics/get-history-bulk",
        plain.history_bulk,
        READ_RUNS,
        jobs=True,
        takes="run_id[]! metric_key! max_results:int",
    )
    table.add(
        "GET",
        "/metrics/get-history-bulk-interval",
        plain.history_interval,
        READ_RUNS,
        jobs=True,
        takes="run_ids[]! metric_key! start_step:int end_step:int max_results:int",
    )
    return table.routes


class _Hot:
    """Coroutines: decode, queue, answer after the commit."""

    def __init__(self, service: TrackingService, workspaces: Workspaces, writer: GroupWriter) -> None:
        self._runs = service.runs
        self._workspaces = workspaces
        self._writer = writer
        self._create = Reader(CreateRun)
        self._update = Reader(UpdateRun)
        self._metric = Reader(LogMetric)
        self._param = Reader(LogParam)
        self._batch = Reader(LogBatch)

    async def create(self, call: Call) -> Answer:
        """Start a run. Leaves no audit row: the run itself says who started it and when."""
        wanted = self._create(call.body)
        return ok({"run": await self._write(call, lambda work, space: self._runs.create(work, space, wanted))})

    async def update(self, call: Call) -> Answer:
        """Change a run's status, end or name."""
        wanted = self._update(call.body)

        def change(work: Work, space: Space) -> dict[str, Any]:
            run_id = wanted.run_id or wanted.run_uuid
            return self._runs.update(
                work, space, run_id, status=wanted.status, ended_at=wanted.end_time, name=wanted.run_name
            )

        return ok({"run_info": await self._write(call, change)})

    async def log_metric(self, call: Call) -> Answer:
        """Add one point to a metric."""
        metric = self._metric(call.body)
        run_id = metric.run_id or metric.run_uuid
        await self._write(call, lambda work, space: self._runs.log(work, space, run_id, metrics=[metric]))
        return ok({})

    async def log_param(self, call: Call) -> Answer:
        """Set a param, once."""
        given = self._param(call.body)
        run_id, param = given.run_id or given.run_uuid, Param(given.key, given.value)
        await self._write(call, lambda work, space: self._runs.log(work, space, run_id, params=[param]))
        return ok({})

    async def set_tag(self, call: Call) -> Answer:
        """Set a tag of a run."""
        given = self._param(call.body)
        run_id, tag = given.run_id or given.run_uuid, Param(given.key, given.value)
        await self._write(call, lambda work, space: self._runs.log(work, space, run_id, tags=[tag]))
        return ok({})

    async def log_batch(self, call: Call) -> Answer:
        """Add metrics, params and tags at once."""
        await self._log(call)
        return ok({})

    async def log_batch_async(self, call: Call) -> Answer:
        """Add metrics, params and tags; they are stored when the answer comes, so there is nothing to wait for."""
        await self._log(call)
        return ok({"operation_id": ids.guid(), "status": "COMPLETED"})

    async def _log(self, call: Call) -> None:
        batch = self._batch(call.body)

        def log(work: Work, space: Space) -> None:
            self._runs.log(work, space, batch.run_id, metrics=batch.metrics, params=batch.params, tags=batch.tags)

        await self._write(call, log)

    async def _write(self, call: Call, action: Callable[[Work, Space], T]) -> T:
        params = call.params
        return await self._writer.write(
            call.actor, lambda work: action(work, self._workspaces.resolve(work, params)), size=len(call.body)
        )


class _Plain:
    def __init__(self, service: TrackingService, workspaces: Workspaces) -> None:
        self._runs = service.runs
        self._workspaces = workspaces

    def get(self, call: Call) -> Answer:
        """Show a run."""
        run_id = Arguments(call).required("run_id", "run_uuid")
        return ok({"run": self._runs.get(call.work, self._workspaces.of(call), run_id)})

    def delete(self, call: Call) -> Answer:
        """Delete a run; it can be restored."""
        self._runs.delete(call.work, self._workspaces.of(call), Arguments(call).required("run_id"))
        return ok({})

    def restore(self, call: Call) -> Answer:
        """Restore a deleted run."""
        self._runs.restore(call.work, self._workspaces.of(call), Arguments(call).required("run_id"))
        return ok({})

    def delete_tag(self, call: Call) -> Answer:
        """Delete a tag of a run."""
        given = Arguments(call)
        run_id, key = given.required("run_id", "run_uuid"), given.required("key")
        self._runs.delete_tag(call.work, self._workspaces.of(call), run_id, key)
        return ok({})

    def log_inputs(self, call: Call) -> Answer:
        """Say which datasets and models a run has read."""
        given = Arguments(call)
        models = [str(model.get("model_id", "")) for model in given.objects("models")]
        self._runs.log_inputs(
            call.work,
            self._workspaces.of(call),
            given.required("run_id"),
            datasets=given.objects("datasets"),
            models=models,
        )
        return ok({})

    def log_outputs(self, call: Call) -> Answer:
        """Say which logged models a run has made."""
        given = Arguments(call)
        models = [(str(model.get("model_id", "")), _step(model.get("step", 0))) for model in given.objects("models")]
        self._runs.log_outputs(call.work, self._workspaces.of(call), given.required("run_id"), models)
        return ok({})

    def log_model(self, call: Call) -> Answer:
        """Note a model a client before MLflow 3 has logged."""
        given = Arguments(call)
        try:
            model = msgspec.json.decode(given.required("model_json"))
        except msgspec.DecodeError as error:
            raise InvalidParameter(f"Malformed model info: model_json is not JSON: {error}.") from error
        if not isinstance(model, dict):
            raise InvalidParameter("Malformed model info: model_json is no JSON object.")
        absent = [field for field in ("artifact_path", "flavors", "utc_time_created", "run_id") if field not in model]
        if absent:
            raise InvalidParameter(f"Model json is missing mandatory fields: {absent}.")
        self._runs.log_model(call.work, self._workspaces.of(call), given.required("run_id"), model)
        return ok({})

    def data_status(self, call: Call) -> Answer:
        """Say that what was logged asynchronously is stored; it always is."""
        self._runs.find(call.work, self._workspaces.of(call), Arguments(call).required("run_id", "run_uuid"))
        return ok({"status": "COMPLETED"})

    def search(self, call: Call) -> Answer:
        """Find runs."""
        given = Arguments(call)
        page = self._runs.search(
            call.work,
            self._workspaces.of(call),
            experiment_ids=given.texts("experiment_ids"),
            filter_text=given.text("filter"),
            order_by=given.texts("order_by"),
            view=given.view("run_view_type"),
            offset=given.offset(),
            limit=given.number("max_results", default=1000, low=1, high=50_000),
        )
        return ok(with_token({"runs": list(page.items)}, page.after))

    def history(self, call: Call) -> Answer:
        """Show all values of a metric."""
        given = Arguments(call)
        limit = (
            given.number("max_results", default=_HISTORY, low=1, high=1_000_000) if given.has("max_results") else None
        )
        run_id, key = given.required("run_id", "run_uuid"), given.required("metric_key")
        page = self._runs.history(call.work, self._workspaces.of(call), run_id, key, offset=given.offset(), limit=limit)
        return ok(with_token({"metrics": list(page.items)}, page.after))

    def history_bulk(self, call: Call) -> Answer:
        """Show values of a metric of several runs."""
        given = Arguments(call)
        run_ids, key = call.query_all("run_id"), given.required("metric_key")
        if not 1 <= len(run_ids) <= 100:
            raise limits.invalid("run_id", len(run_ids), "From 1 to 100 run ids are expected.")
        limit = given.number("max_results", default=_HISTORY, low=1, high=10_000_000)
        space, found = self._workspaces.of(call), list[dict[str, Any]]()
        for run_id in sorted(run_ids):
            page = self._runs.history(call.work, space, run_id, key, limit=min(limit, _HISTORY))
            found += [point | {"run_id": run_id} for point in page.items]
        return ok({"metrics": found[: min(limit, _HISTORY)]})

    def history_interval(self, call: Call) -> Answer:
        """Show values of a metric of several runs, evenly spread over the steps."""
        given = Arguments(call)
        run_ids = given.texts("run_ids")
        if not 1 <= len(run_ids) <= 100:
            raise limits.invalid("run_ids", len(run_ids), "From 1 to 100 run ids are expected.")
        if given.has("start_step") != given.has("end_step"):
            raise InvalidParameter(
                "If either start step or end step are specified, both must be specified. Send both or neither."
            )
        bounds = {"low": -limits.INT64, "high": limits.INT64}
        first = given.number("start_step", default=-limits.INT64, **bounds)
        last = given.number("end_step", default=limits.INT64, **bounds)
        if first > last:
            raise InvalidParameter(f"end_step must be greater than start_step. Found {first} and {last}.")
        found = self._runs.samples(
            call.work,
            self._workspaces.of(call),
            run_ids,
            given.required("metric_key"),
            steps=(first, last),
            limit=given.number("max_results", default=2500, low=1, high=2500),
        )
        return ok({"metrics": found})


def _step(value: Any) -> int:
    try:
        step = int(value)
    except (TypeError, ValueError) as error:
        raise limits.invalid("step", value, "A whole number is expected.") from error
    if abs(step) > limits.INT64:
        raise limits.invalid("step", value, "It must fit 64 bits.")
    return step
