"""Writes a private layer on an environment: standard library only, so that machines without smalt can do it as well."""

from __future__ import annotations

import os
from pathlib import Path

# Last in the alphabet, so that paths of editable installs in the overlay also come before the base.
_BASE_PTH = "zzzz_base.pth"
_LISTING_PTH = "_smalt_sorted_listing.pth"
_LISTING_MODULE = "_smalt_sorted_listing.py"
# A shebang cannot hold a long path or one with spaces; this is a shell script that is also Python.
_PIP = """#!/bin/sh
'''exec' "$(dirname -- "$(realpath -- "$0")")/python" "$0" "$@"
' '''
import sys
from pip._internal.cli.main import main
sys.exit(main())
"""


def write(prefix: Path, *, base: Path, python_version: str, sorted_listing: bytes | None) -> None:
    """Write the layer.

    Args:
        prefix: Where it goes; a layer that is there is left as it is.
        base: The environment below.
        python_version: Of its interpreter, e.g. `3.10.13`.
        sorted_listing: The source of the module that makes listings of folders sorted, if they shall be.
    """
    settings = prefix / "pyvenv.cfg"
    if settings.exists():
        return
    interpreter = Path(os.path.realpath(base / "bin" / "python"))
    minor = ".".join(python_version.split(".")[:2])
    packages = prefix / "lib" / f"python{minor}" / "site-packages"
    scripts = prefix / "bin"
    packages.mkdir(parents=True, exist_ok=True)
    scripts.mkdir(exist_ok=True)
    _link(scripts / "python", str(interpreter))
    _link(scripts / "python3", "python")
    _link(scripts / f"python{minor}", "python")
    _link(prefix / "lib64", "lib")
    for name in ("pip", "pip3", f"pip{minor}"):
        _program(scripts / name)
    below = base / "lib" / f"python{minor}" / "site-packages"
    (packages / _BASE_PTH).write_text(f"import site; site.addsitedir({str(below)!r})\n", encoding="utf-8")
    if sorted_listing is not None:
        (packages / _LISTING_MODULE).write_bytes(sorted_listing)
        module = Path(_LISTING_MODULE).stem
        (packages / _LISTING_PTH).write_text(f"import {module}; {module}.install()\n", encoding="utf-8")
    # Last, as its presence says that the layer is complete.
    settings.write_text(
        f"home = {interpreter.parent}\ninclude-system-site-packages = false\nversion = {python_version}\n",
        encoding="utf-8",
    )


def _link(path: Path, target: str) -> None:
    if not path.is_symlink():
        path.symlink_to(target)


def _program(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o755)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(_PIP)
