"""Requirements files as pip reads them, cut down to what a server may resolve: no paths, no variables, no surprises."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from smalt.errors import InvalidRequest, Unsupported

_NAME = re.compile(r"^\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(\[[^\]]*\])?\s*(.*)$")
_OPTION = re.compile(r"^(--?[A-Za-z][A-Za-z-]*)(?:[ =]+(.*))?$")
_SPECIFIER = re.compile(r"(===|==|~=|!=|<=|>=|<|>)\s*([^\s,;()]+)")
_INDEX_OPTIONS = {
    "-i": "--index-url",
    "--index-url": "--index-url",
    "--extra-index-url": "--extra-index-url",
    "-f": "--find-links",
    "--find-links": "--find-links",
}
_PLAIN_OPTIONS = {"--no-binary", "--only-binary", "--pre"}
_REMOTE = re.compile(r"^(?:https?://|git\+(?:https?|ssh)://)", re.IGNORECASE)
_INFINITY = 1 << 30

Include = Callable[[str], str]


@dataclass
class RequirementSet:
    """The lines of one or more requirements files, sorted by what they do."""

    requirements: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)


def read_requirements(
    lines: str | Iterable[str], *, source: str, include: Include | None = None, folder: str = ""
) -> RequirementSet:
    """Parse requirements.

    Args:
        lines: A file's text, or its lines.
        source: How messages call the file.
        include: Returns the text of a file named by `-r` or `-c`; None where there are no other files.
        folder: Where the file lies; `-r` and `-c` are relative to it.

    Raises:
        InvalidRequest: A line is not a requirement.
        Unsupported: A line needs a file or folder that the server does not have.
    """
    found = RequirementSet()
    _read(lines, found.requirements, found, source=source, include=include, folder=folder, depth=0)
    return found


def normalise(name: str) -> str:
    """A package name in the one spelling under which indexes compare names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def name_of(requirement: str) -> str | None:
    """The normalised package name of a requirement line; None for options and bare URLs."""
    if requirement.startswith("-") or _REMOTE.match(requirement):
        return None
    match = _NAME.match(requirement)
    return normalise(match[1]) if match else None


def specifiers_of(requirement: str) -> list[tuple[str, str]]:
    """The version conditions of a requirement line, e.g. `[('>=', '1.0'), ('<', '2')]`."""
    match = _NAME.match(requirement.split(";")[0].split(" --")[0])
    if match is None or match[3].lstrip().startswith("@"):
        return []
    return [(found[1], found[2]) for found in _SPECIFIER.finditer(match[3])]


def ceiling_of(requirement: str) -> tuple[int, ...] | None:
    """A version that every allowed version is below or within; None when there is no upper limit.

    `==1.3.2` gives (1, 3, 2), `~=1.5` gives (1, infinity): comparing it with a release tells whether that release or
    a later one is ruled out.
    """
    limits = []
    for operator, version in specifiers_of(requirement):
        numbers = release_of(version)
        if operator in {"==", "===", "<="}:
            limits.append(numbers)
        elif operator == "<":
            limits.append(_just_below(numbers))
        elif operator == "~=":
            limits.append((*numbers[:-1], _INFINITY))
    return min(limits) if limits else None


def release_of(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: `1.5.3rc1` gives (1, 5, 3)."""
    match = re.match(r"v?(\d+(?:\.\d+)*)", version)
    return tuple(int(part) for part in match[1].split(".")) if match else ()


def _just_below(numbers: tuple[int, ...]) -> tuple[int, ...]:
    while numbers and numbers[-1] == 0:
        numbers = numbers[:-1]
    return (*numbers[:-1], numbers[-1] - 1, _INFINITY) if numbers else numbers


def _read(
    lines: str | Iterable[str],
    target: list[str],
    found: RequirementSet,
    *,
    source: str,
    include: Include | None,
    folder: str,
    depth: int,
) -> None:
    if depth > 8:
        raise InvalidRequest(f"{source}: requirements files include each other more than 8 levels deep. Flatten them.")
    for line in _logical_lines(lines):
        _refuse_variables(line, source)
        option = _OPTION.match(line)
        if option is None:
            target.append(_checked(line, source))
            continue
        name, value = option[1], (option[2] or "").strip().strip("'\"")
        if name in {"-r", "--requirement", "-c", "--constraint"}:
            path = posixpath.join(folder, value)
            text = _included(path, source, include)
            inner = target if name in {"-r", "--requirement"} else found.constraints
            inside = posixpath.dirname(path)
            _read(text, inner, found, source=value, include=include, folder=inside, depth=depth + 1)
        else:
            target.extend(_option_line(name, value, source))


def _logical_lines(lines: str | Iterable[str]) -> Iterator[str]:
    text = lines if isinstance(lines, str) else "\n".join(lines)
    if "\0" in text:
        raise InvalidRequest("A requirements file holds a NUL character. Save it as plain UTF-8 text.")
    for line in re.sub(r"\\\r?\n", " ", text.removeprefix("\ufeff")).splitlines():
        stripped = re.sub(r"(^|\s)#.*$", "", line).strip()
        # `-rfile` and `-cfile` are allowed by pip without a space.
        stripped = re.sub(r"^-([rcfi])(?=[^\s=-])", r"-\1 ", stripped)
        if stripped:
            yield stripped


def _refuse_variables(line: str, source: str) -> None:
    # The resolver would replace ${NAME} by its own environment, which may hold the operator's index password.
    if "${" in line:
        raise InvalidRequest(f"{source}: the line {line!r} uses a variable. Write the value out.")


def _included(path: str, source: str, include: Include | None) -> str:
    if include is None:
        raise Unsupported(
            f"{source}: it includes the file {path!r}, which did not come with the environment. "
            "Copy its lines in, or use a build context that holds both files."
        )
    return include(path)


def _option_line(name: str, value: str, source: str) -> list[str]:
    if name in _INDEX_OPTIONS:
        if not re.match(r"^https?://", value, re.IGNORECASE):
            raise Unsupported(f"{source}: {name} {value!r} is not an http(s) address. Ask the operator to add it.")
        return [f"{_INDEX_OPTIONS[name]} {value}"]
    if name in _PLAIN_OPTIONS:
        return [f"{name} {value}".strip()]
    if name in {"-e", "--editable"} and _REMOTE.match(value):
        return [value]
    if name in {"-e", "--editable"}:
        raise _local_path(value, source)
    if name in {"--trusted-host", "--no-cache-dir", "--prefer-binary", "--upgrade", "-U", "-q", "--quiet"}:
        return []
    raise Unsupported(f"{source}: the option {name!r} is not understood. Remove it.")


def _checked(line: str, source: str) -> str:
    if _REMOTE.match(line):
        return line
    if line.startswith((".", "/", "~", "file:", "\\")) or re.match(r"^[\w.-]*[/\\][^@;]*$", line):
        raise _local_path(line, source)
    match = _NAME.match(line)
    rest = match[3].lstrip() if match else ""
    if rest.startswith("@"):
        if not _REMOTE.match(rest[1:].strip()):
            raise _local_path(rest[1:].strip(), source)
        return line
    if match is None or (rest and rest[0] not in "=<>!~;(-"):
        raise InvalidRequest(
            f"{source}: {line!r} is not a requirement. Write it as `name`, `name==1.2` or `name>=1,<2`."
        )
    return line


def _local_path(path: str, source: str) -> Unsupported:
    return Unsupported(
        f"{source}: {path!r} is a path, and environments are built without your files. "
        "Publish the package to an index, or put it into the job's code and `pip install` it in the command."
    )
