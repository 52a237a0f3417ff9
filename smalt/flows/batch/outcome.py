"""Why a run failed, or lines of it, or its aggregation: what `error.json` holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from smalt.flows.batch import records
from smalt.flows.running.results import FlowFailure

Document = dict[str, Any]  # Any: JSON


def of_lines(failed: Sequence[Document], total: int, aggregation: FlowFailure | None) -> Document:
    """Lines failed, or the aggregation did; every failure is in it, the first one leads."""
    errors: list[Document] = [
        {"error": line["run_info"]["error"], "line_number": line["line_number"]} for line in failed
    ]
    if aggregation is not None:
        told = records.error_document(aggregation)
        errors.append({"error": told, "aggregation_node_name": aggregation.node})
    first = errors[0]["error"]["message"]
    what = f"Failed to run {len(failed)}/{total} lines. " if failed else "The aggregation failed. "
    return _error(f"{what}First error message is: {first}", errors)


def of_run(error: FlowFailure) -> Document:
    """The run could not begin, or broke off."""
    told = records.error_document(error)
    return _error(f"First error message is: {error.message}", [{"error": told}])


def _error(message: str, errors: list[Document]) -> Document:
    return {
        "message": message,
        "messageFormat": "",
        "messageParameters": {},
        "referenceCode": "ControlPlaneSDK",
        "code": "UserError",
        "innerError": {"code": "SDKError", "innerError": {"code": "BulkRunException", "innerError": None}},
        "additionalInfo": [{"type": "BatchErrors", "info": {"errors": errors}}],
        "debugInfo": {"type": "BulkRunException", "message": message, "stackTrace": ""},
    }
