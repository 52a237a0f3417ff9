"""Ends and removes the endpoints of a workspace that is deleted."""

from __future__ import annotations

from smalt.server.serving import store
from smalt.server.serving.service import EndpointService
from smalt.server.work import Work
from smalt.server.workspaces import Left, WorkspaceRecord


class EndpointsOfWorkspace:
    """The online endpoints of one workspace at a time, all together.

    Args:
        service: Ends them.
    """

    def __init__(self, service: EndpointService) -> None:
        self._service = service

    def end(self, work: Work, workspace: WorkspaceRecord) -> None:
        """Have every endpoint ended: for `WorkspaceService.on_deleted`."""
        for record in store.page_of_endpoints(work.connection, workspace.id, after=None, limit=100_000):
            if not record.deleting:
                self._service.end(work, record)

    def purge(self, work: Work, workspace_id: str) -> Left:
        """Remove what is left once every instance has ended."""
        if store.page_of_endpoints(work.connection, workspace_id, after=None, limit=1):
            return Left.UNFINISHED
        store.remove_all(work.connection, workspace_id)
        return Left.NOTHING
