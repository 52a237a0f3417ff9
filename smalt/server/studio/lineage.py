"""Where something comes from and what has become of it: data, the jobs that used it, the models they made, and the
endpoints that serve those. A family of jobs, such as a pipeline with its steps, is one node."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from smalt.errors import InvalidRequest
from smalt.server.assets import AssetService, AssetVersion
from smalt.server.jobs import JobRecord, JobService
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

_MOST_NODES = 120
_MOST_STEPS = 8
_MOST_FAMILY = 200
_ASSETS = ("data", "models")


@dataclass(frozen=True, slots=True)
class Served:
    """A deployment of a model.

    Args:
        kind: `onlineEndpoints` or `batchEndpoints`.
        endpoint: The endpoint.
        deployment: The deployment.
        model: The id of the version that it serves.
    """

    kind: str
    endpoint: str
    deployment: str
    model: str


FindServed = Callable[[Work, WorkspaceRecord], Iterable[Served]]
"""Every deployment of a workspace that serves a model."""

Node = tuple[str, str, str]
"""Kind, name and version; jobs and endpoints have no version."""


@dataclass(frozen=True, slots=True)
class _Family:
    """A job at the top, with what it and all below it have read and made.

    Args:
        root: The job at the top.
        read: Ids of assets.
        made: Ids of assets.
    """

    root: JobRecord
    read: frozenset[str]
    made: frozenset[str]


@dataclass
class _Drawing:
    nodes: dict[Node, dict[str, Any]] = field(default_factory=dict)  # Any: JSON
    edges: dict[tuple[Node, Node], str] = field(default_factory=dict)


class Lineage:
    """Looks around from one thing.

    Args:
        jobs: Knows the jobs.
        assets: Knows data and models.
        served: Knows the deployments.
    """

    def __init__(self, jobs: JobService, assets: AssetService, served: FindServed) -> None:
        self._jobs = jobs
        self._assets = assets
        self._served = served

    def document(
        self, work: Work, workspace: WorkspaceRecord, kind: str, name: str, version: str
    ) -> dict[str, Any]:  # Any: JSON
        """The nodes and edges round a job, or a version of data or of a model.

        Raises:
            InvalidRequest: Nothing is known of this kind.
            NotFound: There is no such thing.
        """
        look = _Look(work, workspace, self._jobs, self._assets, tuple(self._served(work, workspace)))
        if kind == "jobs":
            start: Node = ("jobs", look.family(name).root.name, "")
        elif kind in _ASSETS:
            found = self._assets.get(work, workspace, kind, name, version)
            start = (kind, found.name, found.version)
        else:
            raise InvalidRequest(f"kind {kind[:40]!r} has no lineage. Ask for jobs, data or models.", target="kind")
        drawing = _Drawing({start: look.describe(start)})
        for neighbours, is_up in ((look.above, True), (look.below, False)):
            _follow(drawing, start, neighbours, look, is_up=is_up)
        return {
            "start": _key(start),
            "nodes": [{"id": _key(node), **facts} for node, facts in drawing.nodes.items()],
            "edges": [{"from": _key(one), "to": _key(other)} for one, other in drawing.edges],
            "isWhole": len(drawing.nodes) < _MOST_NODES,
        }


def _follow(
    drawing: _Drawing, start: Node, neighbours: Callable[[Node], Iterable[Node]], look: _Look, *, is_up: bool
) -> None:
    """Go one way only, step by step: what else a source was used for is not the start's history."""
    row = [start]
    for _ in range(_MOST_STEPS):
        further = []
        for node in row:
            for other in neighbours(node):
                if other not in drawing.nodes:
                    if len(drawing.nodes) >= _MOST_NODES:
                        return
                    drawing.nodes[other] = look.describe(other)
                    further.append(other)
                drawing.edges[(other, node) if is_up else (node, other)] = ""
        row = further


class _Look:
    """One look round a workspace."""

    def __init__(
        self,
        work: Work,
        workspace: WorkspaceRecord,
        jobs: JobService,
        assets: AssetService,
        served: tuple[Served, ...],
    ) -> None:
        self._work = work
        self._workspace = workspace
        self._jobs = jobs
        self._assets = assets
        self._served = served
        self._families: dict[str, _Family] = {}

    def above(self, node: Node) -> Iterator[Node]:
        """What a node was made from."""
        kind, name, _ = node
        if kind == "jobs":
            yield from self._nodes_of(self.family(name).read)
        elif kind in _ASSETS:
            maker = self._maker(self._version(node))
            if maker is not None:
                yield "jobs", self.family(maker).root.name, ""
        else:
            yield from self._nodes_of(each.model for each in self._served if (each.kind, each.endpoint) == (kind, name))

    def below(self, node: Node) -> Iterator[Node]:
        """What was made from a node."""
        kind, name, _ = node
        if kind == "jobs":
            yield from self._nodes_of(self.family(name).made)
        elif kind in _ASSETS:
            id_ = self._version(node).id
            for root in self._jobs.readers(self._work, self._workspace, id_):
                yield "jobs", root, ""
            for each in self._served:
                if each.model.lower() == id_.lower():
                    yield each.kind, each.endpoint, ""

    def describe(self, node: Node) -> dict[str, Any]:  # Any: JSON
        """What a page shows of it."""
        kind, name, version = node
        facts: dict[str, Any] = {"kind": kind, "name": name, "version": version, "title": name, "about": ""}
        if kind == "jobs":
            root = self.family(name).root
            facts |= {"title": root.display_name, "about": root.status.value}
        elif kind in _ASSETS:
            entity = self._version(node).entity
            facts |= {"title": f"{name}:{version}", "about": str(getattr(entity, "type", "") or "")}
        else:
            names = sorted({each.deployment for each in self._served if (each.kind, each.endpoint) == (kind, name)})
            facts["about"] = ", ".join(names)
        return facts

    def family(self, name: str) -> _Family:
        """The family that a job belongs to."""
        if name not in self._families:
            record = self._jobs.get(self._work, self._workspace, name)
            root = record if record.root == name else self._jobs.get(self._work, self._workspace, record.root)
            self._families[name] = self._gather(root)
        return self._families[name]

    def _gather(self, root: JobRecord) -> _Family:
        members, waiting = [root], [root]
        while waiting and len(members) < _MOST_FAMILY:
            children = self._jobs.children(self._work, self._workspace, waiting.pop().name)
            members += children
            waiting += children
        read = {each["asset"] for job in members for each in job.pinned.get("inputs", {}).values() if "asset" in each}
        made = {id_ for job in members for id_ in job.registered.values()}
        for job in members[:_MOST_FAMILY]:
            made |= {found.id for found in self._assets.made_by(self._work, self._workspace, job.name)}
        return _Family(root, frozenset(read - made), frozenset(made))

    def _maker(self, version: AssetVersion) -> str | None:
        entity = version.entity
        name = getattr(entity, "job_name", None) or (entity.properties or {}).get("azureml.jobName")
        return str(name) if name and self._jobs.find(self._work, self._workspace, name) is not None else None

    def _version(self, node: Node) -> AssetVersion:
        kind, name, version = node
        return self._work.once(
            ("lineage", node), lambda: self._assets.get(self._work, self._workspace, kind, name, version)
        )

    def _nodes_of(self, ids: Iterable[str]) -> Iterator[Node]:
        """Data and models of this workspace by their ids; what is gone, or of a registry, is left out."""
        prefix = f"{self._workspace.scope}/".lower()
        for id_ in sorted(ids):
            parts = id_[len(prefix) :].split("/") if id_.lower().startswith(prefix) else []
            if len(parts) == 4 and parts[0] in _ASSETS:  # kind/name/versions/version
                kind, name, _, version = parts
                if self._assets.exists(self._work, self._workspace, kind, name, version):
                    yield kind, name, version


def _key(node: Node) -> str:
    return "/".join(part for part in node if part)
