"""Registries over ARM, and the discovery document that tells clients where a registry answers."""

from __future__ import annotations

from typing import Any

from smalt.entities.registry import Registry
from smalt.server.assets import KINDS, AssetPages, AssetService, Containers, Signer
from smalt.server.http import SIGNED_IN, Answer, Call, Page, Route, Routes, created, empty, ok
from smalt.server.http.route import GROUP, PROVIDER
from smalt.server.identity import can_see
from smalt.server.records import Record
from smalt.server.registries.service import RegistryOwner, RegistryService, group_of, is_in, scope_of
from smalt.server.registries.sharing import Sharing
from smalt.wire import references
from smalt.wire.arm import codec
from smalt.wire.arm.envelope import resource
from smalt.wire.references import AssetReference

_TYPE = "Microsoft.MachineLearningServices/registries"
_SUBSCRIPTION = "/subscriptions/{subscription}" + PROVIDER + "/registries"
_REGISTRIES = GROUP + PROVIDER + "/registries"


def routes(
    service: RegistryService,
    subscription: str,
    assets: AssetService,
    containers: Containers,
    signer: Signer,
    sharing: Sharing,
) -> list[Route]:
    """The slice's part of the table.

    Args:
        service: The verbs.
        subscription: Where a registry that is asked for by name alone is looked up.
        assets: The verbs of the assets in a registry.
        containers: Where their bytes are.
        signer: Signs upload slots.
        sharing: Copies assets of workspaces.
    """
    table = Routes()
    pages = AssetPages(assets, lambda call: _owner(service, call, subscription), containers, signer, root="registries")
    spelling = codec("registries")

    def answer(call: Call, record: Record) -> dict[str, Any]:
        document = {key: value for key, value in record.document.items() if key != "resource_group"}
        body = spelling.to_arm(Registry.parse(document))
        location = body.get("location") or "local"
        body["properties"] |= {
            "discoveryUrl": f"{call.base_url}/registrymanagement/v1.0/registries/{record.name}/discovery",
            "mlFlowRegistryUri": f"{call.base_url}/mlflow/registries/{record.name}",
            "regionDetails": body["properties"].get("regionDetails") or [{"location": location}],
        }
        tracked: dict[str, Any] = {"location": location, "tags": {}, **body}
        return resource(
            id=scope_of(record),
            name=record.name,
            type=_TYPE,
            created_at=record.created_at,
            created_by=record.created_by,
            modified_at=record.modified_at,
            modified_by=record.modified_by,
            **tracked,
        )

    def record_of(call: Call) -> Record:
        params = call.params
        return service.get(call.work, params["subscription"], params["registry"], group=params["group"])

    def slot(call: Call) -> Answer:
        """Open a slot to upload the files of a version to."""
        return ok(pages.upload_slot(call, _kind_of(call)))

    def listing(call: Call) -> Answer:
        """List registries, those that the caller can see."""
        page = service.page(call.work, call.params["subscription"], after=call.position(str))
        group = call.params.get("group")
        found = [record for record in page.items if group is None or is_in(record, group)]
        shown = [answer(call, record) for record in found if can_see(call.actor, scope_of(record))]
        return ok(call.listing(Page(shown, page.after)))

    def show(call: Call) -> Answer:
        """Show a registry."""
        return ok(answer(call, record_of(call)))

    def put(call: Call) -> Answer:
        """Create or replace a registry."""
        entity = spelling.from_arm({"properties": {}, **call.json_object()}, name=call.params["registry"])
        assert isinstance(entity, Registry)
        record, is_new = service.put(call.work, call.params["subscription"], call.params["group"], entity)
        return created(answer(call, record), is_new=is_new)

    def patch(call: Call) -> Answer:
        """Change tags of a registry."""
        record = record_of(call)
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
        found = service.find(call.work, call.params["subscription"], call.params["registry"])
        if found is None or not is_in(found, call.params["group"]):
            return empty()
        service.delete(call.work, found.owner, found.name)
        return empty(200)

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
                "resourceGroup": group_of(record),
                "workspaceName": record.name,
                "primaryRegionResourceProviderUri": f"{call.base_url}/",
            }
        )

    table.add("GET", _SUBSCRIPTION, listing, action=SIGNED_IN)
    table.add("GET", _REGISTRIES, listing, action="registries/read")
    table.add("GET", _REGISTRIES + "/{registry}", show, action="registries/read")
    table.add("PUT", _REGISTRIES + "/{registry}", put, action="registries/write", body=spelling.schema)
    table.add("PATCH", _REGISTRIES + "/{registry}", patch, action="registries/write", body=spelling.schema)
    table.add("DELETE", _REGISTRIES + "/{registry}", delete, action="registries/delete")
    for prefix in ("", "/mferp/managementfrontend"):
        table.all.extend(pages.routes(prefix + _REGISTRIES + "/{registry}"))
    slots = "/mferp/managementfrontend" + _REGISTRIES + "/{registry}/tempdatarefs/{name}/versions/{version}"
    table.add("PUT", slots, slot, action="registries/assets/write", body="assetId")
    table.add(
        "POST",
        "/mferp/managementfrontend" + _REGISTRIES + "/{registry}/import",
        lambda call: sharing.share(call, service.owner_of(record_of(call))),
        action="registries/assets/write",
        summary="Copy an asset of a workspace into the registry.",
        writes=False,
        body="sourceAssetId! destinationName destinationVersion",
    )
    table.add("GET", "/registrymanagement/v1.0/registries/{registry}/discovery", discover, action=SIGNED_IN)
    return table.all


def _owner(service: RegistryService, call: Call, subscription: str) -> RegistryOwner:
    params = call.params
    owner = params.get("subscription", subscription)
    return service.owner_of(service.get(call.work, owner, params["registry"], group=params.get("group")))


def _kind_of(call: Call) -> str | None:
    """The kind of the asset that an upload is for, as the body names it."""
    identifier = call.json_object().get("assetId")
    reference = references.parse(identifier) if isinstance(identifier, str) and identifier.strip() else None
    kind = reference.kind if isinstance(reference, AssetReference) else None
    return kind if kind in KINDS else None
