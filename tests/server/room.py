"""A whole server in one process, whose loops do not turn: what is asked of it is written down, and nothing runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from smalt.server.main import Server, build
from smalt.server.settings import Settings


class Room:
    """The default workspace."""

    def __init__(self, server: Server) -> None:
        assert server.owner is not None
        self._client = TestClient(
            server.app, headers={"Authorization": f"Bearer {server.owner.token}"}, base_url="http://localhost"
        )
        group = f"/subscriptions/{server.subscription}/resourceGroups/smalt"
        self.scope = f"{group}/providers/Microsoft.MachineLearningServices/workspaces/default"

    def call(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        answer = self._client.request(method, self.scope + path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else {}

    def card(self, name: str, **properties: Any) -> Any:
        return self.call("PUT", f"/smalt/modelCards/{name}", {"properties": properties}, status=201)

    def names(self, query: str = "") -> list[str]:
        return [each["name"] for each in self.call("GET", f"/smalt/modelCards?{query}")["value"]]

    def refused(self, method: str, path: str, body: Any = None, *, status: int = 400) -> Any:
        return self.call(method, path, body, status=status)["error"]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    (tmp_path / "mirror" / "tiny" / "chat").mkdir(parents=True)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "aliases.yaml").write_text(f"https://huggingface.co: {tmp_path}/mirror\n")
    server = build(Settings(home=tmp_path / "home"))
    yield Room(server)
    server.close()
