"""What a deployment collects, as data assets: monitors and people name it as they name any other data."""

from __future__ import annotations

from smalt.entities.data import Data
from smalt.entities.endpoint.online import DataAsset, OnlineDeployment
from smalt.errors import Conflict
from smalt.server.assets import AssetService
from smalt.server.serving import store
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

_FOLDER = "azureml://datastores/workspaceblobstore/paths/modelDataCollector"


def registered(
    assets: AssetService,
    work: Work,
    workspace: WorkspaceRecord,
    entity: OnlineDeployment,
    *,
    endpoint: str,
    deployment: str,
) -> OnlineDeployment:
    """The deployment, whose collections that are enabled name the data assets they are; those are registered.

    An asset of that name and version that lies elsewhere stays what it is.
    """
    collector = entity.data_collector
    if collector is None:
        return entity
    found = {}
    for name, collection in collector.collections.items():
        given = collection.data
        if not collection.is_enabled or isinstance(given, str):
            found[name] = collection
            continue
        wanted = given or DataAsset()
        title, version = wanted.name or f"{endpoint}-{deployment}-{name}", wanted.version or "1"
        asset = Data(path=f"{_FOLDER}/{endpoint}/{deployment}/{name}/", description="Collected in production.")
        try:
            identifier = assets.put(work, workspace, "data", title, version, asset)[0].id
        except Conflict:
            identifier = assets.get(work, workspace, "data", title, version).id
        found[name] = collection.model_copy(update={"data": identifier})
    return entity.model_copy(update={"data_collector": collector.model_copy(update={"collections": found})})


def collected(work: Work, workspace: WorkspaceRecord, endpoint: str, deployment: str) -> dict[str, str] | None:
    """References to what a deployment collects, by collection; None when there is no such deployment."""
    holder = store.find_endpoint(work.connection, workspace.id, endpoint)
    record = None if holder is None else store.find_deployment(work.connection, holder.id, deployment)
    if holder is None or record is None:
        return None
    collector = record.entity().data_collector
    return {
        name: each.data if isinstance(each.data, str) else f"azureml:{holder.name}-{record.name}-{name}:1"
        for name, each in (collector.collections if collector is not None else {}).items()
        if each.is_enabled
    }
