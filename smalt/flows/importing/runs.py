"""Runs of prompt flow's database: their folders are read where they lie."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from smalt.errors import SmaltError
from smalt.flows.batch import Run, RunStatus, RunStore
from smalt.flows.batch.run import RunType
from smalt.kit import clock

Row = Mapping[str, Any]  # Any: columns

_STATUS = {each.value: each for each in (RunStatus.COMPLETED, RunStatus.CANCELED, RunStatus.NOT_STARTED)}
_TYPES = frozenset(each.value for each in RunType)


def take(rows: Iterable[Row], *, is_only_told: bool) -> tuple[list[str], dict[str, str]]:
    """Record runs that are not here yet; the names of those recorded, and why others were not."""
    store = RunStore()
    known = {run.name for run in store.list(max_results=None, archived=None)}
    taken: list[str] = []
    left: dict[str, str] = {}
    for row in rows:
        name = row["name"]
        if name in known:
            left[name] = "There is a run of that name here already; it stays."
            continue
        try:
            run = _run(row)
            if not Path(run.output_path).is_dir():
                left[name] = f"Its folder {run.output_path} is gone."
                continue
            _count(run)
            if not is_only_told:
                store.add(run)
            taken.append(name)
        except (SmaltError, ValueError, KeyError) as error:
            left[name] = error.message if isinstance(error, SmaltError) else f"Its record cannot be read: {error!r}."
    return taken, left


def _run(row: Row) -> Run:
    properties = json.loads(row["properties"] or "{}")
    output = properties["output_path"]
    kind = str(row.get("type") or RunType.BATCH)
    tags = json.loads(row["tags"] or "{}")
    run = Run(
        row["name"],
        str(properties.get("flow_path") or Path(output) / "snapshot"),
        str(output),
        data=row.get("data"),
        run=properties.get("run"),
        column_mapping=dict(properties.get("column_mapping") or {}),
        variant=properties.get("node_variant"),
        init=dict(properties.get("init_kwargs") or {}),
        resume_from=properties.get("resume_from"),
        command=properties.get("command"),
        outputs={key: str(value) for key, value in (properties.get("outputs") or {}).items()},
        display_name=row["display_name"],
        description=row["description"],
        tags={str(key): str(value) for key, value in tags.items()} if isinstance(tags, dict) else {},
        type=RunType(kind) if kind in _TYPES else RunType.BATCH,
        status=_STATUS.get(str(row["status"]), RunStatus.FAILED),
        created_on=_moment(row["created_on"]) or "",
        start_time=_moment(row.get("start_time")),
        end_time=_moment(row.get("end_time")),
        system_metrics=dict(properties.get("system_metrics") or {}),
    )
    run.is_archived = bool(row["archived"])
    return run


def _count(run: Run) -> None:
    """How its lines ended, from its files."""
    if run.type is RunType.COMMAND:
        return
    lines = run.folder.lines().values()
    run.lines = len(lines)
    run.completed_lines = sum(each["status"] == RunStatus.COMPLETED for each in lines)
    run.failed_lines = run.lines - run.completed_lines
    whole = run.folder.error()
    run.error = None if whole is None else {key: whole.get(key) for key in ("code", "message")}


def _moment(text: str | None) -> str | None:
    """A moment as promptflow wrote it, in the time of its machine."""
    return None if not text else clock.to_text(datetime.fromisoformat(text).astimezone())
