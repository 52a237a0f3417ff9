"""A role: what its holders may do; and who holds it where."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from smalt.entities.base import Entity
from smalt.entities.text import FreeText, Text


class Role(Entity):
    """Actions with wildcards, less the ones taken away again, and the scopes at which it can be given."""

    name: FreeText
    type: Literal["built_in", "custom"] = "custom"
    id: Text | None = None
    description: FreeText | None = None
    actions: list[Text] = Field(default_factory=list)
    not_actions: list[Text] = Field(default_factory=list)
    assignable_scopes: list[Text] = Field(default_factory=list)


class RoleAssignment(Entity):
    """A role that somebody holds at a scope and at everything below it."""

    role: FreeText | None = None
    user: FreeText | None = None
    user_id: Text | None = None
    scope: Text
    id: Text | None = None
    created_at: Text | None = None
    created_by: FreeText | None = None
