"""Failures that flow code raises and catches."""

from enum import Enum

from smalt.flows.errors import (
    PromptflowException,
    SystemErrorException,
    UserErrorException,
    ValidationException,
)


class ErrorCategory(str, Enum):  # noqa: UP042  # a text of an f-string must be as it was
    """Whose failure it is."""

    USER_ERROR = "UserError"
    SYSTEM_ERROR = "SystemError"
    UNKNOWN = "Unknown"


class ErrorTarget(str, Enum):  # noqa: UP042  # as above
    """The part of the system that failed."""

    EXECUTOR = "Executor"
    BATCH = "Batch"
    CORE = "Core"
    FLOW_EXECUTOR = "FlowExecutor"
    NODE_EXECUTOR = "NodeExecutor"
    TOOL = "Tool"
    RUNTIME = "Runtime"
    UNKNOWN = "Unknown"
    RUN_TRACKER = "RunTracker"
    RUN_STORAGE = "RunStorage"
    CONTROL_PLANE_SDK = "ControlPlaneSDK"
    SERVING_APP = "ServingApp"
    FLOW_INVOKER = "FlowInvoker"
    FUNCTION_PATH = "FunctionPath"


__all__ = [
    "ErrorCategory",
    "ErrorTarget",
    "PromptflowException",
    "SystemErrorException",
    "UserErrorException",
    "ValidationException",
]
