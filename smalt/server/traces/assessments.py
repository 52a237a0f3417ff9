"""Assessments of traces: what people, code and models think of an answer, and what they had expected.

They are MLflow's documents, kept as its clients write them, beside the tags of their trace.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from smalt.kit import clock, ids
from smalt.server.traces import store
from smalt.server.traces.store import TraceRow
from smalt.server.tracking import DoesNotExist, invalid
from smalt.server.work import Work

KIND = "assessment"
_VALUES = ("feedback", "expectation", "issue")
_LONGEST_NAME = 250
_LONGEST = 64 * 1024
_CHANGEABLE = {
    "assessment_name": "assessment_name",
    "assessmentName": "assessment_name",
    "expectation": "expectation",
    "feedback": "feedback",
    "metadata": "metadata",
    "rationale": "rationale",
    "valid": "valid",
}

Document = dict[str, Any]  # Any: JSON


def add(work: Work, trace: TraceRow, given: Mapping[str, Any]) -> Document:  # Any: JSON
    """Keep an assessment, and the earlier one it overrides as no longer valid."""
    name = given.get("assessment_name")
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME:
        raise invalid("assessment_name", name, f"A text of 1 to {_LONGEST_NAME} characters is expected.")
    if sum(key in given for key in _VALUES) != 1:
        raise invalid("assessment", name, f"One of {', '.join(_VALUES)} is expected.")
    now = clock.to_text(work.now)
    made = {
        **given,
        "assessment_id": f"a-{ids.opaque()}",
        "trace_id": trace.trace_id,
        "create_time": now,
        "last_update_time": now,
        "valid": True,
    }
    _put(work, trace, made)
    overridden = given.get("overrides")
    if isinstance(overridden, str) and overridden:
        _put(work, trace, {**get(work, trace, overridden), "valid": False})
    return made


def get(work: Work, trace: TraceRow, assessment_id: str) -> Document:
    """One of a trace.

    Raises:
        DoesNotExist: It has none of this id.
    """
    for found in of(store.labels(work.connection, [trace.id])[trace.id]):
        if found["assessment_id"] == assessment_id:
            return found
    raise DoesNotExist(
        f"Trace '{trace.trace_id[:100]}' has no assessment '{assessment_id[:100]}'. See its assessments."
    )


def change(work: Work, trace: TraceRow, assessment_id: str, given: Mapping[str, Any], mask: Sequence[str]) -> Document:
    """Change what the mask names."""
    known = get(work, trace, assessment_id)
    for path in mask:
        name = _CHANGEABLE.get(path)
        if name is None or name not in given or (name in _VALUES and name not in known):
            raise invalid("update_mask", path, f"It is none of {', '.join(_CHANGEABLE)} that was sent and can change.")
        known[name] = given[name]
    changed = {**known, "last_update_time": clock.to_text(work.now)}
    _put(work, trace, changed)
    return changed


def delete(work: Work, trace: TraceRow, assessment_id: str) -> None:
    """Forget one. One that it overrode counts again."""
    gone = get(work, trace, assessment_id)
    store.remove_label(work.connection, trace.id, KIND, assessment_id)
    overridden = gone.get("overrides")
    for found in of(store.labels(work.connection, [trace.id])[trace.id]):
        if found["assessment_id"] == overridden:
            _put(work, trace, {**found, "valid": True})


def of(labels: Mapping[str, Mapping[str, str]]) -> list[Document]:
    """All of a trace, the oldest first."""
    found: list[Document] = [msgspec.json.decode(text) for text in labels.get(KIND, {}).values()]
    return sorted(found, key=lambda each: (each["create_time"], each["assessment_id"]))


def _put(work: Work, trace: TraceRow, document: Document) -> None:
    text = msgspec.json.encode(document).decode().replace("\\u0000", "\\ufffd")
    if len(text) > _LONGEST:
        raise invalid("assessment", document["assessment_name"], f"It has more than {_LONGEST} characters. Send less.")
    store.put_labels(work.connection, trace.id, KIND, {document["assessment_id"]: text})
