"""Where the command `smalt` begins. The first page of help and the version are answered without loading anything."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from smalt.cli.table import help_text


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and end the process with its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    is_completing = "_SMALT_COMPLETE" in os.environ
    if given in ([], ["-h"], ["--help"]) and not is_completing:
        print(help_text())
        return
    if given == ["--version"]:
        from smalt import __version__

        print(f"smalt {__version__}")
        return
    from smalt.cli.app import run

    sys.exit(run(given))


if __name__ == "__main__":
    main()
