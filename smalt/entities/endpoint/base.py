"""What every endpoint and every deployment has."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator

from smalt.entities.base import Entity, Named
from smalt.entities.environment import Environment
from smalt.entities.job.command import CodeField
from smalt.entities.model import Model
from smalt.entities.text import FreeText, Text

_NAME = re.compile(r"[a-zA-Z](?:[-a-zA-Z0-9]{0,30}[a-zA-Z0-9])?")

Variables = Annotated[dict[str, FreeText], BeforeValidator(lambda value: {} if value is None else value)]
"""Environment variables; `null` is none."""


def endpoint_name(name: str, *, field: str) -> str:
    """Return `name` if an endpoint or a deployment can have it: it becomes a part of an address.

    Raises:
        ValueError: It cannot.
    """
    if _NAME.fullmatch(name):
        return name
    raise ValueError(
        f"The {field} {name!r} is not allowed. Use 1 to 32 ASCII letters, digits or '-', begin with a letter and end "
        "with a letter or digit."
    )


class Endpoint(Named):
    """An address that stays the same while what answers behind it changes."""

    location: Text | None = None
    provisioning_state: Text | None = None
    scoring_uri: Text | None = None
    openapi_uri: Text | None = None

    @field_validator("name")
    @classmethod
    def _name_follows_the_rule(cls, name: str | None) -> str | None:
        return None if name is None else endpoint_name(name, field="endpoint name")


class CodeConfiguration(Entity):
    """The folder of a scoring script, and the script in it."""

    code: CodeField | None = None
    scoring_script: Text | None = None


def _configuration(value: Any) -> Any:  # Any: raw input of a validator
    return {"scoring_script": value} if isinstance(value, str) else value


class Deployment(Named):
    """What answers behind an endpoint: a model, the code round it, and the software it runs in."""

    endpoint_name: Text | None = None
    model: str | Model | None = None
    code_configuration: Annotated[CodeConfiguration | None, BeforeValidator(_configuration)] = None
    environment: str | Environment | None = None
    environment_variables: Variables = Field(default_factory=dict)
    provisioning_state: Text | None = None

    @field_validator("name")
    @classmethod
    def _name_follows_the_rule(cls, name: str | None) -> str | None:
        return None if name is None else endpoint_name(name, field="deployment name")
