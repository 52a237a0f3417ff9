"""`smalt catalog`."""

from __future__ import annotations

import click

from smalt.cli import verb
from smalt.cli.session import Session


@click.group(no_args_is_help=True)
def catalog() -> None:
    """The model catalog: look for models, bring them in."""


@catalog.command("list", cls=verb.Verb)
@verb.option("--search", "-s", default="", metavar="WORDS", help="Words that a card must have.")
@verb.option("--task", metavar="TASK", help="Inference task, e.g. chat-completion.")
@verb.option("--fine-tuning-task", metavar="TASK", help="Task that it can be trained further for.")
@verb.option("--publisher", metavar="NAME", help="Publisher.")
@verb.option("--license", "license_", metavar="NAME", help="Licence, e.g. apache-2.0.")
@verb.option("--capability", metavar="NAME", help="E.g. tool-calling or reasoning.")
@verb.option("--deployment", metavar="WAY", help="serverless, managed-compute or hosted-elsewhere.")
@verb.option("--registry", metavar="NAME", help="Registry; known for the built-in cards.")
@verb.max_results()
def show_list(
    session: Session,
    search: str,
    task: str | None,
    fine_tuning_task: str | None,
    publisher: str | None,
    license_: str | None,
    capability: str | None,
    deployment: str | None,
    registry: str | None,
    max_results: int | None,
) -> object:
    """List models of the catalog."""
    facets = {
        "task": task, "fine_tuning_task": fine_tuning_task, "publisher": publisher, "license": license_,
        "capability": capability, "deployment": deployment, "registry": registry,
    }  # fmt: skip
    given = {name: value for name, value in facets.items() if value is not None}
    return session.documents(session.client.catalog.list(search, max_results=max_results, **given))


@catalog.command(cls=verb.Verb)
@verb.name()
def show(session: Session, name: str) -> object:
    """Show a model of the catalog, what it needs, and what the workspace has of it."""
    return session.document(session.client.catalog.get(name))


@catalog.command(cls=verb.Verb)
@click.argument("names", nargs=-1, required=True, metavar="NAME ...")
def compare(session: Session, names: tuple[str, ...]) -> object:
    """Show models side by side."""
    from smalt.sdk.operations.catalog import compared

    return compared([session.client.catalog.get(name) for name in names])


@catalog.command(cls=verb.Verb)
@verb.file(required=True)
@verb.name(required=False)
@verb.overrides()
def create(session: Session, file: str, name: str | None, set_: tuple[str, ...]) -> object:
    """Add a card of your own to the catalog of the workspace."""
    loaded = session.load("model_card", file, set_, name=name)
    return session.document(session.client.catalog.create_or_update(loaded))


@catalog.command("import", cls=verb.Verb)
@click.argument("folder", metavar="FOLDER", type=click.Path(exists=True, file_okay=False))
def import_cards(session: Session, folder: str) -> object:
    """Add the cards of all catalog models (folders with spec.yaml) in a folder or a checkout."""
    return session.documents(session.client.catalog.import_folder(folder))


@catalog.command(cls=verb.Verb)
@verb.name()
def delete(session: Session, name: str) -> None:
    """Take a card from the catalog of the workspace; models that were brought in stay."""
    session.client.catalog.delete(name)


@catalog.command("accept-license", cls=verb.Verb)
@verb.name()
def accept_license(session: Session, name: str) -> object:
    """Accept the licence of a model, for the whole workspace."""
    return session.document(session.client.catalog.accept_license(name))


@catalog.command("import-model", cls=verb.Verb)
@verb.name()
@verb.option("--model-name", metavar="NAME", help="Name of the model in the workspace; the card's unless given.")
@verb.option("--version", "-v", metavar="VERSION", help="Its version; the next one unless given.")
@verb.option("--source", metavar="URI", help="Folder with the weights; else they are fetched from the hub.")
@verb.option("--compute", metavar="NAME", help="Where the job runs.")
@verb.flag("--load", help="Also load the model once, to see that it can be.")
@verb.flag("--stream", help="Follow the log, and wait for the end.")
def import_model(
    session: Session,
    name: str,
    model_name: str | None,
    version: str | None,
    source: str | None,
    compute: str | None,
    load: bool,
    stream: bool,
) -> object:
    """Bring the weights of a model in: a job that fetches, checks and registers it."""
    job = session.client.catalog.import_model(
        name, model_name=model_name, version=version, source=source, compute=compute, loads=load
    )
    if stream:
        session.client.jobs.stream(job)
    return session.document(session.client.jobs.get(job))
