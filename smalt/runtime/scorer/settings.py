"""What an instance is told: one JSON file, and the variables that users of Azure know."""

from __future__ import annotations

import json
import os
import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

FAILED_CODE = 3
"""With which a process ends that could not load what it is to serve."""

LOADERS = ("mlflow", "script", "flow", "language", "upstream")
_DEFAULT_TIMEOUT_MS = 3_600_000.0
_DEFAULT_BODY_BYTES = 100 << 20


class SettingsError(ValueError):
    """The configuration cannot be used; the message says which part."""


class Batching:
    """How requests are put together: at most `max_size` of them, waiting at most `max_delay` seconds for more.

    Args:
        max_size: So many requests in one call.
        max_delay_seconds: How long the first one waits for others.
        most_bytes: Of all their bodies; what is larger is scored alone.
    """

    def __init__(self, max_size: int, max_delay_seconds: float, most_bytes: float = float("inf")) -> None:
        self.max_size = max_size
        self.max_delay_seconds = max_delay_seconds
        self.most_bytes = most_bytes


class Settings:
    """The configuration of an instance.

    Args:
        document: What the file says.
        variables: The environment; `WORKER_COUNT` and `SCORING_TIMEOUT_MS` win over the file.
    """

    def __init__(self, document: Mapping[str, Any], variables: Mapping[str, str]) -> None:
        self.document = document
        self.loader = _choice(document, "loader", LOADERS)
        self.state_dir = _text(document, "state_dir")
        self.listen: str = document.get("listen") or f"unix:{self.state_dir}"
        if self.listen.startswith("towards:"):
            self.listen = f"tcp:{_own_address(self.listen)}"
        self.secret: str | None = document.get("secret")
        self.told: str | None = document.get("told")
        self.fork_server: str | None = document.get("fork_server")
        if not self.listen.startswith(("unix:", "tcp:", "loopback:", "open:")):
            ways = "unix:<folder>, tcp:<host>, loopback:<port> or open:<host>:<port>"
            raise SettingsError(f"`listen` is {self.listen!r}. Write {ways}.")
        self.model_dir: str | None = document.get("model_dir") or variables.get("AZUREML_MODEL_DIR")
        self.entry_script: str | None = document.get("entry_script") or variables.get("AZUREML_ENTRY_SCRIPT")
        self.app_root: str = document.get("app_root") or variables.get("AML_APP_ROOT") or os.getcwd()
        self.workers = _count(variables.get("WORKER_COUNT") or document.get("workers") or 1, "workers", 256)
        self.concurrency = _count(document.get("concurrency_per_worker") or 1, "concurrency_per_worker", 1024)
        timeout = variables.get("SCORING_TIMEOUT_MS") or document.get("request_timeout_ms") or _DEFAULT_TIMEOUT_MS
        self.timeout_seconds = _positive(timeout, "request_timeout_ms") / 1000
        self.max_body_bytes = int(_positive(document.get("max_body_bytes") or _DEFAULT_BODY_BYTES, "max_body_bytes"))
        self.batching = _batching(document.get("batching"))
        names = document.get("deployment") or {}
        self.deployment: dict[str, str] = {str(key): str(value) for key, value in names.items()}
        self.collect: dict[str, Any] = document.get("collect") or {}

    @property
    def is_open(self) -> bool:
        """Whether everybody on this machine may ask without a key, as they may where somebody tries a deployment."""
        return self.listen.startswith("loopback:")

    @classmethod
    def read(cls, path: str) -> Settings:
        """The configuration in a file.

        Raises:
            SettingsError: It cannot be read or used.
        """
        try:
            with open(path, "rb") as file:
                document = json.loads(file.read())
        except (OSError, ValueError) as failure:
            raise SettingsError(f"The configuration {path} cannot be read: {failure}.") from None
        if not isinstance(document, dict):
            raise SettingsError(f"The configuration {path} is no JSON object.")
        return cls(document, os.environ)

    def variables(self) -> dict[str, str]:
        """What user code finds in its environment, as on Azure."""
        found = {"AML_APP_ROOT": self.app_root, "WORKER_COUNT": str(self.workers)}
        if self.model_dir:
            found["AZUREML_MODEL_DIR"] = self.model_dir
        if self.entry_script:
            found["AZUREML_ENTRY_SCRIPT"] = self.entry_script
        return found


def _own_address(listen: str) -> str:
    """This machine's address as a machine sees it that `towards:host:port` names. Nothing is sent to that one."""
    host, _, port = listen.partition(":")[2].rpartition(":")
    try:
        kind, _, _, _, place = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_DGRAM)[0]
        with socket.socket(kind, socket.SOCK_DGRAM) as probe:
            probe.connect(place)
            return str(probe.getsockname()[0])
    except (OSError, ValueError) as failure:
        raise SettingsError(f"`listen` is {listen!r}, and there is no way to that: {failure}.") from None


def _choice(document: Mapping[str, Any], name: str, known: tuple[str, ...]) -> str:
    value = document.get(name)
    if value not in known:
        raise SettingsError(f"`{name}` is {value!r}. Write one of {', '.join(known)}.")
    return str(value)


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not value:
        raise SettingsError(f"`{name}` is {value!r}. Write a path.")
    return value


def _count(value: Any, name: str, most: int) -> int:
    number = int(_positive(value, name))
    if not 1 <= number <= most:
        raise SettingsError(f"`{name}` is {value!r}. Write a number from 1 to {most}.")
    return number


def _positive(value: Any, name: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = 0.0
    if not 0 < number < float("inf"):
        raise SettingsError(f"`{name}` is {value!r}. Write a number above 0.")
    return number


def _batching(found: Any) -> Batching | None:
    if not found:
        return None
    size = _count(found.get("max_size", 32), "batching.max_size", 4096)
    return Batching(size, max(0.0, float(found.get("max_delay_ms") or 0)) / 1000)
