"""A server in the background, started where a person happens to stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.running import running


def test_modules_of_the_folder_in_which_a_server_is_started_are_not_taken_for_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sqlalchemy.py").write_text("raise SystemExit('this one is of somebody else')")
    monkeypatch.chdir(tmp_path)

    with running(tmp_path / "home") as server:
        assert server.smalt("workspace", "list", "--query", "[].name", "-o", "tsv").split() == ["default"]
