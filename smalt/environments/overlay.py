"""A job's private layer on a shared environment: what the job installs lands here, and the base stays as it was.

The layer looks like a virtual environment of the same interpreter. Its site-packages come first; a `.pth` file puts
those of the base behind them. pip sees the base's packages as lying outside, so it uses and shadows them, and never
removes them.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path

from smalt.environments import sorted_listing as _sorted_listing
from smalt.environments.cache import BuiltEnvironment

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


def overlay(env: BuiltEnvironment, folder: Path, *, sorted_listing: bool = True) -> Path:
    """Make a private layer on an environment.

    Args:
        env: The base. Hold a lease on it for as long as the layer is used.
        folder: Where the layer goes; an existing layer is used as it is.
        sorted_listing: Whether `os.listdir` and `os.scandir` answer in lexicographic order.

    Returns:
        The layer's prefix. Put its `bin`, then the base's `bin`, first on PATH.
    """
    prefix = folder.absolute()
    settings = prefix / "pyvenv.cfg"
    if settings.exists():
        return prefix
    interpreter = Path(os.path.realpath(env.python))
    minor = ".".join(env.python_version.split(".")[:2])
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
    base = env.prefix / "lib" / f"python{minor}" / "site-packages"
    (packages / _BASE_PTH).write_text(f"import site; site.addsitedir({str(base)!r})\n", encoding="utf-8")
    if sorted_listing:
        (packages / _LISTING_MODULE).write_bytes(_listing_source())
        module = _LISTING_MODULE.removesuffix(".py")
        (packages / _LISTING_PTH).write_text(f"import {module}; {module}.install()\n", encoding="utf-8")
    # Last, as its presence says that the layer is complete.
    settings.write_text(
        f"home = {interpreter.parent}\ninclude-system-site-packages = false\nversion = {env.python_version}\n",
        encoding="utf-8",
    )
    return prefix


def _link(path: Path, target: str) -> None:
    if not path.is_symlink():
        path.symlink_to(target)


def _program(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o755)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(_PIP)


@functools.cache
def _listing_source() -> bytes:
    return Path(_sorted_listing.__file__).read_bytes()
