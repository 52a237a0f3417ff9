"""Live updates: what the event bus tells, handed to the open pages of a workspace as names of what to look at again.

A page is told what has changed and not how: it asks for that itself, so that nobody sees here what they may not see
there. What changes often is told once in a while.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable

import msgspec

from smalt.server.assets import AssetRegistered
from smalt.server.events import Event, Events
from smalt.server.jobs import CancelRequested, JobChanged, JobFinished, JobSubmitted
from smalt.server.serving import EndpointAsked, OperationEnded, RoutingChanged, ServingChanged
from smalt.server.traces import TracesStored
from smalt.server.tracking import RunLogged

_GAP_SECONDS = 0.5
_HEARTBEAT_SECONDS = 20.0
_MOST_WAITING = 500

Topic = tuple[str, str]
"""What has changed: its kind in the plural, and its name."""

_EVERYTHING: Topic = ("everything", "")


class Live:
    """The open pages.

    Args:
        events: The bus.
        gap_seconds: How long after one message the next may follow.
        heartbeat_seconds: How long a stream is silent at most, and how soon it ends after its session.
    """

    def __init__(
        self, events: Events, *, gap_seconds: float = _GAP_SECONDS, heartbeat_seconds: float = _HEARTBEAT_SECONDS
    ) -> None:
        self._gap = gap_seconds
        self._heartbeat = heartbeat_seconds
        self._guard = threading.Lock()
        self._streams: set[_Stream] = set()
        self._is_closed = False
        events.subscribe(JobSubmitted, self._note_job)
        events.subscribe(JobChanged, self._note_job)
        events.subscribe(CancelRequested, self._note_job)
        events.subscribe(JobFinished, self._note_job)
        events.subscribe(RunLogged, lambda event: self.note(event, ("runs", event.run)))
        events.subscribe(TracesStored, lambda event: self.note(event, ("traces", "")))
        for fact in (ServingChanged, RoutingChanged, OperationEnded):
            events.subscribe(fact, lambda event: self.note(event, ("endpoints", "")))
        events.subscribe(EndpointAsked, lambda event: self.note(event, ("endpointMetrics", event.endpoint)))
        events.subscribe(AssetRegistered, lambda event: self.note(event, (event.kind, event.name)))

    def _note_job(self, event: JobSubmitted | JobChanged | CancelRequested | JobFinished) -> None:
        """A job has changed, and with it the graph of the pipeline that it is a part of, at any depth."""
        self.note(event, ("jobs", event.job), ("graphs", event.root))

    async def stream(self, workspace_id: str, is_admitted: Callable[[], bool]) -> AsyncIterator[bytes]:
        """Messages for one page, in the form of server-sent events.

        Args:
            workspace_id: What it is about.
            is_admitted: Asked with every heartbeat, in a thread; the stream ends when it says no.
        """
        stream = _Stream(workspace_id, asyncio.get_running_loop())
        with self._guard:
            self._streams.add(stream)
        try:
            yield b"retry: 3000\n\n: open\n\n"
            while not self._is_closed:
                if await stream.wait(self._heartbeat):
                    yield _message(stream.take())
                    await asyncio.sleep(self._gap)
                elif await asyncio.to_thread(is_admitted):
                    yield b": still here\n\n"
                else:
                    return
        finally:
            with self._guard:
                self._streams.discard(stream)

    def close(self) -> None:
        """End every stream: the server is stopping."""
        self._is_closed = True
        with self._guard:
            for stream in self._streams:
                stream.add(_EVERYTHING)

    @property
    def count(self) -> int:
        """How many pages listen."""
        return len(self._streams)

    def note(self, event: Event, *topics: Topic) -> None:
        """Tell the open pages of the event's workspace that something has changed."""
        if not self._streams:
            return
        with self._guard:
            for stream in self._streams:
                if stream.workspace_id == event.workspace_id:
                    stream.add(*topics)


class _Stream:
    """What waits for one page. Added to by any thread, taken by the event loop."""

    def __init__(self, workspace_id: str, loop: asyncio.AbstractEventLoop) -> None:
        self.workspace_id = workspace_id
        self._loop = loop
        self._guard = threading.Lock()
        self._waiting: dict[Topic, None] = {}
        self._woken = asyncio.Event()

    def add(self, *topics: Topic) -> None:
        with self._guard:
            is_first = not self._waiting
            if len(self._waiting) >= _MOST_WAITING:
                self._waiting = {_EVERYTHING: None}
            self._waiting |= dict.fromkeys(topics)
        if is_first and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._woken.set)

    async def wait(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._woken.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def take(self) -> list[Topic]:
        with self._guard:
            taken, self._waiting = list(self._waiting), {}
            self._woken.clear()
        return taken


def _message(topics: list[Topic]) -> bytes:
    return b"data: " + msgspec.json.encode([{"kind": kind, "name": name} for kind, name in topics]) + b"\n\n"
