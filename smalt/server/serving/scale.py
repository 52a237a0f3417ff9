"""How many instances a deployment is to have. Pure."""

from __future__ import annotations

import math

from smalt.entities.endpoint.online import OnlineDeployment, ScaleSettings

_FEWEST, _MOST, _TARGET, _POLLING_SECONDS = 1, 1, 70, 1.0


def follows_load(deployment: OnlineDeployment) -> bool:
    """Whether the load says how many."""
    return deployment.scale_settings is not None and deployment.scale_settings.type == "target_utilization"


def bounds(deployment: OnlineDeployment) -> tuple[int, int]:
    """The fewest and the most instances."""
    if not follows_load(deployment):
        count = 1 if deployment.instance_count is None else deployment.instance_count
        return count, count
    settings = deployment.scale_settings or ScaleSettings()
    fewest = _FEWEST if settings.min_instances is None else settings.min_instances
    return fewest, max(settings.max_instances or _MOST, fewest, 1)


def first_count(deployment: OnlineDeployment) -> int:
    """How many to begin with: at least one, which shows that it works."""
    fewest, most = bounds(deployment)
    if not follows_load(deployment):
        return fewest
    return min(max(deployment.instance_count or 1, fewest, 1), most)


def next_count(deployment: OnlineDeployment, *, present: int) -> int:
    """How many after its settings were changed."""
    fewest, most = bounds(deployment)
    return min(max(present, fewest), most)


def polling_seconds(deployment: OnlineDeployment) -> float:
    """How often the load is looked at."""
    settings = deployment.scale_settings
    return float((settings.polling_interval if settings is not None else None) or _POLLING_SECONDS)


def wanted_count(deployment: OnlineDeployment, *, present: int, in_use: float, waiting: int) -> int:
    """How many the load needs.

    Args:
        deployment: Its settings.
        present: How many it has.
        in_use: The part of their places that is taken, of 0 to 1.
        waiting: Requests that wait for a place.
    """
    fewest, most = bounds(deployment)
    settings = deployment.scale_settings or ScaleSettings()
    target = (settings.target_utilization_percentage or _TARGET) / 100
    busy = present * in_use
    needed = math.ceil(busy / target - 1e-9) if present else 0
    if waiting and needed <= present:
        needed = present + 1
    return min(max(needed, fewest), most)
