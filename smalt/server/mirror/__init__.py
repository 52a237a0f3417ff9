"""Blobs that live in an object store: the folders of containers are carried there, and may be lost."""

from smalt.server.mirror.loop import Mirror
from smalt.server.mirror.opening import mirror

__all__ = ["Mirror", "mirror"]
