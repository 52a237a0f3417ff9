"""Subscriptions to models of a publisher: here, that the terms of a model were taken. They cost nothing."""

from __future__ import annotations

from smalt.entities.endpoint.serverless import MarketplaceSubscription
from smalt.errors import NotFound
from smalt.server.catalog import CatalogService
from smalt.server.http import Page
from smalt.server.records import Record, Records
from smalt.server.serverless.tables import marketplace_subscriptions
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord
from smalt.wire import references

_PLAN = {"offer": "self-hosted", "plan": "own-machines"}


class SubscriptionService:
    """Keeps subscriptions. Making one accepts the licence of the model; ending one leaves what runs as it is.

    Args:
        catalog: Knows the models.
    """

    def __init__(self, catalog: CatalogService) -> None:
        self._catalog = catalog
        self._records = Records(marketplace_subscriptions)

    def put(
        self, work: Work, workspace: WorkspaceRecord, name: str, entity: MarketplaceSubscription
    ) -> tuple[Record, bool]:
        """Subscribe; also whether it is new."""
        model = references.parse_asset(entity.model_id, "models").name
        card = self._catalog.accept(work, workspace, model).card
        plan = {
            "publisher_id": (card.publisher or card.registry).lower().replace(" ", "-"),
            "offer_id": _PLAN["offer"],
            "plan_id": _PLAN["plan"],
        }
        document = entity.model_copy(update={"name": name, "marketplace_plan": plan}).document()
        return self._records.put(work, workspace.id, name, document)

    def get(self, work: Work, workspace: WorkspaceRecord, name: str) -> Record:
        """A subscription.

        Raises:
            NotFound: There is none of this name.
        """
        found = self._records.find(work, workspace.id, name)
        if found is None:
            raise NotFound(
                f"No marketplace subscription {name[:255]!r} in workspace {workspace.name!r}. See "
                "`smalt marketplace-subscription list`.",
                target="name",
            )
        return found

    def page(self, work: Work, workspace: WorkspaceRecord, *, after: str | None) -> Page[Record]:
        """Subscriptions by name."""
        return self._records.page(work, workspace.id, after=after)

    def delete(self, work: Work, workspace: WorkspaceRecord, name: str) -> bool:
        """Whether there was one."""
        return self._records.delete(work, workspace.id, name)

    def forget_workspace(self, work: Work, workspace_id: str) -> None:
        """Remove every subscription of a workspace."""
        self._records.delete_all(work, workspace_id)
