"""Entry: `python .../runtime/notebook [host | run NOTEBOOK]`."""

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
    return importlib.import_module(f"{_PACKAGE}.notebook.{module}")


if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    # Python puts this folder on the path, where its modules would hide those of the user.
    sys.path[:] = [each for each in sys.path if os.path.abspath(each or ".") != here]
    _load("provision").provide()
    if sys.argv[1:2] == ["host"]:
        sys.exit(_load("host").main())
    sys.exit(_load("run").main(sys.argv[2]))
