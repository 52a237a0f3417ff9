"""Connections of a workspace, told as those of flows."""

from __future__ import annotations

import pytest

from smalt.entities.connection import Connection
from smalt.errors import Unsupported
from smalt.flows.connections import WorkspaceConnections


@pytest.mark.parametrize(
    ("document", "kind", "address"),
    [
        ({"type": "azure_open_ai", "azure_endpoint": "https://a", "api_version": "v"}, "azure_open_ai", "api_base"),
        ({"type": "open_ai", "target": "https://a"}, "open_ai", "base_url"),
        ({"type": "serverless", "endpoint": "https://a"}, "serverless", "api_base"),
        ({"type": "azure_ai_search", "endpoint": "https://a"}, "cognitive_search", "api_base"),
        ({"type": "azure_content_safety", "endpoint": "https://a"}, "azure_content_safety", "endpoint"),
    ],
)
def test_address_and_key_are_where_flows_look_for_them(document, kind, address):
    stored = Connection.parse({"name": "it", "api_key": "secret", **document})

    found = WorkspaceConnections({"it": stored}.__getitem__).get("it")

    assert (found.kind, found[address], found.api_key) == (kind, "https://a", "secret")


def test_a_custom_connection_brings_its_keys_and_metadata():
    stored = Connection.parse(
        {"name": "c", "type": "custom", "metadata": {"url": "u"},
         "credentials": {"type": "custom_keys", "keys": {"key": "s"}}}
    )  # fmt: skip

    found = WorkspaceConnections({"c": stored}.__getitem__).get("c")

    assert (found.configs, found.secrets) == ({"url": "u"}, {"key": "s"})


def test_a_kind_that_flows_cannot_use_is_refused():
    stored = Connection.parse({"name": "g", "type": "git", "target": "https://g"})

    with pytest.raises(Unsupported, match="'git'"):
        WorkspaceConnections({"g": stored}.__getitem__).get("g")
