"""The package that a cluster gets for a job: our runtime, and the job's plan."""

from __future__ import annotations

import functools
import io
import zipfile
from pathlib import Path

_PACKAGE = Path(__file__).parents[2]
_EXTRAS = ("layer.py", "sorted_listing.py")
# A fixed moment, so that the same plan gives the same bytes.
_MOMENT = (1980, 1, 1, 0, 0, 0)


def pack(plan: str) -> bytes:
    """A zip file with the runtime, what it borrows of other places, and a plan."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as package:
        for name, source in _sources():
            package.writestr(_entry(name, 0o644), source)
        package.writestr(_entry("plan.json", 0o600), plan)
    return content.getvalue()


def _entry(name: str, mode: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _MOMENT)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = mode << 16
    return entry


@functools.cache
def _sources() -> tuple[tuple[str, bytes], ...]:
    runtime = sorted((_PACKAGE / "runtime").rglob("*.py"))
    files = [(_PACKAGE / "__init__.py"), *runtime]
    found = [(f"smalt/{path.relative_to(_PACKAGE).as_posix()}", path.read_bytes()) for path in files]
    found += [(f"extras/{name}", (_PACKAGE / "environments" / name).read_bytes()) for name in _EXTRAS]
    return tuple(found)
