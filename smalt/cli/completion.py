"""`smalt completion`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of a shell. Use it with: eval "$(smalt completion bash)"."""
    from smalt.cli.app import root

    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(root, {}, "smalt", "_SMALT_COMPLETE").source())
