"""Server-sent events of what is looked at again and again, such as a file that grows: one answer, not many calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator

import msgspec
from starlette.responses import StreamingResponse

_LOOK_SECONDS = 0.5
_HEARTBEAT_SECONDS = 15.0
_OVER = object()


async def told(
    looks: Iterator[object | None],
    is_admitted: Callable[[], bool],
    *,
    look_seconds: float = _LOOK_SECONDS,
    heartbeat_seconds: float = _HEARTBEAT_SECONDS,
) -> AsyncIterator[bytes]:
    """What each look finds, as server-sent events, until there is no other look.

    Args:
        looks: Gives what is new, or None, and is asked in a thread; after something new at once, else after a pause.
        is_admitted: Asked with every heartbeat, in a thread; the stream ends when it says no.
        look_seconds: The pause.
        heartbeat_seconds: How long it is silent at most.
    """
    silent = 0.0
    yield b"retry: 2000\n\n"
    while (news := await asyncio.to_thread(next, looks, _OVER)) is not _OVER:
        if news is not None:
            yield b"data: " + msgspec.json.encode(news) + b"\n\n"
            silent = 0.0
            continue
        await asyncio.sleep(look_seconds)
        silent += look_seconds
        if silent >= heartbeat_seconds:
            if not await asyncio.to_thread(is_admitted):
                return
            yield b": still here\n\n"
            silent = 0.0


def event_stream(messages: AsyncIterator[bytes]) -> StreamingResponse:
    """An answer that nothing on the way keeps or holds back."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(messages, headers=headers, media_type="text/event-stream")
