"""The folder of a run: the layout that prompt flow's runs have, written so that a kill at any moment loses no line.

logs.txt, flow_logs/000000007.log     what was logged, and what the flow printed in a line
meta.json                             lines per file of flow_artifacts, and lines in all
flow_artifacts/<first>_<last>.jsonl   one record per line, appended as lines end: the run's memory
node_artifacts/<node>/<first>.jsonl   one record per node and line
inputs.jsonl, outputs.jsonl, flow_outputs/output.jsonl, metrics.json, error.json   written when all lines have ended
snapshot/                             the flow as it ran
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from smalt.flows.batch import records

LINES_PER_FILE = 1000
_LEFT_OUT = (".git", ".runs", ".promptflow", "__pycache__", ".venv", "node_modules", ".env")

Document = dict[str, Any]  # Any: JSON


class RunFolder:
    """The files of one run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.logs = path / "logs.txt"
        self._lines = path / "flow_artifacts"
        self._nodes = path / "node_artifacts"
        self._outputs = path / "flow_outputs"
        self._waiting: dict[str, list[bytes]] = {}

    def begin(self) -> None:
        """Make the folder."""
        for folder in (self._lines, self._outputs, self.path / "flow_logs"):
            folder.mkdir(parents=True, exist_ok=True)
        self._note({"batch_size": LINES_PER_FILE})

    def note_lines(self, count: int) -> None:
        """Keep how many lines there will be."""
        self._note({"batch_size": LINES_PER_FILE, "lines": count})

    def take_snapshot(self, source: Path) -> None:
        """Copy the flow beside its results, its own file under the name that readers look for."""
        target = self.path / "snapshot"
        folder = source if source.is_dir() else source.parent
        here = self.path.absolute()

        def left_out(parent: str, names: list[str]) -> list[str]:
            return [name for name in names if name in _LEFT_OUT or here.is_relative_to(Path(parent, name).absolute())]

        shutil.copytree(folder, target, ignore=left_out, dirs_exist_ok=True, ignore_dangling_symlinks=True)

    def write_line(self, line: Document, nodes: Iterable[Document]) -> None:
        """Keep the record of a line, until `flush` appends it."""
        first = line["line_number"] // LINES_PER_FILE * LINES_PER_FILE
        for node in nodes:
            self.write_node(node, first)
        self._keep(_lines_file(first), line)

    def write_node(self, node: Document, first: int = 0) -> None:
        """Keep the record of a node, or of an aggregation."""
        self._keep(_nodes_file(node["NodeName"], first), node)

    def flush(self) -> None:
        """Append what is kept. Nodes go first: a line whose record is there is whole."""
        waiting, self._waiting = self._waiting, {}
        for name in sorted(waiting, reverse=True):
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            # One write: a kill leaves records whole, but for one cut off at the end, which `_whole` passes over.
            with path.open("ab", buffering=0) as file:
                file.write(b"".join(waiting[name]))

    def write_line_log(self, line_number: int, text: str) -> None:
        """What the flow printed in a line."""
        with (self.path / "flow_logs" / f"{line_number:09d}.log").open("a", encoding="utf-8") as file:
            file.write(text)

    def lines(self) -> dict[int, Document]:
        """The newest record of every line that has one; a record that was cut off does not count."""
        found: dict[int, Document] = {}
        for file in sorted(self._lines.glob("*.jsonl")):
            for record in _whole(file):
                found[record["line_number"]] = record
        return found

    def node_records(self) -> Iterator[Document]:
        """The records of all nodes."""
        for file in sorted(self._nodes.glob("*/*.jsonl")):
            yield from _whole(file)

    def mend(self, kept: Mapping[int, Document]) -> None:
        """Leave the records of these lines only, and none that was cut off, before further ones are appended."""
        self.flush()
        for file in self._lines.glob("*.jsonl"):
            rows = [record for record in _whole(file) if record is not None]
            newest = {record["line_number"]: record for record in rows if record["line_number"] in kept}
            _replace(file, newest.values())
        for file in self._nodes.glob("*/*.jsonl"):
            by_line = {record["line_number"]: record for record in _whole(file) if record["line_number"] in kept}
            _replace(file, by_line.values())

    def finish(self, lines: Iterable[Document], metrics: Mapping[str, Any] | None) -> None:  # Any: numbers
        """Write what is written once all lines have ended, each file whole or not at all."""
        self.flush()
        inputs: list[Document] = []
        outputs: list[Document] = []
        for line in lines:
            run = line["run_info"]
            inputs.append(run["inputs"])
            if line["status"] == "Completed":
                outputs.append({"line_number": line["line_number"], **(run["output"] or {})})
        _replace(self.path / "inputs.jsonl", inputs)
        written = _lines_of(outputs)
        _write_whole(self._outputs / "output.jsonl", written)
        _write_whole(self.path / "outputs.jsonl", written)
        self._write(self.path / "metrics.json", dict(metrics or {}))

    def write_error(self, error: Mapping[str, Any] | None) -> None:  # Any: JSON
        """Why lines, the aggregation or the whole run failed; nothing if none did."""
        path = self.path / "error.json"
        if error is None:
            path.unlink(missing_ok=True)
        else:
            self._write(path, error)

    def outputs(self) -> list[Document]:
        """The outputs of the lines that completed."""
        return list(_whole(self._outputs / "output.jsonl"))

    def inputs(self) -> list[Document]:
        """The inputs of all lines."""
        return list(_whole(self.path / "inputs.jsonl"))

    def metrics(self) -> Document:
        """The metrics of the run."""
        return self._read("metrics.json") or {}

    def error(self) -> Document | None:
        """What `write_error` wrote."""
        return self._read("error.json")

    def image_folder(self) -> Path:
        """Where images of outputs are written."""
        return self._outputs

    def _note(self, numbers: Mapping[str, int]) -> None:
        _write_whole(self.path / "meta.json", json.dumps(numbers).encode())

    def _keep(self, name: str, record: Document) -> None:
        self._waiting.setdefault(name, []).append(records.encode(record) + b"\n")

    def _read(self, name: str) -> Document | None:
        try:
            found: Document = json.loads((self.path / name).read_bytes())
        except FileNotFoundError:
            return None
        return found

    @staticmethod
    def _write(path: Path, document: Mapping[str, Any]) -> None:  # Any: JSON
        _write_whole(path, records.encode(document))


@lru_cache(maxsize=256)
def _lines_file(first: int) -> str:
    return f"flow_artifacts/{first:09d}_{first + LINES_PER_FILE - 1:09d}.jsonl"


@lru_cache(maxsize=256)
def _nodes_file(node: str, first: int) -> str:
    name = node.replace(os.sep, "_")
    return f"node_artifacts/{name if name.strip('.') else '_'}/{first:09d}.jsonl"


def _whole(file: Path) -> Iterator[Document]:
    try:
        lines = file.read_bytes().split(b"\n")
    except FileNotFoundError:
        return
    for line in lines:
        if line:
            try:
                yield records.decode(line)
            except ValueError:  # cut off by a kill
                continue


def _replace(file: Path, rows: Iterable[Document]) -> None:
    _write_whole(file, _lines_of(rows))


def _lines_of(rows: Iterable[Document]) -> bytes:
    return b"".join([records.encode(row) + b"\n" for row in rows])


def _write_whole(file: Path, content: bytes) -> None:
    fresh = file.with_name(f".{file.name}.new")
    fresh.write_bytes(content)
    fresh.replace(file)
