"""`smalt tool`."""

from __future__ import annotations

from pathlib import Path

import click

from smalt.cli import console, values, verb


@click.group(no_args_is_help=True)
def tool() -> None:
    """Tools that nodes of flows use."""


@tool.command(cls=verb.LocalVerb)
@verb.option("--tool", "name", required=True, metavar="NAME", help="Name of the tool, a word of Python.")
@verb.option("--package", metavar="NAME", help="Name of a package to make for it; without, one file is made.")
@verb.overrides()
def init(name: str, package: str | None, set_: tuple[str, ...]) -> None:
    """Make a tool: a file, or a package that others can install."""
    import smalt.flows.gallery as gallery

    made = gallery.tool(name, Path(), package=package, more=values.changes(set_))
    click.echo(f"Made {made}.")


@tool.command("list", cls=verb.LocalVerb)
@verb.option("--flow", metavar="PATH", help="Also the tools in the files of this flow.")
def show_list(flow: str | None) -> object:
    """List the tools of installed packages, and of a flow."""
    import smalt.flows.loading.checking as checking

    return checking.tools(flow)


@tool.command(cls=verb.LocalVerb)
@verb.option("--source", required=True, metavar="FILE|PACKAGE", help="Python file of a tool, or an installed package.")
def validate(source: str) -> object:
    """Check that tools can be used as they are declared."""
    import smalt.flows.loading.checking as checking

    problems = checking.check_tools(source)
    for problem in problems:
        console.warn(problem)
    if problems:
        return 1
    click.echo(f"The tools of {source} are valid.")
    return None
