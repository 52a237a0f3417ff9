"""`smalt run`: batch runs of flows on this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smalt.cli import console, values, verb
from smalt.errors import InvalidRequest

if TYPE_CHECKING:
    from smalt.flows.batch import Run, RunStore

Document = dict[str, Any]  # Any: JSON

LENIENT = "failed lines are no failure"
"""A key of the defaults: a run with failed lines ends with 0, if some completed."""

_INTERRUPTED = 130


@click.group(no_args_is_help=True)
def run() -> None:
    """Batch runs of flows."""


@run.command(cls=verb.LocalVerb)
@verb.file()
@verb.option("--flow", metavar="PATH", help="Folder or file of the flow, module:function, or azureml:NAME[:VERSION].")
@verb.option("--data", metavar="PATH", help="csv, tsv, json, jsonl or parquet file, or a folder of them.")
@values.words("--column-mapping", metavar="INPUT='${data.x}' ...", help="Which column fills which input.")
@verb.option("--run", "over", metavar="NAME", help="Run whose outputs are columns too: ${run.outputs.x}.")
@verb.option("--variant", metavar="${NODE.VARIANT} | all", help="Variant, or every one of them side by side.")
@values.words("--connections", metavar="NODE.connection=NAME ...", help="Other connections for nodes.")
@values.words("--environment-variables", metavar="KEY=VALUE ... | FILE", help="Set while it runs.")
@values.words("--init", metavar="KEY=VALUE ... | FILE", help="Arguments of the class that is the flow.")
@verb.name(required=False)
@verb.overrides()
@verb.option("--resume-from", metavar="NAME", help="Run whose completed lines are taken over.")
@verb.option("--source", metavar="FOLDER", help="Folder of a run to be recorded here.")
@verb.flag("--stream", "-s", help="Print the log while it runs.")
@verb.option("--concurrency", type=click.IntRange(1), metavar="N", help="Lines in flight (PF_WORKER_COUNT, 16).")
@verb.option(
    "--processes", type=click.IntRange(0), default=0, metavar="N", help="Worker processes, for flows that compute."
)
@verb.trace_to()
@verb.option("--evaluation", metavar="PATH", help="With --variant all, a flow that evaluates each variant's run.")
@values.words("--evaluation-mapping", metavar="INPUT='${run.outputs.x}' ...", help="Its column mapping.")
def create(
    file: str | None, stream: bool, concurrency: int | None, processes: int, trace_to: str | None, **options: Any
) -> object:  # Any: click
    """Run a flow over many lines. Exits with 1 if a line failed."""
    from smalt.cli.workspace_of_flows import send_traces
    from smalt.flows.batch import Pace, RunStore

    send_traces(trace_to)
    store = RunStore()
    pace = Pace.from_environment(lines_at_once=concurrency, processes=processes)
    asked, evaluation = _asked(file, options)
    if options["source"]:
        return _adopted(store, options["source"], asked).document()
    if asked.get("variant") == "all":
        return _every_variant(store, asked, evaluation, pace)
    if evaluation["flow"]:
        raise click.UsageError("--evaluation goes with --variant all. Otherwise run the evaluation with --run.")
    return _executed(store, _recorded(store, asked), pace, stream=stream)


@run.command(cls=verb.LocalVerb)
@verb.name()
@verb.flag("--stream", "-s", help="Print the log while it runs.")
@verb.option("--concurrency", type=click.IntRange(1), metavar="N", help="Lines in flight (PF_WORKER_COUNT, 16).")
@verb.option(
    "--processes", type=click.IntRange(0), default=0, metavar="N", help="Worker processes, for flows that compute."
)
@verb.trace_to()
def resume(name: str, stream: bool, concurrency: int | None, processes: int, trace_to: str | None) -> object:
    """Go on with a run that was ended, or try its failed lines again; completed lines stay."""
    from smalt.cli.workspace_of_flows import send_traces
    from smalt.flows.batch import Pace, RunStore, again

    send_traces(trace_to)
    store = RunStore()
    pace = Pace.from_environment(lines_at_once=concurrency, processes=processes)
    return _executed(store, again(store, name), pace, stream=stream)


@run.command(cls=verb.LocalVerb)
@verb.name()
@verb.overrides()
def update(name: str, set_: tuple[str, ...]) -> object:
    """Change display_name, description or tags.KEY."""
    from smalt.flows.batch import RunStore

    store = RunStore()
    found = store.get(name)
    for key, value in values.changes(set_).items():
        if key in ("display_name", "description"):
            setattr(found, key, value)
        elif key.startswith("tags."):
            found.tags[key.removeprefix("tags.")] = value
        else:
            raise InvalidRequest(f"{key!r} of a run cannot be changed. Set display_name, description or tags.KEY.")
    store.save(found)
    return found.document()


@run.command(cls=verb.LocalVerb)
@verb.name()
def stream(name: str) -> int:
    """Print the log of a run until it has ended, and how it ended."""
    from smalt.flows.batch import RunStore

    store = RunStore()
    found = _followed(store, name)
    _summary(found)
    return 0 if found.status == "Completed" else 1


@run.command(cls=verb.LocalVerb)
@verb.name()
def show(name: str) -> object:
    """Show a run."""
    from smalt.flows.batch import RunStore

    return RunStore().get(name).document()


@run.command("show-details", cls=verb.LocalVerb)
@verb.name()
@verb.max_results(100)
@verb.flag("--all-results", help="All lines.")
@verb.option("--form", type=click.Choice(("table", "json")), default="table", show_default=True, help="Form.")
def show_details(name: str, max_results: int, all_results: bool, form: str) -> object:
    """Show the inputs and outputs of each line; what failed is marked."""
    from smalt.flows.batch import RunStore, rows

    found = rows(RunStore().get(name), max_results=None if all_results else max_results)
    if form == "json":
        return found
    _print_table([{key: _cell(row, key) for key in row if key != "error"} for row in found])
    return None


@run.command("show-metrics", cls=verb.LocalVerb)
@verb.name()
def show_metrics(name: str) -> object:
    """Show the metrics of a run."""
    from smalt.flows.batch import RunStore

    return RunStore().get(name).folder.metrics()


@run.command("list", cls=verb.LocalVerb)
@verb.max_results(50)
@verb.flag("--all-results", help="All of them.")
@verb.archived()
def show_list(max_results: int, all_results: bool, include_archived: bool, archived_only: bool) -> object:
    """List runs, the newest first."""
    from smalt.flows.batch import RunStore

    verb.view(include_archived=include_archived, archived_only=archived_only)
    which = None if include_archived else archived_only
    found = RunStore().list(max_results=None if all_results else max_results, archived=which)
    return [each.document() for each in found]


@run.command(cls=verb.LocalVerb)
@verb.option("--names", "--name", "-n", "name", required=True, metavar="NAME,...", help="Names of the runs.")
@verb.flag("--skip-open-browser", help="Only say where the page is.")
@verb.option("--html-path", metavar="FILE", help="Where to write the page.")
def visualize(name: str, skip_open_browser: bool, html_path: str | None) -> None:
    """Write a page that compares runs (`--names a,b`) line by line, and open it."""
    import smalt.flows.batch.report as report
    from smalt.flows.batch import RunStore

    store = RunStore()
    runs = [store.get(each.strip()) for each in name.split(",") if each.strip()]
    page = report.write(runs, None if html_path is None else Path(html_path))
    click.echo(f"Wrote {page}")
    if not skip_open_browser and sys.stdout.isatty():
        import webbrowser

        webbrowser.open(page.absolute().as_uri())


@run.command(cls=verb.LocalVerb)
@verb.name()
def compare(name: str) -> object:
    """Compare runs (`--name a,b`) by metrics, failures, latency, tokens and cost."""
    import smalt.flows.batch.comparison as comparison
    from smalt.flows.batch import RunStore

    store = RunStore()
    return comparison.table([store.get(each.strip()) for each in name.split(",") if each.strip()], store)


@run.command(cls=verb.LocalVerb)
@verb.name()
def archive(name: str) -> object:
    """Hide a run from lists."""
    return _archived(name, is_archived=True)


@run.command(cls=verb.LocalVerb)
@verb.name()
def restore(name: str) -> object:
    """Show an archived run in lists again."""
    return _archived(name, is_archived=False)


@run.command(cls=verb.LocalVerb)
@verb.name()
@verb.yes()
def delete(name: str, yes: bool) -> None:
    """Forget a run and remove its files."""
    from smalt.flows.batch import RunStore

    store = RunStore()
    store.get(name)
    console.confirm(f"Delete run {name!r} and its files?", yes=yes)
    store.delete(name)


def _asked(file: str | None, options: Document) -> tuple[Document, Document]:
    """What is asked for, with what is fetched of the workspace; and the evaluation of variants."""
    from smalt.cli.workspace_of_flows import fetched, flow_at

    asked = described(file, options)
    if isinstance(asked.get("data"), str):
        asked["data"] = fetched(asked["data"])
    if isinstance(asked.get("flow"), str):
        asked["flow"] = flow_at(asked["flow"])
    mapping = options["evaluation_mapping"]
    evaluation = {
        "flow": options["evaluation"],
        "column_mapping": values.pairs_or_file(mapping, "--evaluation-mapping") if mapping else {},
    }
    return asked, evaluation


def described(file: str | None, options: Document) -> Document:
    """What a run file and the options ask for, options first."""
    from smalt.flows.batch import read_file

    asked: Document = {}
    if file is not None:
        asked, unread = read_file(file)
        for key in unread:
            console.warn(f"{file}: {key!r} is nothing a run knows; it is not read.")
    if options["column_mapping"]:
        asked["column_mapping"] = values.pairs_or_file(options["column_mapping"], "--column-mapping")
    for key, option in (("flow", "flow"), ("data", "data"), ("run", "over"), ("variant", "variant"), ("name", "name")):
        if options[option] is not None:
            asked[key] = options[option]
    if options["connections"]:
        asked["connections"] = values.node_settings(options["connections"])
    if options["environment_variables"]:
        asked["environment_variables"] = values.variables(options["environment_variables"])
    if options["init"]:
        asked["init"] = values.pairs_or_file(options["init"], "--init")
    if options.get("resume_from"):
        asked["resume_from"] = options["resume_from"]
    for key, value in values.changes(options["set_"]).items():
        head, dot, rest = key.partition(".")
        if dot:
            asked[head] = dict(asked.get(head) or {}) | {rest: value}
        else:
            asked[key] = value
    return asked


def _recorded(store: RunStore, asked: Document) -> Run:
    from smalt.flows.batch import create as record
    from smalt.flows.batch import resumed

    asked = dict(asked)
    before = asked.pop("resume_from", None)
    if before is not None:
        kept = {key: asked[key] for key in ("display_name", "description", "tags") if key in asked}
        return resumed(store, before, new_name=asked.get("name"), **kept)
    return record(store, asked.pop("flow", None), **asked)


def _executed(store: RunStore, found: Run, pace: Any, *, stream: bool) -> int:  # Any: imported where it is used
    """Run what is missing, say how it ended; 1 if a line failed."""
    from smalt.cli import output
    from smalt.cli.workspace_of_flows import connections
    from smalt.flows.batch import execute

    show = click.echo if stream else None
    try:
        ended = execute(
            found, store, pace=pace, connections=connections(), progress=None if stream else _bar(), listener=show
        )
    except KeyboardInterrupt:
        click.echo(f"Canceled. Go on where it stopped: smalt run resume --name {found.name}", err=True)
        return _INTERRUPTED
    if stream:
        _summary(ended)
    else:
        output.show(ended.document(), form="json", query=None)
    _tell_failures(ended)
    return exit_code(ended)


def exit_code(ended: Run) -> int:
    """0 only if every line completed, and the aggregation; for scripts of `pf`, if the run as a whole did."""
    if LENIENT in (click.get_current_context().obj or {}):
        return 0 if ended.status == "Completed" else 1
    return 0 if ended.status == "Completed" and not ended.failed_lines and ended.error is None else 1


def _tell_failures(ended: Run) -> None:
    if ended.error is None:
        return
    if ended.failed_lines:
        console.warn(f"{ended.failed_lines} of {ended.lines} lines failed. {ended.error['message']}")
        click.echo(f"Try them again: smalt run resume --name {ended.name}", err=True)
    else:
        console.warn(ended.error["message"])


def _every_variant(store: RunStore, asked: Document, evaluation: Document, pace: Any) -> int:  # Any: see `_executed`
    import smalt.flows.batch.comparison as comparison

    asked = {key: value for key, value in asked.items() if key not in ("variant", "resume_from")}
    runs = comparison.run_variants(
        store, asked, pace=pace, evaluation=evaluation if evaluation["flow"] else None,
        announce=lambda text: click.echo(text, err=True), progress=_bar(),
    )  # fmt: skip
    _print_table(comparison.table(runs, store))
    for each in runs:
        _tell_failures(each)
    return max(exit_code(each) for each in runs)


def _adopted(store: RunStore, folder: str, asked: Document) -> Run:
    from smalt.flows.batch import submit

    return submit.adopted(store, Path(folder), name=asked.get("name"), display_name=asked.get("display_name"))


def _archived(name: str, *, is_archived: bool) -> object:
    from smalt.flows.batch import RunStore

    store = RunStore()
    found = store.get(name)
    found.is_archived = is_archived
    store.save(found)
    return found.document()


def _followed(store: RunStore, name: str) -> Run:
    """Print the log of a run as it grows, until the run has ended."""
    import time

    found = store.get(name)
    place, rest = 0, b""
    while True:
        is_over = found.status != "Running"
        if found.folder.logs.exists():
            with found.folder.logs.open("rb") as file:
                file.seek(place)
                text = rest + file.read()
                place = file.tell()
            whole, _, rest = text.rpartition(b"\n")
            if whole:
                click.echo(whole.decode("utf-8", "replace"))
        if is_over:
            return found
        time.sleep(0.2)
        found = store.get(name)


def _summary(found: Run) -> None:
    click.echo("======= Run Summary =======\n")
    click.echo(f'Run name: "{found.name}"')
    click.echo(f'Run status: "{console.by_status(str(found.status), str(found.status))}"')
    if found.lines is not None:
        click.echo(f"Lines: {found.completed_lines} completed, {found.failed_lines} failed, {found.lines} in all")
    click.echo(f'Start time: "{found.start_time}"')
    click.echo(f'Duration: "{found.duration_seconds}"')
    click.echo(f'Output path: "{found.output_path}"\n')


def _bar() -> Any:  # Any: told after each line; nothing where nobody looks
    if not console.is_terminal(sys.stderr):
        return None
    bar = console.Counter("lines")
    return bar.show


def _cell(row: Document, key: str) -> object:
    if row["status"] == "Failed" and key.startswith("outputs."):
        return "(Failed)"
    value = row[key]
    return value if isinstance(value, str | int | float) or value is None else str(value)


def _print_table(rows: list[Document]) -> None:
    from smalt.cli import output

    output.show(rows, form="table", query=None, is_chosen=True)
