"""Fetches a model from a hub of Hugging Face's kind: standard library only."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
import urllib.error
import urllib.parse
import urllib.request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ATTEMPTS = 4
_PIECE = 1 << 20
_WANTED = (".safetensors", ".json", ".txt", ".jinja", ".model", ".md")
_NEVER = ("onnx/", "openvino/", "original/", "gguf/")


class HubFailure(RuntimeError):
    """The hub does not give the model; the message says why."""


class Hub:
    """A hub.

    Args:
        address: Where it is.
        token: What opens gated models there.
    """

    def __init__(self, address: str, token: str | None = None) -> None:
        self._address = address.rstrip("/")
        self._headers = {"User-Agent": "smalt"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def fetch(self, model: str, revision: str | None, folder: str) -> str:
        """Bring the files of a model that are needed to run it into a folder; the commit they are of.

        Weights of other formats than safetensors are pickles and are left out.

        Raises:
            HubFailure: The hub refuses, or a file came damaged.
        """
        wanted = urllib.parse.quote(revision or "main", safe="")
        told = json.loads(self._read(f"/api/models/{urllib.parse.quote(model)}/revision/{wanted}?blobs=true"))
        commit = str(told.get("sha") or revision or "main")
        files = [each for each in told.get("siblings") or () if _is_wanted(str(each.get("rfilename")))]
        if not any(str(each["rfilename"]).endswith(".safetensors") for each in files):
            raise HubFailure(f"{model} has no weights in the format safetensors. Convert them first.")
        for each in files:
            self._fetch_file(model, commit, each, folder)
        return commit

    def _fetch_file(self, model: str, commit: str, told: dict[str, Any], folder: str) -> None:
        name = str(told["rfilename"])
        target = os.path.join(folder, *name.split("/"))
        os.makedirs(os.path.dirname(target), exist_ok=True)
        path = f"/{urllib.parse.quote(model)}/resolve/{urllib.parse.quote(commit, safe='')}/{urllib.parse.quote(name)}"
        digest = self._save(path, target)
        expected = (told.get("lfs") or {}).get("sha256")
        if expected and expected != digest:
            raise HubFailure(f"{name} came damaged: its SHA-256 is {digest}, and the hub says {expected}. Try again.")
        print(f"Fetched {name} ({os.path.getsize(target)} bytes).", flush=True)

    def _save(self, path: str, target: str) -> str:
        """Save a file, going on where a broken connection stopped; its SHA-256."""
        partial = target + ".part"
        for attempt in range(1, _ATTEMPTS + 1):
            there = os.path.getsize(partial) if os.path.exists(partial) else 0
            try:
                with self._open(path, {"Range": f"bytes={there}-"} if there else {}) as answer:
                    mode = "ab" if there and answer.status == 206 else "wb"
                    with open(partial, mode) as file:
                        shutil.copyfileobj(answer, file, _PIECE)
                    if answer.length:  # what was announced and has not come
                        raise ConnectionError(f"the connection broke with {answer.length} bytes to come")
                break
            except (OSError, urllib.error.URLError) as failure:
                if attempt == _ATTEMPTS or isinstance(failure, urllib.error.HTTPError):
                    raise HubFailure(f"{path} cannot be fetched from {self._address}: {failure}.") from None
                time.sleep(attempt)
        os.replace(partial, target)
        return sha256_of(target)

    def _read(self, path: str) -> bytes:
        try:
            with self._open(path, {}) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as failure:
            remedy = {
                401: "It is private or gated: the operator can put its folder behind an alias of this address.",
                404: "Correct hugging_face_id or revision of the card.",
            }.get(failure.code, "Try again later.")
            raise HubFailure(f"{self._address} answers {failure.code} for {path}. {remedy}") from None
        except OSError as failure:
            raise HubFailure(
                f"{self._address} cannot be reached ({failure}). Set HF_ENDPOINT of the server to a mirror, or put a "
                "folder behind the address in aliases.yaml."
            ) from None

    def _open(self, path: str, headers: dict[str, str]) -> Any:
        request = urllib.request.Request(  # noqa: S310  (the operator's own address)
            self._address + path, headers={**self._headers, **headers}
        )
        return urllib.request.urlopen(request, timeout=60)  # noqa: S310


def sha256_of(path: str) -> str:
    """The SHA-256 of a file."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for piece in iter(lambda: file.read(_PIECE), b""):
            digest.update(piece)
    return digest.hexdigest()


def _is_wanted(name: str) -> bool:
    parts = name.split("/")
    is_safe = all(part not in ("", ".", "..") and "\\" not in part for part in parts)
    return is_safe and name.endswith(_WANTED) and not name.startswith(_NEVER)
