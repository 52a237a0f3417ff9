"""What is told of a breach, or of a signal that could not be measured, and to whom. Pure but for ids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from smalt.kit import clock, ids
from smalt.server.monitoring.reading import Found
from smalt.server.monitoring.store import AlertRecord, AlertState, RunRecord, RunState
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

EMAIL, WEBHOOK = "email", "webhook"
BREACHED, FAILED = "smalt.monitoring.breached", "smalt.monitoring.failed"
_MOST_NAMED = 5


def sentence(signal: str, found: Found | None) -> str:
    """What a signal found, for people: the first features beyond their thresholds."""
    rows = [row for row in (found.rows if found is not None else []) if row[4]]
    shown = [
        f"{feature or 'all'} {metric} {value:.4g} (threshold {limit:g})"
        for feature, metric, value, limit, _ in rows[:_MOST_NAMED]
        if value is not None and limit is not None
    ]
    more = f" and {len(rows) - len(shown)} more" if len(rows) > len(shown) else ""
    return f"{signal}: {', '.join(shown)}{more}."


def compose(
    work: Work,
    workspace: WorkspaceRecord,
    run: RunRecord,
    told: Mapping[str, Mapping[str, Any]],
    found: Mapping[str, Found | None],
    *,
    url: str,
) -> list[AlertRecord]:
    """A message for everybody who is notified, if a signal that alerts was breached or could not be measured."""
    alerting = {name: each for name, each in told.items() if each["alert"]}
    breached = [name for name, each in alerting.items() if each["state"] == RunState.BREACHED.value]
    failed = [name for name, each in alerting.items() if each["state"] == RunState.FAILED.value]
    notify = run.planned["notify"]
    targets = [(EMAIL, each) for each in notify.get("emails") or []]
    targets += [(WEBHOOK, each) for each in notify.get("webhooks") or []]
    if not targets or not (breached or failed):
        return []
    lines = [sentence(name, found[name]) for name in breached]
    lines += [f"{name} could not be measured: {alerting[name]['reason']}" for name in failed]
    message = {
        "type": BREACHED if breached else FAILED,
        "monitor": run.monitor,
        "workspace": workspace.name,
        "job": run.job,
        "time": clock.to_text(work.now),
        "breached": breached,
        "failed": failed,
        "title": f"Monitor {run.monitor}: {_title(breached, failed)}",
        "lines": lines,
        "link": f"{url}/studio/monitoring/{quote(run.monitor, safe='')}?run={quote(run.job, safe='')}",
        "source": f"{workspace.scope}/schedules/{run.monitor}",
    }
    return [
        AlertRecord(
            ids.opaque(), run.id, workspace.id, channel, target[:1024], message, AlertState.WAITING, 0, work.now
        )
        for channel, target in dict.fromkeys(targets)
    ]


def _title(breached: list[str], failed: list[str]) -> str:
    if breached:
        return f"{len(breached)} signal{'s' if len(breached) > 1 else ''} beyond a threshold ({', '.join(breached)})"
    return f"{len(failed)} signal{'s' if len(failed) > 1 else ''} could not be measured ({', '.join(failed)})"


def cloud_event(alert: AlertRecord) -> dict[str, Any]:
    """The message as webhooks get it: a CloudEvent, with the text that chats show."""
    message = alert.message
    keys = ("monitor", "workspace", "job", "breached", "failed", "link")
    return {
        "specversion": "1.0",
        "id": alert.id,
        "type": message["type"],
        "source": message["source"],
        "subject": f"monitors/{message['monitor']}/runs/{message['job']}",
        "time": message["time"],
        "datacontenttype": "application/json",
        "data": {**{key: message[key] for key in keys}, "lines": message["lines"]},
        "text": "\n".join([message["title"], *message["lines"], message["link"]]),
    }
