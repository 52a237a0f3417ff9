"""From a request to a line of the flow, and from its result to an answer."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from smalt.flows.batch import records
from smalt.flows.running.flow import Flow
from smalt.flows.running.results import Limits, LineResult, Status
from smalt.flows.serving.errors import (
    BadScoreRequest,
    JsonPayloadRequiredForMultipleInputFields,
    LineFailed,
    MissingRequiredFlowInput,
    MultipleStreamOutputFieldsNotSupported,
    NotAcceptable,
    TooBusy,
)
from smalt.flows.tracing import spans
from smalt.flows.values.streams import AsyncStream, Stream

_AT_ONCE = 64
_WAITING = 512
_LINE_SECONDS = 300.0
_STREAM = "text/event-stream"

Values = dict[str, Any]  # Any: values of flows


class Scorer:
    """Runs requests as lines of a flow: so many at once, so many waiting, each for so long.

    Args:
        flow: The flow, loaded.
        at_once: Lines in flight.
        waiting: Requests that may wait; more are refused with 503.
        line_seconds: How long a line may take.
    """

    def __init__(
        self,
        flow: Flow,
        *,
        at_once: int = _AT_ONCE,
        waiting: int = _WAITING,
        line_seconds: float | None = None,
    ) -> None:
        self.flow = flow
        self._places = asyncio.Semaphore(at_once)
        self._most = at_once + waiting
        self._busy = 0
        self._limits = Limits(line_seconds=line_seconds or float(os.environ.get("PF_LINE_TIMEOUT_SEC", _LINE_SECONDS)))
        self._required = [name for name, item in flow.inputs.items() if item.default is None]
        self._hidden = frozenset(_hidden(flow))
        self._images = getattr(flow, "images", None)

    def inputs_of(self, body: bytes) -> Values:
        """The inputs in a body.

        Raises:
            BadScoreRequest: It is no JSON object, or an input is missing.
        """
        inputs = self._parsed(body)
        missing = [name for name in self._required if name not in inputs]
        if missing:
            raise MissingRequiredFlowInput(
                f"Required input fields {missing} are missing in request data {_shown(inputs)}. Send them."
            )
        return inputs

    def _parsed(self, body: bytes) -> Values:
        try:
            found = records.decode(body)
        except ValueError:
            names = list(self.flow.inputs)
            if len(names) != 1:
                raise JsonPayloadRequiredForMultipleInputFields(
                    f"The body is no JSON, but the flow has {len(names)} inputs. Send a JSON object with "
                    f"{', '.join(names) or 'the inputs'}."
                ) from None
            return {names[0]: body.decode("utf-8", "replace")}
        if not isinstance(found, dict):
            raise BadScoreRequest(f"The body is {_shown(found)}. Send a JSON object of the flow's inputs.")
        return found

    async def run(
        self, inputs: Values, *, streams: bool = False, run_id: str | None = None, traceparent: str | None = None
    ) -> LineResult:
        """Run a line; its trace is that of the caller, where a caller says it.

        Raises:
            TooBusy: Too many requests wait already.
            LineFailed: The flow failed; the message says where and why.
        """
        if self._busy >= self._most:
            raise TooBusy(f"{self._busy} requests are here already. Try again in a moment.")
        self._busy += 1
        try:
            async with self._places:
                with spans.called_by(traceparent):
                    result = await self.flow.run_line(inputs, allow_stream=streams, run_id=run_id, limits=self._limits)
        finally:
            self._busy -= 1
        if result.status is not Status.COMPLETED:
            assert result.error is not None
            where = f"{result.error.node}: " if result.error.node else ""
            message = result.error.message
            told = message if not where or str(result.error.node) in message else where + message
            raise LineFailed(told, is_users=result.error.code == "UserError")
        return result

    def shown(self, result: LineResult) -> Values:
        """The outputs that callers see."""
        output = {name: value for name, value in result.output.items() if name not in self._hidden}
        return self._images.inlined(output) if self._images is not None else output

    def stream_in(self, outputs: Mapping[str, Any]) -> str | None:  # Any: values of flows
        """The output that comes piece by piece, if one does.

        Raises:
            MultipleStreamOutputFieldsNotSupported: More than one does.
        """
        found = [name for name, value in outputs.items() if isinstance(value, Stream | AsyncStream)]
        if len(found) > 1:
            raise MultipleStreamOutputFieldsNotSupported(
                f"The outputs {', '.join(found)} are streams. One output of a flow can be one."
            )
        return found[0] if found else None


def wants_stream(accept: str) -> bool:
    """Whether a caller asks for events, by the header `Accept`."""
    return _STREAM in accept


def takes_json(accept: str) -> bool:
    """Whether a caller takes JSON."""
    return not accept or any(kind in accept for kind in ("*/*", "application/json", "application/*"))


def check_accept(accept: str, *, has_stream: bool) -> None:
    """Refuse a caller that takes neither.

    Raises:
        NotAcceptable: As said.
    """
    if takes_json(accept) or (has_stream and wants_stream(accept)):
        return
    forms = f"application/json or {_STREAM}" if has_stream else "application/json"
    raise NotAcceptable(f"The flow answers with {forms}, not with {accept!r}. Accept one of these.")


async def pieces(stream: Stream | AsyncStream) -> AsyncIterator[str]:
    """The pieces of a stream as text, without holding up the event loop."""
    if isinstance(stream, AsyncStream):
        async for piece in stream:
            yield str(piece)
        return
    source: Iterator[Any] = iter(stream)  # Any: what tools yield
    while True:
        piece = await asyncio.to_thread(next, source, _ENDED)
        if piece is _ENDED:
            return
        yield str(piece)


_ENDED = object()


def _hidden(flow: Flow) -> list[str]:
    told = os.environ.get("PROMPTFLOW_RESPONSE_INCLUDED_FIELDS")
    if told:
        included = json.loads(told)
        return [name for name in flow.outputs if name not in included]
    return [name for name, item in flow.outputs.items() if item.evaluation_only]


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else text[:200] + "..."
