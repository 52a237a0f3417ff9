"""A notebook as a job: its cells run from the first to the last, and the notebook with their outputs is the result."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys

from .kernel import Kernel
from .outputs import Cells
from .parameters import injected, source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    Json = dict[str, Any]

_PARAMETER = "AZUREML_PARAMETER_"
_INPUT = "AZURE_ML_INPUT_"
_COLORS = re.compile(r"\x1b\[[0-9;]*m")


class Run:
    """Executes one notebook.

    Args:
        document: The notebook.
        target: Where it is written, after every cell.
        folder: Where its code runs.
    """

    def __init__(self, document: Json, target: str, folder: str) -> None:
        self._document = document
        self._target = target
        self._cells = Cells()
        self._kernel = Kernel(folder, self._hear, self._died, keeps_run=True)
        self._request = ""
        self._cell = ""
        self._left: set[str] = set()
        self._failed = False
        self._done = asyncio.Event()

    async def run(self) -> int:
        """The exit code."""
        self._keep()
        await self._kernel.start()
        for each in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(each, self._stop)
        try:
            for number, cell in enumerate(self._document["cells"]):
                if cell.get("cell_type") == "code" and source(cell).strip() and not self._failed:
                    await self._execute(number, cell)
        finally:
            await self._kernel.stop()
        return 1 if self._failed else 0

    async def _execute(self, number: int, cell: Json) -> None:
        print(f"--- Cell {number + 1}", flush=True)
        self._cell = cell.setdefault("id", f"cell-{number}")
        self._cells.begin(self._cell, source(cell))
        self._left = {"reply", "idle"}
        self._done.clear()
        self._request = self._kernel.execute(source(cell), allow_stdin=False)
        await self._done.wait()
        cell["outputs"] = self._cells.all[self._cell]["outputs"]
        cell["execution_count"] = self._cells.all[self._cell]["executionCount"]
        self._keep()

    def _hear(self, request: str, kind: str, content: Mapping[str, Any]) -> None:
        if request != self._request:
            return
        if kind == "execute_input":
            self._cells.all[self._cell]["executionCount"] = content["execution_count"]
        elif kind == "execute_reply":
            self._failed = self._failed or content["status"] != "ok"
            self._leave("reply")
        elif kind == "status":
            if content["execution_state"] == "idle":
                self._leave("idle")
        else:
            self._cells.apply(self._cell, kind, content)
            _show(kind, content)

    def _leave(self, what: str) -> None:
        self._left.discard(what)
        if not self._left:
            self._done.set()

    async def _died(self) -> None:
        print("The kernel has died, as happens when memory runs out.", file=sys.stderr, flush=True)
        self._stop()

    def _stop(self) -> None:
        self._failed = True
        self._done.set()

    def _keep(self) -> None:
        with open(f"{self._target}.new", "w", encoding="utf-8") as stream:
            json.dump(self._document, stream, indent=1, ensure_ascii=False)
        os.replace(f"{self._target}.new", self._target)


def _show(kind: str, content: Mapping[str, Any]) -> None:
    """What belongs into the log."""
    if kind == "stream":
        stream = sys.stderr if content["name"] == "stderr" else sys.stdout
        print(content["text"], end="", file=stream, flush=True)
    elif kind == "error":
        print(_COLORS.sub("", "\n".join(content["traceback"])), file=sys.stderr, flush=True)
    elif kind in ("display_data", "execute_result"):
        print(content["data"].get("text/plain", ""), flush=True)


def _read(path: str) -> Json:
    try:
        with open(path, encoding="utf-8") as stream:
            document = json.load(stream)
    except OSError as failure:
        sys.exit(f"The notebook {path} cannot be read: {failure.strerror}. Name a file of the code folder.")
    except ValueError as failure:
        sys.exit(f"{path} is no notebook: {failure}. Save it as .ipynb.")
    if not isinstance(document, dict) or not isinstance(document.get("cells"), list):
        sys.exit(f"{path} is no notebook of format 4: it has no list of cells. Save it as .ipynb with Jupyter.")
    # Cells have ids from here on.
    document |= {"nbformat": 4, "nbformat_minor": max(5, document.get("nbformat_minor", 5))}
    return document


def main(path: str) -> int:
    """Run the notebook at a path, with the inputs of the job as its parameters."""
    document = _read(path)
    given = {name[len(prefix) :]: value for prefix in (_PARAMETER, _INPUT) for name, value in os.environ.items()
             if name.startswith(prefix)}  # fmt: skip
    document["cells"] = injected(document["cells"], dict(sorted(given.items())))
    os.makedirs("outputs", exist_ok=True)
    target = os.path.join("outputs", os.path.basename(path))
    folder = os.path.dirname(os.path.abspath(path))

    async def run() -> int:
        return await Run(document, target, folder).run()

    return asyncio.run(run())
