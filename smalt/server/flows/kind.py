"""The kind `flow`: one command, the engine of flows, with a token that opens the connections which the flow names."""

from __future__ import annotations

import json
from typing import ClassVar

from smalt.entities.environment import Environment
from smalt.entities.job.base import Job
from smalt.entities.job.command import CommandJob
from smalt.entities.job.flow import FlowJob
from smalt.entities.job.flow_words import FLOW_INPUT, FLOW_OUTPUTS, FLOW_SETTINGS
from smalt.entities.job.inputs import DataInput
from smalt.entities.job.outputs import JobOutput
from smalt.environments import FLOW_IMAGE, flow_model
from smalt.executors import FLOW_ENGINE
from smalt.server.assets import DataLocator, small_text
from smalt.server.connections import ConnectionService
from smalt.server.jobs import CONNECTIONS, CommandLike, Pinned, Problems, Software
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

_COMMAND = "exec python -m smalt.flows.job"


class FlowKind(CommandLike):
    """Flows.

    Args:
        locator: Finds the files of flows.
        connections: Knows the connections that they name.
        software: Chooses the environment of a flow that names none, by what its files ask for.
    """

    type: ClassVar[str] = "flow"

    def __init__(self, locator: DataLocator, connections: ConnectionService, software: Software) -> None:
        self._locator = locator
        self._connections = connections
        self._software = software

    def expand(self, job: Job) -> CommandJob:
        """See `CommandLike.expand`."""
        assert isinstance(job, FlowJob)
        shared = {name: getattr(job, name) for name in Job.model_fields if name not in ("type", "outputs")}
        outputs = {FLOW_OUTPUTS: JobOutput(), **job.outputs}
        return CommandJob(
            **shared,
            command=_COMMAND,
            code=job.code,
            environment=job.environment or {"image": FLOW_IMAGE},
            environment_variables={**job.environment_variables, **_variables(job)},
            inputs=job.inputs,
            outputs=outputs,
            resources=job.resources,
            limits=job.limits,
        )

    def pin_more(self, work: Work, workspace: WorkspaceRecord, job: Job, pinned: Pinned, problems: Problems) -> None:
        """See `CommandLike.pin_more`."""
        assert isinstance(job, FlowJob)
        if pinned.code is None:
            return
        place = self._locator.locate(work, workspace, pinned.code["uri"])
        words = {text for node in job.connections.values() for text in node.values()}
        flow = None
        with problems.at("entry_file"):
            flow = flow_model(lambda name: small_text(place, name), job.entry_file)
            words |= set() if flow is None else flow.words
        if job.environment is None and flow is not None:
            asked = Environment.parse({"image": FLOW_IMAGE, "conda_file": flow.conda})
            with problems.at("environment"):
                pinned.environment, pinned.recipe = self._software.choose(work, workspace, asked)
        with problems.at("code"):
            pinned.parts[CONNECTIONS] = self._connections.named(work, workspace, words)


def _variables(job: FlowJob) -> dict[str, str]:
    settings = {
        "name": job.display_name or job.experiment_name,
        "entry_file": job.entry_file,
        "column_mapping": job.column_mapping,
        "variant": job.variant,
        "connections": job.connections,
        "init": job.init,
        "concurrency": job.concurrency,
        "node": job.node,
        "rows": [name for name, given in job.inputs.items() if isinstance(given, DataInput)],
    }
    return {
        # Its column mapping has a notation of its own, which the expressions of jobs must not meet.
        FLOW_SETTINGS: json.dumps(settings),
        **{f"{FLOW_INPUT}{name}": f"${{{{inputs.{name}}}}}" for name in job.inputs},
        f"{FLOW_SETTINGS}_OUTPUTS": f"${{{{outputs.{FLOW_OUTPUTS}}}}}",
        "PYTHONPATH": FLOW_ENGINE,
    }
