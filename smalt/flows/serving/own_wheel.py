"""This installation of smalt as a wheel, so that what is packed installs the very program that packed it."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Iterator
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

_PACKAGES = ("smalt", "promptflow")
_KEPT = ("METADATA", "entry_points.txt")
_WHEEL = "Wheel-Version: 1.0\nGenerator: smalt\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
# Equal content gives an equal file, so that layers of images stay what they are.
_MOMENT = (2020, 1, 1, 0, 0, 0)


def write_wheel(folder: Path) -> str:
    """Write the wheel into a folder; its name."""
    distribution = metadata.distribution("smalt")
    home = f"smalt-{distribution.version}.dist-info"
    name = f"smalt-{distribution.version}-py3-none-any.whl"
    record = []
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as wheel:
        for path, content in _files(distribution, home):
            wheel.writestr(_entry(path), content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            record.append(f"{path},sha256={digest},{len(content)}\n")
        wheel.writestr(_entry(f"{home}/RECORD"), "".join([*record, f"{home}/RECORD,,\n"]))
    return name


def _files(distribution: metadata.Distribution, home: str) -> Iterator[tuple[str, bytes]]:
    for package in _PACKAGES:
        spec = find_spec(package)
        assert spec is not None
        assert spec.submodule_search_locations
        root = Path(next(iter(spec.submodule_search_locations)))
        for file in sorted(root.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                yield f"{package}/{file.relative_to(root).as_posix()}", file.read_bytes()
    for name in _KEPT:
        yield f"{home}/{name}", (distribution.read_text(name) or "").encode()
    yield f"{home}/WHEEL", _WHEEL.encode()


def _entry(path: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(path, _MOMENT)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry
