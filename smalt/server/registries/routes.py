"""Registries over ARM, and the discovery document that tells clients where a registry answers."""

from __future__ import annotations

from typing import Any

from smalt.entities.registry import Registry
from smalt.errors import NotFound
from smalt.server.assets import AssetPages, AssetService, Containers, Signer
from smalt.server.http import SIGNED_IN, Answer, Call, Page, Route, Routes, created, empty, ok
from smalt.server.http.route import GROUP, PROVIDER
from smalt.server.records import Record
from smalt.server.registries.service import RegistryOwner, RegistryService
from smalt.wire.arm import codec
from smalt.wire.arm.envelope import resource

_TYPE = "Microsoft.MachineLearningServices/registries"
_SUBSCRIPTION = "/subscriptions/{subscription}" + PROVIDER + "/registries"
_REGISTRIES = GROUP + PROVIDER + "/registries"


def routes(
    service: RegistryService, subscription: str, assets: AssetService, containers: Containers, signer: Signer
) -> list[Route]:
    """The slice's part of the table.

    Args:
        service: The verbs.
        subscription: Where a registry that is asked for by name alone is looked up.
        assets: The verbs of the assets in a registry.
        containers: Where their bytes are.
        signer: Signs upload slots.
    """
    table = Routes()
    pages = AssetPages(assets, lambda call: _owner(service, call, subscription), containers, signer, root="registries")
    spelling = codec("registries")

    def answer(call: Call, record: Record) -> dict[str, Any]:
        owner = call.params.get("subscription", subscription)
        document = dict(record.document)
        group = str(document.pop("resource_group", "smalt"))
        body = spelling.to_arm(Registry.parse(document))
        location = body.get("location") or "local"
        body["properties"] |= {
            "discoveryUrl": f"{call.base_url}/registrymanagement/v1.0/registries/{record.name}/discovery",
            "mlFlowRegistryUri": f"{call.base_url}/mlflow/registries/{record.name}",
            "regionDetails": body["properties"].get("regionDetails") or [{"location": location}],
        }
        tracked: dict[str, Any] = {"location": location, "tags": {}, **body}
        return resource(
            id=f"/subscriptions/{owner}/resourceGroups/{group}{PROVIDER}/registries/{record.name}",
            name=record.name,
            type=_TYPE,
            created_at=record.created_at,
            created_by=record.created_by,
            modified_at=record.modified_at,
            modified_by=record.modified_by,
            **tracked,
        )

    def listing(call: Call) -> Answer:
        """List registries."""
        page = service.page(call.work, call.params["subscription"], after=call.position())
        shown = [answer(call, record) for record in page.items]
        group = call.params.get("group")
        if group is not None:
            marker = f"/resourcegroups/{group.lower()}/"
            shown = [item for item in shown if marker in item["id"].lower()]
        return ok(call.listing(Page(shown, page.after)))

    def show(call: Call) -> Answer:
        """Show a registry."""
        return ok(answer(call, service.get(call.work, call.params["subscription"], call.params["registry"])))

    def put(call: Call) -> Answer:
        """Create or replace a registry."""
        entity = spelling.from_arm({"properties": {}, **call.json_object()}, name=call.params["registry"])
        assert isinstance(entity, Registry)
        record, is_new = service.put(call.work, call.params["subscription"], call.params["group"], entity)
        return created(answer(call, record), is_new=is_new)

    def patch(call: Call) -> Answer:
        """Change tags of a registry."""
        record = service.get(call.work, call.params["subscription"], call.params["registry"])
        body = spelling.to_arm(Registry.parse({k: v for k, v in record.document.items() if k != "resource_group"}))
        change = call.json_object()
        if isinstance(change.get("tags"), dict):
            body["tags"] = change["tags"]
        if isinstance(change.get("properties"), dict):
            body["properties"] |= change["properties"]
        entity = spelling.from_arm(body, name=record.name)
        assert isinstance(entity, Registry)
        return ok(answer(call, service.put(call.work, call.params["subscription"], call.params["group"], entity)[0]))

    def delete(call: Call) -> Answer:
        """Delete a registry."""
        return empty(200 if service.delete(call.work, call.params["subscription"], call.params["registry"]) else 204)

    def discover(call: Call) -> Answer:
        """Tell where a registry answers."""
        record = service.get(call.work, subscription, call.params["registry"])
        region = str(record.document.get("location") or "local")
        return ok(
            {
                "registryName": record.name,
                "tenantId": "adfs",
                "primaryRegion": region,
                "regions": [region],
                "subscriptionId": subscription,
                "resourceGroup": record.document.get("resource_group", "smalt"),
                "workspaceName": record.name,
                "primaryRegionResourceProviderUri": f"{call.base_url}/",
            }
        )

    table.add("GET", _SUBSCRIPTION, listing, action=SIGNED_IN)
    table.add("GET", _REGISTRIES, listing, action="registries/read")
    table.add("GET", _REGISTRIES + "/{registry}", show, action="registries/read")
    table.add("PUT", _REGISTRIES + "/{registry}", put, action="registries/write")
    table.add("PATCH", _REGISTRIES + "/{registry}", patch, action="registries/write")
    table.add("DELETE", _REGISTRIES + "/{registry}", delete, action="registries/delete")
    for prefix in ("", "/mferp/managementfrontend"):
        table.all.extend(pages.routes(prefix + _REGISTRIES + "/{registry}"))
    slots = "/mferp/managementfrontend" + _REGISTRIES + "/{registry}/tempdatarefs/{name}/versions/{version}"
    table.add(
        "PUT", slots, lambda call: ok(pages.upload_slot(call, call.params["name"])), action="registries/assets/write",
        summary="Open a slot to upload the files of a version to.",
    )  # fmt: skip
    table.add("GET", "/registrymanagement/v1.0/registries/{registry}/discovery", discover, action=SIGNED_IN)
    return table.all


def _owner(service: RegistryService, call: Call, subscription: str) -> RegistryOwner:
    owner = service.owner(call.work, call.params.get("subscription", subscription), call.params["registry"])
    if owner is None:
        service.get(call.work, subscription, call.params["registry"])
        raise NotFound(f"No registry {call.params['registry']!r}. See `smalt registry list`.")
    return owner
