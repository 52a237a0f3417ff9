"""Where and with what the command runs: its private copy of the code, its variables, its shell."""

from __future__ import annotations

import os
import sys

from smalt.runtime import container, distribution, folders, shell
from smalt.runtime.failure import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from smalt.runtime.mounts import Mounts

RUNTIME = "{{smalt:runtime}}"
"""Stands in a command for the folder this file is in."""

VARIABLES = "variables-"
"""Begins the names of the files that tell the processes in containers their variables, secrets among them."""

_LINKED = ("outputs", "logs")
_RUNTIME = os.path.dirname(os.path.abspath(__file__))
_SHIMS = os.path.join(_RUNTIME, "shims")
# The kernel takes at most 128 KiB in one argument.
_LONGEST_ARGUMENT = 120_000


class Command:
    """A process ready to be spawned."""

    def __init__(self, *, argv: Sequence[str], environment: dict[str, str], folder: str, rank: int, log: str) -> None:
        self.argv = argv
        self.environment = environment
        self.folder = folder
        self.rank = rank
        self.log = log


class Workplace:
    """The working folder and environment of one job.

    Args:
        folder: The job's folder.
        plan: The job's plan.
        mark: A variable's value that only this job's processes carry.
    """

    def __init__(self, folder: str, plan: dict[str, Any], *, mark: str) -> None:
        self._plan = plan
        self._mark = mark
        self._folder = folder
        self._artifacts: str = plan["artifacts"]
        self.working = os.path.join(folder, "wd")
        self._path = os.pathsep.join(
            [*plan["path"], plan["variables"].get("PATH") or os.environ.get("PATH", os.defpath)]
        )
        self.container = None
        if plan["container"] is not None:
            self.container = container.Container(plan["container"])

    def processes(self) -> list[distribution.Process]:
        """What is to be started."""
        kind = self._plan["distribution"]["kind"]
        is_here = kind == "mpi" and self.container is None
        mpirun = _find("mpirun", self._path) if is_here else None
        return distribution.processes(self._plan, mpirun=mpirun, free_ports=_free_ports)

    def make(self, token: str | None) -> list[str]:
        """Make the working folder: a private copy of the code, with `outputs` and `logs` linked to the artifacts.

        Returns:
            What could not be done as asked, for the top of the log.
        """
        left_out = self._copy_code(token)
        notes = [f"Left out of the working folder, since it leads outside the code folder: {path}" for path in left_out]
        for name in _LINKED:
            place, kept = os.path.join(self.working, name), os.path.join(self._artifacts, name)
            if os.path.isdir(place) and not os.path.islink(place):
                folders.copy_tree(place, kept)
                folders.remove_tree(place)
            if os.path.lexists(place):
                notes.append(f"The code has a file {name!r}, so what the job writes to {name}/ is not kept.")
                continue
            os.makedirs(kept, exist_ok=True)
            os.symlink(kept, place)
        return notes

    def command(self, process: distribution.Process, mounts: Mounts) -> Command:
        """The command of one process, with every path filled in."""
        text = process.wrap(mounts.fill(self._plan["command"]).replace(RUNTIME, _RUNTIME))
        if len(text.encode()) > _LONGEST_ARGUMENT:
            script = os.path.join(self.working, f".command_{process.rank}.sh")
            with open(script, "w", encoding="utf-8") as stream:
                stream.write(text)
            arguments = [script]
        else:
            arguments = ["-c", text]
        argv, environment = self._launch(arguments, process, mounts)
        return Command(argv=argv, environment=environment, folder=self.working, rank=process.rank, log=process.log)

    def _launch(
        self, arguments: list[str], process: distribution.Process, mounts: Mounts
    ) -> tuple[list[str], dict[str, str]]:
        """The command line and environment that run a shell, here or in a container."""
        if self.container is None:
            machine = {**os.environ, "PATH": self._path}
            environment = self._environment(mounts, machine) | process.variables
            return shell.direct(arguments, environment) or ([shell.find(), *arguments], environment)
        if self.container.server is not None:
            keeper = os.path.join(_RUNTIME, "server.py")
            return [sys.executable, "-I", "-S", keeper, self._folder], self.container.environment
        machine = {name: os.environ[name] for name in container.PROXIES if name in os.environ}
        variables = {"HOME": self.working, **self._environment(mounts, machine), **process.variables}
        told = os.path.join(self._folder, f"{VARIABLES}{process.rank}.sh")
        container.write_variables(told, variables)
        argv = self.container.run(
            arguments,
            rank=process.rank,
            folder=self.working,
            variables=variables,
            told=told,
            volumes=[*self._volumes(), *mounts.volumes()],
        )
        return argv, self.container.environment

    def _volumes(self) -> list[tuple[str, str, bool]]:
        """What a container sees of this machine besides its data, at the same paths."""
        shown = self._plan["container"]
        read = [(here, inside, True) for inside, here in {_RUNTIME: _RUNTIME, **shown["reads"]}.items()]
        written = [self.working, self._artifacts, *shown["writes"]]
        return [*read, *((path, path, False) for path in written)]

    def _copy_code(self, token: str | None) -> list[str]:
        code = self._plan["code"]
        os.makedirs(self.working, exist_ok=True)
        if code is None:
            return []
        if code.startswith(("http://", "https://")):
            from smalt.runtime import blob  # Imported here since http costs more than the whole start of a local job.

            what, server = "The code of the job", self._plan["server"]
            blob.download(code, self.working, token=token, what=what, server=server)
            return []
        if os.path.isdir(code):
            return folders.copy_tree(code, self.working)
        if not os.path.exists(code):
            raise Failure(f"The code of the job does not exist: {code}.")
        folders.copy_file(code, os.path.join(self.working, os.path.basename(code)))
        return []

    def _environment(self, mounts: Mounts, machine: Mapping[str, str]) -> dict[str, str]:
        plan = self._plan
        prefix, virtual = plan["environment_prefix"], plan["virtual_env"]
        variables = {name: mounts.fill(value) for name, value in plan["variables"].items()}
        environment = {"PYTHONUNBUFFERED": "1", **machine, **variables, **mounts.variables()}
        if "PATH" in machine:
            environment["PATH"] = machine["PATH"]
        environment.update(
            PWD=self.working,
            AZUREML_CR_EXECUTION_WORKING_DIR_PATH=self.working,
            SMALT_ARTIFACTS=self._artifacts,
        )
        environment[container.MARK] = self._mark
        if prefix:
            environment["AZUREML_CONDA_ENVIRONMENT_PATH"] = prefix
        if virtual:
            environment["VIRTUAL_ENV"] = virtual
        if not _has_azureml_core([prefix, virtual]):
            own = environment.get("PYTHONPATH")
            environment["PYTHONPATH"] = f"{own}{os.pathsep}{_SHIMS}" if own else _SHIMS
        return environment


def _has_azureml_core(prefixes: Sequence[str | None]) -> bool:
    for prefix in filter(None, prefixes):
        library = os.path.join(prefix, "lib")
        if not os.path.isdir(library):
            continue
        for version in os.listdir(library):
            if os.path.isdir(os.path.join(library, version, "site-packages", "azureml", "core")):
                return True
    return False


def _find(program: str, path: str) -> str | None:
    for folder in path.split(os.pathsep):
        candidate = os.path.join(folder, program)
        if os.access(candidate, os.X_OK) and not os.path.isdir(candidate):
            return candidate
    return None


def _free_ports(count: int) -> list[int]:
    import socket  # Imported here since only distributed jobs pay for it.

    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
