"""micromamba, mamba or conda as a subprocess: solve to a list with hashes, make a prefix of exactly that list.

Nothing here is used unless the operator asks for it; without, `plan` finds PyPI packages that stand for a conda file.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smalt.environments.conda_names import pypi_name
from smalt.environments.errors import EnvironmentBuildFailed, EnvironmentUnresolvable, IndexUnreachable
from smalt.environments.index import program_variables
from smalt.environments.installer import Log, run_logged, tail_of, without_credentials
from smalt.environments.programs import find_program
from smalt.environments.request import CondaRecipe

PROGRAMS = ("micromamba", "mamba", "conda")

_UNREACHABLE = re.compile(
    r"CONNECTION FAILED|ConnectionError|NameResolutionError|could not resolve host|could not connect|"
    r"failed to connect|timed? ?out|download error|offline",
    re.IGNORECASE,
)
_SHA256 = re.compile(r"^# sha256 ([0-9a-f]{64}) (\S+)$", re.MULTILINE)
_FILE = re.compile(r"/([^/#]+?)-([^-/#]+)-[^-/#]+\.(?:conda|tar\.bz2)(?:#|$)", re.MULTILINE)
_OWN_CACHE = "Remove `pkgs_dirs` from its configuration, so that packages come through the cache of this server."
# What activation sets and a job has from elsewhere, or from nobody.
_NOT_KEPT = {"PATH", "PWD", "OLDPWD", "SHLVL", "_"}
_ACTIVATE = 'for script in "$CONDA_PREFIX"/etc/conda/activate.d/*.sh; do . "$script"; done >&2 </dev/null; env -0'


@dataclass(frozen=True)
class CondaProgram:
    """A conda program of this machine.

    Args:
        kind: `micromamba`, `mamba` or `conda`.
        program: Its absolute path.
    """

    kind: str
    program: str


def find_conda(choice: str) -> CondaProgram | None:
    """The program an operator chose: one by name, `auto` for whichever is here, `off` for none.

    Raises:
        Unavailable: It is not on this machine.
    """
    found = find_program("--conda", choice, PROGRAMS)
    return None if found is None else CondaProgram(*found)


class CondaInstaller:
    """Runs a conda program with a clean environment and caches of its own.

    Args:
        root: Where downloads and indexes are kept.
        found: The program.
        offline: Use the cache only.
    """

    def __init__(self, root: Path, found: CondaProgram, *, offline: bool) -> None:
        self._root = root
        self._packages = root / "pkgs"
        self._found = found
        self._offline = ["--offline"] if offline else []

    def lock(self, recipe: CondaRecipe, *, folder: Path, log: Log) -> str:
        """Choose every package and list its address and hashes, as an explicit file; `folder` takes working files.

        Raises:
            EnvironmentUnresolvable: The packages contradict each other or are in none of the channels.
            IndexUnreachable: A channel does not answer.
        """
        log(f"{self._found.kind} resolves: {', '.join(recipe.specs)}")
        command = ["create", "--dry-run", "--json", "--yes", "--prefix", str(folder / "prefix"), *self._offline]
        command += ["--override-channels"] if recipe.channels else []
        command += [f"--channel={channel}" for channel in recipe.channels]
        # A program tells addresses and hashes only of what it would fetch, so it must see no package as cached.
        done = subprocess.run(
            [self._found.program, *command, *recipe.specs],
            cwd=folder,
            env=self._variables(self._root / "solve"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
        )
        answer = _json(done.stdout)
        if done.returncode or not isinstance(answer.get("actions"), dict):
            raise self._unsolved(answer, without_credentials(f"{done.stdout}\n{done.stderr}"))
        return self._explicit(answer["actions"])

    def install(self, lock: str, *, prefix: Path, folder: Path, log: Log) -> None:
        """Make a prefix that holds exactly the packages of the lock. It cannot be moved later.

        Raises:
            EnvironmentBuildFailed: A package cannot be installed, or is not the one of the lock.
            IndexUnreachable: A channel does not answer.
        """
        path = folder / "explicit.txt"
        path.write_text(lock)
        create = ["create", "--yes", "--quiet", "--prefix", str(prefix), "--file", str(path)]
        if not all(self._is_cached(name, digest) for digest, name in _SHA256.findall(lock)):
            fetch = ["create", "--yes", "--quiet", "--prefix", str(folder / "fetched"), "--file", str(path)]
            self._run([*fetch, "--download-only", *self._offline], folder, log)
        for digest, name in _SHA256.findall(lock):
            if not self._is_cached(name, digest):
                (self._packages / name).unlink(missing_ok=True)
                raise EnvironmentBuildFailed(
                    f"{name} is not the package that was locked: its SHA-256 is not {digest}, or it came past the "
                    f"cache of this server. {_OWN_CACHE} If the channel has changed, name other versions."
                )
        self._run([*create, "--offline"], folder, log)

    def activation(self, prefix: Path) -> dict[str, str]:
        """The variables that activating the prefix sets, such as JAVA_HOME."""
        path = f"{prefix / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        given = {**program_variables(os.environ), "PATH": path, "CONDA_PREFIX": str(prefix)}
        done = subprocess.run(["/bin/bash", "-c", _ACTIVATE], env=given, capture_output=True, text=True, timeout=60)
        entries = (entry.partition("=") for entry in done.stdout.split("\0") if "=" in entry)
        told = {name: value for name, _, value in entries if name not in _NOT_KEPT and given.get(name) != value}
        return {**told, "CONDA_PREFIX": str(prefix)}

    def _variables(self, packages: Path) -> dict[str, str]:
        packages.mkdir(parents=True, exist_ok=True)
        return {
            **program_variables(os.environ),
            "CONDA_PKGS_DIRS": str(packages),
            "MAMBA_ROOT_PREFIX": str(self._root / "root"),
            # pip comes with hashes from PyPI, unless the file asks for it.
            "CONDA_ADD_PIP_AS_PYTHON_DEPENDENCY": "false",
            "MAMBA_ADD_PIP_AS_PYTHON_DEPENDENCY": "false",
        }

    def _run(self, command: Sequence[str], folder: Path, log: Log) -> None:
        code, output = run_logged(
            [self._found.program, *command], folder=folder, variables=self._variables(self._packages), log=log
        )
        if code and _UNREACHABLE.search(output):
            raise self._unreachable(output)
        if code:
            raise EnvironmentBuildFailed(
                f"{self._found.kind} cannot install the packages of the environment:\n{tail_of(output)}\n"
                "Choose other versions in its conda_file."
            )

    def _is_cached(self, name: str, digest: str) -> bool:
        try:
            with (self._packages / name).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == digest
        except FileNotFoundError:
            return False

    def _explicit(self, actions: Mapping[str, Any]) -> str:  # Any: JSON
        """The file that all of these programs install from. It holds MD5; SHA-256 stands above, for `install`."""
        fetched = {_identity(record): record for record in actions.get("FETCH") or []}
        records = [fetched.get(_identity(record), record) for record in actions.get("LINK") or []]
        for record in records:
            if not record.get("url") or not record.get("sha256"):
                raise EnvironmentBuildFailed(
                    f"{self._found.kind} does not say address and SHA-256 of {_identity(record)}. {_OWN_CACHE} "
                    "A channel without SHA-256 in its index cannot be used."
                )
        records.sort(key=lambda record: str(record["url"]))
        hashes = [f"# sha256 {record['sha256']} {_file_name(record['url'])}" for record in records]
        files = [f"{record['url']}#{record['md5']}" if record.get("md5") else str(record["url"]) for record in records]
        return "\n".join([*hashes, "@EXPLICIT", *files, ""])

    def _unsolved(self, answer: Mapping[str, Any], output: str) -> Exception:  # Any: JSON
        if _UNREACHABLE.search(output):
            return self._unreachable(output)
        told = answer.get("message") or answer.get("solver_problems") or answer.get("error") or tail_of(output)
        text = "\n".join(map(str, told)) if isinstance(told, list) else str(told)
        return EnvironmentUnresolvable(
            f"{self._found.kind} cannot resolve the packages of the environment:\n{without_credentials(text).strip()}\n"
            "Change versions or channels in its conda_file."
        )

    def _unreachable(self, output: str) -> Exception:
        return IndexUnreachable(
            f"{self._found.kind} cannot fetch what it needs, and the cache does not have it:\n{tail_of(output)}\n"
            "Check the network and the channels, then submit again."
        )


def python_of(lock: str) -> str:
    """The full version of Python in a lock."""
    return dict(_packages(lock))["python"]


def preferences(lock: str) -> list[str]:
    """The packages of a lock as PyPI calls them, so that pip's part takes the same versions where it can."""
    return [f"{pypi_name(name)}=={version}" for name, version in _packages(lock) if re.match(r"\d", version)]


def _packages(lock: str) -> Iterator[tuple[str, str]]:
    return ((match[1], match[2]) for match in _FILE.finditer(lock))


def _identity(record: Mapping[str, Any]) -> tuple[str, ...]:  # Any: JSON
    return (str(record.get("name")), str(record.get("version")), str(record.get("build_string") or record.get("build")))


def _file_name(url: str) -> str:
    return url.rsplit("/", 1)[-1]


def _json(text: str) -> dict[str, Any]:  # Any: JSON
    try:
        answer = json.loads(text)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
