"""What can be done with registries."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from smalt.entities.registry import Registry
from smalt.errors import Conflict, Forbidden, NotFound
from smalt.server.http import Page
from smalt.server.http.route import PROVIDER
from smalt.server.identity import allows
from smalt.server.records import Record, Records
from smalt.server.registries.tables import registries
from smalt.server.work import SYSTEM, Work


@dataclass(frozen=True)
class RegistryOwner:
    """A registry as the owner of assets.

    Args:
        id: A guid that names its containers; follows from subscription and name.
        name: Its name.
        scope: What the ids of its assets begin with.
    """

    id: str
    name: str
    scope: str


class RegistryService:
    """Registries of a subscription."""

    def __init__(self) -> None:
        self._records = Records(registries)

    def put(self, work: Work, subscription: str, group: str, registry: Registry) -> tuple[Record, bool]:
        """Create or replace; also tells whether it is new.

        Raises:
            Conflict: Another resource group has one of this name.
        """
        assert registry.name is not None
        found = self.find(work, subscription, registry.name)
        if found is not None and not is_in(found, group):
            raise Conflict(
                f"A registry {registry.name!r} stands in another resource group of the subscription. Choose another "
                "name.",
                target="name",
            )
        document = {**registry.document(secrets=False), "resource_group": group}
        return self._records.put(work, subscription, registry.name, document)

    def get(self, work: Work, subscription: str, name: str, *, group: str | None = None) -> Record:
        """The registry of this name.

        Raises:
            NotFound: There is none, or not in this resource group: rights are held by group.
        """
        found = self._records.find(work, subscription, name)
        if found is None or (group is not None and not is_in(found, group)):
            raise NotFound(f"No registry {name!r}. See `smalt registry list`; make one with `smalt registry create`.")
        return found

    def find(self, work: Work, subscription: str, name: str) -> Record | None:
        """The registry of this name, if there is one."""
        return self._records.find(work, subscription, name)

    def page(self, work: Work, subscription: str, *, after: str | None) -> Page[Record]:
        """Registries in the order of their names."""
        return self._records.page(work, subscription, after=after)

    def delete(self, work: Work, subscription: str, name: str) -> bool:
        """Whether there was one."""
        return self._records.delete(work, subscription, name)

    def owner(self, work: Work, subscription: str, name: str) -> RegistryOwner | None:
        """A registry as the owner of assets, if there is one of this name."""
        found = self.find(work, subscription, name)
        return None if found is None else self.owner_of(found)

    def readable(self, work: Work, subscription: str, name: str) -> RegistryOwner | None:
        """The same, for a reference to an asset in it.

        Raises:
            Forbidden: The caller may not read its assets.
        """
        found = self.find(work, subscription, name)
        if found is None:
            return None
        scope = scope_of(found)
        if work.actor is not SYSTEM and not allows(work.actor, "registries/assets/read", scope):
            raise Forbidden(
                f"{work.actor.name!r} may not read the assets of registry {found.name!r}. Ask an owner for the role "
                f"'AzureML Registry User' or 'Reader' at {scope!r}."
            )
        return self.owner_of(found)

    def all_readable(self, work: Work, subscription: str) -> list[RegistryOwner]:
        """The registries of a subscription whose assets the caller may read."""
        found: list[RegistryOwner] = []
        after: str | None = None
        while True:
            page = self.page(work, subscription, after=after)
            for record in page.items:
                if work.actor is SYSTEM or allows(work.actor, "registries/assets/read", scope_of(record)):
                    found.append(self.owner_of(record))
            if page.after is None:
                return found
            after = page.after

    @staticmethod
    def owner_of(record: Record) -> RegistryOwner:
        """A registry as the owner of assets."""
        identifier = str(uuid5(NAMESPACE_URL, f"smalt:{record.owner}/{record.name.lower()}"))
        return RegistryOwner(identifier, record.name, f"azureml://registries/{record.name}")


def group_of(record: Record) -> str:
    """The resource group of a registry."""
    return str(record.document.get("resource_group", "smalt"))


def scope_of(record: Record) -> str:
    """The ARM id of a registry."""
    return f"/subscriptions/{record.owner}/resourceGroups/{group_of(record)}{PROVIDER}/registries/{record.name}"


def is_in(record: Record, group: str) -> bool:
    """Whether a registry stands in a resource group."""
    return group_of(record).lower() == group.lower()
