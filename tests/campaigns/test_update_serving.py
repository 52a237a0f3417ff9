"""The short version of the campaign in `update_serving.py`: each kind of change once."""

from __future__ import annotations

import pytest

from tests.campaigns.update_serving import KINDS, Campaign


@pytest.mark.slow
def test_updates_under_load_lose_no_request(tmp_path):
    campaign = Campaign(tmp_path, rounds=len(KINDS), seed=3, rate=40)

    result = campaign.run()

    assert result["changes"] == len(KINDS)
    assert result["right answers"] > 0
    assert (campaign.lost, campaign.wrong) == ({}, [])
