"""The identity a job or a compute acts with."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator

from smalt.entities.base import Entity
from smalt.entities.text import Text, match_enum


class IdentityType(StrEnum):
    """With whose rights a job runs."""

    AML_TOKEN = "aml_token"  # noqa: S105 - the name of an identity kind
    MANAGED = "managed"
    USER = "user_identity"


def _identity_type(value: Any) -> Any:  # Any: raw input of a validator
    return IdentityType.MANAGED if value == "managed_identity" else match_enum(value, IdentityType)


class JobIdentity(Entity):
    """`identity:` of a job; the default is the job's own token."""

    type: Annotated[IdentityType, BeforeValidator(_identity_type)] = IdentityType.AML_TOKEN
    client_id: Text | None = None
    object_id: Text | None = None
    resource_id: Text | None = None


class ResourceIdentity(Entity):
    """`identity:` of a workspace, compute, endpoint or registry; accepted and kept."""

    type: Text = "none"
    principal_id: Text | None = None
    tenant_id: Text | None = None
    user_assigned_identities: list[Any] | dict[str, Any] | None = None  # Any: kept as given
