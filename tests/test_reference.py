"""The reference pages say what the program does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SCRIPT = str(ROOT / "scripts" / "reference.py")


def test_the_reference_pages_are_current():
    """Run `make docs` when this fails."""
    done = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True, cwd=ROOT)

    assert done.returncode == 0, done.stderr


def test_a_stale_page_is_told_with_the_command_that_mends_it(tmp_path):
    code = (
        "import runpy, sys, pathlib\n"
        f"found = runpy.run_path({SCRIPT!r})\n"
        f"found['main'].__globals__['FOLDER'] = pathlib.Path({str(tmp_path)!r})\n"
        "sys.argv = ['reference.py', '--check']\n"
        "found['main']()\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)

    assert done.returncode == 1
    assert "commands.md, routes.md, settings.md. Run: make docs" in done.stderr
    assert not list(tmp_path.iterdir())
