"""Bodies of submitted pipelines with what an id names in its place, so that those of two clients can be compared."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from smalt.kit import yaml
from tests.sdk.fake_server import SCOPE, Fake

_LEFT_OUT = {"_source", "$schema", "isArchived", "version", "client_component_hash", "is_control"}


def sent(fake: Fake, names: dict[str, str]) -> dict[str, Any]:
    """What our client sent for jobs, by a name of the caller's, and the assets behind it."""
    jobs = {key: fake.resources[f"{SCOPE}/jobs/{name}"]["properties"] for key, name in names.items()}
    assets = {key: body["properties"] for key, body in fake.resources.items() if "/versions/" in key}
    for body in assets.values():
        if "codeUri" in body:
            root = body["codeUri"].partition("/blob/ws-guid/")[2]
            body["files"] = {
                key[len(root) :].strip("/") or root.rsplit("/", 1)[-1]: hashlib.sha256(blob).hexdigest()[:12]
                for key, blob in sorted(fake.blobs.items())
                if key == root or key.startswith(f"{root}/")
            }
    return {"jobs": jobs, "assets": assets}


def compared(answer: dict[str, Any], job: str) -> Any:
    """One job of an answer, in the form that is compared."""
    body = {key: value for key, value in answer["jobs"][job].items() if key not in _BY_CHANCE}
    return _plain(body, answer["assets"])


_BESIDE_CONTENT = {"name", "additional_includes"}
_BY_CHANCE = {"displayName", "experimentName", "status", "services", "properties", "isArchived"}


def _plain(value: Any, assets: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        found = {key: _plain(inner, assets) for key, inner in value.items() if key not in _LEFT_OUT}
        return {
            key: _size(key, inner) for key, inner in found.items() if inner not in (None, {}, []) and _size(key, inner)
        }
    if isinstance(value, list):
        return [_plain(inner, assets) for inner in value]
    if not isinstance(value, str):
        return value
    body = assets.get(value.removeprefix("azureml:"))
    if body is not None:
        return _asset(body, assets)
    return _uploaded(value)


def _size(key: str, value: Any) -> Any:
    """A mini-batch size goes as it was written by us, and as a bare number by others; no size is 0."""
    if key != "mini_batch_size":
        return value
    match = re.fullmatch(r"(\d+)\s*(k?)b?", str(value), re.IGNORECASE)
    return int(match[1]) * (1024 if match[2] else 1) if match else value


def _asset(body: dict[str, Any], assets: dict[str, Any]) -> Any:
    if "componentSpec" in body:
        spec = {key: value for key, value in body["componentSpec"].items() if key not in _BESIDE_CONTENT}
        return {"component": _plain(spec, assets)}
    if "condaFile" in body or "image" in body or "build" in body:
        conda = body.get("condaFile")
        build = (body.get("build") or {}).get("contextUri", "")
        kept = {"image": body.get("image"), "conda": yaml.load(conda) if conda else None}
        return {"environment": kept | {"build": build.rstrip("/").rsplit("/", 1)[-1]}}
    return {"code": body.get("files", body)}


def _uploaded(text: str) -> str:
    """Uploads go by the name of what was uploaded, not by its hash."""
    head, marker, tail = text.partition("/LocalUpload/")
    name = tail.rstrip("/")
    return f"{head}{marker}{name.split('/', 1)[-1] if '/' in name else name}" if marker else text
