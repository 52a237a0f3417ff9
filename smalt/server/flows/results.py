"""What the files of a run tell, while it runs and afterwards.

A job wrote them, so nothing is taken for granted: whatever is no record of a run is passed over, and nothing is read
that has no bound.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from smalt.blobs import BlobInfo, BlobStore
from smalt.errors import InvalidRequest
from smalt.flows.batch.comparison import Priced
from smalt.server.assets import Location

Json = dict[str, Any]  # Any: JSON

LINES_PER_FILE = 1000
_LINES, _NODES = "flow_artifacts/", "node_artifacts/"
_LONGEST_RECORD = 8 << 20
_LARGEST_FILE = 256 << 20
_LONGEST_LOG = 256 * 1024
_MOST_KNOWN = 4096


@dataclass(frozen=True, slots=True)
class Tally:
    """What lines came to. `cost` is None once the price of a model is not known."""

    completed: int = 0
    failed: int = 0
    prompt: int = 0
    completion: int = 0
    total: int = 0
    cost: float | None = 0.0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.completed + other.completed,
            self.failed + other.failed,
            self.prompt + other.prompt,
            self.completion + other.completion,
            self.total + other.total,
            None if self.cost is None or other.cost is None else self.cost + other.cost,
        )


class _Known:
    """Tallies of files, the latest that were asked for: only those that grow are counted again."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._known: OrderedDict[tuple[str, str, str], Tally] = OrderedDict()

    def get(self, key: tuple[str, str, str]) -> Tally | None:
        with self._guard:
            found = self._known.get(key)
            if found is not None:
                self._known.move_to_end(key)
            return found

    def put(self, key: tuple[str, str, str], tally: Tally) -> None:
        with self._guard:
            self._known[key] = tally
            while len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)


_KNOWN = _Known()


@dataclass(frozen=True)
class RunFiles:
    """The files of a run, in the layout of `smalt.flows.batch.folder`.

    Args:
        place: Where they are.
    """

    place: Location
    _root: str = field(init=False, default="")

    def __post_init__(self) -> None:
        object.__setattr__(self, "_root", f"{self.place.key}/".lstrip("/"))

    @property
    def _store(self) -> BlobStore | None:
        return self.place.store

    def total(self) -> int | None:
        """How many lines the run has, once that is known."""
        count = self._document("meta.json").get("lines")
        return count if isinstance(count, int) and not isinstance(count, bool) else None

    def metrics(self) -> Json:
        """The metrics of the run, once all lines have ended."""
        return self._document("metrics.json")

    def error(self) -> Json | None:
        """Why lines, the aggregation or the run failed."""
        found = self._document("error.json")
        message = found.get("message")
        return {"code": str(found.get("code") or "UserError"), "message": str(message)} if message else None

    def tally(self) -> Tally:
        """What the lines that have ended came to."""
        found = Tally()
        for prefix in (_LINES, _NODES):
            for info in self._list(prefix):
                key = (self.place.uri, info.key, info.etag)
                known = _KNOWN.get(key)
                if known is None:
                    known = _tally(self._records(info), of_lines=prefix == _LINES)
                    _KNOWN.put(key, known)
                found += known
        return found

    def lines(self, *, status: str | None, after: int | None, limit: int) -> list[Json]:
        """Records of lines by number, those behind a line only."""
        found: list[Json] = []
        for info in self._list(_LINES):
            first = _first_line(info.key)
            if after is not None and first is not None and first + LINES_PER_FILE <= after + 1:
                continue
            newest = {record["line_number"]: record for record in self._records(info) if _is_line(record)}
            for number, record in sorted(newest.items()):
                if (after is None or number > after) and status in (None, record.get("status")):
                    found.append(record)
                    if len(found) == limit:
                        return found
        return found

    def line(self, number: int) -> Json | None:
        """The record of a line."""
        found = self.lines(status=None, after=number - 1, limit=1)
        return found[0] if found and found[0]["line_number"] == number else None

    def nodes(self, number: int | None) -> list[Json]:
        """Records of the nodes of a line, or of those that ran after all lines, in the order in which they began."""
        found: dict[str, Json] = {}
        for info in self._list(_NODES):
            first = _first_line(info.key)
            if number is not None and first is not None and not first <= number < first + LINES_PER_FILE:
                continue
            for record in self._records(info):
                run = record.get("run_info")
                if isinstance(run, dict) and run.get("index") == number and isinstance(record.get("NodeName"), str):
                    found[record["NodeName"]] = record
        return sorted(found.values(), key=lambda record: str(record.get("start_time")))

    def log(self, number: int) -> str:
        """What the flow printed in a line."""
        return self._bytes(f"flow_logs/{number:09d}.log", _LONGEST_LOG).decode(errors="replace")

    def _document(self, name: str) -> Json:
        content = self._bytes(name, _LONGEST_RECORD)
        try:
            found = msgspec.json.decode(content) if content else {}
        except (ValueError, RecursionError):  # half written, or none at all
            return {}
        return found if isinstance(found, dict) else {}

    def _bytes(self, name: str, longest: int) -> bytes:
        try:
            if self._store is None or (info := self._store.head(self._root + name)) is None:
                return b""
            return b"".join(self._store.read(info.key, 0, min(info.size, longest)))
        except InvalidRequest:  # a link that leads out of the container
            return b""

    def _list(self, prefix: str) -> Iterator[BlobInfo]:
        after: str | None = None
        while self._store is not None:
            page = self._store.list(self._root + prefix, after=after)
            yield from (info for info in page.items if info.key.endswith(".jsonl"))
            after = page.after
            if after is None:
                return

    def _records(self, info: BlobInfo) -> Iterator[Json]:
        """The whole records of a file; what was cut off, or is too long, does not count."""
        assert self._store is not None
        rest = b""
        is_skipping = False
        try:
            chunks = self._store.read(info.key, 0, min(info.size, _LARGEST_FILE))
        except InvalidRequest:  # a link that leads out of the container
            return
        for chunk in chunks:
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                if not is_skipping and (record := _record(line)) is not None:
                    yield record
                is_skipping = False
            if len(rest) > _LONGEST_RECORD:
                rest, is_skipping = b"", True


def _record(line: bytes) -> Json | None:
    try:
        found = msgspec.json.decode(line) if line else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _is_line(record: Json) -> bool:
    number = record.get("line_number")
    return isinstance(number, int) and not isinstance(number, bool) and isinstance(record.get("run_info"), dict)


def _first_line(key: str) -> int | None:
    digits = key.rpartition("/")[2].removesuffix(".jsonl").partition("_")[0]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 12 else None


def _tally(records: Iterable[Json], *, of_lines: bool) -> Tally:
    found = Tally()
    newest: dict[Any, Json] = {}  # Any: a number, or nothing for nodes that ran after all lines
    for record in records:
        run = record.get("run_info")
        if isinstance(run, dict) and (not of_lines or _is_line(record)):
            number = record["line_number"] if of_lines else run.get("index")
            newest[number if isinstance(number, int) else None] = record
    for record in newest.values():
        found += _of_line(record) if of_lines else Tally(cost=_cost(record["run_info"]))
    return found


def _of_line(record: Json) -> Tally:
    run = record["run_info"]
    is_completed = record.get("status") == "Completed"
    prompt, completion, total = tokens_of(run)
    return Tally(int(is_completed), int(not is_completed), prompt, completion, total, _cost(run))


def tokens_of(run: Json) -> tuple[int, int, int]:
    """Tokens of a record: of prompts, of completions, and of both."""
    used = run.get("system_metrics")
    given = [used.get(f"{kind}_tokens") if isinstance(used, dict) else 0 for kind in ("prompt", "completion", "total")]
    prompt, completion, total = (each if isinstance(each, int) else 0 for each in given)
    return prompt, completion, total


def _cost(run: Json) -> float | None:
    return cost_of(run.get("api_calls"))


def cost_of(calls: object) -> float | None:
    """What calls cost; None where the price of a model is not known."""
    priced = Priced()
    try:
        priced.add(calls if isinstance(calls, Sequence) and not isinstance(calls, str) else ())
    except (AttributeError, TypeError, ValueError, RecursionError):  # no calls as the engine writes them
        return None
    return priced.dollars
