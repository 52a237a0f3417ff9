"""Writes docs/reference from the program itself: commands, routes and settings.

python scripts/reference.py            # writes the pages; `make docs` does that
python scripts/reference.py --check    # tells which are stale, and changes nothing
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

import click

from smalt.cli import table
from smalt.cli.app import root
from smalt.cli.server import exports
from smalt.cli.verb import JOINT, Verb, shared_options
from smalt.server.http import ANYONE, SIGNED_IN, WORKSPACE, Route
from smalt.server.http.route import GROUP, PROVIDER
from smalt.server.identity.access import full_action
from smalt.server.main import build
from smalt.server.settings import Settings

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "reference"
_NOTE = "<!-- Written by scripts/reference.py; change the program, then run: make docs -->"
_KINDS = {"choice": "WORD", "integer": "N", "integer range": "N"}
_SHORT = (
    (WORKSPACE, "WORKSPACE"),
    (GROUP + PROVIDER + "/registries/{registry}", "REGISTRY"),
    (GROUP, "GROUP"),
)
"""What stands for the beginnings of paths, the longest first."""

_VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")

READ = {
    "ARM_CLOUD_METADATA_URL": "names the server where `SMALT_URL` does not, as for the official clients",
    "AZUREML_ARM_RESOURCEGROUP": "resource group of commands and clients",
    "AZUREML_ARM_SUBSCRIPTION": "subscription of commands and clients",
    "AZUREML_ARM_WORKSPACE_NAME": "workspace of commands and clients",
    "AZUREML_GIT_BRANCH": "overrides the branch that is kept with a job",
    "AZUREML_GIT_BUILD_ID": "build that is kept with a job",
    "AZUREML_GIT_BUILD_URI": "address of the build that is kept with a job",
    "AZUREML_GIT_COMMIT": "overrides the commit that is kept with a job",
    "AZUREML_GIT_DIRTY": "overrides whether the code has changes that are not committed",
    "AZUREML_GIT_REPOSITORY_URI": "overrides the repository that is kept with a job",
    "AWS_ALLOW_HTTP": "`true`: the place that `--object-store` names is reached over plain HTTP",
    "AZURE_SUBSCRIPTION_ID": "subscription of commands and clients, when `AZUREML_ARM_SUBSCRIPTION` is not set",
    "HF_ENDPOINT": "hub of Hugging Face's kind that weights of catalog models are fetched from, of the server",
    "AZURE_TENANT_ID": "tenant that `az account show` tells",
    "BUILD_INFO": "what a served flow answers as `build_info` at `/version`",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "where traces of flows, and the gateway's spans of requests, are sent, whole",
    "NO_COLOR": "set to anything: no colours",
    "OPENAI_API_VERSION": "version of the API for connections of Azure OpenAI made from the environment",
    "OPENAI_BASE_URL": "address of models for connections of type `open_ai` that name none",
    "OPENAI_ORG_ID": "organization for connections of OpenAI made from the environment",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "where traces of flows are sent, without `/v1/traces`",
    "OTEL_EXPORTER_OTLP_HEADERS": "headers sent with traces of flows",
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "headers sent with traces of flows, before `OTEL_EXPORTER_OTLP_HEADERS`",
    "OTEL_RESOURCE_ATTRIBUTES": "what traces of flows are of, `key=value` with commas between",
    "OTEL_SDK_DISABLED": "`true`: flows send no traces",
    "OTEL_SERVICE_NAME": "name of the service in traces of flows",
    "OTEL_TRACES_EXPORTER": "`none`: flows send no traces",
    "OTEL_TRACES_SAMPLER": "`always_off`, `always_on` or a ratio, for traces of flows",
    "OTEL_TRACES_SAMPLER_ARG": "share of the traces of flows that is sent, from 0 to 1",
    "PF_HOME_DIRECTORY": "folder of connections, runs and settings of flows; otherwise `~/.promptflow`",
    "PF_LINE_TIMEOUT_SEC": "how long a line of a flow may take",
    "PF_LOGGING_LEVEL": "what a served flow logs: debug, info, warning, error",
    "PF_TRACE_COLLECTION": "collection under which traces of flows are kept",
    "PF_TRACE_SESSION_ID": "conversation that traces of flows belong to",
    "PIP_CONFIG_FILE": "where environments look for package indexes, as pip does",
    "PIP_FIND_LINKS": "folders and pages of packages for environments, as for pip",
    "PROMPTFLOW_ENCODED_CONNECTIONS": "connections of a served flow: JSON, packed with gzip, in base64",
    "PROMPTFLOW_RESPONSE_INCLUDED_FIELDS": "outputs that a served flow shows, as a JSON list",
    "PYENV_ROOT": "where further Python versions are looked for",
    "SMALT_DATABASE": "database of the server, as `--database`",
    "SMALT_HOME": "folder of the server, as `--home`",
    "SMALT_TOKEN": "token of commands and clients, instead of the one in the folder of the server",
    "SMALT_TRACE_CONTENT": "`false` leaves inputs and outputs out of traces of flows",
    "SMALT_URL": "address of the server for commands and clients",
    "UV_PYTHON_INSTALL_DIR": "where further Python versions are looked for",
    "XDG_CONFIG_DIRS": "where pip's settings are looked for",
    "XDG_CONFIG_HOME": "where pip's settings are looked for",
    "XDG_DATA_HOME": "where further Python versions are looked for",
}
"""What every variable that the program reads is for. One that is missing here stops the script."""

FILES = {
    "alerts.yaml": "the mail server, and private hosts that webhooks may reach; yours to write",
    "aliases.yaml": "prefixes of URLs, each with the folder or URL that stands for it; for closed networks",
    "environments/aliases.yaml": "images and curated names, each with the environment that stands for it",
    "ca/bundle.pem": "certificates that official clients must trust; `smalt env` names it",
    "credentials.json": "client id, secret and token of the first owner; when lost, the next start renews them",
    "smalt.db-promised": "metrics and runs that are on their way into the database; empty when the server is stopped",
    "keys/ secret.key": "sign tokens and seal secrets; changed by `smalt key rotate`",
    "logs/server.log": "what a server started with `--detach` says",
    "logs/gateway.log": "what the gateway says",
    "gateway.token": "opens `/metrics` and `/stats` of the gateway",
    "sign-in.yaml": "the organisation's provider of accounts; yours to write",
    "object-store.json": "what was last known of the object store behind the blobs",
    "deployments/": "code, models, instances and logs of online deployments",
    "local-endpoints/": "endpoints made with `--local`",
}


def pages() -> dict[str, str]:
    """Every page by its name."""
    return {"commands.md": commands(), "routes.md": routes(), "settings.md": settings()}


def commands() -> str:
    """Every command with its options."""
    parts = [
        "# Commands",
        _NOTE,
        "`smalt <command> --help` prints the same. Options may be shortened to what is unambiguous. Where a command "
        "works in a workspace it also takes the options of the next table.",
        _options(shared_options()),
    ]
    context = click.Context(root, info_name="smalt")
    groups = (
        ("Server", table.SERVER),
        ("Nouns", table.NOUNS),
        ("Authored", table.AUTHORED),
        ("Flows", table.FLOWS),
        ("Observed", table.OBSERVED),
        ("People and rights", table.ACCESS),
    )
    for title, names in (*groups, ("Others", table.OTHERS)):
        parts.append(f"## {title}")
        for name in names:
            found = root.get_command(context, name)
            assert found is not None
            parts += _command(found, click.Context(found, info_name=name, parent=context))
    return _joined(parts)


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    yield f"### {context.command_path}"
    yield (command.help or "").strip()
    if isinstance(command, click.Group):
        for name in sorted(command.list_commands(context)):
            found = command.get_command(context, name)
            assert found is not None
            yield from _command(found, click.Context(found, info_name=name, parent=context))
        return
    shared = {option.name for option in shared_options()} if isinstance(command, Verb) else set()
    own = [param for param in command.params if param.name not in shared and not getattr(param, "hidden", False)]
    if own:
        yield _options(own)


def _options(params: Iterable[click.Parameter]) -> str:
    return _table(("option", "meaning"), sorted(_option(param) for param in params))


def _option(param: click.Parameter) -> tuple[str, str]:
    if not isinstance(param, click.Option):
        return f"`{param.make_metavar(click.Context(root))}`", ""
    names = ", ".join(sorted((*param.opts, *param.secondary_opts), key=lambda name: (-len(name), name)))
    kind = "" if param.is_flag else f" {param.metavar or _KINDS.get(param.type.name, param.type.name.upper())}"
    told = [param.help or ""]
    if isinstance(param.type, click.Choice):
        told.append(f"One of {', '.join(map(str, param.type.choices))}.")
    if param.required:
        told.append("Required.")
    if param.envvar:
        told.append(f"Also from `{param.envvar}`.")
    shows_default = (param.show_default and param.default is not None) or param.name == "output"
    if shows_default and not param.is_flag:
        told.append(f"Default: {param.default}.")
    return f"`{names}{kind}`", " ".join(text for text in told if text)


def routes() -> str:
    """Every route with the action it needs."""
    parts = [
        "# Routes",
        _NOTE,
        "Every path is found without regard to case, with any `api-version`. *Needs* is the action that a role must "
        "allow at the scope of the path; those without a provider are of `Microsoft.MachineLearningServices`. *Jobs* "
        "says whether the token of a running job may come through, for what belongs to that job. `/openapi.json` "
        "describes the same for programs.",
        "\n".join(f"- `{short}` is `{path}`" for path, short in _SHORT),
    ]
    with tempfile.TemporaryDirectory() as scratch:
        server = build(Settings(home=Path(scratch) / "home"))
        known = list(server.app.routes)
        server.close()
    for title, found in groupby(sorted(known, key=_place), key=_title):
        parts += [f"## {title}", _table(("call", "needs", "jobs", "does"), map(_route, found))]
    return _joined(parts)


def _place(route: Route) -> tuple[str, str, str]:
    return _title(route), route.path.lower(), route.method


def _title(route: Route) -> str:
    if route.wire.value != "arm":
        return {"mlflow": "MLflow", "blob": "Blobs", "oauth": "Signing in"}[route.wire.value]
    if route.path.startswith("/subscriptions") or "/providers/" in route.path:
        return "ARM"
    return "Beside ARM"


def _route(route: Route) -> tuple[str, str, str, str]:
    action = full_action(route.action).removeprefix("Microsoft.MachineLearningServices/")
    needs = {ANYONE: "nothing", SIGNED_IN: "any token"}.get(route.action) or f"`{action}`"
    query = f"?{'&'.join(route.query)}" if route.query else ""
    path = route.path
    for long, short in _SHORT:
        path = path.replace(long, f"/{short}")
    return f"`{route.method} {path}{query}`", needs, "yes" if route.for_jobs else "", route.summary


def settings() -> str:
    """Everything that an operator or a user sets."""
    up = root.get_command(click.Context(root), "up")
    assert up is not None
    blank = dict.fromkeys(("tls_url", "url", "tenant", "subscription", "group", "workspace", "client_id"), "")
    printed = exports(Path(), blank, {**blank, "client_secret": "", "token": ""})
    jobs = _dict_keys(ROOT / "smalt" / "server" / "jobs" / "workload.py")
    launched = _dict_keys(ROOT / "smalt" / "runtime" / "distribution.py")
    return _joined(
        [
            "# Settings",
            _NOTE,
            "## Options of `smalt up`",
            _options(param for param in up.params if not getattr(param, "hidden", False)),
            "## Variables that are read",
            _table(("variable", "what it does"), [(f"`{name}`", READ[name]) for name in read_variables()]),
            "## Variables that `smalt env` prints",
            ", ".join(f"`{name}`" for name in sorted(printed)) + ".",
            "## Variables that a job finds",
            ", ".join(f"`{name}`" for name in jobs) + "; of a distributed job each process also finds those of its "
            "launcher: " + ", ".join(f"`{name}`" for name in launched) + ".",
            "## Files in the home folder",
            _table(("file", "what it is"), [(f"`{name}`", text) for name, text in FILES.items()]),
        ]
    )


def read_variables() -> list[str]:
    """Every variable of the environment that the program itself reads, found in its source."""
    found: set[str] = set()
    for path in sorted((ROOT / "smalt").rglob("*.py")):
        if "runtime" in path.relative_to(ROOT).parts or path == ROOT / "smalt" / "flows" / "job.py":
            continue
        tree = ast.parse(path.read_text())
        if "environ" in path.read_text() or "envvar" in path.read_text():
            found |= {name for node in ast.walk(tree) for name in _names_read(node)}
    common = {"PATH", "HOME", "TERM"}
    missing = found - READ.keys() - common
    stale = READ.keys() - found
    if missing or stale:
        sys.exit(
            f"scripts/reference.py: say in READ what {', '.join(sorted(missing)) or 'nothing more'} does; "
            f"take out {', '.join(sorted(stale)) or 'nothing'}."
        )
    return sorted(found - common)


def _names_read(node: ast.AST) -> Iterator[str]:
    """Literal names in `environ.get(..)`, `environ[..]`, `envvar=..`, and in tables at the top of a module."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
        if "environ" in ast.unparse(node.func.value):
            yield from _texts(node.args[:1])
    elif isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("environ"):
        yield from _texts([node.slice])
    elif isinstance(node, ast.keyword) and node.arg == "envvar":
        yield from _texts([node.value])
    elif isinstance(node, ast.Module):
        for statement in node.body:
            if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) in {"_VARIABLES", "_OVERRIDES"}:
                yield from _texts([statement.value])


def _texts(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for top in nodes:
        for node in ast.walk(top):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isupper():
                yield node.value


def _dict_keys(path: Path) -> list[str]:
    """The names of variables among the keys of the dictionaries in a file."""
    keys = [key for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Dict) for key in node.keys]
    found = {key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}
    return sorted(name for name in found if _VARIABLE.fullmatch(name) or name == "RANK")


def _table(titles: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [titles, ("---",) * len(titles), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.replace(JOINT, " ").split()).replace("|", "\\|")


def _joined(parts: Iterable[str]) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"


def stale() -> list[str]:
    """The names of the pages that are not as the program says."""
    return [name for name, text in pages().items() if not _is(FOLDER / name, text)]


def _is(path: Path, text: str) -> bool:
    return path.exists() and path.read_text() == text


def main() -> None:
    parser = argparse.ArgumentParser(description="Write docs/reference from the program.")
    parser.add_argument("--check", action="store_true", help="tell what is stale and change nothing")
    if parser.parse_args().check:
        found = stale()
        if found:
            sys.exit(f"Stale in docs/reference: {', '.join(found)}. Run: make docs")
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text)


if __name__ == "__main__":
    main()
