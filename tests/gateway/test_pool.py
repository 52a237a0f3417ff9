"""What a pool does when something of the gateway itself fails."""

from __future__ import annotations

import asyncio
import logging

from smalt.gateway.pool import Pool
from smalt.gateway.table import DeploymentEntry, WorkerEntry
from smalt.gateway.tally import Tally


class Failing:
    """A request that cannot be sent because of a defect."""

    is_copy = is_over = is_waiting = may_lie = False
    queued_at = sent_at = moved_at = 0.0

    def __init__(self) -> None:
        self.refused = asyncio.get_running_loop().create_future()

    def attach(self, link):
        raise LookupError("a defect")

    def refuse(self, refusal):
        self.refused.set_result(refusal.status)


def test_a_defect_is_told_and_leaves_no_caller_waiting(tmp_path, caplog):
    async def submit() -> int:
        server = await asyncio.start_unix_server(lambda *_: None, tmp_path / "worker")
        async with server:
            request = Failing()
            Pool(DeploymentEntry((WorkerEntry(f"unix:{tmp_path / 'worker'}"),)), Tally()).submit(request)
            return await request.refused

    with caplog.at_level(logging.ERROR):
        assert asyncio.run(submit()) == 500

    assert "a defect" in caplog.text
