"""Who acts: a person, an application or a job, and the roles they hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """The built-in roles."""

    OWNER = "Owner"
    CONTRIBUTOR = "Contributor"
    READER = "Reader"
    DATA_SCIENTIST = "AzureML Data Scientist"
    COMPUTE_OPERATOR = "AzureML Compute Operator"


class ActorKind(StrEnum):
    """What kind of identity acts, as `systemData.createdByType` spells it."""

    USER = "User"
    APPLICATION = "Application"
    MANAGED_IDENTITY = "ManagedIdentity"
    KEY = "Key"


@dataclass(frozen=True)
class RoleAssignment:
    """A role held on a scope (an ARM path) and on everything below it."""

    role: Role
    scope: str = "/"


@dataclass(frozen=True)
class Actor:
    """Who makes a request. `job_name` is set for the short-lived token of a job, which opens only what is its own."""

    id: str
    name: str
    kind: ActorKind = ActorKind.USER
    tenant_id: str | None = None
    assignments: tuple[RoleAssignment, ...] = field(default=())
    job_name: str | None = None
