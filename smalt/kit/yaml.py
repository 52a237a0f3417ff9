"""YAML as people write it: mistakes are told with file, line and column; bombs and duplicate keys are refused.

YAML 1.1 with three changes that keep what was written: keys are always text, dates stay text, and numbers with a
leading zero (`version: 01`) or colons (`12:30`) stay text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # Any: the C class has no common base in the stubs
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # Any: as above
_TAG = "tag:yaml.org,2002:"
_REPLACED = frozenset({_TAG + "int", _TAG + "float", _TAG + "timestamp"})
_SCALARS = frozenset({_TAG + name for name in ("str", "int", "float", "bool", "null")})

MAX_CHARACTERS = 4 * 1024 * 1024
_MAX_NODES = 200_000
_MAX_DEPTH = 100

Path = tuple[str | int, ...]


class YamlError(ValueError):
    """A document that cannot be read: where, why, and what to do. `smalt.wire.yaml` makes it an `InvalidRequest`."""

    def __init__(self, source: str, line: int, column: int, problem: str) -> None:
        super().__init__(f"{source}:{line}:{column}: {problem}")
        self.source = source
        self.line = line
        self.column = column


class _Loader(_BASE):  # type: ignore[misc]  # the base is chosen at run time
    """The safe loader with the changes named above."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _REPLACED]
    for first, resolvers in _BASE.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    _TAG + "int",
    re.compile(r"^[-+]?(?:0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|0b[01_]+)$"),
    list("-+0123456789"),
)
_Loader.add_implicit_resolver(
    _TAG + "float",
    re.compile(
        r"^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
    ),
    list("-+0123456789."),
)


@dataclass(frozen=True)
class Position:
    """A place in a file, counted from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Located:
    """A loaded document, and where each of its values stands."""

    value: Any  # Any: a YAML document
    source: str
    positions: dict[Path, Position] = field(repr=False)

    def at(self, path: str | Sequence[str | int]) -> Position:
        """The place of a value, given its path (`inputs.data.path`); for an unknown path, of what surrounds it."""
        return self.positions.get(self.known(path), Position(1, 1))

    def known(self, path: str | Sequence[str | int]) -> Path:
        """The part of a path that the document has; parts that lead nowhere are passed over."""
        known: Path = ()
        for part in _split(path):
            for candidate in (part, _index(part)):
                if candidate is not None and (*known, candidate) in self.positions:
                    known = (*known, candidate)
                    break
        return known


def _split(path: str | Sequence[str | int]) -> Path:
    return tuple(path.split(".")) if isinstance(path, str) else tuple(path)


def _index(part: str | int) -> int | None:
    return int(part) if isinstance(part, str) and part.isdecimal() else None


def load(text: str, *, source: str = "<text>") -> Any:  # Any: a YAML document
    """Read one YAML document.

    Raises:
        YamlError: It is not valid; the message begins with file, line and column.
    """
    return load_with_lines(text, source).value


def load_with_lines(text: str, source: str = "<text>") -> Located:
    """Read one YAML document and remember where each value stands.

    Raises:
        YamlError: As for `load`.
    """
    if len(text) > MAX_CHARACTERS:
        raise YamlError(source, 1, 1, f"The file has more than {MAX_CHARACTERS} characters. Make it smaller.")
    try:
        _check_depth(text, source)
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
            reader = _Reader(loader, text, source)
            value = None if root is None else reader.read(root, ())
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise _explained(error, source) from None
    return Located(value, source, reader.positions)


def dump(document: object) -> str:
    """Write a document of plain values: block style, the order of its keys, long text as blocks."""
    written: str = yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, default_flow_style=False, allow_unicode=True, width=4096
    )
    return written


class _Dumper(_DUMPER):  # type: ignore[misc]  # the base is chosen at run time
    """The safe dumper with blocks for long text, and without aliases."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _write_text(dumper: Any, text: str) -> Any:  # Any: the classes of the yaml package
    return dumper.represent_scalar(_TAG + "str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _write_text)


def _check_depth(text: str, source: str) -> None:
    """Refuse deep nesting before the C composer recurses into it."""
    depth = 0
    for event in yaml.parse(text, Loader=_BASE):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _MAX_DEPTH:
                raise _problem(source, event.start_mark, f"More than {_MAX_DEPTH} levels deep. Flatten the file.")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


class _Reader:
    """Turns nodes into plain values; every visit counts, so that aliases cannot multiply without end."""

    def __init__(self, loader: Any, text: str, source: str) -> None:  # Any: see _Loader
        self._loader = loader
        self._text = text
        self._source = source
        self._visits = 0
        self._merging = 0
        self.positions: dict[Path, Position] = {}

    def read(self, node: Any, path: Path) -> Any:  # Any: nodes and values of YAML
        self._visits += 1
        if self._visits > _MAX_NODES or len(path) > _MAX_DEPTH:
            raise _problem(self._source, node.start_mark, "Aliases make the document endless. Write the values out.")
        self.positions.setdefault(path, Position(node.start_mark.line + 1, node.start_mark.column + 1))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _scalar(self, node: Any) -> Any:  # Any: nodes and values of YAML
        if node.tag not in _SCALARS:
            raise _problem(self._source, node.start_mark, f"The tag {node.tag!r} is not allowed. Write a plain value.")
        try:
            return self._loader.construct_object(node)
        except ValueError as error:
            raise _problem(self._source, node.start_mark, f"The value cannot be read: {error}.") from None

    def _mapping(self, node: Any, path: Path) -> Any:  # Any: nodes and values of YAML
        if self._is_placeholder(node):
            return self._text[node.start_mark.index : node.end_mark.index]
        found: dict[str, Any] = {}  # Any: values of YAML
        merged: dict[str, Any] = {}  # Any: values of YAML
        for key, value in node.value:
            if key.tag == _TAG + "merge":
                merged = self._merge(value, path) | merged
                continue
            name = self._key(key)
            if name in found:
                raise _problem(self._source, key.start_mark, f"The key {name!r} is given twice. Remove one of them.")
            self.positions[(*path, name)] = Position(key.start_mark.line + 1, key.start_mark.column + 1)
            found[name] = self.read(value, (*path, name))
        return merged | found

    def _merge(self, node: Any, path: Path) -> dict[str, Any]:  # Any: nodes and values of YAML
        # A merge stays at its path, so one of a mapping with itself is not seen by the length of that.
        self._merging += 1
        if self._merging > _MAX_DEPTH:
            raise _problem(self._source, node.start_mark, "Aliases make the document endless. Write the values out.")
        sources = node.value if isinstance(node, yaml.SequenceNode) else [node]
        merged: dict[str, Any] = {}  # Any: values of YAML
        for source in sources:
            value = self.read(source, path)
            if not isinstance(value, dict):
                raise _problem(self._source, source.start_mark, "'<<' merges mappings only. Point it to a mapping.")
            merged = value | merged
        self._merging -= 1
        return merged

    def _key(self, node: Any) -> str:  # Any: nodes of YAML
        if not isinstance(node, yaml.ScalarNode):
            raise _problem(self._source, node.start_mark, "A key must be text. Quote it if it holds { or [.")
        return str(node.value)

    @staticmethod
    def _is_placeholder(node: Any) -> bool:  # Any: nodes of YAML
        """Whether the node is an unquoted template such as `{{NAME}}`, which YAML reads as nested mappings."""
        if len(node.value) != 1 or not node.flow_style:
            return False
        key, value = node.value[0]
        return isinstance(key, yaml.MappingNode) and value.tag == _TAG + "null"


def _problem(source: str, mark: Any, text: str) -> YamlError:  # Any: marks of the yaml package
    return YamlError(source, mark.line + 1, mark.column + 1, text)


def _explained(error: yaml.YAMLError, source: str) -> YamlError:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    if mark is None:
        return YamlError(source, 1, 1, f"not readable as YAML: {problem}. Save it as UTF-8 text.")
    remedy = "Indent with spaces, and quote text that holds ':', '#', '{' or '['."
    return _problem(source, mark, f"not valid YAML: {problem}. {remedy}")
