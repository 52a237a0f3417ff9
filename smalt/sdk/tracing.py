"""Points the traces of this process, and of those it starts, to a workspace: by the variables of OpenTelemetry."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from urllib.parse import quote

from smalt.errors import InvalidRequest
from smalt.sdk import connect
from smalt.sdk.connect import Place

WORDS = ("none", "local", "workspace", "azureml")
"""What `trace.destination` may be, besides an address."""

_NOWHERE = ("", "none")


def send(to: str, variables: MutableMapping[str, str] = os.environ) -> None:
    """Send traces where a setting says.

    Args:
        to: `workspace` for the one that commands use, `local` for that of a server on this machine if one runs, the id
            of a workspace (`azureml://subscriptions/...`), the address of any OTLP/HTTP endpoint, or `none`.
        variables: Where it is written down.

    Raises:
        InvalidRequest: It is none of these, or no server is known.
    """
    if to in _NOWHERE:
        return
    if to.startswith(("http://", "https://")):
        address = to.rstrip("/")
        variables["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = (
            address if address.endswith("/v1/traces") else f"{address}/v1/traces"
        )
        return
    if to == "local":
        if (connect.home_folder() / "server.json").exists():
            send_to(connect.find(), variables)
        return
    if to in ("workspace", "azureml"):
        send_to(connect.find(), variables)
        return
    if to.startswith("azureml://"):
        subscription, group, workspace = _named(to)
        send_to(connect.find(subscription=subscription, group=group, workspace=workspace), variables)
        return
    raise InvalidRequest(f"Traces cannot go to {to!r}. Write an address, azureml://..., or one of {', '.join(WORDS)}.")


def send_to(place: Place, variables: MutableMapping[str, str] = os.environ) -> None:
    """Send traces to a workspace."""
    headers = {}
    if token := place.token():
        headers["Authorization"] = f"Bearer {token}"
    if place.subscription and place.group and place.workspace:
        path = (
            f"/subscriptions/{place.subscription}/resourceGroups/{place.group}/providers/"
            f"Microsoft.MachineLearningServices/workspaces/{place.workspace}/smalt/traces/v1/traces"
        )
    else:
        path = "/v1/traces"
        if place.workspace:
            headers["x-smalt-workspace"] = place.workspace
    variables["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = place.url + path
    variables["OTEL_EXPORTER_OTLP_TRACES_HEADERS"] = ",".join(f"{key}={quote(text)}" for key, text in headers.items())


def _named(uri: str) -> tuple[str, str, str]:
    """Subscription, group and workspace of `azureml://subscriptions/S/resourceGroups/G/providers/P/workspaces/W`."""
    words = uri.removeprefix("azureml://").strip("/").split("/")
    pairs = {key.lower(): value for key, value in zip(words[::2], words[1::2], strict=False)}
    try:
        return pairs["subscriptions"], pairs["resourcegroups"], pairs["workspaces"]
    except KeyError as error:
        raise InvalidRequest(
            f"{uri!r} names no {error.args[0][:-1]}. Write azureml://subscriptions/S/resourceGroups/G/providers/"
            "Microsoft.MachineLearningServices/workspaces/W."
        ) from None
