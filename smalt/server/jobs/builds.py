"""Builds environments beside the loop, so that a long build holds no other job up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from smalt.environments import BuiltEnvironment, Recipe
from smalt.server.jobs.neighbours import Environments

BUILD_LOG = "azureml-logs/20_image_build_log.txt"
"""Where the log of a build stands among the artifacts of the job that asked for it."""


class Builds:
    """A bounded pool of builds, one per job. What runs when the server is killed is asked for again by the loop.

    Args:
        cache: Builds and keeps environments.
        on_done: Called with the name of the workload when its build is over, in a thread of the pool.
        at_once: Builds that run at the same time.
    """

    def __init__(self, cache: Environments, on_done: Callable[[str], None], *, at_once: int = 2) -> None:
        self._cache = cache
        self._on_done = on_done
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="environment")
        self._guard = threading.Lock()
        self._builds: dict[str, Future[BuiltEnvironment]] = {}

    def close(self) -> None:
        """Begin no further build."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def environment(self, recipe: Recipe, *, workload: str, artifacts: Callable[[], Path]) -> BuiltEnvironment | None:
        """The environment of a job, or None while it is being built.

        Args:
            recipe: What it is made of.
            workload: The job's.
            artifacts: Says where the log of a build goes, if there is one.

        Raises:
            SmaltError: The build failed; the next call tries again.
        """
        with self._guard:
            build = self._builds.get(workload)
            if build is not None and not build.done():
                return None
            self._builds.pop(workload, None)
        if build is not None:
            return build.result()
        found = self._cache.find(recipe)
        if found is not None:
            return found
        started = self._pool.submit(self._build, recipe, artifacts())
        with self._guard:
            self._builds[workload] = started
        started.add_done_callback(lambda _: self._on_done(workload))
        return None

    def forget(self, workload: str) -> None:
        """A job is over before its build: take it out of the line if it has not begun."""
        with self._guard:
            build = self._builds.pop(workload, None)
        if build is not None:
            build.cancel()

    def _build(self, recipe: Recipe, artifacts: Path) -> BuiltEnvironment:
        path = artifacts / BUILD_LOG
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8", buffering=1) as log:
            try:
                return self._cache.build(recipe, lambda line: print(line, file=log))
            except Exception as error:
                print(f"The environment could not be built: {error}", file=log)
                raise
