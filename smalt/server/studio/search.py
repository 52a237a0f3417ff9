"""Search over a workspace: jobs, assets, endpoints and people, by names, tags and makers; runs by their metrics.

`accuracy>0.9` is a condition on a metric, `stage=review` one on a tag; everything else is a text that something has in
it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from smalt.server.assets import AssetService
from smalt.server.jobs import Filter, JobService
from smalt.server.tracking import TrackingService
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

_KINDS = ("models", "data", "components", "environments")
_PAGE = 500
_MOST_PAGES = 20
_METRIC = re.compile(r"([\w./@ -]+?)\s*(>=|<=|>|<)\s*(-?\d[\d.]*(?:[eE][-+]?\d+)?)")
_TAG = re.compile(r"([\w./@-]+)\s*=\s*(\S.*)")

Hit = dict[str, Any]  # Any: JSON


@dataclass(frozen=True, slots=True)
class NamedEndpoint:
    """An endpoint as it is found.

    Args:
        kind: `onlineEndpoints` or `batchEndpoints`.
        name: Its name.
        tags: Its tags.
    """

    kind: str
    name: str
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Places:
    """Where is looked.

    Args:
        jobs: Jobs.
        assets: Data, models and so on.
        tracking: Runs.
        endpoints: Every endpoint of a workspace.
    """

    jobs: JobService
    assets: AssetService
    tracking: TrackingService
    endpoints: Callable[[Work, WorkspaceRecord], Iterable[NamedEndpoint]]


def find(
    work: Work, workspace: WorkspaceRecord, text: str, *, places: Places, people: Iterable[str], limit: int
) -> list[Hit]:
    """What there is of each kind, at most `limit` of one: its kind, name, title and a line about it.

    Args:
        work: The look.
        workspace: Where.
        text: What is searched for.
        places: Where is looked.
        people: Names of those whom the caller may know of.
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
    for each in _few(places.endpoints(work, workspace), lambda it: _holds(wanted, it.name, it.tags), limit):
        found.append({"kind": each.kind, "name": each.name, "title": each.name, "about": _line(each.tags)})
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
