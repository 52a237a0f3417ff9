"""What the operator says of the organisation's provider of accounts: `sign-in.yaml` of the home folder."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr

from smalt.entities.base import Entity
from smalt.entities.text import Text
from smalt.errors import InvalidRequest
from smalt.kit import yaml

FILE = "sign-in.yaml"


class GivenRole(Entity):
    """A role that people get by signing in, and lose when they sign in and it is not theirs any more."""

    role: Text
    scope: Text = "/"
    group: Text | None = None


class SignInSettings(Entity):
    """The provider, and who comes in."""

    holds_secrets = True

    name: Text
    issuer: Text
    client_id: Text
    client_secret: SecretStr | None = None
    scopes: list[Text] = Field(default_factory=lambda: ["openid", "profile", "email"])
    person: Text = "email"
    groups: Text = "groups"
    allowed: list[Text] = Field(default_factory=list)
    roles: list[GivenRole] = Field(default_factory=list)

    @staticmethod
    def at(path: Path) -> SignInSettings | None:
        """The settings of a home; None when it has none.

        Raises:
            InvalidRequest: The file is wrong.
        """
        if not path.exists():
            return None
        found = yaml.load(path.read_text(encoding="utf-8"), source=str(path))
        if not isinstance(found, dict):
            raise InvalidRequest(f"{path} must be a mapping with name:, issuer: and client_id:.")
        settings = SignInSettings.parse(found)
        if not settings.issuer.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise InvalidRequest(f"{path}: issuer {settings.issuer[:200]!r} is no https address.", target="issuer")
        return settings
