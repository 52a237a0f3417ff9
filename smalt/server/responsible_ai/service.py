"""Dashboards, found by what their jobs have told of themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from smalt.entities.job.status import JobStatus
from smalt.server.jobs import Filter, JobRecord, JobService
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

_PREFIX = "_azureml.responsibleai.rai_insights."
_TOOLS = ("error_analysis", "explanation", "counterfactual", "causal")
_MOST = 100


@dataclass(frozen=True, slots=True)
class Scorecard:
    """A scorecard of a dashboard.

    Args:
        job: What made it.
        title: The model, as the card calls it.
    """

    job: str
    title: str


@dataclass(frozen=True, slots=True)
class Dashboard:
    """What is known of a model.

    Args:
        job: The step that has gathered it.
        pipeline: The job at the top.
        title: Its name.
        model: `<name>:<version>`.
        tools: Which analyses it has.
        created_at: When the step began.
        scorecards: What was written of it for people who read no code.
    """

    job: str
    pipeline: str
    title: str
    model: str
    tools: tuple[str, ...]
    created_at: datetime
    scorecards: tuple[Scorecard, ...]


class DashboardService:
    """Finds dashboards.

    Args:
        jobs: The jobs that have made them.
    """

    def __init__(self, jobs: JobService) -> None:
        self._jobs = jobs

    def find(
        self, work: Work, workspace: WorkspaceRecord, *, model: str | None = None, job: str | None = None
    ) -> list[Dashboard]:
        """The latest ones that are complete.

        Args:
            work: The open transaction.
            workspace: Where.
            model: Only of this one, as `<name>:<version>`.
            job: Only of the pipeline that this job is of.

        Raises:
            JobNotFound: There is no such job.
        """
        root = None if job is None else self._jobs.get(work, workspace, job).root
        wanted = {"type": "gather"} if model is None else {"type": "gather", "model_id": model}
        found = self._of(work, workspace, wanted, root)
        return [self._dashboard(work, workspace, each) for each in found]

    def _of(
        self, work: Work, workspace: WorkspaceRecord, wanted: Mapping[str, str], root: str | None
    ) -> list[JobRecord]:
        properties = tuple((f"{_PREFIX}{name}", value) for name, value in wanted.items())
        which = Filter(properties=properties, statuses=(JobStatus.COMPLETED,), root=root, is_anywhere=True)
        return list(self._jobs.page(work, workspace, which, after=None, limit=_MOST).items)

    def _dashboard(self, work: Work, workspace: WorkspaceRecord, record: JobRecord) -> Dashboard:
        told = {name.removeprefix(_PREFIX): value for name, value in record.properties.items()}
        cards = self._of(
            work, workspace, {"type": "PdfGeneration", "dashboard_id": told.get("dashboard_id", "")}, record.root
        )
        return Dashboard(
            record.name,
            record.root,
            told.get("dashboard_title") or record.name,
            told.get("model_id", ""),
            tuple(name for name in _TOOLS if told.get(f"has_{name}") == "True"),
            record.created_at,
            tuple(Scorecard(each.name, each.properties.get(f"{_PREFIX}rai_scorecard_title", "")) for each in cards),
        )
