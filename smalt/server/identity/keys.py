"""The key that signs tokens: made on first start, kept in a file that only its owner reads."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Any

from joserfc.jwk import RSAKey

_BITS = 2048


class SigningKey:
    """An RSA key with its public half and the tenant that it stands for.

    Args:
        key: The private key.

    Attributes:
        kid: Its id, the thumbprint of the public half.
        tenant: The installation's tenant id, which follows from the key.
        issuer: Who tokens say has made them.
    """

    def __init__(self, key: RSAKey) -> None:
        self.kid = key.thumbprint()
        self.tenant = str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:smalt:{self.kid}"))
        self.issuer = f"https://smalt.local/{self.tenant}/"
        self.private = key
        self.public = RSAKey.import_key(key.as_dict(private=False))

    @classmethod
    def generate(cls) -> SigningKey:
        """A new key that is kept nowhere."""
        return cls(RSAKey.generate_key(_BITS))

    @classmethod
    def at(cls, path: Path) -> SigningKey:
        """The key in a file; made, with mode 0600, when there is none."""
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh = path.with_name(f".{path.name}.{os.getpid()}")
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(RSAKey.generate_key(_BITS).as_pem(private=True))
            try:
                os.link(fresh, path)  # the first of two processes wins
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        return cls(RSAKey.import_key(path.read_bytes()))

    def jwks(self) -> dict[str, Any]:
        """The public half as a key set."""
        return {"keys": [{**self.public.as_dict(private=False), "kid": self.kid, "use": "sig", "alg": "RS256"}]}
