"""Values on the command line of flows: `key=value` words, files of JSON or YAML, and settings of nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from smalt.cli import verb

Mapping = dict[str, Any]  # Any: values of flows


def words(*names: str, metavar: str = "KEY=VALUE ...", help: str) -> Callable[[verb.F], verb.F]:  # noqa: A002  # as click calls it
    """An option with several words after it."""
    return verb.option(*names, cls=verb.Words, multiple=True, metavar=metavar, help=help)


def pairs_or_file(texts: Sequence[str], option: str) -> Mapping:
    """`key=value` words, or one file: JSON, the first line of JSON lines, or YAML."""
    if len(texts) == 1 and "=" not in texts[0]:
        return _file(texts[0], option)
    found: Mapping = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals:
            raise click.UsageError(f"{option} got {text!r}. Write key=value, or the path of a file.")
        found[key] = value
    return found


def _file(path: str, option: str) -> Mapping:
    import json

    from smalt.kit import yaml

    file = Path(path)
    if not file.is_file():
        raise click.UsageError(f"{option} got {path!r}, which is neither key=value nor a file.")
    text = file.read_text(encoding="utf-8-sig")
    try:
        if file.suffix == ".jsonl":
            text = next((line for line in text.splitlines() if line.strip()), "{}")
        found = json.loads(text) if file.suffix in {".json", ".jsonl"} else yaml.load(text, source=path)
    except ValueError as error:
        raise click.UsageError(f"{option}: {path} cannot be read: {error}.") from None
    found = found[0] if isinstance(found, list) and found else found
    if not isinstance(found, dict):
        raise click.UsageError(f"{option}: {path} holds no mapping.")
    return found


def variables(texts: Sequence[str], option: str = "--environment-variables") -> dict[str, str]:
    """Environment variables: `key=value` words, or a `.env` file."""
    if len(texts) == 1 and "=" not in texts[0]:
        from smalt.flows.batch import variables as of_file

        return of_file(texts[0])
    return {key: str(value) for key, value in pairs_or_file(texts, option).items()}


def node_settings(texts: Sequence[str]) -> dict[str, dict[str, str]]:
    """`node.connection=NAME node.deployment_name=NAME` as settings by node."""
    found: dict[str, dict[str, str]] = {}
    for key, value in pairs_or_file(texts, "--connections").items():
        if isinstance(value, dict):
            found[key] = value
            continue
        node, dot, setting = key.rpartition(".")
        if not dot:
            raise click.UsageError(f"--connections got {key!r}. Write node.connection=NAME.")
        found.setdefault(node, {})[setting] = value
    return found


def changes(texts: Sequence[str]) -> Mapping:
    """`--set a=b c.d=e` as fields; dotted keys stay dotted."""
    return pairs_or_file(texts, "--set") if texts else {}
