"""What can be done with registries."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from smalt.entities.registry import Registry
from smalt.errors import NotFound
from smalt.server.http import Page
from smalt.server.records import Record, Records
from smalt.server.registries.tables import registries
from smalt.server.work import Work


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
        """Create or replace; also tells whether it is new."""
        assert registry.name is not None
        document = {**registry.document(secrets=False), "resource_group": group}
        return self._records.put(work, subscription, registry.name, document)

    def get(self, work: Work, subscription: str, name: str) -> Record:
        """The registry of this name.

        Raises:
            NotFound: There is none.
        """
        found = self._records.find(work, subscription, name)
        if found is None:
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
        if found is None:
            return None
        identifier = str(uuid5(NAMESPACE_URL, f"smalt:{subscription}/{found.name.lower()}"))
        return RegistryOwner(identifier, found.name, f"azureml://registries/{found.name}")
