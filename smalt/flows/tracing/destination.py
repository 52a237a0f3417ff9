"""Where spans go: what OpenTelemetry's variables say, or inside a job its own workspace."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

_VARIABLES = {
    "addresses": ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"),
    "headers": ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"),
    "off": ("OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER"),
    "sampler": ("OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"),
    "resource": ("OTEL_RESOURCE_ATTRIBUTES",),
    "names": ("OTEL_SERVICE_NAME", "PF_TRACE_SESSION_ID"),
}
_NAMED = ("service.name", "session.id")
_JOB = ("MLFLOW_TRACKING_URI", "AZUREML_RUN_TOKEN")


@dataclass(frozen=True)
class Destination:
    """An address that takes spans.

    Args:
        address: Where they are posted.
        headers: Sent along; they may hold a token.
        resource: What every span is of.
        share: How many traces of a hundred are sent, from 0 to 1.
    """

    address: str
    headers: Mapping[str, str]
    resource: Mapping[str, str]
    share: float = 1.0


def find(variables: Mapping[str, str] = os.environ) -> Destination | None:
    """Where spans go, if anywhere."""
    disabled, exporter = (variables.get(name, "").lower() for name in _VARIABLES["off"])
    if disabled == "true" or exporter == "none":
        return None
    address, headers = _asked(variables) or _of_job(variables) or (None, {})
    if address is None:
        return None
    resource = {"service.name": "smalt-flows", **_pairs(variables.get(_VARIABLES["resource"][0], ""))}
    named = zip(_NAMED, _VARIABLES["names"], strict=True)
    resource |= {key: variables[name] for key, name in named if variables.get(name)}
    return Destination(address, headers, resource, _share(variables))


def is_asked(variables: Mapping[str, str] = os.environ) -> bool:
    """Whether the variables themselves name an address."""
    return any(variables.get(name) for name in _VARIABLES["addresses"])


def _asked(variables: Mapping[str, str]) -> tuple[str, dict[str, str]] | None:
    exact, base = (variables.get(name) for name in _VARIABLES["addresses"])
    if not exact and not base:
        return None
    headers = next((variables[name] for name in _VARIABLES["headers"] if variables.get(name)), "")
    return exact or f"{str(base).rstrip('/')}/v1/traces", _pairs(headers)


def _of_job(variables: Mapping[str, str]) -> tuple[str, dict[str, str]] | None:
    address, token = (variables.get(name) for name in _JOB)
    if not address or not token or not address.startswith(("http://", "https://")):
        return None
    headers = {"Authorization": f"Bearer {token}"}
    if variables.get("MLFLOW_EXPERIMENT_ID"):
        headers["x-mlflow-experiment-id"] = variables["MLFLOW_EXPERIMENT_ID"]
    return f"{address.rstrip('/')}/v1/traces", headers


def _share(variables: Mapping[str, str]) -> float:
    """OpenTelemetry's ratio, whatever its sampler is called."""
    name, argument = _VARIABLES["sampler"]
    sampler = variables.get(name, "").removeprefix("parentbased_")
    if sampler == "always_off":
        return 0.0
    try:
        share = float(variables.get(argument, "1"))
    except ValueError:
        return 1.0
    return min(max(share, 0.0), 1.0) if sampler != "always_on" else 1.0


def _pairs(text: str) -> dict[str, str]:
    pairs = [item.partition("=") for item in text.split(",") if "=" in item]
    return {unquote(key.strip()): unquote(value.strip()) for key, _, value in pairs}
