"""What is done when nobody reads the output any more."""

from __future__ import annotations

import os
import sys


def let_go() -> None:
    """Give what Python would still flush to nobody: the reader of the output has gone, as `head` does."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(text: str) -> None:
    """Print, also where the reader leaves in the middle."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        let_go()
