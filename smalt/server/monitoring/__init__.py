"""Monitors: schedules that measure signals of deployments, keep what they found, and tell of breaches."""

from smalt.server.monitoring.alerts_loop import AlertsLoop
from smalt.server.monitoring.create_monitor import CreateMonitor
from smalt.server.monitoring.events import MonitorChanged
from smalt.server.monitoring.loop import Neighbours, ResultsLoop
from smalt.server.monitoring.routes import routes
from smalt.server.monitoring.service import MonitorService

__all__ = ["AlertsLoop", "CreateMonitor", "MonitorChanged", "MonitorService", "Neighbours", "ResultsLoop", "routes"]
