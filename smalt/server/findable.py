"""What the studio's search looks through beside jobs and assets."""

from __future__ import annotations

from dataclasses import dataclass

from smalt.server import assets, batch, catalog, compute, connections, flows, notebooks, schedules, serving, studio
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

# So many flows, schedules, computes, datastores and files of people of a workspace are looked through.
_MOST_NAMED = 2000


@dataclass(frozen=True, slots=True)
class Findable:
    """Things with a name, by the slices that have them."""

    flows: flows.FlowService
    schedules: schedules.ScheduleService
    computes: compute.ComputeService
    connections: connections.ConnectionService
    batch: batch.BatchService
    datastores: assets.DatastoreService
    cards: catalog.CatalogService
    files: notebooks.FileService

    def by_action(self) -> dict[str, studio.Look]:
        """How each kind is listed, by the action that a caller has to be allowed."""
        return {
            "workspaces/onlineEndpoints/read": self._online,
            "workspaces/batchEndpoints/read": self._batch,
            "workspaces/flows/read": self._flows,
            "workspaces/schedules/read": self._schedules,
            "workspaces/computes/read": self._computes,
            "workspaces/connections/read": self._connections,
            "workspaces/notebooks/storage/read": self._files,
            "workspaces/datastores/read": self._datastores,
            "workspaces/models/read": self._cards,
        }

    def serving(self, work: Work, room: WorkspaceRecord) -> list[studio.Served]:
        """The deployments that serve models, with the ids of these."""
        online = serving.models_served(work.connection, room.id)
        found = [studio.Served("onlineEndpoints", each.endpoint, each.deployment, each.id) for each in online]
        return found + [studio.Served("batchEndpoints", *each) for each in self.batch.models_in_use(work, room)]

    def _online(self, work: Work, room: WorkspaceRecord) -> list[studio.Named]:
        found = serving.names_and_tags(work.connection, room.id)
        return [studio.Named("onlineEndpoints", *each) for each in found]

    def _batch(self, work: Work, room: WorkspaceRecord) -> list[studio.Named]:
        return [studio.Named("batchEndpoints", *each) for each in self.batch.names_and_tags(work, room)]

    def _flows(self, work: Work, room: WorkspaceRecord) -> list[studio.Named]:
        found = self.flows.page(work, room, search=None, tag=None, after=None, limit=_MOST_NAMED).items
        return [studio.Named("flows", each.name, each.tags, each.display_name) for each in found]

    def _schedules(self, work: Work, room: WorkspaceRecord) -> list[studio.Named]:
        found = self.schedules.page(work, room, enabled=None, after=None, limit=_MOST_NAMED).items
        return [studio.Named("schedules", each.name, each.document.get("tags") or {}) for each in found]

    def _computes(self, work: Work, room: WorkspaceRecord) -> list[studio.Named]:
        found = self.computes.page(work, room, after=None, limit=_MOST_NAMED)
        return [studio.Named("computes", each.name, {}) for each in found]

    def _connections(self, work: Work, room: WorkspaceRecord) -> list[studio.Named]:
        return [studio.Named("connections", each, {}) for each in self.connections.names(work, room)]

    def _files(self, _: Work, room: WorkspaceRecord) -> list[studio.Named]:
        paths = self.files.paths(room, most=_MOST_NAMED)
        return [studio.Named("notebookFiles", path, {}, path.rpartition("/")[2]) for path in paths]

    def _datastores(self, work: Work, room: WorkspaceRecord) -> list[studio.Named]:
        found = self.datastores.page(work, room, after=None, limit=_MOST_NAMED).items
        return [studio.Named("datastores", each.name, {}) for each in found]

    def _cards(self, work: Work, room: WorkspaceRecord) -> list[studio.Named]:
        return [studio.Named("catalog", str(each.name), {}) for each in self.cards.cards(work, room)]
