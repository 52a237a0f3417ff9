"""A workspace: the room that holds jobs, assets, computes and connections."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator

from smalt.entities.base import RESOURCE_NAME, Named
from smalt.entities.identity import ResourceIdentity
from smalt.entities.text import Text, match_enum


class PickledModels(StrEnum):
    """Which models a workspace serves, by what their pickles would do. An addition of smalt."""

    ALLOW = "allow"
    REFUSE_FLAGGED = "refuse_flagged"
    """Not those with a pickle that would import what no model needs, or that cannot be looked through."""
    REFUSE = "refuse"
    """None with a pickle."""


class Workspace(Named):
    """A workspace of any kind (`default`, `hub`, `project`, `featurestore`)."""

    name_rule: ClassVar[re.Pattern[str]] = RESOURCE_NAME

    kind: Text = "default"
    location: Text | None = None
    resource_group: Text | None = None
    display_name: Text | None = None
    workspace_id: Text | None = None
    discovery_url: Text | None = None
    mlflow_tracking_uri: Text | None = None
    provisioning_state: Text | None = None
    tenant_id: Text | None = None
    hbi_workspace: bool | None = None
    storage_account: Text | None = None
    container_registry: Text | None = None
    key_vault: Text | None = None
    application_insights: Text | None = None
    customer_managed_key: dict[str, Any] | None = None  # Any: kept as given
    image_build_compute: Text | None = None
    public_network_access: Text | None = None
    system_datastores_auth_mode: Text | None = None
    identity: ResourceIdentity | None = None
    primary_user_assigned_identity: Text | None = None
    workspace_hub: Text | None = None
    managed_network: dict[str, Any] | None = None  # Any: kept as given
    enable_data_isolation: bool | None = None
    serverless_compute: dict[str, Any] | None = None  # Any: kept as given
    pickled_models: Annotated[PickledModels, BeforeValidator(lambda value: match_enum(value, PickledModels))] | None = (
        None
    )
