"""Checks of flows and tools without running them, and the descriptions of tools that editors read."""

from __future__ import annotations

import importlib.util
import inspect
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from smalt.errors import InvalidRequest, SmaltError
from smalt.flows import load, loading
from smalt.flows.tools.declare import is_tool
from smalt.flows.tools.interface import interface_of

Document = dict[str, Any]  # Any: JSON


@dataclass(frozen=True)
class Problem:
    """What is wrong: the class of the failure, and the sentence."""

    type: str
    message: str


@dataclass
class Report:
    """What a check found."""

    name: str
    kind: str = ""
    nodes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def check(source: str | Path) -> Report:
    """Load a flow as if it were to run, and write its `.promptflow/flow.tools.json`. Connections are not asked for."""
    report = Report(str(source))
    try:
        file = loading.find(source)
        flow = load(source, connections=_AnyConnection())
    except SmaltError as error:
        report.problems += [Problem(type(each).__name__, each.message) for each in (error, *error.details)]
        return report
    report.name, report.kind, report.nodes = flow.name, flow.kind, list(flow.nodes)
    if file is not None and flow.kind == "dag":
        place = file.parent / ".promptflow"
        place.mkdir(exist_ok=True)
        (place / "flow.tools.json").write_text(json.dumps(flow_tools(file), indent=4), encoding="utf-8")
    flow.close()
    return report


class _AnyConnection:
    """Stands in for connections that are not here: a check does not need them."""

    def get(self, name: str) -> Any:  # Any: a connection of the kind that is stored, or one that answers anything
        from smalt.errors import NotFound
        from smalt.flows.connections import EchoConnection, LocalConnections

        try:
            return LocalConnections().stored(name)
        except NotFound:
            return EchoConnection(name=name)


def flow_tools(file: Path) -> Document:
    """The tools of a flow's nodes: those of its own files, and those of packages."""
    document = loading.read(file)
    code: Document = {}
    package: Document = {}
    for node in _nodes(document):
        source = node.get("source") or {}
        if source.get("type") == "package" and source.get("tool"):
            package[source["tool"]] = package_tools().get(source["tool"], {})
        elif source.get("type") == "code" and source.get("path"):
            path = str(source["path"])
            code[path] = _described(file.parent / path, str(node.get("type") or "python"))
    return {"package": package, "code": code}


def _nodes(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:  # Any: YAML
    nodes = list(document.get("nodes") or ())
    for variants in (document.get("node_variants") or {}).values():
        nodes += [each.get("node") or {} for each in (variants.get("variants") or {}).values()]
    return nodes


def _described(file: Path, kind: str) -> Document:
    if kind == "python":
        found = _tools_in(file)
        return {**found[0], "source": file.name} if found else {}
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    from jinja2 import meta
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    names = meta.find_undeclared_variables(ImmutableSandboxedEnvironment().parse(text))
    return {"type": kind, "inputs": {name: {"type": ["string"]} for name in sorted(names)}, "source": file.name}


def tools(flow: str | None = None) -> Document:
    """The tools of installed packages, and those in the files of a flow."""
    found: Document = {"package": package_tools()}
    if flow is not None:
        file = loading.find(flow)
        found["code"] = flow_tools(file)["code"] if file is not None else {}
    return found


def package_tools() -> Document:
    """The tools that installed packages offer under the entry point `package_tools`, and those that ship."""
    from smalt.flows.tools import packages

    return dict(packages.all_tools())


def check_tools(source: str) -> list[str]:
    """What is wrong with the tools of a file, or of an installed package; nothing if all can be used."""
    path = Path(source)
    if path.is_file():
        try:
            found = _tools_in(path)
        except SmaltError as error:
            return [error.message]
        return [] if found else [f"{source} has no function with @tool. Add the decorator of promptflow.core."]
    mine = {name: about for name, about in package_tools().items() if _is_of(about, source)}
    if not mine:
        return [f"{source} is neither a file nor an installed package with tools. Check the name."]
    return [problem for name, about in mine.items() for problem in _problems_of(name, about)]


def _is_of(about: Mapping[str, Any], package: str) -> bool:  # Any: YAML of tools
    module = str(about.get("module") or "")
    return about.get("package") == package or module.split(".")[0] == package.replace("-", "_")


def _problems_of(name: str, about: Mapping[str, Any]) -> list[str]:  # Any: YAML of tools
    try:
        module = importlib.import_module(str(about["module"]))
        owner = getattr(module, about["class_name"]) if about.get("class_name") else module
        function = getattr(owner, str(about["function"]))
    except (KeyError, ImportError, AttributeError) as error:
        return [f"{name} cannot be loaded: {type(error).__name__}: {error}. Correct module and function."]
    known = interface_of(function)
    unknown = [each for each in about.get("inputs") or {} if each not in known.parameters and not known.takes_more]
    if about.get("class_name"):
        made_with = inspect.signature(getattr(module, str(about["class_name"]))).parameters
        unknown = [each for each in unknown if each not in made_with]
    return [f"{name} has no parameter {each}. Remove the input, or add the parameter." for each in unknown]


def _tools_in(file: Path) -> list[Document]:
    """The functions with `@tool` in a file, described. The file is imported: it is the caller's own."""
    if not file.is_file():
        raise InvalidRequest(f"There is no file {file}. Check the path.")
    spec = importlib.util.spec_from_file_location(f"_smalt_tool_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(file.parent))
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise InvalidRequest(f"{file} cannot be loaded: ({type(error).__name__}) {error}. Mend it.") from error
    finally:
        sys.path.remove(str(file.parent))
    return [
        _interface(name, each)
        for name, each in vars(module).items()
        if is_tool(each) and getattr(each, "__module__", None) == module.__name__
    ]


def _interface(name: str, function: Any) -> Document:  # Any: a function with @tool
    inputs = {
        key: {"type": list(each.types)} | ({"default": each.default} if each.has_default else {})
        for key, each in interface_of(function).parameters.items()
    }
    return {"type": "python", "function": name, "inputs": inputs}
