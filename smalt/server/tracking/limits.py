"""The bounds MLflow sets on names and values, in the words its clients know."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Sized
from functools import lru_cache

from smalt.server.tracking.errors import InvalidParameter

KEY_LENGTH = 250
PARAM_LENGTH = 6000
TAG_LENGTH = 8000
EXPERIMENT_TAG_LENGTH = 20000
EXPERIMENT_NAME_LENGTH = 500
REGISTRY_TAG_LENGTH = 100_000
METRICS_PER_BATCH = 1000
PARAMS_PER_BATCH = 100
ENTITIES_PER_BATCH = 1000
INT64 = 2**63 - 1

_NAME = re.compile(r"^[/\w.\- :]*$")
_RUN_ID = re.compile(r"^[a-zA-Z0-9][\w\-]{0,255}$")
_ALIAS = re.compile(r"^[\w\-]+$")


def invalid(path: str, value: object, reason: str = "") -> InvalidParameter:
    """The failure for one bad value, in MLflow's form."""
    shown = json.dumps(value, default=str)[:300]
    tail = f": {reason}" if reason else ". Send another."
    return InvalidParameter(f"Invalid value {shown} for parameter '{path}' supplied{tail}")


def missing(path: str) -> InvalidParameter:
    """The failure for a value that was left out."""
    return InvalidParameter(f"Missing value for required parameter '{path}'. Send it.")


@lru_cache(maxsize=4096)
def check_key(name: str, path: str = "key") -> None:
    """Refuse a metric, param or tag name that is empty, too long, or could be taken for another path."""
    if not name:
        raise missing(path)
    if not _NAME.match(name):
        raise invalid(
            path,
            name,
            "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) "
            "and slashes (/).",
        )
    plain = posixpath.normpath(name)
    if plain != name or plain == "." or plain.startswith(("..", "/")):
        raise invalid(
            path,
            name,
            "Names may be treated as files in certain cases, and must not resolve to other names when treated as such. "
            f"This name would resolve to {plain!r}",
        )
    check_length(path, name, KEY_LENGTH)


def check_length(path: str, value: str, limit: int) -> None:
    """Refuse a text that is too long."""
    if len(value) > limit:
        raise InvalidParameter(f"'{path}' exceeds the maximum length of {limit} characters; it has {len(value)}.")


def check_text(path: str, value: str, limit: int) -> None:
    """Refuse a text that is too long or that a database cannot hold."""
    check_length(path, value, limit)
    if "\x00" in value:
        raise invalid(path, value[:50], "It holds a NUL character.")


def check_run_id(run_id: str) -> None:
    """Refuse what cannot be the id of a run."""
    if not _RUN_ID.match(run_id):
        raise invalid("run_id", run_id)


def check_alias(alias: str) -> None:
    """Refuse aliases that are reserved or could be taken for a version."""
    if not _ALIAS.match(alias):
        raise InvalidParameter(
            f"Invalid alias name: '{alias[:100]}'. "
            "Names may only contain alphanumerics, underscores (_), and dashes (-)."
        )
    check_length("alias", alias, 255)
    if alias.lower() == "latest":
        raise InvalidParameter("'latest' alias name (case insensitive) is reserved. Choose another.")
    if re.match(r"^[vV]\d+$", alias):
        raise InvalidParameter(f"Version alias name '{alias}' is reserved. Choose another.")


def check_batch(metrics: Sized, params: Sized, tags: Sized) -> None:
    """Refuse a batch larger than MLflow allows."""
    counts = (
        ("metrics", len(metrics), METRICS_PER_BATCH),
        ("params", len(params), PARAMS_PER_BATCH),
        ("tags", len(tags), PARAMS_PER_BATCH),
        ("metrics, params, and tags", len(metrics) + len(params) + len(tags), ENTITIES_PER_BATCH),
    )
    for what, count, limit in counts:
        if count > limit:
            raise InvalidParameter(
                f"A batch logging request can contain at most {limit} {what}. Got {count} {what}. "
                f"Please split up {what} across multiple requests and try again."
            )
