"""The verbs of the catalog: look for models, accept their licences, bring them in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from smalt.entities.catalog import ModelCard
from smalt.entities.job.command import CommandJob
from smalt.entities.model import Model
from smalt.errors import InvalidRequest, NotFound
from smalt.kit import ids
from smalt.server.assets import AssetService, AssetVersion, DataLocator, Owner
from smalt.server.catalog import importing
from smalt.server.catalog.errors import CardNotFound, LicenceNotAccepted, NotImported
from smalt.server.catalog.store import CardStore, known
from smalt.server.jobs import JobRecord, JobService
from smalt.server.records import Record
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord
from smalt.wire.catalog_folder import card_of_metadata

_MOST_OF_REGISTRY = 1000

_TOLD = frozenset({"needs", "deployments", "model", "licenseAcceptedBy", "licenseAcceptedAt"})
"""What the server tells of a card, and nobody else."""

Registries = Callable[[Work], list[Owner]]
"""The registries whose assets the caller may read."""


@dataclass(frozen=True, slots=True)
class Found:
    """A card, and what a workspace has of it.

    Args:
        card: The card.
        model: The model asset with its weights: one of the workspace, or of the registry that the card is of.
        acceptance: Who has accepted its licence here, and when.
    """

    card: ModelCard
    model: AssetVersion | None
    acceptance: Record | None


class CatalogService:
    """The catalog of a workspace: built-in cards, its own, and the models of registries.

    Args:
        assets: Finds models.
        locator: Knows which folders stand for addresses.
        jobs: Runs imports.
        registries: Gives the registries that a caller may read.
        hub: Where weights are fetched from, an address of Hugging Face's kind.
    """

    def __init__(
        self, assets: AssetService, locator: DataLocator, jobs: JobService, registries: Registries, *, hub: str
    ) -> None:
        self._assets = assets
        self._locator = locator
        self._jobs = jobs
        self._registries = registries
        self._hub = hub.rstrip("/")
        self._store = CardStore()

    def cards(self, work: Work, workspace: WorkspaceRecord) -> list[ModelCard]:
        """Every card, by name; a card of the workspace stands before others of its name."""
        listed = {str(card.name).lower(): card for card in known()}
        listed |= {str(card.name).lower(): card for card in self._of_registries(work)}
        listed |= {str(card.name).lower(): card for card in self._store.own(work, workspace.id)}
        return sorted(listed.values(), key=lambda card: (not card.is_featured, str(card.name).lower()))

    def get(self, work: Work, workspace: WorkspaceRecord, name: str) -> Found:
        """A card, and what the workspace has of it.

        Raises:
            CardNotFound: There is none.
        """
        card = next((each for each in self.cards(work, workspace) if str(each.name).lower() == name.lower()), None)
        if card is None:
            raise CardNotFound(f"The catalog has no model {name[:255]!r}. See `smalt catalog list`.", target="name")
        acceptance = self._store.accepted(work, workspace.id).get(name.lower())
        return Found(card, self._model(work, workspace, card), acceptance)

    def put(self, work: Work, workspace: WorkspaceRecord, card: ModelCard) -> bool:
        """Add a card to the catalog of a workspace, or write it anew; whether it is new."""
        if card.connection is not None and not card.served_as:
            raise InvalidRequest("The card has a connection, and no served_as. Say what the model is called there.")
        told = {key: value for key, value in card.document().items() if key not in _TOLD}
        return self._store.put(work, workspace.id, ModelCard.parse(told))

    def delete(self, work: Work, workspace: WorkspaceRecord, name: str) -> bool:
        """Take a card from the catalog of a workspace; whether there was one."""
        return self._store.delete(work, workspace.id, name)

    def accept(self, work: Work, workspace: WorkspaceRecord, name: str) -> Found:
        """Accept the licence of a model for a workspace."""
        found = self.get(work, workspace, name)
        work.tell(license=str(found.card.license))
        return Found(found.card, found.model, self._store.accept(work, workspace.id, found.card))

    def require_licence(self, found: Found) -> None:
        """Return when the weights of a model may be fetched.

        Raises:
            LicenceNotAccepted: Its licence must be accepted first.
        """
        if found.card.is_gated and found.acceptance is None:
            raise LicenceNotAccepted(
                f"{found.card.name} comes under the licence {found.card.license!r} ({found.card.license_url}), which "
                f"nobody of this workspace has accepted. Read it, then: smalt catalog accept-license -n "
                f"{found.card.name}"
            )

    def require_model(self, work: Work, workspace: WorkspaceRecord, name: str) -> Found:
        """A card whose weights are here, or which another server runs.

        Raises:
            NotImported: They are not.
            CardNotFound: There is no such card.
        """
        found = self.get(work, workspace, name)
        self.require_licence(found)
        if found.model is None and found.card.connection is None:
            raise NotImported(
                f"The workspace has no weights of {found.card.name}. Bring them in first: smalt catalog import-model "
                f"-n {found.card.name}",
                target="model_id",
            )
        return found

    def import_model(self, work: Work, workspace: WorkspaceRecord, name: str, options: importing.Options) -> JobRecord:
        """Begin to bring the weights of a model in, as a job that registers it.

        Raises:
            LicenceNotAccepted: Its licence must be accepted first.
            InvalidRequest: The card does not say where they are.
        """
        found = self.get(work, workspace, name)
        self.require_licence(found)
        source = options.source or importing.address_of(found.card, self._hub)
        if source is None:
            raise InvalidRequest(
                f"The card of {found.card.name} has no hugging_face_id. Say where its folder is: --source",
                target="source",
            )
        is_fetched = source == importing.address_of(found.card, self._hub) and not self._is_here(
            work, workspace, source
        )
        job = importing.job_of(found.card, options, source, hub=self._hub if is_fetched else None)
        return self._submit(work, workspace, f"import-{_slug(str(found.card.name))}-{ids.opaque()[:8]}", job)

    def forget_workspace(self, work: Work, workspace_id: str) -> None:
        """Remove everything of a workspace."""
        self._store.forget(work, workspace_id)

    def _submit(self, work: Work, workspace: WorkspaceRecord, name: str, job: CommandJob) -> JobRecord:
        return self._jobs.put(work, workspace, name, job)[0]

    def _is_here(self, work: Work, workspace: WorkspaceRecord, address: str) -> bool:
        """Whether a folder of this network stands for an address."""
        return self._locator.locate(work, workspace, address).local_path is not None

    def _model(self, work: Work, workspace: WorkspaceRecord, card: ModelCard) -> AssetVersion | None:
        owners: list[Owner] = [workspace, *(each for each in self._registries(work) if each.name == card.registry)]
        for owner in owners:
            try:
                return self._assets.labelled(work, owner, "models", str(card.name), "latest")
            except NotFound:
                continue
        return None

    def _of_registries(self, work: Work) -> list[ModelCard]:
        """The models of registries: what their latest versions say of themselves."""
        found = []
        for owner in self._registries(work):
            page = self._assets.containers(work, owner, "models", archived=False, after=None, limit=_MOST_OF_REGISTRY)
            for container in page.items:
                latest = self._assets.labelled(work, owner, "models", container.name, "latest").entity
                assert isinstance(latest, Model)
                found.append(_card_of(latest, container.name, owner.name))
        return found


def _card_of(model: Model, name: str, registry: str) -> ModelCard:
    metadata: dict[str, Any] = {key: _unpacked(value) for key, value in model.properties.items()}
    card = card_of_metadata(name, tags=model.tags, metadata=metadata, registry=registry)
    return card.model_copy(update={"description": model.description, "version": model.version})


def _unpacked(value: str) -> Any:  # Any: JSON
    """A property; those of the catalog hold JSON where the metadata has more than text."""
    import msgspec

    if not value.startswith(("{", "[")):
        return value
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:
        return value


def _slug(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in name)[:80]
