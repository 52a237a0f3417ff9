"""Built environments on disk: found in well under a millisecond, built once for all who wait, collected when unused.

Layout below the root::

    constraints.txt       the operator's constraints, if any; part of every resolve and of `pip` in jobs
    recipes/<key>.json    which lock and environment a recipe came to
    locks/<key>.txt       versions and hashes
    envs/<key>/           a virtual environment with `environment.json`; complete from the moment it is visible
    images/<key>.<engine> the container image that a recipe came to, and its names
    leases/<key>/         who uses it        guards/  lock files        staging/  what is being built
    cache/ pip/ pythons/ conda/  downloads
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from smalt.environments.conda_build import CondaBuilder
from smalt.environments.conda_program import CondaInstaller, CondaProgram, python_of
from smalt.environments.containers import Engine, Images
from smalt.environments.errors import EnvironmentNotFound, IndexUnreachable
from smalt.environments.index import job_variables, resolver_variables
from smalt.environments.installer import UNFETCHED, Installer, Log, find_uv
from smalt.environments.interpreters import Interpreter, find_interpreter, installed_interpreters
from smalt.environments.locking import Lease, drop_stale_leases, locked, locked_if_free
from smalt.environments.plan import ALWAYS
from smalt.environments.request import Recipe
from smalt.environments.scripts import make_movable
from smalt.environments.staging import Staging
from smalt.errors import InvalidRequest, Unsupported
from smalt.kit import clock

_UNFETCHED_SECONDS = 3600
"""So long an environment that was made without an index is used before the index is asked again."""


@dataclass(frozen=True)
class BuiltEnvironment:
    """An environment that is ready to use.

    Attributes:
        key: Names the environment; equal content has an equal key.
        prefix: Its folder. Jobs run in an overlay on it and never change it.
        python: Its interpreter.
        python_version: E.g. `3.10.13`.
        notes: For the top of the job's log.
        lock: The path of the lock file.
        image: The id of the container image, where it is one; prefix and interpreter are then inside of it.
        variables: What jobs need in their environment to use it.
    """

    key: str
    prefix: Path
    python: Path
    python_version: str
    notes: tuple[str, ...]
    lock: str
    image: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class StoredEnvironment:
    """An environment in the cache, seen from the operator's side."""

    key: str
    prefix: Path
    python_version: str
    last_used_at: float
    """Seconds since the epoch."""


class EnvironmentCache:
    """Builds environments from recipes and keeps them.

    Args:
        root: Where everything is kept; on one file system, so that packages are shared by hard links.
        uv: The uv program, if not the installed one.
        offline: Never use the network.
        find_links: Folders or pages with further wheels, for builds and for `pip` in jobs.
        python_downloads: Whether a missing Python version may be downloaded.
        engine: What makes container images, if they are used.
        conda: What installs conda packages, if they are used.
    """

    def __init__(
        self,
        root: Path,
        *,
        uv: Path | None = None,
        offline: bool = False,
        find_links: Sequence[str] = (),
        python_downloads: bool = False,
        engine: Engine | None = None,
        conda: CondaProgram | None = None,
    ) -> None:
        self._root = root.absolute()
        self._staging = Staging(self._root / "staging")
        self._uv = uv
        self._offline = offline
        self._find_links = tuple(find_links)
        self._python_downloads = python_downloads
        self._images = None if engine is None else Images(self._root / "images", engine)
        self._conda = None if conda is None else CondaInstaller(self._root / "conda", conda, offline=offline)

    @property
    def constraints(self) -> Path | None:
        """The operator's constraints file, if there is one."""
        path = self._root / "constraints.txt"
        return path if path.is_file() else None

    def job_variables(self) -> dict[str, str]:
        """Environment variables that make `pip install` inside a job follow the operator's settings."""
        return job_variables(
            constraints=self.constraints,
            cache=self._root / "pip",
            find_links=self._find_links,
            offline=self._offline,
        )

    def find(self, recipe: Recipe) -> BuiltEnvironment | None:
        """The environment of a recipe if it is built; starts no process. Marks it as used now."""
        if recipe.image is not None:
            image = self._images_used().find(recipe.key)
            return None if image is None else _of_image(recipe, image)
        entry = self._entry(recipe)
        if entry is None or self._is_to_be_tried_again(recipe, entry):
            return None
        built = self._built(entry)
        try:
            built.python.stat()  # follows the link: the interpreter itself may be gone
            os.utime(built.prefix / "environment.json")
        except OSError:
            return None
        return built

    def made(self, recipe: Recipe) -> BuiltEnvironment | None:
        """What was built of a recipe, for those who look: an image may have been removed by others since."""
        if recipe.image is None:
            return self.find(recipe)
        image = self._images_used().recorded(recipe.key)
        return None if image is None else _of_image(recipe, image)

    def interpreter(self, recipe: Recipe) -> Interpreter:
        """The interpreter on which the recipe would be built.

        Raises:
            Unsupported: There is none, or the policy forbids the one that would serve.
        """
        return find_interpreter(recipe.python, policy=recipe.policy, extra=self._root / "pythons")

    def has_python(self, minor: str) -> bool:
        """Whether a minor version such as `3.10` is on this machine, or may be downloaded."""
        here = installed_interpreters(self._root / "pythons")
        return self._python_downloads or tuple(map(int, minor.split("."))) in here

    def build(self, recipe: Recipe, log: Log) -> BuiltEnvironment:
        """The environment of a recipe, built if need be. Whoever asks for the same one meanwhile waits and shares it.

        Raises:
            EnvironmentUnresolvable: The packages contradict each other.
            EnvironmentBuildFailed: A package cannot be installed.
            IndexUnreachable: The network is needed and not there.
            Unsupported: No Python serves, or images or conda are not used here.
        """
        if recipe.image is not None:
            return _of_image(recipe, self._images_used().make(recipe.key, recipe.image, log))
        found = self.find(recipe)
        if found is not None:
            return found
        with locked(self._guard(recipe.key), waiting=lambda: log("Waiting for another build of this environment.")):
            found = self.find(recipe)
            return found if found is not None else self._build(recipe, log)

    def lease(self, key: str, holder: str) -> Lease:
        """Claim an environment so that it is not collected; release it, or let all processes that have it end.

        Raises:
            EnvironmentNotFound: It has been collected. Build it again.
        """
        if not re.fullmatch(r"[\w.-]+", holder) or holder.startswith("."):
            raise InvalidRequest(f"{holder!r} cannot name the holder of a lease. Use letters, digits, '_', '-', '.'.")
        with locked(self._guard(key)):
            if not (self._root / "envs" / key / "environment.json").exists():
                raise EnvironmentNotFound(f"The environment {key!r} has been collected. Build it again.")
            return Lease(self._root / "leases" / key / holder)

    def list(self) -> list[StoredEnvironment]:
        """All built environments, the latest used first."""
        found = []
        for path in (self._root / "envs").glob("*/environment.json"):
            with contextlib.suppress(OSError, ValueError):
                version = str(json.loads(path.read_text())["python_version"])
                prefix = path.parent
                found.append(StoredEnvironment(prefix.name, prefix, version, path.stat().st_mtime))
        return sorted(found, key=lambda stored: -stored.last_used_at)

    def collect_garbage(self, keep: Collection[str] = (), *, unused_seconds: float) -> Sequence[str]:
        """Remove environments that were not used for a while, and what interrupted builds left.

        Args:
            keep: Keys that stay.
            unused_seconds: How long an environment must have been unused.

        Returns:
            The keys of the removed ones. An environment with a held lease always stays; recipes and locks stay too,
            so that a removed environment comes back without a resolve.
        """
        removed = []
        for stored in self.list():
            with locked_if_free(self._guard(stored.key)) as free:
                in_use = drop_stale_leases(self._root / "leases" / stored.key)
                old = time.time() - self._last_used(stored) >= unused_seconds
                if free and not in_use and old and stored.key not in keep:
                    self._staging.discard(stored.prefix)
                    removed.append(stored.key)
        if self._images is not None:
            removed += self._images.collect_garbage(keep, unused_seconds=unused_seconds)
        self._sweep_unfinished()
        self._staging.sweep()
        return removed

    def _images_used(self) -> Images:
        if self._images is None:
            raise Unsupported(
                "The environment is a container image, and this server was started without containers. Start it with "
                "--containers, or submit the job again."
            )
        return self._images

    def _conda_used(self) -> CondaInstaller:
        if self._conda is None:
            raise Unsupported(
                "The environment needs a conda program, and this server was started without one. Start it with "
                "--conda, or submit the job again."
            )
        return self._conda

    def _build(self, recipe: Recipe, log: Log) -> BuiltEnvironment:
        installer = self._installer()
        if recipe.conda is not None:
            return self._build_by_conda(recipe, installer, log)
        interpreter = self._interpreter(recipe, installer, log)
        notes = list(recipe.notes)
        if recipe.python and interpreter.minor != recipe.python:
            notes.append(f"Python {recipe.python} is not on this machine: {interpreter.version} is used instead.")
        constraints = self._constraints_text()
        lock = self._known_lock(recipe, interpreter) or self._resolve(recipe, interpreter, constraints, installer, log)
        if lock == UNFETCHED:
            notes.append("No package index is reachable: this environment has the pip of its Python, and nothing else.")
        identity = "\n".join([interpreter.version, str(interpreter.path), lock])
        key = hashlib.sha256(identity.encode()).hexdigest()[:32]
        with locked(self._guard(key), waiting=lambda: log("Waiting for another build of these packages.")):
            _write(self._lock_path(key), lock)
            prefix = self._root / "envs" / key
            if not (prefix / "bin" / "python").exists():
                self._install(key, interpreter, installer, log)
        return self._record(recipe, key, interpreter.version, constraints, notes, {}, is_unfetched=lock == UNFETCHED)

    def _build_by_conda(self, recipe: Recipe, installer: Installer, log: Log) -> BuiltEnvironment:
        """As `_build`, but in its final place, since conda packages hold the path at which they are installed."""
        builder = CondaBuilder(self._conda_used(), installer, self._root / "pythons")
        constraints = self._constraints_text()
        lock = self._kept_lock(recipe)
        if lock is None:
            with self._staging.folder("resolve") as folder:
                all_constraints = _joined(recipe.constraints, constraints)
                lock = builder.lock(recipe, constraints=all_constraints, folder=folder, log=log)
        key = hashlib.sha256(f"{self._root}\n{lock}".encode()).hexdigest()[:32]
        finished = self._root / "envs" / key / "environment.json"
        with locked(self._guard(key), waiting=lambda: log("Waiting for another build of these packages.")):
            _write(self._lock_path(key), lock)
            if not finished.exists():
                self._install_by_conda(finished, lock, builder, log)
            variables = json.loads(finished.read_text())["variables"]
        return self._record(recipe, key, python_of(lock), constraints, recipe.notes, variables)

    def _install_by_conda(self, finished: Path, lock: str, builder: CondaBuilder, log: Log) -> None:
        log("Installing packages.")
        started = time.monotonic()
        prefix = finished.parent
        if prefix.exists():  # an interrupted build
            self._staging.discard(prefix)
        prefix.parent.mkdir(parents=True, exist_ok=True)
        with self._staging.folder(prefix.name) as folder:
            try:
                variables = builder.install(lock, prefix=prefix, folder=folder, log=log)
            except BaseException:
                shutil.rmtree(prefix, ignore_errors=True)
                raise
        _write(finished, json.dumps({"python_version": python_of(lock), "variables": variables}))
        log(f"The environment is ready after {time.monotonic() - started:.1f} s.")

    def _record(
        self,
        recipe: Recipe,
        key: str,
        version: str,
        constraints: str,
        notes: Sequence[str],
        variables: Mapping[str, str],
        *,
        is_unfetched: bool = False,
    ) -> BuiltEnvironment:
        """Write down which environment a recipe came to."""
        entry: dict[str, Any] = {  # Any: JSON
            "environment": key,
            "python_version": version,
            "constraints": _stamp(constraints),
            "notes": list(notes),
            "variables": variables,
            "is_unfetched": is_unfetched,
        }
        _write(self._root / "recipes" / f"{recipe.key}.json", json.dumps(entry))
        return self._built(entry)

    def _built(self, entry: Mapping[str, Any]) -> BuiltEnvironment:  # Any: JSON that we wrote
        key = str(entry["environment"])
        prefix = self._root / "envs" / key
        return BuiltEnvironment(
            key,
            prefix,
            prefix / "bin" / "python",
            str(entry["python_version"]),
            tuple(map(str, entry["notes"])),
            str(self._lock_path(key)),
            variables=entry.get("variables", {}),
        )

    def _installer(self) -> Installer:
        variables = resolver_variables(os.environ, cache=self._root / "cache")
        return Installer(self._uv or find_uv(), variables, offline=self._offline, find_links=self._find_links)

    def _interpreter(self, recipe: Recipe, installer: Installer, log: Log) -> Interpreter:
        pythons = self._root / "pythons"
        if self._python_downloads and not self._offline and recipe.python:
            minor = tuple(int(part) for part in recipe.python.split("."))
            if minor not in installed_interpreters(pythons):
                log(f"Python {recipe.python} is not on this machine; it is downloaded.")
                installer.download_python(recipe.python, folder=pythons, log=log)
        return self.interpreter(recipe)

    def _known_lock(self, recipe: Recipe, interpreter: Interpreter) -> str | None:
        """The lock of an earlier build of the recipe, if it was made for this Python and these constraints."""
        entry = self._entry(recipe)
        if entry is None or not str(entry["python_version"]).startswith(interpreter.minor + "."):
            return None
        lock = self._kept_lock(recipe)
        return None if lock == UNFETCHED else lock

    def _is_to_be_tried_again(self, recipe: Recipe, entry: Mapping[str, Any]) -> bool:  # Any: JSON that we wrote
        """Whether an environment was made while no index was reachable, and one may be by now."""
        if not entry.get("is_unfetched") or self._offline:
            return False
        written = (self._root / "recipes" / f"{recipe.key}.json").stat().st_mtime
        return clock.now().timestamp() > written + _UNFETCHED_SECONDS

    def _kept_lock(self, recipe: Recipe) -> str | None:
        entry = self._entry(recipe)
        try:
            return None if entry is None else self._lock_path(str(entry["environment"])).read_text()
        except OSError:
            return None

    def _resolve(
        self, recipe: Recipe, interpreter: Interpreter, operator_constraints: str, installer: Installer, log: Log
    ) -> str:
        log(f"Resolving packages for Python {interpreter.version}: {', '.join(recipe.requirements)}")
        constraints = _joined(recipe.constraints, operator_constraints)
        with self._staging.folder("resolve") as folder:
            try:
                return installer.lock(
                    recipe.requirements, python=interpreter.path, constraints=constraints, folder=folder, log=log
                )
            except IndexUnreachable:
                # Nobody has asked for a package, so a job on a machine by itself need not wait for one.
                if not set(recipe.requirements) <= set(ALWAYS):
                    raise
                return UNFETCHED

    def _install(self, key: str, interpreter: Interpreter, installer: Installer, log: Log) -> None:
        log("Installing packages.")
        started = time.monotonic()
        with self._staging.folder(key) as folder:
            prefix = folder / "prefix"
            installer.install(self._lock_path(key), python=interpreter.path, prefix=prefix, log=log)
            make_movable(prefix)
            (prefix / "environment.json").write_text(json.dumps({"python_version": interpreter.version}))
            target = self._root / "envs" / key
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists():  # its interpreter was removed from the machine
                self._staging.discard(target)
            prefix.rename(target)
        log(f"The environment is ready after {time.monotonic() - started:.1f} s.")

    def _sweep_unfinished(self) -> None:
        """Remove what killed builds of conda packages left in its final place."""
        for folder in (self._root / "envs").glob("*"):
            with locked_if_free(self._guard(folder.name)) as free:
                if free and not (folder / "environment.json").exists():
                    self._staging.discard(folder)

    def _entry(self, recipe: Recipe) -> dict[str, Any] | None:  # Any: JSON that we wrote
        try:
            entry = json.loads((self._root / "recipes" / f"{recipe.key}.json").read_bytes())
        except (OSError, ValueError):
            return None
        fresh = isinstance(entry, dict) and entry["constraints"] == _stamp(self._constraints_text())
        return entry if fresh else None

    def _constraints_text(self) -> str:
        try:
            return (self._root / "constraints.txt").read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""

    def _last_used(self, stored: StoredEnvironment) -> float:
        with contextlib.suppress(OSError):
            return (stored.prefix / "environment.json").stat().st_mtime
        return stored.last_used_at

    def _lock_path(self, key: str) -> Path:
        return self._root / "locks" / f"{key}.txt"

    def _guard(self, key: str) -> Path:
        return self._root / "guards" / key


def _of_image(recipe: Recipe, image: str) -> BuiltEnvironment:
    return BuiltEnvironment(recipe.key, Path("/"), Path("python"), "", recipe.notes, "", image=image)


def _joined(constraints: Sequence[str], operators: str) -> str:
    return "\n".join([*constraints, operators, ""])


def _stamp(constraints: str) -> str:
    return hashlib.sha256(constraints.encode()).hexdigest()


def _write(path: Path, text: str) -> None:
    """Replace a file in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).replace(path)
