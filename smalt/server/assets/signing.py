"""Signed URLs: a query string that opens a container, or a prefix of one, for a while, to whoever holds it.

Storage clients pass on any query string that looks like theirs, so the names are those of a shared access signature;
the signature is our own.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

_VERSION = "2023-11-03"


class Signer:
    """Signs and checks.

    Args:
        key: Secret of this installation.
    """

    def __init__(self, key: bytes) -> None:
        self._key = hashlib.sha256(b"blob signatures" + key).digest()

    def sign(self, workspace_id: str, container: str, prefix: str, *, permissions: str, expires_at: datetime) -> str:
        """A query string.

        Args:
            workspace_id: Whose container.
            container: Its name.
            prefix: Key or folder it opens; empty for the whole container.
            permissions: Letters: r read, l list, w write, c create, d delete.
            expires_at: When it stops to work.
        """
        expiry = expires_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        fields = {
            "sv": _VERSION,
            "sr": "c",
            "sp": permissions,
            "se": expiry,
            "spr": "https,http",
            "sdd": prefix.rstrip("/"),
        }
        return urlencode({**fields, "sig": self._signature(workspace_id, container, fields)})

    def check(
        self, query: Mapping[str, str], workspace_id: str, container: str, key: str, permission: str, now: datetime
    ) -> bool:
        """Whether a query string opens a key for one of the letters in `permission`."""
        fields = {name: query.get(name, "") for name in ("sv", "sr", "sp", "se", "spr", "sdd")}
        expected = self._signature(workspace_id, container, fields)
        if not hmac.compare_digest(expected.encode(), query.get("sig", "").encode()):
            return False
        prefix = fields["sdd"]
        if prefix and key != prefix and not key.startswith(f"{prefix}/"):
            return False
        if not set(permission) & set(fields["sp"]):
            return False
        return now < datetime.strptime(fields["se"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)

    def _signature(self, workspace_id: str, container: str, fields: Mapping[str, str]) -> str:
        # Encoded, so that no value can hold the beginning of the next field.
        message = urlencode([("workspace", workspace_id.lower()), ("container", container), *sorted(fields.items())])
        return hmac.new(self._key, message.encode(), hashlib.sha256).hexdigest()
