"""The short version of the campaign against the data plane; the long one is a command."""

from __future__ import annotations

from tests.campaigns.kill_serving import Campaign


def test_killed_workers_and_gateways_cost_only_what_they_were_doing(tmp_path):
    result = Campaign(tmp_path, kills=8, seed=3).run()

    assert result["workers killed"] >= 4
    assert result["gateways killed"] >= 1
    assert result["right answers"] > 0
    assert result["wrong answers"] == 0
    assert result["lost without a reason"] == 0
