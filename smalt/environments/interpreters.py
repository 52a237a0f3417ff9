"""The Python interpreters that are really on this machine, and which of them serves a wanted version."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from smalt.environments.request import SubstitutionPolicy
from smalt.errors import Unsupported

Minor = tuple[int, int]

_OLDEST: Minor = (3, 7)  # the installer supports none before
_PROBE = "import json, platform, ssl, sys; print(json.dumps([platform.python_version(), sys.base_prefix]))"


@dataclass(frozen=True)
class Interpreter:
    """An interpreter outside any virtual environment.

    Attributes:
        path: The executable, free of links and shims.
        version: The full version, e.g. `3.10.13`.
    """

    path: Path
    version: str

    @property
    def minor(self) -> str:
        """The version that packages are built for, e.g. `3.10`."""
        return ".".join(self.version.split(".")[:2])


def find_interpreter(wanted: str | None, *, policy: SubstitutionPolicy, extra: Path | None = None) -> Interpreter:
    """The interpreter for a wanted minor version: that one, or by policy the nearest newer (else older) one.

    Args:
        wanted: E.g. `3.10`; None for the version that runs this program.
        policy: Whether another version may serve.
        extra: A folder of further installations, one per sub-folder.

    Raises:
        Unsupported: No interpreter serves.
    """
    candidates = installed_interpreters(extra)
    goal = _minor(wanted) if wanted else (sys.version_info[0], sys.version_info[1])
    order = sorted(candidates, key=lambda minor: (minor < goal, abs(minor[0] - goal[0]), abs(minor[1] - goal[1])))
    if policy is SubstitutionPolicy.STRICT and wanted:
        order = [goal] if goal in candidates else []
    for minor in order:
        for path in candidates[minor]:
            found = _probe(path)
            if found is not None:
                return found
    here = ", ".join(f"{major}.{minor}" for major, minor in sorted(candidates)) or "none"
    raise Unsupported(
        f"Python {wanted or 'of any version'} is not on this machine (here: {here}). "
        "Ask for one of these, have the operator install it, or set the substitution policy to 'substitute'."
    )


def installed_interpreters(extra: Path | None = None) -> dict[Minor, list[Path]]:
    """The installed interpreters by minor version, the preferred ones first; nothing is started."""
    found: dict[Minor, list[Path]] = {}
    for path in _candidates(extra):
        real = path.resolve()
        match = re.match(r"^python(\d)\.(\d+)$", real.name)
        if match is None or not os.access(real, os.X_OK) or _is_script(real):
            continue
        minor = (int(match[1]), int(match[2]))
        if minor >= _OLDEST and real not in found.setdefault(minor, []):
            found[minor].append(real)
    return {minor: paths for minor, paths in found.items() if paths}


def _candidates(extra: Path | None) -> Iterator[Path]:
    yield Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        if folder:
            yield from sorted(Path(folder).glob("python3*"))
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    managed = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv" / "python")
    for root in (pyenv / "versions", managed, *([extra] if extra else [])):
        yield from sorted(root.glob("*/bin/python3.*"), reverse=True)


def _is_script(path: Path) -> bool:
    """Shims of version managers are shell scripts that answer for an interpreter which may not be chosen."""
    try:
        with path.open("rb") as file:
            return file.read(2) == b"#!"
    except OSError:
        return True


def _probe(path: Path) -> Interpreter | None:
    """Start the interpreter once, so that a broken one (or one without ssl) is never chosen."""
    try:
        answer = subprocess.run([path, "-I", "-c", _PROBE], capture_output=True, text=True, timeout=60, check=True)
        version, prefix = json.loads(answer.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return Interpreter(path, version) if Path(prefix).resolve() in path.parents else None


def _minor(text: str) -> Minor:
    match = re.match(r"^(\d+)\.(\d+)", text)
    if match is None:
        raise Unsupported(f"Python version {text!r} is not understood. Write it as 3.11.")
    return int(match[1]), int(match[2])
