"""A flow with all it needs, as files: the context of a container image, or a folder that serves itself.

No secret is written: connections become files in which each secret is a variable of the environment.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from smalt.errors import InvalidRequest, NotFound, SmaltError
from smalt.flows import loading
from smalt.flows.loading import includes
from smalt.flows.serving.own_wheel import write_wheel
from smalt.kit import yaml

_LEFT_OUT = (".git", ".runs", ".promptflow", "__pycache__", ".venv", "node_modules", ".env")
_CONNECTION_KEYS = ("connection",)

Document = dict[str, Any]  # Any: YAML


def pack(source: str | Path, target: Path, *, form: str, variant: str | None = None) -> None:
    """Write the flow, its connections without their secrets, what it requires, and how it starts.

    Args:
        form: `docker` adds a Dockerfile; `standalone` a script that makes an environment and serves.

    Raises:
        InvalidRequest: The flow has no files.
    """
    target.mkdir(parents=True, exist_ok=True)
    copy_flow(source, target / "flow", variant=variant)
    variables = _write_connections(target / "flow", target / "connections")
    wheel = write_wheel(target)
    (target / "requirements.txt").write_text(_requirements(target / "flow", wheel), encoding="utf-8")
    start = target / "start.sh"
    start.write_text(_START, encoding="utf-8")
    start.chmod(0o755)
    if form == "docker":
        (target / "Dockerfile").write_text(_DOCKERFILE, encoding="utf-8")
    else:
        run = target / "run.sh"
        run.write_text(_RUN, encoding="utf-8")
        run.chmod(0o755)
    (target / "README.md").write_text(_readme(form, variables), encoding="utf-8")


def copy_flow(source: str | Path, target: Path, *, variant: str | None = None) -> None:
    """Copy a flow with its additional includes in their places; a variant becomes the default.

    Raises:
        InvalidRequest: It is an entry without a file.
    """
    file = loading.find(source)
    if file is None:
        raise InvalidRequest(f"{source} is an entry without a folder. Save it first: smalt flow save --entry {source}.")
    ignored = shutil.ignore_patterns(*_LEFT_OUT)
    if file.suffix == ".prompty":
        shutil.copytree(file.parent, target, ignore=ignored, dirs_exist_ok=True)
        return
    document = loading.read(file)
    folder = includes.overlaid(file, document)
    shutil.copytree(folder.path, target, ignore=ignored, dirs_exist_ok=True)
    document.pop("additional_includes", None)
    if variant is not None:
        _choose(document, variant)
    name = "flow.flex.yaml" if "entry" in document else "flow.dag.yaml"
    if file.name != name:
        (target / file.name).unlink(missing_ok=True)
    (target / name).write_text(yaml.dump(document), encoding="utf-8")


def _choose(document: Document, variant: str) -> None:
    match = re.fullmatch(r"\$\{([^.{}]+)\.([^.{}]+)\}", variant.strip())
    found = (document.get("node_variants") or {}).get(match[1]) if match else None
    if match is None or found is None or match[2] not in (found.get("variants") or {}):
        raise NotFound(f"There is no variant {variant!r}. Write ${{node.variant}} as the flow has it.")
    found["default_variant_id"] = match[2]


def _write_connections(flow: Path, target: Path) -> list[str]:
    """One file for each connection that the flow names; the variables that hold their secrets."""
    from smalt.flows.connections import LocalConnections

    store = LocalConnections()
    variables: list[str] = []
    for name in sorted(set(_named(flow))):
        try:
            found = store.stored(name)
        except SmaltError:
            continue  # not on this machine: the README cannot say its fields
        if found.kind == "echo":
            continue
        document = found.document()
        prefix = re.sub(r"\W", "_", name).upper()
        holder = document.get("secrets") if isinstance(document.get("secrets"), dict) else document
        assert holder is not None
        for key in found.secrets:
            variable = f"{prefix}_{re.sub(r'[^0-9A-Za-z]', '_', key).upper()}"
            holder[key] = f"${{env:{variable}}}"
            variables.append(variable)
        target.mkdir(exist_ok=True)
        (target / f"{name}.yaml").write_text(yaml.dump(document), encoding="utf-8")
    return variables


def _named(flow: Path) -> Iterator[str]:
    """The words that stand where connections are named."""
    for file in flow.glob("*.y*ml"):
        yield from _words(loading.read(file))
    for file in flow.glob("*.prompty"):
        head = file.read_text(encoding="utf-8").split("---")
        if len(head) > 2:
            yield from _words(yaml.load(head[1], source=str(file)))


def _words(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            if key in _CONNECTION_KEYS and isinstance(each, str) and each and not each.startswith("${inputs"):
                yield each
            else:
                yield from _words(each)
    elif isinstance(value, list):
        for each in value:
            yield from _words(each)


def _requirements(flow: Path, wheel: str) -> str:
    own = flow / "requirements.txt"
    text = own.read_text(encoding="utf-8") if own.is_file() else ""
    kept = [line for line in text.splitlines() if not re.match(r"\s*promptflow\b", line)]
    return "\n".join([f"./{wheel}[flows]", *kept]) + "\n"


_START = """#!/bin/sh
# Serves the flow. Secrets of connections come from the environment; see README.md.
set -eu
cd "$(dirname "$0")"
export PF_HOME_DIRECTORY="${PF_HOME_DIRECTORY:-$PWD/.promptflow}"
for file in connections/*.yaml; do
  [ -e "$file" ] && pf connection create --file "$file" >/dev/null
done
exec smalt flow serve --source flow --host "${HOST:-0.0.0.0}" --port "${PORT:-8080}" \\
  --workers "${PROMPTFLOW_WORKER_NUM:-1}" --skip-open-browser
"""

_RUN = """#!/bin/sh
# Makes an environment beside this file once, and serves the flow from it.
set -eu
cd "$(dirname "$0")"
# One that was interrupted is made again.
[ -e .venv/complete ] || {
  rm -rf .venv && python3 -m venv .venv && .venv/bin/pip install --quiet -r requirements.txt && touch .venv/complete
}
PATH="$PWD/.venv/bin:$PATH" HOST="${HOST:-127.0.0.1}" exec ./start.sh
"""

# Its whole name, since podman looks short ones up nowhere unless it is told where.
_DOCKERFILE = """ARG BASE=docker.io/library/python:3.12-slim
FROM ${BASE}
RUN useradd --create-home flow
WORKDIR /home/flow/app
COPY requirements.txt *.whl ./
RUN python3 -m pip install --no-cache-dir -r requirements.txt
COPY . .
RUN chown -R flow .
USER flow
ENV PF_HOME_DIRECTORY=/home/flow/.promptflow
EXPOSE 8080
HEALTHCHECK CMD python3 -c "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/health')"
CMD ["./start.sh"]
"""


def _readme(form: str, variables: list[str]) -> str:
    flags = "".join(f" -e {name}" for name in variables)
    start = f"docker build -t flow . && docker run -p 8080:8080{flags} flow" if form == "docker" else "./run.sh"
    told = "".join(f"- `{name}`\n" for name in variables) or "None.\n"
    return (
        f"# A served flow\n\n```\n{start}\ncurl -s localhost:8080/score -d '{{...}}'\n```\n\n"
        f"Variables that hold the secrets of its connections:\n\n{told}"
    )
