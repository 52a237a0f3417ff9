"""Where the server is, which workspace is meant, and with what token: arguments, environment, folder of the server."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from smalt.errors import InvalidRequest

_SCOPE = "https://management.azure.com/.default"
_VARIABLES = {
    "subscription": ("AZUREML_ARM_SUBSCRIPTION", "AZURE_SUBSCRIPTION_ID"),
    "group": ("AZUREML_ARM_RESOURCEGROUP",),
    "workspace": ("AZUREML_ARM_WORKSPACE_NAME",),
}
_CONFIG_PLACES = ("config.json", ".azureml/config.json", "aml_config/config.json")


class AccessToken(Protocol):
    """What a credential gives."""

    @property
    def token(self) -> str:
        """The bearer token."""


class TokenCredential(Protocol):
    """A credential in the shape of the `azure-identity` package."""

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:  # Any: options of the credential's own
        """A token for the scopes."""


@dataclass(frozen=True)
class Place:
    """A server, and a workspace or registry on it. Names that are not known yet are None."""

    url: str
    token: Callable[[], str | None]
    subscription: str | None
    group: str | None
    workspace: str | None


def home_folder() -> Path:
    """The folder of the server on this machine."""
    return Path(os.environ.get("SMALT_HOME") or "~/.smalt").expanduser().absolute()


def find(
    credential: TokenCredential | None = None,
    *,
    subscription: str | None = None,
    group: str | None = None,
    workspace: str | None = None,
    url: str | None = None,
    home: Path | None = None,
) -> Place:
    """Complete what is given from the environment and from the server on this machine.

    Raises:
        InvalidRequest: No server is known.
    """
    folder = home or home_folder()
    state = _read(folder / "server.json")
    address = url or os.environ.get("SMALT_URL") or state.get("url") or _from_official_settings()
    if not address:
        raise InvalidRequest(
            f"No server is known: SMALT_URL is not set and {folder} has none. Start one with: smalt up --detach"
        )
    is_ours = bool(state) and address.rstrip("/") in {state.get("url"), state.get("tls_url")}
    known = state if is_ours else {}

    def named(key: str) -> str | None:
        variables = (os.environ.get(variable) for variable in _VARIABLES[key])
        return next((value for value in variables if value), None) or known.get(key)

    return Place(
        url=address.rstrip("/"),
        token=_token(credential, folder if is_ours else None),
        subscription=subscription or named("subscription"),
        group=group or named("group"),
        workspace=workspace or named("workspace"),
    )


def find_config(path: Path | None = None, file_name: str | None = None) -> dict[str, str]:
    """The workspace named by a `config.json`, searched from `path` upward.

    Raises:
        InvalidRequest: There is none, or it does not name a workspace.
    """
    start = (path or Path.cwd()).absolute()
    if start.is_file():
        candidates = [start]
    else:
        names = (file_name, f".azureml/{file_name}") if file_name else _CONFIG_PLACES
        candidates = [folder / name for folder in (start, *start.parents) for name in names]
    found = next((candidate for candidate in candidates if candidate.is_file()), None)
    if found is None:
        raise InvalidRequest(f"No config.json in {start} or above. Write one, or name the workspace in MLClient(...).")
    content = _read(found)
    try:
        return {
            "subscription": str(content["subscription_id"]),
            "group": str(content["resource_group"]),
            "workspace": str(content["workspace_name"]),
        }
    except KeyError as error:
        raise InvalidRequest(
            f"{found} has no {error}. It needs subscription_id, resource_group and workspace_name."
        ) from None


def _from_official_settings() -> str | None:
    """The server to which the official clients of this shell are pointed."""
    metadata = os.environ.get("ARM_CLOUD_METADATA_URL")
    if not metadata:
        return None
    parts = urlsplit(metadata)
    return f"{parts.scheme}://{parts.netloc}" if parts.hostname else None


def _token(credential: TokenCredential | None, folder: Path | None) -> Callable[[], str | None]:
    if credential is not None:
        return lambda: credential.get_token(_SCOPE).token
    given = os.environ.get("SMALT_TOKEN")
    if given:
        return lambda: given
    # The token of the local server is for the local server only: it is never sent to another address.
    return (lambda: _stored_token(folder)) if folder is not None else (lambda: None)


def _stored_token(folder: Path) -> str | None:
    path = folder / "token"
    if path.is_file():
        return path.read_text().strip()
    token = _read(folder / "credentials.json").get("token")
    return str(token) if token else None


def _read(path: Path) -> dict[str, Any]:  # Any: JSON
    try:
        text = path.read_text()
    except OSError:
        return {}
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if isinstance(found, dict):
        return found
    raise InvalidRequest(f"{path} holds no JSON object. Mend or remove it.")
