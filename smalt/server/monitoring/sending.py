"""How messages leave the house: by the operator's mail server, and to webhooks outside of private networks."""

from __future__ import annotations

import http.client
import json
import smtplib
import ssl
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr

from smalt.entities.base import Entity
from smalt.entities.text import Text
from smalt.errors import InvalidRequest
from smalt.kit import yaml
from smalt.kit.outbound import Checked, Refused, public_address

_SECONDS = 15.0


class Unsent(Exception):
    """A message could not be sent; the text says why and what to do.

    Args:
        message: The reason.
        is_final: Whether another try could not help.
    """

    def __init__(self, message: str, *, is_final: bool = False) -> None:
        super().__init__(message)
        self.is_final = is_final


class MailServer(Entity):
    """The operator's mail server."""

    holds_secrets = True

    host: Text
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: Text | None = None
    password: SecretStr | None = None
    sender: Text


class Webhooks(Entity):
    """Hosts of private networks that webhooks may reach."""

    private_hosts: list[Text] = Field(default_factory=list)


class AlertSettings(Entity):
    """What stands in `alerts.yaml` of the home folder; read whenever something is sent."""

    smtp: MailServer | None = None
    webhooks: Webhooks = Field(default_factory=Webhooks)

    @staticmethod
    def at(path: Path) -> AlertSettings:
        """The settings of a home.

        Raises:
            InvalidRequest: The file is wrong.
        """
        if not path.exists():
            return AlertSettings()
        found = yaml.load(path.read_text(encoding="utf-8"), source=str(path))
        if not isinstance(found, dict):
            raise InvalidRequest(f"{path} must be a mapping with smtp: and webhooks:.")
        return AlertSettings.parse(found)


def send_mail(server: MailServer, recipient: str, message: Mapping[str, Any]) -> None:  # Any: JSON
    """Send a message by mail.

    Raises:
        Unsent: The server does not take it.
    """
    mail = EmailMessage()
    mail["From"], mail["To"] = server.sender, recipient
    # A name with a line break would begin another header; the library refuses those, so there must be none.
    mail["Subject"] = " ".join(str(message["title"]).split())
    mail["Date"], mail["Message-ID"] = formatdate(), make_msgid(domain="smalt")
    mail.set_content("\n".join([*message["lines"], "", str(message["link"]), ""]))
    try:
        with _connected(server) as connection:
            if server.username is not None and server.password is not None:
                connection.login(server.username, server.password.get_secret_value())
            connection.send_message(mail)
    except smtplib.SMTPRecipientsRefused:
        raise Unsent(f"The mail server refuses the recipient {recipient}. Check the address.", is_final=True) from None
    except (OSError, smtplib.SMTPException) as error:
        raise Unsent(
            f"The mail server {server.host}:{server.port} does not take it ({type(error).__name__})."
        ) from None


def _connected(server: MailServer) -> smtplib.SMTP:
    if server.security == "tls":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=_SECONDS, context=ssl.create_default_context())
    connection = smtplib.SMTP(server.host, server.port, timeout=_SECONDS)
    if server.security == "starttls":
        connection.starttls(context=ssl.create_default_context())
    return connection


def post(url: str, key: str | None, body: Mapping[str, Any], *, private_hosts: list[str]) -> None:  # Any: JSON
    """Send a message to a webhook. Redirects are not followed.

    Raises:
        Unsent: It does not take it, or lies in a private network that the operator has not opened.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Unsent("The webhook is no http address. Give another one.", is_final=True)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    is_private = parts.hostname.lower() in {each.lower() for each in private_hosts}
    try:
        address = parts.hostname if is_private else public_address(parts.hostname, port)
    except Refused as error:
        raise Unsent(f"{error} The operator opens hosts in alerts.yaml (webhooks: private_hosts:).") from None
    connection = Checked(parts.hostname, port, address, _SECONDS, is_encrypted=parts.scheme == "https")
    headers = {"Content-Type": "application/json", "User-Agent": "smalt"}
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(
            "POST", path, json.dumps(body), headers | ({"Authorization": f"Bearer {key}"} if key else {})
        )
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise Unsent(f"The webhook at {parts.hostname} does not answer ({type(error).__name__}).") from None
    finally:
        connection.close()
    if not 200 <= status < 300:
        final = 400 <= status < 500 and status not in {408, 429}
        raise Unsent(f"The webhook at {parts.hostname} answers with status {status}.", is_final=final)
