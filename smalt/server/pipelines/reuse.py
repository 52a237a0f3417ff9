"""Whether a step takes over the work of a finished one, and why or why not."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from smalt.blobs import BlobStore
from smalt.entities.component import Component
from smalt.entities.job.pipeline import PipelineJob
from smalt.entities.job.status import JobStatus
from smalt.errors import NotFound, SmaltError
from smalt.server.assets import DataLocator
from smalt.server.jobs import Children, Draft, JobRecord
from smalt.server.pipelines import fingerprint, store
from smalt.server.pipelines.components import is_anonymous
from smalt.server.pipelines.graph import Node
from smalt.server.pipelines.plan import Plan
from smalt.server.pipelines.store import StepKey, StepRow
from smalt.server.pipelines.values import Data, Value, Values
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord
from smalt.wire import references
from smalt.wire.references import AssetReference, RemoteUrl

_MOST_FILES = 10_000


@dataclass(frozen=True, slots=True)
class Choice:
    """What was decided for one step.

    Args:
        draft: Its job.
        reason: Why, for a person.
        adopted: The finished job whose work it takes over.
        fingerprint: What its own result may be found by; None when nobody may take it over.
        parts: What that was made of.
    """

    draft: Draft
    reason: str
    adopted: JobRecord | None = None
    fingerprint: str | None = None
    parts: Mapping[str, str] | None = None


class Reuse:
    """Decides for the steps of one pipeline.

    Args:
        plan: The pipeline.
        work: The unit of work.
        workspace: The workspace.
        children: Finds finished jobs.
        locator: Finds bytes.
    """

    def __init__(
        self, plan: Plan, work: Work, workspace: WorkspaceRecord, *, children: Children, locator: DataLocator
    ) -> None:
        self._plan = plan
        self._work = work
        self._workspace = workspace
        self._children = children
        self._locator = locator
        self._again: Mapping[str, str] = plan.parts.get("again", {})
        """Steps that a rerun does not take over, with the one that it began from."""

    def choose(
        self,
        key: StepKey,
        node: Node,
        component: Component,
        draft: Draft,
        values: Values,
        overrides: Mapping[str, Value],
        *,
        own_places: Collection[str],
    ) -> Choice:
        """Decide for one step whose job has been looked at.

        Args:
            key: Which run of the step.
            node: What runs.
            component: Its component.
            draft: Its job.
            values: What its inputs come to.
            overrides: Inputs that a loop gives.
            own_places: Places that only this pipeline has.
        """
        taken = self._taken_over(key)
        identities, unknown = self._identities(node, values, overrides)
        if draft.kind == "pipeline":
            outputs = draft.job.outputs.items()
            # Where such an output goes was chosen by this pipeline, not by a person.
            unplaced = [name for name, output in outputs if not output.path or output.path in own_places]
            nested = {**draft.pinned.get("parts", {}), "identities": identities, "unplaced": unplaced}
            resumed = self._plan.parts.get("resume", {}).get(node.name)
            if resumed is not None:
                nested |= resumed
            start = self._again.get(key.step)
            if start is not None and isinstance(draft.job, PipelineJob):
                nested["again"] = dict.fromkeys(draft.job.jobs, start)
            chosen = draft.with_pinned({**draft.pinned, "parts": nested})
            return Choice(chosen, "a pipeline decides for each of its own steps", adopted=taken)
        parts = fingerprint.parts_of(draft.document(), draft.pinned, identities, own_places=own_places)
        mark = fingerprint.of(parts)
        if taken is not None:
            return Choice(draft, f"taken over from {taken.name}, which had done it", taken, mark, parts)
        refusal = self._refusal(node, component, draft, own_places, unknown)
        if refusal is not None:
            return Choice(draft, refusal, parts=parts)
        if key.attempt > 1:
            return Choice(draft, "tried again after a failure", None, mark, parts)
        if key.step in self._again:
            reason = f"the pipeline is run again from {self._again[key.step]!r} on"
            return Choice(draft, reason, None, mark, parts)
        for found in store.reusable(self._work.connection, self._workspace.id, mark):
            adopted = self._usable(found.job)
            if adopted is not None:
                reason = f"same component, code, environment, inputs and settings as {found.job}"
                return Choice(draft, reason, adopted, mark, parts)
        return Choice(draft, self._why_not(node, component, mark, parts), None, mark, parts)

    def offer(self, row: StepRow, node: Node, pipeline: JobRecord, child: str) -> None:
        """Let others take over the work of a step that has just finished."""
        if row.fingerprint is None:
            return
        component = self._plan.component(node.step)
        store.add_result(
            self._work.connection,
            workspace_id=self._workspace.id,
            job=child,
            fingerprint=row.fingerprint,
            family=_family(node, component),
            component=None if is_anonymous(component) else component.name,
            parts=store.parts(self._work.connection, pipeline.id, row.key) or {},
            finished_at=self._work.now,
        )

    def _taken_over(self, key: StepKey) -> JobRecord | None:
        """The job that a rerun keeps for a step."""
        name = self._plan.parts.get("keep", {}).get(f"{key.step}#{key.iteration}")
        return self._usable(str(name)) if name is not None else None

    def _refusal(
        self, node: Node, component: Component, draft: Draft, own_places: Collection[str], unknown: str | None
    ) -> str | None:
        if self._plan.settings.force_rerun:
            return "the pipeline is set to force_rerun"
        if component.is_deterministic is False:
            return "the component is not deterministic"
        for name, output in draft.job.outputs.items():
            if output.path and "${{" not in output.path and output.path not in own_places:
                return f"its output {name!r} goes to a path of its own, where others may have written since"
        return unknown

    def _usable(self, name: str) -> JobRecord | None:
        """The finished job of this name, if its outputs are still there."""
        found = self._children.find(self._work, self._workspace, name)
        if found is None or found.status is not JobStatus.COMPLETED:
            return None
        outputs = found.pinned.get("outputs", {})
        return found if all(self._is_there(uri) for name, uri in outputs.items() if name in found.written) else None

    def _is_there(self, uri: str) -> bool:
        try:
            place = self._locator.locate(self._work, self._workspace, uri)
            # A folder that a step left empty is there all the same.
            return place.local_path.exists() if place.local_path is not None else place.exists()
        except SmaltError:
            return False

    def _why_not(self, node: Node, component: Component, mark: str, parts: Mapping[str, str]) -> str:
        last = store.last_of_family(self._work.connection, self._workspace.id, _family(node, component))
        if last is None:
            return "it has not run before"
        finished, was_invalidated = last
        changed = fingerprint.difference(finished.parts, parts)
        if changed:
            return f"compared with {finished.job}: {changed}"
        if was_invalidated:
            return f"the result of {finished.job} was invalidated"
        return f"the outputs of {finished.job} are gone"

    def _identities(
        self, node: Node, values: Values, overrides: Mapping[str, Value]
    ) -> tuple[dict[str, str], str | None]:
        """What tells the data of each input from other data, and why some of it cannot be told."""
        found: dict[str, str] = {}
        unknown: str | None = None
        for name in {**node.step.inputs, **overrides}:
            value = overrides[name] if name in overrides else values.of(node.step.inputs[name])
            if not isinstance(value, Data):
                continue
            identity = value.identity if value.identity != value.uri else self._identity(value.uri)
            if identity is None:
                unknown = f"nobody can tell whether the content of its input {name!r} has changed ({value.uri[:120]})"
            else:
                found[name] = identity
        return found, unknown

    def _identity(self, uri: str) -> str | None:
        """What changes whenever the data behind a reference does; None when that cannot be known."""
        reference = references.parse(uri)
        if isinstance(reference, AssetReference):
            return uri
        if isinstance(reference, RemoteUrl) and reference.scheme in ("http", "https"):
            place = self._locator.locate(self._work, self._workspace, uri)
            if place.local_path is None:
                return None
        try:
            place = self._locator.locate(self._work, self._workspace, uri)
        except NotFound:
            return None
        if place.local_path is not None:
            return _of_files(place.local_path)
        return None if place.store is None else _of_blobs(place.store, place.key)


def _of_files(path: Path) -> str | None:
    """Names, sizes and times of the files below a path: a change of content changes one of them."""
    whole = hashlib.blake2b(digest_size=16)
    count = 0
    for base, folders, names in os.walk(path) if path.is_dir() else [(str(path.parent), [], [path.name])]:
        folders.sort()
        for name in sorted(names):
            count += 1
            if count > _MOST_FILES:
                return None
            full = Path(base, name)
            try:
                status = full.stat()
            except OSError:
                continue
            relative = os.path.relpath(full, path)
            whole.update(f"{relative}\0{status.st_size}\0{status.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    return f"files:{whole.hexdigest()}" if count else None


def _of_blobs(blobs: BlobStore, key: str) -> str | None:
    whole = hashlib.blake2b(digest_size=16)
    single = blobs.head(key)
    if single is not None:
        return f"blob:{single.etag}:{single.size}"
    page = blobs.list(f"{key}/" if key else "", limit=_MOST_FILES)
    if page.after is not None or not page.items:
        return None
    for item in page.items:
        whole.update(f"{item.key}\0{item.etag}\0{item.size}\n".encode())
    return f"blobs:{whole.hexdigest()}"


def _family(node: Node, component: Component) -> str:
    return f"{node.name}|{'' if is_anonymous(component) else component.name}"[:512]
