"""The default workspace of a server whose loops do not turn."""

from tests.server.room import room

__all__ = ["room"]
