"""`smalt up`, `down`, `status` and `env`: the server on this machine, and how clients are pointed to it."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from smalt.executors.local import LocalExecutor

_DEFAULT_HOME = "~/.smalt"
_START_SECONDS = 30
_STOP_SECONDS = 20
_INSTANCE_SECONDS = 10


def home_folder(value: str | None) -> Path:
    """The folder of the server that an option or the environment names."""
    return Path(value or os.environ.get("SMALT_HOME") or _DEFAULT_HOME).expanduser().absolute()


def home_option(command: Any) -> Any:
    """The option that every command of a local server has."""
    return click.option("--home", metavar="DIR", help=f"Folder of the server. [default: {_DEFAULT_HOME}]")(command)


@click.command()
@home_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of the HTTPS listener.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8787, show_default=True, help="Plain HTTP, loopback only."
)
@click.option("--tls-port", type=click.IntRange(1, 65535), help="HTTPS. [default: port + 1]")
@click.option(
    "--gateway-port", type=click.IntRange(1, 65535), help="Where callers of endpoints come in. [default: port + 2]"
)
@click.option("--host-name", multiple=True, help="A name under which other machines call; repeatable.")
@click.option(
    "--public-url", metavar="URL", help="Where nodes of clusters reach this server. [default: its HTTPS address]"
)
@click.option("--database", metavar="URL", envvar="SMALT_DATABASE", help="postgresql://... instead of SQLite.")
@click.option("--slots", type=click.IntRange(1), help="Jobs that run at once here. [default: number of cores]")
@click.option(
    "--job-folder-days",
    type=click.FloatRange(min=0),
    default=7,
    show_default=True,
    help="Keep what a job leaves in the jobs folder for so long after its end.",
)
@click.option(
    "--trace-days",
    type=click.FloatRange(min=0),
    metavar="DAYS",
    help="Keep traces for so long after their start; for ever by default.",
)
@click.option(
    "--object-store",
    metavar="URL",
    help="Keep blobs in s3://bucket/prefix, az://container/prefix or gs://bucket/prefix; the home folder is in front "
    "of it. Credentials come from the environment (AWS_..., AZURE_..., GOOGLE_...).",
)
@click.option(
    "--local-gigabytes",
    type=click.FloatRange(min=0),
    metavar="GB",
    help="Remove files of the home folder that the object store has and nothing is at, when they take more; never "
    "by default.",
)
@click.option(
    "--containers",
    type=click.Choice(["off", "auto", "podman", "docker"]),
    default="off",
    show_default=True,
    help="Run environments that are images or Dockerfiles in containers, instead of finding a Python for them.",
)
@click.option(
    "--conda",
    type=click.Choice(["off", "auto", "micromamba", "mamba", "conda"]),
    default="off",
    show_default=True,
    help="Let this program install conda files with packages that PyPI does not have, instead of leaving them out.",
)
@click.option("--strict", is_flag=True, help="Refuse what can only be honoured by a substitute.")
@click.option("--python-downloads", is_flag=True, help="Let environments download Python versions that are not here.")
@click.option("--detach", is_flag=True, help="Start in the background and return when it answers.")
@click.option("--ready-fd", type=int, hidden=True)
def up(
    home: str | None,
    host: str,
    port: int,
    tls_port: int | None,
    gateway_port: int | None,
    host_name: tuple[str, ...],
    public_url: str | None,
    database: str | None,
    slots: int | None,
    job_folder_days: float,
    trace_days: float | None,
    object_store: str | None,
    local_gigabytes: float | None,
    containers: str,
    conda: str,
    strict: bool,
    python_downloads: bool,
    detach: bool,
    ready_fd: int | None,
) -> None:
    """Start the server: database, blobs, jobs and APIs in one process."""
    folder = home_folder(home)
    if detach:
        _start_detached(folder)
        return
    from smalt.server.process import run
    from smalt.server.settings import Settings

    settings = Settings(
        home=folder,
        host=host,
        port=port,
        tls_port=tls_port or port + 1,
        gateway_port=gateway_port,
        database_url=database,
        host_names=host_name,
        public_url=public_url,
        slots=slots,
        job_folder_days=job_folder_days,
        trace_days=trace_days,
        object_store=object_store,
        local_gigabytes=local_gigabytes,
        containers=containers,
        conda=conda,
        strict=strict,
        python_downloads=python_downloads,
    )

    def ready() -> None:
        if ready_fd is not None:
            os.write(ready_fd, b"ready")
            os.close(ready_fd)
        else:
            click.echo(f"smalt answers at {settings.url} and {settings.tls_url}; home is {folder}.")
            click.echo('Point official clients here with: eval "$(smalt env)". Stop with Ctrl-C.')

    run(settings, ready)


def _start_detached(folder: Path) -> None:
    """Start this same command in a session of its own and wait for its word, not for a time.

    Like the command itself, what runs then takes no module from the folder it was started in.
    """
    arguments = [argument for argument in sys.argv[1:] if argument != "--detach"]
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    logs = folder / "logs"
    logs.mkdir(parents=True, exist_ok=True, mode=0o700)
    reading, writing = os.pipe()
    with (logs / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "smalt.cli.main", *arguments, "--ready-fd", str(writing)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[writing],
            start_new_session=True,
        )
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    if told != b"ready":
        process.wait(_START_SECONDS)
        last = (logs / "server.log").read_text(errors="replace").strip().splitlines()[-3:]
        raise click.ClickException("The server did not start.\n" + "\n".join(last))
    state = _state(folder)
    click.echo(f"smalt answers at {state['url']} and {state['tls_url']} (process {state['pid']}); home is {folder}.")


def _state(folder: Path) -> dict[str, Any]:
    path = folder / "server.json"
    if not path.exists():
        return {}
    state: dict[str, Any] = json.loads(path.read_text())
    return state


def _is_running(folder: Path) -> bool:
    """Whether a server holds the home folder: it keeps a lock for as long as it lives, however it dies."""
    return _is_locked(folder / "server.lock")


def _gateway(folder: Path) -> dict[str, Any] | None:
    """Process and address of the gateway, if one lives: it keeps a lock as well."""
    if not _is_locked(folder / "gateway" / "lock"):
        return None
    found: dict[str, Any] = json.loads((folder / "gateway" / "process.json").read_text())
    return found


def _is_locked(path: Path) -> bool:
    import fcntl

    if not path.exists():
        return False
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@click.command()
@home_option
def down(home: str | None) -> None:
    """Stop the server, and what answers for endpoints. Running jobs go on; the next server takes them up."""
    folder = home_folder(home)
    is_running = _is_running(folder)
    if is_running:
        pid = _state(folder)["pid"]
        _end(pid, lambda: _is_running(folder))
    gateway = _gateway(folder)
    if gateway is not None:
        _end(gateway["pid"], lambda: _gateway(folder) is not None)
    _end_instances(folder / "deployments" / "workloads")
    click.echo("Stopped." if is_running or gateway is not None else f"No server runs in {folder}.")


def _end(pid: int, lives: Callable[[], bool]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while lives():
        if time.monotonic() > deadline:
            raise click.ClickException(
                f"Process {pid} has not ended after {_STOP_SECONDS} s. End it with: kill -9 {pid}"
            )
        time.sleep(0.05)


def _end_instances(folder: Path) -> None:
    """Have the instances of endpoints finish what they do; the next server starts them anew."""
    if not folder.is_dir():
        return
    from smalt.errors import NotFound
    from smalt.executors import Handle
    from smalt.executors.local import LocalExecutor

    executor = LocalExecutor(folder)
    try:
        waiting = list(executor.kept())
        for name in waiting:
            with contextlib.suppress(NotFound):
                executor.stop(Handle(name), grace_seconds=_INSTANCE_SECONDS)
        deadline = time.monotonic() + _STOP_SECONDS
        while waiting and time.monotonic() < deadline:
            waiting = [name for name in waiting if _lives(executor, name)]
            time.sleep(0.05 if waiting else 0)
    finally:
        executor.close()


def _lives(executor: LocalExecutor, name: str) -> bool:
    from smalt.errors import NotFound
    from smalt.executors import Handle

    try:
        return not executor.state(Handle(name)).is_over
    except NotFound:
        return False


@click.command()
@home_option
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def status(home: str | None, as_json: bool) -> None:
    """Tell whether the server runs, and where."""
    folder = home_folder(home)
    running = _is_running(folder)
    gateway = _gateway(folder)
    state = {"running": running, "home": str(folder), **(_state(folder) if running else {}), "gateway": gateway}
    behind = _object_store(folder) if running else None
    if behind is not None:
        state["object_store"] = behind
    if as_json:
        click.echo(json.dumps(state, indent=2))
    elif running:
        click.echo(f"Running: {state['url']} and {state['tls_url']} (process {state['pid']}), home {folder}.")
        state_of_gateway = "it starts with the first endpoint" if gateway is None else f"process {gateway['pid']}"
        click.echo(f"Gateway: {state['gateway_url']} ({state_of_gateway}).")
        if behind is not None:
            step = behind["problem"] or f"{behind['waiting']} changes wait"
            click.echo(f"Object store: {behind['url']} ({step}).")
    else:
        click.echo(f"Not running in {folder}. Start it with: smalt up")
    sys.exit(0 if running else 3)


def _object_store(folder: Path) -> dict[str, Any] | None:
    """What the server has last said of its object store."""
    path = folder / "object-store.json"
    return json.loads(path.read_text()) if path.exists() else None


@click.command()
@home_option
@click.option("--az", "with_az", is_flag=True, help="Also put an `az` on PATH that answers `az ml`.")
def env(home: str | None, with_az: bool) -> None:
    """Print shell exports that point every official client to this server."""
    folder = home_folder(home)
    state = _state(folder)
    if not state:
        raise click.ClickException(f"No server has been started in {folder}. Start one with: smalt up --detach")
    credentials = json.loads((folder / "credentials.json").read_text())
    for name, value in exports(folder, state, credentials).items():
        click.echo(f"export {name}={shlex.quote(value)}")
    if with_az:
        click.echo(f'export PATH={shlex.quote(str(_az_launcher(folder)))}:"$PATH"')


def exports(folder: Path, state: Mapping[str, str], credentials: Mapping[str, str]) -> dict[str, str]:
    """The variables by which every official client finds the server of a folder."""
    authority = state["tls_url"]
    bundle = str(folder / "ca" / "bundle.pem")
    return {
        "SMALT_HOME": str(folder),
        "ARM_CLOUD_METADATA_URL": f"{authority}/metadata/endpoints?api-version=2019-05-01",
        "REQUESTS_CA_BUNDLE": bundle,
        "SSL_CERT_FILE": bundle,
        "CURL_CA_BUNDLE": bundle,
        "REGISTRY_DISCOVERY_ENDPOINT_URL": f"{authority}/",
        "AZURE_AUTHORITY_HOST": authority,
        "AZURE_TENANT_ID": state["tenant"],
        "AZURE_CLIENT_ID": credentials["client_id"],
        "AZURE_CLIENT_SECRET": credentials["client_secret"],
        "AZURE_SUBSCRIPTION_ID": state["subscription"],
        "AZUREML_ARM_SUBSCRIPTION": state["subscription"],
        "AZUREML_ARM_RESOURCEGROUP": state["group"],
        "AZUREML_ARM_WORKSPACE_NAME": state["workspace"],
        "MLFLOW_TRACKING_URI": f"{state['url']}/mlflow/{state['workspace']}",
        "MLFLOW_TRACKING_TOKEN": credentials["token"],
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


def _az_launcher(folder: Path) -> Path:
    """A folder that holds nothing but `az`."""
    place = folder / "bin"
    place.mkdir(exist_ok=True)
    launcher = place / "az"
    launcher.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m smalt.cli.main az "$@"\n')
    launcher.chmod(0o755)
    return place
