"""Datastores: named places where bytes are kept."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from smalt.entities.base import Named
from smalt.entities.credentials import CredentialsField, NoCredentials
from smalt.entities.text import Text


class Datastore(Named):
    """What every datastore has."""

    type: str
    is_default: bool = False
    credentials: CredentialsField = Field(default_factory=NoCredentials)


class AzureBlobDatastore(Datastore):
    """A container of Azure Blob storage."""

    type: Literal["azure_blob"] = "azure_blob"
    account_name: Text | None = None
    container_name: Text
    endpoint: Text | None = None
    protocol: Text | None = None


class AzureFileDatastore(Datastore):
    """A share of Azure Files."""

    type: Literal["azure_file"] = "azure_file"
    account_name: Text
    file_share_name: Text
    endpoint: Text | None = None
    protocol: Text | None = None


class AzureDataLakeGen1Datastore(Datastore):
    """A store of Azure Data Lake, first generation."""

    type: Literal["azure_data_lake_gen1"] = "azure_data_lake_gen1"
    store_name: Text


class AzureDataLakeGen2Datastore(Datastore):
    """A file system of Azure Data Lake, second generation."""

    type: Literal["azure_data_lake_gen2"] = "azure_data_lake_gen2"
    account_name: Text
    filesystem: Text
    endpoint: Text | None = None
    protocol: Text | None = None


class OneLakeDatastore(Datastore):
    """A lakehouse of OneLake."""

    type: Literal["one_lake"] = "one_lake"
    one_lake_workspace_name: Text
    endpoint: Text | None = None
    artifact: dict[str, Any] | None = None  # Any: kept as given


class LocalDatastore(Datastore):
    """A folder of the machine that runs the server."""

    type: Literal["local"] = "local"
    path: Text


class S3Datastore(Datastore):
    """A bucket of an S3-compatible store."""

    type: Literal["s3"] = "s3"
    bucket: Text
    prefix: Text | None = None
    region: Text | None = None
    endpoint: Text | None = None


class GcsDatastore(Datastore):
    """A bucket of Google Cloud Storage."""

    type: Literal["gcs"] = "gcs"
    bucket: Text
    prefix: Text | None = None
