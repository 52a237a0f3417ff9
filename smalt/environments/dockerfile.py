"""Dockerfiles of the common shape, read without running them: a known base, copied files, `RUN pip install`."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from smalt.environments.conda import read_conda
from smalt.environments.request import Notes
from smalt.environments.requirements import read_requirements
from smalt.errors import InvalidRequest, Unsupported

_MAX_BYTES = 1 << 20
_HARMLESS_COMMANDS = {"rm", "cd", "mkdir", "echo", "true", "set", "export", "useradd", "chown", "chmod", "ls", "which"}
_OTHER_LANGUAGES = {
    "Julia": re.compile(r"\bjulia\b", re.IGNORECASE),
    "R": re.compile(r"\bRscript\b|\br-base\b|install2\.r"),
}
_SILENT = {"ARG", "CMD", "ENTRYPOINT", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER", "SHELL", "STOPSIGNAL", "USER"}
_PIP_WITH_VALUE = {"--timeout", "--retries", "--target", "-t", "--root-user-action", "--cache-dir", "--progress-bar"}
_PASSED_OPTIONS = {
    *("-r", "--requirement", "-c", "--constraint", "-i", "--index-url", "--extra-index-url", "-f", "--find-links"),
    *("-e", "--editable", "--no-binary", "--only-binary"),
}


@dataclass
class Dockerfile:
    """What a Dockerfile installs, as far as it can be told by reading it."""

    image: str
    python: str | None = None
    requirements: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)


def read_dockerfile(context: Path, dockerfile: str, notes: Notes) -> Dockerfile:
    """Read the Dockerfile of a build context.

    Raises:
        InvalidRequest: There is no such file, or it has no FROM.
        Unsupported: It installs things in a way that only a container engine can follow.
    """
    return _Reader(context, notes).read(dockerfile)


def read_context_file(context: Path, path: str) -> str:
    """The text of a file inside a build context; links and `..` cannot lead out of it."""
    root = context.resolve()
    if "\0" in path or "\\" in path or path.startswith("/"):
        raise InvalidRequest(f"{path!r} is not a path inside the build context. Use a relative path with '/'.")
    target = (root / path).resolve()
    if not target.is_relative_to(root):
        raise InvalidRequest(f"{path!r} lies outside the build context. Move the file inside.")
    if not target.is_file():
        raise InvalidRequest(f"The build context has no file {path!r}. Add it, or correct the path.")
    if target.stat().st_size > _MAX_BYTES:
        raise InvalidRequest(f"{path!r} in the build context is larger than 1 MiB, too large for a list of packages.")
    try:
        return target.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"{path!r} in the build context is not UTF-8 text. Save it as UTF-8.") from error


class _Reader:
    def __init__(self, context: Path, notes: Notes) -> None:
        self._context = context
        self._notes = notes
        self._arguments: dict[str, str] = {}
        self._stages: dict[str, Dockerfile] = {}
        self._stage: Dockerfile | None = None
        self._workdir = "/"
        self._copies: list[tuple[str, str]] = []  # (path in the context, path in the image)

    def read(self, dockerfile: str) -> Dockerfile:
        text = read_context_file(self._context, dockerfile.removeprefix("/").removeprefix("./"))
        for instruction, rest in _instructions(text):
            if instruction == "ARG":
                name, _, default = rest.partition("=")
                self._arguments[name.strip()] = default.strip().strip("'\"")
            elif instruction == "FROM":
                self._from(self._expand(rest))
            elif instruction == "WORKDIR":
                self._workdir = posixpath.join(self._workdir, self._expand(rest))
            elif instruction in {"COPY", "ADD"}:
                self._copy(rest)
            elif instruction == "RUN":
                self._run(self._expand(rest))
            elif instruction == "ENV":
                name, value = _variable(rest)
                self._arguments[name] = value
                self._notes.mention(f"Dockerfile: ENV {name} is not set; use environment_variables of the job.")
            elif instruction not in _SILENT:
                self._notes.substitute(f"Dockerfile: the instruction {instruction} is not followed.")
        if self._stage is None:
            raise InvalidRequest(f"{dockerfile!r} has no FROM instruction. Add one, e.g. `FROM python:3.11`.")
        return self._stage

    def _expand(self, text: str) -> str:
        def value(match: re.Match[str]) -> str:
            return self._arguments.get(match[1] or match[3], match[2] or match[0])

        return re.sub(r"\$\{(\w+)(?::-([^}]*))?\}|\$(\w+)", value, text)

    def _from(self, rest: str) -> None:
        words = [word for word in rest.split() if not word.startswith("--")]
        if not words:
            raise InvalidRequest("Dockerfile: FROM names no image. Write e.g. `FROM python:3.11`.")
        parent = self._stages.get(words[0].lower())
        self._stage = (
            Dockerfile(parent.image, parent.python, list(parent.requirements), list(parent.constraints))
            if parent
            else Dockerfile(words[0])
        )
        if len(words) == 3 and words[1].upper() == "AS":
            self._stages[words[2].lower()] = self._stage
        self._workdir, self._copies = "/", []

    def _copy(self, rest: str) -> None:
        words = [word for word in rest.split() if not word.startswith("--chown") and not word.startswith("--chmod")]
        if rest.lstrip().startswith("["):
            words = re.findall(r'"([^"]*)"', rest)
        if len(words) < 2 or words[0].startswith("--from"):
            return
        *sources, target = [self._expand(word) for word in words]
        into = posixpath.join(self._workdir, target)
        for source in sources:
            relative = posixpath.normpath(source.lstrip("/"))
            is_folder = (self._context / relative).is_dir() if ".." not in relative.split("/") else False
            as_folder = target.endswith(("/", ".")) or len(sources) > 1
            place = posixpath.join(into, posixpath.basename(relative)) if as_folder and not is_folder else into
            if not is_folder:  # the target may be a folder of the image that does not look like one
                self._copies.append((relative, posixpath.normpath(posixpath.join(into, posixpath.basename(relative)))))
            self._copies.append((relative, posixpath.normpath(place)))

    def _include(self, path: str) -> str:
        wanted = posixpath.normpath(posixpath.join(self._workdir, path))
        for source, place in reversed(self._copies):
            if wanted == place:
                return read_context_file(self._context, source)
            if wanted.startswith(place.rstrip("/") + "/"):
                inside = posixpath.join(source, posixpath.relpath(wanted, place))
                if (self._context / inside).is_file():
                    return read_context_file(self._context, inside)
        raise InvalidRequest(f"Dockerfile: {path!r} is used but not copied from the build context. Add a COPY for it.")

    def _run(self, rest: str) -> None:
        if self._stage is None:
            raise InvalidRequest("Dockerfile: RUN comes before FROM. Begin with FROM.")
        for language, pattern in _OTHER_LANGUAGES.items():
            if pattern.search(rest):
                raise Unsupported(
                    f"Dockerfile: `{_shorten(rest)}` installs {language}, and only Python environments can be made "
                    "without a container engine. Run the job on a compute with containers."
                )
        for command in re.split(r"&&|\|\||;|\n", rest):
            try:
                words = shlex.split(command)
            except ValueError:
                words = command.split()
            while words and (words[0].startswith("--mount") or re.match(r"^\w+=", words[0]) or words[0] == "sudo"):
                words = words[1:]
            if words:
                self._command(words, command.strip(), self._stage)

    def _command(self, words: list[str], text: str, stage: Dockerfile) -> None:
        pip = _after(words, "install", _is_pip)
        conda = _after(words, "", lambda word: posixpath.basename(word) in {"conda", "mamba", "micromamba"})
        if words[0] == "cd" and len(words) == 2:
            self._workdir = posixpath.join(self._workdir, words[1])
        elif pip is not None:
            found = read_requirements(list(_pip_lines(pip)), source=f"Dockerfile, `{text}`", include=self._include)
            stage.requirements.extend(found.requirements)
            stage.constraints.extend(found.constraints)
        elif conda is not None:
            self._conda(conda, text, stage)
        elif posixpath.basename(words[0]) not in _HARMLESS_COMMANDS:
            self._notes.substitute(f"Dockerfile: `{_shorten(text)}` is not run, as there is no container.")

    def _conda(self, words: list[str], text: str, stage: Dockerfile) -> None:
        verb = [word for word in words if not word.startswith("-")]
        file = next((words[i + 1] for i, word in enumerate(words[:-1]) if word in {"-f", "--file"}), None)
        if file is not None:
            folder = posixpath.dirname(file)
            found = read_conda(self._include(file), notes=self._notes, include=self._include, folder=folder)
        elif verb[:1] in (["install"], ["create"]):
            found = read_conda({"dependencies": _conda_packages(words)}, notes=self._notes)
        elif verb[:1] in (["clean"], ["init"], ["config"], ["activate"], ["update"], ["info"]):
            return
        else:
            raise Unsupported(f"Dockerfile: `{text}` is not understood. Use a conda file with the environment.")
        stage.python = found.python or stage.python
        stage.requirements.extend(found.requirements)
        stage.constraints.extend(found.constraints)


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    kept = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\[ \t]*\n", " ", "\n".join(kept) + "\n")
    for line in joined.splitlines():
        word, _, rest = line.strip().partition(" ")
        if word:
            yield word.upper(), rest.strip()


def _variable(rest: str) -> tuple[str, str]:
    name, separator, value = rest.partition("=")
    if not separator or " " in name:
        name, _, value = rest.partition(" ")
    return name.strip(), value.strip().strip("'\"")


def _is_pip(word: str) -> bool:
    return bool(re.match(r"^pip3?(?:\.\d+)?$", posixpath.basename(word)))


def _after(words: list[str], verb: str, is_program: Callable[[str], bool]) -> list[str] | None:
    """The arguments after `program verb`, also where the program is started as `python -m program`."""
    start = 0
    if posixpath.basename(words[0]).startswith("python") and words[1:2] == ["-m"]:
        start = 2
    elif posixpath.basename(words[0]) == "conda" and words[1:2] == ["run"]:
        start = next((i for i, word in enumerate(words) if _is_pip(word)), len(words))
    if start >= len(words) or not is_program(words[start]):
        return None
    rest = words[start + 1 :]
    if not verb:
        return rest
    return rest[rest.index(verb) + 1 :] if verb in rest else None


def _pip_lines(words: list[str]) -> Iterator[str]:
    """The arguments of `pip install` as lines of a requirements file."""
    position = 0
    while position < len(words):
        word = words[position]
        name, equals, value = word.partition("=")
        position += 1
        if not word.startswith("-"):
            yield word
        elif name in _PASSED_OPTIONS:
            if not equals:
                value = words[position] if position < len(words) else ""
                position += 1
            yield f"{name} {value}"
        elif word == "--pre":
            yield word
        elif name in _PIP_WITH_VALUE and not equals:
            position += 1


def _conda_packages(words: list[str]) -> list[str]:
    packages, skip = [], True  # the first word is the verb
    for word in words:
        if skip:
            skip = False
        elif word in {"-n", "--name", "-c", "--channel", "-p", "--prefix"}:
            skip = True
        elif not word.startswith("-"):
            packages.append(word)
    return packages


def _shorten(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."
