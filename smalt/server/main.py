"""Builds the server: the only file that knows every slice."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from importlib import metadata
from typing import Any

from smalt.entities.compute.ray import RayCompute
from smalt.entities.trigger import HappenedKind
from smalt.environments import (
    EnvironmentCache,
    SubstitutionPolicy,
    engine_path,
    find_conda,
    find_engine,
)
from smalt.executors.local import LocalExecutor
from smalt.executors.ray import NodeTerms, RayExecutor
from smalt.server import (
    assets,
    audit,
    automl,
    batch,
    catalog,
    compute,
    connections,
    curated,
    finetuning,
    flows,
    home_folder,
    identity,
    jobs,
    mirror,
    monitoring,
    notebooks,
    pipelines,
    registries,
    responsible_ai,
    scans,
    schedules,
    serverless,
    serving,
    signin,
    studio,
    sweeps,
    traces,
    tracking,
    workspaces,
)
from smalt.server.database import Database
from smalt.server.events import Events
from smalt.server.findable import Findable
from smalt.server.housekeeping import Housekeeping
from smalt.server.http import WORKSPACE, Call, Dispatcher, Route
from smalt.server.own_routes import own_routes
from smalt.server.settings import SIGNING_KEY, VAULT_KEY, Settings
from smalt.server.vault import Vault
from smalt.server.work import SYSTEM, Actor, Work, Works
from smalt.server.worker import Loop, Worker
from smalt.server.workspaces import WorkspaceRecord

VERSION = "0.1.0"
GROUP = "smalt"
WORKSPACE_NAME = "default"
TENANT = "adfs"
HUB = "https://huggingface.co"
"""Where weights of the catalog's models are fetched from, unless the operator names a mirror."""

_UNFINISHED = timedelta(days=7)
"""After this an upload counts as given up, as on Azure."""


@dataclass
class Server:
    """A server that is built and not yet listening.

    Args:
        app: The ASGI application.
        worker: The loops.
        close: Gives everything back.
        live: The open pages of the studio.
        subscription: The subscription of the installation.
        people: How many actors there are.
        owner: The first owner, when this start has made one or the file with its credentials was lost.
    """

    app: Dispatcher
    worker: Worker
    close: Callable[[], None]
    live: studio.Live
    subscription: str
    people: int
    owner: identity.FirstOwner | None


def build(settings: Settings) -> Server:
    """Put the slices together over the home folder."""
    home = settings.home
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(settings.database)
    database.prepare()
    events = Events()
    works = Works(database, events)
    vault = Vault.at(home / VAULT_KEY)
    subscription = home_folder.subscription(home)

    identities = identity.IdentityService(identity.SigningKey.at(home / SIGNING_KEY))
    rooms = workspaces.WorkspaceService(works)
    gate = identity.IdentityGate(identities, works, rooms.find_scope)
    recorder = audit.AuditRecorder(works, rooms.find_scope)

    containers = assets.Containers(home / "blobs")
    mirrored = mirror.mirror(settings, works, containers, subscription, lambda work: job_service.at_work(work))
    signer = assets.Signer((home / VAULT_KEY).read_bytes())
    stores = assets.DatastoreService(vault, home)
    versioned = assets.AssetService()
    locator = assets.DataLocator(versioned, stores, containers, home_folder.url_aliases(home))
    versioned.prepare = assets.Preparation(locator)
    hub = os.environ.get("HF_ENDPOINT", HUB)
    versioned.curated = lambda scope, kind, name: curated.find(scope, kind, name, hub=hub)
    containers.external = _external_stores(works, rooms, locator)

    scanned = scans.ScanService(locator)
    registry_service = registries.RegistryService()
    versioned.find_registry = lambda work, name: registry_service.readable(work, subscription, name)

    runs = tracking.TrackingService()
    writer = tracking.GroupWriter(works)
    models = tracking.ModelAssets(versioned, locator)
    traced = traces.TraceService(runs.experiments, traces.Prices(home / "prices.json"))
    locator.run_root = runs.artifact_key
    computes = compute.ComputeService(vault, slots=settings.slots)
    hints = jobs.Hints()
    executor = LocalExecutor(home / "jobs", hints.note)
    here = compute.Site(None, "local", executor, computes.slots, settings.url)
    sites = compute.Sites(computes, here, connect=_ray(settings, hints), public_url=settings.public)
    engine = find_engine(settings.containers)
    conda = find_conda(settings.conda)
    cache = EnvironmentCache(
        home / "environments",
        engine=engine,
        conda=conda,
        find_links=tuple(os.environ.get("PIP_FIND_LINKS", "").split()),
        python_downloads=settings.python_downloads,
    )
    linked = connections.ConnectionService(vault)
    kinds: dict[str, jobs.JobKind] = {"command": jobs.CommandKind(linked), "parallel": jobs.ParallelKind()}
    policy = SubstitutionPolicy.STRICT if settings.strict else SubstitutionPolicy.SUBSTITUTE
    aliases = home_folder.environment_aliases(home)
    software = jobs.Software(
        versioned,
        locator,
        policy=policy,
        aliases=aliases,
        containers=engine is not None,
        conda=None if conda is None else conda.kind,
        has_python=cache.has_python,
    )
    pinner = jobs.Pinner(versioned, locator, computes, software)
    submission = jobs.Submission(kinds, pinner, runs, strict=settings.strict)
    job_service = jobs.JobService(submission, runs)
    children = jobs.Children(submission, job_service)
    pipeline_kind = pipelines.PipelineKind(
        pipelines.Neighbours(
            children=children,
            pinner=pinner,
            assets=versioned,
            locator=locator,
            computes=computes,
            software=software,
            kinds=kinds,
        )
    )
    kinds["pipeline"] = pipeline_kind
    pipeline_service = pipelines.PipelineService(children, pipeline_kind.plans)
    sweep_kind = sweeps.SweepKind(children, pinner, versioned, runs)
    kinds["sweep"] = sweep_kind
    flow_engine = engine_path(home)
    kinds["flow"] = flows.FlowKind(locator, linked, software)
    folders = flows.Folders(containers)
    flow_service = flows.FlowService(versioned, folders)
    flow_runs = flows.FlowRuns(flow_service, folders, job_service, versioned, locator)
    kinds["automl"] = automl.AutoMLKind(children, job_service, pinner, runs)
    locator.output_of = job_service.output_uri
    people_files = notebooks.FileService(containers)
    sessions = notebooks.SessionService(
        people_files,
        job_service,
        submission,
        computes,
        locator,
        notebooks.Hosts(home / "jobs"),
        lambda: home_folder.clients(settings),
    )
    identities.acts_for = sessions.acts_for
    notebook_runs = notebooks.NotebookRuns(people_files, containers, submission)
    starter = jobs.Starter(
        locator=locator,
        tokens=identities,
        tracking=runs,
        environments=cache,
        overlays=home / "jobs",
        flow_engine=flow_engine,
        engine=engine,
    )
    outside = jobs.Outside(
        sites=sites,
        environments=cache,
        starter=starter,
        finisher=jobs.Finisher(versioned, runs, identities),
        workspaces=rooms,
        children=children,
        kinds=kinds,
    )
    computes.occupants.append(job_service.on_compute)
    computes.end_all = job_service.cancel_on
    computes.jobs_here = job_service.on_this_machine
    jobs_loop = jobs.JobsLoop(works, events, outside, hints=hints, worker=home_folder.worker_name(home))
    watch = schedules.Watch(versioned, job_service)
    actions: dict[str, schedules.Action] = {
        "create_job": schedules.CreateJob(job_service, submission),
        "create_monitor": monitoring.CreateMonitor(
            job_service,
            submission,
            collected=serving.collected,
            assets=versioned,
            computes=computes,
            connections=linked,
        ),
    }
    schedule_service = schedules.ScheduleService(actions, watch, schedules.Owners(identities))
    schedules_loop = schedules.SchedulesLoop(works, events, schedule_service, watch, rooms)
    monitors = monitoring.MonitorService(schedule_service, job_service, locator)
    watch.above[HappenedKind.MONITOR_BREACHED] = monitors.breaches
    events.subscribe(monitoring.MonitorChanged, schedules_loop.hear)
    read_by = monitoring.Neighbours(job_service, locator, rooms, recorder, settings.studio_url)
    online = serving.assemble(
        works,
        events,
        root=home / "deployments",
        place=serving.GatewayPlace(
            home,
            settings.host,
            settings.gateway,
            settings.gateway_url,
            authority=None if settings.is_loopback else home / "ca",
        ),
        group=GROUP,
        worker=home_folder.worker_name(home),
        engine=flow_engine,
        vault=vault,
        identities=identities,
        recorder=recorder,
        computes=computes,
        versioned=versioned,
        locator=locator,
        rooms=rooms,
        cache=cache,
        pinner=pinner,
        by_packages=jobs.Pinner(
            versioned,
            locator,
            computes,
            jobs.Software(
                versioned,
                locator,
                policy=policy,
                aliases=aliases,
                conda=None if conda is None else conda.kind,
                has_python=cache.has_python,
            ),
        ),
        container_engine=engine,
        links=linked,
        url=settings.url,
        scans=scanned,
        sites=sites,
    )
    batch_service = batch.BatchService(online.pinner, versioned, computes)
    cards = catalog.CatalogService(
        versioned,
        locator,
        job_service,
        lambda work: [*registry_service.all_readable(work, subscription)],
        hub=hub,
    )
    kinds["finetuning"] = finetuning.FineTuningKind(children, pinner, cards)
    serverless_service = serverless.ServerlessService(cards, online.endpoints, online.deployments)
    subscriptions = serverless.SubscriptionService(cards)
    room_jobs = jobs.JobsOfWorkspace(job_service, home / "jobs")
    views = studio.ViewService()

    def forget(work: Work, workspace_id: str) -> workspaces.Left:
        held = (
            versioned, stores, scanned, linked, computes, identities, pipeline_service, schedule_service, batch_service,
        )  # fmt: skip
        for holder in (*held, flow_service, sessions, monitors, cards, serverless_service, subscriptions, views):
            holder.forget_workspace(work, workspace_id)
        return workspaces.Left.NOTHING

    def forget_runs(work: Work, workspace_id: str) -> workspaces.Left:
        is_empty = traced.purge(work, workspace_id) and runs.purge(work, workspace_id)
        return workspaces.Left.NOTHING if is_empty else workspaces.Left.MORE

    purge_loop = workspaces.PurgeLoop(
        works,
        events,
        rooms,
        parts=[room_jobs.purge, online.of_workspace.purge, forget_runs, forget],
        files=containers.remove_all,
    )
    events.subscribe(jobs.JobFinished, lambda _: purge_loop.note_end())
    room_jobs.on_removed += [pipeline_service.forget_jobs, sweep_kind.forget_jobs]
    rooms.on_deleted += [room_jobs.cancel, online.of_workspace.end]
    rooms.on_purged.append(lambda work, room: identities.directory.unassign_within(work, room.scope))
    retention = jobs.Retention(works, executor, days=settings.job_folder_days)
    loops: list[Loop] = [
        purge_loop,
        jobs_loop,
        schedules_loop,
        monitoring.ResultsLoop(works, events, read_by),
        monitoring.AlertsLoop(works, events, linked, rooms, home),
        online.loop,
        online.watch,
        notebooks.InstanceLoop(works, computes, job_service, rooms),
        scans.ScanLoop(works, events, scanned, versioned, rooms),
        Housekeeping(
            works,
            cache,
            in_use=(job_service.environments_in_use, lambda work: serving.environments_in_use(work.connection)),
            tidiers=(
                retention.apply,
                traces.Retention(works, days=settings.trace_days).apply,
                lambda now: containers.discard_unfinished(now - _UNFINISHED),
                lambda now: _discard_expired_tokens(works, identities),
            ),
        ),
    ]

    if mirrored is not None:
        mirrored.listen(events)
        loops.append(mirrored)

    rooms.on_created += [
        lambda work, room: _make_containers(containers, room),
        stores.ensure_defaults,
        computes.ensure_defaults,
        runs.prepare_workspace,
    ]
    with works.write(SYSTEM) as work:
        owner = identities.directory.ensure_first_owner(work)
        if owner is None and not (home / "credentials.json").exists():
            owner = identities.directory.renew_first_owner(work)
        people = len(identities.directory.list_actors(work, after=None, limit=2).items)
        rooms.ensure_default(work, subscription=subscription, group=GROUP, name=WORKSPACE_NAME)

    sharing = registries.Sharing(
        works, versioned, locator=locator, containers=containers, workspaces=rooms, recorder=recorder
    )

    def admit(call: Call, action: str) -> Actor:
        actor = gate.recall(call) or gate.identify(call)
        if actor.grant is None:
            gate.authorize_action(call, actor, action)
        return actor

    pages = assets.AssetPages(versioned, rooms.of, containers, signer, root="workspaces", notes=scanned.notes)
    routes: list[Route] = [
        *identity.routes(identities, rooms.find_scope),
        *signin.routes(signin.SignInSettings.at(home / signin.FILE), identities, works, recorder),
        *audit.routes(rooms.find_scope),
        *workspaces.routes(rooms, tenant=identities.tenant, public_url=settings.tls_url),
        *pages.routes(WORKSPACE),
        *assets.datastore_routes(stores, rooms, settings.tls_url),
        *assets.blob_routes(containers, works, signer, admit),
        *connections.routes(linked, rooms),
        *registries.routes(registry_service, subscription, versioned, containers, signer, sharing),
        *compute.routes(computes, rooms, sites),
        *jobs.routes(job_service, rooms, versioned),
        *jobs.build_routes(software, cache, versioned, rooms),
        *pipelines.routes(pipeline_service, pipelines.Authoring(pipeline_kind, children, versioned), rooms),
        *schedules.routes(schedule_service, job_service, rooms),
        *monitoring.routes(monitors, rooms),
        *responsible_ai.routes(responsible_ai.DashboardService(job_service), rooms),
        *online.routes,
        *serving.log_routes(online.endpoints, online.deployments, online.instances, rooms, works, admit),
        *batch.routes(batch_service, job_service, rooms, public_url=settings.tls_url),
        *jobs.history_routes(job_service, rooms, locator=locator, signer=signer),
        *jobs.log_routes(job_service, rooms, works, locator, admit),
        *sweeps.routes(sweep_kind, children, rooms),
        *catalog.routes(cards, rooms),
        *serverless.routes(serverless_service, subscriptions, rooms, online.documents.address),
        *flows.routes(flow_service, rooms),
        *flows.run_routes(flow_runs, rooms),
        *notebooks.file_routes(people_files, rooms),
        *notebooks.session_routes(sessions, notebook_runs, rooms, works, admit),
        *tracking.mlflow_routes(
            runs,
            workspaces=rooms,
            works=works,
            writer=writer,
            artifacts=tracking.ContainerArtifacts(containers),
            models=models,
        ),
        *traces.all_routes(traced, runs.runs, workspaces=rooms, writer=writer, admit=admit),
    ]
    live = studio.Live(events)
    events.subscribe(monitoring.MonitorChanged, lambda event: live.note(event, ("monitors", event.monitor)))
    events.subscribe(flows.FlowChanged, lambda event: live.note(event, ("flows", event.flow)))
    events.subscribe(notebooks.FilesChanged, lambda event: live.note(event, ("notebookFiles", event.folder)))

    found = Findable(flow_service, schedule_service, computes, linked, batch_service, stores, cards, people_files)
    near = studio.Neighbours(
        identities,
        rooms,
        job_service,
        versioned,
        locator,
        works,
        admit,
        found.serving,
        found.by_action(),
        runs,
        traced,
        views,
    )
    routes += studio.routes(near, studio.Pages(), live)
    routes += own_routes(routes, version=VERSION)
    hosts = None if not settings.is_loopback and not settings.host_names else frozenset(settings.all_host_names)
    app = Dispatcher(routes, works=works, gate=gate, recorder=recorder, hosts=hosts)
    worker = Worker(loops)

    def close() -> None:
        worker.stop()
        jobs_loop.close()
        online.close()
        executor.close()
        sites.close()
        writer.close()
        if mirrored is not None:
            mirrored.close()
        database.close()

    return Server(app, worker, close, live, subscription, people, owner)


def _ray(settings: Settings, hints: jobs.Hints) -> Callable[[RayCompute], RayExecutor]:
    """What connects to Ray clusters. Their jobs have folders beside those of this machine, kept as long."""

    def connect(entity: RayCompute) -> RayExecutor:
        authority = settings.home / "ca" / "ca.pem"
        terms = NodeTerms(
            node_folder=entity.node_folder,
            shares_environments=bool(entity.shared_environments),
            authority=authority.read_text() if authority.exists() else None,
            python_downloads=settings.python_downloads,
            uv=metadata.version("uv"),
        )
        token = entity.token.get_secret_value() if entity.token else None
        return RayExecutor(settings.home / "jobs", str(entity.address), token, hints.note, terms=terms)

    return connect


def _discard_expired_tokens(works: Works, identities: identity.IdentityService) -> None:
    with works.write(SYSTEM) as work:
        identities.discard_expired(work)


def _make_containers(containers: assets.Containers, room: WorkspaceRecord) -> None:
    for container in (assets.blob_container(room.id), assets.ARTIFACT_CONTAINER):
        containers.ensure(room.id, container)


def _external_stores(
    works: Works, rooms: workspaces.WorkspaceService, locator: assets.DataLocator
) -> Callable[[str, str], Any]:
    def find(workspace_id: str, container: str) -> Any:
        with works.read(SYSTEM) as work:
            return locator.external_store(work, rooms.by_id(work, workspace_id), container)

    return find
