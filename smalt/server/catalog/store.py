"""Every query of the catalog."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from smalt.entities.catalog import ModelCard
from smalt.kit import yaml
from smalt.server.catalog.tables import catalog_cards, catalog_licences
from smalt.server.records import Record, Records
from smalt.server.work import Work

KNOWN = "known"
"""Whose catalog the built-in cards are from."""


class CardStore:
    """Cards that are built in or were added, and accepted licences."""

    def __init__(self) -> None:
        self._cards = Records(catalog_cards)
        self._licences = Records(catalog_licences)

    def own(self, work: Work, workspace_id: str) -> list[ModelCard]:
        """The cards that a workspace has added."""
        return [ModelCard.parse(record.document) for record in _all(self._cards, work, workspace_id)]

    def put(self, work: Work, workspace_id: str, card: ModelCard) -> bool:
        """Add a card, or write one anew; whether it is new."""
        assert card.name is not None
        return self._cards.put(work, workspace_id, card.name, card.document())[1]

    def delete(self, work: Work, workspace_id: str, name: str) -> bool:
        """Whether there was one."""
        return self._cards.delete(work, workspace_id, name)

    def accepted(self, work: Work, workspace_id: str) -> dict[str, Record]:
        """The acceptances of a workspace, by the name of the card in lower case."""
        return {record.name.lower(): record for record in _all(self._licences, work, workspace_id)}

    def accept(self, work: Work, workspace_id: str, card: ModelCard) -> Record:
        """Write down that the licence of a card was accepted, by whom and when; an earlier acceptance stays."""
        assert card.name is not None
        found = self._licences.find(work, workspace_id, card.name)
        if found is not None and found.document.get("license") == card.license:
            return found
        return self._licences.put(work, workspace_id, card.name, {"license": card.license})[0]

    def forget(self, work: Work, workspace_id: str) -> None:
        """Remove everything of a workspace."""
        self._cards.delete_all(work, workspace_id)
        self._licences.delete_all(work, workspace_id)


@cache
def known() -> tuple[ModelCard, ...]:
    """The built-in cards."""
    listed = yaml.load((files("smalt.server.catalog") / "known.yaml").read_text(encoding="utf-8"))
    assert isinstance(listed, list)
    return tuple(ModelCard.parse({**document, "registry": KNOWN}) for document in listed)


def _all(records: Records, work: Work, owner: str) -> list[Record]:
    found: list[Record] = []
    after: str | None = None
    while True:
        page = records.page(work, owner, after=after, limit=1000)
        found += page.items
        if page.after is None:
            return found
        after = page.after
