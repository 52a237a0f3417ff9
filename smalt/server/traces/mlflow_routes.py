"""`traces/...` of the MLflow protocol."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from smalt.kit import clock
from smalt.server.http import Answer, Call, Route, ok
from smalt.server.traces import assessments
from smalt.server.traces.mlflow import MlflowTraces, TraceInfo
from smalt.server.traces.store import TraceRow
from smalt.server.tracking import (
    DELETE_RUNS,
    INT64,
    READ_RUNS,
    WRITE_RUNS,
    Arguments,
    InvalidParameter,
    NotImplementedHere,
    Table,
    Workspaces,
    invalid,
    with_token,
)

_V2 = ("/api/2.0/mlflow", "/ajax-api/2.0/mlflow")
_V3 = ("/api/3.0/mlflow", "/ajax-api/3.0/mlflow")
_ASSESSMENT = "/traces/{trace_id}/assessments/{assessment_id}"
_SEARCH = "locations:object[] filter order_by[] max_results:int page_token"
_DELETE = "experiment_id request_ids[] max_timestamp_millis:int max_traces:int"
_DURATION = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,9}))?s", re.ASCII)
_MOMENT = re.compile(r"([0-9-]{10}T[0-9:]{8})(?:\.([0-9]{1,9}))?Z", re.ASCII)
_MOST_AT_ONCE = 500


def routes(traces: MlflowTraces, workspaces: Workspaces) -> list[Route]:
    """The calls on traces."""
    handlers = _Traces(traces, workspaces)
    table = Table()
    table.add("POST", "/traces", handlers.put, WRITE_RUNS, jobs=True, apis=_V3, audited=False, takes="trace:object!")
    table.add("POST", "/traces/search", handlers.search, READ_RUNS, jobs=True, apis=_V3, writes=False, takes=_SEARCH)
    table.add("GET", "/traces/get", handlers.get, READ_RUNS, jobs=True, apis=_V3, takes="trace_id!")
    table.add("GET", "/traces/batchGet", handlers.get_many, READ_RUNS, jobs=True, apis=_V3, takes="trace_ids[]!")
    table.add(
        "POST",
        "/traces/batchGetInfos",
        handlers.infos,
        READ_RUNS,
        jobs=True,
        apis=_V3,
        writes=False,
        takes="trace_ids[]!",
    )
    table.add("GET", "/traces/{trace_id}", handlers.info, READ_RUNS, jobs=True, apis=_V3)
    both = _V2 + _V3
    table.add("POST", "/traces/delete-traces", handlers.delete, DELETE_RUNS, jobs=True, apis=both, takes=_DELETE)
    table.add(
        "POST",
        "/traces/link-to-run",
        handlers.link,
        WRITE_RUNS,
        jobs=True,
        apis=both,
        audited=False,
        takes="run_id! trace_ids[]!",
    )
    table.add(
        "PATCH",
        "/traces/{trace_id}/tags",
        handlers.set_tag,
        WRITE_RUNS,
        jobs=True,
        apis=both,
        audited=False,
        takes="key! value",
    )
    table.add(
        "DELETE",
        "/traces/{trace_id}/tags",
        handlers.delete_tag,
        WRITE_RUNS,
        jobs=True,
        apis=both,
        audited=False,
        takes="key!",
    )
    for method, path, handler, takes in (
        ("POST", "/traces/{trace_id}/assessments", handlers.assess, "assessment:object!"),
        ("GET", _ASSESSMENT, handlers.get_assessment, ""),
        ("PATCH", _ASSESSMENT, handlers.change_assessment, "assessment:object! update_mask!"),
        ("DELETE", _ASSESSMENT, handlers.delete_assessment, ""),
    ):
        action = READ_RUNS if method == "GET" else WRITE_RUNS
        table.add(method, path, handler, action, jobs=True, apis=_V3, audited=False, takes=takes)
    for method, path in (("POST", "/traces"), ("PATCH", "/traces/{trace_id}"), ("GET", "/traces")):
        table.add(method, path, _too_old, READ_RUNS, jobs=True, apis=_V2)
    return table.routes


class _Traces:
    def __init__(self, traces: MlflowTraces, workspaces: Workspaces) -> None:
        self._verbs = traces
        self._workspaces = workspaces

    def put(self, call: Call) -> Answer:
        """Announce a trace, or say more about one."""
        info = _object(_object(Arguments(call).mapping("trace"), "trace_info"), None)
        place = _object(_object(info, "trace_location"), "mlflow_experiment")
        given = TraceInfo(
            trace_id=_text(info, "trace_id"),
            experiment_id=_text(place, "experiment_id") or "0",
            state=_text(info, "state") or "STATE_UNSPECIFIED",
            started_at=_moment(_text(info, "request_time")) or clock.to_millis(call.work.now),
            duration=_duration(_text(info, "execution_duration")),
            client_request_id=_text(info, "client_request_id"),
            request_preview=_text(info, "request_preview"),
            response_preview=_text(info, "response_preview"),
            tags=_texts(info, "tags"),
            metadata=_texts(info, "trace_metadata"),
        )
        return ok({"trace": {"trace_info": self._verbs.put(call.work, self._workspaces.of(call), given)}})

    def info(self, call: Call) -> Answer:
        """Show a trace without its spans."""
        found = self._verbs.info(call.work, self._workspaces.of(call), call.params["trace_id"])
        return ok({"trace": {"trace_info": found}})

    def get(self, call: Call) -> Answer:
        """Show a trace with its spans."""
        trace_id = Arguments(call).required("trace_id")
        workspace = self._workspaces.of(call)
        self._verbs.info(call.work, workspace, trace_id)
        return ok({"trace": self._verbs.whole(call.work, workspace, [trace_id])[0]})

    def get_many(self, call: Call) -> Answer:
        """Show traces with their spans."""
        return ok({"traces": self._verbs.whole(call.work, self._workspaces.of(call), _ids(call, "trace_ids"))})

    def infos(self, call: Call) -> Answer:
        """Show traces without their spans."""
        return ok({"trace_infos": self._verbs.infos(call.work, self._workspaces.of(call), _ids(call, "trace_ids"))})

    def search(self, call: Call) -> Answer:
        """Find traces."""
        given = Arguments(call)
        places = [_object(place, "mlflow_experiment") for place in given.objects("locations")]
        page = self._verbs.search(
            call.work,
            self._workspaces.of(call),
            experiment_ids=[_text(place, "experiment_id") for place in places],
            filter_text=given.text("filter"),
            order_by=given.texts("order_by"),
            offset=given.offset(),
            limit=given.number("max_results", default=100, low=1, high=_MOST_AT_ONCE),
        )
        return ok(with_token({"traces": page.items}, page.after))

    def set_tag(self, call: Call) -> Answer:
        """Set a tag of a trace."""
        given = Arguments(call)
        self._verbs.set_tag(
            call.work, self._workspaces.of(call), call.params["trace_id"], given.required("key"), given.text("value")
        )
        return ok({})

    def delete_tag(self, call: Call) -> Answer:
        """Take a tag of a trace away."""
        key = call.query.get("key") or Arguments(call).required("key")
        self._verbs.delete_tag(call.work, self._workspaces.of(call), call.params["trace_id"], key)
        return ok({})

    def assess(self, call: Call) -> Answer:
        """Say what somebody thinks of a trace, or had expected of it."""
        made = assessments.add(call.work, self._trace(call), Arguments(call).mapping("assessment"))
        return ok({"assessment": made})

    def get_assessment(self, call: Call) -> Answer:
        """Show what was said of a trace."""
        return ok({"assessment": assessments.get(call.work, self._trace(call), call.params["assessment_id"])})

    def change_assessment(self, call: Call) -> Answer:
        """Change what was said of a trace."""
        given = Arguments(call)
        mask = given.required("update_mask").split(",")
        changed = assessments.change(
            call.work, self._trace(call), call.params["assessment_id"], given.mapping("assessment"), mask
        )
        return ok({"assessment": changed})

    def delete_assessment(self, call: Call) -> Answer:
        """Take back what was said of a trace."""
        assessments.delete(call.work, self._trace(call), call.params["assessment_id"])
        return ok({})

    def _trace(self, call: Call) -> TraceRow:
        return self._verbs.find(call.work, self._workspaces.of(call), call.params["trace_id"])

    def link(self, call: Call) -> Answer:
        """Say that traces belong to a run."""
        run_id = Arguments(call).required("run_id")
        self._verbs.link(call.work, self._workspaces.of(call), _ids(call, "trace_ids"), run_id)
        return ok({})

    def delete(self, call: Call) -> Answer:
        """Delete traces of an experiment."""
        given = Arguments(call)
        until = given.number("max_timestamp_millis", default=0, low=0, high=INT64)
        deleted = self._verbs.delete(
            call.work,
            self._workspaces.of(call),
            given.text("experiment_id", "0"),
            trace_ids=_ids(call, "request_ids"),
            until=until if given.has("max_timestamp_millis") else None,
            limit=given.number("max_traces", default=_MOST_AT_ONCE, low=1, high=1_000_000),
        )
        return ok({"traces_deleted": deleted})


def _too_old(call: Call) -> Answer:
    """Refuse traces of clients before MLflow 3."""
    raise NotImplementedHere("Traces of MLflow 2 are not taken. Use mlflow 3.4 or newer, or mlflow.tracing.disable().")


def _ids(call: Call, name: str) -> list[str]:
    found = Arguments(call).texts(name)
    if len(found) > _MOST_AT_ONCE:
        raise InvalidParameter(f"{len(found)} traces in one call; {_MOST_AT_ONCE} are taken. Send fewer.")
    return found


def _object(given: dict[str, Any], name: str | None) -> dict[str, Any]:
    value = given if name is None else given.get(name) or {}
    if not isinstance(value, dict):
        raise invalid(name or "trace", value, "An object is expected.")
    return value


def _text(given: dict[str, Any], name: str) -> str:
    value = given.get(name)
    if value is not None and (not isinstance(value, str) or "\0" in value):
        raise invalid(name, value, "A text without NUL characters is expected.")
    return value or ""


def _texts(given: dict[str, Any], name: str) -> dict[str, str]:
    return {key: _text(found, key) for found in (_object(given, name),) for key in found if "\0" not in key}


def _moment(text: str) -> int | None:
    if not text:
        return None
    match = _MOMENT.fullmatch(text)
    try:
        whole = datetime.fromisoformat(f"{match[1]}+00:00") if match else None
    except ValueError:
        whole = None
    if match is None or whole is None:
        raise invalid("request_time", text[:50], "A moment such as 2026-01-31T12:00:00.5Z is expected.")
    return clock.to_millis(whole) + int((match[2] or "0").ljust(3, "0")[:3])


def _duration(text: str) -> int | None:
    if not text:
        return None
    match = _DURATION.fullmatch(text)
    if match is None:
        raise invalid("execution_duration", text[:50], "Seconds such as 1.5s are expected.")
    return int(match[1]) * 1000 + int((match[2] or "0").ljust(3, "0")[:3])
