"""What a location offers: the machine that smalt runs on, as size, usage and quota; and finished operations."""

from __future__ import annotations

import os
from typing import Any

from smalt.server.http import SIGNED_IN, Answer, Call, Route, Routes, ok
from smalt.server.http.route import PROVIDER

_LOCATION = "/subscriptions/{subscription}" + PROVIDER + "/locations/{location}"


def location_routes() -> list[Route]:
    """The routes of a location."""
    table = Routes()
    table.add("GET", _LOCATION + "/vmSizes", _sizes, action="locations/vmSizes/read")
    table.add("GET", _LOCATION + "/usages", _usages, action="locations/usages/read")
    table.add("GET", _LOCATION + "/quotas", _quotas, action="locations/quotas/read")
    table.add(
        "GET",
        _LOCATION + "/operationsStatus/{operation}",
        _operation,
        action=SIGNED_IN,
        for_jobs=lambda call, actor: True,
    )
    return table.all


def _sizes(call: Call) -> Answer:
    """The sizes of machine: the one this server has."""
    size = {
        "name": "local",
        "family": "local",
        "vCPUs": _cores(),
        "gpus": 0,
        "memoryGB": round(_memory_bytes() / 2**30, 1),
        "osVhdSizeMB": 0,
        "maxResourceVolumeMB": 0,
        "lowPriorityCapable": False,
        "premiumIO": False,
        "supportedComputeTypes": ["AmlCompute", "ComputeInstance"],
    }
    return ok({"value": [size]})


def _usages(call: Call) -> Answer:
    """How many cores there are."""
    return ok({"value": [_cores_of(call, "usages", {"currentValue": 0})]})


def _quotas(call: Call) -> Answer:
    """How many cores may be used: all."""
    return ok({"value": [_cores_of(call, "quotas", {})]})


def _operation(call: Call) -> Answer:
    """An operation: everything here is finished when it is answered."""
    body = {"id": call.path, "name": call.params["operation"], "status": "Succeeded", "percentComplete": 100.0}
    return ok(body, **{"Retry-After": "1"})


def _cores_of(call: Call, kind: str, more: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": call.path,
        "type": f"Microsoft.MachineLearningServices/{kind}",
        "unit": "Count",
        "limit": _cores(),
        "name": {"value": "TotalDedicatedCores", "localizedValue": "Total dedicated cores"},
        **more,
    }


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
