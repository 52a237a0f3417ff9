"""The studio: the built pages, sessions of browsers, live updates, search, and files behind references."""

from smalt.server.studio.live import Live
from smalt.server.studio.pages import Pages
from smalt.server.studio.routes import Neighbours, routes

__all__ = ["Live", "Neighbours", "Pages", "routes"]
