"""The model catalog, and what is made of it: serverless endpoints and subscriptions to the terms of models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from smalt.entities.catalog import ModelCard
from smalt.entities.endpoint.serverless import MarketplaceSubscription, ServerlessEndpoint
from smalt.errors import InvalidRequest
from smalt.sdk.operations.base import JsonObject, Operations, required_name
from smalt.sdk.operations.online import EndpointAuthKeys
from smalt.sdk.poller import Done, Poller
from smalt.wire import catalog_folder
from smalt.wire.arm import codec
from smalt.wire.arm.shape import camel


@dataclass(frozen=True)
class Facets:
    """What a catalog has: how many cards of each value of each facet."""

    total: int
    counts: dict[str, dict[str, int]]


ModelCards = list[ModelCard]


class CatalogOperations(Operations[ModelCard]):
    """`client.catalog`."""

    kind = "modelCards"

    @property
    def _root(self) -> str:
        return f"{self._room.path}/smalt"

    def list(self, search: str = "", *, max_results: int | None = None, **facets: str) -> Iterator[ModelCard]:
        """Cards that have every word, chosen by facets: `task`, `license`, `publisher`, `fine_tuning_task`, ..."""
        query = {camel(name): value for name, value in facets.items() if value}
        return self._list({"search": search, **query}, max_results=max_results)

    def facets(self) -> Facets:
        """How many cards there are of each kind."""
        found = self._room.transport.json("GET", f"{self._root}/{self.kind}")
        return Facets(int(found["total"]), found["facets"])

    def get(self, name: str) -> ModelCard:
        """One card. Beside what it says stand `needs`, `model` (with its weights here) and `license_accepted_by`."""
        return self._get(name)

    def create_or_update(self, card: ModelCard) -> ModelCard:
        """Add a card to the catalog of the workspace, or write it anew."""
        return self._put(required_name(card, "card"), card)

    def delete(self, name: str) -> None:
        """Take a card from the catalog of the workspace."""
        self._room.transport.request("DELETE", self._path(name))

    def import_folder(self, folder: str | Path) -> ModelCards:
        """Add the cards of every catalog model (a folder with spec.yaml) in a folder or a checkout.

        Raises:
            InvalidRequest: There is none.
        """
        found = sorted(Path(folder).rglob(catalog_folder.SPEC))
        if not found:
            raise InvalidRequest(f"There is no {catalog_folder.SPEC} in {folder}. Name a folder of catalog models.")
        return [self.create_or_update(_card_in(path.parent)) for path in found]

    def accept_license(self, name: str) -> ModelCard:
        """Accept the licence of a model, for the whole workspace."""
        return self._read(self._room.transport.json("POST", self._path(name, "acceptLicense")))

    def import_model(self, name: str, *, model_name: str | None = None, version: str | None = None,
                     source: str | None = None, compute: str | None = None, loads: bool = False) -> str:  # fmt: skip
        """Begin to bring a model's weights in; the name of the job, which registers it.

        Args:
            name: Of the card.
            model_name: What it is registered as, if not by the card's name.
            version: Its version, if not the next one.
            source: A folder with the weights, if they are not to be fetched.
            compute: Where the job runs.
            loads: Whether it is loaded once, to see that it can be.
        """
        body = {"name": model_name, "version": version, "source": source, "compute": compute, "loads": loads or None}
        told = {key: value for key, value in body.items() if value is not None}
        return str(self._room.transport.json("POST", self._path(name, "import"), body=told)["jobName"])


class ServerlessEndpointOperations(Operations[ServerlessEndpoint]):
    """`client.serverless_endpoints`."""

    kind = "serverlessEndpoints"

    def list(self, *, max_results: int | None = None) -> Iterator[ServerlessEndpoint]:
        """Serverless endpoints."""
        return self._list(max_results=max_results)

    def get(self, name: str) -> ServerlessEndpoint:
        """One serverless endpoint."""
        return self._get(name)

    def begin_create_or_update(self, endpoint: ServerlessEndpoint) -> Poller[ServerlessEndpoint]:
        """Write a serverless endpoint."""
        return self._begin_put(required_name(endpoint, "serverless endpoint"), codec(self.kind).to_arm(endpoint))

    def begin_delete(self, name: str) -> Poller[None]:
        """Delete a serverless endpoint."""
        return self._begin("DELETE", self._path(name))

    def get_keys(self, name: str) -> EndpointAuthKeys:
        """The keys that open it."""
        return _keys(self._room.transport.json("POST", self._path(name, "listKeys")))

    def begin_regenerate_keys(self, name: str, *, key_type: str = "primary") -> Done[EndpointAuthKeys]:
        """Put a new key in the place of one; both as they are then."""
        body = {"keyType": key_type.capitalize()}
        return Done(_keys(self._room.transport.json("POST", self._path(name, "regenerateKeys"), body=body)))


class MarketplaceSubscriptionOperations(Operations[MarketplaceSubscription]):
    """`client.marketplace_subscriptions`."""

    kind = "marketplaceSubscriptions"

    def list(self, *, max_results: int | None = None) -> Iterator[MarketplaceSubscription]:
        """Subscriptions."""
        return self._list(max_results=max_results)

    def get(self, name: str) -> MarketplaceSubscription:
        """One subscription."""
        return self._get(name)

    def begin_create_or_update(self, subscription: MarketplaceSubscription) -> Poller[MarketplaceSubscription]:
        """Take the terms of a model."""
        name = required_name(subscription, "marketplace subscription")
        return self._begin_put(name, codec(self.kind).to_arm(subscription))

    def begin_delete(self, name: str) -> Poller[None]:
        """Forget that they were taken."""
        return self._begin("DELETE", self._path(name))


def compared(cards: list[ModelCard]) -> list[JsonObject]:
    """Cards side by side: a row of each fact that any of them has, and is not the same text for all readers."""
    facts = (
        "publisher", "license", "is_gated", "parameters", "context_window", "max_output_tokens", "inference_tasks",
        "fine_tuning_tasks", "capabilities", "input_modalities", "needs", "benchmarks",
    )  # fmt: skip
    documents = [card.document() for card in cards]
    rows = []
    for fact in facts:
        values = [document.get(fact) for document in documents]
        if any(values):
            rows.append({"fact": fact, **{str(card.name): value for card, value in zip(cards, values, strict=True)}})
    return rows


def _card_in(folder: Path) -> ModelCard:
    def text(name: str) -> str | None:
        path = folder / name
        return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None

    return catalog_folder.card_of(text)


def _keys(body: JsonObject) -> EndpointAuthKeys:
    return EndpointAuthKeys(str(body["primaryKey"]), str(body["secondaryKey"]))
