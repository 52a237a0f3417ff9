"""Search over a workspace: what has a name, by names, tags and makers; runs by their metrics, traces by their texts.

`accuracy>0.9` is a condition on a metric, `stage=review` one on a tag; everything else is a text that something has in
it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from smalt.server.assets import AssetService
from smalt.server.jobs import Filter, JobService
from smalt.server.traces import TraceService
from smalt.server.tracking import READ_RUNS, TrackingService
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

_KINDS = ("models", "data", "components", "environments")
_PAGE = 500
_MOST_PAGES = 20
# Texts of traces stand in no index: only the new ones are looked through, and not for a letter or two.
_TRACES_SINCE = timedelta(days=7)
_SHORTEST_OF_TRACES = 3
_METRIC = re.compile(r"([\w./@ -]+?)\s*(>=|<=|>|<)\s*(-?\d[\d.]*(?:[eE][-+]?\d+)?)")
_TAG = re.compile(r"([\w./@-]+)\s*=\s*(\S.*)")

Hit = dict[str, Any]  # Any: JSON


@dataclass(frozen=True, slots=True)
class Named:
    """Something that is found by its name, its title and its tags.

    Args:
        kind: Which it is one of, such as `onlineEndpoints` or `flows`.
        name: Its name.
        tags: Its tags.
        title: What it is called; its name if nothing else.
    """

    kind: str
    name: str
    tags: Mapping[str, str]
    title: str = ""


Look = Callable[[Work, WorkspaceRecord], Iterable[Named]]
"""Names everything of some kinds that a workspace has."""


@dataclass(frozen=True)
class Places:
    """Where is looked.

    Args:
        jobs: Jobs.
        assets: Data, models and so on.
        tracking: Runs.
        named: What else has a name, with the action of a role that may see it.
        traces: Finds traces by a text.
    """

    jobs: JobService
    assets: AssetService
    tracking: TrackingService
    named: Mapping[str, Look]
    traces: TraceService


def find(
    work: Work,
    workspace: WorkspaceRecord,
    text: str,
    *,
    places: Places,
    people: Iterable[str],
    may: Callable[[str], bool],
    limit: int,
) -> list[Hit]:
    """What there is of each kind, at most `limit` of one: its kind, name, title and a line about it.

    Args:
        work: The look.
        workspace: Where.
        text: What is searched for.
        places: Where is looked.
        people: Names of those whom the caller may know of.
        may: Whether the caller may do an action here.
        limit: How many of a kind.
    """
    metric = _METRIC.fullmatch(text)
    if metric is not None:
        return _runs(work, workspace, metric, places.tracking, limit)
    tag = _TAG.fullmatch(text)
    wanted = text.lower()
    found = _jobs(work, workspace, text, tag, places.jobs, limit)
    for kind in _KINDS:
        found += _assets(work, workspace, kind, wanted, assets=places.assets, limit=limit)
    for action, look in places.named.items():
        if may(action):
            found += _named(look(work, workspace), wanted, limit)
    if may(READ_RUNS) and len(text) >= _SHORTEST_OF_TRACES:
        found += _traces(work, workspace, text, places.traces, limit)
    for name in _few(people, lambda it: wanted in it.lower(), limit):
        found.append({"kind": "people", "name": name, "title": name, "about": ""})
    return found


def _jobs(
    work: Work, workspace: WorkspaceRecord, text: str, tag: re.Match[str] | None, jobs: JobService, limit: int
) -> list[Hit]:
    words = Filter(text=text, archived=None) if tag is None else Filter(tags=((tag[1], tag[2]),), archived=None)
    return [
        {
            "kind": "jobs",
            "name": record.name,
            "title": record.display_name,
            "about": f"{record.experiment} · {record.status.value}",
        }
        for record in jobs.page(work, workspace, words, after=None, limit=limit).items
    ]


def _runs(
    work: Work, workspace: WorkspaceRecord, metric: re.Match[str], tracking: TrackingService, limit: int
) -> list[Hit]:
    """Runs whose last value of a metric fits, the best first."""
    name, comparison, value = metric[1].strip(), metric[2], metric[3]
    quoted = f"metrics.`{name.replace('`', '')}`"
    experiments = tracking.experiments.search(work, workspace, limit=1000).items
    found = tracking.runs.search(
        work,
        workspace,
        experiment_ids=[each["experiment_id"] for each in experiments],
        filter_text=f"{quoted} {comparison} {value}",
        order_by=[f"{quoted} {'DESC' if '>' in comparison else 'ASC'}"],
        limit=limit,
    ).items
    return [
        {
            "kind": "jobs",
            "name": run["info"]["run_id"],
            "title": run["info"]["run_name"],
            "about": next(
                (f"{name} {each['value']:g}" for each in run["data"]["metrics"] if each["key"] == name), name
            ),
        }
        for run in found
    ]


def _named(all_: Iterable[Named], text: str, limit: int) -> list[Hit]:
    def fits(one: Named) -> bool:
        return _holds(text, one.name, one.tags) or text in one.title.lower()

    return [
        {"kind": each.kind, "name": each.name, "title": each.title or each.name, "about": _line(each.tags)}
        for each in _few(all_, fits, limit)
    ]


def _traces(work: Work, workspace: WorkspaceRecord, text: str, traces: TraceService, limit: int) -> list[Hit]:
    return [
        {
            "kind": "traces",
            "name": each["traceId"],
            "title": each["name"] or each["traceId"],
            "about": " · ".join(part for part in (each["flow"], each["endpoint"], each["startedAt"][:19]) if part),
        }
        for each in traces.mentioning(work, workspace, text, since=work.now - _TRACES_SINCE, limit=limit)
    ]


def _assets(
    work: Work, workspace: WorkspaceRecord, kind: str, text: str, *, assets: AssetService, limit: int
) -> list[Hit]:
    found: list[Hit] = []
    after: str | None = None
    for _ in range(_MOST_PAGES):
        page = assets.containers(work, workspace, kind, archived=False, after=after, limit=_PAGE)
        for each in page.items:
            tags = each.entity.tags or {}
            if _holds(text, each.name, tags) or text == each.stamp.created_by.lower():
                version = f"version {each.entity.latest_version}" if each.entity.latest_version else ""
                about = " · ".join(part for part in (version, _line(tags)) if part)
                found.append({"kind": kind, "name": each.name, "title": each.name, "about": about})
        after = page.after
        if after is None or len(found) >= limit:
            break
    return found[:limit]


def _holds(text: str, name: str, tags: Mapping[str, str]) -> bool:
    """Whether a name or a tag has a text in it, whatever the case."""
    return text in name.lower() or any(text in f"{key}={value}".lower() for key, value in tags.items())


def _line(tags: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in tags.items())


def _few(all_: Iterable[Any], is_wanted: Callable[[Any], bool], limit: int) -> Iterator[Any]:  # Any: of any kind
    found = (each for each in all_ if is_wanted(each))
    for _, each in zip(range(limit), found, strict=False):
        yield each
