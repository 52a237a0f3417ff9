"""The built-in roles: what each may do, as tables of actions with wildcards.

The names, ids and tables are those of Azure, so that scripts which assign roles by name or id need no change.
"""

from __future__ import annotations

from dataclasses import dataclass

_ML = "Microsoft.MachineLearningServices/"
_NOT_FOR_SCIENTISTS = tuple(
    _ML + action
    for action in (
        "workspaces/delete",
        "workspaces/write",
        "workspaces/listKeys/action",
        "workspaces/hubs/write",
        "workspaces/hubs/delete",
        "workspaces/featurestores/write",
        "workspaces/featurestores/delete",
    )
)
_NOT_COMPUTES = tuple(
    _ML + action
    for action in (
        "workspaces/computes/*/write",
        "workspaces/computes/*/delete",
        "workspaces/computes/listKeys/action",
    )
)


@dataclass(frozen=True)
class RoleDefinition:
    """A role.

    Args:
        id: Its guid.
        name: Its name.
        description: One line for a person.
        actions: What it allows.
        not_actions: What it leaves out of that.
        assignable_scopes: Where it may be given, and everywhere below.
        is_custom: Whether people of this installation have made it.
    """

    id: str
    name: str
    description: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()
    assignable_scopes: tuple[str, ...] = ("/",)
    is_custom: bool = False


OWNER = RoleDefinition(
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", "Everything, and giving roles to others.", ("*",)
)
CONTRIBUTOR = RoleDefinition(
    "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Contributor",
    "Everything but giving roles to others.",
    ("*",),
    (
        "Microsoft.Authorization/*/Delete",
        "Microsoft.Authorization/*/Write",
        "Microsoft.Authorization/elevateAccess/Action",
    ),
)
READER = RoleDefinition("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", "Looks, changes nothing.", ("*/read",))
DATA_SCIENTIST = RoleDefinition(
    "f6c7c914-8db3-469d-8ca1-694a8f32e121",
    "AzureML Data Scientist",
    "Everything inside a workspace but creating computes and changing the workspace itself.",
    tuple(_ML + f"workspaces/*/{verb}" for verb in ("read", "action", "delete", "write")),
    _NOT_FOR_SCIENTISTS + _NOT_COMPUTES,
)
COMPUTE_OPERATOR = RoleDefinition(
    "e503ece1-11d0-4e8e-8e2c-7a6c3bf38815",
    "AzureML Compute Operator",
    "Manages the computes of a workspace.",
    (_ML + "workspaces/computes/*", _ML + "workspaces/notebooks/vm/*"),
)
REGISTRY_USER = RoleDefinition(
    "1823dd4f-9b8c-4ab6-ab4e-7397a3684615",
    "AzureML Registry User",
    "Uses and publishes the assets of a registry.",
    (_ML + "registries/read", _ML + "registries/assets/*"),
)
AI_DEVELOPER = RoleDefinition(
    "64702f94-c441-49e6-a78b-ef80e0188fee",
    "Azure AI Developer",
    "Everything inside a workspace but changing the workspace itself.",
    (
        *(_ML + f"workspaces/*/{verb}" for verb in ("read", "action", "delete", "write")),
        _ML + "locations/*/read",
        "Microsoft.Authorization/*/read",
        "Microsoft.Resources/deployments/*",
    ),
    _NOT_FOR_SCIENTISTS,
)

ROLES = (OWNER, CONTRIBUTOR, READER, DATA_SCIENTIST, COMPUTE_OPERATOR, REGISTRY_USER, AI_DEVELOPER)
"""Every built-in role, the widest first."""

_BY_KEY = {key.lower(): role for role in ROLES for key in (role.id, role.name)}


def find_role(reference: str) -> RoleDefinition | None:
    """The built-in role of this name, guid or full definition id."""
    return _BY_KEY.get(role_key(reference))


def role_key(reference: str) -> str:
    """What a name, guid or full definition id is found by."""
    return reference.rsplit("/", 1)[-1].strip().lower()
