"""From a kernel's messages to the outputs of cells, as a notebook keeps them. Pure.

Each message comes to a few changes, which pages make to what they show already.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Json = dict[str, Any]

LARGEST_CELL = 8_000_000
"""Characters that the outputs of a cell may have; what comes then is left out, and that is said."""

_MOVES = frozenset("\r\b")
_LEFT_OUT = "\n[The output of this cell is too large; the rest is left out.]\n"


class Cells:
    """What cells have put out in a session, by their ids."""

    def __init__(self) -> None:
        self.all: dict[str, Json] = {}
        self._sizes: dict[str, int] = {}
        self._waits_to_clear: set[str] = set()
        self._displays: dict[str, list[tuple[str, int]]] = {}

    def begin(self, cell: str, code: str) -> None:
        """A cell waits to be run: what it has put out before is gone."""
        self.all[cell] = {"code": code, "status": "queued", "executionCount": None, "outputs": []}
        self._sizes[cell] = 0
        self._waits_to_clear.discard(cell)
        for shown in self._displays.values():
            shown[:] = [place for place in shown if place[0] != cell]

    def apply(self, cell: str, kind: str, content: Mapping[str, Any]) -> list[Json]:
        """What a message of a cell changes."""
        if cell not in self.all:
            return []
        if kind == "clear_output":
            if content.get("wait"):
                self._waits_to_clear.add(cell)
                return []
            return self._clear(cell)
        if kind == "update_display_data":
            return self._update(content)
        output = _output(kind, content)
        if output is None:
            return []
        before = self._clear(cell) if cell in self._waits_to_clear else []
        if kind == "stream":
            return before + self._stream(cell, output["name"], output["text"])
        return before + self._add(cell, output, (content.get("transient") or {}).get("display_id"))

    def _clear(self, cell: str) -> list[Json]:
        self._waits_to_clear.discard(cell)
        self.all[cell]["outputs"] = []
        self._sizes[cell] = 0
        return [{"type": "clear", "cell": cell}]

    def _stream(self, cell: str, name: str, text: str) -> list[Json]:
        outputs = self.all[cell]["outputs"]
        text = self._bounded(cell, text)
        if not text:
            return []
        last = outputs[-1] if outputs else None
        if last is None or last["output_type"] != "stream" or last["name"] != name:
            return self._put(cell, {"output_type": "stream", "name": name, "text": _settled(text)})
        at = len(outputs) - 1
        start = last["text"].rfind("\n") + 1
        tail = last["text"][start:]
        if not _MOVES & {*tail[-1:], *text}:
            last["text"] += text
            return [{"type": "append", "cell": cell, "at": at, "text": text}]
        # Only the last line can be written over; progress bars live on that.
        changed = _settled(tail + text)
        last["text"] = last["text"][:start] + changed
        return [{"type": "tail", "cell": cell, "at": at, "text": changed}]

    def _add(self, cell: str, output: Json, display: str | None) -> list[Json]:
        size = _size(output)
        if self._sizes[cell] + size > LARGEST_CELL:
            return self._stream(cell, "stderr", "\n[An output of this cell is too large and is left out.]\n")
        self._sizes[cell] += size
        if display:
            self._displays.setdefault(display, []).append((cell, len(self.all[cell]["outputs"])))
        return self._put(cell, output)

    def _put(self, cell: str, output: Json) -> list[Json]:
        self.all[cell]["outputs"].append(output)
        return [{"type": "output", "cell": cell, "at": len(self.all[cell]["outputs"]) - 1, "output": output}]

    def _update(self, content: Mapping[str, Any]) -> list[Json]:
        changes = []
        for cell, at in self._displays.get((content.get("transient") or {}).get("display_id") or "", []):
            outputs = self.all[cell]["outputs"]
            if at < len(outputs):
                outputs[at] = {**outputs[at], "data": content["data"], "metadata": content.get("metadata") or {}}
                changes.append({"type": "output", "cell": cell, "at": at, "output": outputs[at]})
        return changes

    def _bounded(self, cell: str, text: str) -> str:
        left = LARGEST_CELL - self._sizes[cell]
        if left <= 0:
            return ""
        self._sizes[cell] += len(text)
        return text if len(text) < left else text[:left] + _LEFT_OUT


def _output(kind: str, content: Mapping[str, Any]) -> Json | None:
    if kind == "stream":
        return {"output_type": kind, "name": content["name"], "text": content["text"]}
    if kind == "display_data":
        return {"output_type": kind, "data": content["data"], "metadata": content.get("metadata") or {}}
    if kind == "execute_result":
        return {
            "output_type": kind,
            "execution_count": content["execution_count"],
            "data": content["data"],
            "metadata": content.get("metadata") or {},
        }
    if kind == "error":
        return {
            "output_type": kind,
            "ename": content["ename"],
            "evalue": content["evalue"],
            "traceback": content["traceback"],
        }
    return None


def _size(output: Mapping[str, Any]) -> int:
    data = output.get("data") or {}
    return sum(len(value) if isinstance(value, str) else len(str(value)) for value in data.values())


def _settled(text: str) -> str:
    """Lines after every return to their beginning and every step back has been made."""
    if "\r" not in text and "\b" not in text:
        return text
    return "\n".join(_line(line) for line in text.replace("\r\n", "\n").split("\n"))


def _line(line: str) -> str:
    shown: list[str] = []
    at = 0
    # What moves at the very end counts for what comes next.
    body = line.rstrip("\r\b")
    for character in body:
        if character == "\r":
            at = 0
        elif character == "\b":
            at = max(0, at - 1)
        else:
            shown[at : at + 1] = [character]
            at += 1
    return "".join(shown) + line[len(body) :]
