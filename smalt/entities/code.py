"""A code asset: an immutable snapshot of a folder."""

from __future__ import annotations

from smalt.entities.base import Asset
from smalt.entities.text import Text


class Code(Asset):
    """`path` is local before it is uploaded, and a URI after; `properties.hash_sha256` is its content hash."""

    path: Text | None = None
