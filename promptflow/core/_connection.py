"""Connections, at an older place."""

from promptflow.connections import *  # noqa: F403  # all of them
from promptflow.connections import _Connection

__all__ = ["_Connection"]
