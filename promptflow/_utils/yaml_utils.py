"""YAML."""

from pathlib import Path
from typing import IO, Any

from smalt.kit import yaml


def load_yaml(source: str | Path | IO[str]) -> Any:
    """The document in a file."""
    text = Path(source).read_text(encoding="utf-8") if isinstance(source, str | Path) else source.read()
    return yaml.load(text) or {}


def load_yaml_string(text: str) -> Any:
    """The document in a text."""
    return yaml.load(text) or {}


def dump_yaml(document: Any) -> str:
    """A document as text."""
    return yaml.dump(document)


__all__ = ["dump_yaml", "load_yaml", "load_yaml_string"]
