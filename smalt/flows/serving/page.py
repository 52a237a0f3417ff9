"""The page of a served flow: a chat for chat flows, a form for others. One file, and nothing from elsewhere.

The policy allows the script and style of this page by their digests and calls to this server; nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from functools import cache
from importlib import resources
from typing import Any

from smalt.flows.running.flow import Flow


def render(flow: Flow) -> tuple[str, str]:
    """The page, and the content security policy it is sent with."""
    template, policy = _parts()
    told: dict[str, Any] = {  # Any: JSON
        "name": flow.name,
        "kind": flow.kind,
        "isChat": flow.is_chat,
        "chatInput": flow.chat_input,
        "chatHistory": flow.chat_history,
        "chatOutput": flow.chat_output or next(iter(flow.outputs), "output"),
        "isVision": getattr(getattr(flow, "images", None), "is_vision", False),
        "inputs": {
            name: {"type": each.type, "default": each.default, "description": each.description}
            for name, each in flow.inputs.items()
        },
    }
    # The settings stand in an attribute, where no text of a flow can end a script.
    settings = html.escape(json.dumps(told, default=str), quote=True)
    return template.replace("$TITLE", html.escape(flow.name)).replace("$SETTINGS", settings), policy


@cache
def _parts() -> tuple[str, str]:
    template = resources.files(__package__).joinpath("page.html").read_text(encoding="utf-8")
    script = _digest(template, "script")
    style = _digest(template, "style")
    policy = (
        f"default-src 'none'; script-src '{script}'; style-src '{style}'; connect-src 'self'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return template, policy


def _digest(template: str, tag: str) -> str:
    inner = template.split(f"<{tag}>", 1)[1].split(f"</{tag}>", 1)[0]
    return "sha256-" + base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()
