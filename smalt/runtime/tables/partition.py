"""Columns that stand in the paths of files: `{store}/{day:yyyy-MM-dd}/data.csv`."""

from __future__ import annotations

import datetime
import re

from .failure import TableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FIELD = re.compile(r"\{([^{}:]+)(?::([^{}]+))?\}")
_MOMENT_PARTS = (
    ("yyyy", r"\d{4}", "%Y"), ("MM", r"\d{2}", "%m"), ("dd", r"\d{2}", "%d"),
    ("HH", r"\d{2}", "%H"), ("mm", r"\d{2}", "%M"), ("ss", r"\d{2}", "%S"),
)  # fmt: skip


class PartitionFormat:
    """A partition format, read once.

    Raises:
        TableError: It names no column.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self.names: list[str] = []
        self._moments: dict[str, str] = {}
        pieces, last = [], 0
        for match in _FIELD.finditer(text):
            pieces.append(re.escape(text[last : match.start()].lstrip("/") if not last else text[last : match.start()]))
            pieces.append(self._field(match[1].strip(), match[2]))
            last = match.end()
        if not self.names:
            raise TableError(f"partition_format {text!r} names no column. Write e.g. {{store}}/{{brand}}/data.csv.")
        pieces.append(re.escape(text[last:]))
        self._pattern = re.compile("(?:^|/)" + "".join(pieces) + "$")

    def values(self, path: str) -> dict[str, Any]:  # Any: text, or a moment
        """The columns of a path.

        Raises:
            TableError: The path does not have that form.
        """
        match = self._pattern.search(path.replace("\\", "/"))
        if match is None:
            raise TableError(f"The path {path!r} does not have the partition format {self._text!r}.")
        found: dict[str, Any] = {}
        for place, name in enumerate(self.names, 1):
            text = match[place]
            form = self._moments.get(name)
            found[name] = datetime.datetime.strptime(text, form) if form else text
        return found

    def _field(self, name: str, form: str | None) -> str:
        self.names.append(name)
        if form is None:
            return "([^/]+?)"
        pattern, moment = re.escape(form).replace(r"\-", "-"), form
        for word, digits, directive in _MOMENT_PARTS:
            pattern, moment = pattern.replace(word, digits), moment.replace(word, directive)
        self._moments[name] = moment
        return f"({pattern})"
