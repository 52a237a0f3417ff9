"""How a line of a batch is run: here, on the event loop of the batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from smalt.flows.batch import records
from smalt.flows.batch.folder import RunFolder
from smalt.flows.batch.logs import Pieces, line_log, text_of
from smalt.flows.errors import LineExecutionTimeoutError, UserErrorException
from smalt.flows.providers.base import Tokens
from smalt.flows.running.failures import failure
from smalt.flows.running.flow import Flow, line_timeout, now
from smalt.flows.running.results import Limits, LineResult, Status
from smalt.flows.values.images import PFBytes, found_in

Document = dict[str, Any]  # Any: JSON


@dataclass
class EndedLine:
    """A line that has ended.

    Attributes:
        line: Its record.
        nodes: The records of its nodes.
        printed: What the flow printed and logged.
        result: What an aggregation needs of it.
    """

    line: Document
    nodes: list[Document]
    printed: str
    result: LineResult
    tokens: Tokens = field(default_factory=Tokens)


class LineRunner(Protocol):
    """Runs lines of one flow."""

    async def run(self, number: int, inputs: Mapping[str, Any]) -> EndedLine:  # Any: values of flows
        """Run a line to its end; what goes wrong stands in its record."""
        ...

    async def close(self) -> None:
        """Let go of what it holds."""
        ...


class HereRunner:
    """Runs lines in this process.

    Args:
        flow: The flow, loaded.
        run_name: The run that the lines belong to.
        limits: How long and how wide a line may run.
        folder: Where images in outputs are written.
        node: Run only this node of them.
    """

    def __init__(
        self, flow: Flow, run_name: str, limits: Limits, folder: RunFolder, *, node: str | None = None
    ) -> None:
        self._flow = flow
        self._node = node
        self._run_name = run_name
        self._limits = limits
        self._folder = folder

    async def run(self, number: int, inputs: Mapping[str, Any]) -> EndedLine:  # Any: values of flows
        """See `LineRunner.run`."""
        with line_log() as pieces:
            result = await self._result(number, inputs)
        return self.ended(result, pieces)

    def ended(self, result: LineResult, pieces: Pieces) -> EndedLine:
        """A line of this run that has ended, and what was printed in it."""
        number = result.line_number or 0
        line = records.line_document(result, run_name=self._run_name)
        nodes = [
            records.node_document(node, run_name=self._run_name, line_number=number) for node in result.nodes.values()
        ]
        self._write_images(line, nodes)
        kept = LineResult(
            result.status,
            result.inputs,
            result.output,
            {},
            result.error,
            number,
            aggregation_inputs=result.aggregation_inputs,
        )
        return EndedLine(line, nodes, text_of(pieces, number) if pieces else "", kept, result.tokens)

    async def close(self) -> None:
        """See `LineRunner.close`."""

    async def _result(self, number: int, inputs: Mapping[str, Any]) -> LineResult:  # Any: values of flows
        run_id, limits = self._run_name, self._limits
        if self._node is None:
            return await self._flow.run_line(inputs, line_number=number, run_id=run_id, limits=limits)
        import asyncio

        result = LineResult(Status.FAILED, inputs, {}, {}, line_number=number, run_id=run_id, started_at=now())
        try:
            async with asyncio.timeout(limits.line_seconds):
                node = await self._flow.run_node(self._node, inputs)
        except TimeoutError:
            result.error = failure(LineExecutionTimeoutError(line_timeout(number, limits.line_seconds)), line=number)
        except UserErrorException as error:  # What it refers to was not given.
            result.error = failure(error, line=number)
        else:
            result.nodes, result.error, result.tokens = {node.name: node}, node.error, node.tokens or Tokens()
            if node.error is None:
                result.status, result.output = Status.COMPLETED, {"output": node.output}
        result.ended_at = now()
        return result

    def _write_images(self, line: Document, nodes: list[Document]) -> None:
        """Images become files; a record holds their paths."""
        images = getattr(self._flow, "images", None)
        if images is None or not PFBytes.any_made:
            return
        for run_info in (line["run_info"], *(node["run_info"] for node in nodes)):
            for part in ("inputs", "output", "result", "aggregation_inputs"):
                value = run_info.get(part)
                if value is not None and found_in(value):
                    run_info[part] = images.persist(value, self._folder.image_folder())


def of_record(record: Document) -> LineResult:
    """What an aggregation needs of a line that ended earlier, from its record."""
    run = record["run_info"]
    inputs = {key: value for key, value in run["inputs"].items() if key != "line_number"}
    return LineResult(
        Status(record["status"]),
        inputs,
        run["output"] or {},
        {},
        None,
        record["line_number"],
        aggregation_inputs=run.get("aggregation_inputs") or {},
    )
