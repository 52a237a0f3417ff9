"""Models that are flows: what they install and which connections they name. Read as text; nothing of them runs here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smalt.environments.flow_engine import flow_conda
from smalt.kit import yaml

FLOW_IMAGE = "mcr.microsoft.com/azureml/promptflow/promptflow-runtime:latest"
"""Stands for the engine's own environment."""

FILES = ("flow.dag.yaml", "flow.dag.yml", "flow.flex.yaml", "flow.flex.yml")
_REQUIREMENTS = "requirements.txt"
_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\n(.*?)\n---[ \t]*\n.*\Z", re.DOTALL)
_OF_INDEX = re.compile(r"^\s*id:\s*(?:\S*/)?([\w.-]+)\s*$", re.MULTILINE)
"""The connections that the description of an index (`mlindex_content`) names by their ids."""
_OF_CONNECTION = re.compile(r"\$\{([^.{}]+)\.[^{}]+\}")


@dataclass(frozen=True, slots=True)
class FlowModel:
    """A flow as its files describe it.

    Args:
        conda: The environment it asks for, as a conda file.
        words: Every text in it that may be the name of a connection.
    """

    conda: str
    words: frozenset[str]


def flow_model(text: Callable[[str], str | None], entry_file: str | None = None) -> FlowModel | None:
    """The flow in a folder; None where there is none.

    Args:
        text: Gives the text of a file in that folder.
        entry_file: The file of the flow, where it has a name of its own.
    """
    names = FILES if entry_file is None else (entry_file,)
    found = next((content for name in names if (content := text(name)) is not None), None)
    if found is None:
        return None
    if entry_file is not None and entry_file.endswith(".prompty"):
        found = _FRONT_MATTER.sub(r"\1", found, count=1)
    try:
        document = yaml.load(found)
    except yaml.YamlError:
        document = None  # The engine says what is wrong with it, in the deployment's log.
    document = document if isinstance(document, dict) else {}
    environment = document.get("environment")
    told = environment.get("python_requirements_txt") if isinstance(environment, dict) else None
    name = told.removeprefix("./") if isinstance(told, str) else _REQUIREMENTS
    is_below = name != "" and all(part not in ("", ".", "..") for part in name.split("/"))
    return FlowModel(flow_conda(text(name if is_below else _REQUIREMENTS) or ""), frozenset(_words(document)))


def flow_model_in(folder: Path, entry_file: str | None = None) -> FlowModel | None:
    """The same for a folder of this machine."""

    def text(name: str) -> str | None:
        path = folder / name
        return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None

    return flow_model(text, entry_file)


def _words(value: Any) -> Iterator[str]:  # Any: YAML
    if isinstance(value, str):
        yield value
        yield from _OF_CONNECTION.findall(value)
        yield from _OF_INDEX.findall(value)
    elif isinstance(value, dict):
        for each in value.values():
            yield from _words(each)
    elif isinstance(value, list):
        for each in value:
            yield from _words(each)
