"""What schedules do: one class for each field that says so, e.g. `create_job`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from smalt.entities.schedule import Schedule
from smalt.server.schedules.occasion import Occasion
from smalt.server.schedules.store import ScheduleRecord
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord


class Action(ABC):
    """Something a schedule can do. The caller's rights were checked against `permission`."""

    field: ClassVar[str]
    """The field of the schedule, e.g. `create_job`."""

    permission: ClassVar[str]
    """What whoever it is done for must be allowed, when the schedule is written and whenever it fires."""

    def completed(self, work: Work, workspace: WorkspaceRecord, schedule: Schedule) -> Schedule:
        """The schedule with everything written down that was left open, as it is kept and shown.

        Raises:
            ValidationFailed: It cannot be left open here.
        """
        return schedule

    @abstractmethod
    def pin(
        self, work: Work, workspace: WorkspaceRecord, schedule: Schedule, sample: Occasion | None
    ) -> dict[str, Any]:  # Any: JSON
        """What is done, complete, so that later changes elsewhere do not change it. Nothing is written.

        Args:
            sample: An occasion to try it with; None when there has been none yet.

        Raises:
            ValidationFailed: It could never be done.
        """

    @abstractmethod
    def start(self, work: Work, workspace: WorkspaceRecord, record: ScheduleRecord, occasion: Occasion) -> str:
        """Do it, in the transaction and the name that `work` has; the name of the job that was submitted.

        Raises:
            SmaltError: It could not be done; what it wrote is undone.
        """
