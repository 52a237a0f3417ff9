"""Runs every benchmark, one after the other: `make bench`. Each prints its own lines."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PEER = HERE.parent / ".venv-peers" / "bin" / "python"
PROMPTFLOW = HERE.parent / ".venv-promptflow" / "bin" / "python"

if __name__ == "__main__":
    for name, options in (
        ("cli", ()),
        ("idle", ()),
        ("submit", ()),
        ("sweep", ()),
        ("upload", ()),
        ("parallel", ()),
        ("tracking", ("--peer-python", str(PEER))),
        ("flows", ("--peer-python", str(PROMPTFLOW))),
        ("serving", ("--peer-python", str(PEER))),
        ("first_answer", ()),
    ):
        print(f"## {name}", flush=True)
        subprocess.run([sys.executable, str(HERE / f"{name}.py"), *options], check=True, cwd=HERE)
