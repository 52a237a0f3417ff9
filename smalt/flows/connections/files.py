"""Connections as files: YAML as prompt flow writes it, `.env` files, and values that stand in the environment."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from smalt.errors import InvalidRequest, NotFound, ValidationFailed
from smalt.flows.connections import custom
from smalt.flows.connections.base import VARIABLE, Connection
from smalt.flows.connections.kinds import STRONG_KINDS

_DROPPED = frozenset({"$schema", "type", "class_name"})
_OTHER_WORDS = {"azure_ai_search": "cognitive_search", "api_key": "custom"}


def load(path: Path | str, *, name: str | None = None, overrides: Mapping[str, Any] | None = None) -> Connection:
    """Read a connection from a YAML or `.env` file.

    Args:
        path: The file.
        name: Replaces the name in the file.
        overrides: Fields that replace those of the file; `secrets.x` and `configs.x` reach into a custom one.

    Any: values are what the file says.
    """
    source = Path(path)
    if not source.is_file():
        raise NotFound(f"There is no connection file {str(source)!r}. Give the path of a YAML or .env file.")
    document = _env_document(source) if source.name.endswith(".env") else _yaml_document(source)
    for key, value in (overrides or {}).items():
        part, dot, rest = key.partition(".")
        if dot and part in ("configs", "secrets"):
            document.setdefault(part, {})[rest] = value
        else:
            document[key] = value
    if name is not None:
        document["name"] = name
    return parse(document)


def parse(document: Mapping[str, Any]) -> Connection:  # Any: a document of plain values
    """The connection that a document describes.

    Raises:
        ValidationFailed: Its type is missing or unknown, or a field is.
    """
    word = document.get("type")
    kind = _OTHER_WORDS.get(str(word), word)
    if kind is None:
        raise ValidationFailed(f"The connection has no type. Add one of {', '.join(_KINDS)}.", target="type")
    values = {key: value for key, value in document.items() if key not in _DROPPED}
    if kind == custom.CustomConnection.kind:
        return custom.from_document(values)
    found = STRONG_KINDS.get(_snake(str(kind)))
    if found is None:
        raise ValidationFailed(f"There is no connection type {word!r}. Use one of {', '.join(_KINDS)}.", target="type")
    return found(**values)


_KINDS = (*STRONG_KINDS, custom.CustomConnection.kind)
_BY_TYPE = {each.TYPE: kind for kind, each in STRONG_KINDS.items()}


def _snake(word: str) -> str:
    """The YAML word of a kind, which some files name by its class (`AzureOpenAI`, `AzureOpenAIConnection`)."""
    return _BY_TYPE.get(word.removesuffix("Connection"), word)


def from_executor(name: str, document: Mapping[str, Any]) -> Connection:  # Any: a document of plain values
    """A connection in the form that the original executor takes: `{type, module, value, secret_keys}`."""
    values = dict(document.get("value") or {})
    kind = str(document.get("type") or "").removesuffix("Connection")
    if kind != custom.CustomConnection.TYPE:
        return parse({"type": kind, "name": name, **values})
    secret = set(document.get("secret_keys") or ())
    return custom.CustomConnection(
        {key: value for key, value in values.items() if key in secret},
        {key: value for key, value in values.items() if key not in secret},
        name=name,
        module=document.get("module"),
    )


def resolved(connection: Connection, environment: Mapping[str, str] | None = None) -> Connection:
    """The connection with each `${env:NAME}` replaced, and fields that `<CONNECTION>_<FIELD>` sets taken from there.

    Raises:
        InvalidRequest: A variable is not set.
    """
    variables = os.environ if environment is None else environment
    prefix = (connection.name or "").replace(" ", "_").replace("-", "_").upper()
    raw = (connection.name or "").replace(" ", "_").upper()
    changed: dict[str, str] = {}
    for key in connection.keys():  # noqa: SIM118 - a connection iterates, but says no order of its own
        found = variables.get(f"{raw}_{key}".upper()) or variables.get(f"{prefix}_{key}".upper())
        if found is not None and connection.name:
            changed[key] = found
            continue
        value = connection[key]
        if isinstance(value, str) and VARIABLE.search(value):
            changed[key] = VARIABLE.sub(lambda match: _variable(match[1], connection, variables), value)
    return with_values(connection, changed) if changed else connection


def with_values(connection: Connection, values: Mapping[str, str]) -> Connection:
    """The same connection with some fields replaced."""
    document = connection.document(secrets=True)
    for key, value in values.items():
        nested = document.get("secrets" if key in connection.secrets else "configs")
        (nested if isinstance(nested, dict) else document)[key] = value
    return parse(document)


def _variable(name: str, connection: Connection, variables: Mapping[str, str]) -> str:
    if name not in variables:
        raise InvalidRequest(
            f"Connection {connection.name!r} takes a value from the environment variable {name}, which is not set. "
            "Set it, or update the connection."
        )
    return variables[name]


def _yaml_document(source: Path) -> dict[str, Any]:  # Any: a document of plain values
    from smalt.kit import yaml

    try:
        document = yaml.load(source.read_text(encoding="utf-8"), source=str(source))
    except yaml.YamlError as error:
        raise InvalidRequest(str(error)) from None
    if not isinstance(document, dict):
        raise InvalidRequest(f"{source} does not describe a connection. It must be a mapping with name and type.")
    return document


def _env_document(source: Path) -> dict[str, Any]:  # Any: a document of plain values
    secrets = read_env(source)
    if not secrets:
        raise InvalidRequest(f"{source} sets no variables. Write lines such as KEY=value.")
    return {"type": "custom", "configs": {}, "secrets": secrets}


def read_env(source: Path) -> dict[str, str]:
    """The variables of a `.env` file: `KEY=value` lines, `export` before them, quotes and comments as in a shell."""
    found: dict[str, str] = {}
    for number, line in enumerate(source.read_text(encoding="utf-8").splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        key, equals, value = stripped.removeprefix("export ").partition("=")
        if not equals or not key.strip():
            raise InvalidRequest(f"{source}:{number}: {stripped.split('=')[0]!r} sets nothing. Write KEY=value.")
        try:
            words = shlex.split(value, comments=True)
        except ValueError:
            words = [value.strip()]
        found[key.strip()] = " ".join(words)
    return found
