"""The gateway's process: started when there is an endpoint, adopted when it runs already, and asked how it goes.

It outlives the server, as the supervisors of jobs do: it holds a lock for as long as it lives, which was handed to it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hmac
import http.client
import json
import logging
import os
import secrets
import signal
import ssl
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smalt.kit import private
from smalt.server.serving.bell import Bell

_log = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 2.0
_SILENT_SECONDS = 3.0
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0


@dataclass(frozen=True, slots=True)
class GatewayPlace:
    """Where callers reach the endpoints of this installation.

    Args:
        home: The server's folder.
        host: Address that the gateway listens on.
        port: Its port.
        url: What addresses of endpoints begin with.
        authority: The folder of the certificates, where it is to speak HTTPS.
    """

    home: Path
    host: str
    port: int
    url: str
    authority: Path | None = None

    @property
    def folder(self) -> Path:
        """What the gateway and the server keep of it."""
        return self.home / "gateway"


class Gateway:
    """The gateway of a home folder.

    Args:
        place: Where it is.

    Attributes:
        heard_at: When it asked for the table last, by a clock that only goes forward.
        asked: Rings when it has asked for the table, and has said with that by which one it goes.
    """

    def __init__(self, place: GatewayPlace) -> None:
        self.place = place
        self.heard_at: float | None = None
        self.asked = Bell()
        self._knows: int | None = None
        self._token: str | None = None
        self._failures = 0
        self._next_start = 0.0
        self._child: subprocess.Popen[bytes] | None = None
        self._is_checked = False

    @property
    def token(self) -> str:
        """What it shows the server, and the server shows it; readable by the owner of the home folder only."""
        if self._token is None:
            path = self.place.home / "gateway.token"
            found = path.read_bytes() if path.exists() else private.create(path, secrets.token_urlsafe(32).encode())
            self._token = found.decode().strip()
        return self._token

    def is_its_token(self, token: str | None) -> bool:
        """Whether a caller is the gateway."""
        return token is not None and hmac.compare_digest(token.encode(), self.token.encode())

    def heard(self, version: int | None) -> None:
        """It asks what is newer than a version, so it goes by that one."""
        self._knows = version
        self.heard_at = time.monotonic()
        self.asked.ring()

    def knows(self, version: int) -> bool:
        """Whether it goes by this table, or cannot be asked because it does not run."""
        return self._knows == version or not self.is_alive()

    @property
    def is_silent(self) -> bool:
        """Whether it has said nothing for so long that nobody should wait for it. A long poll is no silence."""
        return self.heard_at is None or time.monotonic() - self.heard_at > 30 + _SILENT_SECONDS

    def is_alive(self) -> bool:
        """Whether its process lives, however it was started."""
        return is_alive(self.place.folder)

    def ensure(self) -> None:
        """Start it unless it lives; one that dies again and again is started more and more seldom."""
        if self._child is not None and self._child.poll() is not None:
            self._child = None
        if self.is_alive():
            self._failures = 0 if self.heard_at is not None else self._failures
            if not self._is_checked:
                self._end_a_stranger()
                self._is_checked = True
            return
        now = time.monotonic()
        if now < self._next_start:
            return
        self._next_start = now + min(_SHORTEST_PAUSE * 2.0**self._failures, _LONGEST_PAUSE)
        self._failures += 1
        try:
            self._start()
        except OSError:
            _log.exception("The gateway could not be started.")

    def stats(self) -> dict[str, Any] | None:  # Any: JSON
        """What it counts, or None when it does not answer."""
        connection = self._connection()
        try:
            connection.request("GET", "/stats", headers={"Authorization": f"Bearer {self.token}"})
            answer = connection.getresponse()
            found = json.loads(answer.read()) if answer.status == 200 else None
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            connection.close()
        return found if isinstance(found, dict) else None

    def _connection(self) -> http.client.HTTPConnection:
        port, authority = self.place.port, self.place.authority
        if authority is None:
            return http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_SECONDS)
        context = ssl.create_default_context(cafile=authority / "ca.pem")
        return http.client.HTTPSConnection("127.0.0.1", port, timeout=_TIMEOUT_SECONDS, context=context)

    def _end_a_stranger(self) -> None:
        """One that listens elsewhere than it should, since the server was started with other options, goes."""
        facts = facts_of(self.place.home)
        if facts is not None and (facts.get("url"), facts.get("host")) != (self.place.url, self.place.host):
            with contextlib.suppress(ProcessLookupError):
                os.kill(facts["pid"], signal.SIGTERM)

    def _start(self) -> None:
        folder = self.place.folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        logs = self.place.home / "logs"
        logs.mkdir(parents=True, exist_ok=True, mode=0o700)
        assert self.token  # the file must be there before it reads it
        lock = _take_lock(folder)
        if lock is None:
            return
        command = [sys.executable, "-m", "smalt.gateway", "--home", str(self.place.home)]
        command += ["--host", self.place.host, "--port", str(self.place.port)]
        if self.place.authority is not None:
            command += ["--certificate", str(self.place.authority / "server.pem")]
            command += ["--key", str(self.place.authority / "server.key")]
        try:
            with (logs / "gateway.log").open("ab") as log:
                self._child = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd="/",
                    pass_fds=(lock,),
                    start_new_session=True,
                )
        finally:
            os.close(lock)
        facts = {"pid": self._child.pid, "url": self.place.url, "host": self.place.host, "port": self.place.port}
        fresh = folder / ".process.json"
        fresh.write_text(json.dumps(facts))
        fresh.replace(folder / "process.json")


def is_alive(folder: Path) -> bool:
    """Whether a gateway holds the lock in its folder."""
    try:
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _take_lock(folder: Path) -> int | None:
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def gateway_at(home: Path) -> Gateway | None:
    """The gateway of a home folder, if one lives."""
    facts = facts_of(home)
    if facts is None:
        return None
    url = str(facts["url"])
    authority = home / "ca" if url.startswith("https:") else None
    return Gateway(GatewayPlace(home, str(facts["host"]), int(facts["port"]), url, authority))


def facts_of(home: Path) -> dict[str, Any] | None:  # Any: JSON
    """Process, port and address of a gateway that lives."""
    with contextlib.suppress(OSError, ValueError):
        found: dict[str, Any] = json.loads((home / "gateway" / "process.json").read_bytes())
        return found if is_alive(home / "gateway") else None
    return None
