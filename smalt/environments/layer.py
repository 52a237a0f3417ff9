"""Writes a private layer on an environment: standard library only, so that machines without smalt can do it as well.

Every job waits for it, so paths are plain text here and each folder is made once.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

# Last in the alphabet, so that paths of editable installs in the overlay also come before the base.
_BASE_PTH = "zzzz_base.pth"
_LISTING_PTH = "_smalt_sorted_listing.pth"
_LISTING_MODULE = "_smalt_sorted_listing"
# A shebang cannot hold a long path or one with spaces; this is a shell script that is also Python.
_PIP = b"""#!/bin/sh
'''exec' "$(dirname -- "$(realpath -- "$0")")/python" "$0" "$@"
' '''
import sys
from pip._internal.cli.main import main
sys.exit(main())
"""


def write(prefix: Path, *, base: Path, python_version: str, sorted_listing: str | None) -> None:
    """Write the layer.

    Args:
        prefix: Where it goes; a layer that is there is left as it is.
        base: The environment below.
        python_version: Of its interpreter, e.g. `3.10.13`.
        sorted_listing: The folder of the module that makes listings of folders sorted, if they shall be.
    """
    top = str(prefix)
    settings = f"{top}/pyvenv.cfg"
    if os.path.exists(settings):
        return
    interpreter = os.path.realpath(f"{base}/bin/python")
    minor = ".".join(python_version.split(".")[:2])
    packages = f"{top}/lib/python{minor}/site-packages"
    os.makedirs(top, exist_ok=True)
    for folder in (f"{top}/bin", f"{top}/lib", f"{top}/lib/python{minor}", packages):
        _make(folder)
    _link(f"{top}/bin/python", interpreter)
    _link(f"{top}/bin/python3", "python")
    _link(f"{top}/bin/python{minor}", "python")
    _link(f"{top}/lib64", "lib")
    for name in ("pip", "pip3", f"pip{minor}"):
        _write(f"{top}/bin/{name}", _PIP, mode=0o755)
    below = f"{base}/lib/python{minor}/site-packages"
    # An interpreter of a virtual environment reads these files twice; what lies below need not be.
    once = f"{below!r} in vars(site).get('smalt_bases', ())"
    note = f"vars(site).setdefault('smalt_bases', []).append({below!r})"
    _write(f"{packages}/{_BASE_PTH}", f"import site; {once} or ({note}, site.addsitedir({below!r}))\n".encode())
    if sorted_listing is not None:
        # Found where it lies: a copy would be compiled anew by every job, which costs more than the whole layer.
        found = f"sys.path.insert(0, {sorted_listing!r}); import {_LISTING_MODULE}; del sys.path[0]"
        _write(f"{packages}/{_LISTING_PTH}", f"import sys; {found}; {_LISTING_MODULE}.install()\n".encode())
    # Last, as its presence says that the layer is complete.
    home = os.path.dirname(interpreter)
    _write(settings, f"home = {home}\ninclude-system-site-packages = false\nversion = {python_version}\n".encode())


def _make(folder: str) -> None:
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder)


def _link(path: str, target: str) -> None:
    with contextlib.suppress(FileExistsError):
        os.symlink(target, path)


def _write(path: str, content: bytes, *, mode: int = 0o666) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        os.write(descriptor, content)
    finally:
        os.close(descriptor)
