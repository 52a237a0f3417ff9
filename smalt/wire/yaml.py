"""YAML files to entities and back: every mistake at once, each with file, line and remedy."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from smalt.entities.base import Entity, unknown_fields
from smalt.entities.kinds import KINDS, entity_class, types_of
from smalt.entities.warned import Warned, Warnings
from smalt.errors import InvalidRequest, NotFound, SmaltError, ValidationFailed
from smalt.kit import yaml
from smalt.wire.overrides import apply_overrides, path_parts

TEXT = "<text>"
"""What is the source of a document that was not read from a file."""

_INFERRED_JOB_TYPES = {"jobs": "pipeline", "trial": "sweep"}
_PLACED = re.compile(r"\S+:\d+: ")
_TYPED_BY_FIELD = frozenset({"schedule"})
"""Kinds without a `type`: which one it is, is told by the field that it has."""


@dataclass(frozen=True)
class Loaded:
    """An entity as a file describes it, what was doubtful in the file, and the folder its paths are relative to."""

    entity: Entity
    warnings: list[Warned]
    base_dir: Path
    located: yaml.Located
    overrides: Sequence[str] = ()
    within: str = ""
    """The field of the file that the entity stands in, when it is only a part of it."""

    def placed(self, mistakes: Iterable[SmaltError]) -> list[InvalidRequest]:
        """Mistakes with the file, the line and the field they are in; the field is their `target`."""
        changed = {tuple(path_parts(override.partition("=")[0])): override for override in self.overrides}
        if self.within:
            mistakes = [InvalidRequest(each.message, target=f"{self.within}.{each.target or ''}") for each in mistakes]
        return [_placed(mistake, self.located, changed) for mistake in mistakes]

    def explained(self, error: InvalidRequest) -> InvalidRequest:
        """A refusal of the entity, with file and line wherever a mistake is about a field of the file."""
        mistakes = error.details or (error,)
        if self.located.source == TEXT or not any(self._is_about(mistake) for mistake in mistakes):
            return error
        told = [found if self._is_about(mistake) else mistake
                for mistake, found in zip(mistakes, self.placed(mistakes), strict=True)]  # fmt: skip
        return refusal(self.located.source, told)

    def _is_about(self, mistake: SmaltError) -> bool:
        if _PLACED.match(mistake.message):  # in a file that this one names
            return False
        changed = {path_parts(override.partition("=")[0])[0] for override in self.overrides}
        place = (mistake.target or "").split(".")[0]
        return place in changed or bool(self.located.known(mistake.target or ""))

    def doubt(self, path: str, message: str) -> Warned:
        """A warning with file and line."""
        place = f"{self.within}.{path}" if self.within else path
        return _with_line(Warned(place, message), self.located)


def load_document(source: Path | str, *, name: str = TEXT) -> yaml.Located:
    """Read a YAML file (a `Path`) or YAML text (a `str`).

    Raises:
        NotFound: There is no such file.
        InvalidRequest: It is not readable; the message begins with file, line and column.
    """
    text = _read(source) if isinstance(source, Path) else source
    try:
        return yaml.load_with_lines(text, str(source) if isinstance(source, Path) else name)
    except yaml.YamlError as error:
        raise InvalidRequest(str(error)) from None


def load_entity(
    kind: str, source: Path | str, *, overrides: Sequence[str] = (), base_dir: Path | None = None
) -> Loaded:
    """Read an entity from a YAML file (a `Path`) or from YAML text (a `str`).

    Args:
        kind: `job`, `data`, `model`, `environment`, `component`, `datastore`, `compute`, ...
        source: The file, or the text.
        overrides: `--set` values such as `inputs.lr=0.1`, applied before reading.
        base_dir: What relative paths are relative to; by default the folder of the file.

    Raises:
        ValidationFailed: Mistakes, all of them in `details`.
        InvalidRequest: The file is not YAML, or not a mapping.
        NotFound: There is no such file.
    """
    if kind not in KINDS:
        raise InvalidRequest(f"The kind {kind!r} is unknown. Write one of: {', '.join(KINDS)}.")
    located = load_document(source)
    folder = base_dir or (source.absolute().parent if isinstance(source, Path) else Path.cwd())
    document = {} if located.value is None and overrides else located.value
    if not isinstance(document, dict):
        found = "is empty" if document is None else f"holds a {type(document).__name__}"
        raise InvalidRequest(f"{located.source}:1: the file {found}, not a {kind}. Write it as 'key: value' lines.")
    apply_overrides(document, overrides)
    document = {key: value for key, value in document.items() if key.strip() != "$schema"}
    warnings = Warnings()
    try:
        entity = _class_for(kind, document).parse(document, warnings)
    except ValidationFailed as error:
        raise _with_lines(error, located, overrides) from None
    doubts = [_with_line(warned, located) for warned in (*warnings.items, *unknown_fields(entity))]
    return Loaded(entity, doubts, folder, located, overrides)


def refusal(source: str, details: Sequence[SmaltError]) -> ValidationFailed:
    """The failure that tells all mistakes of a file, and of the files it names, at once."""
    count = f"{len(details)} mistakes" if len(details) > 1 else "1 mistake"
    listed = "\n".join(f"  {detail.message}" for detail in details)
    return ValidationFailed(f"{source} has {count}:\n{listed}", details=details)


def resolve_local(base_dir: Path, path: str) -> Path:
    """A path of a file, made absolute from the folder the file is in; `file:` is understood.

    Raises:
        InvalidRequest: The path is empty or has a NUL character.
    """
    plain = path.removeprefix("file://").removeprefix("file:") if path.lower().startswith("file:") else path
    if not plain or "\0" in plain:
        raise InvalidRequest(f"The path {path!r} is empty or has a NUL character. Write a path such as ./src.")
    return Path(os.path.normpath(base_dir / Path(plain).expanduser()))


def dump_entity(entity: Entity) -> dict[str, Any]:  # Any: a document of plain values
    """What `show` prints: the fields of the schema, never a secret."""
    return entity.document()


def dump_yaml(entity: Entity) -> str:
    """`dump_entity` as YAML text."""
    return yaml.dump(dump_entity(entity))


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(f"There is no file {str(path)!r}. Check the path; it is relative to {Path.cwd()}.") from None
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"{path}: byte {error.start} is not UTF-8. Save the file as UTF-8 text.") from None
    except (OSError, ValueError) as error:
        raise InvalidRequest(f"{str(path)!r} cannot be read: {error}. Name a readable file.") from None


def _class_for(kind: str, document: dict[str, Any]) -> type[Entity]:  # Any: a YAML document
    if not types_of(kind):
        return entity_class(kind)
    if kind in _TYPED_BY_FIELD:
        found = [name for name in types_of(kind) if name in document]
        return entity_class(kind, found[0] if found else types_of(kind)[0])
    given = document.get("type")
    if given is None and kind == "job":
        given = next((found for key, found in _INFERRED_JOB_TYPES.items() if key in document), None)
    return entity_class(kind, None if given is None else str(given))


def _with_lines(error: ValidationFailed, located: yaml.Located, overrides: Sequence[str]) -> ValidationFailed:
    changed = {tuple(path_parts(override.partition("=")[0])): override for override in overrides}
    return refusal(located.source, [_placed(detail, located, changed) for detail in (error.details or (error,))])


def _placed(detail: SmaltError, located: yaml.Located, changed: dict[tuple[str, ...], str]) -> InvalidRequest:
    wanted = (detail.target or "").split(".")
    known = located.known(detail.target or "")
    shown = ".".join(str(part) for part in known)
    if detail.message.startswith("This field is required") and wanted[-1:] != [str(part) for part in known[-1:]]:
        shown = ".".join(part for part in (shown, wanted[-1]) if part)
    override = next((text for path, text in changed.items() if tuple(wanted[: len(path)]) == path), None)
    place = f"--set {override}" if override else f"{located.source}:{located.at(known).line}"
    shown = detail.target or "" if override or not shown else shown
    label = f"{shown}: " if shown else ""
    return InvalidRequest(f"{place}: {label}{detail.message}", target=shown or None)


def _with_line(warned: Warned, located: yaml.Located) -> Warned:
    return replace(warned, source=located.source, line=located.at(warned.path).line)
