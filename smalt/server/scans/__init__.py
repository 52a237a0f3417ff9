"""Pickles in models: what they would import is found at registration, and a workspace says which it serves."""

from smalt.server.scans.loop import ScanLoop
from smalt.server.scans.service import ScanService

__all__ = ["ScanLoop", "ScanService"]
