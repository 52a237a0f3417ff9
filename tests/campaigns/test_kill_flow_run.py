"""The short version of the campaign in `kill_flow_run.py`."""

from __future__ import annotations

from pathlib import Path

from tests.campaigns.kill_flow_run import Campaign


def test_a_killed_and_resumed_batch_answers_each_line_once(tmp_path: Path):
    figures, problems = Campaign(tmp_path / "campaign", lines=1500, kills=4, seed=2).run()

    assert problems == []
    assert figures["kills"] > 0
