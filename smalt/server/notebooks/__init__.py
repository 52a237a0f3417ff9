"""Notebooks: the files of people, sessions that run their cells, and notebooks that run as jobs."""

from smalt.server.notebooks.events import FilesChanged
from smalt.server.notebooks.file_routes import file_routes
from smalt.server.notebooks.files import FileService
from smalt.server.notebooks.hosts import Hosts
from smalt.server.notebooks.loop import InstanceLoop
from smalt.server.notebooks.runs import NotebookRuns
from smalt.server.notebooks.session_routes import session_routes
from smalt.server.notebooks.sessions import SessionService

__all__ = [
    "FileService",
    "FilesChanged",
    "Hosts",
    "InstanceLoop",
    "NotebookRuns",
    "SessionService",
    "file_routes",
    "session_routes",
]
