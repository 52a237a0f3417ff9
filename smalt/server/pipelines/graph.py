"""The steps of a pipeline and what each waits for. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from smalt.entities.base import Entity
from smalt.entities.job.step import CONTROL_TYPES, Step
from smalt.entities.text import normal_form
from smalt.errors import InvalidRequest
from smalt.server.jobs import Problems
from smalt.server.pipelines import bindings
from smalt.server.pipelines.bindings import StepInputOf, StepOutputOf, WholeStep

_BLOCKS = frozenset({"body", "true_block", "false_block", "mapping", "outputs"})
_NOT_NEEDED = dict.fromkeys(CONTROL_TYPES, _BLOCKS) | {"do_while": _BLOCKS | {"condition"}}
"""What control steps name without waiting for it. The condition of a `do_while` is an output of its body."""

_CONTROL = {normal_form(kind): kind for kind in CONTROL_TYPES}

_WITHIN = frozenset({"component", "trial", "jobs"})


@dataclass(frozen=True, slots=True)
class Gate:
    """A branch that must have been taken: the step that decides, and which way."""

    decision: str
    way: bool


@dataclass(frozen=True, slots=True)
class Node:
    """A step in its place.

    Args:
        name: Its key in `jobs`.
        step: The step.
        kind: `command`, `sweep`, ..., `if_else`, `do_while`, `parallel_for`.
        needs: Steps that must have ended before it starts.
        body: The step a loop repeats.
        loop: The loop that repeats this step, which therefore does not run by itself.
        gate: The branch this step stands in.
    """

    name: str
    step: Step
    kind: str
    needs: frozenset[str]
    body: str | None = None
    loop: str | None = None
    gate: Gate | None = None


@dataclass(frozen=True, slots=True)
class Graph:
    """All steps.

    Args:
        nodes: By name, in the order of the file.
        order: Names in an order in which each comes after all it needs; bodies of loops are left out.
    """

    nodes: Mapping[str, Node]
    order: tuple[str, ...]

    def below(self, name: str) -> set[str]:
        """A step and every one that waits for it, directly or not."""
        found = {name}
        grown = True
        while grown:
            more = {node.name for node in self.nodes.values() if node.needs & found} - found
            found |= more
            grown = bool(more)
        return found


def build(steps: Mapping[str, Step], problems: Problems, *, first: str | None = None, last: str | None = None) -> Graph:
    """The graph of some steps; what is wrong with it goes to `problems`.

    Args:
        steps: Steps by name.
        problems: Collects dangling references, cycles, and steps that two loops or branches claim.
        first: The step that all others wait for (`on_init`).
        last: The step that waits for all others (`on_finalize`).
    """
    kinds = {name: _kind(step) for name, step in steps.items()}
    loops, gates = _claims(steps, kinds, problems)
    for setting, name in (("on_init", first), ("on_finalize", last)):
        with problems.at(f"settings.{setting}"):
            if name is not None and name not in steps:
                raise InvalidRequest(f"There is no step {name!r}. Steps: {_listed(steps)}.")
    nodes: dict[str, Node] = {}
    for name, step in steps.items():
        needs = _needs(name, step, kinds[name], steps, problems)
        gate = gates.get(name)
        if gate is not None:
            needs.add(gate.decision)
        if kinds[name] in ("do_while", "parallel_for"):
            body = _target(step, "body", steps)
            if body is not None:
                needs |= _needs(body, steps[body], kinds[body], steps, Problems())
        # A loop is what others wait for when they name its body.
        needs = {loops.get(other, other) for other in needs} - {name}
        if first is not None and first in steps and name != first:
            needs.add(first)
        if last is not None and name == last:
            needs = {other for other in steps if other not in loops} - {last}
        nodes[name] = Node(
            name,
            step,
            kinds[name],
            frozenset(needs),
            body=_target(step, "body", steps) if kinds[name] in ("do_while", "parallel_for") else None,
            loop=loops.get(name),
            gate=gate,
        )
    order: list[str] = []
    with problems.at("jobs"):
        order = _in_order(nodes)
    return Graph(nodes, tuple(name for name in order if name not in loops))


def _kind(step: Step) -> str:
    wanted = normal_form(step.type)
    return _CONTROL.get(wanted, {"datatransfer": "data_transfer"}.get(wanted, wanted))


def _claims(
    steps: Mapping[str, Step], kinds: Mapping[str, str], problems: Problems
) -> tuple[dict[str, str], dict[str, Gate]]:
    """Which loop repeats a step, and which branch it stands in."""
    loops: dict[str, str] = {}
    gates: dict[str, Gate] = {}
    for name, step in steps.items():
        if kinds[name] in ("do_while", "parallel_for"):
            with problems.at(f"jobs.{name}.body"):
                body = _named(step, "body", steps)
                if body in loops:
                    raise InvalidRequest(f"The step {body!r} is the body of {loops[body]!r} already.")
                loops[body] = name
        if kinds[name] == "if_else":
            for field, way in (("true_block", True), ("false_block", False)):
                for target in _several(step, field):
                    with problems.at(f"jobs.{name}.{field}"):
                        found = _check_step(target, steps)
                        if found in gates:
                            raise InvalidRequest(f"The step {found!r} stands in a branch of {gates[found].decision!r}.")
                        gates[found] = Gate(name, way)
    return loops, gates


def _needs(name: str, step: Step, kind: str, steps: Mapping[str, Step], problems: Problems) -> set[str]:
    found: set[str] = set()
    skipped = _NOT_NEEDED.get(kind, frozenset())
    for field, key, value in _values(step):
        if field in skipped:
            continue
        for binding in bindings.within(value):
            if not isinstance(binding, StepOutputOf | StepInputOf | WholeStep):
                continue
            with problems.at(f"jobs.{name}.{field}" + (f".{key}" if key is not None else "")):
                other = _check_step(binding.step, steps)
                if isinstance(binding, StepOutputOf):
                    found.add(other)
                elif isinstance(binding, StepInputOf):
                    found |= _through(binding, steps)
    return found


def _values(step: Step) -> Iterator[tuple[str, str | None, Any]]:  # Any: JSON
    """Every setting of a step as plain values; inputs and outputs one by one.

    What is written inside a step, such as the steps of a nested pipeline, speaks of its own surroundings.
    """
    for field, value in step:
        if field in _WITHIN and isinstance(value, dict):
            continue
        if field in ("inputs", "outputs"):
            for key, item in value.items():
                yield field, key, item.document() if isinstance(item, Entity) else item
        elif value is not None:
            yield field, None, value.document() if isinstance(value, Entity) else value


def _through(binding: StepInputOf, steps: Mapping[str, Step], depth: int = 0) -> set[str]:
    """Steps that an input of another step waits for, which is what one bound to it waits for."""
    value = steps[binding.step].inputs.get(binding.name)
    found: set[str] = set()
    for inner in bindings.within(value if isinstance(value, str) else getattr(value, "path", None)):
        if isinstance(inner, StepOutputOf):
            found.add(inner.step)
        elif isinstance(inner, StepInputOf) and inner.step in steps and depth < len(steps):
            found |= _through(inner, steps, depth + 1)
    return found


def _target(step: Step, field: str, steps: Mapping[str, Step]) -> str | None:
    binding = bindings.whole(getattr(step, field, None))
    return binding.step if isinstance(binding, WholeStep) and binding.step in steps else None


def _named(step: Step, field: str, steps: Mapping[str, Step]) -> str:
    text = getattr(step, field, None)
    binding = bindings.whole(text)
    if not isinstance(binding, WholeStep):
        raise InvalidRequest(f"{text!r} names no step. Write ${{{{parent.jobs.<step>}}}}.")
    return _check_step(binding.step, steps)


def _several(step: Step, field: str) -> list[str]:
    given = getattr(step, field, None)
    found = [bindings.whole(text) for text in (given if isinstance(given, list) else [given]) if text is not None]
    return [binding.step if isinstance(binding, WholeStep) else "" for binding in found]


def _check_step(name: str, steps: Mapping[str, Step]) -> str:
    if name not in steps:
        raise InvalidRequest(f"There is no step {name!r} in this pipeline. Steps: {_listed(steps)}.")
    return name


def _listed(steps: Mapping[str, Step]) -> str:
    shown = list(steps)[:20]
    return ", ".join(shown) + (", ..." if len(steps) > 20 else "")


def _in_order(nodes: Mapping[str, Node]) -> list[str]:
    """All names, each after what it needs; otherwise in the order of the file.

    Raises:
        InvalidRequest: Some wait for each other; one such circle is named.
    """
    waiting = {name: len(node.needs) for name, node in nodes.items()}
    followers: dict[str, list[str]] = {name: [] for name in nodes}
    for name, node in nodes.items():
        for need in node.needs:
            followers[need].append(name)
    names = list(nodes)
    place = {name: index for index, name in enumerate(names)}
    free = [place[name] for name, count in waiting.items() if not count]
    found: list[str] = []
    while free:
        done = names[heapq.heappop(free)]
        found.append(done)
        for follower in followers[done]:
            waiting[follower] -= 1
            if not waiting[follower]:
                heapq.heappush(free, place[follower])
    if len(found) == len(nodes):
        return found
    left = set(nodes) - set(found)
    path = [min(left)]
    while path[-1] not in path[:-1]:
        path.append(min(nodes[path[-1]].needs & left))
    circle = path[path.index(path[-1]) :]
    raise InvalidRequest(f"Steps wait for each other in a circle: {' -> '.join(reversed(circle))}. Break it.")
