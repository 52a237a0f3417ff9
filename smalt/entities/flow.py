"""Flows of a workspace: a name, and versions of its files that never change."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from smalt.entities.base import Entity, Named
from smalt.entities.text import FreeText, Text


class FlowSource(Entity):
    """The version that a flow was cloned from; `workspace` is an ARM id."""

    workspace: Text
    flow: Text
    version: int


class FlowDeployment(Entity):
    """A deployment that serves a version of a flow."""

    endpoint: Text
    deployment: Text
    version: int


class Flow(Named):
    """A flow. All but its display name, description and tags is written by the server only.

    Args:
        type: `standard`, `chat` or `evaluation`, by what its latest version does.
        kind: `dag`, `flex` or `prompty`.
        entry_file: The file of the flow in its folder.
        latest_version: Versions are numbered 1, 2, 3 ...
        deployments: What serves it at present.
    """

    display_name: Text | None = None
    type: Text | None = None
    kind: Text | None = None
    entry_file: Text | None = None
    latest_version: int = 0
    created_by: FreeText | None = None
    created_at: Text | None = None
    updated_by: FreeText | None = None
    updated_at: Text | None = None
    cloned_from: FlowSource | None = None
    deployments: list[FlowDeployment] = Field(default_factory=list)


class FlowVersion(Entity):
    """One set of files of a flow.

    Args:
        message: What its author said of it.
        changed: Paths that differ from the version before.
        code_id: The code asset with these files, for jobs.
        uri: The folder with these files, for a model that a deployment serves.
    """

    version: int
    message: FreeText | None = None
    created_by: FreeText | None = None
    created_at: Text | None = None
    changed: list[Text] = Field(default_factory=list)
    code_id: Text | None = None
    uri: Text | None = None


class FlowFile(Entity):
    """A file of a version, without its content."""

    path: Text
    size: int
    sha256: Text


class FlowRun(Entity):
    """A flow job as a run over lines. What the numbers mean stands in docs/flows.md."""

    job: Text
    flow: Text | None = None
    version: int | None = None
    status: Text
    test: bool = False
    display_name: FreeText | None = None
    variant: Text | None = None
    created_by: FreeText | None = None
    created_at: Text | None = None
    started_at: Text | None = None
    ended_at: Text | None = None
    data: Text | None = None
    column_mapping: dict[str, Any] = Field(default_factory=dict)  # Any: literals
    lines: dict[str, int | None] = Field(default_factory=dict)
    metrics: dict[str, Any] = Field(default_factory=dict)  # Any: numbers, or numbers by variant
    tokens: dict[str, int] = Field(default_factory=dict)
    cost: float | None = None
    error: dict[str, Any] | None = None  # Any: code and message
    evaluates: Text | None = None

    @property
    def name(self) -> str:
        """What prompt flow calls its job."""
        return self.job


class FlowExperimentJob(Entity):
    """A job that was started of an experiment."""

    name: Text
    status: Text | None = None
    created_at: Text | None = None


class FlowExperiment(Named):
    """Flows, commands and chat groups over the same data, each over what those before it gave: a pipeline component.

    Args:
        data: Where rows are, by name.
        inputs: Values, by name; nothing where one has to be given.
        nodes: The types of its steps, by name.
        jobs: The pipeline jobs that were started of it, the newest first.
    """

    version: Text | None = None
    data: dict[str, Text | None] = Field(default_factory=dict)
    inputs: dict[str, Any] = Field(default_factory=dict)  # Any: literals
    nodes: dict[str, Text] = Field(default_factory=dict)
    jobs: list[FlowExperimentJob] = Field(default_factory=list)
