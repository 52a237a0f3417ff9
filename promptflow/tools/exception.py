"""Failures of the built-in tools."""

from smalt.flows.errors import (
    ChatAPIFunctionRoleInvalidFormat,
    ChatAPIInvalidFunctions,
    ChatAPIInvalidRole,
    ChatAPIInvalidTools,
    ChatAPIToolRoleInvalidFormat,
    FunctionCallNotSupportedInStreamMode,
    InvalidConnectionType,
    JinjaTemplateError,
    LLMError,
    ToolValidationError,
)
from smalt.flows.providers.errors import ExceedMaxRetryTimes, WrappedOpenAIError
from smalt.flows.tools.builtin.open_model import (
    OpenModelLLMKeyValidationError,
    OpenModelLLMOnlineEndpointError,
    OpenModelLLMUserError,
)
from smalt.flows.tools.builtin.safety import AzureContentSafetyInputValueError, AzureContentSafetySystemError
from smalt.flows.tools.builtin.search import SerpAPISystemError, SerpAPIUserError

__all__ = [
    "AzureContentSafetyInputValueError",
    "AzureContentSafetySystemError",
    "ChatAPIFunctionRoleInvalidFormat",
    "ChatAPIInvalidFunctions",
    "ChatAPIInvalidRole",
    "ChatAPIInvalidTools",
    "ChatAPIToolRoleInvalidFormat",
    "ExceedMaxRetryTimes",
    "FunctionCallNotSupportedInStreamMode",
    "InvalidConnectionType",
    "JinjaTemplateError",
    "LLMError",
    "OpenModelLLMKeyValidationError",
    "OpenModelLLMOnlineEndpointError",
    "OpenModelLLMUserError",
    "SerpAPISystemError",
    "SerpAPIUserError",
    "ToolValidationError",
    "WrappedOpenAIError",
]
