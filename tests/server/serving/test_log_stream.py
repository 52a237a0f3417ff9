"""A log of a deployment that is followed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from smalt.server.http import told as streamed
from smalt.server.serving.log_stream import news


def told(path: Path, doing, *, count: int) -> list[dict]:
    """As many messages as are asked for; `doing` happens after the first one."""

    async def main() -> list[dict]:
        found = []
        looks = news(lambda: (path if path.exists() else None, "not up yet"))
        stream = streamed(looks, lambda: True, look_seconds=0.01)
        async for message in stream:
            if message.startswith(b"data: "):
                found.append(json.loads(message.removeprefix(b"data: ")))
                if len(found) == 1:
                    doing()
            if len(found) == count:
                return found
        return found

    return asyncio.run(main())


def test_what_is_added_to_a_log_is_told_without_what_was_there(tmp_path):
    log = tmp_path / "log.txt"
    log.write_text("one\n")

    def write() -> None:
        with log.open("a") as file:
            file.write("two é\n")

    assert told(log, write, count=2) == [
        {"text": "one\n", "isWhole": True},
        {"text": "two é\n", "isWhole": False},
    ]


def test_a_log_that_begins_anew_stands_instead_of_the_old_one(tmp_path):
    log = tmp_path / "log.txt"

    found = told(log, lambda: log.write_text("up\n"), count=2)

    assert found == [{"text": "not up yet", "isWhole": True}, {"text": "up\n", "isWhole": True}]


def test_who_may_not_look_any_more_hears_no_more(tmp_path):
    async def main() -> list[bytes]:
        looks = news(lambda: (None, ""))
        return [each async for each in streamed(looks, lambda: False, look_seconds=0, heartbeat_seconds=0)]

    assert [json.loads(each[6:]) for each in asyncio.run(main())[1:]] == [{"text": "", "isWhole": True}]
