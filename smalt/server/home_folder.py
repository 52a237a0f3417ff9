"""What the server keeps in its home folder and the operator may write there, apart from the database."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path

from smalt.environments import EnvironmentRequest, read_aliases
from smalt.errors import InvalidRequest
from smalt.kit import ids, private, yaml
from smalt.server.settings import Settings


def subscription(home: Path) -> str:
    """The subscription of this installation."""
    return _kept(home / "subscription", str(uuid.uuid4()))


def worker_name(home: Path) -> str:
    """A name that outlives the process; the path of the folder would not fit the columns of every database."""
    return _kept(home / "worker", ids.opaque())


def clients(settings: Settings) -> dict[str, str]:
    """Variables by which clients in a session find this server; what opens it, the session has itself."""
    bundle = settings.home / "ca" / "bundle.pem"
    trust = dict.fromkeys(("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"), str(bundle)) if bundle.exists() else {}
    return {
        "SMALT_URL": settings.url,
        "MSI_ENDPOINT": f"{settings.url}/msi/token",
        "ARM_CLOUD_METADATA_URL": f"{settings.tls_url}/metadata/endpoints?api-version=2019-05-01",
        "REGISTRY_DISCOVERY_ENDPOINT_URL": f"{settings.tls_url}/",
        **trust,
    }


def url_aliases(home: Path) -> dict[str, str]:
    """Where the operator has said that addresses of the network stand on this machine.

    Raises:
        InvalidRequest: The file is no such table.
    """
    path = home / "aliases.yaml"
    if not path.exists():
        return {}
    found = yaml.load(path.read_text(), source=str(path))
    if not isinstance(found, dict) or not all(isinstance(target, str) for target in found.values()):
        raise InvalidRequest(f"{path} must be a mapping of URL prefixes to folders, one `prefix: /folder` a line.")
    return {str(prefix).rstrip("/"): target for prefix, target in found.items()}


def environment_aliases(home: Path) -> Mapping[str, EnvironmentRequest]:
    """What the operator has said that names of environments mean."""
    path = home / "environments" / "aliases.yaml"
    return read_aliases(path.read_text()) if path.exists() else {}


def _kept(path: Path, fresh: str) -> str:
    found = path.read_bytes() if path.exists() else private.create(path, fresh.encode())
    return found.decode().strip()
