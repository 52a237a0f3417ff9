"""The keys of tokens: one signs; the ones before it are known by their public half until what they signed has ended."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from joserfc.jwk import OctKey, RSAKey

from smalt.kit import private

_BITS = 2048
_OF_JOBS = b"smalt: tokens of jobs"


@dataclass(frozen=True)
class RetiredKey:
    """The public half of a key that signs no more.

    Args:
        kid: Its id.
        public: Checks what the key has signed.
        until: When the last of that has expired.
        of_jobs: Checks tokens of jobs; None of a key from before they were signed apart.
    """

    kid: str
    public: RSAKey
    until: datetime
    of_jobs: OctKey | None = None


class SigningKey:
    """An RSA key with its public half and the tenant that it stands for.

    Args:
        key: The private key.
        tenant: The installation's tenant id; follows from the key unless an earlier key has fixed it.
        retired: The keys before it.

    Attributes:
        kid: Its id, the thumbprint of the public half.
        of_jobs: Made of the key. Signs and checks tokens of jobs, which nobody checks but servers that have the key:
            that takes a small part of the time.
        tenant: The installation's tenant id.
        issuer: Who tokens say has made them.
    """

    def __init__(self, key: RSAKey, *, tenant: str | None = None, retired: Sequence[RetiredKey] = ()) -> None:
        self.kid = key.thumbprint()
        self.tenant = tenant or str(uuid.uuid5(uuid.NAMESPACE_URL, f"urn:smalt:{self.kid}"))
        self.issuer = f"https://smalt.local/{self.tenant}/"
        self.private = key
        self.public = _public(key)
        self.of_jobs = OctKey.import_key(hmac.digest(_private_number(key), _OF_JOBS, hashlib.sha256))
        self._retired = {each.kid: each for each in retired}

    @classmethod
    def generate(cls) -> SigningKey:
        """A new key that is kept nowhere."""
        return cls(RSAKey.generate_key(_BITS))

    @classmethod
    def at(cls, path: Path) -> SigningKey:
        """The key in a file; made, with mode 0600, when there is none."""
        pem = path.read_bytes() if path.exists() else private.create(path, _new())
        tenant = _tenant(path)
        known = tenant.read_text().strip() if tenant.exists() else None
        retired = [_read(file) for file in sorted(_retired(path).glob("*.json"))]
        return cls(RSAKey.import_key(pem), tenant=known, retired=retired)

    @classmethod
    def rotate(cls, path: Path, *, now: datetime, until: datetime) -> SigningKey:
        """Put a new key in the place of the one in a file, and the public half of that among the retired.

        Whatever instant it is cut off at, tokens of the present key are known and the tenant stays.

        Args:
            path: The file.
            now: The present moment; retired keys whose tokens have all expired are removed.
            until: When the last token of the present key has expired; `now` to end those of the earlier keys as well.
        """
        present = cls.at(path)
        private.create(_tenant(path), present.tenant.encode())
        content = {
            "public": present.public.as_dict(private=False),
            "until": until.astimezone(UTC).isoformat(),
            "of_jobs": base64.b64encode(present.of_jobs.raw_value).decode(),
        }
        private.replace(_retired(path) / f"{present.kid}.json", json.dumps(content).encode())
        private.replace(path, _new())
        for each in present._retired.values():
            if min(each.until, until) <= now:
                private.remove(_retired(path) / f"{each.kid}.json")
        return cls.at(path)

    def known(self, kid: object, now: datetime) -> RSAKey | None:
        """The public half of the key with this id, while what it signed may be valid."""
        if kid == self.kid:
            return self.public
        retired = self._before(kid, now)
        return None if retired is None else retired.public

    def known_of_jobs(self, kid: object, now: datetime) -> OctKey | None:
        """What checks tokens of jobs that were made under the key with this id, while they may be valid."""
        if kid == self.kid:
            return self.of_jobs
        retired = self._before(kid, now)
        return None if retired is None else retired.of_jobs

    def _before(self, kid: object, now: datetime) -> RetiredKey | None:
        retired = self._retired.get(kid) if isinstance(kid, str) else None
        return retired if retired is not None and now < retired.until else None

    def jwks(self, now: datetime) -> dict[str, Any]:
        """The public halves as a key set."""
        live = [(each.kid, each.public) for each in self._retired.values() if now < each.until and each.kid != self.kid]
        keys = [(self.kid, self.public), *live]
        return {"keys": [{**key.as_dict(private=False), "kid": kid, "use": "sig", "alg": "RS256"} for kid, key in keys]}


def _new() -> bytes:
    return RSAKey.generate_key(_BITS).as_pem(private=True)


def _public(key: RSAKey) -> RSAKey:
    return RSAKey.import_key(key.as_dict(private=False))


def _private_number(key: RSAKey) -> bytes:
    return str(key.as_dict(private=True)["d"]).encode()


def _tenant(path: Path) -> Path:
    return path.with_name("tenant")


def _retired(path: Path) -> Path:
    return path.with_name("retired")


def _read(file: Path) -> RetiredKey:
    content = json.loads(file.read_text())
    public, until = RSAKey.import_key(content["public"]), datetime.fromisoformat(content["until"])
    of_jobs = OctKey.import_key(base64.b64decode(content["of_jobs"])) if "of_jobs" in content else None
    return RetiredKey(file.stem, public, until, of_jobs)
