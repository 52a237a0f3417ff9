"""Which files of a folder stay at home: `.amlignore`, or else `.gitignore`, with the rules of git."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_FILES = (".amlignore", ".gitignore")


@dataclass(frozen=True)
class Rule:
    """One line of an ignore file."""

    pattern: re.Pattern[str]
    excludes: bool


class IgnoreRules:
    """The rules of one folder; the last rule that matches decides.

    Args:
        lines: Lines as they stand in an ignore file.
    """

    def __init__(self, lines: list[str]) -> None:
        self._rules = [rule for rule in (_rule(line) for line in lines) if rule is not None]

    @classmethod
    def of(cls, folder: Path) -> IgnoreRules:
        """The rules at the root of a folder: `.amlignore` wins over `.gitignore`."""
        for name in _FILES:
            path = folder / name
            if path.is_file():
                return cls(path.read_text(encoding="utf-8-sig", errors="replace").splitlines())
        return cls([])

    def excludes(self, key: str) -> bool:
        """Whether a file, by its path below the folder, stays at home."""
        decision = False
        for rule in self._rules:
            if rule.excludes != decision and rule.pattern.match(key):
                decision = rule.excludes
        return decision


def _rule(line: str) -> Rule | None:
    text = _without_trailing_spaces(line)
    if not text or text.startswith("#"):
        return None
    excludes = not text.startswith("!")
    if not excludes:
        text = text[1:]
    only_folders = text.endswith("/")
    body = text.strip("/") if only_folders else text.lstrip("/")
    if not body:
        return None
    anchored = "/" in text.rstrip("/")
    start = "" if anchored else "(?:.*/)?"
    end = "/.*" if only_folders else "(?:/.*)?"
    return Rule(re.compile(f"{start}{_expression(body)}{end}\\Z", re.DOTALL), excludes)


def _without_trailing_spaces(line: str) -> str:
    text = line.rstrip("\r\n")
    while text.endswith(" ") and not text.endswith("\\ "):
        text = text[:-1]
    return text


def _expression(body: str) -> str:
    """The regular expression of a pattern; `**` stands for any number of folders."""
    pieces: list[str] = []
    parts = body.split("/")
    for index, part in enumerate(parts):
        is_last = index == len(parts) - 1
        if part == "**":
            pieces.append(".+" if is_last else "(?:.*/)?")
        else:
            pieces.append(_segment(part) + ("" if is_last else "/"))
    return "".join(pieces)


def _segment(part: str) -> str:
    found = []
    position = 0
    while position < len(part):
        letter = part[position]
        position += 1
        if letter == "*":
            found.append("[^/]*")
        elif letter == "?":
            found.append("[^/]")
        elif letter == "[" and "]" in part[position + 1 :]:
            close = part.index("]", position + 1)
            inner = part[position:close].replace("\\", "\\\\").replace("[", "\\[")
            found.append("[" + ("^" + inner[1:] if inner[0] in "!^" else inner) + "]")
            position = close + 1
        elif letter == "\\" and position < len(part):
            found.append(re.escape(part[position]))
            position += 1
        else:
            found.append(re.escape(letter))
    return "".join(found)
