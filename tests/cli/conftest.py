"""The fixtures of everything that talks to a server as a client does."""

from tests.sdk.clients import client, fake, home

__all__ = ["client", "fake", "home"]
