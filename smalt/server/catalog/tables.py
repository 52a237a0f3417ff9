"""Rows of the catalog: the cards that a workspace has added, and the licences that were accepted in it."""

from __future__ import annotations

from smalt.server.records import record_table

catalog_cards = record_table("catalog_cards")
catalog_licences = record_table("catalog_licences")
