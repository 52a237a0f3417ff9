"""`--set`, `--add`, `--remove` of update: changes to the document of an entity that exists."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeVar

from smalt.cli.verb import JOINT
from smalt.entities.base import Entity
from smalt.errors import InvalidRequest
from smalt.wire.overrides import apply_overrides, path_parts

E = TypeVar("E", bound=Entity)
Node = Any  # Any: JSON


def changed(
    entity: E,
    *,
    set_: Sequence[str] = (),
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
    force_string: bool = False,
) -> E:
    """The entity with the changes applied, checked again as a whole.

    Raises:
        InvalidRequest: A path leads nowhere, or the result is not valid.
    """
    document = entity.document(secrets=True)
    apply_overrides(document, overrides(set_, force_string=force_string))
    for phrase in add:
        _add(document, phrase.split(JOINT))
    for phrase in remove:
        _remove(document, phrase.split(JOINT))
    return type(entity).parse(document)


def overrides(set_: Sequence[str], *, force_string: bool) -> Sequence[str]:
    """What `--set` replaces. With a file they are read as part of it: paths in them are taken from its folder."""
    return [_as_text(text) for text in set_] if force_string else set_


def _as_text(override: str) -> str:
    path, equals, value = override.partition("=")
    return f"{path}{equals}{json.dumps(value)}"


def _add(document: Node, words: list[str]) -> None:
    if len(words) < 2:
        raise InvalidRequest(f"--add {words[0]} has no value. Write --add <list> <value>, or --add <list> key=value.")
    target = _find(document, path_parts(words[0]), "--add")
    if target is None:
        raise InvalidRequest(f"--add {words[0]}: there is no such list or mapping. Create it with --set.")
    given = {key: _value(value) for key, equals, value in (word.partition("=") for word in words[1:]) if equals}
    if isinstance(target, dict):
        target.update(given)
    elif isinstance(target, list):
        target.extend([given] if given else [_value(word) for word in words[1:]])
    else:
        raise InvalidRequest(f"--add {words[0]} is neither a list nor a mapping. Use --set.")


def _remove(document: Node, words: list[str]) -> None:
    parts = path_parts(words[0]) + words[1:2]
    target = _find(document, parts[:-1], "--remove")
    last = parts[-1]
    if isinstance(target, dict) and last in target:
        del target[last]
    elif isinstance(target, list) and last.lstrip("-").isdecimal() and -len(target) <= int(last) < len(target):
        del target[int(last)]
    else:
        raise InvalidRequest(f"--remove {' '.join(words)}: there is nothing of this name. Look at it with show.")


def _find(document: Node, parts: list[str], option: str) -> Node:
    target = document
    for part in parts:
        if isinstance(target, dict):
            target = target.get(part)
        elif isinstance(target, list) and part.isdecimal() and int(part) < len(target):
            target = target[int(part)]
        else:
            raise InvalidRequest(f"{option} {'.'.join(parts)}: {part!r} leads nowhere. Look at it with show.")
    return target


def _value(text: str) -> Node:
    try:
        return json.loads(text)
    except ValueError:
        return text
