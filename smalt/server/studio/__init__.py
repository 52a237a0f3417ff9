"""The studio: the built pages, sessions of browsers, live updates, search, and files behind references."""

from smalt.server.studio.lineage import Served
from smalt.server.studio.live import Live
from smalt.server.studio.pages import Pages
from smalt.server.studio.routes import Neighbours, routes
from smalt.server.studio.search import Look, Named
from smalt.server.studio.views import ViewService

__all__ = ["Live", "Look", "Named", "Neighbours", "Pages", "Served", "ViewService", "routes"]
