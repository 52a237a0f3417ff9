"""A pipeline as it was pinned at submit: read once, and the same at every turn. Pure."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Any

from smalt.entities.component import Component
from smalt.entities.job.pipeline import PipelineJob, PipelineSettings
from smalt.entities.job.step import Step
from smalt.server.jobs import JobRecord, Problems
from smalt.server.pipelines import graph
from smalt.server.pipelines.components import Components
from smalt.server.pipelines.graph import Graph

_MOST_KEPT = 64


@dataclass(frozen=True)
class Plan:
    """What does not change while a pipeline runs.

    Args:
        job: The job.
        graph: Its steps.
        components: What they run.
        parts: What else was pinned.
    """

    job: PipelineJob
    graph: Graph
    components: Components
    parts: dict[str, Any]  # Any: JSON

    @property
    def settings(self) -> PipelineSettings:
        """The settings."""
        return self.job.settings or PipelineSettings()

    @property
    def steps(self) -> dict[str, Step]:
        """The steps by name."""
        return self.job.jobs

    @property
    def unplaced(self) -> frozenset[str]:
        """The pipeline's outputs for which no path was chosen: their places are this pipeline's alone."""
        return frozenset(self.parts.get("unplaced", ()))

    def component(self, step: Step) -> Component:
        """What a step runs."""
        return self.components.of(step)


class Plans:
    """Plans of the pipelines that were looked at last."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._kept: OrderedDict[str, Plan] = OrderedDict()

    def of(self, record: JobRecord) -> Plan:
        """The plan of a pipeline."""
        with self._guard:
            found = self._kept.get(record.id)
            if found is not None:
                self._kept.move_to_end(record.id)
                return found
        made = read(record)
        with self._guard:
            self._kept[record.id] = made
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return made


def read(record: JobRecord) -> Plan:
    """Read a pipeline."""
    job = record.entity()
    assert isinstance(job, PipelineJob)
    settings = job.settings or PipelineSettings()
    parts = dict(record.pinned.get("parts", {}))
    found = graph.build(job.jobs, Problems(), first=settings.on_init, last=settings.on_finalize)
    return Plan(job, found, Components(parts.get("components")), parts)
