"""`BatchEngine` as prompt flow has it: a flow over data into a folder, without a record of the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from smalt.flows.batch.run import Run, RunStore
from smalt.flows.batch.running import Pace, execute
from smalt.kit import ids


@dataclass(frozen=True)
class BatchResult:
    """How a batch ended."""

    status: str
    total_lines: int
    completed_lines: int
    failed_lines: int
    metrics: Mapping[str, Any] = field(default_factory=dict)  # Any: numbers
    system_metrics: Mapping[str, Any] = field(default_factory=dict)  # Any: numbers
    error: Mapping[str, Any] | None = None  # Any: JSON


class BatchEngine:
    """Runs a flow over data.

    Args:
        flow_file: The file of the flow, from the working folder.
        working_dir: Its folder.
        connections: Connections by name, or where they come from.
    """

    def __init__(
        self,
        flow_file: str | Path,
        working_dir: str | Path | None = None,
        *,
        connections: Any = None,  # Any: as the executor takes them
        init_kwargs: Mapping[str, Any] | None = None,  # Any: arguments of classes
        worker_count: int | None = None,
        line_timeout_sec: float | None = None,
        batch_timeout_sec: float | None = None,
        **_: object,
    ) -> None:
        file = Path(flow_file)
        self._flow = file if file.is_absolute() else Path(working_dir or ".") / file
        self._connections = connections
        self._init = dict(init_kwargs or {})
        self._pace = Pace(worker_count or 16, 0, line_timeout_sec or 600, batch_timeout_sec)

    def run(
        self,
        input_dirs: Mapping[str, str],
        inputs_mapping: Mapping[str, str],
        output_dir: str | Path,
        run_id: str | None = None,
        **_: object,
    ) -> BatchResult:
        """Run it, and write the layout of a run into a folder; `flow_outputs/output.jsonl` holds the outputs."""
        folder = Path(output_dir).absolute()
        run = Run(
            name=run_id or ids.opaque(), flow=str(self._flow.absolute()), output_path=str(folder),
            data=input_dirs.get("data"), column_mapping=dict(inputs_mapping or {}), init=self._init,
        )  # fmt: skip
        store = RunStore(folder / ".store")
        store.add(run)
        ended = execute(run, store, pace=self._pace, connections=self._connections)
        return BatchResult(
            str(ended.status), ended.lines or 0, ended.completed_lines, ended.failed_lines,
            ended.folder.metrics(), ended.system_metrics, ended.error,
        )  # fmt: skip
