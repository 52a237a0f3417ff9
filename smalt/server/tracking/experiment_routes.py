"""`experiments/...` of the MLflow protocol."""

from __future__ import annotations

from smalt.server.http import Answer, Call, Route, ok
from smalt.server.tracking import limits
from smalt.server.tracking.arguments import Arguments, with_token
from smalt.server.tracking.service import TrackingService
from smalt.server.tracking.spaces import Workspaces
from smalt.server.tracking.table import DELETE, READ, WRITE, Table


def routes(service: TrackingService, workspaces: Workspaces) -> list[Route]:
    """The calls on experiments."""
    handlers = _Experiments(service, workspaces)
    table = Table()
    table.add(
        "POST", "/experiments/create", handlers.create, WRITE, jobs=True, takes="name! artifact_location tags:pair[]"
    )
    table.add("GET", "/experiments/get", handlers.get, READ, jobs=True, takes="experiment_id!")
    table.add("GET", "/experiments/get-by-name", handlers.get_by_name, READ, jobs=True, takes="experiment_name!")
    table.add(
        "GET",
        "/experiments/list",
        handlers.search,
        READ,
        takes="filter order_by[] view_type max_results:int page_token",
    )
    table.add(
        "GET",
        "/experiments/search",
        handlers.search,
        READ,
        takes="filter order_by[] view_type max_results:int page_token",
    )
    table.add(
        "POST",
        "/experiments/search",
        handlers.search,
        READ,
        writes=False,
        takes="filter order_by[] view_type max_results:int page_token",
    )
    table.add("POST", "/experiments/update", handlers.update, WRITE, takes="experiment_id! new_name")
    table.add("POST", "/experiments/delete", handlers.delete, DELETE, takes="experiment_id!")
    table.add("POST", "/experiments/restore", handlers.restore, WRITE, takes="experiment_id!")
    table.add("POST", "/experiments/set-experiment-tag", handlers.set_tag, WRITE, takes="experiment_id! key! value")
    table.add("POST", "/experiments/delete-experiment-tag", handlers.delete_tag, WRITE, takes="experiment_id! key!")
    table.add("POST", "/experiments/search-datasets", handlers.datasets, READ, writes=False, takes="experiment_ids[]!")
    return table.routes


class _Experiments:
    def __init__(self, service: TrackingService, workspaces: Workspaces) -> None:
        self._verbs = service.experiments
        self._workspaces = workspaces

    def create(self, call: Call) -> Answer:
        """Make an experiment."""
        given = Arguments(call)
        experiment_id = self._verbs.create(
            call.work,
            self._workspaces.of(call),
            given.text("name"),
            artifact_location=given.text("artifact_location"),
            tags={tag.key: tag.value for tag in given.pairs("tags")},
        )
        return ok({"experiment_id": experiment_id})

    def get(self, call: Call) -> Answer:
        """Show an experiment."""
        row = self._verbs.find(call.work, self._workspaces.of(call), Arguments(call).required("experiment_id"))
        return ok({"experiment": self._verbs.shown(call.work, [row])[0]})

    def get_by_name(self, call: Call) -> Answer:
        """Show the experiment of a name."""
        row = self._verbs.find_by_name(
            call.work, self._workspaces.of(call), Arguments(call).required("experiment_name")
        )
        return ok({"experiment": self._verbs.shown(call.work, [row])[0]})

    def search(self, call: Call) -> Answer:
        """Find experiments."""
        given = Arguments(call)
        page = self._verbs.search(
            call.work,
            self._workspaces.of(call),
            filter_text=given.text("filter"),
            order_by=given.texts("order_by"),
            view=given.view("view_type"),
            offset=given.offset(),
            limit=given.number("max_results", default=1000, low=1, high=50_000),
        )
        return ok(with_token({"experiments": list(page.items)}, page.after))

    def update(self, call: Call) -> Answer:
        """Rename an experiment."""
        given = Arguments(call)
        name = given.text("new_name")
        if name:
            self._verbs.rename(call.work, self._workspaces.of(call), given.required("experiment_id"), name)
        return ok({})

    def delete(self, call: Call) -> Answer:
        """Delete an experiment; it can be restored."""
        self._verbs.delete(call.work, self._workspaces.of(call), Arguments(call).required("experiment_id"))
        return ok({})

    def restore(self, call: Call) -> Answer:
        """Restore a deleted experiment."""
        self._verbs.restore(call.work, self._workspaces.of(call), Arguments(call).required("experiment_id"))
        return ok({})

    def set_tag(self, call: Call) -> Answer:
        """Set a tag of an experiment."""
        given = Arguments(call)
        experiment_id, key = given.required("experiment_id"), given.required("key")
        self._verbs.set_tag(call.work, self._workspaces.of(call), experiment_id, key, given.text("value"))
        return ok({})

    def delete_tag(self, call: Call) -> Answer:
        """Delete a tag of an experiment."""
        given = Arguments(call)
        experiment_id, key = given.required("experiment_id"), given.required("key")
        self._verbs.delete_tag(call.work, self._workspaces.of(call), experiment_id, key)
        return ok({})

    def datasets(self, call: Call) -> Answer:
        """List the datasets that runs of experiments have read."""
        wanted = Arguments(call).texts("experiment_ids")
        if not 1 <= len(wanted) <= 20:
            raise limits.invalid("experiment_ids", wanted[:21], "From 1 to 20 ids are expected.")
        return ok({"dataset_summaries": self._verbs.datasets(call.work, self._workspaces.of(call), wanted)})
