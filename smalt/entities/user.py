"""A user: a person or a service principal who can sign in, and the personal tokens they hold."""

from __future__ import annotations

from typing import Literal

from pydantic import SecretStr

from smalt.entities.base import Entity
from smalt.entities.text import FreeText, Text


class User(Entity):
    """Who can sign in. The secret is known only right after it was made."""

    name: FreeText
    type: Literal["user", "service_principal"] = "user"
    id: Text | None = None
    client_id: Text | None = None
    client_secret: SecretStr | None = None
    created_at: Text | None = None
    created_by: FreeText | None = None


class PersonalToken(Entity):
    """A token that a person keeps. Its text is known only right after it was made."""

    name: FreeText
    id: Text | None = None
    token: SecretStr | None = None
    created_at: Text | None = None
    expires_at: Text | None = None
