"""Where bytes are kept: containers of blobs in a folder of this machine, or in an object store."""

from smalt.blobs.base import CHUNK_BYTES, BlobInfo, BlobPage, BlobStore
from smalt.blobs.cloud import ObstoreBlobStore
from smalt.blobs.keys import STAGED, clean_key
from smalt.blobs.local import LocalBlobStore

__all__ = [
    "CHUNK_BYTES",
    "STAGED",
    "BlobInfo",
    "BlobPage",
    "BlobStore",
    "LocalBlobStore",
    "ObstoreBlobStore",
    "clean_key",
]
