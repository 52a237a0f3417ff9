"""A job's private layer on a shared environment: what the job installs lands here, and the base stays as it was.

The layer looks like a virtual environment of the same interpreter. Its site-packages come first; a `.pth` file puts
those of the base behind them. pip sees the base's packages as lying outside, so it uses and shadows them, and never
removes them.
"""

from __future__ import annotations

from pathlib import Path

from smalt.environments import layer
from smalt.environments.cache import BuiltEnvironment

_LISTING = str(Path(__file__).parents[1] / "runtime" / "listing")


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
    listing = _LISTING if sorted_listing else None
    layer.write(prefix, base=env.prefix, python_version=env.python_version, sorted_listing=listing)
    return prefix
