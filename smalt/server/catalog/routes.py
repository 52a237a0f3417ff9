"""The catalog over HTTP."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from smalt.entities.catalog import ModelCard
from smalt.errors import InvalidRequest
from smalt.kit import clock
from smalt.server.catalog import filtering
from smalt.server.catalog.importing import Options
from smalt.server.catalog.needs import needs_of
from smalt.server.catalog.service import CatalogService, Found
from smalt.server.http import WORKSPACE, Answer, Call, Page, Route, Routes, created, empty, ok
from smalt.server.workspaces import WorkspaceRecord, WorkspaceService
from smalt.wire.arm import codec
from smalt.wire.arm.shape import camel

CARDS = WORKSPACE + "/smalt/modelCards"
_ONE = CARDS + "/{card}"
_TYPE = "Microsoft.MachineLearningServices/workspaces/modelCards"


class _Handlers:
    def __init__(self, service: CatalogService, workspaces: WorkspaceService) -> None:
        self._service = service
        self._workspaces = workspaces

    def list(self, call: Call) -> Answer:
        """List models of the catalog: those that have every word of `search`, chosen by facets."""
        workspace = self._workspaces.of(call)
        cards = self._service.cards(call.work, workspace)
        wanted = {facet: text for facet in filtering.FACETS if (text := call.query.get(facet.lower()))}
        shown = filtering.chosen(cards, call.query.get("search", ""), wanted)
        body = call.listing(Page([_card(workspace, card) for card in shown]))
        return ok({**body, "facets": filtering.counts(cards), "total": len(cards)})

    def show(self, call: Call) -> Answer:
        """Show a model of the catalog, and what the workspace has of it."""
        workspace = self._workspaces.of(call)
        return ok(_found(workspace, self._service.get(call.work, workspace, call.params["card"])))

    def put(self, call: Call) -> Answer:
        """Add a card to the catalog of the workspace, or write it anew."""
        workspace = self._workspaces.of(call)
        card = codec("modelCards").from_arm(call.json_object(), name=call.params["card"])
        assert isinstance(card, ModelCard)
        is_new = self._service.put(call.work, workspace, card)
        return created(_found(workspace, self._service.get(call.work, workspace, call.params["card"])), is_new=is_new)

    def delete(self, call: Call) -> Answer:
        """Take a card from the catalog of the workspace."""
        workspace = self._workspaces.of(call)
        return empty(200 if self._service.delete(call.work, workspace, call.params["card"]) else 204)

    def accept(self, call: Call) -> Answer:
        """Accept the licence of a model, for the whole workspace."""
        workspace = self._workspaces.of(call)
        return ok(_found(workspace, self._service.accept(call.work, workspace, call.params["card"])))

    def bring_in(self, call: Call) -> Answer:
        """Begin to bring the weights of a model in: a job that registers it."""
        workspace = self._workspaces.of(call)
        body = call.json_object()
        texts = {key: _text(body, key) for key in ("name", "version", "source", "compute")}
        options = Options(**texts, loads=body.get("loads") is True)
        job = self._service.import_model(call.work, workspace, call.params["card"], options)
        return ok({"jobName": job.name, "modelName": options.name or call.params["card"]})


def routes(service: CatalogService, workspaces: WorkspaceService) -> list[Route]:
    """The slice's part of the table."""
    handlers = _Handlers(service, workspaces)
    table = Routes()
    schema = codec("modelCards").schema
    table.add("GET", CARDS, handlers.list, action="workspaces/models/read", query=("search", *filtering.FACETS))
    table.add("GET", _ONE, handlers.show, action="workspaces/models/read")
    table.add("PUT", _ONE, handlers.put, action="workspaces/models/write", body=schema)
    table.add("DELETE", _ONE, handlers.delete, action="workspaces/models/delete")
    table.add("POST", f"{_ONE}/acceptLicense", handlers.accept, action="workspaces/models/write")
    body = "name version source compute loads:bool"
    table.add("POST", f"{_ONE}/import", handlers.bring_in, action="workspaces/jobs/write", body=body)
    return table.all


def _card(workspace: WorkspaceRecord, card: ModelCard) -> dict[str, Any]:  # Any: JSON
    properties = codec("modelCards").to_arm(card)["properties"]
    needs = needs_of(card)
    properties |= {
        "needs": None if needs is None else {camel(key): value for key, value in asdict(needs).items()},
        "deployments": filtering.deployments_of(card),
    }
    identifier = f"{workspace.scope}/modelCards/{card.name}"
    return {"id": identifier, "name": card.name, "type": _TYPE, "properties": properties}


def _found(workspace: WorkspaceRecord, found: Found) -> dict[str, Any]:  # Any: JSON
    body = _card(workspace, found.card)
    accepted = found.acceptance
    body["properties"] |= {
        "model": None if found.model is None else found.model.id,
        "licenseAcceptedBy": None if accepted is None else accepted.created_by,
        "licenseAcceptedAt": None if accepted is None else clock.to_text(accepted.created_at),
    }
    return body


def _text(body: dict[str, Any], key: str) -> str | None:  # Any: JSON
    value = body.get(key)
    if value is not None and (not isinstance(value, str) or not value):
        raise InvalidRequest(f"{key} is no text. Send text, or leave it out.", target=key)
    return value
