"""A command names the connections it needs, and its token opens those only."""

from __future__ import annotations

import pytest

from smalt.entities.connection import Connection
from smalt.server.connections import ConnectionService
from smalt.server.vault import Vault

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_connections_that_a_command_names_are_pinned(plant):
    judge = Connection.parse({"name": "judge", "type": "open_ai", "api_key": "k"})
    plant.write(lambda work: ConnectionService(Vault(bytes(32))).put(work, plant.house.default, judge))

    answer = plant.submit(environmentVariables={"SMALT_CONNECTIONS": " judge, "})

    assert answer.status_code == 201, answer.text
    assert plant.record("one").pinned["parts"] == {"connections": ["judge"]}


def test_a_connection_that_is_not_there_is_refused_with_its_name(plant):
    answer = plant.submit(environmentVariables={"SMALT_CONNECTIONS": "gone"})

    assert 400 <= answer.status_code < 500
    assert "There is no connection gone" in answer.text
