"""Environments of conda packages with pip's part on top: one lock of both, one prefix in its final place."""

from __future__ import annotations

from pathlib import Path

from smalt.environments.conda_program import CondaInstaller, preferences, python_of
from smalt.environments.installer import Installer, Log
from smalt.environments.interpreters import find_interpreter
from smalt.environments.request import Recipe, SubstitutionPolicy
from smalt.environments.scripts import make_movable

_PIP_PART = "# Added by uv:\n"


class CondaBuilder:
    """Builds what a conda program and uv make together.

    Args:
        conda: Installs the conda packages.
        uv: Adds what pip is to install.
        pythons: A folder of further interpreters, one of which may build packages that have no wheel.
    """

    def __init__(self, conda: CondaInstaller, uv: Installer, pythons: Path) -> None:
        self._conda = conda
        self._uv = uv
        self._pythons = pythons

    def lock(self, recipe: Recipe, *, constraints: str, folder: Path, log: Log) -> str:
        """Choose every package. Pip's part is chosen for the Python of the conda part, and leans to its versions.

        Raises:
            EnvironmentUnresolvable: The packages contradict each other.
            IndexUnreachable: A channel or the package index does not answer.
        """
        assert recipe.conda is not None
        explicit = self._conda.lock(recipe.conda, folder=folder, log=log)
        version = python_of(explicit)
        minor = ".".join(version.split(".")[:2])
        builder = find_interpreter(minor, policy=SubstitutionPolicy.SUBSTITUTE, extra=self._pythons)
        log(f"Resolving packages for Python {version}: {', '.join(recipe.requirements)}")
        added = self._uv.lock(
            recipe.requirements,
            python=builder.path,
            constraints=constraints,
            folder=folder,
            log=log,
            version=version,
            preferences=preferences(explicit),
        )
        return f"{explicit}{_PIP_PART}{added}"

    def install(self, lock: str, *, prefix: Path, folder: Path, log: Log) -> dict[str, str]:
        """Make the prefix, and tell the variables that its activation sets.

        Raises:
            EnvironmentBuildFailed: A package cannot be installed.
            IndexUnreachable: A channel or the package index does not answer.
        """
        explicit, _, added = lock.partition(_PIP_PART)
        requirements = folder / "requirements.txt"
        requirements.write_text(added)
        self._conda.install(explicit, prefix=prefix, folder=folder, log=log)
        self._uv.add(requirements, prefix=prefix, log=log)
        make_movable(prefix)
        return self._conda.activation(prefix)
