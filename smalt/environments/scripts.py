"""Console scripts of a built environment, made to run with whichever Python comes first on PATH: the overlay's."""

from __future__ import annotations

import re
import stat
from pathlib import Path

_ENV_SHEBANG = b"#!/usr/bin/env python\n"
# The installer's movable launcher is a shell script that is also valid Python: three lines, then the program.
_LAUNCHER = re.compile(rb"^#!/bin/sh\n'''exec' [^\n]*\n' '''\n")
_DIRECT = re.compile(rb"^#![^\n]*/bin/python[\d.]*(?: [^\n]*)?\n")
_UNUSED = ("activate*", "deactivate*", "pydoc.bat")
# Works round distutils settings of old tools, and would cost every job start an import.
_UNUSED_MODULES = ("_virtualenv.pth", "_virtualenv.py")


def make_movable(prefix: Path) -> None:
    """Remove what ties a new virtual environment to its place or slows its start."""
    scripts = prefix / "bin"
    for pattern in _UNUSED:
        for path in scripts.glob(pattern):
            path.unlink()
    for site_packages in prefix.glob("lib/python*/site-packages"):
        for name in _UNUSED_MODULES:
            (site_packages / name).unlink(missing_ok=True)
    for path in scripts.iterdir():
        if not path.is_symlink() and path.is_file():
            _free_shebang(path)


def _free_shebang(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(2) != b"#!":
            return  # a program, which may be large
    content = path.read_bytes()
    pattern = _LAUNCHER if _LAUNCHER.match(content) else _DIRECT
    changed = pattern.sub(_ENV_SHEBANG, content, count=1)
    if changed == content:
        return
    # A new file, as the old one may be a hard link into the download cache.
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(changed)
    fresh.chmod(stat.S_IMODE(path.stat().st_mode))
    fresh.replace(path)
