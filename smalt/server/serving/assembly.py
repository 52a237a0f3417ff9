"""Puts the slice together: its loop, its routes, and what ends with a workspace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from smalt.environments import Engine
from smalt.executors.local import LocalExecutor, ScorerForks
from smalt.server.assets import AssetService, DataLocator, blob_container
from smalt.server.audit import AuditRecorder
from smalt.server.compute import ComputeService, Sites
from smalt.server.connections import ConnectionService
from smalt.server.events import Events
from smalt.server.http import Route
from smalt.server.identity import IdentityService
from smalt.server.jobs import Environments, Hints, Pinner
from smalt.server.scans import ScanService
from smalt.server.serving.bell import Bell
from smalt.server.serving.clusters import Clusters
from smalt.server.serving.deployments import DeploymentService
from smalt.server.serving.document import Documents
from smalt.server.serving.events import OperationEnded, RoutingChanged, ServingChanged
from smalt.server.serving.gateway import Gateway, GatewayPlace
from smalt.server.serving.gateway_routes import gateway_routes
from smalt.server.serving.instances import Instances
from smalt.server.serving.launch import Outside
from smalt.server.serving.load import Load
from smalt.server.serving.loop import ServingLoop
from smalt.server.serving.package_routes import package_routes
from smalt.server.serving.packages import PackageService
from smalt.server.serving.page_routes import page_routes
from smalt.server.serving.pinning import DeploymentPinner
from smalt.server.serving.purge import EndpointsOfWorkspace
from smalt.server.serving.requests import AccessLog
from smalt.server.serving.routes import routes as endpoint_routes
from smalt.server.serving.service import EndpointService
from smalt.server.serving.table import RoutingTable
from smalt.server.serving.told import Told
from smalt.server.serving.tracing import TracesOfInstances
from smalt.server.serving.trying import Trial
from smalt.server.serving.watch import RequestsLoop
from smalt.server.vault import Vault
from smalt.server.work import Work, Works
from smalt.server.workspaces import WorkspaceRecord, WorkspaceService


@dataclass
class Online:
    """What online endpoints bring: their loops, their routes, and what ends with a workspace."""

    loop: ServingLoop
    watch: RequestsLoop
    routes: list[Route]
    of_workspace: EndpointsOfWorkspace
    pinner: DeploymentPinner
    endpoints: EndpointService
    deployments: DeploymentService
    documents: Documents
    instances: Instances
    close: Callable[[], None]


def assemble(
    works: Works,
    events: Events,
    *,
    root: Path,
    place: GatewayPlace,
    group: str,
    worker: str,
    engine: Path,
    vault: Vault,
    identities: IdentityService,
    recorder: AuditRecorder,
    computes: ComputeService,
    versioned: AssetService,
    locator: DataLocator,
    rooms: WorkspaceService,
    cache: Environments,
    pinner: Pinner,
    by_packages: Pinner,
    links: ConnectionService,
    url: str,
    scans: ScanService,
    sites: Sites,
    container_engine: Engine | None,
) -> Online:
    """Put the slice together.

    Args:
        works: Opens transactions.
        events: Where changes are heard.
        root: The folder of deployments.
        place: The gateway's.
        group: The resource group whose workspaces have the shortest addresses.
        worker: Names this machine's worker.
        engine: The folder with the engine of flows.
        vault: Seals keys.
        identities: Makes tokens.
        recorder: Writes down what the load has changed.
        computes: Knows the computes.
        versioned: Finds models.
        locator: Finds bytes.
        rooms: Knows the workspaces.
        cache: Builds environments.
        pinner: Looks up what deployments name.
        by_packages: The same where an environment is ours to choose.
        links: Knows the connections that flows name.
        url: Where instances reach this server.
        scans: Knows what models hold.
        sites: Finds the clusters of computes.
        container_engine: Runs images, if they are used.
    """
    heard = Hints()
    executor = LocalExecutor(root / "workloads", heard.note)
    gateway = Gateway(place)
    clusters = Clusters(works, sites, locator, rooms, identities, gateway)
    forks = ScorerForks(root / "forks")
    instances = Instances(
        executor, root, engine=engine, clusters=clusters, forks=forks, container_engine=container_engine
    )

    def collector(work: Work, room: WorkspaceRecord, endpoint: str, deployment: str) -> str | None:
        found = locator.in_container(room, blob_container(room.id), "").local_path
        return None if found is None else str(found)

    table = RoutingTable(rooms, identities, group=group, collector=collector, secret_of=clusters.secret_of)
    endpoints = EndpointService(vault, identities, computes)
    outside = Outside(
        instances=instances,
        environments=cache,
        locator=locator,
        workspaces=rooms,
        gateway=gateway,
        table=table,
        load=Load(works, gateway, endpoints, rooms, recorder, group=group),
        connections=links,
        traces=TracesOfInstances(identities, url),
        clusters=clusters,
        group=group,
    )
    loop = ServingLoop(works, events, outside, hints=heard, worker=worker)
    bell = Bell()
    for fact in (ServingChanged, RoutingChanged, OperationEnded):
        events.subscribe(fact, lambda _: bell.ring())
    deployment_pinner = DeploymentPinner(
        pinner, by_packages, versioned, locator, links, scans, runs_images=container_engine is not None
    )
    deployments = DeploymentService(deployment_pinner, computes, versioned)
    computes.occupants.append(deployments.on_compute)
    documents = Documents(place.url, group)
    requests = AccessLog(place.folder)
    trial = Trial(place, endpoints, identities, group)
    told = Told(works, gateway, table)
    routes = [
        *endpoint_routes(
            endpoints, deployments, rooms, documents=documents, instances=instances, works=works, bell=bell, told=told
        ),
        *gateway_routes(works, table, gateway, bell),
        *package_routes(PackageService(versioned, deployment_pinner), rooms),
        *page_routes(endpoints, rooms, works=works, trial=trial, log=requests, group=group, told=told),
    ]

    def close() -> None:
        loop.close()
        forks.close()
        executor.close()

    watch = RequestsLoop(works, events, requests, rooms, group)
    of_workspace = EndpointsOfWorkspace(endpoints)
    return Online(
        loop, watch, routes, of_workspace, deployment_pinner, endpoints, deployments, documents, instances, close
    )
