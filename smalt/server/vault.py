"""Secrets at rest: sealed with AES-GCM under a key that stands outside the database."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from smalt.errors import SmaltError
from smalt.kit import private

_PREFIX = "v1"
_KEY_BYTES = 32


class Unsealable(SmaltError):
    """Another key or another context has sealed it."""


class Vault:
    """Seals and opens short secrets.

    Args:
        key: 32 bytes; it seals and opens.
        further: Keys that open as well, while secrets are moved from one key to another.

    The context (say `datastore/<workspace id>/<name>`) is bound into the seal, so that a sealed value copied to
    another row does not open there.
    """

    def __init__(self, key: bytes, *further: bytes) -> None:
        self._cipher = AESGCM(key)
        self._ciphers = [self._cipher, *map(AESGCM, further)]

    @classmethod
    def at(cls, path: Path) -> Vault:
        """The vault whose key is in a file; the key is made, readable by the owner only, when there is none.

        A change of the key that was cut off has left its next key, which may have sealed everything already.
        """
        following = _next(path)
        keys = [path.read_bytes() if path.exists() else private.create(path, secrets.token_bytes(_KEY_BYTES))]
        return cls(*keys, *([following.read_bytes()] if following.exists() else []))

    @classmethod
    def following(cls, path: Path) -> Vault:
        """The vault of the key that shall take the place of the one in a file; the same one until `advance`."""
        return cls(private.create(_next(path), secrets.token_bytes(_KEY_BYTES)))

    @staticmethod
    def advance(path: Path) -> None:
        """Put the next key in the place of the present one, which is gone with that."""
        private.replace(path, _next(path).read_bytes())
        private.remove(_next(path))

    def seal(self, secret: str, *, context: str) -> str:
        """Encrypt for the database."""
        nonce = secrets.token_bytes(12)
        sealed = self._cipher.encrypt(nonce, secret.encode(), context.encode())
        return f"{_PREFIX}:{base64.b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, *, context: str) -> str:
        """Decrypt what `seal` made.

        Raises:
            Unsealable: Another key or another context sealed it.
        """
        raw = base64.b64decode(sealed.removeprefix(f"{_PREFIX}:"))
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(raw[:12], raw[12:], context.encode()).decode()
            except InvalidTag:
                continue
        raise Unsealable(
            f"The secret of {context} does not open with this server's key. Restore the file `secret.key` of the "
            "home folder that sealed it, or enter the secret anew."
        )


def _next(path: Path) -> Path:
    return path.with_name(f"{path.name}.next")
