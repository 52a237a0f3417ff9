"""What the gateway counts decides how many instances there are, and whether a rollout goes on or back."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from smalt.entities.endpoint.online import OnlineDeployment, Rollout
from smalt.errors import NotFound
from smalt.server.audit import AuditRecorder
from smalt.server.serving import counters, scale, store
from smalt.server.serving.counters import Counters, Key
from smalt.server.serving.errors import NothingToRollBack
from smalt.server.serving.events import RoutingChanged
from smalt.server.serving.gateway import Gateway
from smalt.server.serving.service import EndpointService
from smalt.server.serving.states import DeploymentState
from smalt.server.serving.store import DeploymentRecord, EndpointRecord
from smalt.server.serving.table import place_of
from smalt.server.work import SYSTEM, Work, Works
from smalt.server.workspaces import WorkspaceService

_log = logging.getLogger(__name__)

_SAMPLES = 5
_DOWN_AFTER_SECONDS = 60.0
_ROLLBACK = "workspaces/onlineEndpoints/rollback/action"


@dataclass
class _Trend:
    """What one deployment has needed lately."""

    asked_at: float = 0.0
    in_use: deque[float] = field(default_factory=lambda: deque(maxlen=_SAMPLES))
    below_since: float | None = None


class Load:
    """Looks at the counters when anything depends on them.

    Args:
        works: Opens transactions.
        gateway: Counts.
        endpoints: Changes traffic.
        workspaces: Knows the workspaces.
        recorder: Is told what was done by itself.
        group: The resource group whose workspaces are called by their names.
        down_after_seconds: For how long fewer instances must do before some are ended.
    """

    def __init__(
        self,
        works: Works,
        gateway: Gateway,
        endpoints: EndpointService,
        workspaces: WorkspaceService,
        recorder: AuditRecorder,
        *,
        group: str,
        down_after_seconds: float = _DOWN_AFTER_SECONDS,
    ) -> None:
        self._works = works
        self._gateway = gateway
        self._endpoints = endpoints
        self._workspaces = workspaces
        self._recorder = recorder
        self._group = group
        self._down_after = down_after_seconds
        self._trends: dict[str, _Trend] = {}
        self._first: dict[tuple[str, datetime], Mapping[Key, Counters]] = {}

    def look(self) -> bool:
        """Act on what is counted; whether anything depends on it."""
        with self._works.read(SYSTEM) as work:
            endpoints = {each.id: each for each in store.all_endpoints(work.connection) if not each.deleting}
            following = [
                each
                for each in store.all_deployments(work.connection)
                if each.state is DeploymentState.SUCCEEDED
                and each.endpoint_id in endpoints
                and scale.follows_load(each.entity())
            ]
            places = {each.id: self._place(work, each) for each in endpoints.values()}
        watched = [each for each in endpoints.values() if each.watched]
        if not following and not watched:
            return False
        stats = self._gateway.stats()
        if stats is None:
            return True
        found, wanted = counters.read(stats)
        for deployment in following:
            endpoint = endpoints[deployment.endpoint_id]
            key = (places[endpoint.id], endpoint.name, deployment.name)
            self._scale(deployment, found.get(key), is_wanted=key in wanted)
        for endpoint in watched:
            self._judge(endpoint, places[endpoint.id], found)
        return True

    def _place(self, work: Work, endpoint: EndpointRecord) -> str:
        try:
            return place_of(self._workspaces.by_id(work, endpoint.workspace_id), group=self._group)
        except NotFound:
            return ""

    def _scale(self, deployment: DeploymentRecord, found: Counters | None, *, is_wanted: bool) -> None:
        now = time.monotonic()
        entity = deployment.entity()
        trend = self._trends.setdefault(deployment.id, _Trend())
        if not is_wanted and now - trend.asked_at < scale.polling_seconds(entity):
            return
        trend.asked_at = now
        count = self._needed(deployment, entity, found, trend, is_wanted=is_wanted)
        if count < deployment.wanted:
            trend.below_since = trend.below_since or now
            if now - trend.below_since < self._down_after:
                return
        trend.below_since = None
        if count == deployment.wanted:
            return
        _log.info("The deployment %r goes from %d instances to %d.", deployment.name, deployment.wanted, count)
        with self._works.write(SYSTEM) as work:
            store.change_deployment(work.connection, deployment, wanted=count, due_at=work.now)

    def _needed(
        self,
        deployment: DeploymentRecord,
        entity: OnlineDeployment,
        found: Counters | None,
        trend: _Trend,
        *,
        is_wanted: bool,
    ) -> int:
        if is_wanted and deployment.wanted == 0:
            return max(scale.bounds(entity)[0], 1)
        if found is None:
            return deployment.wanted
        trend.in_use.append(found.in_use)
        in_use = sum(trend.in_use) / len(trend.in_use)
        if is_wanted:
            return max(deployment.wanted, 1)
        return scale.wanted_count(entity, present=deployment.wanted, in_use=in_use, waiting=found.queued)

    def _judge(self, endpoint: EndpointRecord, place: str, found: Mapping[Key, Counters]) -> None:
        """See whether deployments whose share has grown keep the bounds."""
        rollout = endpoint.entity().rollout
        key = (endpoint.id, endpoint.traffic_at)
        if rollout is None:
            self._end_watch(endpoint)
            return
        first = self._first.get(key)
        if first is None:
            self._first = {other: counted for other, counted in self._first.items() if other[0] != endpoint.id}
            self._first[key] = dict(found)
            return
        before = (endpoint.traffic_before or {}).get("traffic", {})
        for name in (each for each, share in endpoint.traffic.items() if share > before.get(each, 0)):
            now = found.get((place, endpoint.name, name))
            if now is None:
                continue
            then = first.get((place, endpoint.name, name))
            gone_by = now if then is None else now.since(then)
            if gone_by is None:
                self._first.pop(key)
                return
            broken = broken_bound(rollout, gone_by)
            if broken is not None:
                self._roll_back(endpoint, name, broken)
                return
        with self._works.read(SYSTEM) as work:
            is_over = work.now - endpoint.traffic_at > timedelta(seconds=rollout.watch_seconds)
        if is_over:
            self._end_watch(endpoint)

    def _roll_back(self, endpoint: EndpointRecord, deployment: str, broken: str) -> None:
        _log.warning("The rollout of %r to %r is taken back: %s", endpoint.name, deployment, broken)
        with self._works.write(SYSTEM) as work:
            present = store.endpoint_by_id(work.connection, endpoint.id, lock=True)
            if present is None or present.deleting or present.traffic_at != endpoint.traffic_at:
                return
            workspace = self._workspaces.by_id(work, endpoint.workspace_id)
            try:
                self._endpoints.roll_back(work, workspace, endpoint.name)
            except NothingToRollBack as error:
                work.tell(failed=error.message)
                store.change_endpoint(work.connection, present, watched=False)
            work.tell(reason=broken, deployment=deployment)
            scope = f"{workspace.scope}/onlineEndpoints/{endpoint.name}"
            self._recorder.happened(work, action=_ROLLBACK, scope=scope, workspace_scope=workspace.scope)
            work.publish(RoutingChanged(endpoint.workspace_id))

    def _end_watch(self, endpoint: EndpointRecord) -> None:
        self._first = {key: found for key, found in self._first.items() if key[0] != endpoint.id}
        with self._works.write(SYSTEM) as work:
            present = store.endpoint_by_id(work.connection, endpoint.id, lock=True)
            if present is not None and present.traffic_at == endpoint.traffic_at:
                store.change_endpoint(work.connection, present, watched=False)


def broken_bound(rollout: Rollout, found: Counters) -> str | None:
    """The bound that is broken, in words; None while all are kept, or nothing can be said yet."""
    if found.requests < rollout.min_requests:
        return None
    if rollout.max_error_rate is not None and found.error_rate > rollout.max_error_rate:
        return (
            f"{found.errors} of {found.requests} requests failed, which is more than a part of "
            f"{rollout.max_error_rate:g} (max_error_rate)."
        )
    slow = found.quantile_ms(0.95)
    if rollout.max_p95_ms is not None and slow > rollout.max_p95_ms:
        # A class of latencies is all that is known, so the bound is broken when its lower end is beyond it.
        lower = max((bound for bound in found.bounds_ms if bound < slow), default=0.0)
        if lower >= rollout.max_p95_ms:
            return f"5 of 100 requests took more than {lower:g} ms, and max_p95_ms is {rollout.max_p95_ms:g}."
    return None
