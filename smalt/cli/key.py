"""`smalt key`: the keys of the installation on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from smalt.cli.server import home_folder, home_option


@click.group(no_args_is_help=True)
def key() -> None:
    """Keys that sign tokens and seal secrets."""


@key.command()
@home_option
@click.option("--database", metavar="URL", envvar="SMALT_DATABASE", help="As for smalt up.")
@click.option("--only", type=click.Choice(("signing", "vault")), help="Change one of the two. [default: both]")
@click.option("--end-tokens", is_flag=True, help="End every signed token now, those of running jobs as well.")
def rotate(home: str | None, database: str | None, only: str | None, end_tokens: bool) -> None:
    """Put new keys in the place of the present ones. The server must be stopped; running jobs go on."""
    from smalt.kit import clock
    from smalt.server.rotation import rotate as change
    from smalt.server.settings import Settings

    if end_tokens and only == "vault":
        raise click.UsageError("--end-tokens is about the signing key. Leave --only vault out.")
    folder: Path = home_folder(home)
    settings = Settings(home=folder, database_url=database)
    changed = change(settings, vault=only != "signing", signing=only != "vault", end_tokens=end_tokens)
    if changed.tokens_until is not None:
        ended = "have ended" if end_tokens else f"are valid until {clock.to_text(changed.tokens_until)} at most"
        click.echo(f"New signing key; tokens of the earlier one {ended}.")
    if changed.secrets is not None:
        click.echo(f"New vault key; {changed.secrets} secrets are sealed with it. Signed blob URLs have ended.")
