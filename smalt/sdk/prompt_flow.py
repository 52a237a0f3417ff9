"""`promptflow.azure.PFClient`: prompt flow's client of a workspace, over flows and jobs of the workspace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from smalt.entities.flow import Flow, FlowRun
from smalt.errors import InvalidRequest, NotFound
from smalt.flows.batch import frame
from smalt.sdk import connect
from smalt.sdk.client import MLClient
from smalt.sdk.flow_runs import FlowRuns
from smalt.sdk.operations.jobs import studio_url

Texts = Mapping[str, Any]  # Any: as callers pass them


class PFClient:
    """Flows and runs of a workspace, by prompt flow's names.

    Args:
        credential: Anything with `get_token`; by default the server's own token, or that of `ml_client`.
        subscription_id: Subscription.
        resource_group_name: Resource group.
        workspace_name: Workspace.
        ml_client: Its workspace is meant: an `MLClient` of smalt or of the official SDK.
        options: What else prompt flow takes, e.g. `user_agent`; nothing here needs it.
    """

    def __init__(
        self,
        credential: connect.TokenCredential | None = None,
        subscription_id: str | None = None,
        resource_group_name: str | None = None,
        workspace_name: str | None = None,
        *,
        ml_client: Any = None,  # Any: of either package
        **options: Any,  # Any: ignored
    ) -> None:
        if isinstance(ml_client, MLClient):
            self.ml_client = ml_client
            return
        if ml_client is not None:
            credential = credential or getattr(ml_client, "_credential", None)
            subscription_id, resource_group_name = ml_client.subscription_id, ml_client.resource_group_name
            workspace_name = ml_client.workspace_name
        self.ml_client = MLClient(credential, subscription_id, resource_group_name, workspace_name)

    @classmethod
    def from_config(
        cls, credential: connect.TokenCredential | None = None, *, path: str | Path | None = None,
        file_name: str | None = None, **options: Any,  # Any: ignored
    ) -> Self:  # fmt: skip
        """The workspace that a `config.json` in this folder or above names."""
        return cls(ml_client=MLClient.from_config(credential, path=path, file_name=file_name))

    @cached_property
    def runs(self) -> RunOperations:
        """Runs."""
        return RunOperations(self.ml_client)

    @cached_property
    def flows(self) -> FlowOperations:
        """Flows."""
        return FlowOperations(self.ml_client)

    def run(
        self,
        flow: str | Path,
        *,
        data: str | Path | None = None,
        run: str | FlowRun | None = None,
        stream: bool = False,
        **asked: Any,  # Any: name, display_name, description, tags, column_mapping, variant, connections, init ...
    ) -> FlowRun:
        """Run a flow over many lines in the workspace; with `stream`, wait for it."""
        source = str(flow) if str(flow).startswith("azureml:") else Path(flow)
        given = {key: value for key, value in asked.items() if value is not None}
        given |= {"flow": source, "data": data, "run": None if run is None else _name(run)}
        name = self.runs.submit(given)
        return self.stream(name) if stream else self.runs.get(name)

    def stream(self, run: str | FlowRun, raise_on_error: bool = True) -> FlowRun:
        """Print the log of a run until it has ended."""
        return self.runs.stream(run, raise_on_error=raise_on_error)

    def get_details(self, run: str | FlowRun, max_results: int = 100, all_results: bool = False) -> Any:
        """Inputs and outputs of each line: a data frame where pandas is installed, rows otherwise."""
        return self.runs.get_details(run, max_results=max_results, all_results=all_results)

    def get_metrics(self, run: str | FlowRun) -> dict[str, Any]:  # Any: numbers
        """The metrics of a run."""
        return self.runs.get_metrics(run)

    def visualize(self, runs: Any, **_: object) -> Sequence[str]:  # Any: one or several
        """Say where runs are looked at."""
        return self.runs.visualize(runs)


class RunOperations:
    """Runs of flows: each is a job."""

    def __init__(self, client: MLClient) -> None:
        self._client = client
        self._runs = FlowRuns(client)

    def submit(self, asked: Texts) -> str:
        """Submit a run; its name."""
        return self._runs.create(asked)

    def get(self, run: str | FlowRun, **_: object) -> FlowRun:
        """A run."""
        return self._runs.get(_name(run))

    def list(self, max_results: int | None = 50, *, list_view_type: Any = "ActiveOnly", **_: object) -> list[FlowRun]:
        """Runs, the newest first."""
        view = str(getattr(list_view_type, "value", list_view_type))
        return [self.get(str(job.name)) for job in self._runs.list(max_results=max_results, view=view)]

    def stream(self, run: str | FlowRun, raise_on_error: bool = True) -> FlowRun:
        """Print the log of a run until it has ended.

        Raises:
            InvalidRequest: It failed, and `raise_on_error` is set.
        """
        self._client.jobs.stream(_name(run))
        found = self.get(run)
        if found.status == "Failed" and raise_on_error:
            raise InvalidRequest(f"Run {found.name!r} failed. {(found.error or {}).get('message', '')}")
        return found

    def update(self, run: str | FlowRun, *, tags: Texts | None = None, **changes: Any) -> FlowRun:
        """Change `display_name`, `description` or `tags`."""
        given = {key: value for key, value in changes.items() if value is not None}
        return self._runs.update(_name(run), given | {f"tags.{key}": value for key, value in (tags or {}).items()})

    def archive(self, run: str | FlowRun) -> FlowRun:
        """Hide it from lists."""
        self._client.jobs.archive(_name(run))
        return self.get(run)

    def restore(self, run: str | FlowRun) -> FlowRun:
        """Show it in lists again."""
        self._client.jobs.restore(_name(run))
        return self.get(run)

    def cancel(self, run: str | FlowRun, **_: object) -> None:
        """Ask it to stop."""
        self._client.jobs.begin_cancel(_name(run)).result()

    def download(
        self, run: str | FlowRun, output: str | Path | None = None, overwrite: bool = False, **_: object
    ) -> str:
        """Fetch its files in the known layout; the folder they are in."""
        return str(self._runs.download(_name(run), None if output is None else Path(output), overwrite=overwrite))

    def get_details(self, run: str | FlowRun, max_results: int = 100, all_results: bool = False, **_: object) -> Any:
        """Inputs and outputs of each line: a data frame where pandas is installed, rows otherwise."""
        lines = list(self._client.flows.lines(_name(run), max_results=None if all_results else max_results))
        columns: dict[str, list[Any]] = {}  # Any: values of flows
        for part in ("inputs", "outputs"):
            names = dict.fromkeys(name for line in lines for name in line[part] or {})
            columns |= {f"{part}.{name}": [(line[part] or {}).get(name) for line in lines] for name in names}
        return frame(columns)

    def get_metrics(self, run: str | FlowRun, **_: object) -> dict[str, Any]:  # Any: numbers
        """The metrics of a run."""
        return self.get(run).metrics

    def visualize(self, runs: Any, **_: object) -> Sequence[str]:  # Any: one or several
        """The addresses where runs are looked at, which are printed."""
        many = runs if isinstance(runs, list | tuple) else [runs]
        found = [studio_url(self._client.jobs.get(_name(each))) or "" for each in many]
        print("\n".join(found))
        return found


class FlowOperations:
    """Flows of the workspace."""

    def __init__(self, client: MLClient) -> None:
        self._client = client

    def create_or_update(self, flow: str | Path, display_name: str | None = None, **about: Any) -> Flow:
        """Keep a folder as a flow of the workspace, or as its next version.

        Args:
            flow: The folder.
            display_name: What it is called.
            about: `name` (the folder's otherwise), `description`, `tags`, `message`.
        """
        folder = Path(flow)
        name = str(about.get("name") or folder.absolute().name)
        try:
            self._client.flows.get(name)
        except NotFound:
            kept = {key: about[key] for key in ("description", "tags") if about.get(key)}
            described = Flow(name=name, display_name=display_name, **kept)
            return self._client.flows.create(described, folder, message=about.get("message"))
        self._client.flows.save(name, folder, message=about.get("message"))
        return self._client.flows.get(name)

    def list(self, max_results: int | None = 50, **_: object) -> list[Flow]:
        """Flows."""
        return list(self._client.flows.list())[:max_results]

    def get(self, name: str) -> Flow:
        """A flow."""
        return self._client.flows.get(name)


def _name(run: str | FlowRun) -> str:
    return run if isinstance(run, str) else run.name
