"""Workspaces and resource groups: the rooms that everything else lives in, and how a call names one."""

from smalt.server.workspaces.purge import Left, PurgeLoop
from smalt.server.workspaces.record import GroupRecord, WorkspaceRecord
from smalt.server.workspaces.routes import routes
from smalt.server.workspaces.service import WorkspaceDeleted, WorkspaceService

__all__ = ["GroupRecord", "Left", "PurgeLoop", "WorkspaceDeleted", "WorkspaceRecord", "WorkspaceService", "routes"]
