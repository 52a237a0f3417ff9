"""Sends what a job writes to the server: logs while they grow, everything else at the end."""

from __future__ import annotations

import os
import threading
import time

from smalt.runtime import blob, folders
from smalt.runtime.failure import Failure, Refused, Unreachable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_COLLECTED = "modelDataCollector"
"""Folder of the artifact root for what a deployment collects: it is sent as it grows, too, and kept elsewhere."""

_LIVE = ("user_logs", "azureml-logs", "system_logs")
"""Folders of the artifact root whose files only grow."""

_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 15.0
_PATIENCE_SECONDS = 6 * 3600.0
"""For how long the end of a job waits for a server that is away."""


def until_taken(act: Callable[[], None], *, patience_seconds: float = _PATIENCE_SECONDS) -> None:
    """Do something again and again while the server is away.

    Raises:
        Unreachable: It stayed away.
    """
    limit, pause = time.monotonic() + patience_seconds, _PAUSE_SECONDS
    while True:
        try:
            act()
        except Unreachable:
            if time.monotonic() + pause > limit:
                raise
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
        else:
            return


class Mirror:
    """The artifacts of a job on this machine, and their copy at the server.

    Args:
        artifacts: The folder.
        store: Where the server keeps it.
        collected: Where the server keeps what is collected, if something is.
    """

    def __init__(self, artifacts: str, store: blob.Folder, collected: blob.Folder | None = None) -> None:
        self._artifacts = artifacts
        self._store = store
        self._collected = collected
        self._live = _LIVE if collected is None else (*_LIVE, _COLLECTED)
        self._sent: dict[str, int] = {}
        self._guard = threading.Lock()
        self._ended = threading.Event()
        self.is_refused = False
        threading.Thread(target=self._run, name="mirror", daemon=True).start()

    def finish(self) -> list[str]:
        """Send all that is left; what could not be sent, for people."""
        self._ended.set()
        failures = []
        try:
            until_taken(self._send_logs)
            for name in folders.files_below(self._artifacts):
                if name.split(os.sep)[0] not in self._live:
                    failures += self._send_whole(name)
        except Refused:
            self.is_refused = True
        except Failure as failure:
            failures.append(str(failure))
        return failures

    def _send_whole(self, name: str) -> list[str]:
        try:
            until_taken(lambda: self._store.send(name, os.path.join(self._artifacts, name)))
        except (Refused, Unreachable):
            raise
        except (Failure, OSError) as failure:
            return [f"The artifact {name!r} could not be stored: {failure}"]
        return []

    def _run(self) -> None:
        pause = _PAUSE_SECONDS
        while not self._ended.wait(pause) and not self.is_refused:
            try:
                self._send_logs()
                pause = _PAUSE_SECONDS
            except Refused:
                self.is_refused = True
            except (Failure, OSError):  # Tried again soon, and told at the end.
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    def _send_logs(self) -> None:
        with self._guard:
            for folder in self._live:
                for inner in list(folders.files_below(os.path.join(self._artifacts, folder))):
                    self._send_log(os.path.join(folder, inner), inner)

    def _send_log(self, name: str, inner: str) -> None:
        path = os.path.join(self._artifacts, name)
        is_collected = self._collected is not None and name.startswith(_COLLECTED + os.sep)
        store, key = (self._collected, inner) if is_collected else (self._store, name)
        assert store is not None
        sent = self._sent.get(name)
        if sent is None or os.path.getsize(path) > sent:
            self._sent[name] = store.append(key, path, sent or 0)
