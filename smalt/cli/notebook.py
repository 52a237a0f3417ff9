"""`smalt notebook`: the files of the workspace, kernels, and notebooks as jobs."""

from __future__ import annotations

from pathlib import Path

import click

from smalt.cli import console, values, verb
from smalt.cli.session import Session


@click.group(no_args_is_help=True)
def notebook() -> None:
    """Notebooks: files of the workspace, kernels, and notebooks as jobs."""


@notebook.command("list", cls=verb.Verb)
@verb.option("--path", "-p", default="", metavar="FOLDER", help="Folder; by default the root of all files.")
def show_list(session: Session, path: str) -> object:
    """List what is in a folder of the workspace."""
    return session.documents(iter(session.client.notebooks.list(path)))


@notebook.command(cls=verb.Verb)
@verb.option("--source", "-s", required=True, metavar="PATH", help="File or folder of this machine.")
@verb.option("--path", "-p", metavar="TARGET", help="Where to; by default your own folder, under the same name.")
@verb.flag("--overwrite", help="Write over files that are there.")
def upload(session: Session, source: str, path: str | None, overwrite: bool) -> object:
    """Copy a file or folder of this machine into the workspace."""
    return session.documents(iter(session.client.notebooks.upload(source, path, overwrite=overwrite)))


@notebook.command(cls=verb.Verb)
@verb.option("--path", "-p", required=True, metavar="PATH", help="File or folder of the workspace.")
@verb.option("--download-path", "-d", "target", metavar="PATH", help="Where to; by default here, under its own name.")
@verb.flag("--overwrite", help="Write over files that are there.")
def download(session: Session, path: str, target: str | None, overwrite: bool) -> None:
    """Copy a file or folder of the workspace to this machine."""
    place = target or path.rpartition("/")[2] or "files"
    written = session.client.notebooks.download(path, place, overwrite=overwrite)
    console.tell(f"Wrote {len(written)} files to {place}.")


@notebook.command(cls=verb.Verb)
@verb.option("--source", "-s", required=True, metavar="PATH", help="What to move.")
@verb.option("--target", "-t", required=True, metavar="PATH", help="Its new path.")
def move(session: Session, source: str, target: str) -> object:
    """Rename a file or folder of the workspace, or move it elsewhere."""
    return session.document(session.client.notebooks.move(source, target))


@notebook.command(cls=verb.Verb)
@verb.option("--source", "-s", required=True, metavar="PATH", help="What to copy.")
@verb.option("--target", "-t", required=True, metavar="PATH", help="The path of the copy.")
def copy(session: Session, source: str, target: str) -> object:
    """Copy a file or folder of the workspace."""
    return session.document(session.client.notebooks.copy(source, target))


@notebook.command(cls=verb.Verb)
@verb.option("--path", "-p", required=True, metavar="PATH", help="File or folder.")
@verb.yes()
def delete(session: Session, path: str, yes: bool) -> None:
    """Delete a file of the workspace, or a folder with all that is in it."""
    console.confirm(f"Delete {path!r} and all that is in it?", yes=yes)
    session.client.notebooks.delete(path)


@notebook.command(cls=verb.Verb)
@click.argument("path", metavar="NOTEBOOK")
@values.words("--parameters", help="Parameters of the notebook; or a file with them.")
@verb.option("--compute", metavar="NAME", help="Compute.")
@verb.option("--environment", metavar="NAME", help="Environment; a kernel is added where it has none.")
@verb.option("--experiment-name", metavar="NAME", help="Experiment; by default named for the notebook.")
@verb.option("--display-name", metavar="TEXT", help="Display name.")
@verb.flag("--from-workspace", help="The path is one of the workspace's files, not of this machine.")
@verb.flag("--stream", help="Show the log until it ends.")
def run(
    session: Session,
    path: str,
    parameters: tuple[str, ...],
    compute: str | None,
    environment: str | None,
    experiment_name: str | None,
    display_name: str | None,
    from_workspace: bool,
    stream: bool,
) -> object:
    """Run a notebook, or a script, as a job."""
    if not from_workspace and not Path(path).is_file():
        raise click.UsageError(f"There is no file {path}. Name one of this machine, or pass --from-workspace.")
    named = {"experiment_name": experiment_name, "display_name": display_name}
    name = session.client.notebooks.run(
        path,
        parameters=values.pairs_or_file(parameters, "--parameters") if parameters else None,
        environment=environment,
        compute=compute,
        local=not from_workspace,
        **{key: value for key, value in named.items() if value},
    )
    if stream:
        session.client.jobs.stream(name)
    return session.document(session.client.jobs.get(name))


@notebook.group("session", no_args_is_help=True)
def sessions() -> None:
    """Kernels at work: each is a job of the workspace."""


@sessions.command("start", cls=verb.Verb)
@verb.option("--path", "-p", required=True, metavar="NOTEBOOK", help="Notebook among the workspace's files.")
@verb.option("--environment", metavar="NAME", help="Environment; a kernel is added where it has none.")
@verb.option("--compute", metavar="NAME", help="A compute instance; started where it is stopped.")
@verb.option("--idle-minutes", type=click.IntRange(1), metavar="N", help="Ends when nothing has run for so long.")
def start(
    session: Session, path: str, environment: str | None, compute: str | None, idle_minutes: int | None
) -> object:
    """Begin the session of a notebook, or find the one that there is."""
    begun = session.client.notebooks.start_session(
        path, environment=environment, compute=compute, idle_minutes=idle_minutes
    )
    return session.document(begun)


@sessions.command("list", cls=verb.Verb)
@verb.option("--path", "-p", metavar="NOTEBOOK", help="Only those of this notebook.")
@verb.flag("--all", help="Also those that are over.")
def show_sessions(session: Session, path: str | None, all: bool) -> object:  # noqa: A002 - the word of the option
    """List sessions, the newest first."""
    return session.documents(session.client.notebooks.sessions(path=path, active=not all))


@sessions.command("show", cls=verb.Verb)
@verb.name()
def show(session: Session, name: str) -> object:
    """Show a session, and how its kernel is."""
    return session.document(session.client.notebooks.session(name))


@sessions.command("execute", cls=verb.Verb)
@verb.name()
@verb.option("--code", required=True, metavar="TEXT", help="What to run.")
def execute(session: Session, name: str, code: str) -> object:
    """Run code in a session, and wait for its end."""
    return session.client.notebooks.execute(name, code)


@sessions.command("interrupt", cls=verb.Verb)
@verb.name()
def interrupt(session: Session, name: str) -> None:
    """Interrupt what runs in a session."""
    session.client.notebooks.interrupt(name)


@sessions.command("restart", cls=verb.Verb)
@verb.name()
def restart(session: Session, name: str) -> None:
    """Start the kernel of a session anew; its memory is empty then."""
    session.client.notebooks.restart(name)


@sessions.command("stop", cls=verb.Verb)
@verb.name()
def stop(session: Session, name: str) -> None:
    """End a session; its outputs stay."""
    session.client.notebooks.stop_session(name)
