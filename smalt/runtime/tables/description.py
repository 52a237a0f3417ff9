"""What an MLTable file says: its paths and its steps, checked as far as that goes without the data."""

from __future__ import annotations

import importlib.util
import os
import sys

from .failure import TableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

FILE_NAME = "MLTable"

READERS = ("read_delimited", "read_parquet", "read_json_lines", "read_text")
STEPS = (
    "convert_column_types", "drop_columns", "keep_columns", "filter", "skip", "take", "take_random_sample",
    "extract_columns_from_partition_format",
)  # fmt: skip
_UNREAD = {"read_delta_lake": "Write the rows as parquet, and use read_parquet."}
_PATH_KINDS = ("file", "folder", "pattern")
_BROUGHT = os.path.join(os.path.abspath(__file__).rsplit(os.sep, 4)[0], "extras", "yaml")
"""Where a job that was sent to another machine brings PyYAML along."""


class Step:
    """One entry of `transformations`.

    Args:
        name: E.g. `take`.
        value: Its argument as it was written.
    """

    def __init__(self, name: str, value: Any) -> None:  # Any: YAML
        self.name = name
        self.value = value

    def option(self, key: str, default: Any) -> Any:  # Any: YAML
        """A setting of a step that has several."""
        found = self.value.get(key) if isinstance(self.value, dict) else None
        return default if found is None else found


class Description:
    """An MLTable file.

    Args:
        folder: What its relative paths are relative to.
        paths: Pairs of kind (`file`, `folder`, `pattern`) and path.
        reader: How files become rows; None when only the paths are wanted.
        steps: What is done with the rows, in order.
    """

    def __init__(
        self, folder: str, paths: Sequence[tuple[str, str]], reader: Step | None, steps: Sequence[Step]
    ) -> None:
        self.folder = folder
        self.paths = list(paths)
        self.reader = reader
        self.steps = list(steps)


def read(path: str, *, yaml_package: str | None = None) -> Description:
    """Read the MLTable file of a folder, or the file itself.

    Args:
        path: Folder or file.
        yaml_package: Folder of PyYAML, for environments without it.

    Raises:
        TableError: There is none, or it says nothing that can be done.
    """
    file = os.path.join(path, FILE_NAME) if os.path.isdir(path) else path
    try:
        with open(file, encoding="utf-8") as stream:
            text = stream.read()
    except OSError as failure:
        raise TableError(f"There is no table at {path}: the file {FILE_NAME} cannot be read ({failure}).") from None
    yaml = _yaml(yaml_package)
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as failure:
        raise TableError(f"{file} is no YAML: {failure}") from None
    return _described(document, os.path.dirname(os.path.abspath(file)), file)


def _yaml(folder: str | None) -> Any:  # Any: the module
    try:
        import yaml
    except ImportError:
        found = [each for each in (folder, _BROUGHT) if each and os.path.exists(os.path.join(each, "__init__.py"))]
        if not found:
            raise TableError(
                "Reading an MLTable file needs the package 'PyYAML', which this environment lacks. Add it there."
            ) from None
    else:
        return yaml
    start = os.path.join(found[0], "__init__.py")
    spec = importlib.util.spec_from_file_location("smalt_yaml", start, submodule_search_locations=[found[0]])
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _described(document: Any, folder: str, file: str) -> Description:  # Any: YAML
    if not isinstance(document, dict):
        raise TableError(f"{file} is no mapping. It begins with `paths:`.")
    mistakes: list[str] = []
    paths = list(_paths(document.get("paths"), mistakes))
    steps = list(_steps(document.get("transformations") or [], mistakes))
    readers = [step for step in steps if step.name in READERS]
    if len(readers) > 1:
        mistakes.append(f"More than one reader: {', '.join(step.name for step in readers)}. Keep one.")
    if mistakes:
        listed = "\n".join(f"  {each}" for each in mistakes)
        raise TableError(f"{file} cannot be used:\n{listed}")
    others = [step for step in steps if step.name not in READERS]
    return Description(folder, paths, readers[0] if readers else None, others)


def _paths(items: Any, mistakes: list[str]) -> Any:  # Any: YAML; an iterator of pairs
    if not isinstance(items, list) or not items:
        mistakes.append("`paths` is missing. List at least one `- file:`, `- folder:` or `- pattern:`.")
        return
    for number, item in enumerate(items):
        kinds = [kind for kind in _PATH_KINDS if isinstance(item, dict) and isinstance(item.get(kind), str)]
        if len(kinds) != 1:
            mistakes.append(f"paths[{number}] is {item!r}. Write one of file, folder and pattern.")
            continue
        yield kinds[0], item[kinds[0]]


def _steps(items: Any, mistakes: list[str]) -> Any:  # Any: YAML; an iterator of steps
    if not isinstance(items, list):
        mistakes.append(f"`transformations` is {items!r}. Write a list of steps.")
        return
    for number, item in enumerate(items):
        pairs = [(item, None)] if isinstance(item, str) else list(item.items()) if isinstance(item, dict) else []
        if len(pairs) != 1:
            mistakes.append(f"transformations[{number}] is {item!r}. Write one step, e.g. `- take: 10`.")
            continue
        name, value = pairs[0]
        if name not in READERS and name not in STEPS:
            known = ", ".join([*READERS, *STEPS])
            mistakes.append(
                f"transformations[{number}]: {name!r} is not read here. {_UNREAD.get(name, f'Known: {known}.')}"
            )
            continue
        yield Step(str(name), value)
