"""What finished steps have left behind, as others see it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from smalt.errors import InvalidRequest
from smalt.server.assets import DataLocator
from smalt.server.jobs import Children, Result
from smalt.server.pipelines.child import is_value_type
from smalt.server.pipelines.graph import Node
from smalt.server.pipelines.plan import Plan
from smalt.server.pipelines.store import StepRow, StepStatus
from smalt.server.pipelines.values import Data, Value
from smalt.server.work import Work
from smalt.server.workspaces import WorkspaceRecord

GATHERED = -1
"""The iteration under which a loop over items keeps what belongs to all of them."""

_LONGEST_VALUE = 64 * 1024


class Outputs(Mapping[tuple[str, str], Value]):
    """Outputs of finished steps by step and name. What they are is read when they are asked for.

    Args:
        plan: The pipeline.
        rows: Its steps so far, by name; the caller keeps it up to date.
        work: The unit of work.
        workspace: The workspace.
        children: Knows what jobs have left behind.
        locator: Finds bytes.
    """

    def __init__(
        self,
        plan: Plan,
        rows: Mapping[str, list[StepRow]],
        work: Work,
        workspace: WorkspaceRecord,
        *,
        children: Children,
        locator: DataLocator,
    ) -> None:
        self._plan = plan
        self._rows = rows
        self._work = work
        self._workspace = workspace
        self._children = children
        self._locator = locator
        self._results: dict[str, Result] = {}

    def __getitem__(self, key: tuple[str, str]) -> Value:
        step, name = key
        node = self._plan.graph.nodes[step]
        loop = self._plan.graph.nodes.get(node.loop or "", node)
        if loop.kind == "parallel_for":
            return self._gathered(loop, name)
        row = self._last(loop.name)
        if row is None or row.child is None:
            raise KeyError(key)
        if isinstance(row.value, dict) and name in row.value:
            return str(row.value[name])
        result = self._result(row.child)
        uri = result.uri(name)
        if uri is None:
            raise KeyError(key)
        digest = result.written.get(name, {}).get("digest")
        return Data(uri, digest or uri, self._type(loop, name))

    def __contains__(self, key: object) -> bool:
        try:
            self[key]  # type: ignore[index]  # whatever it is, it is in or not
        except (KeyError, TypeError):
            return False
        return True

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(())  # They are found by name only.

    def __len__(self) -> int:
        return 0

    def fetch(self, steps: Iterable[str]) -> None:
        """Read in one go what some steps have left behind."""
        rows = [self._last(step) for step in steps]
        self._results |= self._children.results(
            self._work,
            self._workspace,
            [row.child for row in rows if row is not None and row.child and row.child not in self._results],
        )

    def written(self, step: str) -> Mapping[str, Mapping[str, Any]]:  # Any: JSON
        """Path, size and digest of what a step has written, by output."""
        row = self._last(step)
        return {} if row is None or row.child is None else self._result(row.child).written

    def place(self, child: str, name: str) -> str | None:
        """Where a step's job has an output as a whole: for a single file, perhaps its folder."""
        return self._result(child).outputs.get(name)

    def uri(self, child: str, name: str) -> str | None:
        """Where an output of a step's job is."""
        return self._result(child).uri(name)

    def plain_values(self, node: Node, child: str) -> dict[str, str] | None:
        """The plain values that a step's job has written, by output.

        Raises:
            InvalidRequest: It has not written one, or one that is no value.
        """
        declared = self._plan.component(node.step).outputs
        names = [name for name, port in declared.items() if is_value_type(port.type)]
        return {name: self._read(child, name) for name in names} or None

    def _read(self, child: str, name: str) -> str:
        uri = self._result(child).uri(name)
        place = self._locator.locate(self._work, self._workspace, uri) if uri else None
        if place is None or place.store is None or place.store.head(place.key) is None:
            raise InvalidRequest(
                f"The job has not written its output {name!r}, a plain value. Write it to ${{{{outputs.{name}}}}}."
            )
        content = b"".join(place.store.read(place.key, 0, _LONGEST_VALUE))
        try:
            return content.decode().strip()
        except UnicodeDecodeError:
            raise InvalidRequest(f"The output {name!r} holds no text, so it is no plain value.") from None

    def _result(self, child: str) -> Result:
        if child not in self._results:
            found = self._children.results(self._work, self._workspace, [child])
            self._results[child] = found.get(child, Result(child, {}, {}))
        return self._results[child]

    def _last(self, step: str) -> StepRow | None:
        node = self._plan.graph.nodes.get(step)
        name = node.loop if node is not None and node.loop else step
        done = [row for row in self._rows.get(name, ()) if row.status is StepStatus.COMPLETED and row.child]
        return max(done, key=lambda row: (row.key.iteration, row.key.attempt), default=None)

    def _gathered(self, loop: Node, name: str) -> Value:
        for row in self._rows.get(loop.name, ()):
            if row.key.iteration == GATHERED and isinstance(row.value, dict):
                found = (row.value.get("outputs") or {}).get(name)
                if found is not None:
                    return Data(**found) if isinstance(found, dict) else str(found)
        raise KeyError((loop.name, name))

    def _type(self, node: Node, name: str) -> str | None:
        what = self._plan.graph.nodes[node.body] if node.body is not None else node
        declared = self._plan.component(what.step).outputs.get(name)
        given = what.step.outputs.get(name)
        found = declared.type if declared is not None else given.type if given is not None else None
        return None if found is None or is_value_type(found) or found == "any" else found.lower()
