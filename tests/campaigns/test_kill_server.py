"""The short version of the campaign in `kill_server.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.campaigns.kill_server import Campaign


@pytest.mark.slow
def test_a_server_killed_at_random_moments_loses_nothing_and_repeats_nothing(tmp_path: Path):
    result = Campaign(tmp_path / "home", kills=4, seed=7).run()

    assert result["points"] > 0
    assert result["jobs"] > 0
    assert (result["lost points"], result["jobs not completed"], result["jobs run twice"]) == (0, 0, 0)
