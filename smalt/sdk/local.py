"""Endpoints on a person's machine: the same scorer in the same environment, with no server and no container engine.

Everything stands in `<home>/local-endpoints/<endpoint>/<deployment>/`. The code is served from where it is edited. Each
deployment has a port of loopback that stays the same, where everybody on this machine may ask.
"""

from __future__ import annotations

import builtins
import contextlib
import http.client
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from smalt.entities.endpoint.online import OnlineDeployment, OnlineEndpoint
from smalt.entities.environment import Environment
from smalt.entities.kinds import entity_class
from smalt.entities.model import Model
from smalt.entities.types import AssetType
from smalt.environments import (
    BuiltEnvironment,
    EnvironmentCache,
    EnvironmentRequest,
    curated_name,
    engine_path,
    find_recipe,
    flow_model_in,
    is_language_model,
    language_conda,
    plan,
)
from smalt.errors import InvalidRequest, NotFound
from smalt.executors import scoring
from smalt.executors.scoring import CONFIG, FAILED, READY, ScorerPlace
from smalt.kit import sockets
from smalt.sdk.errors import EndpointFailed, NoServer
from smalt.sdk.poller import Done
from smalt.wire import references
from smalt.wire.references import LocalPath

_PROCESS, _LOG, _ENTITY = "process.json", "log.txt", "deployment.json"
_MLMODEL, _LOOPBACK = "MLmodel", "loopback"
_DEBUG = scoring.SCORER.parent / "debug"
_DEBUG_PORT, _DEBUGGED_MS, _PYTHONPATH = "5678", "3600000", "PYTHONPATH"
_READY_SECONDS, _READY_DEBUGGED_SECONDS, _END_SECONDS, _ANSWER_SECONDS = 300.0, 3600.0, 40.0, 3600.0
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "USER", "DISPLAY", "TERM")


class LocalEndpoints:
    """The endpoints of this machine.

    Args:
        home: The folder of smalt, whose environments are shared with a server there.
        tell: Is told each line of what takes a while.
    """

    def __init__(self, home: Path, tell: Callable[[str], None] = lambda line: None) -> None:
        self._home = home
        self._root = home / "local-endpoints"
        self._tell = tell

    def list(self) -> list[OnlineEndpoint]:
        """All endpoints."""
        return [self.get(each.parent.name) for each in sorted(self._root.glob("*/endpoint.json"))]

    def get(self, name: str) -> OnlineEndpoint:
        """One endpoint.

        Raises:
            NotFound: There is none.
        """
        document = _read(self._endpoint(name) / "endpoint.json")
        if document is None:
            raise NotFound(f"No local endpoint {name!r}. Make it with: smalt online-endpoint create --local -n {name}")
        found = self.deployments(name)
        shown = {"traffic": {}, "provisioning_state": "Succeeded", "location": "local"}
        endpoint = OnlineEndpoint.parse({**document, **shown})
        if len(found) != 1:
            return endpoint.model_copy(update={"traffic": {str(each.name): 0 for each in found}})
        (only,) = found
        told = {"traffic": {str(only.name): 100}, "scoring_uri": only.scoring_uri}
        return endpoint.model_copy(update=told)

    def create(self, endpoint: OnlineEndpoint) -> Done[OnlineEndpoint]:
        """Make an endpoint; there is nothing to it but its name."""
        assert endpoint.name is not None
        folder = self._endpoint(endpoint.name)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / "endpoint.json").write_text(json.dumps(endpoint.document()))
        return Done(self.get(endpoint.name))

    def delete(self, name: str) -> Done[None]:
        """End an endpoint and its deployments."""
        self.get(name)
        for deployment in self.deployments(name):
            self.delete_deployment(name, str(deployment.name))
        shutil.rmtree(self._endpoint(name), ignore_errors=True)
        return Done(None)

    def deploy(
        self, endpoint: str, deployment: OnlineDeployment, *, stops_at_breakpoints: bool = False
    ) -> Done[OnlineDeployment]:
        """Serve a deployment, in place of one of the same name.

        Raises:
            InvalidRequest: It names something that only a server has.
            EndpointFailed: It did not come up.
        """
        self.get(endpoint)
        assert deployment.name is not None
        folder = self._deployment(endpoint, deployment.name)
        place = self._place(folder, deployment)
        built = self._environment(deployment, place)
        self._end(folder)
        for name in (READY, FAILED):
            (folder / name).unlink(missing_ok=True)
        names = {"workspace": "local", "endpoint": endpoint, "deployment": deployment.name, "instance": "local"}
        told = scoring.config(deployment, place, names=names, collector=str(folder / "collected"))
        with sockets.shared_port(_port(folder) or 0) as port:
            (folder / CONFIG).write_text(json.dumps({**told, "listen": f"{_LOOPBACK}:{port}"}))
            (folder / _ENTITY).write_text(json.dumps(deployment.document()))
            self._start(folder, deployment, place, built, stops_at_breakpoints=stops_at_breakpoints)
        return Done(self.get_deployment(endpoint, deployment.name))

    def get_deployment(self, endpoint: str, name: str) -> OnlineDeployment:
        """One deployment.

        Raises:
            NotFound: There is none.
        """
        folder = self._deployment(endpoint, name)
        document = _read(folder / _ENTITY)
        if document is None:
            raise NotFound(f"No local deployment {name!r} of {endpoint!r}.")
        found = entity_class("online_deployment", document.get("type")).parse(document)
        assert isinstance(found, OnlineDeployment)
        is_up = _is_alive(folder) and (folder / READY).exists()
        told = {
            "provisioning_state": "Succeeded" if is_up else "Failed",
            "scoring_uri": f"http://127.0.0.1:{_port(folder)}/score" if is_up else None,
        }
        return found.model_copy(update={**told, "endpoint_name": endpoint})

    def deployments(self, endpoint: str) -> builtins.list[OnlineDeployment]:
        """The deployments of an endpoint."""
        found = sorted(self._endpoint(endpoint).glob(f"*/{_ENTITY}"))
        return [self.get_deployment(endpoint, each.parent.name) for each in found]

    def delete_deployment(self, endpoint: str, name: str) -> Done[None]:
        """End a deployment."""
        self.get_deployment(endpoint, name)
        folder = self._deployment(endpoint, name)
        self._end(folder)
        shutil.rmtree(folder, ignore_errors=True)
        return Done(None)

    def logs(self, endpoint: str, name: str, *, lines: int) -> str:
        """The last lines that a deployment has written."""
        self.get_deployment(endpoint, name)
        try:
            text = (self._deployment(endpoint, name) / _LOG).read_text(errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def invoke(self, endpoint: str, content: bytes, *, deployment: str | None = None) -> str:
        """Send a request, and give the answer as text.

        Raises:
            InvalidRequest: There are several deployments, and none is named.
            EndpointFailed: The answer was a failure.
            NoServer: The deployment does not run.
        """
        names = [str(each.name) for each in self.deployments(endpoint)]
        if deployment is None and len(names) != 1:
            known = ", ".join(names) or "none"
            raise InvalidRequest(f"The local endpoint {endpoint!r} has these deployments: {known}. Name one with -d.")
        folder = self._deployment(endpoint, deployment or names[0])
        ready = _read(folder / READY) if _is_alive(folder) else None
        if not ready or not ready.get("workers"):
            raise NoServer(f"The local deployment {folder.name!r} does not run. Create it again.")
        connection = sockets.connection(str(ready["workers"][0]["address"]), _ANSWER_SECONDS)
        try:
            connection.request("POST", "/score", body=content, headers={"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            raise NoServer(f"The local deployment {folder.name!r} does not answer ({error}). See its log.") from error
        finally:
            connection.close()
        if answer.status >= 400:
            raise EndpointFailed.told(answer.status, text)
        return text

    def _endpoint(self, name: str) -> Path:
        return self._root / _segment(name)

    def _deployment(self, endpoint: str, name: str) -> Path:
        return self._endpoint(endpoint) / _segment(name)

    def _place(self, folder: Path, deployment: OnlineDeployment) -> ScorerPlace:
        """Where the scorer finds code and model, laid out as on a server."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        code = deployment.code_configuration.code if deployment.code_configuration is not None else None
        app = folder / "app"
        if code is not None:
            app = _local_path(code, "code_configuration.code")
        else:
            app.mkdir(exist_ok=True)
        model = deployment.model
        if model is None:
            return ScorerPlace(folder, app, None)
        path = _local_path(str(model.path) if isinstance(model, Model) else model, "model")
        named = model if isinstance(model, Model) else Model.parse({"path": str(path)})
        models = folder / "azureml-models" / (named.name or path.stem) / (named.version or "1")
        shutil.rmtree(folder / "azureml-models", ignore_errors=True)
        models.mkdir(parents=True)
        scoring.link_tree(path, models / path.name)
        is_mlflow = named.type is AssetType.MLFLOW_MODEL or (path / _MLMODEL).is_file()
        served = models / path.name
        has_script = scoring.script_of(deployment) is not None
        if not has_script and is_language_model(lambda name: _text(served / name)):
            return ScorerPlace(folder, app, models, language=served)
        if is_mlflow or has_script or flow_model_in(served) is None:
            return ScorerPlace(folder, app, models, served if is_mlflow else None)
        return ScorerPlace(folder, app, models, flow=served, engine=engine_path(self._home))

    def _environment(self, deployment: OnlineDeployment, place: ScorerPlace) -> BuiltEnvironment:
        cache = EnvironmentCache(
            self._home / "environments", find_links=tuple(os.environ.get("PIP_FIND_LINKS", "").split())
        )
        recipe = plan(_request(deployment, place))
        return cache.find(recipe) or cache.build(recipe, self._tell)

    def _start(
        self,
        folder: Path,
        deployment: OnlineDeployment,
        place: ScorerPlace,
        built: BuiltEnvironment,
        *,
        stops_at_breakpoints: bool,
    ) -> None:
        inherited = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        variables = {**inherited, "PYTHONUNBUFFERED": "1", **built.variables, **scoring.variables(deployment, place)}
        variables["PATH"] = f"{built.prefix / 'bin'}{os.pathsep}{variables.get('PATH', os.defpath)}"
        # A request that stands at a breakpoint takes as long as somebody looks.
        patient = {"SCORING_TIMEOUT_MS": _DEBUGGED_MS, "PYTHONBREAKPOINT": "smalt_breakpoint.stop"}
        variables = {**patient, **variables}
        path = [variables[_PYTHONPATH]] if variables.get(_PYTHONPATH) else []
        variables[_PYTHONPATH] = os.pathsep.join([*path, str(_DEBUG)])
        if stops_at_breakpoints:
            port = variables.setdefault("SMALT_DEBUG_PORT", _DEBUG_PORT)
            if list(built.prefix.glob("lib/python3*/site-packages/debugpy")):
                variables.setdefault("AZUREML_DEBUG_PORT", port)  # an editor may come in before the script is loaded
            self._tell(f"breakpoint() in the script waits for a debugger at 127.0.0.1:{port}.")
        with (folder / _LOG).open("wb") as log:
            child = subprocess.Popen(
                [str(built.python), str(scoring.SCORER), "--config", str(folder / CONFIG)],
                env=variables,
                cwd=place.app if place.app.is_dir() else folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        (folder / _PROCESS).write_text(json.dumps({"pid": child.pid, "started": _started(child.pid)}))
        patience = _READY_DEBUGGED_SECONDS if stops_at_breakpoints else _READY_SECONDS
        deadline = time.monotonic() + patience
        while not (folder / READY).exists():
            failed = _read(folder / FAILED)
            if failed is not None or child.poll() is not None or time.monotonic() > deadline:
                self._end(folder)
                raise EndpointFailed(f"The deployment {deployment.name!r} did not come up.\n{_reason(folder, failed)}")
            time.sleep(0.02)

    def _end(self, folder: Path) -> None:
        process = _read(folder / _PROCESS)
        if process is None or not _is_alive(folder):
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process["pid"], signal.SIGTERM)
        deadline = time.monotonic() + _END_SECONDS
        while _is_alive(folder) and time.monotonic() < deadline:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(process["pid"], os.WNOHANG)
            time.sleep(0.02)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process["pid"], signal.SIGKILL)


def _request(deployment: OnlineDeployment, place: ScorerPlace) -> EnvironmentRequest:
    given = deployment.environment
    if given is None and place.flow is not None:
        flow = flow_model_in(place.flow)
        assert flow is not None
        return EnvironmentRequest(conda=flow.conda)
    if given is None and place.language is not None:
        return EnvironmentRequest(conda=language_conda())
    if given is None:
        found = next((place.mlflow / name for name in ("conda.yaml", "conda.yml") if place.mlflow), None)
        if found is None or not found.is_file():
            raise InvalidRequest("The deployment names no environment. Write 'environment:'.", target="environment")
        return EnvironmentRequest(conda=found.read_text(encoding="utf-8"))
    if isinstance(given, str):
        if isinstance(references.parse(given), LocalPath) and given.endswith((".yml", ".yaml")):
            from smalt.sdk.pipelines.files import read

            return _request_of(read("environment", Path(given)).entity)
        name = curated_name(given)
        if name is not None and find_recipe(name) is not None:
            return EnvironmentRequest(curated=name, environment_name=name)
        raise InvalidRequest(
            f"The environment {given!r} is registered on a server, and a local deployment asks none. Write it out: "
            "image and conda_file.",
            target="environment",
        )
    return _request_of(given)


def _request_of(environment: Environment) -> EnvironmentRequest:
    conda = environment.conda_file
    if isinstance(conda, str) and not environment.has_conda_text:
        conda = _local_path(conda, "environment.conda_file").read_text(encoding="utf-8")
    context = environment.build.path if environment.build is not None else None
    return EnvironmentRequest(
        image=environment.image,
        conda=conda,
        build_context=None if context is None else _local_path(context, "environment.build.path"),
        dockerfile=environment.build.dockerfile_path if environment.build is not None else "Dockerfile",
        environment_name=environment.name,
    )


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None


def _local_path(text: str, field: str) -> Path:
    reference = references.parse(text)
    if not isinstance(reference, LocalPath):
        raise InvalidRequest(
            f"{field} is {text!r}, which is on a server, and a local deployment asks none. Name a path here.",
            target=field,
        )
    path = Path(reference.path).expanduser().absolute()
    if not path.exists():
        raise InvalidRequest(f"{field}: there is nothing at {path}.", target=field)
    return path


def _reason(folder: Path, failed: dict[str, Any] | None) -> str:  # Any: JSON
    if failed is not None:
        return "\n".join(str(failed[key]) for key in ("error", "traceback") if failed.get(key))
    return "\n".join((folder / _LOG).read_text(errors="replace").splitlines()[-20:])


def _segment(name: str) -> str:
    if not name or "/" in name or name in {".", ".."} or "\0" in name:
        raise InvalidRequest(f"{name!r} is no name. Give a name without slashes.")
    return name


def _is_alive(folder: Path) -> bool:
    """Whether the very process that was started lives; its number may be somebody else's by now."""
    process = _read(folder / _PROCESS)
    return process is not None and _started(process["pid"]) == process["started"]


def _started(pid: int) -> str | None:
    """When a process was started, in the kernel's ticks; None when it is over."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]


def _port(folder: Path) -> int | None:
    """Where a deployment listens, or has listened."""
    kind, _, port = str((_read(folder / CONFIG) or {}).get("listen")).partition(":")
    return int(port) if kind == _LOOPBACK else None


def _read(path: Path) -> dict[str, Any] | None:  # Any: JSON
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
