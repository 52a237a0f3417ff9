"""A model of the catalog behind an address, without a deployment to look after; and the subscription to its terms."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator

from smalt.entities.base import Named, TextMap
from smalt.entities.endpoint.base import endpoint_name
from smalt.entities.text import Text, match_enum


class ServerlessAuthMode(StrEnum):
    """Who may ask."""

    KEY = "key"
    AAD = "aad"
    KEY_AND_AAD = "key_and_aad"


class ServerlessEndpoint(Named):
    """A model that is asked by the model inference API.

    Args:
        model_id: A model of a registry or of the catalog, without its version: the latest is served.
        content_safety: Whether questions and answers are looked at: `enabled` or `disabled`.
        endpoint_state: Online, Creating and so on, as the service tells.
    """

    model_id: Text
    auth_mode: Annotated[ServerlessAuthMode, BeforeValidator(lambda value: match_enum(value, ServerlessAuthMode))] = (
        ServerlessAuthMode.KEY
    )
    content_safety: Text | None = None
    location: Text | None = None
    provisioning_state: Text | None = None
    endpoint_state: Text | None = None
    scoring_uri: Text | None = None
    headers: TextMap = Field(default_factory=dict)
    sku: Any = None  # Any: kept as given

    @field_validator("name")
    @classmethod
    def _name_follows_the_rule(cls, name: str | None) -> str | None:
        return None if name is None else endpoint_name(name, field="endpoint name")


class MarketplaceSubscription(Named):
    """That a workspace has taken the terms of a model's publisher."""

    model_id: Text
    marketplace_plan: TextMap = Field(default_factory=dict)
    status: Text | None = None
    provisioning_state: Text | None = None
