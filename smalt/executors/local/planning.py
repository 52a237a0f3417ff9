"""From a workload to the supervisor's command line, environment and plan file. Pure."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from smalt.errors import InvalidRequest
from smalt.executors.base import Mount, Plan, Workload

SUPERVISOR = Path(__file__).parents[2] / "runtime" / "job.py"
PLAN_FILE = "plan.json"

INHERITED = (
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "LC_*", "TZ", "TMPDIR",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
    "PIP_*", "UV_INDEX*", "UV_DEFAULT_INDEX", "UV_FIND_LINKS", "UV_OFFLINE",
    "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "NVIDIA_*", "OMP_NUM_THREADS",
)  # fmt: skip
"""Variables a job gets from the machine, as patterns. Everything else the server has in its environment stays there."""

_LONGEST_NAME = 255
_UNSAYABLE = re.compile("[\x00\ud800-\udfff]")


def inherited(variables: Mapping[str, str], patterns: Iterable[str]) -> dict[str, str]:
    """The variables whose names match a pattern."""
    wanted = tuple(patterns)
    return {name: value for name, value in variables.items() if any(fnmatchcase(name, each) for each in wanted)}


def check_name(name: str) -> None:
    """Refuse a name that is no single folder's name.

    Raises:
        InvalidRequest: It is not.
    """
    if not _is_file_name(name) or name.startswith(".") or len(name.encode()) > _LONGEST_NAME:
        raise InvalidRequest(
            f"The job name {name!r} cannot be used here. Take letters, digits, '-', '_' and '.', with no '.' in front.",
            target="name",
        )


def plan(workload: Workload, *, root: Path, machine: Mapping[str, str]) -> Plan:
    """The plan of a workload.

    Args:
        workload: What to run.
        root: Folder of all job folders.
        machine: The variables that jobs inherit.
    """
    argv = (sys.executable, "-I", "-S", str(SUPERVISOR), str(root / workload.name))
    return Plan(workload.name, argv, dict(machine), {PLAN_FILE: json.dumps(content(workload))})


def content(workload: Workload) -> dict[str, Any]:  # Any: JSON
    """What the supervisor is told.

    Raises:
        InvalidRequest: The workload can never run.
    """
    check_name(workload.name)
    for mount in workload.mounts:
        _check_mount(mount)
    _check_text(workload.command, "The command", "command")
    for name, value in workload.environment_variables.items():
        _check_variable(name)
        _check_text(name + value, f"The environment variable {name!r}", "environment_variables")
    return {
        "name": workload.name,
        "command": workload.command,
        "code": None if workload.code is None else str(workload.code),
        "path": _path(workload),
        "container": _container(workload),
        "environment_prefix": _text(workload.environment),
        "virtual_env": _text(workload.overlay_prefix or workload.environment),
        "variables": dict(workload.environment_variables),
        "artifacts": str(workload.artifacts),
        "mounts": [asdict(mount) for mount in workload.mounts],
        "distribution": asdict(workload.distribution),
        "instance_count": workload.instance_count,
        "timeout_seconds": workload.timeout_seconds,
        "grace_seconds": workload.grace_seconds,
        "peer_grace_seconds": workload.peer_grace_seconds,
        "header": list(workload.header),
        "token": workload.token,
        "server": None if workload.remote is None else workload.remote.server,
        "placement": None,
        "sampling": None if workload.sampling is None else asdict(workload.sampling),
        "stays_up": workload.stays_up,
    }


def _check_mount(mount: Mount) -> None:
    if not _is_file_name(mount.name) or any(each in mount.name for each in "={}"):
        raise InvalidRequest(
            f"The {mount.kind} name {mount.name!r} cannot be used: it becomes a file name and a variable.",
            target=f"{mount.kind}s",
        )


def _is_file_name(name: str) -> bool:
    """Whether a name can be one file's; what cannot be printed (control characters, lone surrogates) cannot."""
    return name.isprintable() and name not in ("", ".", "..") and "/" not in name and "\\" not in name


def _check_variable(name: str) -> None:
    if not name or "=" in name:
        raise InvalidRequest(
            f"The environment variable {name!r} cannot be set: a name has at least one character and no '='.",
            target="environment_variables",
        )


def _check_text(text: str, what: str, target: str) -> None:
    if _UNSAYABLE.search(text):
        raise InvalidRequest(f"{what} holds a NUL character or half a Unicode pair; take it out.", target=target)


def _container(workload: Workload) -> dict[str, Any] | None:  # Any: JSON
    """The container of a workload, and what those of its processes are called, for those who look.

    Other servers of this machine may have workloads of the same name, so the place of its artifacts is part of it.
    """
    if workload.container is None:
        return None
    plain = re.sub(r"[^A-Za-z0-9_.-]", "_", workload.name)
    digest = hashlib.sha256(str(workload.artifacts).encode()).hexdigest()[:8]
    return {**asdict(workload.container), "name": f"smalt-{plain}-{digest}", "stays_up": workload.stays_up}


def _path(workload: Workload) -> list[str]:
    """Folders that come first on the command's path: what the job installs hides what the environment has."""
    prefixes = [prefix / "bin" for prefix in (workload.overlay_prefix, workload.environment) if prefix is not None]
    if workload.python is not None and workload.environment is None:
        prefixes.append(workload.python.parent)
    return [str(prefix) for prefix in prefixes]


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
