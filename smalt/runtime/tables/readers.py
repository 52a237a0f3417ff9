"""How the files of a table become rows: one reader per kind of file, each of which reads a file in pieces."""

from __future__ import annotations

import csv
import io
import json
import os

from .columns import Columns, infer
from .failure import TableError, needed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .description import Step
    from .sources import Source

_ENCODINGS = {
    "utf8": "utf-8", "utf8bom": "utf-8-sig", "iso88591": "latin-1", "latin1": "latin-1", "ascii": "ascii",
    "utf16": "utf-16", "utf32": "utf-32", "windows1252": "cp1252",
}  # fmt: skip
_HEADERS = ("no_header", "from_first_file", "all_files_same_headers", "all_files_different_headers")
_SAMPLE_ROWS = 200


class Reader:
    """Reads the files of one table.

    Args:
        step: The reading step with its settings.
        sources: The files, in order.
    """

    def __init__(self, step: Step, sources: list[Source]) -> None:
        self.step = step
        self.sources = sources

    def spans(self, source: Source, size: float) -> Iterator[tuple[int, int]]:
        """Pieces of a file, each of about that many bytes, in order; none for a file without rows.

        A span counts bytes in files of lines, row groups in parquet files.
        """
        raise NotImplementedError

    def frame(self, number: int, span: tuple[int, int]) -> Any:  # Any: a DataFrame
        """The rows of a piece of a file, the file given by its number."""
        raise NotImplementedError


def reader_of(step: Step, sources: list[Source]) -> Reader:
    """The reader for a reading step."""
    kinds = {
        "read_delimited": DelimitedReader,
        "read_json_lines": JsonLinesReader,
        "read_text": TextReader,
        "read_parquet": ParquetReader,
    }
    return kinds[step.name](step, sources)


class _LineReader(Reader):
    """Files whose rows are lines."""

    def __init__(self, step: Step, sources: list[Source]) -> None:
        super().__init__(step, sources)
        name = str(step.option("encoding", "utf8")).lower().replace("-", "").replace("_", "")
        if name not in _ENCODINGS:
            raise TableError(f"{step.name}: encoding {name!r} is unknown. Write one of: {', '.join(_ENCODINGS)}.")
        self.encoding = _ENCODINGS[name]
        # A byte that ends a line can be told from the halves of other characters in these only.
        self.is_whole = self.encoding in ("utf-16", "utf-32")

    def first_byte(self, source: Source) -> int:
        """Where the rows of a file begin."""
        return 0

    def spans(self, source: Source, size: float) -> Iterator[tuple[int, int]]:
        """See `Reader.spans`."""
        total = os.path.getsize(source.path)
        start = self.first_byte(source)
        if self.is_whole:
            if start < total:
                yield start, total
            return
        step = max(1, int(size))
        with open(source.path, "rb") as stream:
            while start < total:
                stream.seek(min(start + step, total) - 1)
                stream.readline()
                end = stream.tell()
                yield start, end
                start = end

    def text(self, number: int, span: tuple[int, int]) -> str:
        """The text of a piece."""
        start, end = span
        with open(self.sources[number].path, "rb") as stream:
            stream.seek(start)
            content = stream.read(end - start)
        try:
            text = content.decode(self.encoding)
        except UnicodeDecodeError as failure:
            raise TableError(
                f"{self.sources[number].shown} is not {self.encoding} ({failure}). Change `encoding`."
            ) from None
        return text[1:] if text.startswith("\ufeff") else text


class TextReader(_LineReader):
    """One row per line, in the column `Text`."""

    def frame(self, number: int, span: tuple[int, int]) -> Any:  # Any: a DataFrame
        """See `Reader.frame`."""
        pandas = needed("pandas", "A table of rows")
        return pandas.DataFrame({"Text": self.text(number, span).splitlines()}, dtype=object)


class JsonLinesReader(_LineReader):
    """One JSON object per line."""

    def frame(self, number: int, span: tuple[int, int]) -> Any:  # Any: a DataFrame
        """See `Reader.frame`."""
        pandas = needed("pandas", "A table of rows")
        return pandas.DataFrame(list(self._rows(number, span)))

    def _rows(self, number: int, span: tuple[int, int]) -> Iterator[Any]:  # Any: JSON
        drops = str(self.step.option("invalid_lines", "error")).lower() == "drop"
        for line in self.text(number, span).split("\n"):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            if isinstance(row, dict):
                yield row
            elif not drops:
                raise TableError(
                    f"{self.sources[number].shown} has a line that is no JSON object: {line[:80]!r}. Mend it, or write "
                    "`invalid_lines: drop`."
                )


class DelimitedReader(_LineReader):
    """Lines of values between delimiters."""

    def __init__(self, step: Step, sources: list[Source]) -> None:
        super().__init__(step, sources)
        self.delimiter = str(step.option("delimiter", ",")).replace("\\t", "\t")
        self.header = str(step.option("header", "all_files_same_headers")).lower()
        if self.header not in _HEADERS:
            raise TableError(f"read_delimited: header {self.header!r} is unknown. Write one of: {', '.join(_HEADERS)}.")
        self.is_whole = self.is_whole or bool(step.option("support_multi_line", False))
        self.keeps_empty = bool(step.option("empty_as_string", False))
        self._names: dict[int, list[str]] = {}
        self._columns: dict[int, Columns] = {}

    def first_byte(self, source: Source) -> int:
        """See `_LineReader.first_byte`."""
        number = self.sources.index(source)
        return self._head(source)[1] if self._has_header(number) else 0

    def frame(self, number: int, span: tuple[int, int]) -> Any:  # Any: a DataFrame
        """See `Reader.frame`."""
        names = self._names_of(number)
        columns = self._columns_of(number, names)
        return columns.convert(self._parse(self.text(number, span), names, columns.text_columns(names)))

    def _parse(self, text: str, names: list[str], as_text: Any, rows: int | None = None) -> Any:  # Any: pandas'
        pandas = needed("pandas", "A table of rows")
        if not text.strip("\r\n"):
            return pandas.DataFrame({name: pandas.Series([], dtype=object) for name in names})
        single = len(self.delimiter) == 1
        try:
            return pandas.read_csv(
                io.StringIO(text),
                sep=self.delimiter if single else _escaped(self.delimiter),
                engine="c" if single else "python",
                header=None,
                names=names,
                index_col=False,
                dtype=as_text,
                nrows=rows,
                keep_default_na=False,
                na_values=[] if self.keeps_empty else [""],
                skip_blank_lines=True,
            )
        except ValueError as failure:
            raise TableError(f"A line of the table cannot be read: {failure}.") from None

    def _has_header(self, number: int) -> bool:
        return self.header in ("all_files_same_headers", "all_files_different_headers") or (
            self.header == "from_first_file" and number == 0
        )

    def _names_of(self, number: int) -> list[str]:
        key = number if self.header == "all_files_different_headers" else 0
        if key not in self._names:
            first = self._head(self.sources[key])[0]
            names = first if self._has_header(key) else [f"Column{place}" for place in range(1, len(first) + 1)]
            self._names[key] = _unique(names)
        return self._names[key]

    def _columns_of(self, number: int, names: list[str]) -> Columns:
        key = number if self.header == "all_files_different_headers" else 0
        if key not in self._columns:
            asked = self.step.option("infer_column_types", True)
            settings = asked if isinstance(asked, dict) else {}
            wanted = settings.get("sample_size", _SAMPLE_ROWS)
            rows = int(wanted) if str(wanted).isdigit() else None
            source = self.sources[key]
            limit = os.path.getsize(source.path)
            spans = self.spans(source, limit if rows is None or self.is_whole else min(limit, 1 << 20) or 1)
            sample = self._parse(self.text(key, next(spans, (0, 0))), names, str, rows)
            found = infer(sample) if asked else dict.fromkeys(names, "string")
            self._columns[key] = Columns({**found, **(settings.get("column_type_overrides") or {})})
        return self._columns[key]

    def _head(self, source: Source) -> tuple[list[str], int]:
        """The values of the first line, and where the second begins."""
        with open(source.path, "rb") as stream:
            if self.encoding in ("utf-16", "utf-32"):
                text = stream.read().decode(self.encoding)
                first = text.partition("\n")[0]
                rest = text[len(first) + 1 :].encode(self.encoding + "-le")
                return self._values(first), os.path.getsize(source.path) - len(rest)
            line = stream.readline()
            return self._values(line.decode(self.encoding, "replace")), stream.tell()

    def _values(self, line: str) -> list[str]:
        text = line.lstrip("\ufeff").rstrip("\r\n")
        if len(self.delimiter) != 1:
            return text.split(self.delimiter)
        return next(csv.reader([text], delimiter=self.delimiter), [])


class ParquetReader(Reader):
    """Parquet files; their pieces are row groups."""

    def spans(self, source: Source, size: float) -> Iterator[tuple[int, int]]:
        """See `Reader.spans`."""
        about = self._open(source).metadata
        start, held = 0, 0
        for group in range(about.num_row_groups):
            held += about.row_group(group).total_byte_size
            if held >= size or group == about.num_row_groups - 1:
                yield start, group + 1
                start, held = group + 1, 0

    def frame(self, number: int, span: tuple[int, int]) -> Any:  # Any: a DataFrame
        """See `Reader.frame`."""
        needed("pandas", "A table of rows")
        return self._open(self.sources[number]).read_row_groups(list(range(*span))).to_pandas()

    def _open(self, source: Source) -> Any:  # Any: pyarrow's
        parquet = needed("pyarrow.parquet", "A table of parquet files")
        try:
            return parquet.ParquetFile(source.path)
        except (OSError, ValueError) as failure:
            raise TableError(f"{source.shown} is no parquet file: {failure}.") from None


def _unique(names: list[str]) -> list[str]:
    """Names with repeated ones numbered, as pandas does."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        count = seen.get(name, 0)
        seen[name] = count + 1
        found.append(f"{name}.{count}" if count else name)
    return found


def _escaped(delimiter: str) -> str:
    return "".join(f"\\{each}" if not each.isalnum() else each for each in delimiter)
