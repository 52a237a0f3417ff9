"""Schedules: jobs that are submitted when their time comes, when an asset gets a new version, or when a job ends."""

from smalt.server.schedules.actions import Action
from smalt.server.schedules.create_job import CreateJob
from smalt.server.schedules.loop import SchedulesLoop
from smalt.server.schedules.naming import marked, name_of
from smalt.server.schedules.occasion import Occasion
from smalt.server.schedules.owners import Owners
from smalt.server.schedules.routes import routes
from smalt.server.schedules.service import ScheduleService
from smalt.server.schedules.store import FireRecord, ScheduleRecord
from smalt.server.schedules.watch import Watch

__all__ = [
    "Action",
    "CreateJob",
    "FireRecord",
    "Occasion",
    "Owners",
    "ScheduleRecord",
    "ScheduleService",
    "SchedulesLoop",
    "Watch",
    "marked",
    "name_of",
    "routes",
]
