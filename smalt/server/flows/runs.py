"""Trying and running flows: whatever runs is a flow job, and what it came to is read from the files of its run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from smalt.entities.data import Data
from smalt.entities.job.flow import FlowJob
from smalt.entities.job.flow_words import FLOW_OUTPUTS
from smalt.entities.types import AssetType
from smalt.errors import Forbidden, NotFound
from smalt.flows.definition.outline import Outline
from smalt.kit import ids
from smalt.server.assets import AssetService, DataLocator, Location
from smalt.server.flows import contents
from smalt.server.flows.contents import Edit, Folders
from smalt.server.flows.errors import InvalidFlowFiles
from smalt.server.flows.results import RunFiles
from smalt.server.flows.run_document import EVALUATES, FLOW, FLOW_ID, TEST, VERSION
from smalt.server.flows.service import FlowService, draw
from smalt.server.flows.store import FlowRecord, VersionRecord
from smalt.server.http import Page
from smalt.server.identity import allows
from smalt.server.jobs import Filter, JobRecord, JobService
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord
from smalt.wire import references
from smalt.wire.references import AssetReference

_KIND = "flow"
_LONGEST_LINE_BYTES = 5 << 20
_MOST_EVALUATIONS = 100

Values = Mapping[str, Any]  # Any: values of flows


@dataclass(frozen=True, slots=True)
class Trial:
    """One line that is tried, or one node.

    Args:
        inputs: Of the flow.
        node: Only this node.
        node_inputs: What the node refers to.
        edits: Files that are not saved yet, over those of the version.
    """

    inputs: Values = field(default_factory=dict)
    node: str | None = None
    node_inputs: Values = field(default_factory=dict)
    variant: str | None = None
    connections: Mapping[str, Any] = field(default_factory=dict)  # Any: checked by the entity
    edits: Sequence[Edit] = ()


class FlowRuns:
    """Tries and runs flows.

    Args:
        flows: The flows.
        folders: Where their files are.
        jobs: Runs them.
        assets: Finds data.
        locator: Finds the files of runs.
    """

    def __init__(
        self, flows: FlowService, folders: Folders, jobs: JobService, assets: AssetService, locator: DataLocator
    ) -> None:
        self._flows = flows
        self._folders = folders
        self._jobs = jobs
        self._assets = assets
        self._locator = locator

    def test(self, work: Work, workspace: WorkspaceRecord, name: str, number: str, trial: Trial) -> str:
        """Submit a trial; the name of its job.

        Raises:
            InvalidFlowFiles: The unsaved files are none that a flow can have, or the inputs are too long.
        """
        record, version = self._version(work, workspace, name, number)
        files = contents.edited(self._flows.contents(version), trial.edits)
        drawn = draw(files)
        scratch = self._folders.scratch(work.now)
        code = version.code_id
        if trial.edits:
            code = self._folders.write(workspace, record.id, f"{scratch}/code", files)
        row = dict(trial.node_inputs) if trial.node is not None else _with_history(drawn, trial.inputs)
        line = json.dumps(row, ensure_ascii=False).encode(errors="replace") + b"\n"
        if len(line) > _LONGEST_LINE_BYTES:
            raise InvalidFlowFiles(
                f"The inputs have {len(line)} bytes; {_LONGEST_LINE_BYTES} is the most of a test. Make a run of data.",
                target="inputs",
            )
        data = self._folders.write(workspace, record.id, f"{scratch}/data", {"line.jsonl": line})
        fields = {
            "display_name": f"{record.display_name}: {trial.node or 'test'}",
            "inputs": {"data": {"type": "uri_file", "path": f"{data}/line.jsonl"}},
            "column_mapping": {} if trial.node is not None else {key: f"${{data.{key}}}" for key in row},
            "node": trial.node,
            "variant": trial.variant,
            "connections": dict(trial.connections),
            "concurrency": 1,
        }
        job = self._job(record, version, drawn, code, is_test=True, fields=fields)
        work.after_commit(lambda: self._folders.tidy(workspace.id, record.id, work.now))
        return self._jobs.put(work, workspace, ids.readable(), job)[0].name

    def run(
        self,
        work: Work,
        workspace: WorkspaceRecord,
        name: str,
        number: str,
        *,
        job_name: str | None,
        data: str | None,
        of_run: str | None,
        fields: Mapping[str, Any],  # Any: fields of a flow job
    ) -> str:
        """Submit a run over data, over the outputs of another run, or over both; the name of its job.

        Raises:
            ValidationFailed: Something is wrong; everything that is stands in `details`.
        """
        record, version = self._version(work, workspace, name, number)
        drawn = self._flows.outline(version)
        inputs: dict[str, Any] = {}  # Any: inputs of a job
        if data is not None:
            inputs["data"] = {"type": self._type_of(work, workspace, data).value, "path": data}
        if of_run is not None:
            before = self._jobs.get(work, workspace, of_run)
            inputs["run"] = {"type": "uri_folder", "path": f"azureml://jobs/{before.name}/outputs/{FLOW_OUTPUTS}"}
        given = {"display_name": record.display_name, **fields, "inputs": inputs}
        job = self._job(record, version, drawn, version.code_id, is_test=False, fields=given)
        return self._jobs.put(work, workspace, job_name or ids.readable(), job)[0].name

    def page(
        self,
        work: Work,
        workspace: WorkspaceRecord,
        name: str,
        *,
        tests: bool,
        after: tuple[datetime, str] | None,
        limit: int,
    ) -> Page[JobRecord]:
        """Runs of a flow, the newest first."""
        record = self._flows.get(work, workspace, name)
        wanted = Filter(kind=_KIND, properties=((FLOW_ID, record.id),))
        if not tests:
            wanted = replace(wanted, properties=(*wanted.properties, (TEST, "false")))
        return self._jobs.page(work, workspace, wanted, after=after, limit=limit)

    def get(self, work: Work, workspace: WorkspaceRecord, job: str) -> JobRecord:
        """A flow job.

        Raises:
            NotFound: There is none of this name, or it is of another kind.
        """
        record = self._jobs.get(work, workspace, job)
        if record.kind != _KIND:
            raise NotFound(f"The job {job!r} is of type {record.kind!r}, and no run of a flow. See `smalt job show`.")
        return record

    def files(self, work: Work, workspace: WorkspaceRecord, record: JobRecord) -> RunFiles:
        """The files of a run, as far as they are there."""
        uri = (record.pinned.get("outputs") or {}).get(FLOW_OUTPUTS)
        return RunFiles(self._locator.locate(work, workspace, uri) if uri else Location("", "", None, ""))

    def evaluations(self, work: Work, workspace: WorkspaceRecord, job: str) -> list[JobRecord]:
        """Runs that took the outputs of a run."""
        wanted = Filter(kind=_KIND, properties=((EVALUATES, job),))
        return list(self._jobs.page(work, workspace, wanted, after=None, limit=_MOST_EVALUATIONS).items)

    def _version(
        self, work: Work, workspace: WorkspaceRecord, name: str, number: str
    ) -> tuple[FlowRecord, VersionRecord]:
        if not allows(work.actor, "workspaces/flows/read", workspace.scope):
            raise Forbidden(
                f"{work.actor.name!r} may not read the flows of {workspace.name!r}. Ask an owner for a role."
            )
        record = self._flows.get(work, workspace, name)
        return record, self._flows.version(work, record, number)

    def _job(
        self,
        record: FlowRecord,
        version: VersionRecord,
        drawn: Outline,
        code: str,
        *,
        is_test: bool,
        fields: Mapping[str, Any],  # Any: fields of a flow job
    ) -> FlowJob:
        tags = {FLOW: record.name, VERSION: str(version.version)} | ({TEST: "true"} if is_test else {})
        entry = drawn.entry_file if drawn.kind == "prompty" else None
        properties = {**tags, FLOW_ID: record.id, TEST: "true" if is_test else "false"}
        before = fields["inputs"].get("run")
        if before is not None:
            properties[EVALUATES] = before["path"].split("/")[3]
        return FlowJob.parse(
            {
                "experiment_name": record.name,
                **fields,
                "code": code,
                "entry_file": entry,
                "tags": tags,
                "properties": properties,
            }
        )

    def _type_of(self, work: Work, workspace: WorkspaceRecord, data: str) -> AssetType:
        if isinstance(references.parse(data), AssetReference):
            found = self._assets.resolve(work, workspace, "data", data).entity
            return found.type if isinstance(found, Data) else AssetType.URI_FOLDER
        return AssetType.URI_FOLDER if data.endswith("/") else AssetType.URI_FILE


def _with_history(drawn: Outline, inputs: Values) -> dict[str, Any]:  # Any: values of flows
    """The inputs of a trial: a chat that has just begun has no turns before."""
    found = dict(inputs)
    for name, item in drawn.inputs.items():
        is_history = item.is_chat_history if item.is_chat_history is not None else name == "chat_history"
        if is_history and drawn.type == "chat" and name not in found and item.default is None:
            found[name] = []
        if is_history and drawn.kind != "dag" and isinstance(found.get(name), list):
            found[name] = [message for turn in found[name] for message in _messages(drawn, turn)]
    return found


def _messages(drawn: Outline, turn: object) -> list[object]:
    """A turn as code and prompties take it: what was said by whom. Pages tell all turns as those of graphs."""
    if not isinstance(turn, dict) or turn.keys() != {"inputs", "outputs"}:
        return [turn]
    asked = next((name for name, item in drawn.inputs.items() if item.is_chat_input), "")
    answered = next((name for name, item in drawn.outputs.items() if item.is_chat_output), "output")
    return [
        {"role": "user", "content": (turn["inputs"] or {}).get(asked)},
        {"role": "assistant", "content": (turn["outputs"] or {}).get(answered)},
    ]
