"""The package that a cluster gets for a job: our runtime, the job's plan, and what else the job's own part needs."""

from __future__ import annotations

import functools
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import yaml

_PACKAGE = Path(__file__).parents[2]
_ENGINE = ("kit", "entities", "wire", "flows")
_EXTRAS = ("layer.py",)
_READS_TABLES = "SMALT_PARALLEL"
"""Variable of jobs that may read MLTable files, in environments that may have no reader of YAML."""

# A fixed moment, so that the same plan gives the same bytes.
_MOMENT = (1980, 1, 1, 0, 0, 0)


def pack(plan: str) -> bytes:
    """A zip file with the runtime, what it borrows of other places, a plan, and what the plan asks for."""
    content_of_plan = json.loads(plan)
    files = [*_sources()]
    if content_of_plan["remote"]["engine"] is not None:
        files += _engine()
    if _READS_TABLES in content_of_plan["variables"]:
        files += _yaml()
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as package:
        for name, source in files:
            package.writestr(_entry(name, 0o644), source)
        package.writestr(_entry("plan.json", 0o600), plan)
    return content.getvalue()


def _entry(name: str, mode: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _MOMENT)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = mode << 16
    return entry


@functools.cache
def _engine() -> tuple[tuple[str, bytes], ...]:
    """What `python -m smalt.flows.job` imports of smalt, and the names under which flow code imports prompt flow."""
    files = [_PACKAGE / "__init__.py", _PACKAGE / "errors.py"]
    for place in (*(_PACKAGE / name for name in _ENGINE), _PACKAGE.parent / "promptflow"):
        files += sorted(_sources_below(place))
    return tuple((f"engine/{path.relative_to(_PACKAGE.parent).as_posix()}", path.read_bytes()) for path in files)


def _sources_below(place: Path) -> Iterator[Path]:
    return (path for path in place.rglob("*.py") if "gallery" not in path.parts)


@functools.cache
def _yaml() -> tuple[tuple[str, bytes], ...]:
    """PyYAML, where `runtime/tables` looks for it."""
    files = sorted(Path(yaml.__file__).parent.glob("*.py"))
    return tuple((f"extras/yaml/{path.name}", path.read_bytes()) for path in files)


@functools.cache
def _sources() -> tuple[tuple[str, bytes], ...]:
    runtime = sorted((_PACKAGE / "runtime").rglob("*.py"))
    files = [(_PACKAGE / "__init__.py"), *runtime]
    found = [(f"smalt/{path.relative_to(_PACKAGE).as_posix()}", path.read_bytes()) for path in files]
    found += [(f"extras/{name}", (_PACKAGE / "environments" / name).read_bytes()) for name in _EXTRAS]
    return tuple(found)
