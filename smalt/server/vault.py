"""Secrets at rest: sealed with AES-GCM under a key that stands outside the database."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from smalt.errors import SmaltError

_PREFIX = "v1"


class Vault:
    """Seals and opens short secrets.

    Args:
        key: 32 bytes.

    The context (say `datastore/<workspace id>/<name>`) is bound into the seal, so that a sealed value copied to
    another row does not open there.
    """

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    @classmethod
    def at(cls, path: Path) -> Vault:
        """The vault whose key is in a file; the key is made, readable by the owner only, when there is none."""
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh = path.with_suffix(f".{secrets.token_hex(8)}")
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(32))
            try:
                os.link(fresh, path)  # the first of two processes wins
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        return cls(path.read_bytes())

    def seal(self, secret: str, *, context: str) -> str:
        """Encrypt for the database."""
        nonce = secrets.token_bytes(12)
        sealed = self._cipher.encrypt(nonce, secret.encode(), context.encode())
        return f"{_PREFIX}:{base64.b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, *, context: str) -> str:
        """Decrypt what `seal` made.

        Raises:
            SmaltError: Another key or another context sealed it.
        """
        raw = base64.b64decode(sealed.removeprefix(f"{_PREFIX}:"))
        try:
            return self._cipher.decrypt(raw[:12], raw[12:], context.encode()).decode()
        except InvalidTag:
            raise SmaltError(
                f"The secret of {context} does not open with this server's key. Restore the file `secret.key` of the "
                "home folder that sealed it, or enter the secret anew."
            ) from None
