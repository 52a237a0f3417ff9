"""Which commit a job's code is of: properties that are kept with the job."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

_OVERRIDES = {
    "AZUREML_GIT_REPOSITORY_URI": "mlflow.source.git.repoURL",
    "AZUREML_GIT_BRANCH": "mlflow.source.git.branch",
    "AZUREML_GIT_COMMIT": "mlflow.source.git.commit",
    "AZUREML_GIT_DIRTY": "azureml.git.dirty",
    "AZUREML_GIT_BUILD_ID": "azureml.git.build_id",
    "AZUREML_GIT_BUILD_URI": "azureml.git.build_uri",
}
_LIMIT_SECONDS = 5
_REMOTE = re.compile(r'\[remote "origin"\][^\[]*?url\s*=\s*(\S+)')


def properties_of(folder: Path | None) -> dict[str, str]:
    """Repository, branch, commit and whether there are uncommitted changes of the folder the code is in.

    The address of the repository is left out when it holds a user name, a password or a token.
    """
    found = {name: os.environ[key] for key, name in _OVERRIDES.items() if os.environ.get(key)}
    if folder is None:
        return found
    root = next((each for each in _upward(folder) if (each / ".git").exists()), None)
    if root is None:
        return found
    status = _git(root, "status", "--porcelain=v2", "--branch", "--untracked-files=no")
    if status is None:
        return found
    facts = dict(re.findall(r"^# branch\.(oid|head) (.+)$", status, re.MULTILINE))
    is_dirty = any(not line.startswith("#") for line in status.splitlines())
    read = {
        "mlflow.source.git.commit": facts.get("oid"),
        "mlflow.source.git.branch": facts.get("head"),
        "mlflow.source.git.repoURL": _remote(root),
        "azureml.git.dirty": str(is_dirty),
    }
    return {name: value for name, value in read.items() if value} | found


def _upward(folder: Path) -> tuple[Path, ...]:
    start = folder.absolute()
    return (start, *start.parents)


def _remote(root: Path) -> str | None:
    try:
        match = _REMOTE.search((root / ".git" / "config").read_text(errors="replace"))
    except OSError:
        return None
    if match is None:
        return None
    parts = urlsplit(match[1])
    return None if parts.scheme.startswith("http") and "@" in parts.netloc else match[1]


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=_LIMIT_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
