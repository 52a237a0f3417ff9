"""Programs that an operator may let this server use: podman or docker, micromamba, mamba or conda."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence

from smalt.errors import Unavailable


def find_program(option: str, choice: str, kinds: Sequence[str]) -> tuple[str, str] | None:
    """Kind and absolute path of what an operator chose: one by name, `auto` for the first that is here, `off` for none.

    Raises:
        Unavailable: It is not on this machine.
    """
    if choice == "off":
        return None
    for kind in kinds if choice == "auto" else (choice,):
        program = shutil.which(kind)
        if program is not None:
            return kind, os.path.abspath(program)  # noqa: PTH100  (no link is followed: docker may be one)
    if choice == "auto":
        return None
    raise Unavailable(f"{option} {choice}: there is no program {choice!r} on PATH. Install it, or leave that out.")
