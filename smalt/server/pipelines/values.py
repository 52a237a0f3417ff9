"""What the inputs of a step come to, once what they are bound to is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from smalt.entities.job.inputs import DataInput, input_text
from smalt.entities.job.pipeline import PipelineJob
from smalt.entities.job.step import Step, StepInput
from smalt.errors import InvalidRequest
from smalt.server.jobs import JobRecord
from smalt.server.pipelines import bindings
from smalt.server.pipelines.bindings import Binding, ParentInput, StepInputOf, StepOutputOf


@dataclass(frozen=True, slots=True)
class Data:
    """Something behind a path.

    Args:
        uri: Where it is, or the id of the asset it is.
        identity: What tells it from other data: the asset's id, or the digest of the content.
        type: What it was declared as, where that is known.
    """

    uri: str
    identity: str
    type: str | None = None


Value = Data | str | None
"""Data, the text of a literal, or None for an optional input that was left out."""


class Values:
    """The values in the scope of one pipeline.

    Args:
        inputs: What the pipeline's own inputs come to.
        outputs: What the outputs of finished steps come to, by step and name.
        steps: All steps, for bindings to the inputs of another step.
    """

    def __init__(
        self,
        inputs: Mapping[str, Value],
        outputs: Mapping[tuple[str, str], Value],
        steps: Mapping[str, Step],
    ) -> None:
        self._inputs = inputs
        self._outputs = outputs
        self._steps = steps

    def of(self, given: Any) -> Value:  # Any: one of the kinds of inputs of a step
        """What one input of a step comes to.

        Raises:
            InvalidRequest: What it is bound to has no value.
        """
        if isinstance(given, StepInput):
            if given.path is None:
                return None
            binding = bindings.whole(given.path)
            return Data(given.path, given.path, given.type) if binding is None else self.bound(binding)
        binding = bindings.whole(given)
        if binding is not None:
            return self.bound(binding)
        return self.text(given) if isinstance(given, str) else input_text(given)

    def bound(self, binding: Binding, depth: int = 0) -> Value:
        """What a binding comes to.

        Raises:
            InvalidRequest: It has no value.
        """
        match binding:
            case ParentInput(name):
                return self._inputs.get(name)
            case StepOutputOf(step, name) if (step, name) in self._outputs:
                return self._outputs[step, name]
            case StepInputOf(step, name) if depth <= len(self._steps):
                value = self._steps[step].inputs[name]
                inner = bindings.whole(value.path if isinstance(value, StepInput) else value)
                return self.of(value) if inner is None else self.bound(inner, depth + 1)
        raise InvalidRequest(f"{binding} has no value: the step it names has written nothing of the kind.")

    def text(self, text: str) -> str:
        """A text with the bindings in it filled."""
        return str(bindings.fill(text, self.plain))

    def plain(self, binding: Binding) -> Any:  # Any: a text, or a data input's document
        """A binding's value as it stands in a document."""
        value = self.bound(binding)
        if isinstance(value, Data):
            return {"type": value.type or "uri_folder", "path": value.uri}
        return value


def of_pipeline(job: PipelineJob, record: JobRecord) -> dict[str, Value]:
    """What the inputs of a pipeline come to, as they were pinned when it was submitted."""
    found: dict[str, Value] = {}
    identities = record.pinned.get("parts", {}).get("identities", {})
    for name, given in job.inputs.items():
        if not isinstance(given, DataInput):
            found[name] = input_text(given)
            continue
        pinned = record.pinned["inputs"].get(name)
        if pinned is None:
            found[name] = None
            continue
        uri = pinned.get("asset") or pinned["uri"]
        found[name] = Data(uri, identities.get(name) or uri, given.type.value)
    return found
