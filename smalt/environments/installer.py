"""uv as a subprocess: resolve requirements to a lock, make a virtual environment, install a lock into it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from smalt.environments.errors import EnvironmentBuildFailed, EnvironmentUnresolvable, IndexUnreachable
from smalt.errors import Unavailable

Log = Callable[[str], None]

_UNREACHABLE = re.compile(
    r"error sending request|Request failed after|dns error|tcp connect error|network was disabled|"
    r"network connectivity is disabled|operation timed out",
    re.IGNORECASE,
)
_CREDENTIALS = re.compile(
    r"(?<=://)[^/@\s]+(?=@)|(?<=/t/)[\w-]+(?=/)"
)  # the second is how conda channels carry a token
_TAIL_LINES = 25
# Old source packages import pkg_resources when they are built, which newer setuptools does not have.
_BUILD_CONSTRAINTS = "setuptools<81\n"
# Versions to take where nothing else is asked: the last setuptools whose pkg_resources works without a warning.
_PREFERENCES = ("setuptools==80.8.0",)
UNFETCHED = "# What comes with Python: no package index was reachable.\n"
"""The lock of an environment that asks for nothing, made where nothing can be fetched."""


def find_uv() -> Path:
    """The uv that was installed with smalt, else one on PATH."""
    try:
        from uv import find_uv_bin

        return Path(find_uv_bin())
    except (ImportError, FileNotFoundError):
        found = shutil.which("uv")
    if found is None:
        raise Unavailable("uv is not installed, so no environment can be built. Install it: pip install uv.")
    return Path(found)


class Installer:
    """Runs uv with a clean environment.

    Args:
        uv: The program.
        variables: Its whole environment.
        offline: Use the cache only.
        find_links: Folders or pages with further wheels.
    """

    def __init__(self, uv: Path, variables: Mapping[str, str], *, offline: bool, find_links: Sequence[str]) -> None:
        self._uv = uv
        self._variables = dict(variables)
        self._offline = offline
        self._links = [argument for link in find_links for argument in ("--find-links", link)]

    def lock(
        self,
        requirements: Sequence[str],
        *,
        python: Path,
        constraints: str,
        folder: Path,
        log: Log,
        version: str | None = None,
        preferences: Sequence[str] = (),
    ) -> str:
        """Choose a version and list the hashes of every package; `folder` takes the working files.

        Args:
            requirements: Lines of a requirements file.
            python: The interpreter that builds packages which have no wheel.
            constraints: The text of a constraints file.
            folder: Takes the working files.
            log: Is told what is done.
            version: The version of Python that the packages are for, if not that of `python`.
            preferences: Versions to take where nothing else is asked, as `name==version`.

        Raises:
            EnvironmentUnresolvable: The requirements contradict each other or name what does not exist.
            IndexUnreachable: The package index does not answer.
        """
        options = [line for line in requirements if line.startswith("--") and line != "--pre"]
        (folder / "requirements.txt").write_text("\n".join(line for line in requirements if line != "--pre") + "\n")
        (folder / "constraints.txt").write_text(constraints)
        (folder / "build-constraints.txt").write_text(_BUILD_CONSTRAINTS)
        # The resolver keeps the versions of an existing lock if it can.
        named = {line.split("==")[0] for line in preferences}
        usual = [line for line in _PREFERENCES if line.split("==")[0] not in named]
        (folder / "lock.txt").write_text("".join(f"{line}\n" for line in [*preferences, *usual]))
        command = ["pip", "compile", "requirements.txt", "--constraint", "constraints.txt"]
        command += ["--build-constraint", "build-constraints.txt", "--python", str(python), "--no-python-downloads"]
        command += ["--generate-hashes", "--no-header", "--no-annotate", "--quiet", "--output-file", "lock.txt"]
        if version is not None:
            command += ["--python-version", version]
        if any(line.startswith(("--index-url", "--extra-index-url")) for line in options):
            command += ["--index-strategy", "unsafe-best-match"]
        if "--pre" in requirements:
            command += ["--prerelease", "allow"]
        self._run_or_from_cache([*command, *self._links], folder=folder, log=log, failure=_unresolvable)
        return "\n".join([*options, (folder / "lock.txt").read_text()])

    def install(self, lock: Path, *, python: Path, prefix: Path, log: Log) -> None:
        """Make a virtual environment at `prefix` that holds exactly the packages of the lock.

        Raises:
            EnvironmentBuildFailed: A package cannot be downloaded or built.
            IndexUnreachable: The package index does not answer.
        """
        venv = ["venv", str(prefix), "--python", str(python), "--no-project", "--relocatable", "--quiet"]
        self._run_or_from_cache([*venv, "--no-python-downloads"], folder=lock.parent, log=log, failure=_not_built)
        if lock.read_text() == UNFETCHED:
            self._take_along(prefix, log)
            return
        self._fill(["pip", "sync", str(lock)], lock, prefix=prefix, log=log)

    def add(self, lock: Path, *, prefix: Path, log: Log) -> None:
        """Install the packages of the lock into a prefix beside those that it has; equal versions stay.

        Raises:
            EnvironmentBuildFailed: A package cannot be downloaded or built.
            IndexUnreachable: The package index does not answer.
        """
        self._fill(["pip", "install", "--no-deps", "--requirement", str(lock)], lock, prefix=prefix, log=log)

    def _take_along(self, prefix: Path, log: Log) -> None:
        """Install the pip that the interpreter has brought along."""
        command = [str(prefix / "bin" / "python"), "-m", "ensurepip", "--default-pip"]
        code, output = run_logged(command, folder=prefix, variables=self._variables, log=log)
        if code != 0:
            raise IndexUnreachable(
                f"No package index is reachable, and this Python has no pip of its own:\n{tail_of(output)}\n"
                "Check the network and the index settings of the server, or install what Python lacks (Debian: "
                "python3-venv), then submit again."
            )

    def _fill(self, command: list[str], lock: Path, *, prefix: Path, log: Log) -> None:
        build_constraints = prefix / "build-constraints.txt"
        build_constraints.write_text(_BUILD_CONSTRAINTS)
        command += ["--python", str(prefix / "bin" / "python"), "--no-python-downloads"]
        command += ["--build-constraint", str(build_constraints), "--quiet"]
        if "index-url" in lock.read_text():
            command += ["--index-strategy", "unsafe-best-match"]
        self._run_or_from_cache([*command, *self._links], folder=lock.parent, log=log, failure=_not_built)
        build_constraints.unlink()

    def download_python(self, version: str, *, folder: Path, log: Log) -> bool:
        """Fetch an interpreter into `folder`; tell whether that worked."""
        folder.mkdir(parents=True, exist_ok=True)
        command = ["python", "install", version, "--install-dir", str(folder), "--no-bin", "--quiet"]
        code, _ = self._run(command, folder=folder, log=log)
        return code == 0

    def _run_or_from_cache(
        self, command: list[str], *, folder: Path, log: Log, failure: Callable[[str], Exception]
    ) -> None:
        offline = ["--offline"] if self._offline else []
        code, output = self._run([*command, *offline], folder=folder, log=log)
        if code == 0:
            return
        if not _UNREACHABLE.search(output):
            raise failure(output)
        if not offline and self._run([*command, "--offline"], folder=folder, log=lambda line: None)[0] == 0:
            log("The package index is not reachable; the cache has what is needed.")
            return
        raise IndexUnreachable(
            f"The packages cannot be fetched and are not all in the cache:\n{tail_of(output)}\n"
            "Check the network and the index settings of the server, then submit again."
        )

    def _run(self, arguments: list[str], *, folder: Path, log: Log) -> tuple[int, str]:
        return run_logged([str(self._uv), *arguments], folder=folder, variables=self._variables, log=log)


def run_logged(
    command: Sequence[str], *, folder: Path | None = None, variables: Mapping[str, str] | None = None, log: Log
) -> tuple[int, str]:
    """Run a program to its end; its exit code and output, which is logged line by line, without credentials in URLs."""
    lines: list[str] = []
    with subprocess.Popen(
        command,
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                clean = without_credentials(line.rstrip())
                lines.append(clean)
                log(clean)
        except BaseException:
            process.kill()
            raise
    return process.returncode, "\n".join(lines)


def without_credentials(text: str) -> str:
    """The text with the secrets of its URLs blotted out."""
    return _CREDENTIALS.sub("****", text)


def _unresolvable(output: str) -> Exception:
    return EnvironmentUnresolvable(
        f"The packages of the environment cannot be resolved:\n{tail_of(output)}\n"
        "Change the versions in its conda_file or requirements."
    )


def _not_built(output: str) -> Exception:
    return EnvironmentBuildFailed(
        f"The packages of the environment cannot be installed:\n{tail_of(output)}\n"
        "Choose versions that have wheels for this machine, or have the operator install the missing tools."
    )


def tail_of(output: str) -> str:
    """The last lines of an output."""
    return "\n".join([line for line in output.splitlines() if line.strip()][-_TAIL_LINES:])
