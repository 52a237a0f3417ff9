"""`logged-models/...` of the MLflow protocol."""

from __future__ import annotations

from smalt.server.http import Answer, Call, Route, ok
from smalt.server.tracking import artifacts
from smalt.server.tracking.arguments import Arguments, with_token
from smalt.server.tracking.artifact_files import ArtifactFiles
from smalt.server.tracking.service import TrackingService
from smalt.server.tracking.spaces import Workspaces
from smalt.server.tracking.table import DELETE_RUNS, READ_RUNS, WRITE_RUNS, Table

_ONE = "/logged-models/{model_id}"


def routes(service: TrackingService, workspaces: Workspaces, files: ArtifactFiles) -> list[Route]:
    """The calls on logged models."""
    handlers = _Models(service, workspaces, files)
    table = Table()
    table.add(
        "POST",
        "/logged-models",
        handlers.create,
        WRITE_RUNS,
        jobs=True,
        takes="experiment_id name model_type source_run_id params:pair[] tags:pair[]",
    )
    table.add(
        "POST",
        "/logged-models/search",
        handlers.search,
        READ_RUNS,
        jobs=True,
        writes=False,
        takes="experiment_ids[] filter datasets:object[] order_by:object[] max_results:int page_token",
    )
    table.add("GET", _ONE, handlers.get, READ_RUNS, jobs=True)
    table.add("PATCH", _ONE, handlers.finalize, WRITE_RUNS, jobs=True, takes="status!")
    table.add("DELETE", _ONE, handlers.delete, DELETE_RUNS, jobs=True)
    table.add("PATCH", _ONE + "/tags", handlers.set_tags, WRITE_RUNS, jobs=True, audited=False, takes="tags:pair[]")
    table.add("DELETE", _ONE + "/tags/{key}", handlers.delete_tag, WRITE_RUNS, jobs=True, audited=False)
    table.add(
        "POST", _ONE + "/params", handlers.log_params, WRITE_RUNS, jobs=True, audited=False, takes="params:pair[]"
    )
    table.add(
        "GET",
        _ONE + "/artifacts/directories",
        handlers.list_artifacts,
        READ_RUNS,
        jobs=True,
        takes="artifact_directory_path",
    )
    return table.routes


class _Models:
    def __init__(self, service: TrackingService, workspaces: Workspaces, files: ArtifactFiles) -> None:
        self._verbs = service.models
        self._workspaces = workspaces
        self._files = files

    def create(self, call: Call) -> Answer:
        """Announce a logged model."""
        given = Arguments(call)
        shown = self._verbs.create(
            call.work,
            self._workspaces.of(call),
            experiment_id=given.text("experiment_id", "0"),
            name=given.text("name"),
            model_type=given.text("model_type"),
            source_run_id=given.text("source_run_id"),
            params=given.pairs("params"),
            tags=given.pairs("tags"),
        )
        return ok({"model": shown})

    def get(self, call: Call) -> Answer:
        """Show a logged model."""
        return ok({"model": self._verbs.get(call.work, self._workspaces.of(call), call.params["model_id"])})

    def finalize(self, call: Call) -> Answer:
        """Say that the upload of a logged model is over."""
        status = Arguments(call).required("status")
        return ok(
            {"model": self._verbs.finalize(call.work, self._workspaces.of(call), call.params["model_id"], status)}
        )

    def delete(self, call: Call) -> Answer:
        """Delete a logged model; its files stay."""
        self._verbs.delete(call.work, self._workspaces.of(call), call.params["model_id"])
        return ok({})

    def search(self, call: Call) -> Answer:
        """Find logged models."""
        given = Arguments(call)
        page = self._verbs.search(
            call.work,
            self._workspaces.of(call),
            experiment_ids=given.texts("experiment_ids"),
            filter_text=given.text("filter"),
            datasets=given.objects("datasets"),
            order_by=given.objects("order_by"),
            offset=given.offset(),
            limit=given.number("max_results", default=100, low=1, high=1000),
        )
        return ok(with_token({"models": list(page.items)}, page.after))

    def set_tags(self, call: Call) -> Answer:
        """Set tags of a logged model."""
        tags = Arguments(call).pairs("tags")
        return ok({"model": self._verbs.set_tags(call.work, self._workspaces.of(call), call.params["model_id"], tags)})

    def delete_tag(self, call: Call) -> Answer:
        """Delete a tag of a logged model."""
        self._verbs.delete_tag(call.work, self._workspaces.of(call), call.params["model_id"], call.params["key"])
        return ok({})

    def log_params(self, call: Call) -> Answer:
        """Add params to a logged model."""
        params = Arguments(call).pairs("params")
        self._verbs.log_params(call.work, self._workspaces.of(call), call.params["model_id"], params)
        return ok({})

    def list_artifacts(self, call: Call) -> Answer:
        """List files of a logged model."""
        space = self._workspaces.of(call)
        model = self._verbs.find(call.work, space, call.params["model_id"])
        below = artifacts.normal(Arguments(call).text("artifact_directory_path"))
        return ok({"root_uri": model.artifact_uri, "files": self._files.listed(space, model.artifact_uri, below)})
