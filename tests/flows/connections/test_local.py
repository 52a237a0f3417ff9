"""Connections of this machine: sealed, kept on update, filled from the environment."""

from __future__ import annotations

import stat

import pytest

from smalt.errors import InvalidRequest, NotFound, ValidationFailed
from smalt.flows.connections import LocalConnections, OpenAIConnection, load


@pytest.fixture
def connections(tmp_path):
    return LocalConnections(tmp_path)


def openai(**values):
    return OpenAIConnection(**{"name": "mine", "api_key": "sk-hunter2", **values})


def test_a_secret_is_sealed_at_rest_and_opens_again(connections, tmp_path):
    connections.put(openai())

    files = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert b"hunter2" not in files
    assert connections.get("mine").api_key == "sk-hunter2"
    assert stat.S_IMODE((tmp_path / "connections.key").stat().st_mode) == 0o600


def test_stars_keep_the_stored_secret(connections):
    connections.put(openai())

    connections.put(openai(api_key="******", base_url="http://x/v1"))

    assert (connections.get("mine").api_key, connections.get("mine").base_url) == ("sk-hunter2", "http://x/v1")


def test_a_secret_that_was_never_given_is_asked_for(connections):
    with pytest.raises(ValidationFailed, match="no value for api_key"):
        connections.put(openai(api_key="<user-input>"))


def test_a_value_may_stand_in_the_environment(connections, monkeypatch):
    connections.put(openai(api_key="${env:MY_KEY}"))

    with pytest.raises(InvalidRequest, match="MY_KEY"):
        connections.get("mine")
    monkeypatch.setenv("MY_KEY", "from-env")
    assert connections.get("mine").api_key == "from-env"


def test_a_field_is_overridden_by_connection_and_key(connections, monkeypatch):
    connections.put(openai())

    monkeypatch.setenv("MINE_BASE_URL", "http://other/v1")

    assert connections.get("mine").base_url == "http://other/v1"
    assert connections.stored("mine").base_url is None


def test_an_env_file_is_a_custom_connection(connections, tmp_path):
    file = tmp_path / "my.env"
    file.write_text("# secrets\nexport KEY='a b'  # why\nOTHER=x\n")

    connections.put(load(file, name="env"))

    assert connections.get("env").secrets == {"KEY": "a b", "OTHER": "x"}


def test_another_key_does_not_open_the_secrets(connections, tmp_path, monkeypatch):
    connections.put(openai())

    monkeypatch.setenv("SMALT_FLOWS_KEY", "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=")

    with pytest.raises(InvalidRequest, match="do not open"):
        connections.get("mine")


def test_a_deleted_connection_is_gone_and_echo_is_always_there(connections):
    connections.put(openai())

    connections.delete("mine")

    with pytest.raises(NotFound, match="there are: none"):
        connections.get("mine")
    assert connections.get("echo").kind == "echo"
