"""Following a pipeline: each step told when it starts and ends, or on a terminal a tree that is drawn anew."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TextIO

from smalt.entities.job.status import JobStatus
from smalt.sdk.errors import JobFailed
from smalt.sdk.pipelines.graph import drawn, duration, has_ended, line_of, steps_of, told

JsonObject = dict[str, Any]  # Any: JSON

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 1.0
_SLOWER = 1.3
_UP, _CLEAR = "\x1b[{}A", "\x1b[J"


class Lines:
    """Tells of each change as a line, for logs and pipes."""

    def __init__(self, out: TextIO, last_lines: Callable[[str], list[str]]) -> None:
        self._out = out
        self._last_lines = last_lines
        self._seen: dict[str, str] = {}

    def show(self, graph: JsonObject) -> bool:
        """Tell what is new; whether there was anything."""
        news = False
        is_over = JobStatus(str(graph["status"])).is_terminal
        for path, step in steps_of(graph):
            status = str(step.get("status"))
            # A job ends a moment before the pipeline has taken note of it, and only then is it known how long it took.
            is_noted = is_over or not has_ended(step) or step.get("durationSeconds") is not None
            if self._seen.get(path) == status or not is_noted:
                continue
            news = True
            if self._seen.get(path) is None and has_ended(step) and status == "Completed":
                self._tell(path, step, "reused" if (step.get("reuse") or {}).get("reused") else "finished")
            elif status == "Running":
                self._out.write(f"{path}: started\n")
            elif has_ended(step):
                self._tell(path, step, "finished" if status == "Completed" else status.lower())
            self._seen[path] = status
        self._out.flush()
        return news

    def _tell(self, path: str, step: JsonObject, word: str) -> None:
        facts = [fact for fact in told(step) if not fact.startswith("reused")]
        reuse = step.get("reuse") or {}
        if reuse.get("reused"):
            word, facts = "reused", [str(reuse.get("reason") or "nothing it depends on has changed")]
        self._out.write(f"{path}: {word}" + (f" ({', '.join(facts)})" if facts else "") + "\n")
        if step.get("status") == "Failed" and step.get("job") and not step.get("steps"):
            for line in self._last_lines(str(step["job"])):
                self._out.write(f"{path}|  {line}\n")


class Tree:
    """Draws the whole tree, over itself."""

    def __init__(
        self, out: TextIO, last_lines: Callable[[str], list[str]], paint: Callable[[str, str], str], height: int
    ) -> None:
        self._out = out
        self._last_lines = last_lines
        self._paint = paint
        self._height = height
        self._drawn = 0
        self._text = ""

    def show(self, graph: JsonObject) -> bool:
        """Draw the tree if it has changed; whether it has."""
        lines = drawn(graph, self._paint)
        ended = str(graph.get("status")) in {"Completed", "Failed", "Canceled"}
        if not ended and len(lines) > self._height:  # a tree higher than the screen cannot be drawn over itself
            lines = [lines[0], *self._busy(graph)][: self._height]
        text = "\n".join(lines)
        if text == self._text:
            return False
        over = (_UP.format(self._drawn) + _CLEAR) if self._drawn else ""
        self._out.write(f"{over}{text}\n")
        self._drawn, self._text = len(lines), text
        if ended:
            self._tell_failures(graph)
        self._out.flush()
        return True

    def _busy(self, graph: JsonObject) -> list[str]:
        steps = list(steps_of(graph))
        done = sum(has_ended(step) for _, step in steps)
        running = [line_of({**step, "name": path}) for path, step in steps if step.get("status") == "Running"]
        return [f"{done} of {len(steps)} steps have ended", *running]

    def _tell_failures(self, graph: JsonObject) -> None:
        for path, step in steps_of(graph):
            if step.get("status") == "Failed" and step.get("job") and not step.get("steps"):
                for line in self._last_lines(str(step["job"])):
                    self._out.write(f"{path}|  {line}\n")


def follow(
    ask: Callable[[], JsonObject],
    show: Callable[[JsonObject], bool],
    *,
    out: TextIO,
    web_view: str | None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Show a pipeline until it ends.

    Args:
        ask: Reads the graph.
        show: Shows it, and tells whether there was anything new.
        out: Where to print.
        web_view: Its page.
        sleep: Waits between two looks.

    Raises:
        JobFailed: The pipeline did not complete.
    """
    graph = ask()
    out.write(f"RunId: {graph['name']}\n" + (f"Web View: {web_view}\n" if web_view else "") + "\n")
    pause = _FIRST_PAUSE_SECONDS
    while True:
        news = show(graph)
        status = str(graph.get("status"))
        if JobStatus(status).is_terminal:
            break
        pause = _FIRST_PAUSE_SECONDS if news else min(pause * _SLOWER, _LONGEST_PAUSE_SECONDS)
        sleep(pause)
        graph = ask()
    steps = [step for _, step in steps_of(graph)]
    reused = sum(bool((step.get("reuse") or {}).get("reused")) for step in steps)
    took = graph.get("durationSeconds")
    after = f" after {duration(took)}" if took is not None else ""
    out.write(f"\n{status}{after}: {len(steps)} step{'s' * (len(steps) != 1)}, {reused} reused\n")
    if status != JobStatus.COMPLETED:
        # A step that ran into its limit is canceled, and fails the pipeline all the same.
        words = ("Failed", "Canceled") if status == JobStatus.FAILED else ("Failed",)
        ends = {word: [path for path, step in steps_of(graph) if step.get("status") == word] for word in words}
        which = "".join(f" {word}: {', '.join(paths)}." for word, paths in ends.items() if paths)
        remedy = f"\nGo on from there: smalt job rerun -n {graph['name']} --from failed" if which else ""
        raise JobFailed(f"Pipeline {graph['name']} ended as {status}.{which}{remedy}", target=str(graph["name"]))
