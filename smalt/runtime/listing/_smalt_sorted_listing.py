"""Lists folders in lexicographic order, as cloud mounts do; job code takes `os.listdir(folder)[0]` for granted.

The job's overlay names this folder, so that what one job has compiled is there for the next. It is imported at every
start of a Python, of any version from 3.7: nothing is imported here but `os`, so annotations are texts.
"""

import os

TYPE_CHECKING = False  # importing typing would cost more than all the rest
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

_listdir = os.listdir
_scandir = os.scandir


def _name_of(entry: "Any") -> "Any":  # Any: os.DirEntry of str or bytes
    return entry.name


class _Listdir:
    """An object, not a function: pathlib keeps the original as a class attribute, where a function would bind."""

    __name__ = "listdir"
    __module__ = "os"

    def __call__(self, path: "Any" = None) -> "list[Any]":  # Any: text, bytes, path or file descriptor
        return sorted(_listdir(path))

    def __repr__(self) -> str:
        return "<function listdir, sorted>"

    def __reduce__(self) -> str:
        return "listdir"


class _Scandir:
    """Iterator, context manager and `close`, as the original; a class does not bind either."""

    def __init__(self, path: "Any" = None) -> None:  # Any: text, bytes, path or file descriptor
        with _scandir(path) as entries:
            self._entries = iter(sorted(entries, key=_name_of))

    def __iter__(self) -> "_Scandir":
        return self

    def __next__(self) -> "os.DirEntry[Any]":
        return next(self._entries)

    def __enter__(self) -> "_Scandir":
        return self

    def __exit__(
        self, kind: "type[BaseException] | None", error: "BaseException | None", trace: "TracebackType | None"
    ) -> None:
        self.close()

    def close(self) -> None:
        """Forget the entries that were not asked for."""
        self._entries = iter(())


# Pickled by reference, as the originals are.
_Scandir.__module__, _Scandir.__name__, _Scandir.__qualname__ = "os", "scandir", "scandir"


def install() -> None:
    """Replace the two functions, also where `os` notes what they can do."""
    for original, replacement in ((_listdir, _Listdir()), (_scandir, _Scandir)):
        if original in os.supports_fd:
            os.supports_fd.add(replacement)
        setattr(os, original.__name__, replacement)
