"""Random small pipelines: what is submitted, and what each step writes when nobody disturbs it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ENVIRONMENT = "azureml:plain:1"
ALWAYS = 99
_SHAPES = ("chain", "diamond", "fan", "mixed")


@dataclass(frozen=True)
class Step:
    """A step as it was drawn.

    Args:
        name: Its name.
        kind: `command`, `pipeline`, `do_while` or `parallel_for`.
        label: What it writes first; steps of equal labels are equal, and may take over each other's work.
        needs: The steps whose outputs it reads.
        seconds: How long it sleeps.
        fails: How many of its first attempts fail on purpose.
        retries: How often a failed attempt is tried again.
        count: Iterations of a loop.
        inner: The steps of a pipeline in the pipeline.
        is_registered: Whether its output becomes a data asset of the name of its label.
    """

    name: str
    kind: str
    label: str
    needs: tuple[str, ...] = ()
    seconds: float = 0.1
    fails: int = 0
    retries: int = 0
    count: int = 0
    inner: tuple[Step, ...] = ()
    is_registered: bool = False

    @property
    def is_shared(self) -> bool:
        return self.label.startswith("shared")


@dataclass(frozen=True)
class Drawn:
    """A pipeline as it was drawn.

    Args:
        name: The name of its job.
        steps: In an order in which they may run.
        stops: Whether the first failure ends it.
    """

    name: str
    steps: tuple[Step, ...]
    stops: bool = False

    def properties(self, marks: str, scope: str) -> dict[str, Any]:  # Any: JSON
        """The body of the submit."""
        documents: dict[str, Any] = {}
        for step in self.steps:
            documents |= _documents(step, {each.name: each for each in self.steps}, marks, scope)
        return {
            "jobType": "Pipeline",
            "experimentName": "campaign",
            "jobs": documents,
            "settings": {"continue_on_step_failure": not self.stops},
        }

    def components(self, marks: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The components that must be there first, by name."""
        for step in self.steps:
            if step.kind == "pipeline":
                yield f"{self.name}-{step.name}", _nested(step, marks)


def contents(steps: tuple[Step, ...], given: str = "") -> dict[str, str]:
    """What each step writes, by name; `given` is what stands before the first of them."""
    found: dict[str, str] = {}
    for step in steps:
        before = "".join(found[need] for need in step.needs) if step.needs else given
        if step.kind == "command":
            found[step.name] = f"{step.label}\n{before}"
        elif step.kind == "pipeline":
            found[step.name] = list(contents(step.inner, before).values())[-1]
        elif step.kind == "do_while":
            found[step.name] = f"{step.count}\n"
        else:
            found[step.name] = json.dumps([str(number * number) for number in range(step.count)]) + "\n"
    return found


def loop_components(marks: str) -> dict[str, dict[str, Any]]:
    """The bodies of loops."""
    inputs = {"n": {"type": "integer"}, "label": {"type": "string"}, "most": {"type": "integer", "optional": True}}
    ran, end = _mark(marks, "ran"), _mark(marks, "end")
    count = (
        f"{ran}; sleep 0.1; n=$((${{{{inputs.n}}}} + 1)); echo $n > ${{{{outputs.value}}}}; "
        f"if [ $n -lt ${{{{inputs.most}}}} ]; then echo true; else echo false; fi > ${{{{outputs.more}}}}; {end}"
    )
    square = f"{ran}; sleep 0.1; echo $((${{{{inputs.n}}}} * ${{{{inputs.n}}}})) > ${{{{outputs.value}}}}; {end}"
    common = {"type": "command", "environment": ENVIRONMENT}
    most = {**inputs, "most": {"type": "integer"}}
    return {
        "count": {
            **common, "command": count, "inputs": most,
            "outputs": {"value": {"type": "integer"}, "more": {"type": "boolean"}},
        },
        "square": {**common, "command": square, "inputs": inputs, "outputs": {"value": {"type": "integer"}}},
    }  # fmt: skip


class Pencil:
    """Draws pipelines, the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._seed = seed

    def draw(self, number: int) -> Drawn:
        name = f"p{self._seed}n{number}"
        shape = self._chance.choice(_SHAPES)
        steps = getattr(self, f"_{shape}")(name)
        is_plain = all(step.kind == "command" for step in steps)
        return Drawn(name, tuple(steps), stops=is_plain and self._chance.random() < 0.25)

    def _chain(self, name: str) -> list[Step]:
        return self._row(name, self._chance.randint(2, 4))

    def _diamond(self, name: str) -> list[Step]:
        below = [self._command(name, side, ("top",)) for side in ("left", "right")]
        return [self._command(name, "top"), *below, self._command(name, "bottom", ("left", "right"))]

    def _fan(self, name: str) -> list[Step]:
        leaves = [self._command(name, f"leaf{index}", ("root",)) for index in range(self._chance.randint(2, 4))]
        return [self._command(name, "root"), *leaves, self._command(name, "alone")]

    def _mixed(self, name: str) -> list[Step]:
        kind = self._chance.choice(("pipeline", "do_while", "parallel_for"))
        first = self._command(name, "first")
        retries = self._chance.choice((0, 0, 1))
        if kind == "pipeline":
            inner = tuple(self._row(f"{name}.inner", self._chance.randint(1, 3)))
            middle = Step("middle", kind, f"{name}.middle", ("first",), inner=inner)
        else:
            middle = Step("middle", kind, f"{name}.middle", count=self._chance.randint(1, 3), retries=retries)
        return [first, middle, self._command(name, "last", ("middle",))]

    def _row(self, name: str, length: int) -> list[Step]:
        names = [f"step{index}" for index in range(length)]
        shared = self._chance.randint(0, length) if self._chance.random() < 0.3 else 0
        variant = self._chance.randint(0, 1)
        return [
            Step(step, "command", f"shared{variant}.{step}", tuple(names[index - 1 : index] if index else ()))
            if index < shared and ".inner" not in name
            else self._command(name, step, tuple(names[index - 1 : index] if index else ()))
            for index, step in enumerate(names)
        ]

    def _command(self, pipeline: str, name: str, needs: tuple[str, ...] = ()) -> Step:
        chance = self._chance.random
        return Step(
            name,
            "command",
            f"{pipeline}.{name}",
            needs,
            seconds=round(self._chance.uniform(0, 0.5), 2),
            fails=self._chance.choice((1, ALWAYS)) if chance() < 0.15 else 0,
            retries=self._chance.randint(1, 2) if chance() < 0.4 else 0,
            is_registered=chance() < 0.2,
        )


def _documents(
    step: Step, steps: Mapping[str, Step], marks: str, scope: str, given: str | None = None
) -> dict[str, Any]:
    inputs = {need: _literal(_source(steps[need])) for need in step.needs}
    if not step.needs and given is not None:
        inputs["given"] = _literal(given)
    if step.kind == "command":
        return {step.name: _command_document(step, steps, inputs, marks)}
    if step.kind == "pipeline":
        pipeline = step.label.partition(".")[0]
        component = f"{scope}/components/{pipeline}-{step.name}/versions/1"
        inner = {"given": inputs[step.needs[0]]}
        return {step.name: {"type": "pipeline", "componentId": component, "inputs": inner}}
    return _loop_documents(step, scope)


def _command_document(
    step: Step, steps: Mapping[str, Step], inputs: dict[str, Any], marks: str
) -> dict[str, Any]:  # Any: JSON
    reads = "; ".join(
        f"echo '${{{{inputs.{name}}}}}'" if _is_loop(steps.get(name)) else f"cat ${{{{inputs.{name}}}}}"
        for name in inputs
    )
    attempt = "case $AZUREML_RUN_ID in *_retry1) n=2;; *_retry2) n=3;; *) n=1;; esac"
    write = f"{{ echo {step.label}{'; ' + reads if reads else ''}; }} > ${{{{outputs.out}}}}"
    fail = f"{attempt}; if [ $n -le {step.fails} ]; then exit 3; fi; " if step.fails else ""
    text = f"{_mark(marks, 'ran')}; sleep {step.seconds}; {fail}{write}; {_mark(marks, 'end')}"
    document = {"type": "command", "command": text, "environment": ENVIRONMENT, "inputs": inputs}
    output = {"type": "uri_file", **({"name": step.label} if step.is_registered else {})}
    document["outputs"] = {"out": output}
    if step.retries:
        document["retry_settings"] = {"max_retries": step.retries}
    return document


def _loop_documents(step: Step, scope: str) -> dict[str, Any]:  # Any: JSON
    kind = "count" if step.kind == "do_while" else "square"
    body = f"{step.name}_body"
    inputs = {"label": _literal(step.label)}
    if step.kind == "do_while":
        inputs |= {"n": _literal("0"), "most": _literal(str(step.count))}
    document = {"componentId": f"{scope}/components/{kind}/versions/1", "inputs": inputs}
    if step.retries:
        document["retry_settings"] = {"max_retries": step.retries}
    loop: dict[str, Any] = {"type": step.kind, "body": f"${{{{parent.jobs.{body}}}}}"}
    if step.kind == "do_while":
        mapping = {f"${{{{parent.jobs.{body}.outputs.value}}}}": ["n"]}
        loop |= {"condition": "more", "mapping": mapping, "limits": {"max_iteration_count": 10}}
    else:
        loop |= {"items": json.dumps([{"n": number} for number in range(step.count)]), "max_concurrency": 2}
    return {body: document, step.name: loop}


def _nested(step: Step, marks: str) -> dict[str, Any]:  # Any: JSON
    steps = {each.name: each for each in step.inner}
    documents: dict[str, Any] = {}
    for each in step.inner:
        documents |= _documents(each, steps, marks, "", "${{parent.inputs.given}}")
    documents[step.inner[-1].name]["outputs"]["out"] |= {"type": "uri_file", "path": "${{parent.outputs.out}}"}
    ports = {"inputs": {"given": {"type": "uri_file"}}, "outputs": {"out": {"type": "uri_file"}}}
    return {"type": "pipeline", **ports, "jobs": documents}


def _source(step: Step) -> str:
    if step.kind == "do_while":
        return f"${{{{parent.jobs.{step.name}_body.outputs.value}}}}"
    return f"${{{{parent.jobs.{step.name}.outputs.{'value' if _is_loop(step) else 'out'}}}}}"


def _is_loop(step: Step | None) -> bool:
    return step is not None and step.kind in ("do_while", "parallel_for")


def _mark(marks: str, word: str) -> str:
    return f"echo {word} >> {marks}/$AZUREML_RUN_ID"


def _literal(value: str) -> dict[str, str]:
    return {"job_input_type": "literal", "value": value}
