"""Who a person of the organisation is here: an actor of their own, and the roles that their groups have."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from smalt.errors import Conflict, Forbidden
from smalt.server.audit import split_scope
from smalt.server.identity import IdentityService
from smalt.server.signin.settings import SignInSettings
from smalt.server.work import Actor, ActorKind, Work

PROVIDER = Actor(id="sign-in", name="sign-in", kind=ActorKind.SYSTEM)
"""Who makes the people and gives the roles; what it has given it takes away as well, and nothing else."""


class People:
    """Admits people.

    Args:
        settings: The operator's.
        identity: Knows who there is.
    """

    def __init__(self, settings: SignInSettings, identity: IdentityService) -> None:
        self._settings = settings
        self._identity = identity

    def admit(self, work: Work, claims: Mapping[str, Any]) -> Actor:
        """The actor of whom the claims tell: made with the first sign-in, with the roles of today.

        An account of the provider is known by its issuer and subject, not by a name that another may have later.

        Raises:
            Forbidden: Such people are not let in.
            Conflict: Somebody who is not of the provider has the name.
        """
        name = self._name(claims)
        actor_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self._settings.issuer}#{claims['sub']}"))
        directory = self._identity.directory
        if self._identity.find_actor(work, actor_id) is None:
            try:
                directory.create_person(work, actor_id, name)
            except Conflict:
                raise Conflict(
                    f"There is an actor {name!r} here who does not come from {self._settings.name}. An owner has to "
                    f"remove or rename that one first: smalt user delete --name {name}.",
                    target="name",
                ) from None
            work.tell(person=name)
        self._settle_roles(work, actor_id, claims)
        found = self._identity.find_actor(work, actor_id)
        assert found is not None
        return found

    def _name(self, claims: Mapping[str, Any]) -> str:
        claim = self._settings.person
        name = claims.get(claim)
        if not isinstance(name, str) or not name:
            raise Forbidden(
                f"{self._settings.name} tells no {claim!r} of this account. The operator names another claim in "
                "sign-in.yaml (person:), or asks for another scope."
            )
        if claim == "email" and claims.get("email_verified") is False:
            raise Forbidden(f"{self._settings.name} has not verified the address {name!r}. Verify it there first.")
        endings = self._settings.allowed
        if endings and not any(name.lower().endswith(ending.lower()) for ending in endings):
            raise Forbidden(f"{name!r} is not among those whom this server lets in. Ask its operator.")
        return name

    def _settle_roles(self, work: Work, actor_id: str, claims: Mapping[str, Any]) -> None:
        told = claims.get(self._settings.groups)
        groups = {str(group) for group in told} if isinstance(told, list) else set()
        wanted = {}
        for given in self._settings.roles:
            if given.group is None or given.group in groups:
                role = self._identity.definitions.named(work, given.role)
                wanted[role.id, "/" + "/".join(split_scope(given.scope))] = (role, given.scope)
        directory = self._identity.directory
        for row in directory.roles_of(work, actor_id):
            key = (row["role"], row["scope_key"])
            if key in wanted:
                del wanted[key]
            elif row["created_by"] == PROVIDER.name:
                directory.unassign(work, row["id"])
        for role, scope in wanted.values():
            directory.assign(work, role=role, actor_id=actor_id, scope=scope)
