"""Experiments of prompt flow in a workspace: components that are started as pipeline jobs, and what those measure."""

from __future__ import annotations

import builtins
import tempfile
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from smalt.entities.component import Component
from smalt.entities.flow import FlowExperiment, FlowExperimentJob
from smalt.entities.job.inputs import DataInput
from smalt.entities.job.pipeline import PipelineJob
from smalt.entities.types import AssetType
from smalt.errors import InvalidRequest, NotFound
from smalt.sdk.resolve import Resolver
from smalt.sdk.room import Room

if TYPE_CHECKING:
    from smalt.entities.job.base import Job
    from smalt.sdk.operations.assets import ComponentOperations
    from smalt.sdk.operations.jobs import JobOperations

Json = dict[str, Any]  # Any: JSON

TAG = "smalt.flows.experiment"
"""On components that are experiments, and on the jobs that were started of them: the name of the experiment."""


class FlowExperimentOperations:
    """`client.flow_experiments`."""

    def __init__(self, room: Room, resolver: Resolver, components: ComponentOperations, jobs: JobOperations) -> None:
        self._room = room
        self._resolver = resolver
        self._components = components
        self._jobs = jobs

    def create(self, template: str | Path, name: str | None = None) -> FlowExperiment:
        """Bring a template, its flows and its data to the workspace; another version of one that is there already.

        Args:
            template: A file `*.exp.yaml`, or its folder.
            name: What it is called; by default as the folder of the file.

        Raises:
            UserErrorException: The template does not say what an experiment must.
        """
        from smalt.flows.experiments import read
        from smalt.flows.experiments.pipeline import as_component

        found = read(template)
        called = name or found.folder_name
        with tempfile.TemporaryDirectory(prefix="smalt-experiment-") as folder:
            document = as_component(found, called, Path(folder))
            for given in document["inputs"].values():
                if given["type"] in (AssetType.URI_FILE, AssetType.URI_FOLDER):
                    kind = AssetType(given["type"])
                    given["default"] = self._resolver.input(DataInput(type=kind, path=given["default"])).path
            document["tags"] = {TAG: called}
            made = self._components.create_or_update(Component.parse(document))
        container = {"properties": {"tags": {TAG: called}, "description": found.description}}
        self._room.transport.json("PUT", self._path(called), body=container)
        return _experiment(made)

    def list(self, *, max_results: int | None = None) -> Iterator[FlowExperiment]:
        """Experiments by name."""
        items = self._room.transport.items(f"{self._room.path}/components", params={"listViewType": "ActiveOnly"})
        names = (str(item["name"]) for item in items if TAG in (item["properties"].get("tags") or {}))
        return (_experiment(self._components.get(name)) for name in islice(names, max_results))

    def get(self, name: str, version: str | None = None) -> FlowExperiment:
        """An experiment and the jobs that were started of it.

        Raises:
            NotFound: There is none of this name.
        """
        found = _experiment(self._component(name, version))
        return found.model_copy(update={"jobs": [_job(job) for job in self.jobs(name)]})

    def start(
        self,
        name: str,
        inputs: Mapping[str, Any] | None = None,  # Any: literals, or places of data
        *,
        version: str | None = None,
        compute: str | None = None,
        display_name: str | None = None,
    ) -> str:
        """Start an experiment; the name of the pipeline job. What has not changed since an earlier one is taken over.

        Args:
            name: The experiment.
            inputs: Other values of its inputs, and other data: assets, addresses, or files here, which are uploaded.
            version: The latest, unless another is named.
            compute: Where its steps run.
            display_name: What this job is called in lists.

        Raises:
            InvalidRequest: It has no such input.
        """
        component = self._component(name, version)
        unknown = [key for key in inputs or {} if key not in component.inputs]
        if unknown:
            raise InvalidRequest(
                f"Experiment {name!r} has no input or data {', '.join(unknown)}. "
                f"It has: {', '.join(component.inputs)}.",
                target="inputs",
            )
        given = {
            key: {"type": component.inputs[key].type, "path": str(value)} if component.inputs[key].is_port else value
            for key, value in (inputs or {}).items()
        }
        job = PipelineJob.parse(
            {
                "type": "pipeline",
                "component": f"azureml:{name}:{component.version}",
                "experiment_name": name,
                "display_name": display_name,
                "inputs": given,
                "tags": {TAG: name},
                "settings": {"default_compute": compute} if compute else {},
            }
        )
        return str(self._jobs.create_or_update(job).name)

    def jobs(self, name: str, *, max_results: int | None = None) -> Iterator[Job]:
        """The pipeline jobs that were started of an experiment, the newest first."""
        return self._jobs.list(tag=f"{TAG}={name}", max_results=max_results)

    def stop(self, name: str) -> builtins.list[str]:
        """Cancel what of it is running; the names of those jobs."""
        self._component(name, None)
        running = [str(job.name) for job in self.jobs(name) if job.status is not None and not job.status.is_terminal]
        for job in running:
            self._jobs.begin_cancel(job)
        return running

    def compare(self, name: str, *, max_results: int | None = 10) -> builtins.list[Json]:
        """The newest jobs of an experiment side by side: how each went, and what its nodes have measured."""
        self._component(name, None)
        return [self._measured(job) for job in self.jobs(name, max_results=max_results)]

    def delete(self, name: str) -> None:
        """Forget an experiment; its jobs stay."""
        self._component(name, None)
        self._room.transport.request("DELETE", self._path(name))

    def _measured(self, job: Job) -> Json:
        found: Json = {"job": job.name, "status": job.status, "created_at": _created_at(job)}
        for step in self._jobs.graph(str(job.name))["steps"]:
            ran = (step.get("reuse") or {}).get("from") or step["job"]
            measured = self._jobs.metrics(ran) if ran else {}
            found |= {f"{step['name']}.{_short(key)}": value for key, value in sorted(measured.items()) if _tells(key)}
        return found

    def _component(self, name: str, version: str | None) -> Component:
        found = self._components.get(name, version)
        if TAG not in found.tags:
            raise NotFound(f"Component {name!r} is no experiment of flows. See `smalt flow experiment list`.")
        return found

    def _path(self, name: str) -> str:
        return f"{self._room.path}/components/{quote(name, safe='')}"


def _tells(metric: str) -> bool:
    """Whether a metric is of the node's work, and not of the machine or of one of the flow's own nodes."""
    return not metric.startswith(("system/", "__pf__.nodes."))


def _short(metric: str) -> str:
    return metric.removeprefix("__pf__.")


def _experiment(component: Component) -> FlowExperiment:
    ports = {name: item for name, item in component.inputs.items() if item.is_port}
    document = component.document()
    return FlowExperiment(
        name=component.name,
        id=component.id,
        version=component.version,
        description=component.description,
        tags=component.tags,
        data={name: item.default for name, item in ports.items()},
        inputs={name: item.default for name, item in component.inputs.items() if name not in ports},
        nodes={name: str(step.get("type")) for name, step in (document.get("jobs") or {}).items()},
        creation_context=component.creation_context,
    )


def _job(job: Job) -> FlowExperimentJob:
    return FlowExperimentJob(name=str(job.name), status=job.status, created_at=_created_at(job))


def _created_at(job: Job) -> str | None:
    return None if job.creation_context is None else job.creation_context.created_at
