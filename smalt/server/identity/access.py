"""Decides whether permissions cover an action at a scope: pure, deny by default."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from smalt.server.audit import split_scope
from smalt.server.identity.roles import ROLES
from smalt.server.work import Actor, Permission

_PROVIDERS = {"authorization": "Microsoft.Authorization/", "resources": "Microsoft.Resources/"}


def allows(actor: Actor, action: str, scope: str | tuple[str, ...]) -> bool:
    """Whether an actor's roles cover an action.

    Args:
        actor: Who asks. A running job has no roles, so nothing is covered.
        action: As a route declares it, e.g. `workspaces/jobs/write`.
        scope: ARM id, or its lower-case segments.
    """
    return covers(actor.permissions, action, split_scope(scope) if isinstance(scope, str) else scope)


def covers(permissions: Iterable[Permission], action: str, scope: tuple[str, ...]) -> bool:
    """Whether one of the permissions that hold at `scope` or above it covers the action."""
    for permission in permissions:
        held = split_scope(permission.scope)
        if scope[: len(held)] == held and _permits(permission.actions, permission.not_actions, action):
            return True
    return False


def can_see(actor: Actor, scope: str) -> bool:
    """Whether an actor holds any role at, above or below a scope: what decides if it appears in a list."""
    wanted = split_scope(scope)
    for permission in actor.permissions:
        held = split_scope(permission.scope)
        shorter = min(len(held), len(wanted))
        if held[:shorter] == wanted[:shorter]:
            return True
    return False


def full_action(action: str) -> str:
    """The action with its provider, as Azure spells it: `Microsoft.MachineLearningServices/workspaces/jobs/write`."""
    head, _, rest = action.partition("/")
    provider = _PROVIDERS.get(head)
    return provider + rest if provider else f"Microsoft.MachineLearningServices/{action}"


def roles_with(action: str) -> list[str]:
    """Names of the roles that cover an action, for an error that says what would help."""
    return [role.name for role in ROLES if _permits(role.actions, role.not_actions, action)]


@lru_cache(16_384)
def _permits(actions: tuple[str, ...], not_actions: tuple[str, ...], action: str) -> bool:
    full = full_action(action)
    return _matcher(actions)(full) and not _matcher(not_actions)(full)


@lru_cache(512)
def _matcher(patterns: tuple[str, ...]) -> _Matcher:
    return _Matcher(patterns)


class _Matcher:
    """Some wildcard patterns as one expression."""

    def __init__(self, patterns: tuple[str, ...]) -> None:
        joined = "|".join(_expression(pattern) for pattern in patterns)
        self._pattern = re.compile(joined or r"(?!)", re.IGNORECASE)

    def __call__(self, action: str) -> bool:
        return self._pattern.fullmatch(action) is not None


def _expression(pattern: str) -> str:
    # Between slashes a star also stands for nothing: Azure's tables rely on `workspaces/*/write` covering
    # `workspaces/write`, which they then take away again by name.
    parts = re.split(r"(?<=/)\*/|\*", pattern)
    stars = re.findall(r"(?<=/)\*/|\*", pattern)
    pieces = [re.escape(parts[0])]
    for star, part in zip(stars, parts[1:], strict=True):
        pieces.append("(?:.*/)?" if star == "*/" else ".*")
        pieces.append(re.escape(part))
    return "".join(pieces)
