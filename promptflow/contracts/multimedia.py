"""Images and texts of messages."""

from smalt.flows.values.images import Image, PFBytes, Text

__all__ = ["Image", "PFBytes", "Text"]
