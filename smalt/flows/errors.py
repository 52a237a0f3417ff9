"""Failures of flows. The classes carry the names that flow authors know, so that code which catches them goes on.

`code` is the first word of the failure's codes: `UserError` where the flow or its inputs are to be mended,
`SystemError` where the machine or a service failed.
"""

from __future__ import annotations

from typing import Any

from smalt.errors import SmaltError


class PromptflowException(SmaltError):
    """Base of every failure of a flow.

    Args:
        message: What happened, with the value, then what to do.
        message_format: Instead of a message, a text with fields, filled from the further keywords.
        target: The part of the system that failed.
        module: The module that failed.
    """

    status = 400
    code = "UserError"

    def __init__(
        self,
        message: str = "",
        message_format: str = "",
        target: str | None = None,
        module: str | None = None,
        **fields: Any,  # Any: whatever the text names
    ) -> None:
        text = message or (message_format.format(**fields) if message_format else "")
        super().__init__(str(text), target=None if target is None else str(target))
        self.module = module
        self.message_format = message_format or message
        self.message_parameters = fields

    @property
    def error_codes(self) -> list[str]:
        """From the widest class to the narrowest, e.g. `["UserError", "InputTypeError"]`."""
        names = [cls.__name__ for cls in reversed(type(self).__mro__) if issubclass(cls, PromptflowException)]
        narrow = [n for n in names if n not in {"PromptflowException", "UserErrorException", "SystemErrorException"}]
        return [self.code, *narrow]

    @property
    def inner_exception(self) -> BaseException | None:
        """The exception this one was raised from."""
        return self.__cause__


class UserErrorException(PromptflowException):
    """The flow, its inputs or its settings are to be mended."""


class SystemErrorException(PromptflowException):
    """The machine or a service failed."""

    status = 500
    code = "SystemError"


class ValidationException(UserErrorException):
    """A file or a value breaks a rule."""


class FlowDefinitionError(UserErrorException):
    """A flow file says something that has no meaning."""


class InvalidFlowRequest(ValidationException):
    """The flow cannot be run as asked."""


class DuplicateNodeName(InvalidFlowRequest):
    """Two nodes have one name."""


class NodeReferenceNotFound(InvalidFlowRequest):
    """A node refers to a node that does not exist."""


class InputReferenceNotFound(InvalidFlowRequest):
    """A node refers to a flow input that does not exist."""


class NodeCircularDependency(InvalidFlowRequest):
    """Nodes wait for one another."""


class InvalidNodeReference(InvalidFlowRequest):
    """A node refers to a node that it may not refer to."""


class NodeOfVariantNotFound(InvalidFlowRequest):
    """The node of a variant does not exist."""


class VariantNotFound(InvalidFlowRequest):
    """A variant that was asked for does not exist."""


class EmptyOutputReference(InvalidFlowRequest):
    """An output of the flow refers to nothing."""


class OutputReferenceNotFound(InvalidFlowRequest):
    """An output of the flow refers to what does not exist."""


class InputNotFound(InvalidFlowRequest):
    """An input without a default was not given."""


class InputTypeError(InvalidFlowRequest):
    """The value of an input is not of the input's type."""


class InputParseError(InvalidFlowRequest):
    """The value of an input is not the JSON it should be."""


class UnsupportedReference(InvalidFlowRequest):
    """A reference looks at something other than the output of a node."""


class InvalidReferenceProperty(UserErrorException):
    """A reference names a part that the value does not have."""


class SingleNodeValidationError(UserErrorException):
    """A single node cannot be run as asked."""


class InvalidSource(ValidationException):
    """A file that the flow names does not exist."""


class NodeInputValidationError(InvalidFlowRequest):
    """A literal input of a node is not what its tool takes."""


class ResolveToolError(PromptflowException):
    """The tool of a node cannot be made ready; the cause says why."""


class GetConnectionError(UserErrorException):
    """A node's connection cannot be had."""


class ConnectionNotFoundError(UserErrorException):
    """There is no connection of that name."""


class InvalidConnectionType(ValidationException):
    """A connection is of a kind that cannot do what is asked."""


class UnknownConnectionType(UserErrorException):
    """A connection is of a kind nobody knows."""


class InvalidConnectionError(ValidationException):
    """A connection and a model's own settings were given at once."""


class APINotFound(UserErrorException):
    """A provider has no such API."""


class PackageToolNotFoundError(ValidationException):
    """No installed package has that tool."""


class PythonLoadError(UserErrorException):
    """The author's file cannot be loaded."""


class NoToolDefined(UserErrorException):
    """A tool file without a tool."""


class MultipleToolsDefined(UserErrorException):
    """A tool file with more than one tool."""


class BadFunctionInterface(UserErrorException):
    """The signature of a function cannot be understood."""


class InvalidCustomLLMTool(ValidationException):
    """A tool that takes a prompt has no parameter for it."""


class InvalidAssistantTool(ValidationException):
    """The tool of an assistant is of a kind nobody knows."""


class ToolExecutionError(UserErrorException):
    """A tool raised; the cause is what it raised."""


class ScriptExecutionError(UserErrorException):
    """The entry of a flow raised; the cause is what it raised."""


class FlowEntryInitializationError(UserErrorException):
    """The class that is the entry of a flow raised while it was made."""


class InvalidFlexFlowEntry(ValidationException):
    """The entry of a flow is not `module:name`."""


class InvalidAggregationFunction(UserErrorException):
    """`__aggregate__` of a flow does not take one argument."""


class InvalidModelConfigValueType(ValidationException):
    """A model configuration is not a mapping."""


class GenerateFlowMetaJsonError(UserErrorException):
    """The signature of a flow cannot be told from its code."""


class LineExecutionTimeoutError(UserErrorException):
    """A line took longer than it may."""


class NodeExecutionTimeoutError(UserErrorException):
    """A node took longer than it may."""


class LoadMultimediaDataError(UserErrorException):
    """An image cannot be loaded."""


class InvalidImageInput(ValidationException):
    """A value is not an image."""


class InvalidMessageFormatType(ValidationException):
    """A message format nobody knows."""


class MissingRequiredInputError(ValidationException):
    """An input of a prompty was not given."""


class InvalidOutputKeyError(ValidationException):
    """The model's answer lacks a key that the prompty names."""


class ToolValidationError(UserErrorException):
    """A tool cannot work with what it was given."""


class JinjaTemplateError(ToolValidationError):
    """A template cannot be rendered."""


class ChatAPIInvalidRole(ToolValidationError):
    """A prompt without roles, or with an unknown one."""


class ChatAPIFunctionRoleInvalidFormat(ToolValidationError):
    """A `function` message without a name."""


class ChatAPIToolRoleInvalidFormat(ToolValidationError):
    """A `tool` message without the id of its call."""


class ChatAPIInvalidFunctions(ToolValidationError):
    """Functions, or the choice of one, that the chat API would refuse."""


class ChatAPIInvalidTools(ToolValidationError):
    """Tools, or the choice of one, that the chat API would refuse."""


class FunctionCallNotSupportedInStreamMode(ToolValidationError):
    """Functions were given to a call that streams."""


class LLMError(UserErrorException):
    """A model call failed."""
