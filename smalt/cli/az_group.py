"""`az group`, with the options and the output of `az`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from smalt.errors import NotFound
from smalt.sdk import connect
from smalt.sdk.transport import Transport

Document = dict[str, Any]  # Any: JSON


def answer(verb: str, options: Document, *, subscription: str | None, group: str | None) -> object:
    """Answer one verb, e.g. `create`, with what `az` prints.

    Args:
        verb: What to do.
        options: As given, by name.
        subscription: The default one.
        group: The default one.
    """
    place = connect.find(subscription=str(options.get("subscription") or subscription or "") or None)
    transport = Transport(place.url, place.token)
    try:
        path = f"/subscriptions/{place.subscription}/resourceGroups"
        return _list(transport, path) if verb == "list" else _ANSWERS[verb](transport, path, _named(options, group))
    finally:
        transport.close()


def _list(transport: Transport, path: str) -> list[Document]:
    return list(transport.items(path))


def _create(transport: Transport, path: str, options: Document) -> Document:
    body = {"location": options.get("location")} if isinstance(options.get("location"), str) else {}
    return transport.json("PUT", f"{path}/{options['name']}", body=body)


def _show(transport: Transport, path: str, options: Document) -> Document:
    return transport.json("GET", f"{path}/{options['name']}")


def _exists(transport: Transport, path: str, options: Document) -> bool:
    try:
        _show(transport, path, options)
    except NotFound:
        return False
    return True


def _delete(transport: Transport, path: str, options: Document) -> None:
    transport.request("DELETE", f"{path}/{options['name']}")


_ANSWERS: dict[str, Callable[[Transport, str, Document], object]] = {
    "create": _create,
    "delete": _delete,
    "exists": _exists,
    "show": _show,
}


def _named(options: Document, group: str | None) -> Document:
    name = options.get("name") or options.get("resource-group") or group
    if not isinstance(name, str) or "/" in name:
        raise click.UsageError("Name the group with --name.")
    return {**options, "name": name}
