"""Carries what the folders of containers hold into an object store, and makes room in the folders."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from smalt.blobs import BlobIndex, Held, LocalBlobStore, ObstoreBlobStore
from smalt.errors import Forbidden, Unavailable
from smalt.kit import clock, private
from smalt.server.assets import working_container
from smalt.server.assets.containers import STAGING
from smalt.server.events import Events
from smalt.server.jobs import JobFinished, written_by
from smalt.server.notebooks import FilesChanged
from smalt.server.work import SYSTEM, Work, Works

_log = logging.getLogger(__name__)

_AT_ONCE = 8
_LOOK_EVERYWHERE = timedelta(minutes=10)
_OF_ITS_COST = 20
_REST = timedelta(days=1)
_BETWEEN_COPIES = timedelta(seconds=10)
_BETWEEN_REPORTS = timedelta(seconds=30)


AtWork = Callable[[Work], tuple[list[tuple[str, str]], datetime | None]]
"""Finds workspace and name of every job that is not over, and when the first of them was sent."""


class Mirror:
    """The loop, and what containers need to know of the object store.

    A file counts as carried over once the object store has it as it was before and after it was read. Files that jobs
    write are found by looking: every half minute below the jobs that are not over, every ten minutes everywhere.

    Args:
        root: The folder of containers.
        remote: The place in the object store.
        index: What it has.
        works: Opens transactions.
        at_work: Finds the jobs that may write.
        url: How the operator named the place.
        room_bytes: What copied files may take here, roughly; None for as much as there is.
        report: File that says how far it is.
    """

    name = "object-store"
    interval_seconds = 30.0

    def __init__(
        self,
        root: Path,
        remote: ObstoreBlobStore,
        index: BlobIndex,
        *,
        works: Works,
        at_work: AtWork,
        url: str,
        room_bytes: float | None,
        report: Path,
    ) -> None:
        self.wake = threading.Event()
        self._remote = remote
        self._index = index
        self._root = root
        self._works = works
        self._at_work = at_work
        self._url = url
        self._room_bytes = room_bytes
        self._report = report
        self._lock = threading.Lock()
        self._changed: set[str] = set()
        self._look_below: set[str] = set()
        self._sent_at: dict[str, datetime] = {}
        self._said: tuple[datetime, int, str | None] | None = None
        self._everywhere_at = datetime.min.replace(tzinfo=UTC)
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="object-store")

    def note(self, key: str) -> None:
        """A blob was written or deleted; `key` is the object store's."""
        with self._lock:
            self._changed.add(key)
        self.wake.set()

    def look_below(self, prefix: str) -> None:
        """Files were written below a key, or may have been."""
        with self._lock:
            self._look_below.add(prefix)
        self.wake.set()

    def listen(self, events: Events) -> None:
        """Look where jobs and people write as soon as they are done."""
        events.subscribe(JobFinished, self._hear_job)
        events.subscribe(FilesChanged, self._hear_files)

    def _hear_job(self, event: JobFinished) -> None:
        for prefix in written_by(event.workspace_id, event.job):
            self.look_below(prefix)

    def _hear_files(self, event: FilesChanged) -> None:
        folder = f"{event.folder}/" if event.folder else ""
        self.look_below(f"{event.workspace_id}/{working_container(event.workspace_id)}/{folder}")

    def run_once(self, now: datetime) -> bool:
        """Carry over what has changed; a look everywhere when it is time for one."""
        try:
            self._carry(now)
        except (Unavailable, Forbidden) as error:
            self._say(now, problem=str(error))
            raise
        self._say(now)
        return False

    def _carry(self, now: datetime) -> None:
        with self._works.read(SYSTEM) as work:
            active, since = self._at_work(work)
        with self._lock:
            changed, self._changed = self._changed, set()
            prefixes = {*self._look_below, *(prefix for job in active for prefix in written_by(*job))}
            self._look_below = set()
        try:
            self._delete_doomed()
            for prefix in prefixes:
                changed.update(self._differing(prefix))
            if now >= self._everywhere_at:
                changed.update(self._all_differing())
            self._send(changed, now)
            self._delete_doomed()
        except BaseException:
            with self._lock:
                self._changed |= changed
                self._look_below |= prefixes
            raise
        if now >= self._everywhere_at:
            self._make_room(now, since)
            self._everywhere_at = now + max(_LOOK_EVERYWHERE, (clock.now() - now) * _OF_ITS_COST)

    def close(self) -> None:
        """Carry over what is known to have changed, then give everything back."""
        with contextlib.suppress(Unavailable, Forbidden):
            with self._lock:
                changed, self._changed = self._changed, set()
            self._delete_doomed()
            self._send(changed, clock.now() + _BETWEEN_COPIES)
        self._pool.shutdown()
        self._index.close()

    def _send(self, keys: set[str], now: datetime) -> None:
        # A log that grows is not sent anew with every line of it.
        self._sent_at = {key: at for key, at in self._sent_at.items() if now - at < _BETWEEN_COPIES}
        early = {key for key in keys if key in self._sent_at}
        due = sorted(keys - early)
        for held in self._pool.map(self._sent, due):
            if held is not None:
                self._index.put([held])
        self._sent_at.update(dict.fromkeys(due, now))
        with self._lock:
            self._changed |= early

    def _sent(self, key: str) -> Held | None:
        path = self._root / key
        try:
            with path.open("rb") as file:
                before = os.fstat(file.fileno())
                info = self._remote.write_file(key, file)
            after = path.stat()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            self._gone(key)
            return None
        same = (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size) and info.size == after.st_size
        # One that was written meanwhile is found again by the next look.
        return Held(key, info.size, info.modified_at, info.etag, after.st_mtime_ns if same else 0)

    def _gone(self, key: str) -> None:
        held = self._index.find(key)
        if held is not None and held.here is not None:
            self._index.doom(key)

    def _delete_doomed(self) -> None:
        while keys := self._index.doomed():
            for _ in self._pool.map(self._remote.delete, keys):
                pass
            self._index.drop(keys)

    def _all_differing(self) -> Iterator[str]:
        for folder in self._root.glob("*/*"):
            if folder.is_dir() and not folder.name.startswith("."):
                yield from self._differing(f"{folder.parent.name}/{folder.name}/")

    def _differing(self, prefix: str) -> Iterator[str]:
        workspace, container, below = prefix.split("/", 2)
        base = f"{workspace}/{container}/"
        root = self._root / workspace / container
        if not root.is_dir():
            return
        for key, path in LocalBlobStore(root, root.parent / STAGING).files(below):
            held = self._index.find(base + key)
            with contextlib.suppress(FileNotFoundError):
                found = path.stat()
                if held is None or (held.here, held.size) != (found.st_mtime_ns, found.st_size):
                    yield base + key
        for held in self._index.copied(prefix):
            if not (self._root / held.key).is_file():
                self._index.doom(held.key)

    def _make_room(self, now: datetime, since: datetime | None) -> None:
        """Remove copied files until the rest fits, those first that were written first; none that a job may be at."""
        if self._room_bytes is None:
            return
        surplus = self._index.bytes_here() - self._room_bytes
        before = min(now - _REST, since or now)
        self._index.forget_uses(before)
        if surplus <= 0:
            return
        for held in sorted(self._index.copied(""), key=lambda each: each.here or 0):
            if surplus <= 0:
                return
            last = self._index.last_use(held.key)
            if held.here and held.here / 1e9 < before.timestamp() and (last is None or last < before):
                surplus -= held.size * self._removed(held)

    def _removed(self, held: Held) -> bool:
        path = self._root / held.key
        with contextlib.suppress(OSError):
            found = path.stat()
            if (found.st_mtime_ns, found.st_size) == (held.here, held.size):
                self._index.left(held.key)
                path.unlink()
                return True
        return False

    def _say(self, now: datetime, *, problem: str | None = None) -> None:
        with self._lock:
            waiting = len(self._changed) + len(self._look_below)
        if self._said is not None:
            at, *said = self._said
            if said == [waiting, problem] and now - at < _BETWEEN_REPORTS:
                return
        self._said = (now, waiting, problem)
        content = {"url": self._url, "at": clock.to_text(now), "waiting": waiting, "problem": problem}
        private.replace(self._report, json.dumps(content).encode())
