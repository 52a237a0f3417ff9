"""The short version of the campaign in `kill_pipelines.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.campaigns.kill_pipelines import Campaign


@pytest.mark.slow
def test_pipelines_end_as_their_graphs_and_the_kills_imply(tmp_path: Path):
    figures, problems = Campaign(tmp_path / "home", pipelines=6, seed=3).run()

    assert problems == []
    assert figures["jobs of steps"] > 0
    assert figures["kills of supervisors"] + figures["kills of jobs"] > 0
