"""The results of finished mini-batches on disk, each accepted once, so that a job can go on where it stopped.

A record is one line of JSON, then the rows. Whoever dies in the middle of a record leaves a torn one at the end, which
the next reader drops: its mini-batch is simply done again.
"""

from __future__ import annotations

import json
import os
import zlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, BinaryIO

PLACE = os.path.join("system_logs", "parallel", "mini_batches.journal")
"""Below the artifact root of a job."""


class Journal:
    """The journal of one job; there is one writer at a time.

    Args:
        path: Its file, made if it is not there.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self._stream = open(path, "a+b")  # noqa: SIM115  (open as long as the job runs)
        self.records: dict[str, dict[str, Any]] = {}
        whole = 0
        for record, _, end in _records(self._stream):
            self.records[record["key"]] = record
            whole = end
        self._stream.truncate(whole)

    def accept(self, record: dict[str, Any], rows: bytes) -> bool:
        """Write a result down; False, and nothing written, when its mini-batch has one already."""
        if record["key"] in self.records:
            return False
        whole = {**record, "size": len(rows), "crc": zlib.crc32(rows)}
        self._stream.write(json.dumps(whole).encode() + b"\n" + rows + b"\n")
        self._stream.flush()
        self.records[record["key"]] = whole
        return True

    def sync(self) -> None:
        """Make sure that all of it survives a machine that stops."""
        os.fsync(self._stream.fileno())

    def take_over(self, earlier: str, keys: set[str]) -> int:
        """Accept the results of another job's journal for some keys; how many there were."""
        if not os.path.exists(earlier):
            return 0
        count = 0
        with open(earlier, "rb") as stream:
            for record, rows, _ in _records(stream):
                if record["key"] in keys:
                    count += self.accept(record, rows)
        return count

    def assemble(self, output: str, keys: set[str] | None = None) -> None:
        """Write all accepted rows to a file, in the order in which they were accepted."""
        fresh = f"{output}.new"
        self._stream.flush()
        with open(self._path, "rb") as stream, open(fresh, "wb") as copy:
            for record, rows, _ in _records(stream):
                if keys is None or record["key"] in keys:
                    copy.write(rows)
        os.replace(fresh, output)

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


def _records(stream: BinaryIO) -> Iterator[tuple[dict[str, Any], bytes, int]]:
    """Whole records, their rows, and where each ends."""
    stream.seek(0)
    while True:
        line = stream.readline()
        if not line.endswith(b"\n"):
            return
        try:
            record = json.loads(line)
            rows = stream.read(record["size"])
        except (ValueError, KeyError, TypeError):
            return
        if len(rows) != record["size"] or zlib.crc32(rows) != record["crc"] or stream.read(1) != b"\n":
            return
        yield record, rows, stream.tell()
