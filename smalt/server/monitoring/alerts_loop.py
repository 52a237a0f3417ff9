"""What the worker repeats for messages: send each, try again later, and give up at last."""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta
from pathlib import Path

from smalt.errors import SmaltError
from smalt.server.connections import ConnectionService
from smalt.server.events import Events
from smalt.server.monitoring import sending, store
from smalt.server.monitoring.events import AlertsWaiting
from smalt.server.monitoring.messages import EMAIL, cloud_event
from smalt.server.monitoring.plan import connection_name
from smalt.server.monitoring.sending import AlertSettings, Unsent
from smalt.server.monitoring.store import AlertRecord, AlertState
from smalt.server.work import SYSTEM, Works
from smalt.server.workspaces import WorkspaceService

_log = logging.getLogger(__name__)

FILE = "alerts.yaml"
_LEASE = timedelta(seconds=120)
_PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=6))


class AlertsLoop:
    """Sends messages. One that was sent and not written down, since the server was killed, is sent again.

    Args:
        works: Opens transactions.
        events: Tell of new messages.
        connections: Opens the connections that webhooks name.
        workspaces: Knows the workspaces.
        home: Where the operator's settings are.
    """

    name = "alerts"
    interval_seconds = 30.0

    def __init__(
        self,
        works: Works,
        events: Events,
        connections: ConnectionService,
        workspaces: WorkspaceService,
        home: Path,
    ) -> None:
        self.wake = threading.Event()
        self._works = works
        self._connections = connections
        self._workspaces = workspaces
        self._settings = home / FILE
        events.subscribe(AlertsWaiting, lambda _: self.wake.set())

    def run_once(self, now: datetime) -> bool:
        """Send one message; True when there may be more."""
        with self._works.read(SYSTEM) as work:
            if not store.has_due_alert(work.connection, now=now):
                return False
        with self._works.write(SYSTEM) as work:
            alert = store.claim_alert(work.connection, now=now, until=now + _LEASE)
        if alert is None:
            return False
        failure = self._sent(alert)
        with self._works.write(SYSTEM) as work:
            if failure is None:
                store.settle_alert(work.connection, alert, state=AlertState.SENT.value, due_at=None, error=None)
            elif failure.is_final or alert.attempts >= len(_PAUSES):
                _log.warning("An alert of the monitor %r was given up: %s", alert.message["monitor"], failure)
                store.settle_alert(
                    work.connection, alert, state=AlertState.FAILED.value, due_at=None, error=str(failure)
                )
            else:
                store.settle_alert(
                    work.connection,
                    alert,
                    attempts=alert.attempts + 1,
                    due_at=now + _PAUSES[alert.attempts],
                    error=str(failure),
                )
        return True

    def _sent(self, alert: AlertRecord) -> Unsent | None:
        """Send it; why it could not be."""
        try:
            settings = AlertSettings.at(self._settings)
            if alert.channel == EMAIL:
                if settings.smtp is None:
                    raise Unsent(f"There is no mail server. The operator names one in {FILE} (smtp:).", is_final=True)
                sending.send_mail(settings.smtp, alert.target, alert.message)
            else:
                url, key = self._webhook(alert)
                sending.post(url, key, cloud_event(alert), private_hosts=settings.webhooks.private_hosts)
        except Unsent as failure:
            return failure
        except SmaltError as error:
            return Unsent(error.message)
        return None

    def _webhook(self, alert: AlertRecord) -> tuple[str, str | None]:
        if "://" in alert.target:
            return alert.target, None
        with self._works.read(SYSTEM) as work:
            workspace = self._workspaces.by_id(work, alert.workspace_id)
            record = self._connections.get(work, workspace, connection_name(alert.target))
            connection = self._connections.with_secrets(workspace, record)
        url = connection.target or connection.api_base or connection.endpoint or connection.url
        if url is None:
            raise Unsent(f"The connection {alert.target!r} has no target. Give it the webhook's address.")
        held = connection.credentials
        key = connection.api_key or (None if held is None else held.key or held.pat)
        return url, None if key is None else key.get_secret_value()
