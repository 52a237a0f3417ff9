"""Jobs: everything that runs. One lifecycle, one cancel path, one log path; the kinds are handed in by `main`."""

from smalt.server.jobs.events import CancelRequested, JobFinished, JobSubmitted
from smalt.server.jobs.finish import Finisher
from smalt.server.jobs.history_routes import history_routes
from smalt.server.jobs.kinds import CommandKind, JobKind, Progress
from smalt.server.jobs.loop import Hints, JobsLoop, Outside
from smalt.server.jobs.pinning import Pinner
from smalt.server.jobs.routes import routes
from smalt.server.jobs.service import Changes, JobService
from smalt.server.jobs.software import Software
from smalt.server.jobs.start import Starter
from smalt.server.jobs.store import Filter, JobRecord
from smalt.server.jobs.submit import Submission

__all__ = [
    "CancelRequested",
    "Changes",
    "CommandKind",
    "Filter",
    "Finisher",
    "Hints",
    "JobFinished",
    "JobKind",
    "JobRecord",
    "JobService",
    "JobSubmitted",
    "JobsLoop",
    "Outside",
    "Pinner",
    "Progress",
    "Software",
    "Starter",
    "Submission",
    "history_routes",
    "routes",
]
