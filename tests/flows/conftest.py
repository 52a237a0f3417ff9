"""A home of flows of its own for every test."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home of flows."""
    place = tmp_path / "home"
    monkeypatch.setenv("PF_HOME_DIRECTORY", str(place))
    return place
