"""A model asset."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from smalt.entities.base import Asset
from smalt.entities.text import Text
from smalt.entities.types import AssetType, AssetTypeField

# Any: what MLmodel says of a flavour is kept as it is.
Flavor = Annotated[dict[str, Any], BeforeValidator(lambda value: {} if value is None else value)]


class Model(Asset):
    """`path` is a local path, a datastore or job-output URI, or `runs:/<run>/<path>`.

    `datastore` is where a local path is uploaded to, and no longer known then.
    """

    type: AssetTypeField = AssetType.CUSTOM_MODEL
    path: Text | None = None
    datastore: Text | None = None
    flavors: Annotated[dict[str, Flavor], BeforeValidator(lambda value: {} if value is None else value)] = Field(
        default_factory=dict
    )
    job_name: Text | None = None
