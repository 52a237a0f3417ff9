"""Routes of pipelines."""

from __future__ import annotations

from smalt.entities.fit import fitting
from smalt.errors import InvalidRequest
from smalt.server.http import WORKSPACE, Answer, Call, Route, Routes, created, ok
from smalt.server.jobs import arm_document
from smalt.server.pipelines.authoring import COMPONENT, JOB, Authoring
from smalt.server.pipelines.service import FAILED, PipelineService
from smalt.server.workspaces import WorkspaceService

_ONE = WORKSPACE + "/jobs/{name}"


class _Handlers:
    def __init__(self, service: PipelineService, authoring: Authoring, workspaces: WorkspaceService) -> None:
        self._service = service
        self._authoring = authoring
        self._workspaces = workspaces

    def graph(self, call: Call) -> Answer:
        """The steps of a pipeline: states, needs, reuse and its reasons, nested pipelines."""
        return ok(self._service.graph(call.work, self._workspaces.of(call), call.params["name"]))

    def rerun(self, call: Call) -> Answer:
        """Submit a finished pipeline again, from what failed or from a step on."""
        workspace = self._workspaces.of(call)
        body = call.json_object()
        record = self._service.rerun(
            call.work,
            workspace,
            call.params["name"],
            new_name=_text(body.get("name"), "name"),
            start=_text(body.get("from"), "from") or FAILED,
        )
        return created(arm_document(workspace, record, base_url=call.base_url), is_new=True)

    def invalidate(self, call: Call) -> Answer:
        """Let nobody take over what a pipeline or one of its steps has done."""
        step = _text(call.json_object().get("step"), "step")
        workspace = self._workspaces.of(call)
        return ok({"invalidated": self._service.invalidate(call.work, workspace, call.params["name"], step=step)})

    def invalidate_component(self, call: Call) -> Answer:
        """Let nobody take over what a component has done."""
        workspace = self._workspaces.of(call)
        return ok({"invalidated": self._service.invalidate_component(call.work, workspace, call.params["name"])})

    def check(self, call: Call) -> Answer:
        """All that is wrong with a pipeline as YAML, the ports of its steps, and its body for a submission."""
        body = call.json_object()
        kind = _text(body.get("kind"), "kind") or JOB
        return ok(self._authoring.check(call.work, self._workspaces.of(call), str(body.get("yaml") or ""), kind=kind))

    def text(self, call: Call) -> Answer:
        """A pipeline job, or a pipeline component, as YAML."""
        workspace, job, component = self._workspaces.of(call), call.query.get("job"), call.query.get("component")
        if bool(job) == bool(component):
            raise InvalidRequest("Name one pipeline: ?job=<name>, or ?component=<name>:<version>.", target="job")
        if job:
            return ok({"kind": JOB, "yaml": self._authoring.text_of_job(call.work, workspace, job)})
        text = self._authoring.text_of_component(call.work, workspace, f"azureml:{component}")
        return ok({"kind": COMPONENT, "yaml": text})

    def types(self, _call: Call) -> Answer:
        """For each type of an output or input of a step, the types of inputs that take it."""
        return ok({"value": fitting()})


def routes(service: PipelineService, authoring: Authoring, workspaces: WorkspaceService) -> list[Route]:
    """The routes of this slice."""
    handlers = _Handlers(service, authoring, workspaces)
    table = Routes()
    table.add("GET", f"{_ONE}/graph", handlers.graph, action="workspaces/jobs/read")
    table.add("POST", f"{_ONE}/rerun", handlers.rerun, action="workspaces/jobs/write")
    table.add("POST", f"{_ONE}/invalidate", handlers.invalidate, action="workspaces/jobs/write")
    components = WORKSPACE + "/components/{name}/invalidate"
    table.add("POST", components, handlers.invalidate_component, action="workspaces/jobs/write")
    drafts, read = WORKSPACE + "/smalt/pipelines", "workspaces/jobs/read"
    table.add("POST", f"{drafts}/check", handlers.check, action=read, writes=False, body="yaml! kind")
    table.add("GET", f"{drafts}/text", handlers.text, action=read, query=("job", "component"))
    table.add("GET", f"{drafts}/types", handlers.types, action=read)
    return table.all


def _text(value: object, field: str) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    raise InvalidRequest(f"{field} is {value!r}. Write text.", target=field)
