"""Conda files, read for what pip can install: Python version, packages that PyPI has too, the pip part."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from smalt.environments.conda_names import is_carried, is_cuda, is_native, pypi_name
from smalt.environments.request import Notes, SubstitutionPolicy
from smalt.environments.requirements import (
    Include,
    RequirementSet,
    name_of,
    read_requirements,
    release_of,
    specifiers_of,
)
from smalt.errors import InvalidRequest

_SPEC = re.compile(r"^(?:[\w./-]+::)?([A-Za-z0-9_][\w.-]*)\s*(.*)$")
_KNOWN_KEYS = {"name", "channels", "dependencies", "prefix", "variables"}


@dataclass
class CondaFile:
    """What a conda file asks for, in pip's words."""

    python: str | None = None
    requirements: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)


def read_conda(
    conda: Mapping[str, Any] | str,  # Any: YAML as users write it
    *,
    notes: Notes,
    include: Include | None = None,
    folder: str = "",
) -> CondaFile:
    """Translate a conda file, which lies in `folder` for the files that its pip part includes.

    Raises:
        InvalidRequest: It is not a conda file, or an entry cannot be understood.
        Unsupported: An entry cannot be realised with pip packages.
    """
    document = conda_document(conda)
    found = CondaFile()
    for entry in document.get("dependencies") or []:
        if isinstance(entry, str):
            _add_package(entry, found, notes)
        elif isinstance(entry, Mapping) and set(entry) <= {"pip"}:
            _add_pip_part(entry.get("pip"), found, include, folder)
        else:
            raise InvalidRequest(f"conda file: the dependency {entry!r} is neither a package nor a `pip:` list.")
    tell_of_variables(document, notes)
    return found


def tell_of_variables(document: Mapping[str, Any], notes: Notes) -> None:  # Any: YAML as users write it
    """Say that a conda file's own variables are not set, where it has some."""
    if document.get("variables"):
        notes.substitute("Conda file: `variables` are not set; put them into the job's environment_variables.")


def conda_document(conda: Mapping[str, Any] | str) -> Mapping[str, Any]:  # Any: YAML as users write it
    """A conda file as a mapping.

    Raises:
        InvalidRequest: It is none.
    """
    try:
        document = yaml.safe_load(conda) if isinstance(conda, str) else conda
    except yaml.YAMLError as error:
        raise InvalidRequest(f"conda file: not valid YAML: {error}. Correct the file.") from error
    if not isinstance(document, Mapping) or not set(document) & _KNOWN_KEYS:
        raise InvalidRequest("conda file: it has no `dependencies` list. See the conda manual on environment files.")
    if not isinstance(document.get("dependencies") or [], list):
        raise InvalidRequest(f"conda file: `dependencies` is {document['dependencies']!r}, and must be a list.")
    return document


def pip_part(part: object, *, include: Include | None, folder: str = "") -> RequirementSet:
    """The `pip:` list of a conda file.

    Raises:
        InvalidRequest: It is no list of requirements.
    """
    lines = part or []
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise InvalidRequest(f"conda file: `pip` is {part!r}, and must be a list of requirements.")
    return read_requirements(lines, source="conda file, pip part", include=include, folder=folder)


def conda_python(spec: str) -> str | None:
    """The minor version of Python that a package such as `python=3.10` asks for."""
    notes = Notes(SubstitutionPolicy.SUBSTITUTE)
    match = _SPEC.match(spec)
    return _python_of(_version_of(match[2], spec, notes), notes) if match else None


def _add_pip_part(part: object, found: CondaFile, include: Include | None, folder: str) -> None:
    pip = pip_part(part, include=include, folder=folder)
    # conda runs pip last, so what the pip part says about a package is what holds in the end.
    stated = {name_of(line) for line in pip.requirements if specifiers_of(line) or "@" in line}
    found.requirements = [line for line in found.requirements if name_of(line) not in stated]
    found.requirements.extend(pip.requirements)
    found.constraints.extend(pip.constraints)


def _add_package(spec: str, found: CondaFile, notes: Notes) -> None:
    match = _SPEC.match(spec.split("#")[0].strip())
    if match is None:
        raise InvalidRequest(f"conda file: {spec!r} is not a package such as `numpy=1.26`.")
    name, version = match[1].lower(), _version_of(match[2], spec, notes)
    if name == "python":
        found.python = _python_of(version, notes)
    elif is_carried(name):
        return
    elif is_cuda(name):
        notes.substitute(f"Conda package {spec!r} is left out: no CUDA tool kit is installed; wheels bring their own.")
    elif is_native(name):
        notes.substitute(
            f"Conda package {spec!r} is left out: it is not a Python package, and no conda runs here. "
            "If the code needs it, have the operator install it on the machine."
        )
    else:
        found.requirements.append(pypi_name(name) + version)


def _version_of(rest: str, spec: str, notes: Notes) -> str:
    """The version condition of a conda package in pip's words; empty for any version."""
    bracket = re.match(r"^\[(.*)\]$", rest.strip())
    if bracket:
        inner = re.search(r"version\s*=\s*['\"]?([^'\"\]]+)", bracket[1])
        rest = inner[1] if inner else ""
    rest = rest.strip()
    if "|" in rest:
        notes.substitute(f"Conda package {spec!r}: alternatives are not understood, so any version is allowed.")
        return ""
    rest = re.sub(r"\s*(===?|=|~=|!=|<=|>=|<|>|,)\s*", r"\1", rest)
    version = re.split(r"\s+", rest)[0]  # `1.2 py38_0`: what follows the version is a build
    conditions = [_condition(part, spec) for part in version.split(",") if part and part != "*"]
    return ",".join(conditions)


def _condition(part: str, spec: str) -> str:
    match = re.match(r"^(==|=|~=|!=|<=|>=|<|>)?([\w.*+!]+)(?:=[\w.*]*)?$", part)
    if match is None:
        raise InvalidRequest(f"conda file: the version in {spec!r} is not understood. Write it as `name=1.2.3`.")
    operator, version = match[1], match[2]
    fuzzy = version.endswith("*") or operator == "="
    version = version.removesuffix("*").rstrip(".")
    if not version:
        return ""
    if operator in {None, "=", "=="}:
        # `name=1.2` means any 1.2.x to conda; three numbers name a release, which pip pins exactly.
        return f"=={version}.*" if fuzzy and version.count(".") < 2 else f"=={version}"
    return f"{operator}{version}" + (".*" if operator == "!=" and fuzzy else "")


def _python_of(version: str, notes: Notes) -> str | None:
    """The minor version that a condition on Python asks for."""
    if not version:
        return None
    default = sys.version_info[:2]
    low, high = (3, 0), (3, 99)
    for operator, text in specifiers_of("python" + version):
        numbers = (*release_of(text), 0, 0)
        minor = (numbers[0], numbers[1])
        if operator in {"==", "~="} and text.count(".") == 1 and text.endswith("*") and minor[1] == 0:
            continue  # `python=3`
        if operator in {"==", "~="}:
            if numbers[2] and operator == "==":
                notes.mention(f"Python {text} is asked for: any {minor[0]}.{minor[1]} release serves.")
            return f"{minor[0]}.{minor[1]}"
        if operator == ">=":
            low = max(low, minor)
        elif operator == ">":
            low = max(low, (minor[0], minor[1] + 1))
        elif operator == "<=":
            high = min(high, minor)
        elif operator == "<":
            high = min(high, minor if numbers[2] else (minor[0], minor[1] - 1))
    if low <= default <= high:
        return None
    chosen = high if default > high else low
    return f"{chosen[0]}.{chosen[1]}"
