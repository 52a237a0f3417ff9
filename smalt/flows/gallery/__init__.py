"""Flows to begin with: templates for `smalt flow init`, flows around existing code, and tool packages.

Every template runs as it is, without a key, against the model that ships. Each is a folder beside this file.
"""

from __future__ import annotations

import ast
import keyword
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smalt.errors import InvalidRequest, NotFound
from smalt.kit import yaml

_HERE = Path(__file__).parent
_LEFT_OUT = ("__pycache__", ".promptflow")


@dataclass(frozen=True, slots=True)
class Template:
    """A flow to begin with.

    Args:
        type: `standard`, `chat` or `evaluation`.
    """

    name: str
    display_name: str
    description: str
    type: str = "standard"


_TEMPLATES = {
    template.name: template
    for template in (
        Template("standard", "Standard flow", "Two Python nodes and a prompt: the shape of most flows."),
        Template("chat", "Chat", "A chat with history, answered by a model.", "chat"),
        Template(
            "classification",
            "Text classification",
            "Texts into categories, with two variants of the prompt and labelled data.",
        ),
        Template(
            "rag",
            "Questions about documents",
            "Questions about documents in a folder: looked up in a local index, answered by a model.",
            "chat",
        ),
        Template(
            "evaluation", "Evaluation", "Grades answers against the truth and reports the accuracy.", "evaluation"
        ),
        Template("prompty", "Prompty", "One prompt in one file."),
        Template("flex", "Flow of Python", "A class with __call__ and __aggregate__."),
    )
}
_TYPES = {"int": "int", "float": "double", "bool": "bool", "str": "string", "list": "list", "dict": "object"}


def templates() -> list[Template]:
    """The templates."""
    return list(_TEMPLATES.values())


def files(name: str) -> dict[str, bytes]:
    """The files of a template, by their paths.

    Raises:
        NotFound: There is no template of that name.
    """
    folder = _folder(name)
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in found
        if not any(part in _LEFT_OUT for part in path.relative_to(folder).parts)
    }


def make(name: str, target: Path, *, connection: str | None = None, model: str | None = None) -> None:
    """Copy a template into a folder; a connection and a model take the place of the model that ships.

    Raises:
        NotFound: There is no template of that name.
    """
    shutil.copytree(_folder(name), target, ignore=shutil.ignore_patterns(*_LEFT_OUT), dirs_exist_ok=True)
    for file in target.iterdir():
        if file.suffix in {".yaml", ".prompty"} and (connection or model):
            text = file.read_text(encoding="utf-8")
            text = re.sub(r"(connection: )echo\b", rf"\g<1>{connection or 'echo'}", text)
            file.write_text(re.sub(r"(model: )echo\b", rf"\g<1>{model or 'echo'}", text), encoding="utf-8")


def _folder(name: str) -> Path:
    if name not in _TEMPLATES:
        raise NotFound(f"There is no template {name[:80]!r}. Take one of {', '.join(_TEMPLATES)}.")
    return _HERE / name


def around(entry: Path, function: str | None, target: Path, prompts: Mapping[str, str]) -> None:
    """Make a flow of one Python node that calls a function of an existing file; templates it uses become nodes.

    Files may stand in the folder of the flow already, as prompt flow wants it.

    Raises:
        NotFound: There is no such file, or no such function in it.
    """
    entry = _given(entry, target, "--entry a Python file")
    found = _functions(entry)
    name = function or next(iter(found), None)
    if name not in found:
        raise NotFound(f"{entry} has no function {name!r}. It has {', '.join(found) or 'none'}.")
    target.mkdir(parents=True, exist_ok=True)
    if (target / entry.name).absolute() != entry.absolute():
        shutil.copy(entry, target / entry.name)
    tool = f"{name}_tool.py"
    arguments = found[name]
    (target / tool).write_text(_wrapper(entry.stem, name, arguments), encoding="utf-8")
    for file in prompts.values():
        template = _given(Path(file), target, "--prompt-template the template that the function uses")
        if template.absolute() != (target / template.name).absolute():
            shutil.copy(template, target / template.name)
    nodes: list[dict[str, Any]] = [  # Any: YAML
        {"name": key, "type": "prompt", "source": {"type": "code", "path": Path(file).name}, "inputs": {}}
        for key, file in prompts.items()
    ]
    given = {key: f"${{{key}.output}}" if key in prompts else f"${{inputs.{key}}}" for key in arguments}
    nodes.append({"name": name, "type": "python", "source": {"type": "code", "path": tool}, "inputs": given})
    document = {
        "inputs": {key: {"type": kind} for key, kind in arguments.items() if key not in prompts},
        "outputs": {"output": {"type": "string", "reference": f"${{{name}.output}}"}},
        "nodes": nodes,
    }
    (target / "flow.dag.yaml").write_text(yaml.dump(document), encoding="utf-8")


def _given(file: Path, target: Path, what: str) -> Path:
    """A file as it was named, or as it stands in the folder of the flow."""
    found = next((place for place in (file, target / file) if place.is_file()), None)
    if found is None:
        raise NotFound(f"There is no file {file}, here or in {target}. Give {what}.")
    return found


def save(entry: str, code: Path, path: Path | None) -> Path:
    """Write the `flow.flex.yaml` of a function or class, in the folder of its code or in a copy of it; its path.

    Raises:
        InvalidRequest: The entry is not `module:name`, or the code has no such module.
    """
    module, colon, name = entry.partition(":")
    if not colon or not all(word.isidentifier() for word in [*module.split("."), *name.split(".")]):
        raise InvalidRequest(f"{entry!r} is no entry. Write module:function or module:Class.")
    source = code if code.is_dir() else code.parent
    if not (source / (module.replace(".", "/") + ".py")).is_file() and not (source / module.replace(".", "/")).is_dir():
        raise InvalidRequest(f"{source} has no module {module!r}. Give --code the folder it is imported from.")
    target = path or source
    if target.absolute() != source.absolute():
        ignored = shutil.ignore_patterns("__pycache__", ".git", ".promptflow")
        shutil.copytree(source, target, ignore=ignored, dirs_exist_ok=True)
    file = target / "flow.flex.yaml"
    file.write_text(yaml.dump({"entry": entry}), encoding="utf-8")
    return file


def tool(name: str, folder: Path, *, package: str | None = None, more: Mapping[str, str] | None = None) -> Path:
    """Write a tool: one file, or a package that others install and then find by its entry point.

    Raises:
        InvalidRequest: The name is no word of Python.
    """
    if not name.isidentifier() or keyword.iskeyword(name):
        raise InvalidRequest(f"{name!r} cannot be the name of a tool. Use letters, digits and '_'.")
    code = _TOOL.format(name=name)
    if package is None:
        file = folder / f"{name}.py"
        file.write_text(code, encoding="utf-8")
        return file
    module = package.replace("-", "_")
    root = folder / package
    (root / module).mkdir(parents=True, exist_ok=True)
    about: dict[str, Any] = {"name": name.replace("_", " "), "type": "python"}  # Any: YAML
    about |= {"module": f"{module}.{name}", "function": name, "inputs": {"text": {"type": ["string"]}}, **(more or {})}
    tools = {f"{module}.{name}.{name}": about}
    (root / module / "__init__.py").write_text("", encoding="utf-8")
    (root / module / f"{name}.py").write_text(code, encoding="utf-8")
    (root / module / "tools.yaml").write_text(yaml.dump(tools), encoding="utf-8")
    (root / module / "listing.py").write_text(_LISTING, encoding="utf-8")
    (root / "pyproject.toml").write_text(_PROJECT.format(package=package, module=module), encoding="utf-8")
    return root


def _functions(file: Path) -> dict[str, dict[str, str]]:
    """The functions of a file, with the flow types of their arguments. The file is read, not run."""
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"), filename=str(file))
    except SyntaxError as error:
        raise InvalidRequest(f"{file}:{error.lineno}: {error.msg}. Mend the file.") from None
    functions = [each for each in tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
    return {
        each.name: {
            argument.arg: _TYPES.get(argument.annotation.id, "object")
            if isinstance(argument.annotation, ast.Name)
            else "string"
            for argument in each.args.args
        }
        for each in functions
    }


def _wrapper(module: str, name: str, arguments: Mapping[str, str]) -> str:
    taken = ", ".join(arguments)
    given = ", ".join(f"{each}={each}" for each in arguments)
    return (
        f"from promptflow.core import tool\n\nfrom {module} import {name}\n\n\n@tool\n"
        f"def {name}_tool({taken}):\n    return {name}({given})\n"
    )


_TOOL = '''"""A tool for flows."""

from promptflow.core import tool


@tool
def {name}(text: str) -> str:
    """Say what it does: editors show this sentence."""
    return text.strip()
'''

_LISTING = '''"""Tells flows which tools this package has."""

from pathlib import Path

import yaml


def tools() -> dict:
    """The tools of this package by their names."""
    return yaml.safe_load(Path(__file__).with_name("tools.yaml").read_text(encoding="utf-8"))
'''

_PROJECT = """[build-system]
requires = ["setuptools>=68"]
build-backend = "setuptools.build_meta"

[project]
name = "{package}"
version = "0.1.0"
dependencies = ["pyyaml"]

[project.entry-points.package_tools]
tools = "{module}.listing:tools"

[tool.setuptools.package-data]
{module} = ["*.yaml"]
"""
