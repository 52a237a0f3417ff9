"""Whether a text is fit to be shown, by Azure Content Safety."""

from __future__ import annotations

from enum import Enum
from typing import Any

from smalt.flows.connections import AzureContentSafetyConnection
from smalt.flows.errors import SystemErrorException, UserErrorException
from smalt.flows.tools.builtin import web
from smalt.flows.tools.declare import ToolProvider, tool

_LEVELS = {"disable": None, "low_sensitivity": 6, "medium_sensitivity": 4, "high_sensitivity": 2}


class TextCategorySensitivity(str, Enum):  # noqa: UP042  # a text of an f-string must be as it was
    """How little is enough to reject."""

    DISABLE = "disable"
    LOW_SENSITIVITY = "low_sensitivity"
    MEDIUM_SENSITIVITY = "medium_sensitivity"
    HIGH_SENSITIVITY = "high_sensitivity"


_MEDIUM = TextCategorySensitivity.MEDIUM_SENSITIVITY


class AzureContentSafetyInputValueError(UserErrorException):
    """A level that does not exist."""


class AzureContentSafetySystemError(SystemErrorException):
    """The service failed."""


class AzureContentSafety(ToolProvider):
    """Azure Content Safety."""

    def __init__(self, connection: AzureContentSafetyConnection) -> None:
        super().__init__()
        self.connection = connection

    @tool
    def analyze_text(
        self,
        text: str,
        hate_category: TextCategorySensitivity = _MEDIUM,
        sexual_category: TextCategorySensitivity = _MEDIUM,
        self_harm_category: TextCategorySensitivity = _MEDIUM,
        violence_category: TextCategorySensitivity = _MEDIUM,
    ) -> dict[str, Any]:
        """What is to be done with a text, and why: `Accept` or `Reject`, in all and for each category.

        Raises:
            AzureContentSafetyInputValueError: A level does not exist.
            AzureContentSafetySystemError: The service failed.
        """
        wanted = {"Hate": hate_category, "SelfHarm": self_harm_category, "Sexual": sexual_category,
                  "Violence": violence_category}  # fmt: skip
        thresholds = {name: _threshold(level) for name, level in wanted.items()}
        found = self._severities(text)
        actions = {name: _action(found.get(name, 0), least) for name, least in thresholds.items()}
        return {
            "suggested_action": "Reject" if "Reject" in actions.values() else "Accept",
            "action_by_category": actions,
        }

    def _severities(self, text: str) -> dict[str, int]:
        connection = self.connection
        url = f"{str(connection.endpoint).rstrip('/')}/contentsafety/text:analyze?api-version={connection.api_version}"
        headers = {"Ocp-Apim-Subscription-Key": str(connection.api_key), "ms-azure-ai-sender": "prompt_flow"}
        try:
            answer = web.post(url, {"text": text, "blocklistNames": []}, headers)
        except web.ServiceFailed as error:
            raise AzureContentSafetySystemError(f"Error in detecting content: {error}") from None
        if "categoriesAnalysis" in answer:
            return {item["category"]: int(item["severity"]) for item in answer["categoriesAnalysis"]}
        older = {
            "Hate": "hateResult",
            "SelfHarm": "selfHarmResult",
            "Sexual": "sexualResult",
            "Violence": "violenceResult",
        }
        return {name: int(answer[key]["severity"]) for name, key in older.items() if key in answer}


def _threshold(level: Any) -> int | None:
    value = level.value if isinstance(level, Enum) else level
    if value not in _LEVELS:
        raise AzureContentSafetyInputValueError(f"There is no level {value!r}. Write one of {', '.join(_LEVELS)}.")
    return _LEVELS[value]


def _action(severity: int, least: int | None) -> str:
    return "Reject" if least is not None and severity >= least else "Accept"


@tool
def analyze_text(
    connection: AzureContentSafetyConnection,
    text: str,
    hate_category: TextCategorySensitivity = _MEDIUM,
    sexual_category: TextCategorySensitivity = _MEDIUM,
    self_harm_category: TextCategorySensitivity = _MEDIUM,
    violence_category: TextCategorySensitivity = _MEDIUM,
) -> Any:
    """What is to be done with a text, and why."""
    return AzureContentSafety(connection).analyze_text(
        text=text,
        hate_category=hate_category,
        sexual_category=sexual_category,
        self_harm_category=self_harm_category,
        violence_category=violence_category,
    )
