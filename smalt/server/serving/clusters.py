"""Instances on the machines of a Ray cluster: what they are sent, and what is believed of what they tell."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from smalt.entities.endpoint.online import OnlineDeployment
from smalt.entities.types import AssetType
from smalt.environments import BuiltEnvironment
from smalt.errors import InvalidRequest, NotFound
from smalt.executors import FLOW_ENGINE, Executor, Mount, Remote, Workload, scoring
from smalt.executors.ray import RayExecutor
from smalt.executors.scoring import ScorerPlace
from smalt.server.assets import ARTIFACT_CONTAINER, DataLocator, Location, blob_container
from smalt.server.compute import Site, Sites
from smalt.server.identity import IdentityService
from smalt.server.jobs import quantities
from smalt.server.serving.gateway import Gateway
from smalt.server.serving.store import Content, InstanceRecord
from smalt.server.work import SYSTEM, JobGrant, Work, Works
from smalt.server.workspaces import WorkspaceRecord, WorkspaceService

_COMMAND = 'exec python "{{smalt:runtime}}/scorer" --config-variable SMALT_SCORER'
_LONGEST_LIFE = timedelta(days=21)
_PORTS = {"http": 80, "https": 443}
_LOWEST_PORT, _HIGHEST_PORT = 1024, 65535
_COLLECTED = "modelDataCollector"


@dataclass(frozen=True, slots=True)
class Order:
    """An instance that only has to be started.

    Args:
        compute: The ARM id of its compute.
        executor: Of that one.
        workload: The instance.
    """

    compute: str
    executor: Executor
    workload: Workload


class Clusters:
    """Knows how instances of deployments come to clusters.

    Args:
        works: Opens looks at computes.
        sites: Finds clusters.
        locator: Finds bytes.
        workspaces: Knows the workspaces.
        tokens: Makes what opens an instance's own bytes.
        gateway: Whose token the secrets of instances are made of.
    """

    def __init__(
        self,
        works: Works,
        sites: Sites,
        locator: DataLocator,
        workspaces: WorkspaceService,
        tokens: IdentityService,
        gateway: Gateway,
    ) -> None:
        self._works = works
        self._sites = sites
        self._locator = locator
        self._workspaces = workspaces
        self._tokens = tokens
        self._gateway = gateway

    def executor(self, workspace_id: str, compute: str) -> Executor:
        """The executor of a compute.

        Raises:
            NotFound: It is attached no more.
        """
        with self._works.read(SYSTEM) as work:
            return self._site(work, self._workspaces.even_deleted(work, workspace_id), compute).executor

    def url(self, work: Work, workspace: WorkspaceRecord, content: Content) -> str | None:
        """Where instances reach the server; None for those on this machine."""
        compute = content.pinned.get("compute")
        return None if not compute else self._site(work, workspace, str(compute)).base_url

    def secret_of(self, instance_id: str) -> str:
        """What the gateway shows to an instance that others can reach as well."""
        return hmac.new(self._gateway.token.encode(), instance_id.encode(), hashlib.sha256).hexdigest()

    def order(
        self,
        work: Work,
        workspace: WorkspaceRecord,
        content: Content,
        instance: InstanceRecord,
        *,
        environment: BuiltEnvironment,
        names: Mapping[str, str],
        connections: Mapping[str, Any],  # Any: JSON
        traces: Mapping[str, str],
    ) -> Order:
        """Put an instance together.

        Args:
            work: The transaction.
            workspace: The workspace.
            content: What it serves.
            instance: The instance.
            environment: Where it runs.
            names: What it is called.
            connections: Those that it uses, with their secrets, by name.
            traces: Variables that say where a flow sends its traces.

        Raises:
            SmaltError: Something that it needs is gone, or is where a cluster cannot reach it.
        """
        compute = str(content.pinned["compute"])
        site = self._site(work, workspace, compute)
        entity = content.entity()
        code, model = (self._located(work, workspace, content, name) for name in ("code", "model"))
        artifacts = self._locator.in_container(workspace, ARTIFACT_CONTAINER, f"Deployments/{instance.id}")
        if artifacts.local_path is None:
            raise NotFound(
                "The artifact store of this workspace is not on this machine, so no instance can tell of it."
            )
        readable = tuple(f"{each.container}/{each.key}" for each in (code, model) if each is not None)
        collected = self._locator.in_container(workspace, blob_container(workspace.id), _COLLECTED)
        own = f"{collected.container}/{collected.key}/{names['endpoint']}/{names['deployment']}"
        writable = (f"{artifacts.container}/{artifacts.key}", own)
        grant = JobGrant(instance.workload, workspace.id, readable, writable)
        workload = Workload(
            name=instance.workload,
            command=_COMMAND,
            artifacts=artifacts.local_path,
            code=None if code is None else _url(site, workspace, code),
            environment=environment.prefix,
            environment_variables={
                "SMALT_SCORER": json.dumps({**self._told(site, content, instance, names), **_given(connections)}),
                "MLFLOW_DISABLE_TELEMETRY": "true",
                **({} if content.pinned.get("flow") is None else {"PYTHONPATH": FLOW_ENGINE}),
                **traces,
                **entity.environment_variables,
            },
            mounts=() if model is None else (_mount(site, workspace, model),),
            grace_seconds=scoring.grace_seconds(entity),
            header=(
                *environment.notes,
                *scoring.without_effect(entity.model_copy(update={"resources": None})),
            ),
            token=self._tokens.issue_job_token(work, grant, lifetime=_LONGEST_LIFE),
            stays_up=True,
            remote=replace(
                _remote(site, workspace, artifacts, environment, entity), collected_url=_url(site, workspace, collected)
            ),
        )
        return Order(compute, site.executor, workload)

    def ended(self, work: Work, instance: InstanceRecord) -> None:
        """Nothing of an instance runs any more: its token opens nothing."""
        self._tokens.revoke_job_token(work, instance.workspace_id, instance.workload)

    def believed(self, instance: InstanceRecord, compute: str, workers: object) -> tuple[Mapping[str, Any], ...]:
        """The workers of an instance as its node tells them, which user code may have written: none but on its nodes.

        Raises:
            SmaltError: The cluster cannot be asked for its nodes.
        """
        executor = self.executor(instance.workspace_id, compute)
        assert isinstance(executor, RayExecutor)
        listed = [each for each in workers if isinstance(each, dict)] if isinstance(workers, list) else []
        addresses = {node.address for node in executor.nodes() if node.is_alive} if listed else set()
        return tuple(each for each in listed if is_on(str(each.get("address")), addresses))

    def _site(self, work: Work, workspace: WorkspaceRecord, compute: str) -> Site:
        found = self._sites.of(work, workspace, compute)
        if not found.is_remote:
            raise NotFound(
                f"The compute {compute.rsplit('/', 1)[-1]!r} is attached no more. Attach it, or name another."
            )
        return found

    def _located(self, work: Work, workspace: WorkspaceRecord, content: Content, name: str) -> Location | None:
        facts = content.pinned[name]
        if facts is None:
            return None
        found = self._locator.locate(work, workspace, facts["uri"])
        if not found.container:
            raise InvalidRequest(
                f"The {name} ({found.uri}) is in no datastore of the workspace, and the nodes of a cluster see nothing "
                "else. Register it again, from a folder or a datastore."
            )
        return found

    def _told(
        self, site: Site, content: Content, instance: InstanceRecord, names: Mapping[str, str]
    ) -> dict[str, Any]:  # Any: JSON
        entity = content.entity()
        is_language = bool(content.pinned.get("language"))
        is_flow = content.pinned.get("flow") is not None
        nowhere = ScorerPlace(
            Path(), Path(), None, flow=Path() if is_flow else None, language=Path() if is_language else None
        )
        server = urlsplit(site.base_url)
        port = server.port or _PORTS.get(server.scheme, 443)
        facts = content.pinned["model"]
        is_mlflow = facts is not None and facts["type"] == AssetType.MLFLOW_MODEL
        is_served = (is_mlflow or is_language or is_flow) and not scoring.script_of(entity)
        model = None if facts is None else {
            "path": "{{smalt:input:model}}",
            "within": f"{facts['name']}/{facts['version']}/{facts['basename']}",
            "is_served": is_served,
        }  # fmt: skip
        return {
            **scoring.config(entity, nowhere, names={**names, "instance": instance.id}, collector=None),
            "listen": f"towards:{server.hostname}:{port}",
            "secret": self.secret_of(instance.id),
            "model": model,
        }


def _given(connections: Mapping[str, Any]) -> dict[str, Any]:  # Any: JSON
    """The connections of an instance, which its node writes to a file that only it reads."""
    return {"connection_documents": dict(connections)} if connections else {}


def _mount(site: Site, workspace: WorkspaceRecord, model: Location) -> Mount:
    is_file = model.store is not None and model.store.head(model.key) is not None
    kind = "uri_file" if is_file else "uri_folder"
    return Mount("model", "input", kind, "download", _url(site, workspace, model), model.uri)


def _remote(
    site: Site, workspace: WorkspaceRecord, artifacts: Location, environment: BuiltEnvironment, entity: OnlineDeployment
) -> Remote:
    asked = entity.resources.requests if entity.resources is not None else None
    memory = quantities.amount(asked.memory, "resources.requests.memory") if asked is not None else None
    return Remote(
        server=site.base_url,
        artifacts_url=_url(site, workspace, artifacts),
        environment_key=environment.key,
        lock=Path(environment.lock).read_text(encoding="utf-8") if environment.lock else "",
        python_version=environment.python_version,
        cpus=(quantities.amount(asked.cpu, "resources.requests.cpu") if asked is not None else None) or 1,
        gpus=(quantities.amount(asked.gpu, "resources.requests.gpu") if asked is not None else None) or 0,
        memory_bytes=None if memory is None else int(memory),
    )


def _url(site: Site, workspace: WorkspaceRecord, place: Location) -> str:
    return f"{site.base_url}/blob/{workspace.id}/{place.container}/{place.key}"


def is_on(address: str, nodes: set[str]) -> bool:
    """Whether an address that a node tells is one of these nodes', at a port that no service of the system has."""
    kind, _, place = address.partition(":")
    host, _, port = place.rpartition(":")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    is_port = port.isascii() and port.isdigit() and _LOWEST_PORT <= int(port) <= _HIGHEST_PORT
    return kind == "tcp" and host in nodes and is_port
