"""The environment of a job on a machine of a cluster: made of the server's lock once, and shared by all jobs there."""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import shutil
import sys
from pathlib import Path

from smalt.runtime.failure import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    Run = Callable[[Sequence[str]], int]

_EXTRAS = Path(__file__).resolve().parents[3] / "extras"
"""Where the package that the cluster got has files of other places: the layer."""

_LISTING = str(Path(__file__).resolve().parents[1] / "listing")


class Software:
    """Makes environments.

    Args:
        root: The folder of this machine that all jobs share.
        wanted: What the plan says of the environment.
        run: Runs a program with its output in the log; its exit code.
        say: Adds a line to the log.
    """

    def __init__(self, root: str, wanted: dict[str, Any], *, run: Run, say: Callable[[str], None]) -> None:
        self._root = root
        self._wanted = wanted
        self._run = run
        self._say = say

    def prefix(self) -> str:
        """The environment, made if it is not there.

        Raises:
            Failure: It cannot be made here.
        """
        shared = self._wanted["shared_prefix"]
        if shared is not None:
            if not os.path.exists(os.path.join(shared, "bin", "python")):
                raise Failure(
                    f"The environment {shared} is not on this node, though the compute says that nodes see the "
                    "server's home folder. Mount it there, or set shared_environments to false."
                )
            return str(shared)
        prefix = os.path.join(self._root, "environments", self._wanted["key"])
        with _locked(os.path.join(self._root, "guards", self._wanted["key"])):
            if not os.path.exists(os.path.join(prefix, "environment.json")):
                self._build(prefix)
        return prefix

    def layer(self, prefix: str, folder: str) -> str:
        """A private layer of the job on an environment."""
        write = _load("layer").write
        version = self._wanted["python_version"]
        write(Path(folder), base=Path(prefix), python_version=version, sorted_listing=_LISTING)
        return folder

    def _build(self, prefix: str) -> None:
        minor = ".".join(self._wanted["python_version"].split(".")[:2])
        fresh = f"{prefix}.{os.getpid()}.new"
        shutil.rmtree(fresh, ignore_errors=True)
        os.makedirs(os.path.dirname(prefix), exist_ok=True)
        lock = os.path.join(self._root, "guards", f"{self._wanted['key']}.txt")
        with open(lock, "w", encoding="utf-8") as stream:
            stream.write(self._wanted["lock"])
        uv = self._uv()
        downloads = [] if self._wanted["python_downloads"] else ["--no-python-downloads"]
        self._say(f"Making the environment for Python {minor} of the server's lock.")
        venv = [uv, "venv", fresh, "--python", minor, "--no-project", "--relocatable", "--quiet", *downloads]
        if self._run(venv):
            raise Failure(
                f"Python {minor} is not on this node, and the environment needs it. Install it there, choose a Python "
                "that the nodes have, or start the server with --python-downloads."
            )
        # The same bound as at the server: old source packages import what newer setuptools does not have.
        constraints = os.path.join(fresh, "build-constraints.txt")
        with open(constraints, "w", encoding="utf-8") as stream:
            stream.write("setuptools<81\n")
        python = os.path.join(fresh, "bin", "python")
        sync = [uv, "pip", "sync", lock, "--python", python, "--build-constraint", constraints, "--quiet"]
        if "index-url" in self._wanted["lock"]:
            sync += ["--index-strategy", "unsafe-best-match"]
        if all(not line.strip() or line.startswith("#") for line in self._wanted["lock"].splitlines()):
            # Made where no index was reachable: it has what comes with Python, as there.
            sync = [python, "-m", "ensurepip", "--default-pip"]
        if self._run(sync):
            shutil.rmtree(fresh, ignore_errors=True)
            raise Failure("The packages of the environment cannot be installed on this node; its log says why.")
        with open(os.path.join(fresh, "environment.json"), "w", encoding="utf-8") as stream:
            json.dump({"python_version": self._wanted["python_version"]}, stream)
        os.rename(fresh, prefix)

    def _uv(self) -> str:
        """The uv of this machine, else one that is fetched once."""
        places = [os.environ.get("PATH", os.defpath), os.path.dirname(sys.executable)]
        own = os.path.join(self._root, f"uv-{self._wanted['uv']}")
        found = shutil.which("uv", path=os.pathsep.join([*places, os.path.join(own, "bin")]))
        if found is not None:
            return found
        self._say(f"uv is not on this node; fetching uv {self._wanted['uv']}.")
        with _locked(os.path.join(self._root, "guards", "uv")):
            made = self._run([sys.executable, "-m", "venv", own]) == 0
            pip = [os.path.join(own, "bin", "python"), "-m", "pip", "install", "--quiet"]
            if not made or self._run([*pip, f"uv=={self._wanted['uv']}"]):
                raise Failure("uv is not on this node and cannot be fetched. Install it there: pip install uv.")
        return os.path.join(own, "bin", "uv")


def _load(name: str) -> Any:  # Any: a module of another place, which is not on this path
    spec = importlib.util.spec_from_file_location(name, _EXTRAS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class _locked:  # noqa: N801  (reads like a verb)
    """Hold a file's lock; whoever dies lets go of it."""

    def __init__(self, path: str) -> None:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self._path = path

    def __enter__(self) -> None:
        self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._handle, fcntl.LOCK_EX)

    def __exit__(self, *failure: object) -> None:
        os.close(self._handle)
