"""A worker: one process that loads a scorer once, and scores the mini-batches that the driver sends it."""

from __future__ import annotations

import ctypes
import logging
import os
import pickle
import signal
import sys
import time
import traceback

from .context import MiniBatchContext
from .messages import Inbox, send
from .rows import lines_of
from .scorer import ModelScorer, ScriptScorer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .scorer import Scorer

_PR_SET_PDEATHSIG = 1
_SHIMS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "shims")


def work(reading: int, writing: int, driver: int) -> None:
    """Serve one driver until it says stop or is gone.

    Args:
        reading: Pipe that mini-batches come through.
        writing: Pipe that results go through.
        driver: Process id of the driver.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != driver:  # It died before the line above.
        os._exit(137)
    for pipe in (reading, writing):
        os.set_inheritable(pipe, False)
    sys.path.append(_SHIMS)
    inbox = Inbox(reading)
    worker: _Worker | None = None
    while inbox.read():
        for message, _ in inbox.messages():
            if message["kind"] == "stop":
                _leave(worker, writing)
                return
            if worker is None:
                worker = _started(message, writing)
                if worker is None:
                    return
            else:
                worker.take(message)


def _started(message: dict[str, Any], writing: int) -> _Worker | None:
    _log_to(message["log"], message["logging_level"])
    worker = _Worker(message, writing)
    try:
        worker.scorer.start()
    except BaseException:
        # The rim of the user's code: also SystemExit means that it cannot be used.
        send(writing, {"kind": "unusable", "error": traceback.format_exc()})
        return None
    send(writing, {"kind": "ready"})
    return worker


def _leave(worker: _Worker | None, writing: int) -> None:
    try:
        if worker is not None:
            worker.scorer.stop()
        send(writing, {"kind": "left", "error": None})
    except BaseException:
        send(writing, {"kind": "left", "error": traceback.format_exc()})


def _log_to(path: str, level: str) -> None:
    from azureml_user.parallel_run import LOGGER_NAME  # type: ignore[import-not-found]  # our shim

    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("%(asctime)s|%(levelname)s|%(process)d|%(message)s"))
    logger = logging.getLogger(LOGGER_NAME)
    logger.addHandler(handler)
    logger.setLevel(level)


class _Worker:
    def __init__(self, message: dict[str, Any], writing: int) -> None:
        self._name: str = message["name"]
        self._dataset: str = message["input_name"]
        self._separator: str = message["separator"]
        self._writing = writing
        self._table = None
        if message["sources"] is not None:
            from ..tables import Source, open_table  # Imported here since scripts over files do without.

            sources = [Source(path, shown) for path, shown in message["sources"]]
            self._table = open_table(message["table"], sources=sources, yaml_package=message["yaml"])
        self.scorer: Scorer = (
            ModelScorer(message["model"])
            if message["task"] == "model"
            else ScriptScorer(message["script"], message["arguments"])
        )

    def take(self, message: dict[str, Any]) -> None:
        """Score one mini-batch and answer."""
        items: int | None = None
        started = time.monotonic()
        try:
            mini_batch, partition = self._load(message["content"])
            items = len(mini_batch)
            send(self._writing, {"kind": "loaded", "items": items})
            context = MiniBatchContext(
                index=message["index"],
                dataset_name=self._dataset,
                partition=partition or message["partition"],
                try_number=message["try"],
                process_name=self._name,
            )
            scored = self.scorer.score(mini_batch, context) if items else []
            rows, count = lines_of(scored, self._separator)
        except Exception:
            # The rim of the user's code: the driver decides whether it is tried again.
            error = traceback.format_exc()
            sys.stderr.write(error)
            answer = {"kind": "failed", "items": items, "error": error}
            send(self._writing, {**answer, "seconds": time.monotonic() - started})
            return
        finally:
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
        answer = {"kind": "scored", "items": items, "rows": count}
        send(self._writing, {**answer, "seconds": time.monotonic() - started}, rows)

    def _load(self, content: dict[str, Any]) -> tuple[Any, Any]:
        if "files" in content:
            return list(content["files"]), None
        if "rows" in content:
            with open(content["rows"], "rb") as stream:
                rows, partition = pickle.load(stream)  # noqa: S301  (the driver of this very job wrote it)
            return rows, partition
        assert self._table is not None
        return self._table.load_span(*content["piece"]), None
