"""The processes that workers of scorers are forked from, one for each environment that is in use.

A worker that is forked need not import what takes most of a start. What is worth importing is learnt from the workers
themselves: without a note of them there is no such process, and all is as it would be without.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from smalt.environments import BuiltEnvironment
from smalt.executors import scoring
from smalt.executors.local import planning

_log = logging.getLogger(__name__)

_SOCKET, _NOTED, _LOG = "fork.sock", "imports.json", "fork.log"
_MOST = 4
_UNUSED_SECONDS = 600.0
_SOUND_SECONDS = 60.0
"""One that ends earlier cannot be had; it is not tried again before there is something new to import."""

_BACKLOG = 64


@dataclass(slots=True)
class _ForkServer:
    process: subprocess.Popen[bytes]
    noted_at: int
    started_at: float
    used_at: float

    @property
    def is_hopeless(self) -> bool:
        """Whether it has ended so soon that another one would, too."""
        return self.process.poll() is not None and self.used_at - self.started_at < _SOUND_SECONDS


class ScorerForks:
    """Starts those processes when there is something to import, and ends those that nobody needs.

    Args:
        root: A folder for each environment is made in it, or near it where its path is too long for a socket's.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._machine = planning.inherited(os.environ, planning.INHERITED)
        self._running: dict[str, _ForkServer] = {}

    def folder(self, key: str) -> Path:
        """Where masters ask for workers of an environment, and note what these import."""
        return scoring.socket_folder(self._root / key[:12])

    def ensure(self, environment: BuiltEnvironment) -> None:
        """Have one for an environment, as far as it is known what to import; the freshest notes count.

        Raises:
            Unavailable: Somebody else has made its folder.
        """
        if environment.image is not None:
            return
        scoring.make_socket_folder(self._root / environment.key[:12])
        folder = self.folder(environment.key)
        noted_at = _changed_at(folder / _NOTED)
        found = self._running.get(environment.key)
        now = time.monotonic()
        if found is not None and found.noted_at == noted_at:
            if found.process.poll() is None:
                found.used_at = now
                return
            if found.is_hopeless:
                return
        self._end(environment.key)
        if not noted_at:
            return
        self._make_room()
        try:
            self._running[environment.key] = _ForkServer(self._start(environment, folder), noted_at, now, now)
        except OSError as failure:
            _log.warning("Workers in the environment %s are started anew: %s.", environment.key, failure)

    def sweep(self) -> None:
        """End those whose environments nobody has used for a while."""
        now = time.monotonic()
        for key, each in list(self._running.items()):
            if now - each.used_at > _UNUSED_SECONDS:
                self._end(key)

    def close(self) -> None:
        """End all of them. The workers go on."""
        for key in list(self._running):
            self._end(key)

    def _start(self, environment: BuiltEnvironment, folder: Path) -> subprocess.Popen[bytes]:
        path = folder / _SOCKET
        path.unlink(missing_ok=True)
        prefix = str(environment.prefix)
        variables = {
            **self._machine,
            "PYTHONUNBUFFERED": "1",
            "VIRTUAL_ENV": prefix,
            **environment.variables,
            "PATH": f"{prefix}/bin{os.pathsep}{self._machine.get('PATH', os.defpath)}",
        }
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener, (folder / _LOG).open("ab") as log:
            listener.bind(str(path))
            path.chmod(0o600)
            listener.listen(_BACKLOG)
            number = listener.fileno()
            return subprocess.Popen(
                [str(environment.python), str(scoring.SCORER), "fork", str(number), str(folder)],
                env=variables,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd="/",
                pass_fds=(number,),
                start_new_session=True,
            )

    def _make_room(self) -> None:
        """End the one that was used longest ago, where there are as many as may be."""
        while len(self._running) >= _MOST:
            self._end(min(self._running, key=lambda key: self._running[key].used_at))

    def _end(self, key: str) -> None:
        found = self._running.pop(key, None)
        if found is None:
            return
        assert found.process.stdin is not None
        found.process.stdin.close()  # which ends it
        (self.folder(key) / _SOCKET).unlink(missing_ok=True)
        with contextlib.suppress(subprocess.TimeoutExpired):
            found.process.wait(1)
        if found.process.returncode is None:  # It is still importing.
            found.process.kill()
            found.process.wait()


def _changed_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
