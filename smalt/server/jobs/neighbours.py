"""What this slice needs of others, as narrow as it needs it; `main` hands in the real ones, tests hand in fakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from smalt.entities.base import Asset, Entity
from smalt.environments import BuiltEnvironment, Recipe
from smalt.server.http import Call
from smalt.server.work import JobGrant, Work
from smalt.server.workspaces import WorkspaceRecord

Workspace = WorkspaceRecord


class Workspaces(Protocol):
    """Finds workspaces."""

    def of(self, call: Call) -> Workspace:
        """The workspace the path of a call names."""

    def by_id(self, work: Work, workspace_id: str) -> Workspace:
        """The workspace with this guid."""


class AssetVersion(Protocol):
    """One version of an asset."""

    @property
    def id(self) -> str:
        """Its ARM id."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def version(self) -> str:
        """Its version."""

    @property
    def entity(self) -> Entity:
        """What it says."""


class Assets(Protocol):
    """Finds and registers assets; kinds are ARM types such as `data`."""

    def resolve(self, work: Work, workspace: Workspace, kind: str, reference: str) -> AssetVersion:
        """The version a reference means. Raises NotFound."""

    def register(
        self, work: Work, workspace: Workspace, kind: str, name: str | None, version: str | None, entity: Asset
    ) -> AssetVersion:
        """Register a version; without one, the next."""


class Location(Protocol):
    """Where the bytes behind a data reference are."""

    @property
    def container(self) -> str:
        """The container, empty for a place outside the workspace."""

    @property
    def key(self) -> str:
        """The key or prefix in it."""

    @property
    def local_path(self) -> Path | None:
        """The file or folder on this machine, if it is one."""

    @property
    def uri(self) -> str:
        """The long azureml:// form, or a URL."""


class Locator(Protocol):
    """Finds bytes."""

    def locate(self, work: Work, workspace: Workspace, uri: str) -> Location:
        """Where a data URI or reference leads. Raises NotFound, InvalidRequest or Unsupported."""


class Tokens(Protocol):
    """Gives jobs their tokens."""

    def issue_job_token(self, work: Work, grant: JobGrant, *, lifetime: timedelta) -> str:
        """A token that opens just this."""

    def revoke_job_token(self, work: Work, workspace_id: str, job: str) -> None:
        """End every token of a job."""


class Tracking(Protocol):
    """Keeps the run of each job."""

    def experiment_id(self, work: Work, workspace: Workspace, name: str) -> str:
        """The id of an experiment, made when new."""

    def start_run(
        self,
        work: Work,
        workspace: Workspace,
        *,
        run_id: str,
        experiment_name: str,
        display_name: str,
        user: str,
        started_at: datetime,
        tags: Mapping[str, str],
        properties: Mapping[str, str] | None = None,
        parent_run_id: str | None = None,
    ) -> None:
        """Open the run of a job."""

    def close_run(self, work: Work, workspace: Workspace, run_id: str, *, status: str, ended_at: datetime) -> None:
        """End it, with all runs the job has made."""

    def set_tags(self, work: Work, workspace: Workspace, run_id: str, tags: Mapping[str, str]) -> None:
        """Set tags of it."""

    def set_display_name(self, work: Work, workspace: Workspace, run_id: str, name: str) -> None:
        """Rename it."""

    def hide(self, work: Work, workspace: Workspace, run_id: str) -> None:
        """Leave it out of searches."""

    def unhide(self, work: Work, workspace: Workspace, run_id: str) -> None:
        """Show it again."""


class Computes(Protocol):
    """Knows the computes."""

    @property
    def slots(self) -> int:
        """How many jobs run at once on this machine."""

    def require(self, work: Work, workspace: Workspace, reference: str | None) -> str | None:
        """The ARM id of the compute a job names, or None where it leaves the choice open."""


class Environments(Protocol):
    """The cache of built environments."""

    @property
    def constraints(self) -> Path | None:
        """The operator's constraints file."""

    def find(self, recipe: Recipe) -> BuiltEnvironment | None:
        """A built environment; starts no process."""

    def build(self, recipe: Recipe, log: Callable[[str], None]) -> BuiltEnvironment:
        """Build it, or wait for whoever builds it."""

    def job_variables(self) -> dict[str, str]:
        """Variables that make `pip install` in a job follow the operator's settings."""


class SignBlob(Protocol):
    """Makes a URL that opens one blob for a while without a token."""

    def __call__(self, workspace_id: str, container: str, key: str, *, base_url: str) -> str:
        """The URL."""
