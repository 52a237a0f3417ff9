"""The shell of a command, and which commands need none: one that only starts a Python is started as it is.

A shell takes as long to begin as all that a supervisor does before it, and then only replaces itself.
"""

from __future__ import annotations

import os
import re
import shlex

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SHELLS = ("/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash", "/bin/sh")
_PYTHON = re.compile(r"(?:/[\w./+-]*/)?python[0-9.]*")
# Quoted or not, none of this means anything to a shell but itself.
_PLAIN = re.compile(r"""[\w@%+=:,./ "'-]*""", re.ASCII)
# What a shell reads before its command, or takes in the place of a program.
_SHELLS_OWN = ("BASH_ENV", "BASH_FUNC_")


def find() -> str:
    """The shell of this machine's jobs."""
    return next((shell for shell in _SHELLS if os.access(shell, os.X_OK)), _SHELLS[-1])


def direct(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[list[str], dict[str, str]] | None:
    """What a shell with these arguments would replace itself by, and its variables; None where it has more to do."""
    if arguments[0] != "-c":
        return None
    text = arguments[1].strip()
    if not _PLAIN.fullmatch(text) or any(name.startswith(_SHELLS_OWN) for name in environment):
        return None
    try:
        words = shlex.split(text)
    except ValueError:
        return None  # A quote is open: the shell says so.
    if not words or not _PYTHON.fullmatch(words[0]):
        return None
    program = _program(words[0], environment.get("PATH", ""))
    if program is None:
        return None
    return [program, *words[1:]], {"SHLVL": "0", **environment, "_": program}


def _program(name: str, path: str) -> str | None:
    """The program that a shell would take; None where that depends on the working folder, or there is none."""
    for folder in [""] if "/" in name else path.split(os.pathsep):
        candidate = os.path.join(folder, name)
        if not os.path.isabs(candidate):
            return None
        if os.access(candidate, os.X_OK) and not os.path.isdir(candidate):
            return candidate
    return None
