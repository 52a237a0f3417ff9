"""The steps of a pipeline job as the server tells of them, and how they are drawn as text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

JsonObject = dict[str, Any]  # Any: JSON

_ENDED = frozenset({"Completed", "Failed", "Canceled", "Skipped", "NotResponding"})
_MARKS = {"Completed": "+", "Failed": "x", "Canceled": "-", "Skipped": "-", "Running": ">"}
_LONGEST = 72


def steps_of(graph: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, JsonObject]]:  # Any: JSON
    """Every step with its path, e.g. `train.fit` and `loop[2].fit`: nested pipelines, and the rounds of loops."""
    for step in graph.get("steps") or ():
        path = f"{prefix}{step['name']}"
        yield path, step
        yield from steps_of(step, f"{path}.")
        for number, turn in enumerate(step.get("iterations") or ()):
            inner = f"{path}[{turn.get('iteration', number)}]"
            yield inner, turn
            yield from steps_of(turn, f"{inner}.")


def jobs_of(graph: Mapping[str, Any]) -> dict[str, str]:  # Any: JSON
    """The job of each step that has one, by the path of the step; pipelines inside count as their steps."""
    return {path: str(step["job"]) for path, step in steps_of(graph) if _has_own_job(step)}


def _has_own_job(step: Mapping[str, Any]) -> bool:  # Any: JSON
    return bool(step.get("job")) and not step.get("steps") and not step.get("iterations")


def has_ended(step: Mapping[str, Any]) -> bool:  # Any: JSON
    """Whether a step will change no more."""
    return step.get("status") in _ENDED


def drawn(graph: Mapping[str, Any], paint: Callable[[str, str], str] | None = None) -> list[str]:  # Any: JSON
    """The tree of a pipeline, one line per step.

    Args:
        graph: As the server answers it.
        paint: Colours a text by a status.
    """
    painted = paint or (lambda text, status: text)
    lines = [painted(f"{graph['name']}  {graph['status']}", str(graph["status"]))]
    lines.extend(_branches(graph.get("steps") or (), "", painted))
    return lines


def _branches(steps: Sequence[JsonObject], indent: str, paint: Callable[[str, str], str]) -> Iterator[str]:
    for index, step in enumerate(steps):
        is_last = index == len(steps) - 1
        yield paint(f"{indent}{'`- ' if is_last else '|- '}{line_of(step)}", str(step.get("status")))
        deeper = indent + ("   " if is_last else "|  ")
        yield from _branches(step.get("steps") or (), deeper, paint)
        turns = [{**turn, "name": f"[{turn.get('iteration', number)}]"}
                 for number, turn in enumerate(step.get("iterations") or ())]  # fmt: skip
        yield from _branches(turns, deeper, paint)


def line_of(step: Mapping[str, Any]) -> str:  # Any: JSON
    """One step as a line: its mark, name and status, how long it took, and why it was reused or failed."""
    status = str(step.get("status") or "NotStarted")
    facts = [f"{_MARKS.get(status, '.')} {step['name']}", status, *told(step)]
    return "  ".join(facts)


def told(step: Mapping[str, Any]) -> list[str]:  # Any: JSON
    """What is worth knowing of a step besides its status."""
    facts = []
    if step.get("durationSeconds") is not None:
        facts.append(duration(float(step["durationSeconds"])))
    reuse = step.get("reuse") or {}
    if reuse.get("reused"):
        source = f" of {reuse['from']}" if reuse.get("from") else ""
        facts.append(f"reused{source}: {reuse['reason']}" if reuse.get("reason") else f"reused{source}")
    if int(step.get("attempt") or 1) > 1:
        facts.append(f"attempt {step['attempt']}")
    if step.get("error"):
        first = str(step["error"]).partition(" Last lines of ")[0].strip().partition("\n")[0]
        facts.append(first if len(first) <= _LONGEST else first[: _LONGEST - 3] + "...")
    return facts


def duration(seconds: float) -> str:
    """A span of time as people say it: `0.4 s`, `12 s`, `3 min 5 s`, `2 h 1 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
