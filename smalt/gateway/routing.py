"""Which deployment gets a request: by header, else by weight; and which one gets a copy."""

from __future__ import annotations

import random
from collections.abc import Mapping
from itertools import accumulate

from smalt.gateway.refusal import Refusal


class Router:
    """The traffic rules of one endpoint.

    Args:
        traffic: Weights.
        mirror: Percentages of copies.
        names: The deployments there are.
    """

    def __init__(self, traffic: Mapping[str, float], mirror: Mapping[str, float], names: frozenset[str]) -> None:
        weighted = [(name, weight) for name, weight in traffic.items() if weight > 0 and name in names]
        self._names = names
        self._choices = [name for name, _ in weighted]
        self._sums = list(accumulate(weight for _, weight in weighted))
        self._copies = [(name, percent) for name, percent in mirror.items() if percent > 0 and name in names]

    def choose(self, header: bytes | None) -> str | Refusal:
        """The deployment for a request."""
        if header is not None:
            name = header.decode("latin-1").strip()
            if name in self._names:
                return name
            return Refusal(
                404, "DeploymentNotFound", f"There is no deployment {name[:64]!r}. Leave out azureml-model-deployment."
            )
        if len(self._choices) == 1:
            return self._choices[0]
        if not self._choices:
            return Refusal(404, "NoTraffic", "No deployment of this endpoint has traffic. Set traffic, or name one.")
        return random.choices(self._choices, cum_weights=self._sums)[0]  # noqa: S311  (no secret)

    def copy_to(self, chosen: str) -> str | None:
        """The deployment that gets a copy of a request that was routed by weight."""
        for name, percent in self._copies:
            if name != chosen and random.random() * 100 < percent:  # noqa: S311  (no secret)
                return name
        return None
