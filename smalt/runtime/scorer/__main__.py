"""Entry of every process of a deployment instance: `python .../runtime/scorer --config FILE | work ... | fork ...`."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys

_PACKAGE = "smalt_runtime"


def _load(module: str):  # type: ignore[no-untyped-def]  # a module
    """A module of the runtime, without putting anything on the path of the user's code."""
    runtime = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    spec = importlib.util.spec_from_file_location(
        _PACKAGE, os.path.join(runtime, "__init__.py"), submodule_search_locations=[runtime]
    )
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules[_PACKAGE] = package
    spec.loader.exec_module(package)
    return importlib.import_module(f"{_PACKAGE}.scorer.{module}")


if __name__ == "__main__":
    here = os.path.abspath(__file__)
    # Python puts this folder on the path, where its modules would hide those of the user.
    sys.path[:] = [each for each in sys.path if os.path.abspath(each or ".") != os.path.dirname(here)]
    if len(sys.argv) == 6 and sys.argv[1] == "work":
        sys.exit(_load("worker").work(sys.argv[2], *map(int, sys.argv[3:])))
    if len(sys.argv) == 4 and sys.argv[1] == "fork":
        sys.exit(_load("forkserver").serve(int(sys.argv[2]), sys.argv[3]))
    if len(sys.argv) == 3 and sys.argv[1] == "--config":
        sys.exit(_load("master").keep(here, sys.argv[2]))
    if len(sys.argv) == 3 and sys.argv[1] == "--config-variable":
        sys.exit(_load("elsewhere").keep(here, sys.argv[2]))
    sys.exit("Usage: python .../runtime/scorer --config FILE")
