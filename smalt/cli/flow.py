"""`smalt flow` on this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from smalt.cli import console, values, verb
from smalt.cli.flow_experiment import experiment
from smalt.cli.flow_of_workspace import VERBS


@click.group(no_args_is_help=True)
def flow() -> None:
    """Prompt flows: make, try, serve and build them on this machine, and keep them in a workspace."""


for _verb in (*VERBS, experiment):
    flow.add_command(_verb)


@flow.command(cls=verb.LocalVerb)
@verb.option("--flow", "folder", metavar="FOLDER", help="Folder to make; by default named for the template.")
@verb.option("--template", metavar="NAME", help="Which template; see smalt flow templates.")
@verb.option("--type", "kind", type=click.Choice(("standard", "evaluation", "chat")), help="Kind of the flow.")
@verb.option("--entry", metavar="FILE", help="An existing Python file to make a flow of.")
@verb.option("--function", metavar="NAME", help="The function in it.")
@values.words("--prompt-template", metavar="NAME=FILE ...", help="Templates that the function uses.")
@verb.option("--connection", hidden=True, help="Connection of a chat flow.")
@verb.option("--deployment", hidden=True, help="Deployment or model of a chat flow.")
@verb.yes()
def init(
    folder: str | None,
    template: str | None,
    kind: str | None,
    entry: str | None,
    function: str | None,
    prompt_template: tuple[str, ...],
    connection: str | None,
    deployment: str | None,
    yes: bool,
) -> None:
    """Make a flow folder: from a template, of a kind, or around a function."""
    import smalt.flows.gallery as gallery

    name = template or kind or "standard"
    target = Path(folder or f"my_{name.replace('-', '_')}_flow")
    if target.is_dir() and any(target.iterdir()) and entry is None:
        console.confirm(f"{target} exists and is not empty. Write into it?", yes=yes)
    if entry is not None:
        prompts = {key: str(value) for key, value in values.pairs_or_file(prompt_template, "--prompt-template").items()}
        gallery.around(Path(entry), function, target, prompts)
    else:
        gallery.make(name, target, connection=connection, model=deployment)
    click.echo(f"Made {target}. Try it: smalt flow test --flow {target}{_how_to_try(name, target)}")


@flow.command(cls=verb.LocalVerb)
def templates() -> object:
    """List the templates that `init` knows."""
    import smalt.flows.gallery as gallery

    return [{"name": each.name, "description": each.description} for each in gallery.templates()]


@flow.command(cls=verb.LocalVerb)
@verb.option("--entry", required=True, metavar="MODULE:NAME", help="The function or class, from the code folder.")
@verb.option("--code", metavar="PATH", help="The folder or file of the code; by default this folder.")
@verb.option("--path", metavar="FOLDER", help="Where to save; by default the code folder.")
def save(entry: str, code: str | None, path: str | None) -> None:
    """Save a function or class as a flow."""
    import smalt.flows.gallery as gallery

    click.echo(f"Saved {gallery.save(entry, Path(code or '.'), None if path is None else Path(path))}.")


@flow.command(cls=verb.LocalVerb)
@verb.option("--flow", "--source", "source", required=True, metavar="PATH", help="Folder, file or module:function.")
@values.words("--inputs", "--input", metavar="KEY=VALUE ... | FILE", help="Inputs of the flow or node.")
@verb.option("--node", metavar="NAME", help="Try only this node.")
@verb.option("--variant", metavar="${NODE.VARIANT}", help="Variant instead of the default.")
@values.words("--init", metavar="KEY=VALUE ... | FILE", help="Arguments of the class that is the flow.")
@values.words("--environment-variables", metavar="KEY=VALUE ... | FILE", help="Set while it runs.")
@verb.flag("--interactive", help="Chat with it in the terminal.")
@verb.flag("--ui", help="Chat with it in the browser.")
@verb.option("--collection", metavar="NAME", help="Under which name its traces are kept.")
@verb.trace_to()
@verb.option("--detail", hidden=True, help="Folder for the files of the trial.")
@verb.flag("--multi-modal", help="Accepted; images work without it.")
@verb.flag("--skip-open-browser", help="With --ui, only say where the page is.")
@verb.option("--port", type=int, hidden=True, help="Port of the page.")
@values.words("--url-params", help="Accepted.")
@values.words("--config", help="Accepted; settings come from pf config.")
def test(
    source: str, interactive: bool, ui: bool, trace_to: str | None, **options: Any
) -> int:  # Any: options of click
    """Run a flow, or one node of it, once."""
    from smalt.cli.trying import chat, try_once
    from smalt.cli.workspace_of_flows import send_traces

    send_traces(trace_to)

    _drop(options, "multi_modal", "url_params", "config")
    inputs = values.pairs_or_file(options.pop("inputs"), "--inputs")
    variables = values.variables(options.pop("environment_variables"))
    init_values = values.pairs_or_file(options.pop("init"), "--init")
    skip_browser, port = options.pop("skip_open_browser"), options.pop("port")
    if ui:
        return _serve(
            source, host="127.0.0.1", port=port or 0, variables=variables, init_values=init_values,
            variant=options["variant"], opens_browser=not skip_browser,
        )  # fmt: skip
    run = chat if interactive else try_once
    return run(source, inputs, variables=variables, init=init_values, **options)


@flow.command(cls=verb.LocalVerb)
@verb.option("--source", "--flow", "source", required=True, metavar="PATH", help="Folder, file or module:function.")
@verb.option("--port", type=int, default=8080, show_default=True, help="Port; 0 for any that is free.")
@verb.option("--host", default="localhost", show_default=True, help="Address to listen on.")
@verb.option("--engine", type=click.Choice(("flask", "fastapi")), hidden=True, help="Accepted; there is one server.")
@verb.option("--static_folder", hidden=True, help="Accepted.")
@values.words("--environment-variables", metavar="KEY=VALUE ... | FILE", help="Set while it runs.")
@values.words("--init", metavar="KEY=VALUE ... | FILE", help="Arguments of the class that is the flow.")
@values.words("--config", help="Accepted; settings come from pf config.")
@verb.option("--variant", metavar="${NODE.VARIANT}", help="Variant instead of the default.")
@verb.trace_to()
@verb.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Server processes.")
@verb.flag("--skip-open-browser", help="Do not open the chat page.")
def serve(
    source: str,
    port: int,
    host: str,
    engine: str | None,
    static_folder: str | None,
    environment_variables: tuple[str, ...],
    init: tuple[str, ...],
    config: tuple[str, ...],
    variant: str | None,
    workers: int,
    skip_open_browser: bool,
    trace_to: str | None,
) -> int:
    """Serve a flow over HTTP: /score, a chat page, and /v1/chat/completions for chat flows."""
    from smalt.cli.workspace_of_flows import send_traces

    send_traces(trace_to)
    return _serve(
        source, host=host, port=port, variables=values.variables(environment_variables), variant=variant,
        init_values=values.pairs_or_file(init, "--init"), workers=workers,
        opens_browser=not skip_open_browser and sys.stdout.isatty(),
    )  # fmt: skip


@flow.command(cls=verb.LocalVerb)
@verb.option("--source", "--flow", "source", required=True, metavar="PATH", help="Folder or file of the flow.")
@verb.option("--output", "-o", "target", required=True, metavar="FOLDER", help="Folder to write.")
@verb.option(
    "--format", "-f", "form", type=click.Choice(("docker", "standalone", "executable")), default="docker",
    show_default=True, help="A context for docker, or a folder that runs by itself.",
)  # fmt: skip
@verb.option("--variant", "-v", metavar="${NODE.VARIANT}", help="Variant instead of the default.")
@verb.flag("--flow-only", help="Only the flow, includes resolved.")
def build(source: str, target: str, form: str, variant: str | None, flow_only: bool) -> None:
    """Write a flow with all it needs: for a container, or as a folder of its own."""
    import smalt.flows.serving.packing as packing
    from smalt.cli.workspace_of_flows import flow_at

    source = flow_at(source)
    if flow_only:
        packing.copy_flow(source, Path(target), variant=variant)
    else:
        packing.pack(source, Path(target), form="docker" if form == "docker" else "standalone", variant=variant)
    click.echo(f"Wrote {target}.")


@flow.command(cls=verb.LocalVerb)
@verb.option("--source", "--flow", "source", required=True, metavar="PATH", help="Folder or file of the flow.")
def validate(source: str) -> object:
    """Check a flow without running it, and write `.promptflow/flow.tools.json`."""
    import smalt.flows.loading.checking as checking

    report = checking.check(source)
    for problem in report.problems:
        console.warn(f"{problem.type}: {problem.message}")
    if report.problems:
        return 1
    click.echo(f"{report.name} is valid ({report.kind}, {len(report.nodes)} nodes).")
    return None


def _how_to_try(template: str, target: Path) -> str:
    if template == "chat":
        return " --interactive"
    rows = target / "data.jsonl"
    return f" --inputs {rows}" if rows.is_file() else ""


def _drop(options: dict[str, Any], *names: str) -> None:  # Any: options of click
    for name in names:
        options.pop(name)


def _serve(
    source: str,
    *,
    host: str,
    port: int,
    variables: dict[str, str],
    init_values: dict[str, Any],  # Any: values of flows
    variant: str | None,
    workers: int = 1,
    opens_browser: bool = False,
) -> int:
    from smalt.cli.workspace_of_flows import connections, flow_at
    from smalt.flows.serving import server

    def ready(url: str) -> None:
        click.echo(f"Serving {source} on {url} (POST {url}/score). Stop with Ctrl+C.", err=True)
        if opens_browser:
            import webbrowser

            webbrowser.open(url)

    server.serve(
        server.Served(flow_at(source), variant=variant, init=init_values, environment_variables=variables),
        host=host,
        port=port,
        workers=workers,
        connections=connections(),
        ready=ready,
    )
    return 0
