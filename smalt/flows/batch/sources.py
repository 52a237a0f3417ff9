"""Where the lines of a run come from: its data, and the outputs and data of the run it goes over."""

from __future__ import annotations

from pathlib import Path

from smalt.flows.batch import reading
from smalt.flows.batch.errors import InvalidRunError
from smalt.flows.batch.run import Run, RunStatus, RunStore


def sources(run: Run, store: RunStore) -> dict[str, list[reading.Row]]:
    """The rows that a run takes its lines from, by the names that a column mapping knows."""
    found: dict[str, list[reading.Row]] = {}
    if run.data is not None:
        found["data"] = reading.read(run.data)
    if run.run is not None:
        before = store.get(run.run)
        if before.status is not RunStatus.COMPLETED:
            raise InvalidRunError(
                f"Run {before.name!r}, whose outputs are asked for, is {before.status}. Only those of a completed run "
                "can be used; see smalt run show."
            )
        found["run.outputs"] = before.folder.outputs()
        found["run.inputs"] = _data_of(before, store)
    for name, path in run.sources.items():
        found[name] = found["data"] if path == run.data else reading.read(path)
    return found


def _data_of(run: Run, store: RunStore) -> list[reading.Row]:
    """The data that a run, or the run that it goes over, began with; its own inputs where that is gone."""
    if run.data is not None and Path(run.data).exists():
        return reading.read(run.data)
    if run.data is None and run.run is not None:
        return _data_of(store.get(run.run), store)
    return run.folder.inputs()
