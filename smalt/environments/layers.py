"""Private layers for jobs, made or used again: to move one costs less than to make one and to remove another."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections import defaultdict
from pathlib import Path

from smalt.environments.cache import BuiltEnvironment
from smalt.environments.overlay import overlay
from smalt.kit import ids

Base = tuple[str, str, str]
"""All that a layer's content depends on: prefix and version of the environment below, and its interpreter."""

Traces = frozenset[tuple[str, int, int, int, int]]
"""What tells a layer that somebody has touched from one that nobody has: kept for every entry in it."""


class Layers:
    """Gives jobs their layers, and keeps those that come back as they were given. Used by one thread.

    Args:
        folder: Where layers wait, on the file system of the jobs' folders. What an earlier life has left is removed.
        most: How many wait for one environment.
    """

    def __init__(self, folder: Path, *, most: int = 4) -> None:
        self._folder = folder
        self._most = most
        self._waiting: defaultdict[Base, list[tuple[str, Traces]]] = defaultdict(list)
        self._given: dict[str, tuple[Base, Traces]] = {}
        shutil.rmtree(folder, ignore_errors=True)

    def give(self, env: BuiltEnvironment, prefix: Path) -> None:
        """Have a layer on an environment at `prefix`; one that is there is used as it is."""
        place = str(prefix)
        base = (str(env.prefix), env.python_version, os.path.realpath(env.prefix / "bin" / "python"))
        prefix.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        waiting = self._waiting[base]
        while waiting:
            kept, traces = waiting.pop()
            with contextlib.suppress(OSError):  # It has gone, or one is there.
                os.rename(kept, place)  # noqa: PTH104  (every job waits for it)
                self._given[place] = base, traces
                return
        overlay(env, prefix)
        self._given[place] = base, _traces(place)

    def take_back(self, prefix: Path) -> None:
        """Keep a layer for another job if this one, which is over, has changed nothing in it; else remove it."""
        place = str(prefix)
        given = self._given.pop(place, None)
        with contextlib.suppress(OSError):
            if given is not None and self._has_room(given[0]) and _traces(place) == given[1]:
                base, traces = given
                kept = self._folder / ids.opaque()
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                prefix.rename(kept)
                self._waiting[base].append((str(kept), traces))
                return
        shutil.rmtree(prefix, ignore_errors=True)

    def _has_room(self, base: Base) -> bool:
        return len(self._waiting[base]) < self._most


def _traces(top: str) -> Traces:
    """Name, identity, times and size of everything below a folder. Whatever changes a file changes its times."""
    found: list[tuple[str, int, int, int, int]] = []
    folders = [top]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                state = entry.stat(follow_symlinks=False)
                found.append(
                    (entry.path[len(top) :], state.st_ino, state.st_mtime_ns, state.st_ctime_ns, state.st_size)
                )
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
    return frozenset(found)
