"""A home of flows, and nobody who sends spans, for every test."""

from __future__ import annotations

from pathlib import Path

import pytest

from smalt.flows.tracing import export


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home of flows."""
    place = tmp_path / "home"
    monkeypatch.setenv("PF_HOME_DIRECTORY", str(place))
    return place


@pytest.fixture(autouse=True)
def _no_spans_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process begins to send once, for good: here each test is one."""
    monkeypatch.setattr(export, "_sender", None)
