"""Settings of the engine that stand among the program arguments of a task; the rest is the script's."""

from __future__ import annotations

import difflib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false", "1", "0"):
        raise ValueError(text)
    return text.lower() in ("true", "1")


_KINDS: dict[str, Callable[[str], Any]] = {
    "error_threshold": int,
    "mini_batch_error_threshold": int,
    "allowed_failed_percent": float,
    "task_overhead_timeout": float,
    "progress_update_timeout": float,
    "first_task_creation_timeout": float,
    "resource_monitor_interval": float,
    "copy_logs_to_parent": _truth,
    "push_metrics_to_parent": _truth,
    "metrics_name_prefix": str,
}
_SHORTEST_PREFIX = 8
_CLOSE = 0.88


class Flags:
    """What was found.

    Args:
        values: Settings by name.
        rest: The arguments of the script.
        notes: Sentences for the log.
    """

    def __init__(self, values: dict[str, Any], rest: list[str], notes: list[str]) -> None:
        self.values = values
        self.rest = rest
        self.notes = notes


def parse(arguments: Sequence[str]) -> Flags:
    """Take the engine's settings out of program arguments.

    A flag may be cut short where that leaves no doubt; one that merely looks like a setting stays with the script.

    Raises:
        ValueError: A setting has no value, or one of the wrong kind.
    """
    found = Flags({}, [], [])
    left = list(arguments)
    while left:
        word = left.pop(0)
        name, sign, value = word[2:].partition("=") if word.startswith("--") else ("", "", "")
        known = _known(name, found.notes)
        if known is None:
            found.rest.append(word)
            continue
        if not sign:
            if not left:
                raise ValueError(f"--{name} has no value. Write e.g. --{known} 10.")
            value = left.pop(0)
        try:
            found.values[known] = _KINDS[known](value)
        except ValueError:
            raise ValueError(f"--{name} {value!r} cannot be read. Mend it in program_arguments.") from None
    return found


def _known(name: str, notes: list[str]) -> str | None:
    if not name or name in _KINDS:
        return name or None
    begun = [each for each in _KINDS if each.startswith(name)] if len(name) >= _SHORTEST_PREFIX else []
    if len(begun) == 1:
        notes.append(f"--{name} is taken for --{begun[0]}.")
        return begun[0]
    close = difflib.get_close_matches(name, _KINDS, n=1, cutoff=_CLOSE)
    if close:
        notes.append(f"--{name} looks like --{close[0]}, a setting of the engine; it goes to the script as it is.")
    return None
