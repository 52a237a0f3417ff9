"""Conda files, read for a conda program: what it is to solve, what is left to pip, and whether it is needed at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from smalt.environments.conda import conda_document, conda_python, pip_part, tell_of_variables
from smalt.environments.conda_names import is_native
from smalt.environments.request import CondaRecipe, Notes
from smalt.environments.requirements import Include
from smalt.errors import InvalidRequest

# What goes to the program as an argument: no option, no path, no address.
_SPEC = re.compile(r"(?:([A-Za-z0-9][\w./-]*)::)?([A-Za-z0-9_][\w.-]*)([\w\s.*+!=<>~|,\[\]()'\"-]*)", re.ASCII)
_CHANNEL = re.compile(r"(?:https?://|file:///)?[A-Za-z0-9][^\s'\"]*", re.ASCII)
# PyPI has what these have, save for the native packages.
_USUAL_CHANNELS = {"defaults", "nodefaults", "anaconda", "conda-forge", "pytorch", "nvidia", "main", "free", "intel"}
_USUAL_HOSTS = re.compile(r"https://(?:conda\.anaconda\.org|repo\.anaconda\.com/pkgs|repo\.continuum\.io/pkgs)/")


@dataclass
class ProgramFile:
    """A conda file in the words of a conda program.

    Attributes:
        channels: Where packages come from, the first preferred.
        specs: The packages, without the pip part.
        native: Those of them that PyPI does not have.
        python: The wanted minor version of Python, if one is.
        requirements: The pip part.
        constraints: Constraints of the pip part.
    """

    channels: list[str] = field(default_factory=list)
    specs: list[str] = field(default_factory=list)
    native: list[str] = field(default_factory=list)
    python: str | None = None
    requirements: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)

    def reason(self, has_python: Callable[[str], bool]) -> str | None:
        """Why a conda program is needed, for a sentence that starts with "as"; None when PyPI serves."""
        if self.native:
            return f"PyPI does not have {', '.join(self.native)}"
        unusual = [channel for channel in self._all_channels() if not _is_usual(channel)]
        if unusual:
            return f"it names the channel {', '.join(unusual)}"
        if self.python is not None and not has_python(self.python):
            return f"Python {self.python} is not on this machine"
        return None

    def recipe(self, python: str | None) -> CondaRecipe:
        """What the program is to make; `python` is the version to take when the file names none."""
        specs = self.specs
        if not any(_name_of(spec) == "python" for spec in specs):
            specs = [*specs, f"python={python}" if python else "python"]
        return CondaRecipe(tuple(self.channels), tuple(specs))

    def _all_channels(self) -> list[str]:
        stated = [match[1] for match in map(_SPEC.fullmatch, self.specs) if match and match[1]]
        return list(dict.fromkeys([*self.channels, *(channel.split("/")[0] for channel in stated)]))


def read_for_program(
    conda: Mapping[str, Any] | str,  # Any: YAML as users write it
    *,
    notes: Notes,
    include: Include | None = None,
) -> ProgramFile:
    """Read a conda file as a conda program would.

    Raises:
        InvalidRequest: It is not a conda file, or an entry is neither a package nor a channel.
    """
    document = conda_document(conda)
    tell_of_variables(document, notes)
    found = ProgramFile(channels=_channels(document.get("channels")))
    for entry in document.get("dependencies") or []:
        if isinstance(entry, str):
            _add_spec(entry, found)
        elif isinstance(entry, Mapping) and set(entry) <= {"pip"}:
            pip = pip_part(entry.get("pip"), include=include)
            found.requirements += pip.requirements
            found.constraints += pip.constraints
        else:
            raise InvalidRequest(f"conda file: the dependency {entry!r} is neither a package nor a `pip:` list.")
    return found


def _channels(value: object) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise InvalidRequest(f"conda file: `channels` is {value!r}, and must be a list.")
    for channel in value:
        if not isinstance(channel, str) or not _CHANNEL.fullmatch(channel):
            raise InvalidRequest(f"conda file: {channel!r} is no channel. Write a name such as conda-forge, or a URL.")
    return [channel for channel in value if channel != "nodefaults"]


def _add_spec(text: str, found: ProgramFile) -> None:
    spec = text.split("#")[0].strip()
    match = _SPEC.fullmatch(spec)
    if match is None:
        raise InvalidRequest(f"conda file: {text!r} is not a package such as `numpy=1.26`.")
    name = match[2].lower()
    found.specs.append(spec)
    if name == "python":
        found.python = conda_python(spec)
    elif is_native(name):
        found.native.append(name)


def _name_of(spec: str) -> str:
    match = _SPEC.fullmatch(spec)
    return match[2].lower() if match else ""


def _is_usual(channel: str) -> bool:
    return _USUAL_HOSTS.sub("", channel).strip("/").lower() in _USUAL_CHANNELS
