"""All endpoints as they are now: doors, routes and pools, made anew where the table has changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from smalt.gateway.access import Access
from smalt.gateway.pool import Pool, Waiting
from smalt.gateway.quotas import Quotas
from smalt.gateway.refusal import Refusal
from smalt.gateway.routing import Router
from smalt.gateway.table import EndpointEntry, Table
from smalt.gateway.tally import Tally

_TARGET = re.compile(rb"/endpoints/([^/?]{1,300})/([^/?]{1,300})(/[^\s]*|\?[^\s]*)?")

_REMEMBERED = 1024

Key = tuple[bytes, bytes]


class Endpoint:
    """One endpoint.

    Attributes:
        strays: Requests that waited for a deployment which is gone, until they have gone elsewhere.
    """

    def __init__(self, entry: EndpointEntry, before: Endpoint | None) -> None:
        self.entry = entry
        self.access = Access(entry)
        self.router = Router(entry.traffic, entry.mirror, frozenset(entry.deployments))
        is_same = before is not None and before.entry.limits == entry.limits
        self.quotas: Quotas = before.quotas if before is not None and is_same else Quotas(entry.limits)
        self.pools: dict[str, Pool] = {}
        kept = dict(before.pools) if before is not None else {}
        for name, deployment in entry.deployments.items():
            pool = kept.pop(name, None)
            if pool is None:
                pool = Pool(deployment, Tally())
            else:
                pool.update(deployment)
            self.pools[name] = pool
        self.strays: list[Waiting] = []
        for pool in kept.values():
            self.strays += pool.take_queue()
            pool.close()

    def close(self) -> None:
        """The endpoint is no more."""
        for pool in self.pools.values():
            pool.close()


class Fleet:
    """The endpoints by workspace and name."""

    def __init__(self) -> None:
        self.version = 0
        self._endpoints: dict[Key, Endpoint] = {}
        self._found: dict[bytes, tuple[Endpoint, bytes]] = {}

    def apply(self, table: Table) -> None:
        """Take a new table. What has not changed goes on undisturbed."""
        fresh: dict[Key, Endpoint] = {}
        for entry in table.endpoints:
            key = entry.workspace.encode(), entry.name.encode()
            before = self._endpoints.pop(key, None)
            fresh[key] = before if before is not None and before.entry == entry else Endpoint(entry, before)
        for gone in self._endpoints.values():
            gone.close()
        self._endpoints = fresh
        self._found = {}
        self.version = table.version
        for endpoint in fresh.values():
            strays, endpoint.strays = endpoint.strays, []
            for exchange in strays:
                exchange.go_elsewhere()

    def find(self, target: bytes) -> tuple[Endpoint, bytes] | Refusal:
        """The endpoint that a URL names, and the path that its scorer is asked for."""
        known = self._found.get(target)
        if known is not None:
            return known
        match = _TARGET.fullmatch(target)
        if match is None:
            return Refusal(404, "NotFound", "Endpoints are at /endpoints/<workspace>/<endpoint>/score.")
        workspace, name, rest = match.groups()
        endpoint = self._endpoints.get((workspace, name))
        if endpoint is None and b"%" in workspace + name:
            endpoint = self._endpoints.get((unquote_to_bytes(workspace), unquote_to_bytes(name)))
        if endpoint is None:
            shown = name[:64].decode("ascii", "replace")
            return Refusal(404, "EndpointNotFound", f"There is no endpoint {shown!r} here. Look at its scoring URI.")
        rest = rest or b"/"
        found = endpoint, rest if rest.startswith(b"/") else b"/" + rest
        if len(self._found) < _REMEMBERED and len(target) < _REMEMBERED:
            self._found[target] = found
        return found

    def __iter__(self) -> Iterator[Endpoint]:
        return iter(self._endpoints.values())

    def pools(self) -> Iterator[tuple[EndpointEntry, str, Pool]]:
        """Every deployment with its endpoint."""
        for endpoint in self._endpoints.values():
            for name, pool in endpoint.pools.items():
                yield endpoint.entry, name, pool
