"""The inputs of a flow job as a run takes them: where rows are, and the mapping with its values filled in."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smalt.entities.job.flow_words import FLOW_INPUT

_VALUE = re.compile(r"^\$\{inputs\.([^{}]+)\}$")


@dataclass(frozen=True)
class Lines:
    """Where the lines of a run come from.

    Args:
        mapping: The column mapping.
        data: The file or folder with rows that the flow's inputs are taken from by their names.
        before: The folder of the run that it goes over.
        sources: Files and folders with further rows, by the names that the mapping knows.
    """

    mapping: dict[str, Any]  # Any: literals
    data: str | None
    before: str | None
    sources: dict[str, str]


def lines_of(settings: Mapping[str, Any], home: Path) -> Lines:  # Any: JSON
    """The lines of the job that this process is.

    Args:
        settings: What the server says of the job.
        home: Where the one line is written of a mapping that refers to no rows.
    """
    mapping = {name: _filled(value) for name, value in settings["column_mapping"].items()}
    places = {name: os.environ[FLOW_INPUT + name] for name in settings["rows"]}
    if not places:
        file = home / "line.jsonl"
        file.write_text(json.dumps(mapping) + "\n", encoding="utf-8")
        return Lines({name: f"${{data.{name}}}" for name in mapping}, str(file), None, {})
    data, before = places.pop("data", None), places.pop("run", None)
    known = {name: place for key, place in places.items() for name, place in _named(key, Path(place)).items()}
    return Lines(mapping, data, before, {name: place for name, place in known.items() if _is_asked(name, mapping)})


def _filled(value: Any) -> Any:  # Any: a literal
    match = _VALUE.match(value) if isinstance(value, str) else None
    return value if match is None else os.environ[FLOW_INPUT + match[1]]


def _named(key: str, place: Path) -> dict[str, str]:
    """The rows at a place: of a run what it has answered and what it was given, otherwise the files themselves."""
    if not (place / "flow_artifacts").is_dir():
        return {key: str(place)}
    return {
        f"{key}.outputs": str(place / "flow_outputs" / "output.jsonl"),
        f"{key}.inputs": str(place / "inputs.jsonl"),
    }


def _is_asked(name: str, mapping: Mapping[str, Any]) -> bool:  # Any: literals
    """Whether a column of it fills an input; rows that nobody asks for would have to fit the others for nothing."""
    return any(isinstance(value, str) and value.startswith(f"${{{name}.") for value in mapping.values())
