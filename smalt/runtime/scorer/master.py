"""The master: starts workers, starts dead ones again, says which are ready, and drains all of them at the end."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time

from . import imports
from .forked import Forked, NotForked
from .pulse import Pulse
from .settings import FAILED_CODE, Settings, SettingsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

_TURN_SECONDS = 0.25
_GRACE_SECONDS = 5.0
_DRAIN_SECONDS = 60.0
"""At least; longer where a request may take longer."""
_FAILURES_IN_A_ROW = 5
_LONGEST_PAUSE_SECONDS = 10.0
_LONGEST_PAUSE_AFTER_READY_SECONDS = 1.0
_STEADY_SECONDS = 30.0
_ENDED = object()


def keep(entry: str, config: str) -> int:
    """Keep an instance up until told to end; the exit code.

    Args:
        entry: The script that every process starts with.
        config: The configuration file.
    """
    try:
        settings = Settings.read(config)
    except SettingsError as failure:
        print(f"The deployment cannot start: {failure}", file=sys.stderr, flush=True)
        return FAILED_CODE
    os.makedirs(settings.state_dir, exist_ok=True)
    kind, _, place = settings.listen.partition(":")
    if kind == "unix":
        os.makedirs(place, exist_ok=True)
    for name in ("ready.json", "failed.json"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(settings.state_dir, name))
    return _Master(entry, config, settings).run()


class _Worker:
    """A worker process, or the place for one."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.process: subprocess.Popen[bytes] | Forked | None = None
        self.pipe: int | None = None
        self.watched: int | None = None
        self.told = b""
        self.ready: dict[str, Any] | None = None
        self.started = 0.0
        self.failures = 0
        self.start_at = 0.0


class _Master:
    def __init__(self, entry: str, config: str, settings: Settings) -> None:
        self._entry = entry
        self._config = config
        self._settings = settings
        self._workers = [_Worker(number) for number in range(settings.workers)]
        self._pulse = Pulse(os.path.join(settings.state_dir, "pulse"), settings.workers)
        self._selector = selectors.DefaultSelector()
        self._stopping = False
        self._failed: dict[str, Any] | None = None
        self._variables = {**os.environ, **settings.variables()}
        self._collector: Any = None  # Any: imported only where something is collected

    def run(self) -> int:
        waking, signalling = os.pipe()
        for pipe in (waking, signalling):
            os.set_blocking(pipe, False)
        signal.set_wakeup_fd(signalling, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGCHLD, _nothing)
        self._selector.register(waking, selectors.EVENT_READ, None)
        self._collect()
        while not self._stopping:
            self._start_due()
            for key, _ in self._selector.select(_TURN_SECONDS):
                if key.data is _ENDED:
                    continue  # It is buried below.
                if key.data is None:
                    with contextlib.suppress(BlockingIOError):
                        os.read(waking, 4096)
                else:
                    self._listen(key.data)
            self._bury()
            self._end_stuck([each for each in self._workers if each.ready is not None])
            if self._failed is not None:
                return self._give_up()
        return self._drain()

    def _collect(self) -> None:
        """Answer the data collector of user code, where the deployment collects."""
        if not self._settings.collect:
            return
        from .collector import Sidecar

        self._collector = Sidecar(self._settings)
        self._collector.start()
        self._variables.update(self._collector.variables())

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True

    def _start_due(self) -> None:
        now = time.monotonic()
        for worker in self._workers:
            if worker.process is None and now >= worker.start_at:
                self._start(worker, self._settings.fork_server)

    def _start(self, worker: _Worker, fork_server: str | None) -> None:
        """Start a worker: forked where that is possible, else as an interpreter of its own."""
        listening, telling = os.pipe()
        worker.process = self._forked(worker.number, telling, fork_server) or self._spawned(worker.number, telling)
        os.close(telling)
        os.set_blocking(listening, False)
        worker.pipe, worker.told, worker.ready, worker.started = listening, b"", None, time.monotonic()
        self._selector.register(listening, selectors.EVENT_READ, worker)

    def _forked(self, number: int, telling: int, fork_server: str | None) -> Forked | None:
        if fork_server is None:
            return None
        try:
            return Forked(fork_server, config=self._config, number=number, telling=telling, variables=self._variables)
        except NotForked:
            return None

    def _spawned(self, number: int, telling: int) -> subprocess.Popen[bytes]:
        argv = [sys.executable, self._entry, "work", self._config, str(number), str(os.getpid()), str(telling)]
        return subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, pass_fds=(telling,), env=self._variables, start_new_session=True
        )

    def _listen(self, worker: _Worker) -> None:
        assert worker.pipe is not None
        try:
            piece = os.read(worker.pipe, 1 << 20)
        except BlockingIOError:
            return
        worker.told += piece
        if piece:
            return
        self._selector.unregister(worker.pipe)
        os.close(worker.pipe)
        worker.pipe = None
        if not worker.told.endswith(b"\n"):  # It died before it could tell.
            return
        message = json.loads(worker.told)
        if message["kind"] == "ready":
            worker.ready = message
            self._note_loaded(worker, message.pop("imports"))
            self._write_ready()
            _say(f"Worker {worker.number} (process {worker.process.pid if worker.process else 0}) is ready.")
        else:
            self._note_failure(worker, message)

    def _note_loaded(self, worker: _Worker, needed: list[str]) -> None:
        if isinstance(worker.process, Forked) and worker.process.pid:
            worker.watched = worker.process.handle
            self._selector.register(worker.watched, selectors.EVENT_READ, _ENDED)
        if self._settings.fork_server is not None:
            imports.note(self._settings.fork_server, needed)

    def _note_failure(self, worker: _Worker, message: dict[str, Any]) -> None:
        """A worker could not load. At the first start that is the end; later only when it happens again and again."""
        nobody_was_ready = not any(each.ready for each in self._workers)
        if nobody_was_ready and (worker.failures == 0 or worker.failures + 1 >= _FAILURES_IN_A_ROW):
            self._failed = {name: message[name] for name in ("error", "traceback", "code")}

    def _bury(self) -> None:
        changed = False
        for worker in self._workers:
            if worker.process is None or worker.process.poll() is None:
                continue
            if isinstance(worker.process, Forked):
                self._unwatch(worker)
                if worker.process.is_refused:
                    self._start(worker, None)
                    continue
            if worker.pipe is not None:
                self._listen(worker)
                if worker.pipe is not None:
                    continue
            how = _how(worker.process.returncode or 0)
            lived = time.monotonic() - worker.started
            worker.failures = 0 if worker.ready and lived > _STEADY_SECONDS else worker.failures + 1
            worker.start_at = time.monotonic() + _pause(worker)
            _say(f"Worker {worker.number} (process {worker.process.pid}) {how}; it is started again.")
            if worker.ready is None and self._failed is None:
                self._note_silent_end(worker, how)
            changed = changed or worker.ready is not None
            worker.process, worker.ready = None, None
        if changed:
            self._write_ready()

    def _unwatch(self, worker: _Worker) -> None:
        """A forked worker has ended, or was none."""
        if worker.watched is not None:
            self._selector.unregister(worker.watched)
            worker.watched = None
        if worker.pipe is not None and isinstance(worker.process, Forked) and worker.process.is_refused:
            self._selector.unregister(worker.pipe)
            os.close(worker.pipe)
            worker.pipe = None

    def _note_silent_end(self, worker: _Worker, how: str) -> None:
        error = f"A worker {how} while it was loading, {worker.failures} times in a row. Look at the log."
        nobody_was_ready = not any(each.ready for each in self._workers)
        if nobody_was_ready and worker.failures >= _FAILURES_IN_A_ROW:
            self._failed = {"error": error, "traceback": "", "code": "WorkerEnded"}

    def _end_stuck(self, workers: list[_Worker]) -> None:
        """Kill workers whose code does not come back, and cannot be interrupted either."""
        now = time.monotonic()
        for worker in workers:
            if worker.process is None:
                continue
            since = self._pulse.busy_since(worker.number)
            if since and now - since > self._settings.timeout_seconds + _GRACE_SECONDS:
                _say(f"Worker {worker.number} has not come back from a request for {now - since:.0f} s; it is ended.")
                self._pulse.set(worker.number, 0.0)
                worker.process.kill()

    def _write_ready(self) -> None:
        ready = [each for each in self._workers if each.ready is not None and each.process is not None]
        first = ready[0].ready if ready else None
        workers = []
        for each in ready:
            assert each.ready is not None
            assert each.process is not None
            entry = {"address": each.ready["address"], "pid": each.process.pid}
            workers.append({**entry, **{name: each.ready[name] for name in ("concurrency", "ahead")}})
        content = {
            "pid": os.getpid(),
            "workers": workers,
            "swagger": first["swagger"] if first else None,
            "model": first["model"] if first else {},
        }
        write_whole(os.path.join(self._settings.state_dir, "ready.json"), content)
        self._tell("ready", content)

    def _tell(self, what: str, content: dict[str, Any]) -> None:
        """Tell those who do not see our files, by a line of a file that is sent to them as it grows."""
        if self._settings.told is None:
            return
        os.makedirs(os.path.dirname(self._settings.told), exist_ok=True)
        with open(self._settings.told, "a", encoding="utf-8") as file:
            file.write(json.dumps({what: content}) + "\n")

    def _give_up(self) -> int:
        assert self._failed is not None
        _say(f"The deployment cannot start: {self._failed['error']}")
        write_whole(os.path.join(self._settings.state_dir, "failed.json"), self._failed)
        self._tell("failed", self._failed)
        self._end_all(0)
        return FAILED_CODE

    def _drain(self) -> int:
        _say("Draining: requests in flight are finished, new ones refused.")
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for worker in self._workers:
            worker.ready = None
        self._write_ready()
        self._end_all(max(self._settings.timeout_seconds + _GRACE_SECONDS, _DRAIN_SECONDS))
        return 0

    def _end_all(self, grace_seconds: float) -> None:
        """End all workers; what is being scored is finished first, and an answer that is streamed may take longer."""
        running = [each for each in self._workers if each.process is not None]
        for worker in running:
            assert worker.process is not None
            worker.process.terminate() if grace_seconds else worker.process.kill()
        deadline = time.monotonic() + grace_seconds
        for worker in running:
            assert worker.process is not None
            while worker.process.poll() is None and time.monotonic() < deadline:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    worker.process.wait(_TURN_SECONDS)
                self._end_stuck(running)
            if worker.process.poll() is None:
                worker.process.kill()
                worker.process.wait()
        if self._collector is not None:
            self._collector.stop()


def write_whole(path: str, content: Any) -> None:
    """Replace a JSON file, so that nobody reads a part of it."""
    fresh = f"{path}.{os.getpid()}"
    with open(fresh, "w", encoding="utf-8") as file:
        json.dump(content, file)
    os.replace(fresh, path)


def _pause(worker: _Worker) -> float:
    """How long a dead worker's place stays empty. One that was ready is soon back, however often it is killed."""
    if worker.failures <= 2:
        return 0.0
    longest = _LONGEST_PAUSE_AFTER_READY_SECONDS if worker.ready else _LONGEST_PAUSE_SECONDS
    return min(0.25 * 2.0 ** min(worker.failures - 2, 10), longest)


def _say(text: str) -> None:
    print(f"smalt: {text}", flush=True)


def _how(code: int) -> str:
    if code >= 0:
        return f"exited with code {code}"
    name = signal.Signals(-code).name
    return f"was ended by {name}" + (", as happens when memory runs out" if name == "SIGKILL" else "")


def _nothing(number: int, frame: FrameType | None) -> None:
    """A child ended: the wake-up is all that is needed."""
