"""Runs of flows in a workspace as prompt flow knows them: of a folder here, or of a flow of the workspace."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smalt.entities.job.flow import FlowJob
from smalt.entities.job.flow_words import FLOW_OUTPUTS
from smalt.errors import InvalidRequest
from smalt.flows import loading
from smalt.flows.home import flows_home
from smalt.wire.references import parse_asset

if TYPE_CHECKING:
    from smalt.entities.flow import FlowRun
    from smalt.entities.job.base import Job
    from smalt.sdk.client import MLClient

Document = dict[str, Any]  # Any: JSON

_KEPT = (
    "name", "display_name", "description", "tags", "column_mapping", "variant", "connections", "init",
    "environment_variables",
)  # fmt: skip
_SPELLED = {
    "displayName": "display_name", "columnMapping": "column_mapping", "variant": "variant",
    "connections": "connections", "init": "init", "environmentVariables": "environment_variables", "run": "run",
    "name": "name",
}  # fmt: skip


class FlowRuns:
    """Makes runs, and does with them what prompt flow does."""

    def __init__(self, client: MLClient) -> None:
        self._client = client

    def create(self, asked: Mapping[str, Any]) -> str:  # Any: the words of a run file
        """Submit a run; the name of its job.

        Raises:
            InvalidRequest: The flow is none that the workspace can run.
        """
        source = str(asked["flow"])
        if not source.startswith("azureml:"):
            return str(self._client.jobs.create_or_update(self._job(asked)).name)
        name, _, version = source.removeprefix("azureml:").partition(":")
        if version and not version.isdigit():
            raise InvalidRequest(
                f"{source!r} names no flow of the workspace. Write azureml:NAME or azureml:NAME:VERSION."
            )
        given = {word: asked[own] for word, own in _SPELLED.items() if asked.get(own)}
        return self._client.flows.run(name, version=int(version) if version else None, data=asked.get("data"), **given)

    def get(self, name: str) -> FlowRun:
        """A run, as far as it is."""
        return self._client.flows.get_run(name)

    def list(self, *, max_results: int | None = 50, view: str = "ActiveOnly") -> Iterator[Job]:
        """The jobs of runs, the newest first."""
        return islice(self._client.jobs.list(list_view_type=view, job_type="Flow"), max_results)

    def update(self, name: str, changes: Mapping[str, Any]) -> FlowRun:  # Any: texts
        """Change `display_name`, `description` or `tags.KEY`.

        Raises:
            InvalidRequest: Something else is asked for.
        """
        found = self._client.jobs.get(name)
        update: Document = {"tags": dict(found.tags)}
        for key, value in changes.items():
            if key.startswith("tags."):
                update["tags"][key.removeprefix("tags.")] = value
            elif key in ("display_name", "description"):
                update[key] = value
            else:
                raise InvalidRequest(f"{key!r} of a run cannot be changed. Set display_name, description or tags.KEY.")
        self._client.jobs.update(found.model_copy(update=update))
        return self.get(name)

    def download(self, name: str, target: Path | None = None, *, overwrite: bool = False) -> Path:
        """Fetch the files of a run, in the known layout; the folder they are in.

        Args:
            name: The run.
            target: Where the folder of the run is made; by default beside the runs of this machine.
            overwrite: A folder that is there is replaced.

        Raises:
            InvalidRequest: There is one, and it is not to be replaced.
        """
        place = (target or flows_home() / ".runs") / name
        if place.exists() and any(place.iterdir()) and not overwrite:
            raise InvalidRequest(f"{place} is there already. Choose another folder, or let it be overwritten.")
        part = place.with_name(f"{name}.part")
        self._client.jobs.download(name, download_path=part, output_name=FLOW_OUTPUTS)
        shutil.rmtree(place, ignore_errors=True)
        (part / "named-outputs" / FLOW_OUTPUTS).rename(place)
        shutil.rmtree(part, ignore_errors=True)
        return place

    def _job(self, asked: Mapping[str, Any]) -> FlowJob:  # Any: as above
        file = loading.find(str(asked["flow"]))
        if file is None:
            raise InvalidRequest(
                f"{asked['flow']} is an entry without files. Save it as a flow first: smalt flow save."
            )
        inputs: Document = {}
        if asked.get("data"):
            inputs["data"] = {"type": self._type_of(str(asked["data"])), "path": str(asked["data"])}
        if asked.get("run"):
            inputs["run"] = {"type": "uri_folder", "path": f"azureml://jobs/{asked['run']}/outputs/{FLOW_OUTPUTS}"}
        entry = None if file.name in ("flow.dag.yaml", "flow.flex.yaml") else file.name
        return FlowJob.parse(
            {"type": "flow", "code": str(file.parent), "entry_file": entry, "inputs": inputs,
             "experiment_name": file.stem if entry else file.parent.name,
             **{key: asked[key] for key in _KEPT if asked.get(key)}}
        )  # fmt: skip

    def _type_of(self, data: str) -> str:
        if not data.startswith("azureml:"):
            return "uri_folder" if Path(data).is_dir() else "uri_file"
        asked = parse_asset(data, "data")
        label = None if asked.version else asked.label or "latest"
        return str(self._client.data.get(asked.name, asked.version, label=label).type)
