"""`smalt import`: taking over what other tools have kept on this machine."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from smalt.cli import verb


@click.group("import", no_args_is_help=True)
def importing() -> None:
    """Take over what other tools have kept on this machine."""


@importing.command(cls=verb.LocalVerb)
@verb.option("--home", metavar="FOLDER", help="Its home. [default: PF_HOME_DIRECTORY or ~/.promptflow]")
@verb.option(
    "--key-file", metavar="FILE", help="File with the key of its secrets, if no keyring has it here; - for stdin."
)
@verb.flag("--dry-run", help="Only say what would be taken over.")
def promptflow(home: str | None, key_file: str | None, dry_run: bool) -> object:
    """Take over connections and runs of prompt flow. Nothing there is changed; what is left out is named."""
    from smalt.flows import importing as of_promptflow

    key = None if key_file is None else sys.stdin.read() if key_file == "-" else _read(key_file)
    return of_promptflow.take_over(None if home is None else Path(home), key=key, is_only_told=dry_run).document()


def _read(path: str) -> str:
    file = Path(path)
    if not file.is_file():
        raise click.UsageError(f"--key-file got {path!r}, which is no file.")
    return file.read_text(encoding="utf-8")
