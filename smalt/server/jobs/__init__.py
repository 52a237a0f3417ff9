"""Jobs: everything that runs. One lifecycle, one cancel path, one log path; the kinds are handed in by `main`."""

from smalt.server.jobs.build_routes import build_routes
from smalt.server.jobs.children import Children
from smalt.server.jobs.document import to_arm as arm_document
from smalt.server.jobs.events import CancelRequested, JobChanged, JobFinished, JobSubmitted
from smalt.server.jobs.finish import Finisher
from smalt.server.jobs.history_routes import history_routes
from smalt.server.jobs.kinds import (
    CONNECTIONS_VARIABLE,
    CommandKind,
    CommandLike,
    JobKind,
    ParentLike,
    Progress,
    check_kind,
)
from smalt.server.jobs.limits import container_limits
from smalt.server.jobs.log_stream import log_routes
from smalt.server.jobs.loop import Hints, JobsLoop, Outside
from smalt.server.jobs.neighbours import Environments
from smalt.server.jobs.outputs import artifact_uri, written_by
from smalt.server.jobs.parallel import RESUME_FROM, ParallelKind
from smalt.server.jobs.pinning import Pinned, Pinner
from smalt.server.jobs.problems import Problems
from smalt.server.jobs.purge import JobsOfWorkspace
from smalt.server.jobs.retention import Retention
from smalt.server.jobs.routes import routes
from smalt.server.jobs.service import SCHEDULE_PROPERTY, Changes, JobService
from smalt.server.jobs.software import Software
from smalt.server.jobs.software import from_document as recipe_from_document
from smalt.server.jobs.start import Starter
from smalt.server.jobs.store import INTERACTIVE, ChildState, Filter, JobRecord, Result
from smalt.server.jobs.submit import Draft, Submission
from smalt.server.jobs.workload import CONNECTIONS

__all__ = [
    "CONNECTIONS",
    "CONNECTIONS_VARIABLE",
    "INTERACTIVE",
    "RESUME_FROM",
    "SCHEDULE_PROPERTY",
    "CancelRequested",
    "Changes",
    "ChildState",
    "Children",
    "CommandKind",
    "CommandLike",
    "Draft",
    "Environments",
    "Filter",
    "Finisher",
    "Hints",
    "JobChanged",
    "JobFinished",
    "JobKind",
    "JobRecord",
    "JobService",
    "JobSubmitted",
    "JobsLoop",
    "JobsOfWorkspace",
    "Outside",
    "ParallelKind",
    "ParentLike",
    "Pinned",
    "Pinner",
    "Problems",
    "Progress",
    "Result",
    "Retention",
    "Software",
    "Starter",
    "Submission",
    "arm_document",
    "artifact_uri",
    "build_routes",
    "check_kind",
    "container_limits",
    "history_routes",
    "log_routes",
    "recipe_from_document",
    "routes",
    "written_by",
]
