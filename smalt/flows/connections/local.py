"""Connections of this machine: one file under the home of flows, secrets sealed by a key beside it.

No desktop keyring is asked: the key stands in `connections.key`, readable by its owner only, or in the environment
variable `SMALT_FLOWS_KEY` (32 bytes in base64), so that a server, a container or a pipeline can bring it.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from smalt.errors import InvalidRequest, NotFound, ValidationFailed
from smalt.flows.connections.base import Connection, is_scrubbed
from smalt.flows.connections.files import parse, resolved
from smalt.flows.connections.kinds import EchoConnection
from smalt.flows.home import flows_home
from smalt.kit import clock, private

_KEY_BYTES = 32
_USER_INPUT = "<user-input>"
KEY_VARIABLE = "SMALT_FLOWS_KEY"

Document = dict[str, Any]  # Any: JSON


class LocalConnections:
    """The connections in a folder.

    Args:
        home: The folder; by default the home of flows.
    """

    def __init__(self, home: Path | None = None) -> None:
        self._home = home or flows_home()
        self._path = self._home / "connections.json"

    def get(self, name: str) -> Connection:
        """A connection, ready for use: secrets opened, values of the environment in their place.

        Raises:
            NotFound: There is none of that name. `echo` is always there: the model that ships.
        """
        return resolved(self.stored(name))

    def stored(self, name: str) -> Connection:
        """A connection as it was written: `${env:..}` still stands in it."""
        row = self._rows().get(name)
        if row is None and name == EchoConnection.kind:
            return EchoConnection(name=name)
        if row is None:
            known = ", ".join(sorted(self._rows())) or "none"
            raise NotFound(
                f"There is no connection {name!r} on this machine (there are: {known}). Create it: "
                "smalt connection create --local --file FILE."
            )
        return self._opened(name, row)

    def list(self) -> list[Connection]:
        """All connections by name, as they were written."""
        return [self._opened(name, row) for name, row in sorted(self._rows().items())]

    def put(self, connection: Connection) -> Connection:
        """Create or replace a connection; secrets that only say stars keep what is stored.

        Raises:
            ValidationFailed: It has no name, or a secret that is neither given nor stored.
        """
        name = connection.name
        if not name:
            raise ValidationFailed("The connection has no name. Give it one: name: NAME, or --name.", target="name")
        with self._alone():
            rows = self._rows()
            before = self._opened(name, rows[name]).secrets if name in rows else {}
            kept = {key: before.get(key) if is_scrubbed(value) else value for key, value in connection.secrets.items()}
            missing = [key for key, value in kept.items() if is_scrubbed(value) or value == _USER_INPUT]
            if missing and not _may_be_without(connection):
                raise ValidationFailed(
                    f"Connection {name!r} has no value for {', '.join(missing)}. Give it in the file or with "
                    f"--set {missing[0]}=VALUE.",
                    target=missing[0],
                )
            now = clock.to_text(clock.now())
            document = connection.document(secrets=True)
            row = {
                "document": _without_secrets(document, kept),
                "secrets": self._sealed(name, {key: value for key, value in kept.items() if value is not None}),
                "created": rows.get(name, {}).get("created", now),
                "modified": now,
            }
            rows[name] = row
            self._write(rows)
        return self.stored(name)

    def delete(self, name: str) -> None:
        """Forget a connection.

        Raises:
            NotFound: There is none of that name.
        """
        with self._alone():
            rows = self._rows()
            if rows.pop(name, None) is None:
                raise NotFound(f"There is no connection {name!r} on this machine. See smalt connection list --local.")
            self._write(rows)

    def _opened(self, name: str, row: Mapping[str, Any]) -> Connection:  # Any: JSON
        document = dict(row["document"])
        document |= {"created_date": row.get("created"), "last_modified_date": row.get("modified")}
        sealed = row.get("secrets")
        opened = self._open(name, sealed) if sealed else {}
        if document.get("type") == "custom":
            document["secrets"] = opened
        else:
            document |= opened
        return parse(document)

    def _rows(self) -> dict[str, Document]:
        try:
            found: dict[str, Document] = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise InvalidRequest(
                f"{self._path} is damaged ({error}). Restore it, or remove it to begin anew."
            ) from None
        return found

    def _write(self, rows: Mapping[str, Document]) -> None:
        private.replace(self._path, json.dumps(rows, indent=1, ensure_ascii=False).encode())

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._home / ".connections.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _sealed(self, name: str, values: Mapping[str, str]) -> str:
        nonce = secrets.token_bytes(12)
        text = json.dumps(values).encode()
        return base64.b64encode(nonce + self._cipher().encrypt(nonce, text, name.encode())).decode()

    def _open(self, name: str, sealed: str) -> dict[str, str]:
        from cryptography.exceptions import InvalidTag

        raw = base64.b64decode(sealed)
        try:
            found: dict[str, str] = json.loads(self._cipher().decrypt(raw[:12], raw[12:], name.encode()))
        except InvalidTag:
            raise InvalidRequest(
                f"The secrets of connection {name!r} do not open with the key in {self._key_name()}. Bring back the "
                "key that sealed them, or enter the secrets anew."
            ) from None
        return found

    def _cipher(self) -> Any:  # Any: the class is imported only where a secret is touched
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        given = os.environ.get(KEY_VARIABLE)
        if given:
            try:
                return AESGCM(base64.b64decode(given, validate=True))
            except ValueError:
                raise InvalidRequest(f"{KEY_VARIABLE} is no key. Set it to 32 random bytes in base64.") from None
        path = self._home / "connections.key"
        key = path.read_bytes() if path.exists() else private.create(path, secrets.token_bytes(_KEY_BYTES))
        return AESGCM(key)

    def _key_name(self) -> str:
        return KEY_VARIABLE if os.environ.get(KEY_VARIABLE) else str(self._home / "connections.key")


def _may_be_without(connection: Connection) -> bool:
    """Whether a connection works without its secret: one that signs in by identity, or a server that asks for none."""
    return connection.configs.get("auth_mode") not in (None, "key") or bool(connection.configs.get("base_url"))


def _without_secrets(document: Document, secret_names: Mapping[str, object]) -> Document:
    document.pop("secrets", None)
    return {key: value for key, value in document.items() if key not in secret_names}
