"""Connections as flow code sees them."""

from __future__ import annotations

import copy
import sys

import pytest

from smalt.errors import InvalidRequest, ValidationFailed
from smalt.flows.connections import (
    AzureOpenAIConnection,
    CustomConnection,
    CustomStrongTypeConnection,
    OpenAIConnection,
    from_executor,
    parse,
)


class Secret(str):
    """As in tool packages."""


class MyConnection(CustomStrongTypeConnection):
    api_key: Secret
    api_base: str = "https://example.org"


@pytest.mark.parametrize(
    ("kind", "fields", "shown"),
    [
        ("azure_open_ai", {"api_base": "b"}, {"api_type": "azure", "api_version": "2024-02-01", "auth_mode": "key"}),
        ("open_ai", {"organization": "o"}, {"organization": "o"}),
        ("serverless", {"api_base": "b"}, {"api_base": "b"}),
        ("azure_ai_services", {"endpoint": "e"}, {"auth_mode": "key"}),
        ("azure_content_safety", {"endpoint": "e"}, {"api_type": "Content Safety"}),
        ("cognitive_search", {"api_base": "b"}, {"api_version": "2023-11-01"}),
        ("form_recognizer", {"endpoint": "e"}, {"api_type": "Form Recognizer"}),
        ("serp", {}, {}),
        ("qdrant", {"api_base": "b"}, {}),
        ("weaviate", {"api_base": "b"}, {}),
    ],
)
def test_every_kind_has_its_fields_and_never_shows_its_key(kind, fields, shown):
    found = parse({"name": "it", "type": kind, "api_key": "hunter2", **fields})

    assert found.document().items() >= shown.items()
    assert found.api_key == "hunter2"
    assert "hunter2" not in repr(found) + str(found) + str(found.document())


def test_a_connection_unpacks_as_the_arguments_of_a_client():
    connection = AzureOpenAIConnection(api_key="k", api_base="b")

    assert dict(connection)["api_key"] == "k"
    assert dict(**connection)["api_base"] == "b"


def test_a_missing_field_is_named():
    with pytest.raises(ValidationFailed, match="needs api_base"):
        AzureOpenAIConnection(api_key="k")


def test_an_unknown_type_is_refused_with_those_that_exist():
    with pytest.raises(ValidationFailed, match=r"no connection type 'x'.*azure_open_ai"):
        parse({"type": "x"})


def test_a_custom_connection_answers_by_attribute_and_survives_a_copy():
    connection = copy.deepcopy(CustomConnection({"key": "s"}, {"url": "u"}, name="mine"))

    assert (connection.key, connection.url, connection.secrets["key"]) == ("s", "u", "s")
    assert connection.is_secret("key")
    with pytest.raises(AttributeError, match="no field 'other'"):
        _ = connection.other


def test_a_custom_connection_becomes_the_class_a_tool_asks_for():
    stored = CustomConnection({"api_key": "s"}, {}, name="c")

    made = stored.as_class(sys.modules[MyConnection.__module__], "MyConnection")

    assert isinstance(made, MyConnection)
    assert (made.api_key, made.api_base) == ("s", "https://example.org")


def test_setting_a_secret_field_keeps_it_secret():
    connection = MyConnection(secrets={}, configs={})

    connection.api_key = "s3cret"

    assert "s3cret" not in repr(connection)
    assert connection.api_key == "s3cret"


def test_the_original_executors_form_is_read():
    found = from_executor("c", {"type": "CustomConnection", "value": {"a": 1, "b": 2}, "secret_keys": ["b"]})

    assert (found.configs, found.secrets) == ({"a": 1}, {"b": 2})


def test_from_env_says_which_variable_is_missing(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    with pytest.raises(InvalidRequest, match="OPENAI_API_KEY"):
        OpenAIConnection.from_env()


def test_limits_must_be_positive_numbers():
    with pytest.raises(ValidationFailed, match="max_concurrency"):
        OpenAIConnection(api_key="k", limits={"max_concurrency": 0})
