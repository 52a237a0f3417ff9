"""Where the commands `smalt`, `pf` and `pfazure` begin. Help and version load nothing else."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Sequence

from smalt.cli.pipe import say
from smalt.cli.table import help_text

_SELDOM = 50_000
"""As many new objects are there before the collector looks: a command ends before it would find anything."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and end the process with its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    is_completing = "_SMALT_COMPLETE" in os.environ
    if given in ([], ["-h"], ["--help"]) and not is_completing:
        say(help_text())
        return
    if given == ["--version"]:
        from smalt import __version__

        print(f"smalt {__version__}")
        return

    def command() -> int:
        from smalt.cli.app import run

        return run(given)

    _end_with(command)


def pf(arguments: Sequence[str] | None = None) -> None:
    """As `main`, for the executable `pf`."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given in ([], ["-h"], ["--help"]):
        from smalt.cli.table import pf_help_text

        say(pf_help_text())
        return
    if given in (["--version"], ["-v"]):
        from smalt import __version__

        print(f'{{"promptflow": "1.18.5", "smalt": "{__version__}"}}')
        return

    def command() -> int:
        from smalt.cli.app import run
        from smalt.cli.pf import root
        from smalt.cli.run import LENIENT

        return run(given, name="pf", commands=root, defaults={LENIENT: "yes"})

    _end_with(command)


def pfazure(arguments: Sequence[str] | None = None) -> None:
    """As `main`, for the executable `pfazure`."""
    given = list(sys.argv[1:] if arguments is None else arguments)

    def command() -> int:
        from smalt.cli.app import run
        from smalt.cli.pfazure import root

        return run(given, name="pfazure", commands=root)

    _end_with(command)


def _end_with(command: Callable[[], int]) -> None:
    """Run a command and end the process with its exit code; on the way out nobody looks for garbage either."""
    gc.set_threshold(_SELDOM)
    code = command()
    gc.freeze()
    sys.exit(code)


if __name__ == "__main__":
    main()
