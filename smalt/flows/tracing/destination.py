"""Where spans go: what OpenTelemetry's variables say, or inside a job its own workspace."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

_ADDRESSES = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_HEADERS = ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS")
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
    if variables.get("OTEL_SDK_DISABLED", "").lower() == "true" or variables.get("OTEL_TRACES_EXPORTER") == "none":
        return None
    address, headers = _asked(variables) or _of_job(variables) or (None, {})
    if address is None:
        return None
    resource = {"service.name": "smalt-flows", **_pairs(variables.get("OTEL_RESOURCE_ATTRIBUTES", ""))}
    for key, name in (("service.name", "OTEL_SERVICE_NAME"), ("session.id", "PF_TRACE_SESSION_ID")):
        if variables.get(name):
            resource[key] = variables[name]
    return Destination(address, headers, resource, _share(variables))


def is_asked(variables: Mapping[str, str] = os.environ) -> bool:
    """Whether the variables themselves name an address."""
    return any(variables.get(name) for name in _ADDRESSES)


def _asked(variables: Mapping[str, str]) -> tuple[str, dict[str, str]] | None:
    exact, base = (variables.get(name) for name in _ADDRESSES)
    if not exact and not base:
        return None
    headers = next((variables[name] for name in _HEADERS if variables.get(name)), "")
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
    sampler = variables.get("OTEL_TRACES_SAMPLER", "").removeprefix("parentbased_")
    if sampler == "always_off":
        return 0.0
    try:
        share = float(variables.get("OTEL_TRACES_SAMPLER_ARG", "1"))
    except ValueError:
        return 1.0
    return min(max(share, 0.0), 1.0) if sampler != "always_on" else 1.0


def _pairs(text: str) -> dict[str, str]:
    pairs = [item.partition("=") for item in text.split(",") if "=" in item]
    return {unquote(key.strip()): unquote(value.strip()) for key, _, value in pairs}
