"""Who is told of a breach: real mail, real webhooks, and what happens when they do not take it."""

from __future__ import annotations

import http.server
import json
import socketserver
import threading
from datetime import timedelta

import pytest

from smalt.kit import clock
from smalt.server.monitoring import store
from smalt.server.monitoring.store import AlertRecord, AlertState
from tests.server.monitoring.test_monitors import DRIFT, TARGET, as_csv, rows

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
STATED = {"alertNotificationType": "Email", "emailNotificationSetting": {"emails": ["ops@example.com"]}}


class Mailbox(socketserver.StreamRequestHandler):
    """A mail server of one conversation: it says yes to everything and keeps what it was told."""

    letters: list[str]

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        letter: list[str] | None = None
        for raw in self.rfile:
            line = raw.decode().rstrip("\r\n")
            if letter is not None:
                if line == ".":
                    self.letters.append("\n".join(letter))
                    letter = None
                    self.wfile.write(b"250 kept\r\n")
                else:
                    letter.append(line)
                continue
            verb = line[:4].upper()
            if verb == "DATA":
                letter = []
            self.wfile.write({"DATA": b"354 go on\r\n", "QUIT": b"221 bye\r\n"}.get(verb, b"250 ok\r\n"))
            if verb == "QUIT":
                return


class Hook(http.server.BaseHTTPRequestHandler):
    """A webhook that keeps what it gets, and answers with `status`."""

    taken: list[tuple[dict, str | None]]
    status = 200

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.taken.append((json.loads(body), self.headers["authorization"]))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def mailbox():
    handler = type("Kept", (Mailbox,), {"letters": []})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], handler.letters
        server.shutdown()


@pytest.fixture
def hook():
    handler = type("Kept", (Hook,), {"taken": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/hook", handler
        server.shutdown()


def breach(tower, **signal):
    """A monitor that finds a breach; its run."""
    tower.train(as_csv(rows(100)))
    tower.collect("model_inputs", rows(100, shift=5))
    body = {"signals": {"drift": {**DRIFT, **signal}}, "alertNotificationSetting": STATED}
    answer = tower.put(monitoringTarget=TARGET, **body)
    assert answer.status_code == 201, answer.text
    return tower.look()


def message(tower, channel, target):
    """A message that waits, as a breach writes it; what becomes of it."""
    lines = ["drift: width is beyond."]
    told: dict = dict.fromkeys(("workspace", "job", "time", "link", "source"), "x")
    told |= {"type": "smalt.monitoring.breached", "monitor": "m", "breached": ["drift"], "failed": []}
    told |= {"title": "Monitor m", "lines": lines}
    workspace = tower.plant.house.default.id
    alert = AlertRecord("a", "r", workspace, channel, target, told, AlertState.WAITING, 0, clock.now())
    tower.plant.write(lambda work: store.add_alerts(work.connection, [alert]))
    return lambda: tower.plant.write(lambda work: store.alerts_of(work.connection, ["r"])[0])


def connect(tower, url):
    """A connection to a webhook, with a key."""
    body = {"authType": "ApiKey", "category": "ApiKey", "target": url, "credentials": {"key": "k3y"}}
    assert tower.pages.put(f"{tower.scope}/connections/chat", json={"properties": body}).status_code == 200


def test_a_breach_is_told_by_mail(tower, mailbox):
    port, letters = mailbox
    settings = f"smtp: {{host: 127.0.0.1, port: {port}, security: none, sender: smalt@example.com}}\n"
    (tower.home / "alerts.yaml").write_text(settings)

    run = breach(tower)
    tower.send()

    (letter,) = letters
    assert "To: ops@example.com" in letter
    assert "drift: width normalized_wasserstein_distance" in letter
    assert f"https://smalt.example/studio/monitoring/m?run={run['jobName']}" in letter.replace("=\n", "").replace(
        "=3D", "="
    )
    assert [alert["state"] for alert in tower.found("m", run["jobName"])["alerts"]] == ["sent"]


def test_a_signal_without_alerts_tells_nobody(tower):
    run = breach(tower, mode="Disabled")

    assert (run["state"], run["alerts"]) == ("breached", [])


def test_without_a_mail_server_the_message_says_so(tower):
    state = message(tower, "email", "ops@example.com")

    tower.send()

    assert state().state == "failed"
    assert state().error == "There is no mail server. The operator names one in alerts.yaml (smtp:)."


def test_a_webhook_of_a_connection_gets_a_cloud_event_and_its_key(tower, hook):
    url, handler = hook
    (tower.home / "alerts.yaml").write_text("webhooks: {private_hosts: [127.0.0.1]}\n")
    connect(tower, url)
    state = message(tower, "webhook", "azureml:chat")

    tower.send()

    ((event, authorization),) = handler.taken
    assert (event["type"], authorization, state().state) == ("smalt.monitoring.breached", "Bearer k3y", "sent")
    assert event["data"]["breached"] == ["drift"]


def test_a_webhook_in_a_private_network_is_not_called_and_tried_again_later(tower, hook):
    url, handler = hook
    connect(tower, url)
    state = message(tower, "webhook", "chat")

    tower.send()

    assert handler.taken == []
    assert (state().state, state().attempts) == ("waiting", 1)
    assert "is an address of a private network" in state().error


def test_a_webhook_that_fails_is_tried_again_until_it_is_given_up(tower, hook):
    url, handler = hook
    handler.status = 503
    (tower.home / "alerts.yaml").write_text("webhooks: {private_hosts: [127.0.0.1]}\n")
    connect(tower, url)
    state = message(tower, "webhook", "chat")

    for day in range(8):
        tower.alerts.run_once(clock.now() + timedelta(days=day))

    assert (state().state, len(handler.taken)) == ("failed", 6)


def test_whom_a_monitor_notifies_survives_a_client_that_knows_mail_only(tower):
    connect(tower, "https://chat.example")
    body = {"signals": {"drift": DRIFT}, "alertNotificationSetting": STATED}
    shown = tower.put(monitoringTarget=TARGET, **body).json()["properties"]
    shown["properties"] = {"smalt.webhooks": json.dumps(["azureml:chat"])}

    answer = tower.pages.put(f"{tower.scope}/schedules/m", json={"properties": shown})

    assert answer.json()["properties"]["properties"] == {"smalt.webhooks": '["azureml:chat"]'}
