"""Where flows keep connections, runs and settings on this machine."""

from __future__ import annotations

import os
from pathlib import Path


def flows_home() -> Path:
    """`PF_HOME_DIRECTORY`, or `~/.promptflow`, where tools of prompt flow look for runs."""
    return Path(os.environ.get("PF_HOME_DIRECTORY") or "~/.promptflow").expanduser().absolute()
