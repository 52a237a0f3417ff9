"""Makes sure that there is a kernel: an environment without one gets it into the private layer of this job."""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys

_NEEDED = ("ipykernel", "jupyter_client")


def provide() -> None:
    """Install ipykernel where it is missing.

    Raises:
        SystemExit: It could not be installed.
    """
    if all(importlib.util.find_spec(name) for name in _NEEDED):
        return
    print("The environment has no ipykernel; it is installed for this job.", flush=True)
    done = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "ipykernel"], check=False)
    if done.returncode:
        sys.exit("ipykernel could not be installed. Add it to the environment, then start again.")
    importlib.invalidate_caches()
