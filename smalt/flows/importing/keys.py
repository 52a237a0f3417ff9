"""The key with which prompt flow sealed the secrets of its connections: it stands in the keyring of the desktop."""

from __future__ import annotations

import base64
import configparser
import os
import shutil
import subprocess
from functools import cached_property
from pathlib import Path
from typing import Any

from smalt.errors import InvalidRequest

_SECONDS = 20
_ASK = ("get", "promptflow", "encryption_key")
TOLD = (
    "The key of prompt flow's secrets was not found. Print it where prompt flow ran (python -m keyring get promptflow "
    "encryption_key) and give it: --key-file FILE. Or enter the secret anew: smalt connection create --local."
)


class Key:
    """The key, looked for when it is first needed.

    Args:
        given: The key, where its owner brings it.
    """

    def __init__(self, given: str | None = None) -> None:
        self._given = given

    def opened(self, sealed: str) -> str | None:
        """A secret; None without the key, or with one that does not fit."""
        from cryptography.fernet import InvalidToken

        if self._cipher is None:
            return None
        try:
            return str(self._cipher.decrypt(sealed.encode()).decode())
        except (InvalidToken, ValueError):
            return None

    @property
    def is_known(self) -> bool:
        """Whether there is a key at all."""
        return self._cipher is not None

    @cached_property
    def _cipher(self) -> Any:  # Any: imported only where a secret is touched
        from cryptography.fernet import Fernet

        key = self._given or _of_file() or _of_keyring()
        if key is None:
            return None
        try:
            return Fernet(key.strip())
        except ValueError:
            told = "The key of prompt flow's secrets is none: it has 32 bytes in base64. Print it anew."
            raise InvalidRequest(told) from None


def _of_file() -> str | None:
    """Of the plain file that `keyrings.alt` writes, where machines have no desktop."""
    home = Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser()
    file = home / "python_keyring" / "keyring_pass.cfg"
    found = configparser.RawConfigParser()
    try:
        found.read(file, encoding="utf-8")
        return base64.b64decode(found.get("promptflow", "encryption_5fkey")).decode()
    except (OSError, ValueError, configparser.Error):
        return None


def _of_keyring() -> str | None:
    """Of the desktop's keyring, where the program `keyring` is installed."""
    program = shutil.which("keyring")
    if program is None:
        return None
    try:
        asked = subprocess.run([program, *_ASK], capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return asked.stdout.strip() or None if asked.returncode == 0 else None
