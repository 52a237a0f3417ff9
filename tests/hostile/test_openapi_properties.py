"""Everything the API description names, called with made-up requests: the short version of `call_everything.py`.

`SMALT_EXAMPLES=200 python -m pytest tests/hostile/test_openapi_properties.py` looks for longer.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.campaigns.call_everything import Campaign, furnished


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:::schemathesis", "ignore:::hypothesis", "ignore:::jsonschema")
@pytest.mark.parametrize(("database", "examples"), [("sqlite", 3), ("postgresql", 2)])
def test_no_made_up_request_is_answered_as_it_never_should(
    tmp_path: Path, fresh_postgres: Callable[[], str], database: str, examples: int
):
    url = fresh_postgres() if database == "postgresql" else None
    with furnished(tmp_path / "home", url) as target:
        campaign = Campaign(target, int(os.environ.get("SMALT_EXAMPLES", examples)), seed=7)

        campaign.run()

    assert not campaign.problems, "\n".join(campaign.problems[:20])
    assert campaign.statuses[200] > 20
    assert campaign.statuses[401] > 5
