"""Runs one command: finds it, answers failures with a sentence and an exit code, never with a traceback."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from smalt.cli.pipe import let_go
from smalt.cli.table import COMMANDS
from smalt.errors import NotFound, SmaltError

FAILED, MISUSED, MISSING = 1, 2, 3
"""Exit codes, as those of `az`: something failed, the command line is wrong, the thing does not exist."""

_INTERRUPTED = 130


class Root(click.Group):
    """All commands, each loaded when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One command."""
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name][0].split(":")
        found: click.Command = getattr(import_module(module), name)
        return found


root = Root("smalt", no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"]})


def run(
    arguments: Sequence[str],
    *,
    defaults: dict[str, str] | None = None,
    name: str = "smalt",
    commands: click.Group | None = None,
) -> int:
    """Run a command and return its exit code.

    Args:
        arguments: Everything after `smalt`.
        defaults: Subscription, group and workspace where the command names none.
        name: What the command is called in its help.
        commands: The commands there are, where they are not those of `smalt`.
    """
    debug = "--debug" in arguments
    logging.basicConfig(level=logging.ERROR, format="%(name)s: %(message)s")
    if debug:  # only our own words: the HTTP library would print queries, in which signatures are
        logging.getLogger("smalt").setLevel(logging.DEBUG)
    try:
        result: Any = (commands or root).main(
            list(arguments), prog_name=name, standalone_mode=False, obj=defaults or {}
        )
    except click.exceptions.Abort:
        return _INTERRUPTED
    except click.UsageError as error:
        error.show()
        return MISUSED
    except click.ClickException as error:
        return _told(error.format_message(), FAILED)
    except SmaltError as error:
        if debug:
            traceback.print_exc()
        return _told(error.message, MISSING if isinstance(error, NotFound) else FAILED)
    except BrokenPipeError:
        let_go()
        return FAILED
    except Exception as error:
        if debug:
            traceback.print_exc()
        kind = type(error).__name__
        return _told(f"smalt failed unexpectedly ({kind}: {error}). Run it again with --debug to see where.", FAILED)
    return result if isinstance(result, int) else 0


def _told(message: str, code: int) -> int:
    from smalt.cli.console import red

    click.echo(f"{red('ERROR:')} {message}", err=True)
    return code
