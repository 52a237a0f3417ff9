"""A table: the files an MLTable file names and what is done with them, as paths or as rows."""

from __future__ import annotations

from . import steps
from .description import read
from .failure import TableError, needed
from .partition import PartitionFormat
from .readers import reader_of
from .sources import Places, Source, files_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from .description import Description


class Piece:
    """Some rows of one file.

    Args:
        number: Which file of the table.
        start: First byte or row group.
        end: The one after the last.
    """

    def __init__(self, number: int, start: int, end: int) -> None:
        self.number = number
        self.start = start
        self.end = end


class PathRow:
    """One file of a table without a reader, with the columns its path holds."""

    def __init__(self, source: Source, columns: dict[str, Any]) -> None:  # Any: text, or a moment
        self.source = source
        self.columns = columns


class Table:
    """A table that is open.

    Args:
        description: What it says.
        sources: Its files.
    """

    def __init__(self, description: Description, sources: Sequence[Source]) -> None:
        self.sources = list(sources)
        self._description = description
        self._reader = reader_of(description.reader, self.sources) if description.reader is not None else None

    @property
    def steps_text(self) -> str:
        """What is done with its files, as text: two tables with the same text do the same."""
        reader = self._description.reader
        return repr([(step.name, step.value) for step in ([reader] if reader else []) + self._description.steps])

    @property
    def has_rows(self) -> bool:
        """Whether it is read as rows, rather than being a list of files."""
        return self._reader is not None

    @property
    def is_divisible(self) -> bool:
        """Whether pieces can be read on their own, as no step looks at other rows."""
        return not any(steps.needs_whole(step) for step in self._description.steps)

    def pieces(self, size: float) -> Iterator[Piece]:
        """All pieces of about that many bytes, in order; none crosses the end of a file."""
        assert self._reader is not None
        for number, source in enumerate(self.sources):
            for start, end in self._reader.spans(source, size):
                yield Piece(number, start, end)

    def load(self, piece: Piece) -> Any:  # Any: a DataFrame
        """The rows of one piece of a divisible table, after its steps."""
        return self._finished(self._raw(piece))

    def load_span(self, number: int, start: int, end: int) -> Any:  # Any: a DataFrame
        """The same for a piece that travelled as numbers."""
        return self.load(Piece(number, start, end))

    def frame(self) -> Any:  # Any: a DataFrame
        """All rows, after all steps."""
        pandas = needed("pandas", "A table of rows")
        frames = [self._raw(piece) for piece in self.pieces(float(1 << 62))]
        whole = pandas.concat(frames, ignore_index=True) if frames else pandas.DataFrame({steps.PATH: []})
        return self._finished(whole)

    def paths(self) -> list[PathRow]:
        """The files of a table without a reader, after its steps.

        Raises:
            TableError: A step needs rows.
        """
        rows = [PathRow(source, {}) for source in self.sources]
        for step in self._description.steps:
            if step.name == "take":
                rows = rows[: steps.count_of(step)]
            elif step.name == "skip":
                rows = rows[steps.count_of(step) :]
            elif step.name == "take_random_sample":
                taken = steps.chosen(step, len(rows))
                rows = [row for row, is_taken in zip(rows, taken) if is_taken]  # noqa: B905  (strict: Python 3.10)
            elif step.name == "extract_columns_from_partition_format":
                pattern = PartitionFormat(str(step.option("partition_format", step.value)))
                for row in rows:
                    row.columns.update(pattern.values(row.source.shown))
            elif step.name not in ("keep_columns", "drop_columns"):
                raise TableError(f"{step.name} needs rows. Add a reader, e.g. `- read_delimited:`.")
        return rows

    def _raw(self, piece: Piece) -> Any:
        assert self._reader is not None
        source = self.sources[piece.number]
        frame = self._reader.frame(piece.number, (piece.start, piece.end))
        frame[steps.PATH] = source.shown
        if self._reader.step.option("include_path_column", False):
            frame.insert(0, "Path", source.shown)
        return frame

    def _finished(self, frame: Any) -> Any:
        for step in self._description.steps:
            frame = steps.apply(step, frame)
        return frame.drop(columns=[steps.PATH]).reset_index(drop=True)


def open_table(
    path: str, *, places: Places | None = None, sources: Sequence[Source] | None = None, yaml_package: str | None = None
) -> Table:
    """Open the table in a folder.

    Args:
        path: The folder, or its MLTable file.
        places: Where URIs lead; by default only http(s) and local ones do.
        sources: The files, when somebody has looked them up already.
        yaml_package: Folder of PyYAML, for environments without it.

    Raises:
        TableError: It cannot be read.
    """
    description = read(path, yaml_package=yaml_package)
    return Table(description, files_of(description, places or Places()) if sources is None else sources)
