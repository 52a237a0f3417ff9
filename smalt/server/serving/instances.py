"""Instances of deployments on this machine: their folders, their workloads, and what they tell of themselves."""

from __future__ import annotations

import contextlib
import json
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smalt.blobs import BlobStore
from smalt.entities.types import AssetType
from smalt.environments import BuiltEnvironment, Engine
from smalt.errors import NotFound
from smalt.executors import Executor, Handle, Workload, scoring
from smalt.executors.base import STD_LOG
from smalt.executors.local import ScorerForks
from smalt.executors.scoring import CONFIG, FAILED, READY, TOLD, ScorerPlace
from smalt.kit import private
from smalt.server.assets import Location
from smalt.server.serving.clusters import Clusters, Order
from smalt.server.serving.containers import Contents, contained
from smalt.server.serving.store import Content, InstanceRecord

_COMMAND = 'exec python "{{{{smalt:runtime}}}}/scorer" --config {config}'
_APP, _MODELS, _CONNECTIONS = "app", "azureml-models", "connections.json"
_KEPT_LOGS = 4
_LONGEST_LINE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Sight:
    """What is seen of an instance.

    Args:
        is_over: Nothing of it runs any more.
        error: Why it is over, or will be.
        is_final: It would fail the same way again.
        workers: What takes requests, once it is ready.
    """

    is_over: bool = False
    error: str | None = None
    is_final: bool = False
    workers: tuple[Mapping[str, Any], ...] | None = None  # Any: JSON


class Instances:
    """Starts instances, looks at them, and stops them.

    Args:
        executor: Runs those of this machine.
        root: A folder for each deployment is made in it, with one for each generation and each instance.
        engine: The folder with the engine of flows.
        clusters: Runs the others. The folder of one of those is a link to its artifacts, which its node sends.
        forks: Has workers forked where their environment was used before.
        container_engine: Runs images, if they are used.
    """

    def __init__(
        self,
        executor: Executor,
        root: Path,
        *,
        engine: Path,
        clusters: Clusters,
        forks: ScorerForks,
        container_engine: Engine | None = None,
    ) -> None:
        self.executor = executor
        self.forks = forks
        self._clusters = clusters
        self._root = root
        self._engine = engine
        self._container_engine = container_engine

    def folder(self, deployment_id: str) -> Path:
        """The folder of a deployment."""
        return self._root / deployment_id

    def generation(self, deployment_id: str, content: Content) -> Path:
        """The folder of what the instances of one generation share."""
        return self.folder(deployment_id) / f"generation-{content.generation}"

    def is_laid_out(self, deployment_id: str, content: Content) -> bool:
        """Whether that folder is complete."""
        return (self.generation(deployment_id, content) / "complete").exists()

    def lay_out(self, deployment_id: str, content: Content, *, code: Location | None, model: Location | None) -> None:
        """Put code and model where instances find them, as on Azure: `azureml-models/<name>/<version>/<its name>`."""
        folder = self.generation(deployment_id, content)
        shutil.rmtree(folder / _APP, ignore_errors=True)
        shutil.rmtree(folder / _MODELS, ignore_errors=True)
        (folder / _APP).mkdir(parents=True)
        if code is not None:
            _bring(code, folder / _APP)
        facts = content.pinned.get("model")
        if model is not None and facts is not None:
            place = folder / _MODELS / facts["name"] / facts["version"]
            place.mkdir(parents=True)
            _link(model, place / facts["basename"])
        (folder / "complete").touch()

    def start(
        self,
        deployment_id: str,
        content: Content,
        instance: InstanceRecord,
        *,
        environment: BuiltEnvironment,
        names: Mapping[str, str],
        collector: str | None,
        connections: Mapping[str, Any],  # Any: JSON
        traces: Mapping[str, str],
    ) -> None:
        """Start an instance, at most once however often this is called.

        Args:
            deployment_id: The deployment.
            content: What it serves.
            instance: The instance.
            environment: Where it runs.
            names: What it is called.
            collector: Where it writes what its script collects.
            connections: Those that a flow uses, with their secrets, by name.
            traces: Variables that say where a flow sends its traces.

        Raises:
            Unavailable: It could not be started, and nothing runs.
        """
        folder = self.folder(deployment_id) / instance.id
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        shared = self.generation(deployment_id, content)
        entity = content.entity()
        place = self._place(content, shared, folder)
        if place.connections is not None:
            private.replace(place.connections, json.dumps(connections).encode())
        told = scoring.config(entity, place, names={**names, "instance": instance.id}, collector=collector)
        if environment.image is None and scoring.may_be_forked(told):
            self.forks.ensure(environment)
            told["fork_server"] = str(self.forks.folder(environment.key))
        scoring.make_socket_folder(folder)
        fresh = folder / f".{CONFIG}"
        fresh.write_text(json.dumps(told))
        fresh.replace(folder / CONFIG)
        facts = content.pinned.get("model") or {}
        variables = {
            **environment.variables,
            "SMALT_MODEL_ID": str(facts.get("id", "")),
            **traces,
            **scoring.variables(entity, place),
        }
        workload = Workload(
            name=instance.workload,
            command=_COMMAND.format(config=shlex.quote(str(folder / CONFIG))),
            artifacts=folder,
            environment=environment.prefix,
            python=environment.python,
            environment_variables=variables,
            grace_seconds=scoring.grace_seconds(entity),
            header=(*environment.notes, *scoring.without_effect(entity, in_container=environment.image is not None)),
            stays_up=True,
        )
        if environment.image is not None:
            contents = Contents(content.pinned, entity, place, shared, _collecting(told, names))
            workload = contained(workload, contents, engine=self._container_engine, image=environment.image)
        self.executor.start(self.executor.plan(workload))

    def start_elsewhere(self, instance: InstanceRecord, order: Order) -> None:
        """Start an instance on a cluster, at most once however often this is called.

        Raises:
            Unavailable: It could not be started, and nothing runs.
        """
        folder = self.folder(instance.deployment_id) / instance.id
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        private.replace(self._note(instance), json.dumps({"compute": order.compute}).encode())
        order.workload.artifacts.mkdir(parents=True, exist_ok=True)
        (order.workload.artifacts / CONFIG).touch()
        if not folder.is_symlink():
            folder.symlink_to(order.workload.artifacts)
        order.executor.start(order.executor.plan(order.workload))

    def compute_of(self, instance: InstanceRecord) -> str | None:
        """The cluster that an instance was started on; None for this machine."""
        found = _read(self._note(instance))
        return None if found is None else str(found["compute"])

    def is_started(self, instance: InstanceRecord) -> bool:
        """Whether it was started at all."""
        return self._executor(instance).find(instance.workload) is not None

    def look(self, instance: InstanceRecord) -> Sight:
        """What is to be seen of an instance that was started."""
        compute = self.compute_of(instance)
        try:
            state = self._executor(instance).state(Handle(instance.workload))
        except NotFound:
            return Sight(is_over=True, error="Nothing is known of its processes any more.")
        ready, told = self._told(instance, compute)
        if told is not None:
            reason = "\n".join(str(told[key]) for key in ("error", "traceback") if told.get(key))
            return Sight(is_over=state.is_over, error=reason or "It failed.", is_final=True)
        if state.is_over:
            return Sight(is_over=True, error=state.error or "It ended.")
        workers = ready.get("workers") if ready is not None else None
        if compute is not None and workers is not None:
            return Sight(workers=self._clusters.believed(instance, compute, workers))
        return Sight(workers=tuple(workers) if isinstance(workers, list) else None)

    def mark(self, instance: InstanceRecord) -> int:
        """A number that changes when an instance tells something new."""
        try:
            folder = self.folder(instance.deployment_id) / instance.id
            return (folder / (READY if self.compute_of(instance) is None else TOLD)).stat().st_mtime_ns
        except OSError:
            return 0

    def stop(self, instance: InstanceRecord) -> None:
        """Have an instance finish what it does, and end."""
        with contextlib.suppress(NotFound):
            self._executor(instance).stop(Handle(instance.workload))

    def forget(self, instance: InstanceRecord) -> None:
        """Free what an instance that is over has held; the logs of the last ones stay."""
        forget = getattr(self.executor, "forget", None)
        if forget is not None and self.compute_of(instance) is None:
            forget(instance.workload)
        shutil.rmtree(scoring.socket_folder(self.folder(instance.deployment_id) / instance.id), ignore_errors=True)
        self._note(instance).unlink(missing_ok=True)
        for old in self._log_folders(instance.deployment_id)[_KEPT_LOGS:]:
            _remove(old)

    def sweep(self, known: set[str]) -> None:
        """Remove what is left of instances that nobody knows any more."""
        kept = getattr(self.executor, "kept", None)
        for workload in kept() if kept is not None else ():
            if workload not in known:
                self.executor.forget(workload)  # type: ignore[attr-defined]  # it has both or neither

    def forget_generations(self, deployment_id: str, *, keep: set[int]) -> None:
        """Remove what no instance uses any more."""
        kept = {f"generation-{number}" for number in keep}
        for folder in self.folder(deployment_id).glob("generation-*"):
            if folder.name not in kept:
                shutil.rmtree(folder, ignore_errors=True)

    def forget_deployment(self, deployment_id: str) -> None:
        """Remove everything of a deployment that is gone."""
        for folder in self._log_folders(deployment_id):
            _remove(folder)
        shutil.rmtree(self.folder(deployment_id), ignore_errors=True)

    def logs(self, deployment_id: str, *, lines: int) -> str:
        """The last lines of the newest instance that has any."""
        found = self.log_file(deployment_id)
        return "" if found is None else _tail(found, lines)

    def log_file(self, deployment_id: str) -> Path | None:
        """What the newest instance that has written anything writes into."""
        files = (folder / STD_LOG for folder in self._log_folders(deployment_id))
        return next((each for each in files if each.exists() and each.stat().st_size > 0), None)

    def build_log(self, deployment_id: str, content: Content, *, lines: int) -> str:
        """The last lines of what was told while an environment was built."""
        return _tail(self.build_log_file(deployment_id, content), lines)

    def build_log_file(self, deployment_id: str, content: Content) -> Path:
        """Where it is told what happens while an environment is built."""
        return self.generation(deployment_id, content) / "build.log"

    def _executor(self, instance: InstanceRecord) -> Executor:
        compute = self.compute_of(instance)
        return self.executor if compute is None else self._clusters.executor(instance.workspace_id, compute)

    def _note(self, instance: InstanceRecord) -> Path:
        """Where it is kept which cluster it is on: beside its folder, into which its node writes."""
        return self.folder(instance.deployment_id) / f"{instance.id}.cluster.json"

    def _told(
        self, instance: InstanceRecord, compute: str | None
    ) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:  # Any: JSON
        """What an instance tells: who takes requests, and why nobody does."""
        folder = self.folder(instance.deployment_id) / instance.id
        if compute is None:
            return _read(folder / READY), _read(folder / FAILED)
        last = _last_line(folder / TOLD)
        ready, failed = last.get("ready"), last.get("failed")
        return ready if isinstance(ready, dict) else None, failed if isinstance(failed, dict) else None

    def _place(self, content: Content, shared: Path, folder: Path) -> ScorerPlace:
        facts = content.pinned.get("model")
        if not facts:
            connections = folder / _CONNECTIONS if content.pinned.get("upstream") else None
            return ScorerPlace(folder, shared / _APP, None, connections=connections)
        models = shared / _MODELS / facts["name"] / facts["version"]
        served = models / facts["basename"]
        if content.pinned.get("flow") is not None:
            connections = folder / _CONNECTIONS
            return ScorerPlace(folder, shared / _APP, models, flow=served, engine=self._engine, connections=connections)
        if content.pinned.get("language"):
            return ScorerPlace(folder, shared / _APP, models, language=served)
        is_mlflow = facts["type"] == AssetType.MLFLOW_MODEL
        return ScorerPlace(folder, shared / _APP, models, served if is_mlflow else None)

    def _log_folders(self, deployment_id: str) -> list[Path]:
        folder = self.folder(deployment_id)
        if not folder.is_dir():
            return []
        found = [each for each in folder.iterdir() if (each / CONFIG).exists()]
        return sorted(found, key=lambda each: (each / CONFIG).stat().st_mtime_ns, reverse=True)


def _bring(place: Location, target: Path) -> None:
    """A private copy of a folder or file below `target`."""
    if place.local_path is None:
        _download(place, target)
    elif place.local_path.is_dir():
        shutil.copytree(place.local_path, target, dirs_exist_ok=True)
    elif place.local_path.exists():
        shutil.copy2(place.local_path, target / place.local_path.name)
    else:
        raise NotFound(f"There is nothing at {place.uri}. Upload it again.")


def _link(place: Location, target: Path) -> None:
    if place.local_path is None:
        _download(place, target)
        return
    if not place.local_path.exists():
        raise NotFound(f"There is nothing at {place.uri}. Register the model again.")
    scoring.link_tree(place.local_path, target)


def _download(place: Location, target: Path) -> None:
    if place.store is None:
        raise NotFound(f"{place.uri} is outside of every datastore. Register a model that is in one.")
    if place.store.head(place.key) is not None:
        _write(place.store, place.key, target / Path(place.key).name if target.is_dir() else target)
        return
    prefix, after = f"{place.key}/", None
    while True:
        page = place.store.list(prefix, after=after)
        for item in page.items:
            _write(place.store, item.key, target / item.key.removeprefix(prefix))
        if page.after is None:
            return
        after = page.after


def _write(store: BlobStore, key: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        for piece in store.read(key):
            file.write(piece)


def _collecting(told: Mapping[str, Any], names: Mapping[str, str]) -> Path | None:  # Any: JSON
    """The folder into which an instance writes what its script collects."""
    collect = told["collect"]
    if not collect["collections"] or collect["path"] is None:
        return None
    return Path(collect["path"]) / "modelDataCollector" / names["endpoint"] / names["deployment"]


def _read(path: Path) -> dict[str, Any] | None:  # Any: JSON
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _last_line(path: Path) -> dict[str, Any]:  # Any: JSON
    """The last whole line of what a node tells."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _LONGEST_LINE_BYTES))
            found = json.loads(file.read().rpartition(b"\n")[0].rpartition(b"\n")[2])
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _remove(folder: Path) -> None:
    """Remove the folder of an instance, and of one on a cluster what its node has sent."""
    shutil.rmtree(folder.resolve(), ignore_errors=True)
    if folder.is_symlink():
        folder.unlink()


def _tail(path: Path, lines: int) -> str:
    try:
        text = path.read_bytes()[-(4 << 20) :].decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
