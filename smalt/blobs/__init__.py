"""Where bytes are kept: containers of blobs in a folder of this machine, in an object store, or in both."""

from smalt.blobs.base import CHUNK_BYTES, BlobInfo, BlobPage, BlobStore
from smalt.blobs.cloud import ObstoreBlobStore
from smalt.blobs.index import BlobIndex, Held
from smalt.blobs.keys import STAGED, clean_key
from smalt.blobs.local import LocalBlobStore
from smalt.blobs.tiered import TieredBlobStore

__all__ = [
    "CHUNK_BYTES",
    "STAGED",
    "BlobIndex",
    "BlobInfo",
    "BlobPage",
    "BlobStore",
    "Held",
    "LocalBlobStore",
    "ObstoreBlobStore",
    "TieredBlobStore",
    "clean_key",
]
