"""The modules of one flow: its own namespace, so that two flows with a `helper.py` each live in one process.

While code of a flow is loaded, the flow's folder stands first on `sys.path` and is the current directory, and
`sys.modules` holds the flow's own modules. Each of those modules gets an `__import__` of its own, which makes the
namespace active again before it imports: an import inside a function finds the right `helper`, whenever it runs.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import importlib.machinery
import importlib.util
import os
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from smalt.flows.errors import PythonLoadError

MAIN = "__pf_main__"  # the name under which tool files have always been loaded

_lock = threading.RLock()
_active: Namespace | None = None


class Namespace:
    """The modules that lie in the folder of one flow."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._own: dict[str, ModuleType] = {}
        self._files: dict[Path, ModuleType] = {}
        self._shadowing: dict[str, dict[str, ModuleType]] = {}
        self._real = os.path.realpath(folder)
        self._builtins: dict[str, Any] = dict(vars(builtins))  # Any: as builtins are
        self._builtins["__import__"] = self._import

    @contextlib.contextmanager
    def loading(self) -> Iterator[None]:
        """The flow's folder is the current directory, first on the path, and its modules are the ones that are found.

        One flow at a time: loading is short, and the current directory is the whole process's.
        """
        with _lock:
            self._activate()
            before = Path.cwd()
            path = str(self.folder)
            sys.path.insert(0, path)
            os.chdir(path)
            try:
                yield
            finally:
                with contextlib.suppress(ValueError):
                    sys.path.remove(path)
                with contextlib.suppress(OSError):
                    os.chdir(before)
                watch_openai()

    def file(self, path: Path) -> ModuleType:
        """Load a file of the flow as a module, once.

        Raises:
            PythonLoadError: It cannot be loaded; the cause says why.
        """
        if path in self._files:
            return self._files[path]
        spec = importlib.util.spec_from_file_location(MAIN, path, loader=_Loader(MAIN, str(path), self))
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        with self.loading():
            earlier = sys.modules.get(MAIN)
            sys.modules[MAIN] = module
            try:
                spec.loader.exec_module(module)
            except Exception as error:
                raise PythonLoadError(
                    f"Failed to load python module from file '{path}': ({type(error).__name__}) {error}. "
                    "Correct the file, or install what it imports."
                ) from error
            finally:
                sys.modules.pop(MAIN, None)
                if earlier is not None:
                    sys.modules[MAIN] = earlier
        self._files[path] = module
        return module

    def module(self, name: str) -> ModuleType:
        """Import a module as code of the flow would.

        Raises:
            Exception: Whatever the module raises.
        """
        with self.loading(), self._own_first(name.partition(".")[0]):
            return importlib.import_module(name)

    def forget(self) -> None:
        """Let the modules go."""
        global _active
        with _lock:
            if _active is self:
                self._stash()
                _active = None
            self._own.clear()
            self._shadowing.clear()
            self._files.clear()

    def owns(self, name: str) -> bool:
        """Whether the folder of the flow has a module of that top-level name."""
        base = os.path.join(self._real, name)  # noqa: PTH118  # on the path of every import
        return os.path.isfile(base + ".py") or os.path.isdir(base)  # noqa: PTH112, PTH113

    def _import(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002  # the names of `__import__`
        locals: Mapping[str, object] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        top = name.partition(".")[0]
        if level or not self.owns(top):
            module = builtins.__import__(name, globals, locals, fromlist or (), level)
            if top == "openai":
                watch_openai()
            return module
        if _active is self and top in sys.modules and not self._is_hidden(top):
            return builtins.__import__(name, globals, locals, fromlist or (), level)
        with _lock:
            self._activate()
            with self._own_first(top):
                return builtins.__import__(name, globals, locals, fromlist or (), level)

    def _is_hidden(self, top: str) -> bool:
        """Whether the process has a module of that name which is not the flow's, and the flow has one too."""
        known = sys.modules.get(top)
        if known is None or self._is_own(known):
            return False
        base = os.path.join(self._real, top)  # noqa: PTH118  # on the path of imports
        return os.path.isfile(base + ".py") or os.path.isfile(os.path.join(base, "__init__.py"))  # noqa: PTH113, PTH118

    @contextlib.contextmanager
    def _own_first(self, top: str) -> Iterator[None]:
        """A module of the flow goes before one of the same name that the process has; that one stays for the others."""
        if not self._is_hidden(top):
            yield
            return
        hidden = _take(top)
        sys.modules.update(self._shadowing.get(top, {}))
        try:
            yield
        finally:
            self._shadowing[top] = _take(top)
            sys.modules.update(hidden)

    def _activate(self) -> None:
        """Make the flow's modules the ones that `sys.modules` holds. The lock is held."""
        global _active
        if _active is self:
            return
        if _active is not None:
            _active._stash()
        if _finder not in sys.meta_path:
            sys.meta_path.insert(0, _finder)
        # A module of another origin under a name that the flow's folder has would hide the flow's own.
        sys.modules.update(self._own)
        importlib.invalidate_caches()
        _active = self

    def _stash(self) -> None:
        """Take the flow's modules out of `sys.modules` and keep them."""
        # Copied at once: other threads may import meanwhile.
        for name, module in sys.modules.copy().items():
            if self._is_own(module):
                self._own[name] = module
                del sys.modules[name]

    def _is_own(self, module: ModuleType) -> bool:
        spec = getattr(module, "__spec__", None)
        return isinstance(getattr(spec, "loader", None), _Loader) or (spec is not None and self._is_folder(spec))

    def _is_folder(self, spec: importlib.machinery.ModuleSpec) -> bool:
        """Whether it is a package without `__init__.py` in the flow's folder."""
        if spec.origin is not None or spec.submodule_search_locations is None:
            return False
        try:
            places = list(spec.submodule_search_locations)
        except KeyError:  # a folder that somebody else loaded, whose own parent is not loaded
            return False
        return bool(places) and all(self._is_inside(place) for place in places)

    def _is_inside(self, path: str) -> bool:
        return os.path.abspath(path).startswith((str(self.folder) + os.sep, self._real + os.sep))  # noqa: PTH100

    def find(self, name: str, path: Sequence[str] | None) -> importlib.machinery.ModuleSpec | None:
        """The spec of a module in the flow's folder, loaded so that its imports stay in the namespace."""
        top_level = path is None
        if top_level and not self.owns(name):
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, [str(self.folder)] if top_level else path)
        if spec is None or self._is_folder(spec):
            return spec
        if not isinstance(spec.loader, importlib.machinery.SourceFileLoader) or not self._is_inside(spec.origin or ""):
            return None
        assert spec.origin is not None
        spec.loader = _Loader(name, spec.origin, self)
        return spec


class _Loader(importlib.machinery.SourceFileLoader):
    """Loads a file with the import function of its flow."""

    def __init__(self, name: str, path: str, namespace: Namespace) -> None:
        super().__init__(name, path)
        self._namespace = namespace

    def exec_module(self, module: ModuleType) -> None:
        vars(module)["__builtins__"] = self._namespace._builtins
        super().exec_module(module)

    def set_data(self, path: str, data: Any, *, _mode: int = 0o666) -> None:  # Any: as in the base
        """Write nothing into the flow's folder."""


class _Finder:
    """Asks the active namespace first."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """As `sys.meta_path` asks."""
        return None if _active is None else _active.find(name, path)

    def invalidate_caches(self) -> None:
        """Nothing is cached."""


def _take(top: str) -> dict[str, ModuleType]:
    """A module and those below it, taken out of `sys.modules`."""
    names = [name for name in sys.modules.copy() if name == top or name.startswith(top + ".")]
    return {name: sys.modules.pop(name) for name in names}


def watch_openai() -> None:
    """Trace the `openai` package, once an author's code has imported it."""
    if "openai" in sys.modules:
        from smalt.flows.tracing.openai import watch

        watch()


_finder: Any = _Finder()  # Any: the protocol of `sys.meta_path` is looser than the stubs
