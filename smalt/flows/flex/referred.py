"""What files of functions and prompties refer to: variables of the environment, other files, samples."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from smalt.flows.errors import UserErrorException
from smalt.kit import yaml

Values = dict[str, Any]  # Any: what files say

_REFERENCE = re.compile(r"\$\{(\w+):(.*)\}")


def resolved(value: Any, folder: Path) -> Any:
    """The value with `${env:NAME}` and `${file:path}` in it replaced, at every depth."""
    if isinstance(value, list):
        return [resolved(item, folder) for item in value]
    if isinstance(value, dict):
        return {key: resolved(item, folder) for key, item in value.items()}
    match = _REFERENCE.match(value) if isinstance(value, str) else None
    if match is None:
        return value
    if match[1] == "env":
        return os.environ.get(match[2], value)
    return _file(match[2], folder) if match[1] == "file" else value


def _file(name: str, folder: Path) -> Any:
    path = folder / name
    if not path.exists():
        raise UserErrorException(f"Cannot find the reference file {name}. Correct the path; it begins at {folder}.")
    text = path.read_text(encoding="utf-8")
    if path.suffix.lower() == ".json":
        return json.loads(text)
    return yaml.load(text, source=str(path)) if path.suffix.lower() in {".yml", ".yaml"} else text


def load_sample(sample: Any, folder: Path) -> Values:
    """The inputs of a sample: a mapping, or the name of a JSON or JSONL file."""
    if not sample:
        return {}
    if isinstance(sample, Mapping):
        return dict(sample)
    name = str(sample).removeprefix("file:")
    path = folder / name
    if path.suffix not in {".json", ".jsonl"} or not path.exists():
        raise UserErrorException(f"The sample {sample!r} is no mapping and no .json or .jsonl file. Correct it.")
    text = path.read_text(encoding="utf-8")
    found = json.loads(text.splitlines()[0] if path.suffix == ".jsonl" else text)
    return dict(found) if isinstance(found, Mapping) else {}
