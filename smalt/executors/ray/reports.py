"""What a cluster and the nodes of a job say about it, judged together. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from smalt.executors.base import OutputState, Phase, Reason, WorkloadState
from smalt.executors.ray.cluster import RayJob

_LOST_HINT = "Submit it again."
_LONGEST_TEXT = 20_000


@dataclass(frozen=True, slots=True)
class Report:
    """All that is said.

    Args:
        job: The cluster's word; None when it knows of no such job.
        told: The nodes' word, which comes from where user code runs, so that nothing in it is taken for granted.
        outputs: The outputs the job declares.
        was_stopped: Whether the server asked for its end.
    """

    job: RayJob | None
    told: Mapping[str, Any]  # Any: JSON of a node
    outputs: tuple[str, ...] = ()
    was_stopped: bool = False

    def to_fields(self) -> dict[str, Any]:  # Any: JSON
        """As plain values."""
        return asdict(self) | {"told": dict(self.told)}

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Report:  # Any: JSON
        """What `to_fields` made."""
        job = None if fields["job"] is None else RayJob(**fields["job"])
        return cls(job, fields["told"], tuple(fields["outputs"]), was_stopped=fields["was_stopped"])


def judge(report: Report) -> WorkloadState:
    """How far the workload is: over when the cluster says so, and then in the way the nodes told, if they did."""
    job, told = report.job, report.told
    started_at = _moment(told.get("started_at"))
    if job is not None and not job.is_over:
        phase = _phase(told) if job.status == "RUNNING" else Phase.PREPARING
        # The nodes' last word is true only once their processes are gone.
        return WorkloadState(Phase.FINALIZING if phase is Phase.ENDED else phase, started_at=started_at)
    if _phase(told) is Phase.ENDED and told.get("reason") in set(Reason):
        return _ended(report, Reason(told["reason"]), started_at)
    if report.was_stopped:
        return WorkloadState(
            Phase.ENDED, Reason.CANCELED, error="The job was canceled.", started_at=started_at, ended_at=None
        )
    return WorkloadState(Phase.LOST, Reason.LOST, error=_loss(job), started_at=started_at)


def _ended(report: Report, reason: Reason, started_at: datetime | None) -> WorkloadState:
    told = report.told
    code = told.get("exit_code")
    error = told.get("error")
    return WorkloadState(
        Phase.LOST if reason is Reason.LOST else Phase.ENDED,
        reason,
        exit_code=code if isinstance(code, int) else None,
        error=None if error is None else str(error)[:_LONGEST_TEXT],
        started_at=started_at,
        ended_at=_moment(told.get("ended_at")),
        outputs=_outputs(told.get("outputs"), report.outputs),
    )


def _loss(job: RayJob | None) -> str:
    """Why a job is lost whose nodes did not live to tell its end."""
    if job is None:
        why = "the Ray cluster does not know it any more, as after its head was restarted"
        return f"The job was lost: {why}. {_LOST_HINT}"
    message = " ".join(job.message.split())[:_LONGEST_TEXT]
    if job.error_type == "JOB_SUPERVISOR_ACTOR_START_TIMEOUT":
        return (
            f"The job was lost: no node of the Ray cluster had room for it in time. {message} Let fewer jobs run there "
            "at once (max_concurrent_jobs of the compute), ask for less, or add nodes."
        )
    if job.status == "STOPPED":
        return f"The job was lost: somebody else stopped it on the Ray cluster. {_LOST_HINT}"
    if job.status == "SUCCEEDED":
        return f"The job was lost: it ended on the Ray cluster without its end being told to this server. {_LOST_HINT}"
    return (
        "The job was lost: the node it ran on died, or Ray ended it there, and it could not tell its own end. "
        f"Ray says: {message or job.status} {_LOST_HINT}"
    )


def _phase(told: Mapping[str, Any]) -> Phase:  # Any: JSON of a node
    found = told.get("phase")
    return Phase(found) if found in {Phase.PREPARING, Phase.RUNNING, Phase.FINALIZING, Phase.ENDED} else Phase.PREPARING


def _moment(seconds: object) -> datetime | None:
    if not isinstance(seconds, (int, float)) or not 0 < seconds < 1e11:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _outputs(told: object, declared: tuple[str, ...]) -> dict[str, OutputState]:
    if not isinstance(told, dict):
        return {}
    found = {}
    for name in declared:
        output = told.get(name)
        if not isinstance(output, dict) or not isinstance(output.get("path"), str):
            continue
        if output["path"].rsplit("/", 1)[-1] in {".", ".."}:
            continue
        size, digest = output.get("size"), output.get("digest")
        found[name] = OutputState(
            output["path"],
            size=size if isinstance(size, int) else None,
            digest=digest if isinstance(digest, str) else None,
        )
    return found
