"""What the operator decides when a server starts: where it lives and where it listens."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from smalt.errors import InvalidRequest

SIGNING_KEY = Path("keys", "signing.pem")
VAULT_KEY = Path("secret.key")
"""Where the keys stand in the home folder."""


@dataclass(frozen=True)
class Settings:
    """The choices of `smalt up`.

    Args:
        home: Folder of everything this server keeps.
        host: Address to listen on.
        port: Plain HTTP, always on loopback.
        tls_port: HTTPS, for the official clients and for other machines.
        gateway_port: Where callers of online endpoints come in; two above `port` by default.
        database_url: SQLite in the home folder unless given.
        host_names: Names besides the machine's own under which clients call.
        public_url: Where machines of clusters reach this server, if that is not its own HTTPS address.
        slots: Jobs that run at once on this machine.
        job_folder_days: For how long the folder of a job is kept on this machine after its end.
        trace_days: For how long traces are kept; for ever unless given.
        object_store: Where blobs live, as `s3://bucket/prefix`, `az://` or `gs://`; in the home folder unless given.
        local_gigabytes: What blobs that an object store has may take in the home folder, about; no bound unless given.
        containers: What runs images: `podman`, `docker`, `auto` for whichever is here, or `off`.
        conda: What installs conda packages that PyPI does not have: `micromamba`, `mamba`, `conda`, `auto` or `off`.
        strict: Refuse what can only be honoured by a substitute, instead of saying so in the log of the job.
    """

    home: Path
    host: str = "127.0.0.1"
    port: int = 8787
    tls_port: int = 8788
    gateway_port: int | None = None
    database_url: str | None = None
    host_names: tuple[str, ...] = ()
    public_url: str | None = None
    slots: int | None = None
    strict: bool = False
    job_folder_days: float = 7
    trace_days: float | None = None
    object_store: str | None = None
    local_gigabytes: float | None = None
    containers: str = "off"
    conda: str = "off"
    python_downloads: bool = field(default=False)

    @property
    def database(self) -> str:
        """URL of the database."""
        return self.database_url or f"sqlite:///{self.home / 'smalt.db'}"

    @property
    def url(self) -> str:
        """Where the studio and our own clients on this machine call."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        """Where the official clients call."""
        return f"https://{self.host_names[0] if self.host_names else 'localhost'}:{self.tls_port}"

    @property
    def gateway(self) -> int:
        """The port of the gateway."""
        return self.gateway_port or self.port + 2

    @property
    def gateway_url(self) -> str:
        """Where callers of online endpoints come in: over HTTPS, or in the clear on loopback."""
        if self.is_loopback:
            return f"http://127.0.0.1:{self.gateway}"
        return f"https://{(*self.host_names, socket.gethostname().lower())[0]}:{self.gateway}"

    @property
    def public(self) -> str:
        """Where machines of clusters call: over HTTPS, or in the clear on loopback, when nothing else comes in."""
        if self.public_url is not None:
            return self.public_url.rstrip("/")
        if self.is_loopback:
            return self.url
        return f"https://{self.host_names[0] if self.host_names else socket.gethostname().lower()}:{self.tls_port}"

    @property
    def studio_url(self) -> str:
        """Where people open the studio: what messages link to."""
        return self.url if self.is_loopback and self.public_url is None else self.public

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can call."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            raise InvalidRequest(
                f"--host {self.host!r} is no address. Give one such as 127.0.0.1 or 0.0.0.0.", target="--host"
            ) from None

    @property
    def all_host_names(self) -> tuple[str, ...]:
        """Every name a certificate must carry and a request may use."""
        names = ["localhost", "127.0.0.1", "::1", *self.host_names]
        if not self.is_loopback:
            names += [socket.gethostname().lower(), self.host]
        if self.public_url is not None:
            names.append(_host_of(self.public_url))
        return tuple(dict.fromkeys(name.lower() for name in names))


def _host_of(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
        raise InvalidRequest(
            f"--public-url {url!r} is no address of a server. Write https://HOST:PORT.", target="--public-url"
        )
    return parts.hostname
