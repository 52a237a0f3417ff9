"""In whose name a schedule fires, and whether they may still do what it does."""

from __future__ import annotations

from dataclasses import dataclass, replace

from smalt.errors import Forbidden
from smalt.server.identity import IdentityService, allows
from smalt.server.schedules.store import ScheduleRecord
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord


@dataclass(frozen=True, slots=True)
class Owners:
    """Looks the owners of schedules up.

    Args:
        identity: Knows who there is.
    """

    identity: IdentityService

    def check(self, work: Work, workspace: WorkspaceRecord, permission: str) -> None:
        """Return when the caller may themselves do what they schedule.

        Raises:
            Forbidden: They may not.
        """
        if not allows(work.actor, permission, workspace.scope):
            raise Forbidden(
                f"{work.actor.name!r} may not do {permission} in {workspace.name!r}, so their schedules could not "
                "either. Ask an owner for a role that covers it."
            )

    def acting(self, work: Work, workspace: WorkspaceRecord, record: ScheduleRecord, permission: str) -> Work:
        """The same unit of work in the name of the owner of a schedule, with the rights they have now.

        Raises:
            Forbidden: They were removed, or have lost the right.
        """
        owner = self.identity.find_actor(work, record.owner_id)
        if owner is None:
            raise Forbidden(
                f"The schedule {record.name!r} fires in the name of someone who was removed ({record.owner_id}). "
                "Write it again in another name: smalt schedule update."
            )
        if not allows(owner, permission, workspace.scope):
            raise Forbidden(
                f"{owner.name!r}, in whose name the schedule {record.name!r} fires, may not do {permission} any more. "
                "Give them a role that covers it, or write the schedule again in another name."
            )
        return replace(work, actor=owner)
