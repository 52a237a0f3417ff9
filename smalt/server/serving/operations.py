"""What clients wait for: each long operation has a row that says how it ended."""

from __future__ import annotations

from smalt.kit import ids
from smalt.server.serving import store
from smalt.server.serving.events import OperationEnded
from smalt.server.serving.states import OperationStatus
from smalt.server.serving.store import OperationRecord
from smalt.server.work import Work


def begin(work: Work, workspace_id: str) -> str:
    """Open an operation; its id."""
    operation = OperationRecord(ids.guid(), workspace_id, OperationStatus.IN_PROGRESS, None, work.now)
    store.add_operation(work.connection, operation)
    return operation.id


def end(work: Work, workspace_id: str, operation: str | None, *, error: str | None = None) -> None:
    """Close an operation, if anybody began one."""
    if operation is None:
        return
    status = OperationStatus.SUCCEEDED if error is None else OperationStatus.FAILED
    store.end_operation(work.connection, operation, status=status, error=error, now=work.now)
    work.publish(OperationEnded(workspace_id, operation))
