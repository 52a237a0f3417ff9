"""The executable `pf`: the verbs and options of prompt flow's command line, answered by `smalt`.

`flow`, `run` and `tool` are those of `smalt`; `connection` is that of this machine. A run with some failed lines ends
with 0 here, as scripts written for `pf` expect; `smalt run` ends with 1.
"""

from __future__ import annotations

import click

from smalt.cli.table import PF


class Pf(click.Group):
    """The commands of `pf`, each loaded when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return list(PF)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One command."""
        if cmd_name == "flow":
            from smalt.cli.flow import flow

            return flow
        if cmd_name == "run":
            from smalt.cli.run import run

            return run
        if cmd_name == "tool":
            from smalt.cli.tool import tool

            return tool
        if cmd_name == "experiment":
            from smalt.cli.experiment import experiment

            return experiment
        from smalt.cli.pf_own import COMMANDS

        return COMMANDS.get(cmd_name)


root = Pf("pf", no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"]})
