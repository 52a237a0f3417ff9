"""Environments of flows: what they install, and a folder with the engine and nothing else to put on their path.

On the path of a job the folder of smalt itself would bring all that stands beside it there, such as other versions of
what the job's own environment has.
"""

from __future__ import annotations

import contextlib
import json
import re
from importlib.util import find_spec
from pathlib import Path

from smalt.environments.curated import FLOWS

_STOOD_FOR = re.compile(r"(?i)^\s*promptflow(?:[-_][a-z]+)?\b")
_PACKAGES = ("smalt", "promptflow")


def engine_path(home: Path) -> Path:
    """The folder, made if need be below `home`."""
    folder = home / "flow-engine"
    folder.mkdir(parents=True, exist_ok=True)
    for name in _PACKAGES:
        spec = find_spec(name)
        assert spec is not None
        assert spec.submodule_search_locations
        source = Path(next(iter(spec.submodule_search_locations)))
        link = folder / name
        if link.is_symlink() and link.readlink() == source:
            continue
        link.unlink(missing_ok=True)  # Of a smalt that was installed elsewhere.
        with contextlib.suppress(FileExistsError):
            link.symlink_to(source)
    return folder


def flow_conda(requirements: str) -> str:
    """A conda file with what a flow asks for and what the engine needs; for the original's packages the engine stands.

    Args:
        requirements: The text of the flow's own file.
    """
    own = [line for line in requirements.splitlines() if line.strip() and not _STOOD_FOR.match(line)]
    lines = [*own, *FLOWS]
    return json.dumps({"name": "flow", "dependencies": ["pip", {"pip": lines}]})
