"""Connections of prompt flow's database: their fields, and their secrets where the key opens them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from smalt.errors import SmaltError
from smalt.flows.connections import Connection, LocalConnections, parse
from smalt.flows.connections.kinds import STRONG_KINDS
from smalt.flows.importing.keys import TOLD, Key

Row = Mapping[str, Any]  # Any: columns


def take(rows: Iterable[Row], key: Key, *, is_only_told: bool) -> tuple[list[str], dict[str, str]]:
    """Keep connections that are not here yet; the names of those kept, and why others were not."""
    here = LocalConnections()
    known = {connection.name for connection in here.list()}
    taken: list[str] = []
    left: dict[str, str] = {}
    for row in rows:
        name = row["connectionName"]
        if name in known:
            left[name] = "There is a connection of that name here already; it stays."
            continue
        try:
            found = _connection(row, key)
            if isinstance(found, list):
                left[name] = f"{', '.join(found)} cannot be opened. {_why(key)}"
                continue
            if not is_only_told:
                here.put(found)
            taken.append(name)
        except SmaltError as error:
            left[name] = error.message
    return taken, left


def _connection(row: Row, key: Key) -> Connection | list[str]:
    """The connection of a row, or the secrets of it that do not open."""
    kind = str(row["connectionType"])
    custom: dict[str, Any] = json.loads(row["customConfigs"] or "{}")  # Any: JSON
    if kind.lower() == "custom":
        sealed = {name: item["value"] for name, item in custom.items() if item["configValueType"] == "Secret"}
        configs = {name: item["value"] for name, item in custom.items() if name not in sealed}
        opened, closed = _opened(sealed, key)
        document = {"name": row["connectionName"], "type": "custom", "configs": configs, "secrets": opened}
        return closed or parse(document)
    configs = json.loads(row["configs"] or "{}")
    found = next((each for each in STRONG_KINDS.values() if each.TYPE.lower() == kind.lower()), None)
    secret = {name for name, field in found.fields().items() if field.is_secret} if found is not None else set()
    opened, closed = _opened({name: configs[name] for name in secret if configs.get(name)}, key)
    word = found.kind if found is not None else kind
    values = {name: value for name, value in configs.items() if name not in secret and value is not None}
    return closed or parse({"name": row["connectionName"], "type": word, **values, **opened})


def _opened(sealed: Mapping[str, str], key: Key) -> tuple[dict[str, str], list[str]]:
    found = {name: key.opened(value) for name, value in sealed.items()}
    return {name: value for name, value in found.items() if value is not None}, [
        name for name, value in found.items() if value is None
    ]


def _why(key: Key) -> str:
    return "It was sealed with another key. Give that one: --key-file FILE." if key.is_known else TOLD
