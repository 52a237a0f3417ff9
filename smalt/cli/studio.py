"""`smalt studio`."""

from __future__ import annotations

import click

from smalt.cli import verb
from smalt.cli.session import Session


@click.command(cls=verb.Verb)
@verb.option("--no-browser", is_flag=True, help="Only print the address.")
def studio(session: Session, no_browser: bool) -> None:
    """Open the studio, signed in as you: prints an address that works once, within two minutes."""
    import webbrowser

    url = session.client.users.studio_link()
    click.echo(url)
    if not no_browser:
        webbrowser.open(url)
